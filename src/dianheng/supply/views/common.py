"""What the pages of supply share."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dianheng.common.errors import NotFound, Refusal, Text
from dianheng.common.lists import PageAction
from dianheng.common.pages import no_right
from dianheng.documents.papers.schema import Paper
from dianheng.documents.services import paper_pdf
from dianheng.identity.models import Unit
from dianheng.identity.services import actor_of

VIEW = "supply.view"


def may(request: HttpRequest, right: str, unit: Unit) -> bool:
    """Whether the person holds the right over the unit."""
    return bool(request.rights.may(right, unit.path))  # type: ignore[attr-defined]


def seen(request: HttpRequest, thing: Any, number: str, *rights: str) -> Any:
    """The thing, when it is there and the person may see it."""
    wanted = (VIEW, *rights)
    if thing is None or not any(may(request, right, thing.unit) for right in wanted):
        raise NotFound(_("There is no %(no)s here.") % {"no": number}, number=number)
    return thing


def against(request: HttpRequest, right: str, unit: Unit, *reasons: Text) -> Refusal | None:
    """Why something cannot be done now: no right, or the first reason that is not empty."""
    if not may(request, right, unit):
        return no_right(right)
    return next((Refusal("now", reason) for reason in reasons if reason), None)


def ordered(actions: list[PageAction]) -> list[PageAction]:
    """The first action that can be done is the filled button."""
    for action in actions:
        if action.refusal is None:
            action.is_primary = True
            break
    return actions


def pdf(request: HttpRequest, kind: str, paper: Paper, unit_id: int) -> HttpResponse:
    """A paper composed from the record."""
    content = paper_pdf(
        kind=kind, paper=paper, unit_id=unit_id, actor=actor_of(request),
        language="en" if get_language() == "en" else "zh",
    )  # fmt: skip
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(paper.number)}.pdf"
    return response
