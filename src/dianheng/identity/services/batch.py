"""One transaction, one audit batch: the only way in which anything is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from dianheng.common.errors import Refusal, Refused
from dianheng.common.texts import gettext_lazy as _

from ..models import RequestResult
from ..rules import Actor


@dataclass(frozen=True)
class Batch:
    """The open batch: its number in the audit trail, the moment, who writes."""

    id: int
    at: datetime
    actor: Actor


_open: ContextVar[Batch | None] = ContextVar("dianheng_batch", default=None)


@contextmanager
def write_batch(*, actor: Actor, action: str, reason: str = "") -> Iterator[Batch]:
    """Open a transaction with its audit batch; inside another one, join it.

    Everything written inside, by ORM, SQL or COPY, is recorded by the database under this
    actor, action and reason. Leaving by an exception leaves nothing written.
    """
    outer = _open.get()
    if outer is not None and connection.in_atomic_block:
        with transaction.atomic():
            yield outer
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "select id, began_at from audit_open(%s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    actor.person_id,
                    actor.name,
                    actor.acting_for_id,
                    actor.acting_for_name,
                    action,
                    reason,
                    actor.via,
                    actor.request_id,
                ],
            )
            batch = Batch(*cursor.fetchone(), actor)
        token = _open.set(batch)
        try:
            yield batch
        finally:
            _open.reset(token)
        if connection.savepoint_ids:
            # The enclosing transaction must not go on writing under this actor.
            with connection.cursor() as cursor:
                cursor.execute("select set_config('dianheng.batch', '', true)")


def idempotent(request_key: str, action: str) -> dict[str, Any] | None:
    """What the same request answered before, or None; call it first inside the batch.

    Two equal requests at once: the second waits here until the first has committed.
    """
    if not request_key:
        return None
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 1))", [request_key])
    earlier = RequestResult.objects.filter(key=request_key).first()
    if earlier is None:
        return None
    if earlier.action != action:
        raise Refused(
            Refusal(
                "request_key_used",
                _("This request key was used for something else. Send it with a new key."),
                {"request_key": request_key, "action": earlier.action},
            )
        )
    return dict(earlier.result)


def remember(request_key: str, action: str, result: dict[str, Any]) -> None:
    """Keep the answer for repeats of the request."""
    if request_key:
        RequestResult.objects.create(key=request_key, action=action, result=result)
