"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register

register(
    MenuEntry("verification", _("Certificates and papers"), "documents", ("documents.view",), 60),
    MenuEntry("verification", _("Print ledger"), "document_copies", ("documents.view",), 70),
    MenuEntry("verification", _("Numbers of papers"), "numbers", ("documents.view",), 75),
    MenuEntry("admin", _("Heads of papers"), "issuing_bodies", ("documents.body",), 70),
)
register_actions(
    {
        "document.copy": _("Print or take a copy"),
        "label.print": _("Print labels"),
        "document.issue": _("Issue a document"),
        "document.revoke": _("Revoke a document"),
        "document.run": _("Start a print run"),
        "file.store": _("Keep a file"),
        "issuingbody.set": _("Change the issuing body"),
        "number.void": _("Void a number"),
    }
)
