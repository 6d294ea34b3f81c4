"""Every identifier that a page may show has its words in both languages."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

import dianheng.metrology as package
from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.items import Item
from dianheng.metrology.periods import ValidityMode
from dianheng.metrology.plates import Connection, Wiring
from dianheng.metrology.rule_sets import Certainty
from dianheng.metrology.schemes import Direction, Purpose, Stage
from dianheng.metrology.switching import InspectionState
from dianheng.metrology.verdicts import Conclusion
from dianheng.metrology.words import word, words

FOLDER = Path(package.__file__ or "").parent
OWN = [*FOLDER.glob("*.py"), *(FOLDER.parent / "interfaces" / "calculators").glob("*.py")]
# Elsewhere only what is raised in the manner of a rule counts.
EVERYWHERE = [path for path in FOLDER.parent.rglob("*.py") if "tests" not in path.parts]
REFUSALS = ("WrongValue", "NoRule", "MetrologyError")


def texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def found() -> Iterator[tuple[str, str]]:
    """(kind, identifier) of everything the sources can say."""
    for path in EVERYWHERE:
        source = path.read_text(encoding="utf-8")
        is_own = path in OWN
        if not is_own and not any(f"{name}(" in source for name in REFUSALS):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if is_own or name in REFUSALS:
                    yield from ((kind, each) for kind, each in of_call(name, node))
            if is_own and isinstance(node, ast.Assign):
                target = node.targets[0]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for left, right in zip(target.elts, node.value.elts, strict=False):
                        if getattr(left, "id", "") == "reason":
                            yield from (("reason", each) for each in texts(right))
                elif getattr(target, "id", "") == "reason":
                    yield from (("reason", each) for each in texts(node.value))


def of_call(name: str, node: ast.Call) -> Iterator[tuple[str, str]]:
    places = {
        "Step": ("step", 0),
        "WrongValue": ("problem", 0),
        "NoRule": ("problem", 0),
        "MetrologyError": ("problem", 0),
        "InputRefused": ("problem", 0),
        "FieldProblem": ("problem", 1),
        "incomplete_verdict": ("reason", 1),
        "Missing": ("reason", 2),
        "Verdict": ("reason", 3),
    }
    if name in places:
        kind, place = places[name]
        if len(node.args) > place:
            yield from ((kind, each) for each in texts(node.args[place]))
    facts = node.args[1:2] if name == "Step" else node.args[2:3] if name in REFUSALS else []
    for each in facts:
        for key in each.keys if isinstance(each, ast.Dict) else ():
            if key is not None:
                yield from (("fact", text) for text in texts(key))


@pytest.mark.parametrize(("kind", "identifier"), sorted(set(found())))
def test_what_the_sources_say_has_words(kind: str, identifier: str) -> None:
    known = words()
    assert (kind, identifier) in known or (kind == "reason" and ("problem", identifier) in known)


@pytest.mark.parametrize(
    ("kind", "enum"),
    [
        ("item", Item),
        ("conclusion", Conclusion),
        ("certainty", Certainty),
        ("direction", Direction),
        ("stage", Stage),
        ("purpose", Purpose),
        ("connection", Connection),
        ("wiring", Wiring),
        ("severity", InspectionState),
        ("validity_mode", ValidityMode),
    ],
)
def test_every_member_has_words(kind: str, enum: type[StrEnum]) -> None:
    for member in enum:
        assert (kind, member.value) in words(), member


def test_words_are_complete_and_stand_once() -> None:
    lines = (FOLDER / "words.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) - 1 == len(words())
    for english, chinese in words().values():
        assert english.strip() and chinese.strip()


def test_a_code_without_words_stands_for_itself() -> None:
    assert word("reason", "brand_new") == "brand_new"
    assert word("reason", "no_limit", "zh-hans") == "该负载点没有误差限"
    assert word("item", "creep", "en") == "No-load (creep) test"


def test_a_refusal_speaks_the_language_of_its_reader() -> None:
    refused = NoRule("no_limit", "JJG 596 has no limit here", {"load": "2Imax", "factor": "1.0"})
    assert refused.said("en") == "JJG 596 has no limit here"
    assert refused.said("zh-hans") == "该负载点没有误差限（负载电流：2Imax，功率因数：1.0）"
    assert WrongValue("not_a_number", "not a decimal number").said("zh-hans") == "不是有效数字"
    missing = WrongValue("fact_missing", "x", {"item": "basic_error", "fact": "readings"})
    assert missing.said("zh") == "缺少数值（项目：基本误差，数据：读数）"
