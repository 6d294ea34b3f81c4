"""Schemes: items and load points by device kind, class, connection and edition."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.examples import gateway_meter, household_meter, plain_household_meter
from dianheng.metrology.items import Item
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD, limit_at
from dianheng.metrology.plates import (
    Connection,
    MeterPlate,
    Wiring,
    current_rating,
    verification_class,
)
from dianheng.metrology.schemes import (
    Purpose,
    Scheme,
    Stage,
    bench_class_needed,
    canonical_point,
    generate_scheme,
)
from dianheng.metrology.tests.strategies import JJG_596, plates


def items(scheme: Scheme) -> list[str]:
    return [each.item.value for each in scheme.items]


def texts(scheme: Scheme) -> list[str]:
    return [
        point.text
        for each in scheme.items
        if each.item is Item.BASIC_ERROR
        for point in each.points
    ]


def test_a_direct_single_phase_meter_of_class_2_has_ten_points() -> None:
    scheme = generate_scheme(plain_household_meter(), Stage.FIRST)
    assert texts(scheme) == [
        "Imax 1.0", "0.5Imax 1.0", "Ib 1.0", "0.1Ib 1.0", "0.05Ib 1.0",
        "Imax 0.5L", "0.5Imax 0.5L", "Ib 0.5L", "0.2Ib 0.5L", "0.1Ib 0.5L",
    ]  # fmt: skip


def test_class_1_adds_five_capacitive_points() -> None:
    scheme = generate_scheme(household_meter(), Stage.FIRST)
    assert scheme.point_count == 15
    assert [text for text in texts(scheme) if "0.8C" in text] == [
        "Imax 0.8C", "0.5Imax 0.8C", "Ib 0.8C", "0.2Ib 0.8C", "0.1Ib 0.8C",
    ]  # fmt: skip


@pytest.mark.parametrize(("imax", "count"), [("20", 10), ("19.9", 8)])
def test_half_imax_belongs_to_meters_with_imax_of_four_ib_or_more(imax: str, count: int) -> None:
    meter = replace(plain_household_meter(), max_a=Decimal(imax))
    assert generate_scheme(meter, Stage.FIRST).point_count == count


def test_a_three_phase_meter_is_loaded_phase_by_phase_and_reactive() -> None:
    scheme = generate_scheme(gateway_meter(), Stage.FIRST)
    assert {text for text in texts(scheme) if text.endswith(" B")} == {
        "Imax 1.0 B", "In 1.0 B", "0.05In 1.0 B", "Imax 0.5L B", "In 0.5L B", "0.1In 0.5L B",
    }  # fmt: skip
    assert "forward_reactive 0.02In 1.0" in texts(scheme)
    assert "forward_reactive In 0.25L" in texts(scheme)


def test_a_three_wire_meter_has_two_elements() -> None:
    meter = replace(gateway_meter(), wiring=Wiring.THREE_PHASE_THREE_WIRE, un_v=Decimal(100))
    phases = {text.split()[-1] for text in texts(generate_scheme(meter, Stage.FIRST))}
    assert {"A", "C"} <= phases and "B" not in phases


def test_the_voltage_test_belongs_to_the_first_verification_only() -> None:
    first = generate_scheme(plain_household_meter(), Stage.FIRST)
    later = generate_scheme(plain_household_meter(), Stage.SUBSEQUENT)
    assert items(first) == ["appearance", "ac_voltage", "creep", "start", "basic_error", "constant"]
    assert items(later) == ["appearance", "creep", "start", "basic_error", "constant"]


def test_functions_of_the_meter_bring_their_items() -> None:
    assert items(generate_scheme(household_meter(), Stage.SUBSEQUENT)) == [
        "appearance", "creep", "start", "basic_error", "constant", "clock_rate", "combination",
        "tariff_switch", "clock_value", "communication", "key_state", "parameter", "relay",
    ]  # fmt: skip


def test_the_sample_of_a_lot_is_tried_harder() -> None:
    every = generate_scheme(household_meter(), Stage.FIRST, Purpose.EVERY)
    sample = generate_scheme(household_meter(), Stage.FIRST, Purpose.SAMPLE)
    assert set(items(sample)) - set(items(every)) == {"consistency", "variation", "load_variation"}


def test_consistency_is_left_out_where_no_figure_stands() -> None:
    assert "consistency" not in items(generate_scheme(gateway_meter(), Stage.FIRST, Purpose.SAMPLE))


def test_only_items_of_the_regulation_are_legal() -> None:
    legal = {
        each.item.value
        for each in generate_scheme(household_meter(), Stage.FIRST).items
        if each.is_legal
    }
    assert legal == {
        "appearance", "ac_voltage", "creep", "start", "basic_error", "constant", "clock_rate",
        "combination", "tariff_switch",
    }  # fmt: skip


def test_a_bidirectional_meter_starts_in_both_directions() -> None:
    start = next(
        each for each in generate_scheme(gateway_meter(), Stage.FIRST).items if each.item == "start"
    )
    assert [point.direction.value for point in start.points] == ["forward_active", "reverse_active"]


def test_the_optional_scatter_is_added_on_request() -> None:
    scheme = generate_scheme(household_meter(), Stage.FIRST, with_standard_deviation=True)
    assert items(scheme)[-1] == "standard_deviation"


@given(plates(), st.sampled_from(Stage), st.sampled_from(Purpose))
def test_every_generated_point_has_a_limit(
    plate: MeterPlate, stage: Stage, purpose: Purpose
) -> None:
    scheme = generate_scheme(plate, stage, purpose)
    points = [
        point for each in scheme.items if each.item is Item.BASIC_ERROR for point in each.points
    ]
    assert len(set(points)) == len(points)
    for point in points:
        row = limit_at(
            JJG_596,
            accuracy_class=plate.class_of(point.direction.measure),
            connection=plate.connection,
            load=point.load,
            factor=point.factor,
            measure=point.direction.measure,
            loading=BALANCED if point.phases == "ABC" else SINGLE_PHASE_LOAD,
            imax_ratio=plate.imax_ratio,
        )
        assert not row.is_on_request


def test_a_class_that_does_not_exist_directly_has_no_scheme() -> None:
    meter = replace(plain_household_meter(), accuracy_class="0.5S")
    with pytest.raises(NoRule) as refusal:
        generate_scheme(meter, Stage.FIRST)
    assert refusal.value.code == "no_load_points"


def test_points_of_benches_are_brought_to_one_writing() -> None:
    def text(load: str, factor: str, phases: str = "ABC") -> str:
        return canonical_point("forward_active", phases, load, factor, Connection.DIRECT, True).text

    assert text("1.0 ib", "1") == text("In", "1.00", "abc") == "Ib 1.0"
    assert text("0.50Imax", "0.5l", "a") == "0.5Imax 0.5L A"
    for wrong in (("sideways", "ABC"), ("forward_active", "AB")):
        with pytest.raises(WrongValue):
            canonical_point(*wrong, "Ib", "1.0", Connection.DIRECT, True)


def test_bench_classes() -> None:
    assert bench_class_needed(gateway_meter(), JJG_596) == Decimal("0.1")
    assert bench_class_needed(plain_household_meter(), JJG_596) == Decimal("0.3")


@pytest.mark.parametrize(
    ("text", "connection", "base", "imax"),
    [
        ("5(60)A", Connection.DIRECT, "5", "60"),
        ("1.5(6)", Connection.VIA_TRANSFORMER, "1.5", "6"),
        ("0.25-0.5(60)A", Connection.DIRECT, "5", "60"),
        ("0.015-0.075(6)A", Connection.VIA_TRANSFORMER, "1.5", "6"),
        ("5 （60） A", Connection.DIRECT, "5", "60"),
    ],
)
def test_currents_of_plates(text: str, connection: Connection, base: str, imax: str) -> None:
    rating = current_rating(text, connection)
    assert (rating.base_a, rating.max_a) == (Decimal(base), Decimal(imax))


@pytest.mark.parametrize("text", ["", "5A", "60(5)A", "(60)", "5(60", "a(b)", "0(60)A", "5(60)A;"])
def test_texts_that_are_no_plate(text: str) -> None:
    with pytest.raises(WrongValue):
        current_rating(text, Connection.DIRECT)


@pytest.mark.parametrize(("ir46", "jjg"), [("A", "2"), ("B", "1"), ("C", "0.5S"), ("D", "0.2S")])
def test_ir46_classes_are_verified_under_the_older_names(ir46: str, jjg: str) -> None:
    assert verification_class(ir46) == jjg
