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

from .choices import ItemState, PaperKind
from .rights import RIGHT
from .selectors.due import open_reminders, papers_ending
from .selectors.sendout import sendouts_waiting, to_send
from .views.common import paper_url

SOON_DAYS = 14


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


def sendouts(request: HttpRequest) -> Sequence[TodoGroup]:
    """Standards that should be back by now, and those whose new certificates are to be entered."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(RIGHT):
        return []
    rows = sendouts_waiting(units_with_right(rights, RIGHT), timezone.localdate())
    found, count = first_and_count(rows)
    items = [
        TodoItem(
            row.device.barcode,
            reverse("sendout", args=[row.order.number]),
            _("Ask %(body)s when it comes back") % {"body": row.body}
            if row.state == ItemState.OUT
            else _("Enter its new certificate"),
            row.back_at or row.out_at,
            row.order.expected_on if row.state == ItemState.OUT else None,
        )
        for row in found
        if row.order is not None
    ]
    return [TodoGroup(_("Send-outs"), items, count, reverse("sendouts"))] if items else []


def sendouts_soon(request: HttpRequest) -> Sequence[TodoGroup]:
    """Standards whose day at the higher body comes near, and that are on no list yet."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(RIGHT):
        return []
    rows = to_send(units_with_right(rights, RIGHT), timezone.localdate(), SOON_DAYS)
    found, count = first_and_count(rows)
    items = [
        TodoItem(
            row.device.barcode, reverse("sendout_plan", args=[row.plan.number]), row.body,
            due_on=row.appointed_on,
        )
        for row in found
        if row.plan is not None
    ]  # fmt: skip
    title = _("Standards to send out")
    return [TodoGroup(title, items, count, reverse("sendout_plans"), SOON)] if items else []
