"""Kinds of input fields: each reads one value or says what is wrong with it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from dianheng.interfaces.calculators.json_text import NumberText
from dianheng.interfaces.calculators.shapes import Field
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.loads import read_factor, read_load
from dianheng.metrology.quantities import EXACT, plain_text, read_decimal

_MAX_TEXT = 200
_MAX_LIST = 10_000
_MAX_PLACES = 20
_MORE_THAN_A_CODE = 10**40
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER_SCHEMA = {"type": ["string", "number"]}


def number(
    name: str,
    about: str,
    *,
    is_positive: bool = False,
    is_not_negative: bool = False,
    above: str = "",
    known: Sequence[Decimal] = (),
) -> Field:
    """A decimal number, as text or JSON number."""

    def read(value: object) -> Decimal:
        found = read_decimal(value)
        if is_positive and found <= 0:
            raise WrongValue("not_positive", "greater than zero", {"value": plain_text(found)})
        if is_not_negative and found < 0:
            raise WrongValue("negative", "not below zero", {"value": plain_text(found)})
        if known and found not in known:
            texts = " ".join(plain_text(each) for each in known)
            raise WrongValue("not_in_table", f"one of {texts}", {"known": texts})
        return found

    schema: dict[str, Any] = {**_NUMBER_SCHEMA, "description": about}
    if known:
        schema["examples"] = [plain_text(each) for each in known]
    return Field(name, read, schema)


def ratio(name: str, about: str) -> Field:
    """A ratio greater than zero: a number, or two as on a plate, 100/5."""

    def read(value: object) -> Decimal:
        parts = [value]
        if isinstance(value, str) and len(value) <= _MAX_TEXT:
            parts = list(value.split("/"))
        found = [read_decimal(each) for each in parts[:2]]
        if len(parts) > 2 or min(found) <= 0:
            raise WrongValue("no_ratio", "a ratio such as 100/5, greater than zero")
        return EXACT.divide(found[0], found[1]) if len(found) == 2 else found[0]

    return Field(name, read, {**_NUMBER_SCHEMA, "description": about})


def whole(name: str, about: str, *, least: int, greatest: int = 10**9) -> Field:
    """A whole number, as text or JSON number."""

    def read(value: object) -> int:
        found = read_decimal(value)
        if found != found.to_integral_value():
            raise WrongValue("not_whole", "a whole number", {"value": plain_text(found)})
        if not least <= found <= greatest:
            raise WrongValue(
                "out_of_range",
                f"from {least} to {greatest}",
                {"least": str(least), "greatest": str(greatest)},
            )
        return int(found)

    return Field(name, read, {**_NUMBER_SCHEMA, "description": about})


def numbers(name: str, about: str, *, least: int = 1) -> Field:
    """A list of decimal numbers."""

    def read(value: object) -> list[Decimal]:
        if not isinstance(value, list | tuple):
            raise WrongValue("not_a_list", "a list of numbers")
        if not least <= len(value) <= _MAX_LIST:
            raise WrongValue(
                "list_length", f"from {least} to {_MAX_LIST} numbers", {"count": str(len(value))}
            )
        return list(_elements(enumerate(value)).values())

    return Field(
        name,
        read,
        {"type": "array", "items": _NUMBER_SCHEMA, "minItems": least, "description": about},
    )


def numbers_by_phase(name: str, about: str) -> Field:
    """A list of decimal numbers, or an object with one for each phase."""
    listed = numbers(name, about)

    def read(value: object) -> list[Decimal] | dict[str, Decimal]:
        if not isinstance(value, Mapping):
            found: list[Decimal] = listed.read(value)
            return found
        if not 1 <= len(value) <= 3 or any(key not in ("A", "B", "C") for key in value):
            raise WrongValue("no_phases", "errors of the phases A, B, C")
        return {str(key): each for key, each in _elements(value.items()).items()}

    by_phase = {
        "type": "object",
        "properties": dict.fromkeys("ABC", _NUMBER_SCHEMA),
        "additionalProperties": False,
    }
    return Field(
        name,
        read,
        {
            "anyOf": [{"type": "array", "items": _NUMBER_SCHEMA}, by_phase],
            "description": about,
        },
    )


def choice(name: str, about: str, known: Sequence[str], *, is_number: bool = False) -> Field:
    """One of a few texts; with `is_number` a JSON number counts as its text."""

    def read(value: object) -> str:
        is_numeric = is_number and isinstance(value, NumberText | int | Decimal)
        found = plain_text(read_decimal(value)) if is_numeric else _text(value)
        if found not in known:
            raise WrongValue("not_known", "one of " + ", ".join(known), {"known": ", ".join(known)})
        return found

    kind = ["string", "number"] if is_number else "string"
    schema: dict[str, Any] = {"type": kind, "description": about}
    if is_number:
        schema["examples"] = list(known)
    else:
        schema["enum"] = list(known)
    return Field(name, read, schema)


def load(name: str, about: str) -> Field:
    """The current of a load point."""

    def read(value: object) -> str:
        return read_load(_text(value)).text

    return Field(name, read, {"type": "string", "description": about})


def factor(name: str, about: str) -> Field:
    """A power factor; a JSON number such as 1.0 counts as its text."""

    def read(value: object) -> str:
        if isinstance(value, NumberText | int | Decimal) and not isinstance(value, bool):
            return read_factor(plain_text(read_decimal(value)))
        return read_factor(_text(value))

    return Field(name, read, {"type": ["string", "number"], "description": about})


def text(name: str, about: str, *, examples: Sequence[str] = ()) -> Field:
    """A short text."""
    schema: dict[str, Any] = {"type": "string", "description": about}
    if examples:
        schema["examples"] = list(examples)
    return Field(name, _text, schema)


def truth(name: str, about: str) -> Field:
    """A truth value, or its text."""

    def read(value: object) -> bool:
        if isinstance(value, bool):
            return value
        known = {"true": True, "false": False}
        found = known.get(value.strip().lower()) if isinstance(value, str) else None
        if found is None:
            raise WrongValue("not_a_truth_value", "true or false")
        return found

    schema = {"type": ["boolean", "string"], "enum": [True, False, "true", "false"]}
    return Field(name, read, {**schema, "description": about})


def named_numbers(name: str, about: str, names: Sequence[str], *, is_complete: bool) -> Field:
    """An object with a decimal number for each name, all of them or some."""

    def read(value: object) -> dict[str, Decimal]:
        if not isinstance(value, Mapping):
            raise WrongValue("not_an_object", f"an object with {', '.join(names)}")
        return numbers_named(value, names, is_complete=is_complete)

    schema: dict[str, Any] = {
        "type": "object",
        "properties": dict.fromkeys(names, _NUMBER_SCHEMA),
        "additionalProperties": False,
        "description": about,
    }
    if is_complete:
        schema["required"] = list(names)
    else:
        schema["minProperties"] = 1
    return Field(name, read, schema)


def numbers_named(
    value: Mapping[Any, object], names: Sequence[str], *, is_complete: bool
) -> dict[str, Decimal]:
    """The numbers of an object; strange and missing names are refused by name."""
    strange = [str(key)[:_MAX_TEXT] for key in value if key not in names]
    missing = [each for each in names if is_complete and each not in value]
    if strange or missing or not value:
        known = ", ".join(names)
        places = ", ".join((strange + missing)[:_MAX_PLACES])
        raise WrongValue(
            "no_element", f"an object with {known}", {"known": known, "places": places}
        )
    return {str(key): each for key, each in _elements(value.items()).items()}


def digits(name: str, about: str) -> Field:
    """Text of digits; a JSON number counts as its text."""

    def read(value: object) -> str:
        if isinstance(value, bool):
            raise WrongValue("not_text", "text expected")
        if isinstance(value, int):
            if not 0 <= value < _MORE_THAN_A_CODE:
                raise WrongValue("out_of_range", "longer than any code")
            return str(value)
        return _text(str(value) if isinstance(value, NumberText) else value)

    return Field(name, read, {"type": ["string", "number"], "description": about})


def day(name: str, about: str) -> Field:
    """A date, year-month-day."""

    def read(value: object) -> date:
        found = _text(value)
        try:
            if not _DAY.fullmatch(found):
                raise ValueError
            return date.fromisoformat(found)
        except ValueError:
            raise WrongValue("not_a_date", "a date such as 2026-05-31") from None

    return Field(name, read, {"type": "string", "format": "date", "description": about})


def custom(
    name: str, about: str, read: Callable[[object], Any], schema: Mapping[str, Any]
) -> Field:
    """A field with its own reading."""
    return Field(name, read, {**schema, "description": about})


def _text(value: object) -> str:
    if not isinstance(value, str) or isinstance(value, NumberText):
        raise WrongValue("not_text", "text expected")
    if len(value) > _MAX_TEXT:
        raise WrongValue("too_long", f"at most {_MAX_TEXT} characters", {"length": str(len(value))})
    found = value.strip()
    if not found:
        raise WrongValue("blank", "text expected")
    return found


def _elements(pairs: Iterable[tuple[object, object]]) -> dict[object, Decimal]:
    found = {}
    wrong: dict[str, str] = {}
    for place, value in pairs:
        try:
            found[place] = read_decimal(value)
        except WrongValue as problem:
            wrong[str(place)] = problem.code
    if wrong:
        places = ", ".join(list(wrong)[:_MAX_PLACES])
        codes = set(wrong.values())
        raise WrongValue(
            codes.pop() if len(codes) == 1 else "not_a_number",
            f"not a usable number at place {places}",
            {"places": places},
        )
    return found
