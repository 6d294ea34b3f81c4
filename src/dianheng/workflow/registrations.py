"""What this app tells the others at start: things to do, ticks."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.ticks import register_tick
from dianheng.common.todo import MINE, TodoGroup, TodoItem, first_and_count, register_todo

from .models import ProcessTask
from .selectors import tasks_of_box, text_of
from .services import timers_tick

SHOWN = 10


def _item(task: ProcessTask) -> TodoItem:
    step = text_of(task.instance.pack.plan["tasks"][task.task]["title"])
    return TodoItem(
        task.instance.title, reverse("process", args=[task.instance.number]), step,
        since=task.offered_at, due_on=task.due_at.date() if task.due_at else None,
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


register_todo(todo)
register_tick("workflow.timers", 5, timers_tick)
