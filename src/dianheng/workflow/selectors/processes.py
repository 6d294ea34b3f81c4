"""Reads of processes: what somebody has to do, the course of an instance."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit
from dianheng.identity.selectors import rights_of

from ..choices import OPEN_STATES, NoteKind, TaskState
from ..engine import Running, Step, restore
from ..errors import WrongExpression
from ..expressions import evaluate
from ..models import (
    EngineState,
    FormEntry,
    PackVersion,
    ProcessInstance,
    ProcessTask,
    TaskAsked,
)
from ..registry import beside_facts, subject_facts
from .packs import definition_of, form_of, kept, packs_offered_below, text_of, with_version
from .watches import watched_keys

Held = Sequence[tuple[str, str, int | None]]


def posts_held(person_id: int) -> Held:
    """Posts of a person: code, path of the unit, and for whom where it is a stand-in's."""
    grants = rights_of(person_id).grants
    return [(grant.post_code, grant.unit_path, grant.from_person_id) for grant in grants]


def instance_by_number(number: str) -> ProcessInstance:
    """The instance, or NotFound in words."""
    rows = with_version(ProcessInstance.objects.select_related("unit", "started_by"))
    found = rows.filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no process %(number)s.") % {"number": number}, number=number)
    found.pack = kept(found.pack)
    return found


_KNOWN = """
select t.*, exists (select from workflow_taskasked a where a.task_id = t.id) as asks
  from workflow_processtask t where t.instance_id = %s order by t.id
"""


def tasks_known(instance: ProcessInstance) -> list[ProcessTask]:
    """Its tasks in their order, each with whom it asks; as `instance.known` until read anew.

    Every step of a process begins with them: by hand they take a sixth of Django's own way.
    """
    units = {unit.pk: unit for unit in (instance.unit, instance.unit.parent) if unit is not None}
    instance.known = list(ProcessTask.objects.raw(_KNOWN, [instance.pk]))
    for task in instance.known:
        task.instance, task.whom = instance, []
        if task.unit_id in units:
            task.unit = units[task.unit_id]
    if any(task.asks for task in instance.known):
        tasks = {task.pk: task for task in instance.known}
        for row in TaskAsked.objects.filter(task__in=tasks):
            row.task = tasks[row.task_id]
            row.task.whom.append(row)
    return instance.known


def origin_of(instance: ProcessInstance) -> str:
    """Number of the instance whose step began this one; empty: a person or the clock did."""
    notes = instance.notes.filter(kind=NoteKind.START).values_list("facts__from", flat=True)
    return notes.first() or ""


def begun_by(instance: ProcessInstance) -> list[ProcessInstance]:
    """Instances that steps of this one have begun, in their order."""
    numbers = []
    for answer in instance.notes.filter(kind=NoteKind.SERVICE).values_list(
        "facts__answer", flat=True
    ):
        if isinstance(answer, Mapping):
            numbers += [answer.get("number"), *(answer.get("begun") or ())]
    rows = ProcessInstance.objects.filter(number__in=[n for n in numbers if isinstance(n, str)])
    return list(with_version(rows.select_related("unit")).order_by("pk"))


def served(instance: ProcessInstance, service: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What a service was last given by the instance and answered; None: not called yet."""
    tasks = [code for code, plan in kept(instance.pack).plan["tasks"].items() if plan["service"] == service]  # fmt: skip
    notes = instance.notes.filter(kind=NoteKind.SERVICE, facts__step__in=tasks)
    facts = notes.order_by("-pk").values_list("facts", flat=True).first()
    return (facts["inputs"], facts["answer"]) if facts else None


def process_named(document: str) -> str:
    """Number of the process that a document names (`process:SJ2026-000003`); empty: another kind."""
    kind, _colon, number = document.partition(":")
    return number if kind == "process" else ""


def visible_instance(number: str, person_id: int, rights: Any) -> ProcessInstance:
    """The instance, for who may see its unit, has started it, or has a part in it.

    Raises:
        NotFound: it is not there, or not for this person.
    """
    found = instance_by_number(number)
    is_part = (
        found.started_by_id == person_id
        or found.tasks.filter(Q(assignee_id=person_id) | Q(done_by_id=person_id)).exists()
        or found.tasks.filter(asked__person_id=person_id).exists()
    )
    if not rights.may("workflow.view", found.unit.path) and not is_part:
        raise NotFound(_("There is no process %(number)s.") % {"number": number}, number=number)
    return found


# -- what somebody has to do -------------------------------------------------------------------

_OFFERED = """
select t.id from workflow_processtask t join identity_unit u on u.id = t.unit_id
 where t.state = 'open' and t.share is null and exists (
       select 1 from unnest(%(posts)s::text[], %(paths)s::text[]) as h(post, path)
        where h.post = any(t.posts) and starts_with(u.path, h.path))
union
select a.task_id from workflow_taskasked a join workflow_processtask t on t.id = a.task_id
 where a.answered_at is null and a.person_id = any(%(people)s)
   and t.state in ('open', 'claimed')
"""


def offered_keys(person_id: int) -> list[int]:
    """Keys of what waits for somebody of the person's posts, or for the person's opinion."""
    held = posts_held(person_id)
    people = [person_id, *{for_id for _code, _path, for_id in held if for_id is not None}]
    facts = {"posts": [h[0] for h in held], "paths": [h[1] for h in held], "people": people}
    with connection.cursor() as cursor:
        cursor.execute(_OFFERED, facts)
        return [row[0] for row in cursor.fetchall()]


_HOLDERS = """
select distinct h.person_id from identity_postholding h
  join identity_post p on p.id = h.post_id and p.code = any(%(posts)s)
  join identity_unit u on u.id = h.unit_id and starts_with(%(path)s, u.path)
  join identity_person w on w.id = h.person_id and w.is_active
 where h.valid_from <= %(on)s and (h.valid_through is null or h.valid_through >= %(on)s)
 order by 1
"""


def holders_of(posts: Sequence[str], unit: Unit) -> list[int]:
    """Keys of the people who hold one of the posts over a unit today."""
    facts = {"posts": list(posts), "path": unit.path, "on": timezone.localdate()}
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, facts)
        return [row[0] for row in cursor.fetchall()]


def content_of(instance: ProcessInstance, at: ProcessTask | None = None) -> dict[str, Any]:
    """What an approver decides on: the forms of those who handled it, by step.

    Args:
        at: as it was when this task was offered; None: as it is now.
    """
    rows = FormEntry.objects.filter(task__instance=instance, task__role="handle", asked=None)
    if at is not None:
        rows = rows.filter(task__lt=at)
    return dict(rows.order_by("pk").values_list("task__task", "data"))


def content_digest(instance: ProcessInstance) -> str:
    """Digest of what an approver decides on: which matter, its forms and files, its thing."""
    matter = {"number": instance.number, "title": instance.title}
    whole = {
        **matter, "forms": content_of(instance), "subject": subject_facts(instance.subject),
        **beside_facts(instance),
    }  # fmt: skip
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Changed:
    """A field that is not what it was when the step was last decided.

    Of a table only the rows that went and the rows that came, each as one text.
    """

    step: str
    field: str
    before: Sequence[str]
    now: Sequence[str]


def changes_since(task: ProcessTask) -> list[Changed]:
    """What was changed since somebody decided at this step before; empty at the first time."""
    earlier = (
        ProcessTask.objects.filter(instance_id=task.instance_id, task=task.task, pk__lt=task.pk)
        .exclude(ended_at=None)
        .order_by("-pk")
        .first()
    )
    if earlier is None:
        return []
    plan = kept(task.instance.pack).plan
    before, now = content_of(task.instance, earlier), content_of(task.instance)
    found = []
    for step in now:
        schema = plan["forms"][plan["tasks"][step]["form"]]
        for name in schema["order"]:
            old, new = before.get(step, {}).get(name, ""), now[step].get(name, "")
            if old != new:
                label = text_of(schema["properties"][name]["label"])
                title = text_of(plan["tasks"][step]["title"])
                field = schema["properties"][name]
                before_texts, now_texts = _texts(field, old), _texts(field, new)
                went = [text for text in before_texts if text not in now_texts]
                came = [text for text in now_texts if text not in before_texts]
                found.append(Changed(title, label, went, came))
    return found


def _texts(field: Mapping[str, Any], value: Any) -> list[str]:
    """A value as texts: of a table one for each row, its columns in their order."""
    if field["format"] == "rows":
        order = field["items"]["order"]
        return [" ".join(str(row[c]) for c in order if c in row) for row in value or ()]
    return [str(value)] if value != "" else []


def earlier_entry(task: ProcessTask) -> Mapping[str, Any]:
    """What was written when the step was last done, to be mended instead of typed anew.

    At the first time what the form takes over from steps before (`prefill`).
    """
    earlier = (
        FormEntry.objects.filter(
            task__instance_id=task.instance_id, task__task=task.task, asked=None
        )
        .order_by("-pk")
        .first()
    )
    return earlier.data if earlier else _prefilled(task)


def _prefilled(task: ProcessTask) -> dict[str, Any]:
    """What the form takes over from where the process stands: forms, answers of services, messages."""
    schema = form_of(task, task.instance.pack)
    texts = schema.get("prefill") or {}
    running = _running(task) if texts else None
    if running is None:
        return {}
    known = running.data_of(task.step)
    found = {}
    for name, text in texts.items():
        try:
            value = evaluate(text, known)
        except WrongExpression:
            continue
        if value is not None:
            found[name] = value
    return found


def _running(task: ProcessTask) -> Running | None:
    """The engine where the instance of an open task stands."""
    from ..calendar import timer_of

    instance = task.instance
    state = EngineState.objects.filter(instance=instance).values_list("state", flat=True).first()
    if state is None or not task.is_open:
        return None
    return restore(definition_of(instance.pack), state, timer_of(instance.unit_id))


def open_path(task: ProcessTask) -> list[Step]:
    """Steps of the way that led to an open task, the nearest first: it can be sent back there."""
    running = _running(task)
    return running.path(task.step) if running else []


@dataclass(frozen=True)
class Box:
    """A part of what somebody has to do, with its count."""

    key: str
    label: Any
    count: int | None


def tasks_of_box(person_id: int, box: str) -> QuerySet[ProcessTask]:
    """Tasks of one part: mine, offered, returned, late, started, watched, done."""
    rows = ProcessTask.objects.select_related("instance__unit", "assignee")
    rows = with_version(rows, "instance__pack")
    mine = Q(assignee_id=person_id, state=TaskState.CLAIMED)
    if box == "mine":
        return rows.filter(mine)
    if box == "offered":
        return rows.filter(pk__in=offered_keys(person_id))
    if box == "returned":
        return rows.filter(mine, is_returned=True)
    if box == "late":
        return rows.filter(mine, due_at__lt=timezone.now())
    if box == "watched":
        return rows.filter(pk__in=watched_keys(person_id))
    if box == "started":
        return rows.filter(instance__started_by_id=person_id, state__in=OPEN_STATES)
    return rows.filter(done_by_id=person_id, state=TaskState.DONE)


def task_boxes(person_id: int) -> list[Box]:
    """All parts; what is done is not counted, since it only grows."""
    names = {
        "mine": _("Mine"), "offered": _("My posts'"), "returned": _("Sent back to me"),
        "late": _("Late"), "started": _("Started by me"),
        "watched": _("Watched"), "done": _("Done by me"),
    }  # fmt: skip
    return [
        Box(key, label, None if key == "done" else tasks_of_box(person_id, key).count())
        for key, label in names.items()
    ]


def catalogue_for(rights: Any) -> list[tuple[str, list[tuple[str, list[PackVersion]]]]]:
    """Module › class › processes that somebody can start somewhere."""
    shown: dict[str, dict[str, list[PackVersion]]] = {}
    for version in packs_offered_below(rights.paths("workflow.start")):
        classes = shown.setdefault(version.module, {})
        classes.setdefault(version.business_class, []).append(version)
    return [(module, sorted(classes.items())) for module, classes in sorted(shown.items())]
