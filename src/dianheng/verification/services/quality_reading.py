"""Register readings of a QC batch: from a collector's file or scanned one by one; all or none."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import IN_STOCK_VERIFIED, METERS
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refusal, Refused
from dianheng.common.lists import NotUnderstood, read_moment
from dianheng.common.numbers import halfwidth
from dianheng.common.search import clean_code
from dianheng.identity.services import require, require_sent, write_batch
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.quantities import read_decimal

from ..choices import Moment, QualityState, Register, Source, UploadState
from ..collected import Row, collected_from
from ..models import QualityBatch, QualityMeter, QualityReading, Upload
from ..selectors.quality import quality_batch_by_number, readings_of
from .quality import quality_lock
from .upload_run import Came

AHEAD = timedelta(minutes=10)
MOST_BYTES = 4 * 1024 * 1024
ERRORS_SHOWN = 1000
Slot = tuple[int, str, str]  # device, moment, register


@dataclass(frozen=True)
class Collected:
    """What became of an upload or a scan."""

    batch: QualityBatch
    taken: int  # readings that are new
    meters: int
    upload: Upload | None = None
    is_repeat: bool = False

    @property
    def answer(self) -> dict[str, Any]:
        """For machines."""
        return {
            "batch_no": self.batch.number,
            "taken": self.taken,
            "meters": self.meters,
            "is_repeat": self.is_repeat,
        }


def readings_receive(
    *,
    body: bytes,
    name: str,
    actor: Actor,
    source: str = Source.FILE,
    batch: QualityBatch | None = None,
    bench_no: str = "",
    content_type: str = "",
) -> Collected:
    """Take in the file of a collector: every reading of it, or none with all that is wrong.

    Args:
        batch: of the page from which it is sent.
        bench_no: the bench in whose folder it lay; a file that names no batch is of the one
            that is open there, one of a batch on another bench is refused.

    Raises:
        BadInput: what is wrong, each fault with its row; the file is kept as evidence.
        Refused: `upload_id_used`, `state`.
    """
    actor = require_sent(actor, "verification.upload")
    came = Came(body, source, name, content_type, actor)
    try:
        if len(body) > MOST_BYTES:
            text = _("The upload has %(size)s bytes; at most %(most)s are taken.")
            raise BadInput(text % {"size": len(body), "most": MOST_BYTES})
        sent = collected_from(body, name)
        with write_batch(actor=actor, action="quality.read") as now:
            found = _batch_of(sent.batch_no, batch, sent.bench_no or bench_no)
            _stands_on(found, sent.bench_no, bench_no)
            actor = require_sent(actor, "verification.upload", found.unit_id)
            # The same file is new to another batch.
            digest = hashlib.sha256(f"{found.number} {came.sha256}".encode()).hexdigest()
            upload_id = sent.upload_id or f"sha256-{digest[:48]}"
            with connection.cursor() as cursor:
                lock = "select pg_advisory_xact_lock(hashtextextended(%s, 3))"
                cursor.execute(lock, [upload_id])
            earlier = Upload.objects.filter(upload_id=upload_id, taken__gt=0).first()
            if earlier is not None:
                return _repeat(earlier, came.sha256, found)
            upload = came.row(
                upload_id=upload_id, body=body, state=UploadState.TAKEN, unit_id=found.unit_id,
                bench_id=found.bench_id, bench_no=found.bench.asset_number, signature="none",
                received_at=now.at, taken=0, refused=0, answer={},
            )  # fmt: skip
            taking = _Taking(quality_lock(found), actor, now.at)
            rows = taking.read(sent.rows)
            upload.taken = len({row.barcode for row in sent.rows})
            collected = Collected(found, len(rows), upload.taken, upload)
            upload.answer = collected.answer
            upload.save(force_insert=True)
            taking.keep(rows, upload)
    except Refused as refused:
        came.keep_refused(refused, batch.bench.asset_number if batch else bench_no)
        raise
    return collected


def readings_scan(
    *,
    batch: QualityBatch,
    code: str,
    moment: str,
    readings: Mapping[str, str],
    actor: Actor,
    reason: str = "",
) -> Collected:
    """Take in what was scanned and typed for one meter; the same again changes nothing.

    A correction says anew what was read then: it keeps the moment of the reading it replaces.

    Args:
        readings: text by register.
        reason: why a reading takes the place of an earlier one.
    """
    actor = require(actor, "verification.test", batch.unit_id)
    with write_batch(actor=actor, action="quality.read", reason=reason) as now:
        taking = _Taking(quality_lock(batch), actor, now.at, is_scanned=True)
        at = timezone.localtime(now.at).isoformat()
        rows = [
            Row(1, clean_code(code), register, halfwidth(text).strip(), moment, at, reason=reason)
            for register, text in readings.items()
        ]
        kept = taking.read(rows)
        taking.keep(kept, None)
    return Collected(batch, len(kept), 1, is_repeat=not kept)


def _repeat(earlier: Upload, sha256: str, batch: QualityBatch) -> Collected:
    if earlier.sha256 != sha256:
        text = _("This upload number was used for another content. Send it with a new one.")
        raise Refused(Refusal("upload_id_used", text, {"upload_id": earlier.upload_id}))
    taken_into = earlier.answer.get("batch_no", "–")
    if taken_into != batch.number:
        text = _("This upload number was used for QC batch %(no)s. Send the file with a new one.")
        facts = {"upload_id": earlier.upload_id, "no": taken_into}
        raise Refused(Refusal("upload_id_used", text % facts, facts))
    return Collected(batch, 0, earlier.taken, earlier, is_repeat=True)


def _batch_of(number: str, batch: QualityBatch | None, bench_no: str) -> QualityBatch:
    if batch is not None:
        if number and number != batch.number:
            text = _("The file is of batch %(stated)s, not of %(batch)s.")
            raise BadInput(text % {"stated": number[:40], "batch": batch.number})
        return batch
    if number:
        try:
            return quality_batch_by_number(number)
        except NotFound as missing:
            raise BadInput(missing.refusal.text) from None
    rows = QualityBatch.objects.filter(state=QualityState.OPEN).select_related("bench")
    on = Q(bench__barcode=bench_no) | (Q(bench__asset_no=bench_no) & ~Q(bench__asset_no=""))
    found = rows.filter(on).first() if bench_no else None
    if found is None:
        text = _("The file names no batch, and none is open on bench %(bench)s.")
        raise BadInput(text % {"bench": bench_no or "–"})
    return found


def _stands_on(batch: QualityBatch, *named: str) -> None:
    """The bench that a file or its folder names is the bench of its batch."""
    for bench_no in filter(None, named):
        if bench_no not in (batch.bench.barcode, batch.bench.asset_no):
            text = _(
                "QC batch %(no)s is not on bench %(bench)s. "
                "Put the file into the folder of its bench, or correct the numbers in it."
            )
            raise BadInput(text % {"no": batch.number, "bench": bench_no[:64]})


@dataclass
class _New:
    """A reading that may be kept."""

    row: Row
    device: Device
    reading_kwh: Decimal
    read_at: datetime
    replaces: QualityReading | None = None


class _Taking:
    """Rows on their way into a batch: each looked at by itself, then all of them together."""

    def __init__(
        self, batch: QualityBatch, actor: Actor, at: datetime, *, is_scanned: bool = False
    ) -> None:
        self.batch = batch
        self.actor = actor
        self.at = at
        self.is_scanned = is_scanned
        self.errors: list[dict[str, Any]] = []
        self.new: dict[Slot, _New] = {}
        self.there: dict[Slot, QualityReading] = {
            (device, *slot): reading
            for device, slots in readings_of(batch).items()
            for slot, reading in slots.items()
        }
        self.members = set(batch.meters.values_list("device_id", flat=True))

    def fault(self, row: Row, field_name: str, code: str, text: str) -> None:
        """Note what is wrong with a row."""
        where = _("Row %(row)s, %(barcode)s: %(why)s")
        facts = {"row": row.number, "barcode": row.barcode[:40] or "–", "why": text}
        self.errors.append(
            {"row": row.number, "field": field_name, "code": code, "text": where % facts,
             "why": text, "barcode": row.barcode[:40]}
        )  # fmt: skip

    def read(self, rows: Sequence[Row]) -> list[_New]:
        """The readings that are new.

        Raises:
            BadInput: everything that is wrong.
        """
        devices = _devices({row.barcode for row in rows})
        seen: set[Slot] = set()
        for row in rows:
            device = devices.get(row.barcode)
            if device is None:
                self.fault(row, "barcode", "not_found", _("No device has this code."))
            new = self._values(row, device)
            if new is None or device is None:
                continue
            slot = (device.pk, row.moment, row.register)
            if slot in seen:
                self.fault(row, "barcode", "twice", _("This register stands twice in the file."))
                continue
            seen.add(slot)
            if self._is_new(slot, new):
                self.new[slot] = new
        self._members()
        self._ends()
        if self.errors:
            text = _("%(count)s faults: nothing was kept.") % {"count": len(self.errors)}
            self.errors.sort(key=lambda one: one["row"])
            raise BadInput(text, self.errors[:ERRORS_SHOWN])
        return list(self.new.values())

    def _values(self, row: Row, device: Device | None) -> _New | None:
        """What stands in a row by itself."""
        before = len(self.errors)
        if row.moment not in Moment.values:
            text = _("Start or end of the run is not said: write start or end.")
            self.fault(row, "moment", "moment", text)
        if row.register not in Register.values:
            text = _("There is no register “%(name)s”.") % {"name": row.register[:20]}
            self.fault(row, "register", "register", text)
        value: Decimal | None = None
        try:
            value = read_decimal(row.reading)
        except (MetrologyError, ValueError):
            text = _("“%(text)s” is no reading.") % {"text": row.reading[:20]}
            self.fault(row, "reading", "number", text)
        if value is not None and value < 0:
            self.fault(row, "reading", "number", _("A register is not below zero."))
        elif value is not None and device is not None and device.kind in METERS:
            places = device.model.register_decimals
            if -int(value.normalize().as_tuple().exponent) > places:
                text = _("The register of this meter has %(n)s decimals.") % {"n": places}
                self.fault(row, "reading", "decimals", text)
        read_at = self._moment(row)
        if len(self.errors) > before or value is None or read_at is None or device is None:
            return None
        return _New(row, device, value, read_at)

    def _moment(self, row: Row) -> datetime | None:
        try:
            found = read_moment(row.read_at)
        except NotUnderstood:
            text = _("The time of reading is missing, or “%(text)s” is none.")
            self.fault(row, "read_at", "time", text % {"text": row.read_at[:25]})
            return None
        if found > self.at + AHEAD:
            self.fault(row, "read_at", "future", _("That moment has not come yet."))
            return None
        return found

    def _is_new(self, slot: Slot, new: _New) -> bool:
        """Whether it says something that is not there; another value owes a reason."""
        earlier = self.there.get(slot)
        if earlier is None:
            return True
        if earlier.reading_kwh == new.reading_kwh:
            return False
        if not new.row.reason.strip():
            text = _("Read before as %(value)s kWh. Give a reason to correct it.")
            value = f"{earlier.reading_kwh:f}"
            self.fault(new.row, "reading", "read_before", text % {"value": value})
            return False
        new.replaces = earlier
        if self.is_scanned:
            new.read_at = earlier.read_at
        return True

    def _members(self) -> None:
        """The first start of a meter takes it into the batch, if it may be there."""
        coming: dict[int, _New] = {}
        for (device_id, _moment, _register), new in self.new.items():
            if device_id != self.batch.reference_id and device_id not in self.members:
                coming.setdefault(device_id, new)
        elsewhere = dict(
            QualityMeter.objects.filter(is_open=True, device__in=list(coming))
            .exclude(batch=self.batch)
            .values_list("device_id", "batch__number")
        )
        for device_id, new in coming.items():
            device = new.device
            if device.kind not in METERS:
                self.fault(new.row, "barcode", "kind", _("This is no electricity meter."))
            elif not _belong(device.unit.path, self.batch.unit.path):
                text = _("The meter belongs to %(unit)s.") % {"unit": device.unit.name}
                self.fault(new.row, "barcode", "other_unit", text)
            elif device.state not in IN_STOCK_VERIFIED:
                text = _("The meter is “%(state)s”: only verified meters in stock are checked.")
                self.fault(
                    new.row, "barcode", "state", text % {"state": device.get_state_display()}
                )
            elif device_id in elsewhere:
                text = _("The meter stands in QC batch %(no)s.") % {"no": elsewhere[device_id]}
                self.fault(new.row, "barcode", "elsewhere", text)

    def _ends(self) -> None:
        """An end needs its start before it, and a reference meter that was started."""
        values = {slot: reading.reading_kwh for slot, reading in self.there.items()}
        values |= {slot: new.reading_kwh for slot, new in self.new.items()}
        times = {slot: reading.read_at for slot, reading in self.there.items()}
        times |= {slot: new.read_at for slot, new in self.new.items()}
        has_reference = (self.batch.reference_id, Moment.START, Register.TOTAL) in values
        is_told = has_reference
        for (device_id, moment, register), new in self.new.items():
            if moment == Moment.END and not is_told:
                is_told = True
                text = _("The start of the reference meter %(no)s is not read.")
                text = text % {"no": self.batch.reference.barcode}
                self.fault(new.row, "barcode", "no_reference", text)
            start = (device_id, Moment.START.value, register)
            end = (device_id, Moment.END.value, register)
            if end not in values:
                continue
            if start not in values:
                text = _("The start of this register is not read.")
                self.fault(new.row, "moment", "start_missing", text)
            elif values[end] < values[start]:
                text = _("The end, %(end)s kWh, is lower than the start, %(start)s kWh.")
                facts = {"end": f"{values[end]:f}", "start": f"{values[start]:f}"}
                self.fault(new.row, "reading", "lower", text % facts)
            elif times[end] < times[start]:
                text = _("The end was read before the start.")
                self.fault(new.row, "read_at", "time_order", text)

    def keep(self, rows: Sequence[_New], upload: Upload | None) -> None:
        """Write them, and take new meters into the batch in the order of their rows."""
        coming = dict.fromkeys(
            new.device.pk for new in rows if new.device.pk != self.batch.reference_id
        )
        seq = self.batch.meters.count()
        QualityMeter.objects.bulk_create(
            [
                QualityMeter(batch=self.batch, device_id=key, seq=seq + place)
                for place, key in enumerate((k for k in coming if k not in self.members), 1)
            ]
        )
        QualityReading.objects.bulk_create(
            [
                QualityReading(
                    batch=self.batch, device=new.device, moment=new.row.moment,
                    register=new.row.register, reading_kwh=new.reading_kwh, read_at=new.read_at,
                    collector_no=new.row.collector_no, upload=upload, replaces=new.replaces,
                    reason=new.row.reason.strip() if new.replaces else "",
                    read_by_id=self.actor.person_id, recorded_at=self.at,
                )
                for new in rows
            ],
            batch_size=2000,
        )  # fmt: skip


def _belong(owner: str, laboratory: str) -> bool:
    """Whether a laboratory checks what a unit owns: its own, that of its parts, of its company."""
    return owner.startswith(laboratory) or laboratory.startswith(owner)


def _devices(codes: set[str]) -> dict[str, Device]:
    """Devices by bar code, else by asset number."""
    rows = Device.objects.select_related("model", "unit")
    found = {one.barcode: one for one in rows.filter(barcode__in=codes)}
    rest = codes - set(found) - {""}
    if rest:
        found |= {one.asset_no: one for one in rows.filter(asset_no__in=rest)}
    return found
