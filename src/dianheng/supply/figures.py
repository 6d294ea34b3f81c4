"""A figure for leaders: how many of the inspected lots were accepted."""

from collections.abc import Sequence

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.figures import Figure, Point, months_before
from dianheng.identity.selectors import setting
from dianheng.metrology.indicators import Rate, is_met

from .choices import InspectionState
from .models import InspectionLot

MONTHS = 12


def lots_accepted(request: HttpRequest, paths: Sequence[str]) -> Figure | None:
    """Lots accepted of those decided, in the last twelve months."""
    months = months_before(timezone.localdate(), MONTHS)
    units = Q(pk__in=[])
    for path in paths:
        units |= Q(unit__path__startswith=path)
    rows = (
        InspectionLot.objects.filter(
            units,
            state__in=[InspectionState.ACCEPTED, InspectionState.REJECTED],
            decided_at__date__gte=months[0][0],
        )
        .annotate(month=TruncMonth("decided_at"))
        .values("month")
        .annotate(accepted=Count("pk", filter=Q(state=InspectionState.ACCEPTED)), total=Count("pk"))
        .order_by()
    )
    rates = {row["month"].date(): Rate(row["accepted"], row["total"]) for row in rows}
    now = Rate(
        sum(rate.numerator for rate in rates.values()),
        sum(rate.denominator for rate in rates.values()),
    )
    target = setting("figures.lots_target_pct")
    return Figure(
        "lots_accepted", _("Lots accepted on arrival"), now.shown_pct,
        f"{reverse('inspections')}?state=accepted&state=rejected",
        unit="%", target=target, is_met=is_met(now.pct, target), period=_("twelve months"),
        counted=_("%(n)s of %(of)s lots") % {"n": now.numerator, "of": now.denominator},
        trend=[
            Point(f"{first:%Y-%m}", rates.get(first, Rate(0, 0)).shown_pct) for first, _last in months
        ],
    )  # fmt: skip
