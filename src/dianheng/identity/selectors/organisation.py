"""Reads of units, people and qualifications."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound

from ..models import Person, Qualification, Unit
from ..rules import Rights

_UNIT = [field.attname for field in Unit._meta.concrete_fields]


def unit_of_json(row: Mapping[str, Any] | None) -> Unit | None:
    """A unit as `to_json` gives it, where it comes along with something else."""
    return row and Unit.from_db(connection.alias, _UNIT, [row[name] for name in _UNIT])


def unit_by_code(code: str) -> Unit:
    """The unit, or NotFound in words."""
    try:
        return Unit.objects.get(code=code)
    except Unit.DoesNotExist:
        raise NotFound(_("There is no unit %(code)s.") % {"code": code}, unit=code) from None


def person_by_login(login: str) -> Person:
    """The person who logs in by this name, or NotFound in words."""
    try:
        return Person.objects.get(login=login, is_system=False)
    except Person.DoesNotExist:
        raise NotFound(_("There is no person %(login)s.") % {"login": login}, login=login) from None


def system_person() -> Person:
    """On whose behalf jobs without a person work; made by the first migration."""
    return Person.objects.get(is_system=True)


def subtree(path: str) -> QuerySet[Unit]:
    """A unit and all below it."""
    return Unit.objects.filter(path__startswith=path)


def subtree_ids(unit: Unit) -> list[int]:
    """Keys of a unit and all below it."""
    return list(subtree(unit.path).values_list("pk", flat=True))


def under(field: str, paths: Sequence[str]) -> Q:
    """Rows whose unit stands under one of the roots."""
    wanted = Q(pk__in=[])
    for path in paths:
        wanted |= Q(**{f"{field}__startswith": path})
    return wanted


def units_with_right(rights: Rights, right: str) -> QuerySet[Unit]:
    """All units over which the right is held."""
    paths = rights.paths(right)
    if not paths:
        return Unit.objects.none()
    return Unit.objects.filter(under("path", paths))


def qualification_at(person_id: int, kind: str, project: str, on: date) -> Qualification | None:
    """The authorisation that covers the person, project and day, or None."""
    return (
        Qualification.objects.filter(
            person_id=person_id,
            kind=kind,
            project__in=[project, "*"],
            valid_from__lte=on,
            valid_through__gte=on,
        )
        .filter(Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=on))
        .order_by("-valid_through")
        .first()
    )
