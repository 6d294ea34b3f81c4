"""Sentences of minutes as tasks: given, done, dropped with the minutes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.selectors import person_by_words
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.common.lists import NotUnderstood, read_day
from dianheng.identity.models import Person, Unit
from dianheng.identity.selectors import rights_of
from dianheng.identity.services import idempotent, remember, write_batch

from ..choices import AssignmentState
from ..models import Assignment
from ..rules import guard_assignment_done

NAMED = 5  # tasks in a refusal


def assignments_make(
    *,
    rows: Sequence[Mapping[str, Any]],
    document: str,
    unit: Unit,
    actor: Actor,
    request_key: str = "",
) -> int:
    """Give every sentence to who answers for it; the process whose minutes say it has the right.

    Args:
        rows: `matter`, `owner` (staff number, login or name) and `due_on` of each.

    Returns:
        How many were given.

    Raises:
        BadInput: a sentence without owner or day; every one is named.
    """
    with write_batch(actor=actor, action="assignment.make"):
        if (earlier := idempotent(request_key, "assignment.make")) is not None:
            return int(earlier["count"])
        made, faults = [], []
        for number, row in enumerate(rows, 1):
            try:
                matter = str(row.get("matter") or "").strip()
                owner, due_on = _owner(row), _day(row)
                if not matter:
                    raise BadInput(_("the sentence is empty"))
            except Refused as refused:
                text = _("Row %(number)s: %(why)s")
                facts = {"number": number, "why": refused.refusal.text}
                faults.append({"row": number, "code": refused.refusal.code, "text": text % facts})
                continue
            made.append(
                Assignment(unit=unit, document=document, matter=matter, owner=owner, due_on=due_on)
            )
        if faults:
            text = _("Each task of a meeting has somebody who answers for it, and a day.")
            raise BadInput(text, faults)
        Assignment.objects.bulk_create(made)
        remember(request_key, "assignment.make", {"count": len(made)})
    return len(made)


def _owner(row: Mapping[str, Any]) -> Person:
    words = str(row.get("owner") or "").strip()
    if not words:
        raise BadInput(_("nobody answers for it"))
    return person_by_words(words)


def _day(row: Mapping[str, Any]) -> date:
    try:
        return read_day(str(row.get("due_on") or ""))
    except NotUnderstood:
        raise BadInput(_("it has no day")) from None


def assignments_drop(*, document: str, actor: Actor) -> None:
    """Take back what minutes gave, as long as nothing of it is done.

    Raises:
        Refused: somebody has said already what became of one.
    """
    with write_batch(actor=actor, action="assignment.drop"):
        rows = Assignment.objects.filter(document=document)
        done = rows.filter(state=AssignmentState.DONE).values_list("matter", flat=True)[:NAMED]
        if done:
            text = _("Done already, so the minutes stand: %(matters)s.")
            facts = {"matters": "、".join(done)}
            raise Refused(Refusal("assignments_done", text % facts, facts))
        rows.filter(state=AssignmentState.OPEN).update(state=AssignmentState.DROPPED)


def assignment_done(
    *, assignment: Assignment, result: str, actor: Actor, request_key: str = ""
) -> Assignment:
    """Say what became of a task: its owner, a stand-in of the owner, or the office.

    The next meeting opens with it.
    """
    if not result.strip():
        text = _("Say what became of it.")
        raise BadInput(text, [{"field": "result", "code": "missing", "text": text}])
    actor = _reporting(assignment, actor)
    with write_batch(actor=actor, action="assignment.done") as batch:
        if idempotent(request_key, "assignment.done") is not None:
            return Assignment.objects.get(pk=assignment.pk)
        rows = Assignment.objects.select_for_update(of=("self",)).select_related("unit")
        found = rows.get(pk=assignment.pk)
        is_owner = found.owner_id in (actor.person_id, actor.acting_for_id)
        may_manage = (
            rights_of(actor.person_id)
            .narrowed(actor.scopes)
            .may("planning.manage", found.unit.path)
        )
        refuse(guard_assignment_done(found.state, is_owner, may_manage))
        found.state, found.result = AssignmentState.DONE, result.strip()
        found.done_on = timezone.localtime(batch.at).date()
        found.done_by_id, found.acting_for_id = actor.person_id, actor.acting_for_id
        found.save(update_fields=["state", "result", "done_on", "done_by", "acting_for"])
        remember(request_key, "assignment.done", {"assignment": found.pk})
    return found


def _reporting(assignment: Assignment, actor: Actor) -> Actor:
    """The actor, as stand-in of the owner where it is one: both names are kept."""
    if assignment.owner_id == actor.person_id:
        return actor
    principal = rights_of(actor.person_id).principal(assignment.owner_id)
    if principal is None:
        return actor
    return replace(actor, acting_for_id=principal[0], acting_for_name=principal[1])
