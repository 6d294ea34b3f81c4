"""Repeatability, stability, comparison and control charts of measurement standards."""

from datetime import date
from decimal import Decimal as D

import pytest

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.quantities import mean
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.standard_tests import (
    Finding,
    Group,
    chart_constants,
    comparison,
    control_limits,
    intermediate_check,
    repeatability,
    stability,
)

RULES = rule_set("JJF 1033", "2023")
TEN = [
    D(x)
    for x in [
        "0.021",
        "0.023",
        "0.020",
        "0.022",
        "0.024",
        "0.021",
        "0.022",
        "0.020",
        "0.023",
        "0.024",
    ]
]


def test_the_worked_example_of_repeatability() -> None:
    result = repeatability(RULES, TEN, budget=D("0.0015"))
    assert mean(TEN) == D("0.022") and result.found is not None
    assert round(result.found, 4) == D("0.0015")
    assert result.finding is Finding.KEPT
    assert repeatability(RULES, TEN, budget=D("0.0014")).finding is Finding.EXCEEDED
    assert repeatability(RULES, TEN[:9], budget=D("1")).finding is Finding.TOO_FEW


def groups(text: str, size: int = 10) -> list[Group]:
    """Groups of equal readings from `2026-03-10 0.012; …`."""
    pairs = [part.split() for part in text.split(";")]
    return [Group(date.fromisoformat(day), [D(value)] * size) for day, value in pairs]


@pytest.mark.parametrize(
    ("text", "is_new", "finding", "found"),
    [
        pytest.param(
            "2026-01-10 0.012; 2026-02-10 0.015; 2026-03-10 0.011", True, "too_few", None,
            id="three groups",
        ),
        pytest.param(
            "2026-01-10 0.012; 2026-02-10 0.015; 2026-03-10 0.011; 2026-04-10 0.014", True, "kept",
            "0.004", id="four groups, a month apart",
        ),
        pytest.param(
            "2026-01-10 0.012; 2026-02-10 0.015; 2026-03-10 0.011; 2026-04-09 0.014", True, "too_few",
            None, id="the last a day too early",
        ),
        pytest.param(
            "2026-03-10 0.012; 2026-03-11 0.015; 2026-03-12 0.011; 2026-03-13 0.014", True, "too_few",
            None, id="four days running",
        ),
        pytest.param(
            "2026-01-10 0.012; 2026-02-10 0.015; 2026-02-20 0.061; 2026-03-10 0.011; 2026-04-10 0.014",
            True, "exceeded", "0.050", id="a group between counts for the difference",
        ),
        pytest.param("2026-03-10 0.012", False, "too_few", None, id="examined, the first group"),
        pytest.param(
            "2025-12-20 0.012; 2026-01-10 0.012", False, "too_few", None, id="less than a month ago"
        ),
        pytest.param(
            "2025-02-20 0.060; 2025-11-10 0.012; 2026-03-10 0.030", False, "kept", "0.030",
            id="last year's group, not the one before",
        ),
        pytest.param(
            "2025-03-10 0; 2025-06-10 0.01; 2025-09-10 0.02; 2025-12-10 0.03; 2026-03-10 0.05", False,
            "exceeded", "0.05", id="a drift a quarter at a time",
        ),
        pytest.param("2024-03-10 0.012; 2026-03-10 0.012", False, "too_few", None, id="a year left out"),
        pytest.param("2025-03-10 0.012; 2026-03-10 -0.038", False, "exceeded", "0.050", id="on the limit"),
    ],
)  # fmt: skip
def test_stability_of_a_new_and_of_an_examined_standard(
    text: str, is_new: bool, finding: str, found: str | None
) -> None:
    result = stability(RULES, groups(text), limit=D("0.05"), is_new=is_new)
    assert (result.finding, result.found) == (finding, None if found is None else D(found))


def test_a_group_of_too_few_readings_does_not_count() -> None:
    text = "2025-03-10 0.012; 2026-03-10 0.014"
    assert stability(RULES, groups(text, 9), limit=D(1), is_new=False).finding == "too_few"
    whole, few = groups(text), groups(text, 2)
    result = stability(RULES, [few[0], whole[1]], limit=D(1), is_new=False)
    assert result.finding is Finding.TOO_FEW
    four = "2026-01-10 0; 2026-02-10 0; 2026-03-10 0; 2026-04-10 0"
    assert stability(RULES, groups(four, 2), limit=D(1), is_new=True).finding == "too_few"


@pytest.mark.parametrize(
    ("text", "finding", "found"),
    [
        ("2026-03-10 0.012", "too_few", None),
        ("2025-03-09 0.012; 2026-03-10 0.012", "too_few", None),
        ("2025-03-10 0; 2025-06-10 0.01; 2025-09-10 0.02; 2025-12-10 0.03", "kept", "0.03"),
        ("2025-03-10 0; 2025-06-10 0.02; 2025-09-10 0.04; 2025-12-10 0.06", "exceeded", "0.06"),
    ],
    ids=["the first", "a year and a day ago", "a drift within", "a drift beyond"],
)
def test_an_intermediate_check_is_held_against_all_of_a_year(
    text: str, finding: str, found: str | None
) -> None:
    result = intermediate_check(RULES, groups(text, 2), limit=D("0.05"))
    assert (result.finding, result.found) == (finding, None if found is None else D(found))


def test_two_laboratories_agree_within_the_root_of_both_uncertainties_squared() -> None:
    facts = {"reference": D("0.010"), "u_ours": D("0.03"), "u_reference": D("0.04")}
    on_the_edge = comparison(RULES, ours=D("0.060"), **facts)
    assert (on_the_edge.finding, on_the_edge.limit) == (Finding.KEPT, D("0.05"))
    assert comparison(RULES, ours=D("-0.0401"), **facts).finding is Finding.EXCEEDED
    with pytest.raises(WrongValue):
        comparison(RULES, ours=D(1), reference=D(1), u_ours=D(0), u_reference=D(1))


@pytest.mark.parametrize(
    ("size", "a3", "b3", "b4"),
    [
        (2, "2.659", "0", "3.267"), (3, "1.954", "0", "2.568"), (5, "1.427", "0", "2.089"),
        (6, "1.287", "0.030", "1.970"), (10, "0.975", "0.284", "1.716"), (15, "0.789", "0.428", "1.572"),
        (20, "0.680", "0.510", "1.490"),
    ],
)  # fmt: skip
def test_constants_of_the_control_chart_are_those_of_the_table(
    size: int, a3: str, b3: str, b4: str
) -> None:
    assert chart_constants(size) == (D(a3), D(b3), D(b4))


def test_control_limits_lie_around_the_mean_of_means() -> None:
    assert control_limits([TEN]) is None
    limits = control_limits([TEN, [x + D("0.002") for x in TEN]])
    assert limits is not None and limits.centre == D("0.023")
    assert round(limits.upper - limits.centre, 5) == round(D("0.975") * limits.spread_centre, 5)
    assert limits.upper - limits.centre == limits.centre - limits.lower
    with pytest.raises(WrongValue):
        control_limits([TEN, TEN[:9]])
