"""A doubted meter: the test that a process asked for, and what came of it as it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.models import Device
from dianheng.assets.selectors.installations import installations_of_device
from dianheng.documents.selectors import documents_about
from dianheng.identity.models import Person
from dianheng.verification.choices import DECIDED, Step
from dianheng.verification.choices import Outcome as BenchOutcome
from dianheng.verification.models import ApprovalLine, TaskDevice, TestRecord
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.selectors import served

from .choices import NO_VERDICT, Outcome
from .models import FieldCheck, FieldTask
from .rules import OF_METER, is_meter_right, settled_days

BEGIN, EVIDENCE, OPENING = "doubt.begin", "doubt.evidence", "doubt.opening"
SITE, LABORATORY = "site", "laboratory"
SHOWN = 6  # points, those nearest to their limit


@dataclass(frozen=True)
class PointFound:
    """A point of the test: where, its error as rounded, the limit (both with the unit), whether it is within it."""

    item: str
    point: str
    rounded: str
    limit: str
    conclusion: str


@dataclass(frozen=True)
class Evidence:
    """The record that answers a doubt, with its verdict, as they stand now.

    `is_right` is None as long as no verdict counts; `waits_for` says then what is missing.
    """

    task: str
    task_url: str
    waits_for: str = ""
    record: str = ""
    record_url: str = ""
    tested_at: datetime | None = None
    is_right: bool | None = None
    outcome: str = ""
    document: str = ""
    error_pct: Decimal | None = None  # of a meter out of its limits, where one figure tells it
    points: Sequence[PointFound] = ()
    testers: Mapping[int, str] = field(default_factory=dict)


def evidence_at(*, task: str, way: str, device: Device) -> Evidence:
    """What the task of a doubt has brought for the meter."""
    return _of_site(task, device) if way == SITE else _of_bench(task, device)


def _of_site(number: str, device: Device) -> Evidence:
    """The last record of the meter itself that tells its working error; all else is another's."""
    task = FieldTask.objects.get(number=number)
    url = reverse("field_task", args=[number])
    checks = task.checks.filter(meter=device, transformer=None).select_related("leader", "second")
    found = list(checks.order_by("-attempt"))
    if not found:
        text = _("Nobody has recorded the check of %(barcode)s yet: it is entered at %(no)s.")
        return Evidence(number, url, text % {"barcode": device.barcode, "no": number})
    check = next((one for one in found if "working_error" in _items(one)), found[0])
    rows = [row for row in check.results if row["item"] in OF_METER]
    is_right = is_meter_right(rows) if check.outcome not in NO_VERDICT else None
    error = next((row for row in rows if row["item"] == "working_error"), None)
    if error is None:
        text = _("%(record)s tells no working error; check again, as another attempt of %(no)s.")
    else:
        text = _("%(record)s has no verdict; check again, as another attempt of %(no)s.")
    outcome = check.outcome if is_right is None else Outcome.PASS if is_right else Outcome.FAIL
    is_out = is_right is False and error is not None and error["conclusion"] == "fail"
    return Evidence(
        number, url, text % {"record": check.number, "no": number} if is_right is None else "",
        record=check.number, record_url=reverse("field_check", args=[check.number]),
        tested_at=check.done_at, is_right=is_right, outcome=str(Outcome(outcome).label),
        error_pct=Decimal(error["value"]) if is_out and error["value"] else None,
        points=tuple(
            PointFound(
                one["item"], one["point"], _with(one["rounded"] or one["value"], one["unit"]),
                _with(one["limit"], one["unit"]), one["conclusion"],
            )
            for one in rows
        ),
        testers={one.pk: one.name for one in (check.leader, check.second)},
    )  # fmt: skip


def _items(check: FieldCheck) -> set[str]:
    return {row["item"] for row in check.results}


def _with(figure: str, unit: str) -> str:
    return f"{figure} {unit}".strip() if figure else ""


def _of_bench(number: str, device: Device) -> Evidence:
    url = reverse("task", args=[number])
    row = (
        TaskDevice.objects.select_related("record")
        .filter(task__number=number, device=device)
        .exclude(step=Step.WITHDRAWN)
        .first()
    )
    if row is None:
        text = _("%(barcode)s is not in task %(no)s: take it in there when it has arrived.")
        return Evidence(number, url, text % {"barcode": device.barcode, "no": number})
    if row.record is None:
        text = _("%(barcode)s is not tested yet in task %(no)s.")
        return Evidence(number, url, text % {"barcode": device.barcode, "no": number})
    is_decided = row.step == Step.APPROVED and row.outcome in DECIDED
    text = _("The result of %(barcode)s in task %(no)s is not approved yet: “%(step)s”.")
    facts = {"barcode": device.barcode, "no": number, "step": row.get_step_display()}
    papers = documents_about(f"record:{row.record.number}")
    return Evidence(
        number, url, "" if is_decided else text % facts,
        record=row.record.number, record_url=reverse("record", args=[row.record.number]),
        tested_at=row.record.finished_at,
        is_right=row.outcome != BenchOutcome.FAILED if is_decided else None,
        outcome=str(row.get_outcome_display()),
        document=papers.filter(end__isnull=True).values_list("number", flat=True).first() or "",
        points=_nearest(row.record),
        testers=dict(
            Person.objects.filter(pk__in=row.record.tester_ids).values_list("pk", "name")
        ),
    )  # fmt: skip


def _nearest(record: TestRecord) -> tuple[PointFound, ...]:
    """The errors that are nearest to their limits or beyond them, the worst first."""
    rows = [
        row
        for row in record.results.filter(item__in=("basic_error", "ratio_error"), is_derived=False)
        if row.value is not None and row.limit_high
    ]
    rows.sort(key=lambda row: -abs(row.value) / row.limit_high)
    return tuple(
        PointFound(
            row.item, row.point, _with(row.rounded_text, row.unit),
            _with(f"±{row.limit_high.normalize():f}", row.unit), row.conclusion,
        )
        for row in rows[:SHOWN]
    )  # fmt: skip


def testers_before(device: Device, *, besides: str) -> dict[int, str]:
    """Who tested a meter before, on benches or on site, by key, each with a record.

    Args:
        besides: number of the task that does not count.
    """
    found: dict[int, str] = {}
    for number, people in (
        TestRecord.objects.filter(device=device)
        .exclude(task__number=besides)
        .order_by("pk")
        .values_list("number", "tester_ids")
    ):
        found |= dict.fromkeys(people, number)
    checks = FieldCheck.objects.filter(meter=device, transformer=None).order_by("pk")
    checks = checks.exclude(task__number=besides)
    for number, *people in checks.values_list("number", "leader_id", "second_id"):
        found |= dict.fromkeys(people, number)
    return found


@dataclass(frozen=True)
class Doubt:
    """What a process about a doubted meter has come to: its inputs, answers and evidence."""

    begun: Mapping[str, Any]  # what the test was begun with, and its task
    answered: Mapping[str, Any]  # what the evidence step took; empty: not yet
    opening: Mapping[str, Any]  # who was there when the seal was opened; only of arbitrations
    device: Device
    evidence: Evidence


def doubt_of(instance: ProcessInstance) -> Doubt | None:
    """The doubt of a process that has begun a test for it; None for all others."""
    begun = served(instance, BEGIN)
    device = begun and (
        Device.objects.select_related("model", "unit")
        .filter(barcode=str(begun[0].get("device", "")))
        .first()
    )
    if not begun or device is None:
        return None
    given, answer = begun
    answered, opening = served(instance, EVIDENCE), served(instance, OPENING)
    return Doubt(
        {**given, **answer}, {**answered[0], **answered[1]} if answered else {},
        {**opening[0], **opening[1]} if opening else {}, device,
        evidence_at(task=answer["task"], way=answer["way"], device=device),
    )  # fmt: skip


def stands(instance: ProcessInstance) -> dict[str, Any]:
    """What an approver of a doubt decides on beside the forms: record, verdict, fee."""
    found = doubt_of(instance)
    if found is None or not found.answered:
        return {}
    now = found.evidence
    return {
        "record": now.record,
        "is_right": now.is_right,
        **{name: found.answered[name] for name in ("conclusion", "fee", "due", "refund")},
    }


def settled_since(device: Device, on: date) -> tuple[date, Decimal] | None:
    """The last verification or installation before a day, and half of the days since then."""
    days = [
        timezone.localdate(at)
        for at in installations_of_device(device).values_list("installed_at", flat=True)
    ]
    days += ApprovalLine.objects.filter(device=device).values_list("verified_on", flat=True)
    since = max((day for day in days if day < on), default=None)
    return None if since is None else (since, settled_days(since, on))
