"""What an approved outcome does to the devices: at once, with the lot, or with the last seal."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceState, Verb
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.seals.selectors import faults_unsealed
from dianheng.seals.services import seals_apply

from ..choices import Outcome, Step
from ..models import TaskDevice, VerificationTask
from ..subjects import validity_for
from .task import document_of, lock_task, task_close_if_done

VERB_OF = {
    Outcome.PASSED: Verb.QUALIFY,
    Outcome.FAILED: Verb.DISQUALIFY,
    Outcome.OUTSIDE_CONTROL: Verb.HOLD,
    Outcome.UNFIT: Verb.HOLD,
}
SEALABLE = (Outcome.PASSED,)


def last_days_of(task: VerificationTask, days: Iterable[date]) -> dict[date, date]:
    """Last day of validity or use of what passes, by the day of its verification."""
    model, version, mode = task.model, task.scheme_version, task.validity_mode
    return {day: validity_for(model, version, day, mode).valid_through for day in days}


def outcomes_happen(
    task: VerificationTask,
    rows: Sequence[TaskDevice],
    days: Mapping[int, date],
    last_days: Mapping[date, date],
    actor: Actor,
) -> int:
    """Let the approved outcome happen to the devices; returns how many wait for seals."""
    passed = [row for row in rows if row.outcome in SEALABLE]
    unsealed = {fault["device_id"] for fault in faults_unsealed([r.device_id for r in passed])}
    waiting = [row for row in passed if row.device_id in unsealed]
    if waiting:
        TaskDevice.objects.filter(pk__in=[row.pk for row in waiting]).update(
            is_open=True, is_to_be_sealed=True
        )
    groups: dict[tuple[str, date | None], list[TaskDevice]] = defaultdict(list)
    for row in rows:
        if row.device_id in unsealed:
            continue
        day = days[row.pk] if row.outcome == Outcome.PASSED else None
        groups[VERB_OF[Outcome(row.outcome)], day].append(row)
    for (verb, day), members in sorted(groups.items(), key=lambda pair: str(pair[0])):
        devices_transition(
            device_ids=[row.device_id for row in members],
            verb=verb,
            actor=actor,
            document=document_of(task),
            facts_by_device={
                row.device_id: {"record": row.record.number, "outcome": row.outcome}
                for row in members
                if row.record
            },
            verified_on=day,
            valid_through=last_days[day] if day else None,
        )
    return len(waiting)


def task_apply(*, task: VerificationTask, actor: Actor) -> int:
    """Let the approved outcomes of a sampling or acceptance task happen to its devices.

    Called when the lot is accepted; a rejected lot rejects its devices instead. Harmless when
    repeated. Returns how many devices moved.
    """
    with write_batch(actor=actor, action="task.apply"):
        locked = lock_task(task)
        rows = list(
            TaskDevice.objects.filter(
                task=task, step=Step.APPROVED, device__state=DeviceState.IN_VERIFICATION
            )
            .select_related("device", "record", "verdict")
            .order_by("seq")
        )
        if not rows:
            return 0
        days = {row.pk: timezone.localdate(row.record.finished_at) for row in rows if row.record}
        waiting = outcomes_happen(
            locked, rows, days, last_days_of(locked, set(days.values())), actor
        )
    return len(rows) - waiting


def results_seal(
    *,
    task: VerificationTask,
    seals: Sequence[tuple[str, int, str]],
    actor: Actor,
    request_key: str = "",
) -> int:
    """Apply verification seals (number, device key, position) to devices of a task.

    Devices that were approved as passed and now carry all their seals become qualified in the
    same batch. Returns how many did.
    """
    actor = require(actor, "verification.test", task.unit_id)
    with write_batch(actor=actor, action="results.seal"):
        if (earlier := idempotent(request_key, "results.seal")) is not None:
            return int(earlier["count"])
        locked = lock_task(task)
        mine = set(
            TaskDevice.objects.filter(task=task, device_id__in=[s[1] for s in seals]).values_list(
                "device_id", flat=True
            )
        )
        if any(device_id not in mine for _no, device_id, _position in seals):
            raise BadInput(_("Some of the devices are not in this task."))
        if seals:
            seals_apply(
                seals=[(no, "verification", device, position) for no, device, position in seals],
                actor=actor,
                document=document_of(task),
                right=None,
            )
        count = _qualify_sealed(locked, actor)
        remember(request_key, "results.seal", {"count": count})
    return count


def _qualify_sealed(task: VerificationTask, actor: Actor) -> int:
    rows = list(
        TaskDevice.objects.select_for_update(of=("self",), no_key=True)
        .filter(task=task, is_to_be_sealed=True)
        .select_related("device", "record", "verdict")
        .order_by("pk")
    )
    if not rows:
        return 0
    days = {row.pk: timezone.localdate(row.record.finished_at) for row in rows if row.record}
    TaskDevice.objects.filter(pk__in=[row.pk for row in rows]).update(
        is_open=False, is_to_be_sealed=False
    )
    waiting = outcomes_happen(task, rows, days, last_days_of(task, set(days.values())), actor)
    task_close_if_done(task, timezone.now())
    return len(rows) - waiting
