"""Pages of resources, their bookings, and tasks of meetings."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.panels import document_urls
from dianheng.common.errors import NotFound
from dianheng.common.forms import answer_form
from dianheng.common.lists import (
    Choice,
    Column,
    Contains,
    ListPage,
    NotUnderstood,
    PageAction,
    read_day,
)
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.services import actor_of

from . import services
from .choices import ASSIGNMENT_TONE, BOOKING_TONE, AssignmentState, ResourceKind
from .forms import ResourceChangeForm, ResourceForm, ResultForm
from .models import Assignment, Booking, Resource
from .rules import guard_assignment_done
from .selectors import assignments_seen, resource_seen, resources_week

VIEW, MANAGE = "planning.view", "planning.manage"
SHOWN = 100  # bookings on the page of a resource


def _no(request: HttpRequest, right: str) -> Any:
    return None if request.rights.may(right) else no_right(right)  # type: ignore[attr-defined]


# -- resources -----------------------------------------------------------------------------------

RESOURCES = ListPage(
    key="planning.resources",
    title=gettext_lazy("Resources"),
    rows=lambda scope: Resource.objects.select_related("unit"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("code", gettext_lazy("Code"), kind="code", sort="code"),
        Column("name", gettext_lazy("Name")),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
        Column("remark", gettext_lazy("Particulars")),
        Column("is_active", gettext_lazy("Can be booked"), kind="flag"),
    ],
    filters=[Choice("kind", gettext_lazy("Kind"), options=ResourceKind.choices)],
    default_order="code",
    search=("code", "name"),
    row_url=lambda one: reverse("resource", args=[one.code]),
    actions=lambda request: [
        PageAction(_("Add a resource"), reverse("resource_add"), _no(request, MANAGE)),
        PageAction(_("Week"), reverse("resource_week")),
    ],
    cards=("code", "name", "kind", "is_active"),
    empty_text=gettext_lazy("No resource yet. Add vehicles, rooms and instruments that are shared."),
)  # fmt: skip


@needs(VIEW)
def resource_list(request: HttpRequest) -> HttpResponse:
    """Resources of the units one may see."""
    return RESOURCES.answer(request)


def _lead(bookings: Sequence[Booking], rights: Any) -> None:
    """Give each booking the address of its process, where the reader may open it."""
    urls = document_urls([one.document for one in bookings], rights)
    for one in bookings:
        one.url = urls.get(one.document, "")


@needs(VIEW)
def week(request: HttpRequest) -> HttpResponse:
    """Who has what in a week; a day is one column, on a phone one below the other."""
    today = timezone.localdate()
    try:
        day = read_day(request.GET.get("week", "")) if request.GET.get("week") else today
    except NotUnderstood:
        day = today
    kind = request.GET.get("kind", "")
    rights: Any = request.rights  # type: ignore[attr-defined]
    lines = resources_week(
        rights,
        day,
        kind if kind in ResourceKind.values else "",
        request.session.get("unit_path", ""),
    )
    shown = [one for line in lines for each in line.days for one in each.bookings]
    _lead(shown, rights)
    monday = day - timedelta(days=day.weekday())
    context = {
        "title": _("Resources and bookings"),
        "lines": lines,
        "days": [monday + timedelta(days=n) for n in range(7)],
        "today": today,
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
        "kind": kind,
        "kinds": ResourceKind.choices,
        "tones": BOOKING_TONE,
        "no_start": _no(request, "workflow.start"),
    }
    return render(request, "planning/week.html", context)


@needs(VIEW)
def resource(request: HttpRequest, code: str) -> HttpResponse:
    """A resource and its bookings, the latest first."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    found = resource_seen(code, rights)
    bookings = list(found.bookings.select_related("person").order_by("-from_at")[:SHOWN])
    _lead(bookings, rights)
    context = {
        "title": found.name,
        "one": found,
        "bookings": bookings,
        "tones": BOOKING_TONE,
        "no_change": "" if rights.may(MANAGE, found.unit.path) else no_right(MANAGE).text,
        "no_start": _no(request, "workflow.start"),
    }
    return render(request, "planning/resource.html", context)


@needs(MANAGE)
def resource_add(request: HttpRequest) -> HttpResponse:
    """Add a resource to the list."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    form = ResourceForm(request.POST or None, rights=rights, initial={"unit": request.user.unit_id})  # type: ignore[union-attr]

    def act(data: dict[str, Any]) -> str:
        made = services.resource_make(actor=actor_of(request), **data)
        return reverse("resource", args=[made.code])

    return answer_form(
        request, form, act, title=_("Add a resource"), submit=_("Add"), back=reverse("resources"),
        crumbs=[(_("Resources"), reverse("resources"))],
    )  # fmt: skip


@needs(MANAGE)
def resource_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Call a resource otherwise, or let it not be booked any more."""
    found = resource_seen(code, request.rights)  # type: ignore[attr-defined]
    names = ("name", "remark", "is_active")
    form = ResourceChangeForm(
        request.POST or None, initial={name: getattr(found, name) for name in names}
    )
    back = reverse("resource", args=[code])

    def act(data: dict[str, Any]) -> str:
        services.resource_change(resource=found, actor=actor_of(request), **data)
        return back

    return answer_form(
        request, form, act, title=_("Change %(name)s") % {"name": found.name}, submit=_("Keep"),
        back=back, crumbs=[(_("Resources"), reverse("resources")), (found.name, back)],
        success=_("The change is kept."),
    )  # fmt: skip


# -- tasks of meetings ---------------------------------------------------------------------------

ASSIGNMENTS = ListPage(
    key="planning.assignments",
    title=gettext_lazy("Tasks of meetings"),
    rows=lambda scope: Assignment.objects.select_related("owner", "unit", "done_by", "acting_for"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("matter", gettext_lazy("Task")),
        Column("owner", gettext_lazy("Answers for it"), "owner.name"),
        Column("due_on", gettext_lazy("Due"), kind="date", sort="due_on"),
        Column("state", gettext_lazy("State"), kind="state", choices=AssignmentState.choices, tones=ASSIGNMENT_TONE),
        Column("number", gettext_lazy("Meeting"), kind="code"),
        Column("result", gettext_lazy("Result")),
        Column("done_on", gettext_lazy("Done on"), kind="date"),
        Column("reporter", gettext_lazy("Reported by")),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=AssignmentState.choices),
        Contains("owner", gettext_lazy("Answers for it"), "owner__name"),
    ],
    default_order="-due_on",
    search=("matter", "owner__name"),
    row_url=lambda one: reverse("assignment", args=[one.pk]),
    cards=("matter", "owner", "due_on", "state"),
    empty_text=gettext_lazy("No meeting has given a task yet. The minutes of the monthly meeting give them."),
)  # fmt: skip


@needs(VIEW)
def assignment_list(request: HttpRequest) -> HttpResponse:
    """Tasks that the meetings of one's units gave."""
    return ASSIGNMENTS.answer(request)


@opens_to()
def assignment(request: HttpRequest, key: int) -> HttpResponse:
    """A task: what, who, until when; whoever answers for it says what became of it."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    person_id: int = request.user.pk  # type: ignore[assignment]
    rows = assignments_seen(rights, person_id).select_related(
        "owner", "unit", "done_by", "acting_for"
    )
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound(_("There is no such task, or it is not in your units."))
    refusal = guard_assignment_done(
        found.state,
        found.owner_id in {person_id, *rights.principals},
        rights.may(MANAGE, found.unit.path),
    )

    def act(data: dict[str, Any]) -> str:
        services.assignment_done(assignment=found, actor=actor_of(request), **data)
        return reverse("assignment", args=[key])

    return answer_form(
        request, ResultForm(request.POST or None), act, title=found.matter[:60], submit=_("Keep"),
        back=reverse("assignments"), success=_("Kept: the next meeting opens with it."),
        template="planning/assignment.html", one=found, tones=ASSIGNMENT_TONE, refusal=refusal,
    )  # fmt: skip
