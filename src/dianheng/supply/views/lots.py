"""Pages of lots: list, one lot with all that happened to it, its papers."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import LIST_TONE, STATE_TONE
from dianheng.assets.models import Lot
from dianheng.common.errors import BadInput
from dianheng.common.lists import Column, Contains, ListPage, PageAction
from dianheng.common.pages import opens_to
from dianheng.verification.choices import TASK_TONE

from ..choices import (
    ARRIVAL_TONE,
    INSPECTION_TONE,
    RETURN_TONE,
    SEVERITY,
    SEVERITY_TONE,
    ReturnKind,
)
from ..models import Arrival, InspectionLot, ReturnOrder, SwitchingState
from ..panels import lot_links
from ..papers import lot_failures_paper
from ..selectors.lots import (
    device_failures,
    lot_by_code,
    lot_counts,
    lot_failures,
    lot_tasks,
    returned_reasons,
)
from ..services.inspection import lot_free
from ..services.returns import returnable
from .common import VIEW, against, ordered, pdf, seen
from .returns import KIND_OF

FAILURES_SHOWN = 50

LOTS = ListPage(
    key="supply.lots",
    title=gettext_lazy("Lots"),
    rows=lambda scope: Lot.objects.select_related("model__manufacturer", "unit"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("code", gettext_lazy("Lot"), kind="code", sort="code"),
        Column("maker", gettext_lazy("Maker"), "model.manufacturer.name"),
        Column("model", gettext_lazy("Model"), "model.code"),
        Column("name", gettext_lazy("Name"), "model.name"),
        Column("tender_batch", gettext_lazy("Tender batch"), kind="code"),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
    ],
    filters=[
        Contains("maker", gettext_lazy("Maker"), "model__manufacturer__name"),
        Contains("model", gettext_lazy("Model"), "model__code"),
        Contains("batch", gettext_lazy("Tender batch"), "tender_batch"),
    ],
    search=("code", "tender_batch", "model__code"),
    row_url=lambda lot: reverse("lot", args=[lot.code]),
    cards=("code", "maker", "model"),
    empty_text=gettext_lazy("No lot yet. One is made when a maker's delivery file is taken."),
)  # fmt: skip


@opens_to(VIEW)
def lot_list(request: HttpRequest) -> HttpResponse:
    """Lots of the units one may see."""
    return LOTS.answer(request)


def _lot(request: HttpRequest, code: str) -> Lot:
    found: Lot = seen(request, lot_by_code(code), code, "supply.inspect", "supply.return")
    return found


@opens_to(VIEW, "supply.inspect", "supply.return")
def lot(request: HttpRequest, code: str) -> HttpResponse:
    """One lot: counts, arrivals, inspections, tasks, failures, returns, papers."""
    found = _lot(request, code)
    arrivals = list(Arrival.objects.filter(lot=found).select_related("line__order").order_by("-pk"))
    inspections = list(InspectionLot.objects.filter(lot=found).order_by("-pk"))
    returns = list(ReturnOrder.objects.filter(lot=found))
    counts = lot_counts(found)
    failed = list(lot_failures(found)[:FAILURES_SHOWN])
    why = device_failures([device.pk for device in failed])
    returned = returned_reasons([device.pk for device in failed])
    context = {
        "title": found.code,
        "lot": found,
        "counts": counts,
        "total": sum(one["count"] for one in counts),
        "device_tones": STATE_TONE,
        "arrivals": arrivals,
        "arrival_tones": ARRIVAL_TONE,
        "inspections": inspections,
        "inspection_tones": INSPECTION_TONE,
        "tasks": lot_tasks(found),
        "task_tones": TASK_TONE,
        "failures": [
            {"device": device, "why": why.get(device.pk), "order": returned.get(device.pk)}
            for device in failed
        ],
        "failure_count": lot_failures(found).count(),
        "returns": returns,
        "return_tones": RETURN_TONE,
        "switching": switching_of(found),
        "maker_tests": found.maker_tests.all(),
        "list_tones": LIST_TONE,
        "may_deliver": against(request, "supply.deliver", found.unit),
        "links": lot_links(found),
        "papers": _papers(arrivals, inspections, returns, found),
        "actions": ordered(_actions(request, found)),
    }
    return render(request, "supply/lot.html", context)


def switching_of(lot: Lot) -> dict[str, Any] | None:
    """Severity for the next lot of the model, with the way to its history."""
    kept = SwitchingState.objects.filter(model=lot.model_id, unit=lot.unit_id).first()
    if kept is None:
        return None
    return {
        "state": kept.state,
        "label": SEVERITY[kept.state],
        "tones": SEVERITY_TONE,
        "url": reverse(
            "switching", args=[lot.unit.code, lot.model.manufacturer.code, lot.model.code]
        ),
    }


def _papers(
    arrivals: list[Arrival], inspections: list[InspectionLot], returns: list[ReturnOrder], lot: Lot
) -> list[tuple[Any, str, str]]:
    """Papers of a lot that are there: name, number, address."""
    papers: list[tuple[Any, str, str]] = [
        (_("Acceptance form"), one.number, reverse("arrival_paper", args=[one.number]))
        for one in arrivals
        if one.received
    ]
    for one in reversed(inspections):
        if one.state not in ("stated", "published", "void"):
            address = reverse("inspection_paper", args=[one.number])
            papers.append((_("Sampling form"), one.number, address))
        if hasattr(one, "sent") and one.sent.state != "withdrawn":
            papers.append(
                (
                    _("Slip of the sent sample"),
                    one.sent.number,
                    reverse("sent_paper", args=[one.number]),
                )
            )
        if one.report_no:
            papers.append(
                (_("Sampling report"), one.report_no, reverse("document", args=[one.report_no]))
            )
    if lot_tasks(lot).filter(approvals__isnull=False).exists():
        papers.append(
            (_("List of failures"), f"{lot.code}-BH", reverse("lot_failures", args=[lot.code]))
        )
    papers += [
        (_("Return notice"), one.number, reverse("return_paper", args=[one.number]))
        for one in returns
    ]
    return papers


def _actions(request: HttpRequest, found: Lot) -> list[PageAction]:
    free = "" if lot_free(found) else _("No device of this lot waits for an inspection.")
    fit = set(returnable(found).values_list("state", flat=True))

    def back(kind: ReturnKind) -> PageAction:
        reason = "" if KIND_OF[kind] in fit else _("No device of this lot waits for such a return.")
        label = (
            _("Return failed devices")
            if kind == ReturnKind.FAILED
            else _("Return what is outside internal control")
        )
        address = reverse("return_new", args=[found.code, kind])
        return PageAction(label, address, against(request, "supply.return", found.unit, reason))

    return [
        PageAction(
            _("Inspect the lot"),
            reverse("inspection_new", args=[found.code]),
            against(request, "supply.inspect", found.unit, free),
        ),
        back(ReturnKind.FAILED),
        back(ReturnKind.CONTROL),
    ]


@opens_to("documents.print")
def lot_failures_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """The list of failures of a lot as paper."""
    found = _lot(request, code)
    paper = lot_failures_paper(found)
    if paper is None:
        raise BadInput(_("No device of this lot has an approved result yet."))
    return pdf(request, "failure_list", paper, found.unit_id)
