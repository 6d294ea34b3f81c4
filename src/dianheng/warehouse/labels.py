"""What stands on labels, read from the register; and for what there can be none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import STANDARDS, DeviceKind, DeviceState, Ownership, PlaceKind
from dianheng.assets.models import Device, DeviceModel, Place
from dianheng.common.lists import NotThis
from dianheng.documents.choices import LabelKind
from dianheng.documents.papers import schema
from dianheng.documents.selectors import body_for
from dianheng.identity.models import Unit

from .registry import label_facts

OF_DEVICES = (LabelKind.QUALIFICATION_MARK, LabelKind.METER_LABEL, LabelKind.STATUS_LABEL)
MARKED = (
    DeviceState.QUALIFIED,
    DeviceState.PREALLOCATED,
    DeviceState.ISSUED,
    DeviceState.IN_SERVICE,
)


@dataclass
class Labels:
    """Labels that can be printed, in the order of their codes, and for what there are none."""

    labels: list[Any] = field(default_factory=list)
    refused: list[NotThis] = field(default_factory=list)
    unit_ids: set[int] = field(default_factory=set)


def labels_of(kind: str, keys: Sequence[int], approver: str = "") -> Labels:
    """What stands on the labels of devices or places.

    Args:
        keys: of devices for the kinds `OF_DEVICES`, else of places.
        approver: who took a standard out of use, where the record does not say it.
    """
    made = Labels()
    if kind in OF_DEVICES:
        rows = (
            Device.objects.filter(pk__in=list(keys))
            .select_related("model__manufacturer", "unit", "standard")
            .order_by("barcode")
        )
        facts = label_facts(kind, list(keys))
        heads = _Heads()
        for device in rows:
            known = dict(facts.get(device.pk, {}))
            _add(
                made, device.barcode, device.unit_id, _DEVICE[kind], device, known, heads, approver
            )
        return made
    places = Place.objects.filter(pk__in=list(keys)).select_related("unit", "parent")
    inside = _inside(keys) if kind == LabelKind.BOX_LABEL else {}
    for place in places.order_by("code"):
        _add(made, place.code, place.unit_id, _PLACE[kind], place, inside.get(place.pk, {}))
    return made


class _Heads:
    """Names of bodies, asked once for each unit."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}

    def of(self, unit: Unit) -> str:
        if unit.pk not in self.names:
            self.names[unit.pk] = body_for(unit).name
        return self.names[unit.pk]


def _add(made: Labels, code: str, unit_id: int, build: Callable[..., Any], *given: Any) -> None:
    answer = build(*given)
    if isinstance(answer, str):
        made.refused.append(NotThis(code, answer))
    else:
        made.labels.append(answer)
        made.unit_ids.add(unit_id)


def _specification(model: DeviceModel) -> str:
    parts = [
        model.specification,
        _("class %(class)s") % {"class": model.accuracy_class} if model.accuracy_class else "",
    ]
    return " ".join(part for part in parts if part)


def mark_refusal(device: Device) -> str:
    """Why a device carries no qualification mark now; empty when it does."""
    if device.state not in MARKED or device.verified_on is None or device.valid_through is None:
        return _("Is “%(state)s”: only what is verified carries a mark.") % {
            "state": device.get_state_display()
        }
    if device.valid_through < timezone.localdate():
        return _("Was valid through %(day)s: send it for verification first.") % {
            "day": device.valid_through
        }
    return ""


def _mark(device: Device, known: dict[str, Any], heads: _Heads, approver: str) -> Any:
    if reason := mark_refusal(device):
        return reason
    return schema.QualificationMark(
        bar_code=device.barcode, verified_on=device.verified_on, valid_through=device.valid_through,
        **{"body_name": heads.of(device.unit), **known},
    )  # fmt: skip


def _bar_code(device: Device, known: dict[str, Any], heads: _Heads, approver: str) -> Any:
    is_ours = device.ownership == Ownership.UTILITY
    return schema.MeterLabel(
        bar_code=device.barcode,
        owner=device.unit.name if is_ours else device.get_ownership_display(),
        kind_name=device.model.name,
        model=device.model.code,
        specification=_specification(device.model),
    )


def _status(device: Device, known: dict[str, Any], heads: _Heads, approver: str) -> Any:
    if device.kind not in STANDARDS:
        return _("Colour labels are for standards, benches and instruments.")
    standard = getattr(device, "standard", None)
    common = {
        "instrument": f"{standard.name if standard else device.model.name} {device.model.code}",
        "asset_no": device.asset_number,
        "body_name": heads.of(device.unit),
    }
    restriction = standard.restriction if standard else ""
    stopped_on = standard.stopped_on if standard else None
    if device.state in (DeviceState.SUSPENDED, DeviceState.LOST) and stopped_on is None:
        stopped_on = timezone.localdate(device.state_at)
    if stopped_on is not None:
        who = approver or known.get("approver", "")
        if not who:
            return _("Is out of use: say below who approved that; a red label names them.")
        return schema.StatusLabel(
            colour=schema.RED,
            stopped_on=stopped_on,
            approver=who,
            restriction=restriction,
            **common,
        )
    through = known.get("valid_through")
    if through is None:
        return _("Has no certificate: enter it first, or take it out of use.")
    if through < timezone.localdate():
        return _("Its certificate ended on %(day)s: enter the new one, or take it out of use.") % {
            "day": through
        }
    known.pop("approver", None)
    return schema.StatusLabel(
        colour=schema.YELLOW if restriction else schema.GREEN,
        restriction=restriction,
        **common,
        **known,
    )


def _box(place: Place, inside: dict[str, Any]) -> Any:
    if place.kind != PlaceKind.BOX:
        return _("Is no turnover box.")
    count = inside.get("quantity", 0)
    return schema.BoxLabel(
        box_no=place.code, owner=place.unit.name, capacity=place.capacity or max(count, 1),
        **{"quantity": 0, **inside},
    )  # fmt: skip


def _shelf(place: Place, inside: dict[str, Any]) -> Any:
    if place.kind not in (PlaceKind.SHELF, PlaceKind.STORE, PlaceKind.LABORATORY, PlaceKind.BENCH):
        return _("Shelf labels are for stores, shelves and laboratories.")
    return schema.ShelfLabel(
        code=place.code, name=place.name,
        store=place.parent.name if place.parent else place.unit.name,
    )  # fmt: skip


_DEVICE: dict[str, Callable[..., Any]] = {
    LabelKind.QUALIFICATION_MARK: _mark,
    LabelKind.METER_LABEL: _bar_code,
    LabelKind.STATUS_LABEL: _status,
}
_PLACE: dict[str, Callable[..., Any]] = {
    LabelKind.BOX_LABEL: _box,
    LabelKind.SHELF_LABEL: _shelf,
}


def _inside(box_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What is in boxes: figures, and what all devices in one have in common."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select b.id, count(*), min(d.barcode), max(d.barcode), max(d.stocked_on), min(d.valid_through),
                   case when count(distinct d.model_id) = 1 then min(d.model_id) end,
                   case when count(distinct d.state) = 1 then min(d.state) else 'mixed' end,
                   case when count(distinct d.lot_id) = 1 then (select code from assets_lot where id = min(d.lot_id)) end
              from assets_place b join assets_place p on starts_with(p.path, b.path)
              join assets_device d on d.place_id = p.id
             where b.id = any(%s) group by b.id
            """,
            [list(box_ids)],
        )
        rows = cursor.fetchall()
    models = DeviceModel.objects.in_bulk([row[6] for row in rows if row[6]])
    found = {}
    for key, count, first, last, packed_on, through, model_id, state, lot in rows:
        model = models.get(model_id)
        found[key] = {
            "quantity": count, "first_bar_code": first, "last_bar_code": last, "packed_on": packed_on,
            "valid_through": through, "state": state, "lot_no": lot or "",
            "kind_name": model.name if model else "", "model": model.code if model else "",
            "specification": _specification(model) if model else "",
        }  # fmt: skip
    return found


def kinds_for_device(device: Device) -> list[LabelKind]:
    """Labels that a device can carry, the usual one first."""
    if device.kind in STANDARDS:
        return [LabelKind.STATUS_LABEL, LabelKind.METER_LABEL]
    if device.kind == DeviceKind.METERING_BOX:
        return [LabelKind.METER_LABEL]
    return [LabelKind.QUALIFICATION_MARK, LabelKind.METER_LABEL]


def kinds_for_place(kind: str) -> list[LabelKind]:
    """Labels that a place of a kind can carry."""
    if kind == PlaceKind.BOX:
        return [LabelKind.BOX_LABEL]
    if kind in (PlaceKind.SHELF, PlaceKind.STORE, PlaceKind.LABORATORY):
        return [LabelKind.SHELF_LABEL]
    return []
