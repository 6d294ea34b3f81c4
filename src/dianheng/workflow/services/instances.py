"""Instances: begun, moved by the engine below, suspended, withdrawn."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refusal, Refused, refuse
from dianheng.common.rows import row_insert, row_update
from dianheng.identity.models import Post, Unit
from dianheng.identity.registry import all_settings
from dianheng.identity.selectors import unit_of_json
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..calendar import due_after, due_within, end_of_day, timer_of
from ..choices import OPEN_STATES, InstanceState, NoteKind, TaskState
from ..engine import Running, Step, restore, start
from ..errors import WrongExpression
from ..expressions import evaluate
from ..models import (
    EngineState,
    PackVersion,
    ProcessInstance,
    ProcessNote,
    ProcessTask,
    TaskAsked,
)
from ..registry import Service, all_services, subject_ended
from ..rules import guard_running
from ..selectors import (
    definition_of,
    holders_of,
    instance_by_number,
    kept,
    lanes_of_tasks,
    origin_of,
    pack_at,
    posts_of_lanes,
    tasks_known,
    text_of,
)

SERVICE_STEPS = 200  # steps of the program in a row; more is a loop
DEEPEST = 8  # processes of which one began the other in one transaction; more is a circle
_moving: ContextVar[tuple[int, ...]] = ContextVar("dianheng_moving", default=())


def instance_start(
    *,
    code: str,
    unit: Unit,
    title: str,
    actor: Actor,
    subject: str = "",
    data: Mapping[str, Any] | None = None,
    request_key: str = "",
) -> ProcessInstance:
    """Begin a process in a unit and bring it to its first tasks.

    Args:
        code: of the pack in force.
        subject: what it is about, as the ledger names things: `lot:…`, `device:…`.
        data: more about the instance, for conditions and services, under `instance`.
    """
    return instance_begin(
        code=code, unit=unit, title=title, actor=require(actor, "workflow.start", unit.pk),
        subject=subject, data=data, request_key=request_key,
    )  # fmt: skip


def instance_begin(
    *,
    code: str,
    unit: Unit,
    title: str,
    actor: Actor,
    subject: str = "",
    data: Mapping[str, Any] | None = None,
    origin: ProcessInstance | None = None,
    due_on: date | None = None,
    request_key: str = "",
) -> ProcessInstance:
    """`instance_start` without the right: whoever calls has asked for it, or a pack says so.

    Args:
        origin: the instance whose step begins this one; who handled that one is known here.
        due_on: last day of what the instance carries; none of its steps is due after it.
    """
    if not title.strip():
        raise BadInput(
            _("Say what it is about."),
            [{"field": "title", "code": "missing", "text": _("Say what it is about.")}],
        )
    with write_batch(actor=actor, action="process.start") as batch:
        if (earlier := idempotent(request_key, "process.start")) is not None:
            return ProcessInstance.objects.get(pk=earlier["instance"])
        pack, is_offered = pack_at(code, unit.path)
        if not is_offered:
            text = _("“%(process)s” is switched off for %(unit)s.")
            names = {"process": pack.title_zh, "unit": unit.name}
            raise Refused(Refusal("switched_off", text % names, names))
        made = ProcessInstance(
            number=_number(pack, batch.at), pack=pack, unit=unit, title=title.strip(),
            subject=subject, started_at=batch.at, started_by_id=actor.person_id,
        )  # fmt: skip
        row_insert(made)
        begun_by = {"from": origin.number} if origin else {}
        made.known = []
        note(made, NoteKind.START, actor, batch.at, facts=begun_by)
        facts = {"number": made.number, "unit": unit.code, "title": made.title, "subject": subject}
        facts["due_on"] = due_on.isoformat() if due_on else ""
        running = start(
            definition_of(pack), {"instance": {**(data or {}), **facts}}, timer_of(unit.pk)
        )
        settle(made, running, actor, batch.at)
        remember(request_key, "process.start", {"instance": made.pk})
    return made


_LAST = "select max(number) from workflow_processinstance where number like %s"


def _number(pack: PackVersion, at: datetime) -> str:
    """Year and a running number for each process; gaps mean nothing, since no paper counts them."""
    stem = f"{pack.plan['prefix']}{timezone.localtime(at):%Y}-"
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 7))", [pack.code])
        cursor.execute(_LAST, [f"{stem}%"])
        last = cursor.fetchone()[0]
    return f"{stem}{int(last[len(stem) :]) + 1 if last else 1:06d}"


_LOCK = """
select i.*, p.digest as pack_digest, to_json(u) as unit_json, to_json(above) as above_json
  from workflow_processinstance i join workflow_packversion p on p.id = i.pack_id
  join identity_unit u on u.id = i.unit_id left join identity_unit above on above.id = u.parent_id
 where i.id = %s for update of i
"""


def locked(instance: ProcessInstance) -> ProcessInstance:
    """The instance, locked until the end of the transaction, with its tasks as they stand now."""
    [found] = ProcessInstance.objects.raw(_LOCK, [instance.pk])
    found.pack = kept(PackVersion(pk=found.pack_id, digest=found.pack_digest))
    found.unit = unit_of_json(found.unit_json)
    found.unit.parent = unit_of_json(found.above_json)
    tasks_known(found)  # behind the lock: whatever moves the instance has committed
    return found


def running_of(instance: ProcessInstance) -> Running:
    """The engine where it stands."""
    state = EngineState.objects.get(instance=instance).state
    return restore(definition_of(instance.pack), state, timer_of(instance.unit_id))


_STORE = """
insert into workflow_enginestate (instance_id, state) values (%s, %s)
on conflict (instance_id) do update set state = excluded.state
"""


def settle(
    instance: ProcessInstance,
    running: Running,
    actor: Actor,
    at: datetime,
    *,
    returned_to: str = "",
) -> None:
    """Do what the program has to do, offer what people have to do, and store where it stands.

    `returned_to` names the task to which it was sent back: what else is open then was sent back
    too, and the task goes to who did it before.
    """
    for _turn in range(SERVICE_STEPS):
        ready = running.ready()
        step = next((s for s in ready if s.is_service), None)
        if step is None:
            break
        running.complete(step.id, _serve(instance, step, running, actor, at))
    else:
        text = _("The process runs in a circle of its own services.")
        raise Refused(Refusal("service_loop", text, {"number": instance.number}))
    _close_gone(instance, ready, at, returned=bool(returned_to))
    _offer_new(instance, running, ready, at, returned_to)
    before = (instance.state, instance.timer_at)
    if running.is_done:
        instance.state, instance.ended_at, instance.timer_at = InstanceState.DONE, at, None
        EngineState.objects.filter(instance=instance).delete()
    else:
        instance.timer_at = running.next_timer_at()
        with connection.cursor() as cursor:
            cursor.execute(_STORE, [instance.pk, running.store()])
    if (instance.state, instance.timer_at) != before:
        row_update(instance, "state", "ended_at", "timer_at")
    if running.is_done:
        subject_ended(instance)


def _serve(
    instance: ProcessInstance, step: Step, running: Running, actor: Actor, at: datetime
) -> Mapping[str, Any]:
    """Call a service in this transaction: with the step it takes effect, or not at all."""
    plan = instance.pack.plan["tasks"][step.task]
    service = all_services().get(plan["service"])
    if service is None:
        text = _("The program has no service “%(name)s” any more.") % {"name": plan["service"]}
        raise Refused(Refusal("no_service", text, {"step": step.task}))
    data = running.data_of(step.id)
    try:
        inputs = {name: evaluate(text, data) for name, text in plan["inputs"].items()}
    except WrongExpression as error:
        text = _("“%(step)s” cannot be done: %(why)s.") % {
            "step": text_of(plan["title"]),
            "why": error,
        }
        raise Refused(Refusal("service_input", text, {"step": step.task})) from None
    answer = _call(service, inputs, instance, actor, f"{instance.number}:{step.id}")
    facts = {"step": step.task, "token": step.id, "inputs": inputs, "answer": dict(answer)}
    note(instance, NoteKind.SERVICE, actor, at, text=text_of(plan["title"]), facts=plain(facts))
    return answer


def _call(
    service: Service, inputs: Mapping[str, Any], instance: ProcessInstance, actor: Actor, key: str
) -> Mapping[str, Any]:
    """Call a service; until it answers nothing else moves the instance, which is half-way."""
    if len(_moving.get()) >= DEEPEST:
        text = _("The process begins others in a circle.")
        raise Refused(Refusal("service_loop", text, {"number": instance.number}))
    caller = {"caller": instance} if service.knows_caller else {}
    token = _moving.set((*_moving.get(), instance.pk))
    try:
        return service.call(**inputs, **caller, actor=actor, request_key=key)
    finally:
        _moving.reset(token)


def moving() -> tuple[int, ...]:
    """Keys of the instances whose services are being called just now: no message reaches them."""
    return _moving.get()


def undo_served(
    instance: ProcessInstance, gone: Sequence[Step], actor: Actor, at: datetime
) -> None:
    """Take back what the program did in steps that are no longer done, the last one first.

    Raises:
        Refused: one of them names no counter-service; nothing is sent back then.
    """
    notes = {
        one.facts["token"]: one.facts
        for one in instance.notes.filter(kind=NoteKind.SERVICE)
        if "token" in one.facts
    }
    order = list(notes)  # as they were written; the clock may have been set back since
    for step in sorted(gone, key=lambda step: order.index(step.id), reverse=True):
        plan = instance.pack.plan["tasks"][step.task]
        name, title = plan["undo"], text_of(plan["title"])
        done = all_services().get(plan["service"])
        if done is not None and done.reads:
            continue
        if not name:
            text = _("“%(step)s” was done by the program and cannot be undone.") % {"step": title}
            raise Refused(Refusal("no_undo", text, {"step": step.task}))
        service, facts = all_services()[name], notes[step.id]
        given = {**facts["inputs"], "answer": facts["answer"]}
        inputs = {key: given[key] for key in (*service.inputs, *service.optional) if key in given}
        _call(service, inputs, instance, actor, f"{instance.number}:{step.id}:undo")
        note(instance, NoteKind.UNDO, actor, at, text=title, facts={"step": step.task})


def plain(value: Any) -> Any:
    """A value as JSON has it: decimals and days as text."""
    return json.loads(json.dumps(value, default=str))


def _close_gone(
    instance: ProcessInstance, ready: Sequence[Step], at: datetime, *, returned: bool
) -> None:
    """Tasks that are not open any more: another branch, a timer or a sending back ended them."""
    steps = {step.id for step in ready}
    gone = [task.pk for task in instance.known if task.is_open and task.step not in steps]
    if gone:
        state = TaskState.SENT_BACK if returned else TaskState.CLOSED
        ProcessTask.objects.filter(pk__in=gone).update(state=state, ended_at=at)


def _offer_new(
    instance: ProcessInstance,
    running: Running,
    ready: Sequence[Step],
    at: datetime,
    returned_to: str,
) -> None:
    offered = {task.step for task in instance.known if task.is_open}
    new = [step for step in ready if step.id not in offered]
    if not new:
        return
    posts, lanes = posts_of_lanes(instance.pack), lanes_of_tasks(instance.pack)
    for step in new:
        plan = instance.pack.plan["tasks"][step.task]
        lane = instance.pack.plan["lanes"][lanes[step.task]]
        earlier = next((one for one in reversed(instance.known) if one.task == step.task), None)
        is_returned = step.task == returned_to
        returns = earlier is not None and is_returned and not plan["share"]
        assignee = earlier.done_by_id if returns else None
        unit = _lane_unit(instance.unit, lane["unit"])
        last_day = running.data_of(step.id)["instance"].get("due_on")
        made = ProcessTask(
            instance=instance, step=step.id, task=step.task, name=plan["title"]["zh"],
            role=plan["role"], round=(earlier.round + 1 if earlier else 1),
            posts=posts[lanes[step.task]], unit=unit, offered_at=at,
            due_at=_due_at(instance, plan, unit, at, last_day), is_returned=is_returned,
            assignee_id=assignee, claimed_at=at if assignee else None,
            state=TaskState.CLAIMED if assignee else TaskState.OPEN,
            share=Decimal(plan["share"]) if plan["share"] else None,
        )  # fmt: skip
        instance.known.append(row_insert(made))
        if made.share is not None:
            _ask_holders(instance, made)


def _due_at(
    instance: ProcessInstance,
    plan: Mapping[str, Any],
    unit: Unit,
    at: datetime,
    last_day: str | None,
) -> datetime:
    """When the hours of the step have passed, or before: with the days of the instance, and with
    the last day of what it carries."""
    due = due_after(Decimal(plan["hours"]), at, unit.pk)
    limit = plan.get("limit")
    if limit in all_settings():
        due = min(due, due_within(limit, instance.started_at, unit.pk))
    if last_day:
        due = min(due, end_of_day(date.fromisoformat(last_day), unit.pk))
    return due


def _ask_holders(instance: ProcessInstance, task: ProcessTask) -> None:
    """Countersigning asks everybody who holds one of the posts over the unit now.

    Of a decision who handled the instance could give none, and is not counted among those asked.
    """
    done = (one for one in instance.known if one.role == "handle" and one.state == TaskState.DONE)
    handled = {one.done_by_id for one in done} if task.role == "approve" else set()
    people = [key for key in holders_of(task.posts, task.unit) if key not in handled]
    if not people:
        names = "、".join(
            Post.objects.filter(code__in=task.posts).values_list("name", flat=True)
        ) or "、".join(task.posts)
        text = _("“%(step)s” asks all who hold %(posts)s, and nobody holds it for %(unit)s.")
        facts = {"step": task.name, "posts": names, "unit": task.unit.name}
        raise Refused(Refusal("nobody_asked", text % facts, facts))
    TaskAsked.objects.bulk_create([TaskAsked(task=task, person_id=key) for key in people])


def _lane_unit(unit: Unit, where: str) -> Unit:
    if where == "above" and unit.parent is not None:
        return unit.parent
    while where == "top" and unit.parent is not None:
        unit = unit.parent
    return unit


def note(
    instance: ProcessInstance,
    kind: str,
    actor: Actor,
    at: datetime,
    *,
    text: str = "",
    task: ProcessTask | None = None,
    facts: Mapping[str, Any] | None = None,
) -> ProcessNote:
    """Write into the course of an instance."""
    made = ProcessNote(
        instance=instance, task=task, kind=kind, text=text, facts=dict(facts or {}),
        person_id=actor.person_id, acting_for_id=actor.acting_for_id, at=at,
    )  # fmt: skip
    return row_insert(made)


def note_add(*, instance: ProcessInstance, text: str, actor: Actor) -> ProcessNote:
    """A remark in the course of an instance."""
    if not text.strip():
        raise BadInput(_("Write something."))
    actor = require(actor, "workflow.view", instance.unit_id)
    with write_batch(actor=actor, action="process.remark") as batch:
        return note(instance, NoteKind.COMMENT, actor, batch.at, text=text.strip())


def instance_suspend(
    *, instance: ProcessInstance, is_on: bool, reason: str, actor: Actor
) -> ProcessInstance:
    """Stop an instance for a while, or let it go on."""
    if not reason.strip():
        raise BadInput(_("Say why."))
    actor = require(actor, "workflow.manage", instance.unit_id)
    kind = NoteKind.SUSPEND if is_on else NoteKind.RESUME
    with write_batch(actor=actor, action=f"process.{kind}", reason=reason) as batch:
        found = locked(instance)
        wanted = InstanceState.RUNNING if is_on else InstanceState.SUSPENDED
        if found.state != wanted:
            refuse(guard_running(found.state, found.number))
            text = _("%(number)s is not suspended.") % {"number": found.number}
            raise Refused(Refusal("not_suspended", text))
        found.state = InstanceState.SUSPENDED if is_on else InstanceState.RUNNING
        row_update(found, "state")
        note(found, kind, actor, batch.at, text=reason.strip())
    return found


def instance_withdraw(*, instance: ProcessInstance, reason: str, actor: Actor) -> ProcessInstance:
    """Take back what one has started, as long as nobody has approved anything of it."""
    if not reason.strip():
        raise BadInput(_("Say why."))
    with write_batch(actor=actor, action="process.withdraw", reason=reason) as batch:
        found = locked(instance)
        refuse(guard_running(found.state, found.number))
        if found.started_by_id not in (actor.person_id, actor.acting_for_id):
            text = _("Only who started %(number)s withdraws it.") % {"number": found.number}
            raise Refused(Refusal("not_starter", text))
        _withdraw(found, reason, actor, batch.at)
    return found


def _withdraw(found: ProcessInstance, reason: str, actor: Actor, at: datetime) -> None:
    if found.tasks.filter(state=TaskState.DONE, role="approve").exists():
        text = _("%(number)s has been decided on already. Ask for it to be sent back.")
        raise Refused(Refusal("decided", text % {"number": found.number}))
    undo_served(found, running_of(found).served(), actor, at)
    found.tasks.filter(state__in=OPEN_STATES).update(state=TaskState.CLOSED, ended_at=at)
    EngineState.objects.filter(instance=found).delete()
    found.state, found.ended_at, found.timer_at = InstanceState.WITHDRAWN, at, None
    row_update(found, "state", "ended_at", "timer_at")
    note(found, NoteKind.WITHDRAW, actor, at, text=reason.strip())
    subject_ended(found)


def instance_take_back(*, number: str, origin: ProcessInstance, actor: Actor) -> None:
    """Withdraw an instance that a step began, since that step is taken back.

    What its starter has withdrawn already stays as it is.

    Raises:
        NotFound: the other instance began no such one.
        Refused: it is suspended or has ended, or somebody has decided on it.
    """
    with write_batch(actor=actor, action="process.withdraw") as batch:
        found = locked(instance_by_number(number))
        if origin_of(found) != origin.number:
            text = _("%(origin)s has not begun %(number)s.")
            facts = {"origin": origin.number, "number": number}
            raise NotFound(text % facts, **facts)
        if found.state != InstanceState.WITHDRAWN:
            refuse(guard_running(found.state, found.number))
            reason = _("%(number)s was sent back.") % {"number": origin.number}
            _withdraw(found, str(reason), actor, batch.at)


def entry_digest(data: Mapping[str, Any]) -> str:
    """Digest of a form as it was sent."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
