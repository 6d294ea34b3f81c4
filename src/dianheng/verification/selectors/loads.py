"""What a bench needs to know of its load, and what stands on it."""

from typing import Any

from dianheng.common.errors import NotFound
from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.loads import read_load
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.schemes import LoadPoint, Scheme
from dianheng.metrology.starting import plate_creep, plate_starting
from dianheng.metrology.transformer_schemes import TransformerPlate, TransformerScheme

from ..envelope import DIRECTIONS, ITEMS
from ..models import BenchLoad
from ..subjects import plate_for, scheme_for
from .transformer_loads import transformer_sheet

SHEET = "metering-bench-load/1"
_WAY = {ours: theirs for theirs, ours in DIRECTIONS.items()}
_ITEM = {ours: theirs for theirs, ours in ITEMS.items() if ours and theirs != "REGISTER"}


def load_by_number(number: str) -> BenchLoad:
    """The load, or NotFound in words."""
    found = (
        BenchLoad.objects.select_related(
            "task__unit",
            "task__model__manufacturer",
            "task__scheme_version__scheme",
            "bench__standard",
        )
        .filter(number=number)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no load %(no)s.") % {"no": number[:40]}, load=number[:40])
    return found


def load_sheet(load: BenchLoad) -> dict[str, Any]:
    """A load as the bench gets it: positions, bar codes, addresses, constants, scheme.

    Items, directions and points are written as the upload format writes them, so that a bench
    sends back what it was given.
    """
    task, model = load.task, load.task.model
    plate, scheme = plate_for(model), scheme_for(task.scheme_version)
    if isinstance(plate, TransformerPlate):
        assert isinstance(scheme, TransformerScheme)
        return transformer_sheet(load, plate, scheme, SHEET)
    assert isinstance(scheme, Scheme)
    return {
        "schema": SHEET,
        "load_no": load.number,
        "task_no": task.number,
        "test_kind": task.kind.upper(),
        "bench_no": load.bench.asset_number,
        "model": {
            "code": model.code,
            "name": model.name,
            "manufacturer": model.manufacturer.name,
            "accuracy_class": {"active": model.accuracy_class, "reactive": model.reactive_class},
            "wiring": model.wiring,
            "connection": model.connection,
            "voltage_v": plain_text(plate.un_v),
            "current_a": plain_text(plate.base_a),
            "max_current_a": plain_text(plate.max_a),
            "frequency_hz": plain_text(model.frequency_hz),
            "constant": {
                "active": plain_text(plate.constant_imp_per_kwh),
                "reactive": plain_text(plate.constant_of("reactive"))
                if plate.reactive_class
                else "",
            },
            "register_decimals": plate.register_decimals,
            "rates": plate.rate_count,
            "protocol": model.protocol,
        },
        "scheme": {
            "code": task.scheme_version.scheme.code,
            "version": task.scheme_version.version,
            "regulation": f"{scheme.standard}-{scheme.edition}",
            "takes_extra_readings": scheme.takes_extra,
            "items": [
                {
                    "item": _ITEM[each.item.value],
                    "points": [point_facts(point, plate) for point in each.points],
                    **item_conditions(each.item.value, plate, scheme),
                }
                for each in scheme.items
            ],
        },
        "positions": [
            {
                "position_no": put.position,
                "asset_no": put.task_device.device.asset_number,
                "barcode": put.task_device.device.barcode,
                "serial_no": put.task_device.device.serial_no,
                "comm_address": put.task_device.device.meter.comm_address,
                "protocol": put.task_device.device.meter.protocol or model.protocol,
                "attempt": put.attempt,
                "ordered": {
                    **(
                        {"price_preset": preset}
                        if (preset := put.task_device.device.meter.price_preset)
                        else {}
                    ),
                    **{str(k): str(v) for k, v in task.ordered.items()},
                },
            }
            for put in load.positions.select_related("task_device__device__meter").order_by(
                "position"
            )
        ],
    }


def point_facts(point: LoadPoint, plate: MeterPlate) -> dict[str, str]:
    """A load point for a bench, with the current to set where the plate says it."""
    facts = {"direction": _WAY[point.direction.value], "phase": point.phases}
    if point.load:
        facts["load_current"] = point.load
        current = read_load(point.load)
        base = {"Imax": plate.max_a, "Ib": plate.base_a, "In": plate.base_a}.get(current.of)
        if base is not None:
            facts["current_a"] = plain_text(current.multiple * base)
    if point.factor:
        facts["power_factor"] = point.factor
    return facts


def item_conditions(item: str, plate: MeterPlate, scheme: Scheme) -> dict[str, str]:
    """Times and currents of the items that have their own."""
    if item == "start":
        found = plate_starting(scheme.rules, plate, "active")
        return {
            "current_a": plain_text(found.current_a),
            "limit_min": plain_text(found.limit_min, 3),
        }
    if item == "creep":
        least = plate_creep(scheme.rules, plate, "active")
        return {
            "voltage_pct": plain_text(least.voltage_pct),
            "least_min": plain_text(least.least_min, 3),
        }
    if item == "ac_voltage":
        rules = rule_set(scheme.standard, scheme.edition)
        volts = rules.figure(f"ac_voltage/enclosure_{plate.enclosure}_kv").value
        duration = rules.figure("ac_voltage/duration_s").value
        return {"voltage_kv": plain_text(volts), "duration_s": plain_text(duration)}
    return {}
