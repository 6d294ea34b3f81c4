"""`dianheng worker`: one more job worker, on this or another machine."""

import argparse
import os
import sys

from dianheng.config.runtime.database import database
from dianheng.config.runtime.faults import Fault
from dianheng.config.runtime.words import _

from . import FAILED, describe


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        _(
            "Run one more job worker, on this or on another machine with the same data folder; "
            "Ctrl-C stops it. `dianheng serve` has one already."
        ),
        "dianheng worker",
        "DATABASE_APP_URL=postgresql://dianheng_app:secret@db.example/metering dianheng worker",
    )


def run(options: argparse.Namespace) -> int:
    """Runs in this process until SIGTERM or Ctrl-C; ends when the database is lost."""
    from dianheng.config.runtime import jobs
    from dianheng.config.runtime.preparation import SETTINGS

    try:
        with database("worker") as addresses:
            os.environ["DATABASE_APP_URL"] = addresses.program
            os.environ.pop("DATABASE_URL", None)
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
            print(_("The job worker runs. Stop with Ctrl-C."), flush=True)
            jobs.main()
    except Fault as fault:
        print(fault, file=sys.stderr)
        return FAILED
    return 0
