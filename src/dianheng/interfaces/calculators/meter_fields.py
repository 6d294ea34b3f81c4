"""Fields that the calculators of meters share."""

from collections.abc import Mapping
from typing import Any

from dianheng.interfaces.calculators import fields
from dianheng.interfaces.calculators.shapes import Field
from dianheng.metrology.plates import Connection, Wiring
from dianheng.metrology.rule_sets import RuleSet, rule_set
from dianheng.metrology.verdicts import Conclusion, Verdict

ACTIVE_CLASSES = ("0.2S", "0.5S", "1", "2")


REACTIVE_CLASSES = ("2", "3")


STANDARD_CLASSES = ("0.01", "0.02", "0.05", "0.1", "0.2")


METER_CLASSES = (*ACTIVE_CLASSES, "3")


CONNECTIONS = tuple(each.value for each in Connection)


WIRINGS = tuple(each.value for each in Wiring)


def meter_rules() -> RuleSet:
    """What a verification of meters follows."""
    return rule_set("JJG 596", "2012")


def class_field(classes: tuple[str, ...] = METER_CLASSES) -> Field:
    """The accuracy class."""
    return fields.choice(
        "meter_class", "accuracy class of the meter; 3 is reactive", classes, is_number=True
    )


def measure_field() -> Field:
    """Active or reactive, where it is not told by the class."""
    return fields.choice(
        "measure",
        "active or reactive energy; absent is active, with class 3 reactive",
        ("active", "reactive"),
    ).optional()


def measure_of(values: Mapping[str, Any]) -> str:
    """Active or reactive, as given or as the class says."""
    if "measure" in values:
        return str(values["measure"])
    return "reactive" if values["meter_class"] == "3" else "active"


def is_passed(verdict: Verdict) -> bool | None:
    if verdict.conclusion is Conclusion.INCOMPLETE:
        return None
    return verdict.conclusion is Conclusion.PASS
