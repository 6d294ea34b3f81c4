"""Bar codes: one scheme for each company, what a scanner sends, and the Code 128 symbol check."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import mul
from typing import NamedTuple, Protocol

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.rule_sets import RuleRef, RuleSet, rule_set

_AIM_PREFIX = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_DIGITS = re.compile(r"[0-9]+")
_CODE_128_START_C = 105
_CODE_128_STOP = 106
_CODE_128_MODULUS = 103
_MAX_SCAN = 512


class Severity(StrEnum):
    """How grave the findings on a bar code are."""

    NONE = "none"
    WARNING = "warning"  # taken, with a remark
    ERROR = "error"  # refused


class BarcodeParts(NamedTuple):
    """Parts of a bar code; a scheme leaves empty what it does not have."""

    unit: str = ""
    asset_type: str = ""
    serial: str = ""
    check_digit: str = ""


class BarcodeCheck(NamedTuple):
    """Result of a check; `problems` are codes: `length`, `not_digits`, `check_digit`, …"""

    is_valid: bool
    severity: Severity
    problems: tuple[str, ...]
    rule: RuleRef | None


class BarcodeScheme(Protocol):
    """What a company's scheme can do."""

    @property
    def name(self) -> str:
        """Name under which the scheme is registered."""

    def parse(self, code: str) -> BarcodeParts:
        """Parts of a code; WrongValue when it does not have the form."""

    def validate(self, code: str, *, is_strict: bool) -> BarcodeCheck:
        """Check a code: strict for segments issued by the utility, a warning for older ones."""

    def generate(self, parts: BarcodeParts) -> str:
        """The code of the parts, check digit added."""


class StateGridScheme:
    """22 digits: unit 5, asset type 2, serial number 14, check digit 1.

    Source:
        docs/sources/q-gdw-1205.md.
    """

    name = "state_grid_22"

    def __init__(self, rules: RuleSet | None = None) -> None:
        self.rules = rules or rule_set("Q/GDW 1205", "2013")
        sizes = self.rules.group("structure")
        self._unit = int(sizes["unit_digits"].value)
        self._type = int(sizes["asset_type_digits"].value)
        self._serial = int(sizes["serial_digits"].value)
        self.body_digits = self._unit + self._type + self._serial
        self.digits = self.body_digits + int(sizes["check_digits"].value)
        weights = self.rules.group("check_digit")
        odd, even = int(weights["odd_weight"].value), int(weights["even_weight"].value)
        self._modulus = int(weights["modulus"].value)
        self._form_ref = self.rules.ref(*sizes.values())._replace(row="structure")
        digit_ref = self.rules.ref(self.rules.figure("check_digit/modulus"))
        self._right = BarcodeCheck(True, Severity.NONE, (), digit_ref)
        self._weights = tuple(
            even if place % 2 else odd for place in reversed(range(self.body_digits))
        )

    def check_digit(self, body: str) -> str:
        """Check digit of the 21 digits of the body.

        From the right the digits weigh 3, 1, 3, 1 …; the check digit fills the sum up to the
        next ten. It finds every single wrong digit, but not the swap of two neighbours that
        differ by five.

        Raises:
            WrongValue: not 21 digits.

        >>> StateGridScheme().check_digit("413000100000044652964")
        '1'
        """
        if len(body) != self.body_digits or not _DIGITS.fullmatch(body):
            raise WrongValue(
                "not_a_body", f"the body has {self.body_digits} digits", {"length": str(len(body))}
            )
        total = sum(map(mul, map(int, body), self._weights))
        return str(-total % self._modulus)

    def parse(self, code: str) -> BarcodeParts:
        """Parts of a code of the right form, whatever its check digit.

        Raises:
            WrongValue: not 22 digits.

        >>> StateGridScheme().parse("4130001000000446529641").serial
        '00000044652964'
        """
        problems = self._form_problems(code)
        if problems:
            raise WrongValue(problems[0], f"a code has {self.digits} digits", {"code": code[:40]})
        type_end = self._unit + self._type
        return BarcodeParts(
            code[: self._unit], code[self._unit : type_end], code[type_end:-1], code[-1]
        )

    def validate(self, code: str, *, is_strict: bool = True) -> BarcodeCheck:
        """Check form and check digit.

        Args:
            code: the code.
            is_strict: for number segments that the utility issued; otherwise a wrong check digit
                is a warning. A wrong form is always an error.

        >>> StateGridScheme().validate("4130001000000446529642", is_strict=False).severity.value
        'warning'
        """
        problems = self._form_problems(code)
        if problems:
            return BarcodeCheck(False, Severity.ERROR, problems, self._form_ref)
        if self.check_digit(code[:-1]) == code[-1]:
            return self._right
        severity = Severity.ERROR if is_strict else Severity.WARNING
        return BarcodeCheck(not is_strict, severity, ("check_digit",), self._right.rule)

    def generate(self, parts: BarcodeParts) -> str:
        """The code of unit, asset type and serial number, filled up with zeros on the left.

        Raises:
            WrongValue: a part is not digits, or too long.

        >>> StateGridScheme().generate(BarcodeParts("41300", "01", "44652964"))
        '4130001000000446529641'
        """
        body = ""
        for name, value, size in (
            ("unit", parts.unit, self._unit),
            ("asset_type", parts.asset_type, self._type),
            ("serial", parts.serial, self._serial),
        ):
            if not _DIGITS.fullmatch(value) or len(value) > size:
                raise WrongValue("no_part", f"{name} has at most {size} digits", {"field": name})
            body += value.rjust(size, "0")
        return body + self.check_digit(body)

    def communication_address(self, code: str) -> str:
        """The twelve digits in front of the check digit, the meter's address.

        Raises:
            WrongValue: not 22 digits.

        >>> StateGridScheme().communication_address("4130001000000446529641")
        '000044652964'
        """
        self.parse(code)
        first = int(self.rules.figure("communication_address/first_position").value)
        last = int(self.rules.figure("communication_address/last_position").value)
        return code[first - 1 : last]

    def _form_problems(self, code: str) -> tuple[str, ...]:
        if not _DIGITS.fullmatch(code):
            return ("not_digits",)
        return () if len(code) == self.digits else ("length",)


@dataclass(frozen=True)
class GenericScheme:
    """Codes of other companies: a length and a set of characters, no check digit."""

    name: str = "generic"
    least_length: int = 4
    greatest_length: int = 40
    pattern: str = r"[0-9A-Z][0-9A-Z./_-]*"

    def parse(self, code: str) -> BarcodeParts:
        """The whole code is the serial number.

        Raises:
            WrongValue: not of the form.
        """
        check = self.validate(code, is_strict=True)
        if check.problems:
            raise WrongValue(check.problems[0], "not a code of this scheme", {"code": code[:40]})
        return BarcodeParts(serial=code)

    def validate(self, code: str, *, is_strict: bool = True) -> BarcodeCheck:
        """Check length and characters.

        >>> GenericScheme().validate("abC123", is_strict=True).problems
        ('characters',)
        """
        problems = []
        if not self.least_length <= len(code) <= self.greatest_length:
            problems.append("length")
        if not re.fullmatch(self.pattern, code):
            problems.append("characters")
        severity = Severity.ERROR if problems else Severity.NONE
        return BarcodeCheck(not problems, severity, tuple(problems), None)

    def generate(self, parts: BarcodeParts) -> str:
        """The serial number itself.

        Raises:
            WrongValue: not of the form.
        """
        self.parse(parts.serial)
        return parts.serial


_SCHEMES: dict[str, BarcodeScheme] = {}


def register_scheme(scheme: BarcodeScheme) -> None:
    """Add a company's scheme at start; a name already taken is refused.

    Raises:
        WrongValue: a different scheme has the name.
    """
    if _SCHEMES.setdefault(scheme.name, scheme) is not scheme:
        raise WrongValue("scheme_twice", "a scheme has this name", {"scheme": scheme.name})


def barcode_scheme(name: str) -> BarcodeScheme:
    """A registered scheme.

    Raises:
        NoRule: no such scheme.

    >>> barcode_scheme("state_grid_22").parse("4130001000000446529641").asset_type
    '01'
    """
    if name not in _SCHEMES:
        raise NoRule("no_scheme", "no bar code scheme of this name", {"scheme": name[:40]})
    return _SCHEMES[name]


def barcode_schemes() -> Mapping[str, BarcodeScheme]:
    """All registered schemes by name."""
    return dict(_SCHEMES)


register_scheme(StateGridScheme())
register_scheme(GenericScheme())
_SHIPPED = frozenset(_SCHEMES)


def added_schemes() -> tuple[BarcodeScheme, ...]:
    """Schemes that companies added to those that ship, by name."""
    return tuple(scheme for name, scheme in sorted(_SCHEMES.items()) if name not in _SHIPPED)


def scheme_of(code: str, schemes: Iterable[BarcodeScheme]) -> tuple[str, BarcodeCheck] | None:
    """The first scheme that a code belongs to, with what it finds; None: it is of no such scheme.

    >>> scheme_of("A-1047", [StateGridScheme(), GenericScheme()])[0]
    'generic'
    """
    for scheme in schemes:
        check = scheme.validate(code, is_strict=False)
        if check.is_valid:
            return scheme.name, check
    return None


class Segment(NamedTuple):
    """A number segment that the utility issued for an order: serial numbers first to last."""

    unit: str
    asset_type: str
    first_serial: int
    last_serial: int

    @property
    def size(self) -> int:
        """How many numbers the segment has."""
        return max(0, self.last_serial - self.first_serial + 1)

    def contains(self, code: str, scheme: BarcodeScheme | None = None) -> bool:
        """Whether a code lies in the segment; a code of another form does not.

        >>> Segment("41300", "01", 44652960, 44652969).contains("4130001000000446529641")
        True
        """
        try:
            parts = (scheme or barcode_scheme("state_grid_22")).parse(code)
        except WrongValue:
            return False
        return (
            parts.unit == self.unit
            and parts.asset_type == self.asset_type
            and self.first_serial <= int(parts.serial) <= self.last_serial
        )

    def codes(self, scheme: BarcodeScheme | None = None) -> Iterator[str]:
        """All codes of the segment, in order.

        Raises:
            WrongValue: the segment does not fit the scheme.

        >>> list(Segment("41300", "01", 44652964, 44652965).codes())[0]
        '4130001000000446529641'
        """
        maker = scheme or barcode_scheme("state_grid_22")
        for serial in range(self.first_serial, self.last_serial + 1):
            yield maker.generate(BarcodeParts(self.unit, self.asset_type, str(serial)))


def scanned_text(raw: str) -> str:
    """What a scanner meant: without line end, blanks around it and AIM prefix (`]C1`).

    Digits that an input method made full width are made narrow.

    Raises:
        WrongValue: empty, longer than 512 characters, or with control characters inside.

    >>> scanned_text("]C14130001000000446529641\\r")
    '4130001000000446529641'
    """
    text = raw.strip()
    prefix = _AIM_PREFIX.match(text)
    if prefix:
        text = text[prefix.end() :]
    text = text.translate(_NARROW).strip()
    if not text or len(text) > _MAX_SCAN or not text.isprintable():
        raise WrongValue("no_scan", "nothing that a scanner could have read")
    return text


_NARROW = {0xFF10 + digit: ord("0") + digit for digit in range(10)}


def code_128c_values(digits: str) -> tuple[int, ...]:
    """Symbol values of a number in Code 128 subset C: start, pairs of digits, check, stop.

    Raises:
        WrongValue: not an even count of digits.

    Source:
        docs/sources/q-gdw-1205.md, symbology.

    >>> code_128c_values("123456")
    (105, 12, 34, 56, 44, 106)
    """
    if not _DIGITS.fullmatch(digits) or len(digits) % 2:
        raise WrongValue("not_pairs", "subset C writes an even count of digits")
    pairs = [int(digits[place : place + 2]) for place in range(0, len(digits), 2)]
    check = code_128c_check(pairs)
    return (_CODE_128_START_C, *pairs, check, _CODE_128_STOP)


def code_128c_check(pairs: list[int]) -> int:
    """Check value of pairs of digits in Code 128 subset C.

    >>> code_128c_check([12, 34, 56])
    44
    """
    total = _CODE_128_START_C + sum(place * value for place, value in enumerate(pairs, start=1))
    return total % _CODE_128_MODULUS
