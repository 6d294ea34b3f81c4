"""`python -m bench`: run the cases, print the table, keep the figures.

Exit code 0 when all results were equal, whether the ratios are met or not; 1 otherwise.
"""

import argparse
import sys
from pathlib import Path

from .core import Settings, cases
from .core.machine import load_average, machine
from .core.registry import LEVELS
from .core.report import as_text, machine_text, write
from .core.run import bench_databases, run_case_apart

RESULTS = Path(__file__).parents[1] / "bench-results"


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="CASE", help="cases whose names begin so")
    parser.add_argument("--size", type=int, help="rows, devices or pages instead of the level's")
    parser.add_argument("--repeats", type=int, default=3)
    level = parser.add_mutually_exclusive_group()
    for name in LEVELS:
        level.add_argument(
            f"--{name}", action="store_const", const=name, dest="level", help=argparse.SUPPRESS
            if name == "default" else f"{name} sizes",
        )  # fmt: skip
    parser.set_defaults(level="default")
    parser.add_argument("--list", action="store_true", help="name the cases and their sizes")
    options = parser.parse_args(arguments)
    if options.list:
        for case in cases(options.only):
            sizes = ", ".join(f"{name} {size:,}" for name, size in case.sizes.items())
            print(f"{case.name:24} {case.title} ({sizes})")
        return 0
    settings = Settings(options.level, options.size, options.repeats)
    reports = []
    with bench_databases() as databases:
        about = machine(databases.admin.execute("show server_version").fetchone()[0])
        print(machine_text(about, load_average()), flush=True)
        for case in cases(options.only):
            report = run_case_apart(case, settings, databases)
            reports.append(report)
            print(as_text(report), flush=True)
    path = write(RESULTS, about, vars(options), reports)
    print(f"\n{path}")
    return 1 if any(report.fault for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
