"""Pages of the office: the sheet of a process with every opinion, its files and photos."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.common.errors import NotFound
from dianheng.common.forms import acted
from dianheng.common.pages import attachment, needs
from dianheng.documents.choices import DocumentKind
from dianheng.documents.services import file_read, paper_pdf
from dianheng.identity.services import actor_of
from dianheng.workflow.selectors import visible_instance

from .. import services
from ..papers import sheet_of
from ..selectors import files_of

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


@needs(VIEW)
def process_file(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """A file of a process, for who may see the process."""
    found = visible_instance(number, request.user.pk, request.rights)  # type: ignore[attr-defined]
    one = files_of(found).filter(pk=key).first()
    if one is None:
        raise NotFound(_("%(number)s has no such file.") % {"number": number}, number=number)
    return attachment(file_read(one.file), one.name, one.media_type)


@require_POST
@needs(VIEW)
def process_files(request: HttpRequest, number: str) -> HttpResponse:
    """Put files to a process."""
    found = visible_instance(number, request.user.pk, request.rights)  # type: ignore[attr-defined]

    def act() -> None:
        services.files_add(
            instance=found, sent=request.FILES.getlist("files"),
            text=request.POST.get("text", ""), actor=actor_of(request),
        )  # fmt: skip

    return acted(request, act, reverse("process", args=[number]), _("The files are kept."))
