"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

register(MenuEntry("tools", _("Calculators"), "calculators", (), 90))
