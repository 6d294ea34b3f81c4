"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register

register(
    MenuEntry("office", _("Resources and bookings"), "resource_week", ("planning.view",), 36),
    MenuEntry("office", _("Tasks of meetings"), "assignments", ("planning.view",), 37),
)
register_actions(
    {
        "assignment.done": _("Say what became of a task of a meeting"),
        "assignment.drop": _("Drop tasks of a meeting"),
        "assignment.make": _("Give tasks of a meeting"),
        "booking.drop": _("Drop a booking"),
        "booking.give_back": _("Take a resource back"),
        "booking.lend": _("Lend a resource"),
        "booking.make": _("Book a resource"),
        "booking.undo": _("Undo a step of a booking"),
        "resource.change": _("Change a resource"),
        "resource.make": _("Add a resource"),
    }
)
