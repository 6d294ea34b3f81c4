"""Every example in a docstring runs, and the package stays pure."""

import ast
import doctest
import importlib
import pkgutil
import sys
from pathlib import Path

import pytest

import dianheng.metrology as package

MODULES = [
    name
    for _, name, is_package in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    if not is_package
]


@pytest.mark.parametrize("name", MODULES, ids=lambda name: name.rpartition(".")[2])
def test_examples_run(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


@pytest.mark.parametrize("name", MODULES, ids=lambda name: name.rpartition(".")[2])
def test_only_the_standard_library_is_imported(name: str) -> None:
    path = Path(importlib.import_module(name).__file__ or "")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        imported = []
        if isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported = [node.module or ""]
        for module in imported:
            root = module.split(".")[0]
            assert root in sys.stdlib_module_names or module.startswith("dianheng.metrology")
            assert module not in ("random", "secrets", "time", "os"), "no clock, no chance"


@pytest.mark.parametrize("name", MODULES, ids=lambda name: name.rpartition(".")[2])
def test_no_binary_float_is_written(name: str) -> None:
    path = Path(importlib.import_module(name).__file__ or "")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "float"
