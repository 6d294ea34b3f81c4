"""What somebody has to do, in parts; several approvals of one kind decided on one page."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.access import note_refusal
from dianheng.common.errors import NotFound, Refused
from dianheng.common.lists import BulkAction, Column, ListPage, Selection
from dianheng.common.pages import needs
from dianheng.identity.services import actor_of

from .. import services
from ..choices import TASK_TONE, TaskState
from ..fields import Drawn, drawn_fields, key_values, sent_data
from ..models import ProcessTask
from ..selectors import (
    changes_since,
    content_digest,
    form_of,
    step_title,
    task_boxes,
    tasks_of_box,
    titles_of,
    visible_instance,
    with_version,
)


def _visible(request: HttpRequest, keys: Iterable[Any]) -> list[ProcessTask]:
    """Of these tasks those whose process the person may see, by key."""
    rows = ProcessTask.objects.select_related("instance__unit", "unit", "assignee")
    rows = with_version(rows, "instance__pack")
    found = []
    for task in rows.filter(pk__in=list(keys)[:1000]).order_by("pk"):
        try:
            visible_instance(task.instance.number, request.user.pk, request.rights)  # type: ignore[attr-defined]
        except NotFound:
            continue
        found.append(task)
    return found


def decide_page(request: HttpRequest, selection: Selection, back: str) -> HttpResponse:
    """What was chosen in the list, to be decided together; where it cannot be, why."""
    tasks = _visible(request, selection.ids)
    refusal = services.guard_alike(tasks)
    if refusal is not None:
        messages.error(request, str(refusal.text))
        return redirect(back)
    return _shown(request, tasks)


@require_POST
@needs("workflow.view")
def decide(request: HttpRequest) -> HttpResponse:
    """Decide what is ticked; or the fields anew while they are filled in."""
    shown = _visible(request, _keys(request, "shown"))
    if not shown:
        raise Http404
    if refusal := services.guard_alike(shown):
        raise Refused(refusal)
    data = sent_data(form_of(shown[0], shown[0].instance.pack), request.POST)
    if "keep" in request.POST:
        context = {"fields": _fields(shown[0], data), "task": shown[0]}
        return render(request, "workflow/fields.html", context)
    chosen = set(_keys(request, "task")) & {task.pk for task in shown}
    if not chosen:
        messages.warning(request, _("Tick at least one."))
        return _shown(request, shown, data, chosen)
    try:
        results = services.tasks_decide(
            seen={key: request.POST.get(f"seen-{key}", "") for key in chosen}, data=data,
            actor=actor_of(request), password=request.POST.get("password", ""),
            request_key=request.POST.get("request_key", ""),
        )  # fmt: skip
    except Refused as refused:
        note_refusal(request, refused)
        faults = refused.refusal.errors or [{"text": refused.refusal.text}]
        return _shown(request, shown, data, chosen, faults)
    context = {"title": _title(shown[0]), "results": results, "back": _back()}
    for one in results:
        note_refusal(request, Refused(one.refusal) if one.refusal else None)
    context["done"] = len([one for one in results if one.refusal is None])
    return render(request, "workflow/decided.html", context)


def _keys(request: HttpRequest, name: str) -> list[int]:
    return [int(key) for key in request.POST.getlist(name) if key.isdigit() and len(key) < 19]


def _back() -> str:
    return f"{reverse('work')}?box=offered"


def _title(task: ProcessTask) -> str:
    return f"{titles_of(task.instance.pack)} · {step_title(task)}"


def _fields(task: ProcessTask, data: Any, faults: Any = ()) -> list[Drawn]:
    """The form of the step; what is to be mended differs, so that nothing is sent back here."""
    fields = drawn_fields(form_of(task, task.instance.pack), data, faults)
    for one in fields:
        if one.kind == "opinion":
            one.options = [option for option in one.options if option[0] != "back"]
    return fields


def _shown(
    request: HttpRequest,
    tasks: list[ProcessTask],
    data: Any = None,
    chosen: set[int] | None = None,
    faults: Any = (),
) -> HttpResponse:
    actor = actor_of(request)
    lines, refused = [], []
    for task in tasks:
        if refusal := services.task_refusal(task=task, actor=actor):
            refused.append({"label": task.instance.number, "text": refusal.text})
            continue
        seen, before = content_digest(task.instance), request.POST.get(f"seen-{task.pk}")
        lines.append(
            {
                "task": task, "values": key_values(task.instance),
                "seen": seen, "has_changed": bool(changes_since(task)) or before not in (None, seen),
                "is_chosen": chosen is None or task.pk in chosen,
            }
        )  # fmt: skip
    context = {
        "title": _title(tasks[0]), "lines": lines, "refused": refused, "faults": faults,
        "fields": _fields(tasks[0], data or {}, faults), "task": tasks[0], "back": _back(),
        "request_key": request.POST.get("request_key") or uuid.uuid4().hex,
    }  # fmt: skip
    return render(request, "workflow/decide.html", context, status=422 if faults else 200)


TASKS = ListPage(
    key="workflow.tasks",
    title=gettext_lazy("Steps of processes"),
    rows=lambda scope, box="mine": tasks_of_box(scope.person_id, box),
    columns=[
        Column("number", gettext_lazy("Number"), "instance.number", kind="code"),
        Column("process", gettext_lazy("Process"), lambda t: titles_of(t.instance.pack)),
        Column("title", gettext_lazy("Subject"), "instance.title"),
        Column("step", gettext_lazy("Process step"), step_title),
        Column("state", gettext_lazy("State"), kind="state", choices=TaskState.choices, tones=TASK_TONE),
        Column("unit", gettext_lazy("Unit"), "instance.unit.name"),
        Column("with", gettext_lazy("With"), lambda t: t.assignee.name if t.assignee else ""),
        Column("offered_at", gettext_lazy("Since"), kind="moment"),
        Column("due_at", gettext_lazy("Due"), kind="moment"),
    ],
    search=("instance__number", "instance__title"),
    row_url=lambda task: reverse("process", args=[task.instance.number]),
    cards=("number", "title", "step", "due_at"),
    empty_text=gettext_lazy("Nothing here. What your posts have to do shows as soon as a process reaches them."),
    bulk_actions=[BulkAction("decide", gettext_lazy("Decide together"), page=decide_page)],
    template="workflow/work.html",
)  # fmt: skip
LOOKED_AT = replace(TASKS, bulk_actions=())  # what one only looks at


@needs("workflow.view")
def todo(request: HttpRequest) -> HttpResponse:
    """Mine, my posts', returned, late, started by me, watched, done by me."""
    boxes = task_boxes(request.user.pk)
    box = request.GET.get("box", "mine")
    if box not in {one.key for one in boxes}:
        raise Http404
    page = TASKS if box in ("mine", "offered", "returned", "late") else LOOKED_AT
    return page.answer(request, box=box, context={"boxes": boxes, "box": box})
