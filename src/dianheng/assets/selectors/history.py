"""How a row of the register came to be what it is: every write, old and new."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models
from psycopg import sql

from dianheng.common.actions import action_label
from dianheng.identity.selectors.trail import HIDDEN, Words

from ..models import Device, Meter, StandardEquipment, Terminal, Transformer

DETAILS: tuple[type[models.Model], ...] = (Meter, Transformer, Terminal, StandardEquipment)


NOT_TOLD = {"device_id", "path"}


@dataclass(frozen=True)
class Written:
    """One write of a row: who, when, why, and what changed."""

    at: datetime
    who: str
    for_whom: str
    action: str
    reason: str
    changes: list[tuple[str, str, str]]  # column in words, old, new


def device_history(device: Device) -> list[Written]:
    """All writes of a device's row and details, newest first."""
    found = _writes(Device, "id", device.pk)
    for model in DETAILS:
        found += _writes(model, "device_id", device.pk)
    return sorted(found, key=lambda one: one.at, reverse=True)


def history_of(thing: models.Model) -> list[Written]:
    """All writes of a maker, model or place, newest first."""
    return _writes(type(thing), "id", thing.pk)[::-1]


def _writes(model: type[models.Model], key: str, value: int) -> list[Written]:
    query = sql.SQL(
        "select b.began_at, b.actor_name, b.acting_for_name, b.action, b.reason, h.*"
        "  from {history} h join audit_statement s on s.id = h.statement_id"
        "  join audit_batch b on b.id = s.batch_id where h.{key} = %s order by h.statement_id"
    ).format(history=sql.Identifier(f"audit_{model._meta.db_table}"), key=sql.Identifier(key))
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(cursor.cursor.connection), [value])
        names = [column[0] for column in cursor.description][5:]
        rows = [(row[:5], dict(zip(names, row[5:], strict=True))) for row in cursor.fetchall()]
    words = Words(model, [image for _head, image in rows])
    written: list[Written] = []
    before: dict[str, Any] = {}
    for (at, who, for_whom, action, reason), image in rows:
        changes = [
            (words.label(name), words.text(name, before) if before else "", words.text(name, image))
            for name in image
            if name not in HIDDEN | NOT_TOLD
            and before.get(name) != image.get(name)
            and (before or image[name] not in ("", None, {}))
        ]
        written.append(
            Written(at, who, for_whom or "", str(action_label(action)), reason or "", changes)
        )
        before = image
    return written
