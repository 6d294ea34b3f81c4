"""Records, results and verdicts as rows for COPY."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from ..choices import Outcome
from ..envelope import Point
from ..observed import facts_text
from .copying import plain_array
from .incoming import Incoming
from .judge import JudgedPoint, Judgement

RECORD = (
    "id",
    "number",
    "upload_id",
    "upload_index",
    "task_id",
    "task_device_id",
    "device_id",
    "load_id",
    "position",
    "attempt",
    "attempt_reason",
    "bench_id",
    "installation_id",
    "installation_certificate_id",
    "authorisation_id",
    "standards",
    "standard_ids",
    "operators",
    "verifier_id",
    "tester_ids",
    "temperature_start_c",
    "temperature_end_c",
    "humidity_start_pct",
    "humidity_end_pct",
    "started_at",
    "finished_at",
    "received_at",
    "bench_overall",
    "seals",
    "header",
    "received",
)
RESULT = (
    "record_id",
    "seq",
    "item",
    "direction",
    "phases",
    "load_point",
    "factor",
    "point",
    "samples",
    "facts",
    "unit",
    "bench_mean",
    "bench_rounded",
    "bench_limit_low",
    "bench_limit_high",
    "bench_conclusion",
    "value",
    "rounded",
    "rounded_text",
    "limit_low",
    "limit_high",
    "internal_limit",
    "conclusion",
    "internal",
    "reason",
    "rule_row",
    "certainty",
    "is_derived",
    "differences",
    "tested_at",
    "remark",
)
VERDICT = (
    "id",
    "record_id",
    "device_id",
    "number",
    "replaces_id",
    "reason",
    "outcome",
    "would_be",
    "legal",
    "fitness",
    "internal",
    "blocks",
    "failing_items",
    "missing",
    "outside_internal",
    "warnings",
    "difference_count",
    "scheme_version_id",
    "standard",
    "edition",
    "rule_digest",
    "rule_sets",
    "internal_factor",
    "certainty",
    "points",
    "digest",
    "judged_at",
    "judged_by_id",
)


def record_row(taken: Incoming, upload_id: int, at: datetime) -> Sequence[Any]:
    """A record in the order of `RECORD`."""
    part, grounds = taken.part, taken.grounds
    assert grounds is not None
    return (
        taken.record_id,
        taken.number,
        upload_id,
        part.index,
        taken.task.pk,
        taken.held.pk,
        taken.held.device_id,
        taken.put.load_id if taken.put else None,
        taken.position,
        taken.attempt,
        taken.reason,
        _key(grounds.bench),
        _key(grounds.installation),
        _key(grounds.certificate),
        _key(grounds.authorisation),
        Jsonb(grounds.standards),
        grounds.standard_ids,
        Jsonb(grounds.people),
        grounds.tester_ids[0] if grounds.tester_ids else None,
        grounds.tester_ids,
        part.temperature_start_c,
        part.temperature_end_c,
        part.humidity_start_pct,
        part.humidity_end_pct,
        part.started_at,
        part.finished_at,
        at,
        part.overall,
        Jsonb([list(seal) for seal in part.seals]),
        Jsonb(part.header),
        taken.received_text,
    )


def _key(row: Any) -> int | None:
    return None if row is None else row.pk


def result_rows(taken: Incoming) -> Iterable[Sequence[Any]]:
    """The results of a record in the order of `RESULT`."""
    judgement = taken.judgement
    assert judgement is not None
    is_judged = judgement.outcome != Outcome.BLOCKED
    by_seq = {judged.seq: judged for judged in judgement.points}
    for point, seen in zip(taken.part.points, taken.seen, strict=True):
        observation = seen.observation
        facts: dict[str, Any] | None = None
        if observation is not None and observation.facts:
            facts = facts_text(observation.facts)
        elif point.facts:
            facts = facts_text(point.facts)
        if point.extra:
            facts = {**(facts or {}), "extra": point.extra}
        place = (point.direction, point.phases, point.load, point.factor)
        head = (taken.record_id, point.seq, seen.item, *place)
        yield (*head, *_judged(by_seq.pop(point.seq), is_judged, point, facts))
    for judged in by_seq.values():
        if judged.verdict is not None:
            item = str(judged.verdict.item)
            head = (taken.record_id, judged.seq, item, "", "", "", "")
            yield (*head, *_judged(judged, is_judged, Point(judged.seq, "", item), None))


def _judged(
    judged: JudgedPoint, is_judged: bool, point: Point, facts: Mapping[str, Any] | None
) -> Sequence[Any]:
    """The columns of a result from `point` on."""
    verdict = judged.verdict
    received = (
        plain_array(point.samples),
        None if facts is None else Jsonb(facts),
        point.unit,
        point.mean,
        point.rounded,
        point.limit_low,
        point.limit_high,
        point.conclusion,
    )
    tail = (judged.is_derived, plain_array(judged.differences), point.tested_at, point.remark)
    if verdict is None:
        return ("", *received, None, None, "", None, None, None, "", "", "", "", "", *tail)
    return (
        verdict.point,
        *received,
        verdict.value,
        verdict.rounded,
        verdict.rounded_text,
        verdict.limit_low,
        verdict.limit_high,
        verdict.internal_limit,
        verdict.conclusion.value if is_judged else "",
        verdict.internal.value if is_judged and verdict.internal else "",
        verdict.reason if is_judged else "",
        verdict.rule.row,
        verdict.rule.certainty.value,
        *tail,
    )


def verdict_row(
    *,
    key: int,
    record_id: int,
    device_id: int,
    judgement: Judgement,
    scheme_version: Any,
    digest: str,
    at: datetime,
    person_id: int,
    number: int = 1,
    replaces_id: int | None = None,
    reason: str = "",
    points: Any = None,
) -> Sequence[Any]:
    """A verdict in the order of `VERDICT`."""
    regulation = next(
        (r["digest"] for r in judgement.rule_sets if r["standard"] == scheme_version.standard), ""
    )
    return (
        key,
        record_id,
        device_id,
        number,
        replaces_id,
        reason,
        str(judgement.outcome),
        str(judgement.would_be),
        judgement.legal,
        judgement.fitness,
        judgement.internal,
        Jsonb([{"code": block.code, "facts": dict(block.facts)} for block in judgement.blocks]),
        [str(item) for item in judgement.failing_items],
        Jsonb(judgement.missing),
        list(judgement.outside_internal),
        Jsonb(judgement.warnings),
        judgement.difference_count,
        scheme_version.pk,
        scheme_version.standard,
        scheme_version.edition,
        regulation,
        Jsonb(judgement.rule_sets),
        judgement.internal_factor,
        judgement.certainty,
        Jsonb(points) if points is not None else None,
        digest,
        at,
        person_id,
    )
