"""Reads of documents, and the head of papers."""

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit

from .models import DocumentCopy, IssuedDocument, IssuingBody
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
