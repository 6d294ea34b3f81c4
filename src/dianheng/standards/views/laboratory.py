"""Pages of the laboratory: overview, authorisations, environment."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import DeviceKind
from dianheng.common.errors import NotFound
from dianheng.common.pages import needs
from dianheng.identity.selectors import setting

from .. import forms, services
from ..models import (
    EnvironmentBand,
    InstallationCertificate,
    LaboratoryAuthorisation,
    StandardCertificate,
    StandardInstallation,
)
from ..rights import RIGHT, VIEW
from .common import action_for, due_tone, due_word, own_unit, units_with, with_due, write_form


@needs(VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Authorisations, measuring standards and bounds, with the colour of their last days."""
    units = units_with(request, VIEW)
    days, today = setting("verification.due_days"), timezone.localdate()
    installations = []
    rows = StandardInstallation.objects.filter(unit__in=units).select_related("bench", "unit")
    for row in rows.prefetch_related("certificates"):
        held = [c for c in row.certificates.all() if c.withdrawn_on is None]
        valid = [c for c in held if c.valid_from <= today]
        newest = max(valid, key=lambda c: c.valid_through, default=None)
        last = newest.valid_through if newest else None
        installations.append(
            {
                "row": row,
                "certificate": newest,
                "tone": "calm" if row.stopped_on else due_tone(last, days),
                "word": _("out of use") if row.stopped_on else due_word(last, days),
            }
        )
    context = {
        "title": _("Laboratory"),
        "authorisations": with_due(
            LaboratoryAuthorisation.objects.filter(unit__in=units).select_related("unit"), days
        ),
        "installations": installations,
        "bands": EnvironmentBand.objects.filter(unit__in=units).select_related("unit"),
        "actions": [
            action_for(request, _("Record an authorisation"), reverse("authorisation_new")),
            action_for(request, _("Record a measuring standard"), reverse("installation_new")),
            action_for(request, _("Set bounds of the environment"), reverse("environment_new")),
        ],
        "kind_labels": dict(DeviceKind.choices),
        "changes": set(units_with(request).values_list("pk", flat=True)),
    }
    return render(request, "standards/laboratory.html", context)


@needs(RIGHT)
def authorisation_new(request: HttpRequest) -> HttpResponse:
    """Record a 计量授权证书."""
    form = forms.AuthorisationForm(
        request.POST or None, units=units_with(request), initial={"unit": own_unit(request)}
    )
    return write_form(
        request, form, services.authorisation_record, title=_("Record an authorisation"),
        back=reverse("laboratory"), success=_("The authorisation is recorded."),
    )  # fmt: skip


PAPERS: dict[str, Any] = {
    "authorisation": LaboratoryAuthorisation,
    "installation": InstallationCertificate,
    "standard": StandardCertificate,
}


@needs(RIGHT)
def withdraw(request: HttpRequest, kind: str, key: int) -> HttpResponse:
    """End a paper before its last day."""
    if kind not in PAPERS:
        raise NotFound(_("There is no such paper."))
    paper = get_object_or_404(PAPERS[kind], pk=key)
    unit, back = {
        "authorisation": lambda: (paper.unit, reverse("laboratory")),
        "installation": lambda: (
            paper.installation.unit, reverse("installation", args=[paper.installation.code]),
        ),
        "standard": lambda: (
            paper.device.unit, reverse("standard", args=[paper.device.barcode]),
        ),
    }[kind]()  # fmt: skip
    if not request.rights.may(VIEW, unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no such paper."))

    return write_form(
        request, forms.DayReasonForm(request.POST or None, initial={"day": "t"}),
        lambda *, day, **data: services.paper_withdraw(paper=paper, withdrawn_on=day, **data),
        title=_("Withdraw %(number)s") % {"number": paper.number}, submit=_("Withdraw"), back=back,
        intro=_("From that day on, what rests on it is kept blocked."),
    )  # fmt: skip


@needs(RIGHT)
def environment_new(request: HttpRequest) -> HttpResponse:
    """Set the laboratory's own bounds."""
    form = forms.EnvironmentForm(
        request.POST or None,
        units=units_with(request),
        initial={"unit": own_unit(request), "valid_from": "t"},
    )
    return write_form(
        request, form, services.environment_set, title=_("Set bounds of the environment"),
        submit=_("Set"), back=reverse("laboratory"),
        intro=_("A record outside them is flagged for the reviewer; it is no reason to fail."),
    )  # fmt: skip
