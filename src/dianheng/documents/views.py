"""Certificates and papers: lists, one document, copies, what the public needs to check them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.common.errors import Refused
from dianheng.common.jobs import job_start
from dianheng.common.lists import BulkAction, Choice, Column, Days, ListPage, Outcome, Preview
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.common.search import resolve
from dianheng.identity.models import Unit
from dianheng.identity.registry import all_rights
from dianheng.identity.rules import guard_right
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from .choices import CopyKind, DocumentKind, DocumentState, LabelKind
from .forms import BodyForm, EndForm, VoidForm
from .models import IssuedDocument, IssuingBody, NumberSeries
from .registry import supersede_url_of
from .selectors import document_by_number, number_series, print_ledger, void_numbers
from .services import (
    document_data,
    document_pdf,
    document_revoke,
    issuing_body_set,
    known_keys,
    number_void,
    revocations_signed,
)
from .signing.codes import read_code
from .signing.keys import write_keys

TONES = {"in_force": "good", "superseded": "warn", "revoked": "bad"}
CONCLUSIONS = {
    "pass": gettext_lazy("Passed"), "fail": gettext_lazy("Failed"),
    "accept": gettext_lazy("Accepted"), "reject": gettext_lazy("Rejected"), "": "",
}  # fmt: skip


def state_of(document: IssuedDocument) -> str:
    """in_force, superseded or revoked."""
    return str(document.end.state) if hasattr(document, "end") else str(DocumentState.IN_FORCE)


def _preview(request: HttpRequest, selection: Any) -> Preview:
    kinds = (
        IssuedDocument.objects.filter(pk__in=selection.ids)
        .values_list("kind", flat=True)
        .distinct()
    )
    if len(kinds) > 1:
        return Preview(0, text=_("A print run holds documents of one kind: filter by kind first."))
    return Preview(
        len(selection), text=_("Unsigned copies with QR code, each in the print ledger.")
    )


def _perform(request: HttpRequest, selection: Any, data: dict[str, Any], key: str) -> Outcome:
    job = job_start(
        kind="documents.run", params={"documents": list(selection.ids), "language": _paper_language()},
        actor=actor_of(request), title=_("Print run of %(n)s documents") % {"n": len(selection)},
    )  # fmt: skip
    return Outcome(len(selection), job=job)


DOCUMENTS = ListPage(
    key="documents",
    title=gettext_lazy("Certificates and papers"),
    rows=lambda scope: IssuedDocument.objects.select_related("end", "unit", "actor").defer("data"),
    right="documents.view",
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="number"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("subject", gettext_lazy("About"), lambda d: ", ".join(s.split(":", 1)[1] for s in d.subjects[:2]), kind="code"),
        Column("conclusion", gettext_lazy("Conclusion"), lambda d: CONCLUSIONS.get(d.conclusion, d.conclusion)),
        Column("issued_on", gettext_lazy("Issued on"), kind="date", sort="pk"),
        Column("valid_through", gettext_lazy("Valid through"), kind="date"),
        Column("state", gettext_lazy("State"), state_of, kind="state", choices=DocumentState.choices, tones=TONES),
        Column("actor", pgettext_lazy("person", "Issued by"), "actor.name"),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("kind", gettext_lazy("Kind"), options=DocumentKind.choices),
        Days("issued", gettext_lazy("Issued on"), "issued_on"),
    ],
    search=("number", "title"),
    search_hint=gettext_lazy("Number or title"),
    row_url=lambda d: reverse("document", args=[d.number]),
    bulk_actions=[
        BulkAction("run", gettext_lazy("Print"), _preview, _perform, right="documents.print"),
    ],
    empty_text=gettext_lazy("No document yet. Certificates are issued from approved results."),
)  # fmt: skip

COPY_KINDS: dict[str, Any] = {**dict(DocumentKind.choices), **dict(LabelKind.choices)}

COPIES = ListPage(
    key="document-copies",
    title=gettext_lazy("Print ledger"),
    rows=lambda scope: print_ledger(scope.paths("documents.view")),
    columns=[
        Column("recorded_at", gettext_lazy("When"), kind="moment", sort="id"),
        Column("number", gettext_lazy("Number"), kind="code"),
        Column("kind", gettext_lazy("Kind"), lambda c: COPY_KINDS.get(c.kind, c.kind)),
        Column("how", gettext_lazy("How"), "get_how_display"),
        Column("copies", gettext_lazy("Copies"), kind="number", decimals=0),
        Column("person", gettext_lazy("By"), "person.name"),
        Column("reason", gettext_lazy("Reason")),
    ],
    filters=[
        Choice("kind", gettext_lazy("Kind"), options=[*DocumentKind.choices, *LabelKind.choices]),
        Choice("how", gettext_lazy("How"), options=CopyKind.choices),
        Days("at", gettext_lazy("When"), "recorded_at"),
    ],
    search=("number", "person__name"),
    row_url=lambda c: reverse("document", args=[c.number]) if c.document_id else None,
    empty_text=gettext_lazy("Nobody took a copy yet."),
)  # fmt: skip


def _paper_language() -> str:
    return "en" if get_language() == "en" else "zh"


@opens_to("documents.view")
def document_list(request: HttpRequest) -> HttpResponse:
    """All documents of the units one may see."""
    return DOCUMENTS.answer(request)


@needs("documents.view")
def copies(request: HttpRequest) -> HttpResponse:
    """Who took which copy when."""
    return COPIES.answer(request)


def _visible(request: HttpRequest, number: str, right: str = "documents.view") -> IssuedDocument:
    found = document_by_number(number)
    refusal = guard_right(request.rights, right, all_rights()[right], found.unit.path)  # type: ignore[attr-defined]
    if refusal:
        raise Refused(refusal)
    return found


@opens_to("documents.view")
def document(request: HttpRequest, number: str) -> HttpResponse:
    """One document: what it says, whether it counts, who took copies."""
    found = _visible(request, number)
    follower = getattr(found, "superseded_by", None)
    context = {
        "title": found.number,
        "document": found,
        "state": state_of(found),
        "state_label": DocumentState(state_of(found)).label,
        "tones": TONES,
        "conclusion": CONCLUSIONS.get(found.conclusion, found.conclusion),
        "follower": follower,
        "end": getattr(found, "end", None),
        "facts": read_code(found.code_text).facts if found.code_text else None,
        "copies": found.copies.select_related("person")[:50],
        "subjects": [
            (kind, number, resolve(request, number))
            for kind, number in (subject.split(":", 1) for subject in found.subjects)
        ],
        "form": EndForm(),
        "supersede_url": supersede_url_of(found),
        "may_end": request.rights.may("documents.revoke", found.unit.path),  # type: ignore[attr-defined]
        "may_print": request.rights.may("documents.print", found.unit.path),  # type: ignore[attr-defined]
    }
    return render(request, "documents/document.html", context)


def _attachment(content: bytes, name: str, media_type: str, inline: bool = False) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    place = "inline" if inline else "attachment"
    response["Content-Disposition"] = f"{place}; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response


@opens_to("documents.print")
def document_file(request: HttpRequest, number: str) -> HttpResponse:
    """The signed PDF, or a copy to print (`?print=1`); the print ledger says who took it."""
    found = _visible(request, number)
    how = CopyKind.PRINT if request.GET.get("print") else CopyKind.DOWNLOAD
    pdf = document_pdf(document=found, how=how, actor=actor_of(request), language=_paper_language())
    return _attachment(pdf, f"{number}.pdf", "application/pdf", inline=how == CopyKind.PRINT)


@opens_to("documents.view")
def document_data_file(request: HttpRequest, number: str) -> HttpResponse:
    """The data that the digest in the QR code covers."""
    found = _visible(request, number)
    return _attachment(
        document_data(document=found, actor=actor_of(request)), f"{number}.json", "application/json"
    )


@require_POST
def document_end(request: HttpRequest, number: str) -> HttpResponse:
    """Revoke a document."""
    found = _visible(request, number)
    form = EndForm(request.POST)
    if form.is_valid():
        document_revoke(document=found, reason=form.cleaned_data["reason"], actor=actor_of(request))
        messages.success(request, _("Document %(no)s is revoked.") % {"no": number})
    else:
        messages.error(request, _("Say why document %(no)s no longer counts.") % {"no": number})
    return redirect("document", number=number)


@needs("documents.view")
def numbers(request: HttpRequest) -> HttpResponse:
    """Series of numbers: how far each has come, what became of every number; void the next one."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    units = [unit.pk for unit in units_with_right(rights, "documents.view")]
    form = VoidForm(request.POST or None, series=number_series(units))
    if request.method == "POST" and form.is_valid():
        series = NumberSeries.objects.get(pk=form.cleaned_data["series"])
        void = number_void(
            key=series.key, unit_id=series.unit_id, year=series.year,
            reason=form.cleaned_data["reason"], actor=actor_of(request),
        )  # fmt: skip
        messages.success(request, _("%(no)s is void.") % {"no": void.number})
        return redirect("numbers")
    context = {
        "title": _("Numbers of papers"),
        "rows": form.series,
        "voids": void_numbers(units)[:200],
        "form": form,
        "refusal": None if rights.may("documents.issue") else no_right("documents.issue"),
    }
    return render(request, "documents/numbers.html", context)


@needs("documents.body")
def bodies(request: HttpRequest) -> HttpResponse:
    """Units and the heads of their papers."""
    paths = tuple(request.rights.paths("documents.body"))  # type: ignore[attr-defined]
    known = {b.unit_id: b for b in IssuingBody.objects.all()}
    units = [u for u in Unit.objects.filter(is_active=True) if u.path.startswith(paths)]
    context = {"title": _("Heads of papers"), "rows": [(u, known.get(u.pk)) for u in units]}
    return render(request, "documents/bodies.html", context)


@needs("documents.body")
def body(request: HttpRequest, unit_id: int) -> HttpResponse:
    """The head of one unit's papers."""
    unit = get_object_or_404(Unit, pk=unit_id)
    right = "documents.body"
    if refusal := guard_right(request.rights, right, all_rights()[right], unit.path):  # type: ignore[attr-defined]
        raise Refused(refusal)
    existing = IssuingBody.objects.filter(unit=unit).first()
    names = list(BodyForm.base_fields)
    initial = {name: getattr(existing, name) for name in names} if existing else {"name": unit.name}
    form = BodyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        issuing_body_set(unit_id=unit.pk, actor=actor_of(request), **form.cleaned_data)
        messages.success(request, _("The head of %(unit)s's papers is kept.") % {"unit": unit.name})
        return redirect("issuing_bodies")
    return render(request, "documents/body.html", {"title": unit.name, "form": form})


def revocations(request: HttpRequest) -> HttpResponse:
    """The signed list of documents that no longer count."""
    return _attachment(revocations_signed(), "revocations.json", "application/json")


def keys(request: HttpRequest) -> HttpResponse:
    """Public keys, past ones too."""
    return _attachment(write_keys(known_keys()), "keys.json", "application/json")


def check_page(request: HttpRequest) -> HttpResponse:
    """The one page that checks papers without us: to be kept and opened from a disk."""
    from .checkpage import build_check_page

    # Written for each who asks: the list in it bears the moment.
    with TemporaryDirectory() as folder:
        out = Path(folder) / "check.html"
        build_check_page(known_keys(), revocations_signed(), out)
        return _attachment(out.read_bytes(), "check.html", "text/html")
