"""`dianheng process check|load [FOLDER …]`: whether packs can be used; bring them into force."""

import argparse
import sys
from pathlib import Path
from typing import Any

from dianheng.config.runtime.words import _

from . import describe, note_refused

PASSED, FAULTY, WRONG_INPUT = 0, 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    does = _("Check packs of business processes, or bring them into force.")
    example = "dianheng process check my-pack/"
    describe(parser, does, example)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help=_("say what is wrong with packs"))
    does = _("Read packs of business processes and list every fault. No database is needed.")
    describe(check, does, example, "dianheng process check")
    load = actions.add_parser("load", help=_("bring packs into force"))
    does = _("Check packs and keep each as a version; new instances begin with it from now on.")
    describe(load, does, "dianheng process load my-pack/")
    for action in (check, load):
        action.add_argument(
            "folders", nargs="*", type=Path, metavar="FOLDER", help=_("absent: the packs that ship")
        )


def run(options: argparse.Namespace) -> int:
    """Each pack with what was found; 1 when one has faults, 2 when a folder is no pack."""
    if options.action == "load":
        from dianheng.config.runtime.database import connected

        with connected():
            return _each(options.folders, _load)
    from dianheng.config.runtime.database import django_ready

    with django_ready():  # apps declare their services
        return _each(options.folders, _check)


def _each(folders: list[Path], act: Any) -> int:
    from dianheng.workflow.errors import NoPack
    from dianheng.workflow.packs.shipped import shipped_folders

    answers = []
    for folder in folders or shipped_folders():
        try:
            answers.append(act(folder))
        except NoPack as error:
            print(f"{folder}: {error}", file=sys.stderr)
            answers.append(WRONG_INPUT)
    return max(answers, default=PASSED)


def _check(folder: Path) -> int:
    from dianheng.workflow.packs import check, read_pack
    from dianheng.workflow.registry import all_services

    pack = read_pack(folder)
    faults = check(pack, all_services())
    said = _("{count} faults").format(count=len(faults)) if faults else _("whole")
    print(f"{pack.code} {pack.version}: {said}")
    for fault in faults:
        print(f"  {fault}")
    return FAULTY if faults else PASSED


def _load(folder: Path) -> int:
    from dianheng.common.errors import Refused
    from dianheng.identity.services import system_actor
    from dianheng.workflow.services import pack_load

    try:
        made = pack_load(folder=folder, actor=system_actor("command"))
    except Refused as refused:
        note_refused(refused)
        print(f"{folder}: {refused.refusal.text}", file=sys.stderr)
        for error in refused.refusal.errors:
            print(f"  {error.get('field', ''):<28} {error['text']}", file=sys.stderr)
        return FAULTY
    print(_("{pack}: in force").format(pack=f"{made.code} {made.version}"))
    return PASSED
