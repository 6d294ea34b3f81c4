"""The door of the archive: who reads and takes, and who is refused, is noted."""

from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import NotFound, Refused, refuse
from dianheng.identity.registry import all_rights
from dianheng.identity.rules import guard_right
from dianheng.identity.selectors import rights_of
from dianheng.identity.services import write_batch

from ..choices import DoorKind, Secrecy
from ..models import ArchiveDoor, ArchivePiece, PieceFile
from ..rules import guard_kept
from ..selectors import piece_by_number


def piece_open(*, number: str, actor: Actor) -> ArchivePiece:
    """The piece for who may read it; who is refused, or reads a business secret, is noted."""
    piece = piece_by_number(number)
    rights, path = rights_of(actor.person_id).narrowed(actor.scopes), piece.fonds.unit.path
    wanted = ["archives.view"]
    if piece.secrecy == Secrecy.BUSINESS:
        wanted.append("archives.secret")
    refusals = [
        refusal
        for right in wanted
        if (refusal := guard_right(rights, right, all_rights()[right], path))
    ]
    if refusals:
        _note(piece, DoorKind.REFUSED, actor, code=refusals[0].facts["right"])
        raise Refused(refusals[0])
    if piece.secrecy == Secrecy.BUSINESS:
        _note(piece, DoorKind.READ, actor)
    return piece


def piece_take(*, number: str, key: int, actor: Actor) -> PieceFile:
    """A file of a piece, to be given out; who took it is noted."""
    piece = piece_open(number=number, actor=actor)
    refuse(guard_kept(piece.state, piece.number))
    found = piece.files.select_related("file").filter(pk=key).first()
    if found is None:
        raise NotFound(_("%(number)s has no such file.") % {"number": number}, number=number)
    _note(piece, DoorKind.TAKEN, actor, name=found.name)
    return found


def _note(piece: ArchivePiece, kind: str, actor: Actor, **more: str) -> None:
    with write_batch(actor=actor, action=f"archive.{kind}"):
        ArchiveDoor.objects.create(piece=piece, kind=kind, person_id=actor.person_id, **more)
