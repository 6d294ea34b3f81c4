"""Data of the store's papers: 入库单, 出库单, 交接单."""

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.models import Device, DeviceEvent, DeviceModel
from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for

from .choices import TWO_SIDED, LineState, MovementState, Purpose
from .models import Movement

PURPOSES = {
    "stock_in": "verified", "distribute": "distribution", "issue": "issue", "return": "return",
    "for_test": "to_test", "move": "move", "reserve": "reserve", "release": "release",
}  # fmt: skip
LISTED = 600  # devices that a note lists one by one


def kind_of(movement: Movement) -> str:
    """Which paper a movement has."""
    if movement.purpose in (Purpose.DISTRIBUTE, Purpose.FOR_TEST):
        return "handover_note"
    return (
        "stock_out_note"
        if movement.purpose in (Purpose.ISSUE, Purpose.RESERVE)
        else "stock_in_note"
    )


def _goods(movement: Movement, devices: QuerySet[Device]) -> tuple[paper.GoodsLine, ...]:
    """What moved, by material, model, lot and the state that it had then."""
    event = DeviceEvent.objects.filter(
        device_id=OuterRef("pk"), document=f"movement:{movement.number}"
    )
    grouped = list(
        devices.annotate(was=Subquery(event.order_by("pk").values("from_state")[:1]))
        .values("meter__material_code", "model", "lot__code", "was")
        .annotate(n=Count("pk"))
        .order_by("model__code", "lot__code", "meter__material_code", "was")
    )
    models = DeviceModel.objects.in_bulk({row["model"] for row in grouped})
    boxes = movement.boxes.count() if len(grouped) == 1 else 0
    return tuple(
        paper.GoodsLine(
            name=models[row["model"]].name, model=models[row["model"]].code, quantity=row["n"],
            specification=models[row["model"]].specification, lot_no=row["lot__code"] or "",
            material_code=row["meter__material_code"] or "", state=row["was"] or "",
            boxes=boxes or None,
        )
        for row in grouped
    )  # fmt: skip


def note(movement: Movement) -> paper.StockNote | paper.HandoverNote:
    """The paper of a movement."""
    devices = Device.objects.filter(pk__in=movement.lines.values("device"))
    goods = _goods(movement, devices)
    listed = tuple(
        paper.DeviceRow(bar_code=code, serial_no=serial)
        for code, serial in devices.order_by("barcode").values_list("barcode", "serial_no")[:LISTED]
    )
    handed_on = timezone.localdate(movement.handed_at)
    handed = paper.Signature(
        role="issuer" if movement.purpose in TWO_SIDED else "keeper", name=movement.handed_by.name,
        signed_on=handed_on, on_behalf_of=movement.handed_for.name if movement.handed_for else "",
    )  # fmt: skip
    received = paper.Signature(
        role="receiver",
        name=movement.received_by.name if movement.received_by else "",
        signed_on=timezone.localdate(movement.received_at) if movement.received_at else None,
    )
    to_place = (
        movement.to_place.name
        if movement.to_place
        else (movement.to_person.name if movement.to_person else "")
    )
    common = {
        "number": movement.number,
        "created_at": timezone.localtime(movement.handed_at),
        "body": body_for(movement.unit),
        "purpose": PURPOSES.get(movement.purpose, movement.purpose),
        "basis": movement.basis,
        "lines": goods,
        "devices": listed,
        "boxes": tuple(movement.boxes.values_list("box__code", "count")[:LISTED]),
    }
    from_place = movement.from_place.name if movement.from_place else ""
    if kind_of(movement) != "handover_note":
        return paper.StockNote(
            **common, moved_on=handed_on, from_place=from_place, to_place=to_place,
            signatures=(handed, received) if movement.purpose == Purpose.ISSUE else (handed,),
        )  # fmt: skip
    differences = _differences(movement)
    return paper.HandoverNote(
        **common,
        state=_state(movement, bool(differences)),
        from_unit=movement.unit.name, from_place=from_place, to_unit=movement.to_unit.name, to_place=to_place,
        received_quantity=movement.received_count if movement.received_at else None,
        differences=differences, handed_over=handed, received=received,
    )  # fmt: skip


def _state(movement: Movement, differs: bool) -> str:
    if movement.state == MovementState.OPEN:
        return "open"
    if movement.state in (MovementState.REFUSED, MovementState.TAKEN_BACK, MovementState.CLOSED):
        return movement.state
    return "received_with_difference" if differs else "received"


def _differences(movement: Movement) -> tuple[paper.DeviceRow, ...]:
    """Missing, damaged, over, foreign, each with its word; nothing before the first receipt."""
    if movement.state == MovementState.OPEN:
        return ()
    rows = []
    for line in movement.lines.exclude(state=LineState.RECEIVED).select_related("device")[:LISTED]:
        words = [str(line.get_state_display()), line.note]
        if line.state == LineState.MISSING and movement.answerable:
            words.append(_("%(name)s answers for it") % {"name": movement.answerable.name})
        text = "; ".join(word for word in words if word)
        rows.append(paper.DeviceRow(bar_code=line.device.barcode, note=text))
    rows += [
        paper.DeviceRow(bar_code=one.code, note=str(one.get_kind_display()))
        for one in movement.differences.all()[:LISTED]
    ]
    return tuple(rows)
