"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

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
