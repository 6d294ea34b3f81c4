"""What hangs where, now and over time."""

from datetime import datetime

from django.db.models import Q, QuerySet

from dianheng.customers.models import UsagePoint

from ..models import Device, Installation


def installations_of_point(point: UsagePoint) -> QuerySet[Installation]:
    """All that hung at a usage point, what hangs there first."""
    rows = Installation.objects.filter(usage_point=point)
    return rows.select_related("device__model", "device__unit").order_by(
        "removed_at", "role", "element", "-pk"
    )


def hanging_at(point: UsagePoint, at: datetime | None = None) -> QuerySet[Installation]:
    """What hangs at a usage point now, or hung there at a moment."""
    rows = Installation.objects.filter(usage_point=point).select_related(
        "device__model", "device__transformer"
    )
    if at is None:
        return rows.filter(removed_at__isnull=True).order_by("role", "element")
    until = Q(removed_at__isnull=True) | Q(removed_at__gt=at)
    return rows.filter(until, installed_at__lte=at).order_by("role", "element")


def installations_of_device(device: Device) -> QuerySet[Installation]:
    """Where a device hung, newest first."""
    rows = Installation.objects.filter(device=device)
    return rows.select_related("usage_point__unit").order_by("-installed_at")
