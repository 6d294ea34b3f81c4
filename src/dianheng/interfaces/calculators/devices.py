"""Calculators of devices: barcode, period, label, ir46."""

from collections.abc import Mapping
from typing import Any

from dianheng.interfaces.calculators import fields
from dianheng.interfaces.calculators.shapes import Answer, Calculator, Field, Variant
from dianheng.metrology.barcodes import StateGridScheme
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.ir46 import CLASSES, permissible_error, start_and_no_load
from dianheng.metrology.labels import LabelColour, LastResult, label_on
from dianheng.metrology.periods import add_months, last_valid_day, period_rule, period_rules
from dianheng.metrology.plates import Connection, Wiring
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rule_sets import RuleRef, joint_ref, rule_set
from dianheng.metrology.verdicts import Step

# barcode --------------------------------------------------------------------------------------


def _generate(values: Mapping[str, Any]) -> Answer:
    scheme = StateGridScheme()
    body = values["barcode_body_21"]
    digit = scheme.check_digit(body)
    rules = scheme.rules
    return Answer(
        {"check_digit": digit, "barcode": body + digit},
        [Step("check_digit", {"body": body, "check_digit": digit})],
        rules.ref(rules.figure("check_digit/modulus")),
        rules,
    )


def _check(values: Mapping[str, Any]) -> Answer:
    scheme = StateGridScheme()
    code = values["barcode"]
    check = scheme.validate(code, is_strict=True)
    has_form = not check.problems or check.problems == ("check_digit",)
    result: dict[str, Any] = {
        "check_digit": scheme.check_digit(code[:-1]) if has_form else None,
        "barcode": code,
        "valid": check.is_valid,
    }
    steps = [Step("form", {"length": len(code), "problems": check.problems})]
    if has_form:
        parts = scheme.parse(code)
        steps.append(
            Step(
                "parts",
                {
                    "unit": parts.unit,
                    "asset_type": parts.asset_type,
                    "serial": parts.serial,
                    "check_digit": parts.check_digit,
                },
            )
        )
    rule = check.rule
    assert rule is not None  # the State Grid scheme always names its row
    return Answer(result, steps, rule, scheme.rules)


BARCODE = Calculator(
    "barcode",
    "Check digit of a State Grid bar code",
    (
        Variant(
            (fields.digits("barcode_body_21", "the 21 digits in front of the check digit"),),
            frozenset({"barcode_body_21"}),
            _generate,
        ),
        Variant(
            (fields.digits("barcode", "the whole code of 22 digits"),),
            frozenset({"barcode"}),
            _check,
        ),
    ),
    {
        "check_digit": "the right check digit; null where the code has not the form",
        "barcode": "the whole code",
        "valid": "whether form and check digit are right",
    },
    {"not_a_body": ("barcode_body_21",)},
)


# period ---------------------------------------------------------------------------------------


def _item_field() -> Field:
    known = list(period_rules())

    def read(value: object) -> str:
        if not isinstance(value, str) or len(value) > 200:
            raise WrongValue("not_text", "text expected")
        return period_rule(value).item

    return fields.custom("item", "what the period is for", read, {"type": "string", "enum": known})


def _period(values: Mapping[str, Any]) -> Answer:
    found = period_rule(values["item"])
    last = values["last"]
    anniversary = add_months(last, found.months)
    through = last_valid_day(last, found.months)
    return Answer(
        {
            "months": str(found.months),
            "anniversary": anniversary.isoformat(),
            "valid_through": through.isoformat(),
        },
        [
            Step("period", {"item": found.item, "months": found.months}),
            Step("anniversary", {"last": last.isoformat(), "anniversary": anniversary.isoformat()}),
            Step("day_before", {"valid_through": through.isoformat()}),
        ],
        found.rule,
        found.rules,
    )


PERIOD = Calculator(
    "period",
    "Next anniversary and last day of validity",
    (
        Variant(
            (
                _item_field(),
                fields.day("last", "day of the last verification or check"),
            ),
            frozenset(),
            _period,
        ),
    ),
    {
        "months": "period in calendar months",
        "anniversary": "the same day after the period, clipped to the month's end",
        "valid_through": "last day of validity, the day before",
    },
    {"no_period": ("item",), "out_of_calendar": ("last",)},
)


# label ----------------------------------------------------------------------------------------


def _label(values: Mapping[str, Any]) -> Answer:
    rules = rule_set("Label practice", "2013")
    through, today = values["valid_until_inclusive"], values["today"]
    label = label_on(
        rules, last_result=LastResult(values["last_result"]), valid_through=through, today=today
    )
    return Answer(
        {"label": label.colour.value, "usable_in_task": label.is_usable_in_task},
        [
            Step(
                "validity",
                {
                    "valid_through": through.isoformat(),
                    "today": today.isoformat(),
                    "is_overdue": today > through,
                },
            ),
            Step("label", {"reason": label.reason, "label": label.colour.value}),
        ],
        label.rule,
        rules,
    )


LABEL = Calculator(
    "label",
    "Colour label of a standard or instrument",
    (
        Variant(
            (
                fields.choice(
                    "last_result",
                    "result of the last verification, or a stop since",
                    [each.value for each in LastResult],
                ),
                fields.day("valid_until_inclusive", "last day of validity, included"),
                fields.day("today", "the day"),
            ),
            frozenset(),
            _label,
        ),
    ),
    {
        "label": "colour: " + ", ".join(each.value for each in LabelColour),
        "usable_in_task": "whether a task may choose the instrument",
    },
)


# ir46 -----------------------------------------------------------------------------------------


def _ir46(values: Mapping[str, Any]) -> Answer:
    rules = rule_set("GB/T 17215.321", "2021")
    result: dict[str, Any] = {}
    steps: list[Step] = []
    refs: list[RuleRef] = []
    connection = Connection(values["connection"])
    if not values["Imin_A"] <= values["Itr_A"] <= values["Imax_A"]:
        raise WrongValue("rating_order", "Imin is not above Itr, Itr not above Imax")
    if "C" in values:
        found = start_and_no_load(
            rules,
            ir46_class=values["class"],
            connection=connection,
            wiring=Wiring(values["wiring"]),
            un_v=values["U_V"],
            imin_a=values["Imin_A"],
            itr_a=values["Itr_A"],
            constant_imp_per_kwh=values["C"],
        )
        result["start_current_A"] = plain_text(found.start_current_a)
        result["pulse_interval_s"] = plain_text(found.pulse_interval_s)
        result["no_load_min"] = plain_text(found.no_load_min)
        refs.append(found.rule)
        steps.append(
            Step(
                "start",
                {
                    "current_a": found.start_current_a,
                    "pulse_interval_s": found.pulse_interval_s,
                    "no_load_min": found.no_load_min,
                    "row": found.rule.row,
                    "certainty": found.rule.certainty.value,
                },
            )
        )
    if "I_A" in values:
        mpe = permissible_error(
            rules,
            ir46_class=values["class"],
            connection=connection,
            imin_a=values["Imin_A"],
            itr_a=values["Itr_A"],
            imax_a=values["Imax_A"],
            current_a=values["I_A"],
            factor=values["pf"],
        )
        result["mpe_percent"] = plain_text(mpe.mpe_pct)
        refs.append(mpe.rule)
        steps.append(
            Step(
                "permissible_error",
                {
                    "range": mpe.range_name,
                    "mpe_pct": mpe.mpe_pct,
                    "row": mpe.rule.row,
                    "certainty": mpe.rule.certainty.value,
                },
            )
        )
    return Answer(result, steps, joint_ref(refs), rules)


_CURRENTS = (
    fields.number("Imin_A", "minimum current, A", is_positive=True),
    fields.number("Itr_A", "transitional current, A", is_positive=True),
    fields.number("Imax_A", "maximum current, A", is_positive=True),
)
_CLASS = fields.choice("class", "class A to E", CLASSES)
_CONNECTION = fields.choice(
    "connection", "how the current reaches the meter", [each.value for each in Connection]
)
_CIRCUIT = (
    fields.choice("wiring", "circuit of the meter", [each.value for each in Wiring]),
    fields.number("U_V", "reference voltage, V; three-wire: line voltage", is_positive=True),
    fields.number("C", "constant, imp/kWh", is_positive=True),
)
_POINT = (
    fields.number("I_A", "current, A", is_positive=True),
    fields.factor("pf", "power factor: 1.0, or from 0.5L to 0.8C"),
)

IR46 = Calculator(
    "ir46",
    "Classes A to E: starting current, pulse interval, no-load time, permissible error",
    (
        Variant(
            (_CLASS, _CONNECTION, *_CIRCUIT, *_CURRENTS, *(each.optional() for each in _POINT)),
            frozenset(each.name for each in _CIRCUIT),
            _ir46,
            together=(("I_A", "pf"),),
        ),
        Variant(
            (_CLASS, _CONNECTION, *_CURRENTS, *_POINT),
            frozenset({"I_A", "pf"}),
            _ir46,
        ),
    ),
    {
        "start_current_A": "starting current, A",
        "pulse_interval_s": "time between two pulses at the starting current, s",
        "no_load_min": "time of the no-load test, min",
        "mpe_percent": "base maximum permissible error, ± %",
    },
    {
        "no_class": ("class",),
        "rating_order": ("Imin_A", "Itr_A", "Imax_A"),
        "current_out_of_range": ("I_A",),
        "factor_out_of_range": ("pf",),
    },
)

CALCULATORS = (BARCODE, PERIOD, LABEL, IR46)
