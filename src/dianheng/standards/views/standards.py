"""Pages of standards: the register, one standard, its certificates with values, file and chain."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import Count, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import STANDARDS as STANDARD_KINDS
from dianheng.assets.models import Device
from dianheng.common.errors import NotFound
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, PageAction
from dianheng.common.lists.columns import show
from dianheng.common.pages import attachment, door_refusal, needs, opens_to
from dianheng.documents.services import file_read
from dianheng.identity.selectors import setting

from .. import forms, services
from ..choices import ITEM_TONE, PRESENCE_TONE, Found, ItemState, Presence
from ..models import SendoutItem, StandardCertificate
from ..panels import standard_actions, standard_panels
from ..rights import RIGHT, VIEW
from ..rules import base_unit, spans_of
from ..selectors import standards
from ..selectors.sendout import locked_in_spite, locked_items
from .chains import chain_context
from .common import action_for, due_tone, with_due, write_form

DUE = {
    "bad": gettext_lazy("out of date"),
    "warn": gettext_lazy("due soon"),
    "good": gettext_lazy("in date"),
    "calm": gettext_lazy("out of use"),
}


def _due_of(device: Device) -> str:
    detail = getattr(device, "standard", None)
    stopped_on = detail.stopped_on if detail is not None else None
    if stopped_on is not None and stopped_on <= timezone.localdate():
        return "calm"
    return due_tone(device.certificate_through, device.due_days)  # type: ignore[attr-defined]


LIST = ListPage(
    key="verification.standards",
    title=gettext_lazy("Standards and benches"),
    rows=lambda scope: standards().annotate(due_days=Value(setting("verification.due_days"))),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("barcode", gettext_lazy("Bar code"), kind="code", sort="barcode"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("name", gettext_lazy("Name"), "standard.name"),
        Column("model", gettext_lazy("Model"), "model.code", hidden=True),
        Column(
            "presence",
            gettext_lazy("Away or locked"),
            kind="state",
            choices=Presence.choices,
            tones=PRESENCE_TONE,
        ),
        Column(
            "away",
            gettext_lazy("Sent out with"),
            "away_order",
            kind="code",
            url=lambda row: reverse("sendout", args=[row.away_order]) if row.away_order else None,
        ),
        Column("expected_on", gettext_lazy("Expected back on"), kind="date", hidden=True),
        Column("range", gettext_lazy("Measuring range"), "standard.measuring_range"),
        Column("uncertainty", gettext_lazy("Class or uncertainty"), "standard.uncertainty"),
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
        Choice("presence", gettext_lazy("Away or locked"), options=Presence.choices),
    ],
    default_order="barcode",
    search=("barcode", "serial_no", "standard__name"),
    row_url=lambda row: reverse("standard", args=[row.barcode]),
    cards=("barcode", "due", "presence", "name", "through"),
    empty_text=gettext_lazy(
        "No standard yet. Enter standards and benches in the register of devices."
    ),
)


@opens_to(VIEW)
def standard_list(request: HttpRequest) -> HttpResponse:
    """Standards, benches and instruments with the last day of their certificates."""
    return LIST.answer(request)


def visible_standard(request: HttpRequest, barcode: str) -> Device:
    found = get_object_or_404(
        Device.objects.select_related("model__manufacturer", "unit", "place", "standard"),
        barcode=barcode,
        kind__in=STANDARD_KINDS,
    )
    if not request.rights.may(VIEW, found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("No standard has the bar code %(code)s.") % {"code": barcode})
    return found


def away_context(device: Device) -> dict[str, Any]:
    """Where a standard is that went to a higher body, since when, and whether it should be back."""
    item = locked_items([device.pk]).order_by("-out_at").first()
    is_out = item is not None and item.state == ItemState.OUT
    is_late = is_out and item.order is not None and due_tone(item.order.expected_on) == "bad"  # type: ignore[union-attr]
    return {"locked": item, "is_late": is_late}


def away_panel(device: Device, request: HttpRequest) -> str:
    """The same on the page of the register."""
    if device.kind not in STANDARD_KINDS or not request.rights.may(VIEW, device.unit.path):  # type: ignore[attr-defined]
        return ""
    context = away_context(device)
    return render_to_string("standards/away.html", context, request) if context["locked"] else ""


@needs(VIEW)
def standard(request: HttpRequest, barcode: str) -> HttpResponse:
    """One standard: certificates, where it belongs, what other apps know of it."""
    found = visible_standard(request, barcode)
    days = setting("verification.due_days")
    context = {
        "title": found.barcode,
        "device": found,
        "detail": getattr(found, "standard", None),
        "certificates": with_due(
            found.certificates.select_related("higher_device", "higher_outside")
            .annotate(value_count=Count("points"))
            .order_by("-valid_from", "-pk"),
            days,
        ),
        "parts": found.part_of.select_related("installation"),
        "installations": found.installations.all(),
        "chain": chain_context([found], days, request.rights),
        "sendouts": [
            (item, ITEM_TONE[ItemState(item.state)])
            for item in found.sendouts.select_related("order", "plan").order_by("-pk")[:20]
        ],
        **away_context(found),
        "panels": standard_panels(found, request),
        "actions": [
            action_for(
                request,
                _("Record a certificate"),
                reverse("standard_certificate", args=[barcode]),
                found.unit,
                is_primary=True,
            ),
            *(
                PageAction(label, url, door_refusal(request.rights, url))  # type: ignore[attr-defined]
                for label, url in standard_actions(found)
            ),
        ],
        "crumbs": [(LIST.title, reverse("standards"))],
    }
    return render(request, "standards/standard.html", context)


@needs(RIGHT)
def standard_certificate(request: HttpRequest, barcode: str) -> HttpResponse:
    """Record the certificate of a standard: paper, scan, values by point, what stands above."""
    found = visible_standard(request, barcode)
    back = reverse("standard", args=[barcode])
    item = _sendout_of(request, found)
    if item is not None and item.order is not None:
        back = reverse("sendout", args=[item.order.number])
    form = forms.StandardCertificateForm(
        request.POST or None, request.FILES or None, initial=_from_before(found, item)
    )

    def write(**data: Any) -> None:
        made = services.standard_certify(device=found, **data)
        if (locked := locked_in_spite(made)) is not None:
            messages.warning(request, _still_locked(made, locked))

    return write_form(
        request, form, write, title=_("Record a certificate"), back=back,
        crumbs=[(LIST.title, reverse("standards")), (barcode, reverse("standard", args=[barcode]))],
        intro=_range_text(found), success=_("The certificate is recorded."),
    )  # fmt: skip


def _still_locked(made: StandardCertificate, item: SendoutItem) -> str:
    facts = {
        "code": item.device.barcode, "number": made.number, "first": show(made.valid_from),
        "no": item.order.number if item.order else "", "left": show(item.out_at),
    }  # fmt: skip
    if item.found in (Found.REJECTED, Found.DAMAGED):
        facts["back"] = show(item.back_at)
        return _(
            "%(code)s stays locked: %(number)s holds from %(first)s, before it came back on %(back)s rejected"
            " or damaged (%(no)s). Only a certificate made afterwards releases it."
        ) % facts  # fmt: skip
    return _(
        "%(code)s stays locked: %(number)s holds from %(first)s, before it left on %(left)s (%(no)s). If it"
        " left earlier, correct that on the send-out; else enter the certificate made since."
    ) % facts  # fmt: skip


def _sendout_of(request: HttpRequest, device: Device) -> SendoutItem | None:
    """The send-out from which one came here to enter its certificate."""
    key = request.GET.get("sendout", "")
    if not key.isdecimal():
        return None
    return SendoutItem.objects.filter(pk=key, device=device).select_related("order").first()


def _from_before(device: Device, item: SendoutItem | None) -> dict[str, Any]:
    """What the new certificate has in common with the last one of the same body."""
    if item is None:
        return {}
    last = device.certificates.filter(issuer=item.body).order_by("-valid_through").first()
    same = ("accuracy_class", "uncertainty", "higher_standard")
    return {"issuer": item.body, "takes_over": True} | {
        name: getattr(last, name) for name in same if last is not None
    }


def _range_text(device: Device) -> str:
    """What values are checked against, as the register's words were understood."""
    detail = getattr(device, "standard", None)
    spans = spans_of(detail.measuring_range) if detail else []
    if not spans:
        return _(
            "The register names no measuring range that could be read, so values are not checked against it."
        )
    shown = "; ".join(
        f"{span.low.normalize():f} … {span.high.normalize():f} {span.unit}" for span in spans
    )
    return _("Values are checked against the range in the register: %(range)s.") % {"range": shown}


def _certificate(request: HttpRequest, key: int) -> StandardCertificate:
    rows = StandardCertificate.objects.select_related(
        "device__unit", "device__standard", "higher_device", "higher_outside", "file"
    )
    found = get_object_or_404(rows, pk=key)
    if not request.rights.may(VIEW, found.device.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no such paper."))
    return found


def _crumbs(found: StandardCertificate) -> list[tuple[Any, str]]:
    barcode = found.device.barcode
    return [(LIST.title, reverse("standards")), (barcode, reverse("standard", args=[barcode]))]


@needs(VIEW)
def certificate(request: HttpRequest, key: int) -> HttpResponse:
    """One certificate of a standard, with its values."""
    found = _certificate(request, key)
    (due,) = with_due([found], setting("verification.due_days"))
    points = list(found.points.all())
    detail = getattr(found.device, "standard", None)
    known = {span.unit for span in spans_of(detail.measuring_range)} if detail else set()
    actions = [
        action_for(
            request, _("Enter values"), reverse("certificate_values", args=[key]),
            found.device.unit, is_primary=not points,
        )
    ]  # fmt: skip
    if found.withdrawn_on is None:
        actions.append(
            action_for(
                request,
                _("Withdraw"),
                reverse("paper_withdraw", args=["standard", key]),
                found.device.unit,
            )
        )
    context = {
        "title": found.number,
        "certificate": found,
        "due": due,
        "points": points,
        "unchecked": sorted({p.unit for p in points if base_unit(p.unit)[0] not in known}),
        "actions": actions,
        "crumbs": _crumbs(found),
    }
    return render(request, "standards/certificate.html", context)


@needs(RIGHT)
def certificate_values(request: HttpRequest, key: int) -> HttpResponse:
    """Enter the values of a certificate, pasted or from a file."""
    found = _certificate(request, key)
    back = reverse("certificate", args=[key])
    form = forms.ValuesForm(request.POST or None, request.FILES or None)
    return write_form(
        request, form, partial(services.certificate_values_set, certificate=found),
        title=_("Enter values"), back=back, crumbs=[*_crumbs(found), (found.number, back)],
        submit=_("Enter values"), intro=_range_text(found.device), success=_("The values are entered."),
    )  # fmt: skip


@needs(VIEW)
def certificate_file(request: HttpRequest, key: int) -> HttpResponse:
    """The scanned paper, to be saved."""
    found = _certificate(request, key)
    if found.file is None:
        raise NotFound(_("%(number)s has no such file.") % {"number": found.number})
    return attachment(file_read(found.file), found.file.name, found.file.media_type)
