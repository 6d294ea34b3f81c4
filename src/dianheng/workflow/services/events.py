"""What begins or moves an instance without a person: messages, timers, the day of the month."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone

from dianheng.common.actor import Actor
from dianheng.common.errors import Refused
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, system_actor, write_batch

from ..choices import OPEN_STATES, InstanceState, NoteKind
from ..errors import WorkflowError
from ..models import PackInForce, PackSwitch, ProcessInstance, ProcessNote, ProcessTask
from ..selectors import is_offered, kept, with_version
from .instances import (
    instance_begin,
    instance_start,
    locked,
    moving,
    note,
    plain,
    running_of,
    settle,
)

log = logging.getLogger("dianheng.workflow")


def message_receive(
    *,
    message: str,
    data: Mapping[str, Any],
    actor: Actor,
    number: str = "",
    subject: str = "",
    origin: ProcessInstance | None = None,
) -> list[ProcessInstance]:
    """Hand a message to the instances that wait for it, by number or by what they are about.

    A process in force that a message begins is begun by it when nothing waits, in the unit
    `data["unit"]` (its code), about `subject`.

    Args:
        origin: the instance whose step tells it; it is never told by itself.
    """
    rows = ProcessInstance.objects.filter(state=InstanceState.RUNNING)
    rows = rows.filter(number=number) if number else rows.filter(subject=subject)
    rows = rows.exclude(pk__in=moving())  # half-way: their state is not stored
    facts = {"from": origin.number} if origin else {}
    moved = []
    with write_batch(actor=actor, action="process.message") as batch:
        for one in rows.order_by("pk") if number or subject else ():
            found = locked(one)
            if found.state != InstanceState.RUNNING:
                continue
            running = running_of(found)
            if running.receive(message, {message: dict(data)}):
                note(
                    found,
                    NoteKind.MESSAGE,
                    actor,
                    batch.at,
                    text=message,
                    facts=plain({**data, **facts}),
                )
                settle(found, running, actor, batch.at)
                moved.append(found)
        if moved or number:
            return moved
        for row in with_version(PackInForce.objects.order_by("code"), "version"):
            if kept(row.version).plan.get("start", {}).get("message") != message:
                continue
            unit = Unit.objects.get(code=data["unit"])
            if is_offered(row.code, unit):
                begin = instance_start if origin is None else partial(instance_begin, origin=origin)
                made = begin(
                    code=row.code, unit=unit, title=str(data.get("title", message)), actor=actor,
                    subject=subject, data=data,
                )  # fmt: skip
                moved.append(made)
    return moved


def starts_tick() -> int:
    """Begin the processes of the month, in every unit where they are switched on by name.

    What a stopped worker missed of last month is begun late, where the month before it was begun.
    """
    now, begun = timezone.localtime(), 0
    for row in with_version(PackInForce.objects.order_by("code"), "version"):
        plan = kept(row.version).plan.get("start") or {}
        day = plan.get("monthly")
        if day is None:
            continue
        is_due = (now.day, now.hour) >= (day, plan["hour"])
        for switch in PackSwitch.objects.filter(code=row.code, is_on=True).select_related("unit"):
            last, before = _month(now, -1), _month(now, -2)
            if _is_begun(row.code, switch, before) and not _is_begun(row.code, switch, last):
                begun += _begin(row, switch, last)
            if is_due and not _is_begun(row.code, switch, _month(now, 0)):
                begun += _begin(row, switch, _month(now, 0))
    return begun


def _month(now: datetime, shift: int) -> str:
    years, month = divmod(now.month - 1 + shift, 12)
    return f"{now.year + years}-{month + 1:02d}"


def _key(code: str, switch: PackSwitch, month: str) -> str:
    return f"start:{code}:{switch.unit_id}:{month}"


def _is_begun(code: str, switch: PackSwitch, month: str) -> bool:
    return idempotent(_key(code, switch, month), "process.start") is not None


def _begin(row: PackInForce, switch: PackSwitch, month: str) -> bool:
    try:
        instance_start(
            code=row.code, unit=switch.unit, title=f"{row.version.title_zh} {month}",
            actor=system_actor("job"), request_key=_key(row.code, switch, month),
        )  # fmt: skip
    except (Refused, WorkflowError) as error:
        log.warning("%s of %s is not begun in %s: %s", row.code, month, switch.unit.code, error)
        return False
    return True


def timers_tick(limit: int = 100) -> int:
    """Let timers that are due go off; one instance, one transaction.

    One whose next step is refused stays as it is and is tried again; the others go on.
    """
    due = ProcessInstance.objects.filter(timer_at__lte=timezone.now(), state=InstanceState.RUNNING)
    keys: Sequence[int] = list(due.order_by("timer_at").values_list("pk", flat=True)[:limit])
    actor = system_actor("job")
    gone_off = 0
    for key in keys:
        try:
            gone_off += _timer_off(key, actor)
        except (Refused, WorkflowError) as error:
            log.warning("the timer of instance %s cannot go off: %s", key, error)
    return gone_off


def _timer_off(key: int, actor: Actor) -> bool:
    with write_batch(actor=actor, action="process.timer") as batch:
        found = locked(ProcessInstance(pk=key))
        if found.state != InstanceState.RUNNING or found.timer_at is None:
            return False
        running = running_of(found)
        running.tick()
        settle(found, running, actor, batch.at)
    return True


def late_tick(limit: int = 500) -> int:
    """Say in the course, and to who answers for the process, that a step is late; once each."""
    due = ProcessTask.objects.filter(
        state__in=OPEN_STATES, due_at__lt=timezone.now(), escalated_at=None
    )
    if not due.exists():
        return 0
    actor = system_actor("job")
    with write_batch(actor=actor, action="process.late") as batch:
        rows = list(due.select_for_update(skip_locked=True).order_by("due_at")[:limit])
        ProcessNote.objects.bulk_create(
            [
                ProcessNote(
                    instance_id=row.instance_id, task=row, kind=NoteKind.LATE, text=row.name,
                    facts={"due": row.due_at.isoformat()}, person_id=actor.person_id, at=batch.at,
                )
                for row in rows
            ]
        )  # fmt: skip
        ProcessTask.objects.filter(pk__in=[row.pk for row in rows]).update(escalated_at=batch.at)
    return len(rows)
