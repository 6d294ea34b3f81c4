"""The security log: events are noted and never changed."""

import logging
from typing import Any

from django.db import DatabaseError, transaction
from django.http import HttpRequest

from dianheng.common.access import Door

from ..choices import AccessKind, Via
from ..models import AccessEvent, ApiToken, Person
from ..rules import Actor

log = logging.getLogger("dianheng.access")
LONGEST = 200


def access_note(door: Door, kind: str, what: str = "", place: str = "", **more: Any) -> int | None:
    """Add an event of a request, or of an actor at another door; returns its number.

    One insert. What cannot be noted is said in the program's log and stops nobody.

    Args:
        place: see `note_access`; a request has its path.
    """
    facts = (
        {"person_id": door.person_id, "via": door.via, "path": place}
        if isinstance(door, Actor)
        else _of_request(door)
    )
    return _add(kind=kind, what=what, **(facts | more))


def _of_request(request: HttpRequest) -> dict[str, Any]:
    is_rest = request.path.startswith("/api/")
    user: Any = getattr(request, "user", None)
    return {
        "person_id": user.pk if user is not None and user.is_authenticated else None,
        "address": request.META.get("REMOTE_ADDR", ""),
        "via": getattr(request, "via", Via.REST if is_rest else Via.PAGE),
        "path": request.path,
    }


def _add(**facts: Any) -> int | None:
    facts = {key: _line(value) if isinstance(value, str) else value for key, value in facts.items()}
    try:
        with transaction.atomic():
            event: int = AccessEvent.objects.create(**facts).pk
    except DatabaseError:
        log.error("access event not written", exc_info=True)
        return None
    return event


def _line(text: str) -> str:
    """What the database can hold of a text that anybody may have sent."""
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST]


def login_note(request: HttpRequest, kind: str, login: str) -> int | None:
    """Add a login that failed or rests: whom it concerns where the login is known."""
    known = Person.objects.filter(login=_line(login), is_system=False).values_list("pk", flat=True)
    return access_note(request, kind, login=login, person_id=known.first())


def token_note_made(token: ApiToken, actor: Actor) -> None:
    """Add that a token was made; inside the batch that makes it."""
    _add(
        kind=AccessKind.TOKEN_MADE, person_id=token.person_id, via=actor.via, what=token.label,
        token_id=token.pk,
    )  # fmt: skip


def token_noted(request: HttpRequest, token: ApiToken) -> None:
    """Add the first use of a token on a day; `token_person` has read whether it is."""
    if not getattr(token, "was_used_today", True):
        access_note(
            request, AccessKind.TOKEN_USED, token.label,
            person_id=token.person_id, token_id=token.pk,
        )  # fmt: skip
