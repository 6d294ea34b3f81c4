"""The rows of the form by which results are entered by hand: one for each item and point."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dianheng.metrology.errors import MetrologyError, NoRule
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.schemes import ALL_PHASES, LoadPoint, Scheme
from dianheng.metrology.transformer_schemes import (
    TransformerPlate,
    TransformerPoint,
    TransformerScheme,
)
from dianheng.metrology.transformers import point_rules
from dianheng.metrology.verdicts import point_rule

from ..envelope import ITEMS
from ..subjects import AnyPlate, AnyScheme

_ITEM = {ours: theirs for theirs, ours in ITEMS.items() if ours and theirs != "REGISTER"}

# name, kind (number, truth, list, texts, key), label, unit; readings and unit of the samples.
_FACTS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "appearance": (("is_passed", "truth", "is_passed", ""),),
    "communication": (("is_passed", "truth", "is_passed", ""),),
    "ac_voltage": (
        ("voltage_kv", "number", "voltage_kv", "kV"),
        ("duration_s", "number", "duration_s", "s"),
        ("has_breakdown", "truth", "has_breakdown", ""),
    ),
    "creep": (
        ("voltage_pct", "number", "voltage_pct", "%"),
        ("elapsed_min", "number", "elapsed_min", "min"),
        ("pulses", "number", "pulses", "imp"),
    ),
    "start": (
        ("first_pulse_min", "number", "first_pulse_min", "min"),
        ("elapsed_min", "number", "elapsed_min", "min"),
    ),
    "constant": (
        ("register_kwh", "number", "register_kwh", "kWh"),
        ("pulses", "number", "pulses", "imp"),
        ("reference_kwh", "number", "reference_kwh", "kWh"),
    ),
    "combination": (
        ("total_kwh", "number", "total_kwh", "kWh"),
        ("rates_kwh", "list", "rates_kwh", "kWh"),
    ),
    "demand": (
        ("meter_kw", "number", "meter_kw", "kW"),
        ("standard_kw", "number", "standard_kw", "kW"),
    ),
    "consistency": (("group_mean_pct", "number", "group_mean_pct", "%"),),
    "key_state": (("key_state", "key", "key_state", ""),),
    "parameter": (("found", "texts", "found", ""),),
    "relay": (
        ("open_s", "number", "open_s", "s"),
        ("close_s", "number", "close_s", "s"),
    ),
}
_READINGS = {
    "basic_error": (4, "%"),
    "clock_rate": (5, "s/d"),
    "clock_value": (1, "s"),
    "tariff_switch": (4, "min"),
    "standard_deviation": (5, "%"),
    "consistency": (2, "%"),
    "variation": (2, "%"),
    "load_variation": (2, "%"),
}


@dataclass(frozen=True)
class Row:
    """One row of the form."""

    key: str
    item: str  # of the upload format
    name: str  # of the rules
    point: LoadPoint | None
    readings: int
    unit: str
    facts: tuple[tuple[str, str, str, str], ...]
    limit: Decimal | None = None
    band: Decimal | None = None

    @property
    def is_error(self) -> bool:
        """A row of the table of basic errors."""
        return self.name == "basic_error"


def limits_at(scheme: Scheme, plate: MeterPlate) -> dict[LoadPoint, tuple[Decimal, Decimal]]:
    """Limit of each point of the basic error, and from where on two more readings are taken."""
    found = {}
    for each in scheme.items:
        for point in each.points if each.item == "basic_error" else ():
            try:
                rule = point_rule(
                    scheme.rules,
                    accuracy_class=plate.class_of(point.direction.measure),
                    connection=plate.connection,
                    load=point.load,
                    factor=point.factor,
                    measure=point.direction.measure,
                    loading=BALANCED if point.phases == ALL_PHASES else SINGLE_PHASE_LOAD,
                    imax_ratio=plate.imax_ratio,
                )
            except NoRule:
                continue
            found[point] = (rule.limit_pct, rule.extra_from_pct)
    return found


def limit_texts(scheme: AnyScheme, plate: AnyPlate) -> dict[Any, str]:
    """Limit of each point of the basic error as pages show it: `±0.5 %`, `±0.35 %, ±15′`."""
    if isinstance(scheme, TransformerScheme):
        return {
            point: f"±{plain_text(f)} %, ±{plain_text(delta)}′"
            for point, (f, delta) in transformer_limits(scheme, plate).items()
        }
    assert isinstance(plate, MeterPlate)
    return {
        point: f"± {plain_text(limit, 2)} %"
        for point, (limit, _near) in limits_at(scheme, plate).items()
    }


def transformer_limits(
    scheme: TransformerScheme, plate: AnyPlate
) -> dict[TransformerPoint, tuple[Decimal, Decimal]]:
    """Limits of f (%) and δ (′) of each point that the edition has limits for."""
    assert isinstance(plate, TransformerPlate)
    found = {}
    for point in scheme.points:
        try:
            rule = point_rules(
                scheme.rules,
                device=point.device,
                accuracy_class=plate.part(point.device).accuracy_class,
                percent_rated=point.percent_rated,
            )
        except MetrologyError:
            continue
        found[point] = (rule.f.limit, rule.delta.limit)
    return found


def rows_of(scheme: Scheme, plate: MeterPlate) -> list[Row]:
    """The rows in the order of the scheme."""
    limits = limits_at(scheme, plate)
    rows = []
    for number, each in enumerate(scheme.items):
        name = each.item.value
        readings, unit = _READINGS.get(name, (0, ""))
        for place, point in enumerate(each.points or (None,)):
            limit, band = limits.get(point, (None, None)) if point else (None, None)
            rows.append(
                Row(
                    f"r{number}-{place}",
                    _ITEM[name],
                    name,
                    point,
                    readings,
                    unit,
                    _FACTS.get(name, ()),
                    limit,
                    band,
                )
            )
    return rows
