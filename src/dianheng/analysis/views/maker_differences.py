"""Pages of the centre's figures against the makers': groups, and the devices behind them."""

import csv
import io
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.access import note_access
from dianheng.common.charts import Chart, Line, Mark
from dianheng.common.excel import plain_csv_text
from dianheng.common.lists import Column, ListPage, Numbers
from dianheng.common.pages import needs

from ..selectors import (
    BY,
    ITEMS,
    MakerAsked,
    MakerFound,
    devices_compared,
    items_stated,
    lots_stated,
    maker_differences,
    makers_stated,
    narrowing,
    point_of,
    points_stated,
)
from ..selectors.error_groups import STEP_PCT

VIEW = "analysis.view"
CHARTED, NAMED = 40, 8
DECIMALS = {"basic_error": 3, "ratio_error": 4, "phase_displacement": 2}
DEVICES = ListPage(
    key="analysis.maker-devices",
    title=gettext_lazy("Devices against the maker's data"),
    rows=lambda scope, item, narrow: devices_compared(
        MakerAsked("lot", item, narrowing(narrow), tuple(scope.paths(VIEW)))
    ),
    columns=[
        Column("barcode", gettext_lazy("Bar code"), kind="code", sort="barcode"),
        Column("lot", gettext_lazy("Lot"), kind="code"),
        Column("points", gettext_lazy("Points"), kind="number", decimals=0),
        Column("mean", gettext_lazy("Mean difference"), kind="number", decimals=4, sort="mean"),
        Column(
            "largest", gettext_lazy("Largest difference"), kind="number", decimals=4, sort="largest"
        ),
        Column("point", gettext_lazy("At the point"), lambda row: point_of("", row.point)),
        Column("maker", gettext_lazy("Maker's figure"), kind="number", decimals=4),
        Column("centre", gettext_lazy("Centre's figure"), kind="number", decimals=4),
        Column(
            "share", gettext_lazy("Of the limit"), kind="number", unit="%", decimals=1, sort="share"
        ),
        Column(
            "outside",
            gettext_lazy("Outside the agreed band"),
            kind="number",
            decimals=0,
            sort="outside",
        ),
    ],
    filters=[Numbers("share", gettext_lazy("Of the limit"), "share")],
    default_order="-largest",
    row_url=lambda row: reverse("device", args=[row.barcode]),
    cards=("barcode", "mean", "largest", "point"),
    empty_text=gettext_lazy("No device was both stated by its maker and measured here."),
)


def _asked(request: HttpRequest) -> MakerAsked:
    """What the address asks; what it does not say is what most look for."""
    get = request.GET
    paths = tuple(request.rights.paths(VIEW))  # type: ignore[attr-defined]
    narrow = {name: get[name] for name in BY if get.get(name)}
    items = items_stated(paths, narrow)
    item = get.get("item", "")
    if item not in ITEMS or (items and item not in items):
        item = items[0] if items else "basic_error"
        narrow.pop("point", None)
    by = get.get("by", "")
    return MakerAsked(by if by in BY else "lot", item, narrow, paths)


@needs(VIEW)
def maker_data(request: HttpRequest) -> HttpResponse:
    """Centre less maker, grouped; lots that lie apart come first."""
    asked = _asked(request)
    found = maker_differences(asked)
    apart = [one.name for one in found.groups if one.is_apart]
    devices = reverse("maker_devices", args=[asked.item, asked.text])
    context = {
        "title": _("Against the makers' data"),
        "asked": asked,
        "item": asked.item,
        "decimals": DECIMALS[asked.item],
        "unit": "′" if asked.item == "phase_displacement" else "%",
        "by": [(name, label) for name, (label, _column) in BY.items()],
        "label": BY[asked.by][0],
        "items": [(name, ITEMS[name]) for name in items_stated(asked.paths, asked.narrow)],
        "makers": makers_stated(asked.paths),
        "lots": lots_stated(asked.paths, asked.narrow.get("maker", "")),
        "points": points_stated(asked),
        "narrow": asked.narrow,
        "model": asked.narrow.get("model", ""),
        "found": found,
        "groups": [{"one": one, "url": _devices_url(asked, one.key)} for one in found.groups],
        "charts": [_means(found, asked), _distribution(found, devices)] if found.groups else [],
        "apart": apart[:NAMED],
        "more_apart": max(0, len(apart) - NAMED),
        "even": [one.name for one in found.groups if one.is_too_even][:NAMED],
        "devices_url": devices,
        "csv": f"{reverse('maker_data_csv')}?{urlencode(request.GET)}",
    }
    return render(request, "analysis/maker_data.html", context)


@needs(VIEW)
def maker_data_csv(request: HttpRequest) -> HttpResponse:
    """The groups as CSV."""
    asked = _asked(request)
    found = maker_differences(asked)
    note_access(request, "export", "maker-data")
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(
        [
            BY[asked.by][0], _("Devices"), _("Points"), _("Mean difference"),
            _("Standard deviation"), _("Mean, % of the limit"), _("Correlation"),
            _("Spread, centre"), _("Spread, maker"), _("Outside the agreed band"), _("Points judged"),
            _("Largest difference"), _("apart"),
        ]
    )  # fmt: skip
    for one in found.groups:
        write(
            [
                plain_csv_text(one.name), one.devices, one.points, f"{one.mean:.5f}", f"{one.deviation:.5f}",
                _text(one.share, 2), _text(one.correlation, 3), f"{one.centre_spread:.5f}",
                f"{one.maker_spread:.5f}", one.outside, one.judged, f"{one.largest:.5f}",
                "1" if one.is_apart else "",
            ]
        )  # fmt: skip
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="maker-data.csv"'
    return answer


@needs(VIEW)
def maker_devices(request: HttpRequest, item: str, narrow: str) -> HttpResponse:
    """The devices behind a group, the largest difference first."""
    if item not in ITEMS:
        item = "basic_error"
    return DEVICES.answer(request, item=item, narrow=narrow)


def _text(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"


def _devices_url(asked: MakerAsked, key: str) -> str:
    return reverse("maker_devices", args=[asked.item, asked.within(asked.by, key).text])


def _means(found: MakerFound, asked: MakerAsked) -> Chart:
    marks = [
        Mark(
            one.name,
            Decimal(f"{one.share or 0:.2f}"),
            _devices_url(asked, one.key),
            "bad" if one.is_apart else "warn" if one.is_too_even else "",
        )
        for one in found.groups[:CHARTED]
    ]
    return Chart(
        "bars",
        _("Centre less maker, mean by group"),
        marks,
        [Line(at, _("agreed band"), "warn") for at in (-found.band_pct, found.band_pct)],
        x_label=BY[asked.by][0],
        y_label=_("% of the limit"),
        summary=_("%(n)s groups; %(apart)s stand apart.")
        % {"n": len(found.groups), "apart": sum(one.is_apart for one in found.groups)},
    )


def _farther(url: str, step: int) -> str:
    """The devices that differ somewhere by as much as a step of the distribution, or more."""
    return f"{url}?share_from={max(step, -step - STEP_PCT, 0)}"


def _distribution(found: MakerFound, url: str) -> Chart:
    edge = int(found.band_pct) + 5
    low, high = min([*found.steps, -edge]), max([*found.steps, edge])
    low -= low % STEP_PCT
    steps: list[Any] = list(range(low, high + STEP_PCT, STEP_PCT))
    return Chart(
        "distribution",
        _("Distribution of the differences"),
        [
            Mark(f"{step} … {step + STEP_PCT}", found.steps.get(step, 0), _farther(url, step))
            for step in steps
        ],
        [Line(at, _("agreed band"), "warn") for at in (-found.band_pct, found.band_pct)],
        x_label=_("% of the limit"),
        y_label=_("Points"),
        summary=_("%(n)s points.") % {"n": sum(found.steps.values())},
        edges=tuple(Decimal(step) for step in [*steps, high + STEP_PCT]),
    )
