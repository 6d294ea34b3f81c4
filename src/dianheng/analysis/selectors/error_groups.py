"""Errors by maker, lot, bench, position, person, month: over the columns of all readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from dianheng.assets.models import Device, DeviceModel, Lot, Manufacturer
from dianheng.common.errors import BadInput, Text
from dianheng.common.lists.sources import COUNTED
from dianheng.identity.models import Person, Unit
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.observations import Observation
from dianheng.verification.models import TestRecord
from dianheng.verification.selectors.judging import record_judge_of

from ..columns import BASIC_ERROR, engine, points_there
from ..models import PointShape
from ..rules import Comparison, Drift, Group, compare, drift_of, is_apart, is_drifting

STEP = "step"  # of the distribution, beside the dimensions
STEP_PCT = 5  # width of a step of the distribution, % of the limit
AT_MOST = 200  # groups shown
DRIFTING = ("bench", "position", "standard", "person")  # what measures, and may move with time


@dataclass(frozen=True)
class Dimension:
    """By what errors are grouped: the column, the names of its keys, and the records behind one."""

    label: Text
    column: str
    names: Callable[[Sequence[Any]], dict[Any, str]]
    where: Callable[[str], dict[str, Any]]


def _named(model: Any, *fields: str) -> Callable[[Sequence[Any]], dict[Any, str]]:
    def names(keys: Sequence[Any]) -> dict[Any, str]:
        return {
            key: " ".join(str(each) for each in parts if each)
            for key, *parts in model.objects.filter(pk__in=list(keys)).values_list("pk", *fields)
        }

    return names


def _positions(keys: Sequence[Any]) -> dict[Any, str]:
    benches = {int(str(key).partition("/")[0]) for key in keys}
    codes = dict(Device.objects.filter(pk__in=benches).values_list("pk", "barcode"))
    named = {}
    for key in keys:
        bench, _slash, place = str(key).partition("/")
        named[key] = _("%(bench)s position %(no)s") % {"bench": codes[int(bench)], "no": place}
    return named


def _position(key: str) -> dict[str, Any]:
    bench, _slash, place = key.partition("/")
    return {"bench_id": _number(bench), "position": _number(place)}


def _number(key: str) -> int:
    """A key of the database; no larger one is sent there."""
    if len(key) > 18:
        raise ValueError(key)
    return int(key)


def _month(key: str) -> dict[str, Any]:
    first = date.fromisoformat(f"{key}-01")
    if first.year < 1900:
        raise ValueError(key)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return {"finished_at__gte": _midnight(first), "finished_at__lt": _midnight(after)}


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _as_they_are(keys: Sequence[Any]) -> dict[Any, str]:
    return {key: str(key) for key in keys}


DIMENSIONS = {
    "maker": Dimension(
        gettext_lazy("Maker"),
        "s.maker",
        _named(Manufacturer, "name"),
        lambda key: {"device__model__manufacturer_id": _number(key)},
    ),
    "model": Dimension(
        gettext_lazy("Model"),
        "s.model",
        _named(DeviceModel, "code", "name"),
        lambda key: {"device__model_id": _number(key)},
    ),
    "lot": Dimension(
        gettext_lazy("Lot"),
        "p.lot",
        _named(Lot, "code"),
        lambda key: {"device__lot_id": _number(key)},
    ),
    "bench": Dimension(
        gettext_lazy("Bench"),
        "p.bench",
        _named(Device, "barcode", "model__name"),
        lambda key: {"bench_id": _number(key)},
    ),
    "position": Dimension(
        pgettext_lazy("bench", "Position"),
        "p.bench || '/' || p.position",
        _positions,
        _position,
    ),
    "person": Dimension(
        gettext_lazy("Verifier"),
        "p.verifier",
        _named(Person, "name"),
        lambda key: {"verifier_id": _number(key)},
    ),
    "standard": Dimension(
        gettext_lazy("Standard"),
        "unnest(string_split(p.standards, ' '))::bigint",
        _named(Device, "barcode", "model__name"),
        lambda key: {"standard_ids__contains": [_number(key)]},
    ),
    "month": Dimension(
        gettext_lazy("Month"), "strftime(p.day, '%Y-%m')", _as_they_are, _month
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What is asked: grouped by what, at which point, of which tests.

    Attributes:
        point: load and factor, such as `Ib 1.0`; empty: every point.
        is_drift: the change of the same device between its first and last test, not the error.
    """

    by: str = "bench"
    point: str = ""
    from_day: date | None = None
    through_day: date | None = None
    is_drift: bool = False
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroupFound:
    """A group by its records, its name, and its points; all in % of the limit."""

    group: Group
    name: str
    points: int
    mean: float
    deviation: float
    lowest: float
    highest: float
    outside: int
    is_apart: bool
    drift: Drift | None = None  # where it moves with time


@dataclass(frozen=True)
class Found:
    """Groups, how they compare, and how errors are distributed: lower edge of a step → values."""

    groups: list[GroupFound] = field(default_factory=list)
    comparison: Comparison | None = None
    steps: dict[int, int] = field(default_factory=dict)
    count: int = 0
    more: int = 0
    missing: int = 0  # records that the columns do not hold yet

    @property
    def share_pct(self) -> str:
        """Part of the variation that lies between the groups, in per cent."""
        return "" if self.comparison is None else f"{self.comparison.share * 100:.1f}"

    @property
    def ratio(self) -> str:
        """F of the analysis of variance."""
        ratio = self.comparison.ratio if self.comparison else None
        return "–" if ratio is None else f"{ratio:.1f}"


def points_measured() -> list[str]:
    """Loads and factors at which errors were measured, for the choice."""
    rows = (
        PointShape.objects.filter(item=BASIC_ERROR).values_list("load_point", "factor").distinct()
    )
    return sorted({f"{load} {factor}" for load, factor in rows})


def error_groups(asked: Asked) -> Found:
    """Group the errors of all records, in % of the limit of their points.

    Raises:
        BadInput: no such dimension.
    """
    dimension = DIMENSIONS.get(asked.by)
    if dimension is None:
        raise BadInput(_("Choose by what errors are grouped."))
    there = points_there()
    with engine() as columns:
        if not _lay_seen(columns, asked, there.files, dimension.column):
            return Found(missing=there.missing)
        # Points of one meter err alike: groups are compared by the means of their records.
        rows = columns.execute(
            """
            with thing as (select key, thing, avg(value) as value, count(*) as points,
                                  min(value) as low, max(value) as high, sum(value * value) as squares,
                                  count(*) filter (abs(value) > 100) as outside
                             from seen where key is not null group by key, thing)
            select key::varchar, count(*), avg(value), coalesce(stddev_samp(value), 0),
                   sum(points)::bigint, sum(value * points) / sum(points),
                   sqrt(greatest(0, sum(squares) / sum(points)
                                    - (sum(value * points) / sum(points)) ** 2)),
                   min(low), max(high), sum(outside)::bigint
              from thing group by 1 order by 1
            """
        ).fetchall()
        moving = {} if asked.is_drift or asked.by not in DRIFTING else _drifts(columns)
        steps = columns.execute(
            f"select floor(value / {STEP_PCT})::int * {STEP_PCT}, count(*) from seen"
            " where abs(value) <= 200 group by 1 order by 1"
        ).fetchall()
    groups = [Group(key, count, mean, deviation) for key, count, mean, deviation, *_x in rows]
    comparison = compare(groups)
    names = dimension.names([_key(each.key) for each in groups])
    found = [
        GroupFound(
            group,
            names.get(_key(group.key), group.key),
            *row[4:],
            comparison is not None and is_apart(group, comparison),
            moving.get(group.key),
        )
        for group, row in zip(groups, rows, strict=True)
    ]
    if asked.by != "month":
        # What stands out first, then the largest means.
        found.sort(key=lambda one: (not one.is_apart, one.drift is None, -abs(one.mean)))
    return Found(
        found[:AT_MOST],
        comparison,
        dict(steps),
        sum(one.points for one in found),
        max(0, len(found) - AT_MOST),
        there.missing,
    )


def _lay_seen(columns: Any, asked: Asked, files: Sequence[str], key: str) -> bool:
    """Lay what is asked about as `seen`; False where there is nothing.

    A change is that of the last test of a device at a point, less its first; it counts where, by
    whom and with what the last was made.
    """
    units = visible_units(asked.paths)
    if not files or not units:
        return False
    where, given = ["p.total is not null"], []
    for text, value in (
        ("p.day >= ?", asked.from_day),
        ("p.day <= ?", asked.through_day),
        ("s.point = ?", asked.point or None),
    ):
        if value is not None:
            where.append(text)
            given.append(value)
    query = f"""
        select {key} as key, p.record as thing, p.total / p.count / 1e6 / s.limit_pct * 100 as value,
               p.day, p.record, p.device, s.point, s.phases, s.direction
          from read_parquet(?) p join shape s on s.id = p.shape join unit u on u.id = p.unit
         where {" and ".join(where)}
    """
    if asked.is_drift:
        query = f"""
            select key, device as thing, value - earliest as value, day, record
              from (select *, first_value(value) over same as earliest,
                           min(record) over same as first, max(record) over same as last
                      from ({query})
                    window same as (partition by device, point, phases, direction order by record
                                    rows between unbounded preceding and unbounded following))
             where record = last and first < last
        """
    _lay_shapes(columns)
    columns.execute("create temp table unit (id INTEGER)")
    columns.execute("insert into unit select unnest(?)", [units])
    columns.execute(f"create temp table seen as {query}", [list(files), *given])
    return True


def _drifts(columns: Any) -> dict[str, Drift]:
    """Groups of `seen` whose errors move with time."""
    rows = columns.execute(
        """
        with thing as (select key, thing, avg(value) as value,
                              datediff('day', date '2000-01-01', any_value(day)) as moment
                         from seen where key is not null group by key, thing)
        select key::varchar, count(*), max(moment) - min(moment), regr_sxx(value, moment),
               regr_sxy(value, moment), regr_syy(value, moment)
          from thing group by 1
        """
    ).fetchall()
    found = {
        key: drift_of(count=count, days=days, sxx=sxx or 0.0, sxy=sxy or 0.0, syy=syy or 0.0)
        for key, count, days, sxx, sxy, syy in rows
    }
    return {key: one for key, one in found.items() if one is not None and is_drifting(one)}


def records_of(by: str, key: str, paths: Sequence[str]) -> QuerySet[TestRecord]:
    """The records behind a group."""
    dimension = DIMENSIONS.get(by)
    try:
        if by == STEP:
            where: dict[str, Any] = {"pk__in": _records_in_step(key, paths)}
        else:
            where = dimension.where(key) if dimension else {"pk__in": []}
    except (ValueError, OverflowError):
        where = {"pk__in": []}
    return (
        TestRecord.objects.filter(**where, task__unit__in=visible_units(paths))
        .defer("received", "standards", "operators")
        .select_related("device__model__manufacturer", "task", "bench", "verifier", "task_device")
    )


def step_key(asked: Asked, step: int) -> str:
    """A step of the distribution, for an address."""
    kind = "drift" if asked.is_drift else ""
    days = (str(day or "") for day in (asked.from_day, asked.through_day))
    return ";".join((str(step), asked.point, *days, kind))


def _records_in_step(key: str, paths: Sequence[str]) -> list[int]:
    """Records with a value in a step of the distribution, the newest ones.

    Raises:
        ValueError: the key is none of `step_key`.
    """
    step, point, *days, kind = key.split(";")
    from_day, through_day = (date.fromisoformat(day) if day else None for day in days)
    asked = Asked("", point, from_day, through_day, kind == "drift", tuple(paths))
    with engine() as columns:
        if not _lay_seen(columns, asked, points_there().files, "null"):
            return []
        rows = columns.execute(
            f"select distinct record from seen where floor(value / {STEP_PCT})::int * {STEP_PCT} = ?"
            " and abs(value) <= 200 order by record desc limit ?",
            [_number(step), COUNTED + 1],
        ).fetchall()
    return [record for (record,) in rows]


def visible_units(paths: Sequence[str]) -> list[int]:
    """Keys of the units that lie under the paths."""
    return [
        key
        for key, path in Unit.objects.values_list("pk", "path")
        if any(path.startswith(each) for each in paths)
    ]


def _key(text: str) -> Any:
    return int(text) if text.isdecimal() else text


def _lay_shapes(columns: Any) -> None:
    """Points by their key, with the limit of the rule of their records."""
    rows = []
    shapes = PointShape.objects.filter(item=BASIC_ERROR)
    for shape in shapes.select_related("model", "scheme_version"):
        seen = Observation(
            BASIC_ERROR, shape.direction, shape.phases, shape.load_point, shape.factor
        )
        try:
            rule = record_judge_of(shape.model, shape.scheme_version).rule_at(seen)[0]
        except (MetrologyError, BadInput):
            continue  # no limit: nothing to hold the error against
        rows.append(
            (
                shape.pk,
                shape.model_id,
                shape.model.manufacturer_id,
                f"{shape.load_point} {shape.factor}",
                shape.phases,
                shape.direction,
                float(rule.limit_pct),
            )
        )
    columns.execute(
        "create temp table shape (id INTEGER, model BIGINT, maker BIGINT, point VARCHAR,"
        " phases VARCHAR, direction VARCHAR, limit_pct DOUBLE)"
    )
    if rows:
        columns.executemany("insert into shape values (?, ?, ?, ?, ?, ?, ?)", rows)
