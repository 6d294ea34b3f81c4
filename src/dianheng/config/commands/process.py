"""`dianheng process check [FOLDER …]`: whether packs can be used; no database."""

import argparse
import os
import sys
from pathlib import Path

from dianheng.config.runtime.words import _

from . import describe

PASSED, FAULTY, WRONG_INPUT = 0, 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    does = _("Read packs of business processes and list every fault. No database is needed.")
    example = "dianheng process check my-pack/"
    describe(parser, does, example)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help=_("say what is wrong with packs"))
    describe(check, does, example, "dianheng process check")
    check.add_argument(
        "folders", nargs="*", type=Path, metavar="FOLDER", help=_("absent: the packs that ship")
    )


def run(options: argparse.Namespace) -> int:
    """Each pack with its faults; 1 when one has any, 2 when a folder is no pack."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dianheng.config.settings")
    import django

    django.setup()  # apps declare their services
    from dianheng.workflow.errors import NoPack
    from dianheng.workflow.packs import check, read_pack
    from dianheng.workflow.packs.shipped import shipped_folders
    from dianheng.workflow.registry import all_services

    answer = PASSED
    for folder in options.folders or shipped_folders():
        try:
            pack = read_pack(folder)
        except NoPack as error:
            print(f"{folder}: {error}", file=sys.stderr)
            answer = WRONG_INPUT
            continue
        faults = check(pack, all_services())
        print(f"{pack.code} {pack.version}: {'ok' if not faults else f'{len(faults)} faults'}")
        for fault in faults:
            print(f"  {fault}")
        if faults and answer == PASSED:
            answer = FAULTY
    return answer
