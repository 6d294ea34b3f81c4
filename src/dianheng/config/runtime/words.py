"""Texts of the runtime. Django is not set up yet when they are needed, so plain gettext."""

import gettext
import os
from functools import cache
from pathlib import Path

CONFIG = Path(__file__).parents[1]
# Faults of the audit trail have their words where pages show them too.
LOCALES = (CONFIG / "locale", CONFIG.parent / "identity" / "locale")


def language() -> str:
    """Chinese where the terminal's locale is Chinese, else the English of the source."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return "zh-hans" if locale.startswith("zh") else "en"


@cache
def catalogue() -> gettext.NullTranslations:
    """The texts in that language."""
    languages = ["zh_Hans"] if language() == "zh-hans" else []
    own, more = (gettext.translation("django", at, languages, fallback=True) for at in LOCALES)
    own.add_fallback(more)
    return own


def _(text: str) -> str:
    return catalogue().gettext(text)
