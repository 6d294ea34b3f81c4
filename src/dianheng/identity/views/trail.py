"""The audit trail: who wrote what, when, for whom, why; each row before and after."""

from typing import Any

from django.db.models import OuterRef, Q, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.access import note_access
from dianheng.common.actions import action_label, all_actions
from dianheng.common.errors import NotFound, Refused
from dianheng.common.jobs import job_start
from dianheng.common.lists import Choice, Column, Condition, Contains, Days, ListPage, PageAction
from dianheng.common.models import JOB_TONES, Job
from dianheng.common.pages import needs, no_right

from ..choices import Via
from ..models import AuditBatch, AuditSeal, AuditStatement
from ..selectors.trail import audited_tables, batches_of_tables, statements_of
from ..services import actor_of

OPERATIONS = {
    "I": gettext_lazy("added"),
    "U": gettext_lazy("changed"),
    "D": gettext_lazy("removed"),
}


def batches_with_rows(scope: Any) -> Any:
    counted = (
        AuditStatement.objects.filter(batch_id=OuterRef("pk"))
        .order_by()
        .values("batch_id")
        .annotate(rows=Sum("row_count"))
        .values("rows")
    )
    return AuditBatch.objects.annotate(row_total=Subquery(counted))


def _touching(tables: list[str]) -> list[Condition]:
    return [Condition(q=Q(pk__in=batches_of_tables(tables)))]


BATCH_COLUMNS = [
    Column("id", gettext_lazy("No."), kind="code", sort="pk"),
    Column("began_at", gettext_lazy("When"), kind="moment", sort="began_at"),
    Column("actor_name", gettext_lazy("Who")),
    Column("acting_for_name", gettext_lazy("For")),
    Column(
        "action",
        gettext_lazy("Action"),
        lambda b: str(action_label(b.action)),
        hint=lambda b: b.action,
        export=lambda b: b.action,
    ),
    Column("rows", gettext_lazy("Rows"), "row_total", kind="number"),
    Column("reason", gettext_lazy("Reason")),
    Column("via", gettext_lazy("Door"), lambda b: dict(Via.choices).get(b.via, b.via)),
    Column("request_id", gettext_lazy("Request"), kind="code", hidden=True),
]
TRAIL = ListPage(
    key="audit",
    title=gettext_lazy("Audit trail"),
    rows=batches_with_rows,
    columns=BATCH_COLUMNS,
    filters=[
        Contains("who", gettext_lazy("Who"), "actor_name"),
        Choice("action", gettext_lazy("Action"), options=lambda scope: all_actions()),
        Days("day", gettext_lazy("When"), "began_at", of_moment=True),
        Choice(
            "table", gettext_lazy("What"), options=lambda scope: audited_tables(), where=_touching
        ),
        Choice("via", gettext_lazy("Door"), options=Via.choices),
        Contains("request", gettext_lazy("Request"), "request_id", how="equals"),
    ],
    default_order="-id",
    search=("actor_name", "acting_for_name", "action", "reason"),
    row_url=lambda batch: reverse("audit_batch", args=[batch.pk]),
    cards=("id", "began_at", "actor_name", "action", "rows"),
    actions=lambda request: [
        PageAction(gettext_lazy("Is the trail whole?"), reverse("audit_check"))
    ],
    empty_text=gettext_lazy("Nothing was written yet."),
)
CHECKS_SHOWN = 20


@needs("audit.view")
def trail(request: HttpRequest) -> HttpResponse:
    """Every batch, the newest first."""
    return TRAIL.answer(request)


@needs("audit.view")
def trail_check(request: HttpRequest) -> HttpResponse:
    """Prove that the trail is whole, or take it along as a file; what was found before."""
    if request.method == "POST":
        kind = "audit.export" if request.POST.get("step") == "export" else "audit.verify"
        if kind == "audit.export":
            note_access(request, "export", "audit")
        title = _("Audit trail as a file") if kind == "audit.export" else _("Audit trail checked")
        job = job_start(kind=kind, params={}, actor=actor_of(request), title=title)
        return redirect("job", job_id=job.pk)
    jobs = Job.objects.filter(kind="audit.verify").select_related("actor").order_by("-pk")
    context = {
        "title": _("Is the trail whole?"),
        "checks": [(job, JOB_TONES[job.state]) for job in jobs[:CHECKS_SHOWN]],
        "may_see": request.rights.may("jobs.view_all"),  # type: ignore[attr-defined]
    }
    return render(request, "identity/audit_check.html", context)


def audit_batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """One transaction: each row old → new; for who reads the trail, and for whose name it bears."""
    batch = AuditBatch.objects.filter(pk=batch_id).first()
    names = {batch.actor_id, batch.acting_for_id} if batch else set()
    if request.user.pk not in names and not request.rights.may("audit.view"):  # type: ignore[attr-defined]
        raise Refused(no_right("audit.view"))
    if batch is None:
        raise NotFound(_("There is no batch %(no)s.") % {"no": batch_id})
    seal = AuditSeal.objects.filter(batch_id=batch_id).first()
    context = {
        "title": _("Batch %(no)s") % {"no": batch_id},
        "batch": batch,
        "action": action_label(batch.action),
        "via": dict(Via.choices).get(batch.via, batch.via),
        "statements": [
            {"one": one, "operation": OPERATIONS.get(one.operation, one.operation)}
            for one in statements_of(batch)
        ],
        "seal": seal,
        "digest": bytes(seal.digest).hex() if seal else "",
    }
    return render(request, "identity/audit_batch.html", context)
