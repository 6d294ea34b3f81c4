"""Tasks of people: taken up, handed over, done, sent back, urged."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.common.rows import row_update
from dianheng.identity.models import Person, Post
from dianheng.identity.rules import Step as Part
from dianheng.identity.selectors import setting
from dianheng.identity.services import (
    require,
    require_separation,
    write_batch,
)

from ..choices import NoteKind, Role, TaskState
from ..models import FormDraft, FormEntry, ProcessInstance, ProcessNote, ProcessTask, TaskAsked
from ..rules import guard_assignee, guard_post, guard_running, guard_task_open
from ..selectors import apart_from, kept, origin_of, posts_held, tasks_known
from .instances import locked, note, running_of, settle, undo_served


def open_task(task: ProcessTask) -> ProcessTask:
    """The task of a locked, running instance, still to be done; or Refused."""
    instance = locked(task.instance)
    found = next(one for one in instance.known if one.pk == task.pk)
    refuse(
        guard_running(instance.state, instance.number) or guard_task_open(found.state, found.name)
    )
    return found


def known_task(task: ProcessTask) -> ProcessTask:
    """The task with all that is known of its instance, to ask what somebody could do."""
    return next(one for one in tasks_known(task.instance) if one.pk == task.pk)


def _holder(task: ProcessTask, actor: Actor) -> Actor:
    """The actor as holder of one of the task's posts, or as stand-in for one; or Refused."""
    held = posts_held(actor.person_id)
    by_post: dict[str, list[str]] = {}
    for code, path, _for_id in held:
        by_post.setdefault(code, []).append(path)
    names = SimpleLazyObject(lambda: _names_of(task.posts))
    refuse(guard_post(task.posts, by_post, task.unit.path, names))
    fits = [h for h in held if h[0] in task.posts and task.unit.path.startswith(h[1])]
    if any(for_id is None for _code, _path, for_id in fits):
        own = actor
    else:
        principal = Person.objects.get(pk=fits[0][2])
        own = replace(actor, acting_for_id=principal.pk, acting_for_name=principal.name)
    people = {actor.person_id} | {for_id for _code, _path, for_id in fits if for_id is not None}
    name = SimpleLazyObject(lambda: task.assignee.name if task.assignee else "")
    refuse(guard_assignee(task.assignee_id, name, people))
    return own


def _names_of(posts: Sequence[str]) -> str:
    rows = Post.objects.filter(code__in=posts).order_by("code")
    return "、".join(rows.values_list("name", flat=True)) or "、".join(posts)


def refuse_unseparated(task: ProcessTask, actor: Actor) -> None:
    """Who handled this instance does not approve it, and the other way round.

    Nor does who handled the instance that began it: what is approved there comes from here.
    Steps that the pack keeps apart are done by different people, though none of them handles.
    """
    known = task.instance.known
    parts = [
        Part(one.role, one.done_by_id, one.acting_for_id)
        for one in known
        if one.state in (TaskState.DONE, TaskState.SENT_BACK) and one.done_by_id is not None
    ]
    if any(one.whom for one in known):
        said = FormEntry.objects.filter(
            task__instance_id=task.instance_id, asked__isnull=False
        ).values_list("task__role", "person", "acting_for")
        parts += [Part(role, by, for_) for role, by, for_ in said]
    if task.role == Role.APPROVE and (above := _origins(task.instance)):
        handled = ProcessTask.objects.filter(
            instance__in=above, role=Role.HANDLE, done_by__isnull=False
        ).values_list("role", "done_by", "acting_for")
        parts += [Part(role, by, for_) for role, by, for_ in handled]
    require_separation(task.instance.document, task.role, actor, parts)
    if beside := apart_from(kept(task.instance.pack), task.task):
        signed = [
            Part("joint", one.done_by_id, one.acting_for_id)
            for one in known
            if one.task in beside and one.state == TaskState.DONE and one.done_by_id is not None
        ]
        require_separation(task.instance.document, "joint", actor, signed)


def _origins(instance: ProcessInstance) -> list[ProcessInstance]:
    """The instance that began this one, the one that began that, and so on."""
    found: list[ProcessInstance] = []
    number = origin_of(instance)
    while number:
        found.append(ProcessInstance.objects.get(number=number))
        number = origin_of(found[-1])
    return found


def asked_of(task: ProcessTask, actor: Actor) -> tuple[TaskAsked, Actor] | None:
    """The opinion that the task wants of this person, or of one whom the person stands in for."""
    open_ = {row.person_id: row for row in task.whom if row.answered_at is None}
    if actor.person_id in open_:
        return open_[actor.person_id], actor
    for code, path, for_id in posts_held(actor.person_id) if open_ else ():
        if for_id in open_ and code in task.posts and task.unit.path.startswith(path):
            principal = Person.objects.get(pk=for_id)
            own = replace(actor, acting_for_id=principal.pk, acting_for_name=principal.name)
            return open_[for_id], own
    return None


def standing_of(task: ProcessTask, actor: Actor) -> Actor:
    """The actor as one who may do the task now; or Refused.

    Where all are asked, only they do it; where somebody was added, the step waits for them.
    """
    if (found := asked_of(task, actor)) is not None:
        return found[1]
    if task.share is not None:
        text = _("“%(step)s” asks certain people; you are none of them, or have answered.")
        raise Refused(Refusal("not_asked", text % {"step": task.name}))
    return _holder(task, actor)


def _in_charge(task: ProcessTask, actor: Actor) -> Actor:
    """The actor as one who has the step: by post, by having taken it up, as stand-in; or Refused.

    Who was added for an opinion gives the opinion and no more. Where all holders of the posts
    are asked, those who have not answered have it together.
    """
    found = asked_of(task, actor)
    if found is None or found[0].asked_by_id is None:
        return standing_of(task, actor)
    try:
        if task.share is None:
            return _holder(task, actor)
    except Refused:
        pass
    text = _("You are asked for your opinion on “%(step)s”; whoever has the step does the rest.")
    raise Refused(Refusal("only_asked", text % {"step": task.name}))


def _refuse_together(task: ProcessTask) -> None:
    if task.share is not None:
        text = _("“%(step)s” is done by all who are asked; nobody takes it up alone.")
        raise Refused(Refusal("together", text % {"step": task.name}))


def tasks_doable(instance: ProcessInstance, actor: Actor) -> dict[int, bool]:
    """Keys of the open tasks of an instance that this person could do now.

    Returns:
        For each whether the person has the step, not only an opinion to give on it.
    """
    return {
        task.pk: _may(_in_charge, task, actor)
        for task in tasks_known(instance)
        if task.is_open and _may(standing_of, task, actor)
    }


def task_guard(*, task: ProcessTask, actor: Actor) -> None:
    """The door of what only whoever has the step does.

    Raises:
        Refused: somebody else has it, or the person is only asked for an opinion.
    """
    _in_charge(known_task(task), actor)


def _may(stands: Callable[[ProcessTask, Actor], Actor], task: ProcessTask, actor: Actor) -> bool:
    try:
        refuse_unseparated(task, stands(task, actor))
    except Refused:
        return False
    return True


def task_claim(*, task: ProcessTask, actor: Actor) -> ProcessTask:
    """Take a task up, so that nobody else does it at the same time."""
    with write_batch(actor=actor, action="task.claim") as batch:
        found = open_task(task)
        _refuse_together(found)
        refuse_unseparated(found, _in_charge(found, actor))
        if found.state == TaskState.CLAIMED:
            return found
        found.state, found.assignee_id, found.claimed_at = (
            TaskState.CLAIMED,
            actor.person_id,
            batch.at,
        )
        row_update(found, "state", "assignee", "claimed_at")
    return found


def task_release(*, task: ProcessTask, actor: Actor) -> ProcessTask:
    """Put a task back for everybody of its posts."""
    with write_batch(actor=actor, action="task.release"):
        found = open_task(task)
        _in_charge(found, actor)
        found.state, found.assignee_id, found.claimed_at = TaskState.OPEN, None, None
        row_update(found, "state", "assignee", "claimed_at")
    return found


def task_hand_over(*, task: ProcessTask, to: Person, reason: str, actor: Actor) -> ProcessTask:
    """Give a task to another person of its posts; who has it, or a manager of processes, may."""
    with write_batch(actor=actor, action="task.hand_over", reason=reason) as batch:
        found = open_task(task)
        if actor.person_id != found.assignee_id:
            actor = require(actor, "workflow.manage", found.instance.unit_id)
        _refuse_together(found)
        other = Actor(to.pk, to.name)
        free = replace_assignee(found)
        refuse_unseparated(free, _in_charge(free, other))
        found.state, found.assignee, found.claimed_at = TaskState.CLAIMED, to, batch.at
        row_update(found, "state", "assignee", "claimed_at")
        note(
            found.instance,
            NoteKind.HAND_OVER,
            actor,
            batch.at,
            text=reason.strip(),
            task=found,
            facts={"to": to.name},
        )
    return found


def replace_assignee(task: ProcessTask) -> ProcessTask:
    """The task as if nobody had it, to ask who could."""
    free = copy(task)
    free.assignee = None
    return free


def draft_keep(*, task: ProcessTask, data: Mapping[str, Any], actor: Actor) -> FormDraft:
    """Keep what has been typed so far; nobody else sees it."""
    row, _made = FormDraft.objects.update_or_create(
        task=task, person_id=actor.person_id, defaults={"data": dict(data), "at": timezone.now()}
    )
    return row


def task_ask(*, task: ProcessTask, person: Person, reason: str, actor: Actor) -> TaskAsked:
    """Add somebody whose opinion is wanted before the step is done.

    Raises:
        Refused: the person took part on the other side, or is asked already.
    """
    if not reason.strip():
        text = _("Say what the opinion is wanted on.")
        raise BadInput(text, [{"field": "reason", "code": "missing", "text": text}])
    with write_batch(actor=actor, action="task.ask", reason=reason) as batch:
        found = open_task(task)
        standing = _in_charge(found, actor)
        refuse_unseparated(found, standing)
        refuse_unseparated(found, Actor(person.pk, person.name))
        if person.pk == actor.person_id or person.pk in {row.person_id for row in found.whom}:
            text = _("%(name)s is asked already.") % {"name": person.name}
            raise Refused(Refusal("asked", text))
        row = TaskAsked.objects.create(task=found, person=person, asked_by_id=actor.person_id)
        note(
            found.instance, NoteKind.ASK, standing, batch.at, text=reason.strip(), task=found,
            facts={"to": person.name},
        )  # fmt: skip
    return row


def task_send_back(*, task: ProcessTask, reason: str, actor: Actor, to: str = "") -> ProcessTask:
    """Send back to a step on the way that led here; what followed it is closed with it.

    Args:
        to: id of the step in the diagram; empty: the nearest one.

    Returns:
        The task that is to be done anew; it goes to who did it before.
    """
    if not reason.strip():
        text = _("Say what is to be mended.")
        raise BadInput(text, [{"field": "reason", "code": "missing", "text": text}])
    with write_batch(actor=actor, action="task.send_back", reason=reason) as batch:
        found = open_task(task)
        standing = _in_charge(found, actor)
        refuse_unseparated(found, standing)
        running = running_of(found.instance)
        served = running.served()
        path = running.path(found.step)
        target = next((step for step in path if to in ("", step.task)), None)
        if target is None:
            text = _("It cannot be sent back there: that step is not on the way that led here.")
            raise BadInput(text, [{"field": "to", "code": "not_on_path", "text": text}])
        found.state, found.ended_at = TaskState.SENT_BACK, batch.at
        found.done_by_id, found.acting_for_id = standing.person_id, standing.acting_for_id
        row_update(found, "state", "ended_at", "done_by", "acting_for")
        facts = {"from": found.task, "to": target.task}
        note(
            found.instance,
            NoteKind.SEND_BACK,
            standing,
            batch.at,
            text=reason.strip(),
            task=found,
            facts=facts,
        )
        fresh = running.send_back(target.id)
        kept = {step.id for step in fresh.served()}
        undo_served(
            found.instance, [step for step in served if step.id not in kept], standing, batch.at
        )
        settle(found.instance, fresh, standing, batch.at, returned_to=target.task)
    return found.instance.tasks.filter(task=target.task).latest("pk")


def task_urge(*, task: ProcessTask, text: str, actor: Actor) -> ProcessNote:
    """Ask for a task to be done; once in a few hours is enough."""
    actor = require(actor, "workflow.view", task.instance.unit_id)
    with write_batch(actor=actor, action="task.urge") as batch:
        found = open_task(task)
        hours = setting("workflow.urge_hours", found.instance.unit_id)
        since = batch.at - timedelta(hours=hours)
        if ProcessNote.objects.filter(task=found, kind=NoteKind.URGE, at__gt=since).exists():
            text = _("It was urged within the last %(hours)s hours.") % {"hours": hours}
            raise Refused(Refusal("urged", text, {"hours": hours}))
        return note(found.instance, NoteKind.URGE, actor, batch.at, text=text.strip(), task=found)
