"""Reads of rights: by posts held, and by posts of those one stands in for."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from ..models import Person, SeparationException
from ..rules import Grant, GrantedException, Rights
from .organisation import unit_of_json

# One statement: own posts, and posts of others under a delegation in force.
_GRANTS = """
select u.path, p.rights, p.name, null::bigint, '', p.code
  from identity_postholding h
  join identity_post p on p.id = h.post_id join identity_unit u on u.id = h.unit_id
 where h.person_id = %(person)s and h.valid_from <= %(on)s
   and (h.valid_through is null or h.valid_through >= %(on)s)
union all
select u.path, p.rights, p.name, f.id, f.name, p.code
  from identity_delegation d
  join identity_person f on f.id = d.from_person_id and f.is_active
  join identity_postholding h on h.person_id = f.id and (d.holding_id is null or d.holding_id = h.id)
  join identity_post p on p.id = h.post_id join identity_unit u on u.id = h.unit_id
 where d.to_person_id = %(person)s and d.revoked_at is null
   and %(on)s between d.valid_from and d.valid_through and h.valid_from <= %(on)s
   and (h.valid_through is null or h.valid_through >= %(on)s)
"""


def rights_of(person_id: int, on: date | None = None) -> Rights:
    """All that a person may do on a day (today)."""
    with connection.planned_cursor() as cursor:
        cursor.execute(_GRANTS, {"person": person_id, "on": on or timezone.localdate()})
        return _rights(cursor.fetchall())


def _rights(rows: Iterable[Sequence[Any]]) -> Rights:
    return Rights.of(Grant(path, frozenset(rights), *rest) for path, rights, *rest in rows)


_GRANTS_JSON = f"""
select json_agg(json_build_array(path, rights, post, from_id, from_name, code))
  from ({_GRANTS}) g (path, rights, post, from_id, from_name, code)
"""  # noqa: S608  our own
# Every service begins with it.
_STANDING = f"""
select (select is_system from identity_person where id = %(person)s),
       (select path from identity_unit where id = %(unit)s), ({_GRANTS_JSON})
"""  # noqa: S608


def standing_of(person_id: int, unit_id: int | None) -> tuple[bool, str | None, Rights]:
    """Whether it is the program itself, the path of a unit, and what the person may do today."""
    facts = {"person": person_id, "unit": unit_id, "on": timezone.localdate()}
    with connection.planned_cursor() as cursor:
        cursor.execute(_STANDING, facts)
        is_system, path, grants = cursor.fetchone()
    return bool(is_system), path, _rights(grants or ())


# Who asks, and what they may do today: one statement, since every request begins with it.
_PERSON = [field.attname for field in Person._meta.concrete_fields]
_WHO = f"""
select {", ".join(f"e.{field.column}" for field in Person._meta.concrete_fields)}, to_json(w), ({_GRANTS_JSON})
  from identity_person e left join identity_unit w on w.id = e.unit_id
 where e.id = %(person)s and e.is_active
"""  # noqa: S608  both parts are our own


def person_with_rights(person_id: int) -> Person | None:
    """The active person, whose `rights` are those of today; read anew by each request.

    Nothing is remembered between requests: a right that is withdrawn is gone at the next one.
    """
    with connection.planned_cursor() as cursor:
        cursor.execute(_WHO, {"person": person_id, "on": timezone.localdate()})
        found = cursor.fetchone()
    if found is None:
        return None
    *columns, works_in, grants = found
    person = Person.from_db(connection.alias, _PERSON, columns)
    if works_in:
        person.unit = unit_of_json(works_in)
    person.rights = _rights(grants or ())
    return person


def separation_exceptions(subject: str, person_id: int) -> list[GrantedException]:
    """Exceptions granted for one matter and person."""
    return [
        GrantedException(
            e.person_id, frozenset(e.steps), e.valid_from, e.valid_through, e.granted_by_id
        )
        for e in SeparationException.objects.filter(subject=subject, person_id=person_id)
    ]


def holders_of(right: str, unit_path: str, on: date | None = None) -> list[tuple[int, str]]:
    """Who holds a right over a unit by a post of their own: (person key, name), by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select distinct e.id, e.name, e.sort_key
              from identity_postholding h
              join identity_post p on p.id = h.post_id and %(right)s = any(p.rights)
              join identity_unit u on u.id = h.unit_id and starts_with(%(path)s, u.path)
              join identity_person e on e.id = h.person_id and e.is_active
             where h.valid_from <= %(on)s
               and (h.valid_through is null or h.valid_through >= %(on)s)
             order by e.sort_key, e.id
            """,
            {"right": right, "path": unit_path, "on": on or timezone.localdate()},
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]
