"""What this app tells the others at start: things to do."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.todo import TodoGroup, TodoItem
from dianheng.identity.selectors import units_with_right

from .choices import ArrivalState, InspectionState, ReturnState
from .models import Arrival, InspectionLot, ReturnOrder
from .services.acceptance import RIGHT_OF

SHOWN = 10


def todo(request: HttpRequest) -> list[TodoGroup]:
    """Arrivals to receive, samples to draw and judge, lots to decide, returns to send."""
    rights: Any = request.rights  # type: ignore[attr-defined]

    def units(right: str) -> list[int]:
        return list(units_with_right(rights, right).values_list("pk", flat=True))

    groups = []
    if at := units("supply.receive"):
        rows = Arrival.objects.filter(unit__in=at).exclude(state=ArrivalState.RECEIVED)
        groups.append(_group(_("Arrivals to receive"), rows, "arrival", "arrivals", "announced_at"))
    if at := units("supply.inspect"):
        doing = [InspectionState.STATED, InspectionState.PUBLISHED, InspectionState.DRAWN]
        rows = InspectionLot.objects.filter(unit__in=at, state__in=doing)
        groups.append(_group(_("Lots to inspect"), rows, "inspection", "inspections", "stated_at"))
    for department, right in RIGHT_OF.items():
        if at := units(right):
            rows = InspectionLot.objects.filter(unit__in=at, state=InspectionState.JUDGED).exclude(
                opinions__department=department
            )
            title = _("Lots to decide on: %(department)s") % {"department": department.label}
            groups.append(_group(title, rows, "inspection", "inspections", "judged_at"))
    if at := units("supply.return"):
        rows = ReturnOrder.objects.filter(unit__in=at).exclude(state=ReturnState.SHIPPED)
        groups.append(_group(_("Returns to send"), rows, "return_order", "returns", "made_at"))
    return [group for group in groups if group.count]


def _group(title: str, rows: Any, page: str, all_of_them: str, since: str) -> TodoGroup:
    items = [
        TodoItem(
            row.number,
            reverse(page, args=[row.number]),
            row.get_state_display(),
            since=getattr(row, since),
        )
        for row in rows.order_by("pk")[:SHOWN]
    ]
    return TodoGroup(title, items, rows.count(), reverse(all_of_them))
