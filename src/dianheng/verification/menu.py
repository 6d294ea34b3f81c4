"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

VIEW = ("verification.view",)
register(
    MenuEntry("verification", _("Verification tasks"), "tasks", VIEW, 10),
    MenuEntry("verification", _("Bench loads"), "loads", VIEW, 20),
    MenuEntry("verification", _("Uploads of benches"), "uploads", VIEW, 30),
    MenuEntry(
        "verification",
        _("Review and approval"),
        "to_decide",
        ("verification.review", "verification.approve"),
        40,
    ),
    MenuEntry("verification", _("Original records"), "records", VIEW, 50),
    MenuEntry("verification", _("QC batches"), "quality_batches", VIEW, 60),
    MenuEntry("verification", _("QC results"), "quality_results", VIEW, 65),
    MenuEntry("verification", _("Test schemes"), "schemes", VIEW, 80),
    MenuEntry("verification", _("Rule sets"), "rule_sets", VIEW, 90),
)
