"""Orders, number segments and the makers' delivery files, by machine."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from dianheng.assets.models import DeviceModel, Manufacturer
from dianheng.common.errors import NotFound
from dianheng.common.uploads import uploaded
from dianheng.identity.models import Unit
from dianheng.identity.services import actor_of

from .. import services
from ..models import DeliveryFile, OrderLine, PurchaseOrder
from ..services.delivery import WAY
from .common import Reason, Request, Wanted, following, page, visible
from .lists import ListOut, list_doors, list_out

router = Router()


class LineIn(Schema):
    """One model of an order."""

    model: str = Field(description="Code of the model, of the order's maker.")
    quantity: int
    tender_batch: str = ""
    contract_no: str = ""
    material_code: str = ""
    price_preset: str = ""
    due_on: date | None = None


class OrderIn(Request):
    """An order with its lines."""

    order_no: str
    manufacturer: str = Field(description="Code of the maker.")
    unit: str = Field(description="Code of the unit.")
    ordered_on: date
    tender_batch: str
    contract_no: str = ""
    note: str = ""
    lines: list[LineIn]


class SegmentOut(Schema):
    """Bar codes issued before production."""

    first_code: str
    last_code: str
    count: int
    issued_on: date


class LineOut(Schema):
    """A line and its numbers."""

    line_no: int
    model: str
    quantity: int
    tender_batch: str
    contract_no: str
    material_code: str
    price_preset: str
    due_on: date | None
    segments: list[SegmentOut]


class OrderOut(Schema):
    """An order."""

    order_no: str
    manufacturer: str
    unit: str
    state: str
    ordered_on: date
    tender_batch: str
    contract_no: str
    lines: list[LineOut]


class OrdersOut(Schema):
    """A page of orders."""

    items: list[OrderOut]
    next: str | None


def _order_out(order: PurchaseOrder) -> OrderOut:
    return OrderOut(
        order_no=order.order_no, manufacturer=order.manufacturer.code, unit=order.unit.code,
        state=order.state, ordered_on=order.ordered_on, tender_batch=order.tender_batch,
        contract_no=order.contract_no,
        lines=[_line_out(line) for line in order.lines.select_related("model")],
    )  # fmt: skip


def _line_out(line: OrderLine) -> LineOut:
    return LineOut(
        line_no=line.line_no, model=line.model.code, quantity=line.quantity,
        tender_batch=line.tender_batch, contract_no=line.contract_no,
        material_code=line.material_code, price_preset=line.price_preset, due_on=line.due_on,
        segments=[_segment_out(segment) for segment in line.segments.all()],
    )  # fmt: skip


def _segment_out(segment: Any) -> SegmentOut:
    return SegmentOut(
        first_code=segment.first_code, last_code=segment.last_code, count=segment.count,
        issued_on=segment.issued_on,
    )  # fmt: skip


def _order(request: HttpRequest, order_no: str) -> PurchaseOrder:
    rows = PurchaseOrder.objects.select_related("manufacturer", "unit")
    found: PurchaseOrder = visible(request, rows.filter(order_no=order_no).first(), order_no)
    return found


def _line(request: HttpRequest, order_no: str, line_no: int) -> OrderLine:
    order = _order(request, order_no)
    line: OrderLine | None = (
        order.lines.select_related("order", "model").filter(line_no=line_no).first()
    )
    if line is None:
        raise NotFound(_("There is no %(no)s here.") % {"no": f"{order_no}/{line_no}"})
    return line


def _named(model: Any, what: Any, **named: str) -> Any:
    found = model.objects.filter(**named).first()
    if found is None:
        raise NotFound(_("There is no %(no)s here.") % {"no": " ".join(named.values())}, what=what)
    return found


def _line_data(sent: LineIn, maker: Manufacturer) -> dict[str, Any]:
    model = DeviceModel.objects.filter(manufacturer=maker, code=sent.model).first()
    return {**sent.dict(), "model": model}


@router.get("orders", response=OrdersOut)
def orders(request: HttpRequest, wanted: Query[Wanted]) -> OrdersOut:
    """Orders of the units one may see, by number."""
    rows = PurchaseOrder.objects.select_related("manufacturer", "unit")
    found = page(request, rows, wanted, "order_no")
    return OrdersOut(
        items=[_order_out(order) for order in found], next=following(found, wanted, "order_no")
    )


@router.post("orders", response={201: OrderOut})
def order_make(request: HttpRequest, sent: OrderIn) -> Status[OrderOut]:
    """Enter an order with its lines."""
    maker = _named(Manufacturer, "manufacturer", code=sent.manufacturer)
    unit = _named(Unit, "unit", code=sent.unit)
    order = services.order_make(
        order_no=sent.order_no, manufacturer=maker, unit_id=unit.pk, ordered_on=sent.ordered_on,
        tender_batch=sent.tender_batch, contract_no=sent.contract_no, note=sent.note,
        lines=[_line_data(line, maker) for line in sent.lines], actor=actor_of(request),
        request_key=sent.request_key,
    )  # fmt: skip
    return Status(201, _order_out(order))


@router.get("orders/{order_no}", response=OrderOut)
def order(request: HttpRequest, order_no: str) -> OrderOut:
    """One order with lines and number segments."""
    return _order_out(_order(request, order_no))


@router.post("orders/{order_no}/lines", response={201: LineOut})
def line_add(request: HttpRequest, order_no: str, sent: LineIn) -> Status[LineOut]:
    """Add a line to an open order."""
    found = _order(request, order_no)
    line = _line_data(sent, found.manufacturer)
    return Status(
        201, _line_out(services.line_add(order=found, line=line, actor=actor_of(request)))
    )


@router.post("orders/{order_no}/close", response=OrderOut)
def order_close(request: HttpRequest, order_no: str, sent: Reason) -> OrderOut:
    """Nothing more is taken on the order."""
    services.order_close(
        order=_order(request, order_no), reason=sent.reason, actor=actor_of(request)
    )
    return _order_out(_order(request, order_no))


class SegmentIn(Request):
    """From a bar code on, so many numbers."""

    first: str = Field(description="22 digits, or 21 without the check digit.")
    count: int
    issued_on: date | None = None


@router.post("orders/{order_no}/lines/{line_no}/segments", response={201: SegmentOut})
def segment_issue(
    request: HttpRequest, order_no: str, line_no: int, sent: SegmentIn
) -> Status[SegmentOut]:
    """Issue bar codes to the maker, before production."""
    segment = services.segment_issue(
        line=_line(request, order_no, line_no), actor=actor_of(request), **sent.dict()
    )
    return Status(201, _segment_out(segment))


# -- delivery files -------------------------------------------------------------------------------


class DeliveryOut(ListOut):
    """A delivery file and what its last check found; `faults` has the first thousand."""

    order_no: str
    line_no: int
    arrival: str | None


def _delivery_out(delivery: DeliveryFile) -> DeliveryOut:
    line, arrival = delivery.line, getattr(delivery, "arrival", None)
    return DeliveryOut(
        **list_out(WAY, delivery), order_no=line.order.order_no, line_no=line.line_no,
        arrival=arrival.number if arrival else None,
    )  # fmt: skip


def _delivery(request: HttpRequest, number: str) -> DeliveryFile:
    rows = DeliveryFile.objects.select_related("line__order__unit", "arrival")
    delivery = rows.filter(number=number).first()
    unit_id = delivery.line.order.unit_id if delivery else None
    found: DeliveryFile = visible(request, delivery, number, unit_id)
    return found


@router.post("orders/{order_no}/lines/{line_no}/deliveries", response={201: DeliveryOut})
def delivery_upload(
    request: HttpRequest, order_no: str, line_no: int, file: File[UploadedFile]
) -> Status[DeliveryOut]:
    """Send a maker's file in (.xlsx or .csv); the same bytes again are the same delivery.

    It is checked next: `POST deliveries/{number}/check`; where `state` is `received`, the
    columns are named first.
    """
    line = _line(request, order_no, line_no)
    with uploaded(file) as path:
        made = services.delivery_upload(
            line=line, path=path, name=file.name or "", actor=actor_of(request)
        )
    return Status(201, _delivery_out(_delivery(request, made.number)))


list_doors(
    router,
    "deliveries/{number}",
    WAY,
    find=_delivery,
    out=_delivery_out,
    answer=DeliveryOut,
    says={
        "read": "One delivery file with what was found.",
        "take": "Take it: its devices are on order, an arrival is announced. A large file: 202 and a job.",
        "refuse": "Send it back to the maker.",
    },
)  # fmt: skip
