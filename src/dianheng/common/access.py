"""Events of access that doors see: a refused right, an export.

Who keeps the security log (identity) registers at start, since imports go downwards only.
"""

from collections.abc import Callable

from django.http import HttpRequest

from .actor import Actor
from .errors import Refused

Door = HttpRequest | Actor  # pages and REST have a request; files, benches, commands, jobs an actor
Noter = Callable[[Door, str, str, str], object]
POST = "post "  # before the names of the posts that a step of a process belongs to
SIGNATURE = "signature"  # code of a fault: an upload does not carry the signature of its bench
_noters: list[Noter] = []


def register_access_log(noter: Noter) -> None:
    """Say who keeps the log: a function of door, kind, what and place; it must not fail."""
    if noter not in _noters:
        _noters.append(noter)


def note_access(door: Door, kind: str, what: str, place: str = "") -> None:
    """Hand an event on.

    Args:
        place: where somebody tried it, for a door without a page: a file, a bench, a command.
    """
    for noter in _noters:
        noter(door, kind, what, place)


def note_refusal(door: Door, refused: Refused | None, place: str = "") -> None:
    """Hand on that a right, a post or the signature of a bench was missing.

    Every door calls it with what a service refused: the whole, or some things of a batch that
    are answered one by one. Refusals for other reasons are no matter of access.
    """
    for what in sorted(_missing(refused)) if refused else ():
        note_access(door, "refused", what, place)


def _missing(refused: Refused) -> set[str]:
    rights = {str(one.facts.get("right", "")) for one in refused.refusals if one.code == "no_right"}
    rights |= {
        POST + str(one.facts.get("names", "")) for one in refused.refusals if one.code == "no_post"
    }
    faults = {fault.get("code") for one in refused.refusals for fault in one.errors}
    return rights | ({SIGNATURE} & faults)
