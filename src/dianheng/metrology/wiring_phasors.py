"""Phasors that a field calibrator measured, and what may be wrong with them."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import RuleSet

_ROOT_3 = math.sqrt(3)


class Phasor(NamedTuple):
    """A measured voltage, V, or current, A, and how far it lags the common reference, degrees.

    The lag is what a phase meter shows against U1 (three-wire: U12); None where it shows none.
    """

    size: float
    lag_deg: float | None


class Measurement(NamedTuple):
    """What was measured: U1, U2, U3 and I1, I2, I3; three-wire U12, U32 and I1, I2."""

    wiring: Wiring
    voltages: tuple[Phasor, ...]
    currents: tuple[Phasor, ...]


class ImpossibleMeasurement(WrongValue):
    """Phasors that cannot be diagnosed; `problems` names all that is wrong with them."""

    def __init__(self, problems: Sequence[WrongValue]) -> None:
        super().__init__("impossible_measurement", "; ".join(each.text for each in problems))
        self.problems = tuple(problems)


class Limits(NamedTuple):
    missing: float
    partial_voltage: float
    partial_current: float
    voltage_above: float
    voltage_angle: Mapping[Wiring, float]
    current_angle: Mapping[Wiring, float]
    phi_low: float
    phi_high: float
    phi_slack: float


@cache
def limits_of(rules: RuleSet) -> Limits:
    def number(name: str) -> float:
        return math.fsum((rules.figure(f"diagnosis/{name}").value,))

    def angles(kind: str) -> Mapping[Wiring, float]:
        three_phase = (Wiring.THREE_PHASE_FOUR_WIRE, Wiring.THREE_PHASE_THREE_WIRE)
        return {each: number(f"{kind}_tolerance_deg/{each}") for each in three_phase}

    return Limits(
        number("missing_below_pct") / 100,
        number("partial_voltage_below_pct") / 100,
        number("partial_current_below_pct") / 100,
        number("voltage_above_pct") / 100,
        angles("voltage"),
        angles("current"),
        number("phi_low_deg"),
        number("phi_high_deg"),
        number("phi_slack_deg"),
    )


def element_count(wiring: Wiring) -> int:
    """How many elements, and so voltages and currents, a three-phase meter has."""
    return 3 if wiring is Wiring.THREE_PHASE_FOUR_WIRE else 2


def phasor_names(wiring: Wiring) -> Mapping[str, tuple[str, ...]]:
    """Names of the phasors by kind, U and I, in the order of a measurement."""
    if wiring is Wiring.THREE_PHASE_FOUR_WIRE:
        return {"U": ("U1", "U2", "U3"), "I": ("I1", "I2", "I3")}
    return {"U": ("U12", "U32"), "I": ("I1", "I2")}


def wrapped(angle: float) -> float:
    """The same angle from -180° to below 180°."""
    return (angle + 180) % 360 - 180


def problems_of(
    measurement: Measurement,
    limits: Limits,
    nominal_v: float | None,
    phi_range: tuple[float, float],
    sequence: str,
) -> list[WrongValue]:
    """Everything that is wrong with a measurement and what was told with it; arguments as there.

    Raises:
        WrongValue: a single-phase circuit.
    """
    wiring = measurement.wiring
    if wiring is Wiring.SINGLE_PHASE:
        raise WrongValue("not_of_circuit", "a diagnosis needs three phases", {"wiring": wiring})
    problems: list[WrongValue] = []
    count = element_count(wiring)
    names = phasor_names(wiring)
    for kind, phasors in (("U", measurement.voltages), ("I", measurement.currents)):
        if len(phasors) != count:
            facts = {"phasor": kind, "wanted": str(count), "count": str(len(phasors))}
            problems.append(WrongValue("phasor_count", f"{count} phasors {kind} expected", facts))
            continue
        sizes = [each.size for each in phasors if _is_number(each.size) and each.size >= 0]
        whole = nominal_v if kind == "U" and nominal_v else max(sizes, default=0)
        for name, each in zip(names[kind], phasors, strict=True):
            problems.extend(_phasor_problems(name, each, limits.missing * whole))
        if sizes and (not max(sizes) or max(sizes) < limits.missing * whole):
            code = "no_voltage" if kind == "U" else "no_current"
            problems.append(WrongValue(code, f"no {kind} is there"))
    problems.extend(_told_problems(measurement, limits, nominal_v, phi_range))
    if sequence not in ("", "positive", "negative"):
        known = "positive, negative"
        problems.append(WrongValue("not_known", f"one of {known}", {"known": known}))
    elif not problems and sequence:
        problems.extend(_sequence_problems(measurement, limits, sequence))
    return problems


def _told_problems(
    measurement: Measurement,
    limits: Limits,
    nominal_v: float | None,
    phi_range: tuple[float, float],
) -> list[WrongValue]:
    problems: list[WrongValue] = []
    low, high = phi_range
    if not -90 <= low <= high <= 90:
        facts = {"low": f"{low}", "high": f"{high}"}
        problems.append(WrongValue("range_wrong", "a range of φ lies between -90° and 90°", facts))
    if nominal_v is not None and not (_is_number(nominal_v) and nominal_v > 0):
        facts = {"nominal_v": f"{nominal_v}"}
        problems.append(
            WrongValue("nominal_wrong", "the nominal voltage is greater than zero", facts)
        )
    elif nominal_v is not None:
        most = limits.voltage_above * nominal_v
        if measurement.wiring is Wiring.THREE_PHASE_THREE_WIRE:
            most *= _ROOT_3  # a reversed transformer
        problems.extend(
            WrongValue(
                "voltage_too_high", f"{name} is far above the nominal voltage", {"phasor": name}
            )
            for name, each in zip(
                phasor_names(measurement.wiring)["U"], measurement.voltages, strict=False
            )
            if each.size > most
        )
    return problems


def _phasor_problems(name: str, phasor: Phasor, floor: float) -> list[WrongValue]:
    problems = []
    facts = {"phasor": name}
    if not _is_number(phasor.size) or phasor.size < 0:
        problems.append(WrongValue("size_wrong", f"{name}: a size is not below zero", facts))
    lag = phasor.lag_deg
    if lag is None:
        if phasor.size >= floor and phasor.size > 0:
            problems.append(WrongValue("lag_missing", f"{name}: the angle is missing", facts))
    elif not _is_number(lag) or abs(lag) > 360:
        problems.append(WrongValue("lag_wrong", f"{name}: an angle lies within 360°", facts))
    return problems


def _sequence_problems(measurement: Measurement, limits: Limits, sequence: str) -> list[WrongValue]:
    leads = [-each.lag_deg for each in measurement.voltages if each.lag_deg is not None]
    if len(leads) < element_count(measurement.wiring):
        return []
    is_four_wire = measurement.wiring is Wiring.THREE_PHASE_FOUR_WIRE
    apart = wrapped(leads[1] - leads[0])
    sign = -1 if is_four_wire else 1
    usual = 120 if is_four_wire else 60
    if abs(abs(apart) - usual) > limits.voltage_angle[measurement.wiring]:
        return []
    shown = "positive" if sign * apart > 0 else "negative"
    if shown == sequence:
        return []
    return [
        WrongValue(
            "sequence_contradicts",
            "the angles show the other phase sequence",
            {"stated": sequence, "shown": shown},
        )
    ]


def _is_number(value: float) -> bool:
    return math.isfinite(value)
