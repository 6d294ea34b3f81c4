"""A check on site is recorded: read, judged, kept, with the orders that follow, or not at all."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceKind, HungRole
from dianheng.assets.models import Device
from dianheng.assets.selectors.installations import hanging_at
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.common.texts import why
from dianheng.customers.models import UsagePoint
from dianheng.documents.models import StoredFile
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Person
from dianheng.identity.services import require_sent, write_batch
from dianheng.metrology.errors import MetrologyError
from dianheng.standards.models import StandardCertificate
from dianheng.verification.selectors.laboratory import LaboratoryFacts

from ..choices import JUDGED, NO_VERDICT, Source, TaskKind, TaskReason, TaskState
from ..models import FieldCheck, FieldTask
from ..rules import Calibrator, guard_two_people, outcome_of
from ..selectors import signing_unit, transformers_at
from ..sheet import Problem, Sheet, read_sheet
from .first import is_open, still_missing
from .judge import Judged, Rules, circuit_of, judge, rules_on
from .orders import orders_open
from .transformers import judge_transformer, kept_points, transformer_at

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


@dataclass(frozen=True)
class Grounds:
    """What a check of a moment rests on: editions, and the calibrator with its certificate."""

    at: datetime
    day: date
    rules: Rules
    calibrator: Calibrator
    tool: Device | None
    certificate: StandardCertificate | None


def _grounds(point: UsagePoint, at: datetime, calibrator_no: str) -> Grounds:
    day = timezone.localdate(at)
    facts = LaboratoryFacts.load([calibrator_no], [], [])
    tool = facts.device_of(calibrator_no) if calibrator_no else None
    stood = facts.equipment_on(calibrator_no, tool, day, at)
    calibrator = Calibrator(
        stood.number, stood.is_known, stood.is_in_date, stood.is_stopped, stood.accuracy_class,
        away=stood.away,
    )  # fmt: skip
    certificate = facts.certificate_on(tool, day) if tool else None
    try:
        rules = rules_on(day, point.class_edition)
    except MetrologyError as error:
        text = why(error)
        faults = [{"field": "done_at", "code": error.code, "text": text}]
        raise BadInput(text, faults) from None
    return Grounds(at, day, rules, calibrator, tool, certificate)


@dataclass
class Taken:
    """What came in, read and judged."""

    sheet: Sheet
    judged: Judged
    meter: Device | None
    transformer: Device | None = None
    more: dict[str, Any] = field(default_factory=dict)  # of the sheet that is kept


def _take(point: UsagePoint, meter: Device | None, raw: Mapping[str, Any], on: Grounds) -> Taken:
    stated = str(raw.get("transformer") or "").strip()
    transformer = transformer_at(point, stated, on.at) if stated else None
    measured = None if stated else meter
    sheet, problems = read_sheet(raw, circuit_of(point, measured), on.rules.wiring)
    judged = Judged(problems=problems)
    if on.tool is not None and on.tool.kind == DeviceKind.BENCH:
        text = _(
            "%(number)s is a bench of the laboratory, which is not used on site: name the instrument"
            " that measured."
        )
        problems.append(
            Problem("calibrator_no", "bench", str(text % {"number": on.calibrator.number}))
        )
    if stated:
        found = Taken(sheet, judged, meter, transformer, kept_points(raw))
        if transformer is None:
            text = _("Transformer %(no)s did not hang there on that day.")
            problem = Problem("transformer", "not_here", str(text % {"no": stated[:40]}))
            problems.append(problem)
        else:
            judged.used.append(on.rules.management)
            judge_transformer(
                judged, sheet, raw, device=transformer, at=on.at, day=on.day,
                calibrator=on.calibrator,
            )  # fmt: skip
        return found
    named = str(raw.get("meter") or "").strip()
    if meter is not None and named and named not in (meter.barcode, meter.asset_no):
        text = _("The record is of meter %(stated)s, but %(meter)s hung there on that day.")
        facts = {"stated": named[:40], "meter": meter.barcode}
        problems.append(Problem("meter", "other_meter", str(text % facts)))
    if not problems:
        judged = judge(
            sheet, point=point, meter=meter, rules=on.rules, day=on.day, calibrator=on.calibrator
        )
    return Taken(sheet, judged, meter)


def digest_of(*what: Any) -> str:
    """SHA-256 of what came in, for the same upload twice."""
    text = json.dumps(what, sort_keys=True, ensure_ascii=False, default=str)
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
        raw: what was measured by the names of `sheet`, as text; of a transformer its number as
            `transformer` and its `points` as the upload format has them.
        received: what came in, where it had another form.
        upload_id: names this upload; the same one again brings the same record.

    Raises:
        BadInput: everything that is wrong with it; nothing is kept.
        Refused: `repeated`: the upload has other content than before.
    """
    actor = require_sent(actor, RECORD, task.unit_id)
    leader, second = leader or task.leader, second or task.second
    refuse(guard_two_people(leader.pk, second.pk))
    with write_batch(actor=actor, action="fieldcheck.record") as batch:
        held = FieldTask.objects.select_related("usage_point__unit").select_for_update(of=("self",))
        found = held.get(pk=task.pk)
        if done_at > batch.at + AHEAD:
            text = _("That moment has not come yet.")
            raise BadInput(text, [{"field": "done_at", "code": "future", "text": text}])
        on = _grounds(found.usage_point, done_at, calibrator_no)
        # The same readings of another moment, calibrator or crew are a corrected entry.
        same = {
            "digest": digest_of(found.number, dict(raw)), "done_at": done_at,
            "calibrator_no": on.calibrator.number, "leader_id": leader.pk, "second_id": second.pk,
        }  # fmt: skip
        known = {"upload_id": upload_id} if upload_id else same
        if (earlier := FieldCheck.objects.filter(**known).order_by("pk").first()) is not None:
            if all(getattr(earlier, name) == value for name, value in same.items()):
                return Recorded(earlier, is_repeat=True)
            text = _("Upload %(id)s came before with other content, as %(no)s.")
            facts = {"id": upload_id[:64], "no": earlier.number}
            raise Refused(Refusal("repeated", text % facts, facts))
        if found.state == TaskState.CANCELLED:
            raise Refused(Refusal("state", _("Task %(no)s was called off.") % {"no": found.number}))
        taken = _take(found.usage_point, meter_at(found, done_at), raw, on)
        judged, sheet = taken.judged, taken.sheet
        if judged.problems:
            text = _("The record has %(count)s faults: nothing was kept.")
            errors = [problem.as_error() for problem in judged.problems]
            raise BadInput(text % {"count": len(errors)}, errors)
        if found.reason == TaskReason.FIRST and taken.transformer is None:
            judged.used.append(on.rules.first)
            judged.results += still_missing(found, judged.results, done_at, on.rules.first)
        judged.blocks += judged.unsigned(signing_unit(on.tool, found))
        outcome = outcome_of((one["conclusion"] for one in judged.results), judged.blocks)
        year = timezone.localtime(done_at).year
        (number,) = numbers_take(key="field_check", unit_id=found.unit_id, year=year)
        made = FieldCheck.objects.create(
            number=number, task=found, attempt=found.checks.count() + 1, meter=taken.meter,
            transformer=taken.transformer, calibrator=on.tool,
            certificate_no=on.certificate.number if on.certificate else "",
            certificate_through=on.certificate.valid_through if on.certificate else None,
            received=received if received is not None else dict(raw),
            sheet=sheet.as_json() | taken.more, file=file, source=source,
            upload_id=upload_id or digest_of(same), results=judged.results, rule_sets=judged.rule_sets,
            blocks=[one.as_json() for one in judged.blocks], outcome=outcome,
            signer=sheet.texts.get("signer", ""), recorded_by_id=actor.person_id, **same,
        )  # fmt: skip
        if outcome not in NO_VERDICT:
            orders_open(check=made, rules=on.rules.management, actor=actor)
            if is_done(found, made):
                found.state = TaskState.DONE
                found.save(update_fields=["state"])
    return Recorded(made)


def is_done(task: FieldTask, made: FieldCheck) -> bool:
    """Whether a record with a verdict ends its task.

    Of transformers all that hang there are wanted, of a first check all of its items.
    """
    if task.kind != TaskKind.TRANSFORMER:
        is_left = task.reason == TaskReason.FIRST and is_open(task, made)
        return made.transformer_id is None and not is_left
    wanted = set(transformers_at(task.usage_point, made.done_at).values_list("device", flat=True))
    has = task.checks.filter(outcome__in=JUDGED).values_list("transformer", flat=True)
    return made.transformer_id is not None and wanted <= set(has)


def check_again(*, check: FieldCheck, actor: Actor) -> Recorded:
    """Judge a record without verdict by what stands now, as another attempt of its task.

    Raises:
        Refused: `has_verdict`; `still`: nothing has changed that kept the verdict back.
    """
    if check.outcome not in NO_VERDICT:
        text = _("%(no)s has a verdict.") % {"no": check.number}
        raise Refused(Refusal("has_verdict", text))
    with write_batch(actor=actor, action="fieldcheck.again", reason=check.number):
        made = check_record(
            task=check.task, raw=check.sheet, done_at=check.done_at, actor=actor,
            calibrator_no=check.calibrator_no, leader=check.leader, second=check.second,
            source=check.source, received=check.received, file=check.file,
            upload_id=f"again:{check.number}",
        )  # fmt: skip
        if made.check.outcome in NO_VERDICT:
            text = _("What kept the verdict of %(no)s back still does.") % {"no": check.number}
            raise Refused(Refusal("still", text))
    return made
