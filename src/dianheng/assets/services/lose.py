"""Devices that nobody finds, and those that turn up again."""

from dianheng.common.actor import Actor
from dianheng.identity.services import require

from ..choices import Verb
from ..models import Device
from .transition import Moved, devices_transition


def device_lose(*, device: Device, reason: str, actor: Actor, request_key: str = "") -> Moved:
    """Report a device lost; it keeps the place where it was last."""
    actor = require(actor, "assets.lose", device.unit_id)
    return devices_transition(
        device_ids=[device.pk], verb=Verb.LOSE, actor=actor, reason=reason, request_key=request_key
    )


def device_find(*, device: Device, reason: str, actor: Actor, request_key: str = "") -> Moved:
    """Report a device found; it is verified again before it is used."""
    actor = require(actor, "assets.lose", device.unit_id)
    return devices_transition(
        device_ids=[device.pk], verb=Verb.FIND, actor=actor, reason=reason, request_key=request_key
    )
