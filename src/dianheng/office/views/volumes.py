"""Pages of volumes and fonds, and the papers of the archive."""

from typing import Any
from urllib.parse import quote

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import Form, acted, answer_form
from dianheng.common.lists import Choice, Column, Days, ListPage, Numbers, PageAction
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.documents.services import paper_pdf
from dianheng.identity.registry import all_rights
from dianheng.identity.rules import guard_right
from dianheng.identity.services import actor_of

from .. import services
from ..archive_papers import VOLUME_PAPERS, catalogue_of, volume_paper
from ..choices import SECRECY_TONE, VOLUME_TONE, Category, Retention, Secrecy, VolumeState
from ..forms import CloseForm, FondsForm, VolumeForm
from ..models import ArchiveVolume, Fonds
from ..selectors import (
    catalogues_of,
    fonds_of,
    pieces_seen,
    volume_by_number,
    volumes_seen,
)
from .archives import FILE, VIEW, no

VOLUMES = ListPage(
    key="archive-volumes",
    title=gettext_lazy("Volumes of the archive"),
    rows=lambda scope: volumes_seen(scope.paths("archives.secret")),
    right=VIEW,
    unit_field="fonds__unit",
    columns=[
        Column("number", gettext_lazy("Archival number"), kind="code", sort="number"),
        Column("title", gettext_lazy("Title of the record")),
        Column("state", gettext_lazy("State"), kind="state", choices=VolumeState.choices, tones=VOLUME_TONE),
        Column("pieces", gettext_lazy("Pieces"), "pieces_count", kind="number", decimals=0),
        Column("retention", gettext_lazy("Retention"), "get_retention_display"),
        Column("secrecy", gettext_lazy("Secrecy class"), kind="state", choices=Secrecy.choices, tones=SECRECY_TONE),
        Column("shelf", gettext_lazy("Archive shelf")),
        Column("filed_at", gettext_lazy("Opened on"), kind="moment", sort="pk"),
        Column("ends_on", gettext_lazy("Kept through"), kind="date", sort="ends_on", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=VolumeState.choices),
        Choice("category", gettext_lazy("Category"), options=Category.choices),
        Choice("retention", gettext_lazy("Retention"), options=Retention.choices),
        Choice("secrecy", gettext_lazy("Secrecy class"), options=Secrecy.choices),
        Numbers("year", gettext_lazy("Year of the record")),
        Days("ends", gettext_lazy("Kept through"), "ends_on"),
    ],
    search=("number", "title", "shelf"),
    row_url=lambda one: reverse("archive_volume", args=[one.number]),
    actions=lambda request: [
        PageAction(_("Open a volume"), reverse("archive_volume_new"), no(request, FILE), is_primary=True)
    ],
    cards=("number", "title", "state", "pieces"),
    empty_text=gettext_lazy("No volume yet. Open one, then file pieces into it."),
)  # fmt: skip


@opens_to(VIEW)
def volume_list(request: HttpRequest) -> HttpResponse:
    """Volumes of the units one may see."""
    return VOLUMES.answer(request)


@needs(FILE)
def volume_new(request: HttpRequest) -> HttpResponse:
    """Open a volume."""
    form = VolumeForm(request.POST or None, rights=request.rights)  # type: ignore[attr-defined]

    def act(data: dict[str, Any]) -> str:
        made = services.volume_open(actor=actor_of(request), **data)
        return reverse("archive_volume", args=[made.number])

    return answer_form(
        request, form, act, title=_("Open a volume"), submit=_("Open the volume"),
        back=reverse("archive_volumes"), crumbs=[(_("Volumes of the archive"), reverse("archive_volumes"))],
    )  # fmt: skip


def _seen(request: HttpRequest, number: str) -> ArchiveVolume:
    """The volume for who may see it."""
    found = volume_by_number(number)
    wanted = [VIEW, "archives.secret"] if found.secrecy == Secrecy.BUSINESS else [VIEW]
    for right in wanted:
        refusal = guard_right(request.rights, right, all_rights()[right], found.fonds.unit.path)  # type: ignore[attr-defined]
        if refusal:
            raise Refused(refusal)
    return found


@opens_to(VIEW)
def volume(request: HttpRequest, number: str) -> HttpResponse:
    """One volume: what is in it, its remarks, its papers."""
    found = _seen(request, number)
    rights: Any = request.rights  # type: ignore[attr-defined]
    may_file = rights.may(FILE, found.fonds.unit.path)
    context = {
        "title": found.number,
        "one": found,
        "tone": VOLUME_TONE[VolumeState(found.state)],
        "secrecy_tone": SECRECY_TONE[Secrecy(found.secrecy)],
        "pieces": pieces_seen(rights.paths("archives.secret")).filter(volume=found).order_by("place"),
        "papers": [(kind, label) for kind, label in VOLUME_PAPERS.items()],
        "refusal": None if may_file else no_right(FILE),
    }  # fmt: skip
    return render(request, "office/volume.html", context)


@needs(FILE)
def close(request: HttpRequest, number: str) -> HttpResponse:
    """Close a volume with its remarks."""
    found = _seen(request, number)
    form = CloseForm(request.POST or None)

    def act(data: dict[str, Any]) -> str:
        services.volume_close(volume=found, remark=data["remark"], actor=actor_of(request))
        return reverse("archive_volume", args=[number])

    return answer_form(
        request, form, act, title=_("Close the volume"), submit=_("Close the volume"),
        back=reverse("archive_volume", args=[number]),
        crumbs=[(number, reverse("archive_volume", args=[number]))],
        intro=_("No piece comes into it afterwards; another person checks it."),
    )  # fmt: skip


@require_POST
@needs(FILE)
def check(request: HttpRequest, number: str) -> HttpResponse:
    """Say that the closed volume was looked through."""
    found = _seen(request, number)
    act = lambda: services.volume_check(volume=found, actor=actor_of(request))  # noqa: E731
    return acted(request, act, reverse("archive_volume", args=[number]), _("Checked."))


def _language() -> str:
    return "en" if get_language() == "en" else "zh"


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}.pdf"
    return response


@opens_to(VIEW)
def paper(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """Index, spine or remarks sheet of a volume."""
    found = _seen(request, number)
    if kind not in VOLUME_PAPERS:
        raise NotFound(_("A volume has no such paper."))
    rows = pieces_seen(request.rights.paths("archives.secret")).filter(volume=found)  # type: ignore[attr-defined]
    content = paper_pdf(
        kind=kind, paper=volume_paper(found, rows), unit_id=found.fonds.unit_id, actor=actor_of(request),
        language=_language(), right=None,
    )  # fmt: skip
    return _pdf(content, f"{number} {VOLUME_PAPERS[kind]}")


class CatalogueForm(Form):
    """Of which pieces a catalogue is printed."""

    fonds = forms.ModelChoiceField(
        Fonds.objects.none(), label=gettext_lazy("Fonds"), empty_label=None
    )
    category = forms.ChoiceField(label=gettext_lazy("Category"), choices=Category.choices)
    year = forms.IntegerField(
        label=gettext_lazy("Year of the record"), min_value=1949, max_value=9999
    )
    retention = forms.ChoiceField(label=gettext_lazy("Retention"), choices=Retention.choices)

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["fonds"]
        field.queryset = fonds_of(rights.paths(VIEW))


@needs(VIEW)
def catalogue(request: HttpRequest) -> HttpResponse:
    """The catalogue of a fonds, category, year and retention, as a paper."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    seen = pieces_seen(rights.paths("archives.secret")).filter(
        fonds__in=fonds_of(rights.paths(VIEW))
    )
    there = catalogues_of(seen)
    first = there[0] if there else {"year": timezone.localdate().year}
    form = CatalogueForm(request.POST or None, rights=rights, initial=first)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        fonds = data["fonds"]
        rows = seen.filter(**data)
        made = catalogue_of(fonds, data["category"], data["year"], data["retention"], rows)
        content = paper_pdf(
            kind="archive_catalogue", paper=made, unit_id=fonds.unit_id, actor=actor_of(request),
            language=_language(), right=None,
        )  # fmt: skip
        return _pdf(content, made.number)
    return render(
        request,
        "office/catalogue.html",
        {"title": _("Catalogue of filed papers"), "form": form, "there": there},
    )


@needs("archives.fonds")
def fonds_list(request: HttpRequest) -> HttpResponse:
    """Fonds of the units, and the way to enter one."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    form = FondsForm(request.POST or None, rights=rights)

    def act(data: dict[str, Any]) -> str:
        services.fonds_set(
            number=data["number"], name=data["name"], unit_id=data["unit"].pk, actor=actor_of(request)
        )  # fmt: skip
        return reverse("archive_fonds")

    return answer_form(
        request, form, act, title=_("Fonds"), submit=_("Keep"), back=reverse("archive"),
        intro=_("All records of one body, under the number that the archives office gave it."),
        success=_("The fonds is kept."), template="office/fonds.html",
        rows=fonds_of(rights.paths("archives.fonds")),
    )  # fmt: skip
