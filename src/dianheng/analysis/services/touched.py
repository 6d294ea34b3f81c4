"""Which records, QC batches and checks on site a bad cause touched, and the risk of each."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from psycopg.types.json import Jsonb

from dianheng.assets.choices import STANDARDS, PlaceKind
from dianheng.assets.models import Device, DeviceEvent, Place
from dianheng.common.errors import BadInput
from dianheng.fieldwork.models import FieldCheck
from dianheng.identity.selectors import setting
from dianheng.metrology.errors import MetrologyError
from dianheng.verification.models import TestRecord, VerificationTask
from dianheng.verification.selectors.judging import error_intervals, judge_of

from ..choices import BY_STANDARDS, Cause, Risk
from ..models import Trace, TracedRecord
from ..rules import ERRORS_MIN, ERRORS_PCT, site_margin

EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
MOST_UNPLACED = 200  # numbers of records that cannot be placed which are kept
# A standard, and from when until when its word is in doubt: the cause itself; then each of which a
# certificate was made by one that was in doubt that day, until its next certificate, and so on. Of
# standards of other bodies we know no days of their own: those below one are in doubt with it.
_DOUBTFUL = """
with recursive paper as (
    select p.id, p.device_id, p.higher_device_id, p.higher_outside_id,
           p.valid_from::timestamp at time zone %(zone)s as since,
           least(p.withdrawn_on, p.valid_through + 1,
                 (select min(n.valid_from) from verification_standardcertificate n
                   where n.device_id = p.device_id and n.valid_from > p.valid_from)
                )::timestamp at time zone %(zone)s as until
      from verification_standardcertificate p
     where p.higher_device_id is not null or p.higher_outside_id is not null
), outside(id) as (
    select %(outside)s::bigint
    union
    select o.id from standards_outsidestandard o join outside a on o.higher_id = a.id
), doubtful(thing, since, until, certificate) as (
    (select %(key)s::bigint, %(from_at)s::timestamptz, %(through_at)s::timestamptz, null::bigint
      where %(outside)s::bigint is null
     union all
     select c.device_id, c.since, c.until, c.id
       from paper c join outside a on a.id = c.higher_outside_id
      where c.since + interval '1 day' > %(from_at)s and c.since < %(through_at)s and c.since < c.until)
    union
    select c.device_id, c.since, c.until, c.id
      from doubtful d
      join paper c on c.higher_device_id = d.thing
       and c.since + interval '1 day' > d.since and c.since < d.until and c.since < c.until
)
"""
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
# What a meter came to against the reference meter, in % of the energy that this one counted.
_KEEP_QUALITY = """
insert into analysis_tracedrecord
       (trace_id, quality_meter_id, device_id, usage_point_id, done_at, margin_pct, risk, recall)
select %(trace)s, m.id, m.device_id, h.usage_point_id, e.ended_at, n.room,
       case when n.room is null then %(unknown)s
            when abs(n.room) < n.guard then %(high)s
            when abs(n.room) < 2 * n.guard then %(medium)s
            else %(low)s end,
       ''
  from unnest(%(records)s::bigint[]) with ordinality as one(id, seq)
  join verification_qualitymeter m on m.id = one.id
  join lateral (
       select max(d.read_at) as ended_at from verification_qualityreading d
        where d.batch_id = m.batch_id and d.device_id = m.device_id
          and not exists (select from verification_qualityreading x where x.replaces_id = d.id)) e on true
  left join lateral (
       select 100 * (q.limit_kwh - abs(q.difference_kwh)) / v.reference_kwh as room,
              coalesce(%(found)s::numeric, 100 * q.limit_kwh / v.reference_kwh * %(share)s::numeric) as guard
         from verification_qualityresult q
         join verification_qualityverdict v on v.batch_id = q.batch_id
        where q.batch_id = m.batch_id and q.device_id = m.device_id and v.reference_kwh > 0) n on true
  left join lateral (
       select i.usage_point_id from assets_installation i
        where i.device_id = m.device_id and coalesce(i.removed_at, 'infinity') > e.ended_at
        order by i.installed_at desc limit 1) h on true
 order by one.seq
on conflict do nothing
"""
# The point nearest to where its conclusion turns decides: by the distance where an error was found,
# %, else by the share of the limit. That is `rules.turning_point`. An error in % says nothing about
# minutes of phase displacement.
_KEEP = """
insert into analysis_tracedrecord
       (trace_id, record_id, device_id, usage_point_id, done_at, margin_pct, risk, recall)
select %(trace)s, t.id, t.device_id, h.usage_point_id, t.finished_at, m.margin,
       case when m.room is null then %(unknown)s
            when m.room < m.guard then %(high)s
            when m.room < 2 * m.guard then %(medium)s
            else %(low)s end,
       ''
  from unnest(%(records)s::bigint[]) with ordinality as one(id, seq)
  join verification_testrecord t on t.id = one.id
  join verification_verificationtask k on k.id = t.task_id
  left join unnest(%(models)s::bigint[], %(versions)s::bigint[], %(widths)s::jsonb[])
       as w(model, version, widths) on w.model = k.model_id and w.version = k.scheme_version_id
  left join lateral (
       select case when r.item <> 'phase_displacement' then n.margin end as margin,
              abs(n.margin) as room,
              coalesce(%(found)s::numeric, r.limit_high * %(share)s::numeric) as guard
         from verification_testresult r
        cross join lateral (
              select (w.widths ->> (r.item || ' ' || r.direction))::numeric) i(width)
        cross join lateral (
              select coalesce(div(r.limit_high, i.width) * i.width + i.width / 2, r.limit_high)
                     - abs(r.value) as margin) n
        where r.record_id = one.id and r.item = any(%(items)s)
          and not r.is_derived
          and r.value is not null and r.limit_high is not null
        order by {nearest}
        limit 1) m on true
  left join lateral (
       select i.usage_point_id from assets_installation i
        where i.device_id = t.device_id and coalesce(i.removed_at, 'infinity') > t.finished_at
        order by i.installed_at desc limit 1) h on true
 order by one.seq
on conflict (trace_id, record_id) do nothing
"""
_BY_DISTANCE = "abs(n.margin)"
_BY_SHARE = "abs(n.margin) / nullif(r.limit_high, 0)"
_BRANCHES = """
select coalesce(b.barcode, ''), coalesce(k.number, ft.number, qb.number), u.name, coalesce(d.state, ''), r.risk,
       count(*)
  from analysis_tracedrecord r
  left join verification_testrecord t on t.id = r.record_id
  left join verification_verificationtask k on k.id = t.task_id
  left join fieldwork_fieldcheck c on c.id = r.field_check_id
  left join fieldwork_fieldtask ft on ft.id = c.task_id
  left join verification_qualitymeter qm on qm.id = r.quality_meter_id
  left join verification_qualitybatch qb on qb.id = qm.batch_id
  left join assets_device d on d.id = r.device_id
  join identity_unit u on u.id = coalesce(d.unit_id, ft.unit_id)
  left join assets_device b on b.id = coalesce(t.bench_id, c.calibrator_id, qb.bench_id)
 where r.trace_id = %s
 group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""


def _asked(trace: Trace) -> dict[str, Any]:
    """What the statements are asked with."""
    given = _given(trace)
    if trace.cause in BY_STANDARDS:
        stood = _doubtful(given)
        given |= _columns(stood)
        # Who was certified with it may have gone on after it was found bad.
        given["from_at"] = min((since for _thing, since, _until in stood), default=trace.from_at)
        given["through_at"] = max((until for *_rest, until in stood), default=trace.through_at)
    elif trace.cause == Cause.ROOM:
        given |= _stays(_room_of(trace))
    return given


def _given(trace: Trace) -> dict[str, Any]:
    # A standard may have worked for other laboratories before it came here, a person too.
    is_anywhere = trace.cause in (*BY_STANDARDS, Cause.PERSON)
    return {
        "key": trace.cause_key,
        "outside": trace.cause_key if trace.cause == Cause.OUTSIDE else None,
        "from_at": trace.from_at,
        "through_at": trace.through_at,
        "zone": settings.TIME_ZONE,
        "path": "/" if is_anywhere else trace.unit.path,
    }


def _columns(stood: Sequence[tuple[int, datetime, datetime]]) -> dict[str, list[Any]]:
    """Things and their spans, as `_STOOD` takes them."""
    columns = zip(*stood, strict=True) if stood else ((), (), ())
    return dict(zip(("things", "since", "until"), map(list, columns), strict=True))


def _doubtful(given: Mapping[str, Any]) -> list[tuple[int, datetime, datetime]]:
    """A standard, and those certified with it, from when until when each is in doubt."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_DOUBTFUL} select distinct thing, since, until from doubtful", given)
        return cursor.fetchall()


def certified_with(trace: Trace) -> list[list[str]]:
    """Standards, benches and instruments certified with what turned out bad, and with those.

    Bar code, certificate, bar code or name of the one above, first and last day on which it counts.
    """
    if trace.cause not in BY_STANDARDS:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            {_DOUBTFUL}
            select b.barcode, p.number, coalesce(a.barcode, o.name, ''), p.valid_from::text,
                   ((max(d.until) at time zone %(zone)s)::date - 1)::text
              from doubtful d
              join verification_standardcertificate p on p.id = d.certificate
              join assets_device b on b.id = d.thing
              left join assets_device a on a.id = p.higher_device_id
              left join standards_outsidestandard o on o.id = p.higher_outside_id
             group by 1, 2, 3, 4 order by 4, 1, 3
            """,
            _given(trace),
        )
        return [list(row) for row in cursor.fetchall()]


def _stays(places: QuerySet[Place]) -> dict[str, list[Any]]:
    """Which standards, benches and instruments stood in some places from when until when."""
    return _columns(list(_stood_in(places)))


def _room_of(trace: Trace) -> QuerySet[Place]:
    return _within(Place.objects.filter(pk=trace.cause_key))


def _within(rooms: QuerySet[Place]) -> QuerySet[Place]:
    """Rooms and all that stands in them."""
    found = Q(pk__in=[])
    for path in rooms.values_list("path", flat=True):
        found |= Q(path__startswith=path)
    return Place.objects.filter(found)


def records_touched(trace: Trace) -> list[int]:
    """Keys of the records of benches that the cause touched, the newest first."""
    cause = Cause(trace.cause)
    source = _SOURCES.get(cause, "verification_testrecord")
    return _keys(_RECORDS.format(source=source, touched=_TOUCHED[cause]), _asked(trace))


def quality_touched(trace: Trace) -> list[int]:
    """Keys of the meters of QC batches that the cause touched, the newest first."""
    touched = _RUNS.get(Cause(trace.cause))
    if touched is None:  # no scheme
        return []
    return _keys(_QUALITY.format(touched=touched), _asked(trace))


def _keys(statement: str, given: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [key for (key,) in cursor.fetchall()]


def records_unplaced(trace: Trace) -> tuple[int, list[str]]:
    """Of a room: how many records of its laboratory name nothing that stood in any room then, and
    the newest of them by number."""
    if trace.cause != Cause.ROOM:
        return 0, []
    laboratories = Place.objects.filter(kind=PlaceKind.LABORATORY)
    given = _asked(trace) | _stays(_within(laboratories))
    with connection.cursor() as cursor:
        cursor.execute(_UNPLACED.format(most=MOST_UNPLACED), given)
        rows = cursor.fetchall()
    return (rows[0][1] if rows else 0), [number for number, _count in rows]


def _stood_in(places: QuerySet[Place]) -> Iterator[tuple[int, datetime, datetime]]:
    """Which thing stood in some places from when until when, as the register's events tell."""
    inside = set(places.values_list("pk", flat=True))
    things = dict(Device.objects.filter(kind__in=STANDARDS).values_list("pk", "place_id"))
    moves: dict[int, list[tuple[datetime, int]]] = {}
    events = DeviceEvent.objects.filter(device__in=things, to_place__isnull=False)
    for thing, at, before, place in events.order_by("occurred_at", "pk").values_list(
        "device_id", "occurred_at", "from_place_id", "to_place_id"
    ):
        # Before its first event it stood where that took it from.
        moves.setdefault(thing, [(EVER[0], before)] if before else []).append((at, place))
    for thing, place_now in things.items():
        stays = moves.get(thing) or [(EVER[0], place_now)]
        starts = [EVER[0], *(at for at, _place in stays[1:]), EVER[1]]
        for (_at, place), since, until in zip(stays, starts, starts[1:], strict=False):
            if place in inside and since < until:
                yield thing, since, until


def checks_touched(trace: Trace) -> list[int]:
    """Keys of the checks on site that the cause touched, in whichever unit, the newest first."""
    touched = Q(pk__in=[])
    if trace.cause in BY_STANDARDS:
        given = _asked(trace)
        for thing, since, until in zip(
            given["things"], given["since"], given["until"], strict=True
        ):
            touched |= Q(calibrator=thing, done_at__gte=since, done_at__lt=until)
    elif trace.cause == Cause.PERSON:
        hand = Q(leader=trace.cause_key) | Q(second=trace.cause_key)
        touched = hand & Q(done_at__gte=trace.from_at, done_at__lt=trace.through_at)
    rows = FieldCheck.objects.filter(touched)
    return list(rows.order_by("-pk").values_list("pk", flat=True))


def records_keep(trace: Trace, records: Sequence[int]) -> None:
    """Keep records with margin and risk; what is kept already stays as it is."""
    nearest = _BY_SHARE if trace.found_error_pct is None else _BY_DISTANCE
    _keep(_KEEP.format(nearest=nearest), trace, records, _intervals(records))


def _intervals(records: Sequence[int]) -> dict[str, list[Any]]:
    """The rounding intervals of the errors in some records, by model and version of the scheme."""
    tasks = VerificationTask.objects.filter(
        pk__in=TestRecord.objects.filter(pk__in=records).values("task")
    )
    kinds = tasks.order_by("model_id", "scheme_version_id").distinct(
        "model_id", "scheme_version_id"
    )
    found: dict[str, list[Any]] = {"models": [], "versions": [], "widths": []}
    for task in kinds.select_related("model", "scheme_version"):
        try:
            judge = judge_of(task.model, task.scheme_version)
        except (MetrologyError, BadInput):
            continue  # then it has no limits either
        intervals = error_intervals(judge).items()
        found["models"].append(task.model_id)
        found["versions"].append(task.scheme_version_id)
        found["widths"].append(Jsonb({" ".join(where): f"{width:f}" for where, width in intervals}))
    return found


def quality_keep(trace: Trace, meters: Sequence[int]) -> None:
    """Keep meters of QC batches with margin and risk; what is kept already stays as it is."""
    _keep(_KEEP_QUALITY, trace, meters)


def _keep(
    statement: str, trace: Trace, keys: Sequence[int], more: Mapping[str, Any] | None = None
) -> None:
    given = {
        **(more or {}),
        "trace": trace.pk,
        "records": list(keys),
        "found": trace.found_error_pct,
        "items": list(
            ERRORS_PCT if trace.found_error_pct is not None else (*ERRORS_PCT, *ERRORS_MIN)
        ),
        "share": setting("analysis.near_limit", trace.unit_id),
        "low": Risk.LOW.value,
        "medium": Risk.MEDIUM.value,
        "high": Risk.HIGH.value,
        "unknown": Risk.UNKNOWN.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given)


def checks_keep(trace: Trace, checks: Sequence[int]) -> None:
    """Keep checks on site with margin and risk; what is kept already stays as it is."""
    share = setting("analysis.near_limit", trace.unit_id)
    rows = FieldCheck.objects.filter(pk__in=checks).order_by("-pk")
    made = []
    for check in rows.only(
        "results", "done_at", "meter", "transformer", "task__usage_point"
    ).select_related("task"):
        near = site_margin(check.results, trace.found_error_pct)
        risk = Risk.UNKNOWN
        if near is not None:
            guard = near.limit * share if trace.found_error_pct is None else trace.found_error_pct
            risk = (
                Risk.HIGH
                if near.room < guard
                else Risk.MEDIUM
                if near.room < 2 * guard
                else Risk.LOW
            )
        made.append(
            TracedRecord(
                trace=trace,
                field_check=check,
                done_at=check.done_at,
                device_id=check.transformer_id or check.meter_id,
                usage_point_id=check.task.usage_point_id,
                margin_pct=near.margin_pct if near else None,
                risk=risk,
            )
        )
    TracedRecord.objects.bulk_create(made, ignore_conflicts=True)


def branches_of(trace: Trace) -> list[list[Any]]:
    """Bench, task, unit that has the devices, their state, risk, and how many records."""
    with connection.cursor() as cursor:
        cursor.execute(_BRANCHES, [trace.pk])
        return [list(row) for row in cursor.fetchall()]


def digest_of(trace: Trace) -> str:
    """SHA-256 over the rows of a trace, without the orders that took them up."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select encode(sha256(coalesce(string_agg(part, ''::bytea order by block), ''::bytea)), 'hex')
              from (select id / 10000 as block,
                           sha256(convert_to(string_agg(
                               concat_ws(',', id, 'r' || record_id, 'c' || field_check_id,
                                         'q' || quality_meter_id, 'd' || device_id, 'u' || usage_point_id,
                                         extract(epoch from done_at), 'k' || risk,
                                         'm' || trim_scale(margin_pct)), ';' order by id), 'UTF8')) as part
                      from analysis_tracedrecord where trace_id = %s group by 1) parts
            """,
            [trace.pk],
        )
        (digest,) = cursor.fetchone()  # type: ignore[misc]
    return str(digest)


def customers_of(trace: Trace) -> tuple[int, int]:
    """Usage points and customers whose energy was measured with what was touched, since it was tested."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select count(*), count(distinct customer_name) filter (where customer_name <> '')
              from customers_usagepoint where id in (
                   select usage_point_id from analysis_tracedrecord where trace_id = %(trace)s
                    union all
                   select i.usage_point_id
                     from analysis_tracedrecord r
                     join assets_installation i on i.device_id = r.device_id
                      and coalesce(i.removed_at, 'infinity') > r.done_at
                    where r.trace_id = %(trace)s)
            """,
            {"trace": trace.pk},
        )
        points, customers = cursor.fetchone() or (0, 0)
    return points, customers
