"""Stock, movements and hand-overs, by machine; mounted under `/api/v1/`."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from dianheng.assets.choices import PlaceKind
from dianheng.assets.models import Device, Place
from dianheng.assets.selectors import person_by_words, place_by_words
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.common.pages import no_right
from dianheng.common.search import clean_code
from dianheng.identity.services import actor_of

from .choices import TWO_SIDED, Purpose
from .models import Movement
from .selectors import movement_by_number, movements_seen, stock_figures
from .services import (
    handover_close,
    handover_receive,
    handover_refuse,
    handover_take_back,
    stock_release,
    stock_reserve,
    stock_return,
    stock_send,
    stock_take_in,
)

router = Router(tags=["warehouse"])
VIEW = "warehouse.view"


class StockOut(Schema):
    """Devices of a model in a state at a place."""

    place: str
    kind: str
    unit: str
    model: str
    maker: str
    state: str
    amount: int


class StockIn(Schema):
    """What to count."""

    place: str = Field("", description="Code of a place; with all that stands in it.")
    model: str = ""
    state: str = ""


def _rights(request: HttpRequest) -> Any:
    return request.rights  # type: ignore[attr-defined]


@router.get("stock", response=list[StockOut])
def stock(request: HttpRequest, wanted: Query[StockIn]) -> list[StockOut]:
    """Stock by place, model and state in the units one may see; the figures of this moment."""
    rights = _rights(request)
    if not rights.may(VIEW):
        raise Refused(no_right(VIEW))
    place = None
    if wanted.place:
        place = place_by_words(wanted.place)
        if not rights.may(VIEW, place.unit.path):
            raise NotFound(_("There is no place %(code)s.") % {"code": wanted.place})
    return [
        StockOut(**row)
        for row in stock_figures(rights.paths(VIEW), place, wanted.model, wanted.state)
    ]


class LineOut(Schema):
    """One device of a movement."""

    barcode: str
    state: str
    note: str


class DifferenceOut(Schema):
    """What came and is not on the hand-over."""

    kind: str
    code: str


class MovementOut(Schema):
    """A movement as it stands now."""

    number: str
    purpose: str
    state: str
    unit: str
    to_unit: str
    to_place: str
    to_person: str
    basis: str
    count: int
    received: int
    handed_by: str
    handed_at: datetime
    received_at: datetime | None
    answerable: str


class MovementWholeOut(MovementOut):
    """A movement with its devices, boxes and differences."""

    devices: list[LineOut]
    boxes: list[str]
    differences: list[DifferenceOut]


def _facts(row: Movement) -> dict[str, Any]:
    return {
        "number": row.number, "purpose": row.purpose, "state": row.state, "unit": row.unit.code,
        "to_unit": row.to_unit.code, "to_place": row.to_place.code if row.to_place else "",
        "to_person": row.to_person.person_no if row.to_person else "", "basis": row.basis,
        "count": row.count, "received": row.received_count, "handed_by": row.handed_by.name,
        "handed_at": row.handed_at, "received_at": row.received_at,
        "answerable": row.answerable.person_no if row.answerable else "",
    }  # fmt: skip


def _out(row: Movement) -> MovementOut:
    return MovementOut(**_facts(movement_by_number(row.number)))


class MovementsIn(Schema):
    """Which movements."""

    state: str = ""
    purpose: str = ""
    after: str = Field("", description="`number` of the last one of the page before.")
    limit: int = Field(100, ge=1, le=1000)


@router.get("movements", response=list[MovementOut])
def movements(request: HttpRequest, wanted: Query[MovementsIn]) -> list[MovementOut]:
    """Movements that left one's units or come to them, newest first."""
    rights = _rights(request)
    if not (rights.may(VIEW) or rights.may("warehouse.receive")):
        raise Refused(no_right(VIEW))
    rows = movements_seen(rights.paths(VIEW), rights.paths("warehouse.receive"))
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.purpose:
        rows = rows.filter(purpose=wanted.purpose)
    if wanted.after:
        rows = rows.filter(pk__lt=movement_by_number(wanted.after).pk)
    return [MovementOut(**_facts(row)) for row in rows.order_by("-pk")[: wanted.limit]]


def _visible(request: HttpRequest, number: str) -> Movement:
    found = movement_by_number(number)
    rights = _rights(request)
    seen = movements_seen(rights.paths(VIEW), rights.paths("warehouse.receive"), request.user.pk)
    if not seen.filter(pk=found.pk).exists():
        raise NotFound(_("There is no movement %(no)s.") % {"no": number}, number=number)
    return found


@router.get("movements/{number}", response=MovementWholeOut)
def movement(request: HttpRequest, number: str) -> MovementWholeOut:
    """One movement: its devices and what became of each, boxes, differences."""
    row = _visible(request, number)
    return MovementWholeOut(
        **_facts(row),
        devices=[
            LineOut(barcode=code, state=state, note=note)
            for code, state, note in row.lines.values_list("device__barcode", "state", "note")
        ],
        boxes=list(row.boxes.values_list("box__code", flat=True)),
        differences=[DifferenceOut(kind=d.kind, code=d.code) for d in row.differences.all()],
    )


def _scanned(codes: list[str]) -> dict[str, list[int]]:
    """Devices and boxes of a scan list; every code that is neither is named at once."""
    wanted = list(dict.fromkeys(clean_code(code) for code in codes))
    devices = dict(Device.objects.filter(barcode__in=wanted).values_list("barcode", "pk"))
    left = [code for code in wanted if code not in devices]
    boxes = dict(Place.objects.filter(code__in=left, kind=PlaceKind.BOX).values_list("code", "pk"))
    unknown = [code for code in left if code not in boxes]
    if unknown:
        raise BadInput(
            _("%(n)s codes are neither a device nor a box: nothing was changed.")
            % {"n": len(unknown)},
            [
                {"code": "unknown_code", "device": code, "text": _("is neither a device nor a box")}
                for code in unknown[:1000]
            ],
        )
    return {"device_ids": list(devices.values()), "box_ids": list(boxes.values())}


class MoveIn(Schema):
    """A scan list and what it is for."""

    purpose: str = Field(
        description="stock_in move distribute for_test issue return reserve release"
    )
    codes: list[str] = Field(description="Bar codes of devices, codes of boxes.")
    to_place: str = ""
    to_person: str = Field("", description="Staff number, for `issue`.")
    basis: str = ""
    request_key: str = Field(description="The same key again has no second effect.", min_length=8)


@router.post("movements", response={201: MovementOut})
def move(request: HttpRequest, sent: MoveIn) -> MovementOut:
    """Book a scan list as one movement: all of it or nothing, every fault listed."""
    if sent.purpose not in Purpose.values or sent.purpose == Purpose.RECEIVE:
        raise BadInput(_("There is no such purpose."))
    purpose = Purpose(sent.purpose)
    call: dict[str, Any] = {
        **_scanned(sent.codes),
        "basis": sent.basis,
        "actor": actor_of(request),
        "request_key": sent.request_key,
    }
    if purpose in TWO_SIDED:
        made = stock_send(
            purpose=purpose, **call,
            to_place=place_by_words(sent.to_place) if sent.to_place else None,
            to_person=person_by_words(sent.to_person) if sent.to_person else None,
        )  # fmt: skip
    elif purpose == Purpose.RESERVE:
        made = stock_reserve(**call)
    elif purpose == Purpose.RELEASE:
        made = stock_release(**call)
    elif purpose == Purpose.RETURN:
        made = stock_return(place=place_by_words(sent.to_place), **call)
    else:
        made = stock_take_in(purpose=purpose, place=place_by_words(sent.to_place), **call)
    return _out(made)


class ReceiveIn(Schema):
    """What has come with a hand-over."""

    codes: list[str] = Field(description="Bar codes of devices, codes of boxes.")
    damaged: dict[str, str] = Field({}, description="What is wrong, by bar code.")
    extra: list[str] = Field([], description="What came and is not on the hand-over.")
    to_place: str = ""
    note: str = ""
    request_key: str = Field(min_length=8)


@router.post("movements/{number}/receive", response=MovementOut)
def receive(request: HttpRequest, number: str, sent: ReceiveIn) -> MovementOut:
    """Receive what has come; the rest stays open."""
    row = _visible(request, number)
    found = _scanned(sent.codes)
    _scanned(list(sent.damaged))
    damaged = dict(
        Device.objects.filter(barcode__in=list(sent.damaged)).values_list("pk", "barcode")
    )
    done = handover_receive(
        movement=row, **found, extra=sent.extra, note=sent.note, actor=actor_of(request),
        damaged={key: sent.damaged[code] for key, code in damaged.items()},
        place=place_by_words(sent.to_place) if sent.to_place else None,
        request_key=sent.request_key,
    )  # fmt: skip
    return _out(done)


class ReasonIn(Schema):
    """Why."""

    reason: str
    request_key: str = Field(min_length=8)


@router.post("movements/{number}/refuse", response=MovementOut)
def refuse(request: HttpRequest, number: str, sent: ReasonIn) -> MovementOut:
    """Refuse all of it, before anything was received."""
    row = _visible(request, number)
    return _out(handover_refuse(movement=row, actor=actor_of(request), **sent.dict()))


@router.post("movements/{number}/take-back", response=MovementOut)
def take_back(request: HttpRequest, number: str, sent: ReasonIn) -> MovementOut:
    """Take back what has not been received."""
    row = _visible(request, number)
    return _out(handover_take_back(movement=row, actor=actor_of(request), **sent.dict()))


class CloseIn(ReasonIn):
    """Why, and who answers for what is missing."""

    answerable: str = Field(description="Staff number.")


@router.post("movements/{number}/close", response=MovementOut)
def close(request: HttpRequest, number: str, sent: CloseIn) -> MovementOut:
    """Close with a difference: what never came is reported lost."""
    row = _visible(request, number)
    done = handover_close(
        movement=row, reason=sent.reason, answerable=person_by_words(sent.answerable),
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return _out(done)
