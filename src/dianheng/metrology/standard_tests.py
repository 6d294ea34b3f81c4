"""Tests of a measurement standard: repeatability, stability, comparison, control chart.

Their limits are the standard's own (its uncertainty budget, its largest permissible error); the
numbers of readings and groups are the rule's.
"""

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from dianheng.metrology.dispersion import standard_deviation
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.periods import add_months
from dianheng.metrology.quantities import EXACT, ZERO, mean
from dianheng.metrology.rule_sets import RuleRef, RuleSet


class Finding(StrEnum):
    """What a test comes to."""

    KEPT = "kept"
    EXCEEDED = "exceeded"
    TOO_FEW = "too_few"  # more readings or groups are needed before it can be said


class Group(NamedTuple):
    """Readings of a check standard at one point on a day."""

    done_on: date
    readings: Sequence[Decimal]

    @property
    def mean(self) -> Decimal:
        """Their mean."""
        return mean(self.readings)


class StandardTestResult(NamedTuple):
    """What was found, against which limit, by which figure of the rule."""

    finding: Finding
    found: Decimal | None
    limit: Decimal
    rule: RuleRef


class ControlLimits(NamedTuple):
    """Lines of a control chart of means and standard deviations."""

    centre: Decimal
    upper: Decimal
    lower: Decimal
    spread_centre: Decimal
    spread_upper: Decimal
    spread_lower: Decimal


def repeatability(
    rules: RuleSet, readings: Sequence[Decimal], *, budget: Decimal
) -> StandardTestResult:
    """The scatter of repeated readings against the one that the uncertainty budget uses.

    Source:
        docs/sources/jjf-1033.md, repeatability.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> readings = ["0.021", "0.023", "0.020", "0.022", "0.024", "0.021", "0.022", "0.020",
    ...             "0.023", "0.024"]
    >>> result = repeatability(rule_set("JJF 1033", "2023"), [Decimal(x) for x in readings],
    ...                        budget=Decimal("0.002"))
    >>> result.finding.value, round(result.found, 4)
    ('kept', Decimal('0.0015'))
    """
    least = rules.figure("measurement_standard_tests/min_readings")
    rule = rules.ref(least)
    if len(readings) < int(least.value):
        return StandardTestResult(Finding.TOO_FEW, None, budget, rule)
    found = standard_deviation(readings)
    return StandardTestResult(_kept(found <= budget), found, budget, rule)


def stability(
    rules: RuleSet, groups: Sequence[Group], *, limit: Decimal, is_new: bool
) -> StandardTestResult:
    """How far the check standard's group means lie apart.

    Groups of fewer readings than the rule asks for are left out; a group counts after another
    once the interval between groups has passed.

    Args:
        groups: of one check standard at one point, the oldest first; the last one is judged.
        limit: largest permissible error, or the expanded uncertainty where corrections are used.
        is_new: not examined yet: the widest difference of all groups counts; of an examined
            standard the difference to last year's group, the one nearest to a year before.

    Source:
        docs/sources/jjf-1033.md, stability.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> groups = [Group(date(2026, month, 5), [Decimal(text)] * 10)
    ...           for month, text in enumerate(("0.012", "0.015", "0.011", "0.014"), 1)]
    >>> stability(rule_set("JJF 1033", "2023"), groups, limit=Decimal("0.05"), is_new=True).found
    Decimal('0.004')
    """
    readings = rules.figure("measurement_standard_tests/min_readings")
    if len(groups[-1].readings) < int(readings.value):
        return StandardTestResult(Finding.TOO_FEW, None, limit, rules.ref(readings))
    *before, judged = [group for group in groups if len(group.readings) >= int(readings.value)]
    interval = int(rules.figure("measurement_standard_tests/group_interval_months").value)
    if is_new:
        least = rules.figure("measurement_standard_tests/min_groups")
        apart = [judged.done_on]
        for group in reversed(before):
            if add_months(group.done_on, interval) <= apart[-1]:
                apart.append(group.done_on)
        if len(apart) < int(least.value):
            return StandardTestResult(Finding.TOO_FEW, None, limit, rules.ref(least))
        means = [group.mean for group in (*before, judged)]
        found = EXACT.subtract(max(means), min(means))
        return StandardTestResult(_kept(found < limit), found, limit, rules.ref(least))
    year = rules.figure("measurement_standard_tests/repeat_months")
    last_year = [
        group
        for group in before
        if group.done_on.year == judged.done_on.year - 1
        and add_months(group.done_on, interval) <= judged.done_on
    ]
    if not last_year:
        return StandardTestResult(Finding.TOO_FEW, None, limit, rules.ref(year))
    nearest = min(
        last_year,
        key=lambda group: abs(add_months(group.done_on, int(year.value)) - judged.done_on),
    )
    found = abs(EXACT.subtract(judged.mean, nearest.mean))
    return StandardTestResult(_kept(found < limit), found, limit, rules.ref(year))


def intermediate_check(
    rules: RuleSet, groups: Sequence[Group], *, limit: Decimal
) -> StandardTestResult:
    """How far a check standard lies from any of its checks within a year before.

    Args:
        groups: of one check standard at one point, the oldest first; the last one is judged.
        limit: largest permissible error, or the expanded uncertainty where corrections are used.

    Source:
        docs/sources/jjf-1033.md, intermediate check: our own reading.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> groups = [Group(date(2026, month, 5), [Decimal(text)])
    ...           for month, text in ((1, "0.01"), (4, "0.02"), (7, "0.03"))]
    >>> intermediate_check(rule_set("JJF 1033", "2023"), groups, limit=Decimal("0.05")).found
    Decimal('0.02')
    """
    *before, judged = groups
    year = rules.figure("measurement_standard_tests/repeat_months")
    rule = rules.ref(year)
    differences = [
        abs(EXACT.subtract(judged.mean, group.mean))
        for group in before
        if add_months(group.done_on, int(year.value)) >= judged.done_on
    ]
    if not differences:
        return StandardTestResult(Finding.TOO_FEW, None, limit, rule)
    found = max(differences)
    return StandardTestResult(_kept(found < limit), found, limit, rule)


def comparison(
    rules: RuleSet, *, ours: Decimal, reference: Decimal, u_ours: Decimal, u_reference: Decimal
) -> StandardTestResult:
    """Our value against another laboratory's: within the root of both uncertainties squared.

    Both expanded uncertainties have the same coverage factor.

    Source:
        docs/sources/jjf-1033.md, comparison.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> comparison(rule_set("JJF 1033", "2023"), ours=Decimal("0.031"), reference=Decimal("0.026"),
    ...            u_ours=Decimal("0.03"), u_reference=Decimal("0.04")).limit
    Decimal('0.05')
    """
    if u_ours <= 0 or u_reference <= 0:
        raise WrongValue("not_positive", "an uncertainty is more than 0")
    squares = EXACT.fma(u_ours, u_ours, EXACT.multiply(u_reference, u_reference))
    limit = EXACT.sqrt(squares)
    found = abs(EXACT.subtract(ours, reference))
    rule = rules.ref(rules.figure("measurement_standard_tests/comparison_factor"))
    return StandardTestResult(_kept(found <= limit), found, limit, rule)


def control_limits(groups: Sequence[Sequence[Decimal]]) -> ControlLimits | None:
    """Control limits of groups of one size; None while there are fewer than two groups.

    x̄ ± A3·s̄ and B3·s̄ … B4·s̄, with the constants as GB/T 4091 prints them, three decimals.

    Raises:
        WrongValue: groups of different sizes, or of fewer than two readings.
    """
    if len(groups) < 2:
        return None
    size = len(groups[0])
    if size < 2 or any(len(group) != size for group in groups):
        raise WrongValue("group_size", "groups of a control chart have one size, two at least")
    a3, b3, b4 = chart_constants(size)
    centre = mean([mean(group) for group in groups])
    spread = mean([standard_deviation(group) for group in groups])
    half = EXACT.multiply(a3, spread)
    return ControlLimits(
        centre, EXACT.add(centre, half), EXACT.subtract(centre, half), spread,
        EXACT.multiply(b4, spread), EXACT.multiply(b3, spread),
    )  # fmt: skip


def chart_constants(size: int) -> tuple[Decimal, Decimal, Decimal]:
    """A3, B3 and B4 of a chart of means and standard deviations, rounded to three decimals.

    >>> chart_constants(10)
    (Decimal('0.975'), Decimal('0.284'), Decimal('1.716'))
    """
    c4 = math.sqrt(2 / (size - 1)) * math.exp(math.lgamma(size / 2) - math.lgamma((size - 1) / 2))
    part = 3 * math.sqrt(1 - c4 * c4) / c4
    a3 = 3 / (c4 * math.sqrt(size))
    return (
        Decimal(f"{a3:.3f}"), max(ZERO, Decimal(f"{1 - part:.3f}")), Decimal(f"{1 + part:.3f}"),
    )  # fmt: skip


def _kept(is_within: bool) -> Finding:
    return Finding.KEPT if is_within else Finding.EXCEEDED
