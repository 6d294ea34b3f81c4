"""Helps for views: rights at the page's door, the unit looked at, words for machines and people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import quote, urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _

from .actor import Actor
from .errors import Refusal, Refused, Text

View = Callable[..., HttpResponse]

# Filled by identity at start, since imports go downwards only.
_labels: Callable[[], Mapping[str, Text]] = dict
_rights_of: Callable[[int], Any] | None = None


def register_rights_source(
    labels: Callable[[], Mapping[str, Text]], rights_of: Callable[[int], Any]
) -> None:
    """Tell the pages what rights are called, and how those of a person are read."""
    global _labels, _rights_of
    _labels, _rights_of = labels, rights_of


def no_right(*rights: str) -> Refusal:
    """The refusal of somebody who holds none of the rights."""
    names = _labels()
    label = " / ".join(str(names.get(right, right)) for right in rights)
    return Refusal(
        "no_right",
        _("Your posts do not include “%(right)s”. Ask your leader for the right.")
        % {"right": label},
        {"right": rights[0]},
    )


def needs(*rights: str) -> Callable[[View], View]:
    """Let in who holds one of the rights, anywhere; services ask again for the unit touched."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not any(request.rights.may(right) for right in rights):  # type: ignore[attr-defined]
                raise Refused(no_right(*rights))
            return view(request, *args, **kwargs)

        return opens_to(*rights)(guarded)

    return wrap


def opens_to(*rights: str) -> Callable[[View], View]:
    """Say who gets in where the view asks by itself, so that links can ask before: `may_open`."""

    def mark(view: View) -> View:
        view.rights = rights  # type: ignore[attr-defined]
        return view

    return mark


def door_refusal(rights: Any, address: str, *over: str) -> Refusal | None:
    """Why a page does not let in who holds these rights; None when it does.

    Links to doors that stay closed are shown as plain text, buttons greyed with this reason.

    Args:
        over: paths of the units whose thing it is, one of them is enough; none: any unit.
    """
    try:
        wanted = getattr(resolve(urlsplit(address).path).func, "rights", ())
    except Resolver404:
        return None
    if not wanted or any(rights.may(right, *path) for right in wanted for path in _each(over)):
        return None
    return no_right(*wanted)


def _each(over: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [(path,) for path in over] or [()]


def may_open(rights: Any, address: str, *over: str) -> bool:
    """Whether a page's door lets in who holds these rights."""
    return door_refusal(rights, address, *over) is None


def actor_from(request: HttpRequest) -> Actor:
    """Who stands behind a page; the same as `identity.services.actor_of`."""
    person: Any = request.user
    return Actor(person.pk, person.name, request_id=getattr(request, "request_id", ""))


@dataclass(frozen=True)
class Scope:
    """For whom rows are read: the person, the rights, the unit chosen at the top of the page.

    Lists and their exports get one, whether a page or a job asks.
    """

    person_id: int
    rights: Any
    unit_path: str = ""  # prefix of the units looked at; empty: all that one may see
    language: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def paths(self, right: str) -> list[str]:
        """Roots of the subtrees to show: those of the right, narrowed to the chosen unit."""
        shown: set[str] = set()
        for path in self.rights.paths(right):
            if path.startswith(self.unit_path):
                shown.add(path)
            elif self.unit_path.startswith(path):
                shown.add(self.unit_path)
        return sorted(shown)


def scope_of(request: HttpRequest) -> Scope:
    """The scope of a page."""
    return Scope(
        request.user.pk,
        request.rights,  # type: ignore[attr-defined]
        request.session.get("unit_path", ""),
        getattr(request, "LANGUAGE_CODE", ""),
    )


def scope_of_job(actor: Actor, unit_path: str) -> Scope:
    """The scope of a job: the rights of its person as they are when it runs."""
    assert _rights_of is not None
    return Scope(actor.person_id, _rights_of(actor.person_id), unit_path)


def fragment(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Mark an answer that differs between a page and a fragment of it."""
    patch_vary_headers(response, ["HX-Request"])
    return response


def is_fragment(request: HttpRequest) -> bool:
    """Whether only a part of the page is asked for."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def attachment(content: bytes, name: str, media_type: str) -> HttpResponse:
    """A file that somebody sent in, to be saved: no browser shows or runs it in our name."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
