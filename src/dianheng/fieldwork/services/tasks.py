"""Tasks of checks on site."""

from collections.abc import Collection, Mapping
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.customers.models import UsagePoint
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Person
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import TaskKind, TaskReason, TaskState
from ..models import FieldTask
from ..rules import guard_two_people

PLAN = "fieldwork.plan"


def task_make(
    *,
    point: UsagePoint,
    kind: str,
    due_on: date,
    leader: Person,
    second: Person,
    actor: Actor,
    reason: str = TaskReason.PERIODIC,
    note: str = "",
    origin: str = "",
    request_key: str = "",
    right: str | None = PLAN,
) -> FieldTask:
    """Have a usage point checked by two people by a day.

    Args:
        origin: document that asked for it, for example `process:SJ2026-000003`.
        right: None: a process asks for it, whose pack says who may.
    """
    if right is not None:
        actor = require(actor, right, point.unit_id)
    refuse(guard_two_people(leader.pk, second.pk))
    with write_batch(actor=actor, action="fieldtask.make") as batch:
        if (earlier := idempotent(request_key, "fieldtask.make")) is not None:
            return FieldTask.objects.get(number=earlier["number"])
        found = UsagePoint.objects.select_for_update().get(pk=point.pk)  # who closes it waits
        if found.closed_on is not None and found.closed_on <= due_on:
            raise BadInput(_("Usage point %(no)s is closed.") % {"no": found.number})
        year = timezone.localtime(batch.at).year
        (number,) = numbers_take(key="field_task", unit_id=point.unit_id, year=year)
        made = FieldTask.objects.create(
            number=number, usage_point=point, unit_id=point.unit_id, kind=kind, reason=reason,
            due_on=due_on, leader=leader, second=second, note=note, origin=origin,
        )  # fmt: skip
        remember(request_key, "fieldtask.make", {"number": number})
    return made


def tasks_plan(
    *,
    due: Mapping[int, date],
    kinds: Mapping[int, str] | None = None,
    leader: Person,
    second: Person,
    actor: Actor,
    firsts: Collection[int] = (),
    request_key: str = "",
) -> int:
    """Have many usage points checked by the same two people; how many tasks were made.

    Args:
        due: last day of each task, by key of the usage point. A point with an open task is left
            out: it is planned already.
        kinds: what is checked, by key of the usage point; the whole installation otherwise.
        firsts: keys of the usage points whose first check after commissioning it is.
    """
    refuse(guard_two_people(leader.pk, second.pk))
    with write_batch(actor=actor, action="fieldtask.make") as batch:
        if (earlier := idempotent(request_key, "fieldtask.make")) is not None:
            return int(earlier["count"])
        rows = UsagePoint.objects.filter(pk__in=due, closed_on__isnull=True).order_by("pk")
        held = list(
            rows.select_for_update()
        )  # who plans the same points waits, then sees the tasks
        open_ = FieldTask.objects.filter(usage_point__in=due, state=TaskState.OPEN)
        planned = set(open_.values_list("usage_point_id", flat=True))
        by_unit: dict[int, list[UsagePoint]] = {}
        for point in held:
            if point.pk not in planned:
                by_unit.setdefault(point.unit_id, []).append(point)
        year = timezone.localtime(batch.at).year
        count = 0
        for unit_id, points in sorted(by_unit.items()):
            require(actor, PLAN, unit_id)
            numbers = numbers_take(key="field_task", unit_id=unit_id, year=year, count=len(points))
            FieldTask.objects.bulk_create(
                FieldTask(
                    number=number, usage_point=point, unit_id=unit_id,
                    kind=(kinds or {}).get(point.pk, TaskKind.WHOLE),
                    reason=TaskReason.FIRST if point.pk in firsts else TaskReason.PERIODIC,
                    due_on=due[point.pk], leader=leader, second=second,
                )
                for number, point in zip(numbers, points, strict=True)
            )  # fmt: skip
            count += len(points)
        remember(request_key, "fieldtask.make", {"count": count})
    return count


def task_cancel(
    *, task: FieldTask, reason: str, actor: Actor, right: str | None = PLAN
) -> FieldTask:
    """Call a task off, with a reason; what was recorded stays. `right` as in `task_make`."""
    if right is not None:
        actor = require(actor, right, task.unit_id)
    if not reason.strip():
        raise BadInput(_("Say why the task is called off."))
    with write_batch(actor=actor, action="fieldtask.cancel", reason=reason):
        found = FieldTask.objects.select_for_update().get(pk=task.pk)
        if found.state != TaskState.OPEN:
            raise Refused(Refusal("state", _("Task %(no)s is not open.") % {"no": found.number}))
        found.state = TaskState.CANCELLED
        found.save(update_fields=["state"])
    return found
