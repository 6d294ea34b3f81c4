"""Which records, meters of QC batches and checks on site a bad cause touched."""

from typing import Any

from django.db import connection
from django.db.models import Q

from dianheng.assets.choices import PlaceKind
from dianheng.assets.models import Place
from dianheng.fieldwork.models import FieldCheck

from ..choices import BY_STANDARDS, Cause
from ..models import Trace
from .doubtful import asked, stays_in

MOST_UNPLACED = 200  # numbers of records that cannot be placed which are kept
# The only difference between causes: which records they touched. A record without a bench was made
# where its standards stood.
_TOUCHED = {
    Cause.STANDARD: "true",
    Cause.OUTSIDE: "true",
    Cause.PERSON: "t.tester_ids @> array[%(key)s]::bigint[]",
    Cause.SCHEME: "k.scheme_version_id = %(key)s",
    Cause.LABORATORY: "k.unit_id = %(key)s",
    Cause.ROOM: "true",
}
_STOOD = """unnest(%(things)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])
       as stood(thing, since, until)"""
_IN_ROOM = f"""
       (select distinct r.id, r.task_id, r.finished_at
          from verification_testrecord r
         cross join lateral unnest(
               case when r.bench_id is null then r.standard_ids else array[r.bench_id] end) as with_it(thing)
          join {_STOOD} on stood.thing = with_it.thing
         where r.finished_at >= %(from_at)s and r.finished_at < %(through_at)s
           and r.finished_at >= stood.since and r.finished_at < stood.until)"""
# By the index of the standards alone: of moments that it does not know the planner would read most.
_MADE_WITH = f"""
       (select distinct r.id, r.task_id, r.finished_at
          from {_STOOD}
         cross join lateral (
               select id, task_id, finished_at from verification_testrecord
                where standard_ids @> array[stood.thing] offset 0) r
         where r.finished_at >= stood.since and r.finished_at < stood.until)"""
_SOURCES = {Cause.STANDARD: _MADE_WITH, Cause.OUTSIDE: _MADE_WITH, Cause.ROOM: _IN_ROOM}
_RECORDS = """
select t.id
  from {source} t
  join verification_verificationtask k on k.id = t.task_id
  join identity_unit u on u.id = k.unit_id
 where {touched} and t.finished_at >= %(from_at)s and t.finished_at < %(through_at)s
   and starts_with(u.path, %(path)s)
 order by t.id desc
"""
_UNPLACED = f"""
select t.number, count(*) over ()
  from verification_testrecord t
  join verification_verificationtask k on k.id = t.task_id
  join identity_unit u on u.id = k.unit_id
 where t.bench_id is null and t.finished_at >= %(from_at)s and t.finished_at < %(through_at)s
   and starts_with(u.path, %(path)s)
   and not exists (
       select from {_STOOD}
        where stood.thing = any(t.standard_ids)
          and t.finished_at >= stood.since and t.finished_at < stood.until)
 order by t.id desc
 limit {{most}}
"""
# A run is touched whose time and the period overlap: it compares with the reference meter throughout.
_RUN_WITH = (
    f"exists (select from {_STOOD} where stood.thing in (b.reference_id, b.bench_id)"
    " and e.ended_at >= stood.since and e.began_at < stood.until)"
)
_RUNS = {
    Cause.STANDARD: _RUN_WITH,
    Cause.OUTSIDE: _RUN_WITH,
    Cause.PERSON: "%(key)s = any(e.readers)",
    Cause.LABORATORY: "b.unit_id = %(key)s",
    Cause.ROOM: f"exists (select from {_STOOD} where stood.thing = b.bench_id"
    " and e.ended_at >= stood.since and e.began_at < stood.until)",
}
_QUALITY = """
select m.id
  from verification_qualitymeter m
  join verification_qualitybatch b on b.id = m.batch_id
  join identity_unit u on u.id = b.unit_id
  join lateral (
       select min(d.read_at) as began_at, max(d.read_at) as ended_at, array_agg(d.read_by_id) as readers
         from verification_qualityreading d
        where d.batch_id = m.batch_id and d.device_id in (m.device_id, b.reference_id)) e on true
 where b.state <> 'cancelled' and {touched}
   and e.ended_at >= %(from_at)s and e.began_at < %(through_at)s and starts_with(u.path, %(path)s)
 order by m.id desc
"""


def records_touched(trace: Trace) -> list[int]:
    """Keys of the records of benches that the cause touched, the newest first."""
    cause = Cause(trace.cause)
    source = _SOURCES.get(cause, "verification_testrecord")
    return _keys(_RECORDS.format(source=source, touched=_TOUCHED[cause]), asked(trace))


def records_unplaced(trace: Trace) -> tuple[int, list[str]]:
    """Of a room: how many records of its laboratory name nothing that stood in any room then, and
    the newest of them by number."""
    if trace.cause != Cause.ROOM:
        return 0, []
    laboratories = Place.objects.filter(kind=PlaceKind.LABORATORY)
    given = asked(trace) | stays_in(laboratories)
    with connection.cursor() as cursor:
        cursor.execute(_UNPLACED.format(most=MOST_UNPLACED), given)
        rows = cursor.fetchall()
    return (rows[0][1] if rows else 0), [number for number, _count in rows]


def quality_touched(trace: Trace) -> list[int]:
    """Keys of the meters of QC batches that the cause touched, the newest first."""
    touched = _RUNS.get(Cause(trace.cause))
    if touched is None:  # no scheme
        return []
    return _keys(_QUALITY.format(touched=touched), asked(trace))


def checks_touched(trace: Trace) -> list[int]:
    """Keys of the checks on site that the cause touched, in whichever unit, the newest first."""
    touched = Q(pk__in=[])
    if trace.cause in BY_STANDARDS:
        given = asked(trace)
        for thing, since, until in zip(
            given["things"], given["since"], given["until"], strict=True
        ):
            touched |= Q(calibrator=thing, done_at__gte=since, done_at__lt=until)
    elif trace.cause == Cause.PERSON:
        hand = Q(leader=trace.cause_key) | Q(second=trace.cause_key)
        touched = hand & Q(done_at__gte=trace.from_at, done_at__lt=trace.through_at)
    rows = FieldCheck.objects.filter(touched)
    return list(rows.order_by("-pk").values_list("pk", flat=True))


def _keys(statement: str, given: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [key for (key,) in cursor.fetchall()]
