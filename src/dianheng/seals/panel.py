"""Seals on the page of a device."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from dianheng.assets.models import Device

from .choices import SealKind, SealPosition
from .models import Seal


def seals_panel(device: Device, request: HttpRequest) -> str:
    """The seals that sit on the device now."""
    if not request.rights.may("seals.view", device.unit.path):  # type: ignore[attr-defined]
        return ""
    rows = [
        (
            seal.seal_no,
            SealKind(seal.kind).label,
            SealPosition(seal.position).label,
            seal.state_at,
            seal.unit,
        )
        for seal in Seal.objects.filter(device=device).select_related("unit").order_by("position")
    ]
    return render_to_string("seals/panel.html", {"rows": rows}, request)
