"""Checks on site: conditions, working error of a meter, its clock, secondary circuits."""

from decimal import Decimal
from typing import NamedTuple

from dianheng.metrology.composite import voltage_drop_verdict
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.limits import BALANCED
from dianheng.metrology.plates import Connection
from dianheng.metrology.quantities import EXACT, HUNDRED, ZERO, plain_text
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.verdicts import (
    Conclusion,
    Step,
    Verdict,
    error_verdict,
    incomplete_verdict,
    measured_verdict,
    point_rule,
)

_LOAD_STEP = Decimal("0.0001")
STRICT_CLASSES = ("I", "II")


class SiteConditions(NamedTuple):
    """What was measured beside the errors; None is "not recorded"."""

    temperature_c: Decimal | None
    humidity_pct: Decimal | None
    frequency_hz: Decimal | None
    voltage_pct: Decimal | None  # of the reference voltage
    load_pct: Decimal | None  # of the base current
    cos_phi: Decimal | None


class Outside(NamedTuple):
    """A condition under which the active energy is not tested."""

    code: str
    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None


class MeterPlateFacts(NamedTuple):
    """What the plate of a meter says that its working error is judged by."""

    accuracy_class: str
    connection: Connection
    base_a: Decimal
    max_a: Decimal


def conditions_outside(
    rules: RuleSet, accuracy_class: str, found: SiteConditions
) -> tuple[Outside, ...]:
    """Every condition that forbids a test of the active energy.

    Args:
        rules: edition of DL/T 1664.
        accuracy_class: of the meter; classes with S are tested at lower loads.
        found: what was measured.

    Source:
        docs/sources/dl-t-1664.md, conditions.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> one = SiteConditions(Decimal(22), Decimal(55), Decimal("50.0"), Decimal(101),
    ...                      Decimal(7), Decimal("0.42"))
    >>> [each.code for each in conditions_outside(rule_set("DL/T 1664", "2016"), "0.5S", one)]
    ['cos_phi_too_low']
    >>> [each.code for each in conditions_outside(rule_set("DL/T 1664", "2016"), "1", one)]
    ['load_too_low', 'cos_phi_too_low']
    """

    def number(name: str) -> Decimal:
        return rules.figure(name).value

    least = "load/least_s_class_pct" if accuracy_class.endswith("S") else "load/least_pct"
    wide = number("conditions/voltage_tolerance_pct")
    rated = number("conditions/frequency_hz")
    apart = EXACT.multiply(
        rated, EXACT.divide(number("conditions/frequency_tolerance_pct"), HUNDRED)
    )
    bounds = (
        ("temperature", found.temperature_c, number("conditions/temperature_min_c"), number("conditions/temperature_max_c")),
        ("humidity", found.humidity_pct, None, number("conditions/humidity_max_pct")),
        ("frequency", found.frequency_hz, EXACT.subtract(rated, apart), EXACT.add(rated, apart)),
        ("voltage", found.voltage_pct, EXACT.subtract(HUNDRED, wide), EXACT.add(HUNDRED, wide)),
        ("load", found.load_pct, number(least), None),
        ("cos_phi", found.cos_phi, number("load/cos_phi_min"), None),
    )  # fmt: skip
    outside = []
    for name, value, low, high in bounds:
        if value is None:
            outside.append(Outside(f"{name}_missing", None, low, high))
        elif low is not None and value < low:
            outside.append(Outside(f"{name}_too_low", value, low, high))
        elif high is not None and value > high:
            outside.append(Outside(f"{name}_too_high", value, low, high))
    return tuple(outside)


def working_error_verdict(
    rules: RuleSet,
    field_rules: RuleSet,
    plate: MeterPlateFacts,
    *,
    load_pct: Decimal,
    readings: tuple[Decimal, ...],
) -> Verdict:
    """Judge the working error of a meter on site.

    The mean of the readings is rounded to the interval of the class; the limit is that of the
    basic error at this load and power factor 1, which is the stricter one.

    Args:
        rules: edition of JJG 596.
        field_rules: edition of DL/T 1664.
        plate: of the meter.
        load_pct: current, % of the base current.
        readings: working errors, %; at least two.

    Raises:
        NoRule: the class has no limit at this load.

    Source:
        docs/sources/dl-t-1664.md, working error.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> plate = MeterPlateFacts("0.5S", Connection.VIA_TRANSFORMER, Decimal("1.5"), Decimal(6))
    >>> found = working_error_verdict(rule_set("JJG 596", "2012"), rule_set("DL/T 1664", "2016"),
    ...     plate, load_pct=Decimal(42), readings=(Decimal("0.52"), Decimal("0.54")))
    >>> found.rounded_text, found.conclusion.value
    ('+0.55', 'fail')
    """
    named = "In" if plate.connection is Connection.VIA_TRANSFORMER else "Ib"
    ratio = EXACT.divide(load_pct, HUNDRED).quantize(_LOAD_STEP, context=EXACT)
    point = f"{plain_text(ratio)}{named}"
    rule = point_rule(
        rules,
        accuracy_class=plate.accuracy_class,
        connection=plate.connection,
        load=point,
        factor="1.0",
        loading=BALANCED,
        imax_ratio=EXACT.divide(plate.max_a, plate.base_a),
    )
    least = field_rules.figure("readings/least")
    if len(readings) < least.value:
        return incomplete_verdict(
            "working_error", "too_few_readings", field_rules.ref(least), point=point
        )
    return error_verdict(rule, readings, takes_extra=False, point=point, item="working_error")


def clock_offset_verdict(field_rules: RuleSet, offset_s: Decimal) -> Verdict:
    """Judge the offset of a meter's clock: beyond the limit it is a fault.

    Source:
        docs/sources/dl-t-1664.md, clock.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> clock_offset_verdict(rule_set("DL/T 1664", "2016"), Decimal(-700)).conclusion.value
    'fail'
    """
    limit = field_rules.figure("clock/fault_above_s")
    return measured_verdict(
        "clock_offset", value=offset_s, limit=limit.value, ref=field_rules.ref(limit), unit="s"
    )


def drop_verdict(
    rules: RuleSet, *, device_class: str, purpose: str, f_pct: Decimal, delta_min: Decimal,
    point: str = "",
) -> Verdict:  # fmt: skip
    """Judge the voltage drop of a secondary circuit by the limit of the edition.

    The edition of 2016 has one limit; that of 2000 a wider one for all but settlement in
    classes I and II.

    Source:
        docs/sources/dl-t-448.md, secondary voltage drop.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> [drop_verdict(rule_set("DL/T 448", edition), device_class="III", purpose="settlement",
    ...      f_pct=Decimal("-0.3"), delta_min=Decimal(4)).conclusion.value
    ...  for edition in ("2000", "2016")]
    ['pass', 'fail']
    """
    other = rules.find("secondary_voltage_drop/other_limit_pct")
    is_strict = purpose == "settlement" and device_class in STRICT_CLASSES
    found = voltage_drop_verdict(
        rules,
        f_pct=f_pct,
        delta_min=delta_min,
        limit_pct=None if other is None or is_strict else other.value,
    )
    return found._replace(point=point)


def burden_verdict(
    rules: RuleSet, *, rated_va: Decimal, actual_va: Decimal, point: str = ""
) -> Verdict:
    """Judge the actual burden of a secondary circuit against the rated one, ends included.

    Raises:
        WrongValue: the rated burden is not above zero.

    Source:
        docs/sources/dl-t-448.md, secondary voltage drop.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> burden_verdict(rule_set("DL/T 448", "2016"), rated_va=Decimal(10),
    ...                actual_va=Decimal("2.4")).reason
    'burden_too_low'
    """
    if rated_va <= ZERO:
        raise WrongValue(
            "not_positive", "a rated burden is above zero", {"rated_va": plain_text(rated_va)}
        )
    low, high = (
        rules.figure("secondary_burden/from_rated_pct"),
        rules.figure("secondary_burden/to_rated_pct"),
    )
    share = EXACT.multiply(EXACT.divide(actual_va, rated_va), HUNDRED)
    reason = "within_limit"
    if share < low.value:
        reason = "burden_too_low"
    elif share > high.value:
        reason = "burden_too_high"
    return Verdict(
        item="secondary_burden",
        point=point,
        conclusion=Conclusion.PASS if reason == "within_limit" else Conclusion.FAIL,
        reason=reason,
        rule=rules.ref(low, high),
        unit="%",
        value=share,
        limit_low=low.value,
        limit_high=high.value,
        derivation=(Step("burden", {"actual_va": actual_va, "rated_va": rated_va}),),
    )


def is_calibrator_good_enough(
    field_rules: RuleSet, meter_class: str, calibrator_class: str
) -> bool:
    """Whether a calibrator is two classes better than the meter; not, where a class is not known.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> is_calibrator_good_enough(rule_set("DL/T 1664", "2016"), "0.5S", "0.1")
    True
    """
    needed = field_rules.find(f"calibrator_class/{meter_class}")
    try:
        stated = Decimal(calibrator_class.rstrip("S级 ") or "NaN")
    except ArithmeticError:
        return False
    return needed is not None and not stated.is_nan() and stated <= needed.value
