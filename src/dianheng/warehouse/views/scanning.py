"""Scanning in, out and on arrival: target first, then codes, then one booking."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.assets.models import Place
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.common.forms import take_refusal
from dianheng.common.pages import needs
from dianheng.documents.papers.codes import code128_svg
from dianheng.identity.models import Person
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from ..choices import LineState, Purpose, ScanOutcome, SessionState
from ..forms import DamagedForm, TargetForm
from ..models import ScanSession
from ..services import (
    damaged_scans,
    session_book,
    session_damaged,
    session_drop,
    session_make,
    session_scan,
)

SHOWN = 100


@needs("warehouse.move", "warehouse.hand_over")
def scan_new(request: HttpRequest) -> HttpResponse:
    """Set the target, then scan."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    units = units_with_right(rights, "warehouse.move") | units_with_right(
        rights, "warehouse.hand_over"
    )
    initial = {
        "purpose": request.GET.get("purpose", ""),
        "to_place": request.GET.get("to", ""),
        "to_person": request.GET.get("person", ""),
    }
    person: Any = request.user
    initial["unit"] = person.unit_id if units.filter(pk=person.unit_id).exists() else units.first()
    form = TargetForm(request.POST or None, units=units, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            session = session_make(actor=actor_of(request), **form.cleaned_data)
        except Refused as refused:
            take_refusal(form, refused, request)
        else:
            return redirect("stock_scan", session_id=session.pk)
    context = {
        "title": _("Scan in and out"),
        "form": form,
        "commands": [
            (_("Undo last"), mark_safe(code128_svg("DH-UNDO"))),  # noqa: S308
            (_("Book"), mark_safe(code128_svg("DH-BOOK"))),  # noqa: S308
        ],
        "places": Place.objects.filter(
            is_active=True, kind__in=["store", "shelf", "laboratory"]
        ).order_by("code")[:500],
        "people": Person.objects.filter(is_active=True, is_system=False)[:500],
        "open": ScanSession.objects.filter(person=person, state=SessionState.OPEN).select_related(
            "to_place", "to_person"
        )[:10],
    }
    return render(request, "warehouse/scan_new.html", context)


def _session(request: HttpRequest, session_id: int) -> ScanSession:
    found = (
        ScanSession.objects.select_related("to_place", "to_person", "movement", "unit")
        .filter(pk=session_id, person_id=request.user.pk)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such scan session of yours."))
    return found


def scan_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Scan; what was scanned stands beside, exceptions too; then book."""
    form = DamagedForm(initial={"code": request.GET.get("damaged", "")})
    if request.GET.get("damaged"):
        form.fields["text"].widget.attrs["autofocus"] = True
    return _page(request, _session(request, session_id), form)


def _page(request: HttpRequest, session: ScanSession, damaged: DamagedForm) -> HttpResponse:
    good = session.scans.filter(outcome=ScanOutcome.GOOD)
    refused = session.scans.filter(outcome=ScanOutcome.REFUSED)
    context = {
        "title": session.get_purpose_display(),
        "session": session,
        "count": session.count,
        "good": good.select_related("device__model", "box").order_by("-id")[:SHOWN],
        "boxes": good.filter(box__isnull=False)
        .exclude(answer__warning="")
        .exclude(answer__warning=None),
        "refused": refused.order_by("-id")[:SHOWN],
        "refused_count": refused.count(),
        "shown": SHOWN,
        "is_open": session.state == SessionState.OPEN,
    }
    if session.movement_id and session.purpose == Purpose.RECEIVE and session.expected:
        context["to_come"] = max(0, session.expected - session.count)
        context["missing"] = _not_scanned(session)[:SHOWN] if session.count else []
        context["damaged"], context["damaged_form"] = damaged_scans(session), damaged
    name = "warehouse/scan_session.html" + ("#list" if request.htmx else "")  # type: ignore[attr-defined]
    return render(request, name, context)


def _not_scanned(session: ScanSession) -> Any:
    """What is on its way and was not scanned, by itself or with a box."""
    assert session.movement is not None
    good = session.scans.filter(outcome=ScanOutcome.GOOD)
    waiting = session.movement.lines.filter(state=LineState.UNDERWAY).exclude(
        device__in=good.filter(device__isnull=False).values("device_id")
    )
    for path in good.filter(box__isnull=False).values_list("box__path", flat=True):
        waiting = waiting.exclude(device__place__path__startswith=path)
    return waiting.select_related("device__model", "device__place").order_by("device__place", "id")


@require_POST
def scan_codes(request: HttpRequest, session_id: int) -> HttpResponse:
    """Scans of the browser, in order; each is kept and answered."""
    try:
        body = json.loads(request.body)
        scans = body["scans"]
        if not isinstance(scans, list) or not all(isinstance(s, dict) for s in scans):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise BadInput(_("The scans cannot be read.")) from None
    return JsonResponse(session_scan(session_id=session_id, scans=scans, actor=actor_of(request)))


@require_POST
def scan_damaged(request: HttpRequest, session_id: int) -> HttpResponse:
    """Say what is wrong with a device that has come, or that nothing is after all."""
    session = _session(request, session_id)
    form = DamagedForm(request.POST)
    if form.is_valid():
        try:
            session_damaged(session=session, actor=actor_of(request), **form.cleaned_data)
        except Refused as refused:
            take_refusal(form, refused, request)
        else:
            return redirect(f"{reverse('stock_scan', args=[session_id])}#damaged")
    return _page(request, session, form)


@require_POST
def scan_book(request: HttpRequest, session_id: int) -> HttpResponse:
    """Book all scans as one movement."""
    made = session_book(session=_session(request, session_id), actor=actor_of(request))
    messages.success(
        request, _("%(no)s is booked: %(n)s devices.") % {"no": made.number, "n": made.count}
    )
    return redirect("movement", number=made.number)


@require_POST
def scan_drop(request: HttpRequest, session_id: int) -> HttpResponse:
    """Forget the scans."""
    session_drop(session=_session(request, session_id), actor=actor_of(request))
    messages.info(request, _("The scans are dropped; nothing was booked."))
    return redirect("stock_scan_new")
