"""JSON in and out without a binary float anywhere."""

import json
from collections.abc import Iterable

from dianheng.interfaces.calculators.shapes import FieldProblem, InputRefused


class NumberText(str):
    """A JSON number, kept as the text it was written in."""

    __slots__ = ()


def read_json(data: bytes | str) -> object:
    """Read JSON; numbers stay text (`NumberText`), objects refuse a name that stands twice.

    Raises:
        InputRefused: not UTF-8, not JSON, nested too deeply, or a name stands twice.

    >>> read_json('{"value": 0.30}')
    {'value': '0.30'}
    """
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise InputRefused("not_utf8", "the input is not UTF-8 text") from None
    try:
        return json.loads(
            text,
            parse_float=NumberText,
            parse_int=NumberText,
            parse_constant=NumberText,  # NaN and Infinity: refused by the field they stand in
            object_pairs_hook=_unique,
        )
    except (json.JSONDecodeError, RecursionError):
        raise InputRefused("not_json", "the input is not JSON") from None


def write_json(value: object, *, indent: int | None = None, is_ascii: bool = False) -> str:
    """Write an answer; there is no float in it to write, and half a character is escaped.

    >>> write_json({"rounded": "+0.4"})
    '{"rounded": "+0.4"}'
    >>> write_json({"text": "不是有效数字", "facts": chr(0xDC00)})
    '{"text": "不是有效数字", "facts": "\\\\udc00"}'
    """
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode()


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    twice = []
    for name, value in pairs:
        if name in found:
            twice.append(name)
        found[name] = value
    if twice:
        raise InputRefused(
            "name_twice",
            "a name stands twice in one object",
            [FieldProblem(name[:80], "twice", "stands twice") for name in dict.fromkeys(twice)],
        )
    return found
