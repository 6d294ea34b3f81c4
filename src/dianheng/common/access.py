"""Events of access that pages and REST see: a refused right, an export.

Who keeps the security log (identity) registers at start, since imports go downwards only.
"""

from collections.abc import Callable

from django.http import HttpRequest

from .errors import Refused

Noter = Callable[[HttpRequest, str, str], object]
_noters: list[Noter] = []


def register_access_log(noter: Noter) -> None:
    """Say who keeps the log: a function of request, kind and what; it must not fail."""
    if noter not in _noters:
        _noters.append(noter)


def note_access(request: HttpRequest, kind: str, what: str) -> None:
    """Hand an event on."""
    for noter in _noters:
        noter(request, kind, what)


def note_refusal(request: HttpRequest, refused: Refused) -> None:
    """Hand on that a right was missing; refusals for other reasons are no matter of access."""
    missing = {
        str(one.facts.get("right", "")) for one in refused.refusals if one.code == "no_right"
    }
    for right in sorted(missing):
        note_access(request, "refused", right)
