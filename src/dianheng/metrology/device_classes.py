"""Classes of metering devices after DL/T 448, and the accuracy that each needs."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from dianheng.metrology.errors import NoRule
from dianheng.metrology.rule_sets import RuleRef, RuleSet, TableRow
from dianheng.metrology.verdicts import Step

CLASSES = ("I", "II", "III", "IV", "V")  # the highest first


class Accuracy(NamedTuple):
    """Accuracy classes of the parts; empty where the class asks for none."""

    active: str
    reactive: str
    voltage_transformer: str
    current_transformer: str


class DeviceClass(NamedTuple):
    """Class of a metering device, what it needs, and the rows that say so."""

    name: str
    accuracy: Accuracy
    rule: RuleRef
    steps: tuple[Step, ...]


@cache
def purposes(rules: RuleSet) -> tuple[str, ...]:
    """What a metering device may be for, in the order of the table.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> purposes(rule_set("DL/T 448", "2016"))
    ('settlement', 'assessment', 'generator', 'plant_auxiliary')
    """
    return tuple(dict.fromkeys(line.cells["purpose"] for line in rules.table("device_classes")))


def quantities_of(rules: RuleSet, purpose: str) -> tuple[str, ...]:
    """Quantities that decide the class of a purpose; none where the purpose alone does.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> quantities_of(rule_set("DL/T 448", "2000"), "settlement")
    ('monthly_mwh', 'transformer_kva', 'phases')
    """
    return tuple(
        dict.fromkeys(
            line.cells["quantity"]
            for line in rules.table("device_classes")
            if line.cells["purpose"] == purpose and line.cells["quantity"]
        )
    )


def device_class(rules: RuleSet, purpose: str, known: Mapping[str, Decimal]) -> DeviceClass:
    """Class of a metering device: of all criteria that it meets, the highest class.

    Lower bounds are included, upper bounds are not.

    Args:
        rules: edition of DL/T 448.
        purpose: as in `purposes`.
        known: what is known, by name: `kv` rated voltage in kV, `mw` of the generator unit in MW,
            `monthly_mwh` average energy of a month in MWh, `transformer_kva` capacity in kVA,
            `phases` 1 or 3. What the purpose does not ask for is left aside.

    Raises:
        NoRule: the edition has no such purpose (`no_purpose`), nothing is known that decides
            (`quantity_missing`), or what is known meets no criterion (`no_device_class`).

    Source:
        docs/sources/dl-t-448.md, classes of metering devices.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> found = device_class(rule_set("DL/T 448", "2016"), "settlement", {"kv": Decimal(110)})
    >>> found.name, found.accuracy.active, found.rule.row
    ('II', '0.5S', 'device_classes/settlement/II/kv/66 + accuracy/II')
    """
    if purpose not in purposes(rules):
        raise NoRule(
            "no_purpose",
            f"{rules.name} has no such purpose: one of {', '.join(purposes(rules))}",
            {"purpose": purpose, "known": ", ".join(purposes(rules))},
        )
    wanted = quantities_of(rules, purpose)
    given = {name: known[name] for name in wanted if name in known}
    # Three phases alone do not tell the voltage; one phase does: 220 V.
    is_open = "kv" in wanted and "kv" not in given and given.get("phases") != 1
    if wanted and (not given or is_open):
        raise NoRule(
            "quantity_missing",
            f"the class depends on one of {' '.join(wanted)}",
            {"purpose": purpose, "needed": "kv" if is_open else " ".join(wanted)},
        )
    met = [
        line
        for line in rules.table("device_classes")
        if line.cells["purpose"] == purpose and _is_met(line, given)
    ]
    if not met:
        raise NoRule(
            "no_device_class",
            f"{rules.name} has no class for this: more has to be known",
            {"purpose": purpose, "known": " ".join(wanted)},
        )
    row = min(met, key=lambda line: CLASSES.index(line.cells["class"]))
    name = row.cells["class"]
    needed = next(line for line in rules.table("accuracy") if line.cells["class"] == name)
    cells = needed.cells
    return DeviceClass(
        name,
        Accuracy(cells["active"], cells["reactive"], cells["pt"], cells["ct"]),
        rules.ref(row, needed),
        (
            *(
                Step(
                    "criterion",
                    {
                        "purpose": purpose,
                        "quantity": line.cells["quantity"],
                        "given": given.get(line.cells["quantity"]),
                        "least": line.cells["at_least"],
                        "below": line.cells["below"],
                        "class": line.cells["class"],
                    },
                )
                for line in met
            ),
            Step("device_class", {"class": name, "row": row.row}),
        ),
    )


def _is_met(line: TableRow, given: Mapping[str, Decimal]) -> bool:
    quantity = line.cells["quantity"]
    if not quantity:
        return True
    if quantity not in given:
        return False
    below = line.cells["below"]
    value = given[quantity]
    return Decimal(line.cells["at_least"]) <= value and (not below or value < Decimal(below))
