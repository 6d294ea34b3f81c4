"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

register(
    MenuEntry("work", _("Steps of processes"), "work", ("workflow.view",), 5),
    MenuEntry("processes", _("Processes"), "processes", ("workflow.view",), 30),
    MenuEntry("processes", _("Figures of processes"), "process_figures", ("workflow.view",), 31),
    MenuEntry("processes", _("Packs of processes"), "packs", ("workflow.view",), 32),
    MenuEntry("admin", _("Who could handle and approve"), "duties", ("workflow.view",), 60),
)
