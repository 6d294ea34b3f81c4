"""Reads of documents, and the head of papers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit

from .choices import SIGNED, DocumentKind
from .models import DocumentCopy, IssuedDocument, IssuingBody, VoidNumber
from .papers.schema import Body


def document_by_number(number: str) -> IssuedDocument:
    """The document, or NotFound in words."""
    try:
        return IssuedDocument.objects.select_related(
            "unit", "actor", "file", "supersedes", "superseded_by", "end"
        ).get(number=number)
    except IssuedDocument.DoesNotExist:
        raise NotFound(_("There is no document %(no)s.") % {"no": number}, number=number) from None


def documents_about(subject: str) -> QuerySet[IssuedDocument]:
    """Documents about a thing (`device:…`), newest first."""
    return IssuedDocument.objects.filter(subjects__contains=[subject]).select_related(
        "end", "actor"
    )


def print_ledger(paths: Sequence[str]) -> QuerySet[DocumentCopy]:
    """The print ledger of units: copies of their documents, and what their people took."""
    under = Q(pk__in=[])
    for path in paths:
        under |= Q(path__startswith=path)
    units = Unit.objects.filter(under).values("pk")
    return (
        DocumentCopy.objects.filter(Q(document__unit__in=units) | Q(person__unit__in=units))
        .select_related("person", "document")
        .defer("document__data")
    )


@dataclass(frozen=True)
class Series:
    """A series of numbers with what became of each: all of them together make `last`."""

    pk: int
    prefix: str
    kind: str
    unit: str
    year: int
    last: int
    issued: int
    voids: int

    @property
    def label(self) -> str:
        """What carries these numbers."""
        return str(DocumentKind(self.kind).label) if self.kind in DocumentKind else ""

    @property
    def unexplained(self) -> int | None:
        """Numbers without document or reason; None where the numbers are kept elsewhere."""
        return self.last - self.issued - self.voids if self.kind in SIGNED else None


_SERIES = """
select s.id, s.prefix, s.key, u.name, s.year, s.last,
       (select count(*) from documents_issueddocument d
         where d.kind = s.key and d.unit_id = s.unit_id
           and d.number like s.prefix || '-' || s.year || '-%%'),
       (select count(*) from documents_voidnumber v where v.series_id = s.id)
  from documents_numberseries s join identity_unit u on u.id = s.unit_id
 where s.unit_id = any(%s) order by s.year desc, s.prefix
"""


def number_series(unit_ids: Sequence[int]) -> list[Series]:
    """The series of units, the newest year first."""
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, [list(unit_ids)])
        return [Series(*row) for row in cursor.fetchall()]


def void_numbers(unit_ids: Sequence[int]) -> QuerySet[VoidNumber]:
    """Numbers that stand on no paper, and why, newest first."""
    rows = VoidNumber.objects.filter(series__unit_id__in=list(unit_ids))
    return rows.select_related("series").order_by("-recorded_at", "-pk")


def body_for(
    unit: Unit, authorisation_no: str = "", scope: str = "", through: date | None = None
) -> Body:
    """The head of a unit's papers: its own, or that of the nearest unit above that has one."""
    codes = unit.path.strip("/").split("/")
    found = {
        b.unit.code: b
        for b in IssuingBody.objects.filter(unit__code__in=codes).select_related("unit")
    }
    for code in reversed(codes):
        if code in found:
            body = found[code]
            return Body(
                name=body.name, name_en=body.name_en, department=body.department,
                address=body.address, post_code=body.post_code, phone=body.phone, email=body.email,
                authorisation_no=authorisation_no, authorisation_scope=scope,
                authorisation_through=through,
            )  # fmt: skip
    return Body(
        name=unit.name, authorisation_no=authorisation_no, authorisation_scope=scope,
        authorisation_through=through,
    )  # fmt: skip


def copies_of(kind: str, numbers: Sequence[str]) -> dict[str, DocumentCopy]:
    """The last copy of each label or paper that was given out before, by its number."""
    rows = (
        DocumentCopy.objects.filter(kind=kind, number__in=list(numbers))
        .select_related("person")
        .order_by("number", "-pk")
        .distinct("number")
    )
    return {row.number: row for row in rows}
