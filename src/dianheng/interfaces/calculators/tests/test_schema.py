"""Schemas say what the calculators take."""

import doctest
import importlib
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from dianheng.interfaces.calculators import catalogue
from dianheng.interfaces.calculators.tests.test_hostile_input import EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_valid_and_a_strange_field_is_not(name: str) -> None:
    schema: dict[str, Any] = catalogue()[name]["input"]
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid(EXAMPLES[name])
    assert not validator.is_valid({**EXAMPLES[name], "colour": "red"})
    assert not validator.is_valid({})


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_field_and_result_is_described(name: str) -> None:
    entry = catalogue()[name]
    assert entry["title"] and all(entry["result"].values())
    for variant in entry["input"].get("anyOf", [entry["input"]]):
        assert all(each["description"] for each in variant["properties"].values())


def texts(language: str) -> set[str]:
    found = set()
    for entry in catalogue(language).values():
        found.add(entry["title"])
        found.update(entry["result"].values())
        for variant in entry["input"].get("anyOf", [entry["input"]]):
            found.update(each["description"] for each in variant["properties"].values())
    return found


def test_every_text_has_its_chinese_and_no_chinese_is_left_over() -> None:
    path = Path(__file__).parents[1] / "texts_zh.toml"
    known = tomllib.loads(path.read_text(encoding="utf-8"))
    assert set(known) == texts("en")
    assert texts("zh-hans") == set(known.values())


@pytest.mark.parametrize("module", ["catalogue", "json_text"])
def test_examples_of_docstrings_run(module: str) -> None:
    found = importlib.import_module(f"dianheng.interfaces.calculators.{module}")
    failed, tried = doctest.testmod(found)
    assert (failed, bool(tried)) == (0, True)


def test_the_reference_page_names_every_calculator_and_field() -> None:
    page = Path(__file__).parents[5] / "docs" / "reference" / "calculators.md"
    if not page.parent.is_dir():
        pytest.skip("the documentation is not beside the package")
    text = page.read_text(encoding="utf-8")
    for name, entry in catalogue().items():
        names = {name, *entry["result"]}
        for variant in entry["input"].get("anyOf", [entry["input"]]):
            names.update(variant["properties"])
        assert [each for each in sorted(names) if f"`{each}`" not in text] == []
