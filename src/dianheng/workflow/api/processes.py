"""Processes by machine: what can be started, what waits, steps that are done; under `/api/v1/`."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from dianheng.common.errors import BadInput, NotFound, Refusal, Refused
from dianheng.common.pages import no_right
from dianheng.identity.selectors import unit_by_code, units_with_right
from dianheng.identity.services import actor_of

from .. import services
from ..models import FieldRemark, ProcessInstance, ProcessTask
from ..selectors import (
    content_digest,
    instance_by_number,
    pack_in_force,
    packs_in_force,
    step_title,
    task_boxes,
    tasks_of_box,
    titles_of,
    visible_instance,
    with_version,
)
from ..selectors.remarks import remarks_of

router = Router()
VIEW, START = "workflow.view", "workflow.start"


def _rights(request: HttpRequest, right: str = VIEW) -> Any:
    rights = request.rights  # type: ignore[attr-defined]
    if not rights.may(right):
        raise Refused(no_right(right))
    return rights


def _refuse_narrow(request: HttpRequest) -> None:
    """Steps belong to posts, not to rights: a token that is narrowed to others does none."""
    scopes = getattr(request, "scopes", None)
    if scopes and START not in scopes:
        raise Refused(no_right(START))


class PackOut(Schema):
    """A process that can be started."""

    process: str
    title: str
    module: str
    business_class: str
    version: int


class ProcessOut(Schema):
    """An instance as it stands."""

    number: str
    process: str
    version: int
    unit: str
    title: str
    subject: str
    state: str
    started_by: str
    started_at: datetime
    ended_at: datetime | None


class StepOut(Schema):
    """A step of an instance."""

    key: int
    number: str
    task: str
    title: str
    role: str
    state: str
    posts: list[str]
    assignee: str
    offered_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    done_by: str
    acting_for: str


class EntryOut(Schema):
    """What somebody wrote on the form of a step."""

    key: int = Field(description="`key` of the step.")
    person: str
    acting_for: str
    opinion: str
    data: dict[str, Any]
    digest: str
    seen: str
    is_signed: bool
    at: datetime


class ProcessWholeOut(ProcessOut):
    """An instance with its steps and forms."""

    content: str = Field(description="Digest of what an approver decides on now; sent as `seen`.")
    steps: list[StepOut]
    entries: list[EntryOut]


def _facts(one: ProcessInstance) -> dict[str, Any]:
    return {
        "number": one.number, "process": one.pack.code, "version": one.pack.version,
        "unit": one.unit.code, "title": one.title, "subject": one.subject, "state": one.state,
        "started_by": one.started_by.person_no, "started_at": one.started_at,
        "ended_at": one.ended_at,
    }  # fmt: skip


def _step(task: ProcessTask) -> StepOut:
    return StepOut(
        key=task.pk, number=task.instance.number, task=task.task,
        title=step_title(task), role=task.role, state=task.state,
        posts=task.posts, assignee=task.assignee.person_no if task.assignee else "",
        offered_at=task.offered_at, due_at=task.due_at, ended_at=task.ended_at,
        done_by=task.done_by.person_no if task.done_by else "",
        acting_for=task.acting_for.person_no if task.acting_for else "",
    )  # fmt: skip


@router.get("processes/packs", response=list[PackOut])
def packs(request: HttpRequest) -> list[PackOut]:
    """Processes in force, and switched on where one is, that one may start."""
    _rights(request, START)
    unit = request.user.unit  # type: ignore[union-attr]
    return [
        PackOut(
            process=one.code, title=titles_of(one), module=one.module,
            business_class=one.business_class, version=one.version,
        )
        for one in packs_in_force("" if unit is None else unit.path)
    ]  # fmt: skip


class ProcessesIn(Schema):
    """Which instances."""

    process: str = ""
    state: str = ""
    subject: str = ""
    after: str = Field("", description="`number` of the last one of the page before.")
    limit: int = Field(100, ge=1, le=1000)


@router.get("processes", response=list[ProcessOut])
def processes(request: HttpRequest, wanted: Query[ProcessesIn]) -> list[ProcessOut]:
    """Instances of the units one may see, newest first."""
    units = units_with_right(_rights(request), VIEW)
    rows = with_version(ProcessInstance.objects.select_related("unit", "started_by"))
    rows = rows.filter(unit__in=units)
    if wanted.process:
        rows = rows.filter(pack__code=wanted.process)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.subject:
        rows = rows.filter(subject=wanted.subject)
    if wanted.after:
        rows = rows.filter(pk__lt=instance_by_number(wanted.after).pk)
    return [ProcessOut(**_facts(row)) for row in rows.order_by("-pk")[: wanted.limit]]


class StartIn(Schema):
    """What is to be started."""

    process: str = Field(description="Code of the process, as `processes/packs` has it.")
    unit: str = Field(description="Code of the unit.")
    title: str = Field(min_length=1, max_length=80)
    subject: str = Field("", description="What it is about, as the ledger names it: `lot:…`.")
    request_key: str = Field(description="The same key again has no second effect.", min_length=8)


@router.post("processes", response={201: ProcessOut})
def start(request: HttpRequest, sent: StartIn) -> ProcessOut:
    """Start a process in a unit."""
    _rights(request, START)
    pack_in_force(sent.process)
    made = services.instance_start(
        code=sent.process, unit=unit_by_code(sent.unit), title=sent.title, subject=sent.subject,
        actor=actor_of(request), request_key=sent.request_key,
    )  # fmt: skip
    return ProcessOut(**_facts(instance_by_number(made.number)))


@router.get("processes/{number}", response=ProcessWholeOut)
def process(request: HttpRequest, number: str) -> ProcessWholeOut:
    """One instance: its steps, and what was written on their forms."""
    found = _seen(request, number)
    tasks = found.tasks.select_related("assignee", "done_by", "acting_for").prefetch_related(
        "entries__person", "entries__acting_for"
    )
    steps, entries = [], []
    for task in tasks.order_by("pk"):
        task.instance = found
        steps.append(_step(task))
        for entry in task.entries.all():
            entries.append(
                EntryOut(
                    key=task.pk, person=entry.person.person_no, opinion=entry.opinion,
                    acting_for=entry.acting_for.person_no if entry.acting_for else "",
                    data=entry.data, digest=entry.digest, seen=entry.seen,
                    is_signed=entry.is_signed, at=entry.at,
                )
            )  # fmt: skip
    return ProcessWholeOut(
        **_facts(found), content=content_digest(found), steps=steps, entries=entries
    )


def _seen(request: HttpRequest, number: str) -> ProcessInstance:
    return visible_instance(number, request.user.pk, _rights(request))  # type: ignore[arg-type]


class WorkIn(Schema):
    """Which part of the to-do centre."""

    box: str = Field("mine", description="mine offered returned late started watched done")
    limit: int = Field(100, ge=1, le=1000)


@router.get("work", response=list[StepOut])
def work(request: HttpRequest, wanted: Query[WorkIn]) -> list[StepOut]:
    """Steps that wait for one, by the parts of the to-do centre; newest first."""
    _rights(request)
    if wanted.box not in {box.key for box in task_boxes(request.user.pk)}:  # type: ignore[arg-type]
        raise BadInput(_("The to-do centre has no such part."))
    rows = tasks_of_box(request.user.pk, wanted.box)  # type: ignore[arg-type]
    rows = rows.select_related("done_by", "acting_for")
    return [_step(task) for task in rows.order_by("-pk")[: wanted.limit]]


def _task(request: HttpRequest, number: str, key: int) -> ProcessTask:
    _refuse_narrow(request)
    found = _seen(request, number)
    task = found.tasks.filter(pk=key).first()
    if task is None:
        text = _("%(number)s has no step %(key)s.") % {"number": number, "key": key}
        raise NotFound(text, number=number, key=key)
    task.instance = found
    return task


def _again(task: ProcessTask) -> StepOut:
    rows = with_version(ProcessTask.objects.all(), "instance__pack")
    return _step(rows.select_related("assignee", "done_by", "acting_for").get(pk=task.pk))


@router.post("processes/{number}/steps/{key}/claim", response=StepOut)
def claim(request: HttpRequest, number: str, key: int) -> StepOut:
    """Take a step up."""
    return _again(services.task_claim(task=_task(request, number, key), actor=actor_of(request)))


@router.post("processes/{number}/steps/{key}/release", response=StepOut)
def release(request: HttpRequest, number: str, key: int) -> StepOut:
    """Put a step back for its posts."""
    return _again(services.task_release(task=_task(request, number, key), actor=actor_of(request)))


class FormIn(Schema):
    """The form of a step, whole."""

    data: dict[str, Any]
    seen: str = Field("", description="Of an approval: `content` of the process as it was read.")
    password: str = Field("", description="Of an approval: the person's, which signs it.")
    request_key: str = Field(description="The same key again has no second effect.", min_length=8)


@router.post("processes/{number}/steps/{key}/complete", response=StepOut)
def complete(request: HttpRequest, number: str, key: int, sent: FormIn) -> StepOut:
    """Send the form of a step; an approval is signed over what was read."""
    task = _task(request, number, key)
    signs = task.role == "approve" and sent.data.get("opinion") != "back"
    if signs and not sent.password:
        raise Refused(Refusal("password", _("An approval is signed with your password.")))
    services.task_complete(
        task=task, data=sent.data, actor=actor_of(request), request_key=sent.request_key,
        seen=sent.seen if task.role == "approve" else None,
        password=sent.password if signs else None,
    )  # fmt: skip
    return _again(task)


class BackIn(Schema):
    """Why, and to which step."""

    reason: str = Field(min_length=1)
    to: str = Field("", description="Step of the way that led here; empty: the one before.")


@router.post("processes/{number}/steps/{key}/back", response=StepOut)
def back(request: HttpRequest, number: str, key: int, sent: BackIn) -> StepOut:
    """Send back to a step of the way that led here."""
    task = _task(request, number, key)
    services.task_send_back(task=task, actor=actor_of(request), reason=sent.reason, to=sent.to)
    return _again(task)


class RemarkIn(Schema):
    """What on the form of a step does not fit."""

    field: str = Field("", description="Of the form; empty: the form as a whole.")
    kind: str = Field(description="choice unit field limit other")
    text: str = Field(min_length=1, max_length=1000)
    proposal: str = Field("", max_length=1000)
    request_key: str = Field(description="The same key again has no second effect.", min_length=8)


class RemarkOut(Schema):
    """A remark on a form, and how it was answered."""

    key: int
    number: str
    task: str
    field: str
    kind: str
    text: str
    proposal: str
    unit: str
    person: str
    at: datetime
    version: int
    revision: str = Field(description="Number of the revision that took it up.")
    outcome: str = Field(description="adopted declined; empty: not answered.")
    answer: str


def _remark(one: FieldRemark) -> RemarkOut:
    return RemarkOut(
        key=one.pk, number=one.task.instance.number, task=one.step, field=one.field, kind=one.kind,
        text=one.text, proposal=one.proposal, unit=one.unit.code, person=one.person.person_no,
        at=one.at, version=one.version, revision=one.revision.number if one.revision else "",
        outcome=one.outcome, answer=one.answer,
    )  # fmt: skip


@router.post("processes/{number}/steps/{key}/remarks", response={201: RemarkOut})
def remark(request: HttpRequest, number: str, key: int, sent: RemarkIn) -> RemarkOut:
    """Note that a field of a step's form does not fit."""
    task = _task(request, number, key)
    made = services.remark_add(task=task, actor=actor_of(request), **sent.dict())
    return _remark(remarks_of(made.code).get(pk=made.pk))


@router.get("processes/packs/{code}/remarks", response=list[RemarkOut])
def remarks(request: HttpRequest, code: str, limit: int = 100) -> list[RemarkOut]:
    """Remarks on the forms of a process, the newest first; of the units one may see."""
    units = units_with_right(_rights(request), VIEW)
    rows = remarks_of(pack_in_force(code).code).filter(unit__in=units)
    return [_remark(one) for one in rows[: max(1, min(limit, 1000))]]
