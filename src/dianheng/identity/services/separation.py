"""Separation of duties at run time, for every service that approves."""

from collections.abc import Sequence

from django.utils import timezone

from dianheng.common.errors import refuse

from ..rules import Actor, Step, guard_separation
from ..selectors import separation_exceptions


def require_separation(subject: str, step: str, actor: Actor, did: Sequence[Step]) -> None:
    """Refuse the same person on steps that check each other, unless excepted beforehand.

    Args:
        subject: the matter, as exceptions name it, for example `task:T2026-0001`.
        step: the step that the actor is about to take (`review`, `approve`, `receive`).
        did: all earlier steps of the matter, each with who took it and for whom.
    """
    if guard_separation(actor, step, did) is None:
        return  # the usual case; exceptions only allow, so that they need not be asked for
    exceptions = separation_exceptions(subject, actor.person_id)
    refuse(guard_separation(actor, step, did, exceptions, timezone.localdate()))
