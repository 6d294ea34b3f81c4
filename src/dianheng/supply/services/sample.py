"""The sample's results, by bench, hand or the higher centre, and the judgement of its lot."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.lots import nonconformity_class
from dianheng.verification.choices import Outcome as Verified
from dianheng.verification.choices import Step as TaskStep
from dianheng.verification.choices import TaskKind
from dianheng.verification.models import TestResult, VerificationTask
from dianheng.verification.selectors.results import results_failing
from dianheng.verification.selectors.tasks import first_results
from dianheng.verification.services import task_add_devices, task_make

from ..choices import InspectionState, Outcome, ResultSource, SentState
from ..models import (
    InspectionLot,
    InspectionMember,
    Nonconformity,
    SampleDevice,
    SampleResult,
    SentSample,
)
from ..rules import acceptance_rules, guard_state, judgement
from ..selectors.inspections import sampling_tasks
from .inspection import locked_inspection
from .switching import lot_judged


def sample_task_make(
    *, inspection: InspectionLot, laboratory: Unit, actor: Actor, request_key: str = ""
) -> VerificationTask:
    """Have the sample tested on the benches: a sampling task with all drawn devices."""
    refuse(guard_state(inspection.state, [InspectionState.DRAWN], inspection.number))
    with write_batch(actor=actor, action="sample.task"):
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.DRAWN], found.number))
        refuse_sent(found)
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


def refuse_sent(inspection: InspectionLot, *allowed: str) -> None:
    """A sample that was sent to the higher centre is tested there: only its report counts."""
    sent = SentSample.objects.filter(inspection=inspection).exclude(state=SentState.WITHDRAWN)
    one = sent.exclude(state__in=allowed).first()
    if one is not None:
        text = _(
            "The sample is sent to %(centre)s (%(no)s): its report decides. "
            "Enter the report, or withdraw the list before the hand-over."
        ) % {"centre": one.sent_to, "no": one.number}
        raise Refused(Refusal("sample_sent", text, {"sent": one.number, "centre": one.sent_to}))


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
        if source != ResultSource.CENTRE:
            refuse_sent(found)
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
        results: list[dict[str, Any]] = []
        firsts: list[Mapping[str, Any]] = []
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
                    firsts.append(first)
        _put_figures(results, firsts)
        return _record(found, results, ResultSource.VERIFICATION, actor, batch.at)


def _put_figures(results: Sequence[Mapping[str, Any]], firsts: Sequence[Mapping[str, Any]]) -> None:
    """What was measured and allowed at the first failing point of each failing item."""
    found: dict[tuple[int, str], TestResult] = {}
    for row in results_failing(firsts):
        found.setdefault((row.record_id, row.item), row)
    for one, first in zip(results, firsts, strict=True):
        for bad in one["nonconformities"]:
            row = found.get((first["record_id"], bad["item"]))
            if row is not None:
                figure = f"{row.rounded_text or row.bench_rounded} {row.unit}".strip()
                bad["measured"] = f"{row.point} {figure}".strip()
                if row.limit_high is not None:
                    sign = "±" if row.limit_low is not None and row.limit_low < 0 else "≤"
                    bad["limit"] = f"{sign} {row.limit_high.normalize():f} {row.unit}".strip()


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
        refuse_sent(found, SentState.REPORTED, SentState.BACK)
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
            lot_judged(found, bool(found.is_accepted), batch.at)
    return found


# -- guard of the register ------------------------------------------------------------------------


def guard_before_acceptance(
    device_ids: Sequence[int], call: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Devices of a lot that is not accepted are verified only as its drawn sample."""
    waiting = dict(
        Device.objects.filter(
            pk__in=list(device_ids), state=DeviceState.AWAITING_ACCEPTANCE
        ).values_list("pk", "barcode")
    )
    last = (
        InspectionMember.objects.filter(device__in=list(device_ids))
        .order_by("device_id", "-inspection_id")
        .distinct("device_id")
        .values_list("device_id", "device__barcode", "inspection__state")
    )
    rejected = set()
    for pk, barcode, state in last:
        if state == InspectionState.REJECTED and pk not in waiting:
            rejected.add(pk)
        if state != InspectionState.ACCEPTED:
            waiting[pk] = barcode
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
    before = _("%(barcode)s awaits acceptance: only the drawn sample of its lot is tested before.")
    gone = _("%(barcode)s is of a rejected lot: it goes back to the maker and is not verified.")
    return [
        {
            "device_id": pk,
            "barcode": code,
            "code": "lot_rejected" if pk in rejected else "before_acceptance",
            "text": (gone if pk in rejected else before) % {"barcode": code},
        }
        for pk, code in waiting.items()
        if pk not in drawn
    ]
