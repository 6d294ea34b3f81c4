"""Time limits and timers of diagrams in working hours."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.workdays import is_workday
from dianheng.identity.selectors import setting

from .errors import WrongExpression
from .rules import working_days_end, working_deadline

PERIOD = re.compile(
    r"P(?=.)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)"
)
WORKING = re.compile(r"working (\d{1,5})h")


def due_after(
    hours: Decimal, start: datetime | None = None, unit_id: int | None = None
) -> datetime:
    """When so many working hours have passed since a moment (now).

    The office hours are those of the unit on the day the time begins; a later change of the
    setting moves no deadline that stands.
    """
    start = timezone.localtime(start)
    office = setting("workflow.office_hours", unit_id, start.date())
    return working_deadline(start, hours, is_workday, office)


def due_within(name: str, start: datetime, unit_id: int) -> datetime:
    """The end of the working days that a setting gives, counted from the day of a moment.

    Setting and office hours are those of the unit on that day.
    """
    start = timezone.localtime(start)
    days: int = setting(name, unit_id, start.date())
    office = setting("workflow.office_hours", unit_id, start.date())
    return working_days_end(start, days, is_workday, office)


def end_of_day(day: date, unit_id: int) -> datetime:
    """The end of the office hours of a unit on a day, whether anybody works then or not."""
    office = setting("workflow.office_hours", unit_id, day)
    return working_days_end(
        timezone.make_aware(datetime.combine(day, time())), 0, is_workday, office
    )


def timer(text: str, unit_id: int | None = None) -> str:
    """A timer of a diagram as the engine wants it: a period from now, ISO 8601.

    Raises:
        WrongExpression: neither a period nor working hours.
    """
    if PERIOD.fullmatch(text):
        return text
    found = WORKING.fullmatch(text)
    if found is None:
        facts = {"text": text}
        raise WrongExpression(
            _("“%(text)s” is neither a period (PT8H) nor working hours (working 8h)") % facts
        )
    seconds = (due_after(Decimal(found[1]), unit_id=unit_id) - timezone.now()).total_seconds()
    return f"PT{max(0, round(seconds))}S"


def timer_of(unit_id: int) -> Callable[[str], str]:
    """Timers by the office hours of a unit."""
    return partial(timer, unit_id=unit_id)
