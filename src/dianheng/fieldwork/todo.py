"""What the people on site have to do: tasks of theirs, orders of their units."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.todo import SOON, TodoGroup, TodoItem, first_and_count
from dianheng.identity.selectors import units_with_right
from dianheng.verification.selectors.laboratory import signed_rule_sets

from .choices import OrderState, TaskState
from .due import first_checks_unplanned
from .selectors import open_tasks_signed_by, orders, tasks
from .services.judge import rules_on
from .services.transformers import regulations_of_transformers

SOON_DAYS = 7


def field_todo(request: HttpRequest) -> Sequence[TodoGroup]:
    """My checks on site, and orders that are due."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("fieldwork.view"):
        return []
    mine = Q(leader=request.user.pk) | Q(second=request.user.pk)  # type: ignore[union-attr]
    rows = tasks().filter(mine, state=TaskState.OPEN).order_by("due_on", "pk")
    found, count = first_and_count(rows)
    items = [
        TodoItem(
            one.number, reverse("field_task", args=[one.number]), one.usage_point.name,
            one.made_at, one.due_on,
        )
        for one in found
    ]  # fmt: skip
    groups = [TodoGroup(_("Checks on site"), items, count, reverse("field_tasks"))]
    if rights.may("fieldwork.record"):
        units = units_with_right(rights, "fieldwork.record")
        soon = timezone.localdate() + timedelta(days=SOON_DAYS)
        rows = orders().filter(unit__in=units, state=OrderState.OPEN, due_on__lte=soon)
        found, count = first_and_count(rows.order_by("due_on", "pk"))
        items = [
            TodoItem(
                one.number, reverse("field_order", args=[one.number]),
                f"{one.get_kind_display()} · {one.usage_point.name}", one.opened_at, one.due_on,
            )
            for one in found
        ]  # fmt: skip
        groups.append(
            TodoGroup(_("Orders after checks"), items, count, reverse("field_orders"), SOON)
        )
    return [group for group in groups if group.count]


def first_checks(request: HttpRequest) -> Sequence[TodoGroup]:
    """First checks after commissioning that nobody has planned, for who plans checks."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may("fieldwork.plan"):
        return []
    rows = first_checks_unplanned(units_with_right(rights, "fieldwork.plan"))
    found, count = first_and_count(rows)
    items = [
        TodoItem(
            one.number, f"{reverse('field_task_new')}?point={one.number}", one.name,
            due_on=one.check_due,
        )
        for one in found
    ]  # fmt: skip
    url = f"{reverse('field_due')}?is_first=1&is_planned=0"
    return [TodoGroup(_("First checks to plan"), items, count, url, SOON)] if items else []


def rules_to_sign(request: HttpRequest) -> Sequence[TodoGroup]:
    """Rule sets by which checks on site are judged, for the metrologist of the calibrators' unit."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    unit = getattr(request.user, "unit", None)
    if unit is None or not rights.may("verification.confirm_rules", unit.path):
        return []
    open_ = open_tasks_signed_by(unit)
    editions = open_.values_list("usage_point__class_edition", flat=True).distinct()
    needed = dict.fromkeys(
        [
            *(one for each in editions for one in rules_on(timezone.localdate(), each).judging),
            *regulations_of_transformers(open_),
        ]
    )
    signed = signed_rule_sets(unit, list(needed))
    items = [
        TodoItem(
            one.name, reverse("rule_set", args=[one.name.replace("/", "_")]),
            _("until it is signed, results are provisional"),
        )
        for one in needed
        if not one.is_confirmed and one.digest not in signed
    ]  # fmt: skip
    group = TodoGroup(_("Rule sets of checks on site to sign"), items, len(items), reverse("rule_sets"))  # fmt: skip
    return [group] if items else []
