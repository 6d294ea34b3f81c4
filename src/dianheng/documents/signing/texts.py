"""Texts of papers' proof outside Django: one file for command, check page and errors."""

import os
import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parents[1] / "checkpage" / "words.toml"
_PAPERS = Path(__file__).parents[1] / "papers" / "templates" / "texts"
LANGUAGES = ("zh", "en")


@cache
def words() -> dict[str, dict[str, str]]:
    """Words by language and code."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def names() -> dict[str, dict[str, str]]:
    """Names of items, directions, loads, parts and burdens as papers print them, by language."""
    found = {}
    for lang in LANGUAGES:
        table = tomllib.loads((_PAPERS / f"{lang}.toml").read_text(encoding="utf-8"))
        parts = {name: table["transformer"][name] for name in ("CT", "PT", "rated", "lower")}
        found[lang] = table["load"] | table["direction"] | parts | table["item"]
        found[lang][""] = ""
    return found


def terminal_language() -> str:
    """Chinese where the terminal's locale is Chinese, else English."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return "zh" if locale.startswith("zh") else "en"


def said(code: str, lang: str = "", /, **facts: object) -> str:
    """A text with its places filled; in the terminal's language when none is named."""
    text = words()[lang or terminal_language()][code]
    for name, value in facts.items():
        text = text.replace("{" + name + "}", str(value))
    return text
