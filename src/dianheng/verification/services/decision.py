"""Review and approval: many devices at once, exactly what was shown, by another person each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.services import meters_set_keys
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.identity.rules import Step as Did
from dianheng.identity.selectors import qualification_at
from dianheng.identity.services import (
    idempotent,
    remember,
    require,
    require_password,
    require_separation,
    write_batch,
)
from dianheng.metrology.rule_sets import rule_set

from ..choices import LOT_DECIDES, Decision, Outcome, Step
from ..models import Approval, Review, ReviewLine, TaskDevice, VerificationTask
from ..registry import refuse_results
from ..rules import fault_of_outcome, guard_unchanged
from ..selectors.devices import keys_found
from ..selectors.laboratory import signed_rule_sets
from ..selectors.tasks import digest_of
from ..selectors.tasks import signed_lines as lines_of
from ..subjects import project_of
from .copying import copy_rows, new_keys
from .outcomes import last_days_of, outcomes_happen
from .task import guard_open, lock_task, task_close_if_done

__all__ = ["lines_of", "rows_for"]


def subject_of(task: VerificationTask) -> str:
    """How exceptions of separation name a task."""
    return f"task:{task.number}"


def rows_for(task: VerificationTask, task_device_ids: Sequence[int]) -> list[TaskDevice]:
    """The devices with their records and verdicts, in the order of the task."""
    return list(
        TaskDevice.objects.filter(task=task, pk__in=list(task_device_ids))
        .select_related("device", "record", "verdict")
        .order_by("seq")
    )


def _locked_rows(task: VerificationTask, task_device_ids: Sequence[int]) -> list[TaskDevice]:
    wanted = list(dict.fromkeys(task_device_ids))
    keys = list(
        TaskDevice.objects.select_for_update(no_key=True)
        .filter(task=task, pk__in=wanted)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if len(keys) != len(wanted):
        raise BadInput(_("Some of the devices are not in this task."))
    return rows_for(task, wanted)


def qualified(actor: Actor, kind: str, project: str, refusal_text: Any) -> str:
    """Number of the qualification that the actor signs with today, or Refused."""
    found = qualification_at(actor.person_id, kind, project, timezone.localdate())
    if found is None:
        raise Refused(Refusal("not_qualified", refusal_text, {"kind": kind}))
    return str(found.number)


def _testers(rows: Iterable[TaskDevice]) -> list[Did]:
    ids = {person for row in rows if row.record for person in row.record.tester_ids}
    return [Did("test", person) for person in sorted(ids)]


def _not_in_step(rows: Iterable[TaskDevice], step: Step) -> list[dict[str, Any]]:
    return [
        {
            "device": row.device.barcode,
            "code": "step",
            "text": _("is “%(step)s”") % {"step": Step(row.step).label},
        }
        for row in rows
        if row.step != step or not row.is_open
    ]


def _refuse_lines(faults: Sequence[Mapping[str, Any]], count: int) -> None:
    if faults:
        bad = len({fault["device"] for fault in faults})
        text = _("%(bad)s of %(all)s devices cannot: nothing was signed.")
        raise Refused(Refusal("devices", text % {"bad": bad, "all": count}, {}, tuple(faults)))


# -- review -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reviewed:
    """What a review did."""

    agreed: int
    returned: int
    digest: str


def results_review(
    *,
    task: VerificationTask,
    agreed: Sequence[int],
    seen_digest: str,
    actor: Actor,
    returned: Mapping[int, str] | None = None,
    comment: str = "",
    request_key: str = "",
) -> Reviewed:
    """Agree to verdicts that were looked at, send others back with a reason.

    Args:
        task: the task.
        agreed: keys of its devices (`TaskDevice`) whose verdicts are agreed to.
        seen_digest: digest over the agreed lines as they were shown (`rules.signing_digest`).
        actor: needs `verification.review` and a checker's qualification; tested none of them.
        returned: reason for each device that is to be tested again.
        comment: for the record of the review.
        request_key: the same key twice is one review.

    Raises:
        Refused: `same_person`, `not_qualified`, `changed`, or `devices` with each reason.
    """
    sent_back = dict(returned or {})
    if not agreed and not sent_back:
        raise BadInput(_("Choose devices first."))
    if set(agreed) & set(sent_back):
        raise BadInput(_("A device is either agreed to or sent back."))
    empty = [key for key, reason in sent_back.items() if not reason.strip()]
    if empty:
        raise BadInput(_("Say why a device is sent back."))
    actor = require(actor, "verification.review", task.unit_id)
    with write_batch(actor=actor, action="results.review", reason=comment) as batch:
        if (earlier := idempotent(request_key, "results.review")) is not None:
            return Reviewed(**earlier)
        locked = lock_task(task)
        guard_open(locked)
        rows = _locked_rows(task, [*agreed, *sent_back])
        accepted = [row for row in rows if row.pk not in sent_back]
        digest = digest_of(accepted)
        refuse(guard_unchanged(seen_digest, digest, len(accepted)))
        faults = _not_in_step(rows, Step.TESTED)
        for row in accepted:
            fault = fault_of_outcome(row.outcome, row.device.barcode)
            if fault is not None:
                faults.append(fault)
        _refuse_lines(faults, len(rows))
        number = qualified(
            actor,
            "checker",
            project_of(locked.model.kind),
            _("You have no checker's qualification in force: you cannot review."),
        )
        require_separation(subject_of(task), "review", actor, _testers(rows))
        refuse_results(locked, [row.device_id for row in accepted], actor)
        review = Review.objects.create(
            task=task,
            reviewer_id=actor.person_id,
            acting_for_id=actor.acting_for_id,
            qualification_no=number,
            count=len(accepted),
            returned=len(sent_back),
            digest=digest,
            comment=comment,
            reviewed_at=batch.at,
        )
        ReviewLine.objects.bulk_create(
            [
                ReviewLine(
                    review=review,
                    task_device=row,
                    verdict_id=row.verdict_id,
                    decision=Decision.RETURN if row.pk in sent_back else Decision.AGREE,
                    reason=sent_back.get(row.pk, ""),
                )
                for row in rows
            ],
            batch_size=2000,
        )
        TaskDevice.objects.filter(pk__in=[row.pk for row in accepted]).update(step=Step.REVIEWED)
        for reason, keys in _grouped(sent_back).items():
            TaskDevice.objects.filter(pk__in=keys).update(step=Step.WAITING, returned_reason=reason)
        result = Reviewed(len(accepted), len(sent_back), digest)
        remember(request_key, "results.review", result.__dict__)
    return result


def _grouped(reasons: Mapping[int, str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for key, reason in reasons.items():
        groups[reason.strip()].append(key)
    return groups


def review_take_back(
    *, task: VerificationTask, task_device_ids: Sequence[int], reason: str, actor: Actor
) -> int:
    """The approver sends reviewed devices back to review, with a reason."""
    if not reason.strip():
        raise BadInput(_("Say why a device is sent back."))
    actor = require(actor, "verification.approve", task.unit_id)
    with write_batch(actor=actor, action="results.send_back", reason=reason):
        guard_open(lock_task(task))
        rows = _locked_rows(task, task_device_ids)
        _refuse_lines(_not_in_step(rows, Step.REVIEWED), len(rows))
        TaskDevice.objects.filter(pk__in=[row.pk for row in rows]).update(
            step=Step.TESTED, returned_reason=reason.strip()
        )
    return len(rows)


# -- approval -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Approved:
    """What an approval did: devices by outcome, and how many wait for their seals."""

    approval_id: int
    count: int
    digest: str
    counts: dict[str, int]
    to_be_sealed: int


def results_approve(
    *,
    task: VerificationTask,
    task_device_ids: Sequence[int],
    seen_digest: str,
    password: str,
    actor: Actor,
    comment: str = "",
    request_key: str = "",
) -> Approved:
    """Sign reviewed verdicts; devices that pass and carry their seals become qualified.

    Failed devices become unqualified, those outside the internal band or not as ordered are
    held; passed ones without seals stay in verification until they are sealed. The devices of
    sampling and acceptance wait for the decision on their lot (`task_apply`).

    Args:
        task: the task.
        task_device_ids: what is signed, one device or a whole batch.
        seen_digest: digest over the lines as they were shown.
        password: of the person who signs, entered anew for this batch.
        actor: needs `verification.approve` and a signatory's qualification; neither tested
            nor reviewed any of them.
        comment: for the record of the approval.
        request_key: the same key twice is one approval.

    Raises:
        Refused: `wrong_password`, `same_person`, `not_qualified`, `changed`, or `devices`.
    """
    if not task_device_ids:
        raise BadInput(_("Choose devices first."))
    actor = require(actor, "verification.approve", task.unit_id)
    require_password(actor, password)
    with write_batch(actor=actor, action="results.approve", reason=comment) as batch:
        if (earlier := idempotent(request_key, "results.approve")) is not None:
            return Approved(**earlier)
        locked = lock_task(task)
        guard_open(locked)
        rows = _locked_rows(task, task_device_ids)
        digest = digest_of(rows)
        refuse(guard_unchanged(seen_digest, digest, len(rows)))
        faults = _not_in_step(rows, Step.REVIEWED)
        faults += [
            fault
            for row in rows
            if (fault := fault_of_outcome(row.outcome, row.device.barcode)) is not None
        ]
        faults += _unsigned(locked, rows)
        _refuse_lines(faults, len(rows))
        number = qualified(
            actor,
            "signatory",
            project_of(locked.model.kind),
            _("You have no authorised signatory's qualification in force: you cannot approve."),
        )
        did = [*_testers(rows), *_reviewers(rows)]
        require_separation(subject_of(task), "approve", actor, did)
        refuse_results(locked, [row.device_id for row in rows], actor)
        days = {row.pk: timezone.localdate(row.record.finished_at) for row in rows if row.record}
        last_days = last_days_of(locked, set(days.values()))
        counts = Counter(row.outcome for row in rows)
        approval = Approval.objects.create(
            task=task,
            approver_id=actor.person_id,
            acting_for_id=actor.acting_for_id,
            qualification_no=number,
            count=len(rows),
            digest=digest,
            counts=dict(counts),
            comment=comment,
            approved_at=batch.at,
        )
        _write_lines(approval, locked, rows, days, last_days)
        TaskDevice.objects.filter(pk__in=[row.pk for row in rows]).update(
            step=Step.APPROVED, is_open=False, is_to_be_sealed=False
        )
        meters_set_keys(keys=keys_found([row.pk for row in rows]), actor=actor)
        waiting = 0
        if locked.kind not in LOT_DECIDES:
            waiting = outcomes_happen(locked, rows, days, last_days, batch.actor)
        task_close_if_done(locked, batch.at)
        result = Approved(approval.pk, len(rows), digest, dict(counts), waiting)
        remember(request_key, "results.approve", result.__dict__)
    return result


def _unsigned(task: VerificationTask, rows: Sequence[TaskDevice]) -> list[dict[str, Any]]:
    """Devices whose verdict rests on a rule set that nobody's signature stands under now."""
    used = {
        (each["standard"], each["edition"], each["digest"])
        for row in rows
        if row.verdict
        for each in row.verdict.rule_sets
        if not each["is_confirmed"]
    }
    sets = {rule_set(standard, edition) for standard, edition, _digest in used}
    in_force = set(signed_rule_sets(task.unit, sets))
    gone = {digest for _standard, _edition, digest in used if digest not in in_force}
    return [
        {
            "device": row.device.barcode,
            "code": "provisional",
            "text": _("rests on a rule set whose signature is not in force: judge it again"),
        }
        for row in rows
        if row.verdict and any(each["digest"] in gone for each in row.verdict.rule_sets)
    ]


def _reviewers(rows: Sequence[TaskDevice]) -> list[Did]:
    found = (
        ReviewLine.objects.filter(
            task_device__in=rows, verdict__in=[row.verdict_id for row in rows]
        )
        .values_list("review__reviewer_id", "review__acting_for_id")
        .distinct()
    )
    return [Did("review", person, acting_for) for person, acting_for in found]


LINE = (
    "id",
    "approval_id",
    "task_device_id",
    "device_id",
    "record_id",
    "verdict_id",
    "outcome",
    "verified_on",
    "validity_mode",
    "valid_through",
)


def _write_lines(
    approval: Approval,
    task: VerificationTask,
    rows: Sequence[TaskDevice],
    days: Mapping[int, date],
    last_days: Mapping[date, date],
) -> None:
    keys = new_keys("verification_approvalline", len(rows))
    with connection.cursor() as cursor:
        copy_rows(
            cursor,
            "verification_approvalline",
            LINE,
            (
                (
                    key,
                    approval.pk,
                    row.pk,
                    row.device_id,
                    row.record_id,
                    row.verdict_id,
                    row.outcome,
                    days[row.pk],
                    task.validity_mode if row.outcome == Outcome.PASSED else "",
                    last_days[days[row.pk]] if row.outcome == Outcome.PASSED else None,
                )
                for key, row in zip(keys, rows, strict=True)
            ),
        )
