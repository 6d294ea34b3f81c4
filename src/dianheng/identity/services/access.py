"""Actors, rights at the door of services, tokens, settings, exceptions."""

import hashlib
import secrets
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import BadInput, Refusal, Refused, refuse

from ..choices import AccessKind
from ..models import AccessEvent, ApiToken, Person, SeparationException, Setting, Unit
from ..registry import all_rights, all_settings
from ..rules import SEPARATED, Actor, guard_right, standing_in
from ..selectors import standing_of, system_person
from .access_log import token_note_made
from .batch import write_batch
from .uses import right_used


def actor_of(request: HttpRequest) -> Actor:
    """Who stands behind a request of a page or of REST."""
    person: Any = request.user
    return Actor(
        person.pk,
        person.name,
        via=getattr(request, "via", "page"),
        request_id=getattr(request, "request_id", ""),
        scopes=getattr(request, "scopes", frozenset()),
    )


def actor_for_person(person: Person, via: str = "command") -> Actor:
    """A person acting through another door than a request."""
    return Actor(person.pk, person.name, via=via)


def system_actor(via: str = "job") -> Actor:
    """The program itself."""
    return actor_for_person(system_person(), via)


def require(actor: Actor, right: str, unit_id: int | None = None) -> Actor:
    """The actor, standing in for another where the right is a delegated one; or Refused.

    `unit_id` is the unit whose things are touched; None asks for the right anywhere.
    The program itself may do what it does.
    """
    is_program, path, rights = standing_of(actor.person_id, unit_id)
    if is_program and actor.via in ("job", "command"):
        return actor
    if unit_id is not None and path is None:
        raise Unit.DoesNotExist(unit_id)  # never “anywhere”
    rights = rights.narrowed(actor.scopes)
    refuse(guard_right(rights, right, all_rights()[right], path))
    grant = rights.grant(right, path)
    assert grant is not None
    right_used(actor.person_id, right, grant)
    return standing_in(actor, grant)


def require_sent(actor: Actor, right: str, unit_id: int | None = None) -> Actor:
    """As `require`, where files come in: the watched folder, which the program reads, may send them."""
    if actor.via == "file" and actor.person_id == system_person().pk:
        return actor
    return require(actor, right, unit_id)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def token_make(
    *, person: Person, label: str, actor: Actor, scopes: list[str] | None = None, days: int = 90
) -> str:
    """Make a bearer token; its text is shown once and never kept."""
    unknown = sorted(set(scopes or []) - set(all_rights()))
    if unknown:
        raise BadInput(_("Unknown scopes: %(scopes)s.") % {"scopes": ", ".join(unknown)})
    if not 1 <= days <= 3660:
        raise BadInput(_("A token is valid for 1 to 3660 days."))
    token = f"dh_{secrets.token_urlsafe(32)}"
    with write_batch(actor=actor, action="token.make") as batch:
        made = ApiToken.objects.create(
            person=person,
            label=label,
            digest=_digest(token),
            scopes=scopes or [],
            created_at=batch.at,
            expires_at=batch.at + timedelta(days=days),
        )
        token_note_made(made, actor)
    return token


def token_person(token: str) -> ApiToken | None:
    """The token in force with its person, or None; `was_used_today` says whether it was noted."""
    used = AccessEvent.objects.filter(
        token_id=OuterRef("pk"),
        kind=AccessKind.TOKEN_USED,
        at__gte=timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0),
    )
    return (
        ApiToken.objects.select_related("person")
        .annotate(was_used_today=Exists(used))
        .filter(
            digest=_digest(token),
            revoked_at__isnull=True,
            expires_at__gt=timezone.now(),
            person__is_active=True,
        )
        .first()
    )


def token_revoke(*, token: ApiToken, actor: Actor) -> None:
    """End a token now."""
    with write_batch(actor=actor, action="token.revoke") as batch:
        ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=batch.at)


def setting_change(
    *, key: str, value: str, valid_from: date, reason: str, actor: Actor, unit_id: int | None = None
) -> Setting:
    """Set a company's value from a day on; what was in force before stays known."""
    kind = all_settings().get(key)
    if kind is None:
        raise BadInput(_("There is no setting %(key)s.") % {"key": key})
    try:
        kind.parse(value)
    except (ValueError, ArithmeticError):
        raise BadInput(
            _("“%(value)s” is no value for %(label)s.") % {"value": value, "label": kind.label}
        ) from None
    if not reason.strip():
        raise BadInput(_("Say why the setting changes."))
    actor = require(actor, "identity.settings", unit_id)
    with write_batch(actor=actor, action="setting.change", reason=reason):
        row, _made = Setting.objects.update_or_create(
            key=key, unit_id=unit_id, valid_from=valid_from,
            defaults={"value": value, "reason": reason},
        )  # fmt: skip
    return row


def separation_except(
    *,
    subject: str,
    person: Person,
    steps: list[str],
    reason: str,
    valid_from: date,
    valid_through: date,
    actor: Actor,
) -> SeparationException:
    """Grant beforehand that one person does two steps of one matter."""
    known = set(SEPARATED) | {step for steps_ in SEPARATED.values() for step in steps_}
    faults = []
    if not subject.strip():
        faults.append({"field": "subject", "code": "missing", "text": _("Name the matter.")})
    if len(set(steps)) < 2 or set(steps) - known:
        faults.append({"field": "steps", "code": "steps", "text": _("Name two or more steps.")})
    if not reason.strip():
        faults.append({"field": "reason", "code": "missing", "text": _("Give the reason.")})
    if valid_through < valid_from:
        faults.append(
            {"field": "valid_through", "code": "period", "text": _("It ends before it begins.")}
        )
    if faults:
        raise BadInput(_("The exception cannot be granted."), faults)
    actor = require(actor, "identity.except", person.unit_id)
    if person.pk in (actor.person_id, actor.acting_for_id):
        raise Refused(
            Refusal(
                "own_exception",
                _("Nobody grants an exception to themselves."),
                {"person": person.name},
            )
        )
    with write_batch(actor=actor, action="separation.except", reason=reason) as batch:
        return SeparationException.objects.create(
            subject=subject, person=person, steps=sorted(set(steps)), reason=reason,
            valid_from=valid_from, valid_through=valid_through,
            granted_by_id=actor.person_id, granted_at=batch.at,
        )  # fmt: skip
