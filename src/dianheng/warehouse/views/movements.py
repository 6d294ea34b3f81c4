"""Movements and hand-overs: the list, one of them, its other side."""

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.common.errors import NotFound
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Days, ListPage
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.documents.services import paper_pdf
from dianheng.identity.services import actor_of

from ..choices import AWAITED, MOVEMENT_TONE, LineState, MovementState, Purpose
from ..forms import CloseForm, ReasonForm
from ..models import Movement
from ..papers import kind_of, note
from ..selectors import movement_by_number, movements_seen, short_lines
from ..services import handover_close, handover_refuse, handover_take_back, session_make

SHOWN = 500
MOVEMENTS = ListPage(
    key="movements",
    title=gettext_lazy("Movements and hand-overs"),
    rows=lambda scope: movements_seen(scope.paths("warehouse.view"), scope.paths("warehouse.receive")),
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="number"),
        Column("purpose", gettext_lazy("Purpose"), "get_purpose_display"),
        Column("state", gettext_lazy("State"), kind="state", choices=MovementState.choices, tones=MOVEMENT_TONE),
        Column("count", gettext_lazy("Devices"), kind="number", decimals=0),
        Column("received", gettext_lazy("Received"), "received_count", kind="number", decimals=0),
        Column("unit", gettext_lazy("From unit"), "unit.name"),
        Column("to", gettext_lazy("To"), lambda m: m.to_person or m.to_place or m.to_unit),
        Column("handed_by", gettext_lazy("By"), "handed_by.name"),
        Column("handed_at", gettext_lazy("When"), kind="moment", sort="pk"),
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
    cards=("number", "purpose", "state", "count"),
    empty_text=gettext_lazy("Nothing has moved yet. Begin under Scan in and out."),
)  # fmt: skip


@needs("warehouse.view", "warehouse.receive")
def movements(request: HttpRequest) -> HttpResponse:
    """Movements that left the units one may see, or come to them."""
    return MOVEMENTS.answer(request)


def visible_movement(request: HttpRequest, number: str) -> Movement:
    """The movement, if it left or comes to a unit that the person may see, or to the person."""
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


def _receive_refusal(request: HttpRequest, found: Movement) -> Any:
    """Why this person does not receive it; empty when they may."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if found.handed_by_id == request.user.pk:
        return _("You handed it over; the other side receives it.")
    if found.to_person_id not in (None, request.user.pk):
        return _("It was issued to %(name)s, who receives it.") % {"name": found.to_person}
    if not rights.may("warehouse.receive", found.to_unit.path):
        return no_right("warehouse.receive").text
    return ""


@opens_to("warehouse.view", "warehouse.receive")
def movement(request: HttpRequest, number: str) -> HttpResponse:
    """One movement: its devices, who handed over, who received, what differs."""
    found = visible_movement(request, number)
    rights: Any = request.rights  # type: ignore[attr-defined]
    by_state = dict(
        found.lines.order_by().values_list("state").annotate(n=Count("pk"))
    )  # fmt: skip
    is_awaited = found.state in AWAITED
    has_begun = found.state != MovementState.OPEN
    short = by_state.get(LineState.UNDERWAY, 0) + by_state.get(LineState.MISSING, 0)
    context = {
        "title": found.number,
        "movement": found,
        "tones": MOVEMENT_TONE,
        "lines": found.lines.select_related("device__model", "device__unit")[:SHOWN],
        "shown": SHOWN,
        "boxes": found.boxes.select_related("box__unit"),
        "is_awaited": is_awaited,
        "receive_refusal": _receive_refusal(request, found) if is_awaited else "",
        "may_take_back": (is_awaited or found.state == MovementState.REFUSED)
        and rights.may("warehouse.hand_over", found.unit.path),
        "is_untouched": found.state == MovementState.OPEN,
        "short_count": short if has_begun and found.state != MovementState.TAKEN_BACK else 0,
        "short": short_lines(found)[:SHOWN] if has_begun else [],
        "damaged": found.lines.filter(state=LineState.DAMAGED).select_related(
            "device__model", "device__unit"
        ),
        "differences": found.differences.select_related(
            "device__place", "device__model", "device__unit", "seen_by"
        ),
        "form": ReasonForm(),
    }
    return render(request, "warehouse/movement.html", context)


def _printing_unit(request: HttpRequest, movement: Movement) -> int:
    """The side of a movement whose paper this person may print: both keep a copy."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if rights.may("documents.print", movement.unit.path):
        return movement.unit_id
    return movement.to_unit_id


@opens_to("documents.print")
def movement_note(request: HttpRequest, number: str) -> HttpResponse:
    """The paper of a movement as PDF."""
    found = visible_movement(request, number)
    pdf = paper_pdf(
        kind=kind_of(found), paper=note(found), unit_id=_printing_unit(request, found), actor=actor_of(request),
        language="en" if get_language() == "en" else "zh",
    )  # fmt: skip
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(number)}.pdf"
    return response


@require_POST
def movement_receive(request: HttpRequest, number: str) -> HttpResponse:
    """Begin to scan what has come."""
    found = visible_movement(request, number)
    session = session_make(
        purpose=Purpose.RECEIVE, unit=found.to_unit, actor=actor_of(request), movement=found,
        to_place=found.to_place,
    )  # fmt: skip
    return redirect("stock_scan", session_id=session.pk)


def _with_reason(
    request: HttpRequest, number: str, service: Any, title: Any, submit: Any, intro: Any, done: Any
) -> HttpResponse:
    found = visible_movement(request, number)
    url = reverse("movement", args=[number])

    def act(data: dict[str, Any]) -> str:
        service(movement=found, actor=actor_of(request), **data)
        messages.success(request, done % {"no": number})
        return url

    return answer_form(
        request, ReasonForm(request.POST or None), act, title=title % {"no": number}, submit=submit,
        intro=intro, back=url, crumbs=[(_("Movements and hand-overs"), reverse("movements")), (number, url)],
    )  # fmt: skip


def movement_take_back(request: HttpRequest, number: str) -> HttpResponse:
    """Take back what has not been received."""
    return _with_reason(
        request, number, handover_take_back, _("Take back %(no)s"), _("Take back"),
        _("What has not been received goes back to where it was taken from."), _("%(no)s is taken back."),
    )  # fmt: skip


def movement_refuse(request: HttpRequest, number: str) -> HttpResponse:
    """Refuse all of it before anything was received."""
    return _with_reason(
        request, number, handover_refuse, _("Refuse %(no)s"), _("Refuse"),
        _("All of it goes back; the side that handed over takes it back into its store."), _("Hand-over %(no)s is refused."),
    )  # fmt: skip


def movement_close(request: HttpRequest, number: str) -> HttpResponse:
    """Close with a difference: reason, and who answers for it."""
    found = visible_movement(request, number)
    url = reverse("movement", args=[number])

    def act(data: dict[str, Any]) -> str:
        handover_close(movement=found, actor=actor_of(request), **data)
        messages.success(request, _("%(no)s is closed with a difference.") % {"no": number})
        return url

    count = found.lines.filter(state=LineState.UNDERWAY).count()
    return answer_form(
        request, CloseForm(request.POST or None), act,
        title=_("Close %(no)s with a difference") % {"no": number},
        submit=_("Close and report %(n)s lost") % {"n": count}, back=url,
        intro=_("%(n)s devices never came. They are reported lost; what turns up again is verified anew.") % {"n": count},
        crumbs=[(_("Movements and hand-overs"), reverse("movements")), (number, url)],
    )  # fmt: skip
