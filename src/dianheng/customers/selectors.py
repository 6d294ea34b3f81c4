"""Reads of usage points."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.errors import NotFound, Refused
from dianheng.common.pages import no_right
from dianheng.common.search import AT_MOST, Hit, HitGroup
from dianheng.identity.selectors import units_with_right

from .models import UsagePoint

VIEW = "customers.view"
EDIT = "customers.edit"


def point_by_number(number: str) -> UsagePoint:
    """The usage point, or NotFound in words."""
    found = UsagePoint.objects.select_related("unit").filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no usage point %(no)s.") % {"no": number}, number=number)
    return found


def visible_point(rights: object, number: str) -> UsagePoint:
    """The usage point, if it is in a unit that the person may see."""
    found = point_by_number(number)
    if not rights.may(VIEW, found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no usage point %(no)s.") % {"no": number}, number=number)
    return found


def editable_point(rights: object, number: str) -> UsagePoint:
    """The usage point, if one sees it and may correct it; else NotFound, or Refused."""
    found = visible_point(rights, number)
    if not rights.may(EDIT, found.unit.path):  # type: ignore[attr-defined]
        raise Refused(no_right(EDIT))
    return found


def points_by_number(numbers: list[str]) -> Mapping[str, UsagePoint]:
    """Usage points by number; those that are not here are left out."""
    return {each.number: each for each in UsagePoint.objects.filter(number__in=numbers)}


def search_points(request: HttpRequest, text: str) -> HitGroup | None:
    """Usage points for the search over everything."""
    rights = request.rights  # type: ignore[attr-defined]
    if not rights.may(VIEW):
        return None
    rows = UsagePoint.objects.filter(unit__in=units_with_right(rights, VIEW))
    found = list(rows.filter(number__startswith=text)[:AT_MOST]) or list(
        rows.filter(name__contains=text)[:AT_MOST]
    )
    hits = [Hit(one.number, reverse("usage_point", args=[one.number]), one.name) for one in found]
    return HitGroup(gettext_lazy("Usage points"), hits, reverse("usage_points"))
