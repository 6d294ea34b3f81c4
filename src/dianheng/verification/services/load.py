"""Bench loads: positions filled by scan, undone, handed to the bench."""

from django.db.models import Exists, F, Max, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import TRANSFORMERS, DeviceKind, DeviceState
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refusal, Refused, refuse
from dianheng.documents.services import numbers_take
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.standards.selectors.laboratory import bench_unfit
from dianheng.standards.selectors.sendout import bench_away

from ..choices import LoadState, Step
from ..models import BenchLoad, LoadPosition, TaskDevice, VerificationTask
from ..rules import guard_position, guard_retest
from .requests import request_answer
from .task import guard_open, lock_task


def load_make(
    *, task: VerificationTask, bench: Device, actor: Actor, request_key: str = ""
) -> BenchLoad:
    """Begin a load of a bench.

    Raises:
        BadInput: no bench; Refused: `away`, `bench_kind`.
    """
    if bench.kind != DeviceKind.BENCH:
        raise BadInput(_("%(barcode)s is no bench.") % {"barcode": bench.barcode})
    actor = require(actor, "verification.test", task.unit_id)
    with write_batch(actor=actor, action="load.make") as batch:
        if (earlier := idempotent(request_key, "load.make")) is not None:
            return BenchLoad.objects.get(pk=earlier["id"])
        guard_open(lock_task(task))
        refuse(bench_away(bench), bench_unfit(bench, task.model.kind))
        (number,) = numbers_take(
            key="bench_load", unit_id=task.unit_id, year=timezone.localdate(batch.at).year
        )
        load = BenchLoad.objects.create(
            number=number,
            task=task,
            bench=bench,
            made_by_id=actor.person_id,
            made_at=batch.at,
        )
        remember(request_key, "load.make", {"id": load.pk})
    return load


def _locked(load: BenchLoad) -> BenchLoad:
    return (
        BenchLoad.objects.select_for_update(of=("self",), no_key=True)
        .select_related("task", "bench__standard")
        .get(pk=load.pk)
    )


def _guard_load(load: BenchLoad) -> None:
    guard_open(load.task)
    if load.state in (LoadState.DONE, LoadState.CANCELLED):
        raise Refused(
            Refusal(
                "load_closed",
                _("Load %(no)s is %(state)s.")
                % {"no": load.number, "state": load.get_state_display()},
                {"load": load.number},
            )
        )


def position_count(bench: Device) -> int | None:
    """How many positions a bench has, where the register knows it."""
    detail = getattr(bench, "standard", None)
    return detail.position_count if detail else None


def load_put(
    *,
    load: BenchLoad,
    code: str,
    actor: Actor,
    position: int | None = None,
    reason: str = "",
    request_key: str = "",
) -> LoadPosition:
    """Put a scanned device on a position, the next free one when none is named.

    A device that was tested before in this task needs a reason and another position than last
    time. The same scan twice changes nothing.

    Raises:
        Refused: `not_found`, `other_task`, `state`, `closed`, `taken`, `loaded`, `position`,
            `retest_reason`, `retest_position`.
    """
    actor = require(actor, "verification.test", load.task.unit_id)
    with write_batch(actor=actor, action="load.put", reason=reason) as batch:
        if (earlier := idempotent(request_key, "load.put")) is not None:
            rows = LoadPosition.objects.select_related("task_device__device")
            # Undone meanwhile: the repeat of an old scan does not put it back.
            return rows.filter(pk=earlier["id"]).first() or LoadPosition(pk=earlier["id"])
        locked = _locked(load)
        _guard_load(locked)
        held = _task_device(locked, code)
        if (there := locked.positions.filter(task_device=held).first()) is not None:
            if position is None or there.position == position:
                return there
            raise Refused(
                Refusal(
                    "loaded",
                    _("%(barcode)s stands on position %(position)s already.")
                    % {"barcode": held.device.barcode, "position": there.position},
                    {"position": there.position},
                )
            )
        place = position or _next_position(locked, held)
        refuse(guard_position(place, position_count(locked.bench)))
        if locked.positions.filter(position=place).exists():
            raise Refused(
                Refusal(
                    "taken",
                    _("Position %(position)s is taken.") % {"position": place},
                    {"position": place},
                )
            )
        last = held.record
        # What the reviewer asked for is the reason, unless the tester gives another.
        reason = reason.strip() or held.returned_reason
        refuse(
            guard_retest(
                attempts=held.attempts,
                reason=reason,
                position=place,
                last_position=last.position if last else None,
                is_same_bench=last is None or last.bench_id == locked.bench_id,
                needs_other_position=held.device.kind not in TRANSFORMERS,
            )
        )
        put = LoadPosition.objects.create(
            load=locked,
            position=place,
            task_device=held,
            attempt=held.attempts + 1,
            reason=reason,
            loaded_at=batch.at,
        )
        remember(request_key, "load.put", {"id": put.pk})
    return put


def _task_device(load: BenchLoad, code: str) -> TaskDevice:
    """The device of the task that the code belongs to, or why it is none."""
    scanned = code.strip()
    device = (
        Device.objects.filter(barcode=scanned).first()
        or Device.objects.exclude(asset_no="").filter(asset_no=scanned).first()
    )
    if device is None:
        raise NotFound(
            _("No device has the code %(code)s.") % {"code": scanned[:80]}, code=scanned[:80]
        )
    held = (
        TaskDevice.objects.select_for_update(of=("self",), no_key=True)
        .select_related("device", "record", "task")
        .filter(device=device, task=load.task)
        .first()
    )
    if held is None:
        other = (
            TaskDevice.objects.filter(device=device, is_open=True).select_related("task").first()
        )
        text = (
            _("%(barcode)s belongs to task %(no)s.")
            % {"barcode": device.barcode, "no": other.task.number}
            if other
            else _("%(barcode)s is not in this task.") % {"barcode": device.barcode}
        )
        raise Refused(Refusal("other_task", text, {"barcode": device.barcode}))
    if not held.is_open:
        raise Refused(
            Refusal("closed", _("%(barcode)s is done in this task.") % {"barcode": device.barcode})
        )
    if device.state != DeviceState.IN_VERIFICATION:
        raise Refused(
            Refusal(
                "state",
                _("%(barcode)s is “%(state)s”, not in verification.")
                % {"barcode": device.barcode, "state": device.get_state_display()},
            )
        )
    elsewhere = (
        LoadPosition.objects.filter(
            task_device=held,
            load__state__in=[LoadState.OPEN, LoadState.FETCHED],
            attempt=held.attempts + 1,
        )
        .exclude(load=load)
        .select_related("load")
        .first()
    )
    if elsewhere is not None:
        raise Refused(
            Refusal(
                "loaded",
                _("%(barcode)s stands on position %(position)s of load %(load)s.")
                % {
                    "barcode": device.barcode,
                    "position": elsewhere.position,
                    "load": elsewhere.load.number,
                },
                {"load": elsewhere.load.number, "position": elsewhere.position},
            )
        )
    return held


def _next_position(load: BenchLoad, held: TaskDevice) -> int:
    """The next position after the highest; a retest skips the one of last time."""
    place = (load.positions.aggregate(top=Max("position"))["top"] or 0) + 1
    is_moved = held.device.kind not in TRANSFORMERS
    if is_moved and held.record is not None and held.record.position == place:
        place += 1
    return int(place)


def load_undo(*, load: BenchLoad, actor: Actor, position: int | None = None) -> LoadPosition | None:
    """Take the last device off again, or the one on a position; None when the load is empty."""
    actor = require(actor, "verification.test", load.task.unit_id)
    with write_batch(actor=actor, action="load.undo"):
        locked = _locked(load)
        _guard_load(locked)
        rows = locked.positions.select_related("task_device__device")
        found = (
            rows.filter(position=position).first()
            if position
            else rows.order_by("-loaded_at", "-pk").first()
        )
        if found is not None:
            key = found.pk
            found.delete()
            found.pk = key
        return found


def load_undo_scan(*, load: BenchLoad, scan_key: str, actor: Actor) -> LoadPosition:
    """Take off what one scan put on.

    Raises:
        NotFound: there was no such scan, or its device left the load meanwhile.
    """
    earlier = request_answer(scan_key, "load.put")
    put = load.positions.filter(pk=(earlier or {}).get("id")).first()
    if put is None:
        raise NotFound(_("There is nothing to take back."))
    undone = load_undo(load=load, actor=actor, position=put.position)
    assert undone is not None
    return undone


def load_fetched(*, load: BenchLoad, actor: Actor) -> None:
    """Note that the bench took the load; harmless when repeated."""
    if load.state != LoadState.OPEN:
        return
    with write_batch(actor=actor, action="load.fetch") as batch:
        BenchLoad.objects.filter(pk=load.pk, state=LoadState.OPEN).update(
            state=LoadState.FETCHED, fetched_at=batch.at
        )
    load.refresh_from_db()


def load_cancel(*, load: BenchLoad, reason: str, actor: Actor) -> None:
    """Give up a load; its devices can stand in another one."""
    if not reason.strip():
        raise BadInput(_("Say why the load is cancelled."))
    actor = require(actor, "verification.test", load.task.unit_id)
    with write_batch(actor=actor, action="load.cancel", reason=reason):
        locked = _locked(load)
        _guard_load(locked)
        BenchLoad.objects.filter(pk=load.pk).update(state=LoadState.CANCELLED)
    load.refresh_from_db()


def load_done_if_complete(load_ids: list[int]) -> None:
    """Close the loads of which every position has its result."""
    open_loads = BenchLoad.objects.filter(
        pk__in=load_ids, state__in=[LoadState.OPEN, LoadState.FETCHED]
    )
    waits = LoadPosition.objects.filter(
        load=OuterRef("pk"), attempt__gt=F("task_device__attempts")
    ).exclude(task_device__step=Step.WITHDRAWN)
    done = list(open_loads.exclude(Exists(waits)).values_list("pk", flat=True))
    if done:
        BenchLoad.objects.filter(pk__in=done).update(state=LoadState.DONE)
