"""What a tester or a bench saw, and which function judges it."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple, Protocol

from dianheng.metrology.clocks import (
    clock_rate_verdict,
    clock_value_verdict,
    tariff_switch_verdict,
)
from dianheng.metrology.demand import demand_error_verdict, demand_verdict
from dianheng.metrology.dispersion import (
    consistency_verdict,
    standard_deviation_verdict,
    variation_verdict,
)
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.inspections import (
    ac_voltage_verdict,
    finding_verdict,
    key_state_verdict,
    parameter_verdict,
    relay_verdict,
)
from dianheng.metrology.items import Item
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import mean, read_decimal
from dianheng.metrology.registers import (
    combination_verdict,
    constant_verdict,
    register_run_verdict,
)
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.schemes import ALL_PHASES, LoadPoint, Scheme
from dianheng.metrology.starting import creep_verdict, start_verdict
from dianheng.metrology.verdicts import Verdict

NO_FACTS: Mapping[str, object] = MappingProxyType({})


class Observation(NamedTuple):
    """What was seen of one item at one point.

    `samples` are the readings as decimal numbers. `facts`, by item:

    | item | samples | facts |
    |---|---|---|
    | basic_error | errors, %; the first two, then further ones | |
    | appearance, communication | | `is_passed`, `findings` (list of texts) |
    | ac_voltage | | `voltage_kv`, `duration_s`, `has_breakdown` |
    | creep | | `pulses`, `elapsed_min`, `voltage_pct` |
    | start | | `first_pulse_min`, or `elapsed_min` when no pulse came |
    | constant | | `register_kwh` with `pulses` or with `reference_kwh` |
    | clock_rate | s/d | |
    | clock_value | one offset, s | |
    | combination | | `total_kwh`, `rates_kwh` (list) |
    | demand | errors, % | instead of samples `meter_kw`, `standard_kw` |
    | tariff_switch | offsets, min | |
    | standard_deviation | errors, % | |
    | consistency | errors, % | `group_mean_pct` |
    | variation, load_variation | first and second error, % | |
    | key_state | | `key_state`: `formal` or `test` |
    | parameter | | `ordered`, `found`: texts by name |
    | relay | | `open_s`, `close_s`; absent is "did not" |
    """

    item: str
    direction: str = "forward_active"
    phases: str = ALL_PHASES
    load: str = ""
    factor: str = ""
    samples: tuple[Decimal, ...] = ()
    facts: Mapping[str, object] = NO_FACTS


# Items whose points have a load; for the others load, factor and phases say nothing.
LOADED_ITEMS = frozenset(
    {
        Item.BASIC_ERROR,
        Item.DEMAND,
        Item.STANDARD_DEVIATION,
        Item.CONSISTENCY,
        Item.VARIATION,
        Item.LOAD_VARIATION,
    }
)


class Judging(Protocol):
    """What the judges need to know beside the observation."""

    @property
    def plate(self) -> MeterPlate: ...
    @property
    def scheme(self) -> Scheme: ...
    @property
    def rules(self) -> RuleSet: ...
    @property
    def acceptance(self) -> RuleSet: ...


def judge_item(judging: Judging, observation: Observation, point: LoadPoint) -> Verdict:
    """Judge one observation of any item but the basic error.

    Raises:
        WrongValue: unknown item (`no_item`), or a fact is missing or wrong.
        NoRule: no figure for this class or point.
    """
    judge = _JUDGES.get(observation.item)
    if judge is None:
        raise WrongValue("no_item", "not an item of a record", {"item": observation.item[:40]})
    return judge(judging, observation, point)


def _number(observation: Observation, name: str) -> Decimal | None:
    value = observation.facts.get(name)
    return None if value is None else read_decimal(value)


def _needed(observation: Observation, name: str) -> Decimal:
    value = _number(observation, name)
    if value is None:
        raise WrongValue(
            "fact_missing", f"{name} is missing", {"item": observation.item, "fact": name}
        )
    return value


def _numbers(observation: Observation, name: str) -> list[Decimal]:
    value = observation.facts.get(name)
    if not isinstance(value, list | tuple):
        return []
    return [read_decimal(each) for each in value]


def _truth(observation: Observation, name: str) -> bool | None:
    value = observation.facts.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise WrongValue(
        "not_a_truth_value", f"{name} is true or false", {"item": observation.item, "fact": name}
    )


def _texts(observation: Observation, name: str) -> dict[str, str]:
    value = observation.facts.get(name)
    if not isinstance(value, Mapping):
        return {}
    return {str(key): str(each) for key, each in value.items()}


def _text(observation: Observation, name: str) -> str | None:
    value = observation.facts.get(name)
    return None if value is None else str(value)


def _findings(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    item = Item(seen.item)
    rules = judge.rules if item is Item.APPEARANCE else judge.acceptance
    found = seen.facts.get("findings")
    texts = [str(each) for each in found] if isinstance(found, list | tuple) else []
    return finding_verdict(rules, item, is_passed=_truth(seen, "is_passed"), findings=texts)


def _ac_voltage(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    return ac_voltage_verdict(
        judge.rules,
        judge.plate,
        voltage_kv=_number(seen, "voltage_kv"),
        duration_s=_number(seen, "duration_s"),
        has_breakdown=_truth(seen, "has_breakdown"),
    )


def _creep(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    pulses = _number(seen, "pulses")
    if pulses is not None and (pulses != pulses.to_integral_value() or pulses < 0):
        raise WrongValue("not_a_count", "pulses are a whole number", {"item": seen.item})
    return creep_verdict(
        judge.rules,
        judge.plate,
        pulses=None if pulses is None else int(pulses),
        elapsed_min=_number(seen, "elapsed_min"),
        voltage_pct=_number(seen, "voltage_pct"),
        measure=point.direction.measure,
        point=point.text,
    )


def _start(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    return start_verdict(
        judge.rules,
        judge.plate,
        first_pulse_min=_number(seen, "first_pulse_min"),
        elapsed_min=_number(seen, "elapsed_min"),
        measure=point.direction.measure,
        point=point.text,
    )


def _constant(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    register_kwh = _needed(seen, "register_kwh")
    reference_kwh = _number(seen, "reference_kwh")
    if reference_kwh is not None:
        return register_run_verdict(
            judge.rules,
            judge.plate,
            register_kwh=register_kwh,
            reference_kwh=reference_kwh,
            point=point.text,
        )
    return constant_verdict(
        judge.rules,
        judge.plate,
        register_kwh=register_kwh,
        pulses=_needed(seen, "pulses"),
        point=point.text,
    )


def _combination(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    return combination_verdict(
        judge.rules,
        total_kwh=_needed(seen, "total_kwh"),
        rates_kwh=_numbers(seen, "rates_kwh"),
        register_decimals=judge.plate.register_decimals,
        point=point.text,
    )


def _clock_value(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    if not seen.samples:
        raise WrongValue("fact_missing", "the offset is missing", {"item": seen.item})
    return clock_value_verdict(judge.rules, max(seen.samples, key=lambda offset: offset.copy_abs()))


def _demand(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    if seen.samples:
        return demand_error_verdict(
            judge.rules,
            judge.plate,
            errors_pct=seen.samples,
            limit=judge.scheme.demand_limit,
            point=point.text,
        )
    return demand_verdict(
        judge.rules,
        judge.plate,
        meter_kw=_needed(seen, "meter_kw"),
        standard_kw=_needed(seen, "standard_kw"),
        limit=judge.scheme.demand_limit,
        point=point.text,
    )


def _consistency(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    if not seen.samples:
        raise WrongValue("fact_missing", "the errors are missing", {"item": seen.item})
    return consistency_verdict(
        judge.acceptance,
        judge.plate.accuracy_class,
        error_pct=mean(seen.samples),
        group_mean_pct=_needed(seen, "group_mean_pct"),
        load=point.load,
        point=point.text,
    )


def _variation(judge: Judging, seen: Observation, point: LoadPoint) -> Verdict:
    if len(seen.samples) != 2:
        raise WrongValue("fact_missing", "two errors are compared", {"item": seen.item})
    return variation_verdict(
        judge.acceptance,
        judge.plate.accuracy_class,
        first_pct=seen.samples[0],
        second_pct=seen.samples[1],
        item=Item(seen.item),
        point=point.text,
    )


_JUDGES: Mapping[str, Callable[[Judging, Observation, LoadPoint], Verdict]] = {
    Item.APPEARANCE: _findings,
    Item.COMMUNICATION: _findings,
    Item.AC_VOLTAGE: _ac_voltage,
    Item.CREEP: _creep,
    Item.START: _start,
    Item.CONSTANT: _constant,
    Item.COMBINATION: _combination,
    Item.CLOCK_RATE: lambda judge, seen, point: clock_rate_verdict(judge.rules, seen.samples),
    Item.CLOCK_VALUE: _clock_value,
    Item.DEMAND: _demand,
    Item.TARIFF_SWITCH: lambda judge, seen, point: tariff_switch_verdict(judge.rules, seen.samples),
    Item.STANDARD_DEVIATION: lambda judge, seen, point: standard_deviation_verdict(
        judge.rules, judge.plate.accuracy_class, seen.samples, point=point.text
    ),
    Item.CONSISTENCY: _consistency,
    Item.VARIATION: _variation,
    Item.LOAD_VARIATION: _variation,
    Item.KEY_STATE: lambda judge, seen, point: key_state_verdict(
        judge.acceptance, _text(seen, "key_state")
    ),
    Item.PARAMETER: lambda judge, seen, point: parameter_verdict(
        judge.acceptance, ordered=_texts(seen, "ordered"), found=_texts(seen, "found")
    ),
    Item.RELAY: lambda judge, seen, point: relay_verdict(
        judge.rules, open_s=_number(seen, "open_s"), close_s=_number(seen, "close_s")
    ),
}
