"""Tasks, their devices and records, for pages and machines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit

from ..choices import Outcome, Step, TaskState
from ..models import ReviewLine, TaskDevice, TestRecord, Verdict, VerificationTask
from ..rules import SignedLine, signing_digest


def task_by_number(number: str) -> VerificationTask:
    """The task, or NotFound in words."""
    found = (
        VerificationTask.objects.select_related(
            "unit", "model__manufacturer", "lot", "scheme_version__scheme", "made_by"
        )
        .filter(number=number)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no task %(no)s.") % {"no": number[:40]}, task=number[:40])
    return found


def record_by_number(number: str) -> TestRecord:
    """The record, or NotFound in words."""
    found = (
        TestRecord.objects.select_related(
            "task__unit",
            "task__model__manufacturer",
            "task__scheme_version__scheme",
            "device__model__manufacturer",
            "device__meter",
            "upload__received_by",
            "load",
            "bench",
            "installation",
            "installation_certificate",
            "authorisation",
            "verifier",
            "task_device",
        )
        .filter(number=number)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no record %(no)s.") % {"no": number[:60]}, record=number[:60])
    return found


def tasks_of(units: QuerySet[Unit]) -> QuerySet[VerificationTask]:
    """Tasks of units, with how many devices stand where."""
    return (
        VerificationTask.objects.filter(unit__in=units)
        .select_related("unit", "model__manufacturer", "lot", "scheme_version__scheme")
        .annotate(
            device_count=Count("devices", filter=~Q(devices__step=Step.WITHDRAWN)),
            waiting=Count("devices", filter=Q(devices__step=Step.WAITING)),
            tested=Count("devices", filter=Q(devices__step=Step.TESTED)),
            reviewed=Count("devices", filter=Q(devices__step=Step.REVIEWED)),
            approved=Count("devices", filter=Q(devices__step=Step.APPROVED)),
        )
    )


def step_counts(task: VerificationTask) -> dict[str, int]:
    """Devices by step."""
    rows = task.devices.values("step").annotate(n=Count("pk"))
    return dict.fromkeys(Step.values, 0) | {row["step"]: row["n"] for row in rows}


def outcome_counts(rows: Iterable[Any]) -> dict[str, int]:
    """Devices by outcome."""
    found: dict[str, int] = {}
    for row in rows:
        found[row.outcome] = found.get(row.outcome, 0) + 1
    return found


# What deciding reads of a device, its record and verdict; the rest of a record is kilobytes.
DECIDED_BY = (
    *(field.name for field in TaskDevice._meta.concrete_fields),
    "device__barcode", "record__number", "record__position", "verdict__digest", "verdict__number",
    "verdict__reason", "verdict__outcome", "verdict__blocks", "verdict__failing_items",
    "verdict__warnings", "verdict__difference_count",
)  # fmt: skip


def to_decide(task: VerificationTask, step: str) -> QuerySet[TaskDevice]:
    """Devices that wait for a reviewer (`tested`) or an approver (`reviewed`)."""
    return (
        task.devices.filter(step=step, is_open=True)
        .select_related("device", "record", "verdict")
        .only(*DECIDED_BY)
        .order_by("seq")
    )


# What the page of a reviewer says of each device; whole objects would cost more than the page.
_LOOKED_AT = (
    "pk", "seq", "outcome", "attempts", "returned_reason", "record_id", "device__barcode",
    "record__number", "record__position", "verdict_id", "verdict__number", "verdict__reason",
    "verdict__blocks", "verdict__failing_items", "verdict__warnings", "verdict__difference_count",
)  # fmt: skip


def to_look_at(task: VerificationTask, step: str) -> list[Any]:
    """The devices of `to_decide` as named rows of `_LOOKED_AT`, in the same order."""
    return list(to_decide(task, step).values_list(*_LOOKED_AT, named=True))


def signed_lines(rows: Iterable[TaskDevice]) -> list[SignedLine]:
    """What a signature under these devices covers."""
    return [
        SignedLine(
            row.device.barcode,
            row.record.number if row.record else "",
            row.outcome,
            row.verdict.digest if row.verdict else "",
        )
        for row in rows
    ]


def digest_of(rows: Iterable[TaskDevice]) -> str:
    """The digest that a signature under these devices names."""
    return signing_digest(signed_lines(rows))


def task_device_ids(task: VerificationTask, barcodes: Sequence[str]) -> dict[str, int]:
    """Keys of a task's devices by bar code; unknown ones raise NotFound with all of them."""
    rows = task.devices.filter(device__barcode__in=list(barcodes))
    found = dict(rows.values_list("device__barcode", "pk"))
    missing = [code for code in barcodes if code not in found]
    if missing:
        raise NotFound(
            _("%(n)s devices are not in task %(no)s.") % {"n": len(missing), "no": task.number},
            devices=missing[:100],
        )
    return found


def last_review_of(rows: Iterable[Any]) -> dict[int, ReviewLine]:
    """The newest word of a reviewer on each device."""
    lines = (
        ReviewLine.objects.filter(task_device__in=[row.pk for row in rows])
        .select_related("review__reviewer")
        .order_by("pk")
    )
    return {line.task_device_id: line for line in lines}


def first_results(task: VerificationTask) -> dict[int, Mapping[str, Any]]:
    """By device key the first result that counts, for the sample of a lot.

    A drawn device's first verdict is the one that counts, whatever later attempts say: the
    newest verdict on the first attempt that is not blocked. A record that was blocked and judged
    again counts as it is judged now.
    """
    newest = (
        Verdict.objects.filter(record__task=task)
        .order_by("record_id", "-number")
        .distinct("record_id")
        .values(
            "pk", "record_id", "record__device_id", "record__number", "record__attempt", "outcome",
            "legal", "failing_items",
        )
    )  # fmt: skip
    found: dict[int, Mapping[str, Any]] = {}
    for row in sorted(newest, key=lambda row: row["record__attempt"]):
        if row["outcome"] != Outcome.BLOCKED:
            found.setdefault(
                row["record__device_id"],
                {
                    "record": row["record__number"],
                    "record_id": row["record_id"],
                    "verdict_id": row["pk"],
                    "attempt": row["record__attempt"],
                    "outcome": row["outcome"],
                    "legal": row["legal"],
                    "failing_items": row["failing_items"],
                },
            )
    return found


def open_tasks(units: QuerySet[Unit]) -> QuerySet[VerificationTask]:
    """Tasks that are not done."""
    return tasks_of(units).filter(state=TaskState.OPEN)
