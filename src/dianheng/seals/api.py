"""Seals, by machine; mounted under `/api/v1/`."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema

from dianheng.assets.selectors import device_by_barcode
from dianheng.identity.services import actor_of, require

from . import services
from .selectors import seal_by_no, seal_life, seals_on_devices

router = Router(tags=["seals"])
VIEW = "seals.view"


class SealOnOut(Schema):
    """A seal that sits on a device now."""

    seal_no: str
    kind: str
    position: str
    applied_at: datetime


class SealEventOut(Schema):
    """One thing that happened to a seal."""

    verb: str
    occurred_at: datetime
    actor: str
    device: str | None
    position: str
    reason: str


class SealOut(Schema):
    """A seal: where it is now, and its life, newest first."""

    seal_no: str
    kind: str
    state: str
    holder: str | None
    device: str | None
    position: str
    events: list[SealEventOut]


@router.get("devices/{barcode}/seals", response=list[SealOnOut])
def seals_of_device(request: HttpRequest, barcode: str) -> list[SealOnOut]:
    """The seals that sit on a device now."""
    device = device_by_barcode(barcode)
    require(actor_of(request), VIEW, device.unit_id)
    return [
        SealOnOut(seal_no=s.seal_no, kind=s.kind, position=s.position, applied_at=s.applied_at)
        for s in seals_on_devices([device.pk])[device.pk]
    ]


@router.get("seals/{seal_no}", response=SealOut)
def seal(request: HttpRequest, seal_no: str) -> SealOut:
    """One seal."""
    found = seal_by_no(seal_no)
    require(actor_of(request), VIEW, found.unit_id)
    return SealOut(
        seal_no=found.seal_no,
        kind=found.kind,
        state=found.state,
        holder=found.holder.name if found.holder else None,
        device=found.device.barcode if found.device else None,
        position=found.position,
        events=[
            SealEventOut(
                verb=e.verb,
                occurred_at=e.occurred_at,
                actor=e.actor.name,
                device=e.device.barcode if e.device else None,
                position=e.position,
                reason=e.reason,
            )
            for e in seal_life(found)
        ],
    )


class ApplyIn(Schema):
    """A seal that was put on the device."""

    seal_no: str
    position: str = Field(description="As benches name it: `COVER_LEFT`, `TERMINAL` …")
    kind: str = ""


class AppliedIn(Schema):
    """Seals of one device; the same request again has no second effect."""

    seals: list[ApplyIn]
    request_key: str = Field(min_length=8)


class DoneOut(Schema):
    """How many."""

    count: int


@router.post("devices/{barcode}/seals", response={201: DoneOut})
def apply(request: HttpRequest, barcode: str, sent: AppliedIn) -> DoneOut:
    """Put seals on a device: all of them or none."""
    device = device_by_barcode(barcode)
    done = services.seals_apply(
        seals=[(s.seal_no, s.kind, device.pk, s.position) for s in sent.seals],
        actor=actor_of(request),
        request_key=sent.request_key,
    )
    return DoneOut(count=done.count)


class OpenIn(Schema):
    """Why a seal was opened, and the new one."""

    reason: str
    new_seal_no: str = ""
    request_key: str = Field(min_length=8)


@router.post("seals/{seal_no}/open", response=DoneOut)
def seal_open(request: HttpRequest, seal_no: str, sent: OpenIn) -> DoneOut:
    """A seal was opened: a device in stock loses its verdict by that."""
    done = services.seal_open(
        seal_no=seal_by_no(seal_no).seal_no, actor=actor_of(request), **sent.dict()
    )
    return DoneOut(count=done.count)
