"""QC batches: made, judged, given up. Readings come in by `quality_reading`."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import IN_STOCK_VERIFIED, METERS, DeviceKind, Verb
from dianheng.assets.models import Device, Lot
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Unit
from dianheng.identity.rules import Step as Did
from dianheng.identity.services import (
    idempotent,
    remember,
    require,
    require_separation,
    write_batch,
)
from dianheng.standards.choices import Project
from dianheng.standards.selectors.sendout import bench_away, standard_away

from ..choices import QualityKind, QualityOutcome, QualityState
from ..models import QualityBatch, QualityReading, QualityResult, QualityVerdict
from ..rules import guard_unchanged
from ..selectors.quality import BatchSeen, batch_seen
from .decision import qualified

REFERENCES = (DeviceKind.STANDARD_METER, *METERS)


def quality_subject(batch: QualityBatch) -> str:
    """How documents and exceptions of separation name a batch."""
    return f"quality:{batch.number}"


def quality_batch_make(
    *,
    unit: Unit,
    kind: str,
    bench: Device,
    reference: Device,
    actor: Actor,
    lot: Lot | None = None,
    stands_for: int | None = None,
    allowed_failures: int = 0,
    note: str = "",
    request_key: str = "",
) -> QualityBatch:
    """Begin a QC batch on a bench; its meters come with their first readings.

    Args:
        unit: the laboratory.
        kind: `choices.QualityKind`.
        bench: one on which no other batch is open.
        reference: standard meter or a better meter that runs with the others.
        actor: needs `verification.test` over the unit.
        lot: of which the sample is, where it is of one.
        stands_for: devices that the sample stands for.
        allowed_failures: with more the batch fails.

    Raises:
        BadInput: bench, reference or counts cannot be.
        Refused: `bench_taken`.
    """
    actor = require(actor, "verification.test", unit.pk)
    errors = []
    if kind not in QualityKind.values:
        errors.append({"field": "kind", "code": "kind", "text": _("There is no such kind.")})
    if bench.kind != DeviceKind.BENCH:
        text = _("%(barcode)s is no bench.") % {"barcode": bench.barcode}
        errors.append({"field": "bench", "code": "kind", "text": text})
    if reference.kind not in REFERENCES:
        text = _("%(barcode)s is no meter.") % {"barcode": reference.barcode}
        errors.append({"field": "reference", "code": "kind", "text": text})
    if stands_for is not None and stands_for < 1:
        text = _("A sample stands for one device or more.")
        errors.append({"field": "stands_for", "code": "count", "text": text})
    if allowed_failures < 0:
        text = _("No fewer than none can fail.")
        errors.append({"field": "allowed_failures", "code": "count", "text": text})
    if errors:
        raise BadInput(_("The batch cannot begin like this."), errors)
    with write_batch(actor=actor, action="quality.make") as batch:
        if (earlier := idempotent(request_key, "quality.make")) is not None:
            return QualityBatch.objects.get(pk=earlier["id"])
        refuse(bench_away(bench), standard_away(reference))
        # Two at once on one bench: the second waits and sees the first.
        Device.objects.select_for_update(of=("self",), no_key=True).get(pk=bench.pk)
        there = QualityBatch.objects.filter(bench=bench, state=QualityState.OPEN).first()
        if there is not None:
            text = _("QC batch %(no)s stands on bench %(bench)s. Judge it first, or cancel it.")
            facts = {"no": there.number, "bench": bench.barcode}
            raise Refused(Refusal("bench_taken", text % facts, facts))
        year = timezone.localdate(batch.at).year
        (number,) = numbers_take(key="quality_batch", unit_id=unit.pk, year=year)
        made = QualityBatch.objects.create(
            number=number, unit=unit, kind=kind, bench=bench, reference=reference, lot=lot,
            stands_for=stands_for, allowed_failures=allowed_failures, note=note.strip(),
            made_by_id=actor.person_id, made_at=batch.at,
        )  # fmt: skip
        remember(request_key, "quality.make", {"id": made.pk})
    return made


def quality_lock(batch: QualityBatch) -> QualityBatch:
    """The batch, locked and open.

    Raises:
        Refused: `state`.
    """
    rows = QualityBatch.objects.select_for_update(of=("self",), no_key=True)
    held = rows.select_related("unit", "bench", "reference__model").get(pk=batch.pk)
    if held.state != QualityState.OPEN:
        text = _("QC batch %(no)s is “%(state)s”: nothing more is read into it.")
        facts = {"no": held.number, "state": held.get_state_display()}
        raise Refused(Refusal("state", text % facts, facts))
    return held


def quality_judge(
    *,
    batch: QualityBatch,
    seen_digest: str,
    actor: Actor,
    comment: str = "",
    request_key: str = "",
) -> QualityVerdict:
    """Sign what the batch came to; meters that fail are locked until they are verified again.

    Args:
        seen_digest: over what was shown (`BatchSeen.digest`).
        actor: needs `verification.review` and a checker's qualification; read none of it.

    Raises:
        Refused: `quality` with everything that keeps it from being judged, `changed`,
            `same_person`, `not_qualified`, `state`.
    """
    actor = require(actor, "verification.review", batch.unit_id)
    with write_batch(actor=actor, action="quality.judge", reason=comment) as now:
        if (earlier := idempotent(request_key, "quality.judge")) is not None:
            return QualityVerdict.objects.get(pk=earlier["id"])
        held = quality_lock(batch)
        seen = batch_seen(held)
        if seen.faults:
            text = _("The batch cannot be judged yet; nothing was signed.")
            raise Refused(Refusal("quality", text, {"no": held.number}, seen.faults))
        refuse(guard_unchanged(seen_digest, seen.digest, len(seen.meters)))
        number = qualified(
            actor,
            "checker",
            Project.AC_METER.value,
            gettext_lazy("You have no checker's qualification in force: you cannot judge."),
        )
        read_by = QualityReading.objects.filter(batch=held).values_list("read_by_id", flat=True)
        did = [Did("test", person) for person in sorted({*read_by, held.made_by_id})]
        require_separation(quality_subject(held), "review", actor, did)
        verdict = _keep(seen, actor, number, comment, now.at)
        _hold_failures(seen, actor)
        remember(request_key, "quality.judge", {"id": verdict.pk})
    return verdict


def _keep(
    seen: BatchSeen, actor: Actor, qualification_no: str, comment: str, at: datetime
) -> QualityVerdict:
    held, paper = seen.batch, seen.certificate
    verdict = QualityVerdict.objects.create(
        batch=held, outcome=seen.outcome, meter_count=len(seen.judged),
        failure_count=len(seen.failures), reference_kwh=seen.reference_kwh,
        certificate_no=paper.number if paper else "",
        certificate_through=paper.valid_through if paper else held.reference.valid_through,
        rule_sets=[{
            "standard": seen.rules.standard, "edition": seen.rules.edition,
            "digest": seen.rules.digest,
        }],
        digest=seen.digest, comment=comment.strip(), judged_by_id=actor.person_id,
        acting_for_id=actor.acting_for_id, qualification_no=qualification_no, judged_at=at,
    )  # fmt: skip
    names = (
        "seq", "start_kwh", "end_kwh", "increment_kwh", "difference_kwh", "limit_kwh",
        "difference_pct", "rates", "rates_difference_kwh", "rates_limit_kwh", "outcome",
        "failing_items", "is_apart",
    )  # fmt: skip
    QualityResult.objects.bulk_create(
        [
            QualityResult(batch=held, device=one.device, **{n: getattr(one, n) for n in names})
            for one in seen.meters
        ],
        batch_size=2000,
    )
    held.meters.update(is_open=False)
    QualityBatch.objects.filter(pk=held.pk).update(state=QualityState.JUDGED, outcome=seen.outcome)
    return verdict


def _hold_failures(seen: BatchSeen, actor: Actor) -> None:
    """Failures lose their verification: no store gives them out before they are verified again."""
    held, failed = seen.batch, {one.device.pk: one for one in seen.failures}
    here = Device.objects.filter(pk__in=list(failed), state__in=IN_STOCK_VERIFIED)
    keys = list(here.values_list("pk", flat=True))
    if not keys:
        return
    devices_transition(
        device_ids=keys, verb=Verb.EXPIRE, actor=actor, document=quality_subject(held),
        reason=_("Failed in QC batch %(no)s") % {"no": held.number},
        facts_by_device={
            key: {
                "difference_kwh": f"{failed[key].difference_kwh:f}",
                "outcome": QualityOutcome.FAILED.value,
            }
            for key in keys
        },
    )  # fmt: skip


def quality_batch_cancel(*, batch: QualityBatch, reason: str, actor: Actor) -> None:
    """Give a batch up; what was read stays as evidence, its meters are free."""
    if not reason.strip():
        raise BadInput(_("Say why the batch is cancelled."))
    actor = require(actor, "verification.test", batch.unit_id)
    with write_batch(actor=actor, action="quality.cancel", reason=reason):
        held = quality_lock(batch)
        held.meters.update(is_open=False)
        QualityBatch.objects.filter(pk=held.pk).update(state=QualityState.CANCELLED)
