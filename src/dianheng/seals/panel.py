"""Seals on the page of a device."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from dianheng.assets.models import Device

from .choices import SealKind, SealPosition
from .selectors import seals_on_devices


def seals_panel(device: Device, request: HttpRequest) -> str:
    """The seals that sit on the device now."""
    if not request.rights.may("seals.view", device.unit.path):  # type: ignore[attr-defined]
        return ""
    rows = [
        (
            seal.seal_no,
            SealKind(seal.kind).label,
            SealPosition(seal.position).label,
            seal.applied_at,
        )
        for seal in seals_on_devices([device.pk])[device.pk]
    ]
    return render_to_string("seals/panel.html", {"rows": rows}, request)
