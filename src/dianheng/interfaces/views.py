"""The calculators as pages: the same questions as REST and command line ask."""

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dianheng.common.numbers import halfwidth
from dianheng.metrology.words import word
from dianheng.verification.selectors.laboratory import has_signed

from .calculators import calculate, catalogue, read_json
from .calculators.shapes import InputRefused

GROUPS = [
    ("round", "verdict", "start_creep", "constant", "clock", "demand", "ir46"),
    ("ct_pt", "composite", "wiring"),
    ("sampling", "period", "label", "barcode", "device_class", "kpi"),
]


@dataclass
class Input:
    """One field of the form, drawn from the calculator's schema."""

    name: str
    label: str
    kind: str  # text, choice, lines, rows, phases
    options: list[tuple[str, str]] = field(default_factory=list)  # value, as it is shown
    is_required: bool = False
    value: str = ""
    error: str = ""
    hint: str = ""
    examples: list[str] = field(default_factory=list)


def calculators(request: HttpRequest) -> HttpResponse:
    """All calculators."""
    known = catalogue(get_language() or "")
    groups = [[(n, known[n]["title"]) for n in group if n in known] for group in GROUPS]
    rest = [(n, known[n]["title"]) for n in known if not any(n in g for g in GROUPS)]
    context = {"title": _("Calculators"), "groups": [g for g in (*groups, rest) if g]}
    return render(request, "interfaces/calculators.html", context)


def calculator(request: HttpRequest, name: str) -> HttpResponse:
    """One calculator: its manners of asking, the answer with steps and rule."""
    known = catalogue(get_language() or "").get(name)
    if known is None:
        raise Http404
    variants = known["input"].get("anyOf", [known["input"]])
    way = request.GET.get("way", "")
    chosen = min(int(way), len(variants) - 1) if way.isdecimal() and len(way) < 4 else 0
    inputs = [
        _input(n, s, n in variants[chosen]["required"])
        for n, s in variants[chosen]["properties"].items()
    ]
    body: Any = None
    payload: dict[str, Any] = {}
    if any(one.name in request.GET for one in inputs):
        for one in inputs:
            one.value = halfwidth(request.GET.get(one.name, "").strip())
            if one.value:
                payload[one.name] = _read(one)
        unit = request.user.unit  # type: ignore[union-attr]
        body = calculate(
            name, payload, is_signed=partial(has_signed, unit), language=get_language() or ""
        ).body
        errors = {e["field"].split("[")[0].split(".")[0]: e["text"] for e in body.get("errors", [])}
        for one in inputs:
            one.error = errors.get(one.name, "")
    context = {
        "title": known["title"],
        "name": name,
        "inputs": inputs,
        # A manner is told by the fields that only it asks for.
        "ways": [
            (i, [n for n in v["required"] if any(n not in w["required"] for w in variants)])
            for i, v in enumerate(variants)
        ],
        "chosen": chosen,
        "body": body,
        "rows": _rows(body, known["result"]) if body else [],
        "steps": [
            (
                _word("step", s["name"]),
                [(_word("fact", k), _shown(v, k)) for k, v in s["facts"].items() if v != ""],
            )
            for s in (body or {}).get("steps", [])
        ],
        "certainty": _word("certainty", body["rule"]["certainty"])
        if body and "rule" in body
        else "",
        "command": json.dumps(payload, ensure_ascii=False),
    }
    return render(request, "interfaces/calculator.html", context)


def _word(kind: str, identifier: str) -> str:
    return word(kind, identifier, get_language() or "")


def _input(name: str, schema: dict[str, Any], is_required: bool) -> Input:
    label = schema.get("description", name)
    if "boolean" in schema.get("type", ""):
        options = [("true", _("Yes")), ("false", _("No"))]
        return Input(name, label, "choice", options, is_required)
    if "enum" in schema:
        options = [(str(o), _spoken(name, str(o))) for o in schema["enum"]]
        return Input(name, label, "choice", options, is_required)
    if "pattern" in schema.get("items", ()):  # a comma may belong to such a text
        return Input(name, label, "rows", [], is_required, hint=_("One value per line."))
    if schema.get("type") == "array" or "items" in schema:
        return Input(name, label, "lines", [], is_required, hint=_("One value per line."))
    if schema.get("type") == "object":
        hint = _("One value per line, with its name: %(names)s.") % {
            "names": ", ".join(schema["properties"])
        }
        return Input(name, label, "phases", [], is_required, hint=hint)
    if schema.get("type") is None:
        hint = (
            _("As JSON, for example %(example)s.") % {"example": json.dumps(schema["examples"][0])}
            if "examples" in schema
            else _("By phase: A: 0.3, one per line; or a plain list.")
        )
        return Input(name, label, "phases", [], is_required, hint=hint)
    examples = [str(e) for e in schema.get("examples", [])]
    return Input(name, label, "text", [], is_required, examples=examples)


def _spoken(kind: str, identifier: str) -> str:
    """A choice in words, its code behind them; the code alone where it has no words."""
    spoken = _word(kind, identifier)
    return identifier if spoken == identifier else f"{spoken} ({identifier})"


def _read(one: Input) -> Any:
    if one.kind == "rows":
        return [line for line in one.value.splitlines() if line.strip()]
    if one.kind not in ("lines", "phases"):
        return one.value
    if one.kind == "phases" and one.value[:1] in ("[", "{"):
        try:
            return read_json(one.value)
        except InputRefused:
            return one.value
    lines = one.value.replace(",", "\n").replace("、", "\n").split()
    if one.kind == "phases" and any(":" in line for line in one.value.splitlines()):
        pairs = (line.partition(":") for line in one.value.splitlines() if line.strip())
        return {key.strip(): value.strip() for key, _colon, value in pairs}
    return lines


def _rows(body: dict[str, Any], labels: dict[str, str]) -> list[tuple[str, str, str]]:
    return [
        (key, labels.get(key, key), _shown(value)) for key, value in body.get("result", {}).items()
    ]


def _shown(value: Any, kind: str = "") -> str:
    if value is None:
        return _("Empty")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_shown(v, kind) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_shown(v)}" for k, v in value.items())
    return _word(kind, str(value))
