"""Plates of transformers, and which items and points they get from the tables of an edition."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.items import Item
from dianheng.metrology.periods import Validity, ValidityMode, last_valid_day, period_rule
from dianheng.metrology.quantities import EXACT, HUNDRED, ZERO, plain_text, read_decimal
from dianheng.metrology.rule_sets import RuleSet, TableRow, rule_set
from dianheng.metrology.schemes import ALL_PHASES, Purpose, Stage
from dianheng.metrology.transformers import Device, points_to_measure

BURDENS = ("rated", "lower")
PHASES = ("A", "B", "C", ALL_PHASES)
_RATIO = re.compile(r"[0-9.]+[a-zA-Z]*(?:/[0-9.√]+[a-zA-Z]*){1,3}")
_CURRENTS = re.compile(r"[0-9.]+A?/([15])A?")
# From the poorest to the best: what "so many classes better" counts in.
_CLASSES = ("1", "0.5", "0.2", "0.1", "0.05", "0.02", "0.01", "0.005", "0.002", "0.001")


@dataclass(frozen=True)
class TransformerPart:
    """The current or the voltage part of a transformer: its class, ratios and burdens (VA)."""

    device: Device
    accuracy_class: str
    ratios: tuple[str, ...]
    rated_burden_va: Decimal
    lower_burden_va: Decimal | None = None  # None: as the edition says
    power_factor: Decimal | None = None  # None: as the edition says

    def __post_init__(self) -> None:
        if not self.ratios:
            raise WrongValue("no_ratio", "a transformer has a ratio")
        if self.rated_burden_va <= ZERO:
            raise WrongValue("not_positive", "the burden is greater than zero")


@dataclass(frozen=True)
class TransformerPlate:
    """The facts of a transformer that decide which rules hold for it.

    A combined transformer has a part of each kind, a three-phase one names its phases.
    """

    parts: tuple[TransformerPart, ...]
    phases: tuple[str, ...] = (ALL_PHASES,)
    rated_kv: Decimal | None = None
    is_standard: bool = False  # serves as a standard of a laboratory
    is_capacitor: bool = False  # a voltage transformer with a capacitive divider

    def __post_init__(self) -> None:
        for phase in self.phases:
            if phase not in PHASES:
                raise WrongValue("no_phases", "phases are A, B, C or ABC", {"phases": phase[:40]})

    @property
    def is_combined(self) -> bool:
        """It has a current and a voltage part, which are judged apart."""
        return len({part.device for part in self.parts}) > 1

    def part(self, device: Device) -> TransformerPart:
        """The part of a kind.

        Raises:
            WrongValue: the transformer has none.
        """
        for each in self.parts:
            if each.device is device:
                return each
        raise WrongValue(
            "no_transformer_part", "the transformer has no such part", {"device": device.value}
        )


class TransformerPoint(NamedTuple):
    """A point of the basic error: which part, phase and ratio, at which burden and percent."""

    device: Device
    phases: str
    ratio: str
    burden: str  # rated, lower
    percent_rated: Decimal

    @property
    def text(self) -> str:
        """Name of the point in a record: `CT 200/5 rated 5 %`, `PT 10000/100 lower 80 % A`."""
        name = f"{self.device} {self.ratio} {self.burden} {plain_text(self.percent_rated)} %"
        return name if self.phases == ALL_PHASES else f"{name} {self.phases}"


class TransformerItem(NamedTuple):
    """One item of a scheme; only the basic error has points."""

    item: Item
    points: tuple[TransformerPoint, ...] = ()

    @property
    def is_legal(self) -> bool:
        """All items of transformers are of the regulation."""
        return True


@dataclass(frozen=True)
class TransformerScheme:
    """What is tested and by which edition it is judged."""

    standard: str
    edition: str
    stage: Stage
    purpose: Purpose
    items: tuple[TransformerItem, ...]
    acceptance_edition: str = ""  # no acceptance rules beyond the regulation

    @property
    def point_count(self) -> int:
        """Points of the basic error; each has two errors."""
        return sum(len(each.points) for each in self.items)

    @property
    def rules(self) -> RuleSet:
        """The verification regulation in the edition of this scheme."""
        return rule_set(self.standard, self.edition)

    @property
    def points(self) -> tuple[TransformerPoint, ...]:
        """The points of the basic error."""
        return tuple(point for each in self.items for point in each.points)

    @property
    def takes_down(self) -> bool:
        """Whether each point is read with rising and with falling current or voltage."""
        return any(each.item is Item.UP_DOWN for each in self.items)


def read_ratios(text: str) -> tuple[str, ...]:
    """Ratios as they stand on a plate, each once.

    Raises:
        WrongValue: something between the commas is no ratio.

    >>> read_ratios("100/5, 200/5；400 / 5")
    ('100/5', '200/5', '400/5')
    """
    found = []
    for part in re.split(r"[,;，；、]", text):
        ratio = part.replace(" ", "").replace(":", "/")
        if not ratio:
            continue
        if not _RATIO.fullmatch(ratio):
            raise WrongValue("no_ratio", "not a ratio such as 200/5", {"text": ratio[:40]})
        found.append(ratio)
    return tuple(dict.fromkeys(found))


def is_current_ratio(ratio: str) -> bool:
    """Whether a ratio is one of currents: its secondary current is 5 A or 1 A.

    >>> is_current_ratio("200/5"), is_current_ratio("10000/100")
    (True, False)
    """
    return _CURRENTS.fullmatch(ratio) is not None


def regulation_of(plate: TransformerPlate) -> RuleSet:
    """The edition in force for a transformer.

    Standards are verified by JJG 313 and 314, current transformers in use by JJG 1189.3. Voltage
    transformers in use stay with JJG 1021, since no figures of JJG 1189.4 are known, and so do
    combined ones, whose two parts are judged by one edition.
    """
    devices = {part.device for part in plate.parts}
    if plate.is_standard and len(devices) == 1:
        return rule_set("JJG 313" if Device.CURRENT in devices else "JJG 314", "2010")
    if devices == {Device.CURRENT}:
        return rule_set("JJG 1189.3", "2022")
    return rule_set("JJG 1021", "2007")


def lower_burden_va(rules: RuleSet, part: TransformerPart, ratio: str) -> Decimal:
    """Lower limit of the burden of a part at a ratio, VA.

    The plate's own, else the edition's for the secondary current, else a quarter of the rated one.

    >>> from dianheng.metrology.examples import low_voltage_ct
    >>> part = low_voltage_ct().parts[0]
    >>> str(lower_burden_va(rule_set("JJG 1021", "2007"), part, part.ratios[0]))
    '3.75'
    """
    if part.lower_burden_va is not None:
        return part.lower_burden_va
    name = "pt"
    if part.device is Device.CURRENT:
        found = _CURRENTS.fullmatch(ratio)
        name = f"ct_{found[1]}_a" if found else ""
    figure = rules.find(f"lower_burden_va/{name}")
    if figure is not None and figure.value < part.rated_burden_va:
        return figure.value
    share = rules.figure("burden/from_rated_pct").value
    return EXACT.divide(EXACT.multiply(part.rated_burden_va, share), HUNDRED)


def burden_power_factor(rules: RuleSet, part: TransformerPart) -> Decimal:
    """Power factor of the burden of a part."""
    if part.power_factor is not None:
        return part.power_factor
    name = "power_factor"
    if part.device is Device.CURRENT and part.rated_burden_va <= 5:
        name = "power_factor_up_to_5_va"
    figure = rules.find(f"burden/{name}")
    return Decimal("0.8") if figure is None else figure.value


def generate_transformer_scheme(
    plate: TransformerPlate,
    stage: Stage,
    purpose: Purpose = Purpose.EVERY,
    *,
    rules: RuleSet | None = None,
) -> TransformerScheme:
    """Items and points for a transformer: every ratio, at rated and at lower burden.

    Args:
        plate: parts, ratios and use decide.
        stage: first or subsequent verification, or inspection in use.
        purpose: every device, or the sample of a lot.
        rules: edition of JJG 313, 314, 1021 or 1189.3; the one in force when absent.

    Raises:
        NoRule: the tables have no limits or points for a part.

    Source:
        docs/sources/jjg-1021.md, items and points.

    >>> from dianheng.metrology.examples import low_voltage_ct
    >>> scheme = generate_transformer_scheme(low_voltage_ct(), Stage.FIRST)
    >>> scheme.rules.name, scheme.point_count
    ('JJG 1189.3-2022', 9)
    """
    legal = rules or regulation_of(plate)
    items = []
    for line in legal.table("items"):
        if _is_wanted(line, plate, stage):
            item = Item(line.cells["item"])
            points = tuple(_points(plate, legal)) if item is Item.BASIC_ERROR else ()
            items.append(TransformerItem(item, points))
    return TransformerScheme(legal.standard, legal.edition, stage, purpose, tuple(items))


def _is_wanted(line: TableRow, plate: TransformerPlate, stage: Stage) -> bool:
    has = {"": True, "standard": plate.is_standard, "combined": plate.is_combined}
    return line.cells[stage.value] == "yes" and has.get(line.cells["needs"], False)


def _points(plate: TransformerPlate, rules: RuleSet) -> Iterable[TransformerPoint]:
    for part in plate.parts:
        measured = points_to_measure(
            rules,
            device=part.device,
            accuracy_class=part.accuracy_class,
            rated_kv=plate.rated_kv if not plate.is_standard else None,
            is_standard=plate.is_standard,
        )
        if not measured:
            raise NoRule(
                "no_load_points",
                f"{rules.name} has no points for this kind of transformer",
                {"device": part.device.value},
            )
        for phase in plate.phases:
            for ratio in part.ratios:
                for each in measured:
                    yield TransformerPoint(
                        part.device, phase, ratio, each.burden, each.percent_rated
                    )


@lru_cache(maxsize=8192)
def transformer_point(
    device: str, phases: str, ratio: str, burden: str, percent_rated: str
) -> TransformerPoint:
    """A point in one writing.

    Raises:
        WrongValue: part, phases, ratio, burden or percent is none.

    >>> transformer_point("CT", "", "200 / 5", "rated", "5.0").text
    'CT 200/5 rated 5 %'
    """
    try:
        part = Device(device)
    except ValueError:
        raise WrongValue(
            "no_transformer_part", "a part is CT or PT", {"device": device[:40]}
        ) from None
    named = phases.strip().upper() or ALL_PHASES
    if named not in PHASES:
        raise WrongValue("no_phases", "phases are A, B, C or ABC", {"phases": phases[:40]})
    ratios = read_ratios(ratio)
    if len(ratios) != 1:
        raise WrongValue("no_ratio", "a point has one ratio", {"text": ratio[:40]})
    if burden not in BURDENS:
        raise WrongValue("no_burden", "a burden is rated or lower", {"burden": burden[:40]})
    percent = read_decimal(percent_rated).normalize(EXACT)
    if percent <= ZERO:
        raise WrongValue("not_positive", "the percent is greater than zero")
    return TransformerPoint(part, named, ratios[0], burden, percent)


def standard_class_needed(rules: RuleSet, plate: TransformerPlate) -> Decimal | None:
    """Poorest class of a standard that may verify this transformer; None: the tables end.

    >>> from dianheng.metrology.examples import low_voltage_ct
    >>> standard_class_needed(rule_set("JJG 1189.3", "2022"), low_voltage_ct())
    Decimal('0.05')
    """
    better = int(rules.figure("standard/classes_better").value)
    found = []
    for part in plate.parts:
        own = part.accuracy_class.rstrip("S")
        if own not in _CLASSES or _CLASSES.index(own) + better >= len(_CLASSES):
            return None
        found.append(Decimal(_CLASSES[_CLASSES.index(own) + better]))
    return min(found)


def transformer_validity(
    plate: TransformerPlate, *, verified_on: date, mode: ValidityMode = ValidityMode.PERIODIC
) -> Validity:
    """Mode and last day of validity of a transformer that passed.

    Args:
        plate: standards have two years, capacitor voltage transformers four, all others ten.
        verified_on: day of the verification.
        mode: kept with the day.

    Source:
        docs/sources/jjg-1021.md, periods.

    >>> from dianheng.metrology.examples import low_voltage_ct
    >>> transformer_validity(low_voltage_ct(), verified_on=date(2026, 3, 1)).valid_through
    datetime.date(2036, 2, 29)
    """
    item = "electromagnetic transformer"
    if plate.is_standard:
        kind = "current" if plate.parts[0].device is Device.CURRENT else "voltage"
        item = f"standard {kind} transformer"
    elif plate.is_capacitor:
        item = "capacitor voltage transformer"
    found = period_rule(item)
    return Validity(mode, found.months, last_valid_day(verified_on, found.months), found.rule)
