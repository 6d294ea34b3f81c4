"""Which rights are used: noted once a day for each right of a person, after the act."""

import logging
from datetime import date

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from ..rules import Grant

log = logging.getLogger("dianheng.access")

_NOTE = """
insert into identity_rightuse (person_id, "right", first_on, last_on)
values (%(person)s, %(right)s, %(on)s, %(on)s)
on conflict (person_id, "right") do update
   set last_on = greatest(identity_rightuse.last_on, excluded.last_on),
       first_on = least(identity_rightuse.first_on, excluded.first_on)
"""
# What this process has noted today already: (person, right).
_noted: tuple[date, set[tuple[int, str]]] = (date.min, set())


def right_used(person_id: int, right: str, grant: Grant | None) -> None:
    """Note that a right opened a door; of a stand-in's it counts for whose post it is.

    It waits for the end of the transaction: what is refused or fails was no use, and no request
    waits for the row of another. What cannot be noted is said in the log and stops nobody.
    """
    global _noted
    if grant is None:
        return
    today, holder = timezone.localdate(), grant.from_person_id or person_id
    if _noted[0] != today:
        _noted = (today, set())
    if (holder, right) not in _noted[1]:
        transaction.on_commit(lambda: _keep(holder, right, today))


def _keep(person_id: int, right: str, on: date) -> None:
    try:
        use_note(person_id=person_id, right=right, on=on)
    except DatabaseError:
        log.error("use of a right not written", exc_info=True)
        return
    _noted[1].add((person_id, right))


def use_note(*, person_id: int, right: str, on: date) -> None:
    """Keep that a right was used on a day."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NOTE, {"person": person_id, "right": right, "on": on})
