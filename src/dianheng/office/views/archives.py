"""Pages of the archive: the list with its combined query, filing, one piece, its files."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.errors import NotFound
from dianheng.common.forms import acted, answer_form
from dianheng.common.lists import (
    BulkAction,
    Choice,
    Column,
    Contains,
    Days,
    ListPage,
    NotThis,
    Numbers,
    Outcome,
    PageAction,
    Preview,
    Selection,
)
from dianheng.common.lists.filters import Chip
from dianheng.common.lists.sources import Condition
from dianheng.common.pages import Scope, attachment, needs, no_right, opens_to
from dianheng.documents.services import file_read
from dianheng.identity.services import actor_of
from dianheng.workflow.selectors import visible_instance

from .. import services
from ..choices import PIECE_TONE, SECRECY_TONE, Category, PieceState, Retention, Secrecy
from ..forms import CorrectForm, PieceForm, VersionForm
from ..models import ArchivePiece, PieceFile
from ..rules import guard_destruction
from ..selectors import (
    current_files,
    earlier_files,
    fonds_of,
    in_entry,
    in_volumes,
    may_read,
    pieces_seen,
    running_out,
    search_pieces,
    with_keyword,
)

VIEW, FILE = "archives.view", "archives.file"


@dataclass(frozen=True)
class ByText(Contains):
    """A piece of text that is looked up in its own manner."""

    asks: Callable[[str], Q] = Q

    def read(self, data: QueryDict, scope: Any) -> tuple[list[Condition], list[Chip]]:
        conditions, chips = super().read(data, scope)
        return [Condition(q=self.asks(one.value)) for one in conditions], chips


def _fonds_options(scope: Scope) -> list[tuple[str, str]]:
    return [(str(one.pk), str(one)) for one in fonds_of(scope.paths(VIEW))]


def no(request: HttpRequest, right: str) -> Any:
    """The refusal of who does not hold the right anywhere; None for others."""
    return None if request.rights.may(right) else no_right(right)  # type: ignore[attr-defined]


def _chosen(selection: Selection) -> list[ArchivePiece]:
    rows = ArchivePiece.objects.select_related("fonds__unit")
    return list(rows.filter(pk__in=selection.ids).order_by("number"))


def _preview(request: HttpRequest, selection: Selection) -> Preview:
    today, found = timezone.localdate(), _chosen(selection)
    asked = [guard_destruction(one.number, one.state, one.ends_on, today) for one in found]
    refused = [
        NotThis(one.title, refusal.text, refusal.code)
        for one, refusal in zip(found, asked, strict=True)
        if refusal
    ]
    text = _("A process begins with the list: appraisal, two decisions, two witnesses.")
    return Preview(len(found) - len(refused), refused, text)


def _perform(request: HttpRequest, selection: Selection, data: dict[str, Any], key: str) -> Outcome:
    today = timezone.localdate()
    due = [
        one
        for one in _chosen(selection)
        if guard_destruction(one.number, one.state, one.ends_on, today) is None
    ]
    if not due:
        return Outcome(0, text=_("None of them has run out."))
    made = services.destruction_apply(pieces=due, actor=actor_of(request))
    return Outcome(
        len(due), url=reverse("process", args=[made.number]), url_label=_("Go on in the process")
    )


PIECES = ListPage(
    key="archive",
    title=gettext_lazy("Archive"),
    rows=lambda scope: pieces_seen(scope.paths("archives.secret")),
    right=VIEW,
    unit_field="fonds__unit",
    columns=[
        Column("number", gettext_lazy("Archival number"), kind="code", sort="number"),
        Column("title", gettext_lazy("Title of the record")),
        Column("doc_no", gettext_lazy("File number"), kind="code"),
        Column("responsible", gettext_lazy("Responsible")),
        Column("dated_on", gettext_lazy("Date of the paper"), kind="date", sort="dated_on"),
        Column("retention", gettext_lazy("Retention"), "get_retention_display"),
        Column("secrecy", gettext_lazy("Secrecy class"), kind="state", choices=Secrecy.choices, tones=SECRECY_TONE),
        Column("volume", gettext_lazy("Volume"), "volume.number", kind="code", hidden=True),
        Column("filed_at", gettext_lazy("Filed on"), lambda one: timezone.localdate(one.filed_at), kind="date", sort="filed_at"),
        Column("category", gettext_lazy("Category"), "get_category_display", hidden=True),
        Column("keywords", gettext_lazy("Keywords"), hidden=True),
        Column("ends_on", gettext_lazy("Kept through"), kind="date", sort="ends_on", hidden=True),
        Column("state", gettext_lazy("State"), kind="state", choices=PieceState.choices, tones=PIECE_TONE, hidden=True),
    ],
    filters=[
        ByText("doc_no", gettext_lazy("File number"), asks=partial(in_entry, "doc_no")),
        ByText("volume", gettext_lazy("Number of the volume"), asks=in_volumes),
        ByText("keyword", gettext_lazy("Keyword"), asks=with_keyword),
        Days("filed", gettext_lazy("Filed"), "filed_at", of_moment=True),
        Choice("secrecy", gettext_lazy("Secrecy class"), options=Secrecy.choices),
        Choice("category", gettext_lazy("Category"), options=Category.choices),
        Choice("retention", gettext_lazy("Retention"), options=Retention.choices),
        Numbers("year", gettext_lazy("Year of the record")),
        Choice("fonds", gettext_lazy("Fonds"), "fonds_id", options=_fonds_options),
        ByText("responsible", gettext_lazy("Responsible"), asks=partial(in_entry, "responsible")),
        Days("dated", gettext_lazy("Date of the paper"), "dated_on"),
        Days("ends", gettext_lazy("Kept through"), "ends_on"),
        Choice("state", gettext_lazy("State"), options=PieceState.choices),
    ],
    default_order="-filed_at",  # its index answers “filed from … to …” in this order
    search=search_pieces,
    search_hint=gettext_lazy("Words of the entry or of the files"),
    row_url=lambda one: reverse("archive_piece", args=[one.number]),
    actions=lambda request: [
        PageAction(_("File a piece"), reverse("archive_new"), no(request, FILE), is_primary=True),
        PageAction(_("Catalogue"), reverse("archive_catalogue"), no(request, VIEW)),
    ],
    bulk_actions=[
        BulkAction("destroy", gettext_lazy("Apply for destruction"), _preview, _perform, right=FILE)
    ],
    cards=("number", "title", "dated_on", "secrecy"),
    empty_text=gettext_lazy("Nothing is filed yet. File a piece here, or an ended process from its page."),
)  # fmt: skip


@opens_to(VIEW)
def piece_list(request: HttpRequest) -> HttpResponse:
    """Pieces of the units one may see, by all that stands in their entries and files."""
    return PIECES.answer(request)


@needs(FILE)
def piece_new(request: HttpRequest) -> HttpResponse:
    """File a piece with its files."""
    form = PieceForm(
        request.POST or None, request.FILES or None, rights=request.rights,  # type: ignore[attr-defined]
        initial={
            "year": timezone.localdate().year, "volume": request.GET.get("volume") or None,
            "retention": Retention.TEN, "category": Category.PAPERS,
        },
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        made = services.piece_file(
            fonds=data["fonds"], volume=data["volume"], facts=form.facts(), sent=data["files"],
            actor=actor_of(request), request_key=data["request_key"],
        )  # fmt: skip
        return reverse("archive_piece", args=[made.number])

    return answer_form(
        request, form, act, title=_("File a piece"), submit=_("File it"), back=reverse("archive"),
        crumbs=[(_("Archive"), reverse("archive"))], success=_("Filed."),
    )  # fmt: skip


@needs(FILE)
def from_process(request: HttpRequest, number: str) -> HttpResponse:
    """File an ended process: its sheet and its files."""
    found = visible_instance(number, request.user.pk, request.rights)  # type: ignore[attr-defined]
    ended_on = timezone.localdate(found.ended_at) if found.ended_at else timezone.localdate()
    form = PieceForm(
        request.POST or None, rights=request.rights, with_files=False,  # type: ignore[attr-defined]
        initial={
            "title": found.title, "doc_no": found.number, "responsible": found.unit.name,
            "dated_on": ended_on.isoformat(), "year": ended_on.year, "category": Category.PAPERS,
            "retention": Retention.TEN, "keywords": found.pack.title_zh,
        },
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        made = services.process_archive(
            instance=found, fonds=data["fonds"], volume=data["volume"], facts=form.facts(),
            actor=actor_of(request),
        )  # fmt: skip
        return reverse("archive_piece", args=[made.number])

    return answer_form(
        request, form, act, title=_("File in the archive"), submit=_("File it"),
        back=reverse("process", args=[number]), crumbs=[(number, reverse("process", args=[number]))],
        intro=_("The approval sheet as it stands and all files of the process become one piece."),
        success=_("Filed."),
    )  # fmt: skip


def _processes_seen(request: HttpRequest, *numbers: str) -> list[str]:
    """Of these processes, those whose pages open to the person."""
    found = []
    for number in filter(None, numbers):
        with suppress(NotFound):
            visible_instance(number, request.user.pk, request.rights)  # type: ignore[attr-defined]
            found.append(number)
    return found


@opens_to(VIEW)
def piece(request: HttpRequest, number: str) -> HttpResponse:
    """One piece: its entry, the newest files, earlier versions, who was at the door."""
    found = services.piece_open(number=number, actor=actor_of(request))
    may_file = request.rights.may(FILE, found.fonds.unit.path)  # type: ignore[attr-defined]
    search = getattr(found, "search", None)
    context = {
        "title": found.number,
        "one": found,
        "tone": PIECE_TONE[PieceState(found.state)],
        "secrecy_tone": SECRECY_TONE[Secrecy(found.secrecy)],
        "files": current_files(found),
        "earlier": earlier_files(found),
        "unread": search.unread if search else [],
        "seen": _processes_seen(request, found.process, found.destruction),
        "is_volume_open": found.volume is not None and may_read(found.volume, request.rights),  # type: ignore[attr-defined]
        "is_kept": found.state == PieceState.KEPT,
        "is_due": found.is_due(timezone.localdate()),
        "refusal": None if may_file else no_right(FILE),
        "doors": found.doors.select_related("person")[:50] if may_file else [],
    }
    return render(request, "office/piece.html", context)


@opens_to(VIEW)
def file(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """A file of a piece, to be saved."""
    found = services.piece_take(number=number, key=key, actor=actor_of(request))
    return attachment(file_read(found.file), found.name, found.media_type)


def _entry(piece: ArchivePiece) -> dict[str, Any]:
    names = ("title", "doc_no", "responsible", "secrecy", "abstract", "sheets", "remark")
    return {
        **{name: getattr(piece, name) for name in names},
        "dated_on": piece.dated_on.isoformat(), "keywords": "、".join(piece.keywords),
    }  # fmt: skip


@needs(FILE)
def correct(request: HttpRequest, number: str) -> HttpResponse:
    """Correct the entry of a piece."""
    found = services.piece_open(number=number, actor=actor_of(request))
    form = CorrectForm(request.POST or None, initial=_entry(found))

    def act(data: dict[str, Any]) -> str:
        services.piece_correct(
            piece=found, facts=form.facts(), reason=data["reason"], actor=actor_of(request)
        )
        return reverse("archive_piece", args=[number])

    return answer_form(
        request, form, act, title=_("Correct the entry"), submit=_("Keep"),
        back=reverse("archive_piece", args=[number]),
        crumbs=[(_("Archive"), reverse("archive")), (number, reverse("archive_piece", args=[number]))],
    )  # fmt: skip


@needs(FILE)
def version(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Put a new version in the place of a file."""
    found = services.piece_open(number=number, actor=actor_of(request))
    old = PieceFile.objects.select_related("piece__fonds").filter(piece=found, pk=key).first()
    if old is None:
        raise NotFound(_("%(number)s has no such file.") % {"number": number}, number=number)
    form = VersionForm(request.POST or None, request.FILES or None)

    def act(data: dict[str, Any]) -> str:
        services.piece_version(
            old=old, sent=data["files"], reason=data["reason"], actor=actor_of(request)
        )
        return reverse("archive_piece", args=[number])

    return answer_form(
        request, form, act, title=_("New version"), submit=_("Keep"), intro=old.name,
        back=reverse("archive_piece", args=[number]),
        crumbs=[(_("Archive"), reverse("archive")), (number, reverse("archive_piece", args=[number]))],
    )  # fmt: skip


@needs(VIEW)
def retention(request: HttpRequest) -> HttpResponse:
    """What runs out when, the earliest first."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    lines = running_out(rights.paths(VIEW), rights.paths("archives.secret"), timezone.localdate())
    labels = dict(Retention.choices)
    for line in lines:
        line["label"] = labels[line["retention"]]
        day = line["ends_on"].isoformat()
        line["url"] = (
            f"{reverse('archive')}?ends_from={day}&ends_to={day}&retention={line['retention']}&state=kept"
        )
    return render(
        request, "office/retention.html", {"title": _("Retention calendar"), "lines": lines}
    )


@require_POST
@needs(FILE)
def destroy(request: HttpRequest, number: str) -> HttpResponse:
    """Destroy the pieces of an approved and witnessed list."""
    found = visible_instance(number, request.user.pk, request.rights)  # type: ignore[attr-defined]
    act = lambda: services.destruction_carry(instance=found, actor=actor_of(request))  # noqa: E731
    return acted(request, act, reverse("process", args=[number]), _("Destroyed; the entries stay."))
