"""Loads of many benches in one step: what waits in a task, in its order, position by position."""

from collections.abc import Iterator, Sequence

from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceKind, DeviceState
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.documents.services import numbers_take
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.standards.selectors.laboratory import bench_unfit
from dianheng.standards.selectors.sendout import bench_away

from ..choices import LoadState, Step
from ..models import BenchLoad, LoadPosition, TaskDevice, VerificationTask
from .load import position_count
from .task import guard_open, lock_task


def loads_fill(
    *,
    task: VerificationTask,
    benches: Sequence[Device],
    actor: Actor,
    at_most: int | None = None,
    request_key: str = "",
) -> list[BenchLoad]:
    """Put what waits in a task on benches, load after load, the benches taking turns.

    The order is that of the task, by bar code, as the meters lie in their boxes. Devices that
    were tested before are left out: a retest owes a reason and another position
    (`services.load_put`). A bench that finds another meter on a position says so in its results.

    Args:
        task: the task.
        benches: which benches take turns; the register knows how many positions each has.
        actor: needs `verification.test` over the task's unit.
        at_most: so many loads of each bench; absent: until nothing waits.
        request_key: the same key twice fills once.

    Raises:
        Refused: `nothing_waits`, `away`, `bench_kind`; BadInput: no bench, or one whose positions are not known.
    """
    if not benches:
        raise BadInput(_("Choose at least one bench."))
    sizes = [_size(bench) for bench in benches]
    actor = require(actor, "verification.test", task.unit_id)
    with write_batch(actor=actor, action="load.fill") as batch:
        if (earlier := idempotent(request_key, "load.fill")) is not None:
            return list(BenchLoad.objects.filter(pk__in=earlier["loads"]).order_by("pk"))
        guard_open(lock_task(task))
        for bench in benches:
            refuse(bench_away(bench), bench_unfit(bench, task.model.kind))
        waiting = _waiting(task)
        if not waiting:
            text = _("No device of the task waits for its first test off a bench.")
            raise Refused(Refusal("nothing_waits", text, {"task": task.number}))
        loads, positions = [], []
        turns = list(_turns(waiting, sizes, at_most))
        numbers = numbers_take(
            key="bench_load",
            unit_id=task.unit_id,
            year=timezone.localdate(batch.at).year,
            count=len(turns),
        )
        for number, (turn, part) in zip(numbers, turns, strict=True):
            load = BenchLoad.objects.create(
                number=number,
                task=task,
                bench=benches[turn],
                made_by_id=actor.person_id,
                made_at=batch.at,
            )
            loads.append(load)
            positions += [
                LoadPosition(load=load, position=place, task_device_id=key, loaded_at=batch.at)
                for place, key in enumerate(part, 1)
            ]
        LoadPosition.objects.bulk_create(positions, batch_size=5000)
        remember(request_key, "load.fill", {"loads": [load.pk for load in loads]})
    return loads


def _size(bench: Device) -> int:
    if bench.kind != DeviceKind.BENCH:
        raise BadInput(_("%(barcode)s is no bench.") % {"barcode": bench.barcode})
    size = position_count(bench)
    if not size:
        text = _("The register does not say how many positions bench %(barcode)s has.")
        raise BadInput(text % {"barcode": bench.barcode})
    return size


def _waiting(task: VerificationTask) -> list[int]:
    """Devices for their first test that stand in no load, by the order of the task."""
    there = LoadPosition.objects.filter(
        task_device=OuterRef("pk"),
        load__state__in=[LoadState.OPEN, LoadState.FETCHED],
        attempt__gt=F("task_device__attempts"),
    )
    rows = TaskDevice.objects.filter(
        task=task, is_open=True, step=Step.WAITING, attempts=0,
        device__state=DeviceState.IN_VERIFICATION,
    )  # fmt: skip
    rows = rows.exclude(Exists(there)).select_for_update(of=("self",), no_key=True)
    return list(rows.order_by("seq").values_list("pk", flat=True))


def _turns(
    waiting: Sequence[int], sizes: Sequence[int], at_most: int | None
) -> Iterator[tuple[int, Sequence[int]]]:
    """Which bench takes which devices."""
    done, rounds = 0, 0
    while done < len(waiting) and (at_most is None or rounds < at_most):
        for turn, size in enumerate(sizes):
            if done < len(waiting):
                yield turn, waiting[done : done + size]
                done += size
        rounds += 1
