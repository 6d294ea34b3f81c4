"""Returns to makers by machine."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dianheng.assets.selectors import devices_by_barcodes, place_by_words
from dianheng.common.errors import BadInput
from dianheng.common.texts import gettext_lazy as _
from dianheng.identity.services import actor_of

from .. import services
from ..models import ReturnOrder
from ..services.arrival import RECEIVING
from .common import Request, Wanted, following, page, visible
from .inspections import CountOut, visible_lot

router = Router()


class ReturnedOut(Schema):
    """A device of a return and why it goes."""

    barcode: str
    state: str
    reason: str


class ReturnOut(Schema):
    """A return order."""

    number: str
    kind: str
    state: str
    lot: str
    inspection: str | None
    reasons: list[dict[str, Any]]
    demand: str
    answer_until_on: date | None
    contact: str
    carrier: str
    shipped_at: datetime | None
    count: int


class ReturnWithDevicesOut(ReturnOut):
    """A return order with its devices."""

    devices: list[ReturnedOut]


class ReturnsOut(Schema):
    """A page of returns."""

    items: list[ReturnOut]
    next: str | None


def _facts(order: ReturnOrder) -> dict[str, Any]:
    return {
        "number": order.number, "kind": order.kind, "state": order.state, "lot": order.lot.code,
        "inspection": order.inspection.number if order.inspection else None,
        "reasons": order.reasons, "demand": order.demand, "answer_until_on": order.answer_until_on,
        "contact": order.contact, "carrier": order.carrier, "shipped_at": order.shipped_at,
        "count": order.devices.count(),
    }  # fmt: skip


def _return(request: HttpRequest, number: str) -> ReturnOrder:
    rows = ReturnOrder.objects.select_related("lot", "inspection")
    found: ReturnOrder = visible(request, rows.filter(number=number).first(), number)
    return found


def _out(request: HttpRequest, number: str) -> ReturnWithDevicesOut:
    order = _return(request, number)
    rows = order.devices.select_related("device").order_by("device__barcode")
    return ReturnWithDevicesOut(
        **_facts(order),
        devices=[
            ReturnedOut(barcode=row.device.barcode, state=row.device.state, reason=row.reason)
            for row in rows
        ],
    )


def _keys(barcodes: list[str]) -> list[int]:
    """Keys of devices; every code that is not in the register is named."""
    known, unknown = devices_by_barcodes(barcodes)
    if unknown:
        text = _("is not in the register")
        faults = [{"device": code, "code": "not_found", "text": text} for code in unknown]
        raise BadInput(_("%(n)s devices are not in the register.") % {"n": len(unknown)}, faults)
    return list(known.values())


@router.get("returns", response=ReturnsOut)
def returns(request: HttpRequest, wanted: Query[Wanted]) -> ReturnsOut:
    """Returns of the units one may see, by number."""
    found = page(request, ReturnOrder.objects.select_related("lot", "inspection"), wanted)
    return ReturnsOut(
        items=[ReturnOut(**_facts(one)) for one in found], next=following(found, wanted)
    )


@router.get("returns/{number}", response=ReturnWithDevicesOut)
def return_order(request: HttpRequest, number: str) -> ReturnWithDevicesOut:
    """One return with its devices."""
    return _out(request, number)


class ReturnIn(Request):
    """Devices that failed in full verification, or are outside internal control."""

    devices: list[str]
    reason: str
    kind: str = Field("failed", description="failed or control")
    demand: str = ""
    answer_until_on: date | None = None
    contact: str = ""


@router.post("lots/{code}/returns", response={201: ReturnWithDevicesOut})
def return_make(request: HttpRequest, code: str, sent: ReturnIn) -> Status[ReturnWithDevicesOut]:
    """Draw up a return of devices of a lot."""
    order = services.return_make(
        lot=visible_lot(request, code), device_ids=_keys(sent.devices), actor=actor_of(request),
        **sent.dict(exclude={"devices"}),
    )  # fmt: skip
    return Status(201, _out(request, order.number))


class NoticeIn(Schema):
    """What is asked of the maker."""

    demand: str = ""
    answer_until_on: date | None = None
    contact: str = ""


@router.post("returns/{number}/notify", response=ReturnWithDevicesOut)
def return_notify(request: HttpRequest, number: str, sent: NoticeIn) -> ReturnWithDevicesOut:
    """The maker has the notice."""
    services.return_notify(order=_return(request, number), actor=actor_of(request), **sent.dict())
    return _out(request, number)


class ShipIn(Request):
    """The devices leave."""

    carrier: str = ""


@router.post("returns/{number}/ship", response=ReturnWithDevicesOut)
def return_ship(request: HttpRequest, number: str, sent: ShipIn) -> ReturnWithDevicesOut:
    """The devices leave for the maker."""
    services.return_to_maker(order=_return(request, number), actor=actor_of(request), **sent.dict())
    return _out(request, number)


class ComeBackIn(Request):
    """Devices that the maker sorted."""

    place: str = Field(description="Code of a store, shelf or laboratory.")
    devices: list[str] | None = Field(None, description="Absent: all of the return.")


@router.post("returns/{number}/come-back", response=CountOut)
def return_come_back(request: HttpRequest, number: str, sent: ComeBackIn) -> CountOut:
    """Receive what comes back: it awaits acceptance again."""
    count = services.return_come_back(
        order=_return(request, number), place=place_by_words(sent.place, RECEIVING),
        device_ids=None if sent.devices is None else _keys(sent.devices),
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return CountOut(count=count)
