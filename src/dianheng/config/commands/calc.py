"""`dianheng calc NAME`: ask one rule of the trade; JSON in, JSON out, no database."""

import argparse
import sys
from pathlib import Path
from typing import Any

from dianheng.config.runtime.words import _, language
from dianheng.interfaces.calculators import calculate, catalogue, read_json, write_json
from dianheng.interfaces.calculators.shapes import FieldProblem, InputRefused

from . import DONE, WRONG_INPUT, describe


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        _("Ask one rule of the trade: JSON in, JSON with its steps out. No database is needed."),
        """echo '{"meter_class": "1", "mean_error_percent": "0.25"}' | dianheng calc round""",
        "dianheng calc verdict --file questions.json",
        "dianheng calc --list",
    )
    parser.add_argument("name", nargs="?", help=_("name of the calculator"))
    parser.add_argument(
        "--file", type=Path, help=_("read the JSON from this file, not from standard input")
    )
    parser.add_argument(
        "--list",
        action="store_true",
        dest="is_list",
        help=_("name all calculators with their schemas"),
    )


def run(args: argparse.Namespace) -> int:
    """Answer on standard output, nothing else; exit code 2 when any part is refused."""
    if args.is_list:
        _say(catalogue(language()))
        return DONE
    try:
        if args.name is None:
            problem = FieldProblem("name", "missing", "missing")
            raise InputRefused("wrong_fields", "name a calculator, or use --list", [problem])
        if args.name not in catalogue():
            payload: object = {}  # the name is refused before any input is waited for
        else:
            payload = read_json(_input(args.file))
    except InputRefused as refused:
        _say(refused.as_error(language()))
        return WRONG_INPUT
    outcome = calculate(args.name, payload, language=language())
    _say(outcome.body)
    return DONE if outcome.is_answered else WRONG_INPUT


def _say(body: Any) -> None:
    # Where the terminal cannot write Chinese, JSON's escapes do.
    is_ascii = "utf" not in (sys.stdout.encoding or "").lower()
    print(write_json(body, indent=2, is_ascii=is_ascii))


def _input(path: Path | None) -> bytes:
    try:
        return sys.stdin.buffer.read() if path is None else path.read_bytes()
    except OSError as problem:
        reason = problem.strerror or "unreadable"
        raise InputRefused(
            "file_unreadable",
            "the input cannot be read",
            [FieldProblem("file", "unreadable", reason)],
        ) from None
