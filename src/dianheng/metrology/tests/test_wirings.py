"""What wrong wirings register, and the correction."""

import cmath
import itertools
import math
import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.plates import Wiring
from dianheng.metrology.quantities import EXACT
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.tests.strategies import JJG_596  # noqa: F401 - loads the profile
from dianheng.metrology.wirings import (
    Element,
    Fault,
    Side,
    adjustment,
    correction,
    fault_named,
    faults,
    power,
    read_element,
    read_elements,
)
from dianheng.metrology.words import word

RULES = rule_set("Wiring practice", "2016")
W4 = Wiring.THREE_PHASE_FOUR_WIRE
W3 = Wiring.THREE_PHASE_THREE_WIRE
RIGHT = {
    Wiring.SINGLE_PHASE: ("a,a",),
    W4: ("a,a", "b,b", "c,c"),
    W3: ("ab,a", "cb,c"),
}
LINE_VOLTAGES = ("ab", "ba", "bc", "cb", "ca", "ac")
TURN = {"a": 0, "b": -120, "c": 120}


def phasors(wiring: Wiring, elements: tuple[Element, ...], phi_deg: float) -> float:
    """P' in UI, summed as complex numbers: another way than the rule's."""
    total = 0.0
    for element in elements:
        if not element.voltage.part or not element.current.part:
            continue
        name = element.voltage.phasor
        voltage = cmath.rect(1, math.radians(TURN[name[0]]))
        if len(name) == 2:
            voltage -= cmath.rect(1, math.radians(TURN[name[1]]))
            if wiring is W3:
                voltage /= math.sqrt(3)
        current = cmath.rect(1, math.radians(TURN[element.current.phasor] - phi_deg))
        part = float(element.voltage.part * element.current.part)
        total += part * (voltage * current.conjugate()).real
    return total


def value(expression: str, phi_deg: float) -> float:
    """A formula of the table, computed as it is written."""
    text = re.sub("(sin|cos|tan)φ", r"\1(phi)", expression).replace("UI", " 1 ")
    text = text.replace("φ", "phi").replace("√3", " root3").replace("°", " deg")
    python, follows = "", False
    for token in re.findall(r"[0-9]+|[a-z]\w*|[()+/-]", text):
        python += f"*{token}" if follows and (token[0].isalnum() or token == "(") else token
        follows = token.isdigit() or token in ("phi", "root3", "deg", ")")
    names = {name: getattr(math, name) for name in ("sin", "cos", "tan")}
    names |= {"phi": math.radians(phi_deg), "root3": math.sqrt(3), "deg": math.radians(1)}
    return float(eval(python, {"__builtins__": {}}, names))


def angles() -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal("-89.9"), Decimal("89.9"), allow_nan=False, places=2)


@st.composite
def wired(draw: st.DrawFn) -> tuple[Wiring, tuple[Element, ...]]:
    """Any elements of a three-phase meter."""
    wiring = draw(st.sampled_from([W4, W3]))
    names = LINE_VOLTAGES if wiring is W3 else ("a", "b", "c", *LINE_VOLTAGES)
    parts = st.sampled_from([Fraction(each) for each in ("-1", "-0.5", "0", "0.5", "1")])

    def side(known: tuple[str, ...]) -> Side:
        part = draw(parts)
        return Side(part, draw(st.sampled_from(known))) if part else Side(part, "")

    count = len(RIGHT[wiring])
    return wiring, tuple(Element(side(names), side(("a", "b", "c"))) for _ in range(count))


@given(wired(), angles())
def test_power_is_the_sum_of_the_phasors(
    meter: tuple[Wiring, tuple[Element, ...]], phi: Decimal
) -> None:
    found = power(*meter)
    turn = math.radians(phi)
    exact = float(found.cosine.value) * math.cos(turn) + float(found.sine.value) * math.sin(turn)
    assert exact == pytest.approx(phasors(*meter, float(phi)), abs=1e-9)


@given(st.sampled_from(faults(RULES)), angles())
def test_the_table_says_what_the_phasors_say(fault: Fault, phi: Decimal) -> None:
    registered = phasors(fault.wiring, fault.elements, float(phi))
    assert value(fault.power, float(phi)) == pytest.approx(registered, abs=1e-9)
    k = correction(fault.wiring, fault.elements, phi).k
    if k is not None:
        right = phasors(fault.wiring, read_elements(RIGHT[fault.wiring]), float(phi))
        assert float(k) * registered == pytest.approx(right, rel=1e-9)


@pytest.mark.parametrize("fault", faults(RULES), ids=lambda fault: fault.code)
def test_the_formula_of_the_table_is_the_one_that_is_derived(fault: Fault) -> None:
    derived = correction(fault.wiring, fault.elements, Decimal(10)).formula
    assert derived.replace(" ", "") == f"K={fault.correction or '—'}"


@given(st.sampled_from(sorted(RIGHT)), angles())
def test_right_wiring_needs_no_correction(wiring: Wiring, phi: Decimal) -> None:
    found = correction(wiring, read_elements(RIGHT[wiring]), phi)
    assert (found.k, found.formula) == (Decimal(1), "K = 1")


@given(wired(), angles())
def test_reversing_all_currents_turns_the_sign(
    meter: tuple[Wiring, tuple[Element, ...]], phi: Decimal
) -> None:
    wiring, elements = meter
    reversed_ = tuple(
        Element(each.voltage, Side(-each.current.part, each.current.phasor)) for each in elements
    )
    k = correction(wiring, elements, phi).k
    turned = correction(wiring, reversed_, phi).k
    assert turned == (None if k is None else EXACT.minus(k))


@given(wired(), angles())
def test_the_order_of_the_elements_does_not_matter(
    meter: tuple[Wiring, tuple[Element, ...]], phi: Decimal
) -> None:
    wiring, elements = meter
    for order in itertools.permutations(elements):
        assert correction(wiring, order, phi) == correction(wiring, elements, phi)


@given(
    st.decimals(Decimal("-9"), Decimal("9"), allow_nan=False, places=4),
    st.decimals(Decimal("-99999"), Decimal("99999"), allow_nan=False, places=2),
)
def test_what_was_used_less_what_is_made_up_is_what_was_registered(
    k: Decimal, recorded_kwh: Decimal
) -> None:
    made = adjustment(k, recorded_kwh)
    assert EXACT.subtract(made.correct_kwh, made.adjust_kwh) == recorded_kwh


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ab,-a", "ab,-a"),
        ("(Uab, −Ia)", "ab,-a"),
        ("0", "0,0"),
        ("0,c", "0,c"),
        ("-0.5ac,a", "-0.5ac,a"),
        ("1.0A,0.25b", "a,0.25b"),
        ("0ab,a", "0,a"),
    ],
)
def test_an_element_is_read(text: str, plain: str) -> None:
    assert str(read_element(text)) == plain


@pytest.mark.parametrize(
    "text", ["", "ab", "ab,", ",a", "aa,a", "ab,ab", "ab,a,b", "d,a", "1,a", "1e9a,a", "a" * 99]
)
def test_what_is_no_element_is_refused(text: str) -> None:
    with pytest.raises(WrongValue) as refused:
        read_element(text)
    assert refused.value.code == "not_an_element"


@pytest.mark.parametrize(
    ("wiring", "texts", "phi", "code"),
    [
        (W4, ("a,a", "b,b"), "0", "element_count"),
        (W3, ("a,a", "cb,c"), "0", "not_of_circuit"),
        (Wiring.SINGLE_PHASE, ("ab,a",), "0", "not_of_circuit"),
        (W3, RIGHT[W3], "90", "angle_out_of_range"),
        (W3, ("ab,-a", "cb,c"), None, "phi_missing"),
    ],
)
def test_what_cannot_be_corrected_is_refused(
    wiring: Wiring, texts: tuple[str, ...], phi: str | None, code: str
) -> None:
    with pytest.raises(WrongValue) as refused:
        correction(wiring, read_elements(texts), None if phi is None else Decimal(phi))
    assert refused.value.code == code


@pytest.mark.parametrize("fault", faults(RULES), ids=lambda fault: fault.code)
def test_a_fault_of_the_table_has_a_chinese_name(fault: Fault) -> None:
    assert word("fault", fault.name, "en") == fault.name
    assert word("fault", fault.name, "zh-hans") != fault.name


def test_a_fault_of_another_circuit_is_not_found() -> None:
    with pytest.raises(NoRule) as refused:
        fault_named(RULES, W4, "Ia reversed")
    assert refused.value.code == "no_fault"


def test_a_meter_error_of_minus_100_percent_is_refused() -> None:
    with pytest.raises(WrongValue) as refused:
        adjustment(Decimal(1), Decimal(1), Decimal(-100))
    assert refused.value.code == "error_out_of_range"
