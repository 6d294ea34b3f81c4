"""Starting and creep: currents, times and their verdicts, JJG 596."""

from decimal import Decimal
from typing import NamedTuple

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.plates import Connection, MeterPlate, Wiring
from dianheng.metrology.quantities import EXACT, ZERO
from dianheng.metrology.rule_sets import Figure, RuleRef, RuleSet
from dianheng.metrology.verdicts import Conclusion, Step, Verdict, incomplete_verdict

_MILLION = Decimal(1_000_000)
_SIXTY_THOUSAND = Decimal(60_000)
_SIXTY = Decimal(60)


class Starting(NamedTuple):
    """Current at which a meter must start, A, and the time within which it gives a pulse."""

    current_a: Decimal
    limit_min: Decimal
    limit_s: Decimal
    rule: RuleRef


class Creep(NamedTuple):
    """Least time of the creep test, min, and the most pulses that a sound meter gives."""

    least_min: Decimal
    max_pulses: int
    voltage_pct: Decimal
    rule: RuleRef


def starting(
    rules: RuleSet,
    *,
    accuracy_class: str,
    connection: Connection,
    wiring: Wiring,
    un_v: Decimal,
    base_a: Decimal,
    constant_imp_per_kwh: Decimal,
    measure: str = "active",
) -> Starting:
    """Starting current and the longest time to the first pulse at Un and factor 1.

    Args:
        rules: edition of JJG 596.
        accuracy_class: class of the measure.
        connection: direct (multiples of Ib) or via transformer (multiples of In).
        wiring: gives m = 1, 3 or the square root of 3.
        un_v: reference voltage, V (line voltage in three-wire circuits).
        base_a: Ib or In, A.
        constant_imp_per_kwh: pulses for a kWh (kvarh for reactive).
        measure: `active` or `reactive`.

    Raises:
        NoRule: the class has no starting current with this connection.
        WrongValue: a quantity is not positive.

    Source:
        docs/sources/jjg-596.md, starting.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> found = starting(rule_set("JJG 596", "2012"), accuracy_class="1",
    ...     connection=Connection.DIRECT, wiring=Wiring.SINGLE_PHASE, un_v=Decimal(220),
    ...     base_a=Decimal(5), constant_imp_per_kwh=Decimal(1200))
    >>> found.current_a, round(found.limit_min, 3)
    (Decimal('0.020'), Decimal('13.636'))
    """
    _positive(un_v=un_v, base_a=base_a, constant_imp_per_kwh=constant_imp_per_kwh)
    ratio = _of_class(
        rules, f"start_current_ratio/{measure}/{connection}", accuracy_class, connection
    )
    factor = rules.figure("start_time/factor")
    current = EXACT.multiply(ratio.value, base_a)
    power = _product(constant_imp_per_kwh, wiring.power_factor_m, un_v, current)
    minutes = EXACT.divide(EXACT.multiply(factor.value, _SIXTY_THOUSAND), power)
    return Starting(current, minutes, EXACT.multiply(minutes, _SIXTY), rules.ref(ratio, factor))


def creep(
    rules: RuleSet,
    *,
    accuracy_class: str,
    wiring: Wiring,
    un_v: Decimal,
    max_a: Decimal,
    constant_imp_per_kwh: Decimal,
    measure: str = "active",
) -> Creep:
    """Least time of the creep test at 115 % of Un without current.

    Args:
        rules: edition of JJG 596.
        accuracy_class: class of the measure.
        wiring: gives m.
        un_v: reference voltage, V; Un itself, not 1.15 Un.
        max_a: Imax, A.
        constant_imp_per_kwh: pulses for a kWh (kvarh for reactive).
        measure: `active` or `reactive`.

    Raises:
        NoRule: the class has no creep time.
        WrongValue: a quantity is not positive.

    Source:
        docs/sources/jjg-596.md, creep.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> round(creep(rule_set("JJG 596", "2012"), accuracy_class="1", wiring=Wiring.SINGLE_PHASE,
    ...     un_v=Decimal(220), max_a=Decimal(60), constant_imp_per_kwh=Decimal(1200)).least_min, 3)
    Decimal('37.879')
    """
    _positive(un_v=un_v, max_a=max_a, constant_imp_per_kwh=constant_imp_per_kwh)
    factor = _of_class(rules, f"creep_time_factor/{measure}", accuracy_class)
    pulses = rules.figure("creep/max_pulses")
    power = _product(constant_imp_per_kwh, wiring.power_factor_m, un_v, max_a)
    return Creep(
        EXACT.divide(EXACT.multiply(factor.value, _MILLION), power),
        int(pulses.value),
        rules.figure("creep/voltage_pct").value,
        rules.ref(factor, pulses),
    )


def creep_pulses_pass(rules: RuleSet, pulses: int) -> bool:
    """Whether a creep test with so many pulses passes: at most one.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> [creep_pulses_pass(rule_set("JJG 596", "2012"), n) for n in (0, 1, 2)]
    [True, True, False]
    """
    return pulses <= int(rules.figure("creep/max_pulses").value)


def start_verdict(
    rules: RuleSet,
    plate: MeterPlate,
    *,
    first_pulse_min: Decimal | None,
    elapsed_min: Decimal | None = None,
    measure: str = "active",
    point: str = "",
) -> Verdict:
    """Judge a start test.

    Args:
        rules: edition of JJG 596.
        plate: the meter.
        first_pulse_min: time to the first pulse, min; None when none came.
        elapsed_min: how long the test ran without a pulse, min.
        measure: `active` or `reactive`.
        point: direction, for bidirectional meters.

    Returns:
        Pass when the pulse came in time; fail when it came late or the whole time went by;
        incomplete when the test was ended before the time.

    Source:
        docs/sources/jjg-596.md, starting.
    """
    found = plate_starting(rules, plate, measure)
    derivation = [Step("start", {"current_a": found.current_a, "limit_min": found.limit_min})]
    waited = first_pulse_min if first_pulse_min is not None else elapsed_min
    if waited is None:
        return incomplete_verdict(
            "start", "time_missing", found.rule, point=point, derivation=derivation
        )
    if first_pulse_min is None and waited < found.limit_min:
        return incomplete_verdict(
            "start", "test_too_short", found.rule, point=point, derivation=derivation
        )
    is_started = first_pulse_min is not None and first_pulse_min <= found.limit_min
    return Verdict(
        "start",
        point,
        Conclusion.PASS if is_started else Conclusion.FAIL,
        "started_in_time" if is_started else "not_started_in_time",
        found.rule,
        unit="min",
        value=waited,
        limit_high=found.limit_min,
        derivation=tuple(derivation),
    )


def creep_verdict(
    rules: RuleSet,
    plate: MeterPlate,
    *,
    pulses: int | None,
    elapsed_min: Decimal | None,
    voltage_pct: Decimal | None = None,
    measure: str = "active",
    point: str = "",
) -> Verdict:
    """Judge a creep test.

    Args:
        rules: edition of JJG 596.
        plate: the meter.
        pulses: pulses during the test.
        elapsed_min: how long the test ran, min.
        voltage_pct: test voltage, % of Un, where it was recorded.
        measure: `active` or `reactive`.
        point: direction, for bidirectional meters.

    Returns:
        Fail with more pulses than allowed; otherwise pass, or incomplete when the test was too
        short or its voltage too low.

    Source:
        docs/sources/jjg-596.md, creep.
    """
    found = plate_creep(rules, plate, measure)
    derivation = (
        Step(
            "creep",
            {
                "least_min": found.least_min,
                "elapsed_min": elapsed_min,
                "max_pulses": found.max_pulses,
            },
        ),
    )
    if pulses is None:
        return incomplete_verdict(
            "creep", "pulses_missing", found.rule, point=point, derivation=derivation
        )
    if pulses > found.max_pulses:
        conclusion, reason = Conclusion.FAIL, "too_many_pulses"
    elif elapsed_min is None:
        conclusion, reason = Conclusion.INCOMPLETE, "time_missing"
    elif elapsed_min < found.least_min:
        conclusion, reason = Conclusion.INCOMPLETE, "test_too_short"
    elif voltage_pct is not None and voltage_pct < found.voltage_pct:
        conclusion, reason = Conclusion.INCOMPLETE, "voltage_too_low"
    else:
        conclusion, reason = Conclusion.PASS, "no_creep"
    return Verdict(
        "creep",
        point,
        conclusion,
        reason,
        found.rule,
        unit="imp",
        value=Decimal(pulses),
        limit_high=Decimal(found.max_pulses),
        derivation=derivation,
    )


def plate_starting(rules: RuleSet, plate: MeterPlate, measure: str = "active") -> Starting:
    """Starting current and time of a meter."""
    return starting(
        rules,
        accuracy_class=plate.class_of(measure),
        connection=plate.connection,
        wiring=plate.wiring,
        un_v=plate.un_v,
        base_a=plate.base_a,
        constant_imp_per_kwh=plate.constant_of(measure),
        measure=measure,
    )


def plate_creep(rules: RuleSet, plate: MeterPlate, measure: str = "active") -> Creep:
    """Creep time of a meter."""
    return creep(
        rules,
        accuracy_class=plate.class_of(measure),
        wiring=plate.wiring,
        un_v=plate.un_v,
        max_a=plate.max_a,
        constant_imp_per_kwh=plate.constant_of(measure),
        measure=measure,
    )


def _of_class(
    rules: RuleSet, group: str, accuracy_class: str, connection: Connection | None = None
) -> Figure:
    figure = rules.find(f"{group}/{accuracy_class}")
    if figure is None:
        facts = {"accuracy_class": accuracy_class}
        if connection is not None:
            facts["connection"] = connection.value
        raise NoRule("no_class", f"{rules.name} has no figure for this class", facts)
    return figure


def _product(*factors: Decimal) -> Decimal:
    product = factors[0]
    for factor in factors[1:]:
        product = EXACT.multiply(product, factor)
    return product


def _positive(**quantities: Decimal) -> None:
    for name, quantity in quantities.items():
        if quantity <= ZERO:
            raise WrongValue("not_positive", f"{name} is greater than zero", {"field": name})
