"""A form of a pack as fields that a page can draw, and what a browser sent back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from .forms import is_shown
from .models import ProcessInstance
from .registry import all_options
from .selectors import content_of, kept, text_of

SPARE_ROWS = 3  # empty rows below those of a table


@dataclass
class Drawn:
    """One field: what it is called, what stands in it, what is wrong with it."""

    name: str
    kind: str
    label: str
    value: Any = ""
    help: str = ""
    unit: str = ""
    is_required: bool = False
    is_computed: bool = False
    options: Sequence[tuple[str, str]] = ()
    columns: Sequence["Drawn"] = ()
    rows: Sequence[Sequence["Drawn"]] = ()
    errors: list[str] = field(default_factory=list)
    shown: str = ""  # the value as people read it


OPINIONS = {
    "agree": {"zh": "同意", "en": "Agree"},
    "reject": {"zh": "不同意", "en": "Reject"},
    "back": {"zh": "退回", "en": "Send back"},
}


def drawn_fields(
    schema: Mapping[str, Any],
    data: Mapping[str, Any],
    faults: Sequence[Mapping[str, Any]] = (),
    *,
    spare: bool = True,
) -> list[Drawn]:
    """The fields that show with these values, in the order of the form."""
    fields = []
    for name in schema["order"]:
        if not is_shown(schema, name, data):
            continue
        one = _drawn(name, schema["properties"][name], data.get(name, ""), spare)
        one.is_required = name in schema.get("required", [])
        one.is_computed = name in (schema.get("compute") or {})
        one.errors = [str(fault["text"]) for fault in faults if fault.get("field") == name]
        fields.append(one)
    return fields


def _drawn(name: str, schema: Mapping[str, Any], value: Any, spare: bool) -> Drawn:
    kind = schema["format"]
    one = Drawn(
        name, kind, text_of(schema["label"]), value, text_of(schema.get("help") or {"zh": ""}),
        str(schema.get("unit", "")),
    )  # fmt: skip
    if kind in ("choice", "opinion"):
        labels = schema.get("labels") or OPINIONS
        one.options = [(code, text_of(labels[code])) for code in schema.get("enum", OPINIONS)]
        one.shown = dict(one.options).get(value, str(value))
    elif kind == "listed":
        offered = all_options().get(schema["source"], tuple)
        one.options = list(offered())
        one.shown = dict(one.options).get(value, str(value))
    elif kind == "yes_no":
        one.options = [
            ("yes", text_of({"zh": "是", "en": "yes"})),
            ("no", text_of({"zh": "否", "en": "no"})),
        ]
        one.shown = dict(one.options).get(value, str(value))
    elif kind == "rows":
        inside = schema["items"]
        columns = {code: inside["properties"][code] for code in inside["order"]}
        one.columns = [_drawn(code, inner, "", spare) for code, inner in columns.items()]
        given = value if isinstance(value, list) else []
        lines = [*given, *({} for _line in range(SPARE_ROWS if spare else 0))]
        one.rows = [
            [
                _drawn(f"{name}.{n}.{code}", inner, line.get(code, ""), spare)
                for code, inner in columns.items()
            ]
            for n, line in enumerate(lines)
        ]  # fmt: skip
    else:
        one.shown = str(value)
        if kind == "moment":
            one.value = one.shown.replace(" ", "T")  # as browsers want it
    return one


SHOWN = 8  # values of a matter in a line among others
LONGEST = 80  # signs of one of them


def key_values(instance: ProcessInstance) -> list[tuple[str, str]]:
    """What was written by those who handled it, in few words: label and value."""
    plan, found = kept(instance.pack).plan, []
    for step, data in content_of(instance).items():
        schema = plan["forms"][plan["tasks"][step]["form"]]
        for one in drawn_fields(schema, data, spare=False):
            text = one.shown
            if one.kind == "rows" and one.rows:
                text = _("%(n)s rows") % {"n": len(one.rows)}
            if text:
                unit = f" {one.unit}" if one.unit else ""
                found.append((one.label, text[:LONGEST] + "…" * (len(text) > LONGEST) + unit))
    return found[:SHOWN]


def sent_data(schema: Mapping[str, Any], post: QueryDict) -> dict[str, Any]:
    """What a browser sent, by field; a table's cells as `field.row.column`."""
    data: dict[str, Any] = {}
    for name, each in schema["properties"].items():
        if each["format"] != "rows":
            if name in post:
                data[name] = post[name]
            continue
        lines: dict[int, dict[str, str]] = {}
        for key, value in post.items():
            stem, _dot, rest = key.partition(".")
            row, _dot, column = rest.partition(".")
            if (
                stem == name
                and row.isdigit()
                and len(row) < 6
                and column in each["items"]["properties"]
            ):
                lines.setdefault(int(row), {})[column] = str(value)
        data[name] = [
            lines[row] for row in sorted(lines) if any(v.strip() for v in lines[row].values())
        ]
    return data
