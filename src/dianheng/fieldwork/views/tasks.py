"""Tasks of checks on site."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from dianheng.assets.choices import TRANSFORMERS
from dianheng.assets.selectors.installations import hanging_at
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Days, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of
from dianheng.metrology.words import word
from dianheng.workflow.selectors import process_named

from .. import services
from ..choices import OUTCOME_TONE, TASK_TONE, TaskKind, TaskReason, TaskState
from ..due import points_due
from ..forms import ReasonForm, TaskForm
from ..models import FieldTask
from ..selectors import VIEW, tasks, visible_task
from ..services.first import state_of as first_state

PLAN = "fieldwork.plan"
RECORD = "fieldwork.record"


def _page_actions(request: HttpRequest) -> list[PageAction]:
    rights: Any = request.rights  # type: ignore[attr-defined]
    no_plan = None if rights.may(PLAN) else no_right(PLAN)
    no_record = None if rights.may(RECORD) else no_right(RECORD)
    return [
        PageAction(_("Send a file in"), reverse("field_upload_any"), no_record),
        PageAction(_("Plan a check"), reverse("field_task_new"), no_plan, is_primary=True),
    ]


TASKS = ListPage(
    key="field_tasks",
    title=gettext_lazy("Field tasks"),
    rows=lambda scope: tasks(),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Task"), kind="code"),
        Column("point", gettext_lazy("Usage point"), "usage_point.number", kind="code"),
        Column("name", gettext_lazy("Name"), "usage_point.name"),
        Column("kind", gettext_lazy("What is checked"), "get_kind_display"),
        Column("state", gettext_lazy("State"), kind="state", choices=TaskState.choices, tones=TASK_TONE),
        Column("due_on", gettext_lazy("Due"), kind="date", sort="due_on"),
        Column("leader", gettext_lazy("Leader"), "leader.name"),
        Column("second", gettext_lazy("Second person"), "second.name"),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
        Column("reason", gettext_lazy("Why"), "get_reason_display", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=TaskState.choices),
        Choice("kind", gettext_lazy("What is checked"), options=TaskKind.choices),
        Choice("reason", gettext_lazy("Why"), options=TaskReason.choices),
        Days("due_on", gettext_lazy("Due"), "due_on"),
    ],
    default_order="due_on",
    search=("number", "usage_point__number", "usage_point__name"),
    row_url=lambda row: reverse("field_task", args=[row.number]),
    actions=_page_actions,
    cards=("number", "name", "state", "due_on"),
    empty_text=gettext_lazy("No task yet. Plan a check of a usage point."),
)  # fmt: skip


@opens_to(VIEW)
def task_list(request: HttpRequest) -> HttpResponse:
    """All tasks of the units one may see."""
    return TASKS.answer(request)


@needs(VIEW)
def task(request: HttpRequest, number: str) -> HttpResponse:
    """One task: what hangs there, what is recorded."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    found = visible_task(rights, number)
    no: Any = ""
    if not rights.may(RECORD, found.unit.path):
        no = no_right(RECORD).text
    elif found.state == TaskState.CANCELLED:
        no = _("The task was called off.")
    hanging = list(hanging_at(found.usage_point))
    transformers = [one for one in hanging if one.device.kind in TRANSFORMERS]
    measured = dict(
        found.checks.filter(transformer__isnull=False)
        .order_by("pk")
        .values_list("transformer", "number")
    )
    waiting = [one for one in transformers if one.device_id not in measured] or transformers
    enter = reverse("field_enter", args=[number])
    if found.kind == TaskKind.TRANSFORMER and waiting:
        enter = reverse("field_enter_transformer", args=[number, waiting[0].device.barcode])
    context = {
        "title": found.number,
        "task": found,
        "enter": enter,
        "tone": TASK_TONE[TaskState(found.state)],
        "process": process_named(found.origin),
        "hanging": [(one, one in transformers, measured.get(one.device_id, "")) for one in hanging],
        "checks": [
            (one, OUTCOME_TONE[one.outcome])  # type: ignore[index]
            for one in found.checks.select_related("meter", "transformer").order_by("-attempt")
        ],
        "first_items": _first_items(found),
        "no_record": no,
        "may_cancel": found.state == TaskState.OPEN and rights.may(PLAN, found.unit.path),
    }
    return render(request, "fieldwork/task.html", context)


def _first_items(found: FieldTask) -> list[tuple[str, str]]:
    """What the first check wants, each with the record that has it."""
    if found.reason != TaskReason.FIRST or found.kind == TaskKind.TRANSFORMER:
        return []
    language = get_language() or "zh"
    return [
        (word("item", item, language), record)
        for item, record in first_state(found, timezone.now())
    ]


def _first_of(number: str, rights: Any) -> dict[str, Any]:
    """Reason and day of the first check, where the point waits for it and one may plan it."""
    waits = points_due().filter(unit__in=units_with_right(rights, PLAN), is_first=True)
    point = waits.filter(number=number).first() if number else None
    if point is None:
        return {}
    due_on = max(point.check_due, timezone.localdate())
    return {"reason": TaskReason.FIRST, "kind": TaskKind.WHOLE, "due_on": due_on}


@needs(PLAN)
def task_new(request: HttpRequest) -> HttpResponse:
    """Plan a check."""

    def act(data: dict[str, Any]) -> str:
        made = services.task_make(actor=actor_of(request), **data)
        return reverse("field_task", args=[made.number])

    asked = request.GET.get("point", "")
    form = TaskForm(
        request.POST or None, initial={"point": asked, **_first_of(asked, request.rights)}
    )
    return answer_form(
        request, form, act, title=_("Plan a check on site"), submit=_("Plan"),
        back=reverse("field_tasks"), crumbs=[(_("Field tasks"), reverse("field_tasks"))],
    )  # fmt: skip


@needs(PLAN)
def task_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Call a task off."""
    found = visible_task(request.rights, number)  # type: ignore[attr-defined]
    url = reverse("field_task", args=[number])

    def act(data: dict[str, Any]) -> str:
        services.task_cancel(task=found, reason=data["reason"], actor=actor_of(request))
        return url

    return answer_form(
        request, ReasonForm(request.POST or None), act, title=_("Call %(no)s off") % {"no": number},
        submit=_("Call off"), back=url,
        crumbs=[(_("Field tasks"), reverse("field_tasks")), (number, url)],
    )  # fmt: skip
