"""One module a command: `configure(parser)`, then `run(options)`, which gives the exit code.

0 done; 1 not possible here, or a check found a fault; 2 wrong input, or refused by a rule.
"""

import argparse
import sys
import textwrap
from typing import Any

from dianheng.config.runtime.words import _

DONE, FAILED, WRONG_INPUT = 0, 1, 2


def describe(parser: argparse.ArgumentParser, does: str, *examples: str) -> None:
    """What `--help` says: what the command does, and how it is typed."""
    parser.description = textwrap.fill(does, 78)
    parser.epilog = "\n".join((_("For example:"), *(f"  {example}" for example in examples)))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def note_refused(refused: Any) -> None:
    """The security log hears of a right that a command had not, as of any door."""
    from dianheng.common.access import note_refusal
    from dianheng.identity.services import system_actor

    note_refusal(system_actor("command"), refused, " ".join(["dianheng", *sys.argv[1:3]]))


def say_refused(refused: Any) -> int:
    """What a service refused, with all that is wrong."""
    note_refused(refused)
    for refusal in refused.refusals:
        print(refusal.text, *(error["text"] for error in refusal.errors), sep="\n", file=sys.stderr)
    return WRONG_INPUT
