"""The command `dianheng`: a table of names, each module imported only when it is called."""

import argparse
import importlib
import sys

from dianheng.config.runtime.words import _

# What argparse itself says, for the catalogue.
ITS_WORDS = (
    _("usage: "), _("options"), _("positional arguments"), _("show this help message and exit"),
    _("%(prog)s: error: %(message)s\n"), _("the following arguments are required: %s"),
    _("unrecognized arguments: %s"), _("expected one argument"),
    _("invalid choice: %(value)r (choose from %(choices)s)"), _("invalid %(type)s value: %(value)r"),
)  # fmt: skip
COMMANDS = {
    "serve": _("database, web server and job worker in one foreground command"),
    "worker": _("the job worker alone"),
    "migrate": _("bring the database to this version"),
    "admin": _("create the first administrator"),
    "token": _("print an API token for a person"),
    "demo": _("tell the demo story in an empty data folder"),
    "simulate": _("play the benches of the demo story against the running server"),
    "calc": _("ask one rule of the trade"),
    "audit": _("export the audit trail, verify it"),
    "doctor": _("what is configured, what would fail"),
    "certificate": _("check a signed certificate"),
    "sampling": _("repeat a published draw"),
    "process": _("check packs of business processes, bring them into force"),
}


def parser_for(wanted: str = "") -> argparse.ArgumentParser:
    """The whole command line; only the wanted command's module is imported."""
    parser = argparse.ArgumentParser(
        prog="dianheng",
        description=_("Dianheng: electricity metering, from arrival to certificate"),
        epilog=_("Each command says with --help what it does, with an example."),
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name == wanted:
            module = importlib.import_module(f"dianheng.config.commands.{name}")
            module.configure(command)
            command.set_defaults(run=module.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; exit code 0 done, 1 failed, 2 wrong input."""
    arguments = sys.argv[1:] if argv is None else argv
    argparse._ = _  # type: ignore[attr-defined]  its own words in the terminal's language too
    options = parser_for(arguments[0] if arguments else "").parse_args(arguments)
    return int(options.run(options) or 0)


if __name__ == "__main__":
    sys.exit(main())
