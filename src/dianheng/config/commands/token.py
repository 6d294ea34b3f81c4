"""`dianheng token --person LOGIN`: a bearer token for REST, printed bare and never shown again."""

import argparse
import sys


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--person", required=True, metavar="LOGIN")
    parser.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="RIGHT",
        help="may be given often; absent: all rights of the person",
    )
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--label", default="command")


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
            print(refused.refusal.text, file=sys.stderr)
            return 2
    print(token)
    return 0
