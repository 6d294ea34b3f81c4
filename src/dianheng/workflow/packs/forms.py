"""Forms as JSON Schema, with what the trade's forms need beside it.

A field is a property. Its `format` says what it is; `label` and `help` hold a text for each
language, `labels` those of a choice. What a form adds to JSON Schema stands on top:

    "order":   ["amount", "reason"]            how the fields follow
    "when":    {"reason": "opinion == 'back'"}  a field that shows under a condition
    "compute": {"sum": "number(a) + number(b)"} a field that is worked out, not typed
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from ..errors import WrongExpression
from ..expressions import names_in
from .pack import LANGUAGES, FormPlan

# What a field can be; the page, the printed form and the check know these.
FORMATS = (
    "text", "long_text", "number", "money", "date", "choice", "yes_no", "person", "unit", "device",
    "rows", "opinion",
)  # fmt: skip
OPINIONS = ("agree", "reject", "back")


def form_faults(form: FormPlan) -> Iterator[str]:
    """What is wrong with a form, in words."""
    schema = form.schema
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        yield f"is no JSON Schema: {error.message}"
        return
    fields: Mapping[str, Any] = schema.get("properties") or {}
    if schema.get("type") != "object" or not fields:
        yield "has no fields (“type” is “object”, “properties” name them)"
        return
    for name, each in fields.items():
        yield from _field_faults(name, each)
    for name in [*schema.get("required", []), *schema.get("order", [])]:
        if name not in fields:
            yield f"names the field “{name}”, which it has not"
    for part in ("when", "compute"):
        for name, text in (schema.get(part) or {}).items():
            if name not in fields:
                yield f"“{part}” names the field “{name}”, which it has not"
            try:
                unknown = names_in(str(text)) - set(fields)
            except WrongExpression as error:
                yield f"“{part}” of “{name}”: {error}"
                continue
            if unknown:
                yield f"“{part}” of “{name}” asks for “{min(unknown)}”, which is no field"


def _field_faults(name: str, each: Any) -> Iterator[str]:
    if not isinstance(each, Mapping) or each.get("format") not in FORMATS:
        yield f"the field “{name}” has no format, or none of: {', '.join(FORMATS)}"
        return
    yield from text_faults(each.get("label"), f"the field “{name}”")
    if each["format"] == "choice" and not each.get("enum"):
        yield f"the field “{name}” offers nothing to choose"
    if each["format"] == "choice":
        for value in each.get("enum", []):
            yield from text_faults((each.get("labels") or {}).get(value), f"“{name}: {value}”")
    if each["format"] in ("number", "money") and each.get("type") != "string":
        yield f"the field “{name}” keeps a number: its type is “string”, so that no digit is lost"
    if each["format"] == "rows":
        columns = (each.get("items") or {}).get("properties") or {}
        if not columns:
            yield f"the table “{name}” has no columns"
        for column, inner in columns.items():
            yield from _field_faults(f"{name}.{column}", inner)


def text_faults(texts: Any, whose: str) -> Iterator[str]:
    """A text stands in every language of the program."""
    for language in LANGUAGES:
        if not isinstance(texts, Mapping) or not str(texts.get(language, "")).strip():
            yield f"{whose} has no text in “{language}”"
