"""Rules as they would be with other limits or roundings: a rule set in, a changed one out.

Nothing that judges knows of a change: it looks its figures up in the changed rule set.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.quantities import EXACT, ZERO
from dianheng.metrology.rule_sets import Figure, RuleSet, TableRow

# Figures, or whole groups of them, that are limits of what a device shows. Limits that follow
# from them move along: the band of further readings, the deviation as a part of the class, the
# change between rise and fall. Conditions of a test (its voltage, its least time) are none.
LIMITS = (
    "difference_limit_pct",
    "class_value_pct",
    "start_time/factor",
    "creep/max_pulses",
    "clock/rate_limit_s_per_d",
    "clock/value_limit_s",
    "constant/last_digit_steps",
    "demand/slope",
    "tariff_switch/limit_min",
    "combination/steps_per_extra_rate",
    "relay/limit_s",
    "consistency_limit_pct",
    "variation_limit_pct",
    "load_variation_limit_pct",
)
LIMIT_CELLS = ("limit_pct", "f_pct", "delta_min")  # of the table of limits
INTERVALS = (
    "rounding_interval_pct",
    "rounding_interval_min",
    "standard_deviation_interval_pct",
    "clock/rate_interval_s_per_d",
)
NO_ROUNDING = Decimal("1E-12")  # finer than any mean of readings


class Change(NamedTuple):
    """What is tried instead of the rule: other limits, other rounding intervals.

    `interval_factor` of zero judges without rounding.
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

    def limit(self, value: Decimal) -> Decimal:
        """A limit with the change."""
        return EXACT.multiply(value, self.limit_factor)

    def interval(self, value: Decimal) -> Decimal:
        """A rounding interval with the change."""
        return EXACT.multiply(value, self.interval_factor) or NO_ROUNDING


AS_IT_IS = Change()


@lru_cache(maxsize=64)
def changed(rules: RuleSet, change: Change) -> RuleSet:
    """A rule set with the change; the same one where nothing is changed.

    Args:
        rules: any edition.
        change: factors of limits and of rounding intervals.

    Raises:
        WrongValue: a factor is outside its range.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> tighter = changed(rule_set("JJG 596", "2012"), Change(limit_factor=Decimal("0.6")))
    >>> tighter.figure("clock/rate_limit_s_per_d").value
    Decimal('0.30')
    """
    change.check()
    if change == AS_IT_IS:
        return rules
    figures = {row: _figure(each, change) for row, each in rules.figures.items()}
    tables = dict(rules.tables)
    if "limits" in tables:
        tables["limits"] = tuple(_limits(tables["limits"], change))
    return replace(rules, figures=MappingProxyType(figures), tables=MappingProxyType(tables))


def _figure(figure: Figure, change: Change) -> Figure:
    if _is_of(figure.row, LIMITS):
        return figure._replace(value=change.limit(figure.value))
    if _is_of(figure.row, INTERVALS):
        return figure._replace(value=change.interval(figure.value))
    return figure


def _is_of(row: str, groups: Iterable[str]) -> bool:
    return any(row == group or row.startswith(f"{group}/") for group in groups)


def _limits(rows: Iterable[TableRow], change: Change) -> Iterable[TableRow]:
    for row in rows:
        moved = {
            name: f"{change.limit(Decimal(text)):f}" if name in LIMIT_CELLS else text
            for name, text in row.cells.items()
        }
        yield row._replace(cells=MappingProxyType(moved))
