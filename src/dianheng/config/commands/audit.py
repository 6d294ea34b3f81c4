"""`dianheng audit export|verify|clean-up`: the trail as a file, proof that it is whole; the security log cleaned up."""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from dianheng.config.runtime.words import _

from . import DONE, FAILED, WRONG_INPUT, describe, say_refused

if TYPE_CHECKING:
    from dianheng.identity.audit_file import Fault, Root

SHOWN = 100


def configure(parser: argparse.ArgumentParser) -> None:
    writing = "dianheng audit export trail.jsonl"
    checking = "dianheng audit verify trail.jsonl"
    describe(
        parser,
        _("Export the audit trail, prove that it is whole, clean up the security log."),
        writing,
        checking,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = actions.add_parser("export", help=_("write the sealed trail as lines of JSON"))
    describe(
        export,
        _("Write the sealed audit trail as lines of JSON, to be checked without the database."),
        writing,
        "dianheng audit export --first 1000 --last 2000 part.jsonl",
    )
    export.add_argument("file", nargs="?", type=Path, help=_("absent: standard output"))
    export.add_argument("--first", type=int, default=1, help=_("first position of the chain"))
    export.add_argument("--last", type=int, help=_("last position of the chain"))
    verify = actions.add_parser("verify", help=_("check a file, or the database's own trail"))
    describe(
        verify,
        _(
            "Check an exported trail, or without a file the database's own, and name every record "
            "that was changed, deleted or put in. Exit code 0: whole; 1: faults; 2: cannot be read."
        ),
        checking,
        "dianheng audit verify",
    )
    verify.add_argument("file", nargs="?", type=Path, help=_("a file needs no database"))
    verify.add_argument(
        "--root", metavar="POSITION:DIGEST", help=_("a digest as printed on the minutes of a month")
    )
    clean_up = actions.add_parser("clean-up", help=_("remove old events of the security log"))
    describe(
        clean_up,
        _(
            "Remove events of the security log (logins, refusals, exports) that are older than a "
            "day. Their number and digest stay in the audit trail, which is never cleaned up."
        ),
        'dianheng audit clean-up --before 2026-01-01 --reason "yearly clean-up"',
        "dianheng audit clean-up --before 2026-01-01 --dry-run",
    )
    clean_up.add_argument(
        "--before", required=True, type=date.fromisoformat, metavar="DAY",
        help=_("events of this day and later stay"),
    )  # fmt: skip
    clean_up.add_argument("--reason", default="", help=_("why; not needed with --dry-run"))
    clean_up.add_argument("--dry-run", action="store_true", help=_("only say how many"))


def run(options: argparse.Namespace) -> int:
    if options.action == "verify":
        try:
            root = _root(options.root)
        except ValueError as error:
            print(_(str(error)), file=sys.stderr)
            return WRONG_INPUT
        return _verify_file(options.file, root) if options.file else _verify_database(root)
    if options.action == "clean-up":
        return _clean_up(options)
    from dianheng.config.runtime.database import connected

    with connected():
        from dianheng.identity.services import audit_export

        if options.file is None:
            audit_export(sys.stdout, options.first, options.last)
            return DONE
        with options.file.open("w", encoding="utf-8") as out:
            count = audit_export(out, options.first, options.last)
    print(_("{count} batches written to {file}").format(count=count, file=options.file))
    return DONE


def _report(count: int, faults: "list[Fault]") -> int:
    """Each fault with its code, place and words; the first hundred."""
    from dianheng.identity.audit_file import FAULTS

    for fault in faults[:SHOWN]:
        print(f"{fault.code}: {fault.where(_)} ({_(FAULTS[fault.code])})")
    if len(faults) > SHOWN:
        print(_("and {more} more").format(more=len(faults) - SHOWN))
    if faults:
        print(_("{count} batches checked, {faults} faults").format(count=count, faults=len(faults)))
        return FAILED
    print(_("{count} batches checked, whole").format(count=count))
    return DONE


def _root(text: str | None) -> "Root | None":
    from dianheng.identity.audit_file import read_root

    return read_root(text) if text else None


def _verify_file(path: Path, root: "Root | None") -> int:
    from dianheng.identity.audit_file import NO_TRAIL, verify_lines

    try:
        with path.open(encoding="utf-8") as lines:
            found = verify_lines(lines, root)
    except FileNotFoundError:
        print(_("There is no file {file}.").format(file=path), file=sys.stderr)
        return WRONG_INPUT
    except OSError as error:
        text = _("{file} cannot be read: {why}")
        print(text.format(file=path, why=error.strerror), file=sys.stderr)
        return WRONG_INPUT
    except ValueError:
        print(_(NO_TRAIL), file=sys.stderr)
        return WRONG_INPUT
    return _report(*found)


def _verify_database(root: "Root | None") -> int:
    from dianheng.config.runtime.database import connected

    with connected():
        from dianheng.identity.services import audit_verify

        return _report(*audit_verify(root=root))


def _clean_up(options: argparse.Namespace) -> int:
    from dianheng.config.runtime.database import connected

    with connected():
        from dianheng.common.errors import Refused
        from dianheng.identity.selectors.access_log import older_than
        from dianheng.identity.services import access_clean_up, system_actor

        if options.dry_run:
            count = older_than(options.before)["events"]
            print(_("{count} events would be removed").format(count=count))
            return DONE
        try:
            done = access_clean_up(
                before=options.before, reason=options.reason, actor=system_actor("command")
            )
        except Refused as refused:
            return say_refused(refused)
    print(
        _("{count} events removed, digest {digest}").format(
            count=done["events"], digest=done["digest"]
        )
    )
    return DONE
