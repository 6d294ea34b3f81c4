"""Errors of current and voltage transformers: limits between the points, and the verdict."""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from dianheng.metrology.errors import NoRule
from dianheng.metrology.items import Item
from dianheng.metrology.quantities import EXACT, plain_text
from dianheng.metrology.rule_sets import RuleRef, RuleSet, TableRow, joint_ref
from dianheng.metrology.verdicts import Conclusion, Step, Verdict, measured_verdict


class Device(StrEnum):
    """Kind of transformer; a combined one is judged as one of each."""

    CURRENT = "CT"
    VOLTAGE = "PT"


class LimitPoint(NamedTuple):
    """One row of the table: symmetric limits at a percent of the rated current or voltage."""

    percent_rated: Decimal
    f_pct: Decimal
    delta_min: Decimal
    source: TableRow


class TransformerLimit(NamedTuple):
    """Limits at a point; `rows` has one row, or the two between which the point lies."""

    f_pct: Decimal
    delta_min: Decimal
    rows: tuple[TableRow, ...]


class TransformerVerdict(NamedTuple):
    """Ratio error and phase displacement, judged one by one; both must pass."""

    f: Verdict
    delta: Verdict

    @property
    def is_passed(self) -> bool:
        """Both are within their limits."""
        return self.f.conclusion is self.delta.conclusion is Conclusion.PASS

    @property
    def rule(self) -> RuleRef:
        """The rows behind both."""
        return joint_ref((self.f.rule, self.delta.rule))


class MeasuringPoint(NamedTuple):
    """A point to be measured: percent of rated current or voltage, at which burden."""

    burden: str  # rated, lower
    percent_rated: Decimal


@lru_cache(maxsize=64)
def limit_points(rules: RuleSet) -> dict[tuple[str, str], tuple[LimitPoint, ...]]:
    """The points of every device and class of an edition, by rising percent.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> [str(p.f_pct) for p in limit_points(rule_set("JJG 1021", "2007"))["CT", "0.2S"]]
    ['0.75', '0.35', '0.2', '0.2', '0.2']
    """
    found: dict[tuple[str, str], list[LimitPoint]] = {}
    for line in rules.table("limits"):
        cells = line.cells
        found.setdefault((cells["device"], cells["accuracy_class"]), []).append(
            LimitPoint(
                Decimal(cells["percent_rated"]),
                Decimal(cells["f_pct"]),
                Decimal(cells["delta_min"]),
                line,
            )
        )
    return {kind: tuple(sorted(points)) for kind, points in found.items()}


@lru_cache(maxsize=8192)
def transformer_limit(
    rules: RuleSet, *, device: Device, accuracy_class: str, percent_rated: Decimal
) -> TransformerLimit:
    """Limits of ratio error and phase displacement at a percent of the rated current or voltage.

    Between two points of the table both limits follow a straight line.

    Args:
        rules: edition of JJG 313, 314, 1021 or 1189.3.
        device: current or voltage transformer.
        accuracy_class: `0.1` to `1`, `0.1S` to `0.5S`, in laboratories finer ones.
        percent_rated: primary current or voltage, % of the rated one.

    Returns:
        Limits in % and minutes of arc, both ±.

    Raises:
        NoRule: no such class (`no_class`), or outside the points of the class (`no_point_limit`).

    Source:
        docs/sources/jjg-1021.md, limits.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> found = transformer_limit(rule_set("JJG 1021", "2007"), device=Device.CURRENT,
    ...                           accuracy_class="0.2S", percent_rated=Decimal("12.5"))
    >>> found.f_pct, found.delta_min
    (Decimal('0.275'), Decimal('12.5'))
    """
    points = limit_points(rules).get((device.value, accuracy_class))
    if points is None:
        raise NoRule(
            "no_class",
            f"{rules.name} has no limits for this class",
            {"device": device.value, "accuracy_class": accuracy_class},
        )
    place = bisect_left([each.percent_rated for each in points], percent_rated)
    if place < len(points) and points[place].percent_rated == percent_rated:
        point = points[place]
        return TransformerLimit(point.f_pct, point.delta_min, (point.source,))
    if not 0 < place < len(points):
        first, last = plain_text(points[0].percent_rated), plain_text(points[-1].percent_rated)
        raise NoRule(
            "no_point_limit",
            f"{rules.name} has limits from {first} % to {last} % for this class",
            {"percent_rated": plain_text(percent_rated), "least": first, "greatest": last},
        )
    low, high = points[place - 1], points[place]
    return TransformerLimit(
        _between(low, high, percent_rated, low.f_pct, high.f_pct),
        _between(low, high, percent_rated, low.delta_min, high.delta_min),
        (low.source, high.source),
    )


def transformer_verdict(
    rules: RuleSet,
    *,
    device: Device,
    accuracy_class: str,
    percent_rated: Decimal,
    f_pct: Decimal,
    delta_min: Decimal,
) -> TransformerVerdict:
    """Judge ratio error and phase displacement at a point, each rounded first.

    Args:
        rules: edition of JJG 313, 314, 1021 or 1189.3.
        device: current or voltage transformer.
        accuracy_class: as on the plate.
        percent_rated: primary current or voltage, % of the rated one.
        f_pct: ratio error, %.
        delta_min: phase displacement, minutes of arc; positive where the secondary leads.

    Raises:
        NoRule: the class or the point has no limit.

    Source:
        docs/sources/jjg-1021.md, limits and rounding.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> verdict = transformer_verdict(rule_set("JJG 1021", "2007"), device=Device.CURRENT,
    ...     accuracy_class="0.2S", percent_rated=Decimal(20), f_pct=Decimal("0.211"),
    ...     delta_min=Decimal("3.1"))
    >>> verdict.f.rounded_text, verdict.delta.rounded_text, verdict.is_passed
    ('+0.22', '+3', False)
    """
    rule = point_rules(
        rules, device=device, accuracy_class=accuracy_class, percent_rated=percent_rated
    )
    point = f"{plain_text(percent_rated)} %"
    return TransformerVerdict(
        quantity_verdict(rule.f, value=f_pct, point=point),
        quantity_verdict(rule.delta, value=delta_min, point=point),
    )


class QuantityRule(NamedTuple):
    """Everything that judges one of the two errors at a point."""

    item: Item
    unit: str
    limit: Decimal
    interval: Decimal
    ref: RuleRef
    shape: tuple[Step, ...]  # how the limit came about between two points


class PointRules(NamedTuple):
    """What judges ratio error and phase displacement at a point, looked up once."""

    f: QuantityRule
    delta: QuantityRule

    def of(self, item: str) -> QuantityRule:
        """The one of an item."""
        return self.f if item == Item.RATIO_ERROR else self.delta


@lru_cache(maxsize=8192)
def point_rules(
    rules: RuleSet, *, device: Device, accuracy_class: str, percent_rated: Decimal
) -> PointRules:
    """Limits, rounding intervals and rows of both errors at a point.

    Raises:
        NoRule: the class or the point has no limit.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> point_rules(rule_set("JJG 1021", "2007"), device=Device.CURRENT, accuracy_class="0.2S",
    ...             percent_rated=Decimal(5)).delta.limit
    Decimal('15')
    """
    limit = transformer_limit(
        rules, device=device, accuracy_class=accuracy_class, percent_rated=percent_rated
    )
    shape: tuple[Step, ...] = ()
    line = []
    if len(limit.rows) > 1:
        line = [rules.figure("interpolation/between_points")]
        ends = tuple(Decimal(row.cells["percent_rated"]) for row in limit.rows)
        shape = (Step("between_points", {"percent_rated": percent_rated, "points": ends}),)
    f_interval = rules.figure(f"rounding_interval_pct/{accuracy_class}")
    delta_interval = rules.figure(f"rounding_interval_min/{accuracy_class}")
    return PointRules(
        QuantityRule(
            Item.RATIO_ERROR,
            "%",
            limit.f_pct,
            f_interval.value,
            rules.ref(*limit.rows, *line, f_interval),
            shape,
        ),
        QuantityRule(
            Item.PHASE_DISPLACEMENT,
            "′",
            limit.delta_min,
            delta_interval.value,
            rules.ref(*limit.rows, *line, delta_interval),
            shape,
        ),
    )


def quantity_verdict(
    rule: QuantityRule, *, value: Decimal, point: str, samples: Sequence[Decimal] = ()
) -> Verdict:
    """Judge one of the two errors: rounded to the interval of the class, the rounded one decides."""
    return measured_verdict(
        rule.item.value,
        value=value,
        limit=rule.limit,
        ref=rule.ref,
        unit=rule.unit,
        interval=rule.interval,
        point=point,
        samples=samples,
        derivation=rule.shape,
    )


def reading_resolution(rules: RuleSet, accuracy_class: str, item: str) -> Decimal | None:
    """To what the tester must show an error of this class; None where the edition does not say.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> reading_resolution(rule_set("JJG 1021", "2007"), "0.2S", "ratio_error")
    Decimal('0.001')
    """
    unit = "pct" if item == Item.RATIO_ERROR else "min"
    figure = rules.find(f"reading_resolution_{unit}/{accuracy_class.rstrip('S')}")
    return None if figure is None else figure.value


def points_to_measure(
    rules: RuleSet,
    *,
    device: Device,
    accuracy_class: str,
    rated_kv: Decimal | None = None,
    is_standard: bool = False,
) -> tuple[MeasuringPoint, ...]:
    """Points that a verification measures, at rated and at lower burden.

    Args:
        rules: edition of JJG 313, 314, 1021 or 1189.3.
        device: current or voltage transformer.
        accuracy_class: classes with S are measured at 1 % too.
        rated_kv: decides the upper voltage of a voltage transformer: 110 % from 330 kV, 115 %
            below; 120 % where it is not known.
        is_standard: it serves as a standard of a laboratory, which has more points.

    Raises:
        NoRule: the edition has no table of points.

    Source:
        docs/sources/jjg-1021.md, points.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> found = points_to_measure(rule_set("JJG 1021", "2007"), device=Device.VOLTAGE,
    ...                           accuracy_class="0.2", rated_kv=Decimal(110))
    >>> [f"{each.burden} {each.percent_rated}" for each in found]
    ['rated 80', 'rated 100', 'rated 115', 'lower 80', 'lower 100']
    """
    applies = {""}
    if accuracy_class.endswith("S"):
        applies.add("s_class")
    if is_standard:
        applies.add("standard")
    if rated_kv is None:
        applies.add("legacy")
    else:
        applies.add("kv_330_and_above" if rated_kv >= 330 else "kv_220_and_below")
    return tuple(
        MeasuringPoint(line.cells["burden"], Decimal(line.cells["percent_rated"]))
        for line in rules.table("test_points")
        if line.cells["device"] == device and line.cells["only"] in applies
    )


def _between(
    low: LimitPoint, high: LimitPoint, at_pct: Decimal, from_limit: Decimal, to_limit: Decimal
) -> Decimal:
    # Multiplied before divided: one rounding, at fifty digits, so that equal ends stay equal.
    share = EXACT.multiply(
        EXACT.subtract(to_limit, from_limit), EXACT.subtract(at_pct, low.percent_rated)
    )
    span = EXACT.subtract(high.percent_rated, low.percent_rated)
    return EXACT.add(from_limit, EXACT.divide(share, span))
