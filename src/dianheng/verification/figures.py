"""A figure for leaders: how much of what was verified passed."""

from collections.abc import Sequence

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.figures import Figure, Point, months_before
from dianheng.identity.selectors import setting, under
from dianheng.metrology.indicators import Rate, is_met

from .choices import DECIDED, Outcome
from .models import ApprovalLine

MONTHS = 12


def pass_rate(request: HttpRequest, paths: Sequence[str]) -> Figure | None:
    """Devices that passed of those approved, by the month of their verification."""
    months = months_before(timezone.localdate(), MONTHS)
    rows = (
        ApprovalLine.objects.filter(
            under("task_device__task__unit__path", paths),
            verified_on__gte=months[0][0],
            outcome__in=DECIDED,
        )
        .annotate(month=TruncMonth("verified_on"))
        .values("month")
        .annotate(passed=Count("pk", filter=Q(outcome=Outcome.PASSED)), total=Count("pk"))
        .order_by()
    )
    rates = {row["month"]: Rate(row["passed"], row["total"]) for row in rows}
    now = rates.get(months[-1][0], Rate(0, 0))
    target = setting("figures.pass_target_pct")
    return Figure(
        "pass_rate", _("Verification pass rate"), now.shown_pct,
        f"{reverse('records')}?finished_from={months[-1][0]}",
        unit="%", target=target, is_met=is_met(now.pct, target), period=_("this month"),
        counted=_("%(n)s of %(of)s devices") % {"n": now.numerator, "of": now.denominator},
        trend=[
            Point(f"{first:%Y-%m}", rates.get(first, Rate(0, 0)).shown_pct) for first, _last in months
        ],
    )  # fmt: skip
