"""Pages of makers' test data: sent in for a lot, checked, taken, refused; the blank file."""

from io import BytesIO
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.list_pages import ListPages
from dianheng.assets.models import Lot
from dianheng.common.excel import write_workbook
from dianheng.common.forms import answer_form
from dianheng.common.pages import needs, opens_to

from .. import services
from ..forms import MakerTestForm
from ..models import MakerTestFile
from ..panels import lot_links
from ..selectors.lots import lot_by_code
from ..selectors.maker_tests import blank_rows
from ..services.maker_tests import WAY
from .common import VIEW, against, seen
from .lots import LOTS

RIGHT = "supply.deliver"


def _lot(request: HttpRequest, code: str) -> Lot:
    found: Lot = seen(request, lot_by_code(code), code, RIGHT)
    return found


@needs(RIGHT)
def maker_tests_new(request: HttpRequest, code: str) -> HttpResponse:
    """Send the maker's file in; it is checked at once when its columns are known."""
    lot = _lot(request, code)
    form = MakerTestForm(request.POST or None, request.FILES or None)
    back = reverse("lot", args=[code])

    def act(data: dict[str, Any]) -> str:
        return PAGES.received(request, data["file"], services.maker_tests_upload, lot=lot)

    return answer_form(
        request, form, act, title=_("Maker's test data"), submit=_("Send and check"), back=back,
        crumbs=[(LOTS.title, reverse("lots")), (code, back)], intro=f"{lot.code} {lot.model}",
    )  # fmt: skip


@opens_to(VIEW, RIGHT)
def maker_tests_blank(request: HttpRequest, code: str) -> FileResponse:
    """The file to be filled by the maker: heads, and the lot's first device as an example."""
    lot = _lot(request, code)
    out = BytesIO()
    heads, *rows = blank_rows(lot)
    write_workbook(out, str(_("Maker's test data")), heads, rows)
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=f"{lot.code}.xlsx")


def _tests(request: HttpRequest, number: str) -> MakerTestFile:
    rows = MakerTestFile.objects.select_related(
        "lot__unit", "lot__model__manufacturer", "file", "job", "uploaded_by", "taken_by"
    )
    found = rows.filter(number=number).first()
    seen(request, found.lot if found else None, number, RIGHT)
    assert found is not None
    return found


PAGES = ListPages(
    WAY,
    "maker_tests",
    _tests,
    opens_to(VIEW, RIGHT),
    taken=gettext_lazy("%(no)s is taken: what the maker states stands beside the centre's figures."),
    refused=gettext_lazy("%(no)s is refused. Its figures do not count."),
)  # fmt: skip


@opens_to(VIEW, RIGHT)
def maker_tests(request: HttpRequest, number: str) -> HttpResponse:
    """One file: columns to be named, or what the check found, and what can be done with it."""
    found = _tests(request, number)
    context = {
        "lot": found.lot,
        "links": lot_links(found.lot),
        "may_withdraw": against(request, RIGHT, found.lot.unit) is None,
    }
    return render(request, "supply/maker_tests.html", PAGES.context(request, found) | context)
