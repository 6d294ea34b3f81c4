"""Rights of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import register_rights

register_rights(
    {
        "assets.view": _("See devices and places"),
        "assets.master": _("Change makers, models and places"),
        "assets.enrol": _("Enter devices in the register"),
        "assets.correct": _("Correct the record of a device"),
        "assets.lose": _("Report devices lost or found"),
    }
)
