"""Pages of the store: what is where, scanning in and out, hand-overs."""

import json
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.assets.choices import STATE_TONE, DeviceState, PlaceKind
from dianheng.assets.models import Device, Place
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.common.forms import take_refusal
from dianheng.common.lists import Choice, Column, Days, ListPage
from dianheng.common.pages import needs, scope_of
from dianheng.documents.services import paper_pdf
from dianheng.identity.models import Person
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from .choices import MOVEMENT_TONE, MovementState, Purpose, ScanOutcome, SessionState
from .forms import ReasonForm, TargetForm
from .models import Movement, ScanSession
from .papers import kind_of, note
from .selectors import movement_by_number, recheck_months, stock_places, stock_rows
from .services import (
    handover_take_back,
    session_book,
    session_drop,
    session_make,
    session_scan,
)
from .services.session import session_devices

MOVEMENTS = ListPage(
    key="movements",
    title=gettext_lazy("Movements and hand-overs"),
    rows=lambda scope: Movement.objects.select_related("unit", "to_unit", "to_place", "to_person", "handed_by"),
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="number"),
        Column("purpose", gettext_lazy("Purpose"), "get_purpose_display"),
        Column("state", gettext_lazy("State"), kind="state", choices=MovementState.choices, tones=MOVEMENT_TONE),
        Column("count", gettext_lazy("Devices"), kind="number", decimals=0),
        Column("received", gettext_lazy("Received"), "received_count", kind="number", decimals=0),
        Column("unit", gettext_lazy("From unit"), "unit.name"),
        Column("to", gettext_lazy("To"), lambda m: m.to_person or m.to_place or m.to_unit),
        Column("handed_by", gettext_lazy("By"), "handed_by.name"),
        Column("handed_at", gettext_lazy("When"), kind="moment", sort="handed_at"),
        Column("basis", gettext_lazy("Basis"), hidden=True),
    ],
    filters=[
        Choice("purpose", gettext_lazy("Purpose"), options=Purpose.choices),
        Choice("state", gettext_lazy("State"), options=MovementState.choices),
        Days("at", gettext_lazy("When"), "handed_at", of_moment=True),
    ],
    search=("number", "basis"),
    search_hint=gettext_lazy("Number or basis"),
    row_url=lambda m: reverse("movement", args=[m.number]),
    right="warehouse.view",
    unit_field="unit",
    cards=("number", "purpose", "state", "count"),
    empty_text=gettext_lazy("Nothing has moved yet. Begin under Scan in and out."),
)  # fmt: skip

RECHECK = ListPage(
    key="stock-recheck",
    title=gettext_lazy("Due for recheck"),
    rows=lambda scope: Device.objects.filter(
        state__in=["qualified", "preallocated"], verified_on__isnull=False
    ).select_related("model", "place"),
    columns=[
        Column("barcode", gettext_lazy("Bar code"), kind="code", sort="barcode"),
        Column("model", gettext_lazy("Model"), "model.code"),
        Column("place", gettext_lazy("Place"), "place.name"),
        Column("verified_on", gettext_lazy("Verified on"), kind="date", sort="verified_on"),
        Column("stocked_on", gettext_lazy("In stock since"), kind="date"),
        Column("valid_through", gettext_lazy("Valid through"), kind="date", sort="valid_through"),
    ],
    filters=[Days("verified", gettext_lazy("Verified on"), "verified_on")],
    default_order="verified_on",
    search=("barcode",),
    row_url=lambda d: reverse("device", args=[d.barcode]),
    right="warehouse.view",
    unit_field="unit",
    empty_text=gettext_lazy("No verified device is in stock."),
)  # fmt: skip


@needs("warehouse.view")
def stock(request: HttpRequest, code: str = "") -> HttpResponse:
    """What is in stock: places, and models by state; down to the devices."""
    paths = scope_of(request).paths("warehouse.view")
    place = None
    if code:
        place = Place.objects.select_related("unit", "parent").filter(code=code).first()
        if place is None or not place.unit.path.startswith(tuple(paths)):
            raise NotFound(_("There is no place %(code)s.") % {"code": code})
    models: dict[int, dict[str, Any]] = {}
    for row in stock_rows(paths, place):
        entry = models.setdefault(row["model_id"], {**row, "states": {}, "sum": 0})
        entry["states"][row["state"]] = row["total"]
        entry["sum"] += row["total"]
    states = [s for s in DeviceState if any(s in m["states"] for m in models.values())]
    context = {
        "title": place.name if place else _("Stock"),
        "place": place,
        "places": stock_places(paths, place),
        "kinds": dict(PlaceKind.choices),
        "states": [(s.value, s.label) for s in states],
        "tones": STATE_TONE,
        "models": sorted(models.values(), key=lambda m: m["model"]),
        "total": sum(m["sum"] for m in models.values()),
    }
    return render(request, "warehouse/stock.html", context)


def recheck(request: HttpRequest) -> HttpResponse:
    """Verified stock, the oldest first: what will be locked next."""
    return RECHECK.answer(request, context={"months": recheck_months()})


def movements(request: HttpRequest) -> HttpResponse:
    """Movements that left the units one may see."""
    return MOVEMENTS.answer(request)


def _visible(request: HttpRequest, number: str) -> Movement:
    found = movement_by_number(number)
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not (
        rights.may("warehouse.view", found.unit.path)
        or rights.may("warehouse.view", found.to_unit.path)
        or rights.may("warehouse.receive", found.to_unit.path)
        or found.to_person_id == request.user.pk
    ):
        raise NotFound(_("There is no movement %(no)s.") % {"no": number})
    return found


def movement(request: HttpRequest, number: str) -> HttpResponse:
    """One movement: its devices, who handed over, who received."""
    found = _visible(request, number)
    rights: Any = request.rights  # type: ignore[attr-defined]
    is_open = found.state in (MovementState.OPEN, MovementState.PARTLY)
    context = {
        "title": found.number,
        "movement": found,
        "tones": MOVEMENT_TONE,
        "lines": found.lines.select_related("device__model")[:500],
        "may_receive": is_open
        and rights.may("warehouse.receive", found.to_unit.path)
        and found.handed_by_id != request.user.pk
        and found.to_person_id in (None, request.user.pk),
        "waits_for_other": is_open and found.handed_by_id == request.user.pk,
        "may_take_back": is_open and rights.may("warehouse.hand_over", found.unit.path),
        "form": ReasonForm(),
    }
    return render(request, "warehouse/movement.html", context)


def movement_note(request: HttpRequest, number: str) -> HttpResponse:
    """The paper of a movement as PDF."""
    found = _visible(request, number)
    pdf = paper_pdf(
        kind=kind_of(found), paper=note(found), unit_id=found.unit_id, actor=actor_of(request),
        language="en" if get_language() == "en" else "zh",
    )  # fmt: skip
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(number)}.pdf"
    return response


@require_POST
def movement_receive(request: HttpRequest, number: str) -> HttpResponse:
    """Begin to scan what has come."""
    found = _visible(request, number)
    session = session_make(
        purpose=Purpose.RECEIVE, unit=found.to_unit, actor=actor_of(request), movement=found,
        to_place=found.to_place,
    )  # fmt: skip
    return redirect("stock_scan", session_id=session.pk)


@require_POST
def movement_take_back(request: HttpRequest, number: str) -> HttpResponse:
    """Take back what has not been received."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why it is taken back."))
    else:
        handover_take_back(
            movement=_visible(request, number),
            reason=form.cleaned_data["reason"],
            actor=actor_of(request),
        )
        messages.success(request, _("%(no)s is taken back.") % {"no": number})
    return redirect("movement", number=number)


@needs("warehouse.move", "warehouse.hand_over")
def scan_new(request: HttpRequest) -> HttpResponse:
    """Set the target, then scan."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    units = units_with_right(rights, "warehouse.move") | units_with_right(
        rights, "warehouse.hand_over"
    )
    initial = {"purpose": request.GET.get("purpose", ""), "to_place": request.GET.get("to", "")}
    person: Any = request.user
    initial["unit"] = person.unit_id if units.filter(pk=person.unit_id).exists() else units.first()
    form = TargetForm(request.POST or None, units=units, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            session = session_make(actor=actor_of(request), **form.cleaned_data)
        except Refused as refused:
            take_refusal(form, refused)
        else:
            return redirect("stock_scan", session_id=session.pk)
    context = {
        "title": _("Scan in and out"),
        "form": form,
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
    session = _session(request, session_id)
    good = (
        session.scans.filter(outcome=ScanOutcome.GOOD)
        .select_related("device__model", "box")
        .order_by("-id")
    )
    devices = session_devices(session)
    context = {
        "title": session.get_purpose_display(),
        "session": session,
        "count": len(devices),
        "good": good[:100],
        "refused": session.scans.filter(outcome=ScanOutcome.REFUSED).order_by("-id")[:100],
        "is_open": session.state == SessionState.OPEN,
    }
    name = "warehouse/scan_session.html" + ("#list" if request.htmx else "")  # type: ignore[attr-defined]
    return render(request, name, context)


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
    return JsonResponse(
        session_scan(session=_session(request, session_id), scans=scans, actor=actor_of(request))
    )


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
