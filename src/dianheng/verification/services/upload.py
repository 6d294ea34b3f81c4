"""Results of benches come in: kept as received, recomputed, judged, stored; all in one batch.

The one way in for REST, files, middle tables and the page: each door translates its format
into the neutral envelope and calls `upload_receive`.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.texts import why
from dianheng.identity.selectors import system_person
from dianheng.identity.services import require, write_batch
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.loads import read_load
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import mean, plain_text
from dianheng.metrology.schemes import Scheme
from dianheng.seals.services import seals_apply

from ..choices import Source, Step, UploadState
from ..envelope import Envelope, Point, plain, read_envelope, read_json
from ..models import BenchKey, LoadPosition, Upload
from ..observed import observation_of
from ..rules import BenchFigures
from ..schemes import plate_of, scheme_of
from .copying import copy_rows, new_keys
from .incoming import Incoming, facts_for, lay_grounds
from .judge import Bench, Seen, refused_observation, verdict_digest
from .load import load_done_if_complete
from .sorting import CONFLICTS, Sorting
from .storing import RECORD, RESULT, VERDICT, record_row, result_rows, verdict_row
from .task import document_of

MOST_BYTES = 8 * 1024 * 1024  # a full load of 60 three-phase meters has 2 MB
KEPT = 64 * 1024  # of an envelope that nobody can read


@dataclass
class Received:
    """The answer to an upload, the same on every door."""

    status: int  # as in HTTP: 201 all taken, 207 some, 200 a repeat, 409 or 422 none
    answer: dict[str, Any]
    upload: Upload


def bench_secret(bench: Device, generation: int) -> str:
    """The key with which a bench signs, as hexadecimal text; derived, kept nowhere."""
    value = f"{bench.pk}:{generation}"
    return salted_hmac("dianheng.bench", value, algorithm="sha256").hexdigest()


def bench_key_make(*, bench: Device, actor: Actor) -> str:
    """Give a bench a new key; from now on its uploads are refused without its signature."""
    if bench.kind != DeviceKind.BENCH:
        raise BadInput(_("%(barcode)s is no bench.") % {"barcode": bench.barcode})
    actor = require(actor, "verification.laboratory", bench.unit_id)
    with write_batch(actor=actor, action="bench.key") as batch:
        key, is_new = BenchKey.objects.get_or_create(bench=bench, defaults={"made_at": batch.at})
        if not is_new:
            key.generation += 1
            key.made_at = batch.at
            key.save(update_fields=["generation", "made_at"])
    return bench_secret(bench, key.generation)


def upload_receive(
    *,
    body: bytes,
    actor: Actor,
    source: str = Source.REST,
    envelope: Mapping[str, Any] | None = None,
    content_type: str = "application/json",
    source_name: str = "",
    is_rewrite: bool = False,
) -> Received:
    """Take in one envelope of results: each device by itself, the rest refused with reasons.

    Args:
        body: the bytes as they came in; kept as they are.
        actor: who sends it; needs `verification.upload` (by hand: `verification.test`) over the
            unit of each task. The program itself sends what it found in folders and tables.
        source: the door.
        envelope: the neutral envelope that an adapter made of the body; absent: the body is
            the envelope, as JSON.
        content_type: of the body.
        source_name: name of the file.
        is_rewrite: the bench wrote its results again (middle tables): a new attempt on the same
            position is then no retest, and is marked for the reviewer.

    Raises:
        BadInput: the envelope is not readable; kept as evidence nevertheless.
        Refused: `upload_id_used` when the number was used for another content.
    """
    right = "verification.test" if source == Source.HAND else "verification.upload"
    is_program = actor.person_id == system_person().pk
    if not is_program:
        require(actor, right)
    came = _Came(body, source, source_name, content_type, actor)
    try:
        if len(body) > MOST_BYTES:
            text = _("The upload has %(size)s bytes; at most %(most)s are taken.")
            raise BadInput(text % {"size": len(body), "most": MOST_BYTES})
        read = read_envelope(envelope if envelope is not None else read_json(body))
        bench, signature = _check_signature(body, read)
    except BadInput as error:
        came.keep_refused(error)
        raise
    with write_batch(actor=actor, action="upload.receive") as batch:
        with connection.cursor() as cursor:
            # The same envelope twice at once: the second waits for the first.
            lock = "select pg_advisory_xact_lock(hashtextextended(%s, 3))"
            cursor.execute(lock, [read.upload_id])
        earlier = Upload.objects.filter(upload_id=read.upload_id, taken__gt=0).first()
        if earlier is not None:
            return _repeat(earlier, came.sha256)
        sorting = Sorting(bench, actor, None if is_program else right, is_rewrite)
        return _Run(read, came, signature, batch.at, sorting).receive()


def upload_keep_refused(
    *,
    body: bytes,
    actor: Actor,
    source: str,
    error: Refused,
    content_type: str = "",
    source_name: str = "",
) -> None:
    """Keep what an adapter could not translate, so that the list of uploads shows it and why."""
    _Came(body, source, source_name, content_type, actor).keep_refused(error)


def _repeat(earlier: Upload, sha256: str) -> Received:
    if earlier.sha256 == sha256:
        return Received(200, {**earlier.answer, "is_repeat": True}, earlier)
    raise Refused(
        Refusal(
            "upload_id_used",
            _("This upload number was used for another content. Send it with a new one."),
            {"upload_id": earlier.upload_id},
        )
    )


@dataclass
class _Came:
    """What came in, through which door."""

    body: bytes
    source: str
    source_name: str
    content_type: str
    actor: Actor

    def __post_init__(self) -> None:
        self.sha256 = hashlib.sha256(self.body).hexdigest()

    def row(self, **columns: Any) -> Upload:
        """The evidence of it."""
        return Upload(
            source=self.source,
            source_name=self.source_name[:200],
            content_type=self.content_type[:100],
            body_size=len(self.body),
            sha256=self.sha256,
            received_by_id=self.actor.person_id,
            **columns,
        )

    def keep_refused(self, error: Refused) -> None:
        """Keep what nobody can read: the first part of it, digest and size, and the answer."""
        with write_batch(actor=self.actor, action="upload.refuse") as batch:
            row = self.row(
                upload_id="",
                body=self.body[:KEPT],
                state=UploadState.REFUSED,
                taken=0,
                refused=0,
                received_at=batch.at,
                answer=error.as_dict(),
            )
            row.save(force_insert=True)


def _check_signature(body: bytes, read: Envelope) -> tuple[Device | None, str]:
    """The bench of the envelope, and what its signature is worth.

    The signature is HMAC-SHA256 over the body with the signature's own value left empty.
    """
    bench = None
    if read.bench_no:
        rows = Device.objects.filter(kind=DeviceKind.BENCH).select_related("standard", "model")
        by_barcode = rows.filter(barcode=read.bench_no).first()
        bench = by_barcode or rows.filter(asset_no=read.bench_no).first()
    key = BenchKey.objects.filter(bench=bench).first() if bench else None
    if key is None or bench is None:
        return bench, "unchecked" if read.signature else "none"
    signed = body.replace(read.signature.encode(), b"", 1) if read.signature else body
    secret = bench_secret(bench, key.generation).encode()
    right = hmac.new(secret, signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), read.signature.lower().encode()):
        raise BadInput(
            _("The upload does not carry the signature of bench %(no)s.") % {"no": read.bench_no},
            [{"field": "signature", "code": "signature", "text": _("is missing or wrong")}],
        )
    return bench, "valid"


class _Run:
    """One envelope on its way into the tables."""

    def __init__(
        self, read: Envelope, came: _Came, signature: str, at: datetime, sorting: Sorting
    ) -> None:
        self.read = read
        self.bench = sorting.bench
        self.came = came
        self.signature = signature
        self.at = at
        self.sorting = sorting
        self.rules_of: dict[int, tuple[MeterPlate, Scheme]] = {}
        self.seal_faults: dict[int, list[dict[str, Any]]] = defaultdict(list)

    @property
    def taken(self) -> list[Incoming]:
        return self.sorting.taken

    def receive(self) -> Received:
        self.sorting.sort_out(self.read.devices)
        self._observe()
        self._judge()
        upload_id = new_keys("verification_upload", 1)[0]
        if self.taken:
            self._store(upload_id)
            self._fit_seals()
        answer, status = self._answer()
        refused = len(self.sorting.refused)
        state = UploadState.TAKEN
        if refused:
            state = UploadState.PARTLY if self.taken else UploadState.REFUSED
        upload = self.came.row(
            pk=upload_id,
            upload_id=self.read.upload_id,
            body=self.came.body,
            state=state,
            unit_id=self.taken[0].task.unit_id if self.taken else None,
            bench=self.bench,
            bench_no=self.read.bench_no,
            signature=self.signature,
            sent_at=self.read.sent_at,
            received_at=self.at,
            taken=len(self.taken),
            refused=refused,
            extra=self.read.extra,
            answer=answer,
        )
        upload.save(force_insert=True)
        return Received(status, answer, upload)

    # -- what was seen -----------------------------------------------------------------------

    def _observe(self) -> None:
        """Turn points into observations; a device with a wrong one is refused."""
        self._set_group_means()
        kept = []
        for taken in self.taken:
            meter = getattr(taken.held.device, "meter", None)
            ordered = {str(name): str(value) for name, value in taken.task.ordered.items()}
            if meter is not None and meter.price_preset:
                ordered["price_preset"] = meter.price_preset
            faults = []
            for point in taken.part.points:
                try:
                    seen = observation_of(point, ordered)
                except MetrologyError as error:
                    where = f"points[{point.seq}]"
                    faults.append({"field": where, "code": error.code, "text": why(error)})
                    continue
                figures = BenchFigures(
                    point.mean, point.rounded, point.limit_low, point.limit_high, point.conclusion
                )
                item = point.item or point.name.lower()
                taken.seen.append(Seen(point.seq, seen, figures, item))
            if faults:
                self.sorting.refuse(taken.part, *faults)
            else:
                kept.append(taken)
        self.sorting.taken = kept

    def _set_group_means(self) -> None:
        """Consistency is held against the mean of the devices of the upload, which we compute."""
        groups: dict[tuple[int, str], list[tuple[Point, Decimal]]] = defaultdict(list)
        for taken in self.taken:
            for point in taken.part.points:
                if point.item == "consistency" and point.samples:
                    load = read_load(point.load).text
                    groups[taken.task.pk, load].append((point, mean(point.samples)))
        for members in groups.values():
            if len(members) < 2:
                continue
            # Twelve decimals are what the rules read back; errors have four.
            centre = plain_text(mean([value for _point, value in members]), 12)
            for point, _value in members:
                point.facts = {**point.facts, "group_mean_pct": centre}

    # -- the verdict -------------------------------------------------------------------------

    def _rules(self, taken: Incoming) -> tuple[MeterPlate, Scheme]:
        if taken.task.pk not in self.rules_of:
            found = (plate_of(taken.task.model), scheme_of(taken.task.scheme_version))
            self.rules_of[taken.task.pk] = found
        return self.rules_of[taken.task.pk]

    def _judge(self) -> None:
        facts = facts_for(self.taken, self.bench)
        judges: dict[tuple[int, date], Bench] = {}
        kept = []
        for taken in self.taken:
            plate, scheme = self._rules(taken)
            taken.grounds = lay_grounds(
                taken,
                facts,
                bench=self.bench,
                bench_no=self.read.bench_no,
                today=timezone.localdate(self.at),
                plate=plate,
                scheme=scheme,
            )
            if self.came.source == Source.HAND:
                self._add_hand(taken)
            key = (taken.task.unit_id, taken.day)
            if key not in judges:
                judges[key] = Bench(taken.task.unit, taken.day)
            part = taken.part
            try:
                taken.judgement = judges[key].judge(
                    plate,
                    scheme,
                    taken.seen,
                    environment={
                        "temperature_start_c": part.temperature_start_c,
                        "temperature_end_c": part.temperature_end_c,
                        "humidity_start_pct": part.humidity_start_pct,
                        "humidity_end_pct": part.humidity_end_pct,
                    },
                    blocks=taken.grounds.blocks,
                    bench_overall=part.overall,
                )
            except MetrologyError as error:
                self.sorting.refuse(part, refused_observation(error))
                continue
            taken.judgement.warnings[:0] = taken.warnings
            kept.append(taken)
        self.sorting.taken = kept

    def _add_hand(self, taken: Incoming) -> None:
        """Who types results in had a hand in them, whoever is named as verifier."""
        assert taken.grounds is not None
        person_id = self.came.actor.person_id
        if person_id not in taken.grounds.tester_ids:
            taken.grounds.tester_ids.append(person_id)

    # -- into the tables -----------------------------------------------------------------------

    def _store(self, upload_id: int) -> None:
        count = len(self.taken)
        keys = zip(
            self.taken,
            new_keys("verification_testrecord", count),
            new_keys("verification_verdict", count),
            strict=True,
        )
        for taken, record_id, verdict_id in keys:
            taken.record_id, taken.verdict_id = record_id, verdict_id
        records = (record_row(taken, upload_id, self.at) for taken in self.taken)
        results = (row for taken in self.taken for row in result_rows(taken))
        verdicts = (self._verdict(taken) for taken in self.taken)
        with connection.cursor() as cursor:
            copy_rows(cursor, "verification_testrecord", RECORD, records)
            copy_rows(cursor, "verification_testresult", RESULT, results)
            copy_rows(cursor, "verification_verdict", VERDICT, verdicts)
            cursor.execute(_PROJECT, self._projection())
        loads = sorted({taken.put.load_id for taken in self.taken if taken.put is not None})
        if loads:
            load_done_if_complete(loads)

    def _projection(self) -> list[Any]:
        outcomes = [str(taken.judgement.outcome) for taken in self.taken if taken.judgement]
        return [
            Step.TESTED.value,
            [taken.held.pk for taken in self.taken],
            outcomes,
            [taken.attempt for taken in self.taken],
            [taken.record_id for taken in self.taken],
            [taken.verdict_id for taken in self.taken],
        ]

    def _verdict(self, taken: Incoming) -> Sequence[Any]:
        judgement = taken.judgement
        assert judgement is not None
        return verdict_row(
            key=taken.verdict_id,
            record_id=taken.record_id,
            device_id=taken.held.device_id,
            judgement=judgement,
            scheme_version=taken.task.scheme_version,
            digest=verdict_digest(taken.number, self.came.sha256, taken.part.index, judgement),
            at=self.at,
            person_id=self.came.actor.person_id,
        )

    # -- seals ------------------------------------------------------------------------------------

    def _fit_seals(self) -> None:
        """Seals that the bench fitted; one that cannot be leaves the results alone."""
        wanted = [
            (seal_no, "verification", taken.held.device_id, position or "cover_left")
            for taken in self.taken
            for seal_no, position in taken.part.seals
        ]
        if not wanted:
            return
        try:
            self._apply(wanted)
        except Refused:
            for taken in self.taken:
                own = [one for one in wanted if one[2] == taken.held.device_id]
                if own:
                    self._apply_alone(taken, own)

    def _apply_alone(self, taken: Incoming, wanted: Sequence[tuple[str, str, int, str]]) -> None:
        try:
            self._apply(wanted)
        except Refused as refused:
            for refusal in refused.refusals:
                errors = refusal.errors or [{"code": refusal.code, "text": refusal.text}]
                self.seal_faults[taken.part.index] += [
                    {
                        "code": error["code"],
                        "text": error["text"],
                        "seal_no": error.get("seal_no", ""),
                    }
                    for error in errors
                ]

    def _apply(self, wanted: Sequence[tuple[str, str, int, str]]) -> None:
        # The right to send results of sealed meters includes saying where the seals sit.
        with write_batch(actor=self.came.actor, action="upload.seals"):
            seals_apply(
                seals=wanted,
                actor=self.came.actor,
                document=document_of(self.taken[0].task),
                right=None,
            )

    # -- the answer ----------------------------------------------------------------------------------

    def _answer(self) -> tuple[dict[str, Any], int]:
        by_index = {taken.part.index: taken for taken in self.taken}
        devices = []
        for part in self.read.devices:
            entry = {"index": part.index, "task_no": part.task_no, "asset_no": part.asset_no}
            if part.index in by_index:
                devices.append(entry | self._taken_entry(by_index[part.index]))
                continue
            faults = [_shown(one) for one in self.sorting.refused.get(part.index, [])]
            is_conflict = bool(faults) and all(one["code"] in CONFLICTS for one in faults)
            devices.append(entry | {"status": 409 if is_conflict else 422, "errors": faults})
        answer = {
            "upload_id": self.read.upload_id,
            "taken": len(self.taken),
            "refused": len(self.sorting.refused),
            "devices": devices,
            "missing_positions": self._missing(),
        }
        if self.taken:
            return answer, 207 if self.sorting.refused else 201
        return answer, 409 if all(one["status"] == 409 for one in devices) else 422

    def _taken_entry(self, taken: Incoming) -> dict[str, Any]:
        judgement = taken.judgement
        assert judgement is not None
        return {
            "status": 201,
            "record_no": taken.number,
            "attempt": taken.attempt,
            "outcome": str(judgement.outcome),
            "blocks": [block.code for block in judgement.blocks],
            "differences": judgement.difference_count,
            "warnings": [warning["code"] for warning in judgement.warnings],
            "seal_errors": [_shown(one) for one in self.seal_faults.get(taken.part.index, [])],
        }

    def _missing(self) -> list[dict[str, Any]]:
        """Positions of the loads concerned whose results did not come."""
        loads = {taken.put.load_id for taken in self.taken if taken.put is not None}
        if not loads:
            return []
        rows = (
            LoadPosition.objects.filter(load_id__in=loads)
            .select_related("load", "task_device__device")
            .order_by("load", "position")
        )
        return [
            {
                "load_no": row.load.number,
                "position": row.position,
                "asset_no": row.task_device.device.barcode,
            }
            for row in rows
            if row.attempt > row.task_device.attempts and row.task_device.step != Step.WITHDRAWN
        ]


_PROJECT = """
update verification_taskdevice t
   set step = %s, outcome = n.outcome, attempts = n.attempt, record_id = n.record,
       verdict_id = n.verdict, is_to_be_sealed = false, returned_reason = ''
  from unnest(%s::bigint[], %s::text[], %s::int[], %s::bigint[], %s::bigint[])
       n (id, outcome, attempt, record, verdict)
 where t.id = n.id
"""


def _shown(fault: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: plain(value if isinstance(value, int) else str(value))
        for name, value in fault.items()
    }
