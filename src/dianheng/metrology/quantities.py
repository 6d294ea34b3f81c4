"""Decimal numbers as the trade needs them: read exactly, computed exactly, written plainly."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import lru_cache

from dianheng.metrology.errors import WrongValue

# Fifty digits hold every quotient of the tables without a second rounding; a context of our own
# keeps results the same whatever the calling thread set up.
EXACT = Context(
    prec=50,
    rounding=ROUND_HALF_EVEN,
    traps=[DivisionByZero, InvalidOperation, Overflow],
)

# Wide enough to write out the quotient of the largest by the finest quantities.
_WRITING = Context(prec=400, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])

ZERO = Decimal(0)
HUNDRED = Decimal(100)
SQRT_3 = EXACT.sqrt(Decimal(3))
PI = Decimal("3.1415926535897932384626433832795028841971693993751")

_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?"
)
_MAX_TEXT = 64
_LARGEST = Decimal("1e15")
_SURE_EXPONENT = -40
_SURE = Decimal(1).scaleb(_SURE_EXPONENT)
_FINEST_EXPONENT = -20


def read_decimal(value: object) -> Decimal:
    """Read a quantity from outside: text, whole number or Decimal, never float.

    Args:
        value: decimal text as benches and people write it (`"+0.25"`, `"1.5e-3"`), `int`
            or `Decimal`.

    Returns:
        The number, exactly as written.

    Raises:
        WrongValue: not a number, not finite, a float or truth value, longer than 20 digits on
            either side of the point, at or beyond 1e15, or finer than 1e-20.

    >>> read_decimal("-0.1705")
    Decimal('-0.1705')
    >>> read_decimal("NaN")
    Traceback (most recent call last):
        ...
    dianheng.metrology.errors.WrongValue: not a decimal number
    """
    if isinstance(value, str):
        return _number_of(value.strip())
    if isinstance(value, bool):
        raise WrongValue("not_a_number", "a truth value is not a number")
    if isinstance(value, float):
        raise WrongValue("binary_float", "a binary float is not exact: give the number as text")
    if isinstance(value, int):
        # Not by way of text: Python refuses to write whole numbers of thousands of digits.
        if abs(value) >= 10**15:
            raise WrongValue("out_of_range", "the number is too large or too fine")
        return Decimal(value)
    if isinstance(value, Decimal):
        number = value
        if not number.is_finite():
            raise WrongValue("not_a_number", "not a decimal number")
        return _in_range(number)
    raise WrongValue("not_a_number", "not a decimal number")


# A load of 60 meters writes the same hundred numbers again and again.
@lru_cache(maxsize=4096)
def _number_of(text: str) -> Decimal:
    plain = text.replace("\u2212", "-") if len(text) <= _MAX_TEXT else ""
    if not _NUMBER.fullmatch(plain):
        raise WrongValue("not_a_number", "not a decimal number")
    return _in_range(Decimal(plain))


def _in_range(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    # copy_abs, unlike abs, does not round to the precision of the calling thread's context.
    if (
        number.copy_abs() >= _LARGEST
        or not isinstance(exponent, int)
        or exponent < _FINEST_EXPONENT
    ):
        raise WrongValue("out_of_range", "the number is too large or too fine")
    return number


def mean(values: Sequence[Decimal]) -> Decimal:
    """Arithmetic mean, same unit as the values.

    Raises:
        ValueError: no values.

    >>> mean([Decimal("0.2"), Decimal("0.3")])
    Decimal('0.25')
    """
    if not values:
        raise ValueError("a mean needs at least one value")
    total = values[0]
    for value in values[1:]:
        total = EXACT.add(total, value)
    return EXACT.divide(total, Decimal(len(values)))


def sure(value: Decimal) -> Decimal:
    """A number without the digits in which a computation at fifty digits may err.

    The difference of two means that never end lies beside the middle between two multiples of an
    interval, or beside a limit, where by exact fractions it lies on it.

    >>> below, above = (mean([Decimal(x), Decimal(0), Decimal(0)]) for x in ("-4", "-2.95"))
    >>> EXACT.subtract(above, below) == Decimal("0.35")
    False
    >>> sure(EXACT.subtract(above, below)) == Decimal("0.35")
    True
    """
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < _SURE_EXPONENT:
        return value.quantize(_SURE, context=EXACT)
    return value


def relative_error_pct(measured: Decimal, reference: Decimal) -> Decimal:
    """(measured - reference) / reference, in %.

    Args:
        measured: what the device under test shows.
        reference: what the standard shows, same unit; not zero.

    Raises:
        WrongValue: the reference is zero.

    >>> relative_error_pct(Decimal("1.5"), Decimal("1"))
    Decimal('50.0')
    """
    if not reference:
        raise WrongValue("reference_is_zero", "a relative error needs a reference that is not zero")
    difference = EXACT.subtract(measured, reference)
    return EXACT.divide(EXACT.multiply(difference, HUNDRED), reference)


def plain_text(value: Decimal, places: int = 6) -> str:
    """Write a number with at most `places` decimals, trailing zeros kept off, no exponent.

    >>> plain_text(Decimal("13.63636363"))
    '13.636364'
    >>> plain_text(Decimal("1E+3")), plain_text(Decimal("-0.0000001"))
    ('1000', '0')
    """
    text = f"{_WRITING.quantize(value, Decimal(1).scaleb(-places)):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
