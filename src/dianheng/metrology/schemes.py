"""Test schemes: which items and which load points a meter gets, from the tables of an edition."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from dianheng.metrology.demand import DemandLimit
from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.items import Item
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD
from dianheng.metrology.loads import read_factor, read_load
from dianheng.metrology.plates import Connection, MeterPlate, Wiring
from dianheng.metrology.rule_sets import RuleSet, TableRow, rule_set


class Stage(StrEnum):
    """Kind of verification, as far as it decides the items."""

    FIRST = "first"  # first verification, acceptance, sample of an arriving lot
    SUBSEQUENT = "subsequent"  # every later one
    IN_USE = (
        "in_use"  # inspection of a transformer in use; meters have no items of their own for it
    )


class Purpose(StrEnum):
    """Which devices the scheme is for."""

    EVERY = "every"  # every device of the lot
    SAMPLE = "sample"  # the drawn sample: also what is only tried on a sample


class Direction(StrEnum):
    """Direction and kind of energy."""

    FORWARD_ACTIVE = "forward_active"
    REVERSE_ACTIVE = "reverse_active"
    FORWARD_REACTIVE = "forward_reactive"
    REVERSE_REACTIVE = "reverse_reactive"

    @property
    def measure(self) -> str:
        """`active` or `reactive`."""
        return _MEASURES[self]


_MEASURES = {
    Direction.FORWARD_ACTIVE: "active",
    Direction.REVERSE_ACTIVE: "active",
    Direction.FORWARD_REACTIVE: "reactive",
    Direction.REVERSE_REACTIVE: "reactive",
}
# Phases that are loaded one after the other; three-wire circuits have two elements.
_SINGLE_LOADS = {
    Wiring.SINGLE_PHASE: (),
    Wiring.THREE_PHASE_FOUR_WIRE: ("A", "B", "C"),
    Wiring.THREE_PHASE_THREE_WIRE: ("A", "C"),
}
ALL_PHASES = "ABC"


class LoadPoint(NamedTuple):
    """One point of a test. `load` and `factor` are empty where the item has no load."""

    direction: Direction
    phases: str
    load: str
    factor: str

    @property
    def text(self) -> str:
        """Name of the point in a record: `Ib 1.0`, `0.1Ib 0.5L A`, `forward_reactive In 0.5L`."""
        parts = [self.load, self.factor]
        if self.phases != ALL_PHASES:
            parts.append(self.phases)
        if self.direction is not Direction.FORWARD_ACTIVE:
            parts.insert(0, self.direction.value)
        return " ".join(part for part in parts if part)


class SchemeItem(NamedTuple):
    """One item of a scheme; no points: the item is tested once."""

    item: Item
    is_legal: bool
    points: tuple[LoadPoint, ...] = ()


@dataclass(frozen=True)
class Scheme:
    """What is tested and by which editions it is judged. Editing makes a new version elsewhere."""

    standard: str
    edition: str
    acceptance_edition: str
    stage: Stage
    purpose: Purpose
    items: tuple[SchemeItem, ...]
    takes_extra: bool = True
    demand_limit: DemandLimit = DemandLimit.CLASS_VALUE

    @property
    def point_count(self) -> int:
        """Load points of the basic error."""
        return sum(len(each.points) for each in self.items if each.item is Item.BASIC_ERROR)

    @property
    def rules(self) -> RuleSet:
        """The verification regulation in the edition of this scheme."""
        return rule_set(self.standard, self.edition)

    @property
    def acceptance(self) -> RuleSet:
        """The acceptance rules in the edition of this scheme."""
        return rule_set("Q/GDW 1206", self.acceptance_edition)


@lru_cache(maxsize=4096)
def canonical_point(
    direction: str,
    phases: str,
    load: str,
    factor: str,
    connection: Connection,
    is_three_phase: bool,
) -> LoadPoint:
    """The same point in one writing: `1.0 in` of a direct meter is `Ib`, phases `abc` are `ABC`.

    Raises:
        WrongValue: direction, phases, load or factor is none.

    >>> canonical_point("forward_active", "abc", "1.0 In", "1", Connection.DIRECT, True).text
    'Ib 1.0'
    """
    try:
        way = Direction(direction)
    except ValueError:
        raise WrongValue(
            "no_direction", "not a direction of energy", {"direction": direction[:40]}
        ) from None
    named = phases.strip().upper() or ALL_PHASES
    if named not in ("A", "B", "C", ALL_PHASES):
        raise WrongValue("no_phases", "phases are A, B, C or ABC", {"phases": phases[:40]})
    if not is_three_phase:
        named = ALL_PHASES
    current = ""
    if load:
        found = read_load(load)
        if found.of in ("Ib", "In"):
            found = found._replace(of="Ib" if connection is Connection.DIRECT else "In")
        current = found.text
    return LoadPoint(way, named, current, read_factor(factor) if factor else "")


def generate_scheme(
    plate: MeterPlate,
    stage: Stage,
    purpose: Purpose = Purpose.EVERY,
    *,
    rules: RuleSet | None = None,
    acceptance: RuleSet | None = None,
    with_standard_deviation: bool = False,
) -> Scheme:
    """Items and load points for a meter.

    Args:
        plate: class, connection, wiring and functions decide.
        stage: first or subsequent verification.
        purpose: every device, or the sample of a lot.
        rules: edition of JJG 596; 2012 when absent.
        acceptance: edition of Q/GDW 1206; 2013 when absent.
        with_standard_deviation: add the optional item of the older rule.

    Raises:
        NoRule: the tables have no load points for this class and connection.

    Source:
        docs/sources/jjg-596.md, items and load points.

    >>> from dianheng.metrology.examples import household_meter, plain_household_meter
    >>> generate_scheme(plain_household_meter(), Stage.FIRST).point_count
    10
    >>> generate_scheme(household_meter(), Stage.FIRST).point_count
    15
    """
    legal = rules or rule_set("JJG 596", "2012")
    company = acceptance or rule_set("Q/GDW 1206", "2013")
    items = [
        SchemeItem(item, line.cells["is_legal"] == "yes", _points_of(item, plate, legal, company))
        for line in (*legal.table("items"), *company.table("items"))
        for item in (Item(line.cells["item"]),)
        if _is_wanted(line, plate, stage, purpose)
        and not (_needs_class_figure(item) and not _has_class_figure(item, plate, company))
    ]
    if with_standard_deviation:
        point = LoadPoint(Direction.FORWARD_ACTIVE, ALL_PHASES, _base_name(plate), "1.0")
        items.append(SchemeItem(Item.STANDARD_DEVIATION, False, (point,)))
    return Scheme(legal.standard, legal.edition, company.edition, stage, purpose, tuple(items))


def load_points(plate: MeterPlate, rules: RuleSet) -> tuple[LoadPoint, ...]:
    """Load points of the basic error: balanced, then each phase alone, then reactive.

    A point at 0.5 Imax belongs to meters whose Imax is at least 4 Ib.

    Raises:
        NoRule: no load points for this class and connection.

    >>> from dianheng.metrology.examples import plain_household_meter
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> [point.text for point in load_points(plain_household_meter(), rule_set("JJG 596", "2012"))
    ...  if point.factor == "1.0"]
    ['Imax 1.0', '0.5Imax 1.0', 'Ib 1.0', '0.1Ib 1.0', '0.05Ib 1.0']
    """
    points = [
        LoadPoint(Direction.FORWARD_ACTIVE, ALL_PHASES, load, factor)
        for load, factor in _loads(plate, rules, "active", BALANCED)
    ]
    if not points:
        raise NoRule(
            "no_load_points",
            f"{rules.name} has no load points for this class and connection",
            {"accuracy_class": plate.accuracy_class, "connection": plate.connection.value},
        )
    if plate.is_three_phase:
        points.extend(
            LoadPoint(Direction.FORWARD_ACTIVE, phase, load, factor)
            for phase in _SINGLE_LOADS[plate.wiring]
            for load, factor in _loads(plate, rules, "active", SINGLE_PHASE_LOAD)
        )
    if plate.reactive_class:
        points.extend(
            LoadPoint(
                Direction.FORWARD_REACTIVE,
                ALL_PHASES,
                load,
                factor if factor == "1.0" else f"{factor}L",
            )
            for load, factor in _loads(plate, rules, "reactive", BALANCED)
        )
    return tuple(points)


def _loads(
    plate: MeterPlate, rules: RuleSet, measure: str, loading: str
) -> Iterable[tuple[str, str]]:
    is_wide = plate.imax_ratio >= rules.figure("load_range/wide_range_ratio").value
    accuracy_class = plate.class_of(measure)
    for line in rules.table("load_points"):
        cells = line.cells
        if (
            cells["measure"] == measure
            and cells["loading"] == loading
            and cells["connection"] == plate.connection
            and accuracy_class in cells["accuracy_classes"].split()
        ):
            for load in cells["loads"].split():
                if is_wide or not load.endswith("*"):
                    yield load.rstrip("*"), cells["factor"]


def _is_wanted(line: TableRow, plate: MeterPlate, stage: Stage, purpose: Purpose) -> bool:
    cells = line.cells
    return (
        cells["first" if stage is Stage.FIRST else "subsequent"] == "yes"
        and (not cells["needs"] or cells["needs"] in plate.functions)
        and (cells["is_sample_only"] == "no" or purpose is Purpose.SAMPLE)
    )


def _points_of(
    item: Item, plate: MeterPlate, rules: RuleSet, acceptance: RuleSet
) -> tuple[LoadPoint, ...]:
    base = _base_name(plate)
    forward = Direction.FORWARD_ACTIVE
    if item is Item.BASIC_ERROR:
        return load_points(plate, rules)
    if item is Item.START:
        directions = [forward]
        if plate.is_bidirectional:
            directions.append(Direction.REVERSE_ACTIVE)
        return tuple(LoadPoint(each, ALL_PHASES, "", "") for each in directions)
    loads = {
        Item.DEMAND: (f"0.1{base}", base, "Imax"),
        Item.CONSISTENCY: (base, f"0.1{base}"),
        Item.VARIATION: (base,),
        Item.LOAD_VARIATION: (base,),
    }.get(item, ())
    return tuple(LoadPoint(forward, ALL_PHASES, load, "1.0") for load in loads)


def _needs_class_figure(item: Item) -> bool:
    return item in (Item.CONSISTENCY, Item.VARIATION, Item.LOAD_VARIATION)


def _has_class_figure(item: Item, plate: MeterPlate, acceptance: RuleSet) -> bool:
    group = "consistency_limit_pct/base" if item is Item.CONSISTENCY else f"{item}_limit_pct"
    return acceptance.find(f"{group}/{plate.accuracy_class}") is not None


def _base_name(plate: MeterPlate) -> str:
    return "Ib" if plate.connection is Connection.DIRECT else "In"


def bench_class_needed(plate: MeterPlate, rules: RuleSet) -> Decimal:
    """Poorest class of a bench that may verify this meter, for example 0.1 for class 0.5S.

    Raises:
        NoRule: unknown class.

    >>> from dianheng.metrology.examples import gateway_meter
    >>> bench_class_needed(gateway_meter(), rule_set("JJG 596", "2012"))
    Decimal('0.1')
    """
    return rules.figure(f"bench_class/active/{plate.accuracy_class}").value
