"""What certificates of standards say on colour labels."""

from collections.abc import Mapping, Sequence
from typing import Any

from dianheng.assets.choices import Verb
from dianheng.assets.models import DeviceEvent
from dianheng.warehouse.registry import register_label_facts

from .models import StandardCertificate


def status_facts(device_ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """Colour labels: the newest certificate; who took out of use, where the life says it."""
    newest = (
        StandardCertificate.objects.filter(device__in=device_ids, withdrawn_on__isnull=True)
        .order_by("device", "-valid_through")
        .distinct("device")
    )
    found: dict[int, dict[str, Any]] = {
        row.device_id: {
            "certificate_no": row.number,
            "verified_on": row.valid_from,
            "valid_through": row.valid_through,
            "issuer": row.issuer,
        }
        for row in newest
    }
    ends = (
        DeviceEvent.objects.filter(device__in=device_ids, verb=Verb.SUSPEND)
        .select_related("actor")
        .order_by("device", "-occurred_at")
        .distinct("device")
    )
    for event in ends:
        found.setdefault(event.device_id, {})["approver"] = event.actor.name
    return found


register_label_facts("status_label", status_facts)
