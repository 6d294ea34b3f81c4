"""`dianheng token --person LOGIN`: a bearer token for REST, printed bare and never shown again."""

import argparse

from dianheng.config.runtime.words import _

from . import DONE, describe, say_refused


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        _(
            "Print a token with which a machine asks REST as a person. It is shown this once; only "
            "its digest is kept."
        ),
        "dianheng token --person zhangwei --scope verification.upload --days 365",
    )
    parser.add_argument("--person", required=True, metavar="LOGIN", help=_("whose rights it has"))
    parser.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="RIGHT",
        help=_("may be given often; absent: all rights of the person"),
    )
    parser.add_argument("--days", type=int, default=90, help=_("until it ends; 90 if absent"))
    parser.add_argument("--label", default="command", help=_("a name to find it again"))


def run(options: argparse.Namespace) -> int:
    from dianheng.config.runtime.database import connected

    with connected():
        from dianheng.common.errors import Refused
        from dianheng.identity.selectors import person_by_login
        from dianheng.identity.services import system_actor, token_make

        try:
            token = token_make(
                person=person_by_login(options.person), label=options.label,
                scopes=options.scope, days=options.days, actor=system_actor("command"),
            )  # fmt: skip
        except Refused as refused:
            return say_refused(refused)
    print(token)
    return DONE
