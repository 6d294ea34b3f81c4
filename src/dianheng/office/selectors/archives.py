"""Reads of the archive: what may be seen, what fits a piece of text, what runs out when."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from dianheng.common.errors import NotFound
from dianheng.common.texts import gettext_lazy as _

from ..choices import Category, Retention, Secrecy
from ..models import ArchiveCount, ArchivePiece, ArchiveSearch, ArchiveVolume, Fonds, PieceFile
from ..rules import searchable


def under(paths: Sequence[str], field: str) -> Q:
    """A unit of one of the subtrees."""
    found = Q(pk__in=[])
    for path in paths:
        found |= Q(**{f"{field}__startswith": path})
    return found


def not_secret_for(paths: Sequence[str]) -> Q:
    """No business secret, unless of the units over which somebody may read them."""
    return ~Q(secrecy=Secrecy.BUSINESS) | under(paths, "fonds__unit__path")


def pieces_seen(secret: Sequence[str]) -> QuerySet[ArchivePiece]:
    """Pieces; business secrets only under these paths."""
    return ArchivePiece.objects.filter(not_secret_for(secret)).select_related("fonds", "volume")


def volumes_seen(secret: Sequence[str]) -> QuerySet[ArchiveVolume]:
    """Volumes with how many pieces they hold; business secrets only under these paths."""
    inside = ArchivePiece.objects.filter(volume=OuterRef("pk")).order_by().values("volume")
    count = Subquery(inside.annotate(count=Count("pk")).values("count"))
    rows = ArchiveVolume.objects.filter(not_secret_for(secret)).select_related("fonds")
    return rows.annotate(pieces_count=Coalesce(count, 0))


def search_pieces(rows: QuerySet[ArchivePiece], text: str) -> QuerySet[ArchivePiece]:
    """Pieces whose entry or files hold every word; also a word of two Chinese characters."""
    for word in text.split():
        if wanted := searchable(word):
            rows = rows.filter(pk__in=_holding(wanted))
    return rows


def in_entry(field: str, text: str) -> Q:
    """Pieces whose entry holds a piece of text in this field, which the index of words knows."""
    wanted, held = searchable(text), Q(**{f"{field}__contains": text})
    return held & Q(pk__in=_holding(wanted)) if len(wanted) > 1 else held


def with_keyword(text: str) -> Q:
    """Pieces with this keyword; a long one is looked for among the words too.

    Beside other words the index of words then finds what holds all of them, which are few; of
    two signs it knows too much to be of help.
    """
    wanted, held = searchable(text), Q(keywords__contains=[text])
    return held & Q(pk__in=_holding(wanted)) if len(wanted) > 2 else held


MANY = 200  # volumes; whose pieces are more than an index helps to find


def in_volumes(text: str) -> Q:
    """Pieces of the volumes whose number holds a piece of text."""
    rows = ArchiveVolume.objects.filter(number__contains=text)
    keys = list(rows.values_list("pk", flat=True)[: MANY + 1])
    return Q(volume__in=keys) if len(keys) <= MANY else Q(volume__number__contains=text)


def _holding(wanted: str) -> QuerySet[ArchiveSearch]:
    """Keys of what holds these signs; of two the pairs alone, since the other index knows none."""
    is_pair = len(wanted) == 2
    found = {"pairs__contains": [wanted]} if is_pair else {"text__contains": wanted}
    return ArchiveSearch.objects.filter(**found).values("pk")


def fonds_of(paths: Sequence[str]) -> QuerySet[Fonds]:
    """Fonds of the units under these paths."""
    return Fonds.objects.filter(under(paths, "unit__path")).select_related("unit")


def piece_by_number(number: str) -> ArchivePiece:
    """The piece, or NotFound in words."""
    found = (
        ArchivePiece.objects.select_related(
            "fonds__unit", "volume__fonds__unit", "filed_by", "search"
        )
        .filter(number=number)
        .first()
    )
    if found is None:
        raise NotFound(
            _("There is no record %(no)s in the archive.") % {"no": number}, number=number
        )
    return found


def volume_by_number(number: str) -> ArchiveVolume:
    """The volume, or NotFound in words."""
    found = (
        ArchiveVolume.objects.select_related("fonds__unit", "filed_by", "closed_by", "checked_by")
        .filter(number=number)
        .first()
    )
    if found is None:
        raise NotFound(
            _("There is no volume %(no)s in the archive.") % {"no": number}, number=number
        )
    return found


def piece_of_process(number: str) -> ArchivePiece | None:
    """Where a process was filed."""
    rows = ArchivePiece.objects.select_related("fonds__unit")
    return rows.filter(process=number).first() if number else None


def may_read(one: ArchivePiece | ArchiveVolume, rights: Any) -> bool:
    """Whether the page of a piece or volume opens to who holds these rights."""
    path = one.fonds.unit.path
    is_secret = one.secrecy == Secrecy.BUSINESS
    return rights.may("archives.view", path) and (
        not is_secret or rights.may("archives.secret", path)
    )


def current_files(piece: ArchivePiece) -> list[PieceFile]:
    """The newest version of each file."""
    rows = piece.files.filter(replaced_by=None).select_related("file", "person")
    return list(rows.order_by("pk"))


def earlier_files(piece: ArchivePiece) -> list[PieceFile]:
    """Versions that were replaced, the newest first."""
    rows = piece.files.exclude(replaced_by=None).select_related("file", "person", "replaced_by")
    return list(rows.order_by("-pk"))


def running_out(view: Sequence[str], secret: Sequence[str], today: date) -> list[dict[str, Any]]:
    """How many pieces run out at the end of each year, the earliest first; past years too."""
    rows = (
        ArchiveCount.objects.filter(
            Q(is_secret=False) | under(secret, "fonds__unit__path"),
            under(view, "fonds__unit__path"),
            pieces__gt=0,
        )
        .values("ends_on", "retention")
        .annotate(count=Sum("pieces"))
        .order_by("ends_on", "retention")
    )
    return [{**row, "is_due": row["ends_on"] < today} for row in rows]


CATALOGUES = 50  # shown at once


def catalogues_of(pieces: QuerySet[ArchivePiece]) -> list[dict[str, Any]]:
    """Fonds, category, year and retention of what is filed, with how many pieces; newest first."""
    rows = (
        pieces.values("fonds", "fonds__number", "fonds__name", "category", "year", "retention")
        .annotate(count=Count("pk"))
        .order_by("-year", "fonds__number", "category", "retention")
    )
    return [
        {
            **row,
            "fonds_name": f"{row['fonds__number']} {row['fonds__name']}",
            "category_name": Category(row["category"]).label,
            "retention_name": Retention(row["retention"]).label,
        }
        for row in rows[:CATALOGUES]
    ]
