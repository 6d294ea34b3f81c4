"""Pure decisions of bookings and tasks of meetings."""

from datetime import date, datetime, timedelta

from dianheng.common.errors import Refusal
from dianheng.common.texts import gettext_lazy as _


def week_of(day: date) -> list[date]:
    """The seven days of a week, Monday first.

    >>> [str(each) for each in week_of(date(2026, 12, 2))][::6]
    ['2026-11-30', '2026-12-06']
    """
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=n) for n in range(7)]


def guard_period(from_at: datetime, to_at: datetime, longest_days: int) -> Refusal | None:
    """A booking ends after it begins, and is not longer than the setting allows.

    >>> guard_period(datetime(2026, 12, 1, 9), datetime(2026, 12, 1, 9), 92).code
    'period'
    """
    if to_at <= from_at:
        return Refusal("period", _("It ends before it begins."))
    if to_at - from_at > timedelta(days=longest_days):
        text = _("A resource is booked for at most %(days)s days at once.")
        return Refusal("too_long", text % {"days": longest_days}, {"days": longest_days})
    return None


def guard_booking_step(state: str, wanted: str, resource: str) -> Refusal | None:
    """A resource is lent when it is booked, and comes back when it is lent."""
    if state == wanted:
        return None
    texts = {
        "booked": _("%(resource)s is not booked any more: it was lent already, or dropped."),
        "lent": _("%(resource)s is not lent: lend it first."),
        "returned": _("%(resource)s has not been given back."),
    }
    return Refusal("booking_state", texts[wanted] % {"resource": resource}, {"state": state})


def guard_assignment_done(state: str, is_owner: bool, may_manage: bool) -> Refusal | None:
    """Whoever answers for a task says what became of it, once; or who keeps the tasks."""
    if state != "open":
        return Refusal("not_open", _("This task is not open any more."), {"state": state})
    if not (is_owner or may_manage):
        text = _("Whoever answers for the task, or the office, says what became of it.")
        return Refusal("not_owner", text)
    return None
