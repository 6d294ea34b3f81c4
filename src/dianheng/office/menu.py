"""Entries of the menu, names of actions, things to do."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register
from dianheng.common.todo import TodoGroup, TodoItem, first_and_count, register_todo

from .choices import Standing
from .models import ClauseControl
from .selectors import controls_to_settle, controls_today, is_broken, settle_url, within

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
    found, count = first_and_count(controls_to_settle(paths), SHOWN)
    title = gettext("Clauses changed by a new edition")
    return [TodoGroup(title, _items(found), count, _list(Standing.CHANGED))]


def controls_broken(request: HttpRequest) -> Sequence[TodoGroup]:
    """For who keeps regulations: ties to things that are not there any more."""
    paths = request.rights.paths("regulations.edit")  # type: ignore[attr-defined]
    if not paths:
        return []
    rows = within(controls_today().filter(is_broken()), paths).order_by("pk")
    found, count = first_and_count(rows, SHOWN)
    title = gettext("Clauses whose control is no longer there")
    return [TodoGroup(title, _items(found), count, _list(Standing.BROKEN))]


def _items(controls: Sequence[ClauseControl]) -> list[TodoItem]:
    return [
        TodoItem(
            f"{one.clause.edition.regulation.code} {one.clause.number}", settle_url(one), one.name
        )
        for one in controls
    ]


def _list(standing: Standing) -> str:
    return f"{reverse('regulation_controls')}?standing={standing.value}"


register_todo(controls_left_open)
register_todo(controls_broken, counts=False)  # looks for every tied thing: on the home page only
