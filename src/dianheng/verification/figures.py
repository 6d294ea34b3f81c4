"""Figures for leaders: how much of what was verified passed; standards verified in time."""

from collections.abc import Sequence
from datetime import date
from itertools import zip_longest

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.figures import Figure, Point, months_before
from dianheng.identity.selectors import setting
from dianheng.metrology.indicators import Obligation, Rate, due_rate, is_met

from .choices import DECIDED, Outcome
from .models import ApprovalLine, StandardCertificate
from .selectors.laboratory import GONE

MONTHS = 12


def under(field: str, paths: Sequence[str]) -> Q:
    """Rows whose unit stands under one of the roots."""
    wanted = Q(pk__in=[])
    for path in paths:
        wanted |= Q(**{f"{field}__startswith": path})
    return wanted


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


def standards_in_time(request: HttpRequest, paths: Sequence[str]) -> Figure | None:
    """Standards verified again by the last day of their certificate, in the year so far."""
    today = timezone.localdate()
    owed = obligations(paths)
    months = months_before(today, MONTHS)
    now = due_rate(owed, date(today.year, 1, 1), today)
    target = setting("figures.standards_target_pct")
    return Figure(
        "standards_in_time", _("Standards verified in time"), now.shown_pct,
        f"{reverse('standards')}?through_to=t",
        unit="%", target=target, is_met=is_met(now.pct, target), period=_("this year"),
        counted=_("%(n)s of %(of)s due") % {"n": now.numerator, "of": now.denominator},
        trend=[
            Point(f"{first:%Y-%m}", due_rate(owed, first, min(last, today)).shown_pct)
            for first, last in months
        ],
    )  # fmt: skip


def obligations(paths: Sequence[str]) -> list[Obligation]:
    """Each certificate of a standard obliges to the next one."""
    found: list[Obligation] = []
    rows = list(
        StandardCertificate.objects.filter(under("device__unit__path", paths), withdrawn_on=None)
        .select_related("device__standard")
        .order_by("device_id", "valid_from", "pk")
    )
    for row, after in zip_longest(rows, rows[1:]):
        device = row.device
        standard = getattr(device, "standard", None)
        ended_on = standard.stopped_on if standard else None
        if device.state in GONE and ended_on is None:
            ended_on = timezone.localtime(device.state_at).date()
        is_followed = after is not None and after.device_id == row.device_id
        found.append(
            Obligation(
                row.valid_through,
                after.valid_from if after is not None and is_followed else None,
                None if is_followed else ended_on,
            )
        )
    return found
