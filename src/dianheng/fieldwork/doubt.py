"""A doubted meter: the test that a process asked for, and what came of it as it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.models import Device
from dianheng.assets.selectors.installations import installations_of_device
from dianheng.documents.selectors import documents_about
from dianheng.identity.models import Person, Unit
from dianheng.metrology.loads import ratio_to_base, read_load
from dianheng.metrology.plates import Connection
from dianheng.metrology.rule_sets import RuleSet, rule_set
from dianheng.metrology.settlement import MeanError, mean_error
from dianheng.verification.choices import DECIDED, Step
from dianheng.verification.choices import Outcome as BenchOutcome
from dianheng.verification.choices import TaskState as BenchState
from dianheng.verification.models import (
    ApprovalLine,
    ReviewLine,
    TaskDevice,
    TestRecord,
    TestResult,
    VerificationTask,
)
from dianheng.verification.selectors.laboratory import has_signed
from dianheng.verification.selectors.on_site import base_current_of
from dianheng.verification.selectors.results import judged_results
from dianheng.workflow.choices import OPEN_STATES, InstanceState, Role
from dianheng.workflow.models import FormEntry, ProcessInstance
from dianheng.workflow.selectors import served

from .choices import COUNTING, NO_VERDICT, Outcome, TaskState
from .models import FieldCheck, FieldTask
from .rules import OF_METER, is_meter_right, settled_days

BEGIN, EVIDENCE, OPENING = "doubt.begin", "doubt.evidence", "doubt.opening"
# While one of these steps waits, the test is not begun, the seal not opened, no result taken.
BEFORE_TEST = {"request", "arrange"}
BEFORE_OPENING = {*BEFORE_TEST, "open"}
BEFORE_RESULT = {*BEFORE_OPENING, "test"}
VERDICTS = {"pass": True, "fail": False, "damaged": None}  # conclusion -> is the meter right?
SETTLEMENT = ("Settlement practice", "2000")
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
    error_range_pct: tuple[Decimal, Decimal] | None = None  # where it was tested at several loads
    unsigned_rules: str = ""  # by which the one error would follow, had a metrologist signed them
    points: Sequence[PointFound] = ()
    testers: Mapping[int, str] = field(default_factory=dict)

    @property
    def document_url(self) -> str:
        """Address of the paper, where there is one."""
        return reverse("document", args=[self.document]) if self.document else ""

    @property
    def addresses(self) -> list[str]:
        """Addresses of task, record and paper, as far as they are there."""
        return [one for one in (self.task_url, self.record_url, self.document_url) if one]


def unit_of_task(number: str, way: str) -> Unit:
    """The unit whose people carry the test of a doubt out."""
    tasks: Any = FieldTask if way == SITE else VerificationTask
    unit: Unit = tasks.objects.select_related("unit").get(number=number).unit
    return unit


def evidence_at(*, task: str, way: str, device: Device, record: str = "") -> Evidence:
    """What the task of a doubt has brought for the meter.

    Args:
        record: number of the record that was taken; empty: the one that stands now.
    """
    found = (_of_site if way == SITE else _of_bench)(task, device, record)
    if found.waits_for and _is_closed(task, way):
        text = _(
            "Task %(no)s is closed and has no verdict on this meter: send the process back and"
            " arrange another test."
        )
        return replace(found, waits_for=text % {"no": task})
    return found


def _is_closed(number: str, way: str) -> bool:
    """Nothing comes of it any more; one on site that is done still takes another attempt."""
    if way == SITE:
        return FieldTask.objects.filter(number=number, state=TaskState.CANCELLED).exists()
    return not VerificationTask.objects.filter(number=number, state=BenchState.OPEN).exists()


def _of_site(number: str, device: Device, record: str) -> Evidence:
    """The last record of the meter itself that tells its working error; all else is another's."""
    task = FieldTask.objects.get(number=number)
    url = reverse("field_task", args=[number])
    checks = task.checks.filter(meter=device, transformer=None).select_related("leader", "second")
    if record:
        checks = checks.filter(number=record)
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


def _of_bench(number: str, device: Device, record: str) -> Evidence:
    url = reverse("task", args=[number])
    rows = TaskDevice.objects.select_related("record", "verdict", "task__unit")
    rows = rows.filter(task__number=number, device=device)
    taken = rows.filter(records__number=record) if record else rows.exclude(step=Step.WITHDRAWN)
    row = taken.first()
    if row is None:
        text = _("%(barcode)s is not in task %(no)s: take it in there when it has arrived.")
        return Evidence(number, url, text % {"barcode": device.barcode, "no": number})
    test = row.records.get(number=record) if record else row.record
    if test is None:
        text = _("%(barcode)s is not tested yet in task %(no)s.")
        return Evidence(number, url, text % {"barcode": device.barcode, "no": number})
    outcome, is_decided = row.outcome, row.step == Step.APPROVED and row.outcome in DECIDED
    verdict = row.verdict
    if test.pk != row.record_id:  # another run has followed what was taken
        line = row.approvals.filter(record=test).select_related("verdict").last()
        outcome, is_decided = (line.outcome, True) if line else ("", False)
        verdict = line.verdict if line else None
    results = judged_results(test, verdict)
    text = _("The result of %(barcode)s in task %(no)s is not approved yet: “%(step)s”.")
    facts = {"barcode": device.barcode, "no": number, "step": row.get_step_display()}
    papers = documents_about(f"record:{test.number}")
    is_failed = is_decided and outcome == BenchOutcome.FAILED
    rules = rule_set(*SETTLEMENT)
    error = _error_over_loads(results, device, rules) if is_failed else None
    is_signed = rules.is_confirmed or has_signed(row.task.unit, rules)
    return Evidence(
        number, url, "" if is_decided else text % facts,
        record=test.number, record_url=reverse("record", args=[test.number]),
        tested_at=test.finished_at,
        is_right=outcome != BenchOutcome.FAILED if is_decided else None,
        outcome=str(BenchOutcome(outcome).label) if outcome else "",
        document=papers.filter(end__isnull=True).values_list("number", flat=True).first() or "",
        points=_nearest(results),
        error_pct=round(error.mean_pct, 4) if error and is_signed else None,
        error_range_pct=(error.low_pct, error.high_pct) if error else None,
        unsigned_rules=rules.name if error and not is_signed else "",
        testers=dict(Person.objects.filter(pk__in=test.tester_ids).values_list("pk", "name")),
    )  # fmt: skip


def _error_over_loads(
    results: Sequence[TestResult], device: Device, rules: RuleSet
) -> MeanError | None:
    """The one error of a meter whose basic error failed; None where another item did, or a load is missing."""
    model = device.model
    base = base_current_of(model)
    rows = [row for row in results if row.item == "basic_error" and not row.is_derived]
    rows = [row for row in rows if row.value is not None]
    if not base or not model.max_current_a or all(row.conclusion != "fail" for row in rows):
        return None
    connection, imax_ratio = Connection(model.connection), model.max_current_a / base
    errors = {}
    for row in rows:
        is_balanced = row.phases in ("", "ABC") and row.direction == "forward_active"
        load = ratio_to_base(read_load(row.load_point), connection, imax_ratio)
        if is_balanced and row.factor == "1.0" and load is not None:
            errors[load] = row.value
    return mean_error(rules, errors, imax_ratio)


def _nearest(results: Sequence[TestResult]) -> tuple[PointFound, ...]:
    """The errors that are nearest to their limits or beyond them, the worst first."""
    rows = [
        row
        for row in results
        if row.item in ("basic_error", "ratio_error") and not row.is_derived
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
    records = TestRecord.objects.filter(device=device).exclude(task__number=besides)
    for record in records.order_by("pk").only("number", "tester_ids", "operators"):
        found |= dict.fromkeys(_operated(record), record.number)
    checks = FieldCheck.objects.filter(meter=device, transformer=None).order_by("pk")
    checks = checks.exclude(task__number=besides)
    for number, *people in checks.values_list("number", "leader_id", "second_id"):
        found |= dict.fromkeys(people, number)
    return found


def _operated(record: TestRecord) -> set[int]:
    """Everybody whom a record names at the bench, in whatever part."""
    return {*record.tester_ids, *(one["person_id"] for one in record.operators if one["person_id"])}


def hands_of(task: str, device: Device) -> dict[int, str]:
    """Who tested, reviewed or approved a meter in a task of the laboratory, whatever run counts."""
    found: set[int | None] = set()
    for record in TestRecord.objects.filter(task__number=task, device=device):
        found |= _operated(record)
    mine = {"task_device__task__number": task, "task_device__device": device}
    for line, did in ((ReviewLine, "review__reviewer"), (ApprovalLine, "approval__approver")):
        people = line.objects.filter(**mine).values_list(f"{did}_id", f"{did.partition('__')[0]}__acting_for_id")  # fmt: skip
        found.update(*people)
    return dict(Person.objects.filter(pk__in=found - {None}).values_list("pk", "name"))


@dataclass(frozen=True)
class Doubt:
    """What a process about a doubted meter has come to: its inputs, answers and evidence."""

    begun: Mapping[str, Any]  # what the test was begun with, and its task
    answered: Mapping[str, Any]  # what the evidence step took; empty: not yet, or sent back since
    opening: Mapping[str, Any]  # who was there when the seal was opened; only of arbitrations
    device: Device
    evidence: Evidence  # what was taken; nothing yet: what stands now
    now: Evidence
    approval: FormEntry | None  # who agreed to what was taken

    @property
    def is_changed(self) -> bool:
        """The result is another one since it was taken."""
        return bool(self.answered) and has_changed(self.answered, self.now)


def has_changed(taken: Mapping[str, Any], now: Evidence) -> bool:
    """Whether record or verdict are others than those that were taken."""
    return (taken["record"], VERDICTS[taken["conclusion"]]) != (now.record, now.is_right)


def doubt_of(instance: ProcessInstance) -> Doubt | None:
    """The doubt of a process that has begun a test for it; None for all others."""
    waits = set(instance.tasks.filter(state__in=OPEN_STATES).values_list("task", flat=True))
    begun = None if waits & BEFORE_TEST else served(instance, BEGIN)
    device = begun and (
        Device.objects.select_related("model", "unit")
        .filter(barcode=str(begun[0].get("device", "")))
        .first()
    )
    if not begun or device is None:
        return None
    given, answer = begun
    is_gone = waits & BEFORE_RESULT or instance.state == InstanceState.WITHDRAWN
    answered = None if is_gone else served(instance, EVIDENCE)
    opening = None if BEFORE_OPENING & waits else served(instance, OPENING)
    now = taken = evidence_at(task=answer["task"], way=answer["way"], device=device)
    if answered and answered[1]["record"] != now.record:
        taken = evidence_at(
            task=answer["task"], way=answer["way"], device=device, record=answered[1]["record"]
        )
    if answered:
        taken = replace(taken, is_right=VERDICTS[answered[1]["conclusion"]])
    return Doubt(
        {**given, **answer}, {**answered[0], **answered[1]} if answered else {},
        {**opening[0], **opening[1]} if opening else {}, device, taken, now,
        _approval(instance) if answered else None,
    )  # fmt: skip


def _approval(instance: ProcessInstance) -> FormEntry | None:
    """The last decision, when it is taken and agrees."""
    last = instance.tasks.filter(role=Role.APPROVE).order_by("-pk").first()
    agreed = FormEntry.objects.filter(task=last, asked=None, opinion="agree")
    return agreed.select_related("person").first() if last is not None else None


def stands(instance: ProcessInstance) -> dict[str, Any]:
    """What an approver of a doubt decides on beside the forms: record, verdict, fee."""
    found = doubt_of(instance)
    if found is None or not found.answered:
        return {}
    now = found.now
    return {
        "record": now.record,
        "is_right": now.is_right,
        **{name: found.answered[name] for name in ("conclusion", "fee", "due", "refund")},
    }


def settled_since(device: Device, on: date) -> tuple[date, Decimal] | None:
    """The last test that found it right, or installation, before a day; half of the days since then."""
    days = [
        timezone.localdate(at)
        for at in installations_of_device(device).values_list("installed_at", flat=True)
    ]
    verified = ApprovalLine.objects.filter(device=device).exclude(outcome=BenchOutcome.FAILED)
    days += verified.values_list("verified_on", flat=True)
    checked = FieldCheck.objects.filter(
        meter=device, transformer=None, outcome__in=COUNTING,
        results__contains=[{"item": "working_error", "conclusion": "pass"}],
    )  # fmt: skip
    days += [timezone.localdate(at) for at in checked.values_list("done_at", flat=True)]
    since = max((day for day in days if day < on), default=None)
    return None if since is None else (since, settled_days(since, on))
