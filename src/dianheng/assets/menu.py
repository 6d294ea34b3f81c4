"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

register(
    MenuEntry("work", _("Scan"), "scan", ("assets.view",), 20),
    MenuEntry("assets", _("Devices"), "devices", ("assets.view",), 10),
    MenuEntry("assets", _("Models"), "models", ("assets.view",), 20),
    MenuEntry("assets", _("Places"), "place_list", ("assets.view",), 30),
    MenuEntry("assets", _("States of a device"), "device_states", ("assets.view",), 40),
)
