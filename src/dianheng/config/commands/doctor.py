"""`dianheng doctor`: what is configured, versions, sizes, and what would fail."""

import argparse

from dianheng.config.runtime.checkup import FAILS, NOTE, OK, checkup
from dianheng.config.runtime.words import _

from . import FAILED, describe

SIGNS = {OK: "  ", NOTE: "! ", FAILS: "✗ "}


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        _(
            "Say what is configured, versions, sizes, and what would fail. Exit code 1 when "
            "something would."
        ),
        "dianheng doctor",
    )


def run(options: argparse.Namespace) -> int:
    """Print the findings; exit code 1 when something would fail."""
    failing = 0
    for mark, text in checkup():
        failing += mark == FAILS
        print(SIGNS[mark] + text, flush=True)
    if failing:
        print(_("{count} things would fail.").format(count=failing))
        return FAILED
    print(_("Nothing would fail."))
    return 0
