"""Data of the hand-over lists of send-outs."""

from django.utils import timezone

from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for

from .models import SendoutItem, SendoutOrder
from .rules import DIFFERENCE_TEXTS
from .selectors.sendout import differences_of, items_of, total_yuan


def handover_list(order: SendoutOrder, *, is_in: bool) -> paper.HandoverNote:
    """送检交接单: what left for the body, or what came in from it with the differences."""
    items = [item for item in items_of(order.items) if item.back_at or not is_in]
    handed_on = timezone.localdate(order.handed_at) if order.handed_at else None
    person = order.handed_by or order.made_by
    ours = paper.Signature(role="issuer", name=person.name, signed_on=handed_on)
    theirs = paper.Signature(role="receiver", name=order.receiver, signed_on=handed_on)
    found = differences_of(order, items_of(order.items)) if is_in else []
    last = max((item for item in items if item.back_at), key=_back_at, default=None)
    if is_in and last is not None and last.back_at and last.back_by:
        back_on = timezone.localdate(last.back_at)
        theirs = paper.Signature(role="issuer", name=last.brought_by, signed_on=back_on)
        ours = paper.Signature(role="receiver", name=last.back_by.name, signed_on=back_on)
    is_done = is_in or order.handed_at is not None
    state = "received" if is_done else "open"
    return paper.HandoverNote(
        number=order.number, created_at=timezone.localtime((last and is_in and last.back_at) or order.made_at),
        body=body_for(order.unit), purpose="sendout_in" if is_in else "sendout_out",
        state="received_with_difference" if found else state,
        from_unit=order.body if is_in else order.unit.name,
        to_unit=order.unit.name if is_in else order.body,
        basis=", ".join(sorted({item.plan.number for item in items if item.plan})),
        lines=(), things=tuple(_thing(item, is_in) for item in items),
        total_yuan=total_yuan(items) if is_in else None,
        received_quantity=len(items) if is_done else None,
        differences=tuple(
            paper.DeviceRow(bar_code=one.barcode, note=str(DIFFERENCE_TEXTS[one.code]) % one.facts)
            for one in found
        ),
        handed_over=theirs if is_in else ours, received=ours if is_in else theirs,
        carrier=paper.Signature(role="carrier", name=order.carrier) if order.carrier and not is_in else None,
        due_on=None if is_in else order.expected_on,
    )  # fmt: skip


def _back_at(item: SendoutItem) -> float:
    return item.back_at.timestamp() if item.back_at else 0


def _thing(item: SendoutItem, is_in: bool) -> paper.SentThing:
    device = item.device
    detail = getattr(device, "standard", None)
    return paper.SentThing(
        name=detail.name if detail else device.model.name, model=device.model.code,
        bar_code=device.barcode, serial_no=device.serial_no,
        accuracy=device.model.accuracy_class or (detail.uncertainty if detail else ""),
        accessories=item.back_accessories if is_in else item.accessories,
        condition=item.back_condition if is_in else item.condition,
        found=item.found if is_in else "",
        certificate_no=item.certificate.number if is_in and item.certificate else "",
        cost_yuan=item.cost_yuan if is_in else None,
    )  # fmt: skip
