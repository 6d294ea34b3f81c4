"""Items beside the basic error: registers, clock, demand, scatter, inspections."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.clocks import (
    clock_rate_verdict,
    clock_value_verdict,
    tariff_switch_verdict,
)
from dianheng.metrology.demand import DemandLimit, demand_error_verdict, demand_verdict
from dianheng.metrology.dispersion import (
    consistency_verdict,
    standard_deviation,
    standard_deviation_verdict,
    variation_verdict,
)
from dianheng.metrology.error_definition import energy_error_pct, pulse_error_pct, standard_pulses
from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.examples import gateway_meter, household_meter, plain_household_meter
from dianheng.metrology.inspections import (
    ac_voltage_verdict,
    finding_verdict,
    key_state_verdict,
    parameter_verdict,
    relay_verdict,
)
from dianheng.metrology.items import Item
from dianheng.metrology.registers import (
    combination_verdict,
    constant_error_pct,
    constant_verdict,
    register_run_verdict,
)
from dianheng.metrology.rule_sets import Certainty, rule_set
from dianheng.metrology.tests.strategies import JJG_596, errors_pct, positive
from dianheng.metrology.verdicts import Conclusion

Q_GDW_1206 = rule_set("Q/GDW 1206", "2013")


def numbers(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


# error definition


def test_error_by_pulses_of_the_standard() -> None:
    preset = standard_pulses(
        standard_constant_imp_per_kwh=Decimal(6_000_000),
        meter_constant_imp_per_kwh=Decimal(1200),
        meter_pulses=Decimal(4),
        current_ratio=Decimal(10),
    )
    assert preset == 2000
    assert pulse_error_pct(preset, Decimal(2000)) == 0
    assert round(pulse_error_pct(preset, Decimal(1980)), 4) == Decimal("1.0101")


@pytest.mark.parametrize(
    ("standard_error", "error"),
    [
        pytest.param("0.04", "0.2", id="a fifth of the class is negligible"),
        pytest.param("0.041", "0.241", id="more is added"),
        pytest.param("-0.05", "0.15", id="with its sign"),
    ],
)
def test_a_known_error_of_the_standard_counts_when_it_is_not_negligible(
    standard_error: str, error: str
) -> None:
    found = energy_error_pct(
        JJG_596,
        meter_kwh=Decimal("1.002"),
        standard_kwh=Decimal(1),
        accuracy_class="0.2S",
        standard_error_pct=Decimal(standard_error),
    )
    assert found == Decimal(error)


# registers


@pytest.mark.parametrize(
    ("register", "pulses", "conclusion"),
    [
        pytest.param("1.00", "1200", Conclusion.PASS, id="equal"),
        pytest.param("1.01", "1200", Conclusion.PASS, id="one last digit"),
        pytest.param("1.02", "1200", Conclusion.FAIL, id="two last digits"),
        pytest.param("0.99", "1200", Conclusion.PASS, id="one last digit less"),
        pytest.param("0.98", "1200", Conclusion.FAIL, id="two last digits less"),
    ],
)
def test_register_against_pulses(register: str, pulses: str, conclusion: Conclusion) -> None:
    verdict = constant_verdict(
        JJG_596, household_meter(), register_kwh=Decimal(register), pulses=Decimal(pulses)
    )
    assert verdict.conclusion is conclusion


def test_constant_error_is_register_against_pulses() -> None:
    error = constant_error_pct(
        constant_imp_per_kwh=Decimal(1200), register_kwh=Decimal("0.99"), pulses=Decimal(1200)
    )
    assert error == Decimal("-1")
    with pytest.raises(WrongValue):
        constant_error_pct(
            constant_imp_per_kwh=Decimal(1200), register_kwh=Decimal(1), pulses=Decimal(0)
        )


@pytest.mark.parametrize(
    ("register", "conclusion"),
    [("10.11", Conclusion.PASS), ("10.12", Conclusion.FAIL), ("9.89", Conclusion.PASS)],
)
def test_register_run_keeps_class_and_one_last_digit(register: str, conclusion: Conclusion) -> None:
    verdict = register_run_verdict(
        JJG_596, household_meter(), register_kwh=Decimal(register), reference_kwh=Decimal(10)
    )
    assert verdict.limit_high == Decimal("0.11")
    assert verdict.conclusion is conclusion


def test_register_combination_of_a_public_record() -> None:
    verdict = combination_verdict(
        JJG_596,
        total_kwh=Decimal("0.300"),
        rates_kwh=numbers("0.080", "0.070", "0.070", "0.070"),
        register_decimals=2,
    )
    assert verdict.value == Decimal("0.010")
    assert verdict.limit_high == Decimal("0.03")
    assert verdict.conclusion is Conclusion.PASS
    assert verdict.rule.certainty is Certainty.DOUBTFUL


@given(st.lists(positive("0", "99", 2), min_size=2, max_size=6), st.integers(0, 12))
def test_register_combination_depends_on_the_difference_alone(
    rates: list[Decimal], steps: int
) -> None:
    difference = Decimal(steps).scaleb(-2)
    verdict = combination_verdict(
        JJG_596, total_kwh=sum(rates) + difference, rates_kwh=rates, register_decimals=2
    )
    assert (verdict.conclusion is Conclusion.PASS) == (steps <= len(rates) - 1)


def test_one_rate_is_no_combination() -> None:
    verdict = combination_verdict(
        JJG_596, total_kwh=Decimal(1), rates_kwh=numbers("1"), register_decimals=2
    )
    assert (verdict.conclusion, verdict.reason) == (Conclusion.INCOMPLETE, "rates_missing")


# clock


@pytest.mark.parametrize(
    ("readings", "rounded", "conclusion"),
    [
        pytest.param(["0.5"] * 5, "+0.50", Conclusion.PASS, id="at the limit"),
        pytest.param(["0.505"] * 5, "+0.50", Conclusion.PASS, id="a tie rounds to the even"),
        pytest.param(["0.506"] * 5, "+0.51", Conclusion.FAIL, id="above"),
        pytest.param(["-0.6"] * 5, "-0.60", Conclusion.FAIL, id="slow"),
        pytest.param(["0.004", "-0.004", "0", "0", "0"], "0.00", Conclusion.PASS, id="zero"),
    ],
)
def test_clock_rate(readings: list[str], rounded: str, conclusion: Conclusion) -> None:
    verdict = clock_rate_verdict(JJG_596, numbers(*readings))
    assert (verdict.rounded_text, verdict.conclusion) == (rounded, conclusion)


def test_clock_rate_of_a_record_needs_five_results() -> None:
    verdict = clock_rate_verdict(JJG_596, numbers("0.1", "0.1", "0.1", "0.1"))
    assert (verdict.conclusion, verdict.reason) == (Conclusion.INCOMPLETE, "too_few_readings")


@pytest.mark.parametrize(("offset", "passes"), [("5", True), ("-5", True), ("5.1", False)])
def test_clock_value(offset: str, passes: bool) -> None:
    verdict = clock_value_verdict(JJG_596, Decimal(offset))
    assert (verdict.conclusion is Conclusion.PASS) == passes


def test_tariff_switch_takes_the_worst_moment() -> None:
    verdict = tariff_switch_verdict(JJG_596, numbers("0.5", "-4.9", "3"))
    assert (verdict.value, verdict.conclusion) == (Decimal("-4.9"), Conclusion.PASS)
    assert tariff_switch_verdict(JJG_596, numbers("5.01")).conclusion is Conclusion.FAIL
    assert tariff_switch_verdict(JJG_596, []).conclusion is Conclusion.INCOMPLETE


# demand


def test_demand_is_held_against_the_class_or_class_and_load() -> None:
    meter = household_meter()
    by_class = demand_verdict(
        JJG_596, meter, meter_kw=Decimal("0.112"), standard_kw=Decimal("0.11")
    )
    assert (by_class.rounded_text, by_class.limit_high) == ("+1.8", Decimal(1))
    assert by_class.conclusion is Conclusion.FAIL
    by_load = demand_verdict(
        JJG_596,
        meter,
        meter_kw=Decimal("0.1115"),
        standard_kw=Decimal("0.11"),
        limit=DemandLimit.CLASS_VALUE_AND_LOAD,
    )
    assert by_load.limit_high == Decimal("1.5")  # 1 + 0.05 x 1.1 kW / 0.11 kW
    assert (by_load.rounded_text, by_load.conclusion) == ("+1.4", Conclusion.PASS)


def test_demand_errors_of_a_bench_do_for_the_first_limit_only() -> None:
    meter = gateway_meter()
    assert demand_error_verdict(JJG_596, meter, errors_pct=numbers("0.52")).rounded_text == "+0.50"
    with pytest.raises(WrongValue):
        demand_error_verdict(
            JJG_596, meter, errors_pct=numbers("0.52"), limit=DemandLimit.CLASS_VALUE_AND_LOAD
        )
    with pytest.raises(WrongValue):
        demand_verdict(JJG_596, meter, meter_kw=Decimal(1), standard_kw=Decimal(0))


# scatter


def test_standard_deviation_of_ten_readings() -> None:
    readings = numbers(
        "0.021", "0.023", "0.020", "0.022", "0.024", "0.021", "0.022", "0.020", "0.023", "0.024"
    )
    assert round(standard_deviation(readings), 4) == Decimal("0.0015")


@given(st.lists(errors_pct(), min_size=2, max_size=10), errors_pct())
def test_standard_deviation_does_not_change_with_an_offset(
    readings: list[Decimal], offset: Decimal
) -> None:
    moved = [reading + offset for reading in readings]
    assert round(standard_deviation(readings), 20) == round(standard_deviation(moved), 20)


def test_standard_deviation_is_a_fifth_of_the_class_at_most() -> None:
    passing = standard_deviation_verdict(JJG_596, "1", numbers("0.1", "0.3", "0.5", "0.2", "0.4"))
    assert (passing.limit_high, passing.rounded) == (Decimal("0.2"), Decimal("0.16"))
    failing = standard_deviation_verdict(JJG_596, "1", numbers("0.1", "0.9", "0.5", "0.2", "0.4"))
    assert failing.conclusion is Conclusion.FAIL
    short = standard_deviation_verdict(JJG_596, "1", numbers("0.1", "0.3"))
    assert short.reason == "too_few_readings"


@pytest.mark.parametrize(
    ("accuracy_class", "load", "limit"),
    [("1", "Ib", "0.3"), ("1", "0.1Ib", "0.4"), ("2", "In", "0.6"), ("2", "0.1In", "0.7")],
)
def test_consistency_limits(accuracy_class: str, load: str, limit: str) -> None:
    def conclusion(error: str) -> Conclusion:
        return consistency_verdict(
            Q_GDW_1206,
            accuracy_class,
            error_pct=Decimal(error),
            group_mean_pct=Decimal(0),
            load=load,
        ).conclusion

    assert conclusion(limit) is Conclusion.PASS
    assert conclusion(f"-{limit}1") is Conclusion.FAIL


def test_consistency_has_no_limit_elsewhere() -> None:
    for accuracy_class, load in (("1", "Imax"), ("1", "0.2Ib"), ("0.5S", "In")):
        with pytest.raises(NoRule):
            consistency_verdict(
                Q_GDW_1206,
                accuracy_class,
                error_pct=Decimal(0),
                group_mean_pct=Decimal(0),
                load=load,
            )


@pytest.mark.parametrize(
    ("item", "accuracy_class", "limit"),
    [
        (Item.VARIATION, "1", "0.2"),
        (Item.VARIATION, "2", "0.4"),
        (Item.LOAD_VARIATION, "1", "0.25"),
        (Item.LOAD_VARIATION, "2", "0.5"),
    ],
)
def test_variation_limits(item: Item, accuracy_class: str, limit: str) -> None:
    for second, passes in ((limit, True), (f"{limit}1", False)):
        verdict = variation_verdict(
            Q_GDW_1206,
            accuracy_class,
            first_pct=Decimal(0),
            second_pct=Decimal(second),
            item=item,
        )
        assert (verdict.conclusion is Conclusion.PASS) == passes


# inspections


@pytest.mark.parametrize(
    ("voltage", "duration", "breakdown", "conclusion", "reason"),
    [
        ("4", "60", False, Conclusion.PASS, "no_breakdown"),
        ("4", "60", True, Conclusion.FAIL, "breakdown"),
        ("1", "1", True, Conclusion.FAIL, "breakdown"),
        ("3.9", "60", False, Conclusion.INCOMPLETE, "voltage_too_low"),
        ("4", "59", False, Conclusion.INCOMPLETE, "test_too_short"),
        (None, "60", False, Conclusion.INCOMPLETE, "voltage_too_low"),
        ("4", "60", None, Conclusion.INCOMPLETE, "result_missing"),
    ],
)
def test_ac_voltage(
    voltage: str | None,
    duration: str,
    breakdown: bool | None,
    conclusion: Conclusion,
    reason: str,
) -> None:
    verdict = ac_voltage_verdict(
        JJG_596,
        plain_household_meter(),
        voltage_kv=None if voltage is None else Decimal(voltage),
        duration_s=Decimal(duration),
        has_breakdown=breakdown,
    )
    assert (verdict.conclusion, verdict.reason) == (conclusion, reason)


def test_an_enclosure_of_class_one_is_tested_with_two_kilovolts() -> None:
    meter = replace(plain_household_meter(), enclosure="I")
    verdict = ac_voltage_verdict(
        JJG_596, meter, voltage_kv=Decimal(2), duration_s=Decimal(60), has_breakdown=False
    )
    assert verdict.conclusion is Conclusion.PASS


@pytest.mark.parametrize(
    ("open_s", "close_s", "reason"),
    [
        ("1", "5", "opens_and_closes"),
        ("1", "5.1", "too_slow"),
        (None, "1", "not_opened"),
        ("1", None, "not_closed"),
    ],
)
def test_relay(open_s: str | None, close_s: str | None, reason: str) -> None:
    verdict = relay_verdict(
        JJG_596,
        open_s=None if open_s is None else Decimal(open_s),
        close_s=None if close_s is None else Decimal(close_s),
    )
    assert verdict.reason == reason
    assert (verdict.conclusion is Conclusion.PASS) == (reason == "opens_and_closes")


@pytest.mark.parametrize(
    ("is_passed", "findings", "conclusion"),
    [
        (True, [], Conclusion.PASS),
        (True, ["cover cracked"], Conclusion.FAIL),
        (False, [], Conclusion.FAIL),
        (None, [], Conclusion.INCOMPLETE),
    ],
)
def test_what_is_looked_at(
    is_passed: bool | None, findings: list[str], conclusion: Conclusion
) -> None:
    verdict = finding_verdict(JJG_596, Item.APPEARANCE, is_passed=is_passed, findings=findings)
    assert verdict.conclusion is conclusion


@pytest.mark.parametrize(
    ("key_state", "conclusion"),
    [
        ("formal", Conclusion.PASS),
        ("test", Conclusion.FAIL),
        (None, Conclusion.INCOMPLETE),
        ("Formal", Conclusion.INCOMPLETE),
    ],
)
def test_keys(key_state: str | None, conclusion: Conclusion) -> None:
    assert key_state_verdict(Q_GDW_1206, key_state).conclusion is conclusion


def test_parameters_and_prices_are_those_that_were_ordered() -> None:
    ordered = {"price_1": "0.5460", "price_2": "0.5960"}
    right = parameter_verdict(Q_GDW_1206, ordered=ordered, found={**ordered, "other": "1"})
    assert right.conclusion is Conclusion.PASS
    wrong = parameter_verdict(Q_GDW_1206, ordered=ordered, found={"price_1": "0.5640"})
    assert (wrong.conclusion, wrong.reason) == (Conclusion.FAIL, "parameter_differs")
    unread = parameter_verdict(Q_GDW_1206, ordered=ordered, found={"price_1": "0.5460"})
    assert unread.derivation[0].facts["missing"] == ("price_2",)
    assert unread.conclusion is Conclusion.INCOMPLETE
