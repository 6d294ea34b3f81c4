"""What is on the plate of which kind: the model's own columns, and parameters of the kind alone.

Own columns are those that rules and searches ask for. What only people read of a kind stands in
`DeviceModel.parameters` by the keys below.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dianheng.common.errors import Text
from dianheng.common.texts import gettext_lazy as _

from .choices import METERS, TRANSFORMERS, DeviceKind

GENERAL = ("accuracy_class", "type_approval_no")
_METER = (
    "accuracy_class", "reactive_class", "wiring", "connection", "voltage_v", "base_current_a",
    "min_current_a", "transitional_current_a", "max_current_a", "frequency_hz",
    "constant_imp_per_kwh", "constant_imp_per_kvarh", "register_decimals", "tariff_count",
    "has_clock", "has_relay", "has_demand", "has_security_module", "protocol", "type_approval_no",
)  # fmt: skip
_TRANSFORMER = ("accuracy_class", "ratio", "burden_va", "frequency_hz", "type_approval_no")
# Columns of the model that its kind has, in the order of a plate.
PLATE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(METERS, _METER),
    **dict.fromkeys(TRANSFORMERS, _TRANSFORMER),
    DeviceKind.METERING_BOX: ("wiring", "type_approval_no"),
    DeviceKind.TERMINAL: ("wiring", "voltage_v", "protocol", "type_approval_no"),
    DeviceKind.STANDARD_METER: ("accuracy_class", "wiring", "frequency_hz", "type_approval_no"),
    DeviceKind.BENCH: ("accuracy_class", "wiring", "frequency_hz", "type_approval_no"),
    DeviceKind.INSTRUMENT: GENERAL,
}


@dataclass(frozen=True)
class Parameter:
    """One more parameter of a kind; its unit stands behind the value."""

    label: Text
    unit: str = ""
    options: tuple[tuple[str, Text], ...] = ()


_MORE_OF_METERS = {
    "enclosure": Parameter(_("Protective class of the enclosure"), "", (("I", "I"), ("II", "II"))),
    "module_slot": Parameter(_("Slot for a communication module")),
    "term_years": Parameter(_("Term of use"), "a"),
}
_USE = Parameter(_("Used as"), "", (("standard", _("standard of a laboratory")),))
PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    DeviceKind.SINGLE_PHASE_METER: _MORE_OF_METERS,
    DeviceKind.THREE_PHASE_METER: _MORE_OF_METERS,
    DeviceKind.CURRENT_TRANSFORMER: {
        "use": _USE,
        "rated_voltage_kv": Parameter(_("Rated voltage"), "kV"),
        "security_factor": Parameter(_("Security factor")),
        "power_factor": Parameter(_("Power factor of the burden")),
        "lower_burden_va": Parameter(_("Lower limit of the burden"), "VA"),
        "secondary_windings": Parameter(_("Secondary windings")),
    },
    DeviceKind.VOLTAGE_TRANSFORMER: {
        "use": _USE,
        "divider": Parameter(
            _("Divider"), "", (("capacitor", _("capacitor")),)
        ),
        "rated_voltage_kv": Parameter(_("Rated voltage"), "kV"),
        "power_factor": Parameter(_("Power factor of the burden")),
        "lower_burden_va": Parameter(_("Lower limit of the burden"), "VA"),
        "voltage_factor": Parameter(_("Rated voltage factor")),
        "secondary_windings": Parameter(_("Secondary windings")),
    },
    DeviceKind.COMBINED_TRANSFORMER: {
        "rated_voltage_kv": Parameter(_("Rated voltage"), "kV"),
        "phases": Parameter(_("Phases, of a three-phase unit: A C, or A B C")),
        "voltage_class": Parameter(_("Class of the voltage part")),
        "voltage_ratio": Parameter(_("Ratio of the voltage part")),
        "voltage_burden_va": Parameter(_("Burden of the voltage part"), "VA"),
        "power_factor": Parameter(_("Power factor of the burden")),
    },
    DeviceKind.METERING_BOX: {
        "meter_positions": Parameter(_("Places for meters")),
        "material": Parameter(_("Material")),
        "protection": Parameter(_("Degree of protection (IP)")),
        "rated_current_a": Parameter(_("Rated current"), "A"),
        "dimensions_mm": Parameter(_("Dimensions"), "mm"),
    },
    DeviceKind.TERMINAL: {
        "terminal_type": Parameter(_("Type of terminal")),
        "uplink": Parameter(_("Uplink")),
        "downlink": Parameter(_("Downlink")),
        "meter_capacity": Parameter(_("Meters it can read")),
    },
    DeviceKind.STANDARD_METER: {
        "voltage_range_v": Parameter(_("Voltage range"), "V"),
        "current_range_a": Parameter(_("Current range"), "A"),
    },
    DeviceKind.BENCH: {
        "positions": Parameter(_("Positions")),
        "voltage_range_v": Parameter(_("Voltage range"), "V"),
        "current_range_a": Parameter(_("Current range"), "A"),
    },
    DeviceKind.INSTRUMENT: {
        "measuring_range": Parameter(_("Measuring range")),
        "resolution": Parameter(_("Resolution")),
    },
}  # fmt: skip
