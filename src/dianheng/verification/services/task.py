"""Verification tasks: made, filled with devices, emptied, closed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS, TRANSFORMERS, DeviceState, Verb
from dianheng.assets.models import Device, DeviceModel, Lot
from dianheng.assets.rules import TRANSITIONS
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refusal, Refused
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.periods import ValidityMode
from dianheng.metrology.schemes import Purpose, Stage

from ..choices import FIRST_KINDS, LoadState, Step, TaskKind, TaskState
from ..models import BenchLoad, TaskDevice, TestSchemeVersion, VerificationTask
from .requests import request_answer
from .scheme import scheme_propose

PLAN = "verification.plan"
SCAN_UNDONE = "scan taken back"  # code of a reason


VERIFIED = (*METERS, *TRANSFORMERS)  # kinds of device that tasks are for


def stage_of(kind: str, model: DeviceModel) -> str:
    """Whether a kind of task asks for the items of a first or of a subsequent verification.

    Transformers have items of their own for the inspection in use.
    """
    if kind == TaskKind.IN_USE and model.kind in TRANSFORMERS:
        return Stage.IN_USE.value
    return Stage.FIRST.value if kind in FIRST_KINDS else Stage.SUBSEQUENT.value


def task_make(
    *,
    unit: Unit,
    kind: str,
    model: DeviceModel,
    actor: Actor,
    lot: Lot | None = None,
    scheme_version: TestSchemeVersion | None = None,
    validity_mode: str = "",
    client: str = "",
    origin: str = "",
    ordered: Mapping[str, str] | None = None,
    planned_from: date | None = None,
    planned_through: date | None = None,
    note: str = "",
    request_key: str = "",
    right: str | None = PLAN,
) -> VerificationTask:
    """Make a task for devices of one model.

    Args:
        unit: the laboratory that tests.
        kind: `choices.TaskKind`.
        model: what is tested; all devices of the task are of it.
        actor: needs `verification.plan` over the unit.
        lot: the lot the devices are of, where they are of one.
        scheme_version: absent: the proposed one, for the sample of a lot with its extra items.
        validity_mode: `periodic` or `first_only`; absent: single-phase meters at their first
            verification are verified once, all others again and again.
        client: outside client; absent: the company.
        origin: document that asked for it, for example `draw:CY2026-0003`.
        ordered: parameters as ordered, by name, beside the price preset of each device.
        planned_from: absent: today.
        planned_through: absent: thirty days later.
        note: for the paper.
        request_key: the same key twice makes one task.
        right: None: a process asks for it, whose pack says who may.
    """
    if kind not in TaskKind.values or kind == TaskKind.FIELD_CHECK:
        raise BadInput(_("There is no such kind of task on benches."))
    if model.kind not in VERIFIED:
        raise BadInput(
            _("Meters and transformers are verified here; %(model)s is none.")
            % {"model": model.code}
        )
    if lot is not None and lot.model_id != model.pk:
        raise BadInput(_("The lot is of another model."))
    from_on = planned_from or timezone.localdate()
    through_on = planned_through or date.fromordinal(from_on.toordinal() + 30)
    if through_on < from_on:
        raise BadInput(_("The task ends before it begins."))
    if validity_mode and validity_mode not in set(ValidityMode):
        raise BadInput(_("There is no such mode of validity."))
    if right is not None:
        actor = require(actor, right, unit.pk)
    with write_batch(actor=actor, action="task.make") as batch:
        if (earlier := idempotent(request_key, "task.make")) is not None:
            return VerificationTask.objects.get(pk=earlier["id"])
        (number,) = numbers_take(
            key="verification_task", unit_id=unit.pk, year=timezone.localdate(batch.at).year
        )
        stage = stage_of(kind, model)
        purpose = Purpose.SAMPLE if kind == TaskKind.SAMPLING else Purpose.EVERY
        version = scheme_version or scheme_propose(
            model=model, stage=stage, purpose=purpose.value, unit=unit, actor=actor, right=None
        )
        is_once = model.kind == METERS[0] and kind in FIRST_KINDS
        mode = (
            validity_mode or (ValidityMode.FIRST_ONLY if is_once else ValidityMode.PERIODIC).value
        )
        task = VerificationTask.objects.create(
            number=number,
            unit=unit,
            kind=kind,
            model=model,
            lot=lot,
            scheme_version=version,
            validity_mode=mode,
            client=client,
            origin=origin,
            ordered=dict(ordered or {}),
            planned_from=from_on,
            planned_through=through_on,
            note=note,
            made_by_id=actor.person_id,
            made_at=batch.at,
        )
        remember(request_key, "task.make", {"id": task.pk})
    return task


def document_of(task: VerificationTask) -> str:
    """How the ledger of devices names a task."""
    return f"task:{task.number}"


def task_add_devices(
    *,
    task: VerificationTask,
    device_ids: Sequence[int],
    actor: Actor,
    place_id: int | None = None,
    request_key: str = "",
    right: str | None = PLAN,
) -> int:
    """Take devices into a task and into verification; all of them or none. Returns how many.

    `right` as in `task_make`.

    Raises:
        Refused: `devices`, each device that may not with its reason.
    """
    wanted = sorted(set(device_ids))
    if not wanted:
        raise BadInput(_("Name the devices."))
    if right is not None:
        actor = require(actor, right, task.unit_id)
    with write_batch(actor=actor, action="task.add_devices") as batch:
        if (earlier := idempotent(request_key, "task.add_devices")) is not None:
            return int(earlier["count"])
        locked = lock_task(task)
        guard_open(locked)
        faults = _faults(locked, wanted)
        if faults:
            raise Refused(_many_refused(faults, len(wanted)))
        with connection.cursor() as cursor:
            first = (locked.devices.aggregate(last=Max("seq"))["last"] or 0) + 1
            # What was taken out before any test comes back as it was.
            cursor.execute(
                "update verification_taskdevice set step = %s, is_open = true"
                " where task_id = %s and device_id = any(%s)",
                [Step.WAITING.value, task.pk, wanted],
            )
            cursor.execute(
                """
                insert into verification_taskdevice (task_id, device_id, seq, step, is_open, outcome,
                    attempts, is_to_be_sealed, returned_reason)
                select %(task)s, id, %(first)s - 1 + row_number() over (order by barcode), %(step)s,
                       true, '', 0, false, ''
                  from assets_device d where id = any(%(ids)s)
                   and not exists (select from verification_taskdevice t
                                    where t.task_id = %(task)s and t.device_id = d.id)
                 order by barcode
                """,
                {"task": task.pk, "first": first, "step": Step.WAITING.value, "ids": wanted},
            )
        devices_transition(
            device_ids=wanted,
            verb=Verb.BEGIN_VERIFICATION,
            actor=batch.actor,
            place_id=place_id,
            document=document_of(task),
        )
        remember(request_key, "task.add_devices", {"count": len(wanted), "devices": wanted})
    return len(wanted)


def _many_refused(faults: Sequence[Mapping[str, Any]], count: int) -> Refusal:
    return Refusal(
        "devices",
        _("%(bad)s of %(all)s devices cannot: nothing was changed.")
        % {"bad": len({fault["device"] for fault in faults}), "all": count},
        {"devices": count},
        tuple(faults[:1000]),
    )


def _faults(task: VerificationTask, wanted: Sequence[int]) -> list[dict[str, Any]]:
    faults: list[dict[str, Any]] = []
    devices = {
        row["pk"]: row
        for row in Device.objects.filter(pk__in=wanted).values(
            "pk", "barcode", "model_id", "lot_id", "state"
        )
    }
    in_tasks = dict(
        TaskDevice.objects.filter(device_id__in=wanted, is_open=True).values_list(
            "device_id", "task__number"
        )
    )
    in_this = set(
        task.devices.filter(device_id__in=wanted)
        .exclude(step=Step.WITHDRAWN, attempts=0)
        .values_list("device_id", flat=True)
    )
    for key in wanted:
        device = devices.get(key)
        if device is None:
            faults.append(
                {"device": str(key), "code": "not_found", "text": _("There is no such device.")}
            )
            continue
        name = device["barcode"]
        if key in in_this:
            faults.append({"device": name, "code": "in_task", "text": _("is in this task already")})
            continue
        if key in in_tasks:
            faults.append(
                {
                    "device": name,
                    "code": "other_task",
                    "text": _("is in task %(no)s") % {"no": in_tasks[key]},
                }
            )
        if device["model_id"] != task.model_id:
            faults.append({"device": name, "code": "model", "text": _("is of another model")})
        if task.lot_id is not None and device["lot_id"] != task.lot_id:
            faults.append({"device": name, "code": "lot", "text": _("is of another lot")})
        if device["state"] not in TRANSITIONS[Verb.BEGIN_VERIFICATION].sources:
            faults.append(
                {
                    "device": name,
                    "code": "state",
                    "text": _("is “%(state)s” and cannot be verified now")
                    % {"state": DeviceState(device["state"]).label},
                }
            )
    return faults


def task_add_lot(
    *, task: VerificationTask, actor: Actor, at_most: int | None = None, request_key: str = ""
) -> int:
    """Take the devices of the task's lot that can be verified and are in no task; returns how many."""
    if task.lot_id is None:
        raise BadInput(_("The task is not for a lot."))
    return task_add_devices(
        task=task, device_ids=lot_candidates(task, at_most), actor=actor, request_key=request_key
    )


def lot_candidates(task: VerificationTask, at_most: int | None = None) -> list[int]:
    """Devices of the lot that wait for verification, by bar code."""
    rows = (
        Device.objects.filter(lot_id=task.lot_id, state=DeviceState.AWAITING_VERIFICATION)
        .exclude(tasks__is_open=True)
        .order_by("barcode")
        .values_list("pk", flat=True)
    )
    return list(rows[:at_most] if at_most else rows)


def task_withdraw_devices(
    *,
    task: VerificationTask,
    device_ids: Sequence[int],
    reason: str,
    actor: Actor,
    right: str | None = PLAN,
) -> int:
    """Take devices out of a task and out of verification; what was measured stays.

    `right` as in `task_make`.
    """
    if not reason.strip():
        raise BadInput(_("Say why the devices are taken out."))
    if right is not None:
        actor = require(actor, right, task.unit_id)
    with write_batch(actor=actor, action="task.withdraw_devices", reason=reason) as batch:
        locked = lock_task(task)
        guard_open(locked)
        rows = list(
            TaskDevice.objects.select_for_update(of=("self",), no_key=True)
            .filter(task=task, device_id__in=list(device_ids))
            .select_related("device")
            .order_by("pk")
        )
        faults = [
            {
                "device": row.device.barcode,
                "code": "closed",
                "text": _("is approved or taken out already"),
            }
            for row in rows
            if not row.is_open
        ]
        missing = set(device_ids) - {row.device_id for row in rows}
        faults += [
            {"device": str(key), "code": "not_found", "text": _("is not in this task")}
            for key in missing
        ]
        if faults or not rows:
            raise Refused(_many_refused(faults, len(set(device_ids))))
        keys = [row.pk for row in rows]
        _unload(keys)
        TaskDevice.objects.filter(pk__in=keys).update(step=Step.WITHDRAWN, is_open=False)
        devices_transition(
            device_ids=[row.device_id for row in rows],
            verb=Verb.WITHDRAW,
            actor=batch.actor,
            document=document_of(task),
            reason=reason,
        )
        if reason != SCAN_UNDONE:
            task_close_if_done(locked, batch.at)
    return len(rows)


def task_undo_scan(*, task: VerificationTask, scan_key: str, actor: Actor) -> tuple[int, str]:
    """Take back what one scan took in; returns how many devices, and the last bar code.

    Raises:
        NotFound: there was no such scan, or its devices left the task meanwhile.
    """
    earlier = request_answer(scan_key, "task.add_devices")
    rows = TaskDevice.objects.filter(
        task=task, device_id__in=(earlier or {}).get("devices", ()), is_open=True
    ).select_related("device")
    found = list(rows.order_by("seq"))
    if not found:
        raise NotFound(_("There is nothing to take back."))
    count = task_withdraw_devices(
        task=task,
        device_ids=[row.device_id for row in found],
        reason=SCAN_UNDONE,
        actor=actor,
    )
    return count, found[-1].device.barcode


def _unload(task_device_ids: Sequence[int]) -> None:
    """Free the positions of loads that have no results yet."""
    from ..models import LoadPosition

    LoadPosition.objects.filter(
        task_device_id__in=list(task_device_ids),
        load__state__in=[LoadState.OPEN, LoadState.FETCHED],
    ).delete()


def task_cancel(
    *, task: VerificationTask, reason: str, actor: Actor, right: str | None = PLAN
) -> None:
    """Give up a task that has no results; its devices go back to waiting.

    `right` as in `task_make`.
    """
    if not reason.strip():
        raise BadInput(_("Say why the task is cancelled."))
    if right is not None:
        actor = require(actor, right, task.unit_id)
    with write_batch(actor=actor, action="task.cancel", reason=reason) as batch:
        locked = lock_task(task)
        guard_open(locked)
        if locked.records.exists():
            raise Refused(
                Refusal(
                    "has_results",
                    _("The task has results. Take out the devices that remain instead."),
                )
            )
        rows = list(
            TaskDevice.objects.filter(task=task, is_open=True).values_list("pk", "device_id")
        )
        if rows:
            _unload([pk for pk, _device in rows])
            TaskDevice.objects.filter(task=task, is_open=True).update(
                step=Step.WITHDRAWN, is_open=False
            )
            devices_transition(
                device_ids=[device for _pk, device in rows],
                verb=Verb.WITHDRAW,
                actor=batch.actor,
                document=document_of(task),
                reason=reason,
            )
        BenchLoad.objects.filter(task=task).exclude(state=LoadState.DONE).update(
            state=LoadState.CANCELLED
        )
        VerificationTask.objects.filter(pk=task.pk).update(
            state=TaskState.CANCELLED, closed_at=batch.at
        )
    task.refresh_from_db()


def lock_task(task: VerificationTask) -> VerificationTask:
    """The task, locked until the end of the transaction."""
    return (
        VerificationTask.objects.select_for_update(of=("self",), no_key=True)
        .select_related("unit", "model")
        .get(pk=task.pk)
    )


def guard_open(task: VerificationTask) -> None:
    """Refuse changes of a task that is done or cancelled."""
    if task.state != TaskState.OPEN:
        raise Refused(
            Refusal(
                "task_closed",
                _("Task %(no)s is %(state)s.")
                % {"no": task.number, "state": task.get_state_display()},
                {"task": task.number},
            )
        )


def task_close_if_done(task: VerificationTask, at: Any) -> None:
    """Close a task of which every device is approved or taken out, with its loads."""
    if task.devices.filter(is_open=True).exists() or not task.devices.exists():
        return
    VerificationTask.objects.filter(pk=task.pk, state=TaskState.OPEN).update(
        state=TaskState.DONE, closed_at=at
    )
    BenchLoad.objects.filter(task=task, state__in=[LoadState.OPEN, LoadState.FETCHED]).update(
        state=LoadState.DONE
    )
