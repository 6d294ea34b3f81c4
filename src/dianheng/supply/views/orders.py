"""Pages of orders and of the makers' delivery files."""

from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import LIST_TONE, ListState
from dianheng.assets.list_pages import ListPages
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from .. import services
from ..choices import (
    ARRIVAL_TONE,
    ORDER_TONE,
    OrderState,
)
from ..forms import DeliveryForm, LineForm, OrderForm, ReasonForm, SegmentForm
from ..models import Arrival, DeliveryFile, OrderLine, PurchaseOrder
from ..services.delivery import WAY
from .common import VIEW, against, seen


def _list_actions(request: HttpRequest) -> list[PageAction]:
    right = "supply.order"
    refusal = None if request.rights.may(right) else no_right(right)  # type: ignore[attr-defined]
    return [PageAction(_("New order"), reverse("order_new"), refusal, True, "plus")]


ORDERS = ListPage(
    key="supply.orders",
    title=gettext_lazy("Orders"),
    rows=lambda scope: PurchaseOrder.objects.select_related("manufacturer", "unit"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("order_no", gettext_lazy("Order"), kind="code", sort="order_no"),
        Column("maker", gettext_lazy("Maker"), "manufacturer.name"),
        Column("tender_batch", gettext_lazy("Tender batch"), kind="code"),
        Column("contract_no", gettext_lazy("Contract"), kind="code"),
        Column("ordered_on", gettext_lazy("Ordered on"), kind="date"),
        Column("state", gettext_lazy("State"), kind="state", choices=OrderState.choices, tones=ORDER_TONE),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=OrderState.choices),
        Contains("batch", gettext_lazy("Tender batch"), "tender_batch"),
        Days("ordered", gettext_lazy("Ordered on"), "ordered_on"),
    ],
    search=("order_no", "contract_no", "tender_batch", "manufacturer__name"),
    row_url=lambda order: reverse("order", args=[order.order_no]),
    actions=_list_actions,
    cards=("order_no", "state", "maker", "tender_batch"),
    empty_text=gettext_lazy("No order yet. Enter one, issue its numbers, then take the maker's file."),
)  # fmt: skip


@opens_to(VIEW)
def order_list(request: HttpRequest) -> HttpResponse:
    """Orders to makers."""
    return ORDERS.answer(request)


@needs("supply.order")
def order_new(request: HttpRequest) -> HttpResponse:
    """A new order with its first line."""
    units = units_with_right(request.rights, "supply.order")  # type: ignore[attr-defined]
    person: Any = request.user
    form = OrderForm(request.POST or None, units=units, initial={"unit": person.unit_id})

    def act(data: dict[str, Any]) -> str:
        names = ("model", "quantity", "material_code", "price_preset", "due_on")
        line = {name: data.pop(name) for name in names}
        unit = data.pop("unit")
        order = services.order_make(**data, unit_id=unit.pk, lines=[line], actor=actor_of(request))
        return reverse("order", args=[order.order_no])

    return answer_form(
        request, form, act, title=_("New order"), submit=_("Enter the order"),
        back=reverse("orders"), crumbs=[(ORDERS.title, reverse("orders"))],
    )  # fmt: skip


def _order(request: HttpRequest, order_no: str) -> PurchaseOrder:
    rows = PurchaseOrder.objects.select_related("manufacturer", "unit").filter(order_no=order_no)
    found: PurchaseOrder = seen(request, rows.first(), order_no, "supply.order", "supply.deliver")
    return found


@opens_to(VIEW, "supply.order", "supply.deliver")
def order(request: HttpRequest, order_no: str) -> HttpResponse:
    """One order: lines with their number segments, files and arrivals."""
    found = _order(request, order_no)
    closed = _("The order is closed.") if found.state == OrderState.CLOSED else ""
    lines = []
    for line in found.lines.select_related("model").prefetch_related("segments", "deliveries"):
        taken = (
            line.deliveries.filter(state=ListState.TAKEN).aggregate(n=Sum("row_count"))["n"] or 0
        )
        received = line.arrivals.aggregate(n=Sum("received"))["n"] or 0
        lines.append({"line": line, "taken": taken, "received": received})
    context = {
        "title": found.order_no,
        "order": found,
        "tone": ORDER_TONE[OrderState(found.state)],
        "lines": lines,
        "deliveries": DeliveryFile.objects.filter(line__order=found).select_related("line"),
        "delivery_tones": LIST_TONE,
        "arrivals": Arrival.objects.filter(line__order=found).select_related("line"),
        "arrival_tones": ARRIVAL_TONE,
        "may_order": against(request, "supply.order", found.unit, closed),
        "may_deliver": against(request, "supply.deliver", found.unit, closed),
    }
    return render(request, "supply/order.html", context)


def _crumbs(found: PurchaseOrder) -> list[tuple[Any, str]]:
    return [
        (ORDERS.title, reverse("orders")),
        (found.order_no, reverse("order", args=[found.order_no])),
    ]


@needs("supply.order")
def line_new(request: HttpRequest, order_no: str) -> HttpResponse:
    """A further line."""
    found = _order(request, order_no)
    form = LineForm(request.POST or None)
    models: Any = form.fields["model"]
    models.queryset = models.queryset.filter(manufacturer=found.manufacturer)
    back = reverse("order", args=[order_no])

    def act(data: dict[str, Any]) -> str:
        services.line_add(order=found, line=data, actor=actor_of(request))
        return back

    return answer_form(
        request, form, act, title=_("Add a line"), submit=_("Add the line"), back=back,
        crumbs=_crumbs(found),
    )  # fmt: skip


def _line(found: PurchaseOrder, line_no: int) -> OrderLine:
    line: OrderLine = found.lines.select_related("order__unit", "order__manufacturer", "model").get(
        line_no=line_no
    )
    return line


@needs("supply.order")
def segment_new(request: HttpRequest, order_no: str, line_no: int) -> HttpResponse:
    """Issue bar codes before production."""
    found = _order(request, order_no)
    line = _line(found, line_no)
    back = reverse("order", args=[order_no])
    form = SegmentForm(request.POST or None, initial={"count": line.quantity})

    def act(data: dict[str, Any]) -> str:
        services.segment_issue(line=line, actor=actor_of(request), **data)
        return back

    return answer_form(
        request, form, act, title=_("Issue a number segment"), submit=_("Issue"), back=back,
        crumbs=_crumbs(found), intro=f"{line} {line.model}",
    )  # fmt: skip


@needs("supply.order")
def order_close(request: HttpRequest, order_no: str) -> HttpResponse:
    """Nothing more is taken on it."""
    found = _order(request, order_no)
    back = reverse("order", args=[order_no])

    def act(data: dict[str, Any]) -> str:
        services.order_close(order=found, reason=data["reason"], actor=actor_of(request))
        return back

    return answer_form(
        request, ReasonForm(request.POST or None), act, title=_("Close the order"),
        submit=_("Close the order"), back=back, crumbs=_crumbs(found),
    )  # fmt: skip


# -- delivery files -------------------------------------------------------------------------------


@needs("supply.deliver")
def delivery_new(request: HttpRequest, order_no: str, line_no: int) -> HttpResponse:
    """Send the maker's file in; it is checked at once when its columns are known."""
    found = _order(request, order_no)
    line = _line(found, line_no)
    form = DeliveryForm(request.POST or None, request.FILES or None)

    def act(data: dict[str, Any]) -> str:
        return PAGES.received(request, data["file"], services.delivery_upload, line=line)

    return answer_form(
        request, form, act, title=_("Delivery file"), submit=_("Send and check"),
        back=reverse("order", args=[order_no]), crumbs=_crumbs(found), intro=f"{line} {line.model}",
    )  # fmt: skip


def _delivery(request: HttpRequest, number: str) -> DeliveryFile:
    rows = DeliveryFile.objects.select_related(
        "line__order__unit", "line__order__manufacturer", "line__model", "file", "job", "uploaded_by", "taken_by"
    ).filter(number=number)  # fmt: skip
    delivery = rows.first()
    seen(request, delivery.line.order if delivery else None, number, "supply.deliver")
    assert delivery is not None
    return delivery


PAGES = ListPages(
    WAY,
    "delivery",
    _delivery,
    opens_to(VIEW, "supply.deliver"),
    taken=gettext_lazy("%(no)s is taken: %(n)s devices are on order."),
    refused=gettext_lazy("%(no)s is refused. Send the marked copy to the maker."),
)


@opens_to(VIEW, "supply.deliver")
def delivery(request: HttpRequest, number: str) -> HttpResponse:
    """One file: columns to be named, or what the check found, and what can be done with it."""
    found = _delivery(request, number)
    context = {
        "order": found.line.order,
        "arrival": Arrival.objects.filter(delivery=found).first(),
    }
    return render(request, "supply/delivery.html", PAGES.context(request, found) | context)
