"""Rounding to the interval, ties to the even multiple."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.rounding import (
    decimals_of,
    error_interval,
    round_money,
    round_to_interval,
    signed_text,
)
from dianheng.metrology.tests.strategies import JJG_596, errors_pct, intervals


@pytest.mark.parametrize(
    ("mean", "accuracy_class", "rounded"),
    [
        pytest.param("+0.25", "1", "+0.2", id="tie to the even multiple below"),
        pytest.param("+0.35", "1", "+0.4", id="tie to the even multiple above"),
        pytest.param("-0.1705", "1", "-0.2", id="a public bench record"),
        pytest.param("+0.30", "2", "+0.4", id="class 2, a tie"),
        pytest.param("+0.025", "0.5S", "0.00", id="a zero has no sign"),
        pytest.param("+0.075", "0.5S", "+0.10", id="class 0.5S, a tie"),
        pytest.param("-0.05", "0.2S", "-0.04", id="class 0.2S, a negative tie"),
        pytest.param("+0.525", "0.5S", "+0.50", id="at the limit, passes"),
        pytest.param("+0.526", "0.5S", "+0.55", id="just above, fails"),
        pytest.param("-0.04", "1", "0.0", id="a negative zero has no sign"),
    ],
)
def test_worked_examples(mean: str, accuracy_class: str, rounded: str) -> None:
    interval = error_interval(JJG_596, accuracy_class).value
    value = round_to_interval(Decimal(mean), interval)
    assert signed_text(value, decimals_of(interval)) == rounded


@pytest.mark.parametrize(
    ("value", "interval", "rounded"),
    [
        pytest.param("60.38", "0.5", "60.5", id="half unit"),
        pytest.param("60.25", "0.5", "60.0", id="half unit, a tie"),
        pytest.param("842", "20", "840", id="interval of twenty"),
        pytest.param("-0.2", "0.5", "0.0", id="to zero"),
        pytest.param(
            "0.35", "0.02", "0.36", id="a limit that is no multiple rounds outside itself"
        ),
    ],
)
def test_intervals_that_are_no_power_of_ten(value: str, interval: str, rounded: str) -> None:
    assert str(round_to_interval(Decimal(value), Decimal(interval))) == rounded


@given(errors_pct(places=6), intervals())
def test_rounding_twice_is_rounding_once(value: Decimal, interval: Decimal) -> None:
    once = round_to_interval(value, interval)
    assert round_to_interval(once, interval) == once
    assert once.as_tuple() == round_to_interval(once, interval).as_tuple()


@given(errors_pct(places=6), intervals())
def test_the_rounded_value_is_the_nearest_multiple_and_ties_go_to_even(
    value: Decimal, interval: Decimal
) -> None:
    rounded = round_to_interval(value, interval)
    multiple = rounded / interval
    assert multiple == multiple.to_integral_value()
    distance = abs(value - rounded)
    assert distance <= interval / 2
    if distance == interval / 2:
        assert multiple % 2 == 0


@given(errors_pct(places=6), intervals())
def test_rounding_is_odd_and_independent_of_the_callers_context(
    value: Decimal, interval: Decimal
) -> None:
    expected = round_to_interval(value, interval)
    with localcontext() as context:
        context.prec = 2
        assert round_to_interval(value, interval) == expected
    assert round_to_interval(value.copy_negate(), interval) == expected.copy_negate()


@given(errors_pct(places=6), errors_pct(places=6), intervals())
def test_rounding_keeps_the_order(one: Decimal, other: Decimal, interval: Decimal) -> None:
    low, high = sorted((one, other))
    assert round_to_interval(low, interval) <= round_to_interval(high, interval)


@given(errors_pct(places=6), intervals())
def test_the_written_error_has_a_sign_unless_it_is_zero(value: Decimal, interval: Decimal) -> None:
    rounded = round_to_interval(value, interval)
    text = signed_text(rounded, decimals_of(interval))
    assert text[0] in "+-" if rounded else text.strip("0.") == ""
    assert Decimal(text) == rounded


@pytest.mark.parametrize("interval", ["0", "-0.1"])
def test_an_interval_is_positive(interval: str) -> None:
    with pytest.raises(WrongValue) as refusal:
        round_to_interval(Decimal(1), Decimal(interval))
    assert refusal.value.code == "interval_not_positive"


def test_an_unknown_class_has_no_interval() -> None:
    with pytest.raises(NoRule) as refusal:
        error_interval(JJG_596, "0.5")
    assert refusal.value.facts["accuracy_class"] == "0.5"


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        pytest.param("12.345", "12.35", id="a tie goes up, not to the even cent"),
        pytest.param("-12.345", "-12.35", id="a tie of money given back"),
        pytest.param("-0.005", "-0.01", id="half a cent given back"),
        pytest.param("12.34499999", "12.34", id="just below a tie"),
        pytest.param("-0.004", "0.00", id="a zero has no sign"),
        pytest.param("7", "7.00", id="two decimals always"),
    ],
)
def test_money_is_rounded_half_up(amount: str, rounded: str) -> None:
    assert str(round_money(Decimal(amount))) == rounded
