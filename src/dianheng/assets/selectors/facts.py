"""What is known of a device, in groups, as its page and the scan page show it."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from ..choices import METERS, STANDARDS, TRANSFORMERS, DeviceKind
from ..models import Device, DeviceModel
from ..plates import GENERAL, PARAMETERS, PLATE


@dataclass
class FactGroup:
    """Facts under one heading: label, value, unit."""

    title: str
    facts: list[tuple[str, Any, str]] = field(default_factory=list)

    def add(self, label: Any, value: Any, unit: str = "") -> None:
        """One fact; what is not known is left out."""
        if value not in (None, ""):
            self.facts.append((str(label), value, unit))


def facts_of(device: Device) -> list[FactGroup]:
    """All facts of a device; empty groups are left out."""
    groups = [identity_of(device), plate_of(device.model), *_detail(device), _purchase(device)]
    return [group for group in groups if group.facts]


def _label(thing: Any, name: str) -> str:
    return str(thing._meta.get_field(name).verbose_name)


def _all(group: FactGroup, thing: Any, *names: str) -> None:
    for name in names:
        shown = getattr(thing, f"get_{name}_display", None)
        group.add(_label(thing, name), shown() if shown else getattr(thing, name))


def identity_of(device: Device) -> FactGroup:
    """What tells a device from others, and where it stands."""
    group = FactGroup(_("Device"))
    _all(group, device, "barcode")
    group.add(_label(device, "asset_no"), device.asset_number)
    _all(group, device, "serial_no", "kind", "ownership")
    group.add(_label(device, "unit"), device.unit.name)
    group.add(_label(device, "verified_on"), device.verified_on)
    group.add(_label(device, "valid_through"), device.valid_through)
    group.add(_label(device, "stocked_on"), device.stocked_on)
    group.add(_label(device, "state_at"), device.state_at)
    return group


def plain(value: Any) -> str:
    """A parameter of the plate without zeros that say nothing."""
    if value is None:
        return ""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def plate_of(model: DeviceModel) -> FactGroup:
    """What is on the plate of a model."""
    group = FactGroup(_("Plate"))
    group.add(_label(model, "manufacturer"), model.manufacturer.name)
    _all(group, model, "code", "name")
    has = PLATE.get(model.kind, GENERAL)
    _all(
        group,
        model,
        *(n for n in has if n in ("accuracy_class", "reactive_class", "wiring", "connection")),
    )
    group.add(_("Voltage"), plain(model.voltage_v), "V")
    group.add(_("Current"), model.plate_current)
    if "frequency_hz" in has:
        group.add(_("Frequency"), plain(model.frequency_hz), "Hz")
    group.add(_("Constant"), plain(model.constant_imp_per_kwh), "imp/kWh")
    group.add(_("Reactive constant"), plain(model.constant_imp_per_kvarh), "imp/kvarh")
    _all(
        group,
        model,
        "ratio",
        "burden_va",
        *(n for n in has if n in ("register_decimals", "tariff_count")),
    )
    functions = [n for n in has if n.startswith("has_") and getattr(model, n)]
    group.add(_("Functions"), ", ".join(_label(model, n) for n in functions))
    _all(group, model, "protocol", "type_approval_no")
    known = PARAMETERS.get(model.kind, {})
    for key, value in (model.parameters or {}).items():
        if key in known:
            group.add(known[key].label, value, known[key].unit)
    return group


def _detail(device: Device) -> list[FactGroup]:
    if device.kind in METERS and hasattr(device, "meter"):
        comm, money = FactGroup(_("Communication")), FactGroup(_("Prepayment and security"))
        _all(
            comm, device.meter, "protocol", "comm_address", "comm_module_type",
            "comm_module_maker", "hardware_version", "software_version",
        )  # fmt: skip
        _all(money, device.meter, "prepayment", "esam_no", "key_state", "price_preset")
        return [comm, money]
    group = FactGroup(_("Details"))
    if device.kind in TRANSFORMERS and hasattr(device, "transformer"):
        _all(group, device.transformer, "ratio", "phase", "burden_va", "security_factor")
    elif device.kind == DeviceKind.TERMINAL and hasattr(device, "terminal"):
        _all(
            group, device.terminal, "comm_address", "comm_module_type", "sim_no", "software_version"
        )
    elif device.kind in STANDARDS and hasattr(device, "standard"):
        _all(
            group, device.standard, "name", "measuring_range", "uncertainty", "period_months",
            "position_count", "restriction", "stopped_on",
        )  # fmt: skip
    return [group]


def _purchase(device: Device) -> FactGroup:
    group = FactGroup(_("Purchase"))
    group.add(_label(device, "lot"), device.lot.code if device.lot else "")
    group.add(_("Tender batch"), device.lot.tender_batch if device.lot else "")
    _all(group, device, "arrival_no", "purchased_on", "produced_on")
    if hasattr(device, "meter"):
        _all(group, device.meter, "material_code", "type_approval_no")
    return group
