"""Numbers are read exactly and written plainly."""

from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.quantities import mean, plain_text, read_decimal, relative_error_pct
from dianheng.metrology.tests.strategies import errors_pct


@pytest.mark.parametrize(
    ("given_value", "code"),
    [
        pytest.param("NaN", "not_a_number", id="NaN"),
        pytest.param("sNaN", "not_a_number", id="signalling NaN"),
        pytest.param("Infinity", "not_a_number", id="infinity"),
        pytest.param("-inf", "not_a_number", id="minus inf"),
        pytest.param("1e999999", "not_a_number", id="huge exponent"),
        pytest.param("1e99", "out_of_range", id="too large"),
        pytest.param("1e-21", "out_of_range", id="too fine"),
        pytest.param("1" * 100_000, "not_a_number", id="a hundred thousand digits"),
        pytest.param("1_000", "not_a_number", id="underscore"),
        pytest.param("0x10", "not_a_number", id="hexadecimal"),
        pytest.param("１.５", "not_a_number", id="full-width digits"),
        pytest.param("1,5", "not_a_number", id="decimal comma"),
        pytest.param("", "not_a_number", id="empty"),
        pytest.param(".", "not_a_number", id="lone point"),
        pytest.param("1\n2", "not_a_number", id="two lines"),
        pytest.param(0.1, "binary_float", id="float"),
        pytest.param(float("nan"), "binary_float", id="float NaN"),
        pytest.param(True, "not_a_number", id="truth value"),
        pytest.param(None, "not_a_number", id="none"),
        pytest.param([], "not_a_number", id="list"),
        pytest.param(Decimal("NaN"), "not_a_number", id="Decimal NaN"),
        pytest.param(Decimal("1e999999"), "out_of_range", id="huge Decimal"),
        pytest.param(10**5000, "out_of_range", id="int of five thousand digits"),
    ],
)
def test_what_is_no_usable_number_is_refused_by_name(given_value: Any, code: str) -> None:
    with pytest.raises(WrongValue) as refusal:
        read_decimal(given_value)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+0.25", "0.25"),
        (" -0.1705 ", "-0.1705"),
        ("−0.05", "-0.05"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1.5e-3", "0.0015"),
        (1200, "1200"),
        (Decimal("0.10"), "0.10"),
    ],
)
def test_numbers_are_read_exactly_as_written(text: Any, number: str) -> None:
    assert read_decimal(text) == Decimal(number)


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9
    )
)
def test_plain_text_reads_back_to_the_same_number(number: Decimal) -> None:
    text = plain_text(number)
    assert Decimal(text) == number
    assert "E" not in text and not text.endswith(".")
    assert "." not in text or not text.endswith("0")


@given(st.lists(errors_pct(), min_size=1, max_size=8))
def test_the_mean_does_not_depend_on_the_order_or_the_callers_context(
    values: list[Decimal],
) -> None:
    with localcontext() as context:
        context.prec = 3
        assert mean(values) == mean(sorted(values))
    assert min(values) <= mean(values) <= max(values)


def test_an_error_against_nothing_is_refused() -> None:
    with pytest.raises(WrongValue) as refusal:
        relative_error_pct(Decimal(1), Decimal(0))
    assert refusal.value.code == "reference_is_zero"
