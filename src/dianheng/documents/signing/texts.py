"""Texts of papers' proof outside Django: one file for command, check page and errors."""

import os
import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parents[1] / "checkpage" / "words.toml"
LANGUAGES = ("zh", "en")


@cache
def words() -> dict[str, dict[str, str]]:
    """Words by language and code."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


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
