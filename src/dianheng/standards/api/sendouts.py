"""Send-outs: listed, handed over to a higher body, taken in again."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from dianheng.assets.choices import STANDARDS
from dianheng.assets.models import Device
from dianheng.identity.selectors import unit_by_code
from dianheng.identity.services import actor_of, require

from .. import services
from ..choices import AWAY
from ..models import SendoutOrder
from ..rights import RIGHT, VIEW
from ..rules import DIFFERENCE_TEXTS
from ..selectors.sendout import differences_of, items_of, orders, to_order, visible_order
from .common import Request, Wanted, guard_known, items_by_barcode, name_of, page

router = Router()


class SendoutOut(Schema):
    """A batch of standards for one body."""

    number: str
    unit: str
    body: str
    state: str
    expected_on: date
    is_overdue: bool
    handed_at: datetime | None
    receiver: str
    carrier: str
    standards_count: int
    back_count: int
    cost_yuan: Decimal | None
    invoice_no: str


class SentOut(Schema):
    """A standard of a send-out: from `out_at` until `released_at` it is locked."""

    barcode: str
    name: str
    state: str
    plan: str | None
    accessories: str
    condition: str
    out_at: datetime | None
    back_at: datetime | None
    brought_by: str
    found: str = Field(description="As what it came back; empty: not yet.")
    back_accessories: str
    back_condition: str
    certificate_no: str | None
    released_at: datetime | None
    cost_yuan: Decimal | None


class DifferenceOut(Schema):
    """By what a standard that came in differs from the list out."""

    barcode: str
    code: str
    text: str


class SendoutWholeOut(SendoutOut):
    """A send-out with its standards and differences."""

    standards: list[SentOut]
    differences: list[DifferenceOut]


class SendoutsOut(Schema):
    """A page of send-outs."""

    items: list[SendoutOut]
    next: str | None


def _facts(order: Any) -> dict[str, Any]:
    is_overdue = order.state in AWAY and order.expected_on < timezone.localdate()
    return {
        "number": order.number, "unit": order.unit.code, "body": order.body, "state": order.state,
        "expected_on": order.expected_on, "is_overdue": is_overdue, "handed_at": order.handed_at,
        "receiver": order.receiver, "carrier": order.carrier,
        "standards_count": order.item_count, "back_count": order.back_count,
        "cost_yuan": order.cost_yuan, "invoice_no": order.invoice_no,
    }  # fmt: skip


def _order(request: HttpRequest, number: str, right: str = VIEW) -> SendoutOrder:
    require(actor_of(request), right)
    return visible_order(request.rights, number)  # type: ignore[attr-defined]


def _out(order: SendoutOrder) -> SendoutWholeOut:
    found = orders().get(pk=order.pk)
    items = items_of(found.items)
    came = differences_of(found, items) if any(item.back_at for item in items) else []
    return SendoutWholeOut(
        **_facts(found),
        standards=[
            SentOut(
                barcode=item.device.barcode, name=name_of(item.device), state=item.state,
                plan=item.plan.number if item.plan else None, accessories=item.accessories,
                condition=item.condition, out_at=item.out_at, back_at=item.back_at,
                brought_by=item.brought_by, found=item.found,
                back_accessories=item.back_accessories, back_condition=item.back_condition,
                certificate_no=item.certificate.number if item.certificate else None,
                released_at=item.released_at, cost_yuan=item.cost_yuan,
            )
            for item in items
        ],
        differences=[
            DifferenceOut(
                barcode=one.barcode, code=one.code, text=str(DIFFERENCE_TEXTS[one.code]) % one.facts
            )
            for one in came
        ],
    )  # fmt: skip


@router.get("sendouts", response=SendoutsOut)
def sendouts(request: HttpRequest, wanted: Query[Wanted]) -> SendoutsOut:
    """Send-outs of the units one may see, by number."""
    found = page(request, orders(), wanted)
    items = [SendoutOut(**_facts(one)) for one in found["items"]]
    return SendoutsOut(items=items, next=found["next"])


@router.get("sendouts/{number}", response=SendoutWholeOut)
def sendout(request: HttpRequest, number: str) -> SendoutWholeOut:
    """One send-out: what left, what came in, certificates, costs, differences."""
    return _out(_order(request, number))


class SendoutIn(Request):
    """Standards that go to one body together."""

    unit: str = Field(description="Code of the laboratory.")
    body: str = Field(max_length=200)
    expected_on: date
    standards: list[str] = Field(
        min_length=1, max_length=1000,
        description="Bar codes; what stands on an agreed plan of the laboratory is taken from it.",
    )  # fmt: skip


@router.post("sendouts", response={201: SendoutWholeOut})
def sendout_make(request: HttpRequest, sent: SendoutIn) -> Status[SendoutWholeOut]:
    """List standards for one body."""
    require(actor_of(request), RIGHT)
    unit, codes = unit_by_code(sent.unit), list(dict.fromkeys(sent.standards))
    rows = Device.objects.filter(barcode__in=codes, kind__in=STANDARDS).select_related("unit")
    known = {device.barcode: device for device in rows}
    guard_known(codes, known, _("No standard has the bar code %(code)s."))
    planned = {item.device_id: item.pk for item in to_order([unit]).filter(device__in=rows)}
    made = services.sendout_order_make(
        unit=unit, body=sent.body, expected_on=sent.expected_on, item_ids=list(planned.values()),
        devices=[known[code] for code in codes if known[code].pk not in planned],
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return Status(201, _out(_order(request, made.number)))


class LeavingIn(Schema):
    """A standard that was scanned at the hand-over; what is not sent stays as it was listed."""

    barcode: str
    accessories: str = Field("", max_length=500)
    condition: str = Field("", max_length=500)


class HandOverIn(Request):
    """Who has them there, and everything that leaves."""

    receiver: str = Field(max_length=200, description="Who received them there.")
    carrier: str = Field("", max_length=200)
    at: datetime | None = Field(None, description="Absent: now.")
    standards: list[LeavingIn] = Field([], max_length=1000)


@router.post("sendouts/{number}/hand-over", response=SendoutWholeOut)
def sendout_hand_over(request: HttpRequest, number: str, sent: HandOverIn) -> SendoutWholeOut:
    """The standards leave: from then on they are locked."""
    order = _order(request, number, RIGHT)
    lines = {
        line.barcode: line.dict(exclude={"barcode"}, exclude_unset=True) for line in sent.standards
    }
    done = services.sendout_hand_over(
        order=order, receiver=sent.receiver, carrier=sent.carrier, at=_aware(sent.at),
        lines=items_by_barcode(items_of(order.items), lines, number),
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return _out(done)


class BackIn(Schema):
    """A standard that has come in."""

    barcode: str
    found: str = Field(description="`good`, `rejected`, `damaged` or `untested`.")
    condition: str = Field(max_length=500)
    accessories: str = Field("", max_length=500)


class ReceiveIn(Request):
    """What has come in; the rest stays out."""

    brought_by: str = Field(max_length=200)
    at: datetime | None = Field(None, description="Absent: now.")
    standards: list[BackIn] = Field(min_length=1, max_length=1000)


@router.post("sendouts/{number}/receive", response=SendoutWholeOut)
def sendout_receive(request: HttpRequest, number: str, sent: ReceiveIn) -> SendoutWholeOut:
    """Take in what came back; it stays locked until its new certificate is recorded."""
    order = _order(request, number, RIGHT)
    lines = {line.barcode: line.dict(exclude={"barcode"}) for line in sent.standards}
    done = services.sendout_receive(
        order=order, brought_by=sent.brought_by, at=_aware(sent.at),
        lines=items_by_barcode(items_of(order.items), lines, number),
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return _out(done)


class LostIn(Request):
    """Standards that will not come back."""

    reason: str = Field(max_length=2000, description="What became of them, and how it is known.")
    standards: list[str] = Field(min_length=1, max_length=1000, description="Bar codes.")


@router.post("sendouts/{number}/lost", response=SendoutWholeOut)
def sendout_lost(request: HttpRequest, number: str, sent: LostIn) -> SendoutWholeOut:
    """Report standards lost on the way: the register has them as lost, their lock stays."""
    order = _order(request, number, RIGHT)
    keys = items_by_barcode(items_of(order.items), dict.fromkeys(sent.standards, True), number)
    done = services.sendout_lost(
        order=order, item_ids=list(keys), reason=sent.reason, actor=actor_of(request),
        request_key=sent.request_key,
    )  # fmt: skip
    return _out(done)


class CostIn(Schema):
    """What the body charged for a standard."""

    barcode: str
    cost_yuan: Decimal | None = Field(description="Yuan and fen; null takes it away.")


class CostsIn(Schema):
    """Costs of a send-out; standards that are not named keep theirs."""

    invoice_no: str | None = Field(None, max_length=100, description="Absent: as it is.")
    standards: list[CostIn] = Field([], max_length=1000)


@router.post("sendouts/{number}/costs", response=SendoutWholeOut)
def sendout_costs(request: HttpRequest, number: str, sent: CostsIn) -> SendoutWholeOut:
    """Enter what the body charged, all or none, and the invoice."""
    order = _order(request, number, RIGHT)
    costs = {line.barcode: line.cost_yuan for line in sent.standards}
    done = services.sendout_costs_set(
        order=order, costs=items_by_barcode(items_of(order.items), costs, number),
        invoice_no=sent.invoice_no, actor=actor_of(request),
    )  # fmt: skip
    return _out(done)


def _aware(at: datetime | None) -> datetime | None:
    """Without an offset it is of the organisation's zone."""
    return timezone.make_aware(at) if at is not None and timezone.is_naive(at) else at
