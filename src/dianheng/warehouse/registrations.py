"""What this app tells the others at start."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.todo import TodoGroup, TodoItem
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import system_actor

from .selectors import open_for
from .services import recheck_lock


def lock_old_stock() -> int:
    """Lock what may no longer be issued; a tick of the worker."""
    return recheck_lock(system_actor())


def todo(request: HttpRequest) -> list[TodoGroup]:
    """Hand-overs that wait to be received."""
    rights = request.rights  # type: ignore[attr-defined]
    units = list(units_with_right(rights, "warehouse.receive").values_list("pk", flat=True))
    if not units:
        return []
    rows = open_for(request.user.pk, units)
    count = rows.count()
    if not count:
        return []
    items = [
        TodoItem(
            row.number, reverse("movement", args=[row.number]),
            _("%(n)s devices from %(unit)s") % {"n": row.count - row.received_count, "unit": row.unit.name},
            since=row.handed_at,
        )
        for row in rows[:10]
    ]  # fmt: skip
    return [
        TodoGroup(_("Hand-overs to receive"), items, count, reverse("movements") + "?state=open")
    ]
