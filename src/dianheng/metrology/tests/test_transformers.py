"""Limits of transformers at and between the points, rounding and verdict."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import NoRule
from dianheng.metrology.rule_sets import Certainty, RuleSet, rule_set
from dianheng.metrology.tests.strategies import errors_pct
from dianheng.metrology.transformers import (
    Device,
    limit_points,
    points_to_measure,
    transformer_limit,
    transformer_verdict,
)

JJG_1021 = rule_set("JJG 1021", "2007")
JJG_1189_3 = rule_set("JJG 1189.3", "2022")
JJG_313 = rule_set("JJG 313", "2010")
JJG_314 = rule_set("JJG 314", "2010")
KINDS = [
    (rules, device, accuracy_class)
    for rules in (JJG_1021, JJG_1189_3, JJG_313, JJG_314)
    for device, accuracy_class in limit_points(rules)
]
EVERY = pytest.mark.parametrize(
    ("rules", "device", "accuracy_class"),
    KINDS,
    ids=[f"{rules.name} {device} {accuracy_class}" for rules, device, accuracy_class in KINDS],
)


def limits(
    percent: str | Decimal, accuracy_class: str, device: str = "CT", rules: RuleSet = JJG_1021
) -> tuple[Decimal, Decimal]:
    found = transformer_limit(
        rules,
        device=Device(device),
        accuracy_class=accuracy_class,
        percent_rated=Decimal(percent),
    )
    return found.f_pct, found.delta_min


@pytest.mark.parametrize(
    ("accuracy_class", "table"),
    [
        ("0.1", "- 0.4/15 0.2/8 0.1/5 0.1/5"),
        ("0.2", "- 0.75/30 0.35/15 0.2/10 0.2/10"),
        ("0.5", "- 1.5/90 0.75/45 0.5/30 0.5/30"),
        ("1", "- 3.0/180 1.5/90 1.0/60 1.0/60"),
        ("0.1S", "0.4/15 0.2/8 0.1/5 0.1/5 0.1/5"),
        ("0.2S", "0.75/30 0.35/15 0.2/10 0.2/10 0.2/10"),
        ("0.5S", "1.5/90 0.75/45 0.5/30 0.5/30 0.5/30"),
    ],
)
@pytest.mark.parametrize("rules", [JJG_1021, JJG_1189_3], ids=lambda rules: rules.name)
def test_current_transformers_have_the_limits_of_the_table(
    rules: RuleSet, accuracy_class: str, table: str
) -> None:
    for percent, cell in zip((1, 5, 20, 100, 120), table.split(), strict=True):
        if cell == "-":
            with pytest.raises(NoRule) as refusal:
                limits(str(percent), accuracy_class, rules=rules)
            assert refusal.value.code == "no_point_limit"
        else:
            f, delta = cell.split("/")
            assert limits(str(percent), accuracy_class, rules=rules) == (Decimal(f), Decimal(delta))


@pytest.mark.parametrize(
    ("accuracy_class", "f", "delta"),
    [("0.1", "0.1", "5"), ("0.2", "0.2", "10"), ("0.5", "0.5", "20"), ("1", "1", "40")],
)
def test_voltage_transformers_have_one_limit_from_80_to_120_percent(
    accuracy_class: str, f: str, delta: str
) -> None:
    for percent in ("80", "100", "110", "115", "120"):
        assert limits(percent, accuracy_class, "PT") == (Decimal(f), Decimal(delta))
    for percent in ("79.9", "120.1"):
        with pytest.raises(NoRule):
            limits(percent, accuracy_class, "PT")


@pytest.mark.parametrize("accuracy_class", ["0.05", "0.1", "0.2", "0.5"])
def test_laboratory_voltage_transformers_have_wider_limits_at_low_voltage(
    accuracy_class: str,
) -> None:
    f, delta = limits("100", accuracy_class, "PT", JJG_314)
    assert limits("20", accuracy_class, "PT", JJG_314) == (2 * f, 2 * delta)
    assert limits("50", accuracy_class, "PT", JJG_314) == (
        f * Decimal("1.5"),
        delta * Decimal("1.5"),
    )


def test_a_class_that_the_regulation_does_not_know_is_refused() -> None:
    for rules, device, accuracy_class in (
        (JJG_313, "CT", "1"),
        (JJG_1021, "CT", "0.02"),
        (JJG_1189_3, "PT", "0.2"),
        (JJG_314, "PT", "0.2S"),
    ):
        with pytest.raises(NoRule) as refusal:
            limits("100", accuracy_class, device, rules)
        assert refusal.value.code == "no_class"


def percents(low: Decimal, high: Decimal) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, allow_nan=False, places=3)


@given(st.sampled_from(KINDS), st.data())
def test_limits_never_widen_with_the_load(
    kind: tuple[RuleSet, str, str], data: st.DataObject
) -> None:
    rules, device, accuracy_class = kind
    points = limit_points(rules)[device, accuracy_class]
    between = percents(points[0].percent_rated, points[-1].percent_rated)
    low, high = sorted((data.draw(between), data.draw(between)))
    at_low = limits(low, accuracy_class, device, rules)
    at_high = limits(high, accuracy_class, device, rules)
    assert at_low[0] >= at_high[0] and at_low[1] >= at_high[1]


@EVERY
def test_limits_run_into_the_points_from_both_sides(
    rules: RuleSet, device: str, accuracy_class: str
) -> None:
    points = limit_points(rules)[device, accuracy_class]
    near = Decimal("1e-9")
    for before, point in pairwise(points):
        for percent, end in (
            (before.percent_rated + near, before),
            (point.percent_rated - near, point),
        ):
            f, delta = limits(percent, accuracy_class, device, rules)
            assert abs(f - end.f_pct) < Decimal("1e-8")
            assert abs(delta - end.delta_min) < Decimal("1e-6")
        middle = (before.percent_rated + point.percent_rated) / 2
        f, delta = limits(middle, accuracy_class, device, rules)
        assert (2 * f, 2 * delta) == (
            before.f_pct + point.f_pct,
            before.delta_min + point.delta_min,
        )


@given(st.sampled_from(KINDS), errors_pct("3"), errors_pct("200"))
def test_the_rounded_value_decides_and_the_sign_does_not(
    kind: tuple[RuleSet, str, str], f: Decimal, delta: Decimal
) -> None:
    rules, device, accuracy_class = kind
    found, mirrored = (
        transformer_verdict(
            rules,
            device=Device(device),
            accuracy_class=accuracy_class,
            percent_rated=Decimal(100),
            f_pct=sign * f,
            delta_min=sign * delta,
        )
        for sign in (1, -1)
    )
    assert found.is_passed == mirrored.is_passed
    for verdict, other in ((found.f, mirrored.f), (found.delta, mirrored.delta)):
        assert verdict.rounded is not None and verdict.interval is not None
        assert verdict.limit_high is not None
        assert other.rounded == -verdict.rounded
        assert (verdict.conclusion.value == "pass") == (abs(verdict.rounded) <= verdict.limit_high)
        assert verdict.rounded % verdict.interval == 0


@pytest.mark.parametrize(
    ("f", "delta", "f_text", "delta_text"),
    [
        ("0.01", "0.5", "0.00", "0"),
        ("0.03", "1.5", "+0.04", "+2"),
        ("-0.05", "-2.5", "-0.04", "-2"),
        ("0.19", "10.5", "+0.20", "+10"),
    ],
)
def test_ties_go_to_the_even_multiple(f: str, delta: str, f_text: str, delta_text: str) -> None:
    found = transformer_verdict(
        JJG_1021,
        device=Device.CURRENT,
        accuracy_class="0.2S",
        percent_rated=Decimal(100),
        f_pct=Decimal(f),
        delta_min=Decimal(delta),
    )
    assert (found.f.rounded_text, found.delta.rounded_text) == (f_text, delta_text)
    assert found.is_passed


def test_one_error_over_its_limit_fails_the_point() -> None:
    found = transformer_verdict(
        JJG_1021,
        device=Device.VOLTAGE,
        accuracy_class="0.2",
        percent_rated=Decimal(100),
        f_pct=Decimal("0.1"),
        delta_min=Decimal("10.6"),
    )
    assert (found.f.conclusion.value, found.delta.conclusion.value) == ("pass", "fail")
    assert not found.is_passed
    assert (found.f.item, found.delta.item) == ("ratio_error", "phase_displacement")
    assert found.f.point == "100 %"


def test_each_row_says_how_sure_it_is() -> None:
    rows = {
        each.source.row: each.source.certainty
        for points in limit_points(JJG_1021).values()
        for each in points
    }
    assert rows["limits/CT/0.2S/5"] is Certainty.CONFIRMED
    assert rows["limits/CT/0.1S/5"] is Certainty.FROM_MEMORY
    listed = {each.row: each for each in JJG_1021.unconfirmed}["limits"]
    assert (listed.value, listed.certainty) == ("17 rows", Certainty.FROM_MEMORY)


def test_a_limit_between_two_points_names_both() -> None:
    found = transformer_verdict(
        JJG_1021,
        device=Device.CURRENT,
        accuracy_class="0.2",
        percent_rated=Decimal(60),
        f_pct=Decimal("0.28"),
        delta_min=Decimal("12.5"),
    )
    assert found.f.limit_high == Decimal("0.275")
    assert found.rule.row.startswith("limits/CT/0.2/20 + limits/CT/0.2/100 + interpolation")
    assert found.f.steps[0].name == "between_points"


@pytest.mark.parametrize(
    ("device", "accuracy_class", "kv", "points"),
    [
        ("CT", "0.2S", None, "1 5 20 100 120 | 1 5 20 100"),
        ("CT", "0.5", None, "5 20 100 120 | 5 20 100"),
        ("PT", "0.2", "330", "80 100 110 | 80 100"),
        ("PT", "0.2", "220", "80 100 115 | 80 100"),
        ("PT", "0.5", None, "80 100 120 | 80 100"),
    ],
)
def test_points_to_measure(device: str, accuracy_class: str, kv: str | None, points: str) -> None:
    found = points_to_measure(
        JJG_1021,
        device=Device(device),
        accuracy_class=accuracy_class,
        rated_kv=None if kv is None else Decimal(kv),
    )
    rated, lower = (half.split() for half in points.split("|"))
    assert [(each.burden, str(each.percent_rated)) for each in found] == [
        *(("rated", percent) for percent in rated),
        *(("lower", percent) for percent in lower),
    ]


@EVERY
def test_every_class_has_both_rounding_intervals(
    rules: RuleSet, device: str, accuracy_class: str
) -> None:
    whole_class = Decimal(accuracy_class.rstrip("S"))
    interval = rules.figure(f"rounding_interval_pct/{accuracy_class}")
    assert interval.value * 10 == whole_class
    assert rules.figure(f"rounding_interval_min/{accuracy_class}").value > 0
