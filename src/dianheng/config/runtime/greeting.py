"""What `dianheng serve` says when the pages answer: where, and who can log in."""

import json
from pathlib import Path

from .words import _


def greeting(data: Path, address: str) -> str:
    """The words of a start.

    `data/demo.json` is written by the demo story:
    {"password": "…", "people": [{"login": "…", "name": "…", "post": "…"}, …]}.
    """
    lines = [_("Dianheng is at {address}").format(address=address)]
    demo = read_demo(data / "demo.json")
    if demo:
        lines.append(_("The demo story is loaded. Everybody's password: {password}").format(**demo))
        for person in demo["people"]:
            lines.append("  {login:<12} {name}  {post}".format(**{"name": "", "post": ""} | person))
    else:
        lines.append(
            _(
                "Nobody there yet? Make the first administrator in another terminal: "
                "dianheng admin create"
            )
        )
    lines.append(_("Stop with Ctrl-C."))
    return "\n".join(lines)


def read_demo(path: Path) -> dict | None:
    """The file's content; None when it is not there or not whole."""
    try:
        demo = json.loads(path.read_text(encoding="utf-8"))
        return demo if demo["password"] and demo["people"][0]["login"] else None
    except (OSError, ValueError, LookupError, TypeError):
        return None
