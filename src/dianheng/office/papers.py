"""Data of the office's papers: the sheet of a process."""

from collections.abc import Iterable

from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for
from dianheng.identity.models import Person, PostHolding
from dianheng.workflow.fields import Drawn, drawn_fields
from dianheng.workflow.models import FormEntry, ProcessInstance, ProcessNote, ProcessTask
from dianheng.workflow.registry import subject_said
from dianheng.workflow.selectors import form_of, sheet_name, text_of, titles_of

from .selectors import files_of

Held = dict[int, dict[str, str]]  # person -> code of a post held, ever -> its name


def sheet_of(instance: ProcessInstance) -> paper.ApprovalSheet:
    """What was asked for, as it was sent last, and every opinion in the order of time."""
    plan = instance.pack.plan["tasks"]
    tasks = {task.pk: task for task in instance.tasks.select_related("done_by", "acting_for")}
    entries = list(
        FormEntry.objects.filter(task__in=tasks)
        .select_related("task", "person", "acting_for", "asked")
        .order_by("at", "pk")
    )
    held = _posts_held(
        one.acting_for or by
        for one, by in (
            *((entry, entry.person) for entry in entries),
            *((task, task.done_by) for task in tasks.values()),
        )
        if by
    )
    back = {note.task_id: note for note in instance.notes.filter(kind="send_back").order_by("-pk")}
    last = {e.task.task: e for e in entries if e.asked_id is None and e.task.role == "handle"}
    forms = tuple(
        _form(text_of(plan[name]["title"]), drawn_fields(form_of(entry.task, instance.pack), entry.data, spare=False))
        for name, entry in last.items()
    )  # fmt: skip
    is_joint = {task.pk for task in tasks.values() if task.share is not None}
    steps = [
        _step(entry, text_of(plan[entry.task.task]["title"]), held, instance)
        for entry in entries
        # What people who sign together decided stands in their own lines.
        if not (entry.task_id in is_joint and entry.asked_id is None)
    ]
    steps += [
        _returned(task, instance, held, back.get(task.pk))
        for task in tasks.values()
        if task.state == "sent_back" and task.done_by
    ]
    return paper.ApprovalSheet(
        number=instance.number, created_at=timezone.localtime(), body=body_for(instance.unit),
        process=titles_of(instance.pack), heading=sheet_name(instance.pack),
        subject=instance.title, unit=instance.unit.name,
        started_by=instance.started_by.name, started_at=timezone.localtime(instance.started_at),
        state=str(instance.get_state_display()), about=subject_said(instance.subject), forms=forms,
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        files=tuple(
            paper.FileLine(
                name=one.name, size=filesizeformat(one.file.size), digest=one.file.digest,
                by=one.person.name, at=timezone.localtime(one.at), text=one.text,
            )
            for one in files_of(instance)
        ),
    )  # fmt: skip


def _form(heading: str, fields: list[Drawn]) -> paper.FilledForm:
    return paper.FilledForm(
        heading=heading,
        fields=tuple(
            (f"{f.label}（{f.unit}）" if f.unit else f.label, f.shown)
            for f in fields
            if f.kind != "rows" and f.shown
        ),
        tables=tuple(
            (
                f.label,
                tuple(column.label for column in f.columns),
                tuple(tuple(cell.shown for cell in row) for row in f.rows),
            )
            for f in fields
            if f.kind == "rows"
        ),
    )


def _step(entry: FormEntry, title: str, held: Held, instance: ProcessInstance) -> paper.StepLine:
    fields = drawn_fields(form_of(entry.task, instance.pack), entry.data, spare=False)
    opinion = next((f.shown for f in fields if f.kind == "opinion"), "")
    said = [
        f.shown if f.kind == "long_text" else f"{f.label}：{f.shown}"
        for f in fields
        if f.shown and f.kind != "opinion"
    ]
    return paper.StepLine(
        step=title, name=entry.person.name, post=_posts(entry.task, entry.acting_for or entry.person, held),
        on_behalf_of=entry.acting_for.name if entry.acting_for else "",
        at=timezone.localtime(entry.at), opinion=opinion, text="" if entry.task.role == "handle" else "\n".join(said),
        digest=entry.seen if entry.is_signed else "",
    )  # fmt: skip


def _returned(
    task: ProcessTask, instance: ProcessInstance, held: Held, note: ProcessNote | None
) -> paper.StepLine:
    return paper.StepLine(
        step=text_of(instance.pack.plan["tasks"][task.task]["title"]), name=task.done_by.name,  # type: ignore[union-attr]
        post=_posts(task, task.acting_for or task.done_by, held), on_behalf_of=task.acting_for.name if task.acting_for else "",
        at=timezone.localtime(task.ended_at), opinion=str(task.get_state_display()),
        text=note.text if note else "",
    )  # fmt: skip


def _posts_held(people: Iterable[Person]) -> Held:
    """Posts of all these people, asked once."""
    held: Held = {}
    rows = PostHolding.objects.filter(person__in={person.pk for person in people}).order_by("pk")
    for person_id, code, name in rows.values_list("person_id", "post__code", "post__name"):
        held.setdefault(person_id, {})[code] = name
    return held


def _posts(task: ProcessTask, person: Person, held: Held) -> str:
    """The posts of the step that the person holds; of who was asked beside them the person's own."""
    own = held.get(person.pk, {})
    return "、".join(
        [name for code, name in own.items() if code in task.posts] or [*own.values()][:1]
    )
