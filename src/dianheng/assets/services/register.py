"""One device entered in the register by hand."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..models import Device, DeviceModel, Place
from .enrol import devices_enrol, stage_open


def device_register(
    *,
    model: DeviceModel,
    barcode: str,
    unit: Unit,
    place: Place,
    state: str,
    actor: Actor,
    serial_no: str = "",
    asset_no: str = "",
    ownership: str = "utility",
    produced_on: date | None = None,
    purchased_on: date | None = None,
    details: Mapping[str, Any] | None = None,
    request_key: str = "",
) -> Device:
    """Enter a device of any kind; its first event says who did.

    `details` are the facts that only its kind has (`DETAILS`); what is empty is not known.

    Raises:
        BadInput: the bar code or asset number is in the register, or not of the form.
    """
    faults = []
    code = barcode.strip()
    if not code or not code.isascii() or any(sign.isspace() for sign in code):
        faults.append(
            {
                "field": "barcode",
                "code": "format",
                "text": _("A bar code has letters, digits and signs without blanks."),
            }
        )
    actor = require(actor, "assets.enrol", unit.pk)
    with write_batch(actor=actor, action="device.enrol"):
        if (earlier := idempotent(request_key, "device.register")) is not None:
            return Device.objects.get(pk=earlier["device"])
        if Device.objects.filter(barcode=code).exists():
            faults.append(
                {"field": "barcode", "code": "in_register", "text": _("is in the register already")}
            )
        if asset_no and Device.objects.filter(asset_no=asset_no).exists():
            faults.append(
                {
                    "field": "asset_no",
                    "code": "in_register",
                    "text": _("is in the register already"),
                }
            )
        if faults:
            raise BadInput(_("The device cannot be entered."), faults)
        with stage_open() as stage:
            days = [day.isoformat() if day else "" for day in (produced_on, purchased_on)]
            more = {
                "name": model.name,
                **{n: str(v) for n, v in (details or {}).items() if v not in ("", None)},
            }
            stage.copy_rows(
                ["barcode", "serial_no", "asset_no", "produced_on", "purchased_on", *more],
                iter([(1, code, serial_no, asset_no, *days, *more.values())]),
            )
            stage.cursor.execute(
                "update stage set kind = %s, model_id = %s, unit_id = %s, place_id = %s, state = %s, ownership = %s",
                [model.kind, model.pk, unit.pk, place.pk, state, ownership],
            )
            devices_enrol(stage=stage, actor=actor)
        device = Device.objects.get(barcode=code)
        remember(request_key, "device.register", {"device": device.pk})
    return device
