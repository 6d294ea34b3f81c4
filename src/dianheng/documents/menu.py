"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.menu import MenuEntry, register

register(
    MenuEntry("verification", _("Certificates and papers"), "documents", ("documents.view",), 60),
    MenuEntry("verification", _("Print ledger"), "document_copies", ("documents.view",), 70),
    MenuEntry("admin", _("Heads of papers"), "issuing_bodies", ("documents.body",), 70),
)
