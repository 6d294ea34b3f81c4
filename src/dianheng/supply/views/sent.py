"""Pages of a sample that the higher centre tests: list, hand-over, report, coming back."""

import io
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.assets.services.lists import MEDIA_TYPES
from dianheng.common.errors import NotFound
from dianheng.common.excel import write_workbook
from dianheng.common.forms import acted, answer_form
from dianheng.common.pages import needs, opens_to
from dianheng.common.uploads import uploaded
from dianheng.documents.services import file_read
from dianheng.identity.services import actor_of

from .. import services
from ..forms import ITEMS, HandOverForm, ReasonForm, ReportForm, SendForm
from ..models import InspectionLot, SentSample
from ..papers import sent_note
from ..selectors.lots import item_word
from ..services.sent import sent_list, sent_list_heads
from .common import pdf
from .inspections import form_page, visible_inspection


def _sent(request: HttpRequest, number: str) -> tuple[InspectionLot, SentSample]:
    inspection = visible_inspection(request, number)
    found = SentSample.objects.filter(inspection=inspection).first()
    if found is None:
        raise NotFound(_("The sample of %(no)s is not sent away.") % {"no": number}, number=number)
    found.inspection = inspection
    return inspection, found


@needs("supply.inspect")
def sample_send(request: HttpRequest, number: str) -> HttpResponse:
    """Make the list of a sample for the higher centre."""
    found = visible_inspection(request, number)
    last = SentSample.objects.filter(inspection__unit=found.unit).order_by("-pk").first()
    form = SendForm(request.POST or None, initial={"sent_to": last.sent_to if last else ""})
    return form_page(
        request, found, form,
        lambda data: services.sent_sample_make(inspection=found, actor=actor_of(request), **data),
        _("Send to the higher centre"), _("Make the list"),
    )  # fmt: skip


@needs("supply.inspect")
def sent_hand_over(request: HttpRequest, number: str) -> HttpResponse:
    """The sample leaves."""
    inspection, sent = _sent(request, number)
    return form_page(
        request, inspection, HandOverForm(request.POST or None),
        lambda data: services.sent_sample_hand_over(sent=sent, actor=actor_of(request), **data),
        _("Hand over"), _("Hand over"),
    )  # fmt: skip


@needs("supply.inspect")
def sent_withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """The list was a mistake: the sample is tested here."""
    inspection, sent = _sent(request, number)
    return form_page(
        request, inspection, ReasonForm(request.POST or None),
        lambda data: services.sent_sample_withdraw(sent=sent, actor=actor_of(request), **data),
        _("Withdraw the list"), _("Withdraw the list"),
    )  # fmt: skip


@needs("supply.inspect")
def sent_report(request: HttpRequest, number: str) -> HttpResponse:
    """Enter or upload the centre's report."""
    inspection, sent = _sent(request, number)
    codes = list(inspection.draw.sample.order_by("rank").values_list("device__barcode", flat=True))
    form = ReportForm(
        request.POST or None, request.FILES or None, codes=codes,
        items=[(item, item_word(item)) for item in ITEMS],
        initial={"report_on": timezone.localdate().isoformat()},
    )  # fmt: skip
    back = reverse("inspection", args=[number])

    def act(data: dict[str, Any]) -> str:
        file = data.pop("file", None)
        more = {name: data[name] for name in ("report_no", "report_on", "failing")}
        if file is None:
            services.sent_sample_report(sent=sent, actor=actor_of(request), **more)
            return back
        with uploaded(file) as path:
            services.sent_sample_report(
                sent=sent, path=path, name=file.name, actor=actor_of(request), **more
            )
        return back

    return answer_form(
        request, form, act, title=_("Report of %(centre)s") % {"centre": sent.sent_to},
        submit=_("Record the report"), back=back, template="supply/report_form.html",
        crumbs=[(_("Inspections"), reverse("inspections")), (number, back)],
        intro=_("Each device of the sample has its result by this report. Only its pass releases full inspection."),
    )  # fmt: skip


@require_POST
@needs("supply.inspect")
def sent_back(request: HttpRequest, number: str) -> HttpResponse:
    """The sample is here again."""
    _inspection, sent = _sent(request, number)
    return acted(
        request,
        lambda: services.sent_sample_back(sent=sent, actor=actor_of(request)),
        reverse("inspection", args=[number]),
        _("The sample came back to its lot."),
    )


@opens_to("supply.view", "supply.inspect")
def sent_sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The list that goes along, as a workbook to be filled in."""
    _inspection, sent = _sent(request, number)
    file = io.BytesIO()
    write_workbook(file, sent.number, sent_list_heads(), sent_list(sent))
    response = HttpResponse(file.getvalue(), content_type=MEDIA_TYPES["xlsx"])
    response["Content-Disposition"] = f'attachment; filename="{sent.number}.xlsx"'
    return response


@opens_to("documents.print")
def sent_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The hand-over of the sample as PDF."""
    inspection, sent = _sent(request, number)
    return pdf(request, "handover_note", sent_note(sent), inspection.unit_id)


@opens_to("supply.view", "supply.inspect")
def sent_file(request: HttpRequest, number: str) -> HttpResponse:
    """The report as it was uploaded."""
    _inspection, sent = _sent(request, number)
    if sent.report_file is None:
        raise NotFound(_("No report was uploaded."), number=number)
    content = file_read(sent.report_file)
    response = HttpResponse(content, content_type="application/octet-stream")
    suffix = sent.report_file.name.rpartition(".")[2][:4]
    response["Content-Disposition"] = f'attachment; filename="{sent.number}-report.{suffix}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
