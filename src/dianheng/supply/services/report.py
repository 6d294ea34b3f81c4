"""The signed sampling report: issued once for a judged sample, superseded when it was wrong."""

from dataclasses import replace

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.documents.models import IssuedDocument
from dianheng.documents.papers.schema import Amendment, Signature
from dianheng.documents.services import Draft, documents_issue
from dianheng.identity.services import (
    idempotent,
    remember,
    require,
    require_separation,
    write_batch,
)

from ..choices import InspectionState
from ..models import InspectionLot
from ..papers import sampling_report
from ..rules import guard_state
from .acceptance import samplers
from .inspection import locked_inspection

KIND = "sampling_report"
JUDGED = (InspectionState.JUDGED, InspectionState.ACCEPTED, InspectionState.REJECTED)


def sampling_report_issue(
    *, inspection: InspectionLot, actor: Actor, request_key: str = ""
) -> IssuedDocument:
    """Issue the report on a judged sample as a signed document; who tested does not sign it.

    Raises:
        Refused: `same_person`, or `report_issued`: there is one already, supersede it.
    """
    actor = require(actor, "documents.issue", inspection.unit_id)
    with write_batch(actor=actor, action="report.issue"):
        if (earlier := idempotent(request_key, "report.issue")) is not None:
            return IssuedDocument.objects.get(number=earlier["number"])
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, JUDGED, found.number))
        if found.report_no:
            text = _("The report %(no)s is issued already. A wrong one is superseded on its page.")
            raise Refused(Refusal("report_issued", text % {"no": found.report_no}))
        made = _issue(found, actor)
        remember(request_key, "report.issue", {"number": made.number})
    return made


def sampling_report_supersede(
    *, document: IssuedDocument, reason: str, actor: Actor
) -> IssuedDocument:
    """Issue the report anew from what is recorded; it names the wrong one."""
    if not reason.strip():
        raise BadInput(_("Say what is wrong with the document."))
    actor = require(actor, "documents.revoke", document.unit_id)
    named = dict(subject.split(":", 1) for subject in document.subjects)
    inspection = InspectionLot.objects.filter(number=named.get("inspection", "")).first()
    if document.kind != KIND or inspection is None:
        raise BadInput(_("Document %(no)s is no sampling report.") % {"no": document.number})
    with write_batch(actor=actor, action="report.issue", reason=reason):
        return _issue(locked_inspection(inspection), actor, document, reason)


def _issue(
    inspection: InspectionLot, actor: Actor, wrong: IssuedDocument | None = None, reason: str = ""
) -> IssuedDocument:
    require_separation(inspection.document, "approve", actor, samplers(inspection))
    approver = Signature(
        role="approver", name=actor.name, signed_on=timezone.localdate(),
        on_behalf_of=actor.acting_for_name,
    )  # fmt: skip
    paper = sampling_report(inspection, approver)
    if wrong is not None:
        amendment = Amendment(number=wrong.number, issued_on=wrong.issued_on, reason=reason)
        paper = replace(paper, replaces=amendment)
    draft = Draft(
        kind=KIND, paper=paper, unit_id=inspection.unit_id,
        subjects=(f"lot:{inspection.lot.code}", f"inspection:{inspection.number}"),
        conclusion="pass" if inspection.is_accepted else "fail", supersedes=wrong, reason=reason,
    )  # fmt: skip
    (made,) = documents_issue(drafts=[draft], actor=actor)
    inspection.report_no = made.number
    inspection.save(update_fields=["report_no"])
    return made
