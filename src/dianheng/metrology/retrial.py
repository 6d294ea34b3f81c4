"""Another rule tried on past readings: where over integer sums the verdict turns.

Millions of readings are judged as columns of whole numbers. The bounds of these columns are not
written a second time: they are found by asking `error_verdict` itself, so that there is one
source of rules.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.quantities import EXACT, ZERO
from dianheng.metrology.rounding import decimals_of
from dianheng.metrology.verdicts import Conclusion, PointRule, error_verdict

DECIMALS = 6  # readings stand in columns as millionths of a per cent
SCALE = 10**DECIMALS


class Change(NamedTuple):
    """What is tried instead of the rule: another limit, another interval.

    `interval_factor` of zero judges the mean without rounding.
    """

    limit_factor: Decimal = Decimal(1)
    interval_factor: Decimal = Decimal(1)

    def check(self) -> None:
        """Refuse factors that make no rule.

        Raises:
            WrongValue: a factor is outside its range.
        """
        if not ZERO < self.limit_factor <= 10:
            raise WrongValue(
                "limit_factor", "the limit is multiplied by more than 0 and at most 10"
            )
        if not ZERO <= self.interval_factor <= 10:
            raise WrongValue(
                "interval_factor", "the interval is multiplied by at least 0 and at most 10"
            )

    def apply(self, rule: PointRule) -> PointRule:
        """The rule of a point with the change; the band of further readings moves with the limit.

        Raises:
            WrongValue: a factor is outside its range.

        >>> from dianheng.metrology.plates import Connection
        >>> from dianheng.metrology.rule_sets import rule_set
        >>> from dianheng.metrology.verdicts import point_rule
        >>> rule = point_rule(rule_set("JJG 596", "2012"), accuracy_class="1", load="Ib",
        ...                   factor="1.0", connection=Connection.DIRECT)
        >>> Change(limit_factor=Decimal("0.6")).apply(rule).limit_pct
        Decimal('0.60')
        """
        self.check()
        interval = EXACT.multiply(rule.interval_pct, self.interval_factor)
        if not interval:
            # Finer than any mean of readings in columns: nothing is rounded.
            interval = Decimal(1).scaleb(-DECIMALS - 6)
        quantum = Decimal(1).scaleb(-decimals_of(interval))
        return rule._replace(
            limit_pct=EXACT.multiply(rule.limit_pct, self.limit_factor),
            interval_pct=interval,
            quantum=quantum,
            zero=EXACT.multiply(ZERO, quantum),
            extra_from_pct=EXACT.multiply(rule.extra_from_pct, self.limit_factor),
            extra_to_pct=EXACT.multiply(rule.extra_to_pct, self.limit_factor),
            internal_limit_pct=None,
        )


class SumBounds(NamedTuple):
    """Verdicts over the magnitude of sums of readings, in millionths of a per cent.

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
    """The bounds of a point for records with so many readings.

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
        band_from = _ceiling(rule.extra_from_pct, first)
        band_to = _floor(rule.extra_to_pct, first)
    return SumBounds(
        first,
        first + rule.extra_count,
        _through(rule, first),
        band_from,
        band_to,
        _through(rule, max(count, first)),
    )


def _through(rule: PointRule, count: int) -> int:
    """Largest sum of so many readings that passes, by asking the rule: it only ever turns once."""

    def passes(total: int) -> bool:
        readings = [Decimal(total).scaleb(-DECIMALS)] + [ZERO] * (count - 1)
        return error_verdict(rule, readings, takes_extra=False).conclusion is Conclusion.PASS

    low = -1
    high = _ceiling(EXACT.add(rule.limit_pct, rule.interval_pct), count) + 1  # fails for certain
    while high - low > 1:
        middle = (low + high) // 2
        if passes(middle):
            low = middle
        else:
            high = middle
    return low


def _floor(mean_pct: Decimal, count: int) -> int:
    return int(EXACT.multiply(mean_pct, Decimal(count * SCALE)).to_integral_value(ROUND_FLOOR))


def _ceiling(mean_pct: Decimal, count: int) -> int:
    return int(EXACT.multiply(mean_pct, Decimal(count * SCALE)).to_integral_value(ROUND_CEILING))
