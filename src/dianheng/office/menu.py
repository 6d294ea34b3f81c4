"""Entries of the menu, names of actions."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register

register(
    MenuEntry("office", _("Archive"), "archive", ("archives.view",), 40),
    MenuEntry("office", _("Volumes of the archive"), "archive_volumes", ("archives.view",), 41),
    MenuEntry("office", _("Retention calendar"), "archive_retention", ("archives.view",), 42),
    MenuEntry("office", _("Regulations"), "regulations", ("regulations.view",), 43),
    MenuEntry("admin", _("Fonds"), "archive_fonds", ("archives.fonds",), 75),
)
register_actions(
    {
        "process.files": _("Put files to a process"),
        "archive.fonds": _("Enter a fonds"),
        "archive.file": _("File a piece"),
        "archive.correct": _("Correct the entry of a piece"),
        "archive.version": _("File a new version"),
        "archive.volume": _("Open a volume"),
        "archive.close": _("Close a volume"),
        "archive.check": _("Check a volume"),
        "archive.destruction": _("Apply for destruction"),
        "archive.destroy": _("Destroy records"),
        "regulation.enter": _("Enter a regulation"),
        "regulation.edition": _("Enter an edition"),
        "regulation.control": _("Say what carries a clause out"),
        "regulation.control_end": _("End what carries a clause out"),
        "archive.read": _("Read a business secret of the archive"),
        "archive.taken": _("Take a file of the archive"),
        "archive.refused": _("Refused at the archive"),
    }
)
