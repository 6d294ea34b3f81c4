"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register

from .choices import Verb

register(
    MenuEntry("work", _("Scan"), "scan", ("assets.view",), 20),
    MenuEntry("assets", _("Devices"), "devices", ("assets.view",), 10),
    MenuEntry("assets", _("Models"), "models", ("assets.view",), 20),
    MenuEntry("assets", _("Makers"), "makers", ("assets.view",), 25),
    MenuEntry("assets", _("Places"), "place_list", ("assets.view",), 30),
    MenuEntry("assets", _("Registers taken over"), "registers", ("assets.enrol",), 35),
    MenuEntry("assets", _("States of a device"), "device_states", ("assets.view",), 40),
)
register_actions({f"device.{verb.value}": verb.label for verb in Verb})
register_actions(
    {
        "device.hang": _("Install devices at a usage point"),
        "device.take_off": _("Remove devices from a usage point"),
        "meters.keys": _("Enter the keys of meters"),
        "box.move": _("Move a box"),
        "lot.make": _("Name a lot"),
        "manufacturer.make": _("Add a maker"),
        "manufacturer.change": _("Change a maker"),
        "model.make": _("Add a model"),
        "model.change": _("Change a model"),
        "place.make": _("Add a place"),
        "place.person": _("Make the place of a person"),
        "place.transit": _("Make the place of what is on the way"),
        "place.update": _("Change a place"),
        "register.upload": _("Receive a register file"),
        "register.map": _("Name the columns of a register file"),
        "register.check": _("Check a register file"),
        "register.start_check": _("Start the check of a register file"),
        "register.take": _("Take a register file"),
        "register.start_take": _("Start taking a register file"),
        "register.refuse": _("Refuse a register file"),
        "statemapping.set": _("Keep a word for a state"),
        "statemapping.drop": _("Forget a word for a state"),
    }
)
