"""A transformer and its errors as they stand on paper."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from dianheng.assets.models import DeviceModel
from dianheng.common.errors import BadInput
from dianheng.documents.papers import schema as paper
from dianheng.metrology.items import Item
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rounding import signed_text
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.schemes import ALL_PHASES
from dianheng.metrology.transformer_records import ERRORS
from dianheng.metrology.transformer_schemes import (
    TransformerPlate,
    burden_power_factor,
    lower_burden_va,
)
from dianheng.metrology.transformers import Device

from ..models import TestRecord, TestResult
from ..subjects import plate_for, scheme_for
from .evidence import Grounds

SENSES = {"subtractive": "减极性", "additive": "加极性"}
CHANGES = (Item.UP_DOWN, Item.STABILITY)
_CONCLUSIONS = {"pass": paper.PASS, "fail": paper.FAIL}


class ErrorRow(Protocol):
    """A result as sheets need it: of a record of the laboratory, or of a check on site."""

    item: str
    direction: str
    phases: str
    load_point: str
    factor: str
    facts: Any
    samples: Sequence[Decimal]
    rounded_text: str
    limit_high: Decimal | None
    conclusion: str
    rule_row: str


def transformer_plate(model: DeviceModel) -> dict[str, str]:
    """Fields of a transformer on paper that its model gives."""
    try:
        plate = plate_for(model)
    except BadInput:
        return {"ratio": model.ratio, "burden": model.burden_va}
    assert isinstance(plate, TransformerPlate)
    burdens = dict.fromkeys(plain_text(part.rated_burden_va) for part in plate.parts)
    return {
        "accuracy_class": " / ".join(part.accuracy_class for part in plate.parts),
        "rated_voltage": f"{plain_text(plate.rated_kv)} kV" if plate.rated_kv else "",
        "ratio": "，".join(ratio for part in plate.parts for ratio in part.ratios),
        "burden": f"{' / '.join(burdens)} VA",
    }


def sheets_of(
    record: TestRecord, rows: Iterable[ErrorRow], grounds: Grounds | None = None
) -> tuple[paper.TransformerSheet, ...]:
    """The errors of a record: a sheet for each part, phase and ratio."""
    plate, scheme = plate_for(record.task.model), scheme_for(record.task.scheme_version)
    assert isinstance(plate, TransformerPlate)
    return sheets_from(plate, scheme.rules, rows, grounds)


def sheets_from(
    plate: TransformerPlate,
    rules: RuleSet,
    rows: Iterable[ErrorRow],
    grounds: Grounds | None = None,
) -> tuple[paper.TransformerSheet, ...]:
    """The same from the results alone; what is no error is left out."""
    places: dict[tuple[str, str, str], dict[tuple[str, str], dict[str, ErrorRow]]] = {}
    for row in rows:
        if row.item in ERRORS:
            sheet = places.setdefault((row.direction, row.phases, (row.facts or {})["ratio"]), {})
            sheet.setdefault((row.factor, row.load_point), {})[row.item] = row
    sheets = []
    for (device, phases, ratio), points in places.items():
        part = plate.part(Device(device))
        made = tuple(_point(place, found, grounds) for place, found in points.items())
        said = {each for p in made for each in (p.f_conclusion, p.delta_conclusion)}
        judged = paper.NOT_JUDGED if paper.NOT_JUDGED in said else paper.PASS
        sheets.append(
            paper.TransformerSheet(
                part=device,
                ratio=ratio,
                phase="" if phases == ALL_PHASES else phases,
                accuracy_class=part.accuracy_class,
                rated_burden_va=plain_text(part.rated_burden_va),
                lower_burden_va=plain_text(lower_burden_va(rules, part, ratio)),
                power_factor=plain_text(burden_power_factor(rules, part)),
                points=made,
                conclusion=paper.FAIL if paper.FAIL in said else judged,
            )
        )
    return tuple(sheets)


def _point(
    place: tuple[str, str], found: Mapping[str, ErrorRow], grounds: Grounds | None
) -> paper.TransformerPoint:
    fields: dict[str, Any] = {"burden": place[0], "percent": place[1]}
    for item, name, unit in ((ERRORS[0], "f", "pct"), (ERRORS[1], "delta", "min")):
        row = found.get(item)
        fields |= {
            f"{name}_{unit}": row.rounded_text if row else "",
            f"{name}_limit_{unit}": _limit(row.limit_high) if row else "",
            f"{name}_readings_{unit}": _read(row.samples) if row else (),
            f"{name}_conclusion": _CONCLUSIONS.get(row.conclusion, paper.NOT_JUDGED)
            if row
            else paper.NOT_JUDGED,
        }
        if row and grounds:
            fields |= {
                f"{name}_interval_{unit}": grounds.interval(row),
                f"{name}_row": row.rule_row,
            }
    return paper.TransformerPoint(**fields)


def _limit(value: Decimal | None) -> str:
    return "" if value is None else plain_text(value)


def _read(samples: Sequence[Decimal]) -> tuple[str, ...]:
    return tuple(signed_text(each, max(0, -int(each.as_tuple().exponent))) for each in samples)


def changes_of(rows: Sequence[TestResult], grounds: Grounds | None = None) -> list[paper.TestItem]:
    """Rise against fall and stability, each as one item with its worst point."""
    items = []
    for item in CHANGES:
        found = [row for row in rows if row.item == item]
        if not found:
            continue
        worst = max(found, key=_share)
        said = {_CONCLUSIONS.get(row.conclusion, paper.NOT_JUDGED) for row in found}
        unit = "%" if worst.point.endswith("f") else "′"
        items.append(
            paper.TestItem(
                item=item.value,
                conclusion=next(
                    (each for each in (paper.FAIL, paper.NOT_JUDGED) if each in said), paper.PASS
                ),
                conditions=_in_chinese(worst.point),
                requirement=f"±{_short(worst.limit_high)} {unit}",
                result=_short(worst.value),
                unit=unit,
                **(grounds.of_item(worst) if grounds else {}),
            )
        )
    return items


def error_said(row: TestResult) -> tuple[str, str]:
    """What was measured at a point and what was allowed, for a list of failures."""
    symbol, unit = ("f", " %") if row.item == Item.RATIO_ERROR else ("δ", "′")
    return (
        f"{_in_chinese(row.point)} {symbol} {row.rounded_text}{unit}",
        f"±{_limit(row.limit_high)}{unit}",
    )


def _in_chinese(point: str) -> str:
    place = point.removeprefix("CT ").removeprefix("PT ")
    return place.replace("rated", "额定负荷").replace("lower", "下限负荷")


def _share(row: TestResult) -> Decimal:
    return (
        abs(row.value) / row.limit_high if row.value is not None and row.limit_high else Decimal(0)
    )


def _short(value: Decimal | None) -> str:
    return "" if value is None else plain_text(value, 4)
