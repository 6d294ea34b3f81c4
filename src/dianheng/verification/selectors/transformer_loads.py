"""What a transformer tester needs to know of its load."""

from typing import Any

from dianheng.metrology.items import Item
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.transformer_records import ERRORS
from dianheng.metrology.transformer_schemes import (
    TransformerPlate,
    TransformerPoint,
    TransformerScheme,
    burden_power_factor,
    lower_burden_va,
)

from ..envelope import ITEMS
from ..models import BenchLoad

_ITEM = {ours: theirs for theirs, ours in ITEMS.items() if ours and theirs != "REGISTER"}
PART_NAMES = {"CT": "CT", "PT": "VT"}
DERIVED = (Item.UP_DOWN, Item.STABILITY)


def transformer_sheet(
    load: BenchLoad, plate: TransformerPlate, scheme: TransformerScheme, schema: str
) -> dict[str, Any]:
    """A load as the tester gets it: bar codes, ratios, burdens, and every point to be measured."""
    task, model = load.task, load.task.model
    return {
        "schema": schema,
        "load_no": load.number,
        "task_no": task.number,
        "test_kind": task.kind.upper(),
        "bench_no": load.bench.asset_number,
        "model": {
            "code": model.code,
            "name": model.name,
            "manufacturer": model.manufacturer.name,
            "frequency_hz": plain_text(model.frequency_hz),
            "rated_kv": "" if plate.rated_kv is None else plain_text(plate.rated_kv),
            "parts": parts_facts(plate, scheme),
        },
        "scheme": {
            "code": task.scheme_version.scheme.code,
            "version": task.scheme_version.version,
            "regulation": f"{scheme.standard}-{scheme.edition}",
            "takes_down": scheme.takes_down,
            "items": items_facts(plate, scheme),
        },
        "positions": [
            {
                "position_no": put.position,
                "asset_no": put.task_device.device.asset_number,
                "barcode": put.task_device.device.barcode,
                "serial_no": put.task_device.device.serial_no,
                "attempt": put.attempt,
            }
            for put in load.positions.select_related("task_device__device").order_by("position")
        ],
    }


def parts_facts(plate: TransformerPlate, scheme: TransformerScheme) -> list[dict[str, Any]]:
    """The parts of a transformer with their burdens."""
    return [
        {
            "part": PART_NAMES[part.device.value],
            "accuracy_class": part.accuracy_class,
            "ratios": list(part.ratios),
            "burden_va": plain_text(part.rated_burden_va),
            "power_factor": plain_text(burden_power_factor(scheme.rules, part)),
        }
        for part in plate.parts
    ]


def items_facts(plate: TransformerPlate, scheme: TransformerScheme) -> list[dict[str, Any]]:
    """Items and points of a scheme as the upload format calls them."""
    found: list[dict[str, Any]] = []
    for each in scheme.items:
        if each.item is Item.BASIC_ERROR:
            points = [point_facts(point, plate, scheme) for point in each.points]
            found += [{"item": _ITEM[item.value], "points": points} for item in ERRORS]
        elif each.item not in DERIVED:
            found.append({"item": _ITEM[each.item.value], "points": []})
    return found


def point_facts(
    point: TransformerPoint, plate: TransformerPlate, scheme: TransformerScheme
) -> dict[str, str]:
    """A point as the upload format writes it, with the burden to set, VA."""
    part = plate.part(point.device)
    burden = part.rated_burden_va
    if point.burden == "lower":
        burden = lower_burden_va(scheme.rules, part, point.ratio)
    return {
        "part": PART_NAMES[point.device.value],
        "phase": point.phases,
        "ratio": point.ratio,
        "burden": point.burden.upper(),
        "burden_va": plain_text(burden),
        "percent_rated": plain_text(point.percent_rated),
    }
