"""Devices condemned, taken back from it, scrapped: what a process of scrapping does to a list."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.models import Unit
from dianheng.identity.services import write_batch

from ..choices import DeviceState, PlaceKind, Verb
from ..models import Device, Place
from ..rules import TRANSITIONS
from ..selectors import condemned_by
from .transition import ERRORS_SHOWN, devices_transition


def barcodes_of(rows: Sequence[Mapping[str, Any]], more: str = "") -> list[str]:
    """Bar codes of a form: of its table, and of a text with one on each line.

    Raises:
        BadInput: none, or a row without one.
    """
    found = [str(row.get("device") or "").strip() for row in rows]
    faults = [
        {"row": number, "code": "missing", "text": _("Row %(row)s has no bar code.") % {"row": number}}
        for number, code in enumerate(found, 1)
        if not code
    ]  # fmt: skip
    found += more.split()
    if faults or not found:
        raise BadInput(_("Name each device by its bar code."), faults)
    return list(dict.fromkeys(found))


def scrap_devices(barcodes: Sequence[str], unit: Unit) -> list[int]:
    """Keys of devices of a unit that may be scrapped: condemned already, or in a state for it.

    Raises:
        Refused: each device that may not, with its reason.
    """
    rows = Device.objects.filter(barcode__in=list(barcodes)).values_list(
        "barcode", "pk", "state", "unit__path"
    )
    known = {barcode: (key, state, path) for barcode, key, state, path in rows}
    sources = {*TRANSITIONS[Verb.CONDEMN].sources, DeviceState.AWAITING_SCRAP}
    faults = []
    for barcode in barcodes:
        key, state, path = known.get(barcode, (0, "", ""))
        facts = {"barcode": barcode, "state": DeviceState(state).label if state else ""}
        if not state:
            code, text = "not_found", _("%(barcode)s is not in the register.")
        elif not path.startswith(unit.path):
            code, text = "other_unit", _("%(barcode)s belongs to another unit.")
        elif state not in sources:
            code, text = "state", _("%(barcode)s is “%(state)s” and cannot be scrapped from there.")
        else:
            continue
        faults.append({"device_id": key, "barcode": barcode, "code": code, "text": text % facts})
    if faults:
        text = _("%(bad)s of %(all)s devices cannot: nothing was changed.")
        facts = {"bad": len(faults), "all": len(barcodes)}
        raise Refused(Refusal("devices", text % facts, facts, faults[:ERRORS_SHOWN]))
    return [key for key, _state, _path in known.values()]


def devices_condemn(
    *,
    barcodes: Sequence[str],
    unit: Unit,
    document: str,
    reason: str,
    actor: Actor,
    request_key: str = "",
) -> int:
    """Condemn devices that a process decided on; whoever calls has asked for the right.

    Returns:
        How many wait for scrapping now; those that did already are among them.
    """
    with write_batch(actor=actor, action="device.condemn", reason=reason):
        keys = scrap_devices(barcodes, unit)
        new = Device.objects.filter(pk__in=keys).exclude(state=DeviceState.AWAITING_SCRAP)
        devices_transition(
            device_ids=list(new.values_list("pk", flat=True)), verb=Verb.CONDEMN, actor=actor,
            document=document, reason=reason, request_key=request_key,
        )  # fmt: skip
    return len(keys)


def devices_reprieve(*, document: str, reason: str, actor: Actor, request_key: str = "") -> int:
    """Take back what a process condemned: each device is again what it was before.

    Raises:
        Refused: one of them is scrapped already, or otherwise gone; it is named.
    """
    with write_batch(actor=actor, action="device.reprieve", reason=reason):
        count = 0
        for state, keys in condemned_by(document).items():
            count += devices_transition(
                device_ids=keys, verb=Verb.REPRIEVE, actor=actor, document=document,
                reason=reason, back_to=state,
                request_key=f"{request_key}:{state}" if request_key else "",
            ).count  # fmt: skip
    return count


def devices_scrap(
    *, barcodes: Sequence[str], unit: Unit, document: str, actor: Actor, request_key: str = ""
) -> int:
    """Scrap condemned devices; they go to the unit's scrap yard where it has one."""
    with write_batch(actor=actor, action="device.scrap"):
        yards = Place.objects.filter(kind=PlaceKind.SCRAP_YARD, is_active=True, unit=unit)
        yard = yards.order_by("pk").first()
        moved = devices_transition(
            device_ids=scrap_devices(barcodes, unit), verb=Verb.SCRAP, actor=actor,
            document=document, place_id=yard.pk if yard else None, request_key=request_key,
        )  # fmt: skip
    return moved.count
