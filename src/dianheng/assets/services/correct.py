"""A device's record corrected: what, old and new, why; state and place stay with their verbs."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.services import require, write_batch

from ..choices import Verb
from ..models import Device
from .enrol import DETAILS
from .transition import devices_transition

OWN = ("asset_no", "serial_no", "ownership", "purchased_on", "produced_on")


def device_correct(
    *, device: Device, changes: dict[str, Any], reason: str, actor: Actor
) -> dict[str, Any]:
    """Change facts of the record; returns {field: [old, new]} as the ledger keeps it."""
    actor = require(actor, "assets.correct", device.unit_id)
    detail_fields = {
        column: table.removeprefix("assets_")
        for table, (kinds, columns) in DETAILS.items()
        if device.kind in kinds
        for column in columns
    }
    unknown = sorted(set(changes) - set(OWN) - set(detail_fields))
    if unknown:
        raise BadInput(_("These cannot be corrected: %(fields)s.") % {"fields": ", ".join(unknown)})
    changed: dict[str, Any] = {}
    with write_batch(actor=actor, action="device.correct", reason=reason):
        for field, value in changes.items():
            holder: models.Model = device
            if field in detail_fields:
                holder = getattr(
                    device,
                    {"standardequipment": "standard"}.get(
                        detail_fields[field], detail_fields[field]
                    ),
                )
            old = getattr(holder, field)
            if old != value:
                setattr(holder, field, value)
                holder.save(update_fields=[field])
                changed[field] = [
                    str(old if old is not None else ""),
                    str(value if value is not None else ""),
                ]
        if changed:
            devices_transition(
                device_ids=[device.pk],
                verb=Verb.CORRECT,
                actor=actor,
                reason=reason,
                facts={"changed": changed},
            )
    return changed
