"""`dianheng migrate`: bring the database to this version, as its owner."""

import argparse
import sys

from dianheng.config.runtime.database import database
from dianheng.config.runtime.faults import Fault
from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.preparation import migrate
from dianheng.config.runtime.words import _

from . import FAILED, describe


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        _("Bring the tables to this version, as their owner. `dianheng serve` does it by itself."),
        "dianheng migrate",
        "DATABASE_URL=postgresql://owner:secret@db.example:5432/metering dianheng migrate",
    )


def run(options: argparse.Namespace) -> int:
    try:
        with database("migrate") as addresses:
            if addresses.owner is None:
                print(_("Tables are changed by their owner: give DATABASE_URL."), file=sys.stderr)
                return FAILED
            migrate(Folder.open().path, addresses.owner)
    except Fault as fault:
        print(fault, file=sys.stderr)
        return FAILED
    print(_("The database has the tables of this version."))
    return 0
