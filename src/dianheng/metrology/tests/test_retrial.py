"""Columns of whole numbers judge as the rule itself does, ties included."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import Connection
from dianheng.metrology.retrial import DECIMALS, SCALE, Change, sum_bounds
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.verdicts import Conclusion, PointRule, error_verdict, point_rule

JJG_596 = rule_set("JJG 596", "2012")
POINTS = [
    ("0.2S", Connection.VIA_TRANSFORMER, "In", "1.0"),
    ("0.5S", Connection.VIA_TRANSFORMER, "0.01In", "1.0"),
    ("1", Connection.DIRECT, "Ib", "1.0"),
    ("1", Connection.DIRECT, "0.05Ib", "1.0"),
    ("2", Connection.DIRECT, "Ib", "0.5L"),
]


def rule_at(number: int) -> PointRule:
    accuracy_class, connection, load, factor = POINTS[number]
    return point_rule(
        JJG_596, accuracy_class=accuracy_class, connection=connection, load=load, factor=factor
    )


def by_the_rule(rule: PointRule, readings: list[int], *, takes_extra: bool) -> Conclusion:
    samples = [Decimal(reading).scaleb(-DECIMALS) for reading in readings]
    first = rule.first_count
    if len(samples) < first:
        return Conclusion.INCOMPLETE
    return error_verdict(rule, samples[:first], samples[first:], takes_extra=takes_extra).conclusion


def by_columns(rule: PointRule, readings: list[int], *, takes_extra: bool) -> Conclusion:
    bounds = sum_bounds(rule, len(readings), takes_extra=takes_extra)
    first = sum(readings[: rule.first_count])
    return bounds.conclude(first, sum(readings), len(readings))


# Around limits and ties: multiples of a hundredth of a per cent, and a step beside them.
NEAR = st.integers(-300, 300).map(lambda n: n * SCALE // 100)
READING = st.one_of(NEAR, NEAR.map(lambda n: n + 1), st.integers(-4 * SCALE, 4 * SCALE))


@given(
    st.integers(0, len(POINTS) - 1),
    st.lists(READING, min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from(["0.6", "1", "1.5", "0.37"]),
    st.sampled_from(["0", "0.5", "1", "2", "7"]),
)
@example(1, [525_000, 525_000], False, "1", "1")  # the tie of the trade: 0.525 rounds to 0.50
@example(1, [525_001, 525_000], False, "1", "1")
@example(2, [800_000, 800_000], True, "1", "1")  # lower end of the band of further readings
@example(2, [1_200_000, 1_200_000, 900_000, 900_000], True, "1", "1")
def test_columns_judge_as_the_rule_does(
    number: int, readings: list[int], takes_extra: bool, limit: str, interval: str
) -> None:
    rule = Change(Decimal(limit), Decimal(interval)).apply(rule_at(number))
    assert by_columns(rule, readings, takes_extra=takes_extra) is by_the_rule(
        rule, readings, takes_extra=takes_extra
    )


def test_the_last_sum_that_passes_and_the_first_that_does_not() -> None:
    rule = rule_at(0)  # class 0.2S, limit 0.2, interval 0.02: 0.21 rounds to 0.20, an even tenth
    bounds = sum_bounds(rule, 2, takes_extra=False)
    assert bounds.first_through == 420_000
    assert bounds.conclude(420_000, 420_000, 2) is Conclusion.PASS
    assert bounds.conclude(-420_001, -420_001, 2) is Conclusion.FAIL


def test_without_rounding_the_mean_itself_is_held_against_the_limit() -> None:
    rule = Change(interval_factor=Decimal(0)).apply(rule_at(0))
    assert sum_bounds(rule, 2, takes_extra=False).first_through == 400_000


@pytest.mark.parametrize("limit,interval", [("0", "1"), ("-1", "1"), ("11", "1"), ("1", "-0.1")])
def test_a_change_out_of_range_is_refused(limit: str, interval: str) -> None:
    with pytest.raises(WrongValue):
        Change(Decimal(limit), Decimal(interval)).apply(rule_at(0))
