"""Composite error against phasors, and its symmetries."""

import cmath
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.composite import (
    ComplexError,
    Element,
    OperatingPoint,
    combined_error_pct,
    composite_error,
    tan_phi,
    voltage_drop_pct,
    voltage_drop_verdict,
    what_to_change_first,
)
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.tests.strategies import errors_pct
from dianheng.metrology.wirings import ELEMENT_COUNT

DL_448 = rule_set("DL/T 448", "2016")
SINGLE, FOUR, THREE = (
    Wiring.SINGLE_PHASE,
    Wiring.THREE_PHASE_FOUR_WIRE,
    Wiring.THREE_PHASE_THREE_WIRE,
)
NEAR = Decimal("1e-20")  # the operators of a test compute with 28 digits


def cos_phis() -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal("0.25"), Decimal(1), allow_nan=False, places=3)


def complex_errors() -> st.SearchStrategy[ComplexError]:
    return st.builds(ComplexError, errors_pct("2"), errors_pct("90"))


@st.composite
def circuits(draw: Any) -> tuple[Wiring, tuple[Element, ...]]:
    wiring = draw(st.sampled_from(list(Wiring)))
    element = st.builds(Element, complex_errors(), complex_errors(), complex_errors())
    count = ELEMENT_COUNT[wiring]
    return wiring, tuple(draw(st.lists(element, min_size=count, max_size=count)))


def total(
    wiring: Wiring, elements: Any, cos_phi: Decimal, meter: str = "0", **load: bool
) -> Decimal:
    return composite_error(
        DL_448,
        wiring=wiring,
        elements=elements,
        meter_error_pct=Decimal(meter),
        cos_phi=cos_phi,
        **load,
    ).total_pct


def negative(error: ComplexError) -> ComplexError:
    return ComplexError(-error.f_pct, -error.delta_min)


@given(circuits(), cos_phis())
def test_opposite_errors_give_the_opposite_composite_error(
    circuit: tuple[Wiring, tuple[Element, ...]], cos_phi: Decimal
) -> None:
    wiring, elements = circuit
    mirrored = [Element(*(negative(each) for each in element)) for element in elements]
    assert abs(total(wiring, elements, cos_phi) + total(wiring, mirrored, cos_phi)) < NEAR


@given(circuits(), cos_phis(), errors_pct("2"))
def test_meter_transformers_and_circuits_add_up(
    circuit: tuple[Wiring, tuple[Element, ...]], cos_phi: Decimal, meter: Decimal
) -> None:
    wiring, elements = circuit
    found = composite_error(
        DL_448, wiring=wiring, elements=elements, meter_error_pct=meter, cos_phi=cos_phi
    )
    parts = found.meter_pct + found.transformers_pct + found.drop_pct
    assert abs(found.total_pct - parts) < NEAR
    alone = sum(
        (
            total(
                wiring,
                [
                    Element(**{name: getattr(element, name)}) if place == at else Element()
                    for at in range(len(elements))
                ],
                cos_phi,
            )
            for place, element in enumerate(elements)
            for name in Element._fields
        ),
        meter,
    )
    assert abs(found.total_pct - alone) < NEAR


@given(st.sampled_from(list(Wiring)), complex_errors(), cos_phis())
def test_the_same_error_of_voltage_as_of_current_cancels_its_phase(
    wiring: Wiring, error: ComplexError, cos_phi: Decimal
) -> None:
    elements = [Element(current=error, voltage=error)] * ELEMENT_COUNT[wiring]
    assert abs(total(wiring, elements, cos_phi) - 2 * error.f_pct) < NEAR


@given(st.permutations(range(3)), st.lists(complex_errors(), min_size=3, max_size=3), cos_phis())
def test_phases_of_a_four_wire_circuit_count_alike(
    order: list[int], errors: list[ComplexError], cos_phi: Decimal
) -> None:
    tangent = tan_phi(cos_phi)
    changed = combined_error_pct(FOUR, [errors[place] for place in order], tangent)
    assert abs(combined_error_pct(FOUR, errors, tangent) - changed) < NEAR


@given(st.lists(complex_errors(), min_size=2, max_size=2), cos_phis())
def test_elements_of_a_three_wire_circuit_change_places_with_the_sign_of_the_angle(
    errors: list[ComplexError], cos_phi: Decimal
) -> None:
    first, second = errors
    inductive = combined_error_pct(THREE, [first, second], tan_phi(cos_phi))
    swapped = [
        ComplexError(second.f_pct, -second.delta_min),
        ComplexError(first.f_pct, -first.delta_min),
    ]
    capacitive = combined_error_pct(THREE, swapped, tan_phi(cos_phi, is_inductive=False))
    assert abs(inductive - capacitive) < NEAR


def turned(error: ComplexError) -> complex:
    return (1 + float(error.f_pct) / 100) * cmath.exp(
        1j * math.radians(float(error.delta_min) / 60)
    )


@given(circuits(), cos_phis(), st.booleans())
def test_the_formulas_are_those_of_the_phasors_to_first_order(
    circuit: tuple[Wiring, tuple[Element, ...]], cos_phi: Decimal, is_inductive: bool
) -> None:
    wiring, elements = circuit
    # Small errors: what is left out is of the second order.
    small = [
        Element(*(ComplexError(e.f_pct / 1000, e.delta_min / 1000) for e in element))
        for element in elements
    ]
    phi = math.acos(float(cos_phi)) * (1 if is_inductive else -1)
    angles = {SINGLE: [phi], FOUR: [phi] * 3, THREE: [phi + math.pi / 6, phi - math.pi / 6]}
    right = wrong = complex(0)
    for element, angle in zip(small, angles[wiring], strict=True):
        power = cmath.exp(1j * angle)
        voltage = turned(element.voltage) * turned(element.drop)
        right += power
        wrong += voltage * turned(element.current).conjugate() * power
    expected = (wrong.real / right.real - 1) * 100
    found = total(wiring, small, cos_phi, is_inductive=is_inductive)
    assert abs(float(found) - expected) < 1e-6


@pytest.mark.parametrize("cos_phi", ["0", "-0.5", "1.0001"])
def test_what_is_no_power_factor_is_refused(cos_phi: str) -> None:
    with pytest.raises(WrongValue) as refusal:
        tan_phi(Decimal(cos_phi))
    assert refusal.value.code == "factor_out_of_range"


@pytest.mark.parametrize(("wiring", "count"), [(SINGLE, 2), (FOUR, 2), (THREE, 3), (THREE, 0)])
def test_each_circuit_has_its_number_of_elements(wiring: Wiring, count: int) -> None:
    with pytest.raises(WrongValue) as refusal:
        total(wiring, [Element()] * count, Decimal(1))
    assert refusal.value.code == "element_count"


@given(errors_pct("2"), errors_pct("30"))
def test_a_voltage_drop_is_at_least_its_ratio_error_and_has_no_sign(
    f: Decimal, delta: Decimal
) -> None:
    drop = voltage_drop_pct(f, delta)
    assert drop >= abs(f) - NEAR
    assert drop == voltage_drop_pct(-f, delta) == voltage_drop_pct(f, -delta)


def test_the_limit_of_the_voltage_drop_is_the_edition_s_or_the_one_agreed() -> None:
    found = voltage_drop_verdict(DL_448, f_pct=Decimal("-0.2"), delta_min=Decimal(0))
    assert (found.conclusion.value, found.limit_high) == ("pass", Decimal("0.2"))
    over = voltage_drop_verdict(DL_448, f_pct=Decimal("-0.2000001"), delta_min=Decimal(0))
    assert over.conclusion.value == "fail"
    agreed = voltage_drop_verdict(
        DL_448, f_pct=Decimal("-0.4"), delta_min=Decimal(0), limit_pct=Decimal("0.5")
    )
    assert agreed.conclusion.value == "pass"


def test_the_part_whose_error_balances_another_s_is_changed_last() -> None:
    element = Element(
        current=ComplexError(Decimal("-0.3"), Decimal(10)),
        drop=ComplexError(Decimal("-0.1"), Decimal(0)),
    )
    points = [
        OperatingPoint(Decimal(load), Decimal(cos), True, (element,), Decimal("0.4"))
        for load in ("5", "100")
        for cos in ("1", "0.8", "0.5")
    ]
    advice = what_to_change_first(DL_448, SINGLE, points)
    assert [each.part for each in advice] == ["ct_1", "meter", "vt_1", "drop_1"]
    assert {each.worst_now_pct for each in advice} == {advice[0].worst_now_pct}
    assert advice[-1].gain_pct < 0 == advice[2].gain_pct
    for each in advice:
        assert abs(each.worst_now_pct - each.worst_then_pct - each.gain_pct) < NEAR


def test_an_analysis_of_nothing_is_refused() -> None:
    with pytest.raises(WrongValue) as refusal:
        what_to_change_first(DL_448, SINGLE, [])
    assert refusal.value.code == "no_points"
