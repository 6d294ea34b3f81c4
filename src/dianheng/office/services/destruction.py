"""Destruction of what has run out: applied for with its list, carried out when all have signed."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, refuse
from dianheng.documents.services import content_erase
from dianheng.identity.services import require, write_batch
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.selectors import content_of
from dianheng.workflow.services import draft_keep, instance_start

from ..choices import PieceState, VolumeState
from ..models import ArchivePiece, ArchiveVolume, PieceFile
from ..rules import guard_destruction, guard_witnesses

PACK = "archive-destruction"
WITNESSES = ("witness_1", "witness_2")  # steps of the pack


def destruction_apply(*, pieces: Sequence[ArchivePiece], actor: Actor) -> ProcessInstance:
    """Begin the approval with the list of these pieces; its first form is filled in.

    Raises:
        Refused: some are not due, are destroyed, or belong to several units; each is named.
    """
    today = timezone.localdate()
    faults = [
        r for one in pieces if (r := guard_destruction(one.number, one.state, one.ends_on, today))
    ]
    refuse(*faults)
    units = {one.fonds.unit_id: one.fonds.unit for one in pieces}
    if len(units) != 1:
        raise BadInput(_("A list for destruction holds pieces of one unit."))
    ((unit_id, unit),) = units.items()
    actor = require(actor, "archives.file", unit_id)
    rows = [
        {"number": one.number, "title": one.title, "ends_on": str(one.ends_on)}
        for one in sorted(pieces, key=lambda one: one.number)
    ]
    with write_batch(actor=actor, action="archive.destruction"):
        title = _("Destruction of %(n)s records that have run out") % {"n": len(rows)}
        made = instance_start(code=PACK, unit=unit, title=title, actor=actor)
        draft_keep(task=made.tasks.get(), data={"pieces": rows}, actor=actor)
    return made


def destruction_carry(*, instance: ProcessInstance, actor: Actor) -> list[ArchivePiece]:
    """Destroy the pieces of a list that was approved, entered and witnessed by two people.

    The entries stay; the contents are erased where nothing else refers to them. A repeat is
    harmless.
    """
    actor = require(actor, "archives.file", instance.unit_id)
    done = instance.tasks.filter(state="done")
    saw = done.filter(task__in=WITNESSES, entries__data__witnessed="yes")
    people = dict((done.filter(task="carry") | saw).values_list("task", "done_by_id"))
    signed = [people.get(step) for step in ("carry", *WITNESSES)]
    refuse(guard_witnesses(instance.pack.code == PACK, signed))
    numbers = [row["number"] for row in content_of(instance).get("apply", {}).get("pieces", [])]
    with write_batch(actor=actor, action="archive.destroy", reason=instance.number):
        rows = ArchivePiece.objects.select_for_update(of=("self",)).select_related("fonds__unit")
        found = list(rows.filter(number__in=numbers).order_by("pk"))
        unknown = sorted(set(numbers) - {one.number for one in found})
        waiting = [one for one in found if one.destruction != instance.number]
        today = timezone.localdate()
        refuse(
            *(
                Refusal(
                    "not_found", _("There is no record %(no)s in the archive.") % {"no": number}
                )
                for number in unknown
            ),
            *(guard_destruction(one.number, one.state, one.ends_on, today) for one in waiting),
        )
        for one in waiting:
            require(actor, "archives.file", one.fonds.unit_id)
        keys = [one.pk for one in waiting]
        ArchivePiece.objects.filter(pk__in=keys).update(
            state=PieceState.DESTROYED, destruction=instance.number
        )
        emptied = ArchiveVolume.objects.filter(pieces__in=keys).exclude(
            pieces__state=PieceState.KEPT
        )
        ArchiveVolume.objects.filter(pk__in=list(emptied.values_list("pk", flat=True))).update(
            state=VolumeState.DESTROYED
        )
        transaction.on_commit(lambda: _erase(keys))
    return found


def _erase(keys: Sequence[int]) -> None:
    """Erase contents that no kept piece and no other record refers to."""
    for one in PieceFile.objects.filter(piece__in=keys).select_related("file"):
        others = PieceFile.objects.filter(file=one.file).exclude(piece__state=PieceState.DESTROYED)
        if not others.exists():
            content_erase(one.file, but=PieceFile)
