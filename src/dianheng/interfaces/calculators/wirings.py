"""Calculator of wrong wirings: correction coefficient and energy to make up."""

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
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import Wiring
from dianheng.metrology.quantities import EXACT, plain_text
from dianheng.metrology.rule_sets import RuleRef, rule_set
from dianheng.metrology.verdicts import Step
from dianheng.metrology.wirings import (
    Element,
    adjustment,
    correction,
    fault_named,
    faults,
    power,
    read_element,
)

_RULES = rule_set("Wiring practice", "2016")
_MOST_ELEMENTS = 3
# A comma belongs to the text: it parts voltage and current.
_ELEMENT_SCHEMA = {"type": "string", "pattern": "^[^,]+(,[^,]+)?$", "examples": ["ab,-a", "0,c"]}


def _elements_field() -> Field:
    def read(value: object) -> tuple[Element, ...]:
        if not isinstance(value, list | tuple):
            raise WrongValue("not_a_list", "a list of elements")
        if not 1 <= len(value) <= _MOST_ELEMENTS:
            raise WrongValue(
                "element_count",
                f"from one to {_MOST_ELEMENTS} elements",
                {"wanted": f"1..{_MOST_ELEMENTS}", "count": str(len(value))},
            )
        return tuple(_element(each) for each in value)

    schema = {
        "type": "array",
        "items": _ELEMENT_SCHEMA,
        "minItems": 1,
        "maxItems": _MOST_ELEMENTS,
    }
    about = "elements in order: ab,-a is voltage Uab with current -Ia; 0 missing; 0.5ac half of Uac"
    return fields.custom("elements", about, read, schema)


def _element(value: object) -> Element:
    if not isinstance(value, str):
        raise WrongValue("not_text", "text expected")
    return read_element(value)


def _by_elements(values: Mapping[str, Any]) -> Answer:
    # The rule of a wiring that was written down is the derivation itself, not a row of the table.
    rule = RuleRef(_RULES.standard, _RULES.edition, "faults", faults(_RULES)[0].source.certainty)
    return _answer(values, values["elements"], rule)


def _by_fault(values: Mapping[str, Any]) -> Answer:
    found = fault_named(_RULES, Wiring(values["wiring"]), values["fault"])
    if "phi_deg" not in values and not power(found.wiring, found.elements).sine.is_zero:
        missing = FieldProblem("phi_deg", "phi_missing", "K depends on the phase angle of the load")
        raise InputRefused("wrong_fields", "fields are missing or wrong", [missing])
    return _answer(values, found.elements, _RULES.ref(found.source))


def _answer(values: Mapping[str, Any], elements: tuple[Element, ...], rule: RuleRef) -> Answer:
    wiring = Wiring(values["wiring"])
    found = correction(wiring, elements, values.get("phi_deg"))
    result: dict[str, Any] = {"K": _text(found.k), "meter_stops": found.k is None}
    steps = [
        Step(
            "registered_power",
            {
                "elements": " ".join(f"({each})" for each in elements),
                "power": power(wiring, elements).text,
            },
        ),
        Step(
            "correction",
            {"formula": found.formula, "tan_phi": found.tan_phi, "k": found.k},
        ),
    ]
    recorded = values.get("recorded_kWh")
    if "reading_diff" in values:
        if recorded is not None:
            raise WrongValue("two_energies", "recorded energy or difference of readings, not both")
        one = Decimal(1)
        multiplier = EXACT.multiply(values.get("ct_ratio", one), values.get("pt_ratio", one))
        recorded = EXACT.multiply(values["reading_diff"], multiplier)
        result["multiplier"] = plain_text(multiplier)
        steps.append(Step("multiplier", {"multiplier": multiplier, "recorded_kwh": recorded}))
    elif "ct_ratio" in values or "pt_ratio" in values:
        raise WrongValue("ratio_alone", "ratios multiply a difference of readings")
    if recorded is not None:
        result["correct_kWh"] = result["adjust_kWh"] = None
        if found.k is not None:
            made = adjustment(found.k, recorded, values.get("meter_error_percent", Decimal(0)))
            result["correct_kWh"] = plain_text(made.correct_kwh)
            result["adjust_kWh"] = plain_text(made.adjust_kwh)
            steps.append(
                Step(
                    "energy",
                    {
                        "recorded_kwh": recorded,
                        "correct_kwh": made.correct_kwh,
                        "adjust_kwh": made.adjust_kwh,
                    },
                )
            )
    elif "meter_error_percent" in values:
        raise WrongValue("error_alone", "a meter error corrects a recorded energy")
    return Answer(result, steps, rule, _RULES)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain_text(value)


_WIRING = fields.choice("wiring", "circuit of the meter", [each.value for each in Wiring])
_PHI = fields.number("phi_deg", "phase angle of the load, degrees; inductive positive")
_ENERGY = tuple(
    each.optional()
    for each in (
        fields.number("recorded_kWh", "energy registered, kWh; negative where it ran backwards"),
        fields.number("reading_diff", "difference of the meter's readings, kWh"),
        fields.ratio("ct_ratio", "ratio of the current transformers: 100/5 or 20"),
        fields.ratio("pt_ratio", "ratio of the voltage transformers: 10000/100 or 100"),
        fields.number("meter_error_percent", "error of the meter, %"),
    )
)

WIRING = Calculator(
    "wiring",
    "Wrong wiring: correction coefficient, energy to recover or refund",
    (
        Variant(
            (_WIRING, _elements_field(), _PHI, *_ENERGY),
            frozenset({"elements"}),
            _by_elements,
        ),
        Variant(
            (
                _WIRING,
                fields.choice(
                    "fault",
                    "wrong wiring of the table",
                    list(dict.fromkeys(each.name for each in faults(_RULES))),
                ),
                _PHI.optional(),
                *_ENERGY,
            ),
            frozenset({"fault"}),
            _by_fault,
        ),
    ),
    {
        "K": "correction coefficient: correct power / registered power; null where the meter stops",
        "meter_stops": "whether the meter registers nothing",
        "correct_kWh": "energy used, kWh",
        "adjust_kWh": "energy to make up, kWh; positive: the customer owes, negative: refund",
        "multiplier": "product of the ratios",
    },
    {
        "element_count": ("elements", "wiring"),
        "not_of_circuit": ("elements", "wiring"),
        "no_fault": ("fault", "wiring"),
        "angle_out_of_range": ("phi_deg",),
        "two_energies": ("recorded_kWh", "reading_diff"),
        "ratio_alone": ("ct_ratio", "pt_ratio"),
        "error_alone": ("meter_error_percent",),
        "error_out_of_range": ("meter_error_percent",),
    },
)

CALCULATORS = (WIRING,)
