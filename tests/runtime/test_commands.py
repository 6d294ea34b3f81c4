"""Each command says what it does, with an example that is right, in the language of the terminal."""

import argparse
import shlex
from pathlib import Path

import pytest

from dianheng.config.cli import COMMANDS, parser_for
from dianheng.testing.serving import command


def parsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The command's own parser and those of its actions."""
    found = [parser]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                found += parsers(below)
    return found


def command_of(name: str) -> argparse.ArgumentParser:
    (commands,) = (
        a for a in parser_for(name)._actions if isinstance(a, argparse._SubParsersAction)
    )
    return commands.choices[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_it_does_and_how_it_is_typed(name: str):
    for parser in parsers(command_of(name)):
        assert len(parser.description or "") > 30, parser.prog
        _head, *examples = (parser.epilog or "").split("\n")
        assert examples, parser.prog
        for example in examples:
            typed = example.partition("dianheng ")[2]
            assert f"dianheng {typed}".startswith(parser.prog)
            parser_for(name).parse_args(shlex.split(typed))
        nameless = [a.dest for a in parser._actions if not a.help and a.dest != "action"]
        assert nameless == [], parser.prog


def run(*arguments: str, lang: str, data: Path, given: str = "") -> tuple[int, str]:
    said = command(data, *arguments, given=given, LC_ALL=lang)
    return said.returncode, said.stdout + said.stderr


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("C.UTF-8", "error: the following arguments are required: --login, --name"),
        ("zh_CN.UTF-8", "错误：缺少必需的参数：--login, --name"),
    ],
)
def test_wrong_input_is_said_in_the_language_of_the_terminal(lang: str, words: str, place: Path):
    code, said = run("admin", "create", lang=lang, data=place / "data")
    assert code == 2
    assert words in said


def test_the_first_administrator_is_made_and_a_bad_password_is_refused_in_words(data: Path):
    make = ("admin", "create", "--login", "guanli", "--name", "王管理", "--password-stdin")
    code, said = run(*make, lang="C.UTF-8", data=data, given="123\n")
    assert code == 2
    assert said.splitlines() == [
        "The password does not fit the rules.",
        "This password is too short: it takes at least 10 characters.",
        "This password is too common.",
        "This password is entirely numeric.",
    ]
    code, said = run(*make, lang="zh_CN.UTF-8", data=data, given="123\n")
    assert code == 2
    assert said.splitlines()[:2] == ["密码不符合要求。", "密码太短：至少需要 10 个字符。"]
    assert run(*make, lang="C.UTF-8", data=data, given="Honest-meter-9\n") == (
        0, "guanli can log in now.\n",
    )  # fmt: skip
    code, said = run("token", "--person", "nobody", lang="zh_CN.UTF-8", data=data)
    assert code == 2
    assert "nobody" in said
    code, said = run("token", "--person", "guanli", lang="C.UTF-8", data=data)
    assert code == 0
    assert len(said.strip()) > 30
    assert " " not in said.strip()
