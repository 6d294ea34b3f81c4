"""The command `dianheng`: a table of names, each module imported only when it is called."""

import argparse
import importlib
import sys

COMMANDS = {
    "serve": "database, web server and job worker in one foreground command",
    "worker": "the job worker alone",
    "migrate": "bring the database to this version",
    "admin": "create the first administrator",
    "token": "print an API token for a person",
    "demo": "make the demo story anew",
    "simulate": "play the benches of the demo story against the running server",
    "calc": "ask one rule of the trade",
    "audit": "export the audit trail, verify it",
    "doctor": "what is configured, what would fail",
    "certificate": "check a signed certificate",
    "sampling": "repeat a published draw",
    "process": "check packs of business processes",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; exit code 0 done, 1 failed, 2 wrong input."""
    arguments = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="dianheng", description="电衡 Dianheng")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = arguments[0] if arguments else ""
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if name == wanted:
            module = importlib.import_module(f"dianheng.config.commands.{name}")
            module.configure(command)
            command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    return int(options.run(options) or 0)


if __name__ == "__main__":
    sys.exit(main())
