"""What a reviewer sees of a set of records: distributions, and what lies apart or differs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import stdev
from typing import NamedTuple

from django.db import connection

from ..rules import stands_out


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

# The two errors of a transformer are its basic error, each at points of its own. The newest verdict
# has the conclusion, by the rule of `put_conclusions`.
_RESULTS = """
(select record_id, seq, value, rounded, limit_high, internal_limit, unit,
        (select case when v.outcome = 'blocked' then ''
                     else coalesce(v.points -> r.seq::text ->> 0, r.conclusion) end
           from verification_verdict v where v.record_id = r.record_id
          order by v.number desc limit 1) as conclusion,
        case when item in ('ratio_error', 'phase_displacement') then 'basic_error' else item end as item,
        case item when 'ratio_error' then 'f ' when 'phase_displacement' then 'δ ' else '' end || point as point
   from verification_testresult r where record_id = any(%s))
"""
# One reading of the results for the table of points, of what only samples are tested for, and
# for the columns of the histograms: rows of a point (`bar` null) and rows of its columns.
_POINTS = f"""
select item, point, bar, grouping(bar) = 1 as is_point, max(limit_high), max(internal_limit), max(unit),
       count(*), avg(value), coalesce(stddev_samp(value), 0), min(value), max(value),
       count(*) filter (where abs(rounded) > internal_limit), count(*) filter (where abs(rounded) > limit_high),
       count(*) filter (where item <> 'basic_error' and conclusion = 'fail'), min(seq)
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
