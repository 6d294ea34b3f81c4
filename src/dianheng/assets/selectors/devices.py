"""Reads of devices and their lives."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound

from ..choices import METERS, STANDARDS, TRANSFORMERS, DeviceKind, KeyState, Verb
from ..models import Device, DeviceEvent, Place


def device_by_barcode(barcode: str) -> Device:
    """The device, or NotFound in words."""
    try:
        return Device.objects.select_related(
            "model__manufacturer", "lot", "unit", "place", "meter"
        ).get(barcode=barcode)
    except Device.DoesNotExist:
        raise NotFound(
            _("No device has the bar code %(barcode)s.") % {"barcode": barcode}, barcode=barcode
        ) from None


def device_with_unit(key: int) -> Device:
    """A device that was found, with what a scan shows of it and no more."""
    return Device.objects.select_related("unit").get(pk=key)


def devices_by_barcodes(barcodes: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Keys by bar code, and the codes that are not in the register."""
    found = dict(Device.objects.filter(barcode__in=list(barcodes)).values_list("barcode", "pk"))
    return found, [code for code in dict.fromkeys(barcodes) if code not in found]


def devices_in_place(place: Place) -> QuerySet[Device]:
    """All devices in a place and whatever stands in it."""
    return Device.objects.filter(place__path__startswith=place.path)


def meters_with_test_keys(device_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Key and bar code of those meters of which the register knows test keys."""
    rows = Device.objects.filter(pk__in=list(device_ids), meter__key_state=KeyState.TEST)
    return list(rows.order_by("barcode").values_list("pk", "barcode"))


def timeline(device: Device) -> QuerySet[DeviceEvent]:
    """A device's life, newest first."""
    return (
        DeviceEvent.objects.filter(device=device)
        .select_related("actor", "acting_for", "from_place", "to_place")
        .order_by("-occurred_at", "-pk")
    )


def details_of(device: Device) -> dict[str, str | int | None]:
    """What only the device's kind has, by column."""
    for kinds, name in (
        (METERS, "meter"),
        (TRANSFORMERS, "transformer"),
        ((DeviceKind.TERMINAL,), "terminal"),
        (STANDARDS, "standard"),
    ):
        holder = getattr(device, name, None) if device.kind in kinds else None
        if holder is not None:
            columns = [f.name for f in holder._meta.concrete_fields if not f.is_relation]
            values = {column: getattr(holder, column) for column in columns}
            return {k: v.isoformat() if isinstance(v, date) else v for k, v in values.items()}
    return {}


_CONDEMNED = """
select from_state, array_agg(device_id) from (
    select distinct on (device_id) device_id, verb, from_state from assets_deviceevent
     where document = %s and document <> '' order by device_id, id desc) last
 where verb = %s group by 1 order by 1
"""


def condemned_by(document: str) -> dict[str, list[int]]:
    """Devices that a document condemned last, by the state in which they were before."""
    with connection.cursor() as cursor:
        cursor.execute(_CONDEMNED, [document, Verb.CONDEMN])
        return dict(cursor.fetchall())


def device_stands(barcode: str) -> dict[str, Any]:
    """What somebody decides on who decides on a device: where it is and what it is worth."""
    row = Device.objects.filter(barcode=barcode).values(
        "state", "place__code", "unit__code", "model__code", "verified_on", "valid_through"
    )
    return {name: _plain(value) for name, value in (row.first() or {}).items()}


def lot_stands(code: str) -> dict[str, Any]:
    """What somebody decides on who decides on a lot: its devices by state."""
    rows = Device.objects.filter(lot__code=code).values_list("state").annotate(n=Count("pk"))
    return {"devices": dict(rows.order_by("state"))}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
