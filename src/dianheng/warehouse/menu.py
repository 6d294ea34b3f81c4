"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register

from .choices import Purpose

register(
    MenuEntry("warehouse", _("Stock"), "stock", ("warehouse.view",), 10),
    MenuEntry(
        "warehouse",
        _("Scan in and out"),
        "stock_scan_new",
        ("warehouse.move", "warehouse.hand_over"),
        20,
    ),
    MenuEntry(
        "warehouse",
        _("Movements and hand-overs"),
        "movements",
        ("warehouse.view", "warehouse.receive"),
        30,
    ),
    MenuEntry("warehouse", _("Due for recheck"), "stock_recheck", ("warehouse.view",), 40),
)
register_actions(
    {
        "handover.close": _("Close a hand-over with a difference"),
        "handover.receive": _("Receive a hand-over"),
        "handover.refuse": _("Refuse a hand-over"),
        "handover.take_back": _("Take a hand-over back"),
        "stock.lock": _("Lock old stock"),
        **{f"stock.{purpose.value}": purpose.label for purpose in Purpose},
    }
)
