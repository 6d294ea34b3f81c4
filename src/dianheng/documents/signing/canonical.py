"""One text for the same data, after RFC 8785, so that a digest of it means something.

Names sorted by UTF-16 code units, no white space, UTF-8, the shortest escapes. Numbers are
whole and within ±(2⁵³−1); every figure with decimals is text, since a binary float would not
come back as it went. A browser makes the same text with `JSON.stringify` over sorted names.
"""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

LARGEST_INTEGER = 2**53 - 1


class NotCanonicalError(ValueError):
    """The data cannot be written as canonical JSON, or a text is not in that form."""


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def plain(value: Any) -> Any:
    """Turn dataclasses, dates, moments and decimals into what JSON knows.

    Raises:
        NotCanonicalError: a float, a naive moment, or a type that has no form on paper.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {_name(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise NotCanonicalError(f"a moment without zone: {value}")
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise NotCanonicalError(f"not a finite number: {value}")
        return format(value, "f")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _field_names(type(value))}
    raise NotCanonicalError(f"no form on paper for {type(value).__name__}")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise NotCanonicalError(f"a name must be text: {name!r}")
    return name


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return {name: _ordered(value[name]) for name in names}
    if isinstance(value, list):
        return [_ordered(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_INTEGER:
        raise NotCanonicalError(f"whole number out of range: {value}")
    return value


def canonical_json(value: Any) -> bytes:
    """Canonical JSON of data, as UTF-8.

    Raises:
        NotCanonicalError: see `plain`; also whole numbers beyond ±(2⁵³−1) and broken Unicode.

    Source:
        RFC 8785, restricted to text and whole numbers.

    >>> canonical_json({"b": 1, "a": ["检定", None, True]}).decode()
    '{"a":["检定",null,true],"b":1}'
    """
    text = json.dumps(_ordered(plain(value)), ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotCanonicalError("broken Unicode in the data") from error


def _no_float(text: str) -> Any:
    raise NotCanonicalError(f"a number with decimals must be text: {text}")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotCanonicalError("a name stands twice")
    return found


def read_canonical(text: bytes) -> Any:
    """Read canonical JSON and insist on its form: any other spelling is refused.

    Raises:
        NotCanonicalError: not JSON, or not in canonical form.
    """
    try:
        value = json.loads(
            text.decode("utf-8"),
            parse_float=_no_float,
            parse_constant=_no_float,
            object_pairs_hook=_no_twins,
        )
        again = canonical_json(value)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise NotCanonicalError("not JSON") from error
    if again != text:
        raise NotCanonicalError("JSON, but not in canonical form")
    return value


def to_base64url(raw: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Read base64url; only the one shortest spelling is taken.

    Raises:
        ValueError: other characters, padding, or stray bits at the end.
    """
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if to_base64url(raw) != text:
        raise ValueError("not the shortest spelling")
    return raw


def digest_of(text: bytes) -> str:
    """SHA-256 as base64url, 43 characters."""
    return to_base64url(hashlib.sha256(text).digest())
