"""The security log cleaned up by date: what is removed leaves its number and digest on record."""

from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import BadInput, refuse

from ..models import AccessCleanUp
from ..rules import Actor, guard_clean_up
from ..selectors import setting
from ..selectors.access_log import day_begins
from .access import require
from .batch import idempotent, remember, write_batch


def access_clean_up(
    *, before: date, reason: str, actor: Actor, request_key: str = ""
) -> dict[str, Any]:
    """Remove events older than a day; number, span and digest stay as evidence of the batch.

    Returns:
        `events` removed, their `digest` (hex), the record's number as `clean_up`.
    """
    if not reason.strip():
        raise BadInput(
            _("Say why the log is cleaned up."),
            [{"field": "reason", "code": "missing", "text": _("Give the reason.")}],
        )
    actor = require(actor, "audit.clean_up")
    with write_batch(actor=actor, action="access.clean_up", reason=reason):
        done = idempotent(request_key, "access.clean_up")
        if done is not None:
            return done
        refuse(guard_clean_up(before, timezone.localdate(), setting("audit.access_keep_days")))
        with connection.cursor() as cursor:
            cursor.execute("select access_clean_up(%s)", [day_begins(before)])
            record = AccessCleanUp.objects.get(pk=cursor.fetchone()[0])
        answer = {
            "clean_up": record.pk, "events": record.event_count,
            "digest": bytes(record.digest).hex(),
        }  # fmt: skip
        remember(request_key, "access.clean_up", answer)
    return answer
