"""`dianheng audit export|verify`: the trail as a file, and proof that it is whole."""

import argparse
import sys
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    export = actions.add_parser("export", help="write the sealed trail as lines of JSON")
    export.add_argument("file", nargs="?", type=Path, help="absent: standard output")
    export.add_argument("--first", type=int, default=1, help="first position of the chain")
    export.add_argument("--last", type=int, help="last position of the chain")
    verify = actions.add_parser("verify", help="check a file, or the database's own trail")
    verify.add_argument("file", nargs="?", type=Path, help="needs no database")


def run(options: argparse.Namespace) -> int:
    if options.action == "verify":
        return _verify_file(options.file) if options.file else _verify_database()
    from dianheng.config.runtime.database import connected

    with connected():
        from dianheng.identity.services import audit_export

        if options.file is None:
            audit_export(sys.stdout, options.first, options.last)
            return 0
        with options.file.open("w", encoding="utf-8") as out:
            count = audit_export(out, options.first, options.last)
    print(f"{count} batches written to {options.file}")
    return 0


def _report(count: int, faults: list[object]) -> int:
    for fault in faults[:100]:
        print(fault)
    print(f"{count} batches checked, " + (f"{len(faults)} faults" if faults else "whole"))
    return 1 if faults else 0


def _verify_file(path: Path) -> int:
    from dianheng.identity.audit_file import verify_lines

    try:
        with path.open(encoding="utf-8") as lines:
            return _report(*verify_lines(lines))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _verify_database() -> int:
    from dianheng.config.runtime.database import connected

    with connected():
        from dianheng.identity.services import audit_verify

        return _report(*audit_verify())
