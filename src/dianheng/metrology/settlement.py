"""The error of a meter by which energy is settled, from its errors at several loads."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from dianheng.metrology.quantities import EXACT, ZERO
from dianheng.metrology.rule_sets import RuleRef, RuleSet


class MeanError(NamedTuple):
    """The weighted error, %, between what the errors at the loads lie, and the rule."""

    mean_pct: Decimal
    low_pct: Decimal
    high_pct: Decimal
    rule: RuleRef


def mean_error(
    rules: RuleSet, errors: Mapping[Decimal, Decimal], imax_ratio: Decimal
) -> MeanError | None:
    """Errors at several loads as one, weighted by the loads of a usual customer.

    Args:
        rules: settlement practice.
        errors: mean error, %, by load as a multiple of the basic current; power factor 1.0, balanced.
        imax_ratio: maximum over basic current.

    Returns:
        None where the maximum, the basic or a small current was not measured. Between two loads
        the error is interpolated, below the smallest it is that of the smallest.

    Source:
        docs/sources/settlement-practice.md, mean error.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> found = mean_error(rule_set("Settlement practice", "2000"), {
    ...     Decimal(12): Decimal("2.0"), Decimal(1): Decimal("3.0"), Decimal("0.2"): Decimal("4.0"),
    ... }, Decimal(12))
    >>> found.mean_pct, found.low_pct, found.high_pct
    (Decimal('3.0'), Decimal('2.0'), Decimal('4.0'))
    """
    figures = rules.group("mean_error")
    small = figures["small_load"].value
    if not {Decimal(1), imax_ratio} <= set(errors) or min(errors) > small:
        return None
    parts = (
        (figures["weight_max"].value, errors[imax_ratio]),
        (figures["weight_base"].value, errors[Decimal(1)]),
        (figures["weight_small"].value, _at(errors, small)),
    )
    total = weights = ZERO
    for weight, error in parts:
        total = EXACT.add(total, EXACT.multiply(weight, error))
        weights = EXACT.add(weights, weight)
    return MeanError(
        EXACT.divide(total, weights), min(errors.values()), max(errors.values()),
        rules.ref(*figures.values()),
    )  # fmt: skip


def _at(errors: Mapping[Decimal, Decimal], load: Decimal) -> Decimal:
    """The error at a load between two that were measured."""
    below = max(one for one in errors if one <= load)
    if below == load:
        return errors[load]
    above = min(one for one in errors if one >= load)
    share = EXACT.divide(EXACT.subtract(load, below), EXACT.subtract(above, below))
    step = EXACT.subtract(errors[above], errors[below])
    return EXACT.add(errors[below], EXACT.multiply(share, step))
