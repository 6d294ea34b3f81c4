"""A figure for leaders: verified stock that must be checked again soon."""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Q
from django.db.models.functions import Coalesce, Greatest
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import METERS
from dianheng.assets.models import Device
from dianheng.common.figures import Figure, Point
from dianheng.identity.selectors import setting
from dianheng.metrology.indicators import is_met
from dianheng.metrology.periods import add_months

from .selectors import recheck_months

SOON_DAYS = 30
MONTHS_AHEAD = 6


def recheck_soon(request: HttpRequest, paths: Sequence[str]) -> Figure | None:
    """Meters in stock whose recheck or last day of validity comes within thirty days."""
    today, months = timezone.localdate(), recheck_months()
    units = Q(pk__in=[])
    for path in paths:
        units |= Q(unit__path__startswith=path)
    rows = (
        Device.objects.filter(
            units,
            kind__in=METERS,
            state__in=["qualified", "preallocated"],
            verified_on__isnull=False,
        )
        .annotate(since=Greatest("verified_on", Coalesce("stocked_on", "verified_on")))
        .values("since", "valid_through")
        .annotate(count=Count("pk"))
        .order_by()
    )
    by_day: Counter[date] = Counter()
    for row in rows:
        ends = [add_months(row["since"], months) - timedelta(days=1)]
        ends += [row["valid_through"]] if row["valid_through"] else []
        by_day[min(ends)] += row["count"]
    soon = sum(n for day, n in by_day.items() if day <= today + timedelta(days=SOON_DAYS))
    target = setting("figures.recheck_target")
    edges = [today, *(add_months(today, n) for n in range(1, MONTHS_AHEAD + 1))]
    return Figure(
        "recheck_soon", _("Stock to be rechecked soon"), soon,
        reverse("stock_recheck"),
        unit=_("devices"), target=target, at_most=True, period=_("next 30 days"),
        is_met=is_met(Decimal(soon), target, at_most=True),
        counted=_("%(n)s of them past their day")
        % {"n": sum(n for day, n in by_day.items() if day < today)},
        trend=[
            Point(f"{first:%Y-%m-%d}", sum(n for day, n in by_day.items() if first <= day < last))
            for first, last in itertools.pairwise(edges)
        ],
    )  # fmt: skip
