"""Working days of the Chinese calendar."""

from datetime import date

import chinese_calendar


def is_workday(day: date) -> bool:
    """Whether people work: by the announced calendar, by the weekday where none is known yet."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5
