"""Severity of inspection for a maker's model: it follows the lots judged, or is resumed."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import Lot
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.services import require, write_batch
from dianheng.metrology.switching import InspectionState as Severity
from dianheng.metrology.switching import SwitchingState as Switching
from dianheng.metrology.switching import next_state

from ..models import InspectionLot, SwitchingState
from ..rules import sampling_rules


def severity_of(lot: Lot) -> str:
    """Severity for the next lot of the maker's model; refused while inspection is discontinued."""
    found = SwitchingState.objects.filter(model_id=lot.model_id, unit_id=lot.unit_id).first()
    if found is None:
        return str(Severity.NORMAL)
    if found.state == Severity.DISCONTINUED:
        text = _(
            "Inspection of %(model)s is discontinued: too many of its lots were rejected. "
            "It is resumed when the maker has improved and the authority agrees."
        ) % {"model": lot.model.code}
        raise Refused(Refusal("discontinued", text, {"model": lot.model.code}))
    return found.state


def resubmitted_severity(lot: Lot) -> str:
    """A lot submitted again is inspected tightened; not while inspection is discontinued."""
    severity_of(lot)
    return str(Severity.TIGHTENED)


def lot_judged(inspection: InspectionLot, is_accepted: bool, at: Any) -> None:
    """Take a lot's result into the history of its model; a change of severity names the lot."""
    kept, _new = SwitchingState.objects.select_for_update().get_or_create(
        model_id=inspection.lot.model_id, unit_id=inspection.unit_id, defaults={"changed_at": at}
    )
    before = Switching(Severity(kept.state), tuple(kept.recent), kept.accepted_run, kept.rejected)
    after = next_state(sampling_rules(), before, is_accepted)
    if after.state != before.state:
        kept.changed_at, kept.reason = at, inspection.number
    kept.state, kept.recent = str(after.state), list(after.recent)
    kept.accepted_run, kept.rejected = after.accepted_run, after.rejected
    kept.save()


def inspection_resume(*, switching: SwitchingState, reason: str, actor: Actor) -> SwitchingState:
    """Resume a discontinued inspection, under tightened severity."""
    if not reason.strip():
        raise BadInput(_("Say what the maker improved and who agrees."))
    actor = require(actor, "supply.resume", switching.unit_id)
    with write_batch(actor=actor, action="inspection.resume", reason=reason) as batch:
        kept = SwitchingState.objects.select_for_update().get(pk=switching.pk)
        if kept.state != Severity.DISCONTINUED:
            text = _("Inspection of this model is not discontinued.")
            raise Refused(Refusal("not_discontinued", text))
        kept.state, kept.recent, kept.accepted_run, kept.rejected = "tightened", [], 0, 0
        kept.changed_at, kept.reason = batch.at, reason
        kept.save()
    return kept
