"""What hangs where, on the pages of devices and usage points."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.errors import Refusal
from dianheng.common.pages import no_right
from dianheng.customers.models import UsagePoint
from dianheng.customers.panels import PointAction

from .models import Device
from .selectors.history import history_of
from .selectors.installations import installations_of_device, installations_of_point

RIGHT = "assets.install"
SHOWN = 100


def hangs_panel(point: UsagePoint, request: HttpRequest) -> str:
    """What hangs and hung at a usage point."""
    if not request.rights.may("assets.view", point.unit.path):  # type: ignore[attr-defined]
        return ""
    rows = list(installations_of_point(point)[:SHOWN])
    context = {
        "now": [row for row in rows if row.removed_at is None],
        "before": [row for row in rows if row.removed_at is not None],
    }
    return render_to_string("assets/hangs_panel.html", context, request)


def where_panel(device: Device, request: HttpRequest) -> str:
    """Where a device hangs and hung."""
    if not request.rights.may("customers.view", device.unit.path):  # type: ignore[attr-defined]
        return ""
    rows = list(installations_of_device(device)[:SHOWN])
    return render_to_string("assets/where_panel.html", {"rows": rows}, request) if rows else ""


def written_panel(point: UsagePoint, request: HttpRequest) -> str:
    """Who entered, corrected and closed a usage point."""
    context = {"written": history_of(point)}
    return render_to_string("assets/written_panel.html", context, request)


def point_hold(point: UsagePoint, closed_on: date | None) -> list[Refusal]:
    """What hangs or hung there keeps a point from being closed, or from leaving its unit."""
    rows = installations_of_point(point)
    if closed_on is None:
        text = _("Devices hang or hung here: the usage point stays in its unit.")
        return [Refusal("hung_here", text)] if rows.exists() else []
    found = []
    for row in rows:
        facts: dict[str, Any] = {"barcode": row.device.barcode}
        if row.removed_at is None:
            text = _("%(barcode)s hangs there: take it off first.") % facts
            found.append(Refusal("hangs", text, facts))
        elif (day := timezone.localdate(row.removed_at)) > closed_on:
            facts["day"] = day
            text = _("%(barcode)s was taken off on %(day)s: close on that day or later.") % facts
            found.append(Refusal("taken_off_later", text, facts))
    return found


def point_steps(point: UsagePoint, rights: Any) -> Sequence[PointAction]:
    """Installing and removing."""
    no: Any = "" if rights.may(RIGHT, point.unit.path) else no_right(RIGHT).text
    closed: Any = ""
    if point.closed_on is not None:
        facts = {"no": point.number, "day": point.closed_on}
        closed = _("Usage point %(no)s was closed on %(day)s.") % facts
    return [
        PointAction(
            _("Install"), reverse("usage_point_install", args=[point.number]), no or closed
        ),
        PointAction(_("Take off"), reverse("usage_point_remove", args=[point.number]), no),
    ]
