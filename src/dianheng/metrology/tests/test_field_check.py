"""Checks on site: conditions, working error, clock, drop and burden by edition; K and its range."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.composite import tan_phi
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.field_check import (
    MeterPlateFacts,
    SiteConditions,
    burden_verdict,
    clock_offset_verdict,
    conditions_outside,
    drop_verdict,
    is_calibrator_good_enough,
    working_error_verdict,
)
from dianheng.metrology.plates import Connection, Wiring
from dianheng.metrology.rule_sets import RuleSet, rule_set
from dianheng.metrology.wiring_diagnosis import k_range
from dianheng.metrology.wirings import adjustment, power, read_elements


def known(value: Decimal | None) -> Decimal:
    """The value, which is there."""
    assert value is not None
    return value


SITE, METER = rule_set("DL/T 1664", "2016"), rule_set("JJG 596", "2012")
NEW, OLD = rule_set("DL/T 448", "2016"), rule_set("DL/T 448", "2000")
GATEWAY = MeterPlateFacts("0.5S", Connection.VIA_TRANSFORMER, Decimal("1.5"), Decimal(6))
THREE = Wiring.THREE_PHASE_THREE_WIRE
FINE = SiteConditions(
    Decimal(20), Decimal(50), Decimal(50), Decimal(100), Decimal(42), Decimal("0.9")
)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"cos_phi": Decimal("0.5")}, []),
        ({"cos_phi": Decimal("0.499")}, ["cos_phi_too_low"]),
        ({"load_pct": Decimal(5)}, []),
        ({"load_pct": Decimal("4.9")}, ["load_too_low"]),
        ({"temperature_c": Decimal("-0.1"), "humidity_pct": Decimal("85.1")}, ["temperature_too_low", "humidity_too_high"]),
        ({"frequency_hz": Decimal("51.1"), "voltage_pct": Decimal("89.9")}, ["frequency_too_high", "voltage_too_low"]),
        ({"temperature_c": None}, ["temperature_missing"]),
    ],
    ids=["fine", "at 0.5", "below 0.5", "at 5 %", "below 5 %", "frost", "grid", "not recorded"],
)  # fmt: skip
def test_conditions_forbid_the_test_only_beyond_their_bounds(
    change: dict[str, Decimal | None], codes: list[str]
) -> None:
    found = conditions_outside(SITE, "0.5S", FINE._replace(**change))
    assert [each.code for each in found] == codes


def test_classes_without_s_need_a_tenth_of_the_base_current() -> None:
    found = conditions_outside(SITE, "1", FINE._replace(load_pct=Decimal("9.9")))
    assert [each.code for each in found] == ["load_too_low"]


@pytest.mark.parametrize(
    ("load_pct", "readings", "rounded", "limit", "conclusion"),
    [
        ("42", ("0.52", "0.54"), "+0.55", "0.5", "fail"),
        ("42", ("0.52", "0.53"), "+0.50", "0.5", "pass"),
        ("4", ("0.9", "0.92"), "+0.90", "1.0", "pass"),
        ("400", ("-0.02", "0.02"), "0.00", "0.5", "pass"),
    ],
)
def test_the_working_error_has_the_limit_of_its_load(
    load_pct: str, readings: tuple[str, ...], rounded: str, limit: str, conclusion: str
) -> None:
    found = working_error_verdict(
        METER, SITE, GATEWAY, load_pct=Decimal(load_pct), readings=tuple(map(Decimal, readings))
    )
    assert (found.rounded_text, found.limit_high, found.conclusion.value) == (
        rounded, Decimal(limit), conclusion,
    )  # fmt: skip


def test_one_reading_is_too_few() -> None:
    found = working_error_verdict(
        METER, SITE, GATEWAY, load_pct=Decimal(42), readings=(Decimal("0.1"),)
    )
    assert found.reason == "too_few_readings"


@pytest.mark.parametrize(
    ("offset", "conclusion"), [("600", "pass"), ("-600", "pass"), ("600.1", "fail")]
)
def test_a_clock_is_a_fault_beyond_ten_minutes(offset: str, conclusion: str) -> None:
    assert clock_offset_verdict(SITE, Decimal(offset)).conclusion.value == conclusion


@pytest.mark.parametrize(
    ("rules", "device_class", "purpose", "limit"),
    [
        (NEW, "I", "settlement", "0.2"),
        (NEW, "III", "settlement", "0.2"),
        (OLD, "II", "settlement", "0.2"),
        (OLD, "III", "settlement", "0.5"),
        (OLD, "I", "assessment", "0.5"),
    ],
)
def test_the_limit_of_the_drop_is_that_of_the_edition(
    rules: RuleSet, device_class: str, purpose: str, limit: str
) -> None:
    found = drop_verdict(
        rules, device_class=device_class, purpose=purpose, f_pct=Decimal("-0.15"), delta_min=Decimal(4)
    )  # fmt: skip
    assert found.limit_high == Decimal(limit) and round(known(found.value), 3) == Decimal("0.190")


@pytest.mark.parametrize("rules", [NEW, OLD])
@pytest.mark.parametrize(
    ("actual", "reason"),
    [("2.4", "burden_too_low"), ("2.5", "within_limit"), ("10", "within_limit"), ("10.1", "burden_too_high")],
)  # fmt: skip
def test_a_burden_lies_between_a_quarter_and_the_whole_of_the_rated_one(
    rules: RuleSet, actual: str, reason: str
) -> None:
    found = burden_verdict(rules, rated_va=Decimal(10), actual_va=Decimal(actual))
    assert found.reason == reason


def test_a_rated_burden_is_above_zero() -> None:
    with pytest.raises(WrongValue):
        burden_verdict(NEW, rated_va=Decimal(0), actual_va=Decimal(1))


@pytest.mark.parametrize(
    ("meter", "calibrator", "is_enough"),
    [("0.2S", "0.05", True), ("0.2S", "0.1", False), ("1", "0.2", True), ("2", "", False), ("9", "0.01", False)],
)  # fmt: skip
def test_a_calibrator_is_two_classes_better(meter: str, calibrator: str, is_enough: bool) -> None:
    assert is_calibrator_good_enough(SITE, meter, calibrator) is is_enough


def test_k_and_the_energy_of_the_worked_example() -> None:
    registered = power(THREE, read_elements(("ab,-a", "cb,c")))
    cos_phi = 1 / (1 + Decimal("0.36")).sqrt()  # tan φ = 0.6
    found = k_range(THREE, registered, cos_phi, Decimal(0))
    assert round(known(found.k), 4) == Decimal("2.8868")
    assert round(adjustment(known(found.k), Decimal(1000)).adjust_kwh, 1) == Decimal("1886.8")


def test_a_range_in_which_the_meter_turns_round_has_no_bounds() -> None:
    registered = power(THREE, read_elements(("bc,a", "ac,c")))  # K = 2/(√3 tanφ − 1): φ = 30°
    found = k_range(THREE, registered, Decimal("0.85"), Decimal("0.05"))
    assert not found.is_bounded and found.k is not None


@given(
    cos_phi=st.decimals(Decimal("0.5"), Decimal("0.99"), places=3),
    spread=st.decimals(Decimal(0), Decimal("0.05"), places=3),
    inside=st.decimals(Decimal(0), Decimal(1), places=2),
)
def test_within_bounds_every_k_lies_between_the_ends(
    cos_phi: Decimal, spread: Decimal, inside: Decimal
) -> None:
    registered = power(THREE, read_elements(("ab,-a", "cb,c")))
    found = k_range(THREE, registered, cos_phi, spread)
    low, high = found.cos_phi
    between = low + (high - low) * inside
    if not found.is_bounded or tan_phi(between) == 0:
        return
    k = known(k_range(THREE, registered, between, Decimal(0)).k)
    ends = sorted(map(known, found.ends))
    assert ends[0] - Decimal("1e-20") <= k <= ends[1] + Decimal("1e-20")
