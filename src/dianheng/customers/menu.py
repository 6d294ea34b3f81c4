"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register

register(MenuEntry("field", _("Usage points"), "usage_points", ("customers.view",), 10))
register_actions(
    {
        "point.make": _("Enter a usage point"),
        "point.import": _("Take a file of usage points"),
        "point.change": _("Correct a usage point"),
        "point.close": _("Close a usage point"),
        "point.reopen": _("Open a usage point again"),
    }
)
