"""The table that is printed, the file that is kept."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from .bench import Report

HEAD = ("", "way", "units", "wall s", "median", "CPU s", "database", "MiB", "rate/s")
WIDTHS = (8, 44, 9, 9, 9, 9, 9, 6, 12)


def _row(cells: Sequence[str]) -> str:
    parts = [
        text.ljust(width) if place < 2 else text.rjust(width)
        for place, (text, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    return "  " + " ".join(parts).rstrip()


def _mark(is_met: bool | None) -> str:
    return {True: "met", False: "MISSED", None: ""}[is_met]


def as_text(report: Report) -> str:
    """One case."""
    lines = [
        f"\n{report.case.name}: {report.case.title} ({report.size:,}; load {report.load_average})"
    ]
    for race in report.races:
        lines += [f"  {race.what}", _row(HEAD)]
        for t in race.timings:
            lines.append(
                _row((
                    t.kind, t.name, f"{t.units:,}", f"{t.of('wall_s'):.3f}", f"{t.of('wall_s', median):.3f}",
                    f"{t.of('cpu_s'):.3f}", f"{t.of('database_cpu_s'):.3f}",
                    f"{max(t.of('program_mib', max), t.of('database_mib', max)):.0f}",
                    f"{1 / max(t.per_unit('wall_s'), 1e-9):,.0f}",
                ))
            )  # fmt: skip
        lines += [
            f"    {v.wanted}: {v.ratio:.2f} (CPU {v.cpu_ratio:.2f}) {_mark(v.is_met)}"
            for v in race.verdicts
        ]
    for f in report.figures:
        wanted = [f"≤ {f['at_most']:g}"] if f["at_most"] is not None else []
        wanted += [f"≥ {f['at_least']:g}"] if f["at_least"] is not None else []
        lines.append(
            f"    {f['name']}: {f['value']:.4g} {f['unit']} {' '.join(wanted)} {_mark(f['is_met'])}".rstrip()
        )
    for q in report.quotes:
        lines.append(f"    quoted, not measured here: {q['peer']}, {q['work']}: {q['figure']}")
    if report.fault:
        lines.append(f"    NOT COUNTED: {report.fault}")
    return "\n".join(lines)


def machine_text(machine: dict[str, Any], load: float) -> str:
    """One line."""
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']},"
        f" Python {machine['python']}, PostgreSQL {machine['postgresql']}, load {load}"
    )


def write(
    folder: Path, machine: dict[str, Any], asked: dict[str, Any], reports: list[Report]
) -> Path:
    """Keep the figures as `bench-results/<date>.json`."""
    folder.mkdir(exist_ok=True)
    now = datetime.now().astimezone()
    path = folder / f"{now:%Y-%m-%dT%H%M%S}.json"
    content = {
        "at": now.isoformat(timespec="seconds"), "machine": machine, "asked": asked,
        "cases": [report.as_json() for report in reports],
    }  # fmt: skip
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
