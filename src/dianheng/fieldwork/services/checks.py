"""A check on site is recorded: read, judged, kept, with the orders that follow, or not at all."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import HungRole
from dianheng.assets.models import Device
from dianheng.assets.selectors.installations import hanging_at
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.common.texts import why
from dianheng.documents.models import StoredFile
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Person
from dianheng.identity.services import require_sent, write_batch
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.plates import Wiring
from dianheng.verification.selectors.laboratory import LaboratoryFacts

from ..choices import Outcome, Source, TaskState
from ..models import FieldCheck, FieldTask
from ..rules import Calibrator, guard_two_people, outcome_of
from ..sheet import Problem, Sheet, read_sheet
from .judge import Judged, circuit_of, judge, rules_on
from .orders import orders_open

RECORD = "fieldwork.record"
AHEAD = timedelta(minutes=10)


@dataclass(frozen=True)
class Recorded:
    """The record of an upload; a repeat brings the same one."""

    check: FieldCheck
    is_repeat: bool = False


def meter_at(task: FieldTask, at: datetime) -> Device | None:
    """The main meter that hung at the point of a task at a moment."""
    row = hanging_at(task.usage_point, at).filter(role=HungRole.METER).first()
    return row.device if row else None


def field_check_preview(
    *, task: FieldTask, raw: Mapping[str, Any], done_at: datetime, calibrator_no: str = ""
) -> tuple[Sheet, Judged, list[Problem]]:
    """What the rules would say, without keeping anything."""
    meter = meter_at(task, done_at)
    day = timezone.localdate(done_at)
    try:
        rules = rules_on(day, task.usage_point.class_edition)
    except MetrologyError as error:
        problem = Problem("done_at", error.code, why(error))
        return Sheet({}, {}, Wiring(task.usage_point.wiring)), Judged(), [problem]
    sheet, problems = read_sheet(raw, circuit_of(task.usage_point, meter), rules.wiring)
    stated = str(raw.get("meter") or "").strip()
    if meter is not None and stated and stated not in (meter.barcode, meter.asset_no):
        text = _("The record is of meter %(stated)s, but %(meter)s hung there on that day.")
        facts = {"stated": stated[:40], "meter": meter.barcode}
        problems.append(Problem("meter", "other_meter", str(text % facts)))
    if problems:
        return sheet, Judged(), problems
    judged = judge(
        sheet, point=task.usage_point, meter=meter, rules=rules, day=day,
        calibrator=_calibrator_on(calibrator_no, done_at)[0],
    )  # fmt: skip
    return sheet, judged, judged.problems


def _calibrator_on(number: str, at: datetime) -> tuple[Calibrator, Device | None, Any]:
    """The calibrator as the register knows it on the day, its device and its certificate."""
    day = timezone.localdate(at)
    facts = LaboratoryFacts.load([number], [], [])
    device = facts.device_of(number) if number else None
    stood = facts.equipment_on(number, device, day, at)
    certificate = facts.certificate_on(device, day) if device else None
    found = Calibrator(
        stood.number, stood.is_known, stood.is_in_date, stood.is_stopped, stood.accuracy_class,
        away=stood.away,
    )  # fmt: skip
    return found, device, certificate


def digest_of(raw: Mapping[str, Any], task_no: str) -> str:
    """SHA-256 of what came in, for the same upload twice."""
    text = json.dumps([task_no, dict(raw)], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def check_record(
    *,
    task: FieldTask,
    raw: Mapping[str, Any],
    done_at: datetime,
    calibrator_no: str,
    actor: Actor,
    leader: Person | None = None,
    second: Person | None = None,
    source: str = Source.PAGE,
    received: Any = None,
    upload_id: str = "",
    file: StoredFile | None = None,
) -> Recorded:
    """Keep a check, judge it by the editions of its day, open the orders that it asks for.

    Args:
        raw: what was measured by the names of `sheet`, as text.
        received: what came in, where it had another form.
        upload_id: names this upload; the same one again brings the same record.

    Raises:
        BadInput: everything that is wrong with it; nothing is kept.
        Refused: `repeated`: the upload has other content than before.
    """
    actor = require_sent(actor, RECORD, task.unit_id)
    leader, second = leader or task.leader, second or task.second
    refuse(guard_two_people(leader.pk, second.pk))
    digest = digest_of(raw, task.number)
    upload_id = upload_id or digest
    with write_batch(actor=actor, action="fieldcheck.record") as batch:
        held = FieldTask.objects.select_related("usage_point__unit").select_for_update(of=("self",))
        found = held.get(pk=task.pk)
        if (earlier := FieldCheck.objects.filter(upload_id=upload_id).first()) is not None:
            if earlier.digest == digest:
                return Recorded(earlier, is_repeat=True)
            text = _("Upload %(id)s came before with other content, as %(no)s.")
            facts = {"id": upload_id[:64], "no": earlier.number}
            raise Refused(Refusal("repeated", text % facts, facts))
        if found.state == TaskState.CANCELLED:
            raise Refused(Refusal("state", _("Task %(no)s was called off.") % {"no": found.number}))
        if done_at > batch.at + AHEAD:
            text = _("That moment has not come yet.")
            raise BadInput(text, [{"field": "done_at", "code": "future", "text": text}])
        sheet, judged, problems = field_check_preview(
            task=found, raw=raw, done_at=done_at, calibrator_no=calibrator_no
        )
        if problems:
            text = _("The record has %(count)s faults: nothing was kept.")
            errors = [problem.as_error() for problem in problems]
            raise BadInput(text % {"count": len(problems)}, errors)
        calibrator, device, certificate = _calibrator_on(calibrator_no, done_at)
        outcome = outcome_of((one["conclusion"] for one in judged.results), judged.blocks)
        year = timezone.localtime(done_at).year
        (number,) = numbers_take(key="field_check", unit_id=found.unit_id, year=year)
        made = FieldCheck.objects.create(
            number=number, task=found, attempt=found.checks.count() + 1,
            meter=meter_at(found, done_at), calibrator=device, calibrator_no=calibrator.number,
            certificate_no=certificate.number if certificate else "",
            certificate_through=certificate.valid_through if certificate else None,
            done_at=done_at, received=received if received is not None else dict(raw),
            sheet=sheet.as_json(), file=file, source=source, upload_id=upload_id, digest=digest,
            results=judged.results, rule_sets=judged.rule_sets,
            blocks=[one.as_json() for one in judged.blocks], outcome=outcome,
            leader=leader, second=second, signer=sheet.texts.get("signer", ""),
            recorded_by_id=actor.person_id,
        )  # fmt: skip
        if outcome != Outcome.NOT_JUDGED:
            rules = rules_on(timezone.localdate(done_at), found.usage_point.class_edition)
            orders_open(check=made, rules=rules.management, actor=actor)
            found.state = TaskState.DONE
            found.save(update_fields=["state"])
    return Recorded(made)
