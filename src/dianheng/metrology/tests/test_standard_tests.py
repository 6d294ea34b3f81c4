"""Repeatability, stability, comparison and control charts of measurement standards."""

from decimal import Decimal as D

import pytest

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.quantities import mean
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.standard_tests import (
    Finding,
    chart_constants,
    comparison,
    control_limits,
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


@pytest.mark.parametrize(
    ("means", "is_new", "finding", "found"),
    [
        ("0.012 0.015 0.011", True, Finding.TOO_FEW, None),
        ("0.012 0.015 0.011 0.014", True, Finding.KEPT, "0.004"),
        ("0.012 0.015 0.011 0.061", True, Finding.EXCEEDED, "0.050"),
        ("0.012", False, Finding.TOO_FEW, None),
        ("0.060 0.012 0.015", False, Finding.KEPT, "0.003"),
        ("0.012 -0.038", False, Finding.EXCEEDED, "0.050"),
    ],
)
def test_stability_of_a_new_and_of_an_examined_standard(
    means: str, is_new: bool, finding: Finding, found: str | None
) -> None:
    result = stability(RULES, [D(x) for x in means.split()], limit=D("0.05"), is_new=is_new)
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
