"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

from .rights import VIEW

register(
    MenuEntry("verification", _("Laboratory"), "laboratory", (VIEW,), 60),
    MenuEntry("verification", _("Standards and benches"), "standards", (VIEW,), 70),
)
