"""Documents are issued: number, data, signature and page in one go; or end, and say why."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import SIGNED, DocumentKind, DocumentState
from ..models import DocumentEnd, IssuedDocument
from ..papers.schema import Paper
from ..signing.canonical import digest_of, plain
from ..signing.issue import Issued, envelope, issue, issue_many
from ..signing.keys import open_signer, public_keys
from ..signing.port import PublicKey, Signer
from ..signing.revocations import REVOKED, SUPERSEDED, Revocation, revocation_list
from .files import file_store
from .numbers import numbers_take

PARALLEL_FROM = 24  # papers from which a second process pays for its start
PARTS = 200  # papers committed at once


@dataclass(frozen=True)
class Draft:
    """A document to be issued.

    `paper` carries everything but number and moment, which are put in here. `subjects` name
    what it is about (`device:…`, `lot:…`, `task:…`); `supersedes` the document it replaces.
    """

    kind: str
    paper: Paper
    unit_id: int
    subjects: tuple[str, ...]
    title: str = ""
    conclusion: str = ""
    valid_through: date | None = None
    supersedes: IssuedDocument | None = None
    reason: str = ""
    number: str = field(default="", compare=False)


def key_folder() -> Path:
    """Where the signing key of this installation is."""
    return Path(settings.DATA) / "keys"


def signer() -> Signer:
    """The key in use; another provider takes its place through settings.DOCUMENT_SIGNER."""
    make: Callable[[], Signer] | None = getattr(settings, "DOCUMENT_SIGNER", None)
    return make() if make else open_signer(key_folder())


def known_keys() -> Sequence[PublicKey]:
    """All public keys that papers were ever signed with."""
    return public_keys(key_folder())


def documents_issue(
    *, drafts: Sequence[Draft], actor: Actor, request_key: str = "", language: str = "zh"
) -> list[IssuedDocument]:
    """Issue a part of a batch in one transaction: all of it or nothing.

    Raises:
        Refused: no right for the unit, or a document that is to be superseded has ended.
    """
    if not drafts:
        return []
    for unit_id in {draft.unit_id for draft in drafts}:
        actor = require(actor, "documents.issue", unit_id)
    with write_batch(actor=actor, action="document.issue", reason=drafts[0].reason) as batch:
        if (earlier := idempotent(request_key, "document.issue")) is not None:
            found = {
                d.number: d for d in IssuedDocument.objects.filter(number__in=earlier["numbers"])
            }
            return [found[number] for number in earlier["numbers"]]
        today = timezone.localtime(batch.at).date()
        numbered = list(_numbered(drafts, today.year))
        papers = [
            replace(draft.paper, number=draft.number, created_at=timezone.localtime(batch.at))
            for draft in numbered
        ]
        rows = []
        for draft, paper, issued in zip(
            numbered, papers, _issued(numbered, papers, language), strict=True
        ):
            file = None
            if issued is not None:
                file = file_store(
                    chunks=[issued.pdf],
                    name=f"{draft.number}.pdf",
                    media_type="application/pdf",
                    actor=actor,
                )
            data = issued.data_json if issued else envelope(draft.kind, plain(paper))
            rows.append(
                IssuedDocument(
                    number=draft.number, kind=draft.kind,
                    title=draft.title or str(DocumentKind(draft.kind).label),
                    unit_id=draft.unit_id, subjects=list(draft.subjects), data=data,
                    data_digest=issued.digest if issued else digest_of(data),
                    code_text=issued.code if issued else "", key_no=issued.key_no if issued else "",
                    file=file, issued_on=today, valid_through=draft.valid_through,
                    conclusion=draft.conclusion, supersedes=draft.supersedes,
                    actor_id=actor.person_id,
                )
            )  # fmt: skip
            if draft.supersedes is not None:
                _end(draft.supersedes, DocumentState.SUPERSEDED, draft.reason)
        made = IssuedDocument.objects.bulk_create(rows)
        remember(request_key, "document.issue", {"numbers": [row.number for row in made]})
    return made


def _numbered(drafts: Sequence[Draft], year: int) -> Iterator[Draft]:
    """The drafts with numbers, in their order, each series taken once."""
    waiting: dict[tuple[str, int], list[str]] = {}
    for draft in drafts:
        waiting.setdefault((draft.kind, draft.unit_id), []).append("")
    for (kind, unit_id), places in sorted(waiting.items()):
        places[:] = numbers_take(key=kind, unit_id=unit_id, year=year, count=len(places))
    for draft in drafts:
        yield replace(draft, number=waiting[(draft.kind, draft.unit_id)].pop(0))


def _issued(
    drafts: Sequence[Draft], papers: Sequence[Paper], language: str
) -> Iterator[Issued | None]:
    kinds = {draft.kind for draft in drafts}
    if (
        len(kinds) == 1
        and kinds <= set(SIGNED)
        and len(drafts) >= PARALLEL_FROM
        and not getattr(settings, "DOCUMENT_SIGNER", None)
    ):
        signer()  # the key is made before the processes ask for it
        yield from issue_many(drafts[0].kind, papers, key_folder(), language)
        return
    key = signer() if kinds & set(SIGNED) else None
    for draft, paper in zip(drafts, papers, strict=True):
        yield issue(draft.kind, paper, key, language) if key and draft.kind in SIGNED else None


def _end(document: IssuedDocument, state: str, reason: str) -> None:
    if not reason.strip():
        raise BadInput(_("Say why document %(no)s no longer counts.") % {"no": document.number})
    with connection.cursor() as cursor:
        # Two people at once: the second waits here and is told that it has ended.
        lock = "select pg_advisory_xact_lock(hashtextextended(%s, 5))"
        cursor.execute(lock, [f"end:{document.number}"])
    if DocumentEnd.objects.filter(document=document).exists():
        raise Refused(
            Refusal(
                "document_ended",
                _("Document %(no)s has ended already.") % {"no": document.number},
                {"number": document.number},
            )
        )
    DocumentEnd.objects.create(document=document, state=state, reason=reason)


def document_revoke(*, document: IssuedDocument, reason: str, actor: Actor) -> None:
    """End a document without a successor; its number and data stay."""
    actor = require(actor, "documents.revoke", document.unit_id)
    with write_batch(actor=actor, action="document.revoke", reason=reason):
        _end(document, DocumentState.REVOKED, reason)


def revocations_signed() -> bytes:
    """The dated, signed list of documents that no longer count, for readers without our server."""
    ended = (
        DocumentEnd.objects.exclude(document__key_no="")
        .annotate(number=F("document__number"), follower=F("document__superseded_by__number"))
        .order_by("number")
    )
    entries = [
        Revocation(
            end.number,  # type: ignore[attr-defined]
            SUPERSEDED if end.state == DocumentState.SUPERSEDED else REVOKED,
            timezone.localtime(end.recorded_at).date(),
            end.follower or "",  # type: ignore[attr-defined]
            end.reason,
        )
        for end in ended
    ]
    return revocation_list(entries, timezone.localtime(), signer())
