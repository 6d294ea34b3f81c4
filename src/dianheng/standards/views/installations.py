"""Pages of benches and installations: certificate, equipment, stop."""

from functools import partial
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device
from dianheng.common.forms import answer_form
from dianheng.common.lists.columns import show
from dianheng.common.pages import needs
from dianheng.identity.selectors import setting
from dianheng.identity.services import actor_of

from .. import forms, services
from ..choices import FINDING_TONE, Finding
from ..models import InstallationStandard, StandardInstallation
from ..panels import installation_actions, installation_facts
from ..rights import RIGHT, VIEW
from ..selectors import benches, visible_installation
from ..selectors.testing import judged_again
from .chains import chain_context
from .common import action_for, laboratory_crumbs, own_unit, units_with, with_due, write_form
from .testing import dossier_lines


@needs(RIGHT)
def installation_new(request: HttpRequest) -> HttpResponse:
    """Record a 计量标准."""
    units = units_with(request)
    rows = benches(list(units.values_list("pk", flat=True)))
    form = forms.InstallationForm(
        request.POST or None, units=units, benches=rows, initial={"unit": own_unit(request)}
    )

    def act(data: dict[str, Any]) -> str:
        made = services.installation_record(actor=actor_of(request), **data)
        return reverse("installation", args=[made.code])

    return answer_form(
        request,
        form,
        act,
        title=_("Record a measuring standard"),
        submit=_("Record"),
        back=reverse("laboratory"),
        crumbs=laboratory_crumbs(),
    )


def _things_of(found: StandardInstallation) -> list[Device]:
    """Its bench and the standards that belong to it today."""
    parts = found.parts.filter(
        Q(valid_through__isnull=True) | Q(valid_through__gte=timezone.localdate())
    )
    things = [part.device for part in parts.select_related("device")]
    return [*([found.bench] if found.bench else []), *things]


@needs(VIEW)
def installation(request: HttpRequest, code: str) -> HttpResponse:
    """One measuring standard: certificates, bench, standards."""
    found = visible_installation(request.rights, code)  # type: ignore[attr-defined]
    days = setting("verification.due_days")
    at = [code]
    tests = list(found.tests.filter(replaced_by__isnull=True).select_related("installation"))
    again = judged_again(tests)
    context = {
        "title": found.name,
        "installation": found,
        "certificates": with_due(found.certificates.all(), days),
        "parts": found.parts.select_related("device__standard", "device__model"),
        "chain": chain_context(_things_of(found), days, request.rights),
        "dossier": dossier_lines(found, days),
        "tests": [
            (one, FINDING_TONE[Finding(one.finding)], again.get(one.pk)) for one in tests[:20]
        ],
        "kind_labels": [dict(DeviceKind.choices)[kind] for kind in found.kinds],
        "facts": installation_facts(found),
        "actions": [
            action_for(
                request,
                _("Record a certificate"),
                reverse("installation_certificate", args=at),
                found.unit,
                is_primary=True,
            ),
            action_for(request, _("Record a test"), reverse("test_new", args=at), found.unit),
            action_for(
                request, _("Add a standard"), reverse("installation_equip", args=at), found.unit
            ),
            *(
                action_for(request, label, url, found.unit)
                for label, url in installation_actions(found)
            ),
            action_for(
                request, _stop_word(found), reverse("installation_stop", args=at), found.unit
            ),
        ],
        "crumbs": laboratory_crumbs(),
        "may_change": request.rights.may(RIGHT, found.unit.path),  # type: ignore[attr-defined]
    }
    return render(request, "standards/installation.html", context)


def _stop_word(found: StandardInstallation) -> str:
    return _("Set an earlier end of use") if found.stopped_on else _("Take out of use")


def _installation_crumbs(found: StandardInstallation) -> list[tuple[Any, str]]:
    return [*laboratory_crumbs(), (found.name, reverse("installation", args=[found.code]))]


@needs(RIGHT)
def installation_certificate(request: HttpRequest, code: str) -> HttpResponse:
    """Record a 计量标准考核证书."""
    found = visible_installation(request.rights, code)  # type: ignore[attr-defined]
    return write_form(
        request, forms.CertificateForm(request.POST or None),
        partial(services.installation_certify, installation=found),
        title=_("Record an examination certificate"), back=reverse("installation", args=[code]),
        crumbs=_installation_crumbs(found), success=_("The certificate is recorded."),
    )  # fmt: skip


@needs(RIGHT)
def installation_equip(request: HttpRequest, code: str) -> HttpResponse:
    """Add a standard to a measuring standard."""
    found = visible_installation(request.rights, code)  # type: ignore[attr-defined]
    return write_form(
        request, forms.EquipForm(request.POST or None, initial={"valid_from": "t"}),
        partial(services.installation_equip, installation=found), title=_("Add a standard"),
        submit=_("Add"), back=reverse("installation", args=[code]),
        crumbs=_installation_crumbs(found),
    )  # fmt: skip


@needs(RIGHT)
def installation_unequip(request: HttpRequest, key: int) -> HttpResponse:
    """Take a standard out of a measuring standard."""
    rows = InstallationStandard.objects.select_related("installation", "device")
    part = get_object_or_404(rows, pk=key)
    found = visible_installation(request.rights, part.installation.code)  # type: ignore[attr-defined]
    return write_form(
        request, forms.UnequipForm(request.POST or None, initial={"day": "t"}),
        lambda *, day, **data: services.installation_unequip(part=part, valid_through=day, **data),
        title=_("Take out %(barcode)s") % {"barcode": part.device.barcode}, submit=_("Take out"),
        back=reverse("installation", args=[found.code]), crumbs=_installation_crumbs(found),
        intro=_("It has belonged to it since %(day)s.") % {"day": show(part.valid_from)},
    )  # fmt: skip


@needs(RIGHT)
def installation_stop(request: HttpRequest, code: str) -> HttpResponse:
    """Take a measuring standard out of use."""
    found = visible_installation(request.rights, code)  # type: ignore[attr-defined]
    return write_form(
        request, forms.DayReasonForm(request.POST or None, initial={"day": "t"}),
        lambda *, day, **data: services.installation_stop(installation=found, stopped_on=day, **data),
        title=_stop_word(found), submit=_stop_word(found),
        back=reverse("installation", args=[code]), crumbs=_installation_crumbs(found),
        intro=_("From that day on, records of its bench are kept blocked."),
    )  # fmt: skip
