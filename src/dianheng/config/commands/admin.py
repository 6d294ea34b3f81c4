"""`dianheng admin create`: the first administrator of an empty installation."""

import argparse
import getpass
import sys

from dianheng.config.runtime.words import _

from . import DONE, WRONG_INPUT, describe, say_refused


def configure(parser: argparse.ArgumentParser) -> None:
    does = _(
        "Make a person who may organise everything: the first administrator where there is no "
        "demo story. The password is asked for."
    )
    example = "dianheng admin create --login admin --name 王管理 --company 某市供电公司"
    describe(parser, does, example)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help=_("make the first administrator"))
    describe(create, does, example)
    create.add_argument("--login", required=True, help=_("what is typed to log in"))
    create.add_argument("--name", required=True, help=_("the person's name"))
    create.add_argument("--person-no", help=_("staff number; absent: the login"))
    create.add_argument(
        "--company", default="供电公司", help=_("name of the topmost unit, if there is none yet")
    )
    create.add_argument(
        "--password-stdin", action="store_true", help=_("read the password from standard input")
    )


def run(options: argparse.Namespace) -> int:
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass(_("Password: "))
        if getpass.getpass(_("Again: ")) != password:
            print(_("The passwords differ; nothing was made."), file=sys.stderr)
            return WRONG_INPUT
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
            return say_refused(refused)
    print(_("{login} can log in now.").format(login=options.login))
    return DONE
