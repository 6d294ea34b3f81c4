"""Entries of the menu, names of actions, things to do."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register
from dianheng.common.todo import TodoGroup, TodoItem, register_todo

from .selectors import controls_to_settle

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

SHOWN = 8


def controls_left_open(request: HttpRequest) -> Sequence[TodoGroup]:
    """For who keeps regulations: what carried out clauses that a new edition changed."""
    paths = request.rights.paths("regulations.edit")  # type: ignore[attr-defined]
    if not paths:
        return []
    rows = controls_to_settle(list(paths))
    items = []
    for one in rows[:SHOWN]:
        regulation = one.clause.edition.regulation
        address = f"{reverse('regulation', args=[regulation.slug])}?edition={one.next_edition}"  # type: ignore[attr-defined]
        items.append(TodoItem(f"{regulation.code} {one.clause.number}", address, one.name))
    title = gettext("Clauses changed by a new edition")
    return [TodoGroup(title, items, len(rows), reverse("regulations"))]


register_todo(controls_left_open)
