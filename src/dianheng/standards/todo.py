"""What who keeps the laboratory's papers has to look at."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.todo import SOON, TodoGroup, TodoItem, first_and_count
from dianheng.identity.selectors import setting, units_with_right

from .models import InstallationCertificate, LaboratoryAuthorisation, StandardCertificate
from .rights import RIGHT
from .selectors.due import open_reminders


def papers_due(request: HttpRequest) -> Sequence[TodoGroup]:
    """Papers of the laboratory that end soon, for who keeps them."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    if not rights.may(RIGHT):
        return []
    units = units_with_right(rights, RIGHT)
    last = timezone.localdate() + timedelta(days=setting("verification.due_days"))
    live = Q(withdrawn_on__isnull=True, valid_through__lte=last)
    items: list[TodoItem] = []
    newest_standard = (
        StandardCertificate.objects.filter(device__unit__in=units, withdrawn_on__isnull=True)
        .order_by("device_id", "-valid_through")
        .distinct("device_id")
        .select_related("device")
    )
    newest_installation = (
        InstallationCertificate.objects.filter(
            installation__unit__in=units,
            installation__stopped_on__isnull=True,
            withdrawn_on__isnull=True,
        )
        .order_by("installation_id", "-valid_through")
        .distinct("installation_id")
        .select_related("installation")
    )
    items += [
        TodoItem(
            paper.device.barcode,
            reverse("standard", args=[paper.device.barcode]),
            paper.number,
            due_on=paper.valid_through,
        )
        for paper in newest_standard
        if paper.valid_through <= last
    ]
    items += [
        TodoItem(
            paper.installation.name,
            reverse("installation", args=[paper.installation.code]),
            paper.number,
            due_on=paper.valid_through,
        )
        for paper in newest_installation
        if paper.valid_through <= last
    ]
    items += [
        TodoItem(paper.number, reverse("laboratory"), due_on=paper.valid_through)
        for paper in LaboratoryAuthorisation.objects.filter(live, unit__in=units)
    ]
    items.sort(key=lambda item: item.rank)
    title = _("Papers of the laboratory that end soon")
    return [TodoGroup(title, items[:10], len(items), reverse("laboratory"), SOON)] if items else []


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
