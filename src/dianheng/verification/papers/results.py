"""Original record, certificate and notice of result."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from dianheng.assets.choices import TRANSFORMERS, DeviceKind
from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for

from ..choices import Outcome, TaskKind
from ..models import ApprovalLine, TestRecord, TestResult, Verdict, VerificationTask
from ..selectors.results import judged_results
from ..transformers import STANDARD
from .evidence import Chains, Grounds, grounds_of
from .parts import (
    CONCLUSIONS,
    ITEMS,
    approver_of,
    assessments_of,
    body_of,
    checker_of,
    device_on_paper,
    environment_of,
    regulation,
    results_of,
    seals_of,
    standards_of,
    verifier_of,
)
from .transformers import sheets_of

NOT_NUMBERED = datetime(2000, 1, 1, tzinfo=timezone.get_fixed_timezone(480))


def client_of(task: VerificationTask) -> str:
    """Who asked for the verification; the company's own body where nobody else did."""
    return task.client or body_for(task.unit).name


RECORD = (
    "task__unit",
    "task__model__manufacturer",
    "device__model__manufacturer",
    "device__meter",
    "installation",
    "installation_certificate",
    "authorisation",
    "verifier",
    "bench",
    "load",
)


def original_record(record: TestRecord, verdict: Verdict | None = None) -> paper.OriginalRecord:
    """原始记录 of one run with the verdict that counts."""
    verdict = verdict or record.verdicts.order_by("-number").first()
    rows = judged_results(record, verdict)
    points, items = results_of(rows)
    line = record.approvals.order_by("-pk").first()
    standard = (
        verdict.standard if verdict and verdict.standard else record.task.scheme_version.standard
    )
    edition = verdict.edition if verdict and verdict.edition else record.task.scheme_version.edition
    legal = CONCLUSIONS.get(verdict.legal if verdict else "", paper.NOT_JUDGED)
    if verdict is None or verdict.outcome in (
        Outcome.BLOCKED,
        Outcome.PROVISIONAL,
        Outcome.INCOMPLETE,
    ):
        legal = paper.NOT_JUDGED
    return paper.OriginalRecord(
        number=record.number,
        created_at=timezone.localtime(verdict.judged_at if verdict else record.received_at),
        body=body_of(record, record.task.unit),
        client=client_of(record.task),
        device=device_on_paper(record.device),
        regulations=(regulation(standard, edition),),
        kind_of_verification=record.task.kind,
        task_no=record.task.number,
        scheme=str(record.task.scheme_version),
        bench_no=record.bench.barcode if record.bench else "",
        position_no=str(record.position or ""),
        attempt=record.attempt,
        attempt_reason=record.attempt_reason,
        started_at=timezone.localtime(record.started_at or record.finished_at),
        ended_at=timezone.localtime(record.finished_at),
        assessments=assessments_of(record),
        standards=standards_of(record),
        environment=environment_of(record),
        points=points,
        sheets=sheets_for(record, rows),
        items=items,
        conclusion=legal,
        internal_conclusion=CONCLUSIONS.get(verdict.internal, "")
        if verdict and verdict.internal
        else "",
        bench_conclusion={"PASS": paper.PASS, "FAIL": paper.FAIL}.get(record.bench_overall, ""),
        valid_through=line.valid_through if line else None,
        validity_mode=_validity(line.validity_mode if line else ""),
        seals=seals_of(record.device),
        verifier=verifier_of(record),
        checker=checker_of(verdict) if verdict else paper.Signature(role="checker"),
        digest=verdict.digest if verdict else "",
        is_provisional=bool(verdict and verdict.outcome == Outcome.PROVISIONAL),
    )


def sheets_for(
    record: TestRecord, rows: Sequence[TestResult], grounds: Grounds | None = None
) -> tuple[paper.TransformerSheet, ...]:
    """The sheets of a transformer; a meter has none."""
    return sheets_of(record, rows, grounds) if record.device.kind in TRANSFORMERS else ()


def _validity(mode: str) -> str:
    return paper.TERM if mode == "first_only" else paper.VALIDITY


def result_paper(
    line: ApprovalLine, chains: Chains | None = None
) -> paper.Certificate | paper.ResultNotice:
    """检定证书 of what passed, 检定结果通知书 of what failed; the number is put in later.

    A batch gives the same `chains` to all its papers (see `Grounds.evidence`).
    """
    record = TestRecord.objects.select_related(*RECORD).get(pk=line.record_id)
    verdict = line.verdict
    grounds = grounds_of(record, verdict)
    rows = judged_results(record, verdict)
    points, items = results_of(rows, grounds)
    common: dict[str, Any] = {
        "number": "",
        "created_at": NOT_NUMBERED,
        "body": body_of(record, record.task.unit),
        "client": client_of(record.task),
        "device": device_on_paper(record.device),
        "regulations": (regulation(verdict.standard, verdict.edition),),
        "kind_of_verification": record.task.kind,
        "verified_on": line.verified_on,
        "assessments": assessments_of(record),
        "standards": standards_of(record),
        "environment": environment_of(record),
        "points": points,
        "sheets": sheets_for(record, rows, grounds),
        "items": items,
        "verifier": verifier_of(record),
        "checker": checker_of(verdict),
        "approver": approver_of(line.approval),
        "record_no": record.number,
        "evidence": grounds.evidence({} if chains is None else chains) if grounds else None,
    }
    if line.outcome == Outcome.PASSED:
        assert line.valid_through is not None
        return paper.Certificate(
            **common, valid_through=line.valid_through, validity_mode=_validity(line.validity_mode),
            seals=seals_of(record.device),
        )  # fmt: skip
    return paper.ResultNotice(
        **common, failed_items=tuple(ITEMS.get(item, item) for item in verdict.failing_items)
    )


CERTIFIED_CLASSES = ("0.2S", "0.5S", "C", "D", "E")  # that gateways carry


def needs_certificate(task: VerificationTask) -> Q:
    """The approved devices for which a rule asks for the full certificate, as a condition on
    approval lines: an outside client's, a customer's own, a dispute's or a request's meter, and
    the classes that gateways carry; voltage and combined transformers, which measure for many,
    and what serves as a standard.
    """
    if task.client or task.kind in (TaskKind.CUSTOMER_REQUEST, TaskKind.ARBITRATION):
        return Q(pk__isnull=False)
    is_standard = (task.model.parameters or {}).get("use") == STANDARD
    if task.model.kind == DeviceKind.CURRENT_TRANSFORMER and not is_standard:
        return Q(device__ownership="customer")
    if task.model.kind in TRANSFORMERS:
        return Q(pk__isnull=False)
    return Q(device__ownership="customer") | Q(device__model__accuracy_class__in=CERTIFIED_CLASSES)
