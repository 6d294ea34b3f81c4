"""Rooms, what was measured there, and what lay outside the laboratory's own bounds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    DecimalField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
)
from django.utils import timezone

from dianheng.assets.choices import PlaceKind
from dianheng.assets.models import Place
from dianheng.identity.models import Unit
from dianheng.identity.selectors import setting

from ..models import EnvironmentBand, EnvironmentReading
from .laboratory import environment_band_on


@dataclass(frozen=True)
class OutOfBounds:
    """A reading that lies outside the bounds of its room's laboratory."""

    room: str
    at: datetime
    temperature_c: Decimal
    humidity_pct: Decimal


def rooms(units: Any) -> QuerySet[Place]:
    """Rooms of laboratories."""
    return Place.objects.filter(kind=PlaceKind.LABORATORY, is_active=True, unit__in=units).order_by(
        "code"
    )


def readings() -> QuerySet[EnvironmentReading]:
    """Readings with whether they lie outside the bounds of their day, as `environment_band_on` says."""
    band = (
        EnvironmentBand.objects.annotate(
            room_path=ExpressionWrapper(OuterRef("place__unit__path"), output_field=TextField())
        )
        .filter(room_path__startswith=F("unit__path"), valid_from__lte=OuterRef("at__date"))
        .order_by("-unit__path", "-valid_from")
    )
    number = DecimalField()
    bounds = {
        name: Subquery(band.values(name)[:1], output_field=number)
        for name in (
            "temperature_low_c", "temperature_high_c", "humidity_low_pct", "humidity_high_pct",
        )
    }  # fmt: skip
    outside = (
        Q(temperature_c__lt=F("temperature_low_c")) | Q(temperature_c__gt=F("temperature_high_c"))
        | Q(humidity_pct__lt=F("humidity_low_pct")) | Q(humidity_pct__gt=F("humidity_high_pct"))
    )  # fmt: skip
    return (
        EnvironmentReading.objects.select_related("place", "person")
        .annotate(**bounds)
        .annotate(is_outside=ExpressionWrapper(outside, output_field=BooleanField()))
    )


def out_of_bounds(
    unit: Unit, place_id: int, begun_at: datetime | None, ended_at: datetime
) -> OutOfBounds | None:
    """The first reading around some work in a room that lies outside the laboratory's bounds.

    None where all lie within, where nobody measured, or the laboratory has no bounds of its own.
    """
    day = timezone.localdate(ended_at)
    band = environment_band_on(unit, day)
    if band is None:
        return None
    around = timedelta(minutes=setting("standards.environment_minutes", unit.pk, day))
    rows = EnvironmentReading.objects.filter(
        place=place_id, at__gte=(begun_at or ended_at) - around, at__lte=ended_at + around
    )
    outside = rows.exclude(
        temperature_c__gte=band.temperature_low_c, temperature_c__lte=band.temperature_high_c,
        humidity_pct__gte=band.humidity_low_pct, humidity_pct__lte=band.humidity_high_pct,
    ).select_related("place")  # fmt: skip
    found = outside.order_by("at").first()
    if found is None:
        return None
    return OutOfBounds(found.place.name, found.at, found.temperature_c, found.humidity_pct)
