"""Which records and checks on site a bad cause touched, and the risk of each."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device, DeviceEvent, Place
from dianheng.fieldwork.models import FieldCheck
from dianheng.identity.selectors import setting

from ..choices import Cause, Risk
from ..models import Trace, TracedRecord
from ..rules import ERRORS_MIN, ERRORS_PCT, site_margin

EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
# The only difference between causes: which records they touched.
_TOUCHED = {
    Cause.STANDARD: "t.standard_ids @> array[%(key)s]::bigint[]",
    Cause.PERSON: "t.tester_ids @> array[%(key)s]::bigint[]",
    Cause.SCHEME: "k.scheme_version_id = %(key)s",
    Cause.LABORATORY: "k.unit_id = %(key)s",
    Cause.ROOM: """exists (
       select from unnest(%(benches)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])
                     as stood(bench, since, until)
        where stood.bench = t.bench_id and t.finished_at >= stood.since and t.finished_at < stood.until)""",
}
_RECORDS = """
select t.id
  from verification_testrecord t
  join verification_verificationtask k on k.id = t.task_id
  join identity_unit u on u.id = k.unit_id
 where {touched} and t.finished_at >= %(from_at)s and t.finished_at < %(through_at)s
   and u.path like %(path)s
 order by t.id desc
"""
# The point nearest to its limit decides: by the distance where an error was found, %, else by the
# share of the limit. An error in % says nothing about minutes of phase displacement.
_KEEP = """
insert into analysis_tracedrecord (trace_id, record_id, device_id, usage_point_id, margin_pct, risk, recall)
select %(trace)s, t.id, t.device_id, h.usage_point_id, m.margin,
       case when m.room is null then %(unknown)s
            when m.room < m.guard then %(high)s
            when m.room < 2 * m.guard then %(medium)s
            else %(low)s end,
       ''
  from unnest(%(records)s::bigint[]) with ordinality as one(id, seq)
  join verification_testrecord t on t.id = one.id
  left join lateral (
       select case when r.item <> 'phase_displacement' then r.limit_high - abs(r.value) end as margin,
              abs(r.limit_high - abs(r.value)) as room,
              coalesce(%(found)s::numeric, r.limit_high * %(share)s::numeric) as guard
         from verification_testresult r
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
_BY_DISTANCE = "abs(r.limit_high - abs(r.value))"
_BY_SHARE = "abs(r.limit_high - abs(r.value)) / nullif(r.limit_high, 0)"
_BRANCHES = """
select coalesce(b.barcode, ''), coalesce(k.number, ft.number), u.name, coalesce(d.state, ''), r.risk,
       count(*)
  from analysis_tracedrecord r
  left join verification_testrecord t on t.id = r.record_id
  left join verification_verificationtask k on k.id = t.task_id
  left join fieldwork_fieldcheck c on c.id = r.field_check_id
  left join fieldwork_fieldtask ft on ft.id = c.task_id
  left join assets_device d on d.id = r.device_id
  join identity_unit u on u.id = coalesce(d.unit_id, ft.unit_id)
  left join assets_device b on b.id = coalesce(t.bench_id, c.calibrator_id)
 where r.trace_id = %s
 group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
"""


def records_touched(trace: Trace) -> list[int]:
    """Keys of the records of benches that the cause touched, the newest first."""
    # A standard may have worked for other laboratories before it came here, a person too.
    is_anywhere = trace.cause in (Cause.STANDARD, Cause.PERSON)
    given = {
        "key": trace.cause_key,
        "from_at": trace.from_at,
        "through_at": trace.through_at,
        "path": "%" if is_anywhere else f"{trace.unit.path}%",
    }
    if trace.cause == Cause.ROOM:
        stood = list(_stood_in(Place.objects.get(pk=trace.cause_key)))
        columns = zip(*stood, strict=True) if stood else ((), (), ())
        given |= dict(zip(("benches", "since", "until"), map(list, columns), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS.format(touched=_TOUCHED[Cause(trace.cause)]), given)
        return [key for (key,) in cursor.fetchall()]


def _stood_in(room: Place) -> Iterator[tuple[int, datetime, datetime]]:
    """Which bench stood in a room from when until when, as the register's events tell."""
    inside = set(Place.objects.filter(path__startswith=room.path).values_list("pk", flat=True))
    benches = dict(Device.objects.filter(kind=DeviceKind.BENCH).values_list("pk", "place_id"))
    moves: dict[int, list[tuple[datetime, int]]] = {}
    events = DeviceEvent.objects.filter(device__in=benches, to_place__isnull=False)
    for bench, at, place in events.order_by("occurred_at", "pk").values_list(
        "device_id", "occurred_at", "to_place_id"
    ):
        moves.setdefault(bench, []).append((at, place))
    for bench, place_now in benches.items():
        stays = moves.get(bench) or [(EVER[0], place_now)]
        starts = [EVER[0], *(at for at, _place in stays[1:]), EVER[1]]
        for (_at, place), since, until in zip(stays, starts, starts[1:], strict=False):
            if place in inside and since < until:
                yield bench, since, until


def checks_touched(trace: Trace) -> list[int]:
    """Keys of the checks on site that the cause touched, in whichever unit, the newest first."""
    touched = {
        Cause.STANDARD: Q(calibrator=trace.cause_key),
        Cause.PERSON: Q(leader=trace.cause_key) | Q(second=trace.cause_key),
    }.get(Cause(trace.cause))
    if touched is None:
        return []
    rows = FieldCheck.objects.filter(
        touched, done_at__gte=trace.from_at, done_at__lt=trace.through_at
    )
    return list(rows.order_by("-pk").values_list("pk", flat=True))


def records_keep(trace: Trace, records: Sequence[int]) -> None:
    """Keep records with margin and risk; what is kept already stays as it is."""
    given = {
        "trace": trace.pk,
        "records": list(records),
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
    nearest = _BY_SHARE if trace.found_error_pct is None else _BY_DISTANCE
    with connection.cursor() as cursor:
        cursor.execute(_KEEP.format(nearest=nearest), given)


def checks_keep(trace: Trace, checks: Sequence[int]) -> None:
    """Keep checks on site with margin and risk; what is kept already stays as it is."""
    share = setting("analysis.near_limit", trace.unit_id)
    rows = FieldCheck.objects.filter(pk__in=checks).order_by("-pk")
    made = []
    for check in rows.only("results", "meter", "transformer", "task__usage_point").select_related(
        "task"
    ):
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


def customers_of(trace: Trace) -> tuple[int, int]:
    """Usage points and customers whose energy was measured with what was touched."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select count(*), count(distinct customer_name) filter (where customer_name <> '')
              from customers_usagepoint where id in (
                   select usage_point_id from analysis_tracedrecord where trace_id = %s)
            """,
            [trace.pk],
        )
        points, customers = cursor.fetchone() or (0, 0)
    return points, customers
