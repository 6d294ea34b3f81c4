"""The names of what is measured on site, and what may be wrong with what came in.

A sheet is flat: `u1`, `u1_deg`, `i1`, `error_1`, `drop_1_f` … as text. Forms, files and REST
bring the same names; `problems_of_sheet` tells everything that is wrong at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from dianheng.common.numbers import halfwidth
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import Wiring
from dianheng.metrology.quantities import EXACT, HUNDRED, read_decimal
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.wiring_phasors import (
    Measurement,
    Phasor,
    element_count,
    limits_of,
    phasor_names,
    problems_of,
)
from dianheng.metrology.words import said

READINGS = 5
RATES = ("total", "sharp", "peak", "flat", "valley")
RATE_LABELS = {
    "total": gettext_lazy("Register, total"),
    "sharp": gettext_lazy("Register, sharp"),
    "peak": gettext_lazy("Register, peak"),
    "flat": gettext_lazy("Register, flat"),
    "valley": gettext_lazy("Register, valley"),
}
# What is compared with the archive and not measured: yes or no.
SEEN = ("plate_agrees", "ratio_agrees", "periods_agree", "seals_whole")
TEXTS = (*SEEN, "sequence", "load_kind", "seals_removed", "seals_applied", "signer", "remark")
MOST_SIGNS = 400


@dataclass(frozen=True)
class Number:
    """A number of the sheet: what it is called, its unit, between what it can lie."""

    label: Any
    unit: str
    low: Decimal
    high: Decimal


def _number(label: Any, unit: str, low: str, high: str) -> Number:
    return Number(label, unit, Decimal(low), Decimal(high))


NUMBERS: Mapping[str, Number] = {
    "temperature_c": _number(gettext_lazy("Temperature"), "°C", "-60", "80"),
    "humidity_pct": _number(gettext_lazy("Relative humidity"), "%", "0", "100"),
    "frequency_hz": _number(gettext_lazy("Frequency"), "Hz", "40", "70"),
    "cos_phi": _number(gettext_lazy("Power factor"), "", "0", "1"),
    "clock_offset_s": _number(gettext_lazy("Clock offset"), "s", "-100000000", "100000000"),
    **{
        f"error_{n}": _number(gettext_lazy("Working error"), "%", "-200", "200")
        for n in range(1, READINGS + 1)
    },
    **{f"register_{rate}": _number(RATE_LABELS[rate], "kWh", "0", "1000000000") for rate in RATES},
    **{
        f"{kind}{n}{suffix}": number
        for n in (1, 2, 3)
        for kind, suffix, number in (
            ("u", "", _number(gettext_lazy("Voltage"), "V", "0", "1000000")),
            ("u", "_deg", _number(gettext_lazy("Angle of the voltage"), "°", "-360", "360")),
            ("i", "", _number(gettext_lazy("Current"), "A", "0", "100000")),
            ("i", "_deg", _number(gettext_lazy("Angle of the current"), "°", "-360", "360")),
            ("drop_", "_f", _number(gettext_lazy("Voltage drop, ratio error"), "%", "-100", "100")),
            ("drop_", "_d", _number(gettext_lazy("Voltage drop, phase"), "′", "-5400", "5400")),
            ("vt_", "_va", _number(gettext_lazy("Burden of the voltage transformer"), "VA", "0", "10000")),
            ("vt_", "_rated", _number(gettext_lazy("Rated burden of the voltage transformer"), "VA", "0", "10000")),
            ("ct_", "_va", _number(gettext_lazy("Burden of the current transformer"), "VA", "0", "10000")),
            ("ct_", "_rated", _number(gettext_lazy("Rated burden of the current transformer"), "VA", "0", "10000")),
        )
    },
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with what came in, at its field."""

    field: str
    code: str
    text: str

    def as_error(self) -> dict[str, str]:
        """The form of a refusal's error."""
        return {"field": self.field, "code": self.code, "text": self.text}


@dataclass(frozen=True)
class Circuit:
    """What the plate of the meter says, as far as measured values can contradict it."""

    wiring: Wiring
    voltage_v: Decimal | None
    max_a: Decimal | None


@dataclass(frozen=True)
class Sheet:
    """What was measured, read: numbers by name, and texts."""

    numbers: Mapping[str, Decimal]
    texts: Mapping[str, str]
    wiring: Wiring

    def as_json(self) -> dict[str, str]:
        """To be kept: decimal text as it was written."""
        return {**{key: str(value) for key, value in self.numbers.items()}, **self.texts}

    def __getitem__(self, key: str) -> Decimal | None:
        return self.numbers.get(key)

    @property
    def readings(self) -> tuple[Decimal, ...]:
        """Working errors in order, %."""
        names = (f"error_{n}" for n in range(1, READINGS + 1))
        return tuple(self.numbers[name] for name in names if name in self.numbers)

    @property
    def has_phasors(self) -> bool:
        """Voltages and currents were measured."""
        return "u1" in self.numbers

    @property
    def measurement(self) -> Measurement:
        """For the diagnosis."""
        return measurement_of(self.numbers, self.wiring)

    def _mean(self, kind: str) -> Decimal | None:
        """Mean of the sizes; single-phase meters have the first only."""
        found = [value for n in (1, 2, 3) if (value := self.numbers.get(f"{kind}{n}")) is not None]
        total = Decimal(0)
        for value in found:
            total = EXACT.add(total, value)
        return EXACT.divide(total, Decimal(len(found))) if found else None

    def share_pct(self, kind: str, of: Decimal | None) -> Decimal | None:
        """Mean voltage (u) or current (i) in % of a rated one."""
        mean = self._mean(kind)
        if mean is None or not of:
            return None
        return EXACT.multiply(EXACT.divide(mean, of), HUNDRED)


def elements_of(wiring: Wiring) -> int:
    """How many voltages, and currents, are measured."""
    return 1 if wiring is Wiring.SINGLE_PHASE else element_count(wiring)


def names_of(wiring: Wiring) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What voltages and currents are called at this circuit."""
    if wiring is Wiring.SINGLE_PHASE:
        return ("U",), ("I",)
    names = phasor_names(wiring)
    return names["U"], names["I"]


def measurement_of(numbers: Mapping[str, Decimal], wiring: Wiring) -> Measurement:
    """Phasors of a sheet; binary, as the diagnosis decides no verdict."""

    def phasors(kind: str) -> tuple[Phasor, ...]:
        found = []
        for n in range(1, elements_of(wiring) + 1):
            lag = numbers.get(f"{kind}{n}_deg")
            size = float(numbers.get(f"{kind}{n}", Decimal(0)))
            found.append(Phasor(size, None if lag is None else float(lag)))
        return tuple(found)

    return Measurement(wiring, phasors("u"), phasors("i"))


def read_sheet(
    raw: Mapping[str, Any], circuit: Circuit, rules: RuleSet
) -> tuple[Sheet, list[Problem]]:
    """Read what came in; problems are everything that is wrong with it, empty if nothing is."""
    numbers: dict[str, Decimal] = {}
    problems: list[Problem] = []
    for key, number in NUMBERS.items():
        text = halfwidth(str(raw.get(key) or "")).strip()
        if not text:
            continue
        try:
            value = read_decimal(text.replace("−", "-"))
        except WrongValue:
            facts = {"what": number.label, "value": text[:40]}
            hint = _("%(what)s: “%(value)s” is no number.") % facts
            if "," in text:
                hint = (
                    _("%(what)s: “%(value)s” has a comma; write the decimals after a point.")
                    % facts
                )
            problems.append(Problem(key, "not_a_number", hint))
            continue
        if not number.low <= value <= number.high:
            problems.append(Problem(key, "out_of_range", _range_text(key, number, text)))
            continue
        numbers[key] = value
    texts = {key: str(raw.get(key) or "").strip()[:MOST_SIGNS] for key in TEXTS}
    texts = {key: text for key, text in texts.items() if text}
    if texts.get("load_kind", "L") not in ("L", "C"):
        text = _("The kind of load is L (inductive) or C (capacitive).")
        problems.append(Problem("load_kind", "not_known", text))
    for key in SEEN:
        if texts.get(key, "yes") not in ("yes", "no"):
            text = _("What was compared is yes or no, not “%(value)s”.") % {
                "value": texts[key][:40]
            }
            problems.append(Problem(key, "not_known", text))
    sheet = Sheet(numbers, texts, circuit.wiring)
    if not problems:
        problems += _phasor_problems(sheet, circuit, rules)
        problems += _pair_problems(sheet)
    return sheet, problems


def _range_text(key: str, number: Number, text: str) -> str:
    facts = {
        "what": number.label, "value": text[:40], "unit": number.unit,
        "low": f"{number.low:f}", "high": f"{number.high:f}",
    }  # fmt: skip
    if key == "cos_phi":
        return _("%(what)s: “%(value)s” is above 1; it is no percentage.") % facts
    if key.endswith("_deg"):
        return _("%(what)s: “%(value)s” lies beyond 360°; degrees are wanted.") % facts
    return _("%(what)s: “%(value)s” is not between %(low)s and %(high)s %(unit)s.") % facts


def _phasor_problems(sheet: Sheet, circuit: Circuit, rules: RuleSet) -> Iterator[Problem]:
    count = elements_of(circuit.wiring)
    sizes = [f"{kind}{n}" for kind in "ui" for n in range(1, count + 1)]
    if not any(name in sheet.numbers for name in sizes):
        return
    names = dict(
        zip(sizes, [*names_of(circuit.wiring)[0], *names_of(circuit.wiring)[1]], strict=True)
    )
    for name in sizes:
        if name not in sheet.numbers:
            yield Problem(name, "missing", _("%(name)s is missing.") % {"name": names[name]})
    unit_problems = list(_unit_problems(sheet, circuit, count))
    yield from unit_problems
    if unit_problems or circuit.wiring is Wiring.SINGLE_PHASE:
        return
    limits = limits_of(rules)
    nominal = float(circuit.voltage_v) if circuit.voltage_v else None
    fields = {names[name]: name for name in sizes}
    for problem in problems_of(
        sheet.measurement, limits, nominal, (limits.phi_low, limits.phi_high),
        sheet.texts.get("sequence", ""),
    ):  # fmt: skip
        facts = {key: str(value) for key, value in problem.facts.items()}
        field = fields.get(facts.get("phasor", ""), "")
        if problem.code in ("lag_missing", "lag_wrong") and field:
            field = f"{field}_deg"
        if problem.code == "sequence_contradicts":
            field = "sequence"
        yield Problem(
            field, problem.code, said(problem.code, problem.text, facts, get_language() or "")
        )


def _unit_problems(sheet: Sheet, circuit: Circuit, count: int) -> Iterator[Problem]:
    """Units that the sizes give away: kilovolts, primary amperes, radians."""
    voltages = [v for n in range(1, count + 1) if (v := sheet[f"u{n}"]) is not None]
    currents = [v for n in range(1, count + 1) if (v := sheet[f"i{n}"]) is not None]
    angles = [
        abs(v)
        for kind in "ui"
        for n in range(1, count + 1)
        if (v := sheet[f"{kind}{n}_deg"]) is not None
    ]
    if circuit.voltage_v and voltages:
        most = max(voltages)
        facts = {"value": f"{most:f}", "rated": f"{circuit.voltage_v.normalize():f}"}
        if 0 < most < circuit.voltage_v / 50:
            text = _(
                "Voltages of %(value)s do not fit a meter for %(rated)s V: they look like kV. V are wanted."
            )
            yield Problem("u1", "unit_kv", text % facts)
        elif most > circuit.voltage_v * 10:
            text = _(
                "Voltages of %(value)s do not fit a meter for %(rated)s V: they look like primary values"
                " or mV. V at the meter are wanted."
            )
            yield Problem("u1", "unit_primary", text % facts)
    if circuit.max_a and currents and max(currents) > circuit.max_a * 3:
        text = _(
            "Currents of %(value)s do not fit a meter for %(rated)s A at most: they look like primary"
            " values or mA. A at the meter are wanted."
        )
        facts = {"value": f"{max(currents):f}", "rated": f"{circuit.max_a.normalize():f}"}
        yield Problem("i1", "unit_primary", text % facts)
    if count > 1 and len(angles) >= 4 and 0 < max(angles) <= Decimal("6.2832"):
        text = _("No angle is above %(value)s: they look like radians. Degrees are wanted.")
        yield Problem("u1_deg", "unit_radians", text % {"value": f"{max(angles):f}"})


def _pair_problems(sheet: Sheet) -> Iterator[Problem]:
    """Values that mean something together only."""
    for n in (1, 2, 3):
        for left, right in (
            (f"drop_{n}_f", f"drop_{n}_d"),
            (f"vt_{n}_va", f"vt_{n}_rated"),
            (f"ct_{n}_va", f"ct_{n}_rated"),
        ):
            if (left in sheet.numbers) != (right in sheet.numbers):
                missing = right if left in sheet.numbers else left
                facts = {"what": NUMBERS[missing].label, "n": n}
                yield Problem(
                    missing, "missing", _("%(what)s of element %(n)s is missing.") % facts
                )
        if sheet[f"vt_{n}_rated"] == 0 or sheet[f"ct_{n}_rated"] == 0:
            field = f"vt_{n}_rated" if sheet[f"vt_{n}_rated"] == 0 else f"ct_{n}_rated"
            yield Problem(field, "not_positive", _("A rated burden is above zero."))
