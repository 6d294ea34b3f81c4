"""What a process about a doubted meter has done: a test of the right kind, its result as it stands."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from dianheng.assets.choices import DeviceKind, HungRole, Verb
from dianheng.assets.models import Device
from dianheng.assets.rules import TRANSITIONS
from dianheng.assets.selectors import person_by_words
from dianheng.assets.selectors.installations import installations_of_device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refusal, Refused, refuse
from dianheng.identity.models import Unit
from dianheng.identity.selectors import setting
from dianheng.metrology.quantities import plain_text
from dianheng.verification.choices import TaskKind as VerificationKind
from dianheng.verification.choices import TaskState as BenchState
from dianheng.verification.models import VerificationTask
from dianheng.verification.services.task import task_add_devices, task_withdraw_devices
from dianheng.verification.services.task import task_cancel as bench_task_cancel
from dianheng.verification.services.task import task_make as bench_task_make
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.registry import files_put_at

from ..choices import TaskKind, TaskReason, TaskState
from ..doubt import (
    LABORATORY,
    SITE,
    Evidence,
    evidence_at,
    hands_of,
    has_changed,
    settled_since,
    testers_before,
)
from ..models import FieldTask
from ..rules import doubt_fee, guard_other_testers, settled_pct
from .tasks import task_cancel, task_make

# Why somebody asks for a test of a meter in use, as verification names it.
KINDS = (
    VerificationKind.CUSTOMER_REQUEST,
    VerificationKind.TEMPORARY,
    VerificationKind.IN_USE,
    VerificationKind.ARBITRATION,
)
# Who is invited to an arbitration.
SIDES = {
    "customer": pgettext_lazy("side", "customer"),
    "company": pgettext_lazy("side", "company"),
}
Answer = Mapping[str, Any]


def _device(barcode: Any) -> Device:
    found = Device.objects.select_related("model", "unit").filter(barcode=str(barcode)).first()
    if found is None:
        raise NotFound(_("There is no device %(code)s.") % {"code": barcode}, code=str(barcode))
    return found


def _wrong(field: str, text: str) -> BadInput:
    return BadInput(text, [{"field": field, "code": "wrong", "text": text}])


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise _wrong("on", _("“%(value)s” is no day.") % {"value": value}) from None


def doubt_begin(
    *, device: Any, kind: Any, way: Any, on: Any, caller: ProcessInstance, actor: Actor,
    request_key: str, customer: Any = "", leader: Any = "", second: Any = "", laboratory: Any = "",
) -> Answer:  # fmt: skip
    """Begin the test that the process arranged: a check on site, or a task of the laboratory.

    Raises:
        BadInput: the kind is none that one asks for, the meter hangs nowhere, an arbitration on
            site, nobody is named to check.
    """
    meter, day = _device(device), _day(on)
    if kind not in KINDS:
        raise _wrong("kind", _("“%(kind)s” is no kind of test that one asks for.") % {"kind": kind})
    if way == SITE and kind == VerificationKind.ARBITRATION:
        raise _wrong(
            "way",
            _("An arbitration is verified in the laboratory, its seal opened before both parties."),
        )
    if way == SITE:
        hung = installations_of_device(meter).filter(removed_at__isnull=True, role=HungRole.METER)
        row = hung.first()
        if row is None:
            text = _("%(barcode)s hangs at no usage point: have it verified in the laboratory.")
            raise _wrong("way", text % {"barcode": meter.barcode})
        if not leader or not second:
            raise _wrong("leader", _("Name the two people who check on site."))
        made = task_make(
            point=row.usage_point, kind=TaskKind.METER, reason=TaskReason.DOUBT, due_on=day,
            leader=person_by_words(str(leader)), second=person_by_words(str(second)),
            note=caller.title, origin=caller.document, actor=actor, request_key=request_key,
            right=None,
        )  # fmt: skip
        return {"way": SITE, "task": made.number, "point": row.usage_point.number}
    unit = caller.unit
    if laboratory:
        unit = Unit.objects.filter(code=laboratory, is_active=True).first()
        if unit is None:
            raise _wrong("laboratory", _("There is no unit %(code)s.") % {"code": laboratory})
    task = bench_task_make(
        unit=unit, kind=str(kind), model=meter.model, client=str(customer or ""),
        origin=caller.document, planned_from=min(timezone.localdate(), day), planned_through=day,
        note=caller.title, actor=actor, request_key=request_key, right=None,
    )  # fmt: skip
    if meter.state in TRANSITIONS[Verb.BEGIN_VERIFICATION].sources:
        task_add_devices(
            task=task, device_ids=[meter.pk], actor=actor, request_key=f"{request_key}:device",
            right=None,
        )  # fmt: skip
    return {"way": LABORATORY, "task": task.number, "point": ""}


def doubt_call_off(
    *, answer: Mapping[str, Any], caller: ProcessInstance, actor: Actor, request_key: str,
    device: Any = "",
) -> Answer:  # fmt: skip
    """Take the task back as far as it is open: results stay in it, and the meter leaves it."""
    reason = _("%(number)s was sent back.") % {"number": caller.number}
    if answer["way"] == SITE:
        task = FieldTask.objects.get(number=answer["task"])
        if task.state == TaskState.OPEN:
            task_cancel(task=task, reason=reason, actor=actor, right=None)
        return {}
    found = VerificationTask.objects.get(number=answer["task"])
    if found.state != BenchState.OPEN:
        return {}
    if not found.records.exists():
        bench_task_cancel(task=found, reason=reason, actor=actor, right=None)
        return {}
    held = found.devices.filter(is_open=True, device__barcode=str(device))
    if keys := list(held.values_list("device_id", flat=True)):
        task_withdraw_devices(
            task=found, device_ids=keys, reason=reason, actor=actor, right=None
        )  # fmt: skip
    return {}


def doubt_opening(
    *, parties: Any, signed: Any, caller: ProcessInstance, actor: Actor, request_key: str,
    opened_at: Any = "",
) -> Answer:  # fmt: skip
    """Both sides were invited to the opening of the seal, and who came signed the paper.

    Raises:
        BadInput: a side was not invited, or only after the opening; the paper is not signed, or
            its scan is wanted and no file has come since the step was offered.
    """
    rows: Sequence[Mapping[str, Any]] = parties or []
    sides = {row.get("side") for row in rows if row.get("name") and row.get("invited_on")}
    missing = [name for side, name in SIDES.items() if side not in sides]
    if missing:
        text = _("Both sides are invited, by name and day; missing: %(sides)s.")
        raise _wrong("parties", text % {"sides": "、".join(str(name) for name in missing)})
    late = [row["name"] for row in rows if opened_at and str(row.get("invited_on") or "") > str(opened_at)[:10]]  # fmt: skip
    if late:
        text = _("Who comes to the opening is invited before it (%(opened)s): %(names)s.")
        raise _wrong("parties", text % {"opened": opened_at, "names": "、".join(late)})
    if signed != "yes":
        raise _wrong("signed", _("The record of the opening is printed from this page and signed by who is there."))  # fmt: skip
    if setting("fieldwork.opening_needs_scan", caller.unit_id) and not _has_scan(caller):
        text = _(
            "The scan of the signed record is missing: put it to the files of this process, then"
            " hand the step in."
        )
        raise _wrong("signed", text)
    present = [str(row["name"]) for row in rows if row.get("present") == "yes"]
    return {"present": present}


def _has_scan(caller: ProcessInstance) -> bool:
    """Whether a file was put to the process since its seal was to be opened."""
    step = caller.tasks.filter(task="open").order_by("-pk").first()
    return step is not None and any(at >= step.offered_at for at in files_put_at(caller))


def doubt_evidence(
    *, test: Any, device: Any, kind: Any, taken_on: Any, caller: ProcessInstance, actor: Actor,
    request_key: str, paid: Any = "", damaged: Any = "", opened_at: Any = "",
) -> Answer:  # fmt: skip
    """Take the record and its verdict as they stand, and what follows for the fee.

    Args:
        test: what `doubt_begin` answered.
        damaged: “yes”: the meter cannot be tested, and that is the answer.

    Raises:
        Refused: no verdict counts yet; one does and the meter is called damaged; of an
            arbitration, somebody who had a hand in it tested the meter before, or the test was
            made before the seal was opened.
    """
    meter = _device(device)
    way = str(test["way"])
    found = evidence_at(task=str(test["task"]), way=way, device=meter)
    is_damaged = damaged == "yes"
    if found.is_right is None and not is_damaged:
        raise Refused(Refusal("no_result", found.waits_for, {"task": found.task}))
    if found.is_right is not None and is_damaged:
        text = _("%(record)s has a verdict on this meter: take that one, say “no” to damaged.")
        facts = {"record": found.record}
        raise Refused(Refusal("has_verdict", text % facts, facts))
    if kind == VerificationKind.ARBITRATION:
        refuse(guard_other_hands(found.task, meter, actor))
        _refuse_before_opening(found, opened_at)
    is_right = bool(found.is_right) and not is_damaged
    fee = doubt_fee(
        is_right=is_right, fee_yuan=fee_on(meter, str(kind), caller, _day(taken_on)),
        paid_yuan=_money(paid),
    )  # fmt: skip
    answer = {
        "conclusion": "damaged" if is_damaged else "pass" if is_right else "fail",
        "record": found.record,
        "fee": f"{fee.fee_yuan:.2f}",
        "bearer": "customer" if fee.is_borne_by_customer else "company",
        "due": f"{fee.due_yuan:.2f}",
        "refund": f"{fee.refund_yuan:.2f}",
    }
    is_settled = way != SITE or found.error_pct is not None  # a clock alone settles nothing
    if not is_right and not is_damaged and found.tested_at is not None and is_settled:
        answer |= _settlement(meter, found, timezone.localdate(found.tested_at))
    return answer


def _refuse_before_opening(found: Evidence, opened_at: Any) -> None:
    if not opened_at or found.tested_at is None:
        return
    tested = f"{timezone.localtime(found.tested_at):%Y-%m-%d %H:%M}"
    if tested < str(opened_at):
        text = _(
            "%(record)s was made at %(tested)s, before the seal was opened (%(opened)s): an arbitration"
            " is tested after it. Have the meter tested again, or send back and mend the time."
        )
        facts = {"record": found.record, "tested": tested, "opened": str(opened_at)}
        raise Refused(Refusal("before_opening", text % facts, facts))


def guard_other_hands(task: str, meter: Device, actor: Actor) -> Refusal | None:
    """Of an arbitration: neither the actor nor a hand in its task tested the meter before."""
    people = {**hands_of(task, meter), actor.person_id: actor.name}
    if actor.acting_for_id is not None:
        people[actor.acting_for_id] = actor.acting_for_name
    return guard_other_testers(people, testers_before(meter, besides=task))


def guard_arbitration(
    task: VerificationTask, device_ids: Sequence[int], actor: Actor
) -> Refusal | None:
    """Before its result is reviewed or approved, while it can still be tested by somebody else."""
    if task.kind != VerificationKind.ARBITRATION:
        return None
    meters = Device.objects.filter(pk__in=device_ids).order_by("barcode")
    found = (guard_other_hands(task.number, meter, actor) for meter in meters)
    return next((refusal for refusal in found if refusal is not None), None)


def doubt_stands(
    *, test: Any, device: Any, kind: Any, taken: Any, caller: ProcessInstance, actor: Actor,
    request_key: str,
) -> Answer:  # fmt: skip
    """What is approved is what stands now, and an arbitration is approved by somebody else.

    Args:
        test: what `doubt_begin` answered.
        taken: what `doubt_evidence` answered.

    Raises:
        Refused: there is another record or verdict since; the approver tested the meter before.
    """
    meter = _device(device)
    now = evidence_at(task=str(test["task"]), way=str(test["way"]), device=meter)
    if has_changed(taken, now):
        text = _(
            "The result is another one since it was taken: see %(where)s."
            " Reject, so that it is taken anew."
        )
        facts = {"where": now.record or now.task}
        raise Refused(Refusal("changed", text % facts, facts))
    if kind == VerificationKind.ARBITRATION:
        refuse(guard_other_hands(now.task, meter, actor))
    return {}


def _settlement(meter: Device, evidence: Evidence, on: date) -> dict[str, str]:
    """Where the settlement of energy begins: half the time since the last test, the error found."""
    error_pct = evidence.error_pct
    found: dict[str, str] = {}
    if (since := settled_since(meter, on)) is not None:
        found = {"since": since[0].isoformat(), "through": on.isoformat(), "days": plain_text(since[1])}  # fmt: skip
    if error_pct is not None:
        found |= {"error": plain_text(error_pct), "settle": f"{settled_pct(error_pct):.4f}"}
    if evidence.unsigned_rules:
        found["unsigned"] = evidence.unsigned_rules
    if evidence.error_range_pct is not None:
        low, high = evidence.error_range_pct
        found |= {
            "error_low": plain_text(low), "error_high": plain_text(high),
            "settle_low": f"{settled_pct(low):.4f}", "settle_high": f"{settled_pct(high):.4f}",
        }  # fmt: skip
    return found


def fee_on(meter: Device, kind: str, caller: ProcessInstance, on: date) -> Decimal:
    """The fee for a test that was asked for on a day, in yuan."""
    key = "fieldwork.doubt_fee_three"
    if kind == VerificationKind.ARBITRATION:
        key = "fieldwork.arbitration_fee"
    elif meter.kind == DeviceKind.SINGLE_PHASE_METER:
        key = "fieldwork.doubt_fee_single"
    return Decimal(setting(key, caller.unit_id, on))


def _money(value: Any) -> Decimal:
    try:
        return Decimal(str(value or 0))
    except InvalidOperation:
        raise _wrong("fee", _("“%(value)s” is no amount.") % {"value": value}) from None
