"""Figures of processes: how many, how long a step waits and is worked on, where a flow is stuck.

Times are working hours. A moment becomes working seconds since the first day of a table of days
(office hours before that day, and those of the day up to the moment), so the working time
between two moments is a difference, and all tasks of a period are counted in one statement.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from dianheng.common.workdays import is_workday
from dianheng.identity.selectors import setting

from ..models import PackVersion
from .packs import text_of, titles_of

STUCK_SHOWN = 20


class StepFigures(NamedTuple):
    """What the tasks of a step came to; times in working hours, None where nothing is counted."""

    offered: int
    done: int
    returned: int
    late: int
    waiting: Decimal | None
    worked: Decimal | None
    nine_of_ten: Decimal | None

    @property
    def late_share(self) -> Decimal | None:
        """Of the tasks offered, those done late or late now."""
        return Decimal(self.late) / self.offered if self.offered else None

    @property
    def returned_share(self) -> Decimal | None:
        """Of the tasks offered, those that came back to the step."""
        return Decimal(self.returned) / self.offered if self.offered else None


class Volume(NamedTuple):
    """Instances that began, of these ended and withdrawn; their median working hours."""

    started: int
    done: int
    withdrawn: int
    hours: Decimal | None


@dataclass(frozen=True)
class Line:
    """A process, a step or a month with its figures."""

    key: str
    title: str
    steps: StepFigures
    volume: Volume | None = None
    process: str = ""  # of a step


@dataclass(frozen=True)
class Stuck:
    """A step at which open tasks stand: how many, how many past their time, since when."""

    code: str
    process: str
    step: str
    open: int
    late: int
    oldest: datetime
    number: str  # of the instance that has stood longest


@dataclass(frozen=True)
class ProcessFigures:
    """All that the page shows; `steps` and `months` of one process or of all."""

    processes: Sequence[Line]
    steps: Sequence[Line]
    months: Sequence[Line]
    stuck: Sequence[Stuck]


_STEPS = """
with day as (
    select * from unnest(%(days)s::date[], %(before)s::bigint[], %(works)s::boolean[]) as d (day, before, works)
), chosen as (
    select p.code, t.task, to_char(t.offered_at at time zone %(zone)s, 'YYYY-MM') as month, t.state,
           t.is_returned, t.due_at, t.ended_at, {offered} as offered, {claimed} as claimed, {ended} as ended
      from workflow_processtask t
      join workflow_processinstance i on i.id = t.instance_id
      join workflow_packversion p on p.id = i.pack_id
      {joins}
     where t.offered_at >= %(since)s and t.offered_at < %(until)s
       and i.unit_id = any(%(units)s) and (%(code)s = '' or p.code = %(code)s)
)
select code, task, month, count(*), count(*) filter (where state = 'done'),
       count(*) filter (where is_returned),
       count(*) filter (where due_at < coalesce(ended_at, %(now)s) and state <> 'closed'),
       {half} (order by claimed - offered) filter (where claimed is not null) / 3600)::numeric(12, 1),
       {half} (order by ended - coalesce(claimed, offered)) filter (where state = 'done') / 3600)::numeric(12, 1),
       (percentile_cont(0.9) within group (order by ended - offered) filter (where state = 'done') / 3600)::numeric(12, 1)
  from chosen
 group by grouping sets ((code), (code, task), (month))
 order by code, task, month
"""
_VOLUMES = """
with day as (
    select * from unnest(%(days)s::date[], %(before)s::bigint[], %(works)s::boolean[]) as d (day, before, works)
), chosen as (
    select p.code, to_char(i.started_at at time zone %(zone)s, 'YYYY-MM') as month, i.state,
           {started} as started, {over} as over
      from workflow_processinstance i
      join workflow_packversion p on p.id = i.pack_id
      {joins}
     where i.started_at >= %(since)s and i.started_at < %(until)s
       and i.unit_id = any(%(units)s) and (%(code)s = '' or p.code = %(code)s)
)
select code, month, count(*), count(*) filter (where state = 'done'), count(*) filter (where state = 'withdrawn'),
       (percentile_cont(0.5) within group (order by over - started) filter (where state = 'done') / 3600)::numeric(12, 1)
  from chosen group by grouping sets ((code), (month))
"""
_STUCK = """
select p.code, t.task, count(*), count(*) filter (where t.due_at < %(now)s) as late, min(t.offered_at),
       (array_agg(i.number order by t.offered_at))[1]
  from workflow_processtask t
  join workflow_processinstance i on i.id = t.instance_id and i.state = 'running'
  join workflow_packversion p on p.id = i.pack_id
 where t.state in ('open', 'claimed') and i.unit_id = any(%(units)s)
   and (%(code)s = '' or p.code = %(code)s)
 group by p.code, t.task order by late desc, 3 desc, 5 limit %(shown)s
"""


def process_figures(
    *, unit_ids: Collection[int], since: date, through: date, code: str = ""
) -> ProcessFigures:
    """Figures of what was offered and begun in a period, in some units.

    Office hours are the company's on the last day of the period.

    Args:
        since, through: first and last day.
        code: one process; empty: all.
    """
    now = timezone.localtime()
    office = setting("workflow.office_hours", None, min(through, now.date()))
    facts: dict[str, Any] = {
        **_days(since, now.date(), office),
        "zone": str(now.tzinfo),
        "since": timezone.make_aware(datetime.combine(since, time())),
        "until": timezone.make_aware(datetime.combine(through + timedelta(days=1), time())),
        "now": now, "units": list(unit_ids), "code": code, "shown": STUCK_SHOWN,
    }  # fmt: skip
    day_seconds = _of_day(office)
    names = ("offered", "claimed", "ended")
    steps = _STEPS.format(
        half="(percentile_cont(0.5) within group",
        joins=_joins("t", (f"{name}_at" for name in names)),
        **{name: _seconds("t", f"{name}_at", day_seconds) for name in names},
    )
    volumes = _VOLUMES.format(
        joins=_joins("i", ("started_at", "ended_at")),
        started=_seconds("i", "started_at", day_seconds), over=_seconds("i", "ended_at", day_seconds),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(volumes, facts)
        began = {(row[0] or row[1]): Volume(*row[2:]) for row in cursor.fetchall()}
        cursor.execute(steps, facts)
        rows = cursor.fetchall()
        cursor.execute(_STUCK, facts)
        standing = cursor.fetchall()
    titles = _Titles({row[0] for row in [*rows, *standing] if row[0]} | set(began))
    lines: dict[str, list[Line]] = {"process": [], "step": [], "month": []}
    seen = set()
    for of_code, task, month, *counts in rows:
        figures = StepFigures(*counts)
        if task is not None:
            process = titles.process(of_code)
            lines["step"].append(
                Line(f"{of_code} {task}", titles.step(of_code, task), figures, None, process)
            )
        else:
            key = of_code or month
            seen.add(key)
            title = titles.process(of_code) if of_code else month
            lines["process" if of_code else "month"].append(
                Line(key, title, figures, began.get(key, Volume(0, 0, 0, None)))
            )
    nothing = StepFigures(0, 0, 0, 0, None, None, None)
    for key in sorted(set(began) - seen):  # began, and no step for a person in the period
        kind = "month" if key[:4].isdigit() else "process"
        title = key if kind == "month" else titles.process(key)
        lines[kind].append(Line(key, title, nothing, began[key]))
    lines["month"].sort(key=lambda line: line.key)
    stuck = [
        Stuck(of_code, titles.process(of_code), titles.step(of_code, task), *rest)
        for of_code, task, *rest in standing
    ]
    return ProcessFigures(lines["process"], lines["step"], lines["month"], stuck)


def _days(first: date, last: date, office: Any) -> Mapping[str, list[Any]]:
    """The table of days as columns."""
    full = sum(_second(end) - _second(begin) for begin, end in office.spans)
    days, before, works, passed = [], [], [], 0
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        days.append(day)
        before.append(passed)
        works.append(is_workday(day))
        passed += full if works[-1] else 0
    return {"days": days, "before": before, "works": works}


def _second(at: time) -> int:
    return at.hour * 3600 + at.minute * 60


def _of_day(office: Any) -> str:
    """SQL for the working seconds of a day that have passed at `{tod}`, seconds since midnight."""
    return " + ".join(
        f"greatest(0, least({{tod}}, {_second(end)}) - {_second(begin)})"
        for begin, end in office.spans
    )


def _seconds(table: str, column: str, day_seconds: str) -> str:
    tod = f"extract(epoch from ({table}.{column} at time zone %(zone)s)::time)"
    return (
        f"{column}_day.before + case when {column}_day.works then {day_seconds.format(tod=tod)}"
        " else 0 end"
    )


def _joins(table: str, columns: Iterable[str]) -> str:
    return "\n".join(
        f"left join day {column}_day"
        f" on {column}_day.day = ({table}.{column} at time zone %(zone)s)::date"
        for column in columns
    )


class _Titles:
    """Names of processes and steps, of the newest version that has them."""

    def __init__(self, codes: Collection[str]):
        rows = PackVersion.objects.filter(code__in=codes).defer("bpmn", "spec")
        self.versions: dict[str, list[PackVersion]] = {}
        for row in rows.order_by("code", "-version"):
            self.versions.setdefault(row.code, []).append(row)

    def process(self, code: str) -> str:
        return titles_of(self.versions[code][0])

    def step(self, code: str, task: str) -> str:
        for version in self.versions[code]:
            if task in version.plan["tasks"]:
                return text_of(version.plan["tasks"][task]["title"])
        return task
