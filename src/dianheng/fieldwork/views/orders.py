"""Orders that follow from checks, with their clocks."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Days, ListPage
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.services import actor_of
from dianheng.workflow.choices import INSTANCE_TONE, InstanceState

from .. import services
from ..choices import ORDER_TONE, OrderKind, OrderState
from ..forms import DoneForm
from ..models import FieldOrder
from ..selectors import VIEW, orders, visible_order
from ..told import cause_of

RECORD = "fieldwork.record"


def clock_of(order: FieldOrder) -> str:
    """How long it has, or by how much it is late."""
    if order.state == OrderState.DONE:
        return ""
    left = (order.due_on - timezone.localdate()).days
    if left < 0:
        return ngettext("%(n)s day late", "%(n)s days late", -left) % {"n": -left}
    return ngettext("%(n)s day left", "%(n)s days left", left) % {"n": left}


def cause_said(order: FieldOrder) -> str:
    """Why, in the language of the reader."""
    return cause_of(order.check_record.results, order.kind)


ORDERS = ListPage(
    key="field_orders",
    title=gettext_lazy("Orders after checks"),
    rows=lambda scope: orders(),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Order after a check"), kind="code"),
        Column("kind", gettext_lazy("What is ordered"), "get_kind_display"),
        Column("point", gettext_lazy("Usage point"), "usage_point.number", kind="code"),
        Column("name", gettext_lazy("Name"), "usage_point.name"),
        Column("state", gettext_lazy("State"), kind="state", choices=OrderState.choices, tones=ORDER_TONE),
        Column("due_on", gettext_lazy("Due"), kind="date", sort="due_on"),
        Column("clock", gettext_lazy("Time left"), clock_of),
        Column("cause", gettext_lazy("Cause"), cause_said, hidden=True),
        Column("device", gettext_lazy("Device"), "device.barcode", kind="code", hidden=True),
        Column("process", gettext_lazy("Process"), kind="code", hidden=True),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=OrderState.choices),
        Choice("kind", gettext_lazy("What is ordered"), options=OrderKind.choices),
        Days("due_on", gettext_lazy("Due"), "due_on"),
    ],
    default_order="due_on",
    search=("number", "usage_point__number", "usage_point__name"),
    row_url=lambda row: reverse("field_order", args=[row.number]),
    cards=("number", "kind", "name", "due_on"),
    empty_text=gettext_lazy("No order yet. A check that is out of limits opens one by itself."),
)  # fmt: skip


@opens_to(VIEW)
def order_list(request: HttpRequest) -> HttpResponse:
    """All orders of the units one may see."""
    return ORDERS.answer(request)


@needs(VIEW)
def order(request: HttpRequest, number: str) -> HttpResponse:
    """One order: why, until when, what was done."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    found = visible_order(rights, number)
    url = reverse("field_order", args=[number])

    def act(data: dict[str, Any]) -> str:
        services.order_done(
            order=found, done_on=data["done_on"], what_done=data["what_done"],
            actor=actor_of(request), request_key=data["request_key"],
        )  # fmt: skip
        return url

    no: Any = "" if rights.may(RECORD, found.unit.path) else no_right(RECORD).text
    process = services.process_of(found)
    if process is not None and process.ended_at is None:
        no = _("Process %(no)s carries the order; it is closed with its result when it ends.")
        no = no % {"no": process.number}
    return answer_form(
        request, DoneForm(request.POST or None), act, title=found.number,
        submit=_("Carried out"), back=reverse("field_orders"),
        crumbs=[(_("Orders after checks"), reverse("field_orders"))],
        template="fieldwork/order.html", order=found, tone=ORDER_TONE[OrderState(found.state)],
        clock=clock_of(found), no_record=no, process=process, cause=cause_said(found),
        book=found.rule.rpartition(" ")[0],
        process_tone=INSTANCE_TONE[InstanceState(process.state)] if process else "",
    )  # fmt: skip
