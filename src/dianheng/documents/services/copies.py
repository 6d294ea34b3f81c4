"""Copies leave the program only through here: who took which when stands in the print ledger."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused
from dianheng.identity.services import require, write_batch

from ..choices import CopyKind
from ..models import DocumentCopy, IssuedDocument
from ..papers.compose import PRINT_COPY, RUN_SIZE, Print, compose, compose_run
from ..papers.schema import Paper
from .files import file_read


def _data(document: IssuedDocument) -> dict[str, Any]:
    return dict(json.loads(bytes(document.data))["data"])


def document_pdf(
    *,
    document: IssuedDocument,
    how: str,
    actor: Actor,
    copies: int = 1,
    reason: str = "",
    language: str = "zh",
) -> bytes:
    """The document's PDF: the signed file itself, or composed from its data.

    A document that has ended is given out marked as void.
    """
    actor = require(actor, "documents.print", document.unit_id)
    with write_batch(actor=actor, action="document.copy", reason=reason):
        DocumentCopy.objects.create(
            document=document, kind=document.kind, number=document.number, how=how, copies=copies,
            person_id=actor.person_id, reason=reason,
        )  # fmt: skip
    has_ended = hasattr(document, "end")
    if document.file and not has_ended and how != CopyKind.PRINT:
        return file_read(document.file)
    marking = "void" if has_ended else (PRINT_COPY if document.file else "")
    return compose(
        document.kind, _data(document), language, code=document.code_text, marking=marking
    )


def document_data(*, document: IssuedDocument, actor: Actor) -> bytes:
    """The canonical data file, to be held against the QR code."""
    actor = require(actor, "documents.print", document.unit_id)
    with write_batch(actor=actor, action="document.copy"):
        DocumentCopy.objects.create(
            document=document, kind=document.kind, number=document.number, how=CopyKind.DATA,
            person_id=actor.person_id,
        )  # fmt: skip
    return bytes(document.data)


def documents_run(
    *, documents: Sequence[IssuedDocument], actor: Actor, language: str = "zh", duplex: bool = False
) -> Iterator[bytes]:
    """One printable PDF after another with up to 200 documents each, unsigned and said so."""
    kinds = {document.kind for document in documents}
    if len(kinds) != 1:
        raise Refused(Refusal("one_kind", _("A print run holds documents of one kind.")))
    for unit_id in {document.unit_id for document in documents}:
        actor = require(actor, "documents.print", unit_id)
    with write_batch(actor=actor, action="document.run"):
        DocumentCopy.objects.bulk_create(
            DocumentCopy(
                document=document, kind=document.kind, number=document.number, how=CopyKind.RUN,
                person_id=actor.person_id,
            )
            for document in documents
        )  # fmt: skip
    yield from compose_run(
        kinds.pop(), (Print(_data(d), d.code_text) for d in documents), language, duplex=duplex
    )


def papers_run(
    *,
    kind: str,
    papers: Iterable[Paper],
    unit_id: int,
    actor: Actor,
    language: str = "zh",
    duplex: bool = False,
) -> Iterator[bytes]:
    """Papers composed on demand, up to 200 in each PDF, every one with its ledger line."""
    actor = require(actor, "documents.print", unit_id)
    waiting = iter(papers)
    while part := list(islice(waiting, RUN_SIZE)):
        with write_batch(actor=actor, action="document.run"):
            DocumentCopy.objects.bulk_create(
                DocumentCopy(
                    kind=kind, number=paper.number, how=CopyKind.RUN, person_id=actor.person_id
                )
                for paper in part
            )
        yield from compose_run(kind, part, language, marking="", duplex=duplex)


def paper_pdf(
    *,
    kind: str,
    paper: Paper,
    unit_id: int,
    actor: Actor,
    how: str = CopyKind.DOWNLOAD,
    language: str = "zh",
    right: str | None = "documents.print",
) -> bytes:
    """A paper composed on demand from the record (original records, slips), with its ledger line.

    `right` None: whoever may read the record prints it, as the caller has asked already.
    """
    if right is not None:
        actor = require(actor, right, unit_id)
    with write_batch(actor=actor, action="document.copy"):
        DocumentCopy.objects.create(
            kind=kind, number=paper.number, how=how, person_id=actor.person_id
        )
    return compose(kind, paper, language)
