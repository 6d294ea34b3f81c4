"""Forms of tasks are sent: one by one, or the same decision on several at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.common.rows import row_insert, row_update
from dianheng.identity.models import Person
from dianheng.identity.services import idempotent, remember, require_password, write_batch

from ..choices import Role, TaskState
from ..errors import StepGone, WrongExpression
from ..forms import form_clean
from ..models import FormDraft, FormEntry, ProcessTask
from ..rules import countersigned, guard_running, guard_task_open
from ..selectors import content_digest, form_of, with_version
from .instances import entry_digest, running_of, settle
from .tasks import asked_of, known_task, open_task, refuse_unseparated, standing_of, task_send_back

AT_ONCE = 50  # decisions with one password; more is not read any more


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
    return _complete(task, data, actor, seen, password is not None, request_key)


def _complete(
    task: ProcessTask,
    data: Mapping[str, Any],
    actor: Actor,
    seen: str | None,
    is_signed: bool,
    request_key: str,
) -> ProcessTask:
    with write_batch(actor=actor, action="task.complete") as batch:
        if (earlier := idempotent(request_key, "task.complete")) is not None:
            return ProcessTask.objects.get(pk=earlier["task"])
        found = open_task(task)
        standing = standing_of(found, actor)
        refuse_unseparated(found, standing)
        answer = asked_of(found, actor)
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
        entry = FormEntry(
            task=found, asked=answer and answer[0], data=clean, opinion=opinion,
            digest=entry_digest(clean), seen=digest, is_signed=is_signed,
            person_id=standing.person_id, acting_for_id=standing.acting_for_id, at=batch.at,
        )  # fmt: skip
        row_insert(entry)
        FormDraft.objects.filter(task=found, person_id=actor.person_id).delete()
        remember(request_key, "task.complete", {"task": found.pk})
        if answer is not None:
            answer[0].answered_at = batch.at
            row_update(answer[0], "answered_at")
            decided = _countersigned(found)
            if decided is None:
                return found
            clean, opinion = decided, str(decided["opinion"])
            entry = FormEntry(
                task=found, data=clean, opinion=opinion, digest=entry_digest(clean), seen=digest,
                person_id=standing.person_id, acting_for_id=standing.acting_for_id, at=batch.at,
            )  # fmt: skip
            row_insert(entry)
        found.state, found.ended_at = TaskState.DONE, batch.at
        found.done_by_id, found.acting_for_id = standing.person_id, standing.acting_for_id
        row_update(found, "state", "ended_at", "done_by", "acting_for")
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
    waiting = [row.person_id for row in task.whom if row.answered_at is None]
    if waiting:
        names = (
            Person.objects.filter(pk__in=waiting)
            .order_by("sort_key")
            .values_list("name", flat=True)
        )
        text = _("“%(step)s” waits for the opinion of %(people)s.")
        facts = {"step": task.name, "people": "、".join(names)}
        raise Refused(Refusal("waits", text % facts, facts))


def _countersigned(task: ProcessTask) -> dict[str, Any] | None:
    """What the people asked decide together; None: not decided yet, or they only advise."""
    if task.share is None:
        return None
    asked = len(task.whom)
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


@dataclass(frozen=True)
class Decided:
    """One of several tasks: decided, or refused in its own right."""

    task: ProcessTask
    refusal: Refusal | None = None


def guard_alike(tasks: Sequence[ProcessTask]) -> Refusal | None:
    """Several are decided at once when they are the same approval of the same version."""
    if len(tasks) > AT_ONCE:
        text = _("At most %(most)s are decided at once.") % {"most": AT_ONCE}
        return Refusal("too_many", text, {"most": AT_ONCE})
    kinds = {(task.instance.pack_id, task.task) for task in tasks}
    if len(kinds) == 1 and all(task.role == Role.APPROVE for task in tasks):
        return None
    text = _("Choose approvals of one kind: the same step of one process in the same version.")
    return Refusal("not_alike", text, {"kinds": len(kinds)})


def task_refusal(*, task: ProcessTask, actor: Actor) -> Refusal | None:
    """Why this person could not do the task now; None: it could be done."""
    try:
        one = task.instance
        refuse(guard_running(one.state, one.number) or guard_task_open(task.state, task.name))
        found = known_task(task)
        refuse_unseparated(found, standing_of(found, actor))
        if asked_of(found, actor) is None:
            _refuse_waiting(found)
    except Refused as refused:
        return refused.refusal
    return None


def tasks_decide(
    *,
    seen: Mapping[int, str],
    data: Mapping[str, Any],
    actor: Actor,
    password: str,
    request_key: str = "",
) -> list[Decided]:
    """Decide several tasks by one form, signed by one password; each stands for itself.

    Args:
        seen: key of each task -> digest of what was decided on as it was shown.

    Returns:
        For each task, by key, whether it was decided, or why not; a repeat answers the same.

    Raises:
        BadInput: the form is not whole or not right, or sends back.
        Refused: they are no approvals of one kind, or the password is wrong: nothing is decided.
    """
    rows = with_version(ProcessTask.objects.select_related("instance__unit"), "instance__pack")
    tasks = list(rows.filter(pk__in=seen).order_by("pk"))
    refuse(guard_alike(tasks))
    clean = form_clean(form_of(tasks[0], tasks[0].instance.pack), data)
    if clean.get("opinion") == "back":
        text = _("What is to be mended differs: send each back on its own page.")
        raise BadInput(text, [{"field": "opinion", "code": "back", "text": text}])
    require_password(actor, password)
    found = []
    for task in tasks:
        key = f"{request_key}:{task.pk}" if request_key else ""
        try:
            _complete(task, data, actor, seen[task.pk], True, key)
        except Refused as refused:
            found.append(Decided(task, refused.refusal))
        else:
            found.append(Decided(task))
    return found
