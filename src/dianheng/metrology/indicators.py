"""Indicators: a numerator over a denominator, judged on the unrounded ratio.

Which things count is the caller's matter; how they are counted and judged stands here once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dianheng.metrology.quantities import EXACT, HUNDRED
from dianheng.metrology.rounding import round_to_interval

SHOWN_PCT = Decimal("0.01")  # percentages show two decimals


def ratio_pct(numerator: Decimal, denominator: Decimal) -> Decimal | None:
    """numerator / denominator in %, unrounded; None where there is nothing to count.

    Args:
        numerator: what was reached.
        denominator: out of what; the same unit.

    >>> ratio_pct(Decimal(1), Decimal(8)), ratio_pct(Decimal(0), Decimal(0))
    (Decimal('12.5'), None)
    """
    if not denominator:
        return None
    return EXACT.divide(EXACT.multiply(numerator, HUNDRED), denominator)


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    numerator: int
    denominator: int

    @property
    def pct(self) -> Decimal | None:
        """The ratio in %, unrounded; None where there is nothing to count: not applicable.

        >>> Rate(1, 8).pct, Rate(0, 0).pct
        (Decimal('12.5'), None)
        """
        return ratio_pct(Decimal(self.numerator), Decimal(self.denominator))

    @property
    def shown_pct(self) -> Decimal | None:
        """The ratio as it is shown, with two decimals.

        >>> Rate(47, 49).shown_pct
        Decimal('95.92')
        """
        return None if self.pct is None else round_to_interval(self.pct, SHOWN_PCT)


def is_met(value: Decimal | None, target: Decimal | None, *, at_most: bool = False) -> bool | None:
    """Whether a value reaches its target; None where there is no value or no target.

    Args:
        value: the indicator, unrounded.
        target: what it is held against; reached counts as met.
        at_most: the target is a ceiling, not a floor.

    >>> is_met(Rate(9999, 10000).pct, Decimal(100)), is_met(Decimal(3), Decimal(5), at_most=True)
    (False, True)
    """
    if value is None or target is None:
        return None
    return value <= target if at_most else value >= target


@dataclass(frozen=True)
class Obligation:
    """Something to be verified again by a day.

    Args:
        due_on: last day on which the former verification holds.
        done_on: day of the next verification, if there was one.
        ended_on: day on which the thing was suspended or removed, if it was.
    """

    due_on: date
    done_on: date | None = None
    ended_on: date | None = None


def due_rate(obligations: Iterable[Obligation], first: date, last: date) -> Rate:
    """Periodic verification in a period: done over due.

    Due is what has its last day in the period, what was overdue at its start, and what was done
    early inside the period; what was suspended or removed before its last day is not due.

    Source:
        docs/sources/dl-t-448.md, assessment of periodic verification; which items are due is a
        convention of this program.

    >>> year = date(2026, 1, 1), date(2026, 12, 31)
    >>> june, july = date(2026, 6, 30), date(2026, 7, 1)
    >>> due_rate([Obligation(june, june)] * 47 + [Obligation(june)] * 2
    ...          + [Obligation(july, ended_on=june)], *year).shown_pct
    Decimal('95.92')
    """
    done = due = 0
    for one in obligations:
        if one.ended_on is not None and one.ended_on < one.due_on:
            continue
        is_due = first <= one.due_on <= last
        was_overdue = one.due_on < first and (one.done_on is None or one.done_on >= first)
        is_early = one.done_on is not None and first <= one.done_on <= last < one.due_on
        if is_due or was_overdue or is_early:
            due += 1
            done += one.done_on is not None and one.done_on <= last
    return Rate(done, due)
