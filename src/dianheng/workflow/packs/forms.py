"""Forms as JSON Schema, with what the trade's forms need beside it.

A field is a property. Its `format` says what it is; `label` and `help` hold a text for each
language, `labels` those of a choice. What a form adds to JSON Schema stands on top:

    "order":   ["amount", "reason"]            how the fields follow
    "when":    {"reason": "opinion == 'back'"}  a field that shows under a condition
    "compute": {"sum": "number(a) + number(b)"} a field that is worked out, not typed
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from ..errors import WrongExpression
from ..expressions import names_in
from ..registry import all_options
from .pack import LANGUAGES, FormPlan

# What a field can be; the page, the printed form and the check know these.
FORMATS = (
    "text", "long_text", "number", "money", "date", "moment", "choice", "yes_no", "person", "unit",
    "device", "listed", "rows", "opinion",
)  # fmt: skip
OPINIONS = ("agree", "reject", "back")


Fault = tuple[tuple[str | int, ...], str]  # where in the form, and why in words


def form_faults(form: FormPlan) -> Iterator[Fault]:
    """What is wrong with a form, and where."""
    schema = form.schema
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        yield tuple(error.absolute_path), _("is no JSON Schema: %(why)s") % {"why": error.message}
        return
    for part, kind in (("order", list), ("when", dict), ("compute", dict), ("prefill", dict)):
        if not isinstance(schema.get(part, kind()), kind):
            what = _("list") if kind is list else _("table")
            yield (part,), _("is no %(what)s") % {"what": what}
            return
    fields: Mapping[str, Any] = schema.get("properties") or {}
    if schema.get("type") != "object" or not fields:
        yield (), _("has no fields (“type” is “object”, “properties” name them)")
        return
    for name, each in fields.items():
        yield from _field_faults(name, each, ("properties", name))
    for part in ("required", "order"):
        for at, name in enumerate(schema.get(part, [])):
            if name not in fields:
                yield (part, at), _("names the field “%(name)s”, which it has not") % {"name": name}
    for name in schema.get("prefill") or {}:
        if name not in fields:
            text = _("“%(part)s” names the field “%(name)s”, which it has not")
            yield ("prefill", name), text % {"part": "prefill", "name": name}
    for part in ("when", "compute"):
        for name, expression in (schema.get(part) or {}).items():
            if name not in fields:
                text = _("“%(part)s” names the field “%(name)s”, which it has not")
                yield (part, name), text % {"part": part, "name": name}
            try:
                unknown = names_in(str(expression)) - set(fields)
            except WrongExpression as error:
                yield (part, name), str(error)
                continue
            if unknown:
                facts = {"part": part, "name": name, "other": min(unknown)}
                text = _("“%(part)s” of “%(name)s” asks for “%(other)s”, which is no field")
                yield (part, name), text % facts


def _field_faults(name: str, each: Any, at: tuple[str, ...]) -> Iterator[Fault]:
    if not isinstance(each, Mapping) or each.get("format") not in FORMATS:
        text = _("the field “%(name)s” has no format, or none of: %(known)s")
        yield (*at, "format"), text % {"name": name, "known": ", ".join(FORMATS)}
        return
    for fault in text_faults(each.get("label"), _("the field “%(name)s”") % {"name": name}):
        yield (*at, "label"), fault
    if each["format"] == "choice" and not each.get("enum"):
        text = _("the field “%(name)s” offers nothing to choose")
        yield (*at, "enum"), text % {"name": name}
    if each["format"] == "choice":
        for value in each.get("enum", []):
            for fault in text_faults((each.get("labels") or {}).get(value), f"“{name}: {value}”"):
                yield (*at, "labels", value), fault
    if each["format"] == "listed" and each.get("source") not in all_options():
        text = _("the field “%(name)s” names no list of the program; known are: %(known)s")
        yield (*at, "source"), text % {"name": name, "known": ", ".join(all_options())}
    if each["format"] in ("number", "money") and each.get("type") != "string":
        text = _("the field “%(name)s” keeps a number: its type is “string”, so that no digit is lost")  # fmt: skip
        yield (*at, "type"), text % {"name": name}
    if each["format"] == "rows":
        columns = (each.get("items") or {}).get("properties") or {}
        if not columns:
            yield (*at, "items"), _("the table “%(name)s” has no columns") % {"name": name}
        for column, inner in columns.items():
            below = (*at, "items", "properties", column)
            yield from _field_faults(f"{name}.{column}", inner, below)


def text_faults(texts: Any, whose: str) -> Iterator[str]:
    """A text stands in every language of the program."""
    for language in LANGUAGES:
        if not isinstance(texts, Mapping) or not str(texts.get(language, "")).strip():
            yield _("%(whose)s has no text in “%(language)s”") % {
                "whose": whose,
                "language": language,
            }
