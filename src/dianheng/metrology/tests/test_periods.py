"""Calendar months, last days, validity."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.periods import (
    ValidityMode,
    add_months,
    last_valid_day,
    meter_validity,
    period_rule,
    period_rules,
    retention_through,
    stock_recheck_after,
)
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.tests.strategies import JJG_596, days


@pytest.mark.parametrize(
    ("done", "months", "through"),
    [
        pytest.param(date(2024, 8, 31), 6, date(2025, 2, 27), id="clipped to February"),
        pytest.param(date(2020, 2, 29), 72, date(2026, 2, 27), id="from a leap day"),
        pytest.param(date(2020, 2, 29), 48, date(2024, 2, 28), id="from leap day to leap day"),
        pytest.param(date(2024, 3, 1), 96, date(2032, 2, 29), id="the day before is a leap day"),
        pytest.param(date(2026, 1, 1), 12, date(2026, 12, 31), id="a whole year"),
        pytest.param(date(2026, 10, 31), 1, date(2026, 11, 29), id="a month of thirty days"),
    ],
)
def test_last_days_are_included(done: date, months: int, through: date) -> None:
    assert last_valid_day(done, months) == through


@given(days(), st.integers(0, 240))
def test_the_day_of_the_month_is_kept_or_clipped(day: date, months: int) -> None:
    later = add_months(day, months)
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)
    assert (later.year - day.year) * 12 + later.month - day.month == months


@given(days(), days(), st.integers(0, 240))
def test_months_keep_the_order_of_days(one: date, other: date, months: int) -> None:
    first, second = sorted((one, other))
    assert add_months(first, months) <= add_months(second, months)


@given(days(), st.integers(1, 120), st.integers(1, 120))
def test_a_longer_period_ends_later(day: date, shorter: int, more: int) -> None:
    assert day < last_valid_day(day, shorter) + timedelta(days=1) < add_months(day, shorter + more)
    assert last_valid_day(day, shorter) == add_months(day, shorter) - timedelta(days=1)


@pytest.mark.parametrize(
    ("accuracy_class", "months"), [("0.2S", 72), ("0.5S", 72), ("1", 96), ("2", 96)]
)
def test_validity_by_class(accuracy_class: str, months: int) -> None:
    found = meter_validity(JJG_596, verified_on=date(2026, 5, 4), accuracy_class=accuracy_class)
    assert (found.mode, found.months) == (ValidityMode.PERIODIC, months)
    assert found.valid_through == date(2026 + months // 12, 5, 3)


def test_the_shorter_of_active_and_reactive_holds() -> None:
    found = meter_validity(
        JJG_596, verified_on=date(2026, 5, 4), accuracy_class="0.5S", reactive_class="2"
    )
    assert (found.months, found.rule.row) == (72, "periods/meter class 0.5S")


def test_a_meter_verified_once_has_its_term_of_use() -> None:
    found = meter_validity(
        JJG_596,
        verified_on=date(2026, 5, 4),
        accuracy_class="2",
        mode=ValidityMode.FIRST_ONLY,
    )
    assert (found.mode, found.valid_through) == (ValidityMode.FIRST_ONLY, date(2034, 5, 3))
    ordered = meter_validity(
        JJG_596,
        verified_on=date(2026, 5, 4),
        accuracy_class="2",
        mode=ValidityMode.FIRST_ONLY,
        term_months=120,
    )
    assert ordered.valid_through == date(2036, 5, 3)


def test_an_unknown_class_has_no_validity() -> None:
    with pytest.raises(NoRule):
        meter_validity(JJG_596, verified_on=date(2026, 5, 4), accuracy_class="0.1S")
    with pytest.raises(NoRule):
        meter_validity(
            JJG_596, verified_on=date(2026, 5, 4), accuracy_class="1", reactive_class="0.5"
        )


@pytest.mark.parametrize(
    ("item", "months"),
    [
        ("meter class 0.5S", 72),
        ("meter class 2", 96),
        ("reactive meter class 3", 96),
        ("field check class I, 2016 edition", 6),
        ("field check class III, 2016 edition", 24),
        ("field check class I, 2000 edition", 3),
        ("field check class II, 2000 edition", 6),
        ("capacitor voltage transformer", 48),
        ("electromagnetic transformer", 120),
        ("standard energy meter", 12),
        ("verification bench", 24),
        ("verification bench, first subsequent verification", 12),
        ("measurement standard certificate", 60),
        ("  METER   class 2 ", 96),
    ],
)
def test_periods_by_item(item: str, months: int) -> None:
    assert period_rule(item).months == months


def test_no_two_standards_have_a_period_of_the_same_name() -> None:
    names = [
        row
        for rules in {rule.rules for rule in period_rules().values()}
        for row in rules.figures
        if row.startswith("periods/")
    ]
    assert len(names) == len(set(names)) == len(period_rules())


def test_records_are_kept_for_three_periods_and_at_least_six_years() -> None:
    assert retention_through(JJG_596, tested_on=date(2026, 1, 1), period_months=96) == date(
        2049, 12, 31
    )
    assert retention_through(JJG_596, tested_on=date(2026, 1, 1), period_months=12) == date(
        2031, 12, 31
    )


@pytest.mark.parametrize("edition", ["2000", "2016"])
def test_stock_is_rechecked_after_six_months(edition: str) -> None:
    rules = rule_set("DL/T 448", edition)
    assert stock_recheck_after(rules, stocked_on=date(2025, 8, 31)) == date(2026, 2, 27)


@pytest.mark.parametrize(
    ("day", "months"), [(date(2026, 1, 1), -1), (date(9999, 6, 1), 12), (date(2026, 1, 1), 10**9)]
)
def test_days_beyond_the_calendar_are_refused(day: date, months: int) -> None:
    with pytest.raises(WrongValue):
        add_months(day, months)
