"""One door for the scanner: what was scanned, and what can be done with it now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.errors import Text
from dianheng.metrology.barcodes import strip_symbology_prefix

from ..choices import PlaceKind
from ..models import Device, Place
from ..rules import verbs_from


@dataclass(frozen=True)
class Scanned:
    """What a code means. `kind`: device, box, place, lot, certificate, seal, person, order."""

    kind: str
    key: int
    code: str
    title: Text
    text: Text = ""
    url: str = ""
    warning: Text = ""
    facts: dict[str, Any] = field(default_factory=dict)
    next: Sequence[tuple[Text, str]] = ()


# Each app that has things with codes registers a finder, cheapest and likeliest first.
Finder = Callable[[str], Scanned | None]
_finders: list[tuple[int, Finder]] = []


def register_scan(order: int, finder: Finder) -> None:
    """Add a finder; called in `AppConfig.ready`."""
    _finders.append((order, finder))
    _finders.sort(key=lambda pair: pair[0])


def scan(raw: str) -> Scanned | None:
    """What the code belongs to, or None."""
    code = strip_symbology_prefix(raw.strip())
    if not code or len(code) > 2048:
        return None
    for _order, finder in _finders:
        if (found := finder(code)) is not None:
            return found
    return None


def find_device(code: str) -> Scanned | None:
    """A device by its bar code, else by its own asset number."""
    rows = Device.objects.select_related("model", "place")
    device = rows.filter(barcode=code).first() or rows.filter(asset_no=code).first()
    if device is None:
        return None
    return Scanned(
        "device", device.pk, device.barcode, str(device.model), device.get_state_display(),
        reverse("device", args=[device.barcode]),
        facts={
            "state": device.state, "place": device.place.name, "model_id": device.model_id,
            "valid_through": device.valid_through.isoformat() if device.valid_through else "",
            "verbs": verbs_from(device.state),
        },
    )  # fmt: skip


def find_place(code: str) -> Scanned | None:
    """A store, shelf, box or bench by its code; a box that is not full is said so."""
    place = Place.objects.filter(code=code).first()
    if place is None:
        return None
    warning: Text = ""
    count = None
    if place.kind == PlaceKind.BOX:
        count = Device.objects.filter(place__path__startswith=place.path).count()
        if place.capacity and count < place.capacity:
            warning = _("Not full: %(count)s of %(capacity)s.") % {"count": count, "capacity": place.capacity}
    kind = "box" if place.kind == PlaceKind.BOX else "place"
    return Scanned(
        kind, place.pk, place.code, place.name, place.get_kind_display(),
        reverse("place", args=[place.code]), warning, {"count": count, "capacity": place.capacity},
    )  # fmt: skip
