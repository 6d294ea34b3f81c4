"""Diagnosis of wirings: how often the fault that was made is found, and how long it takes.

The measurement is made from the leads themselves, by another way than the candidates of the
diagnosis: sources, transformers, leads, terminals.
"""

import cmath
import itertools
import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from bench.core import Bench, WrongResultError, case
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.wiring_candidates import Finding
from dianheng.metrology.wiring_diagnosis import Explanation, diagnose
from dianheng.metrology.wiring_phasors import Measurement, Phasor

RULES = rule_set("Wiring practice", "2016")
CIRCUITS = (Wiring.THREE_PHASE_FOUR_WIRE, Wiring.THREE_PHASE_THREE_WIRE)
PHI_DEG = range(-30, 76, 15)
NOISE_PCT = 2.0  # standard deviation of a size
NOISE_DEG = 2.0  # and of an angle
PART = 0.5  # what is left of a partial voltage or current
LIMIT_MS = 50
LEAST_FOUND_PCT = 90
PHI_KNOWN_TO_DEG = 20  # as from the registers of active and reactive energy
PHASES = {
    "a": 1 + 0j,
    "b": cmath.rect(1, math.radians(-120)),
    "c": cmath.rect(1, math.radians(120)),
}
ORDERS = {"1,2": "bac", "1,3": "cba", "2,3": "acb", "b,c,a": "bca", "c,a,b": "cab"}


class Rate(NamedTuple):
    """Of so many measurements: the fault is named first, is in the first group, is in the list."""

    circuit: Wiring
    faults: int
    kinds: int
    measured: int
    first: int
    in_group: int
    listed: int


class Mistaken(NamedTuple):
    """A fault and what was named before it, with how often."""

    circuit: Wiring
    made: frozenset[Finding]
    named: frozenset[Finding]
    is_never_told_apart: bool


def single_faults(circuit: Wiring) -> list[Finding]:
    """Everything that is called one fault."""
    is_four = circuit is Wiring.THREE_PHASE_FOUR_WIRE
    elements = "123" if is_four else "12"
    found = [Finding("voltages_swapped", each) for each in ("1,2", "1,3", "2,3")]
    found += [Finding("voltages_rotated", each) for each in ("b,c,a", "c,a,b")]
    found += [Finding("voltage_reversed", each) for each in (elements if is_four else ("ab", "cb"))]
    if is_four:
        found += [Finding("currents_swapped", each) for each in ("1,2", "1,3", "2,3")]
        found += [Finding("currents_rotated", each) for each in ("b,c,a", "c,a,b")]
    else:
        found += [Finding("currents_swapped", "1,2"), Finding("middle_lead_open", "2")]
        found += [Finding("common_lead_swapped", each) for each in ("a,b", "b,c", "b,a", "c,b")]
    for code in ("current_reversed", "voltage_missing", "voltage_partial"):
        found += [Finding(code, each) for each in elements]
    for code in ("current_missing", "current_partial"):
        found += [Finding(code, each) for each in elements]
    return found


def faults_of(circuit: Wiring, count: int) -> Iterator[frozenset[Finding]]:
    """Single faults, or pairs that can be there together and leave something to measure."""
    for made in itertools.combinations(single_faults(circuit), count):
        is_dead = circuit is CIRCUITS[1] and all(each.code == "current_missing" for each in made)
        if len({_slot(each) for each in made}) == count and not (is_dead and count == 2):
            yield frozenset(made)


def _slot(fault: Finding) -> tuple[str, str]:
    """Two faults of one slot exclude each other, or one hides the other."""
    kind, what = fault.code.split("_", 1)
    if fault.code == "middle_lead_open":
        return ("voltage", "lead")
    if what in ("swapped", "rotated") or kind == "common":
        return ("currents" if kind == "common" else kind, "order")
    if kind == "voltage" and what in ("missing", "partial"):
        return ("voltage", "lead") if fault.place in "12" else ("voltage", fault.place)
    if kind == "voltage":
        return ("voltage reversed", fault.place)
    return (kind, fault.place)


def measured(
    circuit: Wiring, made: frozenset[Finding], phi_deg: float, noise: random.Random
) -> Measurement:
    """What a field calibrator shows at a meter with these faults."""
    is_four = circuit is Wiring.THREE_PHASE_FOUR_WIRE
    at = {each.code: each.place for each in made if not each.place.isdigit()}
    signs = {each.place: -1 for each in made if each.code == "voltage_reversed"}
    leads = ORDERS.get(at.get("voltages_swapped", at.get("voltages_rotated", "")), "abc")
    if is_four:
        volts = [
            220 * PHASES[phase] * signs.get(str(place), 1) for place, phase in enumerate(leads, 1)
        ]
        flows = ORDERS.get(at.get("currents_swapped", at.get("currents_rotated", "")), "abc")
    else:
        volts = _line_voltages(leads, signs, any(each.code == "middle_lead_open" for each in made))
        flows = at.get("common_lead_swapped", "c,a" if "currents_swapped" in at else "a,c")
        flows = flows.replace(",", "")
    turn = cmath.rect(5, math.radians(-phi_deg))
    amps = [PHASES[phase] * turn for phase in flows]
    for fault in made:
        kind, _, what = fault.code.partition("_")
        factor = {"missing": 0.0, "partial": PART, "reversed": -1.0}.get(what)
        values = volts if kind == "voltage" else amps
        if factor is not None and kind in ("voltage", "current") and (kind, what) != (
            "voltage", "reversed"
        ):  # fmt: skip
            values[int(fault.place) - 1] *= factor
    return Measurement(circuit, _shown(volts, noise), _shown(amps, noise))


def _line_voltages(leads: str, signs: dict[str, int], is_open: bool) -> list[complex]:
    # Two transformers in V: their common secondary lead is phase b.
    secondary = {
        "a": 100 / math.sqrt(3) * (PHASES["a"] - PHASES["b"]) * signs.get("ab", 1),
        "b": 0j,
        "c": 100 / math.sqrt(3) * (PHASES["c"] - PHASES["b"]) * signs.get("cb", 1),
    }
    one, two, three = (secondary[phase] for phase in leads)
    if is_open:
        two = (one + three) / 2
    return [one - two, three - two]


def _shown(values: Sequence[complex], noise: random.Random) -> tuple[Phasor, ...]:
    return tuple(
        Phasor(
            abs(each) * (1 + noise.gauss(0, NOISE_PCT / 100)),
            (-math.degrees(cmath.phase(each)) + noise.gauss(0, NOISE_DEG)) % 360,
        )
        if each
        else Phasor(0.0, None)
        for each in values
    )


def hit_rates(
    draws: int, *, seed: int = 1, every: int = 1, phi_known_to: int | None = None
) -> tuple[list[Rate], Counter[Mistaken], list[float]]:
    """Rates by circuit and number of faults, what was named instead, and times, ms.

    Each measurement is drawn so many times; `every` takes every so many faults only. With
    `phi_known_to` the load's angle is expected within so many degrees, else as the table says.
    """
    noise = random.Random(seed)  # noqa: S311 - made noise, no secret
    rates, mistaken, times = [], Counter[Mistaken](), []
    for circuit, count in itertools.product(CIRCUITS, (1, 2)):
        kinds = list(faults_of(circuit, count))[::every]
        hits: Counter[str] = Counter()
        for made, phi_deg, _ in itertools.product(kinds, PHI_DEG, range(draws)):
            seen = measured(circuit, made, phi_deg, noise)
            nominal_v = 220 if circuit is CIRCUITS[0] else 100
            known = phi_known_to
            near = known and (max(phi_deg - known, -90), min(phi_deg + known, 90))
            began = time.perf_counter()
            found = diagnose(RULES, seen, nominal_v=nominal_v, phi_range_deg=near or None)
            times.append((time.perf_counter() - began) * 1000)
            place = _place(found, made)
            hits["first"] += place == (0, 0)
            hits["group"] += place is not None and place[0] == 0
            hits["listed"] += place is not None
            if place != (0, 0):
                named = frozenset(found[0].members[0].faults)
                mistaken[Mistaken(circuit, made, named, place is not None and not place[0])] += 1
        total = len(kinds) * len(PHI_DEG) * draws
        rates.append(
            Rate(circuit, count, len(kinds), total, hits["first"], hits["group"], hits["listed"])
        )
    return rates, mistaken, times


def _place(found: Sequence[Explanation], made: frozenset[Finding]) -> tuple[int, int] | None:
    for group, each in enumerate(found):
        for member, candidate in enumerate(each.members):
            if frozenset(candidate.faults) == made:
                return group, member
    return None


@case("wirings", "Diagnosis of wirings: hit rates and time", tiny=1, quick=1, default=5)
def wirings(bench: Bench) -> None:
    """Every single and double fault of both circuits at φ from -30° to 75°, with noise.

    Once with φ anywhere in that range, once known to ±20°, as from the registers of the meter.
    """
    for known in (None, PHI_KNOWN_TO_DEG):
        where = f"φ known to ±{known}°" if known else "φ unknown"
        every = 20 if bench.is_tiny else 1
        rates, _, times = hit_rates(bench.size, every=every, phi_known_to=known)
        for rate in rates:
            what = f"{rate.circuit}, faults: {rate.faults}, {where}"
            found = 100 * rate.in_group / rate.measured
            bench.figure(f"{what}: named first", 100 * rate.first / rate.measured, "%")
            bench.figure(f"{what}: in the first group", found, "%")
            bench.figure(f"{what}: in the list", 100 * rate.listed / rate.measured, "%")
            if known and found < LEAST_FOUND_PCT:
                raise WrongResultError(f"{what}: the fault that was made is not found")
        bench.figure(f"one diagnosis, median, {where}", median(times), "ms", at_most=LIMIT_MS)
        late = sorted(times)[len(times) * 99 // 100]
        bench.figure(f"one diagnosis, p99, {where}", late, "ms", at_most=LIMIT_MS)
        bench.figure(f"one diagnosis, longest, {where}", max(times), "ms")
