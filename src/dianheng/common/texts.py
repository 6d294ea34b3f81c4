"""Translation marks for modules that know no Django: texts are translated where they are shown.

`rules.py` files carry texts but import no framework; the lazy text of Django is handed in
when Django is there, and the English text stands for itself when it is not (calculators,
offline checks).
"""

from typing import Any

from dianheng.metrology.errors import MetrologyError

try:
    from django.utils.translation import get_language, gettext_lazy, ngettext_lazy
except ImportError:  # pragma: no cover - the offline commands run without Django

    def gettext_lazy(message: str) -> Any:  # type: ignore[misc]
        """The message itself."""
        return message

    def ngettext_lazy(singular: str, plural: str, number: Any = None) -> Any:  # type: ignore[misc]
        """The form for the number."""
        return singular if number == 1 else plural

    def get_language() -> str:  # type: ignore[misc]
        """The language of the source."""
        return "en"


def why(error: MetrologyError) -> str:
    """What a rule refused, in the language of the page."""
    return error.said(get_language() or "zh")


__all__ = ["gettext_lazy", "ngettext_lazy", "why"]
