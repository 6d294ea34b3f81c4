"""What this app tells the others at start."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.models import Device
from dianheng.assets.panels import DeviceAction
from dianheng.assets.selectors import Scanned
from dianheng.common.pages import no_right
from dianheng.common.search import AT_MOST, Hit, HitGroup
from dianheng.common.todo import TodoGroup, TodoItem, first_and_count
from dianheng.documents.choices import LabelKind
from dianheng.documents.services import series_name
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import system_actor

from .forms import TARGETS
from .labels import kinds_for_device, kinds_for_place, mark_refusal
from .models import Movement
from .selectors import open_for, refused_of
from .services import recheck_lock


def _action(
    rights: Any, right: str, path: str, label: Any, url: str, next_in: Sequence[str] = (), against: str = ""
) -> DeviceAction:  # fmt: skip
    refusal = against if rights.may(right, path) else no_right(right).text
    return DeviceAction(label, url, refusal, next_in)


def device_actions(device: Device, rights: Any) -> list[DeviceAction]:
    """Where a device can be taken from here by scan, and its labels."""
    path = device.unit.path
    scan = f"{reverse('stock_scan_new')}?purpose="
    found = []
    if device.state in ("qualified", "preallocated"):
        found += [
            _action(rights, "warehouse.move", path, gettext_lazy("Take into stock"), f"{scan}stock_in", ("qualified",)),
            _action(rights, "warehouse.hand_over", path, gettext_lazy("Issue to a person"), f"{scan}issue", ("preallocated",)),
        ]  # fmt: skip
    if device.state == "issued":
        found.append(
            _action(
                rights,
                "warehouse.move",
                path,
                gettext_lazy("Return from a person"),
                f"{scan}return",
            )
        )
    found += [
        _action(
            rights, "documents.print", path, gettext_lazy("Print: %(label)s") % {"label": kind.label},
            reverse("labels_one", args=[kind, device.barcode]),
            against=mark_refusal(device) if kind == LabelKind.QUALIFICATION_MARK else "",
        )
        for kind in kinds_for_device(device)
    ]  # fmt: skip
    return found


def thing_actions(found: Scanned, rights: Any) -> list[DeviceAction]:
    """What can be done with a place, a box or a person that was scanned."""
    if found.kind not in ("person", "place", "box"):
        return []
    scan, path, code = f"{reverse('stock_scan_new')}?purpose=", found.unit_path, quote(found.code)
    if found.kind == "person":
        return [
            _action(rights, "warehouse.hand_over", path, gettext_lazy("Issue to this person"), f"{scan}issue&person={code}"),
            _action(rights, "warehouse.move", path, gettext_lazy("Return from a person"), f"{scan}return"),
        ]  # fmt: skip
    kind, actions = found.facts["kind"], []
    if kind in TARGETS:
        label = gettext_lazy("Pack into it") if kind == "box" else gettext_lazy("Scan in here")
        actions.append(_action(rights, "warehouse.move", path, label, f"{scan}stock_in&to={code}"))
    if kind == "box":
        actions += [
            _action(rights, "warehouse.move", path, gettext_lazy("Move the box"), f"{scan}move"),
            _action(
                rights, "warehouse.hand_over", path, gettext_lazy("Hand over"), f"{scan}distribute"
            ),
        ]
    if kind in TARGETS:
        url = reverse("stock_in_place", args=[found.code])
        actions.append(_action(rights, "warehouse.view", path, gettext_lazy("Stock"), url))
    actions += [
        _action(
            rights, "documents.print", path, gettext_lazy("Print: %(label)s") % {"label": one.label},
            reverse("labels_one", args=[one, found.code]),
        )
        for one in kinds_for_place(kind)
    ]  # fmt: skip
    return actions


def movement_paths(numbers: Sequence[str]) -> dict[str, list[str]]:
    """The units that hand over and receive, by number."""
    rows = Movement.objects.filter(number__in=numbers)
    return {
        row[0]: list(row[1:]) for row in rows.values_list("number", "unit__path", "to_unit__path")
    }


def find_movements(request: HttpRequest, text: str) -> HitGroup | None:
    """Movements and hand-overs by a piece of their number or basis."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not (rights.may("warehouse.view") or rights.may("warehouse.receive")):
        return None
    units = units_with_right(rights, "warehouse.view") | units_with_right(
        rights, "warehouse.receive"
    )
    rows = (
        Movement.objects.filter(Q(number__icontains=text) | Q(basis__icontains=text))
        .filter(Q(unit__in=units) | Q(to_unit__in=units))
        .order_by("-pk")[:AT_MOST]
    )
    hits = [
        Hit(m.number, reverse("movement", args=[m.number]), f"{m.get_purpose_display()} · {m.get_state_display()}")
        for m in rows
    ]  # fmt: skip
    url = f"{reverse('movements')}?q={quote(text)}"
    return HitGroup(_("Movements and hand-overs"), hits, url) if hits else None


def find_movement(code: str) -> Scanned | None:
    """A movement by the bar code on its paper."""
    if not 8 <= len(code) <= 40:
        return None
    found = Movement.objects.select_related("unit", "to_unit").filter(number=code).first()
    if found is None:
        return None
    return Scanned(
        "movement", found.pk, found.number, str(found.get_purpose_display()),
        f"{found.get_state_display()} · {found.received_count}/{found.count}",
        reverse("movement", args=[found.number]),
        facts={"state": found.state, "count": found.count, "received": found.received_count},
        unit_path=found.to_unit.path, other_path=found.unit.path, right="warehouse.view",
    )  # fmt: skip


def code_url(request: HttpRequest, code: str) -> str | None:
    """Where the number of a movement leads."""
    found = find_movement(code)
    rights: Any = request.rights  # type: ignore[attr-defined]
    if found is None or not any(
        rights.may(right, path)
        for right in ("warehouse.view", "warehouse.receive")
        for path in (found.unit_path, found.other_path)
    ):
        return None
    return found.url


def note_name(number: str) -> str:
    """What the paper of a movement is called, by the series of its number."""
    return series_name(number) or _("Movement")


def lock_old_stock() -> int:
    """Lock what may no longer be issued; a tick of the worker."""
    return recheck_lock(system_actor())


def todo(request: HttpRequest) -> list[TodoGroup]:
    """Hand-overs that wait to be received."""
    rights = request.rights  # type: ignore[attr-defined]
    groups = _refused(rights)
    if not rights.may("warehouse.receive"):
        return groups
    # What comes to a store is for those who keep it; a fitter sees what is handed to him.
    stores = units_with_right(rights, "warehouse.receive") & units_with_right(
        rights, "warehouse.move"
    )
    found, count = first_and_count(open_for(request.user.pk, stores))
    if not count:
        return groups
    items = [
        TodoItem(
            row.number, reverse("movement", args=[row.number]),
            _("%(n)s devices from %(unit)s") % {"n": row.count - row.received_count, "unit": row.unit.name},
            since=row.handed_at,
        )
        for row in found
    ]  # fmt: skip
    return [
        *groups,
        TodoGroup(_("Hand-overs to receive"), items, count, reverse("movements") + "?state=open"),
    ]


def _refused(rights: Any) -> list[TodoGroup]:
    """Hand-overs of one's own store that the other side refused."""
    if not rights.may("warehouse.hand_over"):
        return []
    units = units_with_right(rights, "warehouse.hand_over")
    rows, count = first_and_count(refused_of(units))
    if not count:
        return []
    items = [
        TodoItem(
            m.number, reverse("movement", args=[m.number]),
            _("%(n)s devices, refused by %(unit)s") % {"n": m.count, "unit": m.to_unit.name},
            since=m.handed_at, is_returned=True,
        )
        for m in rows
    ]  # fmt: skip
    return [
        TodoGroup(
            _("Hand-overs to take back"), items, count, reverse("movements") + "?state=refused"
        )
    ]
