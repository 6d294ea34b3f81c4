"""Pages of the reference that are written from the code, so that they cannot fall behind it.

`python -m dianheng.config.reference` writes them; a test compares them with what stands there.
"""

import argparse
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.utils import translation

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "reference"
NOTE = "<!-- written by `make snapshots`; change the code, not this page -->\n\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _chinese(text: Any) -> str:
    with translation.override("zh-hans"):
        return str(text)


def commands() -> str:
    """Each command with what it does, examples and options, without Python's layout."""
    from .cli import COMMANDS, parser_for

    page = "# Commands\n\n" + NOTE + "Exit codes: 0 done, 1 failed, 2 wrong input.\n"
    for name in COMMANDS:
        parser = _below(parser_for(name))[name]
        page += f"\n## {parser.prog}\n{_described(parser)}"
        page += "".join(f"\n`{sub.prog}`\n{_described(sub)}" for sub in _below(parser).values())
    return page


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands or actions of a parser, by name."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def _described(parser: argparse.ArgumentParser) -> str:
    rows = []
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            shown = ", ".join(action.option_strings) or str(action.metavar or action.dest)
            if action.choices:
                shown += " " + "|".join(map(str, action.choices))
            elif action.option_strings and action.nargs != 0:
                shown += f" {action.metavar or action.dest.upper()}"
            rows.append((f"`{shown}`", action.help or ""))
    text = " ".join((parser.description or "").split())
    examples = "".join(f"{line.strip()}\n" for line in (parser.epilog or "").splitlines()[1:])
    table = "\n" + _table(["option", "meaning"], rows) if rows else ""
    return f"\n{text}\n\n```sh\n{examples}```\n{table}"


def rights() -> str:
    """What a post can allow."""
    from dianheng.identity.registry import all_rights

    rows = [(f"`{code}`", label, _chinese(label)) for code, label in all_rights().items()]
    text = "A right is held by a post over a unit and all below it. Services ask for it, whatever the door.\n\n"
    return "# Rights\n\n" + NOTE + text + _table(["right", "English", "中文"], rows)


def settings() -> str:
    """What a company may set for itself."""
    from dianheng.identity.registry import all_settings

    rows = [
        (
            f"`{key}`", kind.label, _chinese(kind.label),
            f"{_default(kind.default)} {kind.unit}".strip(), kind.certainty, kind.source,
        )
        for key, kind in all_settings().items()
    ]  # fmt: skip
    text = (
        "A setting belongs to a unit and all below it; it is changed under *Settings* with a reason.\n"
        "What comes from the environment stands in [Run it](../how-to/run.md).\n\n"
    )
    heads = ["setting", "English", "中文", "default", "certainty", "source"]
    return "# Settings\n\n" + NOTE + text + _table(heads, rows)


def _default(value: Any) -> str:
    return "" if value is None else str(value)


def states() -> str:
    """Every list of states and kinds, and what may happen to a device in which state."""
    from dianheng.assets.choices import DeviceState, Verb
    from dianheng.assets.rules import TRANSITIONS

    page = "# States and kinds\n\n" + NOTE + "## What may happen to a device\n\n"
    names = {code: _chinese(label) for code, label in DeviceState.choices}
    rows = [
        (
            f"`{t.verb}`", _chinese(Verb(t.verb).label),
            "、".join(names.get(code, "(not in the register)") for code in DeviceState if code in t.sources)
            or "(not in the register)",
            names[t.target] if t.target else "(unchanged)", "yes" if t.needs_reason else "",
        )
        for t in TRANSITIONS.values()
    ]  # fmt: skip
    page += _table(["verb", "中文", "from", "to", "owes a reason"], rows)
    for app, kind in _choices():
        page += f"\n## {app}: {kind.__name__}\n\n{_meaning(kind)}\n\n"
        pairs = [(f"`{code}`", label, _chinese(label)) for code, label in kind.choices if code]
        page += _table(["code", "English", "中文"], pairs)
    return page


def _choices() -> Iterator[tuple[str, Any]]:
    from django.apps import apps
    from django.db.models import TextChoices

    for app in apps.get_app_configs():
        if not app.name.startswith("dianheng."):
            continue
        try:
            module = importlib.import_module(f"{app.name}.choices")
        except ModuleNotFoundError:
            continue
        for kind in vars(module).values():
            is_list = inspect.isclass(kind) and issubclass(kind, TextChoices)
            if is_list and kind.__module__ == module.__name__:
                yield app.label, kind


def _meaning(kind: Any) -> str:
    return " ".join((inspect.getdoc(kind) or "").split())


def addresses() -> str:
    """Every address of the REST interface."""
    from dianheng.interfaces.rest.api import api

    rows = []
    schema: Any = api.get_openapi_schema(path_prefix="/api/v1/")
    for path, verbs in schema["paths"].items():
        for verb, operation in verbs.items():
            text = operation.get("description") or operation.get("summary", "")
            rows.append((f"`{verb.upper()} {path}`", text.split("\n\n")[0]))
    text = "How to ask, and what a refusal looks like: [REST](rest.md).\n\n"
    return "# REST addresses\n\n" + NOTE + text + _table(["address", "does"], rows)


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "rights.md": rights,
    "settings.md": settings,
    "states.md": states,
    "rest-addresses.md": addresses,
}


def page_text(name: str) -> str:
    """The page as it should stand."""
    with translation.override("en"):
        return PAGES[name]()


def main(argv: Sequence[str] | None = None) -> int:
    """Write all pages."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dianheng.config.settings")
    os.environ.setdefault("DIANHENG_SECRET_KEY", "only-for-documentation-" + "x9!" * 20)
    os.environ["LC_ALL"] = "C.UTF-8"  # the commands speak the terminal's language
    for name in ("PORT", "DIANHENG_HOST"):  # defaults of options, not of this terminal
        os.environ.pop(name, None)
    import django

    django.setup()
    for name in PAGES:
        (FOLDER / name).write_text(page_text(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
