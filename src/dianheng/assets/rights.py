"""Rights of this app."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings, target

register_rights(
    {
        "assets.view": _("See devices and places"),
        "assets.master": _("Change makers, models and places"),
        "assets.enrol": _("Enter devices in the register"),
        "assets.correct": _("Correct the record of a device"),
        "assets.install": _("Install and remove devices at usage points"),
        "assets.lose": _("Report devices lost or found"),
    }
)
register_settings(
    SettingKind(
        "figures.waiting_target",
        _("Target: at most so many devices wait for verification"),
        Decimal(3000),
        target,
        source="own choice: about a week of two benches",
        certainty="project",
        unit="",
    ),
)
