"""Returns to the maker: drawn up with reasons and evidence, notified, shipped."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceState, Verb
from dianheng.assets.models import Device, Lot, Place
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.documents.services import numbers_take
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import ReturnKind, ReturnState, SentState
from ..models import Arrival, InspectionLot, ReturnDevice, ReturnOrder, SentSample
from ..selectors.lots import Failure, device_failures
from .arrival import refuse_place
from .delivery import supplier_place
from .inspection import AT_ONCE

RETURNABLE = (DeviceState.UNQUALIFIED, DeviceState.OUTSIDE_CONTROL)
# The paper's own words for reasons.
REASON_OF = {ReturnKind.FAILED: "verification_failed", ReturnKind.CONTROL: "internal_band"}


def return_order_make(
    *,
    lot: Lot,
    kind: str,
    device_ids: Sequence[int],
    reasons: Sequence[Mapping[str, Any]],
    actor: Actor,
    inspection: InspectionLot | None = None,
    why: Mapping[int, str] | None = None,
    **more: Any,
) -> ReturnOrder:
    with write_batch(actor=actor, action="return.make") as batch:
        (number,) = numbers_take(
            key="return_notice", unit_id=lot.unit_id, year=timezone.localdate(batch.at).year
        )
        order = ReturnOrder.objects.create(
            number=number, kind=kind, lot=lot, inspection=inspection, unit_id=lot.unit_id,
            reasons=[dict(reason) for reason in reasons], made_at=batch.at,
            made_by_id=actor.person_id, **more,
        )  # fmt: skip
        ReturnDevice.objects.bulk_create(
            [
                ReturnDevice(order=order, device_id=pk, reason=(why or {}).get(pk, ""))
                for pk in device_ids
            ],
            batch_size=AT_ONCE,
        )
    return order


def return_make(
    *,
    lot: Lot,
    device_ids: Sequence[int],
    reason: str,
    actor: Actor,
    kind: str = ReturnKind.FAILED,
    demand: str = "",
    answer_until_on: date | None = None,
    contact: str = "",
    request_key: str = "",
) -> ReturnOrder:
    """Draw up a return of devices of a lot that failed in full verification or are held.

    Each device carries what it failed in and by which record; the order names the lists of
    failures as evidence.
    """
    if not reason.strip():
        raise BadInput(_("Say why the devices go back."))
    if kind not in (ReturnKind.FAILED, ReturnKind.CONTROL):
        raise BadInput(_("A whole lot is returned by the decision on its inspection."))
    actor = require(actor, "supply.return", lot.unit_id)
    with write_batch(actor=actor, action="return.make", reason=reason):
        if (earlier := idempotent(request_key, "return.make")) is not None:
            return ReturnOrder.objects.get(pk=earlier["order"])
        wanted = sorted(set(device_ids))
        fit = set(returnable(lot).filter(pk__in=wanted).values_list("pk", flat=True))
        if not wanted or fit != set(wanted):
            text = _("Only unqualified or held devices of the lot that are in no return go back.")
            raise Refused(Refusal("not_returnable", text, {"devices": len(wanted) - len(fit)}))
        failures = device_failures(wanted)
        order = return_order_make(
            lot=lot, kind=kind, device_ids=wanted, actor=actor,
            why={pk: found.text for pk, found in failures.items()},
            reasons=[
                {"reason": reason, "quantity": len(wanted), "document_kind": "", "document_no": ""},
                *_evidence(kind, failures.values()),
            ],
            demand=demand, answer_until_on=answer_until_on, contact=contact,
        )  # fmt: skip
        remember(request_key, "return.make", {"order": order.pk})
    return order


def _evidence(kind: str, failures: Iterable[Failure]) -> list[dict[str, Any]]:
    """The list of failures of each task, with how many of the devices stand in it."""
    code = REASON_OF[ReturnKind(kind)]
    counts = Counter(failure.task_no for failure in failures)
    return [
        {"reason": code, "quantity": count, "document_kind": "failure_list", "document_no": f"{task}-BH"}
        for task, count in sorted(counts.items())
    ]  # fmt: skip


def returnable(lot: Lot) -> Any:
    """Devices of a lot that may go back and are in no open return."""
    return (
        Device.objects.filter(lot=lot, state__in=RETURNABLE)
        .exclude(returns__order__state__in=[ReturnState.DRAWN_UP, ReturnState.NOTIFIED])
        .order_by("barcode")
    )


def return_notify(
    *,
    order: ReturnOrder,
    actor: Actor,
    demand: str = "",
    answer_until_on: date | None = None,
    contact: str = "",
) -> ReturnOrder:
    """The maker has the notice: what is asked of it, until when."""
    actor = require(actor, "supply.return", order.unit_id)
    with write_batch(actor=actor, action="return.notify") as batch:
        found = _locked_return(order, ReturnState.DRAWN_UP)
        found.state, found.notified_at = ReturnState.NOTIFIED, batch.at
        found.demand = demand.strip() or found.demand
        found.contact = contact.strip() or found.contact
        found.answer_until_on = answer_until_on or found.answer_until_on
        found.save()
    return found


def return_to_maker(
    *, order: ReturnOrder, actor: Actor, carrier: str = "", request_key: str = ""
) -> ReturnOrder:
    """The devices leave for the maker."""
    actor = require(actor, "supply.return", order.unit_id)
    with write_batch(actor=actor, action="return.ship") as batch:
        if idempotent(request_key, "return.ship") is not None:
            return ReturnOrder.objects.get(pk=order.pk)
        found = _locked_return(order, ReturnState.NOTIFIED)
        away = SentSample.objects.filter(
            inspection=found.inspection_id, state__in=[SentState.HANDED_OVER, SentState.REPORTED]
        ).first()
        if away is not None:
            text = _("The sample is still at %(centre)s: let it come back first (%(no)s).")
            facts = {"centre": away.sent_to, "no": away.number}
            raise Refused(Refusal("sample_away", text % facts, facts))
        arrival = Arrival.objects.select_related("line__order__manufacturer").filter(lot=found.lot)
        line = arrival[0].line if arrival else None
        devices_transition(
            device_ids=list(found.devices.values_list("device_id", flat=True)),
            verb=Verb.RETURN_TO_MAKER, actor=batch.actor, document=found.document,
            place_id=supplier_place(line).pk if line else None,
            reason=str(found.reasons[0]["reason"]) if found.reasons else found.get_kind_display(),
        )  # fmt: skip
        found.state, found.shipped_at = ReturnState.SHIPPED, batch.at
        found.shipped_by_id, found.carrier = actor.person_id, carrier.strip()
        found.save(update_fields=["state", "shipped_at", "shipped_by", "carrier"])
        remember(request_key, "return.ship", {"order": found.pk})
    return found


def return_come_back(
    *,
    order: ReturnOrder,
    place: Place,
    actor: Actor,
    device_ids: Sequence[int] | None = None,
    request_key: str = "",
) -> int:
    """Devices that the maker sorted come back and await acceptance; returns how many.

    Args:
        place: where they are received.
        device_ids: those that came; absent: all of the return that are with the maker.
    """
    actor = require(actor, "supply.receive", order.unit_id)
    refuse_place(place)
    with write_batch(actor=actor, action="return.come_back") as batch:
        if (earlier := idempotent(request_key, "return.come_back")) is not None:
            return int(earlier["count"])
        found = _locked_return(order, ReturnState.SHIPPED)
        away = found.devices.filter(device__state=DeviceState.RETURNED_TO_MAKER)
        away_ids = set(away.values_list("device_id", flat=True))
        wanted = away_ids if device_ids is None else set(device_ids)
        if not wanted or not wanted <= away_ids:
            text = _("%(n)s devices are not with the maker by return order %(no)s.")
            facts = {"n": len(wanted - away_ids), "no": found.number}
            if not wanted:
                text = _("No device of return order %(no)s is with the maker.")
            raise Refused(Refusal("not_returned", text % facts, facts))
        devices_transition(
            device_ids=sorted(wanted), verb=Verb.COME_BACK, actor=batch.actor, place_id=place.pk,
            document=found.document,
        )  # fmt: skip
        remember(request_key, "return.come_back", {"count": len(wanted)})
    return len(wanted)


def _locked_return(order: ReturnOrder, wanted: str) -> ReturnOrder:
    rows = ReturnOrder.objects.select_for_update(of=("self",)).select_related("lot")
    found = rows.get(pk=order.pk)
    if found.state != wanted:
        text = _("Return order %(no)s is “%(state)s”.")
        facts = {"no": found.number, "state": found.get_state_display()}
        raise Refused(Refusal("return_state", text % facts, facts))
    return found
