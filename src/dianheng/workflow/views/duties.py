"""Pages of the separation of duties: who could handle and approve, and what leaders say of it."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.errors import NotFound
from dianheng.common.forms import answer_form
from dianheng.common.pages import needs, no_right
from dianheng.identity.selectors import setting
from dianheng.identity.services import actor_of

from .. import services
from ..choices import DutyKind
from ..forms_pages import AcceptForm
from ..selectors import duty_line, duty_page, judged_from, wide_line, wide_page

SHOWN = 200  # lines of each table on the page; `?all=1` has every one, for the printed report


@needs("workflow.view")
def path_list(request: HttpRequest) -> HttpResponse:
    """Every way, those that no leader has accepted first; prints as the report of an audit day."""
    at_most = None if request.GET.get("all") else SHOWN
    ways, wide_found = duty_page(at_most), wide_page(at_most)
    context = {
        "title": _("Who could handle and approve"),
        "lines": [(line, DutyKind(line.path.kind).label) for line in ways.lines],
        "more": ways.more,
        "open_count": ways.open_count,
        "wide": wide_found.lines,
        "wide_more": wide_found.more,
        "wide_open": wide_found.open_count,
        "days": setting("workflow.unused_days"),
        "judged_from": judged_from(),
        "now": timezone.localtime(),
        "may": request.rights.may("workflow.duties"),  # type: ignore[attr-defined]
    }
    return render(request, "workflow/duties.html", context)


@needs("workflow.view")
def path(request: HttpRequest, person_no: str, key: str) -> HttpResponse:
    """One way, and the acceptance of it."""
    line = duty_line(person_no, key)
    if line is None:
        raise NotFound(_("This way is not there any more."))

    def act(data: dict[str, Any]) -> str:
        services.duty_accept(person_no=person_no, key=key, actor=actor_of(request), **data)
        return reverse("duties")

    may = request.rights.may("workflow.duties")  # type: ignore[attr-defined]
    initial = {"valid_through": timezone.localdate() + timedelta(days=90)}
    return answer_form(
        request, AcceptForm(request.POST or None, initial=initial), act, title=line.person.name,
        submit=_("Accept for a while"), back=reverse("duties"), success=_("Accepted."),
        crumbs=[(_("Who could handle and approve"), reverse("duties"))],
        template="workflow/duty.html", line=line, kind=DutyKind(line.path.kind).label,
        refusal=None if may else no_right("workflow.duties"),
    )  # fmt: skip


@needs("workflow.view")
def wide(request: HttpRequest, key: str) -> HttpResponse:
    """Rights that nothing needs: whose they are, what to do, the acceptance of them."""
    line = wide_line(key)
    if line is None:
        raise NotFound(_("These rights are needed now, or are not held any more."))

    def act(data: dict[str, Any]) -> str:
        services.wide_accept(key=key, actor=actor_of(request), **data)
        return reverse("duties")

    may = request.rights.may("workflow.duties")  # type: ignore[attr-defined]
    initial = {"valid_through": timezone.localdate() + timedelta(days=90)}
    return answer_form(
        request, AcceptForm(request.POST or None, initial=initial), act, title=line.post.name,
        submit=_("Accept for a while"), back=reverse("duties"), success=_("Accepted."),
        crumbs=[(_("Who could handle and approve"), reverse("duties"))],
        template="workflow/duty_wide.html", line=line,
        refusal=None if may else no_right("workflow.duties"),
    )  # fmt: skip
