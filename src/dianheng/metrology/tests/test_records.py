"""Verdict on a whole record."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dianheng.metrology.environment import Environment
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.examples import gateway_meter, household_meter, plain_household_meter
from dianheng.metrology.items import TRANSFORMER_ITEMS, Item
from dianheng.metrology.observations import Observation
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.records import Missing, RecordVerdict, judge_record
from dianheng.metrology.rule_sets import Certainty, rule_set
from dianheng.metrology.schemes import (
    Direction,
    LoadPoint,
    Purpose,
    Scheme,
    Stage,
    generate_scheme,
)
from dianheng.metrology.verdicts import Conclusion, internal_control

CONTROL = internal_control(rule_set("Utility practice", "2013"))
ROOM = Environment(Decimal(23), Decimal(60))

GOOD_FACTS: dict[str, dict[str, Any]] = {
    "appearance": {"is_passed": True},
    "communication": {"is_passed": True},
    "ac_voltage": {"voltage_kv": "4", "duration_s": "60", "has_breakdown": False},
    "creep": {"pulses": "0", "elapsed_min": "40", "voltage_pct": "115"},
    "start": {"first_pulse_min": "5"},
    "constant": {"register_kwh": "1.00", "pulses": "1200"},
    "combination": {"total_kwh": "1.00", "rates_kwh": ["0.50", "0.50"]},
    "demand": {"meter_kw": "1.000", "standard_kw": "1.000"},
    "key_state": {"key_state": "formal"},
    "parameter": {"ordered": {"price_1": "0.5460"}, "found": {"price_1": "0.5460"}},
    "relay": {"open_s": "1", "close_s": "1"},
    "consistency": {"group_mean_pct": "0.1"},
}
GOOD_SAMPLES = {
    "basic_error": ("0.10", "0.12"),
    "clock_rate": ("0.1",) * 5,
    "clock_value": ("1",),
    "tariff_switch": ("0.1",),
    "consistency": ("0.1",),
    "variation": ("0.1", "0.1"),
    "load_variation": ("0.1", "0.1"),
}


def good_record(scheme: Scheme) -> list[Observation]:
    """Everything the scheme asks for, and all of it good."""
    return [
        Observation(
            each.item.value,
            point.direction.value,
            point.phases,
            point.load,
            point.factor,
            tuple(Decimal(text) for text in GOOD_SAMPLES.get(each.item.value, ())),
            GOOD_FACTS.get(each.item.value, {}),
        )
        for each in scheme.items
        for point in each.points or (LoadPoint(Direction.FORWARD_ACTIVE, "ABC", "", ""),)
    ]


def judged(
    record: list[Observation], meter: MeterPlate | None = None, scheme: Scheme | None = None
) -> RecordVerdict:
    plate = meter or household_meter()
    return judge_record(
        plate,
        scheme or generate_scheme(plate, Stage.FIRST),
        record,
        environment=ROOM,
        control=CONTROL,
    )


def with_one(record: list[Observation], item: str, **changes: Any) -> list[Observation]:
    """The record with the first observation of an item changed."""
    place = next(i for i, each in enumerate(record) if each.item == item)
    return [*record[:place], record[place]._replace(**changes), *record[place + 1 :]]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("meter", [household_meter(), plain_household_meter(), gateway_meter()])
def test_a_record_in_which_everything_is_good_passes(
    meter: MeterPlate, stage: Stage, purpose: Purpose
) -> None:
    scheme = generate_scheme(meter, stage, purpose)
    record = good_record(scheme)
    if meter.accuracy_class == "0.5S":
        record = [
            each._replace(facts={**each.facts, "register_kwh": "0.0600"})
            if each.item == "constant"
            else each
            for each in record
        ]
    verdict = judged(record, meter, scheme)
    assert verdict.missing == ()
    assert verdict.failing_items == ()
    assert (verdict.legal, verdict.fitness) == (Conclusion.PASS, Conclusion.PASS)
    assert verdict.internal is Conclusion.PASS
    assert verdict.is_issuable
    assert verdict.certainty is Certainty.DOUBTFUL or "rates" not in meter.functions
    assert ("JJG 596", "2012") in verdict.rule_sets


def test_one_failing_item_fails_and_is_named() -> None:
    scheme = generate_scheme(household_meter(), Stage.FIRST)
    record = with_one(good_record(scheme), "creep", facts={"pulses": "2", "elapsed_min": "40"})
    verdict = judged(record)
    assert verdict.legal is Conclusion.FAIL
    assert verdict.failing_items == ("creep",)
    assert not verdict.is_issuable


def test_a_failing_item_fails_even_when_others_are_missing() -> None:
    failing = Observation("creep", facts={"pulses": "5"})
    verdict = judged([failing])
    assert verdict.legal is Conclusion.FAIL
    assert Missing("start", "", "not_tested") in verdict.missing


def test_a_missing_item_or_point_leaves_the_record_incomplete() -> None:
    scheme = generate_scheme(household_meter(), Stage.FIRST)
    record = [
        each
        for each in good_record(scheme)
        if (each.item, each.load, each.factor) != ("basic_error", "Imax", "0.8C")
    ]
    verdict = judged(record)
    assert verdict.missing == (Missing("basic_error", "Imax 0.8C", "not_tested"),)
    assert verdict.legal is Conclusion.INCOMPLETE
    assert verdict.internal is Conclusion.INCOMPLETE


def test_a_first_verification_needs_the_voltage_test_a_later_one_does_not() -> None:
    meter = household_meter()
    later = generate_scheme(meter, Stage.SUBSEQUENT)
    record = good_record(later)
    assert judged(record, meter, later).legal is Conclusion.PASS
    assert judged(record).missing == (Missing("ac_voltage", "", "not_tested"),)


def test_test_keys_and_wrong_prices_make_unfit_but_not_illegal() -> None:
    scheme = generate_scheme(household_meter(), Stage.FIRST)
    for item, facts in (
        ("key_state", {"key_state": "test"}),
        ("parameter", {"ordered": {"price_1": "0.5460"}, "found": {"price_1": "0.9"}}),
    ):
        verdict = judged(with_one(good_record(scheme), item, facts=facts))
        assert verdict.legal is Conclusion.PASS
        assert verdict.fitness is Conclusion.FAIL
        assert verdict.failing_items == (item,)
        assert not verdict.is_issuable


def test_outside_the_internal_band_is_legally_passed() -> None:
    scheme = generate_scheme(household_meter(), Stage.FIRST)
    record = with_one(
        good_record(scheme), "basic_error", samples=(Decimal("0.70"), Decimal("0.70"))
    )
    verdict = judged(record)
    assert (verdict.legal, verdict.fitness) == (Conclusion.PASS, Conclusion.PASS)
    assert verdict.internal is Conclusion.FAIL
    assert verdict.outside_internal == ("Imax 1.0",)
    plate = household_meter()
    without_band = judge_record(plate, scheme, record, environment=ROOM)
    assert without_band.internal is None


def test_further_readings_come_in_the_same_list_of_samples() -> None:
    scheme = generate_scheme(household_meter(), Stage.FIRST)
    two = tuple(Decimal("1.06") for _ in range(2))
    waiting = judged(with_one(good_record(scheme), "basic_error", samples=two))
    assert waiting.missing == (Missing("basic_error", "Imax 1.0", "extra_readings_needed"),)
    four = (*two, Decimal("0.98"), Decimal("1.00"))
    verdict = judged(with_one(good_record(scheme), "basic_error", samples=four))
    shown = next(each for each in verdict.verdicts if each.point == "Imax 1.0")
    assert (shown.samples, shown.extra_samples) == (two, four[2:])
    assert (shown.value, shown.rounded_text) == (Decimal("1.025"), "+1.0")
    assert verdict.legal is Conclusion.PASS


def test_single_phase_load_is_held_against_balanced_load() -> None:
    meter = gateway_meter()
    scheme = generate_scheme(meter, Stage.SUBSEQUENT)
    record = [
        each._replace(samples=(Decimal("-0.30"), Decimal("-0.30")))
        if (each.item, each.phases, each.load, each.factor) == ("basic_error", "ABC", "In", "1.0")
        and each.direction == "forward_active"
        else each
        for each in good_record(scheme)
    ]
    for point in ("A", "B", "C"):
        found = [
            each
            for each in judged(record, meter, scheme).verdicts
            if (each.item, each.point) == ("load_difference", point)
        ]
        assert [each.rounded_text for each in found] == ["+0.40"]  # 0.11 - (-0.30) = 0.41
    record = [
        each._replace(samples=(Decimal("0.58"), Decimal("0.58")))
        if (each.item, each.phases, each.load, each.factor) == ("basic_error", "B", "In", "1.0")
        else each._replace(
            samples=(Decimal("-0.46"), Decimal("-0.47"), Decimal("-0.46"), Decimal("-0.47"))
        )
        if (each.item, each.phases, each.load, each.factor) == ("basic_error", "ABC", "In", "1.0")
        and each.direction == "forward_active"
        else each
        for each in record
    ]
    verdict = judged(record, meter, scheme)
    assert "load_difference" in verdict.failing_items  # 0.58 + 0.465 = 1.045 rounds to 1.05 > 1.0
    assert verdict.legal is Conclusion.FAIL


def test_a_record_without_conditions_is_incomplete_and_strange_ones_are_a_warning() -> None:
    plate = household_meter()
    scheme = generate_scheme(plate, Stage.FIRST)
    record = good_record(scheme)
    without = judge_record(plate, scheme, record)
    assert without.missing == (Missing("environment", "", "not_recorded"),)
    assert without.legal is Conclusion.INCOMPLETE
    hot = judge_record(plate, scheme, record, environment=Environment(Decimal(30), Decimal(60)))
    assert (hot.legal, hot.environment_outside) == (Conclusion.PASS, ("temperature",))
    no_humidity = judge_record(plate, scheme, record, environment=Environment(Decimal(23)))
    assert no_humidity.missing == (Missing("environment", "humidity", "not_recorded"),)


@pytest.mark.parametrize(
    ("item", "changes", "reason"),
    [
        ("basic_error", {"samples": (Decimal("0.1"),)}, "too_few_readings"),
        ("basic_error", {"samples": ()}, "too_few_readings"),
        ("basic_error", {"load": "7Iz"}, "no_load"),
        ("basic_error", {"load": "99Ib"}, "no_limit"),
        ("basic_error", {"direction": "sideways"}, "no_direction"),
        ("creep", {"facts": {}}, "pulses_missing"),
        ("creep", {"facts": {"pulses": "0.5"}}, "not_a_count"),
        ("creep", {"facts": {"pulses": "NaN", "elapsed_min": "40"}}, "not_a_number"),
        ("start", {"facts": {}}, "time_missing"),
        ("constant", {"facts": {"pulses": "1200"}}, "fact_missing"),
        ("constant", {"facts": {"register_kwh": 1.0, "pulses": "1200"}}, "binary_float"),
        ("combination", {"facts": {"total_kwh": "1"}}, "rates_missing"),
        ("clock_rate", {"samples": ()}, "too_few_readings"),
        ("clock_value", {"samples": ()}, "fact_missing"),
        ("appearance", {"facts": {}}, "result_missing"),
        ("appearance", {"facts": {"is_passed": "yes"}}, "not_a_truth_value"),
        ("key_state", {"facts": {}}, "result_missing"),
        ("parameter", {"facts": {"ordered": {"price_1": "1"}}}, "parameter_not_read"),
        ("tariff_switch", {"samples": ()}, "readings_missing"),
    ],
)
def test_what_cannot_be_judged_is_named_and_leaves_the_record_incomplete(
    item: str, changes: dict[str, Any], reason: str
) -> None:
    scheme = generate_scheme(household_meter(), Stage.FIRST)
    verdict = judged(with_one(good_record(scheme), item, **changes))
    assert reason in {each.reason for each in verdict.missing}
    assert Conclusion.INCOMPLETE in (verdict.legal, verdict.fitness)
    assert Conclusion.FAIL not in (verdict.legal, verdict.fitness)


def test_an_item_that_nobody_knows_is_an_error_of_the_caller() -> None:
    with pytest.raises(WrongValue) as refusal:
        judged([Observation("taste")])
    assert refusal.value.code == "no_item"


def test_items_beyond_the_scheme_are_shown_and_decide_nothing() -> None:
    plate = plain_household_meter()
    scheme = generate_scheme(plate, Stage.SUBSEQUENT)
    record = [*good_record(scheme), Observation("clock_value", samples=(Decimal(99),))]
    verdict = judged(record, plate, scheme)
    assert verdict.verdicts[-1].conclusion is Conclusion.FAIL
    assert verdict.legal is Conclusion.PASS and verdict.failing_items == ()


def test_every_item_of_a_record_has_a_judge() -> None:
    for item in set(Item) - TRANSFORMER_ITEMS:
        if item in (Item.BASIC_ERROR, Item.LOAD_DIFFERENCE):
            continue
        judged([Observation(item.value, load="Ib", factor="1.0")])


def test_a_repeated_point_counts_with_its_worst_result() -> None:
    scheme = generate_scheme(household_meter(), Stage.FIRST)
    record = good_record(scheme)
    bad = next(each for each in record if each.item == "basic_error")
    verdict = judged([*record, bad._replace(samples=(Decimal(3), Decimal(3)))])
    assert verdict.failing_items == ("basic_error",)


def test_the_scheme_decides_which_readings_rule_and_demand_limit_hold() -> None:
    plate = household_meter()
    scheme = replace(generate_scheme(plate, Stage.FIRST), takes_extra=False)
    record = with_one(
        good_record(scheme), "basic_error", samples=(Decimal("0.95"), Decimal("0.95"))
    )
    assert judged(record, plate, scheme).legal is Conclusion.PASS
