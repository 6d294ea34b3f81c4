"""Data of the papers of the archive."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import Text
from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for

from .choices import Category, Retention
from .models import ArchivePiece, ArchiveVolume, Fonds

VOLUME_PAPERS: Mapping[str, Text] = {
    "volume_index": _("Index"),
    "volume_spine": _("Spine"),
    "volume_remarks": _("Remarks sheet"),
}


def _lines(pieces: Iterable[ArchivePiece]) -> tuple[paper.ArchiveLine, ...]:
    return tuple(
        paper.ArchiveLine(
            number=one.number, doc_no=one.doc_no, responsible=one.responsible, title=one.title,
            dated_on=one.dated_on, secrecy=one.get_secrecy_display(), sheets=one.sheets, remark=one.remark,
        )
        for one in pieces
    )  # fmt: skip


def _head(fonds: Fonds, category: str, year: int, retention: str) -> dict[str, Any]:
    return {
        "created_at": timezone.localtime(), "body": body_for(fonds.unit), "fonds": str(fonds),
        "category": str(Category(category).label), "year": str(year),
        "retention": str(Retention(retention).label),
    }  # fmt: skip


def catalogue_of(
    fonds: Fonds, category: str, year: int, retention: str, pieces: Any
) -> paper.ArchiveList:
    """归档文件目录 of these pieces, by number."""
    return paper.ArchiveList(
        number=f"{fonds.number}-{category}·{year}-{retention}", lines=_lines(pieces.order_by("number")),
        **_head(fonds, category, year, retention),
    )  # fmt: skip


def volume_paper(volume: ArchiveVolume, pieces: Any) -> paper.ArchiveList:
    """What index, spine and remarks sheet of a volume are made from."""
    closed, checked = volume.closed_at, volume.checked_at
    return paper.ArchiveList(
        number=volume.number, title=volume.title, secrecy=volume.get_secrecy_display(),
        shelf=volume.shelf, lines=_lines(pieces.order_by("place")), situation=volume.remark,
        made_by=volume.closed_by.name if volume.closed_by else "",
        made_on=timezone.localdate(closed) if closed else None,
        checked_by=volume.checked_by.name if volume.checked_by else "",
        checked_on=timezone.localdate(checked) if checked else None,
        **_head(volume.fonds, volume.category, volume.year, volume.retention),
    )  # fmt: skip
