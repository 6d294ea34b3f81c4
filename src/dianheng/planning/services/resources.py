"""The list of resources."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.models import Unit
from dianheng.identity.services import require, write_batch

from ..choices import TAKEN
from ..models import Resource

MANAGE = "planning.manage"


def resource_make(
    *, code: str, name: str, kind: str, unit: Unit, actor: Actor, remark: str = ""
) -> Resource:
    """Add a resource that can be booked from now on."""
    actor = require(actor, MANAGE, unit.pk)
    with write_batch(actor=actor, action="resource.make"):
        if Resource.objects.filter(code=code.strip()).exists():
            text = _("%(code)s is in the list already.") % {"code": code.strip()}
            raise BadInput(text, [{"field": "code", "code": "exists", "text": text}])
        return Resource.objects.create(
            code=code.strip(), name=name.strip(), kind=kind, unit=unit, remark=remark.strip()
        )


def resource_change(
    *, resource: Resource, name: str, remark: str, is_active: bool, actor: Actor
) -> Resource:
    """Call it otherwise, or let it not be booked any more.

    Raises:
        Refused: somebody has booked it still.
    """
    actor = require(actor, MANAGE, resource.unit_id)
    with write_batch(actor=actor, action="resource.change"):
        found = Resource.objects.select_for_update().get(pk=resource.pk)
        if not is_active:
            ahead = found.bookings.filter(state__in=TAKEN, to_at__gt=timezone.now()).first()
            if ahead is not None:
                text = _("%(resource)s is booked through %(to)s: that comes first.")
                facts = {
                    "resource": found.name,
                    "to": f"{timezone.localtime(ahead.to_at):%F %H:%M}",
                }
                raise Refused(Refusal("booked", text % facts, facts))
        found.name, found.remark, found.is_active = name.strip(), remark.strip(), is_active
        found.save(update_fields=["name", "remark", "is_active"])
    return found
