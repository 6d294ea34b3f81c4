"""What a person can see and do, and why: for the person, for leaders, for an audit day."""

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.errors import Refused
from dianheng.common.pages import no_right

from ..models import PostHolding, Unit
from ..registry import access_providers, all_rights
from ..selectors import rights_of
from .organisation import person_by_no


def person_access(request: HttpRequest, person_no: str) -> HttpResponse:
    """Every right with the post and unit it comes from, and what apps add; it prints as it stands."""
    found = person_by_no(person_no)
    if found.pk != request.user.pk and not request.rights.may("identity.view"):  # type: ignore[attr-defined]
        raise Refused(no_right("identity.view"))
    units = dict(Unit.objects.values_list("path", "name"))
    labels = all_rights()
    held = rights_of(found.pk).grants
    grants = [
        {
            "unit": units.get(grant.unit_path, grant.unit_path), "post": grant.post_name,
            "for": grant.from_person_name,
            "rights": sorted(str(labels.get(right, right)) for right in grant.rights),
        }
        for grant in held
    ]  # fmt: skip
    seen = Counter(right for grant in held for right in grant.rights)
    context = {
        "title": _("What %(name)s can see and do") % {"name": found.name},
        "person": found,
        "grants": grants,
        "twice": sorted(str(labels.get(right, right)) for right, n in seen.items() if n > 1),
        "sections": [
            section for provider in access_providers() if (section := provider(found.pk))[1]
        ],
        "holdings": PostHolding.objects.filter(person=found).select_related("post", "unit"),
        "now": timezone.localtime(),
    }
    return render(request, "identity/access.html", context)
