"""Which wirings explain what a field calibrator measured."""

import cmath
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.tests.strategies import JJG_596  # noqa: F401 - loads the profile
from dianheng.metrology.wiring_candidates import Currents, Finding, Voltages, groups
from dianheng.metrology.wiring_diagnosis import Explanation, diagnose
from dianheng.metrology.wiring_phasors import ImpossibleMeasurement, Measurement, Phasor
from dianheng.metrology.wirings import (
    Element,
    Fault,
    Power,
    Side,
    correction,
    faults,
    power_of_terms,
    read_elements,
)

RULES = rule_set("Wiring practice", "2016")
W4 = Wiring.THREE_PHASE_FOUR_WIRE
W3 = Wiring.THREE_PHASE_THREE_WIRE
TURN = {"a": 0, "b": -120, "c": 120}
THREE_PHASE = [each for each in faults(RULES) if each.wiring is not Wiring.SINGLE_PHASE]


def phasor(name: str) -> complex:
    one = cmath.rect(1, math.radians(TURN[name[0]]))
    return one if len(name) == 1 else (one - cmath.rect(1, math.radians(TURN[name[1]]))) / 3**0.5


def seen(value: complex) -> Phasor:
    if abs(value) < 1e-9:
        return Phasor(0, None)
    return Phasor(abs(value), -math.degrees(cmath.phase(value)) % 360)


def measured(wiring: Wiring, *elements: str, phi_deg: float = 20) -> Measurement:
    """What is measured at a meter whose elements have these voltages and currents."""
    volts, amps = [], []
    for element in read_elements(elements):
        u, i = element
        volts.append(float(u.part) * phasor(u.phasor) if u.part else 0j)
        turn = cmath.rect(1, math.radians(-phi_deg))
        amps.append(float(i.part) * phasor(i.phasor) * turn if i.part else 0j)
    nominal = 220 if wiring is W4 else 100
    return Measurement(
        wiring, tuple(seen(nominal * u) for u in volts), tuple(seen(5 * i) for i in amps)
    )


def found(wiring: Wiring, *elements: str, phi_deg: float = 20, **more: Any) -> list[Explanation]:
    nominal_v = more.pop("nominal_v", 220 if wiring is W4 else 100)
    seen_ = measured(wiring, *elements, phi_deg=phi_deg)
    return list(diagnose(RULES, seen_, nominal_v=nominal_v, **more))


def codes(explanation: Explanation) -> set[tuple[str, str]]:
    return {(each.code, each.place) for each in explanation.members[0].faults}


@pytest.mark.parametrize("phi_deg", range(-30, 76, 15))
@pytest.mark.parametrize(
    ("wiring", "elements"), [(W4, ("a,a", "b,b", "c,c")), (W3, ("ab,a", "cb,c"))], ids=[W4, W3]
)
def test_right_wiring_comes_first_at_every_angle(
    wiring: Wiring, elements: tuple[str, ...], phi_deg: int
) -> None:
    best = found(wiring, *elements, phi_deg=phi_deg)[0]
    assert best.members[0].elements == elements
    assert best.members[0].faults == ()
    assert (best.k, best.formula, best.phi_deg) == (Decimal(1), "K = 1", Decimal(phi_deg))
    assert best.members[0].said("zh-hans") == "接线正确"


@pytest.mark.parametrize(
    ("wiring", "elements", "fault", "formula"),
    [
        (W4, ("a,a", "b,b", "c,-c"), ("current_reversed", "3"), "K = 3"),
        (W4, ("a,a", "0,b", "c,c"), ("voltage_missing", "2"), "K = 3/2"),
        (W4, ("a,a", "0.5b,b", "c,c"), ("voltage_partial", "2"), "K = 6/5"),
        (W4, ("a,a", "b,b", "c,0"), ("current_missing", "3"), "K = 3/2"),
        (W4, ("a,a", "b,b", "c,0.5c"), ("current_partial", "3"), "K = 6/5"),
        (W4, ("a,b", "b,a", "c,c"), ("currents_swapped", "1,2"), "K = —"),
        (W4, ("a,b", "b,c", "c,a"), ("currents_rotated", "b,c,a"), "K = -2/(1 + √3tanφ)"),
        (W4, ("-a,a", "b,b", "c,c"), ("voltage_reversed", "1"), "K = 3"),
        (W3, ("ab,-a", "cb,c"), ("current_reversed", "1"), "K = √3/tanφ"),
        (W3, ("ab,c", "cb,a"), ("currents_swapped", "1,2"), "K = —"),
        (W3, ("0,a", "cb,c"), ("voltage_missing", "1"), "K = 2√3/(√3 + tanφ)"),
        (W3, ("0.5ac,a", "0.5ca,c"), ("middle_lead_open", "2"), "K = 2"),
        (W3, ("bc,a", "ac,c"), ("voltages_rotated", "b,c,a"), "K = 2/(√3tanφ - 1)"),
        (W3, ("ba,a", "ca,c"), ("voltages_swapped", "1,2"), "K = —"),
    ],
)
def test_a_single_fault_is_named(
    wiring: Wiring, elements: tuple[str, ...], fault: tuple[str, str], formula: str
) -> None:
    best = found(wiring, *elements)[0]
    assert codes(best) == {fault}
    assert (best.members[0].elements, best.formula) == (elements, formula)


@given(st.sampled_from(THREE_PHASE), st.integers(-29, 74))
def test_each_wiring_of_the_table_is_in_the_list_with_its_correction(
    fault: Fault, phi_deg: int
) -> None:
    every = found(fault.wiring, *map(str, fault.elements), phi_deg=phi_deg)
    (explained,) = [each for each in every if each.phi_deg == phi_deg]
    wanted = correction(fault.wiring, fault.elements, Decimal(phi_deg))
    assert (explained.formula, explained.k) == (wanted.formula, wanted.k)


def powers(members: tuple[tuple[Voltages, Currents], ...], wiring: Wiring) -> set[Power]:
    return {
        power_of_terms(
            wiring,
            tuple(
                Element(side, current)
                for terms, current in zip(voltages.terms, currents.sides, strict=True)
                for side in terms
            ),
        )
        for voltages, currents in members
    }


@pytest.mark.parametrize("wiring", [W4, W3])
def test_wirings_that_cannot_be_told_apart_register_the_same(wiring: Wiring) -> None:
    every = tuple(range(3 if wiring is W4 else 2))
    for group in groups(wiring, every, every):
        assert len(powers(group.members, wiring)) == 1


@given(st.sampled_from(THREE_PHASE), st.integers(-29, 74), st.integers(-180, 180))
def test_the_reference_of_the_angles_does_not_matter(fault: Fault, phi: int, turn: int) -> None:
    one = measured(fault.wiring, *map(str, fault.elements), phi_deg=phi)
    other = Measurement(
        one.wiring,
        *(
            tuple(
                Phasor(size, None if lag is None else (lag + turn) % 360) for size, lag in phasors
            )
            for phasors in one[1:]
        ),
    )
    assert diagnose(RULES, one) == diagnose(RULES, other)


def test_the_same_phasors_at_another_angle_of_the_load_are_told_apart_by_its_range() -> None:
    # Currents of the phase before, reversed, at φ = -20° look like the right ones at φ = 40°.
    wrong = ("a,-c", "b,-a", "c,-b")
    first = found(W4, *wrong, phi_deg=-20)[0]
    assert not first.members[0].faults
    assert first.phi_deg == 40
    first = found(W4, *wrong, phi_deg=-20, phi_range_deg=(-30, 0))[0]
    assert (first.members[0].elements, first.phi_deg) == (wrong, Decimal(-20))


def test_a_known_phase_leaves_only_wirings_with_it() -> None:
    free = found(W3, "bc,a", "ac,c")[0]
    known = found(W3, "bc,a", "ac,c", known_phases={2: "c"})[0]
    assert known.member_count < free.member_count
    assert known.members[0].elements == ("bc,a", "ac,c")


def test_a_group_names_all_its_wirings() -> None:
    best = found(W4, "b,b", "c,c", "a,a")[0]
    assert best.member_count == 6
    assert ("b,b", "c,c", "a,a") in {each.elements for each in best.members}


def test_faults_are_said_in_both_languages() -> None:
    member = found(W4, "a,a", "0,b", "c,-c")[0].members[0]
    assert member.said("en") == "current of element 3 reversed; voltage of element 2 missing"
    assert member.said("zh-hans") == "第3元件电流反接；第2元件失压"


@dataclass
class Bad:
    """A measurement with something wrong, and what is said of it."""

    voltages: list[tuple[float, float | None]]
    currents: list[tuple[float, float | None]]
    wanted: list[tuple[str, str]]
    more: dict[str, Any]


RIGHT_U: list[tuple[float, float | None]] = [(220, 0), (220, 120), (220, 240)]
RIGHT_I: list[tuple[float, float | None]] = [(5, 20), (5, 140), (5, 260)]
BAD = {
    "angles missing": Bad(
        [(220, 0), (220, None), (220, 240)],
        [(5, None), (5, 140), (5, 260)],
        [("lag_missing", "U2"), ("lag_missing", "I1")],
        {},
    ),
    "many things": Bad(
        [(-220, 0), (220, 120), (math.nan, 240)],
        [(5, 20), (5, 999), (math.inf, 260)],
        [("size_wrong", "U1"), ("size_wrong", "U3"), ("lag_wrong", "I2"), ("size_wrong", "I3")],
        {},
    ),
    "a phasor too few": Bad(RIGHT_U[:2], RIGHT_I, [("phasor_count", "U")], {}),
    "nothing flows": Bad(RIGHT_U, [(0, None)] * 3, [("no_current", "")], {}),
    "kilovolts for volts": Bad(
        [(0.22, 0), (0.22, 120), (0.22, 240)], RIGHT_I, [("no_voltage", "")], {"nominal_v": 220}
    ),
    "millivolts for volts": Bad(
        [(220, 0), (220, 120), (220_000, 240)],
        RIGHT_I,
        [("voltage_too_high", "U3")],
        {"nominal_v": 220},
    ),
    "swapped phases": Bad(
        [(220, 0), (220, 240), (220, 120)],
        RIGHT_I,
        [("sequence_contradicts", "")],
        {"sequence": "positive"},
    ),
    "no such sequence": Bad(RIGHT_U, RIGHT_I, [("not_known", "")], {"sequence": "abc"}),
    "empty range": Bad(RIGHT_U, RIGHT_I, [("range_wrong", "")], {"phi_range_deg": (30, 0)}),
    "no nominal": Bad(RIGHT_U, RIGHT_I, [("nominal_wrong", "")], {"nominal_v": -1}),
    "voltages at right angles": Bad(
        [(220, 0), (220, 90), (220, 210)], RIGHT_I, [("voltages_fit_no_wiring", "")], {}
    ),
    "currents at right angles": Bad(
        RIGHT_U, [(5, 0), (5, 90), (5, 210)], [("currents_fit_no_wiring", "")], {}
    ),
    "phases that cannot be": Bad(
        RIGHT_U,
        RIGHT_I,
        [("phases_fit_no_wiring", "")],
        {"known_phases": {1: "a", 2: "c", 3: "b"}},
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_all_that_is_wrong_with_a_measurement_is_named_at_once(bad: Bad) -> None:
    measurement = Measurement(
        W4, tuple(Phasor(*each) for each in bad.voltages), tuple(Phasor(*x) for x in bad.currents)
    )
    with pytest.raises(ImpossibleMeasurement) as refused:
        diagnose(RULES, measurement, **bad.more)
    problems = refused.value.problems
    assert [(each.code, each.facts.get("phasor", "")) for each in problems] == bad.wanted
    assert all(each.said("zh-hans") != each.text for each in problems)


def test_three_wire_sequence_is_read_from_its_two_voltages() -> None:
    assert found(W3, "ab,a", "cb,c", sequence="positive")
    with pytest.raises(ImpossibleMeasurement):
        found(W3, "ab,a", "cb,c", sequence="negative")


def test_a_finding_and_its_place() -> None:
    assert Finding("common_lead_swapped", "a,b").said("en") == (
        "common return of the currents interchanged with a phase: elements have a,b"
    )
    assert str(Side(read_elements(("0.5ac,a",))[0].voltage.part, "ac")) == "0.5ac"
