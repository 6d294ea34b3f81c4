"""Pages of errors by maker, lot, bench, position, person, month."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.charts import Chart, Line, Mark
from dianheng.common.lists import Column, Days, ListPage, NotUnderstood, read_day
from dianheng.common.pages import needs
from dianheng.verification.choices import OUTCOME_TONE, Outcome

from ..rules import capability
from ..selectors import DIMENSIONS, Asked, Found, error_groups, points_measured, records_of
from ..selectors.error_groups import STEP, STEP_PCT, step_key

VIEW = "analysis.view"
NAMED = 8  # groups that stand apart, in the notice
CHARTED = 40  # bars that one can still tell apart
RECORDS = ListPage(
    key="analysis.error-records",
    title=gettext_lazy("Records of a group"),
    rows=lambda scope, by, key: records_of(by, key, scope.paths(VIEW)),
    columns=[
        Column("record", gettext_lazy("Original record"), "number", kind="code", sort="pk"),
        Column(
            "barcode",
            gettext_lazy("Bar code"),
            "device.barcode",
            kind="code",
            url=lambda row: reverse("device", args=[row.device.barcode]),
        ),
        Column("model", gettext_lazy("Model"), "device.model.name"),
        Column("maker", gettext_lazy("Maker"), "device.model.manufacturer.name"),
        Column("finished_at", gettext_lazy("Tested at"), kind="moment", sort="finished_at"),
        Column("bench", gettext_lazy("Bench"), "bench.barcode", kind="code"),
        Column("verifier", gettext_lazy("Verifier"), "verifier.name"),
        Column(
            "outcome",
            gettext_lazy("Outcome now"),
            "task_device.outcome",
            kind="state",
            choices=Outcome.choices,
            tones=OUTCOME_TONE,
        ),
    ],
    filters=[Days("finished", gettext_lazy("Tested at"), "finished_at", of_moment=True)],
    search=("number", "device__barcode"),
    row_url=lambda row: reverse("record", args=[row.number]),
    cards=("record", "barcode", "outcome"),
    empty_text=gettext_lazy("No record of this group."),
)


@needs(VIEW)
def error_analysis(request: HttpRequest) -> HttpResponse:
    """Errors in % of the limit, grouped; what stands out comes first."""
    get = request.GET
    by = get.get("by", "bench") if get.get("by") in DIMENSIONS else "bench"
    points = points_measured()
    point = get.get("point", "")
    wrong = []
    days: dict[str, Any] = {}
    for name in ("from_day", "through_day"):
        try:
            days[name] = read_day(get[name]) if get.get(name) else None
        except NotUnderstood:
            wrong.append(get[name])
    asked = Asked(
        by,
        point if point in points else "",
        is_drift=get.get("measure") == "drift",
        paths=tuple(request.rights.paths(VIEW)),  # type: ignore[attr-defined]
        **days,
    )
    found = error_groups(asked)
    apart = [one.name for one in found.groups if one.is_apart]
    context = {
        "title": _("Error analysis"),
        "asked": asked,
        "dimensions": [(name, one.label) for name, one in DIMENSIONS.items()],
        "points": points,
        "wrong": wrong,
        "found": found,
        "label": DIMENSIONS[by].label,
        "groups": [
            {
                "one": one,
                "url": _records_url(asked, one.group.key),
                # Of changes there is no limit.
                "capability": None
                if asked.is_drift
                else capability(one.mean, one.deviation, 100.0),
            }
            for one in found.groups
        ],
        "charts": [_means(found, asked), _distribution(found, asked)] if found.count else [],
        "drifting": [
            {"one": one, "url": _records_url(asked, one.group.key)}
            for one in sorted(
                (one for one in found.groups if one.drift),
                key=lambda one: -abs(one.drift.slope if one.drift else 0),
            )
        ],
        "apart": apart[:NAMED],
        "more_apart": max(0, len(apart) - NAMED),
    }
    return render(request, "analysis/errors.html", context)


@needs(VIEW)
def group_records(request: HttpRequest, by: str, key: str) -> HttpResponse:
    """The records behind a group of errors."""
    return RECORDS.answer(request, by=by, key=key)


def _records_url(asked: Asked, key: str) -> str:
    address = reverse("error_records", args=[asked.by, key])
    days = {"finished_from": asked.from_day, "finished_to": asked.through_day}
    given = urlencode({name: day for name, day in days.items() if day})
    return f"{address}?{given}" if given else address


def _means(found: Found, asked: Asked) -> Chart:
    shown = found.groups[:CHARTED]
    marks = [
        Mark(
            one.name,
            Decimal(f"{one.mean:.2f}"),
            _records_url(asked, one.group.key),
            "bad" if one.is_apart else "",
        )
        for one in shown
    ]
    return Chart(
        "trend" if asked.by == "month" else "bars",
        _("Mean by group"),
        marks,
        x_label=DIMENSIONS[asked.by].label,
        y_label=_("% of the limit"),
        summary=_("%(n)s groups; %(apart)s stand apart.")
        % {"n": len(found.groups), "apart": sum(one.is_apart for one in found.groups)},
    )


def _distribution(found: Found, asked: Asked) -> Chart:
    low = min([*found.steps, -100])
    high = max([*found.steps, 100])
    steps = list(range(low, high + STEP_PCT, STEP_PCT))
    marks = [
        Mark(
            f"{step} … {step + STEP_PCT}",
            found.steps.get(step, 0),
            reverse("error_records", args=[STEP, step_key(asked, step)])
            if step in found.steps
            else "",
        )
        for step in steps
    ]
    limits = [Line(Decimal(at), _("limit")) for at in (-100, 100)]
    return Chart(
        "distribution",
        _("Distribution"),
        marks,
        limits,
        x_label=_("% of the limit"),
        y_label=_("Points"),
        summary=_("%(n)s points.") % {"n": found.count},
        edges=tuple(Decimal(step) for step in [*steps, high + STEP_PCT]),
    )
