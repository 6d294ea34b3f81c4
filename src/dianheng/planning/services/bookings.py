"""Resources booked, lent, given back. Whoever calls has asked for the right: a process does."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import NotFound, Refusal, Refused, refuse
from dianheng.identity.selectors import setting
from dianheng.identity.services import idempotent, remember, write_batch

from ..choices import BookingState
from ..models import Booking, Resource
from ..rules import guard_booking_step, guard_period
from ..selectors import bookings_clashing, resources_free

NAMED = 5  # others that are free, in a refusal


def booking_make(
    *,
    resource: str,
    from_at: datetime,
    to_at: datetime,
    purpose: str,
    actor: Actor,
    document: str = "",
    request_key: str = "",
) -> Booking:
    """Book a resource for [from, to); nobody else has it then.

    Args:
        resource: its code.
        document: the process that books it, as the ledger names it.

    Raises:
        NotFound: there is no such resource.
        Refused: somebody has it then (which one is free is said), it is closed, or the period
            is none.
    """
    refuse(guard_period(from_at, to_at, setting("planning.booking_days")))
    with write_batch(actor=actor, action="booking.make"):
        if (earlier := idempotent(request_key, "booking.make")) is not None:
            return Booking.objects.get(pk=earlier["booking"])
        found = Resource.objects.select_for_update().filter(code=resource).first()
        if found is None:
            raise NotFound(_("There is no resource %(code)s.") % {"code": resource}, code=resource)
        if not found.is_active:
            text = _("%(resource)s cannot be booked any more.") % {"resource": found.name}
            raise Refused(Refusal("closed", text, {"resource": found.code}))
        _refuse_clash(found, from_at, to_at)
        made = Booking.objects.create(
            resource=found, from_at=from_at, to_at=to_at, purpose=purpose.strip(),
            person_id=actor.person_id, document=document,
        )  # fmt: skip
        remember(request_key, "booking.make", {"booking": made.pk})
    return made


def _refuse_clash(
    resource: Resource, from_at: datetime, to_at: datetime, besides: int | None = None
) -> None:
    other = bookings_clashing(resource, from_at, to_at).exclude(pk=besides).first()
    if other is None:
        return
    free = [one.name for one in resources_free(resource.kind, from_at, to_at)[:NAMED]]
    facts = {
        "resource": resource.name, "person": other.person.name,
        "from": f"{timezone.localtime(other.from_at):%F %H:%M}",
        "to": f"{timezone.localtime(other.to_at):%F %H:%M}",
        "document": other.number, "free": "、".join(free),
    }  # fmt: skip
    text = _("%(person)s has %(resource)s from %(from)s to %(to)s (%(document)s).") % facts
    way = _("Nothing of the kind is free then: choose another time.")
    if free:
        way = _("Free then: %(free)s.") % facts
    raise Refused(Refusal("clash", f"{text} {way}", facts))


def _locked(document: str, state: str) -> Booking:
    """The booking of a process that stands so, locked; or Refused."""
    rows = Booking.objects.select_for_update(of=("self",)).select_related("resource")
    found = rows.filter(document=document).exclude(state=BookingState.DROPPED).last()
    if found is None:
        text = _("%(document)s has booked nothing.")
        raise NotFound(text % {"document": document}, document=document)
    refuse(guard_booking_step(found.state, state, found.resource.name))
    return found


def booking_drop(*, document: str, actor: Actor) -> None:
    """Let a booking go that was not lent yet; a second time changes nothing."""
    with write_batch(actor=actor, action="booking.drop"):
        rows = Booking.objects.filter(document=document)
        if rows.exclude(state=BookingState.DROPPED).exists():
            found = _locked(document, BookingState.BOOKED)
            found.state = BookingState.DROPPED
            found.save(update_fields=["state"])


def booking_lend(*, document: str, condition: str, actor: Actor, request_key: str = "") -> Booking:
    """Hand out what was booked.

    Raises:
        Refused: it was lent already, or whoever has it has not brought it back.
    """
    with write_batch(actor=actor, action="booking.lend") as batch:
        if (earlier := idempotent(request_key, "booking.lend")) is not None:
            return Booking.objects.get(pk=earlier["booking"])
        found = _locked(document, BookingState.BOOKED)
        out = Booking.objects.filter(resource=found.resource_id, state=BookingState.LENT)
        if (other := out.select_related("person").first()) is not None:
            facts = {"resource": found.resource.name, "person": other.person.name}
            facts["document"] = other.number
            text = _("%(person)s has not brought %(resource)s back yet (%(document)s).")
            raise Refused(Refusal("not_back", text % facts, facts))
        found.state, found.lent_at, found.condition = BookingState.LENT, batch.at, condition
        found.save(update_fields=["state", "lent_at", "condition"])
        remember(request_key, "booking.lend", {"booking": found.pk})
    return found


def booking_give_back(
    *, document: str, condition: str, actor: Actor, request_key: str = ""
) -> Booking:
    """Take back what was lent; from now on others may have it."""
    with write_batch(actor=actor, action="booking.give_back") as batch:
        if (earlier := idempotent(request_key, "booking.give_back")) is not None:
            return Booking.objects.get(pk=earlier["booking"])
        found = _locked(document, BookingState.LENT)
        found.state, found.returned_at = BookingState.RETURNED, batch.at
        found.condition = condition
        found.save(update_fields=["state", "returned_at", "condition"])
        remember(request_key, "booking.give_back", {"booking": found.pk})
    return found


def booking_undo(*, document: str, state: str, actor: Actor) -> Booking:
    """Take the last step back: what is lent is booked again, what came back is lent again.

    Args:
        state: where it stands now.

    Raises:
        Refused: it stands elsewhere, or somebody else has booked it meanwhile.
    """
    with write_batch(actor=actor, action="booking.undo"):
        found = _locked(document, state)
        if state == BookingState.RETURNED:
            _refuse_clash(found.resource, found.from_at, found.to_at, besides=found.pk)
            found.state, found.returned_at = BookingState.LENT, None
        else:
            found.state, found.lent_at = BookingState.BOOKED, None
        found.save(update_fields=["state", "lent_at", "returned_at"])
    return found
