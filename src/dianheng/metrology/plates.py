"""What the plate of a meter says, as far as a rule needs it."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.quantities import EXACT, SQRT_3, ZERO, read_decimal
from dianheng.metrology.rule_sets import RuleSet, rule_set


class Connection(StrEnum):
    """How the current reaches the meter."""

    DIRECT = "direct"  # base current is Ib
    VIA_TRANSFORMER = "via_transformer"  # base current is In


class Wiring(StrEnum):
    """Circuit of the meter."""

    SINGLE_PHASE = "single_phase"  # Un is the phase voltage
    THREE_PHASE_FOUR_WIRE = "three_phase_four_wire"  # Un is the phase voltage
    THREE_PHASE_THREE_WIRE = "three_phase_three_wire"  # Un is the line voltage

    @property
    def power_factor_m(self) -> Decimal:
        """m in P = m U I: 1, 3, or the square root of 3."""
        return _M[self]


_M = {
    Wiring.SINGLE_PHASE: Decimal(1),
    Wiring.THREE_PHASE_FOUR_WIRE: Decimal(3),
    Wiring.THREE_PHASE_THREE_WIRE: SQRT_3,
}


class CurrentRating(NamedTuple):
    """Currents of a plate, A. `itr_a` and `imin_a` only on plates after IR46."""

    base_a: Decimal
    max_a: Decimal
    itr_a: Decimal | None = None
    imin_a: Decimal | None = None


_OLD_PLATE = re.compile(r"([0-9.]+)\(([0-9.]+)\)A?")
_NEW_PLATE = re.compile(r"([0-9.]+)-([0-9.]+)\(([0-9.]+)\)A?")


def current_rating(text: str, connection: Connection) -> CurrentRating:
    """Read the currents of a plate.

    Args:
        text: `5(60)A` is base and maximum, `0.25-0.5(60)A` is Imin, Itr and maximum.
        connection: decides the base current of a plate that states Itr:
            Ib = 10 Itr, In = 20 Itr.

    Raises:
        WrongValue: not such a text, or the maximum is below the base current.

    Source:
        docs/sources/gb-t-17215-321.md, plate notation.

    >>> current_rating("0.25-0.5(60)A", Connection.DIRECT).base_a
    Decimal('5.0')
    >>> current_rating("1.5(6)A", Connection.VIA_TRANSFORMER).max_a
    Decimal('6')
    """
    compact = text.replace(" ", "").replace("\uff08", "(").replace("\uff09", ")")
    new = _NEW_PLATE.fullmatch(compact)
    old = _OLD_PLATE.fullmatch(compact)
    if new:
        imin_a, itr_a, max_a = (read_decimal(part) for part in new.groups())
        ratio = rule_set("GB/T 17215.321", "2021").figure(f"base_current_ratio/{connection}").value
        rating = CurrentRating(EXACT.multiply(itr_a, ratio), max_a, itr_a, imin_a)
    elif old:
        base_a, max_a = (read_decimal(part) for part in old.groups())
        rating = CurrentRating(base_a, max_a)
    else:
        raise WrongValue("no_rating", "not the currents of a plate", {"text": text[:40]})
    if not ZERO < rating.base_a <= rating.max_a:
        raise WrongValue(
            "rating_order", "the maximum current is below the base current", {"text": text[:40]}
        )
    return rating


@dataclass(frozen=True)
class MeterPlate:
    """The facts of a meter that decide which rules hold for it.

    Currents in A, voltage in V, constants in imp/kWh and imp/kvarh. `functions` names what the
    meter has: `clock`, `rates`, `demand`, `communication`, `key`, `parameter`, `relay`.
    """

    accuracy_class: str
    connection: Connection
    wiring: Wiring
    un_v: Decimal
    base_a: Decimal
    max_a: Decimal
    constant_imp_per_kwh: Decimal
    reactive_class: str = ""
    constant_imp_per_kvarh: Decimal | None = None
    rate_count: int = 1
    register_decimals: int = 2
    is_bidirectional: bool = False
    enclosure: str = "II"
    functions: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("un_v", "base_a", "max_a", "constant_imp_per_kwh"):
            if getattr(self, name) <= ZERO:
                raise WrongValue("not_positive", f"{name} is greater than zero", {"field": name})
        if self.max_a < self.base_a:
            raise WrongValue("rating_order", "the maximum current is below the base current")

    @property
    def imax_ratio(self) -> Decimal:
        """Maximum current as a multiple of the base current."""
        return EXACT.divide(self.max_a, self.base_a)

    @property
    def is_three_phase(self) -> bool:
        """Three-phase, three or four wires."""
        return self.wiring is not Wiring.SINGLE_PHASE

    def class_of(self, measure: str) -> str:
        """Accuracy class for `active` or `reactive`; empty where the meter has none."""
        return self.reactive_class if measure == "reactive" else self.accuracy_class

    def constant_of(self, measure: str) -> Decimal:
        """Pulses for a kWh or kvarh; a meter without its own reactive constant shares the one."""
        if measure == "reactive" and self.constant_imp_per_kvarh is not None:
            return self.constant_imp_per_kvarh
        return self.constant_imp_per_kwh


def verification_class(ir46_class: str, ir46: RuleSet | None = None) -> str:
    """Class of JJG 596-2012 under which a meter of an IR46 class is verified.

    Raises:
        WrongValue: not one of the classes A to E.

    Source:
        docs/sources/gb-t-17215-321.md, equivalence of classes.

    >>> verification_class("B")
    '1'
    """
    rules = ir46 or rule_set("GB/T 17215.321", "2021")
    figure = rules.find(f"verified_as/{ir46_class}")
    if figure is None:
        raise WrongValue("no_class", "not a class of IR46", {"class": ir46_class[:20]})
    return figure.word
