"""Calculators of meter verification: round, verdict, start_creep, constant, clock, demand."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dianheng.interfaces.calculators import fields
from dianheng.interfaces.calculators.shapes import Answer, Calculator, Field, Variant
from dianheng.metrology.clocks import clock_rate_verdict
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD
from dianheng.metrology.loads import ratio_to_base, read_factor, read_load
from dianheng.metrology.plates import Connection, Wiring
from dianheng.metrology.quantities import EXACT, plain_text, relative_error_pct
from dianheng.metrology.registers import constant_error_pct
from dianheng.metrology.rounding import (
    decimals_of,
    error_interval,
    round_to_interval,
    signed_text,
)
from dianheng.metrology.rule_sets import RuleSet, rule_set
from dianheng.metrology.starting import creep, creep_pulses_pass, starting
from dianheng.metrology.verdicts import (
    Conclusion,
    Step,
    Verdict,
    difference_verdict,
    error_verdict,
    point_rule,
)

ACTIVE_CLASSES = ("0.2S", "0.5S", "1", "2")
REACTIVE_CLASSES = ("2", "3")
STANDARD_CLASSES = ("0.01", "0.02", "0.05", "0.1", "0.2")
METER_CLASSES = (*ACTIVE_CLASSES, "3")
CONNECTIONS = tuple(each.value for each in Connection)
WIRINGS = tuple(each.value for each in Wiring)
_BALANCED_WORDS = ("balanced", "abc", "all")
_PHASE = re.compile(r"([ABC])(?:\s+only)?(?:\s*\(unbalanced\))?", re.IGNORECASE)


def _rules() -> RuleSet:
    return rule_set("JJG 596", "2012")


def _class_field(classes: tuple[str, ...] = METER_CLASSES) -> Field:
    return fields.choice(
        "meter_class", "accuracy class of the meter; 3 is reactive", classes, is_number=True
    )


def _measure_field() -> Field:
    return fields.choice(
        "measure",
        "active or reactive energy; absent is active, with class 3 reactive",
        ("active", "reactive"),
    ).optional()


def _measure(values: Mapping[str, Any]) -> str:
    if "measure" in values:
        return str(values["measure"])
    return "reactive" if values["meter_class"] == "3" else "active"


# round ----------------------------------------------------------------------------------------


def _round_error(values: Mapping[str, Any]) -> Answer:
    rules = _rules()
    accuracy_class = values["meter_class"]
    is_standard = accuracy_class in STANDARD_CLASSES
    measure = "standard_meter" if is_standard else _measure(values)
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
                _class_field((*METER_CLASSES, *STANDARD_CLASSES)),
                fields.number("mean_error_percent", "mean relative error, %"),
                _measure_field(),
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


# verdict --------------------------------------------------------------------------------------


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
        _class_field(),
        fields.choice("connection", "how the current reaches the meter", CONNECTIONS),
        fields.load("load", "current: Imax, 0.5Imax, Ib, In, 0.1Ib, 10Itr and so on"),
        fields.factor("pf", "power factor, for reactive energy the sine: 1.0, 0.5L, 0.8C"),
        fields.custom(
            "phases",
            "absent is balanced; one phase alone: A only (unbalanced)",
            _phases,
            {"type": "string"},
        ).optional(),
        _measure_field(),
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
    count = int(_rules().figure("readings/first_count").value)
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
    rules = _rules()
    phases = values.get("phases", "ABC")
    rule = point_rule(
        rules,
        accuracy_class=values["meter_class"],
        connection=Connection(values["connection"]),
        load=values["load"],
        factor=values["pf"],
        measure=_measure(values),
        loading=BALANCED if phases == "ABC" else SINGLE_PHASE_LOAD,
    )
    verdict = error_verdict(rule, first, extra, takes_extra=takes_extra)
    result = {
        "mean": plain_text(verdict.value) if verdict.value is not None else None,
        "limit": plain_text(rule.limit_pct),
        "rounded": verdict.rounded_text,
        "pass": _pass(verdict),
        "extra_needed": verdict.is_extra_needed,
    }
    return Answer(result, verdict.steps, verdict.rule, rules)


def _pass(verdict: Verdict) -> bool | None:
    if verdict.conclusion is Conclusion.INCOMPLETE:
        return None
    return verdict.conclusion is Conclusion.PASS


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
    rules = _rules()
    balanced = values["balanced_error_percent"]
    given = values["phase_errors_percent"]
    errors = given if isinstance(given, dict) else dict(enumerate(given))
    verdicts = {
        phase: difference_verdict(
            rules,
            accuracy_class=values["meter_class"],
            balanced_error_pct=balanced,
            phase_error_pct=error,
            measure=_measure(values),
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
                _class_field(),
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
                _measure_field(),
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
# start_creep ----------------------------------------------------------------------------------


def _creep_pulses_field() -> Field:
    return fields.whole("creep_pulses", "pulses during the creep test", least=0)


def _start_creep(values: Mapping[str, Any]) -> Answer:
    rules = _rules()
    measure = _measure(values)
    wiring = Wiring(values["wiring"])
    constant = values["C_imp_per_kWh"]
    if values["Imax_A"] < values["Ib_or_In_A"]:
        raise WrongValue("rating_order", "the maximum current is below the base current")
    start = starting(
        rules,
        accuracy_class=values["meter_class"],
        connection=Connection(values["connection"]),
        wiring=wiring,
        un_v=values["Un_V"],
        base_a=values["Ib_or_In_A"],
        constant_imp_per_kwh=constant,
        measure=measure,
    )
    no_load = creep(
        rules,
        accuracy_class=values["meter_class"],
        wiring=wiring,
        un_v=values["Un_V"],
        max_a=values["Imax_A"],
        constant_imp_per_kwh=constant,
        measure=measure,
    )
    result: dict[str, Any] = {
        "start_current_A": plain_text(start.current_a),
        "start_time_limit_min": plain_text(start.limit_min),
        "start_time_limit_s": plain_text(start.limit_s),
        "creep_time_min": plain_text(no_load.least_min),
    }
    steps = [
        Step("circuit", {"wiring": wiring.value, "m": wiring.power_factor_m}),
        Step(
            "start",
            {
                "current_a": start.current_a,
                "limit_min": start.limit_min,
                "row": start.rule.row,
                "certainty": start.rule.certainty.value,
            },
        ),
        Step(
            "creep",
            {
                "least_min": no_load.least_min,
                "voltage_pct": no_load.voltage_pct,
                "max_pulses": no_load.max_pulses,
                "row": no_load.rule.row,
                "certainty": no_load.rule.certainty.value,
            },
        ),
    ]
    if "creep_pulses" in values:
        result["pass"] = creep_pulses_pass(rules, values["creep_pulses"])
    rows = [rules.figure(row) for row in f"{start.rule.row} + {no_load.rule.row}".split(" + ")]
    return Answer(result, steps, rules.ref(*rows), rules)


def _creep_pulses(values: Mapping[str, Any]) -> Answer:
    rules = _rules()
    figure = rules.figure("creep/max_pulses")
    pulses = values["creep_pulses"]
    return Answer(
        {"pass": creep_pulses_pass(rules, pulses)},
        [Step("creep", {"pulses": pulses, "max_pulses": figure.value})],
        rules.ref(figure),
        rules,
    )


_PLATE_FIELDS = (
    _class_field(),
    fields.choice("connection", "how the current reaches the meter", CONNECTIONS),
    fields.choice("wiring", "circuit of the meter", WIRINGS),
    fields.number("Un_V", "reference voltage, V; three-wire: line voltage", is_positive=True),
    fields.number("Ib_or_In_A", "base current, A", is_positive=True),
    fields.number("Imax_A", "maximum current, A", is_positive=True),
    fields.number("C_imp_per_kWh", "constant, imp/kWh", is_positive=True),
)

START_CREEP = Calculator(
    "start_creep",
    "Starting current and time, time of the creep test, verdict on creep pulses",
    (
        Variant(
            (*_PLATE_FIELDS, _creep_pulses_field().optional(), _measure_field()),
            frozenset(each.name for each in _PLATE_FIELDS),
            _start_creep,
        ),
        Variant((_creep_pulses_field(),), frozenset({"creep_pulses"}), _creep_pulses),
    ),
    {
        "start_current_A": "starting current, A",
        "start_time_limit_min": "longest time to the first pulse, min",
        "start_time_limit_s": "the same in s",
        "creep_time_min": "least time of the creep test, min",
        "pass": "whether so many pulses pass the creep test",
    },
    {
        "no_class": ("meter_class", "measure"),
        "connection": ("connection",),
        "rating_order": ("Ib_or_In_A", "Imax_A"),
    },
)


# constant -------------------------------------------------------------------------------------


def _constant(values: Mapping[str, Any]) -> Answer:
    rules = _rules()
    constant = values["C_imp_per_kWh"]
    register = values["register_increment_kWh"]
    pulses = values["pulses_counted"]
    expected = EXACT.multiply(constant, register)
    error = constant_error_pct(constant_imp_per_kwh=constant, register_kwh=register, pulses=pulses)
    return Answer(
        {
            "indicated_pulses_expected": plain_text(expected),
            "error_percent": plain_text(error),
        },
        [
            Step("expected_pulses", {"constant_imp_per_kwh": constant, "register_kwh": register}),
            Step(
                "register_against_pulses",
                {"register_kwh": register, "pulses_kwh": EXACT.divide(pulses, constant)},
            ),
        ],
        rules.ref(rules.figure("constant/last_digit_steps")),
        rules,
    )


CONSTANT = Calculator(
    "constant",
    "Register against pulses",
    (
        Variant(
            (
                fields.number("C_imp_per_kWh", "constant, imp/kWh", is_positive=True),
                fields.number(
                    "register_increment_kWh", "increment of the register, kWh", is_not_negative=True
                ),
                fields.number("pulses_counted", "pulses in the same time", is_positive=True),
            ),
            frozenset(),
            _constant,
        ),
    ),
    {
        "indicated_pulses_expected": "pulses that belong to the register's increment",
        "error_percent": "register against pulses, %",
    },
    {"not_positive": ("C_imp_per_kWh", "pulses_counted")},
)


# clock ----------------------------------------------------------------------------------------


def _clock(values: Mapping[str, Any]) -> Answer:
    rules = _rules()
    readings = values["daily_clock_errors_s_per_d"]
    verdict = clock_rate_verdict(rules, readings, needed=1)
    return Answer(
        {
            "mean": plain_text(verdict.value) if verdict.value is not None else None,
            "rounded": verdict.rounded_text,
            "pass": _pass(verdict),
        },
        [
            *verdict.steps,
            Step(
                "count",
                {
                    "count": len(readings),
                    "needed": int(rules.figure("clock/rate_count").value),
                },
            ),
        ],
        verdict.rule,
        rules,
    )


CLOCK = Calculator(
    "clock",
    "Daily clock error",
    (
        Variant(
            (
                fields.numbers(
                    "daily_clock_errors_s_per_d", "one-minute results, s/d; a record has five"
                ),
            ),
            frozenset(),
            _clock,
        ),
    ),
    {
        "mean": "mean, s/d",
        "rounded": "rounded mean, s/d, signed, a zero without sign",
        "pass": "whether the limit is kept",
    },
)


# demand ---------------------------------------------------------------------------------------


def _demand(values: Mapping[str, Any]) -> Answer:
    rules = _rules()
    meter, standard = values["demand_meter_kW"], values["demand_standard_kW"]
    error = relative_error_pct(meter, standard)
    return Answer(
        {"error_percent": plain_text(error)},
        [Step("demand", {"meter_kw": meter, "standard_kw": standard, "error_pct": error})],
        rules.ref(rules.figure("demand/period_min")),
        rules,
    )


DEMAND = Calculator(
    "demand",
    "Demand error",
    (
        Variant(
            (
                fields.number("demand_meter_kW", "demand shown by the meter, kW"),
                fields.number("demand_standard_kW", "demand of the standard, kW", is_positive=True),
            ),
            frozenset(),
            _demand,
        ),
    ),
    {"error_percent": "(meter - standard) / standard, %"},
)

CALCULATORS = (ROUND, VERDICT, START_CREEP, CONSTANT, CLOCK, DEMAND)
