"""Every calculator by name, and the one function that asks them."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from dianheng.interfaces.calculators import (
    devices,
    lots,
    management,
    meter_errors,
    meter_items,
    transformers,
    wirings,
)
from dianheng.interfaces.calculators.shapes import (
    Answer,
    Calculator,
    FieldProblem,
    InputRefused,
    Outcome,
    SignatureLookup,
    Variant,
)
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.verdicts import Step

_MAX_NAME = 80


@cache
def calculators() -> Mapping[str, Calculator]:
    """All calculators, in the order in which they are shown."""
    found = (
        *meter_errors.CALCULATORS,
        *meter_items.CALCULATORS,
        *lots.CALCULATORS,
        *devices.CALCULATORS,
        *transformers.CALCULATORS,
        *management.CALCULATORS,
        *wirings.CALCULATORS,
    )
    return {each.name: each for each in found}


def no_signatures(rules: RuleSet) -> bool:
    """Without knowledge of signatures no rule set counts as signed."""
    return False


def calculate(
    name: str,
    payload: object,
    *,
    is_signed: SignatureLookup = no_signatures,
    language: str = "en",
) -> Outcome:
    """Ask a calculator.

    Args:
        name: name of the calculator.
        payload: fields by name, or a list of such objects. Numbers are text, `int`, `Decimal`
            or what `read_json` made of them; a binary float is refused.
        is_signed: says whether a rule set was signed by a named metrologist.
        language: of the texts of a refusal; `zh`, `zh-hans` and the like for Chinese, else English.

    Returns:
        The answer `{result, steps, rule}` or the error object, for a list one for each element.

    >>> outcome = calculate("round", {"meter_class": "1", "mean_error_percent": "0.25"})
    >>> outcome.body["result"], outcome.is_answered
    ({'rounded': '+0.2'}, True)
    >>> calculate("round", {"value": "1"}).body["errors"][0]["field"]
    'interval'
    """
    calculator = calculators().get(name)
    if calculator is None:
        known = ", ".join(calculators())
        problem = FieldProblem(
            "name", "not_known", f"one of {known}", {"name": name[:_MAX_NAME], "known": known}
        )
        refused = InputRefused("unknown_calculator", "no such calculator", [problem])
        return Outcome(refused.as_error(language), False)
    if isinstance(payload, list):
        answers = [_answer(calculator, each, is_signed, language) for each in payload]
        return Outcome([body for body, _ in answers], all(is_right for _, is_right in answers))
    return Outcome(*_answer(calculator, payload, is_signed, language))


def catalogue(language: str = "en") -> dict[str, Any]:
    """Names, titles and schemas of all calculators.

    Args:
        language: `zh`, `zh-hans` and the like for Chinese texts, else English.

    >>> sorted(catalogue()["round"])
    ['input', 'result', 'title']
    >>> catalogue("zh-hans")["demand"]["title"]
    '需量示值误差'
    """
    found = {
        name: {
            "title": each.title,
            "input": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                **each.schema(),
            },
            "result": dict(each.result),
        }
        for name, each in calculators().items()
    }
    if language.lower().startswith("zh"):
        for entry in found.values():
            _translate(entry, _chinese())
    return found


@cache
def _chinese() -> Mapping[str, str]:
    path = Path(__file__).parent / "texts_zh.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _translate(entry: dict[str, Any], texts: Mapping[str, str]) -> None:
    entry["title"] = texts.get(entry["title"], entry["title"])
    entry["result"] = {name: texts.get(text, text) for name, text in entry["result"].items()}
    for variant in entry["input"].get("anyOf", [entry["input"]]):
        for field in variant["properties"].values():
            field["description"] = texts.get(field["description"], field["description"])


def _answer(
    calculator: Calculator, payload: object, is_signed: SignatureLookup, language: str
) -> tuple[dict[str, Any], bool]:
    try:
        values, variant = _read(calculator, payload)
        answer = _compute(calculator, variant, values)
    except InputRefused as refused:
        return refused.as_error(language), False
    return _written(answer, is_signed), True


def _read(calculator: Calculator, payload: object) -> tuple[dict[str, Any], Variant]:
    if not isinstance(payload, Mapping):
        raise InputRefused("not_an_object", "an object with fields, or a list of them, expected")
    variant = calculator.variant_for(payload)
    problems: list[FieldProblem] = []
    values: dict[str, Any] = {}
    for field in variant.fields:
        if field.name not in payload:
            if field.is_required:
                problems.append(FieldProblem(field.name, "missing", "missing"))
            continue
        try:
            values[field.name] = field.read(payload[field.name])
        except MetrologyError as problem:
            problems.append(FieldProblem(field.name, problem.code, problem.text, problem.facts))
    for group in variant.together:
        present = [name for name in group if name in payload]
        if present:
            problems.extend(
                FieldProblem(
                    name, "missing", f"missing beside {present[0]}", {"beside": present[0]}
                )
                for name in group
                if name not in payload
            )
    problems.extend(_strange(calculator, variant, payload))
    if problems:
        raise InputRefused("wrong_fields", "fields are missing or wrong", problems)
    return values, variant


def _strange(
    calculator: Calculator, variant: Variant, payload: Mapping[str, object]
) -> list[FieldProblem]:
    expected = {field.name for field in variant.fields}
    elsewhere = {field.name for each in calculator.variants for field in each.fields}
    problems = []
    for name in payload:
        if name not in expected:
            code = "not_together" if name in elsewhere else "unknown"
            text = "does not go with the other fields" if name in elsewhere else "no such field"
            problems.append(FieldProblem(str(name)[:_MAX_NAME], code, text))
    return problems


def _compute(calculator: Calculator, variant: Variant, values: Mapping[str, Any]) -> Answer:
    try:
        return variant.compute(values)
    except MetrologyError as problem:
        names: dict[str, None] = {}
        for key in (problem.code, *problem.facts):
            for name in calculator.blame.get(key, ()):
                if name in values:
                    names[name] = None
        problems = [FieldProblem(name, problem.code, problem.text, problem.facts) for name in names]
        raise InputRefused("wrong_fields", problem.text, problems, because=problem) from problem


def _written(answer: Answer, is_signed: SignatureLookup) -> dict[str, Any]:
    rule = answer.rule
    return {
        "result": answer.result,
        "steps": [_written_step(step) for step in answer.steps],
        "rule": {
            "standard": rule.standard,
            "edition": rule.edition,
            "row": rule.row,
            "certainty": rule.certainty.value,
            "signed": bool(is_signed(answer.rules)),
        },
    }


def _written_step(step: Step) -> dict[str, Any]:
    return {"name": step.name, "facts": {key: _fact(value) for key, value in step.facts.items()}}


def _fact(value: object) -> Any:
    if isinstance(value, Decimal):
        return plain_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, tuple | list):
        return [_fact(each) for each in value]
    return str(value)
