"""Demand shown by the meter against the standard."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.items import Item, figure_of_class
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import EXACT, mean, relative_error_pct
from dianheng.metrology.rounding import error_interval
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.verdicts import Fact, Step, Verdict, measured_verdict


class DemandLimit(StrEnum):
    """Which limit of the demand error holds; chosen in the scheme."""

    CLASS_VALUE = "class_value"  # the class of the meter
    CLASS_VALUE_AND_LOAD = "class_value_and_load"  # class + 0.05 Pn / P


def demand_verdict(
    rules: RuleSet,
    plate: MeterPlate,
    *,
    meter_kw: Decimal,
    standard_kw: Decimal,
    limit: DemandLimit = DemandLimit.CLASS_VALUE,
    point: str = "",
) -> Verdict:
    """Judge the demand shown against the standard, rounded to the interval of the class.

    Args:
        rules: edition of JJG 596.
        plate: the meter; class, and its rated power for the second limit.
        meter_kw: demand of the meter, kW.
        standard_kw: demand of the standard, kW; not zero.
        limit: class value, or class value + 0.05 Pn / P.
        point: load point.

    Raises:
        WrongValue: the standard shows zero.

    Source:
        docs/sources/jjg-596.md, demand.

    >>> from dianheng.metrology.examples import household_meter
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> demand_verdict(rule_set("JJG 596", "2012"), household_meter(), meter_kw=Decimal("1.0080"),
    ...                standard_kw=Decimal("1.0000")).conclusion.value
    'pass'
    """
    return _judged(
        rules,
        plate,
        error_pct=relative_error_pct(meter_kw, standard_kw),
        standard_kw=standard_kw,
        limit=limit,
        point=point,
        facts={"meter_kw": meter_kw, "standard_kw": standard_kw},
    )


def demand_error_verdict(
    rules: RuleSet,
    plate: MeterPlate,
    *,
    errors_pct: Sequence[Decimal],
    limit: DemandLimit = DemandLimit.CLASS_VALUE,
    point: str = "",
) -> Verdict:
    """Judge demand errors that a bench computed itself; their mean is judged.

    Raises:
        WrongValue: no errors, or the limit needs the demand in kW.

    >>> from dianheng.metrology.examples import household_meter
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> demand_error_verdict(rule_set("JJG 596", "2012"), household_meter(),
    ...                      errors_pct=[Decimal("0.84")]).rounded_text
    '+0.8'
    """
    if not errors_pct:
        raise WrongValue("fact_missing", "the errors are missing")
    return _judged(
        rules,
        plate,
        error_pct=mean(errors_pct),
        standard_kw=None,
        limit=limit,
        point=point,
        facts={"errors_pct": tuple(errors_pct)},
    )


def _judged(
    rules: RuleSet,
    plate: MeterPlate,
    *,
    error_pct: Decimal,
    standard_kw: Decimal | None,
    limit: DemandLimit,
    point: str,
    facts: dict[str, Fact],
) -> Verdict:
    class_value = figure_of_class(rules, "class_value_pct", plate.accuracy_class)
    interval = error_interval(rules, plate.accuracy_class)
    slope = rules.figure("demand/slope")
    allowed = class_value.value
    facts["limit_rule"] = limit.value
    if limit is DemandLimit.CLASS_VALUE_AND_LOAD:
        if standard_kw is None:
            raise WrongValue("fact_missing", "this limit needs the demand in kW")
        rated_kw = rated_power_kw(plate)
        share = EXACT.divide(EXACT.multiply(slope.value, rated_kw), standard_kw.copy_abs())
        allowed = EXACT.add(allowed, share)
        facts["rated_kw"] = rated_kw
    return measured_verdict(
        Item.DEMAND,
        value=error_pct,
        limit=allowed,
        # The choice of the limit is as doubtful as the slope, whichever limit is chosen.
        ref=rules.ref(class_value, interval, slope),
        unit="%",
        interval=interval.value,
        point=point,
        derivation=[Step("demand", facts)],
    )


def rated_power_kw(plate: MeterPlate) -> Decimal:
    """Power at Un and base current, kW.

    >>> from dianheng.metrology.examples import household_meter
    >>> rated_power_kw(household_meter())
    Decimal('1.1')
    """
    watts = EXACT.multiply(EXACT.multiply(plate.un_v, plate.base_a), plate.wiring.power_factor_m)
    return EXACT.divide(watts, Decimal(1000))
