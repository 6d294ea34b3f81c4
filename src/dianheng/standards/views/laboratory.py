"""Pages of the laboratory: overview, standards, authorisations, environment."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import STANDARDS as STANDARD_KINDS
from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device
from dianheng.common.errors import NotFound
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.selectors import setting, units_with_right
from dianheng.identity.services import actor_of

from .. import forms, services
from ..models import (
    EnvironmentBand,
    InstallationCertificate,
    LaboratoryAuthorisation,
    StandardCertificate,
    StandardInstallation,
)
from ..panels import standard_panels
from ..rights import RIGHT, VIEW
from ..selectors import standards


def due_tone(last_day: Any, days: int = 90) -> str:
    """Colour of a last day: past bad, soon warn, later good, none bad."""
    today = timezone.localdate()
    if last_day is None or last_day < today:
        return "bad"
    return "warn" if last_day <= today + timedelta(days=days) else "good"


def due_word(last_day: Any, days: int = 90) -> str:
    """The same in a word."""
    tone = due_tone(last_day, days)
    if last_day is None:
        return _("none")
    return {"bad": _("out of date"), "warn": _("due soon"), "good": _("in date")}[tone]


def units_with(request: HttpRequest, right: str = RIGHT) -> Any:
    return units_with_right(request.rights, right)  # type: ignore[attr-defined]


def action_for(
    request: HttpRequest, label: Any, url: str, *, is_primary: bool = False
) -> PageAction:
    refusal = None if request.rights.may(RIGHT) else no_right(RIGHT)  # type: ignore[attr-defined]
    return PageAction(label, url, refusal, is_primary)


def with_due(rows: Any, days: int) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "tone": "calm" if row.withdrawn_on else due_tone(row.valid_through, days),
            "word": _("withdrawn") if row.withdrawn_on else due_word(row.valid_through, days),
        }
        for row in rows
    ]


@needs(VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Authorisations, measuring standards and bounds, with the colour of their last days."""
    units = units_with(request, VIEW)
    days = setting("verification.due_days")
    installations = []
    rows = StandardInstallation.objects.filter(unit__in=units).select_related("bench", "unit")
    for row in rows.prefetch_related("certificates"):
        valid = [c for c in row.certificates.all() if c.withdrawn_on is None]
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
        "may_change": request.rights.may(RIGHT),  # type: ignore[attr-defined]
    }
    return render(request, "standards/laboratory.html", context)


DUE = {
    "bad": gettext_lazy("out of date"),
    "warn": gettext_lazy("due soon"),
    "good": gettext_lazy("in date"),
    "calm": gettext_lazy("out of use"),
}


def _due_of(device: Device) -> str:
    detail = getattr(device, "standard", None)
    if detail is not None and detail.stopped_on is not None:
        return "calm"
    return due_tone(device.certificate_through)  # type: ignore[attr-defined]


LIST = ListPage(
    key="verification.standards",
    title=gettext_lazy("Standards and benches"),
    rows=lambda scope: standards(),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("barcode", gettext_lazy("Bar code"), kind="code", sort="barcode"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("name", gettext_lazy("Name"), "standard.name"),
        Column("model", gettext_lazy("Model"), "model.code"),
        Column("certificate_no", gettext_lazy("Certificate"), kind="code"),
        Column("through", gettext_lazy("Valid through"), "certificate_through", kind="date"),
        Column(
            "due",
            gettext_lazy("Due"),
            _due_of,
            kind="state",
            choices=DUE,
            tones={k: k for k in DUE},
        ),
        Column("place", gettext_lazy("Place"), "place.name"),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("kind", gettext_lazy("Kind"), options=[(k.value, k.label) for k in STANDARD_KINDS]),
        Contains("certificate", gettext_lazy("Certificate"), "certificate_no"),
        Days("through", gettext_lazy("Valid through"), "certificate_through"),
    ],
    default_order="barcode",
    search=("barcode", "serial_no", "standard__name"),
    row_url=lambda row: reverse("standard", args=[row.barcode]),
    cards=("barcode", "due", "name", "through"),
    empty_text=gettext_lazy(
        "No standard yet. Enter standards and benches in the register of devices."
    ),
)


@opens_to(VIEW)
def standard_list(request: HttpRequest) -> HttpResponse:
    """Standards, benches and instruments with the last day of their certificates."""
    return LIST.answer(request)


def _standard(request: HttpRequest, barcode: str) -> Device:
    found = get_object_or_404(
        Device.objects.select_related("model__manufacturer", "unit", "place", "standard"),
        barcode=barcode,
        kind__in=STANDARD_KINDS,
    )
    if not request.rights.may(VIEW, found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("No standard has the bar code %(code)s.") % {"code": barcode})
    return found


@needs(VIEW)
def standard(request: HttpRequest, barcode: str) -> HttpResponse:
    """One standard: certificates, where it belongs, what other apps know of it."""
    found = _standard(request, barcode)
    days = setting("verification.due_days")
    context = {
        "title": found.barcode,
        "device": found,
        "detail": getattr(found, "standard", None),
        "certificates": with_due(found.certificates.all(), days),
        "parts": found.part_of.select_related("installation"),
        "installations": found.installations.all(),
        "panels": standard_panels(found, request),
        "actions": [
            action_for(
                request,
                _("Record a certificate"),
                reverse("standard_certificate", args=[barcode]),
                is_primary=True,
            )
        ],
        "crumbs": [(LIST.title, reverse("standards"))],
        "may_change": request.rights.may(RIGHT),  # type: ignore[attr-defined]
    }
    return render(request, "standards/standard.html", context)


_CRUMB = gettext_lazy("Laboratory")


def laboratory_crumbs() -> list[tuple[Any, str]]:
    return [(_CRUMB, reverse("laboratory"))]


def write_form(
    request: HttpRequest,
    form: Form,
    write: Callable[..., Any],
    *,
    back: str,
    crumbs: Sequence[tuple[Any, str]] | None = None,
    **texts: Any,
) -> HttpResponse:
    """A form of the laboratory: one service gets what was typed, and the page before comes back.

    Args:
        write: the service, with what it is about; gets the fields of the form and the actor.
        crumbs: pages above; absent: the laboratory.
        texts: as `answer_form` takes them; “Record” stands on the button where none is said.
    """

    def act(data: dict[str, Any]) -> str:
        write(actor=actor_of(request), **data)
        return back

    above = laboratory_crumbs() if crumbs is None else crumbs
    return answer_form(
        request, form, act, back=back, crumbs=above, **{"submit": _("Record"), **texts}
    )


@needs(RIGHT)
def standard_certificate(request: HttpRequest, barcode: str) -> HttpResponse:
    """Record the certificate of a standard."""
    found = _standard(request, barcode)
    back = reverse("standard", args=[barcode])
    return write_form(
        request, forms.StandardCertificateForm(request.POST or None),
        partial(services.standard_certify, device=found),
        title=_("Record a certificate"), back=back,
        crumbs=[(LIST.title, reverse("standards")), (barcode, back)],
        success=_("The certificate is recorded."),
    )  # fmt: skip


@needs(RIGHT)
def authorisation_new(request: HttpRequest) -> HttpResponse:
    """Record a 计量授权证书."""
    form = forms.AuthorisationForm(request.POST or None, units=units_with(request))
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
    back = {
        "authorisation": lambda: reverse("laboratory"),
        "installation": lambda: reverse("installation", args=[paper.installation.code]),
        "standard": lambda: reverse("standard", args=[paper.device.barcode]),
    }[kind]()

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
        request.POST or None, units=units_with(request), initial={"valid_from": "t"}
    )
    return write_form(
        request, form, services.environment_set, title=_("Set bounds of the environment"),
        submit=_("Set"), back=reverse("laboratory"),
        intro=_("A record outside them is flagged for the reviewer; it is no reason to fail."),
    )  # fmt: skip
