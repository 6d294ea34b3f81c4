"""What packs may call of this app, what their forms offer, and what one has to do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.common.todo import MINE, TodoGroup, TodoItem, first_and_count, register_todo
from dianheng.identity.services import audit_root
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.registry import Service, register_options, register_service

from .choices import AssignmentState, BookingState
from .models import Assignment
from .selectors import assignments_before, resource_options
from .services import (
    assignments_drop,
    assignments_make,
    booking_drop,
    booking_give_back,
    booking_lend,
    booking_make,
    booking_undo,
)

SHOWN = 10
Answer = Mapping[str, Any]


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadInput(_("“%(value)s” is no moment.") % {"value": value}) from None
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def book(
    *, resource: Any, from_at: Any, to_at: Any, purpose: Any, caller: ProcessInstance,
    actor: Actor, request_key: str,
) -> Answer:  # fmt: skip
    """Book a resource for the process, as long as nobody else has it then."""
    made = booking_make(
        resource=str(resource), from_at=_moment(from_at), to_at=_moment(to_at),
        purpose=str(purpose or caller.title), actor=actor, document=caller.document,
        request_key=request_key,
    )  # fmt: skip
    return {"resource": made.resource.name}


def unbook(*, caller: ProcessInstance, actor: Actor, request_key: str) -> Answer:
    """Let the booking of the process go."""
    booking_drop(document=caller.document, actor=actor)
    return {}


def lend(*, condition: Any, caller: ProcessInstance, actor: Actor, request_key: str) -> Answer:
    """Hand out what the process has booked."""
    booking_lend(
        document=caller.document, condition=str(condition or ""), actor=actor,
        request_key=request_key,
    )  # fmt: skip
    return {}


def unlend(*, caller: ProcessInstance, actor: Actor, request_key: str) -> Answer:
    """It was not handed out."""
    booking_undo(document=caller.document, state=BookingState.LENT, actor=actor)
    return {}


def give_back(*, condition: Any, caller: ProcessInstance, actor: Actor, request_key: str) -> Answer:
    """Take back what the process has lent."""
    booking_give_back(
        document=caller.document, condition=str(condition or ""), actor=actor,
        request_key=request_key,
    )  # fmt: skip
    return {}


def ungive(*, caller: ProcessInstance, actor: Actor, request_key: str) -> Answer:
    """It was not given back."""
    booking_undo(document=caller.document, state=BookingState.RETURNED, actor=actor)
    return {}


def assign(*, rows: Any, caller: ProcessInstance, actor: Actor, request_key: str) -> Answer:
    """Make a task of each row of the minutes."""
    count = assignments_make(
        rows=rows or [], document=caller.document, unit=caller.unit, actor=actor,
        request_key=request_key,
    )  # fmt: skip
    return {"count": count}


def unassign(*, caller: ProcessInstance, actor: Actor, request_key: str) -> Answer:
    """Take the tasks back, as long as nothing of them is done."""
    assignments_drop(document=caller.document, actor=actor)
    return {}


def open_tasks(*, caller: ProcessInstance, actor: Actor, request_key: str) -> Answer:
    """What became of the tasks of the last meeting, which older ones are still open, and the
    digest of the audit trail, which whoever rewrites the trail later cannot take back from paper.
    """
    root = audit_root()
    with translation.override(settings.LANGUAGE_CODE):  # the form is one text for all readers
        return {
            "trail": str(root or ""),
            "rows": [
                {
                    "matter": one.matter, "owner": one.owner.name, "due_on": one.due_on.isoformat(),
                    "state": _state(one),
                    "result": f"{one.result}（{one.reporter}）" if one.reporter else one.result,
                }
                for one in assignments_before(caller.document, caller.unit)
            ]
        }  # fmt: skip


def _state(one: Assignment) -> str:
    if one.state == AssignmentState.OPEN and one.due_on < timezone.localdate():
        return _("open, late")
    return str(one.get_state_display())


def todo(request: HttpRequest) -> Sequence[TodoGroup]:
    """Tasks of meetings that the person answers for, or somebody whom the person stands in for."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    people = {request.user.pk, *rights.principals}
    rows = Assignment.objects.filter(owner_id__in=people, state=AssignmentState.OPEN)
    found, count = first_and_count(rows.select_related("owner").order_by("due_on", "pk"), SHOWN)
    if not count:
        return []
    items = [
        TodoItem(
            one.matter, reverse("assignment", args=[one.pk]),
            one.number if one.owner_id == request.user.pk else f"{one.number} · {one.owner.name}",
            due_on=one.due_on,
        )
        for one in found
    ]  # fmt: skip
    whose = f"&owner={quote(request.user.name)}" if len(people) == 1 else ""  # type: ignore[union-attr]
    url = f"{reverse('assignments')}?state=open{whose}"
    return [TodoGroup(_("Tasks of meetings"), items, count, url, MINE)]


register_todo(todo)
register_options("planning.resource", resource_options)
register_service(
    Service(
        "planning.book", gettext_lazy("Book a resource"),
        ("resource", "from_at", "to_at", "purpose"), book, knows_caller=True,
    ),
    Service("planning.unbook", gettext_lazy("Drop a booking"), (), unbook, knows_caller=True),
    Service("planning.lend", gettext_lazy("Lend a resource"), ("condition",), lend, knows_caller=True),
    Service("planning.unlend", gettext_lazy("Undo a loan"), (), unlend, knows_caller=True),
    Service(
        "planning.give_back", gettext_lazy("Take a resource back"), ("condition",), give_back,
        knows_caller=True,
    ),
    Service("planning.ungive", gettext_lazy("Undo a return"), (), ungive, knows_caller=True),
    Service("planning.assign", gettext_lazy("Give tasks of a meeting"), ("rows",), assign, knows_caller=True),
    Service("planning.unassign", gettext_lazy("Drop tasks of a meeting"), (), unassign, knows_caller=True),
    Service(
        "planning.open_tasks", gettext_lazy("What became of the last meeting's tasks"), (),
        open_tasks, reads=True, knows_caller=True,
    ),
)  # fmt: skip
