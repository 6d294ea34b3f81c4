"""Seals between stock, their keepers, and destruction."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.models import Person

from ..choices import SealVerb
from .steps import Done, seals_transition


def seals_receive(
    *, numbers: Sequence[str], actor: Actor, document: str = "", request_key: str = ""
) -> Done:
    """Ordered seals are here."""
    return seals_transition(
        numbers=numbers,
        verb=SealVerb.RECEIVE,
        right="seals.enrol",
        actor=actor,
        document=document,
        request_key=request_key,
    )


def seals_issue(
    *,
    numbers: Sequence[str],
    person: Person,
    actor: Actor,
    document: str = "",
    request_key: str = "",
) -> Done:
    """Give seals to a person, from stock or from their keeper; the seal's unit is the person's."""
    if not person.is_active:
        raise BadInput(_("%(name)s is no longer active.") % {"name": person.name})
    return seals_transition(
        numbers=numbers,
        verb=SealVerb.ISSUE,
        right="seals.issue",
        actor=actor,
        holder=person,
        unit_id=person.unit_id,
        document=document,
        request_key=request_key,
    )


def seals_give_back(
    *, numbers: Sequence[str], actor: Actor, document: str = "", request_key: str = ""
) -> Done:
    """Take unused seals back into stock."""
    return seals_transition(
        numbers=numbers,
        verb=SealVerb.GIVE_BACK,
        right="seals.issue",
        actor=actor,
        document=document,
        request_key=request_key,
    )


def seals_scrap(
    *,
    numbers: Sequence[str],
    witness: Person,
    reason: str,
    actor: Actor,
    document: str = "",
    request_key: str = "",
) -> Done:
    """Destroy seals before a second person."""
    if witness.pk in (actor.person_id, actor.acting_for_id):
        raise Refused(
            Refusal(
                "same_person",
                _("Seals are destroyed by two people: name another person as witness."),
                {"witness": witness.name},
            )
        )
    return seals_transition(
        numbers=numbers,
        verb=SealVerb.SCRAP,
        right="seals.scrap",
        actor=actor,
        witness=witness,
        reason=reason,
        document=document,
        request_key=request_key,
    )
