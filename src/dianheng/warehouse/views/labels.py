"""Labels: what was chosen, on which sheet, from which label on; a test print; the PDF."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dianheng.assets.models import Device, Place
from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import take_refusal
from dianheng.common.lists import Outcome, Preview
from dianheng.common.pages import needs
from dianheng.documents.choices import LabelKind
from dianheng.documents.papers.labels import CODED, sheets
from dianheng.documents.selectors import copies_of
from dianheng.documents.services import label_test_pdf
from dianheng.identity.services import actor_of

from ..forms import LabelForm
from ..labels import OF_DEVICES, labels_of
from ..models import LabelRun
from ..services import label_run_make, labels_pdf

SHOWN = 200


def preview_of(kind: str) -> Any:
    """The preview of a bulk action: for which there are labels, for which not and why."""

    def preview(request: HttpRequest, selection: Any) -> Preview:
        made = labels_of(kind, selection.ids, approver="?")
        return Preview(len(made.labels), made.refused, _("Sheet and first label are chosen next."))

    return preview


def perform_of(kind: str) -> Any:
    """The bulk action: keep the choice, go on to the sheet."""

    def perform(request: HttpRequest, selection: Any, data: dict[str, Any], key: str) -> Outcome:
        run = label_run_make(kind=kind, keys=selection.ids, actor=actor_of(request))
        return Outcome(
            len(selection),
            url=reverse("labels_run", args=[run.pk]),
            url_label=_("Choose the sheet"),
        )

    return perform


@needs("documents.print")
def labels_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """Labels of many things."""
    run = LabelRun.objects.filter(pk=run_id, person_id=request.user.pk).first()
    if run is None:
        raise NotFound(_("There are no such labels of yours."))
    return _answer(request, run.kind, run.keys)


@needs("documents.print")
def labels_one(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """The label of one thing, from its page."""
    if kind not in LabelKind.values:
        raise NotFound(_("There is no such label."))
    rights: Any = request.rights  # type: ignore[attr-defined]
    if kind in OF_DEVICES:
        thing: Any = Device.objects.select_related("unit").filter(barcode=code).first()
    else:
        thing = Place.objects.select_related("unit").filter(code=code).first()
    if thing is None or not rights.may("assets.view", thing.unit.path):
        raise NotFound(_("Nothing in your units has the code %(code)s.") % {"code": code})
    return _answer(request, kind, [thing.pk])


def _answer(request: HttpRequest, kind: str, keys: list[int]) -> HttpResponse:
    """The page, or the PDF when it is asked for."""
    kept = request.session.get(f"labels:{kind}", {})
    form = LabelForm(request.POST or None, kind=kind, initial=kept)
    if request.method == "POST" and form.is_valid():
        try:
            return _pdf(request, kind, keys, form.cleaned_data)
        except Refused as refused:
            take_refusal(form, refused, request)
    made = labels_of(kind, keys, approver="?")
    codes = [getattr(label, CODED[kind]) for label in made.labels]
    before = copies_of(kind, codes)
    context = {
        "title": LabelKind(kind).label,
        "form": form,
        "kind": kind,
        "count": len(codes),
        "codes": [(code, before.get(code)) for code in codes[:SHOWN]],
        "before": len(before),
        "refused": made.refused,
        "sheets": {
            name: sheet["columns"] * sheet["rows"]
            for name, sheet in sheets().items()
            if kind in sheet["kinds"]
        },
        "more": max(0, len(codes) - SHOWN),
    }
    return render(request, "warehouse/labels.html", context)


def _pdf(request: HttpRequest, kind: str, keys: list[int], data: dict[str, Any]) -> HttpResponse:
    offset = (float(data["dx"] or 0), float(data["dy"] or 0))
    language = "en" if get_language() == "en" else "zh"
    sheet = sheets()[data["sheet"]]
    kept = {"sheet": data["sheet"], "dx": str(data["dx"] or ""), "dy": str(data["dy"] or "")}
    if request.POST.get("test"):
        pdf = label_test_pdf(kind=kind, sheet=data["sheet"], offset_mm=offset, language=language)
    else:
        pdf = labels_pdf(
            kind=kind, keys=keys, actor=actor_of(request), approver=data.get("approver") or "",
            sheet=data["sheet"], first=data["first"], offset_mm=offset, copies=data["copies"],
            reason=data["reason"], language=language,
        )  # fmt: skip
        count = len(labels_of(kind, keys, data.get("approver") or "").labels) * data["copies"]
        room = sheet["columns"] * sheet["rows"]
        kept["first"] = (data["first"] - 1 + count) % room + 1
    request.session[f"labels:{kind}"] = request.session.get(f"labels:{kind}", {}) | kept
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{kind}.pdf"'
    return response
