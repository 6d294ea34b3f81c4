"""A diagnosis as pages, papers and REST tell it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dianheng.common.errors import Refusal
from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.plates import Wiring
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.wiring_diagnosis import Explanation, k_range
from dianheng.metrology.wirings import adjustment

SHOWN = 5
TWINS_SHOWN = 11


@dataclass(frozen=True)
class Told:
    """One explanation in words: the likeliest wiring of its group, and its twins."""

    rank: int
    said: str
    elements: str
    twins: Sequence[str]
    twin_count: int
    phi_deg: str
    misfit_deg: str
    is_phi_expected: bool
    power: str
    formula: str
    k: str
    is_right: bool


def told(explanations: Sequence[Explanation], language: str) -> list[Told]:
    """The first explanations, the likeliest first."""
    found = []
    for rank, each in enumerate(explanations[:SHOWN], 1):
        others = [member.said(language) for member in each.members[1 : 1 + TWINS_SHOWN]]
        found.append(
            Told(
                rank=rank,
                said=each.members[0].said(language),
                elements=" ".join(f"({one})" for one in each.members[0].elements),
                twins=others,
                twin_count=each.member_count - 1,
                phi_deg=plain_text(each.phi_deg),
                misfit_deg=plain_text(each.misfit_deg),
                is_phi_expected=each.is_phi_expected,
                power=each.power,
                formula=each.formula,
                k="" if each.k is None else plain_text(round(each.k, 4)),
                is_right=any(not member.faults for member in each.members),
            )
        )
    return found


@dataclass(frozen=True)
class Energy:
    """What was used, and what the customer owes (positive) or is refunded (negative), kWh."""

    k: Decimal | None
    k_ends: tuple[Decimal | None, Decimal | None]
    cos_ends: tuple[Decimal, Decimal]
    is_bounded: bool
    recorded_kwh: Decimal
    correct_kwh: Decimal | None
    adjust_kwh: Decimal | None
    adjust_ends_kwh: tuple[Decimal, Decimal] | None


def energy_of(
    explanation: Explanation, wiring: Wiring, *, cos_phi: Decimal, spread: Decimal,
    is_inductive: bool, recorded_kwh: Decimal, meter_error_pct: Decimal = Decimal(0),
) -> Energy:  # fmt: skip
    """Energy of a period with the range that the uncertainty of cosφ leaves."""
    found = k_range(wiring, explanation.registered, cos_phi, spread, is_inductive=is_inductive)
    made = None if found.k is None else adjustment(found.k, recorded_kwh, meter_error_pct)
    ends = None
    if found.is_bounded:
        both = [
            round(adjustment(k, recorded_kwh, meter_error_pct).adjust_kwh, 2)
            for k in found.ends
            if k is not None
        ]
        ends = (min(both), max(both))
    return Energy(
        found.k, found.ends, found.cos_phi, found.is_bounded, recorded_kwh,
        None if made is None else round(made.correct_kwh, 2),
        None if made is None else round(made.adjust_kwh, 2), ends,
    )  # fmt: skip


def guard_sign(k: Decimal | None, recorded_kwh: Decimal) -> Refusal | None:
    """A meter whose K is negative ran backwards: its energy is negative too.

    >>> guard_sign(Decimal(-1), Decimal(-1000)) is guard_sign(None, Decimal(5)) is None
    True
    >>> guard_sign(Decimal(-1), Decimal(1000)).code
    'ran_backwards'
    """
    if k is None or k * recorded_kwh >= 0:
        return None
    facts = {"k": plain_text(round(k, 4))}
    if k < 0:
        text = _(
            "With this wiring the meter ran backwards (K = %(k)s): write the energy negative,"
            " as its register went."
        )
        return Refusal("ran_backwards", text % facts, facts)
    text = _(
        "With this wiring the meter ran forwards (K = %(k)s): write the energy positive,"
        " or choose another wiring or load."
    )
    return Refusal("ran_forwards", text % facts, facts)


def cos_of(phi_deg: Decimal) -> Decimal:
    """Power factor of an angle to three decimals, as a start for what a person types."""
    return round(Decimal(f"{math.cos(math.radians(float(phi_deg))):.6f}"), 3)


def as_json(one: Told) -> Mapping[str, Any]:
    """For REST."""
    return {
        "rank": one.rank, "wiring": one.said, "elements": one.elements, "is_right": one.is_right,
        "not_told_apart_from": list(one.twins), "count_not_told_apart": one.twin_count,
        "phi_deg": one.phi_deg, "misfit_deg": one.misfit_deg,
        "is_phi_expected": one.is_phi_expected, "power": one.power, "formula": one.formula,
        "k": one.k or None,
    }  # fmt: skip
