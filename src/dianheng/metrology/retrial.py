"""Another rule tried on past readings: where over whole numbers the verdict turns.

Millions of readings are judged as columns of whole numbers. The bounds of these columns are not
written a second time: they are found by asking what judges, so that there is one source of rules.
"""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from dianheng.metrology.quantities import EXACT, ZERO
from dianheng.metrology.verdicts import Conclusion, PointRule, Verdict, error_verdict

DECIMALS = 6  # readings stand in columns as millionths
SCALE = 10**DECIMALS
FARTHEST = 10**18  # nothing in a column lies beyond


class SumBounds(NamedTuple):
    """Verdicts over the magnitude of sums of readings, in millionths of their unit.

    With `count` readings of which the first `first_count` are judged first: is their sum between
    `band_from` and `band_to` (ends included), the sum of all is held against `all_through`, or the
    verdict is incomplete where there are fewer than `needed` readings; otherwise the first sum is
    held against `first_through`. A sum passes through its bound, that bound included; -1: none
    passes. Without further readings the band is empty.
    """

    first_count: int
    needed: int
    first_through: int
    band_from: int
    band_to: int
    all_through: int

    def conclude(self, first: int, everything: int, count: int) -> Conclusion:
        """The verdict on sums, as the columns judge it."""
        if count < self.first_count:
            return Conclusion.INCOMPLETE
        total, through = first, self.first_through
        if self.band_from <= abs(first) <= self.band_to:
            if count < self.needed:
                return Conclusion.INCOMPLETE
            total, through = everything, self.all_through
        return Conclusion.PASS if abs(total) <= through else Conclusion.FAIL


def sum_bounds(rule: PointRule, count: int, *, takes_extra: bool) -> SumBounds:
    """The bounds of the basic error at a point for records with so many readings.

    Args:
        rule: limit, interval and reading rule of the point.
        count: readings of the record at this point, 1 or more.
        takes_extra: whether the rule of the further readings is applied.

    >>> from dianheng.metrology.plates import Connection
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> from dianheng.metrology.verdicts import point_rule
    >>> rule = point_rule(rule_set("JJG 596", "2012"), accuracy_class="0.5S", load="In",
    ...                   factor="1.0", connection=Connection.VIA_TRANSFORMER)
    >>> sum_bounds(rule, 2, takes_extra=False).first_through  # 0.525 rounds to 0.50
    1050000
    """
    first = rule.first_count
    band_from, band_to = 1, 0
    if takes_extra:
        band_from = _whole(rule.extra_from_pct, first, ROUND_CEILING)
        band_to = _whole(rule.extra_to_pct, first, ROUND_FLOOR)
    return SumBounds(
        first,
        first + rule.extra_count,
        _through(rule, first),
        band_from,
        band_to,
        _through(rule, max(count, first)),
    )


def bounds_by_asking(
    verdict_on: Callable[[int], Verdict | None], count: int, scale: int = SCALE
) -> SumBounds:
    """The bounds of what is judged by one sum of so many readings.

    Args:
        verdict_on: the verdict on a sum; it passes up to some magnitude and fails from there on,
            or is incomplete or missing whatever the sum is.
        count: readings.
        scale: parts of a unit in which the sum is counted.

    >>> from dianheng.metrology.clocks import clock_value_verdict
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> bounds_by_asking(lambda n: clock_value_verdict(rule_set("JJG 596", "2012"),
    ...                                                Decimal(n).scaleb(-6)), 1)[:3]
    (1, 1, 5000000)
    """
    nothing = verdict_on(0)
    if nothing is None or nothing.conclusion is Conclusion.INCOMPLETE:
        return SumBounds(count + 1, count + 1, -1, 1, 0, -1)

    def passes(total: int) -> bool:
        found = verdict_on(total)
        return found is not None and found.conclusion is Conclusion.PASS

    near = _near(nothing.limit_high or ZERO, nothing.interval or ZERO, count, scale)
    through = last_that_passes(passes, near)
    return SumBounds(count, count, through, 1, 0, through)


def last_that_passes(passes: Callable[[int], bool], near: int = 0) -> int:
    """The largest whole number that passes; -1 where none does. It only ever turns once.

    Args:
        passes: whether a number does.
        near: where it is likely to turn: the nearer, the fewer are asked.

    >>> last_that_passes(lambda number: number <= 77, near=60)
    77
    """
    if not passes(0):
        return -1
    low, high, step = 0, max(near, 0) + 1, 1
    if passes(high - 1):
        low = high - 1
        while passes(high):
            if high >= FARTHEST:
                return FARTHEST
            step *= 2
            low, high = high, high + step
    else:
        high -= 1
        while high - step > 0 and not passes(high - step):
            high, step = high - step, step * 2
        low = max(0, high - step)
    while high - low > 1:
        middle = (low + high) // 2
        if passes(middle):
            low = middle
        else:
            high = middle
    return low


def _through(rule: PointRule, count: int) -> int:
    """Largest sum of so many readings that passes."""

    def passes(total: int) -> bool:
        readings = [Decimal(total).scaleb(-DECIMALS)] + [ZERO] * (count - 1)
        return error_verdict(rule, readings, takes_extra=False).conclusion is Conclusion.PASS

    return last_that_passes(passes, _near(rule.limit_pct, rule.interval_pct, count, SCALE))


def _near(limit: Decimal, interval: Decimal, count: int, scale: int) -> int:
    """Half an interval beyond the limit, where rounding usually turns."""
    edge = EXACT.add(limit, EXACT.divide(interval, Decimal(2)))
    return int(EXACT.multiply(edge, Decimal(count * scale)).to_integral_value(ROUND_FLOOR))


def _whole(mean_pct: Decimal, count: int, rounding: str) -> int:
    return int(EXACT.multiply(mean_pct, Decimal(count * SCALE)).to_integral_value(rounding))
