"""The class of a metering device from what is known of its usage point."""

from collections.abc import Mapping
from decimal import Decimal

from dianheng.metrology.device_classes import device_class
from dianheng.metrology.errors import NoRule
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import rule_set

EDITION = "2016"
RULES = "DL/T 448"


def class_of(purpose: str, wiring: str, rated_kv: Decimal) -> str:
    """Class after the edition in force, empty where voltage and purpose do not settle it.

    >>> class_of("settlement", "three_phase_three_wire", Decimal(10))
    'III'
    >>> class_of("generator", "three_phase_four_wire", Decimal(10))
    ''
    """
    known: Mapping[str, Decimal] = {
        "kv": rated_kv,
        "phases": Decimal(1 if wiring == Wiring.SINGLE_PHASE else 3),
    }
    try:
        return device_class(rule_set(RULES, EDITION), purpose, known).name
    except NoRule:
        return ""
