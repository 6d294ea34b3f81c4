"""Pages of records: every point raw, mean, rounded, limits, conclusions, differences, steps."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from dianheng.assets.choices import TRANSFORMERS
from dianheng.common.errors import NotFound
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, Numbers
from dianheng.common.pages import needs, opens_to
from dianheng.metrology.items import Item
from dianheng.metrology.transformer_records import ERRORS

from ..choices import OUTCOME_TONE, Outcome
from ..models import TestRecord
from ..selectors.results import explained
from ..selectors.tasks import record_by_number
from ..words import step_lines
from .common import VIEW

RECORDS = ListPage(
    key="verification.records",
    title=gettext_lazy("Original records"),
    rows=lambda scope: TestRecord.objects.defer(
        "received", "standards", "operators"
    ).select_related("device", "task", "bench", "verifier", "task_device"),
    right=VIEW,
    unit_field="task__unit",
    columns=[
        Column("number", gettext_lazy("Record"), kind="code", sort="number"),
        Column(
            "barcode",
            gettext_lazy("Bar code"),
            "device.barcode",
            kind="code",
            url=lambda row: reverse("device", args=[row.device.barcode]),
        ),
        Column("finished_at", gettext_lazy("Finished at"), kind="moment", sort="finished_at"),
        Column("attempt", gettext_lazy("Attempt"), kind="number"),
        Column(
            "outcome",
            gettext_lazy("Outcome now"),
            "task_device.outcome",
            kind="state",
            choices=Outcome.choices,
            tones=OUTCOME_TONE,
        ),
        Column("bench", gettext_lazy("Bench"), "bench.barcode", kind="code"),
        Column("position", pgettext_lazy("bench", "Position"), kind="number"),
        Column("verifier", gettext_lazy("Verifier"), "verifier.name"),
        Column("overall", gettext_lazy("Bench says"), "bench_overall", hidden=True),
        Column("received_at", gettext_lazy("Received at"), kind="moment", hidden=True),
    ],
    filters=[
        Choice(
            "outcome", gettext_lazy("Outcome now"), "task_device__outcome", options=Outcome.choices
        ),
        Numbers("attempt", gettext_lazy("Attempt")),
        Contains("task", gettext_lazy("Task"), "task__number", how="equals"),
        Contains("bench", gettext_lazy("Bench"), "bench__barcode"),
        Numbers("position", pgettext_lazy("bench", "Position")),
        Days("finished", gettext_lazy("Finished at"), "finished_at", of_moment=True),
    ],
    search=("number", "device__barcode"),
    row_url=lambda row: reverse("record", args=[row.number]),
    cards=("number", "outcome", "finished_at", "attempt"),
    empty_text=gettext_lazy("No record yet. Records come with the uploads of benches."),
)


@opens_to(VIEW)
def record_list(request: HttpRequest) -> HttpResponse:
    """All records of the laboratories one may see."""
    return RECORDS.answer(request)


@needs(VIEW)
def record(request: HttpRequest, number: str) -> HttpResponse:
    """One record with the verdict that counts, or an earlier one."""
    found = record_by_number(number)
    if not request.rights.may(VIEW, found.task.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no record %(no)s.") % {"no": number}, record=number)
    verdicts = list(
        found.verdicts.select_related("scheme_version__scheme", "judged_by").order_by("-number")
    )
    wanted = request.GET.get("verdict", "")
    verdict = next(
        (v for v in verdicts if str(v.number) == wanted), verdicts[0] if verdicts else None
    )
    shown, is_same = explained(found, verdict)
    points = [_row(each) for each in shown]
    context: dict[str, Any] = {
        "title": found.number,
        "record": found,
        "verdict": verdict,
        "verdicts": verdicts,
        "is_newest": verdict is None or verdict.number == verdicts[0].number,
        "is_transformer": found.device.kind in TRANSFORMERS,
        "pairs": _pairs(points),
        "errors": [row for row in points if row["result"].item in BASIC],
        "items": [row for row in points if row["result"].item not in BASIC],
        "is_same_rules": is_same,
        "attempts": found.task_device.records.order_by("attempt").only("number", "attempt"),
        "review": found.task_device.reviews.filter(verdict=verdict)
        .select_related("review__reviewer", "review__acting_for")
        .last(),
        "approval": found.approvals.filter(verdict=verdict)
        .select_related("approval__approver", "approval__acting_for")
        .last(),
        "list_title": RECORDS.title,
    }
    return render(request, "verification/record.html", context)


BASIC = ("basic_error", *ERRORS)  # what stands in a table of its own


def _pairs(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Both errors of a transformer at a point, side by side."""
    pairs: dict[str, dict[str, Any]] = {}
    for row in points:
        if row["result"].item in ERRORS:
            pair = pairs.setdefault(row["result"].point, {"point": row["result"].point})
            pair["f" if row["result"].item == Item.RATIO_ERROR else "delta"] = row
    return list(pairs.values())


def _row(each: Any) -> dict[str, Any]:
    return {
        "result": each.result,
        "conclusion": each.conclusion,
        "internal": each.internal,
        "reason": each.reason,
        "steps": [step_lines(step) for step in each.steps],
        "rounded": each.result.rounded_text,
    }
