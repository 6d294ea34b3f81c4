"""What this app tells the others at start."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from dianheng.assets.models import Device
from dianheng.assets.panels import DeviceAction
from dianheng.common.pages import no_right
from dianheng.common.todo import TodoGroup, TodoItem
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import system_actor

from .selectors import open_for
from .services import recheck_lock


def device_actions(device: Device, rights: Any) -> list[DeviceAction]:
    """Where a device can be taken from here by scan."""
    path = device.unit.path
    found = []
    for right, purpose, label, states in (
        ("warehouse.move", "stock_in", _lazy("Take into stock"), ("qualified",)),
        ("warehouse.hand_over", "issue", _lazy("Issue to a person"), ("preallocated",)),
    ):
        refusal = "" if rights.may(right, path) else no_right(right).text
        if device.state in ("qualified", "preallocated"):
            found.append(
                DeviceAction(
                    label, f"{reverse('stock_scan_new')}?purpose={purpose}", refusal, states
                )
            )
    return found


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
