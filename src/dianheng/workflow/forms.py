"""What people write on a form: read, worked out, checked against its schema."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator

from dianheng.common.errors import BadInput
from dianheng.common.lists.filters import NotUnderstood, read_day
from dianheng.common.numbers import halfwidth

from .errors import WrongExpression
from .expressions import evaluate, number
from .registry import all_options
from .selectors import text_of

MAX_BYTES = 200_000
NUMBERS = ("number", "money")

Path = tuple[str | int, ...]  # a field, or a table, its row and its column


def form_clean(schema: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The form as it is kept: known fields, digits plain, hidden ones left out, sums worked out.

    Raises:
        BadInput: with every field that is missing or wrong, in words.
    """
    fields: Mapping[str, Any] = schema["properties"]
    if len(repr(data)) > MAX_BYTES:
        raise BadInput(_("The form is larger than %(n)s kB.") % {"n": MAX_BYTES // 1000})
    clean = {
        name: _plain(fields[name], data[name]) for name in fields if _is_filled(data.get(name))
    }
    for name, text in (schema.get("when") or {}).items():
        if not _holds(text, clean):
            clean.pop(name, None)
    faults = _faults(schema, clean)
    for name, text in (schema.get("compute") or {}).items():
        try:
            value = evaluate(text, clean)
        except WrongExpression:
            clean.pop(name, None)
            continue
        clean[name] = str(value)
    if faults:
        raise BadInput(_("The form is not whole: nothing was sent."), faults)
    return clean


def is_shown(schema: Mapping[str, Any], name: str, data: Mapping[str, Any]) -> bool:
    """Whether a field shows with these values."""
    text = (schema.get("when") or {}).get(name)
    return text is None or _holds(text, data)


def _holds(text: str, data: Mapping[str, Any]) -> bool:
    try:
        return bool(evaluate(text, data))
    except WrongExpression:
        return False


def _is_filled(value: Any) -> bool:
    return value is not None and value != "" and value != []


def _plain(field: Mapping[str, Any], value: Any) -> Any:
    if field["format"] in NUMBERS and isinstance(value, str | int | float):
        return halfwidth(str(value)).strip().replace(" ", "")
    if field["format"] == "moment" and isinstance(value, str):
        return halfwidth(value).strip().replace("T", " ")
    if field["format"] == "date" and isinstance(value, str):
        try:
            return read_day(value).isoformat()
        except NotUnderstood:
            return value.strip()
    if field["format"] == "rows" and isinstance(value, list):
        columns = field["items"]["properties"]
        rows = [
            {n: _plain(columns[n], row[n]) for n in columns if _is_filled(row.get(n))}
            for row in value
            if isinstance(row, Mapping)
        ]
        return [row for row in rows if row]
    return value.strip() if isinstance(value, str) else value


def _faults(schema: Mapping[str, Any], clean: Mapping[str, Any]) -> list[dict[str, Any]]:
    fields = schema["properties"]
    hidden = {n for n, text in (schema.get("when") or {}).items() if not _holds(text, clean)}
    needed = [
        n for n in schema.get("required", []) if n not in hidden | set(schema.get("compute") or {})
    ]
    faults = [
        _fault(fields, (name,), "missing", _("%(field)s is empty."))
        for name in needed
        if name not in clean
    ]
    for error in Draft202012Validator(dict(schema) | {"required": []}).iter_errors(dict(clean)):
        facts = {"limit": error.validator_value}
        code = str(error.validator)
        faults.append(_fault(fields, error.absolute_path, code, _words(code), **facts))
    for path, field, value in _values(fields, clean):
        if found := _misread(field, value):
            faults.append(_fault(fields, path, *found, value=value))
    return faults


def _values(fields: Mapping[str, Any], clean: Mapping[str, Any]) -> Iterator[tuple[Path, Any, Any]]:
    """Every value with its place and its field: those of the form, and those in its tables."""
    for name, value in clean.items():
        yield (name,), fields[name], value
        if fields[name]["format"] == "rows" and isinstance(value, list):
            columns = fields[name]["items"]["properties"]
            for at, row in enumerate(value):
                for column, cell in row.items():
                    yield (name, at, column), columns[column], cell


def _misread(field: Mapping[str, Any], value: Any) -> tuple[str, Any] | None:
    """Why a value is none of its kind: code and words."""
    kind = field["format"]
    if kind == "listed" and value not in dict(all_options()[field["source"]]()):
        return "enum", _words("enum")
    if kind == "date" and not _is_day(value):
        return "date", _("%(field)s: “%(value)s” is no day. Write 2026-11-22, or t for today.")
    if kind == "moment" and not _is_moment(value):
        return "moment", _("%(field)s is no moment. Write 2026-12-01 09:00.")
    if kind in NUMBERS and not _is_number(value):
        return "number", _("%(field)s: “%(value)s” is no number.")
    return None


def _fault(
    fields: Mapping[str, Any], path: Iterable[Any], code: str, words: Any, **facts: Any
) -> dict[str, Any]:
    """One thing that is wrong, with its field, and its row when it stands in a table."""
    name, row, column = (*path, None, None, None)[:3]
    fault = {"field": name or "", "code": code}
    label = text_of(fields[name]["label"]) if name else ""
    if row is not None:
        fault["row"] = row + 1
        inner = fields[name]["items"]["properties"].get(column, {"label": {"zh": ""}})
        label = _("%(table)s, row %(row)s %(column)s") % {
            "table": label, "row": row + 1, "column": text_of(inner["label"]),
        }  # fmt: skip
    return fault | {"text": words % {"field": label, **facts}}


def _is_day(value: Any) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    try:
        number(value)
    except WrongExpression:
        return False
    return True


def _is_moment(value: Any) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return ":" in str(value)


def _words(code: str) -> Any:
    words = {
        "maxLength": _("%(field)s is too long: at most %(limit)s characters."),
        "minLength": _("%(field)s is empty."),
        "enum": _("%(field)s is none of the known values."),
        "type": _("%(field)s is of the wrong kind."),
        "pattern": _("%(field)s is not of the form that is asked for."),
    }
    return words.get(code, _("%(field)s is not right."))
