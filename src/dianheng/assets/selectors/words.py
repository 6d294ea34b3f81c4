"""People and places by what somebody types or scans."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound
from dianheng.identity.models import Person

from ..models import Place

SHOWN = 5  # names in the question which one is meant


def person_by_words(words: str) -> Person:
    """The active person with this staff number, login or whole name; NotFound in words."""
    people = Person.objects.filter(is_active=True, is_system=False)
    exact = people.filter(Q(person_no=words) | Q(login=words)).first()
    if exact is not None:
        return exact
    named = list(people.filter(name=words).select_related("unit")[: SHOWN + 1])
    if len(named) == 1:
        return named[0]
    if named:
        options = ", ".join(f"{p.person_no} ({p.unit or '–'})" for p in named[:SHOWN])
        raise NotFound(
            _("Several people are called %(name)s. Write the staff number: %(options)s.")
            % {"name": words, "options": options},
            name=words,
        )
    raise NotFound(
        _("Nobody has the name or staff number “%(name)s”.") % {"name": words[:60]}, name=words[:60]
    )


def place_by_words(words: str, kinds: Sequence[str] = ()) -> Place:
    """The open place with this code, else with this whole name; NotFound in words."""
    places = Place.objects.filter(is_active=True).select_related("unit")
    if kinds:
        places = places.filter(kind__in=list(kinds))
    exact = places.filter(code=words).first()
    if exact is not None:
        return exact
    named = list(places.filter(name=words)[: SHOWN + 1])
    if len(named) == 1:
        return named[0]
    if named:
        options = ", ".join(f"{p.code} ({p.unit})" for p in named[:SHOWN])
        raise NotFound(
            _("Several places are called %(name)s. Write the code: %(options)s.")
            % {"name": words, "options": options},
            name=words,
        )
    raise NotFound(
        _("There is no such place “%(name)s”, or it is closed.") % {"name": words[:60]},
        name=words[:60],
    )
