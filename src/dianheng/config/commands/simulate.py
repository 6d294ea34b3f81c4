"""`dianheng simulate`: the benches of the demo story, played against the running server."""

import argparse
import os
import sys

from dianheng.config.runtime.words import _

from . import describe


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        _(
            "Play the benches of the demo story: fetch each load that waits for them over REST, "
            "make up readings of real shape and send them, as the software of a bench does."
        ),
        "dianheng simulate",
        "dianheng simulate --bench BZ0001 --seed 7",
    )
    host, port = os.environ.get("DIANHENG_HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
    parser.add_argument(
        "--bench", action="append", default=[], metavar="CODE", help=_("absent: all of the story")
    )
    parser.add_argument(
        "--task", default="", metavar="NUMBER", help=_("absent: the loads of all tasks")
    )
    parser.add_argument("--url", default=f"http://{host}:{port}", help=_("where the pages are"))
    parser.add_argument(
        "--token", default="", help=_("absent: one for a day is made for each bench's operator")
    )
    parser.add_argument("--seed", type=int, default=1, help=_("of the readings"))


def run(options: argparse.Namespace) -> int:
    """Print one line for each load; 1 when the server refuses, 2 on a wrong bench."""
    from dianheng.config.runtime.database import connected

    with connected():
        from dianheng.demo.bench import ServerError, benches_do
        from dianheng.demo.story import has_laboratory
        from dianheng.demo.verified import BENCHES

        if not has_laboratory():
            print(
                _("The simulated benches belong to the demo story: run demo first."),
                file=sys.stderr,
            )
            return 2
        unknown = sorted(set(options.bench) - set(BENCHES))
        if unknown:
            print(
                _("No bench of the story: {names}").format(names=", ".join(unknown)),
                file=sys.stderr,
            )
            return 2
        try:
            count = benches_do(
                options.bench or list(BENCHES), url=options.url, seed=options.seed, say=print,
                token=options.token, task_no=options.task,
            )  # fmt: skip
        except ServerError as refusing:
            print(refusing, file=sys.stderr)
            return 1
    print(
        _("{count} loads done.").format(count=count)
        if count
        else _("No load waits for these benches.")
    )
    return 0
