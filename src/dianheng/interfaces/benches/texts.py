"""Text of files and tables as benches write it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput
from dianheng.common.lists import NotUnderstood, read_moment
from dianheng.common.numbers import halfwidth

SCHEMA = "metering-test-upload/1"  # the neutral form that every door translates into

PASSED = {"01", "1", "PASS", "合格", "Y"}
FAILED = {"02", "0", "FAIL", "不合格", "N"}
# Phase codes of the State Grid record layout (a comment in a public sample).
PHASES = {"01": "ABC", "02": "A", "03": "B", "04": "C", "": "ABC"}
# Words of bench software: the balanced load of three- and of four-wire meters, single elements.
PHASES |= {"ABC": "ABC", "AC": "ABC", "H": "ABC", "合元": "ABC"}
PHASES |= {"A": "A", "B": "B", "C": "C", "A元": "A", "B元": "B", "C元": "C"}
# Power directions: our own names, the words of the trade, and digits from memory of public code.
DIRECTIONS = {
    "": "FWD_ACTIVE",
    "0": "FWD_ACTIVE",
    "1": "REV_ACTIVE",
    "2": "FWD_REACTIVE",
    "3": "REV_REACTIVE",
    "正向有功": "FWD_ACTIVE",
    "反向有功": "REV_ACTIVE",
    "正向无功": "FWD_REACTIVE",
    "反向无功": "REV_REACTIVE",
}


def decoded(body: bytes) -> str:
    """The text of a file in UTF-8, with or without mark, or in GBK.

    Raises:
        BadInput: neither.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise BadInput(_("The file is no text in UTF-8 or GBK."))


def parts(joined: Any) -> list[str]:
    """Values joined by `|`; empty ends are left out.

    >>> parts("+0.1705|-0.0200|")
    ['+0.1705', '-0.0200']
    """
    text = halfwidth(str(joined if joined is not None else "")).strip()
    return [each.strip() for each in text.strip("|").split("|")] if text.strip("|") else []


def conclusion(code: Any) -> str:
    """PASS, FAIL or NA of a conclusion code; empty when there is none."""
    text = str(code if code is not None else "").strip().upper()
    if text in PASSED:
        return "PASS"
    if text in FAILED:
        return "FAIL"
    return "NA" if text else ""


def moment(text: Any) -> str:
    """A moment as benches write it, in the organisation's zone; the text itself when it is none."""
    if isinstance(text, datetime):
        found = timezone.make_aware(text) if timezone.is_naive(text) else text
    else:
        written = str(text if text is not None else "").strip()
        try:
            found = read_moment(written)
        except NotUnderstood:
            return written
    return timezone.localtime(found).isoformat()


def day_of(moment_text: Any) -> date | None:
    """The organisation's day of a moment with its offset; None when it is none."""
    try:
        found = datetime.fromisoformat(str(moment_text))
    except ValueError:
        return None
    return None if timezone.is_naive(found) else timezone.localdate(found)


def whole(text: Any) -> Any:
    """A whole number where the text is one; the text itself otherwise, for the reader to refuse."""
    written = halfwidth(str(text if text is not None else "")).strip()
    if not written:
        return None
    return int(written) if written.isdigit() and len(written) < 18 else written


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def lowered(row: Mapping[str, Any]) -> dict[str, Any]:
    """Column names in lower case, blanks off."""
    return {str(name).strip().lower(): value for name, value in row.items()}
