"""QC batches as they stand: what was read, what the rules say of it, what is still missing."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import STANDARDS
from dianheng.assets.models import Device
from dianheng.common.errors import NotFound, Refused, Text
from dianheng.common.texts import why
from dianheng.metrology.dispersion import lying_apart
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.items import figure_of_class
from dianheng.metrology.rule_sets import RuleSet, rule_set_on

from ..choices import QualityOutcome
from ..models import QualityBatch, QualityMeter, QualityReading, QualityResult
from ..register_runs import Run, increments_of, run_of
from ..rules import BLOCK_TEXTS, class_number, equipment_blocks
from ..schemes import plate_of
from .laboratory import LaboratoryFacts, has_signed

RULES = "JJG 596"
Slot = tuple[str, str]  # moment, register


def quality_batches() -> QuerySet[QualityBatch]:
    """All batches with what a list shows."""
    return QualityBatch.objects.select_related(
        "unit", "bench__standard", "reference__model", "lot", "made_by", "verdict__judged_by"
    )


def quality_results() -> QuerySet[QualityResult]:
    """Meters of judged batches with what a list shows."""
    return QualityResult.objects.select_related(
        "batch__unit", "batch__bench", "device__model__manufacturer", "device__lot"
    )


def quality_batch_by_number(number: str) -> QualityBatch:
    """The batch, or NotFound."""
    found = quality_batches().filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no QC batch %(no)s.") % {"no": number[:40]})
    return found


def readings_of(batch: QualityBatch) -> dict[int, dict[Slot, QualityReading]]:
    """By device the readings that count: of each end and register the last one."""
    found: dict[int, dict[Slot, QualityReading]] = defaultdict(dict)
    for row in batch.readings.order_by("pk"):
        found[row.device_id][row.moment, row.register] = row
    return found


@dataclass
class MeterSeen:
    """A meter of a batch that is open; named as in `QualityResult`, None where not known yet."""

    device: Device
    seq: int
    readings: Mapping[Slot, QualityReading]
    start_kwh: Decimal | None = None
    end_kwh: Decimal | None = None
    increment_kwh: Decimal | None = None
    difference_kwh: Decimal | None = None
    limit_kwh: Decimal | None = None
    difference_pct: Decimal | None = None
    rates: dict[str, str] = field(default_factory=dict)
    rates_difference_kwh: Decimal | None = None
    rates_limit_kwh: Decimal | None = None
    outcome: str = ""
    failing_items: Sequence[str] = ()
    is_apart: bool = False
    fault: Text = ""  # why it cannot be judged

    def get_outcome_display(self) -> str:
        """The outcome in words."""
        return str(QualityOutcome(self.outcome).label) if self.outcome else ""


@dataclass
class BatchSeen:
    """A batch as its readings say: meters, and what keeps it from being judged."""

    batch: QualityBatch
    rules: RuleSet
    meters: list[MeterSeen] = field(default_factory=list)
    reference: Mapping[Slot, QualityReading] = field(default_factory=dict)
    reference_kwh: Decimal | None = None
    reference_class: Decimal | None = None
    certificate: Any = None
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def failures(self) -> list[MeterSeen]:
        """Meters out of limits."""
        return [one for one in self.meters if one.outcome == QualityOutcome.FAILED]

    @property
    def judged(self) -> list[MeterSeen]:
        """Meters with a verdict."""
        return [one for one in self.meters if one.outcome not in ("", QualityOutcome.NOT_JUDGED)]

    @property
    def outcome(self) -> str:
        """What the batch comes to; empty while something is missing."""
        if not self.judged or any(not one.outcome for one in self.meters):
            return ""
        is_good = len(self.failures) <= self.batch.allowed_failures
        return (QualityOutcome.PASSED if is_good else QualityOutcome.FAILED).value

    @property
    def digest(self) -> str:
        """SHA-256 over what a signature stands for: readings, differences, outcomes."""
        lines = [
            [
                one.device.barcode,
                sorted([*slot, str(row.reading_kwh)] for slot, row in one.readings.items()),
                str(one.difference_kwh), str(one.limit_kwh), one.outcome,
            ]
            for one in self.meters
        ]  # fmt: skip
        whole = [self.batch.number, str(self.reference_kwh), self.rules.digest, lines]
        text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def batch_seen(batch: QualityBatch) -> BatchSeen:
    """Work a batch out from its readings by the rules of the day on which it was read."""
    readings = readings_of(batch)
    read_at = [row.read_at for slots in readings.values() for row in slots.values()]
    ended_at = max(read_at, default=timezone.now())
    day = timezone.localdate(ended_at)
    seen = BatchSeen(batch, rule_set_on(RULES, day), reference=readings.get(batch.reference_id, {}))
    _see_reference(seen, ended_at)
    held = batch.meters.select_related("device__model__manufacturer").order_by("seq")
    for meter in held:
        seen.meters.append(_meter_seen(seen, meter, readings.get(meter.device_id, {})))
    _see_apart(seen)
    if not seen.meters:
        seen.faults.append(_fault("no_meters", _("No meter of the batch has been read yet.")))
    elif all(one.outcome == QualityOutcome.NOT_JUDGED for one in seen.meters):
        text = _("Of no meter of the batch all rate registers were read: cancel it, begin another.")
        seen.faults.append(_fault("no_meters", text))
    if not (seen.rules.is_confirmed or has_signed(batch.unit, seen.rules)):
        text = _("%(rules)s is not signed by a metrologist yet. Have it signed under Rule sets.")
        seen.faults.append(_fault("rules_unsigned", text % {"rules": seen.rules.name}))
    return seen


def _fault(code: str, text: Text, device: str = "") -> dict[str, Any]:
    return {"device": device, "code": code, "text": text}


def _see_reference(seen: BatchSeen, at: datetime) -> None:
    """What the reference meter did, and whether it may be held against others on that day."""
    device, day = seen.batch.reference, timezone.localdate(at)
    values = {slot: row.reading_kwh for slot, row in seen.reference.items()}
    seen.reference_kwh = increments_of(values).get("total")
    if seen.reference_kwh is None:
        text = _("Start and end of the reference meter %(no)s are not both read.")
        seen.faults.append(_fault("no_reference", text % {"no": device.barcode}, device.barcode))
    elif seen.reference_kwh <= 0:
        text = _("The reference meter %(no)s did not move.") % {"no": device.barcode}
        seen.faults.append(_fault("reference_stands", text, device.barcode))
        seen.reference_kwh = None
    accuracy = device.model.accuracy_class
    if device.kind in STANDARDS:
        facts = LaboratoryFacts.load([device.barcode], [], [])
        known = facts.equipment.get(device.barcode)
        seen.certificate = facts.certificate_on(known, day) if known else None
        stood = facts.equipment_on(device.barcode, known, day, at)
        accuracy = stood.accuracy_class
        for block in equipment_blocks("standard", stood, day.isoformat()):
            text = str(BLOCK_TEXTS[block.code]) % block.facts
            seen.faults.append(_fault(block.code, text, device.barcode))
    elif device.valid_through is None or device.valid_through < day:
        text = _("The reference meter %(no)s is not verified, or out of date.")
        seen.faults.append(
            _fault("standard_not_in_date", text % {"no": device.barcode}, device.barcode)
        )
    seen.reference_class = class_number(accuracy)


def _meter_seen(seen: BatchSeen, meter: Any, readings: Mapping[Slot, QualityReading]) -> MeterSeen:
    found = MeterSeen(meter.device, meter.seq, readings)
    values = {slot: row.reading_kwh for slot, row in readings.items()}
    found.start_kwh, found.end_kwh = values.get(("start", "total")), values.get(("end", "total"))
    increments = increments_of(values)
    code = meter.device.barcode
    lacking = [slot for slot in _needed(values) if slot not in values]
    if lacking:
        text = _("%(barcode)s: the end is not read of %(count)s registers.")
        found.fault = text % {"barcode": code, "count": len(lacking)}
        seen.faults.append(_fault("end_missing", found.fault, code))
        return found
    found.increment_kwh = increments["total"]
    if seen.reference_kwh is None:
        return found
    try:
        plate = plate_of(meter.device.model)
        run = run_of(seen.rules, plate, increments, seen.reference_kwh)
        limit = figure_of_class(seen.rules, "class_value_pct", plate.accuracy_class).value
    except (MetrologyError, Refused) as error:
        text = _("%(barcode)s cannot be judged: %(why)s")
        reason = why(error) if isinstance(error, MetrologyError) else error.refusal.text
        found.fault = text % {"barcode": code, "why": reason}
        seen.faults.append(_fault("no_rule", found.fault, code))
        return found
    if seen.reference_class is None or seen.reference_class >= limit:
        text = _("%(barcode)s: the reference meter is of no better class.")
        found.fault = text % {"barcode": code}
        seen.faults.append(_fault("standard_too_coarse", found.fault, code))
        return found
    _lay_run(found, run)
    return found


def _needed(values: Mapping[Slot, Decimal]) -> list[Slot]:
    """Both ends of the total, and the end of every register whose start was read."""
    registers = dict.fromkeys(["total", *(register for _moment, register in values)])
    return [(moment, register) for register in registers for moment in ("start", "end")]


def _lay_run(found: MeterSeen, run: Run) -> None:
    found.difference_kwh = run.against_reference.value
    found.limit_kwh = run.against_reference.limit_high
    found.difference_pct = run.difference_pct
    found.rates = {name: f"{one:f}" for name, one in run.increments.items() if name != "total"}
    if run.rates is not None:
        found.rates_difference_kwh = run.rates.value
        found.rates_limit_kwh = run.rates.limit_high
    found.failing_items = run.failing_items
    if run.failing_items:
        found.outcome = QualityOutcome.FAILED.value
    else:
        found.outcome = (
            QualityOutcome.NOT_JUDGED if run.lacks_rates else QualityOutcome.PASSED
        ).value


def _see_apart(seen: BatchSeen) -> None:
    judged = [one for one in seen.meters if one.difference_kwh is not None]
    if not judged:
        return
    coarsest = min(one.device.model.register_decimals for one in judged)
    values = [one.difference_kwh for one in judged if one.difference_kwh is not None]
    for place in lying_apart(values, Decimal(1).scaleb(-coarsest)):
        judged[place].is_apart = True


def meters_under_quality(device_ids: Sequence[int]) -> list[tuple[int, str, str]]:
    """Key, bar code and batch of the devices that stand in an open batch."""
    rows = QualityMeter.objects.filter(is_open=True, device__in=list(device_ids))
    return list(rows.values_list("device_id", "device__barcode", "batch__number"))
