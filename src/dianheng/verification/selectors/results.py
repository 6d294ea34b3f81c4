"""Results of records: raw, the bench's, ours; how a verdict came about; what a reviewer looks at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import stdev
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from dianheng.assets.choices import TRANSFORMERS
from dianheng.common.errors import BadInput
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rule_sets import Certainty, rule_set
from dianheng.metrology.verdicts import InternalControl, Step

from ..choices import Outcome
from ..models import TestRecord, TestResult, Verdict, VerificationTask
from ..observed import observation_from
from ..rules import stands_out
from ..subjects import judge_for, plate_for, scheme_for


@dataclass(frozen=True)
class Shown:
    """A result with the conclusions of the verdict that is looked at."""

    result: TestResult
    conclusion: str
    internal: str
    reason: str
    steps: tuple[Step, ...] = ()


def judged_results(record: TestRecord, verdict: Verdict | None) -> list[TestResult]:
    """The results of a record, in its order, with the conclusions that a verdict gives them.

    What was blocked at first is stored without; a later verdict has them. Nothing is saved.
    """
    rows = list(record.results.order_by("seq"))
    put_conclusions(rows, verdict)
    return rows


def put_conclusions(rows: Iterable[TestResult], verdict: Verdict | None) -> None:
    """Give results, in memory, the conclusions of a verdict on their record."""
    if verdict is None:
        return
    later = verdict.points or {}
    for row in rows:
        if verdict.outcome == Outcome.BLOCKED:
            row.conclusion = row.internal = row.reason = ""
        elif (told := later.get(str(row.seq))) is not None:
            row.conclusion, row.internal, row.reason = told


def failed_results(judged: Iterable[tuple[int, Verdict]]) -> list[TestResult]:
    """Results that fail, by rule or by the company's band, in the order of their records.

    Args:
        judged: keys of records, each with the verdict that counts.
    """
    verdicts = dict(judged)
    # A later verdict is asked point by point; of all others what fails is stored so.
    later = [key for key, verdict in verdicts.items() if verdict.points]
    rows = list(
        TestResult.objects.filter(
            Q(conclusion="fail") | Q(internal="fail") | Q(record__in=later),
            record__in=list(verdicts),
        ).order_by("seq")
    )
    for row in rows:
        put_conclusions([row], verdicts[row.record_id])
    return [row for row in rows if "fail" in (row.conclusion, row.internal)]


def results_failing(firsts: Iterable[Mapping[str, Any]]) -> list[TestResult]:
    """Results that fail by rule, of what `first_results` gives, in the order of their records."""
    judged = {first["record_id"]: first["verdict_id"] for first in firsts}
    verdicts = Verdict.objects.only("outcome", "points").in_bulk(judged.values())
    rows = failed_results((record, verdicts[key]) for record, key in judged.items())
    return [row for row in rows if row.conclusion == "fail"]


def results_of(record: TestRecord, verdict: Verdict | None) -> list[Shown]:
    """The results of a record under one of its verdicts, in the order of the record."""
    return [
        Shown(row, row.conclusion, row.internal, row.reason)
        for row in judged_results(record, verdict)
    ]


def explained(record: TestRecord, verdict: Verdict | None) -> tuple[list[Shown], bool]:
    """The results with the steps that lead to each verdict, computed anew from the readings.

    The flag says whether the rule sets of the program are still those that judged: else the
    steps show how today's figures would judge.
    """
    shown = results_of(record, verdict)
    if verdict is None or not verdict.standard:
        return shown, True
    is_same = all(
        rule_set(used["standard"], used["edition"]).digest == used["digest"]
        for used in verdict.rule_sets
    )
    control = None
    if verdict.internal_factor is not None:
        control = InternalControl(verdict.internal_factor, Certainty.CONFIRMED)
    try:
        judge = judge_for(plate_for(record.task.model), scheme_for(verdict.scheme_version), control)
        is_transformer = record.task.model.kind in TRANSFORMERS
        seen = [observation_from(each.result, is_transformer=is_transformer) for each in shown]
        found = judge.judge([each for each in seen if each is not None])
    except (MetrologyError, BadInput):
        return shown, is_same
    verdicts = iter(found.verdicts)
    with_steps = []
    for each, observation in zip(shown, seen, strict=True):
        steps: tuple[Step, ...] = ()
        if observation is not None or each.result.is_derived:
            step_source = next(verdicts, None)
            steps = step_source.steps if step_source else ()
        with_steps.append(Shown(each.result, each.conclusion, each.internal, each.reason, steps))
    return with_steps, is_same


def _text(value: Decimal | None, places: int = 6) -> str | None:
    return None if value is None else plain_text(value, places)


def record_sheet(record: TestRecord) -> dict[str, Any]:
    """A record with its newest verdict, as plain data."""
    verdict = record.verdicts.order_by("-number").first()
    return {
        "record_no": record.number,
        "task_no": record.task.number,
        "barcode": record.device.barcode,
        "attempt": record.attempt,
        "attempt_reason": record.attempt_reason,
        "position": record.position,
        "bench_no": record.bench.barcode if record.bench else "",
        "started_at": record.started_at.isoformat() if record.started_at else None,
        "finished_at": record.finished_at.isoformat(),
        "received_at": record.received_at.isoformat(),
        "upload_id": record.upload.upload_id,
        "upload_sha256": record.upload.sha256,
        "standards": record.standards,
        "operators": record.operators,
        "environment": {
            name: _text(getattr(record, name))
            for name in (
                "temperature_start_c",
                "temperature_end_c",
                "humidity_start_pct",
                "humidity_end_pct",
            )
        },
        "bench_overall": record.bench_overall,
        "verdict": verdict_sheet(verdict) if verdict else None,
        "results": [
            {
                "seq": each.result.seq,
                "item": each.result.item,
                "point": each.result.point,
                "samples": [str(sample) for sample in each.result.samples],
                "facts": each.result.facts,
                "unit": each.result.unit,
                "bench": {
                    "mean": _text(each.result.bench_mean),
                    "rounded": each.result.bench_rounded,
                    "limit_low": _text(each.result.bench_limit_low),
                    "limit_high": _text(each.result.bench_limit_high),
                    "conclusion": each.result.bench_conclusion,
                },
                "value": _text(each.result.value, 12),
                "rounded": each.result.rounded_text,
                "limit_low": _text(each.result.limit_low),
                "limit_high": _text(each.result.limit_high),
                "internal_limit": _text(each.result.internal_limit),
                "conclusion": each.conclusion,
                "internal": each.internal,
                "reason": each.reason,
                "rule": each.result.rule_row,
                "certainty": each.result.certainty,
                "differences": each.result.differences,
            }
            for each in results_of(record, verdict)
        ],
    }


def verdict_sheet(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data."""
    return {
        "number": verdict.number,
        "outcome": verdict.outcome,
        "would_be": verdict.would_be,
        "legal": verdict.legal,
        "fitness": verdict.fitness,
        "internal": verdict.internal,
        "blocks": verdict.blocks,
        "failing_items": verdict.failing_items,
        "missing": verdict.missing,
        "outside_internal": verdict.outside_internal,
        "warnings": verdict.warnings,
        "differences": verdict.difference_count,
        "scheme": str(verdict.scheme_version),
        "rule_sets": verdict.rule_sets,
        "certainty": verdict.certainty,
        "digest": verdict.digest,
        "judged_at": verdict.judged_at.isoformat(),
    }


# -- what a reviewer looks at -----------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """One column of a histogram: from below `to_pct`, how many devices."""

    from_pct: Decimal
    to_pct: Decimal
    count: int


@dataclass(frozen=True)
class Distribution:
    """How the errors of the devices lie at one load point, %."""

    point: str
    limit_pct: Decimal
    band_pct: Decimal | None
    count: int
    mean_pct: Decimal
    deviation_pct: Decimal
    lowest_pct: Decimal
    highest_pct: Decimal
    outside_band: int
    outside_limit: int
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True)
class Group:
    """A position or an operator against all others: mean deviation in parts of the limit."""

    label: str
    count: int
    share_of_limit: Decimal
    is_apart: bool


@dataclass(frozen=True)
class SampleItem:
    """An item that only a sample is tested for, at one point over all its devices."""

    item: str
    point: str
    limit_high: Decimal | None
    unit: str
    count: int
    mean: Decimal
    lowest: Decimal
    highest: Decimal
    failed: int


@dataclass(frozen=True)
class Differing:
    """In what the bench's figures of an item are not ours, over all devices."""

    item: str
    code: str  # mean, rounded, limit, conclusion
    points: int
    devices: int


@dataclass
class Overview:
    """What a reviewer needs to see of a set of records."""

    distributions: list[Distribution] = field(default_factory=list)
    sample_items: list[SampleItem] = field(default_factory=list)
    differing: list[Differing] = field(default_factory=list)
    positions: list[Group] = field(default_factory=list)
    operators: list[Group] = field(default_factory=list)
    shares: dict[int, Decimal] = field(default_factory=dict)  # by record, at its worst point


BARS = 50  # a twentieth of the limit each, over 1.25 times the limit either way

# The two errors of a transformer are its basic error, each at points of its own. What was blocked
# at first is stored without conclusion: the newest verdict has it.
_RESULTS = """
(select record_id, seq, value, rounded, limit_high, internal_limit, unit,
        case when conclusion <> '' then conclusion
             else (select v.points -> verification_testresult.seq::text ->> 0
                     from verification_verdict v
                    where v.record_id = verification_testresult.record_id
                    order by v.number desc limit 1)
        end as conclusion,
        case when item in ('ratio_error', 'phase_displacement') then 'basic_error' else item end as item,
        case item when 'ratio_error' then 'f ' when 'phase_displacement' then 'δ ' else '' end || point as point
   from verification_testresult where record_id = any(%s))
"""
# One reading of the results for the table of points, of what only samples are tested for, and
# for the columns of the histograms: rows of a point (`bar` null) and rows of its columns.
_POINTS = f"""
select item, point, bar, grouping(bar) = 1 as is_point, max(limit_high), max(internal_limit), max(unit),
       count(*), avg(value), coalesce(stddev_samp(value), 0), min(value), max(value),
       count(*) filter (where abs(rounded) > internal_limit), count(*) filter (where abs(rounded) > limit_high),
       count(*) filter (where conclusion = 'fail'), min(seq)
  from (select *, case when item = 'basic_error'
                  then width_bucket(value / limit_high, -1.25, 1.25, %s) end as bar
          from {_RESULTS} t
         where value is not null
           and item in ('basic_error', 'consistency', 'variation', 'load_variation', 'standard_deviation')) r
 group by grouping sets ((item, point), (item, point, bar))
"""  # noqa: S608  no value in it
# Of each record the worst point, and the mean departure from the means of the points, both in
# parts of the limit.
_RECORDS = f"""
with mean as (select * from unnest(%s::text[], %s::numeric[]) as m (point, mean))
select r.record_id, max(abs(coalesce(r.rounded, r.value)) / r.limit_high),
       avg((r.value - m.mean) / r.limit_high)
  from {_RESULTS} r
  left join mean m on r.item = 'basic_error' and m.point = r.point and r.value is not null
 where r.limit_high > 0 and coalesce(r.rounded, r.value) is not null
   and r.item in ('basic_error', 'load_difference', 'clock_rate', 'demand')
 group by r.record_id
"""  # noqa: S608  no value in it
_WORST = f"""
select distinct on (record_id) record_id, point, item
  from {_RESULTS} r
 where limit_high > 0 and coalesce(rounded, value) is not null
   and item in ('basic_error', 'load_difference', 'clock_rate', 'demand')
 order by record_id, abs(coalesce(rounded, value)) / limit_high desc, seq
"""  # noqa: S608  no value in it
_DIFFERING = """
select r.item, code, count(*), count(distinct r.record_id)
  from verification_testresult r cross join unnest(r.differences) code
 where r.record_id = any(%s) and r.differences <> '{}' group by r.item, code order by 4 desc, 1, 2
"""
_WHOSE = """
select t.id, coalesce(t.position::text, '–'), e.name
  from verification_testrecord t join identity_person e on e.id = t.verifier_id where t.id = any(%s)
"""


def overview_of(record_ids: Sequence[int]) -> Overview:
    """Distributions per load point, worst devices, positions and operators that lie apart."""
    ids = list(record_ids)
    found = Overview()
    if not ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, [BARS, ids])
        _read_points(found, [Statistics(*row) for row in cursor.fetchall()])
        means = {one.point: one.mean_pct for one in found.distributions}
        cursor.execute(_RECORDS, [list(means), list(means.values()), ids])
        departures = {}
        for record_id, share, departure in cursor.fetchall():
            found.shares[record_id] = share
            if departure is not None:
                departures[record_id] = departure
        cursor.execute(_DIFFERING, [ids])
        found.differing = [Differing(*row) for row in cursor.fetchall()]
        cursor.execute(_WHOSE, [list(departures)])
        whose = cursor.fetchall()
    spread = stdev(departures.values()) if len(departures) > 1 else Decimal(0)
    found.positions = _groups([(place, departures[key]) for key, place, _name in whose], spread)
    found.operators = _groups([(name, departures[key]) for key, _place, name in whose], spread)
    return found


def worst_points(record_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """By record the point and item that lie nearest to, or furthest over, their limit."""
    with connection.cursor() as cursor:
        cursor.execute(_WORST, [list(record_ids)])
        return {key: (point, item) for key, point, item in cursor.fetchall()}


class Statistics(NamedTuple):
    """One row of `_POINTS`."""

    item: str
    point: str
    bar: int | None
    is_point: bool
    limit: Decimal
    band: Decimal | None
    unit: str
    count: int
    mean: Decimal
    deviation: Decimal
    lowest: Decimal
    highest: Decimal
    outside_band: int
    outside_limit: int
    failed: int
    seq: int


def _read_points(found: Overview, rows: list[Statistics]) -> None:
    bars: dict[str, dict[int, int]] = {}
    for row in rows:
        if row.item == "basic_error" and not row.is_point and row.bar is not None:
            bars.setdefault(row.point, {})[row.bar] = row.count
    points = [row for row in rows if row.is_point]
    for row in sorted(points, key=lambda row: (row.item, row.seq)):
        if row.item == "basic_error":
            found.distributions.append(
                Distribution(
                    row.point, row.limit, row.band, row.count, row.mean, row.deviation, row.lowest,
                    row.highest, row.outside_band, row.outside_limit,
                    _bars(bars.get(row.point, {}), row.limit),
                )
            )  # fmt: skip
        else:
            found.sample_items.append(
                SampleItem(
                    row.item, row.point, row.limit, row.unit, row.count, row.mean, row.lowest,
                    row.highest, row.failed,
                )
            )  # fmt: skip


def _bars(counts: dict[int, int], limit: Decimal) -> tuple[Bar, ...]:
    width = limit / 20
    low = -25 * width
    # What lies beyond either end is drawn at the end.
    inside: dict[int, int] = {}
    for bar, count in counts.items():
        place = min(max(bar, 1), BARS)
        inside[place] = inside.get(place, 0) + count
    return tuple(
        Bar(low + (bar - 1) * width, low + bar * width, inside.get(bar, 0))
        for bar in range(1, BARS + 1)
    )


def _groups(departures: Sequence[tuple[str, Decimal]], spread: Decimal) -> list[Group]:
    """The groups, those that stand out first, then by how far they lie apart.

    spread: standard deviation over all records.
    """
    by_label: dict[str, list[Decimal]] = {}
    for label, departure in departures:
        by_label.setdefault(label, []).append(departure)
    groups = []
    for label, values in by_label.items():
        share = sum(values, Decimal(0)) / len(values)
        is_apart = stands_out(share, Decimal(0), spread, len(values))
        groups.append(Group(label, len(values), share, is_apart))
    return sorted(
        groups, key=lambda g: (not g.is_apart, -abs(g.share_of_limit), len(g.label), g.label)
    )


def records_to_decide(task: VerificationTask, step: str) -> list[int]:
    """Keys of the records that wait in a step."""
    return list(
        task.devices.filter(step=step, is_open=True, record__isnull=False).values_list(
            "record_id", flat=True
        )
    )
