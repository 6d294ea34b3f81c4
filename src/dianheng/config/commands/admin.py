"""`dianheng admin create`: the first administrator of an empty installation."""

import argparse
import getpass
import sys


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a person who may organise everything")
    create.add_argument("--login", required=True)
    create.add_argument("--name", required=True, help="the person's name")
    create.add_argument("--person-no", help="staff number; absent: the login")
    create.add_argument(
        "--company", default="供电公司", help="name of the topmost unit, if there is none yet"
    )
    create.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )


def run(options: argparse.Namespace) -> int:
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            print("The passwords differ; nothing was made.", file=sys.stderr)
            return 2
    from dianheng.config.runtime.database import connected

    with connected():
        from dianheng.common.errors import Refused
        from dianheng.identity.services import administrator_make

        try:
            administrator_make(
                login=options.login, person_no=options.person_no or options.login,
                name=options.name, password=password, company=options.company,
            )  # fmt: skip
        except Refused as refused:
            for refusal in refused.refusals:
                print(refusal.text, *(e["text"] for e in refusal.errors), sep="\n", file=sys.stderr)
            return 2
    print(f"{options.login} can log in now.")
    return 0
