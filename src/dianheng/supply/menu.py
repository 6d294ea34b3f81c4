"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

register(
    MenuEntry("supply", _("Orders"), "orders", ("supply.view",), 10),
    MenuEntry("supply", _("Arrivals"), "arrivals", ("supply.view",), 20),
    MenuEntry("supply", _("Lots"), "lots", ("supply.view",), 25),
    MenuEntry("supply", _("Inspections"), "inspections", ("supply.view",), 30),
    MenuEntry("supply", _("Returns to makers"), "returns", ("supply.view",), 40),
    MenuEntry("supply", _("Severity by model"), "switching_list", ("supply.view",), 50),
)
