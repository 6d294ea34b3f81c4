"""Certificates and notices from approved results: on demand, or because a rule asks for them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.jobs import job_start
from dianheng.common.models import Job
from dianheng.documents.models import IssuedDocument
from dianheng.documents.papers.schema import Amendment
from dianheng.documents.services import Draft, documents_issue
from dianheng.identity.services import require, write_batch

from ..choices import Outcome
from ..models import ApprovalLine, VerificationTask
from ..papers import needs_certificate, result_paper
from ..papers.evidence import Chains
from .task import lock_task

KIND_OF = {Outcome.PASSED: "verification_certificate", Outcome.FAILED: "result_notice"}
PART = 200


WHOLE = ("device__model", "verdict", "approval__approver", "approval__acting_for")


def certificates_lacking(task: VerificationTask) -> QuerySet[ApprovalLine]:
    """Approved devices of a task that have no certificate or notice in force yet, by bar code.

    Each line says in `is_owed` whether a rule asks for the paper. Held devices (outside the
    internal band, not as ordered) get none: they are legally passed but not given out. Of a
    device approved twice the newer line counts.
    """
    lines = ApprovalLine.objects.filter(approval__task=task, outcome__in=list(KIND_OF))
    newer = lines.filter(task_device=OuterRef("task_device"), pk__gt=OuterRef("pk"))
    return (
        lines.exclude(Exists(newer))
        .annotate(
            subject=Concat(Value("device:"), "device__barcode", output_field=TextField()),
            is_owed=ExpressionWrapper(needs_certificate(task), output_field=BooleanField()),
        )
        .exclude(subject__in=_documented(task))
        .order_by("device__barcode")
    )


def certificate_lines(
    task: VerificationTask, *, by_rule: bool = False, among: Collection[int] | None = None
) -> list[ApprovalLine]:
    """What papers are made from: `certificates_lacking`, whole.

    With `by_rule` only those for which a rule asks, with `among` only these lines.
    """
    lines = certificates_lacking(task)
    if by_rule:
        lines = lines.filter(is_owed=True)
    if among is not None:
        lines = lines.filter(pk__in=among)
    return list(lines.select_related(*WHOLE))


def _documented(task: VerificationTask) -> QuerySet[IssuedDocument, Any]:
    """What papers of this task in force are about: `device:…`, `task:…`, `record:…`."""
    return (
        IssuedDocument.objects.filter(
            subjects__contains=[f"task:{task.number}"],
            kind__in=list(KIND_OF.values()),
            end__isnull=True,
        )
        .annotate(about=Func(F("subjects"), function="unnest", output_field=TextField()))
        .order_by()
        .values_list("about", flat=True)
    )


def _draft(
    line: ApprovalLine,
    supersedes: IssuedDocument | None = None,
    reason: str = "",
    chains: Chains | None = None,
) -> Draft:
    paper = result_paper(line, chains)
    task = line.approval.task
    return Draft(
        kind=KIND_OF[Outcome(line.outcome)],
        paper=paper,
        unit_id=task.unit_id,
        subjects=(
            f"device:{line.device.barcode}",
            f"task:{task.number}",
            f"record:{paper.record_no}",
        ),
        conclusion="pass" if line.outcome == Outcome.PASSED else "fail",
        valid_through=line.valid_through,
        supersedes=supersedes,
        reason=reason,
    )


def certificates_issue(
    *, task: VerificationTask, lines: Sequence[ApprovalLine], actor: Actor, request_key: str = ""
) -> list[IssuedDocument]:
    """Issue certificates and notices for approved devices, now and in one transaction.

    Raises:
        BadInput: a device has its paper already, or is not of this task's approvals.
    """
    actor = require(actor, "documents.issue", task.unit_id)
    with write_batch(actor=actor, action="document.issue"):
        lock_task(task)  # two people at once: the second sees what the first has issued
        return _issue(task, lines, actor, request_key)


def _issue(
    task: VerificationTask, lines: Sequence[ApprovalLine], actor: Actor, request_key: str
) -> list[IssuedDocument]:
    if any(line.approval.task_id != task.pk or line.outcome not in KIND_OF for line in lines):
        raise BadInput(_("Certificates and notices are for approved devices of the task."))
    codes = {line.device.barcode for line in lines}
    have = codes & {about.removeprefix("device:") for about in _documented(task)}
    if have and not request_key:
        raise BadInput(
            _("These devices have their paper already: supersede it instead."),
            [
                {"device": code, "code": "has_paper", "text": _("has its paper")}
                for code in sorted(have)
            ],
        )
    made: list[IssuedDocument] = []
    chains: Chains = {}
    for outcome in KIND_OF:
        chosen = [line for line in lines if line.outcome == outcome]
        made += documents_issue(
            drafts=[_draft(line, chains=chains) for line in chosen],
            actor=actor,
            request_key=f"{request_key}:{outcome}" if request_key and chosen else "",
        )
    return made


def certificates_start(
    *, task: VerificationTask, actor: Actor, device_ids: Sequence[int] | None = None
) -> Job:
    """Issue many in a job: all that the rule asks for, or those of the chosen devices."""
    actor = require(actor, "documents.issue", task.unit_id)
    params: dict[str, Any] = {"task": task.pk, "devices": list(device_ids) if device_ids else None}
    return job_start(
        kind="verification.certificates", params=params, actor=actor,
        title=str(_("Certificates of task %(no)s") % {"no": task.number}),
    )  # fmt: skip


def records_print_start(*, task: VerificationTask, actor: Actor, language: str = "zh") -> Job:
    """Compose the original records of a task for print, in a job."""
    actor = require(actor, "documents.print", task.unit_id)
    return job_start(
        kind="verification.records", params={"task": task.pk, "language": language}, actor=actor,
        title=str(_("Original records of task %(no)s") % {"no": task.number}),
    )  # fmt: skip


def certificate_supersede(*, document: IssuedDocument, reason: str, actor: Actor) -> IssuedDocument:
    """Issue the paper of a device anew from its approved result; it names the wrong one."""
    if not reason.strip():
        raise BadInput(_("Say what is wrong with the document."))
    actor = require(actor, "documents.revoke", document.unit_id)
    named = dict(s.split(":", 1) for s in document.subjects)
    line = (
        ApprovalLine.objects.filter(
            approval__task__number=named.get("task", ""), device__barcode=named.get("device", ""),
            outcome__in=list(KIND_OF),
        )
        .select_related(*WHOLE, "approval__task")
        .order_by("-pk")
        .first()
    )  # fmt: skip
    if line is None:
        raise Refused(
            Refusal(
                "no_result",
                _("Document %(no)s does not come from an approved result.")
                % {"no": document.number},
            )
        )
    draft = _draft(line, document, reason)
    paper = replace(
        draft.paper,
        replaces=Amendment(number=document.number, issued_on=document.issued_on, reason=reason),
    )
    return documents_issue(drafts=[replace(draft, paper=paper)], actor=actor)[0]
