"""A figure for leaders: standards verified in time."""

from collections.abc import Sequence
from datetime import date
from itertools import zip_longest

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.figures import Figure, Point, months_before
from dianheng.identity.selectors import setting, under
from dianheng.metrology.indicators import Obligation, due_rate, is_met

from .models import StandardCertificate
from .selectors import GONE

MONTHS = 12


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
