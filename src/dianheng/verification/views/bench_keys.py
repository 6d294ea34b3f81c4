"""The key with which a bench signs its uploads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.errors import NotFound
from dianheng.common.pages import needs
from dianheng.identity.services import actor_of
from dianheng.standards.selectors import visible_installation

from .. import services


@needs("verification.laboratory")
def bench_key(request: HttpRequest, code: str) -> HttpResponse:
    """Give the bench a key; it is shown once."""
    found = visible_installation(request.rights, code)  # type: ignore[attr-defined]
    if found.bench is None:
        raise NotFound(_("This measuring standard has no bench."))
    key = ""
    if request.method == "POST":
        key = services.bench_key_make(bench=found.bench, actor=actor_of(request))
    context = {
        "title": _("Key of the bench"),
        "installation": found,
        "key": key,
        "has_key": hasattr(found.bench, "bench_key"),
        "crumbs": [
            (_("Laboratory"), reverse("laboratory")),
            (found.name, reverse("installation", args=[code])),
        ],
    }
    return render(request, "verification/bench_key.html", context)
