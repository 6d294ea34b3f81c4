"""What carries out a clause of a regulation: every app says at start what of its own can.

Whoever keeps regulations picks from it, so that a tie leads to its place and is seen to be
broken when the thing is gone. The way back, from a thing to the clauses that rest on it, is
`{% basis things %}` on its page; the office answers it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from .errors import Text
from .menu import all_entries


@dataclass(frozen=True)
class Control:
    """A thing of the program that can carry a clause out.

    Args:
        key: under which it is kept, the same as long as it is the same thing.
        label: what people call it.
        url: its place.
        text: what tells it from others.
    """

    key: str
    label: Text
    url: str
    text: Text = ""


@dataclass(frozen=True)
class ControlKind:
    """A kind of such things.

    Args:
        search: (rights, piece of text, at most) -> what fits, for choosing.
        find: those of the keys that are there, by key; one look for all of them.
    """

    code: str
    label: Text
    search: Callable[[Any, str, int], Sequence[Control]]
    find: Callable[[Iterable[str]], Mapping[str, Control]]


def kind_of_list(
    code: str, label: Text, everything: Callable[[], Iterable[Control]]
) -> ControlKind:
    """A kind of which there are so few that all are looked through."""

    def search(rights: Any, text: str, at_most: int) -> Sequence[Control]:
        pieces = text.lower().split()
        fits = (
            one
            for one in everything()
            if all(piece in f"{one.label} {one.text} {one.key}".lower() for piece in pieces)
        )
        return [one for one, _n in zip(fits, range(at_most), strict=False)]

    def find(keys: Iterable[str]) -> Mapping[str, Control]:
        wanted = set(keys)
        return {one.key: one for one in everything() if one.key in wanted} if wanted else {}

    return ControlKind(code, label, search, find)


_kinds: dict[str, ControlKind] = {}


def register_control_kind(*kinds: ControlKind) -> None:
    """Declare kinds of things that can carry a clause out."""
    _kinds.update({kind.code: kind for kind in kinds})


def control_kinds() -> dict[str, ControlKind]:
    """Every kind by code, in the order of the apps."""
    return dict(_kinds)


def controls_there(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Control]:
    """Those of the kinds and keys that are there; one look a kind."""
    keys: dict[str, list[str]] = {}
    for kind, key in wanted:
        keys.setdefault(kind, []).append(key)
    return {
        (kind, key): control
        for kind, each in keys.items()
        if kind in _kinds
        for key, control in _kinds[kind].find(each).items()
    }


@dataclass(frozen=True)
class ClauseAbove:
    """A clause that a thing carries out."""

    regulation: str
    edition: str
    number: str
    text: str
    url: str
    in_force_from: date
    is_changed: bool  # a newer edition changed it, and nobody has looked at it yet

    @property
    def is_future(self) -> bool:
        """Its edition is not in force yet."""
        return self.in_force_from > timezone.localdate()


Wanted = Sequence[tuple[str, str]]
Above = Callable[[Wanted], Mapping[tuple[str, str], Sequence[ClauseAbove]]]
_above: list[Above] = []


def register_clauses(above: Above) -> None:
    """Say which clauses rest on things: (kind, key) of each -> its clauses; the office does."""
    _above.append(above)


def clauses_above(wanted: Wanted) -> Mapping[tuple[str, str], Sequence[ClauseAbove]]:
    """The clauses that these things carry out."""
    found: dict[tuple[str, str], list[ClauseAbove]] = {}
    for above in _above:
        for thing, clauses in above(wanted).items():
            found.setdefault(thing, []).extend(clauses)
    return found


def _pages() -> Iterable[Control]:
    return (
        Control(entry.url_name, entry.label, reverse(entry.url_name), module.label)
        for module, entry in all_entries()
    )


register_control_kind(kind_of_list("page", gettext_lazy("Page"), _pages))
