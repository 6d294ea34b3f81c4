"""Rounding: to an interval, half to the even multiple (GB/T 8170-2008); of money, half up."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.quantities import EXACT, ZERO
from dianheng.metrology.rule_sets import Figure, RuleSet

FEN = Decimal("0.01")  # yuan


def round_to_interval(value: Decimal, interval: Decimal) -> Decimal:
    """Round a value to the nearest multiple of an interval.

    Args:
        value: any unit.
        interval: rounding interval, same unit; positive.

    Returns:
        Nearest multiple, ties to the even multiple, with the decimals of the interval;
        a zero has no sign.

    Raises:
        WrongValue: the interval is not positive.

    Source:
        docs/sources/gb-t-8170.md.

    >>> round_to_interval(Decimal("0.4251"), Decimal("0.05"))
    Decimal('0.45')
    >>> round_to_interval(Decimal("60.25"), Decimal("0.5"))
    Decimal('60.0')
    >>> round_to_interval(Decimal("842"), Decimal("20"))
    Decimal('840')
    """
    if interval <= ZERO:
        raise WrongValue("interval_not_positive", "a rounding interval is greater than zero")
    multiple = EXACT.divide(value, interval).to_integral_value(ROUND_HALF_EVEN)
    if not multiple:
        return ZERO.scaleb(-decimals_of(interval))
    return EXACT.multiply(multiple, interval).quantize(_unit_of(interval), context=EXACT)


def round_money(amount_yuan: Decimal) -> Decimal:
    """Round an amount to 0.01 yuan, half up on the magnitude: the last step of an amount.

    Args:
        amount_yuan: yuan, not rounded before; negative where money is given back.

    Returns:
        Yuan with two decimals; a zero has no sign.

    Source:
        docs/sources/utility-practice.md, amounts of money.

    >>> round_money(Decimal("12.345")), round_money(Decimal("-12.345"))
    (Decimal('12.35'), Decimal('-12.35'))
    """
    rounded = amount_yuan.quantize(FEN, ROUND_HALF_UP, context=EXACT)
    return rounded if rounded else FEN * 0


def decimals_of(interval: Decimal) -> int:
    """Decimals with which a value rounded to this interval is written.

    >>> decimals_of(Decimal("0.05")), decimals_of(Decimal("20")), decimals_of(Decimal("0.50"))
    (2, 0, 1)
    """
    exponent = interval.normalize(EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def signed_text(rounded: Decimal, decimals: int) -> str:
    """Write a rounded error as on paper: with its sign, a zero without.

    >>> signed_text(Decimal("0.2"), 1), signed_text(Decimal("-0.04"), 2), signed_text(ZERO, 2)
    ('+0.2', '-0.04', '0.00')
    """
    if not rounded:
        return f"{ZERO:.{decimals}f}"
    return f"{rounded:+.{decimals}f}"


def error_interval(rule_set: RuleSet, accuracy_class: str, measure: str = "active") -> Figure:
    """Rounding interval of a relative error, %, for a class.

    Args:
        rule_set: edition of JJG 596.
        accuracy_class: `0.2S`, `0.5S`, `1`, `2`; reactive `2`, `3`; standard meters `0.05` &c.
        measure: `active`, `reactive` or `standard_meter`.

    Raises:
        NoRule: the rule set has no interval for this class.

    Source:
        docs/sources/jjg-596.md, rounding.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> error_interval(rule_set("JJG 596", "2012"), "0.5S").value
    Decimal('0.05')
    """
    figure = rule_set.find(f"rounding_interval_pct/{measure}/{accuracy_class}")
    if figure is None:
        raise NoRule(
            "no_class",
            f"{rule_set.name} has no rounding interval for this class",
            {"accuracy_class": accuracy_class, "measure": measure},
        )
    return figure


def _unit_of(interval: Decimal) -> Decimal:
    return Decimal(1).scaleb(-decimals_of(interval))
