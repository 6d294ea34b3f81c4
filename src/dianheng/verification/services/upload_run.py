"""One envelope of results on its way into the tables: observed, judged, stored, answered."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils import timezone

from dianheng.assets.choices import TRANSFORMERS, DeviceKind
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import Refused
from dianheng.common.texts import why
from dianheng.identity.models import Person
from dianheng.identity.services import write_batch
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.loads import read_load
from dianheng.metrology.quantities import mean, plain_text
from dianheng.seals.services import seals_apply

from ..choices import Source, Step, UploadState
from ..envelope import Envelope, Point, plain
from ..models import LoadPosition, Upload
from ..observed import observation_of
from ..rules import BenchFigures
from ..subjects import AnyPlate, AnyScheme, plate_for, scheme_for
from .copying import copy_rows, new_keys
from .incoming import Incoming, facts_for, lay_grounds
from .judge import Bench, Seen, refused_observation, verdict_digest
from .load import load_done_if_complete
from .sorting import CONFLICTS, Sorting
from .storing import RECORD, RESULT, VERDICT, record_row, result_rows, verdict_row
from .task import document_of
from .transformer_history import add_history

KEPT = 64 * 1024  # of an envelope that nobody can read


def bench_named(number: str) -> Device | None:
    """The bench of a bar code or asset number."""
    if not number:
        return None
    rows = Device.objects.filter(kind=DeviceKind.BENCH).select_related("standard", "model")
    return rows.filter(barcode=number).first() or rows.filter(asset_no=number).first()


@dataclass
class Received:
    """The answer to an upload, the same on every door."""

    status: int  # as in HTTP: 201 all taken, 207 some, 200 a repeat, 409 or 422 none
    answer: dict[str, Any]
    upload: Upload
    denied: Refused | None = None  # what the sender had no right to; doors note it


@dataclass
class Came:
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

    def unit_id(self, bench: Device | None) -> int | None:
        """Whose it is where no task says so: the bench's unit, else the sender's."""
        if bench is not None:
            return bench.unit_id
        sender = Person.objects.filter(pk=self.actor.person_id, is_system=False).first()
        return sender.unit_id if sender else None

    def keep_refused(self, error: Refused, bench_no: str = "") -> None:
        """Keep what nobody can read: the first part of it, digest and size, and the answer."""
        bench = bench_named(bench_no)
        with write_batch(actor=self.actor, action="upload.refuse") as batch:
            row = self.row(
                upload_id="",
                unit_id=self.unit_id(bench),
                bench=bench,
                bench_no=bench_no,
                body=self.body[:KEPT],
                state=UploadState.REFUSED,
                taken=0,
                refused=0,
                received_at=batch.at,
                answer=error.as_dict(),
            )
            row.save(force_insert=True)


class Run:
    """One envelope on its way into the tables."""

    def __init__(
        self, read: Envelope, came: Came, signature: str, at: datetime, sorting: Sorting
    ) -> None:
        self.read = read
        self.bench = sorting.bench
        self.came = came
        self.signature = signature
        self.at = at
        self.sorting = sorting
        self.rules_of: dict[int, tuple[AnyPlate, AnyScheme]] = {}
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
            unit_id=self.taken[0].task.unit_id if self.taken else self.came.unit_id(self.bench),
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
        return Received(status, answer, upload, self.sorting.denied)

    # -- what was seen -----------------------------------------------------------------------

    def _observe(self) -> None:
        """Turn points into observations; a device with a wrong one is refused."""
        self._set_group_means()
        questions = add_history(self.taken)
        kept = []
        for taken in self.taken:
            is_transformer = taken.task.model.kind in TRANSFORMERS
            meter = getattr(taken.held.device, "meter", None)
            ordered = {str(name): str(value) for name, value in taken.task.ordered.items()}
            if meter is not None and meter.price_preset:
                ordered["price_preset"] = meter.price_preset
            faults = list(questions.get(taken.part.index, []))
            for point in taken.part.points:
                try:
                    seen = observation_of(point, ordered, is_transformer=is_transformer)
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

    def _rules(self, taken: Incoming) -> tuple[AnyPlate, AnyScheme]:
        if taken.task.pk not in self.rules_of:
            found = (plate_for(taken.task.model), scheme_for(taken.task.scheme_version))
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
            LoadPosition.objects.filter(load_id__in=loads, attempt__gt=F("task_device__attempts"))
            .exclude(task_device__step=Step.WITHDRAWN)
            .order_by("load", "position")
            .values_list("load__number", "position", "task_device__device__barcode")
        )
        return [
            {"load_no": load_no, "position": position, "asset_no": barcode}
            for load_no, position, barcode in rows
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
