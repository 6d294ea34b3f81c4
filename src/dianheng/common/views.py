"""Home, search, jobs, and what the shell asks for."""

import sys
import tempfile
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from .errors import NotFound
from .excel import write_workbook
from .figures import RIGHT as FIGURES_RIGHT
from .figures import figures_of
from .jobs import job_request_stop
from .lists import Choice, Column, Days, ListPage
from .models import JOB_TONES, Job, JobState
from .outages import STATUS, outage
from .pages import fragment, is_fragment, needs, scope_of
from .search import clean_code, resolve, search
from .todo import MINE, SOON, WAITING, recent_of, todo_count, todo_of


def home(request: HttpRequest) -> HttpResponse:
    """What I must do, what stands still because of others, what is due soon, my recent things."""
    groups = todo_of(request)
    jobs = Job.objects.filter(actor=request.user).order_by("-id")[:5]
    return render(
        request,
        "common/home.html",
        {
            "title": _("My work"),
            "mine": [g for g in groups if g.kind == MINE],
            "waiting": [g for g in groups if g.kind == WAITING],
            "soon": [g for g in groups if g.kind == SOON],
            "recent": recent_of(request),
            "jobs": jobs,
            "job_tones": JOB_TONES,
            "has_figures": request.rights.may(FIGURES_RIGHT),  # type: ignore[attr-defined]
        },
    )


@needs(FIGURES_RIGHT)
def home_figures(request: HttpRequest) -> HttpResponse:
    """A leader's figures; asked for apart, so that the home page does not wait for them."""
    figures = figures_of(request, scope_of(request).paths(FIGURES_RIGHT))
    context = {"title": _("Figures"), "figures": figures}
    part = "common/figures.html" if is_fragment(request) else "common/figures_page.html"
    return fragment(request, render(request, part, context))


def shell_status(request: HttpRequest) -> JsonResponse:
    """Numbers on the bar at the top; asked for apart, so that no page waits for them."""
    running = Job.objects.filter(
        actor=request.user, state__in=[JobState.WAITING, JobState.RUNNING]
    ).count()
    return JsonResponse({"todo": todo_count(request), "jobs": running})


def find(request: HttpRequest) -> HttpResponse:
    """Search over everything; while typing the fragment, after Enter the page."""
    text = clean_code(request.GET.get("q", ""))
    groups = search(request, text) if len(text) >= 2 or text.isdigit() else []
    direct = resolve(request, text) if len(text) >= 6 else None
    if direct and not is_fragment(request):
        return redirect(direct)
    context = {"title": _("Search"), "text": text, "groups": groups, "direct": direct}
    template = "common/find.html" + ("#hits" if is_fragment(request) else "")
    return fragment(request, render(request, template, context))


def find_code(request: HttpRequest) -> HttpResponse:
    """The scan box: a whole code goes straight to its thing."""
    code = clean_code(request.GET.get("code", ""))
    url = resolve(request, code) if code else None
    if url:
        return redirect(url)
    if not code:
        return redirect("home")
    context = {"title": _("Search"), "text": code, "groups": search(request, code), "unknown": True}
    return render(request, "common/find.html", context, status=404)


def _jobs(scope: Any) -> Any:
    rows = Job.objects.select_related("actor")
    return rows if scope.rights.may("jobs.view_all") else rows.filter(actor_id=scope.person_id)


JOBS = ListPage(
    key="jobs",
    title=gettext_lazy("Jobs"),
    rows=_jobs,
    columns=[
        Column("id", gettext_lazy("No."), kind="code", sort="pk"),
        Column("title", gettext_lazy("Work")),
        Column(
            "state", gettext_lazy("State"), kind="state", choices=JobState.choices, tones=JOB_TONES
        ),
        Column("percent", gettext_lazy("Progress"), kind="number", unit="%"),
        Column("actor", gettext_lazy("Started by"), "actor.name"),
        Column("created_at", gettext_lazy("Started"), kind="moment"),
        Column("finished_at", gettext_lazy("Finished"), kind="moment"),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=JobState.choices),
        Days("created", gettext_lazy("Started"), "created_at", of_moment=True),
    ],
    default_order="-id",
    search=("title",),
    row_url=lambda job: reverse("job", args=[job.pk]),
    cards=("id", "title", "state", "percent", "created_at"),
    export=False,
    empty_text=gettext_lazy(
        "No job yet. Imports, exports and print runs appear here while they work."
    ),
)


def jobs(request: HttpRequest) -> HttpResponse:
    """My jobs, or everybody's for who may."""
    return JOBS.answer(request)


def _job(request: HttpRequest, job_id: int) -> Job:
    job = Job.objects.select_related("actor", "acting_for").filter(pk=job_id).first()
    if job is None or (
        job.actor_id != request.user.pk and not request.rights.may("jobs.view_all")  # type: ignore[attr-defined]
    ):
        raise NotFound(_("There is no job %(no)s, or it is not yours.") % {"no": job_id})
    return job


def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """One job: progress while it works, then result and errors; asks anew while it runs."""
    found = _job(request, job_id)
    context = {
        "title": found.title,
        "job": found,
        "tone": JOB_TONES.get(found.state, "calm"),  # type: ignore[call-overload]
        "errors": found.errors[:500],
        "is_over": found.is_over,
    }
    if not is_fragment(request):
        return fragment(request, render(request, "common/job.html", context))
    part = (
        "common/job_bar.html#bar" if request.GET.get("part") == "bar" else "common/job.html#state"
    )
    response = render(request, part, context)
    if found.is_over and request.GET.get("part") == "bar":
        response.headers["HX-Refresh"] = "true"  # the page around the bar has its result now
    return fragment(request, response)


@require_POST
def job_stop(request: HttpRequest, job_id: int) -> HttpResponse:
    """Ask the job to stop at its next safe point."""
    job_request_stop(_job(request, job_id))
    return redirect("job", job_id=job_id)


def job_errors(request: HttpRequest, job_id: int) -> HttpResponse:
    """All errors of a job as a spreadsheet."""
    found = _job(request, job_id)
    keys = list(dict.fromkeys(key for error in found.errors for key in error))
    file = tempfile.TemporaryFile()  # noqa: SIM115  the answer closes it
    write_workbook(
        file, _("Errors"), keys, ([error.get(k, "") for k in keys] for error in found.errors)
    )  # type: ignore[arg-type]
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"job-{job_id}-errors.xlsx")


def job_file(request: HttpRequest, job_id: int, name: str) -> HttpResponse:
    """A file that the job made; only those that its result names."""
    found = _job(request, job_id)
    for entry in found.result.get("files", []):
        if entry["path"] == name:
            path = settings.MEDIA_ROOT / "jobs" / str(job_id) / name
            if path.exists():
                return FileResponse(path.open("rb"), as_attachment=True, filename=entry["name"])
    raise NotFound(_("This file is no longer kept. Start the job again."))


def broken(request: HttpRequest) -> HttpResponse:
    """The answer when no page gave one: an outage in its own words, else that something broke.

    It may be the database that is away: nothing here asks it.
    """
    refusal = outage(sys.exc_info()[1])
    status = STATUS[refusal.code] if refusal else 500
    if request.path.startswith("/api/") or not request.accepts("text/html"):
        text = _("Something broke on our side. Nothing of this step was written.")
        body = {"code": "broken", "text": text, "facts": {}, "errors": []}
        return JsonResponse(refusal.as_dict() if refusal else body, status=status)
    page = render_to_string("500.html", {"refusal": refusal})
    return HttpResponse(page, status=status)
