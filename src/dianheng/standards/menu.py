"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

from .rights import VIEW

register(
    MenuEntry("verification", _("Laboratory"), "laboratory", (VIEW,), 60),
    MenuEntry("verification", _("Standards and benches"), "standards", (VIEW,), 70),
    MenuEntry("verification", _("Plans of send-outs"), "sendout_plans", (VIEW,), 74),
    MenuEntry("verification", _("Send-outs"), "sendouts", (VIEW,), 75),
    MenuEntry("verification", _("Papers that end"), "reminders", (VIEW,), 71),
    MenuEntry("verification", _("Records of the environment"), "environment_records", (VIEW,), 73),
    MenuEntry("verification", _("Standards of other bodies"), "outside_standards", (VIEW,), 72),
)
