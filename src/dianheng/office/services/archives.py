"""Filing pieces of the archive, correcting their entries, new versions of their files."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.common.uploads import uploaded
from dianheng.documents.models import StoredFile
from dianheng.documents.services import Upload, file_path, upload_keep, uploads_judge
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import SECRECY_RANK, Secrecy
from ..models import ArchivePiece, ArchiveVolume, Fonds, PieceFile
from ..rules import (
    PieceFacts,
    guard_kept,
    guard_rank,
    guard_secrecy,
    guard_version,
    guard_volume_open,
    number_in_volume,
    piece_faults,
    retention_ends_on,
    searchable,
    year_faults,
)
from .texts import Texts, index_renew, texts_of
from .volumes import next_number, word_faults


def piece_file(
    *,
    fonds: Fonds,
    facts: PieceFacts,
    actor: Actor,
    sent: Sequence[Any] = (),
    kept: Sequence[tuple[StoredFile, str, str]] = (),
    volume: ArchiveVolume | None = None,
    process: str = "",
    request_key: str = "",
) -> ArchivePiece:
    """File a piece with its files, alone or in a volume.

    Args:
        sent: files as a browser sent them.
        kept: files that are kept already, each with name and media type.
        process: number of the process that it comes from.

    Raises:
        BadInput: entry or files are wrong; everything is named.
        Refused: a state secret, a closed volume, more secret than its volume, filed already.
    """
    actor = require(actor, "archives.file", fonds.unit_id)
    if volume is not None:
        facts = PieceFacts(
            **{
                **asdict(facts), "category": volume.category, "year": volume.year,
                "retention": volume.retention,
            }
        )  # fmt: skip
    refuse(guard_secrecy(facts.secrecy, [searchable(facts.title), searchable(facts.abstract)]))
    today = timezone.localdate()
    faults = [
        *word_faults(facts.category, facts.retention, facts.secrecy),
        *piece_faults(facts, today),
        *year_faults(facts.year, today),
    ]
    uploads: list[Upload] = []
    try:
        uploads = uploads_judge(sent) if sent or not kept else []
    except BadInput as refused:
        faults += [dict(each) for each in refused.refusal.errors]
    if faults:
        raise BadInput(_("The piece cannot be filed."), faults)
    texts = Texts()
    for upload in uploads:
        with uploaded(upload.sent) as path:
            texts.take(upload.name, path, upload.media_type)
    for file, name, media_type in kept:
        texts.take(name, file_path(file.digest), media_type)
    refuse(guard_secrecy(facts.secrecy, texts.heads))
    with write_batch(actor=actor, action="archive.file") as batch:
        if (earlier := idempotent(request_key, "archive.file")) is not None:
            return ArchivePiece.objects.get(pk=earlier["id"])
        _refuse_filed(process)
        number, place = _place(fonds, facts, volume)
        given = asdict(facts) | {"title": facts.title.strip(), "keywords": list(facts.keywords)}
        piece = ArchivePiece.objects.create(
            fonds=fonds, volume=volume, number=number, place=place, process=process,
            ends_on=retention_ends_on(facts.year, facts.retention),
            filed_by_id=batch.actor.person_id, filed_at=batch.at, **given,
        )  # fmt: skip
        files = [
            (upload_keep(upload=upload, actor=actor), upload.name, upload.media_type)
            for upload in uploads
        ]
        PieceFile.objects.bulk_create(
            PieceFile(
                piece=piece, file=file, name=name, media_type=media_type, person_id=batch.actor.person_id
            )
            for file, name, media_type in (*files, *kept)
        )  # fmt: skip
        index_renew(piece, facts.words, texts)
        remember(request_key, "archive.file", {"id": piece.pk})
    return piece


def piece_correct(
    *, piece: ArchivePiece, facts: PieceFacts, reason: str, actor: Actor
) -> ArchivePiece:
    """Correct the entry of a piece. What its number is made of stays: file it anew for that."""
    actor = _require(actor, piece)
    faults = [
        *word_faults(piece.category, piece.retention, facts.secrecy),
        *piece_faults(facts, timezone.localdate()),
    ]
    if not reason.strip():
        faults.append({"field": "reason", "code": "missing", "text": _("Say why.")})
    refuse(
        guard_secrecy(facts.secrecy, [searchable(facts.title), searchable(facts.abstract)]),
        _guard_rank(facts, piece.volume),
    )
    if faults:
        raise BadInput(_("The entry cannot be corrected."), faults)
    with write_batch(actor=actor, action="archive.correct", reason=reason):
        found = ArchivePiece.objects.select_for_update().get(pk=piece.pk)
        refuse(guard_kept(found.state, found.number))
        fixed = {"category", "year", "retention"}
        for name, value in asdict(facts).items():
            if name not in fixed:
                setattr(found, name, list(value) if name == "keywords" else value)
        found.save()
        index_renew(found, facts.words, texts_of(found))
    return found


def piece_version(*, old: PieceFile, sent: Sequence[Any], reason: str, actor: Actor) -> PieceFile:
    """Put a new version in the place of a file; the earlier one stays to be read."""
    piece = old.piece
    actor = _require(actor, piece)
    refuse(guard_version(not hasattr(old, "replaced_by"), reason))
    if len(sent) > 1:
        text = _("A version is one file.")
        raise BadInput(text, [{"field": "files", "code": "one", "text": text}])
    (upload,) = uploads_judge(sent)
    texts = Texts()
    with uploaded(upload.sent) as path:
        texts.take(upload.name, path, upload.media_type)
    refuse(guard_secrecy("", texts.heads))
    with write_batch(actor=actor, action="archive.version", reason=reason) as batch:
        found = ArchivePiece.objects.select_for_update().get(pk=piece.pk)
        refuse(
            guard_kept(found.state, found.number),
            guard_version(not PieceFile.objects.filter(replaces=old).exists(), reason),
        )
        made = PieceFile.objects.create(
            piece=found, file=upload_keep(upload=upload, actor=actor), name=upload.name,
            media_type=upload.media_type, version=old.version + 1, replaces=old, reason=reason.strip(),
            person_id=batch.actor.person_id,
        )  # fmt: skip
        index_renew(found, _facts_of(found).words, texts_of(found))
    return made


# -- parts -----------------------------------------------------------------------------------------


def _require(actor: Actor, piece: ArchivePiece) -> Actor:
    """Who may change the piece; a business secret only who may read it."""
    if piece.secrecy == Secrecy.BUSINESS:
        actor = require(actor, "archives.secret", piece.fonds.unit_id)
    return require(actor, "archives.file", piece.fonds.unit_id)


def _refuse_filed(process: str) -> None:
    if not process:
        return
    found = ArchivePiece.objects.filter(process=process).first()
    if found is not None:
        text = _("%(process)s is filed already as %(number)s.")
        facts = {"process": process, "number": found.number}
        raise Refused(Refusal("filed_already", text % facts, facts))


def _guard_rank(facts: PieceFacts, volume: ArchiveVolume | None) -> Refusal | None:
    if volume is None or facts.secrecy not in SECRECY_RANK:
        return None
    return guard_rank(SECRECY_RANK[Secrecy(facts.secrecy)], SECRECY_RANK[Secrecy(volume.secrecy)])


def _place(fonds: Fonds, facts: PieceFacts, volume: ArchiveVolume | None) -> tuple[str, int | None]:
    """Number and place in the volume of the next piece."""
    if volume is None:
        return next_number(fonds, facts.category, facts.year, facts.retention), None
    found = ArchiveVolume.objects.select_for_update().get(pk=volume.pk)
    if found.fonds_id != fonds.pk:
        raise BadInput(_("The volume belongs to another fonds."))
    refuse(guard_volume_open(found.state, found.number), _guard_rank(facts, found))
    place = (found.pieces.aggregate(last=Max("place"))["last"] or 0) + 1
    return number_in_volume(found.number, place), place


def _facts_of(piece: ArchivePiece) -> PieceFacts:
    given = {name: getattr(piece, name) for name in PieceFacts.__dataclass_fields__}
    return PieceFacts(**given | {"keywords": tuple(piece.keywords)})
