"""Calculators of metering management after DL/T 448: device_class, kpi."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dianheng.interfaces.calculators import fields
from dianheng.interfaces.calculators.shapes import (
    Answer,
    Calculator,
    Field,
    FieldProblem,
    InputRefused,
    Variant,
)
from dianheng.metrology.device_classes import device_class, purposes
from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.targets import Target, indicator_verdict, indicators, read_target

_EDITIONS = ("2016", "2000")

# device_class ---------------------------------------------------------------------------------

_QUANTITIES = ("kv", "mw", "phases", "monthly_mwh", "transformer_kva")


def _device_class(values: Mapping[str, Any]) -> Answer:
    rules = rule_set("DL/T 448", values["edition"].removeprefix("DL/T 448-"))
    known = {name: values[name] for name in _QUANTITIES if name in values}
    try:
        found = device_class(rules, values["purpose"], known)
    except NoRule as problem:
        if problem.code != "quantity_missing":
            raise
        missing = [
            FieldProblem(name, problem.code, problem.text, problem.facts)
            for name in problem.facts["needed"].split()
        ]
        raise InputRefused("wrong_fields", problem.text, missing, because=problem) from problem
    accuracy = found.accuracy
    return Answer(
        {
            "class": found.name,
            "active": accuracy.active,
            "reactive": accuracy.reactive or None,
            "pt": accuracy.voltage_transformer or None,
            "ct": accuracy.current_transformer,
        },
        found.steps,
        found.rule,
        rules,
    )


def _purposes() -> list[str]:
    editions = (rule_set("DL/T 448", edition) for edition in _EDITIONS)
    return list(dict.fromkeys(purpose for rules in editions for purpose in purposes(rules)))


DEVICE_CLASS = Calculator(
    "device_class",
    "Class of a metering device and the accuracy it needs",
    (
        Variant(
            (
                fields.choice(
                    "edition",
                    "edition of the code",
                    [f"DL/T 448-{edition}" for edition in _EDITIONS],
                ),
                fields.choice("purpose", "what the metering device is for", _purposes()),
                fields.number("kv", "rated voltage, kV", is_positive=True).optional(),
                fields.number(
                    "mw", "capacity of the generator unit, MW", is_positive=True
                ).optional(),
                fields.number(
                    "phases", "phases of the supply", known=(Decimal(1), Decimal(3))
                ).optional(),
                fields.number(
                    "monthly_mwh", "average energy of a month, MWh", is_not_negative=True
                ).optional(),
                fields.number(
                    "transformer_kva", "capacity of the transformers, kVA", is_positive=True
                ).optional(),
            ),
            frozenset(),
            _device_class,
        ),
    ),
    {
        "class": "class I to V of the metering device",
        "active": "accuracy class of the active meter",
        "reactive": "accuracy class of the reactive meter; null where none is asked for",
        "pt": "accuracy class of the voltage transformers; null where none is asked for",
        "ct": "accuracy class of the current transformers; a star: at a generator's outlet only",
    },
    {"no_purpose": ("edition", "purpose"), "no_device_class": ("purpose", *_QUANTITIES)},
)


# kpi ------------------------------------------------------------------------------------------


def _kpi_field() -> Field:
    plain = fields.text("kpi", "indicator by code or name, a class may follow", examples=_codes())

    def read(value: object) -> str:
        found: str = plain.read(value)
        if not found.isprintable():
            raise WrongValue("not_text", "text expected")
        return found

    return Field(plain.name, read, plain.schema)


def _target_field() -> Field:
    def read(value: object) -> Target:
        if not isinstance(value, str):
            raise WrongValue("no_target", "a target such as == 100, >= 98, <= 1, 5..10")
        return read_target(value)

    return fields.custom(
        "target",
        "target, %; absent is the table's",
        read,
        {"type": "string", "examples": ["== 100", ">= 98", "<= 1", "5..10"]},
    )


def _kpi(values: Mapping[str, Any]) -> Answer:
    rules = rule_set("DL/T 448", "2000")
    found = indicator_verdict(
        rules,
        values["kpi"],
        numerator=values["numerator"],
        denominator=values["denominator"],
        target=values.get("target"),
    )
    return Answer(
        {
            "value_percent": None if found.shown_pct is None else f"{found.shown_pct:f}",
            "meets_target": found.is_met,
        },
        found.steps,
        found.rule,
        rules,
    )


def _codes() -> list[str]:
    return [
        f"{code} class {device_class}" if device_class else code
        for code, device_class in indicators(rule_set("DL/T 448", "2000"))
    ]


KPI = Calculator(
    "kpi",
    "Indicator of metering management and its target",
    (
        Variant(
            (
                _kpi_field(),
                fields.number("numerator", "what was reached", is_not_negative=True),
                fields.number("denominator", "out of what", is_not_negative=True),
                _target_field().optional(),
            ),
            frozenset(),
            _kpi,
        ),
    ),
    {
        "value_percent": "value, %, with two decimals; null where the denominator is 0",
        "meets_target": "whether the unrounded value meets the target; null without one",
    },
)

CALCULATORS = (DEVICE_CLASS, KPI)
