"""Shapes of the calculators: what goes in, what comes out, what is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.rule_sets import RuleRef, RuleSet
from dianheng.metrology.verdicts import Step
from dianheng.metrology.words import said

# Says whether a named metrologist signed exactly this content of a rule set.
SignatureLookup = Callable[[RuleSet], bool]


class Outcome(NamedTuple):
    """Body of an answer, one object or a list; `is_answered` is False when any part is refused.

    The command ends with exit code 2 and REST answers 422 when it is False.
    """

    body: dict[str, Any] | list[dict[str, Any]]
    is_answered: bool


class FieldProblem(NamedTuple):
    """What is wrong with one field."""

    field: str
    code: str
    text: str
    facts: Mapping[str, str] = {}


class InputRefused(Exception):  # noqa: N818 - the name is the sentence
    """An input that is not answered; every wrong field is named at once.

    `because` is what a rule refused, where that is the reason of the whole.
    """

    def __init__(
        self,
        code: str,
        text: str,
        problems: Sequence[FieldProblem] = (),
        because: MetrologyError | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.problems = tuple(problems)
        self.because = because

    def as_error(self, language: str = "en") -> dict[str, Any]:
        """The error object, in the form of every refusal of REST, with texts in the language."""
        reason = self.because
        return {
            "code": self.code,
            "text": reason.said(language) if reason else said(self.code, self.text, {}, language),
            "facts": {},
            "errors": [
                {
                    "field": problem.field,
                    "code": problem.code,
                    "text": said(problem.code, problem.text, problem.facts, language),
                    "facts": dict(problem.facts),
                }
                for problem in self.problems
            ],
        }


class Answer(NamedTuple):
    """Answer of one calculator before it is written out."""

    result: dict[str, Any]
    steps: Sequence[Step]
    rule: RuleRef
    rules: RuleSet


@dataclass(frozen=True)
class Field:
    """One input field: how it is read, and its place in the schema."""

    name: str
    read: Callable[[object], Any]
    schema: Mapping[str, Any]
    is_required: bool = True

    def optional(self) -> "Field":
        """The same field where it may be absent."""
        return Field(self.name, self.read, self.schema, False)


@dataclass(frozen=True)
class Variant:
    """One manner of asking a calculator.

    `marks` are the fields whose presence chooses the manner; `together` are groups of optional
    fields that come all or none.
    """

    fields: tuple[Field, ...]
    marks: frozenset[str]
    compute: Callable[[Mapping[str, Any]], Answer]
    together: tuple[tuple[str, ...], ...] = ()

    def schema(self) -> dict[str, Any]:
        """JSON Schema of this manner."""
        found: dict[str, Any] = {
            "type": "object",
            "properties": {each.name: dict(each.schema) for each in self.fields},
            "required": [each.name for each in self.fields if each.is_required],
            "additionalProperties": False,
        }
        if self.together:
            found["dependentRequired"] = {
                name: [other for other in group if other != name]
                for group in self.together
                for name in group
            }
        return found


@dataclass(frozen=True)
class Calculator:
    """A calculator: name, what it answers, and its manners; the first manner is the default.

    `blame` maps the code or the fact of a refused rule to the fields that caused it.
    """

    name: str
    title: str
    variants: tuple[Variant, ...]
    result: Mapping[str, str]
    blame: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def variant_for(self, payload: Mapping[str, object]) -> Variant:
        """The manner that the fields of the payload ask for."""
        for variant in self.variants:
            if any(mark in payload for mark in variant.marks):
                return variant
        return self.variants[0]

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the input."""
        if len(self.variants) == 1:
            return self.variants[0].schema()
        return {"anyOf": [variant.schema() for variant in self.variants]}
