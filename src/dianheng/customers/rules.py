"""What a usage point may be, and the class of its metering device."""

from collections.abc import Mapping
from decimal import Decimal

from dianheng.metrology.device_classes import device_class
from dianheng.metrology.errors import NoRule
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import rule_set

EDITION = "2016"
EDITIONS = ("2016", "2000")
RULES = "DL/T 448"
LEAST_KV = Decimal("0.001")
MOST_KV = Decimal(2000)


def is_voltage(kv: Decimal) -> bool:
    """Whether a supply may have it: from 1 V on, in whole volts.

    >>> [is_voltage(Decimal(kv)) for kv in ("0.22", "0", "0.0004", "10.0005", "NaN")]
    [True, False, False, False, False]
    """
    return kv.is_finite() and LEAST_KV <= kv <= MOST_KV and kv == round(kv, 3)


def class_of(purpose: str, wiring: str, rated_kv: Decimal, edition: str = EDITION) -> str:
    """Class by voltage and purpose, empty where these do not settle it.

    Only the edition of 2016 goes by the voltage; that of 2000 goes by energy and capacity.

    >>> class_of("settlement", "three_phase_three_wire", Decimal(10))
    'III'
    >>> class_of("generator", "three_phase_four_wire", Decimal(10))
    ''
    >>> class_of("settlement", "three_phase_three_wire", Decimal(10), "2000")
    ''
    """
    if edition != EDITION:
        return ""
    known: Mapping[str, Decimal] = {
        "kv": rated_kv,
        "phases": Decimal(1 if wiring == Wiring.SINGLE_PHASE else 3),
    }
    try:
        return device_class(rule_set(RULES, EDITION), purpose, known).name
    except NoRule:
        return ""
