"""Which devices of an upload may be taken: each by itself, the others refused with reasons."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import TRANSFORMERS, DeviceKind, DeviceState
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import Refused, Text
from dianheng.identity.services import require

from ..choices import LoadState, Step, TaskState
from ..envelope import DevicePart
from ..models import LoadPosition, TaskDevice, VerificationTask
from ..rules import guard_retest
from .incoming import Incoming

# Codes of refused devices for which the state of things is the reason, not the input.
CONFLICTS = frozenset(
    {
        "attempt_exists",
        "attempt_gap",
        "other_task",
        "closed",
        "state",
        "task_closed",
        "retest_reason",
        "retest_position",
        "position",
        "bench",
        "signs",
    }
)


REWRITTEN = "rewritten by the bench"  # code of a reason, translated where it is shown


def fault(code: str, text: Text, **facts: Any) -> dict[str, Any]:
    """One reason why a device is refused."""
    return {"code": code, "text": text, **facts}


@dataclass
class Sorting:
    """Sorts the devices of one upload; see `sort_out`.

    Args:
        bench: of the envelope, where it is known.
        actor: who sends.
        right: needed over the unit of each task; None for the program itself.
        is_rewrite: see `upload_receive`.
    """

    bench: Device | None
    actor: Actor
    right: str | None
    is_rewrite: bool
    denied: Refused | None = None  # the right is missing over the unit of a task
    taken: list[Incoming] = field(default_factory=list)
    refused: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def refuse(self, part: DevicePart, *faults: dict[str, Any]) -> None:
        """Leave a device out."""
        self.refused.setdefault(part.index, []).extend(faults)

    def sort_out(self, parts: list[DevicePart]) -> None:
        """Fill `taken` and `refused`; the devices of the tasks are locked until the commit."""
        tasks = self._tasks(parts)
        devices = self._devices({p.asset_no for p in parts if p.asset_no})
        held = self._held(tasks.values(), devices.values())
        puts = self._positions(held.values())
        twice = Counter(p.asset_no for p in parts if p.asset_no)
        places = Counter(p.position_no for p in parts if p.position_no is not None)
        for part in parts:
            if part.faults:
                self.refuse(part, *part.faults)
                continue
            if twice[part.asset_no] > 1:
                self.refuse(part, fault("twice", _("stands twice in the upload")))
            if part.position_no is not None and places[part.position_no] > 1:
                self.refuse(part, fault("position_twice", _("two devices on one position")))
            task, device = tasks.get(part.task_no), devices.get(part.asset_no)
            if task is None:
                self.refuse(part, fault("unknown_task", _("there is no such task")))
            if device is None:
                self.refuse(part, fault("unknown_device", _("is not in the register")))
            if device is not None and part.category != category_of(device):
                text = _("is %(kind)s: the category is %(category)s")
                facts = {"kind": device.get_kind_display(), "category": category_of(device)}
                self.refuse(part, fault("category", text % facts))
            if task is None or device is None or part.index in self.refused:
                continue
            row = held.get((task.pk, device.pk))
            if row is None:
                self.refuse(part, _not_here(device))
                continue
            row.task, row.device = task, device
            self._take(part, row, puts.get(row.pk))

    def _tasks(self, parts: list[DevicePart]) -> dict[str, VerificationTask]:
        """The tasks that are named and that the sender may send results for."""
        rows = VerificationTask.objects.filter(number__in={p.task_no for p in parts if p.task_no})
        found = {
            task.number: task for task in rows.select_related("unit", "scheme_version", "model")
        }
        allowed = set()
        for unit_id in {task.unit_id for task in found.values()}:
            try:
                if self.right is not None:
                    require(self.actor, self.right, unit_id)
            except Refused as refused:
                self.denied = refused  # its devices are answered as if there were no such task
                continue
            allowed.add(unit_id)
        return {number: task for number, task in found.items() if task.unit_id in allowed}

    def _devices(self, numbers: set[str]) -> dict[str, Device]:
        """The devices by the number that the upload gives them."""
        rows = Device.objects.select_related("meter")
        found = {device.barcode: device for device in rows.filter(barcode__in=numbers)}
        missing = numbers - set(found)
        if missing:
            found |= {device.asset_no: device for device in rows.filter(asset_no__in=missing)}
        return found

    def _held(
        self, tasks: Iterable[VerificationTask], devices: Iterable[Device]
    ) -> dict[tuple[int, int], TaskDevice]:
        rows = (
            TaskDevice.objects.select_for_update(of=("self",), no_key=True)
            .filter(task__in=list(tasks), device__in=list(devices))
            .select_related("record")
            .order_by("pk")
        )
        return {(row.task_id, row.device_id): row for row in rows}

    def _positions(self, held: Iterable[TaskDevice]) -> dict[int, LoadPosition]:
        """Where each device was scanned to last."""
        rows = (
            LoadPosition.objects.filter(task_device__in=list(held))
            .exclude(load__state=LoadState.CANCELLED)
            .select_related("load")
            .order_by("pk")
        )
        return {row.task_device_id: row for row in rows}

    def _take(self, part: DevicePart, held: TaskDevice, put: LoadPosition | None) -> None:
        """Take a device, or refuse it for the state it is in."""
        wanted = held.attempts + 1
        attempt = part.attempt or wanted
        against = _state_fault(held) or _attempt_fault(attempt, wanted)
        if against is not None:
            self.refuse(part, against)
            return
        if put is not None and put.attempt != attempt:
            put = None
        taken = Incoming(part, held, held.task, attempt, put, part.position_no, part.retest_reason)
        faults = self._compare(taken)
        if taken.position is None and put is not None:
            taken.position = put.position
            taken.warn("position_filled", str(put.position))
        elif taken.position is None:
            taken.warn("position_missing")
        taken.reason = taken.reason or (put.reason if put else "") or held.returned_reason
        faults += self._check_retest(taken)
        if faults:
            self.refuse(part, *faults)
        else:
            self.taken.append(taken)

    def _compare(self, taken: Incoming) -> list[dict[str, Any]]:
        """What the header says against what register and load say."""
        part, put, device = taken.part, taken.put, taken.held.device
        meter = getattr(device, "meter", None)
        faults = []
        for name, stated, known in (
            ("serial_no", part.serial_no, device.serial_no),
            ("comm_address", part.comm_address, meter.comm_address if meter else ""),
        ):
            if stated and known and _bare(stated) != _bare(known):
                text = _("is %(known)s in the register: these may be results of another device")
                faults.append(fault("identity", text % {"known": known}, field=f"header.{name}"))
        if put is not None and taken.position is not None and put.position != taken.position:
            text = _("load %(no)s has it on position %(position)s")
            facts = {"no": put.load.number, "position": put.position}
            faults.append(fault("position", text % facts, position=put.position))
        if put is not None and self.bench is not None and put.load.bench_id != self.bench.pk:
            text = _("load %(no)s is of another bench") % {"no": put.load.number}
            faults.append(fault("bench", text))
        model = taken.task.model
        if part.test_kind and part.test_kind.lower() != taken.task.kind:
            taken.warn("test_kind", part.test_kind)
        constant = _part_of(part.header, "constant")
        if constant and not _same_number(constant, model.constant_imp_per_kwh):
            taken.warn("constant", constant)
        accuracy_class = _part_of(part.header, "accuracy_class")
        if accuracy_class and accuracy_class != model.accuracy_class:
            taken.warn("accuracy_class", accuracy_class)
        return faults

    def _check_retest(self, taken: Incoming) -> list[dict[str, Any]]:
        if taken.attempt == 1:
            return []
        last = taken.held.record
        refusal = guard_retest(
            attempts=taken.held.attempts,
            reason=taken.reason,
            position=taken.position,
            last_position=last.position if last else None,
            is_same_bench=last is None or self.bench is None or last.bench_id == self.bench.pk,
            needs_other_position=taken.held.device.kind not in TRANSFORMERS,
        )
        if refusal is not None and self.is_rewrite:
            # The same run written once more, not a further test: the reviewer sees that.
            taken.warn("rewritten", str(taken.attempt))
            taken.reason = taken.reason or REWRITTEN
            return []
        taken.warn("attempt", str(taken.attempt))
        return [] if refusal is None else [fault(refusal.code, refusal.text)]


_CATEGORIES = {
    DeviceKind.CURRENT_TRANSFORMER: "CT",
    DeviceKind.VOLTAGE_TRANSFORMER: "VT",
    DeviceKind.COMBINED_TRANSFORMER: "COMBINED",
}


def category_of(device: Device) -> str:
    """How the upload format calls a kind of device."""
    return _CATEGORIES.get(DeviceKind(device.kind), "METER")


def _not_here(device: Device) -> dict[str, Any]:
    other = TaskDevice.objects.filter(device=device, is_open=True).select_related("task").first()
    if other is None:
        return fault("other_task", _("is not in this task"))
    text = _("belongs to task %(no)s") % {"no": other.task.number}
    return fault("other_task", text, task=other.task.number)


def _state_fault(held: TaskDevice) -> dict[str, Any] | None:
    if held.task.state != TaskState.OPEN:
        return fault("task_closed", _("the task is closed"))
    if not held.is_open or held.step == Step.APPROVED:
        return fault("closed", _("is approved or taken out already"))
    if held.device.state != DeviceState.IN_VERIFICATION:
        text = _("is “%(state)s”, not in verification")
        return fault("state", text % {"state": held.device.get_state_display()})
    return None


def _attempt_fault(attempt: int, wanted: int) -> dict[str, Any] | None:
    if attempt < wanted:
        text = _("attempt %(n)s is here already") % {"n": attempt}
        return fault("attempt_exists", text, attempt=attempt)
    if attempt > wanted:
        return fault("attempt_gap", _("the next attempt is %(n)s") % {"n": wanted}, attempt=wanted)
    return None


def _bare(number: str) -> str:
    return number.lstrip("0").upper()


def _part_of(header: Mapping[str, Any], name: str) -> str:
    value = header.get(name)
    return str(value.get("active") or "") if isinstance(value, Mapping) else ""


def _same_number(stated: str, known: Decimal | None) -> bool:
    try:
        return known is None or Decimal(stated) == known
    except ArithmeticError:
        return False
