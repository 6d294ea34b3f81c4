"""Tasks of people: taken up, handed over, done, sent back, urged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.identity.models import Person, Post
from dianheng.identity.rules import Step as Part
from dianheng.identity.selectors import setting
from dianheng.identity.services import (
    idempotent,
    remember,
    require,
    require_password,
    require_separation,
    write_batch,
)

from ..choices import OPEN_STATES, NoteKind, TaskState
from ..errors import StepGone, WrongExpression
from ..forms import form_clean
from ..models import FormDraft, FormEntry, ProcessInstance, ProcessNote, ProcessTask, TaskAsked
from ..rules import countersigned, guard_assignee, guard_post, guard_running, guard_task_open
from ..selectors import content_digest, form_of, posts_held
from .instances import entry_digest, locked, note, running_of, settle, undo_served


def _open_task(task: ProcessTask) -> ProcessTask:
    """The task of a locked, running instance, still to be done; or Refused."""
    instance = locked(task.instance)
    found = ProcessTask.objects.select_related("assignee", "unit").get(pk=task.pk)
    found.instance = instance
    refuse(
        guard_running(instance.state, instance.number) or guard_task_open(found.state, found.name)
    )
    return found


def _holder(task: ProcessTask, actor: Actor) -> Actor:
    """The actor as holder of one of the task's posts, or as stand-in for one; or Refused."""
    held = posts_held(actor.person_id)
    by_post: dict[str, list[str]] = {}
    for code, path, _for_id in held:
        by_post.setdefault(code, []).append(path)
    names = "、".join(
        Post.objects.filter(code__in=task.posts).order_by("code").values_list("name", flat=True)
    )
    refuse(guard_post(task.posts, by_post, task.unit.path, names or "、".join(task.posts)))
    fits = [h for h in held if h[0] in task.posts and task.unit.path.startswith(h[1])]
    if any(for_id is None for _code, _path, for_id in fits):
        own = actor
    else:
        principal = Person.objects.get(pk=fits[0][2])
        own = replace(actor, acting_for_id=principal.pk, acting_for_name=principal.name)
    people = {actor.person_id} | {for_id for _code, _path, for_id in fits if for_id is not None}
    refuse(guard_assignee(task.assignee_id, task.assignee.name if task.assignee else "", people))
    return own


def _separated(task: ProcessTask, actor: Actor) -> None:
    """Who handled this instance does not approve it, and the other way round."""
    done = task.instance.tasks.filter(
        state__in=(TaskState.DONE, TaskState.SENT_BACK), done_by__isnull=False
    ).values_list("role", "done_by", "acting_for")
    said = FormEntry.objects.filter(
        task__instance_id=task.instance_id, asked__isnull=False
    ).values_list("task__role", "person", "acting_for")
    parts = [Part(role, by, for_) for role, by, for_ in [*done, *said]]
    require_separation(task.instance.document, task.role, actor, parts)


def _asked(task: ProcessTask, actor: Actor) -> tuple[TaskAsked, Actor] | None:
    """The opinion that the task wants of this person, or of one whom the person stands in for."""
    open_ = {row.person_id: row for row in task.asked.filter(answered_at=None)}
    if actor.person_id in open_:
        return open_[actor.person_id], actor
    for code, path, for_id in posts_held(actor.person_id) if open_ else ():
        if for_id in open_ and code in task.posts and task.unit.path.startswith(path):
            principal = Person.objects.get(pk=for_id)
            own = replace(actor, acting_for_id=principal.pk, acting_for_name=principal.name)
            return open_[for_id], own
    return None


def _standing(task: ProcessTask, actor: Actor) -> Actor:
    """The actor as one who may do the task now; or Refused.

    Where all are asked, only they do it; where somebody was added, the step waits for them.
    """
    if (found := _asked(task, actor)) is not None:
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
    found = _asked(task, actor)
    if found is None or found[0].asked_by_id is None:
        return _standing(task, actor)
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
    found = {}
    for task in instance.tasks.select_related("assignee", "unit").filter(state__in=OPEN_STATES):
        task.instance = instance
        if _may(_standing, task, actor):
            found[task.pk] = _may(_in_charge, task, actor)
    return found


def task_guard(*, task: ProcessTask, actor: Actor) -> None:
    """The door of what only whoever has the step does.

    Raises:
        Refused: somebody else has it, or the person is only asked for an opinion.
    """
    _in_charge(task, actor)


def _may(stands: Callable[[ProcessTask, Actor], Actor], task: ProcessTask, actor: Actor) -> bool:
    try:
        _separated(task, stands(task, actor))
    except Refused:
        return False
    return True


def task_claim(*, task: ProcessTask, actor: Actor) -> ProcessTask:
    """Take a task up, so that nobody else does it at the same time."""
    with write_batch(actor=actor, action="task.claim") as batch:
        found = _open_task(task)
        _refuse_together(found)
        _separated(found, _in_charge(found, actor))
        if found.state == TaskState.CLAIMED:
            return found
        found.state, found.assignee_id, found.claimed_at = (
            TaskState.CLAIMED,
            actor.person_id,
            batch.at,
        )
        found.save(update_fields=["state", "assignee", "claimed_at"])
    return found


def task_release(*, task: ProcessTask, actor: Actor) -> ProcessTask:
    """Put a task back for everybody of its posts."""
    with write_batch(actor=actor, action="task.release"):
        found = _open_task(task)
        _in_charge(found, actor)
        found.state, found.assignee_id, found.claimed_at = TaskState.OPEN, None, None
        found.save(update_fields=["state", "assignee", "claimed_at"])
    return found


def task_hand_over(*, task: ProcessTask, to: Person, reason: str, actor: Actor) -> ProcessTask:
    """Give a task to another person of its posts; who has it, or a manager of processes, may."""
    with write_batch(actor=actor, action="task.hand_over", reason=reason) as batch:
        found = _open_task(task)
        if actor.person_id != found.assignee_id:
            actor = require(actor, "workflow.manage", found.instance.unit_id)
        _refuse_together(found)
        other = Actor(to.pk, to.name)
        free = replace_assignee(found)
        _separated(free, _in_charge(free, other))
        found.state, found.assignee, found.claimed_at = TaskState.CLAIMED, to, batch.at
        found.save(update_fields=["state", "assignee", "claimed_at"])
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
    free = ProcessTask.objects.select_related("unit").get(pk=task.pk)
    free.instance, free.assignee, free.assignee_id = task.instance, None, None
    return free


def draft_keep(*, task: ProcessTask, data: Mapping[str, Any], actor: Actor) -> FormDraft:
    """Keep what has been typed so far; nobody else sees it."""
    row, _made = FormDraft.objects.update_or_create(
        task=task, person_id=actor.person_id, defaults={"data": dict(data), "at": timezone.now()}
    )
    return row


def task_complete(
    *,
    task: ProcessTask,
    data: Mapping[str, Any],
    actor: Actor,
    seen: str | None = None,
    password: str | None = None,
    request_key: str = "",
) -> ProcessTask:
    """Send a task's form: the process goes on, or back where the opinion says so.

    Where all holders of the posts are asked, the step is done when as many agree as the pack
    wants, or when that cannot be reached any more.

    Args:
        seen: digest of what was decided on as it was shown (`selectors.content_digest`);
            None: whoever calls has just read it.
        password: of the person, entered anew: the entry is signed then.

    Raises:
        BadInput: the form is not whole or not right, every field is named.
        Refused: somebody was faster, it is another's, the person took part on the other side,
            the password is wrong, or what is approved has changed meanwhile.
    """
    if password is not None:
        require_password(actor, password)
    with write_batch(actor=actor, action="task.complete") as batch:
        if (earlier := idempotent(request_key, "task.complete")) is not None:
            return ProcessTask.objects.get(pk=earlier["task"])
        found = _open_task(task)
        standing = _standing(found, actor)
        _separated(found, standing)
        answer = _asked(found, actor)
        digest = content_digest(found.instance) if found.role == "approve" else ""
        if seen is not None and seen != digest:
            text = _("%(number)s has changed since you opened it. Look at it again, then decide.")
            raise Refused(Refusal("changed", text % {"number": found.instance.number}))
        clean = form_clean(form_of(found, found.instance.pack), data)
        opinion = str(clean.get("opinion", ""))
        if opinion == "back":
            return task_send_back(task=found, reason=str(clean.get("reason", "")), actor=actor)
        if answer is None:
            _refuse_waiting(found)
        FormEntry.objects.create(
            task=found, asked=answer and answer[0], data=clean, opinion=opinion,
            digest=entry_digest(clean), seen=digest, is_signed=password is not None,
            person_id=standing.person_id, acting_for_id=standing.acting_for_id, at=batch.at,
        )  # fmt: skip
        FormDraft.objects.filter(task=found, person_id=actor.person_id).delete()
        remember(request_key, "task.complete", {"task": found.pk})
        if answer is not None:
            answer[0].answered_at = batch.at
            answer[0].save(update_fields=["answered_at"])
            decided = _countersigned(found)
            if decided is None:
                return found
            clean, opinion = decided, str(decided["opinion"])
            FormEntry.objects.create(
                task=found, data=clean, opinion=opinion, digest=entry_digest(clean), seen=digest,
                person_id=standing.person_id, acting_for_id=standing.acting_for_id, at=batch.at,
            )  # fmt: skip
        found.state, found.ended_at = TaskState.DONE, batch.at
        found.done_by_id, found.acting_for_id = standing.person_id, standing.acting_for_id
        found.save(update_fields=["state", "ended_at", "done_by", "acting_for"])
        running = running_of(found.instance)
        try:
            running.complete(found.step, clean)
        except StepGone:
            refuse(guard_task_open("closed", found.name))
        except WrongExpression as error:
            text = _("The process cannot go on from here: %(why)s.") % {"why": error}
            raise Refused(Refusal("condition", text, {"step": found.task})) from None
        settle(found.instance, running, standing, batch.at)
    return found


def _refuse_waiting(task: ProcessTask) -> None:
    waiting = task.asked.filter(answered_at=None).values_list("person__name", flat=True)
    if waiting:
        text = _("“%(step)s” waits for the opinion of %(people)s.")
        facts = {"step": task.name, "people": "、".join(waiting)}
        raise Refused(Refusal("waits", text % facts, facts))


def _countersigned(task: ProcessTask) -> dict[str, Any] | None:
    """What the people asked decide together; None: not decided yet, or they only advise."""
    if task.share is None:
        return None
    asked = task.asked.count()
    entries = list(task.entries.exclude(asked=None).select_related("person__unit").order_by("pk"))
    # A form without an opinion is agreed to by whoever sends it.
    said = [entry.opinion or "agree" for entry in entries]
    opinion = countersigned(asked, said.count("agree"), said.count("reject"), task.share)
    if opinion is None:
        return None
    return {**_merged(entries), "opinion": opinion, "agreed": said.count("agree"), "asked": asked}


def _merged(entries: Sequence[FormEntry]) -> dict[str, list[dict[str, Any]]]:
    """Rows of all who were asked, one after the other, with who wrote them."""
    merged: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        unit = entry.person.unit.name if entry.person.unit else ""
        for name, rows in entry.data.items():
            if isinstance(rows, list):
                by = {"person": entry.person.name, "department": unit}
                merged.setdefault(name, []).extend({**by, **row} for row in rows)
    return merged


def task_ask(*, task: ProcessTask, person: Person, reason: str, actor: Actor) -> TaskAsked:
    """Add somebody whose opinion is wanted before the step is done.

    Raises:
        Refused: the person took part on the other side, or is asked already.
    """
    if not reason.strip():
        text = _("Say what the opinion is wanted on.")
        raise BadInput(text, [{"field": "reason", "code": "missing", "text": text}])
    with write_batch(actor=actor, action="task.ask", reason=reason) as batch:
        found = _open_task(task)
        standing = _in_charge(found, actor)
        _separated(found, standing)
        _separated(found, Actor(person.pk, person.name))
        if person.pk == actor.person_id or found.asked.filter(person=person).exists():
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
        found = _open_task(task)
        standing = _in_charge(found, actor)
        _separated(found, standing)
        running = running_of(found.instance)
        served = running.served()
        path = running.path(found.step)
        target = next((step for step in path if to in ("", step.task)), None)
        if target is None:
            text = _("It cannot be sent back there: that step is not on the way that led here.")
            raise BadInput(text, [{"field": "to", "code": "not_on_path", "text": text}])
        found.state, found.ended_at = TaskState.SENT_BACK, batch.at
        found.done_by_id, found.acting_for_id = standing.person_id, standing.acting_for_id
        found.save(update_fields=["state", "ended_at", "done_by", "acting_for"])
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
        found = _open_task(task)
        hours = setting("workflow.urge_hours", found.instance.unit_id)
        since = batch.at - timedelta(hours=hours)
        if ProcessNote.objects.filter(task=found, kind=NoteKind.URGE, at__gt=since).exists():
            text = _("It was urged within the last %(hours)s hours.") % {"hours": hours}
            raise Refused(Refusal("urged", text, {"hours": hours}))
        return note(found.instance, NoteKind.URGE, actor, batch.at, text=text.strip(), task=found)
