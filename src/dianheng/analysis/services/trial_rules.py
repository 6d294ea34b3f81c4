"""The rules of a trial as tables beside the columns: bounds by shape and number of readings."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb
from django.db import connection

from dianheng.common.errors import BadInput
from dianheng.identity.models import Unit
from dianheng.metrology.changes import AS_IT_IS, Change
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.items import Item
from dianheng.metrology.limits import SINGLE_PHASE_LOAD
from dianheng.metrology.observations import Observation
from dianheng.metrology.quantities import EXACT, ZERO
from dianheng.metrology.records import RecordJudge, is_at_base, loading_of
from dianheng.metrology.retrial import DECIMALS, SumBounds, bounds_by_asking, sum_bounds
from dianheng.metrology.schemes import LoadPoint
from dianheng.metrology.verdicts import Conclusion, Verdict
from dianheng.verification.selectors.judging import (
    StoredPoint,
    is_of_transformers,
    judge_of,
)

from ..choices import ERRORS_ONLY, Judged
from ..columns import BASIC_ERROR, ERRORS, STABILITY, STABILITY_DECIMALS, STATED, UP_DOWN
from ..models import PointShape, RuleTrial
from ..selectors import is_for_transformers

POINT, ITEM, NO_LIMIT = 0, 1, 2  # what a line of the columns is
LEGAL, OF_COMPANY = 1, 2  # for what it counts; 0: for nothing
CODES = {
    Conclusion.PASS: Judged.PASS.value,
    Conclusion.INCOMPLETE: Judged.INCOMPLETE.value,
    Conclusion.FAIL: Judged.FAIL.value,
}
# What keeps a record open whatever the rule of its points says.
OPEN_FOR_ALL = ("not_tested", "not_recorded", "bench_failed_unjudged")
_BOUNDS = (
    "shape INTEGER, count INTEGER, is_known BOOLEAN, first_count INTEGER, needed INTEGER,"
    " first_through BIGINT, band_from BIGINT, band_to BIGINT, all_through BIGINT"
)
_NO_RULE = (False, 0, 0, 0, 0, 0, 0)
# What the newest verdict of a record found wrong or missing, item by item.
_OPEN = """
select v.record_id, v.scheme_version_id, v.failing_items, v.missing
  from verification_verdict v
 where (v.failing_items <> '{}' or v.missing <> '[]') and v.legal <> ''
   and not exists (select from verification_verdict n
                    where n.record_id = v.record_id and n.number > v.number)
"""


@dataclass(frozen=True)
class Judges:
    """What judges a shape of a point, as recorded and as tried; None: nothing can."""

    shape: PointShape
    is_transformer: bool
    before: Any
    after: Any
    difference: Any  # as tried, for single-phase against balanced load; else as recorded


@dataclass
class Rules:
    """What a trial judges by; items have a number in the columns."""

    judges: dict[int, Judges] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)
    has_differences: bool = False  # points are compared with each other

    def number_of(self, item: str) -> int:
        """The number of an item."""
        if item not in self.items:
            self.items.append(item)
        return self.items.index(item)


def lay_rules(columns: duckdb.DuckDBPyConnection, trial: RuleTrial, files: Sequence[str]) -> Rules:
    """Lay what judges beside the columns: bounds, units, records without verdict, what is open."""
    rules = Rules()
    counts = _counts(columns, files)
    forms, rows, tried = [], [], []
    has_differences = _is_asked(trial, Item.LOAD_DIFFERENCE)
    for one in _judges(trial):
        shape, item = one.shape, _item(one.shape.item)
        asked = one.before or one.after
        if asked is None or (item != shape.item and not asked.counts(item)):
            continue  # derived from an error, but the scheme does not ask for it
        rules.judges[shape.pk] = one
        if _is_asked(trial, item):
            weight = (LEGAL if asked.is_legal(item) else OF_COMPANY) if asked.counts(item) else 0
            forms.append((shape.pk, rules.number_of(item), weight, _kind(shape.item)))
        elif not (has_differences and item == BASIC_ERROR):
            continue  # what the verdict says of it stands
        for count in counts.get(shape.pk, ()):
            for judge, lines in ((one.before, rows), (one.after, tried)):
                lines.append((shape.pk, count, *_row(_bounds(judge, one, count))))
    _lay(columns, "form", "shape INTEGER, item SMALLINT, weight TINYINT, kind TINYINT", forms)
    _lay(columns, "rule", _BOUNDS, rows)
    _lay(columns, "tried", _BOUNDS, tried)
    _lay(columns, "said", "shape INTEGER, said VARCHAR, before TINYINT, after TINYINT", [])
    rules.has_differences = has_differences and _lay_differences(columns, rules, counts)
    units = Unit.objects.filter(path__startswith=trial.unit.path).values_list("pk")
    _lay(columns, "unit", "id INTEGER", list(units))
    _lay_records(columns, rules)
    return rules


def _lay(
    columns: duckdb.DuckDBPyConnection, table: str, kinds: str, rows: Sequence[Sequence[Any]]
) -> None:
    columns.execute(f"create temp table {table} ({kinds})")
    _insert(columns, table, rows)


def _insert(columns: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        lists = [list(each) for each in zip(*rows, strict=True)]
        places = ", ".join(["unnest(?)"] * len(lists))
        columns.execute(f"insert into {table} select {places}", lists)


def judge_statements(columns: duckdb.DuckDBPyConnection, rules: Rules) -> Iterator[int]:
    """Judge every statement of `new_said` by its rule and by the one tried, each once.

    Yields how many are done, some hundred at a time, so that one may stop.
    """
    rows = columns.execute("select shape, said from new_said").fetchall()
    for start in range(0, len(rows), 500):
        judged = []
        for shape, said in rows[start : start + 500]:
            one = rules.judges[shape]
            seen = _stated(one, said)
            if seen is None:
                judged.append((shape, said, None, None))  # nothing that could be judged
                continue
            before, after = (
                _code(_verdict(judge, seen, seen.item)) for judge in (one.before, one.after)
            )
            judged.append((shape, said, before, after))
        _insert(columns, "said", judged)
        yield start + len(judged)


def _lay_differences(
    columns: duckdb.DuckDBPyConnection, rules: Rules, counts: dict[int, list[int]]
) -> bool:
    """Points at which single-phase and balanced load are compared, and the bounds of differences.

    The difference of two means is a whole number over the product of how many readings they are
    of.
    """
    bases, bounds = [], []
    of_base = {}
    for one in rules.judges.values():
        judges = (one.before, one.after, one.difference)
        if one.shape.item != BASIC_ERROR or not all(isinstance(j, RecordJudge) for j in judges):
            continue
        try:
            rule, point, _text = one.before.rule_at(_seen(one.shape, ()))
        except MetrologyError:
            continue
        if is_at_base(point):
            of_base[one.shape.pk] = (one, point, rule.first_count)
    means = {first for _one, _point, first in of_base.values()}
    means |= {count for shape in of_base for count in counts.get(shape, ())}
    products = {a * b for a in means for b in means}
    number = rules.number_of(Item.LOAD_DIFFERENCE.value)
    for key, (one, point, _first) in of_base.items():
        is_single = loading_of(point) == SINGLE_PHASE_LOAD
        weight = LEGAL if one.before.counts(Item.LOAD_DIFFERENCE) else 0
        bases.append((key, is_single, point.direction.value, number, weight))
        if not is_single:
            continue
        for product in products:
            found = [_difference(judge, point, product) for judge in (one.before, one.difference)]
            if None not in found:
                bounds.append((key, product, *found))
    kinds = "shape INTEGER, is_single BOOLEAN, direction VARCHAR, item SMALLINT, weight TINYINT"
    _lay(columns, "base", kinds, bases)
    kinds = "shape INTEGER, product INTEGER, before BIGINT, after BIGINT"
    _lay(columns, "difference", kinds, bounds)
    return bool(bounds)


def _difference(judge: RecordJudge, point: LoadPoint, product: int) -> int | None:
    """Largest difference that passes, in millionths over the product; None: it has no limit."""

    def verdict_on(total: int) -> Verdict | None:
        value = EXACT.divide(Decimal(total).scaleb(-DECIMALS), Decimal(product))
        return judge.difference(point.direction.value, point.phases, ZERO, value)

    if verdict_on(0) is None:
        return None
    return bounds_by_asking(verdict_on, product).first_through


def _lay_records(columns: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Records without verdict, of which no conclusion could change, and what is open in others."""
    legal: dict[int, Callable[[str], bool]] = {}
    for one in rules.judges.values():
        asked = one.before or one.after
        legal.setdefault(one.shape.scheme_version_id, asked.is_legal)
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.id from verification_testrecord t where not exists (select from"
            " verification_verdict v where v.record_id = t.id and v.legal <> '')"
        )
        _lay(columns, "blocked", "record BIGINT", cursor.fetchall())
        cursor.execute(_OPEN)
        rows = []
        for record, version, failing, missing in cursor.fetchall():
            if version not in legal:
                continue
            found = [(item, Judged.FAIL.value, False) for item in failing]
            for each in json.loads(missing) if isinstance(missing, str) else missing:
                is_for_all = each["reason"] in OPEN_FOR_ALL
                found.append((each["item"], Judged.INCOMPLETE.value, is_for_all))
            for item, code, is_for_all in sorted(set(found)):
                weight = LEGAL if legal[version](item) else OF_COMPANY
                rows.append((record, rules.number_of(item), weight, code, is_for_all))
    kinds = "record BIGINT, item SMALLINT, weight TINYINT, code TINYINT, is_for_all BOOLEAN"
    _lay(columns, "open_item", kinds, rows)


def _counts(columns: duckdb.DuckDBPyConnection, files: Sequence[str]) -> dict[int, list[int]]:
    """How many readings there are at the points of a shape."""
    found: dict[int, list[int]] = {}
    if files:
        rows = columns.execute(
            "select distinct shape, count from read_parquet(?) where total is not null",
            [list(files)],
        ).fetchall()
        for shape, count in rows:
            found.setdefault(shape, []).append(count)
    return found


def _judges(trial: RuleTrial) -> Iterator[Judges]:
    """Shapes that the trial is about, with their judges."""
    change = Change(trial.limit_factor, trial.interval_factor)
    tried = (trial.tried_standard, trial.tried_edition) if trial.tried_standard else None
    shapes = PointShape.objects.select_related("model", "scheme_version")
    if trial.standard:
        shapes = shapes.filter(
            scheme_version__standard=trial.standard, scheme_version__edition=trial.edition
        )
    for shape in shapes:
        is_transformer = is_of_transformers(shape.scheme_version)
        if tried and is_for_transformers(*tried) is not is_transformer:
            continue  # a rule of transformers says nothing of meters
        before, after = _judge(shape, None, AS_IT_IS), _judge(shape, tried, change)
        yield Judges(
            shape,
            is_transformer,
            before,
            after if _is_asked(trial, _item(shape.item)) else before,
            after if _is_asked(trial, Item.LOAD_DIFFERENCE) else before,
        )


def _is_asked(trial: RuleTrial, item: str) -> bool:
    """Whether a trial is about an item; the others are judged as they were."""
    if trial.item == ERRORS_ONLY:
        return item == BASIC_ERROR or item in ERRORS
    return trial.item in ("", item)


def _judge(shape: PointShape, edition: tuple[str, str] | None, change: Change) -> Any:
    try:
        return judge_of(shape.model, shape.scheme_version, edition, change)
    except (MetrologyError, BadInput):
        return None


def _item(name: str) -> str:
    """The item of a line: `stability` of `ratio_error/stability`."""
    return name.rpartition("/")[2]


def _kind(item: str) -> int:
    if item == BASIC_ERROR or item in ERRORS:
        return POINT
    return ITEM if item in STATED or "/" in item else NO_LIMIT


def _bounds(judge: Any, one: Judges, count: int) -> SumBounds | None:
    """Bounds of the sums of a shape; None: it has no rule."""
    if judge is None:
        return None
    shape = one.shape
    if shape.item == BASIC_ERROR:
        if not isinstance(judge, RecordJudge):
            return None
        try:
            rule = judge.rule_at(_seen(shape, ()))[0]
        except MetrologyError:
            return None
        return sum_bounds(rule, count, takes_extra=judge.scheme.takes_extra)
    decimals = STABILITY_DECIMALS if shape.item.endswith(STABILITY) else DECIMALS
    # What falls is read after what rises: their difference is a sum by itself.
    is_change = shape.item.endswith(UP_DOWN)
    zeros = [ZERO] * (count - 1)

    def verdict_on(total: int) -> Verdict | None:
        value = Decimal(total).scaleb(-decimals)
        samples = (ZERO, value) if is_change else (value, *zeros)
        return _verdict(judge, _seen(shape, samples), _item(shape.item))

    return bounds_by_asking(verdict_on, count, 10**decimals)


def _seen(shape: PointShape, samples: tuple[Decimal, ...]) -> Observation:
    """An observation at a shape with readings of which only the mean counts."""
    item = shape.item.partition("/")[0]
    facts = {"ratio": shape.ratio, "previous": "0"} if item in ERRORS else {}
    return Observation(
        item, shape.direction, shape.phases, shape.load_point, shape.factor, samples, facts
    )


def _stated(one: Judges, said: str) -> Observation | None:
    """An observation as it was stated."""
    samples, _bar, facts = said.partition("|")
    shape = one.shape
    point = StoredPoint(
        shape.item,
        shape.direction,
        shape.phases,
        shape.load_point,
        shape.factor,
        tuple(Decimal(each) for each in samples.split()),
        json.loads(facts) if facts else None,
    )
    return point.observation(is_transformer=one.is_transformer)


def _verdict(judge: Any, seen: Observation, item: str) -> Verdict | None:
    """The verdict of the judge of records on an item; None: there is none."""
    if judge is None:
        return None
    try:
        found = judge.verdicts_on(seen)
    except MetrologyError:
        return None
    return next((each for each in found if each.item == item), None)


def _code(verdict: Verdict | None) -> int:
    return Judged.INCOMPLETE.value if verdict is None else CODES[verdict.conclusion]


def _row(bounds: SumBounds | None) -> tuple[Any, ...]:
    return _NO_RULE if bounds is None else (True, *bounds)
