"""Arrivals by machine: opened, scanned, received."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dianheng.assets.selectors import place_by_words
from dianheng.identity.services import actor_of

from .. import services
from ..models import Arrival
from ..selectors.arrivals import arrival_by_number, arrival_difference
from ..services.arrival import RECEIVING
from .common import Request, Wanted, following, page, visible

router = Router()
SHOWN = 1000


class ArrivalOut(Schema):
    """An arrival: announced by its file, received so far."""

    number: str
    state: str
    order_no: str
    line_no: int
    lot: str
    unit: str
    announced: int
    received: int
    place: str | None
    delivery_note_no: str
    arrived_on: date | None


class ArrivalsOut(Schema):
    """A page of arrivals."""

    items: list[ArrivalOut]
    next: str | None


class DifferenceOut(ArrivalOut):
    """An arrival with what is short, over and foreign; at most a thousand codes each."""

    short: list[str]
    over: list[str]
    foreign: list[str]
    checks: list[dict[str, str]]


def _facts(arrival: Arrival) -> dict[str, Any]:
    return {
        "number": arrival.number, "state": arrival.state,
        "order_no": arrival.line.order.order_no, "line_no": arrival.line.line_no,
        "lot": arrival.lot.code, "unit": arrival.unit.code, "announced": arrival.announced,
        "received": arrival.received, "place": arrival.place.code if arrival.place else None,
        "delivery_note_no": arrival.delivery_note_no, "arrived_on": arrival.arrived_on,
    }  # fmt: skip


def _out(arrival: Arrival) -> DifferenceOut:
    found = arrival_difference(arrival)
    return DifferenceOut(
        **_facts(arrival),
        short=list(found.short.values_list("barcode", flat=True)[:SHOWN]),
        over=list(found.over.values_list("code", flat=True)[:SHOWN]),
        foreign=list(found.foreign.values_list("code", flat=True)[:SHOWN]),
        checks=arrival.checks,
    )


def _arrival(request: HttpRequest, number: str) -> Arrival:
    found: Arrival = visible(request, arrival_by_number(number), number)
    return found


@router.get("arrivals", response=ArrivalsOut)
def arrivals(request: HttpRequest, wanted: Query[Wanted]) -> ArrivalsOut:
    """Arrivals of the units one may see, by number."""
    rows = Arrival.objects.select_related("line__order", "lot", "unit", "place")
    found = page(request, rows, wanted)
    return ArrivalsOut(
        items=[ArrivalOut(**_facts(one)) for one in found], next=following(found, wanted)
    )


@router.get("arrivals/{number}", response=DifferenceOut)
def arrival(request: HttpRequest, number: str) -> DifferenceOut:
    """One arrival: the delivery file held against the scan."""
    return _out(_arrival(request, number))


class OpenIn(Schema):
    """Where it is received."""

    place: str = Field(description="Code of a store, shelf or laboratory.")
    delivery_note_no: str = ""
    arrived_on: date | None = None


@router.post("arrivals/{number}/open", response=DifferenceOut)
def arrival_open(request: HttpRequest, number: str, sent: OpenIn) -> DifferenceOut:
    """Open an announced or partly received arrival for scanning."""
    services.arrival_make(
        arrival=_arrival(request, number), place=place_by_words(sent.place, RECEIVING),
        delivery_note_no=sent.delivery_note_no, arrived_on=sent.arrived_on, actor=actor_of(request),
    )  # fmt: skip
    return _out(_arrival(request, number))


class ScanIn(Schema):
    """One code read, or one taken back; the same key again is answered, not kept again."""

    key: str = Field("", max_length=100)
    code: str = Field("", max_length=200, description="A device, or a box as the file packs it.")
    undo: str = Field("", max_length=100, description="Key of a scan to be taken back.")
    at: str = ""


class ScansIn(Schema):
    """Scans in their order, at most 500."""

    scans: list[ScanIn]


class ScanOut(Schema):
    """What a scan was: good, repeat, refused, undone."""

    key: str
    outcome: str
    title: str
    text: str
    count: int
    expected: int


class ScansOut(Schema):
    """An answer for each scan; `total` devices are scanned."""

    results: list[ScanOut]
    total: int


@router.post("arrivals/{number}/scans", response=ScansOut)
def arrival_scan(request: HttpRequest, number: str, sent: ScansIn) -> dict[str, Any]:
    """Hold scanned codes against the delivery file."""
    return services.arrival_scan(
        arrival=_arrival(request, number),
        scans=[scan.dict(exclude_defaults=True) for scan in sent.scans],
        actor=actor_of(request),
    )


class CheckIn(Schema):
    """Something that was looked at: packing, documents, quantity, …"""

    check: str
    requirement: str = ""
    result: str = ""
    conclusion: str = Field("pass", pattern="^(pass|fail)$")


class ConfirmIn(Request):
    """What was looked at."""

    checks: list[CheckIn] = []


@router.post("arrivals/{number}/confirm", response=DifferenceOut)
def arrival_confirm(request: HttpRequest, number: str, sent: ConfirmIn) -> DifferenceOut:
    """Receive what was scanned; what is missing stays on order."""
    services.arrival_confirm(
        arrival=_arrival(request, number), checks=[check.dict() for check in sent.checks],
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return _out(_arrival(request, number))
