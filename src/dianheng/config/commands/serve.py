"""`dianheng serve`: database, web server and job worker in one foreground command."""

import argparse
import os
import sys

from dianheng.config.runtime.faults import Fault
from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.words import _

from . import FAILED, describe

STOP_SECONDS = 12


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        _(
            "Run database, web server and job worker in the foreground; Ctrl-C stops them in "
            "order. A part that ends is started again."
        ),
        "dianheng serve",
        "dianheng serve --port 8001",
        "DATABASE_URL=postgresql://owner:secret@db.example:5432/metering dianheng serve",
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("DIANHENG_HOST", "127.0.0.1"),
        help=_("address to listen on"),
    )
    parser.add_argument(
        "--port", type=int, default=os.environ.get("PORT", "8000"), help=_("port of the pages")
    )


def run(options: argparse.Namespace) -> int:
    from dianheng.config.runtime.supervisor import Supervisor

    try:
        patience_s = float(os.environ.get("DIANHENG_STOP_SECONDS") or STOP_SECONDS)
        return Supervisor(Folder.open(), options.host, options.port, patience_s).run()
    except Fault as fault:
        print(fault, file=sys.stderr)
        return FAILED
