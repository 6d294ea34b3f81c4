"""Results of records: raw, the bench's, ours; how a verdict came about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from dianheng.assets.choices import TRANSFORMERS
from dianheng.common.errors import BadInput
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rule_sets import Certainty, rule_set
from dianheng.metrology.verdicts import InternalControl, Step

from ..choices import Outcome
from ..models import TestRecord, TestResult, Verdict
from ..observed import observation_from
from ..subjects import judge_for, plate_for, scheme_for


@dataclass(frozen=True)
class Shown:
    """A result with the conclusions of the verdict that is looked at."""

    result: TestResult
    conclusion: str
    internal: str
    reason: str
    steps: tuple[Step, ...] = ()


def judged_results(record: TestRecord, verdict: Verdict | None) -> list[TestResult]:
    """The results of a record, in its order, with the conclusions that a verdict gives them.

    What was blocked at first is stored without; a later verdict has them. Nothing is saved.
    """
    rows = list(record.results.order_by("seq"))
    put_conclusions(rows, verdict)
    return rows


def put_conclusions(rows: Iterable[TestResult], verdict: Verdict | None) -> None:
    """Give results, in memory, the conclusions of a verdict on their record."""
    if verdict is None:
        return
    later = verdict.points or {}
    for row in rows:
        if verdict.outcome == Outcome.BLOCKED:
            row.conclusion = row.internal = row.reason = ""
        elif (told := later.get(str(row.seq))) is not None:
            row.conclusion, row.internal, row.reason = told


def failed_results(judged: Iterable[tuple[int, Verdict]]) -> list[TestResult]:
    """Results that fail, by rule or by the company's band, in the order of their records.

    Args:
        judged: keys of records, each with the verdict that counts.
    """
    verdicts = dict(judged)
    # A later verdict is asked point by point; of all others what fails is stored so.
    later = [key for key, verdict in verdicts.items() if verdict.points]
    rows = list(
        TestResult.objects.filter(
            Q(conclusion="fail") | Q(internal="fail") | Q(record__in=later),
            record__in=list(verdicts),
        ).order_by("seq")
    )
    for row in rows:
        put_conclusions([row], verdicts[row.record_id])
    return [row for row in rows if "fail" in (row.conclusion, row.internal)]


def results_failing(firsts: Iterable[Mapping[str, Any]]) -> list[TestResult]:
    """Results that fail by rule, of what `first_results` gives, in the order of their records."""
    judged = {first["record_id"]: first["verdict_id"] for first in firsts}
    verdicts = Verdict.objects.only("outcome", "points").in_bulk(judged.values())
    rows = failed_results((record, verdicts[key]) for record, key in judged.items())
    return [row for row in rows if row.conclusion == "fail"]


def results_of(record: TestRecord, verdict: Verdict | None) -> list[Shown]:
    """The results of a record under one of its verdicts, in the order of the record."""
    return [
        Shown(row, row.conclusion, row.internal, row.reason)
        for row in judged_results(record, verdict)
    ]


def explained(record: TestRecord, verdict: Verdict | None) -> tuple[list[Shown], bool]:
    """The results with the steps that lead to each verdict, computed anew from the readings.

    The flag says whether the rule sets of the program are still those that judged: else the
    steps show how today's figures would judge.
    """
    shown = results_of(record, verdict)
    if verdict is None or not verdict.standard:
        return shown, True
    is_same = all(
        rule_set(used["standard"], used["edition"]).digest == used["digest"]
        for used in verdict.rule_sets
    )
    control = None
    if verdict.internal_factor is not None:
        control = InternalControl(verdict.internal_factor, Certainty.CONFIRMED)
    try:
        judge = judge_for(plate_for(record.task.model), scheme_for(verdict.scheme_version), control)
        is_transformer = record.task.model.kind in TRANSFORMERS
        seen = [observation_from(each.result, is_transformer=is_transformer) for each in shown]
        found = judge.judge([each for each in seen if each is not None])
    except (MetrologyError, BadInput):
        return shown, is_same
    verdicts = iter(found.verdicts)
    with_steps = []
    for each, observation in zip(shown, seen, strict=True):
        steps: tuple[Step, ...] = ()
        if observation is not None or each.result.is_derived:
            step_source = next(verdicts, None)
            steps = step_source.steps if step_source else ()
        with_steps.append(Shown(each.result, each.conclusion, each.internal, each.reason, steps))
    return with_steps, is_same


def _text(value: Decimal | None, places: int = 6) -> str | None:
    return None if value is None else plain_text(value, places)


def record_sheet(record: TestRecord) -> dict[str, Any]:
    """A record with its newest verdict, as plain data."""
    verdict = record.verdicts.order_by("-number").first()
    return {
        "record_no": record.number,
        "task_no": record.task.number,
        "barcode": record.device.barcode,
        "attempt": record.attempt,
        "attempt_reason": record.attempt_reason,
        "position": record.position,
        "bench_no": record.bench.barcode if record.bench else "",
        "started_at": record.started_at.isoformat() if record.started_at else None,
        "finished_at": record.finished_at.isoformat(),
        "received_at": record.received_at.isoformat(),
        "upload_id": record.upload.upload_id,
        "upload_sha256": record.upload.sha256,
        "standards": record.standards,
        "operators": record.operators,
        "environment": {
            name: _text(getattr(record, name))
            for name in (
                "temperature_start_c",
                "temperature_end_c",
                "humidity_start_pct",
                "humidity_end_pct",
            )
        },
        "bench_overall": record.bench_overall,
        "verdict": verdict_sheet(verdict) if verdict else None,
        "results": [
            {
                "seq": each.result.seq,
                "item": each.result.item,
                "point": each.result.point,
                "samples": [str(sample) for sample in each.result.samples],
                "facts": each.result.facts,
                "unit": each.result.unit,
                "bench": {
                    "mean": _text(each.result.bench_mean),
                    "rounded": each.result.bench_rounded,
                    "limit_low": _text(each.result.bench_limit_low),
                    "limit_high": _text(each.result.bench_limit_high),
                    "conclusion": each.result.bench_conclusion,
                },
                "value": _text(each.result.value, 12),
                "rounded": each.result.rounded_text,
                "limit_low": _text(each.result.limit_low),
                "limit_high": _text(each.result.limit_high),
                "internal_limit": _text(each.result.internal_limit),
                "conclusion": each.conclusion,
                "internal": each.internal,
                "reason": each.reason,
                "rule": each.result.rule_row,
                "certainty": each.result.certainty,
                "differences": each.result.differences,
            }
            for each in results_of(record, verdict)
        ],
    }


def verdict_sheet(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data."""
    return {
        "number": verdict.number,
        "outcome": verdict.outcome,
        "would_be": verdict.would_be,
        "legal": verdict.legal,
        "fitness": verdict.fitness,
        "internal": verdict.internal,
        "blocks": verdict.blocks,
        "failing_items": verdict.failing_items,
        "missing": verdict.missing,
        "outside_internal": verdict.outside_internal,
        "warnings": verdict.warnings,
        "differences": verdict.difference_count,
        "scheme": str(verdict.scheme_version),
        "rule_sets": verdict.rule_sets,
        "certainty": verdict.certainty,
        "digest": verdict.digest,
        "judged_at": verdict.judged_at.isoformat(),
    }
