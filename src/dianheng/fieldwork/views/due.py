"""Usage points by the day on which they are due to be checked, and planning many at once."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dianheng.common.lists import (
    BulkAction,
    Choice,
    Column,
    Condition,
    Flag,
    ListPage,
    NotThis,
    Outcome,
    Preview,
    Selection,
)
from dianheng.common.pages import opens_to
from dianheng.customers.choices import CLASSES
from dianheng.identity.services import actor_of

from .. import services
from ..choices import TaskKind
from ..due import points_due
from ..forms import CrewForm
from ..selectors import VIEW

WITHIN = {"late": 0, "30": 30, "90": 90, "365": 365}


def _within(chosen: list[str]) -> list[Condition]:
    day = timezone.localdate() + timedelta(days=max(WITHIN[one] for one in chosen if one in WITHIN))
    return [Condition(q=Q(next_due__lte=day))]


def _preview(request: HttpRequest, selection: Selection) -> Preview:
    rows = points_due().filter(pk__in=selection.ids)
    refused = [
        NotThis(one.number, _("A check is planned already."), "planned")
        for one in rows.filter(is_planned=True)
    ]
    return Preview(len(selection) - len(refused), refused)


def _only_transformers(point: Any, day: date) -> bool:
    """Whether nothing but the transformers of a point is due by a day."""
    others = (point.check_due, point.drop_due, point.burden_due)
    is_due = point.transformer_due is not None and point.transformer_due <= day
    return is_due and all(one is None or one > day for one in others)


def _perform(
    request: HttpRequest, selection: Selection, data: dict[str, Any], request_key: str
) -> Outcome:
    earliest = data["not_before"] or timezone.localdate()
    rows = points_due().filter(pk__in=selection.ids, is_planned=False)
    due = {one.pk: max(one.next_due or earliest, earliest) for one in rows}
    kinds = {one.pk: TaskKind.TRANSFORMER for one in rows if _only_transformers(one, due[one.pk])}
    # A point whose transformers alone are due is not checked for the first time by that.
    firsts = {one.pk for one in rows if one.is_first and one.pk not in kinds}
    count = services.tasks_plan(
        due=due, kinds=kinds, firsts=firsts, leader=data["leader"], second=data["second"], actor=actor_of(request),
        request_key=request_key,
    )  # fmt: skip
    text = ngettext("%(count)s task is planned.", "%(count)s tasks are planned.", count)
    return Outcome(
        count, (), text % {"count": count}, None, reverse("field_tasks"), _("Field tasks")
    )


DUE = ListPage(
    key="field_due",
    title=gettext_lazy("Checks that are due"),
    rows=lambda scope: points_due(),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Usage point"), kind="code", sort="number"),
        Column("name", gettext_lazy("Name"), sort="name"),
        Column("device_class", gettext_lazy("Class of the device"), sort="device_class"),
        Column("last_check", gettext_lazy("Last check of the meter"), kind="date"),
        Column("check_due", gettext_lazy("Meter due"), kind="date"),
        Column("is_first", gettext_lazy("First check"), kind="flag"),
        Column("last_drop", gettext_lazy("Last test of the drop"), kind="date", hidden=True),
        Column("drop_due", gettext_lazy("Drop due"), kind="date"),
        Column("last_burden", gettext_lazy("Last test of the burden"), kind="date", hidden=True),
        Column("burden_due", gettext_lazy("Burden due"), kind="date"),
        Column("last_transformer", gettext_lazy("Transformers since"), kind="date", hidden=True),
        Column("transformer_due", gettext_lazy("Transformers due"), kind="date"),
        Column("is_planned", gettext_lazy("Is planned"), kind="flag"),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
    ],
    filters=[
        Choice(
            "within", gettext_lazy("Due within"),
            options=[
                ("late", gettext_lazy("late already")), ("30", gettext_lazy("30 days")),
                ("90", gettext_lazy("90 days")), ("365", gettext_lazy("a year")),
            ],
            where=_within,
        ),
        Flag("is_planned", gettext_lazy("Is planned"), "is_planned"),
        Flag("is_first", gettext_lazy("First check"), "is_first"),
        Choice("device_class", gettext_lazy("Class of the device"), options=CLASSES),
    ],
    default_order="number",
    search=("number", "name", "customer_name"),
    row_url=lambda point: reverse("usage_point", args=[point.number]),
    bulk_actions=[
        BulkAction(
            "plan", gettext_lazy("Plan checks"), _preview, _perform, "fieldwork.plan", CrewForm,
        )
    ],
    cards=("number", "name", "check_due", "is_planned"),
    empty_text=gettext_lazy("No usage point. Import the points first, then hang their meters."),
)  # fmt: skip


@opens_to(VIEW)
def due_list(request: HttpRequest) -> HttpResponse:
    """Points by what is due; chosen ones get tasks."""
    return DUE.answer(request)
