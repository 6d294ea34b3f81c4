"""Candidates of a wiring diagnosis: every way that a meter's elements may be connected."""

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from dianheng.metrology.plates import Wiring
from dianheng.metrology.wirings import ANGLES, Side
from dianheng.metrology.words import word

STEP_DEG = 30  # the angles of candidates are multiples of it
_TURN = 12  # steps
_ROOT_3 = math.sqrt(3)


class Finding(NamedTuple):
    """One fault: `place` is an element, terminals, or the order of phases."""

    code: str
    place: str

    def said(self, language: str) -> str:
        """The fault in words.

        >>> Finding("current_reversed", "2").said("zh-hans")
        '第2元件电流反接'
        """
        return word("wiring_fault", self.code, language).format(place=self.place)


def findings_said(findings: Sequence[Finding], language: str) -> str:
    """All faults of a wiring in words.

    >>> findings_said([], "en")
    'no fault'
    """
    if not findings:
        return word("wiring_fault", "none", language)
    joint = "；" if language.startswith("zh") else "; "
    return joint.join(each.said(language) for each in findings)


class Voltages(NamedTuple):
    """How the voltage elements may be fed: steps of 30°, sizes, terms of each element."""

    order: tuple[str, ...]
    steps: tuple[int, ...]
    sizes: tuple[float, ...]
    terms: tuple[tuple[Side, ...], ...]
    faults: tuple[Finding, ...]


class Currents(NamedTuple):
    """What flows in the current elements; `weight` counts faults, a rare one double."""

    steps: tuple[int, ...]
    sides: tuple[Side, ...]
    faults: tuple[Finding, ...]
    weight: int
    reversed_places: frozenset[int]


_Member = tuple[Voltages, Currents]


class Group(NamedTuple):
    """Candidates with the same phasors at every φ, the fewest faults first."""

    steps: tuple[int, ...]
    sizes: tuple[float, ...]
    current_steps: tuple[int, ...]
    members: tuple[_Member, ...]


@cache
def groups(
    wiring: Wiring, present_u: tuple[int, ...], present_i: tuple[int, ...]
) -> tuple[Group, ...]:
    """All candidates of a circuit, those that no measurement of these phasors tells apart together.

    A reversal where nothing flows is no candidate of its own, nor an open common lead that leaves
    a voltage dead.
    """
    shown = [
        # Steps against any first voltage: each is met a hundred times below.
        [tuple((each.steps[x] - first) % _TURN for x in present_i) for first in range(_TURN)]
        for each in _currents(wiring)
    ]
    sorted_in: dict[tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...]], list[_Member]] = {}
    for voltages in _voltages(wiring):
        is_open = any(each.code == "middle_lead_open" for each in voltages.faults)
        if is_open and len(present_u) < len(voltages.steps):
            continue
        first = voltages.steps[present_u[0]]
        steps = tuple((voltages.steps[place] - first) % _TURN for place in present_u)
        sizes = tuple(voltages.sizes[place] for place in present_u)
        for currents, by_first in zip(_currents(wiring), shown, strict=True):
            if currents.reversed_places <= set(present_i):
                key = (steps, sizes, by_first[first])
                sorted_in.setdefault(key, []).append((voltages, currents))
    return tuple(
        Group(*key, tuple(sorted(members, key=weight))) for key, members in sorted_in.items()
    )


def weight(member: _Member) -> int:
    """How many faults a candidate needs; an interchanged common lead, a rare fault, is two."""
    return len(member[0].faults) + member[1].weight


@cache
def _voltages(wiring: Wiring) -> tuple[Voltages, ...]:
    found = []
    for order in itertools.permutations("abc"):
        faults = _order_faults("voltages", order)
        if wiring is Wiring.THREE_PHASE_FOUR_WIRE:
            for signs in itertools.product((1, -1), repeat=3):
                turned = tuple(
                    Finding("voltage_reversed", str(place))
                    for place, sign in enumerate(signs, 1)
                    if sign < 0
                )
                sides = tuple(
                    Side(Fraction(sign), phase) for sign, phase in zip(signs, order, strict=True)
                )
                steps = tuple(_steps(each) for each in sides)
                terms = tuple((each,) for each in sides)
                found.append(Voltages(order, steps, (1, 1, 1), terms, (*faults, *turned)))
        else:
            found.extend(_line_voltages(order, faults))
    return tuple(found)


def _line_voltages(order: tuple[str, ...], faults: tuple[Finding, ...]) -> list[Voltages]:
    """Leads in this order on the terminals, with both transformers either way, or one lead open."""
    found = []
    for sign_ab, sign_cb in itertools.product((1, -1), repeat=2):
        turned = tuple(
            Finding("voltage_reversed", name)
            for name, sign in (("ab", sign_ab), ("cb", sign_cb))
            if sign < 0
        )
        # What the secondary leads have against the lead of phase b.
        potential = {"a": {"ab": sign_ab}, "b": {}, "c": {"cb": sign_cb}}
        terms = tuple(_difference(potential[order[outer]], potential[order[1]]) for outer in (0, 2))
        found.append(_of_terms(order, terms, (*faults, *turned)))
        # With its common lead open the meter divides the voltage between the outer terminals.
        half = Fraction(1, 2)
        across = tuple(
            _difference(potential[order[outer]], potential[order[2 - outer]], half)
            for outer in (0, 2)
        )
        opened = (*faults, *turned, Finding("middle_lead_open", "2"))
        found.append(_of_terms(order, across, opened))
    return found


def _difference(
    one: Mapping[str, int], other: Mapping[str, int], part: Fraction = Fraction(1)
) -> tuple[Side, ...]:
    signs = {name: one.get(name, 0) - other.get(name, 0) for name in (*one, *other)}
    if len(signs) == 2 and signs["ab"] == -signs["cb"]:
        return (Side(part, "ac" if signs["ab"] > 0 else "ca"),)
    return tuple(Side(part, name if sign > 0 else name[::-1]) for name, sign in signs.items())


def _of_terms(
    order: tuple[str, ...], terms: tuple[tuple[Side, ...], ...], faults: tuple[Finding, ...]
) -> Voltages:
    # Two terms stand 60° apart: their sum lies between them and is √3 times as large.
    steps, sizes = [], []
    for sides in terms:
        angles = [_steps(each) for each in sides]
        apart = (angles[-1] - angles[0] + _TURN // 2) % _TURN - _TURN // 2
        steps.append((angles[0] + apart // 2) % _TURN)
        sizes.append(abs(sides[0].part) * (_ROOT_3 if len(sides) == 2 else 1))
    return Voltages(order, tuple(steps), tuple(math.fsum((x,)) for x in sizes), terms, faults)


@cache
def _currents(wiring: Wiring) -> tuple[Currents, ...]:
    found = []
    for order in itertools.permutations("abc"):
        if wiring is Wiring.THREE_PHASE_FOUR_WIRE:
            phases, faults = order, _order_faults("currents", order)
        else:
            # Between the elements lies the common return, which carries -(Ia + Ic) = Ib.
            phases = (order[0], order[2])
            faults = ()
            if phases == ("c", "a"):
                faults = (Finding("currents_swapped", "1,2"),)
            elif "b" in phases:
                faults = (Finding("common_lead_swapped", ",".join(phases)),)
        rare = sum(each.code == "common_lead_swapped" for each in faults)
        for signs in itertools.product((1, -1), repeat=len(phases)):
            turned = tuple(
                Finding("current_reversed", str(place))
                for place, sign in enumerate(signs, 1)
                if sign < 0
            )
            sides = tuple(
                Side(Fraction(sign), phase) for sign, phase in zip(signs, phases, strict=True)
            )
            every = (*faults, *turned)
            places = frozenset(place for place, sign in enumerate(signs) if sign < 0)
            steps = tuple(map(_steps, sides))
            found.append(Currents(steps, sides, every, len(every) + rare, places))
    return tuple(found)


def _order_faults(kind: str, order: tuple[str, ...]) -> tuple[Finding, ...]:
    moved = [place for place, phase in enumerate("abc", 1) if order[place - 1] != phase]
    if not moved:
        return ()
    if len(moved) == 2:
        return (Finding(f"{kind}_swapped", ",".join(map(str, moved))),)
    return (Finding(f"{kind}_rotated", ",".join(order)),)


def _steps(side: Side) -> int:
    return (ANGLES[side.phasor] + (0 if side.part > 0 else _TURN // 2)) % _TURN
