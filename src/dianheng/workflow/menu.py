"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

register(
    MenuEntry("work", _("Steps of processes"), "work", ("workflow.view",), 5),
    MenuEntry("work", _("Processes"), "processes", ("workflow.view",), 30),
)
