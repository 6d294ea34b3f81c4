"""Registers: against pulses, against a reference meter, total against rates."""

from collections.abc import Sequence
from decimal import Decimal

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.items import Item, figure_of_class
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import EXACT, ZERO, relative_error_pct
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.verdicts import Step, Verdict, incomplete_verdict, measured_verdict


def constant_verdict(
    rules: RuleSet,
    plate: MeterPlate,
    *,
    register_kwh: Decimal,
    pulses: Decimal,
    point: str = "",
) -> Verdict:
    """Judge the register against the pulses counted in the same time.

    Args:
        rules: edition of JJG 596.
        plate: the meter; its constant and register decimals count.
        register_kwh: increment of the register, kWh.
        pulses: pulses in the same time.
        point: direction or register, where a meter has several.

    Source:
        docs/sources/jjg-596.md, constant.

    >>> from dianheng.metrology.examples import household_meter
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> constant_verdict(rule_set("JJG 596", "2012"), household_meter(), pulses=Decimal(1206),
    ...                  register_kwh=Decimal("1.00")).value
    Decimal('-0.005')
    """
    steps = rules.figure("constant/last_digit_steps")
    by_pulses = EXACT.divide(pulses, plate.constant_imp_per_kwh)
    return measured_verdict(
        Item.CONSTANT,
        value=EXACT.subtract(register_kwh, by_pulses),
        limit=EXACT.multiply(steps.value, _last_digit(plate.register_decimals)),
        ref=rules.ref(steps),
        unit="kWh",
        point=point,
        derivation=[
            Step(
                "register_against_pulses",
                {
                    "register_kwh": register_kwh,
                    "pulses": pulses,
                    "constant_imp_per_kwh": plate.constant_imp_per_kwh,
                    "pulses_kwh": by_pulses,
                },
            )
        ],
    )


def constant_error_pct(
    *, constant_imp_per_kwh: Decimal, register_kwh: Decimal, pulses: Decimal
) -> Decimal:
    """Register against pulses: (register - pulses / C) / (pulses / C), in %.

    Raises:
        WrongValue: constant or pulses are zero.

    >>> constant_error_pct(constant_imp_per_kwh=Decimal(1200), register_kwh=Decimal("1.001"),
    ...                    pulses=Decimal(1200))
    Decimal('0.100')
    """
    if constant_imp_per_kwh <= ZERO or pulses <= ZERO:
        raise WrongValue("not_positive", "constant and pulses are greater than zero")
    return relative_error_pct(register_kwh, EXACT.divide(pulses, constant_imp_per_kwh))


def register_run_verdict(
    rules: RuleSet,
    plate: MeterPlate,
    *,
    register_kwh: Decimal,
    reference_kwh: Decimal,
    point: str = "",
) -> Verdict:
    """Judge a register run: the meter's register against a reference meter on the same load.

    The difference stays within the class of the meter plus one last digit.

    Source:
        docs/sources/jjg-596.md, constant, register run.

    >>> from dianheng.metrology.examples import household_meter
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> register_run_verdict(rule_set("JJG 596", "2012"), household_meter(),
    ...     register_kwh=Decimal("10.12"), reference_kwh=Decimal("10.00")).conclusion.value
    'fail'
    """
    class_value = figure_of_class(rules, "class_value_pct", plate.accuracy_class)
    steps = rules.figure("constant/last_digit_steps")
    share = EXACT.divide(EXACT.multiply(reference_kwh.copy_abs(), class_value.value), Decimal(100))
    digit = EXACT.multiply(steps.value, _last_digit(plate.register_decimals))
    return measured_verdict(
        Item.CONSTANT,
        value=EXACT.subtract(register_kwh, reference_kwh),
        limit=EXACT.add(share, digit),
        ref=rules.ref(class_value, steps),
        unit="kWh",
        point=point,
        derivation=[
            Step(
                "register_run",
                {
                    "register_kwh": register_kwh,
                    "reference_kwh": reference_kwh,
                    "class_share_kwh": share,
                    "last_digit_kwh": digit,
                },
            )
        ],
    )


def combination_verdict(
    rules: RuleSet,
    *,
    total_kwh: Decimal,
    rates_kwh: Sequence[Decimal],
    register_decimals: int,
    point: str = "",
) -> Verdict:
    """Judge the total register against the sum of the rate registers.

    Limit (n - 1) x 10^-b for n rates and b decimals.

    Source:
        docs/sources/jjg-596.md, register combination.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> verdict = combination_verdict(rule_set("JJG 596", "2012"), total_kwh=Decimal("0.300"),
    ...     rates_kwh=[Decimal("0.080"), *[Decimal("0.070")] * 3], register_decimals=2)
    >>> verdict.value, verdict.limit_high, verdict.conclusion.value
    (Decimal('0.010'), Decimal('0.03'), 'pass')
    """
    steps = rules.figure("combination/steps_per_extra_rate")
    if len(rates_kwh) < 2:
        return incomplete_verdict(Item.COMBINATION, "rates_missing", rules.ref(steps), point=point)
    total_of_rates = ZERO
    for rate in rates_kwh:
        total_of_rates = EXACT.add(total_of_rates, rate)
    extra_rates = Decimal(len(rates_kwh) - 1)
    return measured_verdict(
        Item.COMBINATION,
        value=EXACT.subtract(total_kwh, total_of_rates),
        limit=EXACT.multiply(
            EXACT.multiply(steps.value, extra_rates), _last_digit(register_decimals)
        ),
        ref=rules.ref(steps),
        unit="kWh",
        point=point,
        derivation=[
            Step(
                "register_combination",
                {
                    "total_kwh": total_kwh,
                    "rates_kwh": tuple(rates_kwh),
                    "sum_of_rates_kwh": total_of_rates,
                    "rate_count": len(rates_kwh),
                },
            )
        ],
    )


def _last_digit(register_decimals: int) -> Decimal:
    return Decimal(1).scaleb(-register_decimals)
