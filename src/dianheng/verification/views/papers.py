"""Papers of the laboratory: certificates of a task, original records, task sheet, failures."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.common.errors import NotFound
from dianheng.common.pages import no_right, opens_to
from dianheng.common.search import clean_code
from dianheng.documents.models import IssuedDocument
from dianheng.documents.selectors import document_by_number
from dianheng.documents.services import paper_pdf
from dianheng.identity.services import actor_of

from ..choices import Outcome
from ..models import ApprovalLine, TestRecord, VerificationTask
from ..papers import RECORD, failure_list, original_record, task_paper
from ..selectors.results import record_sheet
from ..selectors.tasks import record_by_number
from ..services.certificates import (
    certificate_lines,
    certificate_supersede,
    certificates_issue,
    certificates_lacking,
    certificates_start,
    records_print_start,
)
from .common import visible_task

AT_ONCE = 12  # more are a job with progress
SHOWN = 100


def _pdf(request: HttpRequest, kind: str, paper: Any, unit_id: int, name: str) -> HttpResponse:
    content = paper_pdf(
        kind=kind, paper=paper, unit_id=unit_id, actor=actor_of(request),
        language="en" if get_language() == "en" else "zh",
    )  # fmt: skip
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}.pdf"
    response["Cache-Control"] = "no-store"
    return response


@opens_to("verification.view")
def certificates(request: HttpRequest, number: str) -> HttpResponse:
    """Who has a certificate or notice of this task, who should have one, who may get one."""
    task = visible_task(request, number)
    if request.method == "POST":
        return _issue(request, task)
    lacking = certificates_lacking(task)
    piece = clean_code(request.GET.get("q", ""))[:100]
    found = lacking.filter(device__barcode__contains=piece) if piece else lacking
    lines = list(found.select_related("device__model")[:SHOWN])
    counted = lacking.aggregate(all=Count("pk"), owed=Count("pk", filter=Q(is_owed=True)))
    count = len(lines) if len(lines) < SHOWN else found.count() if piece else counted["all"]
    papers = IssuedDocument.objects.filter(subjects__contains=[f"task:{task.number}"]).defer("data")
    documents = list(papers.select_related("end").order_by("-pk")[:SHOWN])
    issued = len(documents) if len(documents) < SHOWN else papers.count()
    context = {
        "title": _("Certificates of %(no)s") % {"no": task.number},
        "task": task,
        "lines": lines,
        "piece": piece,
        "is_long": bool(piece) or count > SHOWN,
        "more": count - len(lines),
        "owed": counted["owed"],
        "documents": documents,
        "more_documents": issued - len(documents),
        "refusal": None
        if request.rights.may("documents.issue", task.unit.path)  # type: ignore[attr-defined]
        else no_right("documents.issue"),
    }
    return render(request, "verification/certificates.html", context)


def _issue(request: HttpRequest, task: VerificationTask) -> HttpResponse:
    if request.POST.get("what") == "rule":
        lines = certificate_lines(task, by_rule=True)
    else:
        chosen = {int(key) for key in request.POST.getlist("line") if key.isdigit()}
        lines = certificate_lines(task, among=chosen)
    if not lines:
        messages.error(request, _("Choose devices first."))
    elif len(lines) > AT_ONCE:
        job = certificates_start(
            task=task, actor=actor_of(request), device_ids=[line.device_id for line in lines]
        )
        return redirect("job", job_id=job.pk)
    else:
        made = certificates_issue(task=task, lines=lines, actor=actor_of(request))
        messages.success(request, _("%(n)s certificates and notices issued.") % {"n": len(made)})
    return redirect("task_certificates", number=task.number)


@opens_to("documents.print")
def record_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The original record as PDF."""
    found = record_by_number(number)
    if not request.rights.may("verification.view", found.task.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no record %(no)s.") % {"no": number}, record=number)
    record = TestRecord.objects.select_related(*RECORD).get(pk=found.pk)
    return _pdf(request, "original_record", original_record(record), record.task.unit_id, number)


@opens_to("verification.view")
def record_data(request: HttpRequest, number: str) -> HttpResponse:
    """The original record as data: raw, the bench's figures, ours, the verdict."""
    found = record_by_number(number)
    if not request.rights.may("verification.view", found.task.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no record %(no)s.") % {"no": number}, record=number)
    response = JsonResponse(
        record_sheet(found), json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(number)}.json"
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def task_records(request: HttpRequest, number: str) -> HttpResponse:
    """Compose all original records of a task for print."""
    task = visible_task(request, number)
    language = "en" if get_language() == "en" else "zh"
    job = records_print_start(task=task, actor=actor_of(request), language=language)
    return redirect("job", job_id=job.pk)


@opens_to("documents.print")
def task_sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The task as paper."""
    task = visible_task(request, number)
    return _pdf(request, "verification_task", task_paper(task, task.made_at), task.unit_id, number)


@opens_to("documents.print")
def failures(request: HttpRequest, number: str) -> HttpResponse:
    """The list of failures of a task as paper."""
    task = visible_task(request, number)
    lines: Iterable[ApprovalLine] = (
        ApprovalLine.objects.filter(approval__task=task)
        .exclude(outcome=Outcome.PASSED)
        .select_related("device", "verdict", "record")
        .order_by("device__barcode")
    )
    tested = task.devices.filter(attempts__gt=0).count()
    paper = failure_list(task, list(lines), tested, timezone.now())
    return _pdf(request, "failure_list", _numbered(paper, task), task.unit_id, f"{number}-failures")


def _numbered(paper: Any, task: VerificationTask) -> Any:
    return replace(paper, number=f"{task.number}-BH")


@require_POST
def supersede(request: HttpRequest, number: str) -> HttpResponse:
    """Issue a certificate anew; the wrong one is named by it."""
    document = document_by_number(number)
    made = certificate_supersede(
        document=document, reason=request.POST.get("reason", ""), actor=actor_of(request)
    )
    messages.success(
        request, _("%(new)s takes the place of %(old)s.") % {"new": made.number, "old": number}
    )
    return redirect("document", number=made.number)
