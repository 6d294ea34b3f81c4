"""A figure for leaders: what waits for verification."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.figures import Figure, Point
from dianheng.identity.selectors import setting
from dianheng.metrology.indicators import is_met

from .choices import DeviceState

WEEKS = 12
STATE = DeviceState.AWAITING_VERIFICATION


def awaiting_verification(request: HttpRequest, paths: Sequence[str]) -> Figure | None:
    """Devices that wait for verification now, and at the end of the weeks before."""
    today = timezone.localdate()
    monday = today - timedelta(days=today.weekday())
    now, changes = _waiting(paths, monday - timedelta(weeks=WEEKS - 1))
    points: list[Point] = []
    count = now
    for n in range(WEEKS):
        points.append(Point(_end(monday - timedelta(weeks=n), today).isoformat(), count))
        count -= changes.get(monday - timedelta(weeks=n), 0)
    target = setting("figures.waiting_target")
    return Figure(
        "awaiting_verification", _("Waiting for verification"), now,
        f"{reverse('devices')}?state={STATE.value}",
        unit=_("devices"), target=target, at_most=True, period=_("now"),
        is_met=is_met(Decimal(now), target, at_most=True),
        counted=_("%(n)s a week ago") % {"n": points[1].value}, trend=points[::-1],
    )  # fmt: skip


def _end(monday: date, today: date) -> date:
    return min(monday + timedelta(days=6), today)


def _waiting(paths: Sequence[str], since: date) -> tuple[int, dict[date, int]]:
    """How many wait now, and by how much that changed in each week."""
    units = "exists (select from unnest(%(paths)s::text[]) root where starts_with(u.path, root))"
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(s.amount), 0) from assets_stock s"  # noqa: S608  own words only
            " join assets_place p on p.id = s.place_id join identity_unit u on u.id = p.unit_id"
            f" where s.state = %(state)s and {units}",
            {"state": STATE.value, "paths": list(paths)},
        )
        now = int(cursor.fetchone()[0])
        cursor.execute(
            "select date_trunc('week', e.occurred_at at time zone %(zone)s)::date,"  # noqa: S608
            " sum((e.to_state = %(state)s)::int - (e.from_state = %(state)s)::int)"
            " from assets_deviceevent e join assets_device d on d.id = e.device_id"
            " join identity_unit u on u.id = d.unit_id"
            " where e.occurred_at >= %(since)s and e.from_state <> e.to_state"
            f" and (e.to_state = %(state)s or e.from_state = %(state)s) and {units} group by 1",
            {
                "state": STATE.value, "paths": list(paths),
                "since": since, "zone": timezone.get_current_timezone_name(),
            },
        )  # fmt: skip
        return now, {monday: int(count) for monday, count in cursor.fetchall()}
