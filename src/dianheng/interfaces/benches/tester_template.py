"""A table for a transformer tester, with every device and point of a load, to be filled in."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dianheng.common.errors import NotFound
from dianheng.common.pages import needs
from dianheng.metrology.transformer_schemes import TransformerScheme
from dianheng.verification.models import BenchLoad, LoadPosition
from dianheng.verification.selectors.loads import load_by_number
from dianheng.verification.selectors.tester_places import (
    PlacePoint,
    points_of_load,
    transformer_scheme_of,
)
from dianheng.verification.selectors.transformer_entry import items_of

from .tester_heads import NAMES

VIEW = "verification.view"
UNITS = {
    "burden": "VA", "percent": "%", "temperature": "°C", "humidity": "%", "insulation_mohm": "MΩ",
    "withstand_kv": "kV", "withstand_s": "s",
}  # fmt: skip
OF_ITEM = {
    "appearance": ("appearance",), "insulation": ("insulation_mohm", "insulation"),
    "withstand": ("withstand_kv", "withstand_s", "breakdown"), "polarity": ("polarity",),
    "mutual_influence": ("influence",), "demagnetising": ("demagnetised",),
}  # fmt: skip


@needs(VIEW)
def tester_template(request: HttpRequest, number: str) -> HttpResponse:
    """The table of a load: a line for each reading, or (`?wide=1`) for each device and burden."""
    load = load_by_number(number)
    rights: Any = request.rights  # type: ignore[attr-defined]
    scheme = transformer_scheme_of(load)
    if not rights.may(VIEW, load.task.unit.path) or scheme is None:
        raise NotFound(_("There is no load %(no)s.") % {"no": number[:40]})
    text = table_of(load, scheme, is_wide=bool(request.GET.get("wide")))
    return HttpResponse(
        text.encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{load.number}.csv"'},
    )


def table_of(load: BenchLoad, scheme: TransformerScheme, *, is_wide: bool) -> str:
    """The table as text, its readings empty."""
    points = points_of_load(load)
    puts = list(load.positions.select_related("task_device__device").order_by("position"))
    is_retest = any(put.attempt > 1 for put in puts)
    once = ["at", "temperature", "humidity", "verifier", "checker"]
    for item in items_of(scheme, is_retest=is_retest):
        once += OF_ITEM[item.item]
    once += ["reason"] if is_retest else []
    runs = ("up", "down") if scheme.takes_down else ("up",)
    lines = _wide(puts, points, runs) if is_wide else _long(puts, points, runs)
    lines = [line | dict.fromkeys(once, "") for line in lines]
    columns = list(dict.fromkeys(name for line in lines for name in line)) or ["code"]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([head_text(name) for name in columns])
    writer.writerows([[line.get(name, "/") for name in columns] for line in lines])
    return out.getvalue()


def head_text(name: str) -> str:
    """A head in the language of who reads; `f`, `δ` and points are the same in all."""
    if name not in NAMES:
        return f"{name}({'%' if name.startswith('f') else '′'})"
    is_chinese = (get_language() or "").startswith("zh")
    head, unit = NAMES[name][0 if is_chinese else 1], UNITS.get(name)
    return f"{head}({unit})" if unit else head


def _place(point: PlacePoint) -> dict[str, str]:
    return {
        "part": point.part, "phase": point.phase, "ratio": point.ratio,
        "burden": point.burden_va, "factor": point.factor,
    }  # fmt: skip


def _device(put: LoadPosition) -> dict[str, str]:
    device = put.task_device.device
    return {"code": device.barcode, "serial": device.serial_no}


def _long(
    puts: Iterable[LoadPosition], points: Iterable[PlacePoint], runs: tuple[str, ...]
) -> list[dict[str, str]]:
    return [
        {
            **_device(put), **_place(point), "percent": point.percent,
            **{f"{name}{_ARROWS[run] if len(runs) > 1 else ''}": "" for run in runs for name in "fδ"},
        }
        for put in puts
        for point in points
    ]  # fmt: skip


_ARROWS: Mapping[str, str] = {"up": "↑", "down": "↓"}


def _wide(
    puts: Iterable[LoadPosition], points: Iterable[PlacePoint], runs: tuple[str, ...]
) -> list[dict[str, str]]:
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for point in points:
        place = _place(point)
        row = rows.setdefault(tuple(place.values()), place)
        for run in runs:
            arrow = _ARROWS[run] if len(runs) > 1 else ""
            row |= {f"{name}{point.percent}%{arrow}": "" for name in "fδ"}
    return [{**_device(put), **row} for put in puts for row in rows.values()]
