"""Inspection of a lot: split stated, digest published, sample drawn, results, judgement."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device, Lot
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.draws import ALGORITHM, draw, list_digest, seed_digest
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.lots import default_aql, nonconformity_class
from dianheng.metrology.switching import InspectionState as Severity
from dianheng.metrology.switching import SwitchingState as Switching
from dianheng.metrology.switching import next_state
from dianheng.verification.choices import Outcome as Verified
from dianheng.verification.choices import Step as TaskStep
from dianheng.verification.choices import TaskKind
from dianheng.verification.models import VerificationTask
from dianheng.verification.selectors.tasks import first_results
from dianheng.verification.services import task_add_devices, task_make

from ..choices import ArrivalState, InspectionState, Outcome, ResultSource
from ..models import (
    Arrival,
    InspectionLot,
    InspectionMember,
    InspectionPart,
    Nonconformity,
    SampleDevice,
    SampleDraw,
    SampleResult,
    SwitchingState,
)
from ..rules import acceptance_rules, guard_state, judgement, plan_record, sampling_rules

DEFAULT_LEVEL = "II"
LAST = "\x7f"  # behind every bar code
AT_ONCE = 5000


def locked_inspection(inspection: InspectionLot) -> InspectionLot:
    """The inspection, locked until the end of the transaction."""
    rows = InspectionLot.objects.select_for_update(of=("self",))
    return rows.select_related("lot__model__manufacturer", "unit").get(pk=inspection.pk)


# -- split ----------------------------------------------------------------------------------------


def inspection_make(
    *,
    lot: Lot,
    split: Sequence[Sequence[Mapping[str, Any]]],
    actor: Actor,
    statement: str = "",
    level: str = DEFAULT_LEVEL,
    aql: Mapping[str, str] | None = None,
    request_key: str = "",
) -> list[InspectionLot]:
    """State what of a lot is inspected as one: one inspection for each element of the split.

    Args:
        lot: maker, model and tender batch.
        split: for each inspection its parts, each with `arrival` and, where the arrival is
            divided, `first_code` and `last_code`.
        statement: why it is split so; owed when there is more than one.
        level: inspection level, I, II or III.
        aql: percent nonconforming by class, {"B": "1.0"}; absent: as the acceptance rules say.

    Raises:
        Refused: `discontinued`, `part_twice`, or the split is not complete.
    """
    actor = require(actor, "supply.inspect", lot.unit_id)
    aqls = dict(aql) if aql else proposed_aql()
    with write_batch(actor=actor, action="inspection.make") as batch:
        if (earlier := idempotent(request_key, "inspection.make")) is not None:
            return list(InspectionLot.objects.filter(pk__in=earlier["inspections"]).order_by("pk"))
        lot = Lot.objects.select_for_update(of=("self",)).select_related("model").get(pk=lot.pk)
        _refuse_split(lot, split, statement)
        severity = severity_of(lot)
        _try_plan(level, aqls, severity)
        numbers = numbers_take(
            key="lot_inspection", unit_id=lot.unit_id, year=batch.at.year, count=len(split)
        )
        made = []
        for place, (number, parts) in enumerate(zip(numbers, split, strict=True), start=1):
            one = InspectionLot.objects.create(
                number=number, lot=lot, unit_id=lot.unit_id, part_no=place, part_count=len(split),
                split_reason=statement.strip(), level=level, aql=aqls, severity=severity,
                stated_at=batch.at, stated_by_id=actor.person_id,
            )  # fmt: skip
            for part in parts:
                InspectionPart.objects.create(
                    inspection=one, arrival=part["arrival"],
                    first_code=part.get("first_code") or "", last_code=part.get("last_code") or "",
                )  # fmt: skip
            if not lot_devices(one).exists():
                text = _("Part %(n)s has no device that awaits acceptance.") % {"n": place}
                raise Refused(Refusal("part_empty", text, {"part": place}))
            made.append(one)
        remember(request_key, "inspection.make", {"inspections": [one.pk for one in made]})
    return made


def proposed_aql() -> dict[str, str]:
    """AQL by class as the acceptance rules propose."""
    return {str(each.value): str(value) for each, value in default_aql(acceptance_rules()).items()}


def severity_of(lot: Lot) -> str:
    """Severity for the next lot of the maker's model; refused while inspection is discontinued."""
    found = SwitchingState.objects.filter(model_id=lot.model_id, unit_id=lot.unit_id).first()
    if found is None:
        return str(Severity.NORMAL)
    if found.state == Severity.DISCONTINUED:
        text = _(
            "Inspection of %(model)s is discontinued: too many of its lots were rejected. "
            "It is resumed when the maker has improved and the authority agrees."
        ) % {"model": lot.model.code}
        raise Refused(Refusal("discontinued", text, {"model": lot.model.code}))
    return found.state


def _try_plan(level: str, aql: Mapping[str, str], severity: str) -> None:
    try:
        plan_record(lot=100, level=level, aql=aql, severity=severity)
    except MetrologyError as error:
        text = _("Level and AQL are not in the tables of GB/T 2828.1: %(why)s.")
        raise BadInput(
            text % {"why": error.text},
            [{"field": "aql", "code": error.code, "text": error.text}],
        ) from None


def _refuse_split(lot: Lot, split: Sequence[Sequence[Mapping[str, Any]]], statement: str) -> None:
    if not split or not all(split):
        raise BadInput(_("Each inspection has at least one arrival."))
    if len(split) > 1 and not statement.strip():
        text = _("Say why the lot is inspected in parts.")
        raise BadInput(text, [{"field": "statement", "code": "missing", "text": text}])
    ranges: dict[int, list[tuple[str, str]]] = {}
    earlier = InspectionPart.objects.filter(inspection__lot=lot).exclude(
        inspection__state=InspectionState.VOID
    )
    for part in earlier:
        ranges.setdefault(part.arrival_id, []).append((part.first_code, part.last_code or LAST))
    for part in (part for parts in split for part in parts):
        arrival: Arrival = part["arrival"]
        first, last = part.get("first_code") or "", part.get("last_code") or LAST
        if arrival.lot_id != lot.pk or arrival.state not in (
            ArrivalState.RECEIVED,
            ArrivalState.PARTLY,
        ):
            text = _("Arrival %(no)s is of another lot or not received yet.")
            raise Refused(Refusal("arrival", text % {"no": arrival.number}))
        if first > last:
            raise BadInput(_("The first bar code comes after the last."))
        for other_first, other_last in ranges.setdefault(arrival.pk, []):
            if first <= other_last and other_first <= last:
                text = _("Devices of arrival %(no)s would be inspected twice.")
                raise Refused(Refusal("part_twice", text % {"no": arrival.number}))
        ranges[arrival.pk].append((first, last))


def lot_devices(inspection: InspectionLot) -> QuerySet[Device]:
    """Devices that belong to an inspection by its parts and await acceptance."""
    wanted = Q(pk__in=[])
    for part in inspection.parts.select_related("arrival"):
        one = Q(arrival_no=part.arrival.number)
        if part.first_code:
            one &= Q(barcode__gte=part.first_code)
        if part.last_code:
            one &= Q(barcode__lte=part.last_code)
        wanted |= one
    return Device.objects.filter(wanted, state=DeviceState.AWAITING_ACCEPTANCE)


def inspection_void(*, inspection: InspectionLot, reason: str, actor: Actor) -> InspectionLot:
    """Withdraw an inspection before its draw; its devices can be stated anew."""
    if not reason.strip():
        raise BadInput(_("Say why the inspection is withdrawn."))
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="inspection.void", reason=reason):
        found = locked_inspection(inspection)
        before = (InspectionState.STATED, InspectionState.PUBLISHED)
        refuse(guard_state(found.state, before, found.number))
        found.state = InspectionState.VOID
        found.save(update_fields=["state"])
    return found


# -- draw -----------------------------------------------------------------------------------------


def draw_publish(*, inspection: InspectionLot, actor: Actor) -> SampleDraw:
    """Make the seed and publish its digest with the plan, before the lot is closed."""
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="draw.publish") as batch:
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.STATED], found.number))
        _set_plan(found, lot_devices(found).count())
        seed = secrets.token_hex(32)
        made = SampleDraw.objects.create(
            inspection=found, algorithm=ALGORITHM, seed_digest=seed_digest(seed), secret_seed=seed,
            published_at=batch.at, published_by_id=actor.person_id,
        )  # fmt: skip
        found.state = InspectionState.PUBLISHED
        found.save(update_fields=["state", "plan", "lot_size"])
    return made


def _set_plan(inspection: InspectionLot, size: int) -> None:
    """The plan for the lot's size. A single device has no row in the tables: it is tested."""
    if size < 2:
        text = _("A lot for sampling has at least two devices; this one has %(n)s.")
        raise Refused(Refusal("lot_size", text % {"n": size}, {"devices": size}))
    inspection.lot_size = size
    inspection.plan = plan_record(
        lot=size, level=inspection.level, aql=inspection.aql, severity=inspection.severity
    )


def draw_close(*, inspection: InspectionLot, actor: Actor, request_key: str = "") -> SampleDraw:
    """Close the lot: freeze its list, publish list digest and seed, draw the sample.

    Devices that came after the publication belong to the list; the plan follows its size.
    """
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="draw.close") as batch:
        if idempotent(request_key, "draw.close") is not None:
            return SampleDraw.objects.get(inspection=inspection)
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.PUBLISHED], found.number))
        made = SampleDraw.objects.select_for_update().get(inspection=found)
        devices = dict(lot_devices(found).select_for_update().values_list("barcode", "pk"))
        _set_plan(found, len(devices))
        assert found.plan is not None
        drawn = draw(made.secret_seed, devices, min(found.plan["sample_size"], len(devices)))
        InspectionMember.objects.bulk_create(
            [InspectionMember(inspection=found, device_id=pk) for pk in sorted(devices.values())],
            batch_size=AT_ONCE,
        )
        SampleDevice.objects.bulk_create(
            [
                SampleDevice(draw=made, device_id=devices[code], rank=rank)
                for rank, code in enumerate(drawn, start=1)
            ]
        )
        made.seed, made.secret_seed = made.secret_seed, ""
        made.list_digest, made.list_count = list_digest(devices), len(devices)
        made.sample_size = len(drawn)
        made.closed_at, made.closed_by_id = batch.at, actor.person_id
        made.save()
        found.state = InspectionState.DRAWN
        found.save(update_fields=["state", "plan", "lot_size"])
        remember(request_key, "draw.close", {"draw": made.pk})
    return made


# -- the sample's results -------------------------------------------------------------------------


def sample_task_make(
    *, inspection: InspectionLot, laboratory: Unit, actor: Actor, request_key: str = ""
) -> VerificationTask:
    """Have the sample tested on the benches: a sampling task with all drawn devices."""
    refuse(guard_state(inspection.state, [InspectionState.DRAWN], inspection.number))
    with write_batch(actor=actor, action="sample.task"):
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.DRAWN], found.number))
        task = sampling_tasks(found).first()
        if task is not None:
            return task
        task = task_make(
            unit=laboratory, kind=TaskKind.SAMPLING, model=found.lot.model, lot=found.lot,
            origin=found.document, actor=actor, request_key=request_key,
        )  # fmt: skip
        drawn = SampleDevice.objects.filter(draw__inspection=found).values_list("device", flat=True)
        task_add_devices(task=task, device_ids=list(drawn), actor=actor)
    return task


def sampling_tasks(inspection: InspectionLot) -> QuerySet[VerificationTask]:
    """Tasks in which the sample is tested."""
    return VerificationTask.objects.filter(origin=inspection.document, kind=TaskKind.SAMPLING)


def sample_result_record(
    *,
    inspection: InspectionLot,
    results: Sequence[Mapping[str, Any]],
    actor: Actor,
    source: str = ResultSource.HAND,
    request_key: str = "",
) -> int:
    """Record results of drawn devices; each one's first result counts, later ones are kept.

    Args:
        results: each with `barcode`, `nonconformities` (none: it conforms; each with `item`,
            and, where known, `class`, `measured`, `limit`, `text`), `tested_on`, `note`,
            `source_ref`.

    Returns:
        How many results were recorded.
    """
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="sample.record") as batch:
        if (earlier := idempotent(request_key, "sample.record")) is not None:
            return int(earlier["count"])
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.DRAWN], found.number))
        count = _record(found, results, source, actor, batch.at)
        remember(request_key, "sample.record", {"count": count})
    return count


def sample_results_read(*, inspection: InspectionLot, actor: Actor) -> int:
    """Take over what verification found for the drawn devices, as far as it is approved.

    Of each device the first verdict counts, whatever a retest says. Returns how many are new.
    """
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="sample.read") as batch:
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.DRAWN], found.number))
        known = set(
            SampleResult.objects.filter(
                sample__draw__inspection=found, source=ResultSource.VERIFICATION
            ).values_list("source_ref", flat=True)
        )
        results = []
        for task in sampling_tasks(found):
            approved = {
                row.device_id: row
                for row in task.devices.filter(step=TaskStep.APPROVED).select_related(
                    "device", "record"
                )
            }
            for device_id, first in first_results(task).items():
                row = approved.get(device_id)
                if row is not None and first["record"] not in known:
                    results.append(_from_verification(row, first))
        return _record(found, results, ResultSource.VERIFICATION, actor, batch.at)


# Legally passed, outside the company's own band: the standard's sampling counts it as conforming.
CONFORMING = (Verified.PASSED, Verified.OUTSIDE_CONTROL)


def _from_verification(row: Any, first: Mapping[str, Any]) -> dict[str, Any]:
    items = [] if first["outcome"] in CONFORMING else list(first["failing_items"]) or ["parameter"]
    return {
        "barcode": row.device.barcode,
        "nonconformities": [{"item": item} for item in items],
        "tested_on": timezone.localdate(row.record.finished_at),
        "source_ref": first["record"],
    }


def _record(
    inspection: InspectionLot,
    results: Sequence[Mapping[str, Any]],
    source: str,
    actor: Actor,
    at: Any,
) -> int:
    codes = [str(result.get("barcode", "")) for result in results]
    sample = {
        one.device.barcode: one
        for one in SampleDevice.objects.filter(
            draw__inspection=inspection, device__barcode__in=codes
        ).select_related("device")
    }
    attempts: dict[int, int] = {}
    for pk in SampleResult.objects.filter(sample__in=sample.values()).values_list(
        "sample", flat=True
    ):
        attempts[pk] = attempts.get(pk, 0) + 1
    faults: list[dict[str, Any]] = []
    made = []
    for result in results:
        one = sample.get(str(result.get("barcode", "")))
        if one is None:
            text = _("is not in the sample")
            faults.append({"device": result.get("barcode", ""), "code": "sample", "text": text})
            continue
        day: date = result.get("tested_on") or timezone.localdate()
        if day > timezone.localdate():
            text = _("was tested on a day that has not come yet")
            faults.append({"device": one.device.barcode, "code": "date_future", "text": text})
            continue
        try:
            found = [_nonconformity(given) for given in result.get("nonconformities", ())]
        except MetrologyError:
            text = _("has a nonconformity without class: name A, B or C")
            faults.append({"device": one.device.barcode, "code": "class", "text": text})
            continue
        attempts[one.pk] = attempts.get(one.pk, 0) + 1
        kept = SampleResult(
            sample=one, attempt=attempts[one.pk], outcome=Outcome.FAIL if found else Outcome.PASS,
            source=source, source_ref=str(result.get("source_ref") or ""), tested_on=day,
            note=str(result.get("note") or ""), recorded_at=at, person_id=actor.person_id,
            acting_for_id=actor.acting_for_id,
        )  # fmt: skip
        made.append((kept, found))
    if faults:
        text = _("%(bad)s of %(all)s results cannot be recorded: nothing was changed.")
        raise BadInput(text % {"bad": len(faults), "all": len(results)}, faults)
    SampleResult.objects.bulk_create([kept for kept, _found in made])
    for kept, found in made:
        for one in found:
            one.result = kept
    Nonconformity.objects.bulk_create([one for _kept, found in made for one in found])
    return len(made)


def _nonconformity(given: Mapping[str, Any]) -> Nonconformity:
    item = str(given["item"])
    each = given.get("class") or nonconformity_class(acceptance_rules(), item).value
    if each not in ("A", "B", "C"):
        raise MetrologyError("class", "no class of nonconformity", {"class": str(each)[:10]})
    return Nonconformity(
        item=item, nonconformity_class=each, measured=str(given.get("measured") or ""),
        limit=str(given.get("limit") or ""), text=str(given.get("text") or ""),
    )  # fmt: skip


def sample_classes(inspection: InspectionLot) -> list[list[str] | None]:
    """For each drawn device, in order, the classes of its first result; None without result."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select s.rank, r.id is not null,
                   array_remove(array_agg(n.nonconformity_class), null)
              from supply_sampledraw d
              join supply_sampledevice s on s.draw_id = d.id
              left join supply_sampleresult r on r.sample_id = s.id and r.attempt = 1
              left join supply_nonconformity n on n.result_id = r.id
             where d.inspection_id = %s
             group by s.rank, r.id order by s.rank
            """,
            [inspection.pk],
        )
        return [list(classes) if has else None for _rank, has, classes in cursor.fetchall()]


def sample_judge(*, inspection: InspectionLot, actor: Actor) -> InspectionLot:
    """Judge the lot by its sample; the severity for the maker's next lots follows.

    Raises:
        Refused: `sample_open` while results are missing and none is of class A.
    """
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="sample.judge") as batch:
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.DRAWN], found.number))
        sample = sample_classes(found)
        decided = judgement(found.plan or {}, sample)
        if decided is None:
            missing = sum(1 for unit in sample if unit is None)
            text = _("%(n)s devices of the sample have no result yet.") % {"n": missing}
            raise Refused(Refusal("sample_open", text, {"missing": missing}))
        found.judgement, found.is_accepted = decided, decided["is_accepted"]
        found.judged_at, found.state = batch.at, InspectionState.JUDGED
        found.save(update_fields=["judgement", "is_accepted", "judged_at", "state"])
        if found.submission == 1:
            _switch(found, bool(found.is_accepted), batch.at)
    return found


def _switch(inspection: InspectionLot, is_accepted: bool, at: Any) -> None:
    kept, _new = SwitchingState.objects.select_for_update().get_or_create(
        model_id=inspection.lot.model_id, unit_id=inspection.unit_id, defaults={"changed_at": at}
    )
    before = Switching(Severity(kept.state), tuple(kept.recent), kept.accepted_run, kept.rejected)
    after = next_state(sampling_rules(), before, is_accepted)
    if after.state != before.state:
        kept.changed_at, kept.reason = at, inspection.number
    kept.state, kept.recent = str(after.state), list(after.recent)
    kept.accepted_run, kept.rejected = after.accepted_run, after.rejected
    kept.save()


def inspection_resume(*, switching: SwitchingState, reason: str, actor: Actor) -> SwitchingState:
    """Resume a discontinued inspection, under tightened severity."""
    if not reason.strip():
        raise BadInput(_("Say what the maker improved and who agrees."))
    actor = require(actor, "supply.resume", switching.unit_id)
    with write_batch(actor=actor, action="inspection.resume", reason=reason) as batch:
        kept = SwitchingState.objects.select_for_update().get(pk=switching.pk)
        if kept.state != Severity.DISCONTINUED:
            text = _("Inspection of this model is not discontinued.")
            raise Refused(Refusal("not_discontinued", text))
        kept.state, kept.recent, kept.accepted_run, kept.rejected = "tightened", [], 0, 0
        kept.changed_at, kept.reason = batch.at, reason
        kept.save()
    return kept


# -- guard of the register ------------------------------------------------------------------------


def guard_before_acceptance(
    device_ids: Sequence[int], call: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Devices that await acceptance are verified only as the drawn sample of their lot."""
    waiting = dict(
        Device.objects.filter(
            pk__in=list(device_ids), state=DeviceState.AWAITING_ACCEPTANCE
        ).values_list("pk", "barcode")
    )
    if not waiting:
        return []
    number = str(call.get("document", "")).removeprefix("task:")
    task = VerificationTask.objects.filter(number=number, kind=TaskKind.SAMPLING).first()
    drawn: set[int] = set()
    if task is not None and task.origin.startswith("inspection:"):
        drawn = set(
            SampleDevice.objects.filter(
                draw__inspection__number=task.origin.removeprefix("inspection:"),
                draw__inspection__state=InspectionState.DRAWN,
                device__in=waiting,
            ).values_list("device_id", flat=True)
        )
    text = _("%(barcode)s awaits acceptance: only the drawn sample of its lot is tested before.")
    return [
        {"device_id": pk, "barcode": code, "code": "before_acceptance", "text": text % {"barcode": code}}
        for pk, code in waiting.items()
        if pk not in drawn
    ]  # fmt: skip
