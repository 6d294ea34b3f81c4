"""`/api/v1/devices`, `/api/v1/scan`: the register, by machine."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from dianheng.assets.models import Device
from dianheng.assets.panels import thing_actions_of
from dianheng.assets.selectors import details_of, device_by_barcode, scan, timeline
from dianheng.common.errors import NotFound, Refused
from dianheng.common.pages import no_right
from dianheng.identity.registry import all_rights
from dianheng.identity.rules import guard_right
from dianheng.identity.selectors import units_with_right

router = Router(tags=["devices"])
RIGHT = "assets.view"
RELATED = (
    "model__manufacturer", "lot", "unit", "place", "meter", "transformer", "terminal", "standard",
)  # fmt: skip


class DeviceOut(Schema):
    """A device as it stands now."""

    barcode: str
    asset_no: str
    serial_no: str
    kind: str
    manufacturer: str
    model: str
    lot: str | None
    unit: str
    ownership: str
    state: str
    state_at: datetime
    place: str
    verified_on: date | None
    valid_through: date | None
    purchased_on: date | None
    produced_on: date | None
    stocked_on: date | None
    accuracy_class: str
    details: dict[str, str | int | None]  # facts that only the kind has, by column


class EventOut(Schema):
    """One thing that happened to a device."""

    verb: str
    from_state: str
    to_state: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    acting_for: str | None
    document: str
    reason: str
    facts: dict[str, Any] | None


class DevicesOut(Schema):
    """A page of devices; `next` is given as `after` for the following one."""

    items: list[DeviceOut]
    next: str | None


class DevicesIn(Schema):
    """What to look for."""

    state: str = ""
    kind: str = ""
    lot: str = ""
    after: str = ""
    limit: int = Field(100, ge=1, le=1000)


def _out(device: Device) -> DeviceOut:
    return DeviceOut(
        barcode=device.barcode, asset_no=device.asset_number, serial_no=device.serial_no,
        kind=device.kind, manufacturer=device.model.manufacturer.code, model=device.model.code,
        lot=device.lot.code if device.lot else None, unit=device.unit.code,
        ownership=device.ownership, state=device.state, state_at=device.state_at,
        place=device.place.code, verified_on=device.verified_on, valid_through=device.valid_through,
        purchased_on=device.purchased_on, produced_on=device.produced_on,
        stocked_on=device.stocked_on, accuracy_class=device.model.accuracy_class,
        details=details_of(device),
    )  # fmt: skip


def _require(request: HttpRequest, unit_path: str | None = None) -> None:
    refusal = guard_right(request.rights, RIGHT, all_rights()[RIGHT], unit_path)  # type: ignore[attr-defined]
    if refusal:
        raise Refused(refusal)


@router.get("devices", response=DevicesOut)
def devices(request: HttpRequest, wanted: Query[DevicesIn]) -> DevicesOut:
    """Devices of the units one may see, by bar code."""
    _require(request)
    units = units_with_right(request.rights, RIGHT)  # type: ignore[attr-defined]
    rows = Device.objects.filter(unit__in=units, barcode__gt=wanted.after)
    for field, value in (("state", wanted.state), ("kind", wanted.kind), ("lot__code", wanted.lot)):
        if value:
            rows = rows.filter(**{field: value})
    page = list(rows.select_related(*RELATED).order_by("barcode")[: wanted.limit])
    return DevicesOut(
        items=[_out(d) for d in page], next=page[-1].barcode if len(page) == wanted.limit else None
    )


def _visible(request: HttpRequest, barcode: str) -> Device:
    device = device_by_barcode(barcode)
    _require(request, device.unit.path)
    return device


@router.get("devices/{barcode}", response=DeviceOut)
def device(request: HttpRequest, barcode: str) -> DeviceOut:
    """One device."""
    return _out(_visible(request, barcode))


@router.get("devices/{barcode}/events", response=list[EventOut])
def events(request: HttpRequest, barcode: str) -> list[EventOut]:
    """The life of a device, newest first."""
    return [
        EventOut(
            verb=e.verb, from_state=e.from_state, to_state=e.to_state, occurred_at=e.occurred_at,
            recorded_at=e.recorded_at, actor=e.actor.name,
            acting_for=e.acting_for.name if e.acting_for else None, document=e.document,
            reason=e.reason, facts=e.facts,
        )
        for e in timeline(_visible(request, barcode))
    ]  # fmt: skip


class NextOut(Schema):
    """What can be done with it now; `refusal` says why not."""

    label: str
    url: str
    refusal: str


class ScanOut(Schema):
    """What a code belongs to."""

    kind: str
    code: str
    title: str
    text: str
    warning: str
    url: str
    facts: dict[str, Any]
    next: list[NextOut]


@router.get("scan/{code}", response=ScanOut)
def scanned(request: HttpRequest, code: str) -> HttpResponse:
    """What was scanned, and what can be done with it now."""
    found = scan(code)
    if found is None:
        raise NotFound(_("Nothing has the code %(code)s.") % {"code": code}, code=code)
    if not found.is_shown_to(request.rights):  # type: ignore[attr-defined]
        raise Refused(no_right(found.right))
    # What can be done with a device stands in its verbs: no further look-up for the commonest scan.
    actions = thing_actions_of(found, request.rights)  # type: ignore[attr-defined]
    following = [(label, url, "") for label, url in found.next]
    following += [(action.label, action.url, action.refusal) for action in actions]
    answer = {
        "kind": found.kind, "code": found.code, "title": str(found.title), "text": str(found.text),
        "warning": str(found.warning), "url": found.url, "facts": found.facts,
        "next": [
            {"label": str(label), "url": url, "refusal": str(refusal)}
            for label, url, refusal in following
        ],
    }  # fmt: skip
    # Written out here: read into the form of the answer and out again, it would take a tenth longer.
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False})
