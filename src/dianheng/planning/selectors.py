"""Reads of resources, bookings and tasks of meetings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right

from .choices import TAKEN, AssignmentState, BookingState
from .models import Assignment, Booking, Resource
from .rules import week_of

VIEW = "planning.view"


def resources_seen(rights: Any) -> QuerySet[Resource]:
    """Resources of the units that one may see."""
    return Resource.objects.filter(unit__in=units_with_right(rights, VIEW))


def resource_seen(code: str, rights: Any) -> Resource:
    """One of them, or NotFound in words."""
    found = resources_seen(rights).select_related("unit").filter(code=code).first()
    if found is None:
        raise NotFound(_("There is no resource %(code)s.") % {"code": code}, code=code)
    return found


def resource_options() -> list[tuple[str, str]]:
    """What a form of a pack offers: code, and how it is called."""
    rows = Resource.objects.filter(is_active=True)
    return [(one.code, f"{one.name} · {one.code}") for one in rows]


def bookings_clashing(resource: Resource, from_at: datetime, to_at: datetime) -> QuerySet[Booking]:
    """Bookings that keep the resource within a period."""
    rows = Booking.objects.filter(resource=resource, state__in=TAKEN)
    return rows.filter(from_at__lt=to_at, to_at__gt=from_at).select_related("person")


def resources_free(kind: str, from_at: datetime, to_at: datetime) -> QuerySet[Resource]:
    """Resources of a kind that nobody has within a period."""
    taken = Booking.objects.filter(state__in=TAKEN, from_at__lt=to_at, to_at__gt=from_at)
    return Resource.objects.filter(kind=kind, is_active=True).exclude(
        pk__in=taken.values("resource")
    )


@dataclass(frozen=True)
class DayOf:
    """A day of a resource: what is booked then."""

    day: date
    bookings: Sequence[Booking]


@dataclass(frozen=True)
class WeekOf:
    """A resource and the seven days of a week."""

    resource: Resource
    days: Sequence[DayOf]

    @property
    def is_free(self) -> bool:
        """Nobody has it in that week."""
        return not any(each.bookings for each in self.days)


def resources_week(rights: Any, day: date, kind: str = "", unit_path: str = "") -> list[WeekOf]:
    """Resources that one may see, each with the days of a week; closed ones only when booked."""
    days = week_of(day)
    resources = resources_seen(rights).select_related("unit")
    if kind:
        resources = resources.filter(kind=kind)
    if unit_path:
        resources = resources.filter(unit__path__startswith=unit_path)
    shown = list(resources.order_by("kind", "code"))
    begins, ends = _midnight(days[0]), _midnight(days[-1] + timedelta(days=1))
    rows = (
        Booking.objects.filter(resource__in=shown, from_at__lt=ends, to_at__gt=begins)
        .exclude(state=BookingState.DROPPED)
        .select_related("person")
        .order_by("from_at")
    )
    by_resource: dict[int, list[Booking]] = {}
    for booking in rows:
        by_resource.setdefault(booking.resource_id, []).append(booking)
    return [
        WeekOf(one, [DayOf(each, _on(by_resource.get(one.pk, ()), each)) for each in days])
        for one in shown
        if one.is_active or one.pk in by_resource
    ]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(0)))


def _on(bookings: Sequence[Booking], day: date) -> list[Booking]:
    begins, ends = _midnight(day), _midnight(day + timedelta(days=1))
    return [one for one in bookings if one.from_at < ends and one.to_at > begins]


def assignments_seen(rights: Any, person_id: int) -> QuerySet[Assignment]:
    """Tasks of meetings of the units that one may see, one's own, and those of whom one stands in for."""
    return Assignment.objects.filter(
        Q(unit__in=units_with_right(rights, VIEW)) | Q(owner_id__in={person_id, *rights.principals})
    )


def assignments_before(document: str, unit: Unit) -> list[Assignment]:
    """What a meeting opens with: tasks still open, and all that the last meeting gave."""
    rows = Assignment.objects.filter(unit=unit).exclude(state=AssignmentState.DROPPED)
    rows = rows.exclude(document=document)
    last = rows.order_by("-pk").values_list("document", flat=True).first()
    wanted = Q(state=AssignmentState.OPEN) | Q(document=last or "")
    return list(
        rows.filter(wanted)
        .select_related("owner", "done_by", "acting_for")
        .order_by("due_on", "pk")[:200]
    )
