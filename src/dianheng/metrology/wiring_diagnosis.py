"""Which wirings explain the phasors that a field calibrator measured at a meter.

Every candidate is an order of the voltage leads, an order of the currents, reversed transformers
and open leads. Candidates whose phasors agree at every φ form one group: nothing measured at the
meter tells its members apart, and they have the same K. Groups that agree at another φ only are
ranked by the range in which φ is expected and by how few faults they need.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from dianheng.metrology.composite import tan_phi
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import Wiring
from dianheng.metrology.quantities import EXACT
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.wiring_candidates import (
    STEP_DEG,
    Currents,
    Finding,
    Group,
    Voltages,
    findings_said,
    groups,
    weight,
)
from dianheng.metrology.wiring_phasors import (
    ImpossibleMeasurement,
    Limits,
    Measurement,
    Phasor,
    element_count,
    limits_of,
    problems_of,
    wrapped,
)
from dianheng.metrology.wirings import Element, Power, Side, correction_of, k_at, power_of_terms

_MOST_MEMBERS = 12


class Candidate(NamedTuple):
    """One wiring: its elements as text, `ab,-a`, and its faults; no fault is the right wiring."""

    elements: tuple[str, ...]
    faults: tuple[Finding, ...]

    def said(self, language: str) -> str:
        """All faults in words."""
        return findings_said(self.faults, language)


class Explanation(NamedTuple):
    """Wirings that explain the measurement alike, those with the fewest faults first.

    `misfit_deg` is the root mean square of what the angles differ from the wiring's, `phi_deg` the
    angle of the load that it implies. `k` is None where the meter stops.
    """

    members: tuple[Candidate, ...]
    member_count: int
    phi_deg: Decimal
    misfit_deg: Decimal
    is_phi_expected: bool
    power: str
    formula: str
    k: Decimal | None
    registered: Power


class KRange(NamedTuple):
    """K at a power factor and at both ends of what that may be; None where the meter stops.

    `is_bounded` is False where the meter stops or turns round somewhere between the ends.
    """

    k: Decimal | None
    ends: tuple[Decimal | None, Decimal | None]
    cos_phi: tuple[Decimal, Decimal]
    is_bounded: bool


class _Asked(NamedTuple):
    """The whole question, and which phasors are there."""

    measurement: Measurement
    limits: Limits
    nominal_v: float | None
    phi_range: tuple[float, float]
    known_phases: Mapping[int, str]
    present_u: tuple[int, ...]
    present_i: tuple[int, ...]


_Fit = tuple[float, list[float]]  # an angle, and what each phasor is off from it, degrees
_Rank = tuple[bool, int, int, float]


def diagnose(
    rules: RuleSet,
    measurement: Measurement,
    *,
    nominal_v: float | None = None,
    phi_range_deg: tuple[float, float] | None = None,
    sequence: str = "",
    known_phases: Mapping[int, str] | None = None,
) -> tuple[Explanation, ...]:
    """Rank the wirings that explain a measurement.

    Args:
        rules: rule set Wiring practice.
        measurement: voltages, V, currents, A, lags, degrees. Balanced load; four-wire or
            three-wire.
        nominal_v: phase voltage of a four-wire, line voltage of a three-wire meter, V; without it
            the largest voltage counts as whole.
        phi_range_deg: where the angle of the load is expected, degrees, inductive positive.
        sequence: what a phase-sequence meter showed, `positive` or `negative`; may be empty.
        known_phases: phase (`a`, `b`, `c`) by voltage terminal 1 to 3, where it was found
            otherwise, for example the earthed b-phase of a three-wire circuit.

    Returns:
        Explanations, the likeliest first: φ where it is expected, then the fewest faults, then
        the smallest misfit (whole degrees), then φ nearest to the middle of its range.

    Raises:
        ImpossibleMeasurement: all that is wrong with the phasors at once.
        WrongValue: another circuit.

    Source:
        docs/explanation/wiring-diagnosis.md.

    >>> from dianheng.metrology.plates import Wiring
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> seen = Measurement(
    ...     Wiring.THREE_PHASE_FOUR_WIRE,
    ...     (Phasor(220, 0), Phasor(220, 120), Phasor(220, 240)),
    ...     (Phasor(5, 20), Phasor(5, 140), Phasor(5, 80)),
    ... )
    >>> best = diagnose(rule_set("Wiring practice", "2016"), seen)[0]
    >>> best.members[0].said("en"), best.formula
    ('current of element 3 reversed', 'K = 3')
    """
    limits = limits_of(rules)
    low, high = phi_range_deg or (limits.phi_low, limits.phi_high)
    problems = problems_of(measurement, limits, nominal_v, (low, high), sequence)
    if problems:
        raise ImpossibleMeasurement(problems)
    floor = limits.missing * (nominal_v or _largest(measurement.voltages))
    asked = _Asked(
        measurement,
        limits,
        nominal_v,
        (low, high),
        known_phases or {},
        _present(measurement.voltages, floor),
        _present(measurement.currents, limits.missing * _largest(measurement.currents)),
    )
    found: list[tuple[_Rank, Explanation]] = []
    turns: dict[tuple[int, ...], _Fit | None] = {}
    for group in groups(measurement.wiring, asked.present_u, asked.present_i):
        if group.steps not in turns:
            turns[group.steps] = _turn(asked, group.steps)
        turned = turns[group.steps]
        explained = _explained(asked, group, turned) if turned else None
        if explained:
            found.append(explained)
    if not found:
        raise ImpossibleMeasurement([_unexplained(any(turns.values()), bool(known_phases))])
    return tuple(each for _, each in sorted(found, key=lambda pair: pair[0]))


def k_range(
    wiring: Wiring,
    registered: Power,
    cos_phi: Decimal,
    spread: Decimal,
    *,
    is_inductive: bool = True,
) -> KRange:
    """K over what the power factor of the load may be; a K that does not depend on it has one.

    Args:
        wiring: circuit of the meter.
        registered: power that the wiring registers, as an explanation has it.
        cos_phi: mean power factor while the wiring was wrong, above 0, at most 1.
        spread: what it may be off either way, not below zero.
        is_inductive: the current lags.

    Raises:
        WrongValue: the power factor or its lower end is not above 0 and at most 1.

    >>> from dianheng.metrology.wirings import power, read_elements
    >>> three = Wiring.THREE_PHASE_THREE_WIRE
    >>> found = k_range(three, power(three, read_elements(("ab,-a", "cb,c"))), Decimal("0.8"),
    ...                 Decimal("0.02"))
    >>> [str(round(each, 3)) for each in (found.ends[0], found.k, found.ends[1])]
    ['2.159', '2.309', '2.481']
    """
    low = EXACT.subtract(cos_phi, spread)
    high = min(EXACT.add(cos_phi, spread), Decimal(1))
    first, middle, last = (
        k_at(wiring, registered, tan_phi(each, is_inductive=is_inductive))
        for each in (low, cos_phi, high)
    )
    found = [each for each in (first, middle, last) if each is not None]
    # The registered power is linear in tan φ: with one sign at both ends it has no zero between.
    is_bounded = len(found) == 3 and len({each > 0 for each in found}) == 1
    return KRange(middle, (first, last), (low, high), is_bounded)


# How a candidate fits ---------------------------------------------------------------------------


def _unexplained(do_voltages_fit: bool, has_known_phases: bool) -> WrongValue:
    if not do_voltages_fit:
        return WrongValue("voltages_fit_no_wiring", "no wiring has voltages at such angles")
    if has_known_phases:
        return WrongValue("phases_fit_no_wiring", "no wiring with the known phases explains this")
    return WrongValue("currents_fit_no_wiring", "no wiring has currents at such angles")


def _explained(asked: _Asked, group: Group, turned: _Fit) -> tuple[_Rank, Explanation] | None:
    """How a group ranks whose voltages fit; None where the rest does not."""
    fit = _phi(asked, group, turned[0])
    if fit is None or round(abs(fit[0]), 2) >= 90:
        return None
    members = [
        each
        for each in group.members
        if all(each[0].order[place - 1] == phase for place, phase in asked.known_phases.items())
    ]
    shares = _shares(asked, group)
    if not members or shares is None:
        return None
    phi, off = fit[0], [*turned[1], *fit[1]]
    misfit = math.sqrt(sum(each * each for each in off) / len(off))
    low, high = asked.phi_range
    is_expected = low - asked.limits.phi_slack <= phi <= high + asked.limits.phi_slack
    fault_count = weight(members[0]) + sum(each < 1 for each in shares)
    # The same currents at φ ± 60° fit alike: what decides last is how usual φ is.
    rank = (not is_expected, fault_count, round(misfit), abs(phi - (low + high) / 2))
    parts = dict(zip(asked.present_u, shares, strict=True))
    return rank, _explain(asked, members, parts, phi, misfit, is_expected)


def _turn(asked: _Asked, steps: tuple[int, ...]) -> _Fit | None:
    """How far the candidate's voltages are turned to fit, and what is off; None if they do not."""
    voltages = asked.measurement.voltages
    turn, off = _common(
        [
            -(voltages[place].lag_deg or 0) - STEP_DEG * step
            for place, step in zip(asked.present_u, steps, strict=True)
        ]
    )
    allowed = asked.limits.voltage_angle[asked.measurement.wiring]
    return (turn, off) if max(map(abs, off)) <= allowed else None


def _phi(asked: _Asked, group: Group, turn: float) -> _Fit | None:
    """The φ that makes the candidate's currents fit, and what is off; None if none does."""
    currents = asked.measurement.currents
    phi, off = _common(
        [
            turn + STEP_DEG * step + (currents[place].lag_deg or 0)
            for place, step in zip(asked.present_i, group.current_steps, strict=True)
        ]
    )
    allowed = asked.limits.current_angle[asked.measurement.wiring]
    return (wrapped(phi), off) if max(map(abs, off)) <= allowed else None


def _common(angles: list[float]) -> tuple[float, list[float]]:
    """The mean of angles that lie together, and what each is off from it."""
    first = angles[0]
    mean = first + sum(wrapped(each - first) for each in angles) / len(angles)
    return mean, [wrapped(each - mean) for each in angles]


def _shares(asked: _Asked, group: Group) -> tuple[float, ...] | None:
    """Part of its whole voltage that each present voltage has; None where one has far more."""
    parts = [
        asked.measurement.voltages[place].size / size
        for place, size in zip(asked.present_u, group.sizes, strict=True)
    ]
    whole = asked.nominal_v or max(parts)
    shares = tuple(each / whole for each in parts)
    if max(shares) > asked.limits.voltage_above:
        return None
    return tuple(1 if each >= asked.limits.partial_voltage else each for each in shares)


def _explain(
    asked: _Asked,
    members: list[tuple[Voltages, Currents]],
    shares: Mapping[int, float],
    phi: float,
    misfit: float,
    is_phi_expected: bool,
) -> Explanation:
    wiring, limits = asked.measurement.wiring, asked.limits
    parts_u = [_fraction(shares.get(place, 0)) for place in range(element_count(wiring))]
    most = _largest(asked.measurement.currents)
    parts_i = [
        _part(each.size / most, limits.missing, limits.partial_current)
        for each in asked.measurement.currents
    ]
    lost = (*_lost("voltage", parts_u), *_lost("current", parts_i))
    registered = power_of_terms(wiring, _terms(members[0], parts_u, parts_i))
    phi_deg = Decimal(f"{phi:.2f}")
    found = correction_of(wiring, registered, phi_deg)
    return Explanation(
        tuple(
            Candidate(_written(each, parts_u, parts_i), (*each[0].faults, *each[1].faults, *lost))
            for each in members[:_MOST_MEMBERS]
        ),
        len(members),
        phi_deg,
        Decimal(f"{misfit:.2f}"),
        is_phi_expected,
        registered.text,
        found.formula,
        found.k,
        registered,
    )


def _part(share: float, missing: float, partial: float) -> Fraction:
    if share < missing:
        return Fraction(0)
    return Fraction(1) if share >= partial else _fraction(share)


def _fraction(share: float) -> Fraction:
    return Fraction(round(share * 100), 100)


def _lost(kind: str, parts: list[Fraction]) -> tuple[Finding, ...]:
    return tuple(
        Finding(f"{kind}_{'partial' if part else 'missing'}", str(place))
        for place, part in enumerate(parts, 1)
        if part < 1
    )


def _terms(
    member: tuple[Voltages, Currents], parts_u: list[Fraction], parts_i: list[Fraction]
) -> tuple[Element, ...]:
    return tuple(
        Element(Side(side.part * part_u, side.phasor), Side(current.part * part_i, current.phasor))
        for terms, current, part_u, part_i in zip(
            member[0].terms, member[1].sides, parts_u, parts_i, strict=True
        )
        for side in terms
    )


def _written(
    member: tuple[Voltages, Currents], parts_u: list[Fraction], parts_i: list[Fraction]
) -> tuple[str, ...]:
    texts = []
    for terms, current, part_u, part_i in zip(
        member[0].terms, member[1].sides, parts_u, parts_i, strict=True
    ):
        sides = [str(Side(each.part * part_u, each.phasor)) for each in terms] if part_u else ["0"]
        voltage = "+".join(sides).replace("+-", "-")
        texts.append(f"{voltage},{Side(current.part * part_i, current.phasor)}")
    return tuple(texts)


def _largest(phasors: tuple[Phasor, ...]) -> float:
    return max(each.size for each in phasors)


def _present(phasors: tuple[Phasor, ...], floor: float) -> tuple[int, ...]:
    return tuple(place for place, each in enumerate(phasors) if each.size >= floor)
