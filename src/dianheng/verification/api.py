"""Bench loads, uploads, tasks and decisions, by machine; mounted under `/api/v1/`."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.responses import Response

from dianheng.common.access import note_refusal
from dianheng.common.actor import Actor
from dianheng.common.errors import Refused
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of, require

from .choices import LoadState, QualityState, Source, Step
from .models import BenchLoad, LoadPosition, TaskDevice, VerificationTask
from .selectors.loads import load_by_number, load_sheet
from .selectors.quality import batch_seen, quality_batch_by_number
from .selectors.results import record_sheet
from .selectors.tasks import (
    digest_of,
    record_by_number,
    step_counts,
    task_by_number,
    task_device_ids,
    to_decide,
)
from .services import (
    load_fetched,
    readings_receive,
    results_approve,
    results_review,
    upload_receive,
)

router = Router(tags=["verification"])
UPLOAD = {
    "requestBody": {
        "required": True,
        "description": "One envelope, `metering-test-upload/1` (docs/reference/bench-upload.md).",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["schema", "upload_id", "devices"],
                    "properties": {
                        "schema": {"type": "string", "enum": ["metering-test-upload/1"]},
                        "upload_id": {"type": "string", "minLength": 8, "maxLength": 64},
                        "bench_no": {"type": "string"},
                        "devices": {"type": "array", "items": {"type": "object"}, "minItems": 1},
                    },
                }
            }
        },
    }
}


class DeviceAnswer(Schema):
    """What became of one device of an upload; 201 taken, 409 or 422 refused with `errors`."""

    index: int
    task_no: str
    asset_no: str
    status: int
    record_no: str = ""
    attempt: int | None = None
    outcome: str = ""
    blocks: list[str] = []
    differences: int = 0
    warnings: list[str] = []
    seal_errors: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []


class UploadAnswer(Schema):
    """The answer to an upload, device by device."""

    upload_id: str
    taken: int
    refused: int
    is_repeat: bool = False
    devices: list[DeviceAnswer]
    missing_positions: list[dict[str, Any]]


class Trouble(Schema):
    """A refusal."""

    code: str
    text: str
    facts: dict[str, Any]
    errors: list[dict[str, Any]]


ANSWERS = {
    200: UploadAnswer,
    201: UploadAnswer,
    207: UploadAnswer,
    409: UploadAnswer | Trouble,
    422: UploadAnswer | Trouble,
}


@router.post("test-uploads", response=ANSWERS, openapi_extra=UPLOAD)
def test_upload(request: HttpRequest) -> Any:
    """Take in the results of a bench load: 201 all taken, 207 some, 200 a repeat."""
    received = upload_receive(
        body=request.body,
        actor=actor_of(request),
        content_type=request.headers.get("Content-Type", ""),
    )
    note_refusal(request, received.denied)
    return Response(received.answer, status=received.status)


def _require_any(actor: Actor, rights: tuple[str, ...], unit_id: int) -> None:
    """Any one of the rights over the unit is enough."""
    for right in rights[:-1]:
        try:
            require(actor, right, unit_id)
        except Refused:
            continue
        return
    require(actor, rights[-1], unit_id)


class LoadOut(Schema):
    """A load that waits for its bench."""

    load_no: str
    task_no: str
    bench_no: str
    state: str
    positions: int


@router.get("bench-loads", response=list[LoadOut])
def bench_loads(request: HttpRequest, bench: str = "") -> list[LoadOut]:
    """Loads that have no results yet, of one bench or of all that one may see."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    units = {
        key
        for right in ("verification.upload", "verification.view")
        for key in units_with_right(rights, right).values_list("pk", flat=True)
    }
    rows = BenchLoad.objects.filter(
        state__in=[LoadState.OPEN, LoadState.FETCHED], task__unit__in=units
    )
    if bench:
        rows = rows.filter(Q(bench__barcode=bench) | Q(bench__asset_no=bench))
    loads = list(rows.select_related("task", "bench").order_by("-pk")[:500])
    counts = dict(
        LoadPosition.objects.filter(load__in=loads)
        .order_by()
        .values_list("load")
        .annotate(Count("pk"))
    )
    return [
        LoadOut(
            load_no=load.number,
            task_no=load.task.number,
            bench_no=load.bench.asset_number,
            state=load.state,
            positions=counts.get(load.pk, 0),
        )
        for load in loads
    ]


@router.get("bench-loads/{number}", response=dict[str, Any])
def bench_load(request: HttpRequest, number: str) -> dict[str, Any]:
    """A load for its bench: positions, bar codes, addresses, constants, scheme."""
    load = load_by_number(number)
    actor = actor_of(request)
    _require_any(actor, ("verification.upload", "verification.test"), load.task.unit_id)
    load_fetched(load=load, actor=actor)
    return load_sheet(load)


class TaskOut(Schema):
    """A task and how far it is."""

    number: str
    kind: str
    state: str
    unit: str
    model: str
    lot: str | None
    scheme: str
    planned_from: str
    planned_through: str
    steps: dict[str, int]


def _visible(request: HttpRequest, number: str) -> VerificationTask:
    task = task_by_number(number)
    require(actor_of(request), "verification.view", task.unit_id)
    return task


@router.get("verification-tasks/{number}", response=TaskOut)
def verification_task(request: HttpRequest, number: str) -> TaskOut:
    """One task."""
    task = _visible(request, number)
    return TaskOut(
        number=task.number,
        kind=task.kind,
        state=task.state,
        unit=task.unit.code,
        model=task.model.code,
        lot=task.lot.code if task.lot else None,
        scheme=str(task.scheme_version),
        planned_from=task.planned_from.isoformat(),
        planned_through=task.planned_through.isoformat(),
        steps=step_counts(task),
    )


class LineOut(Schema):
    """One device as reviewer and approver see it."""

    barcode: str
    record_no: str
    outcome: str
    attempts: int
    position: int | None
    differences: int
    failing_items: list[str]


class LinesOut(Schema):
    """What waits for a signature, and the digest over all of it."""

    digest: str
    lines: list[LineOut]


def _lines(rows: list[TaskDevice]) -> LinesOut:
    return LinesOut(
        digest=digest_of(rows),
        lines=[
            LineOut(
                barcode=row.device.barcode,
                record_no=row.record.number if row.record else "",
                outcome=row.outcome,
                attempts=row.attempts,
                position=row.record.position if row.record else None,
                differences=row.verdict.difference_count if row.verdict else 0,
                failing_items=row.verdict.failing_items if row.verdict else [],
            )
            for row in rows
        ],
    )


@router.get("verification-tasks/{number}/to-review", response=LinesOut)
def to_review(request: HttpRequest, number: str, barcode: str = "") -> LinesOut:
    """Devices that wait for review; `barcode` (comma-separated) narrows them and the digest."""
    return _waiting(request, number, barcode, Step.TESTED)


@router.get("verification-tasks/{number}/to-approve", response=LinesOut)
def to_approve(request: HttpRequest, number: str, barcode: str = "") -> LinesOut:
    """Devices that wait for approval; `barcode` (comma-separated) narrows them and the digest."""
    return _waiting(request, number, barcode, Step.REVIEWED)


def _waiting(request: HttpRequest, number: str, barcode: str, step: Step) -> LinesOut:
    task = _visible(request, number)
    rows = to_decide(task, step)
    if barcode:
        rows = rows.filter(device__barcode__in=barcode.split(","))
    return _lines(list(rows))


class ReviewIn(Schema):
    """What a reviewer agrees to and sends back."""

    agreed: list[str] = Field([], description="Bar codes.")
    digest: str = Field(description="Over the agreed devices, as `to-review` gives it for them.")
    returned: dict[str, str] = Field({}, description="Reason by bar code.")
    comment: str = ""
    request_key: str = ""


class ReviewOut(Schema):
    """What a review did."""

    agreed: int
    returned: int
    digest: str


@router.post("verification-tasks/{number}/review", response=ReviewOut)
def review(request: HttpRequest, number: str, sent: ReviewIn) -> ReviewOut:
    """Agree to verdicts, send others back."""
    task = task_by_number(number)
    keys = task_device_ids(task, [*sent.agreed, *sent.returned])
    done = results_review(
        task=task,
        agreed=[keys[code] for code in sent.agreed],
        seen_digest=sent.digest,
        returned={keys[code]: reason for code, reason in sent.returned.items()},
        actor=actor_of(request),
        comment=sent.comment,
        request_key=sent.request_key,
    )
    return ReviewOut(agreed=done.agreed, returned=done.returned, digest=done.digest)


class ApproveIn(Schema):
    """What an approver signs."""

    devices: list[str] = Field(description="Bar codes.")
    digest: str = Field(description="Over these devices, as `to-approve` gives it for them.")
    password: str = Field(description="Of the person of the token, entered for this signature.")
    comment: str = ""
    request_key: str = ""


class ApproveOut(Schema):
    """What an approval did."""

    count: int
    digest: str
    counts: dict[str, int]
    to_be_sealed: int


@router.post("verification-tasks/{number}/approve", response=ApproveOut)
def approve(request: HttpRequest, number: str, sent: ApproveIn) -> ApproveOut:
    """Sign reviewed verdicts."""
    task = task_by_number(number)
    keys = task_device_ids(task, sent.devices)
    done = results_approve(
        task=task,
        task_device_ids=[keys[code] for code in sent.devices],
        seen_digest=sent.digest,
        password=sent.password,
        actor=actor_of(request),
        comment=sent.comment,
        request_key=sent.request_key,
    )
    return ApproveOut(
        count=done.count, digest=done.digest, counts=done.counts, to_be_sealed=done.to_be_sealed
    )


@router.get("test-records/{number}", response=dict[str, Any])
def test_record(request: HttpRequest, number: str) -> dict[str, Any]:
    """One record: raw readings, the bench's figures, ours, the verdict."""
    record = record_by_number(number)
    require(actor_of(request), "verification.view", record.task.unit_id)
    return record_sheet(record)


# -- QC batches ------------------------------------------------------------------------------------

READINGS = {
    "requestBody": {
        "required": True,
        "description": "Readings of a collector, `register-readings/1` (docs/reference/register-readings.md).",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["schema", "readings"],
                    "properties": {
                        "schema": {"type": "string", "enum": ["register-readings/1"]},
                        "upload_id": {"type": "string", "maxLength": 64},
                        "batch_no": {"type": "string"},
                        "bench_no": {"type": "string"},
                        "collector_no": {"type": "string"},
                        "moment": {"type": "string", "enum": ["start", "end"]},
                        "readings": {"type": "array", "items": {"type": "object"}, "minItems": 1},
                    },
                }
            }
        },
    }
}


class ReadingsOut(Schema):
    """What became of a collector's upload; all of it was taken."""

    batch_no: str
    taken: int
    meters: int
    is_repeat: bool


@router.post(
    "register-readings",
    response={200: ReadingsOut, 201: ReadingsOut, 409: Trouble, 422: Trouble},
    openapi_extra=READINGS,
)
def register_readings(request: HttpRequest) -> Any:
    """Take in register readings for a QC batch, all or none: 201 taken, 200 a repeat."""
    done = readings_receive(
        body=request.body,
        name="upload.json",
        actor=actor_of(request),
        source=Source.REST,
        content_type=request.headers.get("Content-Type", ""),
    )
    return Response(done.answer, status=200 if done.is_repeat else 201)


class QualityMeterOut(Schema):
    """A meter of a QC batch; figures are text, kWh and per cent."""

    barcode: str
    outcome: str
    start_kwh: str | None
    end_kwh: str | None
    difference_kwh: str | None
    limit_kwh: str | None
    difference_pct: str | None
    rates_difference_kwh: str | None
    is_apart: bool


class QualityBatchOut(Schema):
    """A QC batch as it stands, with what keeps it from being judged."""

    number: str
    state: str
    outcome: str
    bench: str
    reference: str
    reference_kwh: str | None
    stands_for: int | None
    allowed_failures: int
    faults: list[dict[str, Any]]
    meters: list[QualityMeterOut]


def _figure(value: Any) -> str | None:
    return None if value is None else f"{value:f}"


@router.get("quality-batches/{number}", response=QualityBatchOut)
def quality_batch(request: HttpRequest, number: str) -> Any:
    """One QC batch: differences against the reference meter, outcomes, what is missing."""
    found = quality_batch_by_number(number)
    require(actor_of(request), "verification.view", found.unit_id)
    seen = batch_seen(found) if found.state == QualityState.OPEN else None
    rows: list[Any] = list(found.results.select_related("device").order_by("seq"))
    if seen is not None:
        rows = list(seen.meters)
    kwh = (
        seen.reference_kwh
        if seen is not None
        else getattr(getattr(found, "verdict", None), "reference_kwh", None)
    )
    return {
        "number": found.number,
        "state": found.state,
        "outcome": found.outcome,
        "bench": found.bench.barcode,
        "reference": found.reference.barcode,
        "reference_kwh": _figure(kwh),
        "stands_for": found.stands_for,
        "allowed_failures": found.allowed_failures,
        "faults": [{**one, "text": str(one["text"])} for one in (seen.faults if seen else [])],
        "meters": [
            {
                "barcode": row.device.barcode,
                "outcome": row.outcome,
                "is_apart": row.is_apart,
                **{
                    name: _figure(getattr(row, name))
                    for name in (
                        "start_kwh", "end_kwh", "difference_kwh", "limit_kwh", "difference_pct",
                        "rates_difference_kwh",
                    )
                },
            }
            for row in rows
        ],
    }  # fmt: skip
