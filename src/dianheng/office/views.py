"""Pages of the office: the sheet of a process with every opinion."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from dianheng.common.pages import needs
from dianheng.documents.choices import DocumentKind
from dianheng.documents.services import paper_pdf
from dianheng.identity.services import actor_of
from dianheng.workflow.selectors import visible_instance

from .papers import sheet_of

VIEW = "workflow.view"


@needs(VIEW)
def approval_sheet(request: HttpRequest, number: str) -> HttpResponse:
    """审批单: what was asked for and every opinion, as it stands now."""
    found = visible_instance(number, request.user.pk, request.rights)  # type: ignore[attr-defined]
    content = paper_pdf(
        kind=DocumentKind.APPROVAL_SHEET, paper=sheet_of(found), unit_id=found.unit_id,
        actor=actor_of(request), language="en" if get_language() == "en" else "zh", right=None,
    )  # fmt: skip
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(number)}.pdf"
    return response
