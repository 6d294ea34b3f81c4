"""Indicators against their targets: on the unrounded ratio, both ends included."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.rule_sets import Certainty, rule_set
from dianheng.metrology.targets import (
    Target,
    indicator_named,
    indicator_verdict,
    indicators,
    read_target,
)
from dianheng.metrology.words import words

DL_2000 = rule_set("DL/T 448", "2000")


def is_met(target: str, numerator: int, denominator: int) -> bool | None:
    return indicator_verdict(
        DL_2000,
        "anything",
        numerator=Decimal(numerator),
        denominator=Decimal(denominator),
        target=read_target(target),
    ).is_met


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("== 100", Target(Decimal(100), Decimal(100))),
        ("=100", Target(Decimal(100), Decimal(100))),
        (">= 98", Target(Decimal(98), None)),
        ("≥98%", Target(Decimal(98), None)),
        ("<= 1", Target(None, Decimal(1))),
        ("≤ 0.5 %", Target(None, Decimal("0.5"))),
        ("5..10", Target(Decimal(5), Decimal(10))),
        (" 5 .. 10 % ", Target(Decimal(5), Decimal(10))),
    ],
)
def test_targets_are_read(text: str, target: Target) -> None:
    assert read_target(text) == target
    assert read_target(target.text) == target


@pytest.mark.parametrize(
    "text", ["", "98", "> 98", "10..5", ">= x", "5..", "..10", "5...10", "NaN..1", ">= 1e99"]
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(WrongValue) as refusal:
        read_target(text)
    assert refusal.value.code == "no_target"


def test_the_unrounded_ratio_is_judged() -> None:
    assert is_met("== 100", 99999, 100000) is False
    assert is_met(">= 98", 979999, 1000000) is False
    assert is_met(">= 98", 98, 100) is True
    assert is_met("<= 1", 10001, 1000000) is False
    assert is_met("5..10", 5, 100) is is_met("5..10", 10, 100) is True


@given(st.integers(0, 10**6))
def test_without_a_denominator_nothing_applies(numerator: int) -> None:
    found = indicator_verdict(
        DL_2000, "std_pass_rate", numerator=Decimal(numerator), denominator=Decimal(0)
    )
    assert (found.value_pct, found.shown_pct, found.is_met) == (None, None, None)


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_a_ratio_meets_one_of_the_two_sides_or_both(numerator: int, denominator: int) -> None:
    assert is_met(">= 50", numerator, denominator) or is_met("<= 50", numerator, denominator)
    both = is_met(">= 50", numerator, denominator) and is_met("<= 50", numerator, denominator)
    assert both == is_met("== 50", numerator, denominator) == (2 * numerator == denominator)


@pytest.mark.parametrize("text", ["现场检验合格率 class III", "FIELD_PASS_RATE  class iii"])
def test_an_indicator_is_found_by_code_or_name(text: str) -> None:
    found = indicator_named(DL_2000, text)
    assert found is not None and found.target is not None
    assert (found.code, found.device_class, found.target.text) == (
        "field_pass_rate",
        "III",
        ">= 95",
    )


def test_an_indicator_without_classes_takes_any_class() -> None:
    found = indicator_named(DL_2000, "field_check_rate class I")
    assert found is not None and found.target is not None and found.target.text == "== 100"


def test_a_class_that_the_table_does_not_have_has_no_target() -> None:
    found = indicator_named(DL_2000, "field_pass_rate class V")
    assert found is not None and found.target is None


def test_every_indicator_has_its_words() -> None:
    assert {code for code, _ in indicators(DL_2000)} == {
        identifier for kind, identifier in words() if kind == "indicator"
    }


def test_the_row_that_decides_is_named() -> None:
    found = indicator_verdict(
        DL_2000, "preadjust_pass_rate class III", numerator=Decimal(98), denominator=Decimal(100)
    )
    assert found.rule.row == "indicators/preadjust_pass_rate/III"
    assert (found.rule.certainty, found.is_met) == (Certainty.CONFIRMED, True)
