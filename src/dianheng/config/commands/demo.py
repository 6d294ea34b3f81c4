"""`dianheng demo --size s|m|l --seed N`: the demo story, made through the services."""

import argparse
import json
import secrets
import sys
from importlib.metadata import version
from pathlib import Path

from dianheng.config.runtime.words import _

from . import DONE, FAILED, describe


def configure(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        _(
            "Tell the demo story in an empty data folder: a city company, its laboratory and "
            "stores, lots on the benches. The same seed tells the same story. The password of all "
            "its people is kept in the data folder and printed at each start."
        ),
        "dianheng demo",
        "dianheng demo --size m --seed 7",
    )
    parser.add_argument(
        "--size",
        choices=["s", "m", "l"],
        default="s",
        help=_("s: the story; m: 100,000 devices; l: 1,000,000"),
    )
    parser.add_argument("--seed", type=int, default=1, help=_("of what is left to chance"))
    parser.add_argument(
        "--if-empty", action="store_true", help=_("do nothing where people work already")
    )


def run(options: argparse.Namespace) -> int:
    from dianheng.config.runtime.database import connected
    from dianheng.config.runtime.folders import Folder

    data = Folder.open().path
    if options.if_empty and is_told(data):
        return DONE
    with connected("demo"):
        from dianheng.demo.story import is_empty, is_whole, tell

        if options.if_empty and not is_empty() and is_whole():
            return 0
        if not is_empty() and not (data / "demo.json").exists():
            print(
                _("People work here already; the demo story goes into an empty data folder only."),
                file=sys.stderr,
            )
            return DONE if options.if_empty else FAILED
        password = _password(data)
        people = tell(size=options.size, seed=options.seed, password=password, say=print)
        write_demo(data, password, people)
    return 0


def is_told(data: Path) -> bool:
    """Whether this version told the whole story here: no database is asked, a start is quick."""
    try:
        demo = json.loads((data / "demo.json").read_text(encoding="utf-8"))
        return bool(demo["people"]) and demo["version"] == version("dianheng")
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _password(data: Path) -> str:
    """The one random password; kept from before where the story was begun already."""
    file = data / "demo.json"
    if file.exists():
        return str(json.loads(file.read_text(encoding="utf-8"))["password"])
    password = secrets.token_urlsafe(12)
    write_demo(data, password, [])
    return password


def write_demo(data: Path, password: str, people: list[dict[str, str]]) -> None:
    file = data / "demo.json"
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    demo = {"password": password, "people": people, "version": version("dianheng")}
    new.write_text(json.dumps(demo, ensure_ascii=False), encoding="utf-8")
    new.rename(file)
