"""Records judged again: when a rule set was signed, or a paper of the laboratory came late."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import TRANSFORMERS
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.services import require, write_batch

from ..choices import Outcome, Step
from ..envelope import read_device
from ..models import TaskDevice, VerificationTask
from ..observed import observation_from
from ..rules import BenchFigures
from ..subjects import plate_for, scheme_for
from .copying import copy_rows, new_keys
from .incoming import Incoming, facts_for, lay_grounds
from .judge import Bench, Judgement, Seen, verdict_digest
from .storing import VERDICT, verdict_row
from .task import guard_open, lock_task


def results_judge_again(
    *,
    task: VerificationTask,
    reason: str,
    actor: Actor,
    task_device_ids: Sequence[int] | None = None,
) -> dict[str, int]:
    """Judge the records that count now again, by the same scheme, as things stand today.

    The readings stay as they are; the new verdict names the one it replaces. What was reviewed
    is to be reviewed again. Returns how many verdicts came out as which outcome.

    Args:
        task: the task.
        reason: why.
        actor: needs `verification.test`.
        task_device_ids: absent: all that are provisional or blocked.
    """
    if not reason.strip():
        raise BadInput(_("Say why the records are judged again."))
    actor = require(actor, "verification.test", task.unit_id)
    with write_batch(actor=actor, action="results.judge_again", reason=reason) as batch:
        locked = lock_task(task)
        guard_open(locked)
        rows = TaskDevice.objects.select_for_update(of=("self",), no_key=True).filter(
            task=task, is_open=True, step__in=[Step.TESTED, Step.REVIEWED], record__isnull=False
        )
        if task_device_ids is None:
            rows = rows.filter(outcome__in=[Outcome.PROVISIONAL, Outcome.BLOCKED])
        else:
            rows = rows.filter(pk__in=list(task_device_ids))
        held = list(
            rows.select_related(
                "record__upload", "record__bench", "verdict", "device__meter"
            ).order_by("pk")
        )
        if not held:
            raise Refused(Refusal("nothing", _("There is nothing to judge again.")))
        incoming = [_incoming(locked, row) for row in held]
        counts: dict[str, int] = {}
        verdicts = []
        for row, taken, key in zip(
            held, incoming, new_keys("verification_verdict", len(held)), strict=True
        ):
            judgement = _judge(locked, row, taken, batch.at)
            outcome = str(judgement.outcome)
            counts[outcome] = counts.get(outcome, 0) + 1
            taken.judgement, taken.verdict_id = judgement, key
            assert row.record is not None and row.verdict is not None
            verdicts.append(
                verdict_row(
                    key=key,
                    record_id=row.record_id,
                    device_id=row.device_id,
                    judgement=judgement,
                    scheme_version=locked.scheme_version,
                    digest=verdict_digest(
                        row.record.number,
                        row.record.upload.sha256,
                        row.record.upload_index,
                        judgement,
                    ),
                    at=batch.at,
                    person_id=actor.person_id,
                    number=row.verdict.number + 1,
                    replaces_id=row.verdict_id,
                    reason=reason,
                    points=_points(judgement),
                )
            )
        with connection.cursor() as cursor:
            copy_rows(cursor, "verification_verdict", VERDICT, verdicts)
            cursor.execute(
                """
                update verification_taskdevice t
                   set step = %s, outcome = n.outcome, verdict_id = n.verdict
                  from unnest(%s::bigint[], %s::text[], %s::bigint[]) n (id, outcome, verdict)
                 where t.id = n.id
                """,
                [
                    Step.TESTED.value,
                    [row.pk for row in held],
                    [str(t.judgement.outcome) for t in incoming if t.judgement],
                    [t.verdict_id for t in incoming],
                ],
            )
    return counts


def _incoming(task: VerificationTask, held: TaskDevice) -> Incoming:
    """The record as if it came in now, with the readings as they are stored."""
    record = held.record
    assert record is not None
    part = read_device(record.upload_index, json.loads(record.received))
    taken = Incoming(
        part,
        held,
        task,
        record.attempt,
        None,
        record.position,
        record.attempt_reason,
        record_id=record.pk,
    )
    is_transformer = task.model.kind in TRANSFORMERS
    for result in record.results.filter(is_derived=False).order_by("seq"):
        figures = BenchFigures(
            result.bench_mean,
            result.bench_rounded,
            result.bench_limit_low,
            result.bench_limit_high,
            result.bench_conclusion,
        )
        taken.seen.append(
            Seen(
                result.seq,
                observation_from(result, is_transformer=is_transformer),
                figures,
                result.item,
            )
        )
    return taken


def _judge(task: VerificationTask, held: TaskDevice, taken: Incoming, at: Any) -> Judgement:
    record = held.record
    assert record is not None
    plate, scheme = plate_for(task.model), scheme_for(task.scheme_version)
    rests = lay_grounds(
        taken,
        facts_for([taken], record.bench),
        bench=record.bench,
        bench_no=record.upload.bench_no,
        today=timezone.localdate(at),
        plate=plate,
        scheme=scheme,
    )
    judgement = Bench(task.unit, taken.day).judge(
        plate,
        scheme,
        taken.seen,
        environment={
            "temperature_start_c": record.temperature_start_c,
            "temperature_end_c": record.temperature_end_c,
            "humidity_start_pct": record.humidity_start_pct,
            "humidity_end_pct": record.humidity_end_pct,
        },
        blocks=rests.blocks,
        bench_overall=record.bench_overall,
    )
    seen = {"environment", "band", "overall"}
    earlier = held.verdict.warnings if held.verdict else []
    judgement.warnings[:0] = [w for w in earlier if w["code"] not in seen]
    return judgement


def _points(judgement: Judgement) -> dict[str, list[str]] | None:
    """Conclusions by point, for a record whose results were stored without."""
    if judgement.outcome == Outcome.BLOCKED:
        return None
    return {
        str(point.seq): [
            point.verdict.conclusion.value,
            point.verdict.internal.value if point.verdict.internal else "",
            point.verdict.reason,
        ]
        for point in judgement.points
        if point.verdict is not None
    }
