"""Calculators of the items beside the errors: start_creep, constant, clock, demand."""

from collections.abc import Mapping
from typing import Any

from dianheng.interfaces.calculators import fields
from dianheng.interfaces.calculators.meter_fields import (
    CONNECTIONS,
    WIRINGS,
    class_field,
    is_passed,
    measure_field,
    measure_of,
    meter_rules,
)
from dianheng.interfaces.calculators.shapes import Answer, Calculator, Field, Variant
from dianheng.metrology.clocks import clock_rate_verdict
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import Connection, Wiring
from dianheng.metrology.quantities import EXACT, plain_text, relative_error_pct
from dianheng.metrology.registers import constant_error_pct
from dianheng.metrology.starting import creep, creep_pulses_pass, starting
from dianheng.metrology.verdicts import Step


def _creep_pulses_field() -> Field:
    return fields.whole("creep_pulses", "pulses during the creep test", least=0)


def _start_creep(values: Mapping[str, Any]) -> Answer:
    rules = meter_rules()
    measure = measure_of(values)
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
    rules = meter_rules()
    figure = rules.figure("creep/max_pulses")
    pulses = values["creep_pulses"]
    return Answer(
        {"pass": creep_pulses_pass(rules, pulses)},
        [Step("creep", {"pulses": pulses, "max_pulses": figure.value})],
        rules.ref(figure),
        rules,
    )


_PLATE_FIELDS = (
    class_field(),
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
            (*_PLATE_FIELDS, _creep_pulses_field().optional(), measure_field()),
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


def _constant(values: Mapping[str, Any]) -> Answer:
    rules = meter_rules()
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


def _clock(values: Mapping[str, Any]) -> Answer:
    rules = meter_rules()
    readings = values["daily_clock_errors_s_per_d"]
    verdict = clock_rate_verdict(rules, readings, needed=1)
    return Answer(
        {
            "mean": plain_text(verdict.value) if verdict.value is not None else None,
            "rounded": verdict.rounded_text,
            "pass": is_passed(verdict),
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


def _demand(values: Mapping[str, Any]) -> Answer:
    rules = meter_rules()
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

CALCULATORS = (START_CREEP, CONSTANT, CLOCK, DEMAND)
