"""Two departments decide on a lot; what follows: accepted, or rejected and returned."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceState, Verb
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
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

from ..choices import Department, InspectionState, Opinion, ReturnKind
from ..models import AcceptanceOpinion, InspectionLot, SampleResult
from ..rules import final_opinion, guard_opinion, guard_state, guard_two_people
from ..selectors.inspections import sampling_tasks
from .inspection import locked_inspection
from .returns import return_order_make

RIGHT_OF = {
    Department.TECHNICAL: "supply.decide_technical",
    Department.ASSET: "supply.decide_asset",
}
REJECTABLE = (
    DeviceState.AWAITING_ACCEPTANCE,
    DeviceState.AWAITING_VERIFICATION,
    DeviceState.IN_VERIFICATION,
)


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
    return_order_make(
        lot=inspection.lot, kind=ReturnKind.LOT, inspection=inspection, actor=actor,
        device_ids=_members(inspection, DeviceState.UNQUALIFIED), reasons=_reasons(inspection, reason),
    )  # fmt: skip


def _reasons(inspection: InspectionLot, reason: str) -> list[dict[str, Any]]:
    """Why the lot goes back, each with how many devices of the sample prove it."""
    judged: Mapping[str, Any] = inspection.judgement or {}
    found = [
        {
            "reason": gettext("Nonconformities of class %(class)s in the sample") % {"class": name},
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
