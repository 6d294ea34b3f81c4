"""Two departments decide on a lot; what follows: accepted, or rejected and returned."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as plain_text
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceState, Verb
from dianheng.assets.models import Device, Lot
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Person
from dianheng.identity.rules import Step
from dianheng.identity.services import (
    idempotent,
    remember,
    require,
    require_separation,
    system_actor,
    write_batch,
)
from dianheng.verification.models import TaskDevice, TestRecord
from dianheng.verification.services import task_apply, task_withdraw_devices

from ..choices import Department, InspectionState, Opinion, ReturnKind, ReturnState
from ..models import (
    AcceptanceOpinion,
    Arrival,
    InspectionLot,
    ReturnDevice,
    ReturnOrder,
    SampleResult,
)
from ..rules import final_opinion, guard_opinion, guard_state, guard_two_people
from .delivery import supplier_place
from .inspection import locked_inspection, sampling_tasks

RIGHT_OF = {
    Department.TECHNICAL: "supply.decide_technical",
    Department.ASSET: "supply.decide_asset",
}
AT_ONCE = 5000
REJECTABLE = (
    DeviceState.AWAITING_ACCEPTANCE,
    DeviceState.AWAITING_VERIFICATION,
    DeviceState.IN_VERIFICATION,
)
RETURNABLE = (DeviceState.UNQUALIFIED, DeviceState.OUTSIDE_CONTROL)


def acceptance_decide(
    *,
    inspection: InspectionLot,
    department: str,
    opinion: str,
    actor: Actor,
    text: str = "",
    request_key: str = "",
) -> InspectionLot:
    """Sign the unified form for a department; the second signature carries the decision out.

    Accepted by both: the lot goes to full verification, its sample by its verdicts. Else the
    lot is rejected and a return order is drawn up.

    Raises:
        Refused: `same_person` for who signed for the other department, drew, recorded or tested
            the sample; `sample_rejects`; `reason`; `sample_testing`.
    """
    if department not in Department.values or opinion not in Opinion.values:
        raise BadInput(_("There is no such department or opinion."))
    actor = require(actor, RIGHT_OF[Department(department)], inspection.unit_id)
    with write_batch(actor=actor, action="acceptance.decide", reason=text) as batch:
        if idempotent(request_key, "acceptance.decide") is not None:
            return InspectionLot.objects.get(pk=inspection.pk)
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.JUDGED], found.number))
        earlier = list(found.opinions.all())
        if any(one.department == department for one in earlier):
            said = _("This department has signed already.")
            raise Refused(Refusal("department_signed", said, {"department": department}))
        refuse(guard_opinion(opinion, text, found.is_accepted))
        for one in earlier:
            refuse(
                guard_two_people(
                    (one.person_id, one.acting_for_id), (actor.person_id, actor.acting_for_id)
                )
            )
        require_separation(found.document, "approve", actor, samplers(found))
        signed = AcceptanceOpinion.objects.create(
            inspection=found, department=department, opinion=opinion, text=text.strip(),
            unit_name=Person.objects.select_related("unit").get(pk=actor.person_id).unit.name,
            person_id=actor.person_id, acting_for_id=actor.acting_for_id, signed_at=batch.at,
            signed_digest=signed_digest(found, department, opinion, text.strip()),
        )  # fmt: skip
        opinions = [*earlier, signed]
        final = final_opinion([one.opinion for one in opinions])
        if final is not None:
            found.decided_at = batch.at
            if final == Opinion.ACCEPT:
                _accept(found, batch.actor)
                found.state = InspectionState.ACCEPTED
            else:
                reasons = [one.text for one in opinions if one.opinion == Opinion.REJECT]
                _reject(found, " / ".join(dict.fromkeys(reasons)), batch.actor)
                found.state = InspectionState.REJECTED
            found.save(update_fields=["state", "decided_at"])
        remember(request_key, "acceptance.decide", {"inspection": found.pk})
    return found


def samplers(inspection: InspectionLot) -> list[Step]:
    """Who stated, drew, recorded and tested: none of them decides on the lot."""
    people = [Step("handle", inspection.stated_by_id)]
    draw = getattr(inspection, "draw", None)
    if draw is not None:
        people += [Step("handle", pk) for pk in (draw.published_by_id, draw.closed_by_id) if pk]
    people += [
        Step("test", person, acting_for)
        for person, acting_for in SampleResult.objects.filter(sample__draw__inspection=inspection)
        .order_by()
        .values_list("person_id", "acting_for_id")
        .distinct()
    ]
    records = TestRecord.objects.filter(task__in=sampling_tasks(inspection))
    testers = {pk for ids in records.values_list("tester_ids", flat=True) for pk in ids}
    return people + [Step("test", pk) for pk in sorted(testers)]


def signed_digest(inspection: InspectionLot, department: str, opinion: str, text: str) -> str:
    """Digest of what a department signs: the form's facts and its own opinion."""
    draw = getattr(inspection, "draw", None)
    facts = {
        "inspection": inspection.number,
        "lot": inspection.lot.code,
        "lot_size": inspection.lot_size,
        "plan": inspection.plan,
        "seed": draw.seed if draw else "",
        "list_digest": draw.list_digest if draw else "",
        "judgement": inspection.judgement,
        "department": department,
        "opinion": opinion,
        "text": text,
    }
    canonical = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _members(inspection: InspectionLot, *states: str) -> list[int]:
    rows = inspection.members.filter(device__state__in=states)
    return list(rows.order_by("device_id").values_list("device_id", flat=True))


def _accept(inspection: InspectionLot, actor: Actor) -> None:
    tasks = list(sampling_tasks(inspection))
    untested = TaskDevice.objects.filter(task__in=tasks, is_open=True).select_related("task")
    waiting = untested.first()
    if waiting is not None:
        text = _("Task %(no)s still has devices of the sample. Finish it first.")
        no = waiting.task.number
        raise Refused(Refusal("sample_testing", text % {"no": no}, {"task": no}))
    for task in tasks:
        task_apply(task=task, actor=actor)
    rest = _members(inspection, DeviceState.AWAITING_ACCEPTANCE)
    if rest:
        devices_transition(
            device_ids=rest, verb=Verb.ACCEPT, actor=actor, document=inspection.document
        )


def _reject(inspection: InspectionLot, reason: str, actor: Actor) -> None:
    for task in sampling_tasks(inspection):
        still = list(task.devices.filter(is_open=True).values_list("device_id", flat=True))
        if still:
            # The decision ends the tests; the program takes the rest out, whoever decided.
            task_withdraw_devices(task=task, device_ids=still, reason=reason, actor=system_actor())
    devices_transition(
        device_ids=_members(inspection, *REJECTABLE), verb=Verb.REJECT, actor=actor,
        document=inspection.document, reason=reason,
    )  # fmt: skip
    _return_order(
        lot=inspection.lot, kind=ReturnKind.LOT, inspection=inspection, actor=actor,
        device_ids=_members(inspection, DeviceState.UNQUALIFIED), reasons=_reasons(inspection, reason),
    )  # fmt: skip


def _reasons(inspection: InspectionLot, reason: str) -> list[dict[str, Any]]:
    """Why the lot goes back, each with how many devices of the sample prove it."""
    judged: Mapping[str, Any] = inspection.judgement or {}
    found = [
        {
            "reason": plain_text("Nonconformities of class %(class)s in the sample")
            % {"class": name},
            "quantity": count,
            "document_kind": "inspection",
            "document_no": inspection.number,
        }
        for name, count in judged.get("counts", {}).items()
        if count
    ]
    said = {
        "reason": reason,
        "quantity": inspection.lot_size or 0,
        "document_kind": "inspection",
        "document_no": inspection.number,
    }
    return [said, *found]


# -- returns --------------------------------------------------------------------------------------


def _return_order(
    *,
    lot: Lot,
    kind: str,
    device_ids: Sequence[int],
    reasons: Sequence[Mapping[str, Any]],
    actor: Actor,
    inspection: InspectionLot | None = None,
    why: str = "",
    **more: Any,
) -> ReturnOrder:
    with write_batch(actor=actor, action="return.make") as batch:
        (number,) = numbers_take(key="return_notice", unit_id=lot.unit_id, year=batch.at.year)
        order = ReturnOrder.objects.create(
            number=number, kind=kind, lot=lot, inspection=inspection, unit_id=lot.unit_id,
            reasons=[dict(reason) for reason in reasons], made_at=batch.at,
            made_by_id=actor.person_id, **more,
        )  # fmt: skip
        ReturnDevice.objects.bulk_create(
            [ReturnDevice(order=order, device_id=pk, reason=why) for pk in device_ids],
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
    """Draw up a return of devices of a lot that failed in full verification or are held."""
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
        order = _return_order(
            lot=lot, kind=kind, device_ids=wanted, actor=actor, why=reason,
            reasons=[{"reason": reason, "quantity": len(wanted), "document_kind": "", "document_no": ""}],
            demand=demand, answer_until_on=answer_until_on, contact=contact,
        )  # fmt: skip
        remember(request_key, "return.make", {"order": order.pk})
    return order


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


def _locked_return(order: ReturnOrder, wanted: str) -> ReturnOrder:
    rows = ReturnOrder.objects.select_for_update(of=("self",)).select_related("lot")
    found = rows.get(pk=order.pk)
    if found.state != wanted:
        text = _("Return order %(no)s is “%(state)s”.")
        facts = {"no": found.number, "state": found.get_state_display()}
        raise Refused(Refusal("return_state", text % facts, facts))
    return found
