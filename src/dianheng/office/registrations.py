"""What the office tells the others at start: papers, panels, searches."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from dianheng.common.controls import register_clauses
from dianheng.common.search import AT_MOST, Hit, HitGroup, register_code, register_search
from dianheng.identity.selectors import units_with_right
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.registry import (
    Subject,
    register_beside,
    register_file_times,
    register_panel,
    register_paper,
    register_subject,
)
from dianheng.workflow.selectors import sheet_name

from .models import ArchivePiece, ArchiveVolume, RegulationEdition
from .panels import archive_panel, files_panel
from .selectors import clauses_over, file_digests, file_times, pieces_seen, search_pieces

VIEW = "archives.view"
LEAST = 2  # signs of a piece of text that is searched for


def search(request: HttpRequest, text: str) -> HitGroup | None:
    """Pieces of the archive by words of their entry or of their files."""
    rights = request.rights  # type: ignore[attr-defined]
    if len(text.strip()) < LEAST or not rights.may(VIEW):
        return None
    rows = pieces_seen(rights.paths("archives.secret")).filter(
        fonds__unit__in=units_with_right(rights, VIEW)
    )
    found = search_pieces(rows, text).order_by("-pk")[:AT_MOST]
    hits = [
        Hit(one.title, reverse("archive_piece", args=[one.number]), f"{one.number} · {one.responsible}")
        for one in found
    ]  # fmt: skip
    return HitGroup(_("Archive"), hits, f"{reverse('archive')}?q={text}")


def code(request: HttpRequest, scanned: str) -> str | None:
    """A whole archival number leads to its piece or volume."""
    for page, model in (("archive_piece", ArchivePiece), ("archive_volume", ArchiveVolume)):
        if "-" in scanned and model.objects.filter(number=scanned).exists():
            return reverse(page, args=[scanned])
    return None


def regulation_stands(slug: str) -> dict[str, str]:
    """What somebody decides on who decides about a regulation: its newest edition."""
    rows = RegulationEdition.objects.filter(regulation__slug=slug).order_by("-in_force_from")
    newest = rows.values_list("edition", flat=True).first()
    return {"edition": newest} if newest else {}


register_subject(
    Subject(
        "regulation",
        pgettext_lazy("office", "Regulation"),
        regulation_stands,
        lambda slug: reverse("regulation", args=[slug]),
    )
)


def approval_sheet(instance: ProcessInstance) -> tuple[str, str]:
    """The sheet of a process under the name that its pack gives it."""
    name = sheet_name(instance.pack) or _("Approval sheet")
    return name, reverse("approval_sheet", args=[instance.number])


register_paper("approval_sheet", approval_sheet)
register_panel(files_panel)
register_panel(archive_panel)
register_beside("files", file_digests)
register_file_times(file_times)
register_search(search)
register_code(code)
register_clauses(clauses_over)
