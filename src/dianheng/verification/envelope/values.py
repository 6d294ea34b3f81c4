"""Values of an upload, one at a time: exact, of ordinary size, faults noted where they stand."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from dianheng.common.errors import BadInput, Text
from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.quantities import read_decimal

from .parts import DevicePart

MOMENT = _("is a moment with its offset, for example 2026-11-22T09:30:00+08:00")
SHORT_TEXT = _("is a text of at most 200 characters")
NUMBER = _("is a decimal number of ordinary size, written as text")


def read_json(body: bytes) -> Mapping[str, Any]:
    """The object in a JSON text; numbers exact, no NaN, no endless ones.

    Raises:
        BadInput: no JSON, or not an object.
    """
    try:
        data = json.loads(
            body.decode("utf-8-sig"), parse_float=_exact, parse_int=_whole, parse_constant=str
        )
    except (ValueError, RecursionError) as error:
        raise BadInput(
            _("This is no readable JSON."), [fault_at("", "json", str(error)[:200])]
        ) from None
    if not isinstance(data, dict):
        raise BadInput(_("The envelope is not a JSON object."))
    if b"\\ud" in body.lower():
        # Half a character, which JSON can write and no database can hold.
        try:
            json.dumps(data, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            raise BadInput(_("The text holds half a character.")) from None
    return data


# What is no number in JSON, or an endless one, is left as text: it is refused where it stands,
# with its device, and does not make the envelope unreadable.
def _exact(text: str) -> Decimal | str:
    return Decimal(text) if len(text) <= 64 else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= 19 else text


def fault_at(where: str, code: str, text: Text) -> dict[str, Any]:
    return {"field": where, "code": code, "text": text}


def is_short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 200 and "\0" not in value


def read_moment(value: Any) -> datetime | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    # Years that the calendar of the database or of a time zone cannot hold are no moments.
    return moment if moment.tzinfo is not None and 1990 <= moment.year <= 2200 else None


def plain(value: Any) -> Any:
    """The same value in what JSON columns hold: decimals as text, no zero bytes."""
    if isinstance(value, Mapping):
        return {str(name).replace("\0", ""): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, Decimal):
        return (
            format(value, "f") if value.is_finite() and abs(value.adjusted()) < 40 else str(value)
        )
    if isinstance(value, str):
        return value.replace("\0", "")
    return value


def one_of(
    part: DevicePart, header: Mapping[str, Any], name: str, known: Sequence[str], default: str
) -> str:
    value = header.get(name)
    if value is None:
        return default
    if value not in known:
        part.fault(
            f"header.{name}", "choice", _("is one of %(known)s") % {"known": ", ".join(known)}
        )
        return default
    return str(value)


def whole_number(
    part: DevicePart, data: Mapping[str, Any], where: str, name: str, least: int, most: int
) -> int | None:
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        part.fault(
            where,
            "number",
            _("is a whole number from %(least)s to %(most)s") % {"least": least, "most": most},
        )
        return None
    return value


def decimal_in(part: DevicePart, where: str, value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return read_decimal(value)
    except WrongValue:
        part.fault(where, "number", NUMBER)
        return None


def objects_in(part: DevicePart, where: str, data: Any) -> list[dict[str, Any]]:
    if data is None:
        return []
    if not isinstance(data, list) or len(data) > 50 or not all(isinstance(d, dict) for d in data):
        part.fault(where, "form", _("is a list of objects"))
        return []
    return data


def texts_in(
    part: DevicePart, where: str, data: Mapping[str, Any], names: Sequence[str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        value = data.get(name)
        if value is None:
            continue
        if not is_short(value):
            part.fault(f"{where}.{name}", "text", SHORT_TEXT)
            continue
        found[name] = value.strip()
    return found
