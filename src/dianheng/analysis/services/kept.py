"""What a trace keeps: each record that was touched with margin and risk, and what they come to."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from dianheng.common.errors import BadInput
from dianheng.fieldwork.models import FieldCheck
from dianheng.identity.selectors import setting
from dianheng.metrology.errors import MetrologyError
from dianheng.verification.models import TestRecord, VerificationTask
from dianheng.verification.selectors.judging import error_intervals, judge_of

from ..choices import Risk
from ..models import Trace, TracedRecord
from ..rules import ERRORS_MIN, ERRORS_PCT, site_margin

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
