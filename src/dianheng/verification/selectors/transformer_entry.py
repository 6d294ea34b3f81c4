"""The form by which a transformer's record is typed: sheets of points, laid out like the paper."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dianheng.common.errors import Text
from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.items import Item
from dianheng.metrology.quantities import plain_text, read_decimal
from dianheng.metrology.transformer_records import ERRORS
from dianheng.metrology.transformer_schemes import (
    TransformerPlate,
    TransformerPoint,
    TransformerScheme,
    lower_burden_va,
)
from dianheng.metrology.transformers import PointRules, point_rules, reading_resolution

from .transformer_loads import DERIVED, PART_NAMES

SYMBOLS = {Item.RATIO_ERROR: "f", Item.PHASE_DISPLACEMENT: "δ"}
UNITS = {Item.RATIO_ERROR: "%", Item.PHASE_DISPLACEMENT: "′"}
_SENT_AS = {Item.RATIO_ERROR: "RATIO_ERROR", Item.PHASE_DISPLACEMENT: "PHASE_DISPLACEMENT"}
RISING, FALLING = "↑", "↓"


@dataclass(frozen=True)
class Cell:
    """One field of a sheet; `order` is the place in which a typist reads it off the tester."""

    key: str
    item: Item
    run: str  # rising, falling, or empty where there is one run
    order: int
    label: str
    limit: Decimal
    interval: Decimal
    resolution: Decimal | None


@dataclass(frozen=True)
class Group:
    """The cells of one point; None where a run has no reading there."""

    point: TransformerPoint
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Row:
    """One percent of the rated current or voltage: its limits, and a group for each burden."""

    percent: str
    limit: str
    groups: tuple[Group | None, ...]


@dataclass(frozen=True)
class Sheet:
    """One part, phase and ratio."""

    device: str
    phases: str
    ratio: str
    accuracy_class: str
    burdens: tuple[tuple[str, str], ...]  # rated or lower, VA
    heads: tuple[str, ...]  # of the cells of a burden
    rows: tuple[Row, ...]

    @property
    def width(self) -> int:
        """Columns of a burden: its cells and what the check says."""
        return len(self.heads) + 1


def sheets_of(plate: TransformerPlate, scheme: TransformerScheme) -> list[Sheet]:
    """The sheets in the order of the scheme."""
    groups: dict[tuple[str, str, str], list[TransformerPoint]] = {}
    for point in scheme.points:
        groups.setdefault((point.device.value, point.phases, point.ratio), []).append(point)
    return [_sheet(number, plate, scheme, points) for number, points in enumerate(groups.values())]


def _sheet(
    number: int, plate: TransformerPlate, scheme: TransformerScheme, points: list[TransformerPoint]
) -> Sheet:
    first = points[0]
    part = plate.part(first.device)
    burdens = [name for name in ("rated", "lower") if any(p.burden == name for p in points)]
    sizes = {
        "rated": part.rated_burden_va,
        "lower": lower_burden_va(scheme.rules, part, first.ratio),
    }
    percents = sorted({point.percent_rated for point in points})
    by_place = {(point.burden, point.percent_rated): point for point in points}
    orders = _orders(number, burdens, percents, by_place, scheme.takes_down)
    rows = []
    for percent in percents:
        rule = point_rules(
            scheme.rules,
            device=first.device,
            accuracy_class=part.accuracy_class,
            percent_rated=percent,
        )
        found = []
        for burden in burdens:
            point = by_place.get((burden, percent))
            cells = point and _cells(number, point, rule, scheme, part.accuracy_class, orders)
            found.append(Group(point, cells) if point and cells else None)
        limit = f"±{plain_text(rule.f.limit)} / ±{plain_text(rule.delta.limit)}"
        rows.append(Row(plain_text(percent), limit, tuple(found)))
    return Sheet(
        first.device.value,
        first.phases,
        first.ratio,
        part.accuracy_class,
        tuple((name, plain_text(sizes[name])) for name in burdens),
        tuple(f"{SYMBOLS[item]}{run}" for item in ERRORS for run in _runs(scheme)),
        tuple(rows),
    )


def _runs(scheme: TransformerScheme) -> tuple[str, ...]:
    return (RISING, FALLING) if scheme.takes_down else ("",)


def _key(number: int, point: TransformerPoint, item: Item, run: str) -> str:
    letter = "f" if item is Item.RATIO_ERROR else "d"
    percent = plain_text(point.percent_rated).replace(".", "_")
    return f"p{number}-{point.burden}-{percent}-{letter}{'d' if run == FALLING else 'u'}"


def _orders(
    number: int,
    burdens: Iterable[str],
    percents: list[Decimal],
    by_place: Mapping[tuple[str, Decimal], TransformerPoint],
    takes_down: bool,
) -> dict[str, int]:
    """Burden by burden, up through the percents and down again, f and δ at each."""
    keys = []
    runs = [("", percents)]
    if takes_down:
        runs = [(RISING, percents), (FALLING, percents[::-1])]
    for burden in burdens:
        top = max(percent for found, percent in by_place if found == burden)
        for run, through in runs:
            keys += [
                _key(number, by_place[burden, percent], item, run)
                for percent in through
                # The greatest point is where the run turns: it is read once.
                if (burden, percent) in by_place and not (run == FALLING and percent == top)
                for item in ERRORS
            ]
    return {key: number * 1000 + place for place, key in enumerate(keys)}


def _cells(
    number: int,
    point: TransformerPoint,
    rule: PointRules,
    scheme: TransformerScheme,
    accuracy_class: str,
    orders: Mapping[str, int],
) -> tuple[Cell | None, ...]:
    cells: list[Cell | None] = []
    for item in ERRORS:
        quantity = rule.of(item)
        for run in _runs(scheme):
            key = _key(number, point, item, run)
            if key not in orders:
                cells.append(None)
                continue
            cells.append(
                Cell(
                    key,
                    item,
                    run,
                    orders[key],
                    f"{point.text} {SYMBOLS[item]}{run}",
                    quantity.limit,
                    quantity.interval,
                    reading_resolution(scheme.rules, accuracy_class, item),
                )
            )
    return tuple(cells)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell."""

    key: str
    label: str
    text: Text


def read_sheets(
    sheets: Iterable[Sheet], typed: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Points of the upload format from what was typed, and every fault at once.

    A reading has as many digits as the regulation asks of the tester: 0.2 for 0.200 is told. A
    point has both errors or none.
    """
    points: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for sheet in sheets:
        for row in sheet.rows:
            for group in row.groups:
                if group is not None:
                    _read_group(group, typed, points, faults)
    return points, faults


def _read_group(
    group: Group, typed: Mapping[str, str], points: list[dict[str, Any]], faults: list[Fault]
) -> None:
    read: dict[Item, list[str]] = {item: [] for item in ERRORS}
    held = [cell for cell in group.cells if cell is not None]
    for cell in held:
        text = typed.get(cell.key, "")
        if not text:
            continue
        read[cell.item].append(text)
        if (wrong := _fault(cell, text)) is not None:
            faults.append(Fault(cell.key, cell.label, wrong))
    if not any(read.values()):
        return
    for item in ERRORS:
        cells = [cell for cell in held if cell.item is item]
        if not read[item]:
            faults.append(Fault(cells[0].key, cells[0].label, _("is missing: both are measured")))
            continue
        if len(cells) > 1 and not typed.get(cells[0].key, ""):
            faults.append(Fault(cells[0].key, cells[0].label, _("is missing")))
        point = group.point
        points.append(
            {
                "seq": len(points) + 1,
                "item": _SENT_AS[item],
                "part": PART_NAMES[point.device.value],
                "phase": point.phases,
                "ratio": point.ratio,
                "burden": point.burden.upper(),
                "percent_rated": plain_text(point.percent_rated),
                "unit": "%" if item is Item.RATIO_ERROR else "min",
                "samples": read[item],
            }
        )


def _fault(cell: Cell, text: str) -> Text | None:
    try:
        value = read_decimal(text)
    except MetrologyError:
        return _("is no number")
    if cell.resolution is None:
        return None
    wanted = -int(cell.resolution.as_tuple().exponent)
    if -int(value.as_tuple().exponent) < wanted:
        return _("is read to %(resolution)s%(unit)s: write every digit, as %(like)s") % {
            "resolution": plain_text(cell.resolution),
            "unit": UNITS[cell.item],
            "like": f"{value:+.{wanted}f}",
        }
    return None


# name, kind (passed, breakdown, sense, done, number), unit; of each item that is no error.
_FACTS: Mapping[Item, tuple[tuple[str, str, str], ...]] = {
    Item.APPEARANCE: (("is_passed", "passed", ""),),
    Item.INSULATION: (("resistance_mohm", "number", "MΩ"), ("is_passed", "passed", "")),
    Item.WITHSTAND: (
        ("voltage_kv", "number", "kV"),
        ("duration_s", "number", "s"),
        ("has_breakdown", "breakdown", ""),
    ),
    Item.POLARITY: (("sense", "sense", ""),),
    Item.MUTUAL_INFLUENCE: (("is_passed", "passed", ""),),
    Item.DEMAGNETISING: (("is_done", "done", ""),),
}
_TRUTHS = {"yes": True, "no": False}


@dataclass(frozen=True)
class ItemRow:
    """An item that is no error: its fields."""

    key: str
    item: str
    sent_as: str
    facts: tuple[tuple[str, str, str], ...]


def items_of(scheme: TransformerScheme, *, is_retest: bool) -> list[ItemRow]:
    """The other items in the order of the scheme; before a second test also demagnetising."""
    items = [each.item for each in scheme.items if each.item not in (*DERIVED, Item.BASIC_ERROR)]
    if is_retest:
        items.append(Item.DEMAGNETISING)
    names = {Item.APPEARANCE: "VISUAL"}
    return [
        ItemRow(f"i-{item.value}", item.value, names.get(item, item.value.upper()), _FACTS[item])
        for item in items
    ]


def read_items(rows: Iterable[ItemRow], typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """The other items as points of the upload format; what was not filled in is left out."""
    points = []
    for row in rows:
        facts: dict[str, Any] = {}
        for name, kind, _unit in row.facts:
            text = typed.get(f"{row.key}-{name}", "")
            value = text if kind in ("number", "sense") else _TRUTHS.get(text)
            if value not in (None, ""):
                facts[name] = value
        remark = typed.get(f"{row.key}-remark", "")
        if row.item == Item.APPEARANCE and facts.get("is_passed") is False and remark:
            facts["findings"] = [remark]
        if facts:
            points.append({"item": row.sent_as, "facts": facts, "remark": remark})
    return points
