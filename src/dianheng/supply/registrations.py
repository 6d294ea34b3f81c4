"""What this app tells the others at start: things to do."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import ListState
from dianheng.assets.selectors import lot_stands
from dianheng.common.actions import register_actions
from dianheng.common.todo import TodoGroup, TodoItem, first_and_count
from dianheng.identity.selectors import units_with_right
from dianheng.workflow.registry import Subject, register_subject

from .choices import ArrivalState, InspectionState, ReturnState
from .models import Arrival, DeliveryFile, InspectionLot, ReturnOrder
from .selectors.lots import lots_not_stated, lots_to_verify
from .services.acceptance import RIGHT_OF

SHOWN = 10
TO_CLEAR = [
    ListState.RECEIVED,
    ListState.MAPPED,
    ListState.FAULTY,
    ListState.CHECKED,
]


def todo(request: HttpRequest) -> list[TodoGroup]:
    """Arrivals to receive, samples to draw and judge, lots to decide, returns to send."""
    rights: Any = request.rights  # type: ignore[attr-defined]

    def units(right: str) -> Any:
        return units_with_right(rights, right) if rights.may(right) else None

    groups = []
    if (at := units("supply.deliver")) is not None:
        rows = DeliveryFile.objects.filter(line__order__unit__in=at, state__in=TO_CLEAR)
        groups.append(
            _group(_("Delivery files to clear"), rows, "delivery", "orders", "uploaded_at")
        )
    if (at := units("supply.receive")) is not None:
        rows = Arrival.objects.filter(unit__in=at).exclude(state=ArrivalState.RECEIVED)
        groups.append(_group(_("Arrivals to receive"), rows, "arrival", "arrivals", "announced_at"))
    if (at := units("supply.inspect")) is not None:
        groups.append(
            _lots(_("Lots to be split for inspection"), lots_not_stated(at), "inspection_new")
        )
        doing = [InspectionState.STATED, InspectionState.PUBLISHED, InspectionState.DRAWN]
        rows = InspectionLot.objects.filter(unit__in=at, state__in=doing)
        groups.append(_group(_("Lots to inspect"), rows, "inspection", "inspections", "stated_at"))
    for department, right in RIGHT_OF.items():
        if (at := units(right)) is not None:
            rows = InspectionLot.objects.filter(unit__in=at, state=InspectionState.JUDGED).exclude(
                opinions__department=department
            )
            title = _("Lots to decide on: %(department)s") % {"department": department.label}
            groups.append(_group(title, rows, "inspection", "inspections", "judged_at"))
    if (at := units("supply.return")) is not None:
        rows = ReturnOrder.objects.filter(unit__in=at).exclude(state=ReturnState.SHIPPED)
        groups.append(_group(_("Returns to send"), rows, "return_order", "returns", "made_at"))
    if (at := units("verification.plan")) is not None:
        groups.append(
            _lots(_("Accepted lots without verification task"), lots_to_verify(at), "lot")
        )
    return [group for group in groups if group.count]


def _lots(title: str, rows: Any, page: str) -> TodoGroup:
    found, count = first_and_count(rows.select_related("model").order_by("pk"), SHOWN)
    items = [TodoItem(lot.code, reverse(page, args=[lot.code]), lot.model.name) for lot in found]
    return TodoGroup(title, items, count, reverse("lots"))


def _group(title: str, rows: Any, page: str, all_of_them: str, since: str) -> TodoGroup:
    found, count = first_and_count(rows.order_by("pk"), SHOWN)
    items = [
        TodoItem(
            row.number,
            reverse(page, args=[row.number]),
            row.get_state_display(),
            since=getattr(row, since),
        )
        for row in found
    ]
    return TodoGroup(title, items, count, reverse(all_of_them))


register_actions(
    {
        "order.make": gettext_lazy("Enter an order"),
        "order.line": gettext_lazy("Add a line to an order"),
        "order.close": gettext_lazy("Close an order"),
        "segment.issue": gettext_lazy("Issue a number segment"),
        "delivery.upload": gettext_lazy("Receive a delivery file"),
        "delivery.map": gettext_lazy("Name the columns of a delivery file"),
        "delivery.check": gettext_lazy("Check a delivery file"),
        "delivery.start_check": gettext_lazy("Start the check of a delivery file"),
        "delivery.start_take": gettext_lazy("Start taking a delivery file"),
        "delivery.take": gettext_lazy("Take a delivery file"),
        "delivery.refuse": gettext_lazy("Refuse a delivery file"),
        "maker_tests.upload": gettext_lazy("Receive a maker's test data"),
        "maker_tests.map": gettext_lazy("Name the columns of a maker's test data"),
        "maker_tests.check": gettext_lazy("Check a maker's test data"),
        "maker_tests.start_check": gettext_lazy("Start the check of a maker's test data"),
        "maker_tests.start_take": gettext_lazy("Start taking a maker's test data"),
        "maker_tests.take": gettext_lazy("Take a maker's test data"),
        "maker_tests.refuse": gettext_lazy("Refuse a maker's test data"),
        "arrival.make": gettext_lazy("Open an arrival for scanning"),
        "arrival.scan": gettext_lazy("Scan an arrival"),
        "arrival.confirm": gettext_lazy("Receive an arrival"),
        "inspection.resubmit": gettext_lazy("Submit a rejected lot again"),
        "sent.make": gettext_lazy("List a sample for the higher centre"),
        "sent.withdraw": gettext_lazy("Withdraw the list of a sent sample"),
        "sent.hand_over": gettext_lazy("Hand a sample over"),
        "sent.report": gettext_lazy("Enter the report of the higher centre"),
        "sent.back": gettext_lazy("Take a sent sample back"),
        "report.issue": gettext_lazy("Issue a sampling report"),
        "return.come_back": gettext_lazy("Receive what comes back from the maker"),
        "inspection.make": gettext_lazy("State the split of a lot"),
        "inspection.void": gettext_lazy("Withdraw an inspection"),
        "inspection.resume": gettext_lazy("Resume inspection of a model"),
        "draw.publish": gettext_lazy("Publish the digest of a seed"),
        "draw.close": gettext_lazy("Close a lot and draw its sample"),
        "sample.task": gettext_lazy("Have a sample tested"),
        "sample.record": gettext_lazy("Record results of a sample"),
        "sample.read": gettext_lazy("Take over verdicts of a sample"),
        "sample.judge": gettext_lazy("Judge a sample"),
        "acceptance.decide": gettext_lazy("Sign acceptance of a lot"),
        "return.make": gettext_lazy("Draw up a return"),
        "return.notify": gettext_lazy("Notify the maker of a return"),
        "return.ship": gettext_lazy("Ship a return"),
    }
)


def lot_decided(code: str) -> dict[str, Any]:
    """What somebody decides on who decides on a lot: its devices, and how its inspections stand."""
    rows = InspectionLot.objects.filter(lot__code=code).order_by("number")
    inspections = [
        {"number": number, "state": state, "accepted": is_accepted}
        for number, state, is_accepted in rows.values_list("number", "state", "is_accepted")
    ]
    return {**lot_stands(code), "inspections": inspections}


register_subject(
    Subject("lot", gettext_lazy("Lot"), lot_decided, lambda code: reverse("lot", args=[code]))
)
