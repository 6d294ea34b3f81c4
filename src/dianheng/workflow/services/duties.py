"""What leaders say of ways to handle and approve, and of rights that nothing needs."""

from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refusal, Refused
from dianheng.identity.selectors import setting
from dianheng.identity.services import require, write_batch

from ..models import DutyAcceptance, WideAcceptance
from ..selectors import duty_line, wide_line


def duty_accept(
    *, person_no: str, key: str, reason: str, valid_through: date, actor: Actor
) -> DutyAcceptance:
    """Let a path stand for a while, knowing of it; on the same instance it grants nothing.

    Raises:
        Refused: it is the person's own path.
        NotFound: it is gone already.
    """
    actor = require(actor, "workflow.duties")
    _refuse_unsaid(reason, valid_through)
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


def wide_accept(*, key: str, reason: str, valid_through: date, actor: Actor) -> WideAcceptance:
    """Let rights that nothing needs stand for a while, for those who hold them now.

    Raises:
        Refused: the leader is among them.
        NotFound: it is gone already.
    """
    actor = require(actor, "workflow.duties")
    _refuse_unsaid(reason, valid_through)
    line = wide_line(key)
    if line is None:
        raise NotFound(_("These rights are needed now, or are not held any more."))
    if {actor.person_id, actor.acting_for_id} & set(line.wide.people):
        raise Refused(Refusal("own_rights", _("Nobody accepts rights of their own.")))
    with write_batch(actor=actor, action="duty.wide", reason=reason) as batch:
        row, _made = WideAcceptance.objects.update_or_create(
            key=key,
            defaults={
                "rights": list(line.wide.rights), "people": list(line.wide.people),
                "reason": reason.strip(), "valid_through": valid_through,
                "accepted_by_id": actor.person_id, "accepted_at": batch.at,
            },
        )  # fmt: skip
    return row


def _refuse_unsaid(reason: str, valid_through: date) -> None:
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
