"""Checks and orders on the page of a usage point."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.assets.models import Device
from dianheng.common.errors import Refusal
from dianheng.common.pages import no_right
from dianheng.customers.models import UsagePoint
from dianheng.customers.panels import PointAction

from .choices import ORDER_TONE, OUTCOME_TONE, TASK_TONE, OrderState
from .models import FieldOrder
from .selectors import VIEW, checks_of_device, checks_of_point, orders_of_point, tasks_of_point
from .services.orders import process_of
from .told import cause_of

SHOWN = 20


def _may(request: HttpRequest, point: UsagePoint) -> bool:
    rights: Any = request.rights  # type: ignore[attr-defined]
    return bool(rights.may(VIEW, point.unit.path))


def checks_panel(point: UsagePoint, request: HttpRequest) -> str:
    """Tasks that are open and records, newest first."""
    if not _may(request, point):
        return ""
    context = {
        "point": point,
        "tasks": [(one, TASK_TONE[one.state]) for one in tasks_of_point(point)[:SHOWN]],  # type: ignore[index]
        "checks": [(one, OUTCOME_TONE[one.outcome]) for one in checks_of_point(point)[:SHOWN]],  # type: ignore[index]
    }
    return render_to_string("fieldwork/checks_panel.html", context, request)


def device_panel(device: Device, request: HttpRequest) -> str:
    """Records of a meter or transformer on its own page."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(VIEW, device.unit.path):
        return ""
    rows = [(one, OUTCOME_TONE[one.outcome]) for one in checks_of_device(device)[:SHOWN]]  # type: ignore[index]
    return (
        render_to_string("fieldwork/checks_panel.html", {"checks": rows}, request) if rows else ""
    )


def orders_panel(point: UsagePoint, request: HttpRequest) -> str:
    """Orders with their clocks."""
    if not _may(request, point):
        return ""
    rows = [
        (one, ORDER_TONE[one.state], cause_of(one.check_record.results, one.kind))  # type: ignore[index]
        for one in orders_of_point(point)[:SHOWN]
    ]
    return render_to_string("fieldwork/orders_panel.html", {"rows": rows}, request) if rows else ""


def point_hold(point: UsagePoint, closed_on: date | None) -> list[Refusal]:
    """Work that is open keeps a point from being closed, or from leaving its unit."""
    tasks = [
        Refusal(
            "task_open", _("Task %(no)s is open: carry it out or call it off.") % {"no": one.number}
        )
        for one in tasks_of_point(point)
    ]
    orders = orders_of_point(point).filter(state=OrderState.OPEN)
    return tasks + [_order_hold(order) for order in orders]


def _order_hold(order: FieldOrder) -> Refusal:
    facts = {"no": order.number}
    process = process_of(order)
    if process is None or process.ended_at is not None:
        text = _("Order %(no)s is open: say what was done.")
        return Refusal("order_open", text % facts, facts)
    facts["process"] = process.number
    text = _("Order %(no)s is open: bring process %(process)s to its end, which closes it.")
    return Refusal("order_open", text % facts, facts)


def point_steps(point: UsagePoint, rights: Any) -> Sequence[PointAction]:
    """Planning a check, the composite error."""
    plan = "fieldwork.plan"
    no: Any = "" if rights.may(plan, point.unit.path) else no_right(plan).text
    if not no and point.closed_on is not None:
        no = _("Usage point %(no)s is closed.") % {"no": point.number}
    new = f"{reverse('field_task_new')}?point={point.number}"
    steps = [PointAction(_("Plan a check"), new, no, is_primary=not no)]
    if rights.may(VIEW, point.unit.path):
        url = reverse("point_composite", args=[point.number])
        steps.append(PointAction(_("Composite error"), url))
    return steps
