"""What comes back from a higher body: hand-over in, certificates, losses, costs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import Verb
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import AWAY, Found, ItemState, OrderState
from ..models import SendoutItem, SendoutOrder, StandardCertificate
from ..rights import RIGHT
from ..selectors.sendout import LOCKED, certificates_for
from .sendout_order import EARLIEST, locked, same_order
from .sendout_plan import fault

MOST_YUAN = Decimal("9999999999.99")


def sendout_receive(
    *,
    order: SendoutOrder,
    lines: Mapping[int, Mapping[str, str]],
    brought_by: str,
    actor: Actor,
    at: datetime | None = None,
    request_key: str = "",
) -> SendoutOrder:
    """Some or all of it comes in; the rest stays out.

    A standard stays locked until its new certificate is in; one that was not verified is free
    at once, by the certificate that it had.

    Args:
        lines: by key of the item: `found`, `condition`, `accessories`.
        at: when it was, where it is entered later.

    Raises:
        BadInput: every fault of every line.
    """
    faults = []
    if not brought_by.strip():
        faults.append(fault("brought_by", "missing", _("Say who brought them back.")))
    if not lines:
        faults.append(fault("items", "missing", _("Scan what has come in.")))
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.receive") as batch:
        if (earlier := idempotent(request_key, "sendout.receive")) is not None:
            return same_order(order, earlier)
        found = locked(order, *AWAY)
        at = at or batch.at
        if at > batch.at or (found.handed_at and at < found.handed_at):
            text = _("It came back after it left, and not later than now.")
            faults.append(fault("at", "order", text))
        items = {
            item.pk: item
            for item in found.items.select_for_update(of=("self",))
            .filter(state=ItemState.OUT)
            .select_related("device")
        }
        for key, line in lines.items():
            if key not in items:
                faults.append(fault("items", "not_out", _("A line is not out any more.")))
            elif line.get("found") not in Found.values:
                text = _("%(code)s: say as what it came back.")
                faults.append(fault("items", "found", text, items[key].device.barcode))
            elif not line.get("condition", "").strip():
                text = _("%(code)s: note the condition in which it was found.")
                faults.append(fault("items", "condition", text, items[key].device.barcode))
        if faults:
            raise BadInput(_("Nothing was taken in."), faults)
        for key, line in lines.items():
            _bring_back(items[key], line, brought_by, at, actor)
        SendoutItem.objects.bulk_update([items[key] for key in lines], _BACK)
        _close(found)
        remember(request_key, "sendout.receive", {"order": found.pk})
    return found


_BACK = [
    "state", "back_at", "back_by", "brought_by", "found", "back_condition", "back_accessories",
    "scanned_in_at", "released_at", "certificate",
]  # fmt: skip


def _bring_back(
    item: SendoutItem, line: Mapping[str, str], brought_by: str, at: datetime, actor: Actor
) -> None:
    item.state, item.back_at, item.back_by_id = ItemState.BACK, at, actor.person_id
    item.brought_by, item.found = brought_by.strip(), line["found"]
    item.back_condition = line["condition"].strip()
    item.back_accessories = line.get("accessories", "").strip()
    item.scanned_in_at = item.scanned_in_at or at
    if item.found == Found.UNTESTED:
        item.state, item.released_at = ItemState.DONE, at
    elif item.found == Found.GOOD:
        _weigh(item, at)
    else:
        item.certificate = None  # one made before it was found bad says nothing


def _close(order: SendoutOrder) -> None:
    is_out = order.items.filter(state=ItemState.OUT).exists()
    order.state = OrderState.PARTLY if is_out else OrderState.BACK
    order.save(update_fields=["state"])


def sendout_lost(
    *,
    order: SendoutOrder,
    item_ids: Sequence[int],
    reason: str,
    actor: Actor,
    request_key: str = "",
) -> SendoutOrder:
    """Standards that will not come back: reported lost in the register, locked for good.

    Raises:
        BadInput: no reason, or one of them is not out.
    """
    if not reason.strip():
        text = _("Say what became of it, and how it is known.")
        raise BadInput(text, [fault("reason", "missing", text)])
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.lost", reason=reason.strip()):
        if (earlier := idempotent(request_key, "sendout.lost")) is not None:
            return same_order(order, earlier)
        found = locked(order, *AWAY)
        chosen = found.items.filter(pk__in=list(item_ids)).select_related("device").order_by("pk")
        faults = [
            fault("items", "not_out", _("%(code)s is not out any more."), one.device.barcode)
            for one in chosen.exclude(state=ItemState.OUT)
        ]
        if faults or len(chosen) < len(set(item_ids)):
            text = _("A line is not out any more.")
            raise BadInput(text, faults or [fault("items", "not_out", text)])
        rows = found.items.filter(pk__in=[one.pk for one in chosen])
        devices_transition(
            device_ids=list(rows.values_list("device_id", flat=True)), verb=Verb.LOSE, actor=actor,
            reason=reason.strip(), document=f"sendout:{found.number}",
        )  # fmt: skip
        rows.update(state=ItemState.LOST)
        _close(found)
        remember(request_key, "sendout.lost", {"order": found.pk})
    return found


def sendout_costs_set(
    *,
    order: SendoutOrder,
    costs: Mapping[int, Decimal | None],
    actor: Actor,
    invoice_no: str | None = None,
) -> SendoutOrder:
    """Write what the body charged for each standard, yuan, and the invoice; None leaves it."""
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.costs"):
        found = locked(order, *AWAY, OrderState.BACK)
        items = {item.pk: item for item in found.items.select_related("device")}
        faults = []
        for key, cost in costs.items():
            if key not in items:
                faults.append(fault("items", "unknown", _("This line does not stand on the list.")))
            elif cost is not None and (
                not cost.is_finite()
                or not 0 <= cost <= MOST_YUAN
                or cost != cost.quantize(Decimal("0.01"))
            ):
                text = _("%(code)s: a cost is yuan and fen, from 0 on.")
                faults.append(fault("items", "cost", text, items[key].device.barcode))
        if faults:
            raise BadInput(_("The costs are not kept."), faults)
        for key, cost in costs.items():
            items[key].cost_yuan = cost
        SendoutItem.objects.bulk_update([items[key] for key in costs], ["cost_yuan"])
        if invoice_no is not None:
            found.invoice_no = invoice_no.strip()
            found.save(update_fields=["invoice_no"])
    return found


def sendouts_settle(certificate: StandardCertificate, at: datetime) -> None:
    """A new certificate is in: what waited for it is released, what was planned for it is done.

    It counts for a send-out from the day on which the standard left; one that was rejected,
    damaged or lost is free again by a certificate made after that.
    """
    planned = Q(state=ItemState.PLANNED) & (
        Q(due_on__isnull=True) | Q(due_on__lt=certificate.valid_through)
    )
    for item in _of_device(certificate).filter(planned | LOCKED):
        if item.out_at is None:
            item.state, item.certificate = ItemState.DONE, certificate
        elif certificates_for(item).filter(pk=certificate.pk).exists():
            _weigh(item, at)
        item.save(update_fields=_WEIGHED)


def sendouts_unsettle(certificate: StandardCertificate, at: datetime) -> None:
    """A certificate is withdrawn: what waited with it waits on, what it released wrongly is locked.

    A release stands that was made while the certificate held.
    """
    assert certificate.withdrawn_on is not None
    for item in _of_device(certificate).filter(certificate=certificate, out_at__isnull=False):
        released = item.released_at and timezone.localdate(item.released_at)
        if released is None or released >= certificate.withdrawn_on:
            _weigh(item, at)
            item.save(update_fields=_WEIGHED)


def sendout_left_correct(
    *, order: SendoutOrder, at: datetime, reason: str, actor: Actor
) -> SendoutOrder:
    """The hand-over out was at another moment than was entered: the locks begin with the right one.

    Certificates are weighed anew, so one made since that day releases what it is for.

    Raises:
        BadInput: no reason, or the moment is after the return or still to come.
    """
    faults = []
    if not reason.strip():
        faults.append(fault("reason", "missing", _("Say what was wrong.")))
    actor = require(actor, RIGHT, order.unit_id)
    with write_batch(actor=actor, action="sendout.correct", reason=reason.strip()) as batch:
        found = locked(order, *AWAY, OrderState.BACK)
        items = list(found.items.select_for_update().filter(out_at__isnull=False))
        if at > min([batch.at, *(item.back_at for item in items if item.back_at)]):
            text = _("It left before it came back, and not later than now.")
            faults.append(fault("at", "order", text))
        elif at.year < EARLIEST:
            faults.append(fault("at", "long_ago", _("That moment is too long ago.")))
        if faults:
            raise BadInput(_("The moment is not corrected."), faults)
        found.handed_at = at
        found.save(update_fields=["handed_at"])
        for item in items:
            item.out_at = at
            paper = item.certificate
            is_before = paper is not None and paper.valid_from < timezone.localdate(at)
            if item.found in ("", Found.GOOD) and (item.released_at is None or is_before):
                _weigh(item, batch.at)
        SendoutItem.objects.bulk_update(items, ["out_at", *_WEIGHED])
    return found


_WEIGHED = ["state", "certificate", "released_at"]


def _of_device(certificate: StandardCertificate) -> Any:
    return SendoutItem.objects.select_for_update(of=("self",)).filter(device=certificate.device_id)


def _weigh(item: SendoutItem, at: datetime) -> None:
    """What the certificates that count make of one that left: released, or locked until one does."""
    item.certificate = certificates_for(item).last()
    if item.state == ItemState.OUT or item.found == Found.UNTESTED:
        return
    item.released_at = (item.released_at or at) if item.certificate else None
    if item.found == Found.GOOD:
        item.state = ItemState.DONE if item.certificate else ItemState.BACK
