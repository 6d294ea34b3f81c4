"""Orders: a batch of standards is listed, scanned and handed over to a higher body."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.search import clean_code
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import AWAY, ItemState, OrderState, PlanState, Way
from ..models import SendoutItem, SendoutOrder
from ..rights import RIGHT
from ..selectors.sendout import certificates_for
from .sendout_plan import fault, guard_free, items_for

MOST_SCANS = 200
EARLIEST = 2000  # a year: what is earlier was mistyped


def sendout_order_make(
    *,
    unit: Unit,
    body: str,
    expected_on: date,
    actor: Actor,
    item_ids: Sequence[int] = (),
    devices: Sequence[Device] = (),
    request_key: str = "",
) -> SendoutOrder:
    """List standards that go to one body together.

    Args:
        item_ids: lines of agreed plans, of this body.
        devices: standards that no plan names.

    Raises:
        BadInput: every line that cannot go with this order.
        Refused: a standard is planned or on its way already.
    """
    faults = []
    if not body.strip():
        faults.append(fault("body", "missing", _("Name the higher body.")))
    if expected_on < timezone.localdate():
        text = _("The day on which it is expected back is over.")
        faults.append(fault("expected_on", "over", text))
    actor = require(actor, RIGHT, unit.pk)
    with write_batch(actor=actor, action="sendout.list") as batch:
        if (earlier := idempotent(request_key, "sendout.list")) is not None:
            return SendoutOrder.objects.get(pk=earlier["order"])
        items = list(
            SendoutItem.objects.select_for_update(of=("self",))
            .filter(pk__in=list(item_ids))
            .select_related("plan", "device")
        )
        if len(items) < len(set(item_ids)):
            faults.append(fault("items", "unknown", _("A line is not on the plan any more.")))
        for item in items:
            faults += _not_to_go(item, unit, body)
        if not items and not devices and not faults:
            faults.append(fault("items", "missing", _("Choose at least one standard.")))
        if faults:
            raise BadInput(_("The send-out cannot be listed."), faults)
        guard_free(devices, unit)
        (number,) = numbers_take(
            key="sendout", unit_id=unit.pk, year=timezone.localdate(batch.at).year
        )
        order = SendoutOrder.objects.create(
            number=number, unit=unit, body=body.strip(), expected_on=expected_on,
            made_by_id=actor.person_id, made_at=batch.at,
        )  # fmt: skip
        fresh = items_for(devices)
        for item in [*items, *fresh]:
            item.order, item.state, item.way = order, ItemState.LISTED, Way.SENT
            item.body = item.body or order.body
        SendoutItem.objects.bulk_update(items, ["order", "state", "body"])
        SendoutItem.objects.bulk_create(fresh)
        remember(request_key, "sendout.list", {"order": order.pk})
    return order


def _not_to_go(item: SendoutItem, unit: Unit, body: str) -> list[dict[str, Any]]:
    """Why a line of a plan cannot go with an order to a body."""
    code, found = item.device.barcode, []
    if item.state != ItemState.PLANNED or item.plan is None:
        found.append(("state", _("%(code)s is not planned any more.")))
    else:
        if item.plan.state != PlanState.AGREED:
            found.append(("draft", _("%(code)s: its plan is not agreed yet. Agree it first.")))
        if item.plan.unit_id != unit.pk:
            found.append(("unit", _("%(code)s is planned by another laboratory.")))
        if item.way != Way.SENT:
            found.append(("on_site", _("%(code)s: the body comes here; nothing is sent.")))
        if item.body != body.strip():
            found.append(
                ("body", _("%(code)s goes to another body. List it in an order of its own."))
            )
    return [fault("items", each, text, code) for each, text in found]


def sendout_order_add(*, order: SendoutOrder, device: Device, actor: Actor) -> SendoutItem:
    """Put one more standard on the list: its planned line, or one of its own.

    Raises:
        BadInput: its line cannot go with this order: the plan is a draft, or names another body.
    """
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.list"):
        found = locked(order, OrderState.LISTED)
        planned = SendoutItem.objects.filter(
            device=device, state=ItemState.PLANNED, plan__unit=found.unit_id
        )
        item = planned.select_related("plan", "device").select_for_update(of=("self",)).first()
        if item is None:
            guard_free([device], found.unit)
            (item,) = items_for([device])
            item.body, item.way = found.body, Way.SENT
        elif faults := _not_to_go(item, found.unit, found.body):
            raise BadInput(_("The send-out cannot be listed."), faults)
        item.order, item.state = found, ItemState.LISTED
        item.save()
    return item


def sendout_order_take_off(
    *, order: SendoutOrder, item_ids: Sequence[int], reason: str, actor: Actor
) -> int:
    """Take standards off the list before it leaves: planned ones are planned again."""
    if not reason.strip():
        text = _("Say why it is taken off.")
        raise BadInput(text, [fault("reason", "missing", text)])
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.take_off", reason=reason.strip()):
        found = locked(order, OrderState.LISTED)
        rows = found.items.filter(pk__in=list(item_ids), state=ItemState.LISTED)
        return _unlist(rows)


def _unlist(rows: Any) -> int:
    off = {"order": None, "scanned_out_at": None}
    dropped = rows.filter(plan__isnull=True).update(state=ItemState.DROPPED)
    return int(dropped + rows.update(state=ItemState.PLANNED, **off))


def sendout_order_save(
    *, order: SendoutOrder, lines: Mapping[int, Mapping[str, str]], actor: Actor
) -> None:
    """Write accessories and condition on the list out.

    Args:
        lines: by key of the item: `accessories`, `condition`.
    """
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.list"):
        found = locked(order, OrderState.LISTED)
        items = {item.pk: item for item in found.items.filter(state=ItemState.LISTED)}
        if unknown := set(lines) - set(items):
            text = _("This line does not stand on the list.")
            raise BadInput(text, [fault("lines", "unknown", text) for _key in unknown])
        for key, line in lines.items():
            items[key].accessories = line.get("accessories", items[key].accessories).strip()
            items[key].condition = line.get("condition", items[key].condition).strip()
        SendoutItem.objects.bulk_update([items[key] for key in lines], ["accessories", "condition"])


def sendout_hand_over(
    *,
    order: SendoutOrder,
    receiver: str,
    actor: Actor,
    carrier: str = "",
    at: datetime | None = None,
    lines: Mapping[int, Mapping[str, str]] | None = None,
    request_key: str = "",
) -> SendoutOrder:
    """The standards leave and somebody there has them: from now on they are locked here.

    Args:
        at: when it was, where it is entered later.
        lines: what was scanned elsewhere, by key of the item: `accessories`, `condition`.

    Raises:
        BadInput: nobody is named, or a standard was not scanned or has no condition noted.
    """
    faults = []
    if not receiver.strip():
        faults.append(fault("receiver", "missing", _("Say who received them there.")))
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.hand_over") as batch:
        if (earlier := idempotent(request_key, "sendout.hand_over")) is not None:
            return same_order(order, earlier)
        at = at or batch.at
        if at > batch.at:
            faults.append(fault("at", "future", _("That moment has not come yet.")))
        elif at.year < EARLIEST:
            faults.append(fault("at", "long_ago", _("That moment is too long ago.")))
        found = locked(order, OrderState.LISTED)
        rows = found.items.select_for_update(of=("self",)).filter(state=ItemState.LISTED)
        items = list(rows.select_related("device"))
        if not items:
            faults.append(fault("items", "missing", _("The list is empty.")))
        for item in items:
            if (line := (lines or {}).get(item.pk)) is not None:
                item.scanned_out_at = item.scanned_out_at or at
                item.accessories = line.get("accessories", item.accessories).strip()
                item.condition = line.get("condition", item.condition).strip()
            code = item.device.barcode
            if item.scanned_out_at is None:
                text = _("%(code)s was not scanned. Scan it, or take it off the list.")
                faults.append(fault("items", "not_scanned", text, code))
            if not item.condition:
                text = _("%(code)s: note its condition on the list.")
                faults.append(fault("items", "condition", text, code))
        if faults:
            raise BadInput(_("They cannot be handed over yet."), faults)
        for item in items:
            item.state, item.out_at = ItemState.OUT, at
            item.certificate = certificates_for(item).last()  # where all this is entered later
        SendoutItem.objects.bulk_update(
            items,
            ["state", "out_at", "certificate", "scanned_out_at", "accessories", "condition"],
        )
        found.state, found.handed_by_id, found.handed_at = (
            OrderState.OUT, actor.person_id, at,
        )  # fmt: skip
        found.receiver, found.carrier = receiver.strip(), carrier.strip()
        found.save()
        remember(request_key, "sendout.hand_over", {"order": found.pk})
    return found


def sendout_cancel(*, order: SendoutOrder, reason: str, actor: Actor) -> SendoutOrder:
    """Cancel an order that has not left: its planned standards are planned again."""
    if not reason.strip():
        text = _("Say why it is cancelled.")
        raise BadInput(text, [fault("reason", "missing", text)])
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.cancel", reason=reason.strip()):
        found = locked(order, OrderState.LISTED)
        _unlist(found.items.filter(state=ItemState.LISTED))
        found.state = OrderState.CANCELLED
        found.save(update_fields=["state"])
    return found


def sendout_scan(
    *, order: SendoutOrder, scans: Sequence[Mapping[str, Any]], actor: Actor
) -> dict[str, Any]:
    """Scans of the hand-over: going out while the order is listed, coming in while it is away.

    Args:
        scans: as the scan field of the pages sends them, in order; a repeat of a key is
            answered as before.
    """
    if len(scans) > MOST_SCANS:
        raise BadInput(_("Send at most %(n)s scans at once.") % {"n": MOST_SCANS})
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.scan"):
        found = locked(order, OrderState.LISTED, *AWAY)
        results = [_scanned(found, scan) for scan in scans]
    return {"results": results, "total": _count(found)[0]}


def _count(order: SendoutOrder) -> tuple[int, int]:
    """How many are scanned of how many."""
    if order.state == OrderState.LISTED:
        listed = order.items.filter(state=ItemState.LISTED)
        return listed.filter(scanned_out_at__isnull=False).count(), listed.count()
    gone = order.items.filter(out_at__isnull=False)
    return gone.filter(scanned_in_at__isnull=False).count(), gone.count()


def _scanned(order: SendoutOrder, scan: Mapping[str, Any]) -> dict[str, Any]:
    key, undo = str(scan.get("key", ""))[:100], str(scan.get("undo", ""))[:100]
    kept = f"sendout:{order.pk}:{key}"
    if key and (earlier := idempotent(kept, "sendout.scan")) is not None:
        count, expected = _count(order)
        return {**earlier["answer"], "count": count, "expected": expected}
    if undo:
        answer, code = _undone(order, undo)
    else:
        code = clean_code(str(scan.get("code", "")))[:100]
        answer = _judged(order, code)
    answer["key"] = key
    if key:
        remember(kept, "sendout.scan", {"answer": answer, "code": code})
    count, expected = _count(order)
    return {**answer, "count": count, "expected": expected}


def _judged(order: SendoutOrder, code: str) -> dict[str, Any]:
    is_out = order.state == OrderState.LISTED
    mark, state = (
        ("scanned_out_at", ItemState.LISTED) if is_out else ("scanned_in_at", ItemState.OUT)
    )
    rows = order.items.exclude(state=ItemState.DROPPED).select_related("device__model")
    item = rows.filter(device__barcode=code).first() or rows.filter(device__asset_no=code).first()
    if item is None:
        text = _("It is not on this list. Put it on the list, or leave it here.")
        if not is_out:
            text = _("It is not on this list; it will be named as a difference.")
            if code and code not in order.strangers:
                order.strangers.append(code)
                order.save(update_fields=["strangers"])
        return {"outcome": "refused", "title": code, "text": text}
    title, name = item.device.barcode, item.device.model.name
    if item.state == ItemState.LOST:
        text = _(
            "It was reported lost and stays locked. Put it aside: the register has it as lost."
        )
        return {"outcome": "refused", "title": title, "text": text}
    if item.state != state:
        return {"outcome": "repeat", "title": title, "text": _("It has come in already.")}
    if getattr(item, mark) is not None:
        return {"outcome": "repeat", "title": title, "text": _("Already scanned.")}
    setattr(item, mark, timezone.now())
    item.save(update_fields=[mark])
    return {"outcome": "good", "title": title, "text": name}


def _undone(order: SendoutOrder, undo: str) -> tuple[dict[str, Any], str]:
    earlier = idempotent(f"sendout:{order.pk}:{undo}", "sendout.scan")
    nothing = _("There is nothing to take back.")
    if earlier is None or earlier["answer"]["outcome"] not in ("good", "refused"):
        return {"outcome": "refused", "title": "", "text": nothing}, ""
    code = str(earlier["answer"]["title"])  # the bar code, whatever number was scanned
    if order.state == OrderState.LISTED:
        order.items.filter(state=ItemState.LISTED, device__barcode=code).update(scanned_out_at=None)
    else:
        order.items.filter(state=ItemState.OUT, device__barcode=code).update(scanned_in_at=None)
        if code in order.strangers:
            order.strangers.remove(code)
            order.save(update_fields=["strangers"])
    return {"outcome": "undone", "title": code, "text": ""}, code


def same_order(order: SendoutOrder, earlier: Mapping[str, Any]) -> SendoutOrder:
    """What a repeat is answered with; the key of another order is refused."""
    if earlier["order"] != order.pk:
        text = _("This request key was used for something else. Send it with a new key.")
        raise Refused(Refusal("request_key_used", text, {"sendout": order.number}))
    return SendoutOrder.objects.get(pk=order.pk)


def locked(order: SendoutOrder, *states: str) -> SendoutOrder:
    """The order, locked, in one of the states; or refused with where it stands."""
    found = SendoutOrder.objects.select_for_update(of=("self",)).get(pk=order.pk)
    if found.state not in states:
        facts = {"no": found.number, "state": str(found.get_state_display())}
        raise Refused(Refusal("sendout_state", _("%(no)s is “%(state)s”.") % facts, facts))
    return found
