"""Kinds of resources, states of bookings and of tasks of meetings: one list, with meaning."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ResourceKind(TextChoices):
    """What a resource is."""

    VEHICLE = "vehicle", _("Vehicle")
    ROOM = "room", _("Room")
    INSTRUMENT = "instrument", pgettext_lazy("resource", "Instrument")


class BookingState(TextChoices):
    """Where a booking stands; the first two keep others out."""

    BOOKED = "booked", pgettext_lazy("resource", "Booked")
    LENT = "lent", _("Lent")  # handed out, not yet back
    RETURNED = "returned", pgettext_lazy("resource", "Given back")
    DROPPED = "dropped", pgettext_lazy("resource", "Dropped")  # not approved, or taken back


TAKEN = (BookingState.BOOKED, BookingState.LENT)


class AssignmentState(TextChoices):
    """Where a task of a meeting stands."""

    OPEN = "open", pgettext_lazy("task", "Open")
    DONE = "done", pgettext_lazy("task", "Done")
    DROPPED = "dropped", pgettext_lazy("task", "Dropped")  # its minutes were taken back


# Colours of states, decided here only: good, busy, warn, bad, calm.
BOOKING_TONE = {
    BookingState.BOOKED: "busy",
    BookingState.LENT: "warn",
    BookingState.RETURNED: "good",
    BookingState.DROPPED: "calm",
}
ASSIGNMENT_TONE = {
    AssignmentState.OPEN: "busy",
    AssignmentState.DONE: "good",
    AssignmentState.DROPPED: "calm",
}
