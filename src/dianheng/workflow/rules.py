"""Pure decisions of processes: working hours, who may take a task, what may be sent back."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from dianheng.common.errors import Refusal
from dianheng.common.hours import OfficeHours
from dianheng.common.texts import gettext_lazy as _

IsWorkday = Callable[[date], bool]
LONGEST = timedelta(days=3660)


def working_deadline(
    start: datetime,
    hours: Decimal,
    is_workday: IsWorkday,
    office: OfficeHours,
) -> datetime:
    """The moment at which so many working hours have passed.

    Args:
        start: aware moment, in the zone of the organisation.
        hours: working hours, not negative.
        is_workday: whether people work on a day.
        office: hours of a working day.

    Returns:
        A moment inside or at the end of a span, in the zone of `start`.

    Raises:
        ValueError: no working day within ten years.

    >>> from datetime import timezone
    >>> monday = datetime(2026, 11, 30, 16, 0, tzinfo=timezone.utc)
    >>> office = OfficeHours.parse("8:30-12:00, 13:30-18:00")
    >>> str(working_deadline(monday, Decimal(4), lambda day: day.weekday() < 5, office))
    '2026-12-01 10:30:00+00:00'
    """
    left = timedelta(seconds=int(hours * 3600))
    day, limit = start.date(), start + LONGEST
    while True:
        if is_workday(day):
            for first, last in office.spans:
                begins = max(start, datetime.combine(day, first, start.tzinfo))
                ends = datetime.combine(day, last, start.tzinfo)
                if begins <= ends and left <= ends - begins:
                    return begins + left
                left -= max(timedelta(0), ends - begins)
        day += timedelta(days=1)
        if datetime.combine(day, time(0), start.tzinfo) > limit:
            raise ValueError("no working day within ten years")


def working_days_end(
    start: datetime,
    days: int,
    is_workday: IsWorkday,
    office: OfficeHours,
) -> datetime:
    """The end of the office day so many working days after the day of a moment.

    Args:
        start: aware moment, in the zone of the organisation; its own day does not count.
        days: working days; 0: its own day, whether it is one or not.

    Raises:
        ValueError: no such working day within ten years.

    >>> from datetime import timezone
    >>> friday = datetime(2026, 11, 27, 16, 0, tzinfo=timezone.utc)
    >>> office = OfficeHours.parse("8:30-12:00, 13:30-18:00")
    >>> str(working_days_end(friday, 5, lambda day: day.weekday() < 5, office))
    '2026-12-04 18:00:00+00:00'
    """
    day, left = start.date(), days
    while left > 0:
        day += timedelta(days=1)
        left -= is_workday(day)
        if day > (start + LONGEST).date():
            raise ValueError("no working day within ten years")
    return datetime.combine(day, office.spans[-1][1], start.tzinfo)


def working_time(
    start: datetime,
    end: datetime,
    is_workday: IsWorkday,
    office: OfficeHours,
) -> timedelta:
    """Working time between two moments; nothing when the second comes first.

    >>> from datetime import timezone
    >>> at = lambda day, hour: datetime(2026, 11, day, hour, 0, tzinfo=timezone.utc)
    >>> office = OfficeHours.parse("8:30-12:00, 13:30-18:00")
    >>> str(working_time(at(27, 16), at(30, 10), lambda day: day.weekday() < 5, office))
    '3:30:00'
    """
    passed, day = timedelta(0), start.date()
    while day <= end.date():
        if is_workday(day):
            for first, last in office.spans:
                begins = max(start, datetime.combine(day, first, start.tzinfo))
                ends = min(end, datetime.combine(day, last, start.tzinfo))
                passed += max(timedelta(0), ends - begins)
        day += timedelta(days=1)
    return passed


def countersigned(asked: int, agree: int, reject: int, share: Decimal) -> str | None:
    """What people who sign together have decided: `agree`, `reject`, or None as long as it is open.

    >>> countersigned(3, 1, 1, Decimal("0.6")), countersigned(3, 2, 0, Decimal("0.6"))
    (None, 'agree')
    >>> countersigned(3, 0, 1, Decimal(1))
    'reject'
    """
    needed = math.ceil(share * asked)
    if agree >= needed:
        return "agree"
    return "reject" if reject > asked - needed else None


def guard_task_open(state: str, name: str) -> Refusal | None:
    """A task is done once."""
    if state in ("open", "claimed"):
        return None
    text = _("“%(name)s” is not open any more: somebody was faster, or it was sent back.")
    return Refusal("task_gone", text % {"name": name}, {"state": state})


def guard_running(state: str, number: str) -> Refusal | None:
    """Nothing moves in an instance that is suspended or has ended."""
    if state == "running":
        return None
    if state == "suspended":
        text = _("%(number)s is suspended. It goes on when it has been resumed.")
    else:
        text = _("%(number)s has ended.")
    return Refusal("not_running", text % {"number": number}, {"state": state})


def guard_post(
    posts: Collection[str], held: Mapping[str, Sequence[str]], unit_path: str, names: str
) -> Refusal | None:
    """Somebody of the lane's posts over the unit does a task.

    Args:
        posts: posts of the lane.
        held: post -> paths of the units over which the person holds it.
    """
    for post in posts:
        if any(unit_path.startswith(path) for path in held.get(post, ())):
            return None
    text = _("This step belongs to the post %(posts)s of the unit; you do not hold it.")
    return Refusal("no_post", text % {"posts": names}, {"posts": list(posts), "names": str(names)})


def guard_assignee(
    assignee_id: int | None, assignee: str, person_ids: Collection[int]
) -> Refusal | None:
    """What somebody has taken up is done by that person or a stand-in."""
    if assignee_id is None or assignee_id in person_ids:
        return None
    text = _("%(name)s has taken this step up. Ask for it to be handed over.")
    return Refusal("taken", text % {"name": assignee}, {"assignee": assignee})
