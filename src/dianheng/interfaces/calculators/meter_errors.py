"""Calculators of the errors of a meter: round, verdict."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dianheng.interfaces.calculators import fields
from dianheng.interfaces.calculators.meter_fields import (
    CONNECTIONS,
    METER_CLASSES,
    STANDARD_CLASSES,
    class_field,
    is_passed,
    measure_field,
    measure_of,
    meter_rules,
)
from dianheng.interfaces.calculators.shapes import Answer, Calculator, Field, Variant
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD
from dianheng.metrology.loads import ratio_to_base, read_factor, read_load
from dianheng.metrology.plates import Connection
from dianheng.metrology.quantities import EXACT, plain_text
from dianheng.metrology.rounding import decimals_of, error_interval, round_to_interval, signed_text
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.verdicts import (
    Conclusion,
    Step,
    difference_verdict,
    error_verdict,
    point_rule,
)

_BALANCED_WORDS = ("balanced", "abc", "all")
_PHASE = re.compile(r"([ABC])(?:\s+only)?(?:\s*\(unbalanced\))?", re.IGNORECASE)


def _round_error(values: Mapping[str, Any]) -> Answer:
    rules = meter_rules()
    accuracy_class = values["meter_class"]
    is_standard = accuracy_class in STANDARD_CLASSES
    measure = "standard_meter" if is_standard else measure_of(values)
    interval = error_interval(rules, accuracy_class, measure)
    value = values["mean_error_percent"]
    rounded = round_to_interval(value, interval.value)
    text = signed_text(rounded, decimals_of(interval.value))
    return Answer(
        {"rounded": text}, _rounding_steps(value, interval.value, text), rules.ref(interval), rules
    )


def _round_value(values: Mapping[str, Any]) -> Answer:
    rules = rule_set("GB/T 8170", "2008")
    interval = values["interval"]
    rounded = round_to_interval(values["value"], interval)
    text = f"{rounded:.{decimals_of(interval)}f}"
    return Answer(
        {"rounded_value": text},
        _rounding_steps(values["value"], interval, text),
        rules.ref(rules.figure("rounding/ties")),
        rules,
    )


def _rounding_steps(value: Decimal, interval: Decimal, text: str) -> list[Step]:
    quotient = EXACT.divide(value, interval)
    return [
        Step("quotient", {"value": value, "interval": interval, "quotient": quotient}),
        Step("rounding", {"interval": interval, "rounded": text, "ties": "even"}),
    ]


ROUND = Calculator(
    "round",
    "Rounding of an error to the interval of its class, or of a value to an interval",
    (
        Variant(
            (
                class_field((*METER_CLASSES, *STANDARD_CLASSES)),
                fields.number("mean_error_percent", "mean relative error, %"),
                measure_field(),
            ),
            frozenset({"meter_class", "mean_error_percent", "measure"}),
            _round_error,
        ),
        Variant(
            (
                fields.number("value", "value to round"),
                fields.number("interval", "rounding interval", is_positive=True),
            ),
            frozenset({"value", "interval"}),
            _round_value,
        ),
    ),
    {
        "rounded": "rounded error, %, signed, a zero without sign",
        "rounded_value": "rounded value with the decimals of the interval",
    },
    {"accuracy_class": ("meter_class", "measure"), "interval_not_positive": ("interval",)},
)


def _phases(value: object) -> str:
    if not isinstance(value, str) or len(value) > 40:
        raise WrongValue("no_phases", "balanced, or one phase such as A only (unbalanced)")
    text = value.strip()
    if text.casefold() in _BALANCED_WORDS:
        return "ABC"
    found = _PHASE.fullmatch(text)
    if found is None:
        raise WrongValue("no_phases", "balanced, or one phase such as A only (unbalanced)")
    return found[1].upper()


def _load_fields() -> tuple[Field, ...]:
    return (
        class_field(),
        fields.choice("connection", "how the current reaches the meter", CONNECTIONS),
        fields.load("load", "current: Imax, 0.5Imax, Ib, In, 0.1Ib, 10Itr and so on"),
        fields.factor("pf", "power factor, for reactive energy the sine: 1.0, 0.5L, 0.8C"),
        fields.custom(
            "phases",
            "absent is balanced; one phase alone: A only (unbalanced)",
            _phases,
            {"type": "string"},
        ).optional(),
        measure_field(),
    )


def _extra_rule_field() -> Field:
    return fields.choice(
        "extra_readings_rule",
        "whether further readings are taken when the mean is near the limit",
        ("on", "off"),
    ).optional()


def _verdict_on_readings(values: Mapping[str, Any]) -> Answer:
    readings = values["readings_percent"]
    takes_extra = values.get("extra_readings_rule", "off") == "on"
    if not takes_extra:
        return _point_answer(values, readings, [], takes_extra=False)
    count = int(meter_rules().figure("readings/first_count").value)
    return _point_answer(values, readings[:count], readings[count:], takes_extra=True)


def _verdict_with_extra(values: Mapping[str, Any]) -> Answer:
    return _point_answer(
        values,
        values["first_readings_percent"],
        values.get("extra_readings_percent", []),
        takes_extra=values.get("extra_readings_rule", "on") == "on",
    )


def _point_answer(
    values: Mapping[str, Any], first: list[Decimal], extra: list[Decimal], *, takes_extra: bool
) -> Answer:
    rules = meter_rules()
    phases = values.get("phases", "ABC")
    rule = point_rule(
        rules,
        accuracy_class=values["meter_class"],
        connection=Connection(values["connection"]),
        load=values["load"],
        factor=values["pf"],
        measure=measure_of(values),
        loading=BALANCED if phases == "ABC" else SINGLE_PHASE_LOAD,
    )
    verdict = error_verdict(rule, first, extra, takes_extra=takes_extra)
    result = {
        "mean": plain_text(verdict.value) if verdict.value is not None else None,
        "limit": plain_text(rule.limit_pct),
        "rounded": verdict.rounded_text,
        "pass": is_passed(verdict),
        "extra_needed": verdict.is_extra_needed,
    }
    return Answer(result, verdict.steps, verdict.rule, rules)


def _base_point(value: object) -> str:
    if not isinstance(value, str) or len(value) > 40:
        raise WrongValue("no_load", "the base current, Ib or In")
    current, _, factor = value.replace(",", " ").replace("pf", " ").strip().partition(" ")
    factor = factor.strip().lstrip("=").strip()
    if factor and read_factor(factor) != "1.0":
        raise WrongValue("not_base", "the difference has a limit at factor 1 only")
    load = read_load(current)
    ratios = [ratio_to_base(load, each) for each in Connection if load.of != "Imin"]
    if 1 not in ratios:
        raise WrongValue("not_base", "the difference has a limit at the base current only")
    return load.text


def _verdict_on_differences(values: Mapping[str, Any]) -> Answer:
    rules = meter_rules()
    balanced = values["balanced_error_percent"]
    given = values["phase_errors_percent"]
    errors = given if isinstance(given, dict) else dict(enumerate(given))
    verdicts = {
        phase: difference_verdict(
            rules,
            accuracy_class=values["meter_class"],
            balanced_error_pct=balanced,
            phase_error_pct=error,
            measure=measure_of(values),
            point=values["point"],
        )
        for phase, error in errors.items()
    }
    differences = {phase: _magnitude(each.value) for phase, each in verdicts.items()}
    rounded = {phase: each.rounded_text.lstrip("+-") for phase, each in verdicts.items()}
    one = next(iter(verdicts.values()))
    is_listed = not isinstance(given, dict)
    steps = [step for each in verdicts.values() for step in each.steps]
    return Answer(
        {
            "differences": list(differences.values()) if is_listed else differences,
            "rounded": list(rounded.values()) if is_listed else rounded,
            "limit": plain_text(one.limit_high) if one.limit_high is not None else None,
            "pass": all(each.conclusion is Conclusion.PASS for each in verdicts.values()),
        },
        steps,
        one.rule,
        rules,
    )


def _magnitude(value: Decimal | None) -> str:
    return plain_text(value.copy_abs()) if value is not None else ""


VERDICT = Calculator(
    "verdict",
    "Verdict on the basic error at a load point, or on single-phase against balanced load",
    (
        Variant(
            (
                *_load_fields(),
                fields.numbers("readings_percent", "readings, %"),
                _extra_rule_field(),
            ),
            frozenset(),
            _verdict_on_readings,
        ),
        Variant(
            (
                class_field(),
                fields.choice(
                    "connection", "how the current reaches the meter", CONNECTIONS
                ).optional(),
                fields.custom(
                    "point", "the base current: Ib or In", _base_point, {"type": "string"}
                ),
                fields.number("balanced_error_percent", "error with balanced load, %"),
                fields.numbers_by_phase(
                    "phase_errors_percent", "errors with one phase loaded, %: list, or by phase"
                ),
                measure_field(),
            ),
            frozenset({"point", "balanced_error_percent", "phase_errors_percent"}),
            _verdict_on_differences,
        ),
        Variant(
            (
                *_load_fields(),
                fields.numbers("first_readings_percent", "first readings, %"),
                fields.numbers("extra_readings_percent", "further readings, %", least=0).optional(),
                _extra_rule_field(),
            ),
            frozenset({"first_readings_percent", "extra_readings_percent"}),
            _verdict_with_extra,
        ),
    ),
    {
        "mean": "mean of the readings that count, %",
        "limit": "limit, ± %",
        "rounded": "rounded mean or differences, %",
        "pass": "whether the limit is kept; null until the further readings are there",
        "extra_needed": "whether two more readings are needed",
        "differences": "magnitudes of single-phase minus balanced error, %",
    },
    {
        "no_limit": ("meter_class", "connection", "load", "pf", "phases", "measure"),
        "no_class": ("meter_class", "measure"),
        "no_base": ("load",),
    },
)


CALCULATORS = (ROUND, VERDICT)
