"""A finished process goes into the archive: its sheet and its files as one piece."""

from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused
from dianheng.documents.choices import DocumentKind
from dianheng.documents.contents import PDF
from dianheng.documents.services import file_store, paper_pdf
from dianheng.identity.selectors import rights_of
from dianheng.identity.services import require, write_batch
from dianheng.workflow.choices import InstanceState
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.selectors import visible_instance

from ..models import ArchivePiece, ArchiveVolume, Fonds
from ..papers import sheet_of
from ..rules import PieceFacts
from ..selectors import files_of
from .archives import piece_file


def process_archive(
    *,
    instance: ProcessInstance,
    fonds: Fonds,
    facts: PieceFacts,
    actor: Actor,
    volume: ArchiveVolume | None = None,
) -> ArchivePiece:
    """File a process that has ended: the approval sheet as it stands, then its files.

    Raises:
        Refused: it is under way, was withdrawn, or is filed already.
    """
    actor = require(actor, "archives.file", fonds.unit_id)
    found = visible_instance(instance.number, actor.person_id, rights_of(actor.person_id))
    if found.state != InstanceState.DONE:
        text = _("%(number)s has not ended; only what is decided is filed.")
        facts_ = {"number": found.number}
        raise Refused(Refusal("process_open", text % facts_, facts_))
    with write_batch(actor=actor, action="archive.file"):
        sheet = paper_pdf(
            kind=DocumentKind.APPROVAL_SHEET, paper=sheet_of(found), unit_id=found.unit_id, actor=actor,
            right=None,
        )  # fmt: skip
        name = f"{found.number}.pdf"
        kept = file_store(chunks=[sheet], name=name, media_type=PDF, actor=actor)
        return piece_file(
            fonds=fonds, facts=facts, actor=actor, volume=volume, process=found.number,
            kept=[(kept, name, PDF), *((one.file, one.name, one.media_type) for one in files_of(found))],
        )  # fmt: skip
