"""What who keeps the laboratory's papers has to look at."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.todo import SOON, TodoGroup, TodoItem, first_and_count
from dianheng.identity.selectors import setting, units_with_right

from .choices import PaperKind
from .rights import RIGHT
from .selectors.due import open_reminders, papers_ending
from .views.common import paper_url


def papers_due(request: HttpRequest) -> Sequence[TodoGroup]:
    """Papers of the laboratory that end soon, for who keeps them."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(RIGHT):
        return []
    units = set(units_with_right(rights, RIGHT).values_list("pk", flat=True))
    today = timezone.localdate()
    # Qualifications have a group of their own.
    papers = [
        paper
        for paper in papers_ending(today, today + timedelta(days=setting("verification.due_days")))
        if paper.unit_id in units and paper.kind != PaperKind.QUALIFICATION
    ]
    items = [
        TodoItem(
            paper.subject, paper_url(paper.kind, paper.key), paper.number,
            due_on=paper.valid_through,
        )
        for paper in papers[:10]
    ]  # fmt: skip
    title = _("Papers of the laboratory that end soon")
    return [TodoGroup(title, items, len(papers), reverse("laboratory"), SOON)] if items else []


def reminders(request: HttpRequest) -> Sequence[TodoGroup]:
    """Reminders to acknowledge, for who keeps the laboratory's papers."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(RIGHT):
        return []
    found, count = first_and_count(open_reminders(units_with_right(rights, RIGHT)))
    items = [
        TodoItem(
            row.subject,
            reverse("reminder", args=[row.pk]),
            f"{row.get_kind_display()} {row.number}",
            row.raised_at,
            row.due_on,
        )
        for row in found
    ]
    return [
        TodoGroup(_("Reminders to acknowledge"), items, count, f"{reverse('reminders')}?seen=open")
    ]
