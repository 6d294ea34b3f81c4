"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register

register(MenuEntry("warehouse", _("Seals"), "seals", ("seals.view",), 60))
register_actions(
    {
        "seal.apply": _("Apply seals"),
        "seal.enrol": _("Enter seals"),
        "seal.give_back": _("Take seals back"),
        "seal.issue": _("Issue seals"),
        "seal.lose": _("Report seals lost"),
        "seal.open": _("Open seals"),
        "seal.order": _("Order seals"),
        "seal.receive": _("Receive ordered seals"),
        "seal.scrap": _("Destroy seals"),
    }
)
