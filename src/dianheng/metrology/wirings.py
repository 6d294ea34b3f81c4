"""Elements of a meter, the power they register, and the correction of what was registered.

Phasors of a balanced, symmetric load: Ua at 0°, Ub at -120°, Uc at 120°, each current at the
angle of its phase less φ (inductive positive). All their angles are multiples of 30°, so that
a power is (p + q√3) cosφ + (r + s√3) sinφ with exact fractions: whether a meter stops at every φ,
and the formula of its correction, are found without rounding.
"""

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import NamedTuple

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.plates import Wiring
from dianheng.metrology.quantities import EXACT, HUNDRED, PI, SQRT_3, plain_text
from dianheng.metrology.rule_sets import RuleSet, TableRow

# Angles in steps of 30°.
ANGLES = {"a": 0, "b": -4, "c": 4, "ab": 1, "ba": 7, "bc": -3, "cb": 3, "ca": 5, "ac": -1}
ELEMENT_COUNT = {
    Wiring.SINGLE_PHASE: 1,
    Wiring.THREE_PHASE_FOUR_WIRE: 3,
    Wiring.THREE_PHASE_THREE_WIRE: 2,
}

_SIDE = re.compile(r"([+-]?)([0-9]{1,3}(?:\.[0-9]{1,6})?)?(?:[ui]?([a-c]{1,2}))?")
# A power below this part of UI is none: fifty digits leave it far above what rounding leaves over.
_NOTHING = Decimal("1e-30")
_MAX_TEXT = 40


class Side(NamedTuple):
    """Voltage or current of an element: a part of a phasor of the list; part 0 is missing."""

    part: Fraction
    phasor: str

    def __str__(self) -> str:
        if not self.part:
            return "0"
        size = abs(self.part)
        text = "" if size == 1 else plain_text(EXACT.divide(size.numerator, size.denominator))
        return f"{'-' if self.part < 0 else ''}{text}{self.phasor}"


class Element(NamedTuple):
    """One measuring element: its voltage and its current."""

    voltage: Side
    current: Side

    def __str__(self) -> str:
        return f"{self.voltage},{self.current}"


class Surd(NamedTuple):
    """whole + root_3 · √3, exactly."""

    whole: Fraction = Fraction(0)
    root_3: Fraction = Fraction(0)

    def plus(self, other: "Surd") -> "Surd":
        """Sum."""
        return Surd(self.whole + other.whole, self.root_3 + other.root_3)

    def times(self, other: "Surd") -> "Surd":
        """Product."""
        return Surd(
            self.whole * other.whole + 3 * self.root_3 * other.root_3,
            self.whole * other.root_3 + self.root_3 * other.whole,
        )

    def scaled(self, factor: Fraction) -> "Surd":
        """Product with a fraction."""
        return Surd(self.whole * factor, self.root_3 * factor)

    @property
    def value(self) -> Decimal:
        """The number, to fifty digits."""
        whole = EXACT.divide(self.whole.numerator, self.whole.denominator)
        root = EXACT.divide(self.root_3.numerator, self.root_3.denominator)
        return EXACT.fma(root, SQRT_3, whole)

    @property
    def is_zero(self) -> bool:
        """Neither part is there."""
        return not self.whole and not self.root_3


_HALF = Fraction(1, 2)
_COSINES = (
    Surd(Fraction(1)),
    Surd(root_3=_HALF),
    Surd(_HALF),
    Surd(),
    Surd(-_HALF),
    Surd(root_3=-_HALF),
)
_ROOT_3 = Surd(root_3=Fraction(1))
_CORRECT = {
    Wiring.SINGLE_PHASE: Surd(Fraction(1)),
    Wiring.THREE_PHASE_FOUR_WIRE: Surd(Fraction(3)),
    Wiring.THREE_PHASE_THREE_WIRE: _ROOT_3,
}


class Power(NamedTuple):
    """Power registered, in UI: `cosine` cosφ + `sine` sinφ. U as `Wiring` says, I of the line."""

    cosine: Surd
    sine: Surd

    @property
    def is_none(self) -> bool:
        """The meter stops at every φ."""
        return self.cosine.is_zero and self.sine.is_zero

    @property
    def text(self) -> str:
        """The expression as people write it.

        >>> power(Wiring.THREE_PHASE_THREE_WIRE, read_elements(("0,a", "cb,c"))).text
        'UI(√3/2·cosφ + 1/2·sinφ)'
        """
        if self.cosine.is_zero or self.sine.is_zero:
            return _term(self.cosine, "UI cosφ") or _term(self.sine, "UI sinφ") or "0"
        return f"UI({_sum([_term(self.cosine, 'cosφ'), _term(self.sine, 'sinφ')])})"


class Correction(NamedTuple):
    """Correction coefficient K = correct power / registered power; `k` is None at a standstill."""

    k: Decimal | None
    formula: str
    tan_phi: Decimal | None


class Adjustment(NamedTuple):
    """Energy that was used, and what the customer still owes (negative: is owed), kWh."""

    correct_kwh: Decimal
    adjust_kwh: Decimal


def read_element(text: str) -> Element:
    """Read one element: `ab,-a` is voltage Uab with current -Ia, `0,c` or `0` a dead voltage.

    Args:
        text: voltage and current, each with sign and part: `0.5ac,a`. Letters of either case,
            with or without U and I, in brackets or not.

    Raises:
        WrongValue: not such a text.

    >>> str(read_element("(0.5Uac, -Ia)"))
    '0.5ac,-a'
    """
    plain = text.replace("\u2212", "-").replace(" ", "").lower() if len(text) <= _MAX_TEXT else ""
    sides = plain.removeprefix("(").removesuffix(")").split(",")
    if len(sides) == 1 and sides[0] == "0":
        sides = ["0", "0"]
    voltage, current = [_read_side(each) for each in sides] if len(sides) == 2 else (None, None)
    if voltage is None or current is None or len(current.phasor) > 1:
        raise WrongValue(
            "not_an_element",
            "an element is a voltage and a current, for example ab,-a",
            {"element": text[:_MAX_TEXT]},
        )
    return Element(voltage, current)


def read_elements(texts: Sequence[str]) -> tuple[Element, ...]:
    """Read all elements of a meter, in order.

    Raises:
        WrongValue: one is not an element.
    """
    return tuple(read_element(each) for each in texts)


@lru_cache(maxsize=4096)
def power(wiring: Wiring, elements: tuple[Element, ...]) -> Power:
    """The power that these elements register with a balanced, symmetric load.

    Args:
        wiring: circuit of the meter; decides what U stands for.
        elements: one for single-phase, three for four-wire, two for three-wire meters.

    Returns:
        The power in UI, exact.

    Raises:
        WrongValue: another number of elements, or a voltage or current that this circuit has not.

    Source:
        docs/sources/wiring-practice.md, power of an element.

    >>> power(Wiring.THREE_PHASE_FOUR_WIRE, read_elements(("a,a", "b,b", "c,-c"))).text
    'UI cosφ'
    """
    wanted = ELEMENT_COUNT[wiring]
    if len(elements) != wanted:
        raise WrongValue(
            "element_count",
            f"this circuit has {wanted} elements",
            {"wanted": str(wanted), "count": str(len(elements))},
        )
    for element in elements:
        _check(wiring, element)
    return power_of_terms(wiring, elements)


def power_of_terms(wiring: Wiring, terms: tuple[Element, ...]) -> Power:
    """The power of any number of terms: an element whose voltage is a sum gives one for each."""
    cosine, sine = Surd(), Surd()
    for element in terms:
        part = element.voltage.part * element.current.part
        if not part:
            continue
        steps = ANGLES[element.voltage.phasor] - ANGLES[element.current.phasor]
        size = Surd(part)
        if len(element.voltage.phasor) == 2 and wiring is not Wiring.THREE_PHASE_THREE_WIRE:
            size = size.times(_ROOT_3)
        cosine = cosine.plus(size.times(_cosine(steps)))
        sine = sine.plus(size.times(_cosine(steps + 3)))  # -sin x = cos(x + 90°)
    return Power(cosine, sine)


def correction(
    wiring: Wiring, elements: tuple[Element, ...], phi_deg: Decimal | None = None
) -> Correction:
    """The correction coefficient of a wiring.

    Args:
        wiring: circuit of the meter.
        elements: as `power` takes them.
        phi_deg: phase angle of the load, degrees, inductive positive, between -90 and 90; may be
            absent where K does not depend on it.

    Returns:
        K to fifty digits with its formula. K is None where the meter stops.

    Raises:
        WrongValue: φ is missing or not between -90° and 90°; or what `power` refuses.

    Source:
        docs/sources/wiring-practice.md, correction coefficient.

    >>> found = correction(Wiring.THREE_PHASE_THREE_WIRE, read_elements(("ab,-a", "cb,c")),
    ...                    Decimal(30))
    >>> found.formula, plain_text(found.k)
    ('K = √3/tanφ', '3')
    """
    return correction_of(wiring, power(wiring, elements), phi_deg)


def correction_of(wiring: Wiring, found: Power, phi_deg: Decimal | None = None) -> Correction:
    """The correction coefficient of a registered power, as `correction` gives it."""
    if phi_deg is not None and not -90 < phi_deg < 90:
        raise WrongValue(
            "angle_out_of_range",
            "the phase angle of a load lies between -90° and 90°",
            {"phi_deg": plain_text(phi_deg)},
        )
    tan_phi = None if phi_deg is None else _tangent(phi_deg)
    formula = _formula(_CORRECT[wiring], found)
    if found.is_none:
        return Correction(None, formula, tan_phi)
    if tan_phi is None and not found.sine.is_zero:
        raise WrongValue("phi_missing", "K depends on the phase angle of the load")
    return Correction(k_at(wiring, found, tan_phi or Decimal(0)), formula, tan_phi)


def k_at(wiring: Wiring, found: Power, tan_phi: Decimal) -> Decimal | None:
    """K of a registered power at a load; None where the meter stops there.

    >>> three = Wiring.THREE_PHASE_THREE_WIRE
    >>> round(k_at(three, power(three, read_elements(("ab,-a", "cb,c"))), Decimal("0.6")), 4)
    Decimal('2.8868')
    """
    registered = EXACT.fma(found.sine.value, tan_phi, found.cosine.value)
    if registered.copy_abs() < _NOTHING:
        return None
    return EXACT.divide(_CORRECT[wiring].value, registered)


def adjustment(
    k: Decimal, recorded_kwh: Decimal, meter_error_pct: Decimal = Decimal(0)
) -> Adjustment:
    """What was used and what has to be made up for a wrong wiring.

    Args:
        k: correction coefficient.
        recorded_kwh: energy registered, kWh, multiplied by the ratios of the transformers;
            negative where the meter ran backwards.
        meter_error_pct: relative error of the meter, %, above -100.

    Returns:
        W = K · W' / (1 + γ/100) and W - W', kWh.

    Raises:
        WrongValue: a meter error of -100 % or less.

    Source:
        docs/sources/wiring-practice.md, energy.

    >>> adjustment(Decimal(3), Decimal(8500)).adjust_kwh
    Decimal('17000')
    """
    if meter_error_pct <= -100:
        raise WrongValue(
            "error_out_of_range",
            "a meter error lies above -100 %",
            {"meter_error_pct": plain_text(meter_error_pct)},
        )
    correct = EXACT.multiply(k, recorded_kwh)
    if meter_error_pct:
        share = EXACT.add(Decimal(1), EXACT.divide(meter_error_pct, HUNDRED))
        correct = EXACT.divide(correct, share)
    return Adjustment(correct, EXACT.subtract(correct, recorded_kwh))


class Fault(NamedTuple):
    """One row of the table of wrong wirings."""

    wiring: Wiring
    code: str
    name: str
    elements: tuple[Element, ...]
    power: str
    correction: str
    source: TableRow


@cache
def faults(rules: RuleSet) -> tuple[Fault, ...]:
    """All wrong wirings of the table.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> len(faults(rule_set("Wiring practice", "2016")))
    22
    """
    return tuple(
        Fault(
            Wiring(line.cells["wiring"]),
            line.cells["code"],
            line.cells["fault"],
            read_elements(line.cells["elements"].split()),
            line.cells["power"],
            line.cells["correction"],
            line,
        )
        for line in rules.table("faults")
    )


def fault_named(rules: RuleSet, wiring: Wiring, name: str) -> Fault:
    """The wrong wiring of this name in this circuit.

    Raises:
        NoRule: the table has none.
    """
    for each in faults(rules):
        if each.wiring is wiring and each.name == name:
            return each
    raise NoRule(
        "no_fault", "the table has no such fault of this circuit", {"wiring": wiring, "fault": name}
    )


def _read_side(text: str) -> Side | None:
    found = _SIDE.fullmatch(text)
    if found is None:
        return None
    sign, number, phasor = found.groups()
    if phasor is None:
        return Side(Fraction(0), "") if text == "0" else None
    if phasor not in ANGLES:
        return None
    part = Fraction(number or 1)
    return Side(-part if sign == "-" else part, phasor) if part else Side(Fraction(0), "")


def _check(wiring: Wiring, element: Element) -> None:
    voltage, current = element.voltage.phasor, element.current.phasor
    if wiring is Wiring.SINGLE_PHASE:
        is_right = voltage in ("", "a") and current in ("", "a")
    else:
        is_right = wiring is Wiring.THREE_PHASE_FOUR_WIRE or len(voltage) != 1
    if not is_right:
        raise WrongValue(
            "not_of_circuit",
            "this circuit has no such voltage or current",
            {"element": str(element), "wiring": wiring},
        )


def _cosine(steps: int) -> Surd:
    found = _COSINES[steps % 6]
    return found if steps % 12 < 6 else found.scaled(Fraction(-1))


def _tangent(phi_deg: Decimal) -> Decimal:
    angle = EXACT.divide(EXACT.multiply(phi_deg, PI), Decimal(180))
    turned = angle.copy_negate()  # the sign operator would round to the context of the thread
    sine = cosine = Decimal(0)
    term, order = Decimal(1), 0
    while term.copy_abs() > Decimal("1e-55"):
        cosine = EXACT.add(cosine, term)
        term = EXACT.divide(EXACT.multiply(term, angle), Decimal(order + 1))
        sine = EXACT.add(sine, term)
        term = EXACT.divide(EXACT.multiply(term, turned), Decimal(order + 2))
        order += 2
    return EXACT.divide(sine, cosine)


# How it is written ------------------------------------------------------------------------------


def _formula(correct: Surd, found: Power) -> str:
    """K as people write it: whole numbers without a common divisor, the plainer of two forms."""
    if found.is_none:
        return "K = —"
    forms = [
        _whole([each.times(factor) for each in (correct, found.cosine, found.sine)])
        for factor in (Surd(Fraction(1)), _ROOT_3)
    ]
    top, cosine, sine = min(forms, key=_weight)
    if max(*cosine, *sine) <= 0:
        top, cosine, sine = (each.scaled(Fraction(-1)) for each in (top, cosine, sine))
    below = _sum([each for each in (_term(cosine, ""), _term(sine, "tanφ")) if each])
    above = _term(top, "")
    if below == "1":
        return f"K = {above}"
    is_alone = cosine.is_zero and sine == Surd(Fraction(1))
    return f"K = {above}/{below}" if is_alone or below.isdigit() else f"K = {above}/({below})"


def _whole(form: list[Surd]) -> list[Surd]:
    parts = [part for each in form for part in each]
    common = math.lcm(*(part.denominator for part in parts))
    numbers = [int(part * common) for part in parts]
    factor = Fraction(common, math.gcd(*numbers))
    return [each.scaled(factor) for each in form]


def _weight(form: list[Surd]) -> tuple[Fraction, Fraction]:
    roots = sum((abs(each.root_3) for each in form), Fraction(0))
    return sum((abs(each.whole) for each in form), roots), roots


def _term(number: Surd, of: str) -> str:
    if number.is_zero:
        return ""
    if number.whole and number.root_3:
        inner = _sum([_term(Surd(number.whole), ""), _term(Surd(root_3=number.root_3), "")])
        return f"({inner}){of}"
    part, root = (number.root_3, "√3") if number.root_3 else (number.whole, "")
    top, below = abs(part.numerator), part.denominator
    size = "" if top == 1 and (root or (of and below == 1)) else str(top)
    text = size + root + (f"/{below}" if below > 1 else "")
    joined = f"{text}·{of}" if of and below > 1 else text + of
    return f"-{joined}" if part < 0 else joined


def _sum(terms: list[str]) -> str:
    positive_first = sorted(terms, key=lambda term: term.startswith("-"))
    return " + ".join(positive_first).replace("+ -", "- ")
