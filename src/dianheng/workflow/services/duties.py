"""What leaders say of the ways by which one person could handle and approve."""

from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refusal, Refused
from dianheng.identity.selectors import setting
from dianheng.identity.services import require, write_batch

from ..models import DutyAcceptance
from ..selectors import duty_line


def duty_accept(
    *, person_no: str, key: str, reason: str, valid_through: date, actor: Actor
) -> DutyAcceptance:
    """Let a path stand for a while, knowing of it; on the same instance it grants nothing.

    Raises:
        Refused: it is the person's own path.
        NotFound: it is gone already.
    """
    actor = require(actor, "workflow.duties")
    errors = []
    if not reason.strip():
        errors.append({"field": "reason", "code": "missing", "text": _("Say why.")})
    today = timezone.localdate()
    days = setting("workflow.acceptance_days")
    if not today <= valid_through <= today + timedelta(days=days):
        text = _("At most %(days)s days, from today on.") % {"days": days}
        errors.append({"field": "valid_through", "code": "period", "text": text})
    if errors:
        raise BadInput(_("Please look at these once more:"), errors)
    line = duty_line(person_no, key)
    if line is None:
        raise NotFound(_("This way is not there any more."))
    if line.person.pk in (actor.person_id, actor.acting_for_id):
        raise Refused(Refusal("own_path", _("Nobody accepts a way of their own.")))
    with write_batch(actor=actor, action="duty.accept", reason=reason) as batch:
        row, _made = DutyAcceptance.objects.update_or_create(
            key=key,
            defaults={
                "person_id": line.person.pk, "reason": reason.strip(),
                "valid_through": valid_through, "accepted_by_id": actor.person_id,
                "accepted_at": batch.at,
            },
        )  # fmt: skip
    return row
