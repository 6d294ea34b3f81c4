"""The security log as its clean-up sees it."""

from datetime import date, datetime, time
from typing import Any

from django.db.models import Count, Max, Min
from django.utils import timezone

from ..models import AccessCleanUp, AccessEvent, AuditBatch, AuditStatement


def day_begins(day: date) -> datetime:
    """Midnight of the organisation's zone."""
    return timezone.make_aware(datetime.combine(day, time()))


def older_than(day: date) -> dict[str, Any]:
    """How many events a clean-up before the day would remove, the first and the last of them."""
    rows = AccessEvent.objects.filter(at__lt=day_begins(day))
    return rows.aggregate(events=Count("pk"), first=Min("at"), last=Max("at"))


def clean_ups(at_most: int = 50) -> list[tuple[AccessCleanUp, AuditBatch | None]]:
    """The last clean-ups with the batch that says who and why."""
    rows = list(AccessCleanUp.objects.extra(select={"statement": "audit_statement_id"})[:at_most])
    statements = AuditStatement.objects.select_related("batch").in_bulk(
        [row.statement for row in rows]
    )
    return [
        (row, statements[row.statement].batch if row.statement in statements else None)
        for row in rows
    ]
