"""Texts of the runtime. Django is not set up yet when they are needed, so plain gettext."""

import gettext
import os
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).parents[1] / "locale"


@cache
def catalogue() -> gettext.NullTranslations:
    """Chinese where the terminal's locale is Chinese, else the English of the source."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    languages = ["zh_Hans"] if locale.startswith("zh") else []
    return gettext.translation("django", LOCALE, languages, fallback=True)


def _(text: str) -> str:
    return catalogue().gettext(text)
