"""Distributions are counted exactly; a value on an edge belongs to the step above it."""

from decimal import Decimal as D

from hypothesis import given, settings
from hypothesis import strategies as st

from dianheng.common.charts import Line, distribution


def counts(chart):
    return {str(mark.label): mark.value for mark in chart.marks if mark.value}


def test_values_are_counted_into_steps():
    chart = distribution(
        [D("-0.10"), D("0"), D("0.099"), D("0.1")],
        D("0.1"),
        title="x",
        url="/r/?from={from_}&to={to}",
    )
    assert counts(chart) == {"-0.1 … 0": 1, "0 … 0.1": 2, "0.1 … 0.2": 1}
    assert chart.marks[0].url == "/r/?from=-0.1&to=0.0"
    assert chart.edges == (D("-0.1"), D("0.0"), D("0.1"), D("0.2"))


def test_the_picture_reaches_to_its_limits():
    chart = distribution(
        [D("0.05")], D("0.1"), title="x", lines=[Line(D("-1"), "lower"), Line(D("1"), "upper")]
    )
    assert (chart.edges[0], chart.edges[-1]) == (D("-1.0"), D("1.1"))


def test_no_values_are_no_picture():
    assert distribution([], D("0.1"), title="x").marks == ()


@settings(deadline=None)
@given(st.lists(st.decimals(-50, 50, places=3), min_size=1, max_size=40))
def test_nothing_is_lost_however_far_values_lie_apart(values):
    chart = distribution(values, D("0.01"), title="x")
    assert sum(mark.value for mark in chart.marks) == len(values)
    assert len(chart.marks) <= 202
    assert chart.edges[0] <= min(values) and max(values) < chart.edges[-1]
