"""Papers of a doubted meter: the notice for the customer, the record of the opening of the seal."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dianheng.common.errors import NotFound
from dianheng.common.pages import needs
from dianheng.documents.choices import DocumentKind
from dianheng.documents.services import paper_pdf
from dianheng.identity.services import actor_of
from dianheng.verification.choices import TaskKind
from dianheng.workflow.selectors import visible_instance

from ..doubt import doubt_of
from ..doubt_papers import notice_of, opening_of

VIEW = "workflow.view"
MAKERS = {
    DocumentKind.DOUBT_NOTICE: notice_of,
    DocumentKind.OPENING_RECORD: opening_of,
}


def _paper(request: HttpRequest, number: str, kind: DocumentKind) -> HttpResponse:
    instance = visible_instance(number, request.user.pk, request.rights)  # type: ignore[attr-defined]
    found = doubt_of(instance)
    is_there = found is not None and (
        found.approval is not None
        if kind == DocumentKind.DOUBT_NOTICE
        else found.begun["kind"] == TaskKind.ARBITRATION
    )
    if found is None or not is_there:
        raise NotFound(_("%(number)s has no such paper yet.") % {"number": number}, number=number)
    content = paper_pdf(
        kind=kind, paper=MAKERS[kind](instance, found), unit_id=instance.unit_id,
        actor=actor_of(request), language="en" if get_language() == "en" else "zh", right=None,
    )  # fmt: skip
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(number)}.pdf"
    return response


@needs(VIEW)
def notice(request: HttpRequest, number: str) -> HttpResponse:
    """检验结果通知书: kind, record, verdict, fee, and what the customer can do now."""
    return _paper(request, number, DocumentKind.DOUBT_NOTICE)


@needs(VIEW)
def opening(request: HttpRequest, number: str) -> HttpResponse:
    """启封记录: who was invited to the opening of the seal and came; signed by both sides."""
    return _paper(request, number, DocumentKind.OPENING_RECORD)
