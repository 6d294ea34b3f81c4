"""From JSON back to the typed data, field by field; what does not fit is named."""

import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


class PaperDataError(ValueError):
    """The data do not fit the kind of paper; the text names the field."""


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def read(kind: type[T], value: Any, where: str = "") -> T:
    """Build `kind` from plain data; fields that are missing take their default.

    Unknown names are refused, so that nothing is silently left off a paper.

    Raises:
        PaperDataError: a field is missing, unknown, or of the wrong type.
    """
    if not isinstance(value, dict):
        raise PaperDataError(f"{where or kind.__name__}: an object is expected")
    hints: dict[str, Any] = _hints(typing.cast(Any, kind))
    unknown = [name for name in value if name not in hints]
    if unknown:
        raise PaperDataError(f"{where or kind.__name__}: unknown field {unknown[0]!r}")
    parts: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        place = f"{where}.{field.name}" if where else field.name
        if field.name in value:
            parts[field.name] = _part(hints[field.name], value[field.name], place)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise PaperDataError(f"{place}: missing")
    try:
        return kind(**parts)
    except ValueError as error:
        raise PaperDataError(f"{where or kind.__name__}: {error}") from error


def _part(hint: Any, value: Any, place: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
        return _part(hint, value, place)
    if origin is tuple:
        return _tuple(typing.get_args(hint), value, place)
    if is_dataclass(hint):
        return read(typing.cast(type, hint), value, place)
    if hint is datetime or hint is date:
        return _day(hint, value, place)
    if type(value) is not hint:
        raise PaperDataError(f"{place}: {hint.__name__} expected, not {type(value).__name__}")
    return value


def _tuple(parts: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise PaperDataError(f"{place}: a list is expected")
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(_part(parts[0], item, f"{place}[{i}]") for i, item in enumerate(value))
    if len(parts) != len(value):
        raise PaperDataError(f"{place}: {len(parts)} parts expected, not {len(value)}")
    return tuple(
        _part(part, item, f"{place}[{i}]")
        for i, (part, item) in enumerate(zip(parts, value, strict=True))
    )


def _day(hint: type, value: Any, place: str) -> date:
    if not isinstance(value, str):
        raise PaperDataError(f"{place}: a date as text is expected")
    try:
        if hint is date:
            return date.fromisoformat(value)
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise PaperDataError(f"{place}: not a date: {value!r}") from error
    if moment.tzinfo is None:
        raise PaperDataError(f"{place}: a moment needs its zone")
    return moment
