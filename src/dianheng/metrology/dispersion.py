"""Scatter of errors: of one meter, among a group, after a while, with rising and falling load."""

from collections.abc import Sequence
from decimal import Decimal
from statistics import median

from dianheng.metrology.errors import NoRule
from dianheng.metrology.items import Item, figure_of_class
from dianheng.metrology.loads import read_load
from dianheng.metrology.quantities import EXACT, ZERO, mean
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.verdicts import Step, Verdict, incomplete_verdict, measured_verdict


def standard_deviation_verdict(
    rules: RuleSet, accuracy_class: str, readings_pct: Sequence[Decimal], *, point: str = ""
) -> Verdict:
    """Judge the scatter of repeated readings; an optional item of the older rule.

    s = sqrt(sum (x - mean)^2 / (n - 1)), n at least 5, at most a fifth of the class.

    Raises:
        NoRule: unknown class.

    Source:
        docs/sources/jjg-596.md, standard deviation.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> readings = [Decimal(x) for x in ("0.10", "0.12", "0.11", "0.13", "0.09")]
    >>> standard_deviation_verdict(rule_set("JJG 596", "2012"), "1", readings).rounded
    Decimal('0.02')
    """
    interval = figure_of_class(rules, "standard_deviation_interval_pct", accuracy_class)
    share = rules.figure("standard_deviation/limit_of_class")
    count = rules.figure("standard_deviation/min_count")
    class_value = figure_of_class(rules, "class_value_pct", accuracy_class)
    ref = rules.ref(interval, share, count)
    if len(readings_pct) < int(count.value):
        return incomplete_verdict(
            Item.STANDARD_DEVIATION,
            "too_few_readings",
            ref,
            point=point,
            derivation=[Step("readings", {"count": len(readings_pct), "needed": int(count.value)})],
        )
    return measured_verdict(
        Item.STANDARD_DEVIATION,
        value=standard_deviation(readings_pct),
        limit=EXACT.multiply(share.value, class_value.value),
        ref=ref,
        unit="%",
        interval=interval.value,
        point=point,
        samples=readings_pct,
    )


def standard_deviation(readings: Sequence[Decimal]) -> Decimal:
    """Estimate of the standard deviation by Bessel's formula, same unit as the readings.

    Raises:
        ValueError: fewer than two readings.

    >>> readings = ["0.021", "0.023", "0.020", "0.022", "0.024", "0.021", "0.022", "0.020",
    ...             "0.023", "0.024"]
    >>> round(standard_deviation([Decimal(x) for x in readings]), 4)
    Decimal('0.0015')
    """
    if len(readings) < 2:
        raise ValueError("a standard deviation needs at least two readings")
    centre = mean(readings)
    squares = ZERO
    for reading in readings:
        deviation = EXACT.subtract(reading, centre)
        squares = EXACT.fma(deviation, deviation, squares)
    return EXACT.sqrt(EXACT.divide(squares, Decimal(len(readings) - 1)))


ROBUST = Decimal("1.4826")  # makes the median deviation a standard deviation of normal errors
APART = Decimal(3)
LEAST = 5


def lying_apart(values: Sequence[Decimal], resolution: Decimal) -> frozenset[int]:
    """Which values lie far from the rest: a hint for the eye, no verdict.

    Args:
        values: of one quantity, all in the same unit.
        resolution: smallest step in which they can differ, in the same unit.

    Returns:
        Places of the values further from the median than three robust standard deviations and
        than one step; none of fewer than five values.

    Source:
        docs/sources/statistics.md, values apart.

    >>> found = [Decimal(text) for text in ("0.00", "0.01", "0.00", "-0.01", "0.01", "0.09")]
    >>> lying_apart(found, Decimal("0.01"))
    frozenset({5})
    """
    if len(values) < LEAST:
        return frozenset()
    centre = median(values)
    distances = [abs(value - centre) for value in values]
    bound = max(APART * ROBUST * median(distances), resolution)
    return frozenset(place for place, distance in enumerate(distances) if distance > bound)


def consistency_verdict(
    acceptance: RuleSet,
    accuracy_class: str,
    *,
    error_pct: Decimal,
    group_mean_pct: Decimal,
    load: str,
    point: str = "",
) -> Verdict:
    """Judge the error of a meter against the mean error of its group at the same point.

    Args:
        acceptance: edition of Q/GDW 1206.
        accuracy_class: `1` or `2`.
        error_pct: mean error of the meter, %.
        group_mean_pct: mean over the group, %.
        load: base current (Ib, In) or a tenth of it.
        point: name of the point for the record; the load when absent.

    Raises:
        NoRule: no limit for this class or load.

    Source:
        docs/sources/q-gdw-1206.md, consistency.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> consistency_verdict(rule_set("Q/GDW 1206", "2013"), "2", error_pct=Decimal("0.9"),
    ...     group_mean_pct=Decimal("0.2"), load="Ib").conclusion.value
    'fail'
    """
    current = read_load(load)
    place = {"1": "base", "0.1": "tenth"}.get(str(current.multiple.normalize()))
    if place is None or current.of not in ("Ib", "In"):
        raise NoRule("no_limit", "consistency has limits at Ib and 0.1Ib only", {"load": load})
    limit = figure_of_class(acceptance, f"consistency_limit_pct/{place}", accuracy_class)
    return measured_verdict(
        Item.CONSISTENCY,
        value=EXACT.subtract(error_pct, group_mean_pct),
        limit=limit.value,
        ref=acceptance.ref(limit),
        unit="%",
        point=point or load,
        derivation=[Step("consistency", {"error": error_pct, "group_mean": group_mean_pct})],
    )


def variation_verdict(
    acceptance: RuleSet,
    accuracy_class: str,
    *,
    first_pct: Decimal,
    second_pct: Decimal,
    item: Item = Item.VARIATION,
    point: str = "",
) -> Verdict:
    """Judge two errors at the same point: repeated, or with rising and with falling current.

    Args:
        acceptance: edition of Q/GDW 1206.
        accuracy_class: `1` or `2`.
        first_pct: first error (rising current), %.
        second_pct: second error (falling current), %.
        item: `VARIATION` or `LOAD_VARIATION`.
        point: load point.

    Raises:
        NoRule: no limit for this class.

    Source:
        docs/sources/q-gdw-1206.md, variation.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> variation_verdict(rule_set("Q/GDW 1206", "2013"), "1", first_pct=Decimal("0.10"),
    ...                   second_pct=Decimal("0.25")).conclusion.value
    'pass'
    """
    limit = figure_of_class(acceptance, f"{item.value}_limit_pct", accuracy_class)
    return measured_verdict(
        item,
        value=EXACT.subtract(second_pct, first_pct),
        limit=limit.value,
        ref=acceptance.ref(limit),
        unit="%",
        point=point,
        derivation=[Step("two_errors", {"first": first_pct, "second": second_pct})],
    )
