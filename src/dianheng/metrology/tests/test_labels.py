"""Colour labels."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.labels import LabelColour, LastResult, label_on
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.tests.strategies import days

RULES = rule_set("Label practice", "2013")
LAST_DAY = date(2026, 5, 31)


@pytest.mark.parametrize(
    ("result", "today", "colour", "is_usable", "reason"),
    [
        ("pass", LAST_DAY, "green", True, "pass"),
        ("pass", LAST_DAY + timedelta(days=1), "red", False, "overdue"),
        ("restricted", LAST_DAY, "yellow", True, "restricted"),
        ("restricted", LAST_DAY + timedelta(days=1), "red", False, "overdue"),
        ("fail", LAST_DAY, "red", False, "fail"),
        ("suspended", LAST_DAY, "red", False, "suspended"),
    ],
)
def test_label(result: str, today: date, colour: str, is_usable: bool, reason: str) -> None:
    label = label_on(RULES, last_result=LastResult(result), valid_through=LAST_DAY, today=today)
    assert (label.colour.value, label.is_usable_in_task, label.reason) == (
        colour,
        is_usable,
        reason,
    )


@given(st.sampled_from(LastResult), days(), days())
def test_a_red_instrument_is_never_used_and_an_overdue_one_is_red(
    result: LastResult, through: date, today: date
) -> None:
    label = label_on(RULES, last_result=result, valid_through=through, today=today)
    assert label.is_usable_in_task == (label.colour is not LabelColour.RED)
    if today > through:
        assert label.colour is LabelColour.RED


def test_an_instrument_never_verified_is_red() -> None:
    label = label_on(RULES, last_result=LastResult.PASS, valid_through=None, today=LAST_DAY)
    assert label.colour is LabelColour.RED
