"""The search over everything, and where a whole bar code leads; fed by the apps at start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from .errors import Text
from .menu import menu_for
from .numbers import halfwidth
from .pages import may_open
from .pinyin import sort_key

AT_MOST = 6  # hits of one kind


@dataclass(frozen=True)
class Hit:
    """One thing found."""

    label: Text
    url: str
    text: Text = ""


@dataclass(frozen=True)
class HitGroup:
    """Things of one kind; `url` leads to the list with all of them."""

    title: Text
    hits: Sequence[Hit]
    url: str = ""


Searcher = Callable[[HttpRequest, str], HitGroup | None]
Resolver = Callable[[HttpRequest, str], str | None]
_searchers: list[Searcher] = []
_resolvers: list[Resolver] = []


def register_search(searcher: Searcher) -> None:
    """Add a kind of thing: (request, text) -> the first few that fit, within the rights."""
    _searchers.append(searcher)


def register_code(resolver: Resolver) -> None:
    """Add a kind of code: (request, whole code) -> address of its thing, or None."""
    _resolvers.append(resolver)


def clean_code(scanned: str) -> str:
    """What a scanner sent, without AIM prefix (`]C1`), control signs and full width.

    >>> clean_code("]C14130001234")
    '4130001234'
    """
    text = "".join(sign for sign in halfwidth(scanned) if sign.isprintable()).strip()
    is_aim = len(text) > 3 and text[0] == "]" and text[1].isalpha() and text[2].isalnum()
    return text[3:] if is_aim else text


def resolve(request: HttpRequest, code: str) -> str | None:
    """Where a whole code leads, if the person may go there."""
    for resolver in _resolvers:
        url = resolver(request, code)
        if url:
            return url if may_open(request.rights, url) else None  # type: ignore[attr-defined]
    return None


def search(request: HttpRequest, text: str) -> list[HitGroup]:
    """Everything that fits, kind by kind; pages of the menu last."""
    groups = [group for searcher in _searchers if (group := searcher(request, text)) and group.hits]
    wanted = text.lower()
    pages = [
        Hit(entry.label, entry.url, module.label)
        for module, entries in menu_for(request.rights.codes)  # type: ignore[attr-defined]
        for entry in entries
        if wanted in str(entry.label).lower()
        or wanted in sort_key(str(entry.label)).replace(" ", "")
    ]
    if pages:
        groups.append(HitGroup(_("Pages"), pages[:AT_MOST]))
    return groups
