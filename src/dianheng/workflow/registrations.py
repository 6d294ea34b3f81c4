"""What this app tells the others at start: things to do, ticks."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.actions import register_actions
from dianheng.common.errors import Text
from dianheng.common.ticks import register_tick
from dianheng.common.todo import MINE, WAITING, TodoGroup, TodoItem, first_and_count, register_todo
from dianheng.identity.registry import AccessLine, register_access

from .models import PackInForce, ProcessTask
from .registry import Subject, register_subject
from .selectors import (
    duty_lines,
    step_title,
    steps_of,
    tasks_of_box,
    watch_news,
    wide_lines,
)
from .services import late_tick, starts_tick, timers_tick

SHOWN = 10


def _item(task: ProcessTask) -> TodoItem:
    return TodoItem(
        task.instance.title, reverse("process", args=[task.instance.number]),
        step_title(task), since=task.offered_at, due_on=task.due_at.date() if task.due_at else None,
        is_returned=task.is_returned,
    )  # fmt: skip


def todo(request: HttpRequest) -> Sequence[TodoGroup]:
    """Steps that the person has taken up, and those that wait for the person's posts."""
    groups = []
    for box, title in (
        ("mine", _("Steps of processes with me")),
        ("offered", _("Steps of processes for my posts")),
    ):
        rows = tasks_of_box(request.user.pk, box).order_by("due_at", "id")
        found, count = first_and_count(rows, SHOWN)
        if count:
            items = [_item(task) for task in found]
            groups.append(TodoGroup(title, items, count, f"{reverse('work')}?box={box}", MINE))
    return groups


def pack_stands(code: str) -> dict[str, int]:
    """The version in force: when it changes, a revision of its forms is looked at again."""
    rows = PackInForce.objects.filter(code=code).values_list("version__version", flat=True)
    return {"version": version} if (version := rows.first()) else {}


def watched(request: HttpRequest) -> Sequence[TodoGroup]:
    """What the person watches, when it was sent back or has ended."""
    news, count = first_and_count(watch_news(request.user.pk), SHOWN)
    if not count:
        return []
    items = [
        TodoItem(
            one.instance.title, reverse("process", args=[one.instance.number]),
            _("ended") if one.instance.ended_at else _("sent back"), since=one.since,
        )
        for one in news
    ]  # fmt: skip
    title, url = _("Watched processes that were sent back or have ended"), reverse("work")
    return [TodoGroup(title, items, count, f"{url}?box=watched", WAITING)]


def access(person_id: int) -> tuple[Text, list[AccessLine]]:
    """Steps that fall to the person's posts, and the ways to handle and approve."""
    steps = [
        AccessLine(f"{process} · {step}", role, reverse("pack", args=[code]))
        for process, step, role, code in steps_of(person_id)
    ]
    ways = [
        AccessLine(
            f"{line.handle_step} → {line.approve_step}", _("can handle and approve"),
            reverse("duty_path", args=[line.person.person_no, line.key]), "good" if line.is_accepted else "warn",
        )
        for line in duty_lines(person_id=person_id)
    ]  # fmt: skip
    return gettext_lazy("Steps of processes that fall to the posts"), [*ways, *steps]


def too_wide(person_id: int) -> tuple[Text, list[AccessLine]]:
    """Rights of the person that nothing in force needs."""
    lines = [
        AccessLine(
            f"{line.post.name} · {'、'.join(line.rights)}", line.kind.label,
            reverse("duty_wide", args=[line.key]), "good" if line.is_accepted else "warn",
        )
        for line in wide_lines(person_id)
    ]  # fmt: skip
    return gettext_lazy("Rights that nothing in force needs"), lines


register_access(access)
register_access(too_wide)
register_actions(
    {
        "catalogue.check": gettext_lazy("Check a catalogue of business items"),
        "catalogue.take": gettext_lazy("Take a catalogue of business items"),
        "catalogue.upload": gettext_lazy("Receive a catalogue of business items"),
        "duty.wide": gettext_lazy("Accept rights that nothing needs"),
        "duty.accept": gettext_lazy("Accept a way to handle and approve"),
        "pack.load": gettext_lazy("Load a pack of a process"),
        "pack.into_force": gettext_lazy("Bring a pack into force"),
        "pack.switch": gettext_lazy("Switch a process on or off"),
        "pack.lane_posts": gettext_lazy("Give the posts of a process"),
        "process.start": gettext_lazy("Start a process"),
        "process.remark": gettext_lazy("Remark on a process"),
        "process.timer": gettext_lazy("A timer of a process ran out"),
        "process.late": gettext_lazy("Tell that steps are late"),
        "process.message": gettext_lazy("A message for a process"),
        "process.migrate": gettext_lazy("Move a process to another version"),
        "process.watch": gettext_lazy("Watch a process"),
        "process.withdraw": gettext_lazy("Withdraw a process"),
        "process.suspend": gettext_lazy("Suspend a process"),
        "process.resume": gettext_lazy("Resume a process"),
        "remark.add": gettext_lazy("Note that a field does not fit"),
        "remark.answer": gettext_lazy("Answer remarks on a form"),
        "remark.revise": gettext_lazy("Begin the revision of a form"),
        "task.ask": gettext_lazy("Ask somebody for an opinion"),
        "task.claim": gettext_lazy("Take up a step"),
        "task.release": gettext_lazy("Give a step back"),
        "task.complete": gettext_lazy("Complete a step"),
        "task.hand_over": gettext_lazy("Hand a step over"),
        "task.send_back": gettext_lazy("Send a step back"),
        "task.urge": gettext_lazy("Urge a step"),
    }
)
register_subject(
    Subject("pack", gettext_lazy("Pack"), pack_stands, lambda code: reverse("pack", args=[code]))
)
register_todo(todo)
register_todo(watched, counts=False)
register_tick("workflow.timers", 5, timers_tick)
register_tick("workflow.late", 60, late_tick)
register_tick("workflow.starts", 300, starts_tick)
