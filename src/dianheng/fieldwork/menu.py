"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register

VIEW = ("fieldwork.view",)
register(
    MenuEntry("field", _("Checks that are due"), "field_due", VIEW, 15),
    MenuEntry("field", _("Field tasks"), "field_tasks", VIEW, 20),
    MenuEntry("field", _("Records of checks"), "field_checks", VIEW, 30),
    MenuEntry("field", _("Orders after checks"), "field_orders", VIEW, 40),
    MenuEntry("field", _("Diagnosis of a wiring"), "field_diagnosis", (), 50),
)
register_actions(
    {
        "fieldtask.make": _("Make a field task"),
        "fieldtask.cancel": _("Call a field task off"),
        "fieldcheck.record": _("Record a check on site"),
        "fieldcheck.again": _("Judge a record of a check once more"),
        "fieldorder.done": _("Close an order after a check"),
    }
)
