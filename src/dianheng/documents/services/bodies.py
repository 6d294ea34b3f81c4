"""The head of a unit's papers."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.services import require, write_batch

from ..models import IssuingBody


def issuing_body_set(*, unit_id: int, name: str, actor: Actor, **columns: str) -> IssuingBody:
    """Say in whose name a unit issues papers, with address and telephone."""
    if not name.strip():
        raise BadInput(_("The issuing body needs a name."))
    actor = require(actor, "documents.body", unit_id)
    with write_batch(actor=actor, action="issuingbody.set"):
        body, _made = IssuingBody.objects.update_or_create(
            unit_id=unit_id, defaults={"name": name, **columns}
        )
    return body
