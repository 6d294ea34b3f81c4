"""Periods in calendar months and days of validity, the last day included."""

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.rule_sets import RuleRef, RuleSet, rule_sets


class ValidityMode(StrEnum):
    """How long a verdict holds."""

    FIRST_ONLY = "first_only"  # verified once, then replaced at the end of its term of use
    PERIODIC = "periodic"  # verified again before the last day


class Validity(NamedTuple):
    """Mode and last day of a verdict; the mode is stored with the day."""

    mode: ValidityMode
    months: int
    valid_through: date
    rule: RuleRef


class PeriodRule(NamedTuple):
    """A period that a standard sets for an item."""

    item: str
    months: int
    rules: RuleSet
    rule: RuleRef


def add_months(day: date, months: int) -> date:
    """The same day some calendar months later, clipped to the end of the month.

    Raises:
        WrongValue: months are negative, or the day lies beyond the calendar.

    >>> add_months(date(2024, 8, 31), 6), add_months(date(2020, 2, 29), 72)
    (datetime.date(2025, 2, 28), datetime.date(2026, 2, 28))
    """
    if months < 0:
        raise WrongValue("negative_period", "a period is not negative", {"months": str(months)})
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if years > date.max.year:
        raise WrongValue("out_of_calendar", "the day lies beyond the calendar")
    return date(years, month + 1, min(day.day, calendar.monthrange(years, month + 1)[1]))


def last_valid_day(done_on: date, months: int) -> date:
    """Last day of validity: the day before the anniversary.

    Args:
        done_on: day of the verification.
        months: period; at least one month.

    Raises:
        WrongValue: period below one month, or beyond the calendar.

    Source:
        docs/explanation/verdicts.md, validity.

    >>> last_valid_day(date(2024, 8, 31), 6), last_valid_day(date(2020, 2, 29), 72)
    (datetime.date(2025, 2, 27), datetime.date(2026, 2, 27))
    """
    if months < 1:
        raise WrongValue("period_too_short", "a validity has at least one month")
    return add_months(done_on, months) - timedelta(days=1)


@cache
def period_rules() -> Mapping[str, PeriodRule]:
    """Every period of the tables by the name of its item.

    >>> period_rules()["meter class 0.5S"].months
    72
    """
    return {
        row.removeprefix("periods/"): PeriodRule(
            row.removeprefix("periods/"), int(figure.value), rules, rules.ref(figure)
        )
        for rules in rule_sets()
        for row, figure in rules.figures.items()
        if row.startswith("periods/")
    }


def period_rule(item: str) -> PeriodRule:
    """The period of an item, by its name in the tables; case does not matter.

    Raises:
        NoRule: no such item.

    >>> period_rule("capacitor voltage transformer").months
    48
    """
    wanted = " ".join(item.split()).casefold()
    for name, rule in period_rules().items():
        if name.casefold() == wanted:
            return rule
    raise NoRule("no_period", "no period for this item", {"item": item[:80]})


def meter_validity(
    rules: RuleSet,
    *,
    verified_on: date,
    accuracy_class: str,
    reactive_class: str = "",
    mode: ValidityMode = ValidityMode.PERIODIC,
    term_months: int | None = None,
) -> Validity:
    """Mode and last day of validity of a meter that passed.

    Args:
        rules: edition of JJG 596.
        verified_on: day of the verification.
        accuracy_class: active class.
        reactive_class: reactive class, where the meter has one; the shorter period holds.
        mode: verified once with a term of use, or again and again.
        term_months: term of use of a meter that is verified once, where the order states one;
            the verification period otherwise.

    Raises:
        NoRule: no period for the class.

    Source:
        docs/sources/jjg-596.md, verification period.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> meter_validity(rule_set("JJG 596", "2012"), verified_on=date(2024, 3, 1),
    ...                accuracy_class="2").valid_through
    datetime.date(2032, 2, 29)
    """
    figures = [rules.find(f"periods/meter class {accuracy_class}")]
    if reactive_class:
        figures.append(rules.find(f"periods/reactive meter class {reactive_class}"))
    known = [figure for figure in figures if figure is not None]
    if len(known) < len(figures):
        raise NoRule(
            "no_period",
            f"{rules.name} has no verification period for this class",
            {"accuracy_class": accuracy_class, "reactive_class": reactive_class},
        )
    shortest = min(known, key=lambda figure: figure.value)
    months = int(shortest.value)
    ref = rules.ref(shortest)
    if mode is ValidityMode.FIRST_ONLY:
        term = rules.figure("term_of_use/periods")
        months = months * int(term.value) if term_months is None else term_months
        ref = rules.ref(shortest, term)
    return Validity(mode, months, last_valid_day(verified_on, months), ref)


def retention_through(rules: RuleSet, *, tested_on: date, period_months: int) -> date:
    """Last day on which an original record must still be kept.

    The longer of three verification periods and six years.

    Source:
        docs/sources/jjg-596.md, retention.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> retention_through(rule_set("JJG 596", "2012"), tested_on=date(2026, 1, 1),
    ...                   period_months=12)
    datetime.date(2031, 12, 31)
    """
    periods = int(rules.figure("retention/periods").value)
    least = int(rules.figure("retention/min_months").value)
    return last_valid_day(tested_on, max(periods * period_months, least))


def stock_recheck_after(rules: RuleSet, *, stocked_on: date) -> date:
    """Last day on which a verified meter in stock may be issued without a recheck.

    Args:
        rules: edition of DL/T 448.
        stocked_on: day of the verification or of the last recheck.

    Source:
        docs/sources/dl-t-448.md, stock.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> stock_recheck_after(rule_set("DL/T 448", "2016"), stocked_on=date(2026, 1, 15))
    datetime.date(2026, 7, 14)
    """
    figure = rules.figure(f"periods/stock recheck, {rules.edition} edition")
    return last_valid_day(stocked_on, int(figure.value))
