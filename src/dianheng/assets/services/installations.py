"""Devices come to a usage point and leave it: the ledger and what hangs where, together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.pinyin import sort_key
from dianheng.customers.models import UsagePoint
from dianheng.identity.models import Person
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import ROLES_OF_KIND, DeviceKind, DeviceState, HungElement, HungRole, PlaceKind, Verb
from ..models import Device, Installation, Place
from .places import person_place, place_insert
from .transition import Moved, devices_transition

RIGHT = "assets.install"
# A clock may be a little ahead of ours.
AHEAD = timedelta(minutes=10)


class Hang(NamedTuple):
    """A device, and in which role and element it hangs."""

    device_id: int
    role: str
    element: str = HungElement.ALL


def devices_install(
    *,
    point: UsagePoint,
    hangs: Sequence[Hang],
    actor: Actor,
    installed_at: datetime | None = None,
    document: str = "",
    request_key: str = "",
) -> Moved:
    """Let devices hang at a usage point: all of them or none.

    Devices that were issued come into service. What the register took over as in service, and
    hangs nowhere yet, is recorded as found; its state stays.

    Raises:
        Refused: code `devices`, every reason at its device.
    """
    actor = require(actor, RIGHT, point.unit_id)
    if not hangs:
        raise BadInput(_("No device is named."))
    with write_batch(actor=actor, action="device.hang") as batch:
        if (earlier := idempotent(request_key, "device.hang")) is not None:
            return Moved(**earlier)
        at = installed_at or batch.at
        rows = Device.objects.select_for_update(of=("self",)).select_related("model")
        devices = rows.order_by("pk").in_bulk([hang.device_id for hang in hangs])
        _refuse_all(_install_faults(point, hangs, devices, at), len(hangs))
        issued = [d.pk for d in devices.values() if d.state == DeviceState.ISSUED]
        place = _place_of(point)
        if issued:
            devices_transition(
                device_ids=issued, verb=Verb.INSTALL, actor=actor, place_id=place.pk,
                occurred_at=at, document=document or f"point:{point.number}", unit_id=point.unit_id,
                facts={"usage_point": point.number},
            )  # fmt: skip
        Installation.objects.bulk_create(
            Installation(
                device_id=hang.device_id, usage_point=point, role=hang.role, element=hang.element,
                installed_at=at, installed_by_id=actor.person_id, document=document,
            )
            for hang in hangs
        )  # fmt: skip
        remember(request_key, "device.hang", {"count": len(hangs)})
    return Moved(len(hangs))


def devices_remove(
    *,
    installation_ids: Sequence[int],
    reason: str,
    actor: Actor,
    removed_at: datetime | None = None,
    place_id: int | None = None,
    document: str = "",
    request_key: str = "",
) -> Moved:
    """Take devices off: their time at the point ends, they are removed, to be sorted.

    Args:
        place_id: where they are brought; without it they are with whoever removed them.

    Raises:
        Refused: code `devices`, every reason at its device.
    """
    if not reason.strip():
        raise BadInput(
            _("Say why they are removed."),
            [{"field": "reason", "code": "reason", "text": _("Say why they are removed.")}],
        )
    wanted = sorted(set(installation_ids))
    with write_batch(actor=actor, action="device.take_off", reason=reason) as batch:
        if (earlier := idempotent(request_key, "device.take_off")) is not None:
            return Moved(**earlier)
        at = removed_at or batch.at
        rows = list(
            Installation.objects.select_for_update(of=("self",))
            .select_related("device", "usage_point")
            .filter(pk__in=wanted)
            .order_by("pk")
        )
        for unit in sorted({row.usage_point.unit_id for row in rows}):
            actor = require(actor, RIGHT, unit)
        faults = [
            _fault(row.device, "removed", _("%(barcode)s hangs there no more."))
            for row in rows
            if row.removed_at is not None
        ]
        faults += [
            _fault(row.device, "order", _("%(barcode)s was installed after that moment."))
            for row in rows
            if row.removed_at is None and at <= row.installed_at
        ]
        if at > timezone.now() + AHEAD:
            raise BadInput(_("That moment has not come yet."))
        if len(rows) != len(wanted):
            raise BadInput(_("There is no such installation."))
        _refuse_all(faults, len(rows))
        if place_id is None:
            place_id = person_place(person=Person.objects.get(pk=actor.person_id), actor=actor).pk
        in_service = [r.device_id for r in rows if r.device.state == DeviceState.IN_SERVICE]
        if in_service:
            devices_transition(
                device_ids=in_service, verb=Verb.REMOVE, actor=actor, occurred_at=at, reason=reason,
                place_id=place_id, document=document or f"point:{rows[0].usage_point.number}",
            )  # fmt: skip
        for row in rows:
            row.removed_at, row.removed_by_id, row.reason = at, actor.person_id, reason
        Installation.objects.bulk_update(rows, ["removed_at", "removed_by", "reason"])
        remember(request_key, "device.take_off", {"count": len(rows)})
    return Moved(len(rows))


def _place_of(point: UsagePoint) -> Place:
    """Where devices are that hang at the point; made when needed first."""
    code = f"JL-{point.number}"
    found = Place.objects.filter(code=code).first()
    return found or place_insert(
        code=code, name=point.name, kind=PlaceKind.USAGE_POINT, unit_id=point.unit_id
    )


def place_follow(point: UsagePoint) -> None:
    """The place of a point is called after it; within the batch that wrote the point."""
    Place.objects.filter(code=f"JL-{point.number}", kind=PlaceKind.USAGE_POINT).update(
        name=point.name, sort_key=sort_key(point.name)
    )


def _fault(device: Device, code: str, text: Any, **facts: Any) -> dict[str, Any]:
    return {
        "device_id": device.pk, "barcode": device.barcode, "code": code,
        "text": text % {"barcode": device.barcode, **facts},
    }  # fmt: skip


def _refuse_all(faults: Sequence[Mapping[str, Any]], total: int) -> None:
    if faults:
        bad = len({fault["device_id"] for fault in faults})
        text = _("%(bad)s of %(all)s devices cannot: nothing was changed.")
        raise Refused(
            Refusal("devices", text % {"bad": bad, "all": total}, {"devices": total}, faults)
        )


def _install_faults(
    point: UsagePoint, hangs: Sequence[Hang], devices: Mapping[int, Device], at: datetime
) -> list[dict[str, Any]]:
    """Every reason why devices cannot hang there from that moment."""
    if at > timezone.now() + AHEAD:
        raise BadInput(_("That moment has not come yet."))
    if point.closed_on is not None and timezone.localdate(at) >= point.closed_on:
        raise BadInput(
            _("Usage point %(no)s was closed on %(day)s.")
            % {"no": point.number, "day": point.closed_on}
        )
    if len(devices) != len({hang.device_id for hang in hangs}):
        raise BadInput(_("There is no such device."))
    faults = []
    # Whatever hangs at that moment or comes later would overlap.
    later = Q(removed_at__isnull=True) | Q(removed_at__gt=at)
    busy = {
        row.device_id: row
        for row in Installation.objects.filter(later, device__in=devices).select_related(
            "usage_point"
        )
    }
    held = {
        (row.role, row.element): row
        for row in Installation.objects.filter(later, usage_point=point).select_related("device")
    }
    twice = {one for one, times in Counter(hang.device_id for hang in hangs).items() if times > 1}
    places = Counter((hang.role, hang.element) for hang in hangs)
    for hang in hangs:
        device = devices[hang.device_id]
        state = DeviceState(device.state)
        if state not in (DeviceState.ISSUED, DeviceState.IN_SERVICE):
            text = _("%(barcode)s is “%(state)s”: only what was issued is installed.")
            faults.append(_fault(device, "state", text, state=state.label))
        if hang.role not in ROLES_OF_KIND.get(DeviceKind(device.kind), ()):
            text = _("%(barcode)s is a “%(kind)s” and cannot hang as “%(role)s”.")
            facts = {"kind": DeviceKind(device.kind).label, "role": HungRole(hang.role).label}
            faults.append(_fault(device, "role", text, **facts))
        if device.valid_through is not None and device.valid_through < timezone.localdate(at):
            text = _("%(barcode)s: its verification held through %(day)s. Have it verified first.")
            faults.append(_fault(device, "not_in_date", text, day=device.valid_through))
        if (other := busy.get(device.pk)) is not None:
            text = _("%(barcode)s hangs at %(point)s. Record its removal there first.")
            faults.append(_fault(device, "hangs", text, point=other.usage_point.number))
        if device.pk in twice:
            faults.append(_fault(device, "twice", _("%(barcode)s is named twice.")))
        where = (hang.role, hang.element)
        if (there := held.get(where)) is not None and there.device_id != device.pk:
            text = _("%(barcode)s: as “%(role)s” %(element)s hangs %(other)s. Remove that first.")
            facts = {
                "role": HungRole(hang.role).label, "element": HungElement(hang.element).label,
                "other": there.device.barcode,
            }  # fmt: skip
            faults.append(_fault(device, "taken", text, **facts))
        elif places[where] > 1:
            text = _("%(barcode)s: two devices are named for “%(role)s” %(element)s.")
            facts = {
                "role": HungRole(hang.role).label, "element": HungElement(hang.element).label,
            }  # fmt: skip
            faults.append(_fault(device, "two", text, **facts))
    return faults
