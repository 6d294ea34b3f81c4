"""Changes of master data: day by day, and those that are unusual."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.actions import action_label
from dianheng.common.errors import BadInput, NotFound
from dianheng.common.forms import answer_form
from dianheng.common.lists import (
    Choice,
    Column,
    Condition,
    Days,
    Flag,
    ListPage,
    NotUnderstood,
    read_day,
)
from dianheng.common.pages import needs

from ..choices import Unusual, Via
from ..forms import WordForm
from ..models import AuditBatch, UnusualChange
from ..registry import master_tables
from ..rules import guard_acknowledge
from ..selectors.trail import batches_of_day, statements_of, table_label
from ..services import actor_of, unusual_acknowledge
from .trail import OPERATIONS

BATCHES_SHOWN = 50


def reasons_in_words(change: UnusualChange) -> str:
    """Why it is unusual."""
    labels = dict(Unusual.choices)
    return " · ".join(str(labels.get(code, code)) for code in change.reasons)


def shown_batch(batch: AuditBatch, tables: list[str]) -> dict[str, Any]:
    """A batch with its rows of the tables, as the templates want it."""
    return {
        "batch": batch,
        "action": action_label(batch.action),
        "via": dict(Via.choices).get(batch.via, batch.via),
        "statements": [
            {"one": one, "operation": OPERATIONS.get(one.operation, one.operation)}
            for one in statements_of(batch, tables)
        ],
    }


@needs("audit.view")
def master_day(request: HttpRequest) -> HttpResponse:
    """What changed in master data on a day: each row old → new, who, why; it prints as it stands."""
    today = timezone.localdate()
    try:
        day = read_day(request.GET.get("day") or "t")
        after = int(request.GET.get("after") or 0)
    except (NotUnderstood, ValueError):
        raise BadInput(_("The day cannot be read: write it as 2026-11-30.")) from None
    known = master_tables()
    chosen = [table for table in request.GET.getlist("table") if table in known]
    found = batches_of_day(day, chosen or known, after, BATCHES_SHOWN + 1)
    batches = found[:BATCHES_SHOWN]
    context = {
        "title": _("Master data changed on %(day)s") % {"day": day},
        "day": day,
        "before": day - timedelta(days=1),
        "next": day + timedelta(days=1) if day < today else None,
        "tables": [(name, table_label(name)) for name in known],
        "chosen": chosen,
        "batches": [shown_batch(batch, chosen or known) for batch in batches],
        "more": batches[-1].pk if len(found) > BATCHES_SHOWN else 0,
        "now": timezone.localtime(),
    }
    return render(request, "identity/master_day.html", context)


UNUSUAL = ListPage(
    key="unusual",
    title=gettext_lazy("Unusual changes"),
    rows=lambda scope: UnusualChange.objects.select_related("batch", "acknowledged_by"),
    columns=[
        Column("began_at", gettext_lazy("When"), "batch.began_at", kind="moment"),
        Column("actor", gettext_lazy("Who"), "batch.actor_name"),
        Column("action", gettext_lazy("Action"), lambda c: str(action_label(c.batch.action))),
        Column("rows", gettext_lazy("Rows"), "row_count", kind="number"),
        Column("reasons", gettext_lazy("Why"), reasons_in_words),
        Column(
            "seen", gettext_lazy("State"),
            lambda c: "seen" if c.acknowledged_at else "open", kind="state",
            choices={"seen": gettext_lazy("Looked at"), "open": gettext_lazy("Not looked at yet")},
            tones={"seen": "good", "open": "warn"},
        ),
        Column("seen_by", gettext_lazy("Seen by"), "acknowledged_by.name"),
        Column("word", gettext_lazy("What came of it")),
    ],
    filters=[
        Flag(
            "open", gettext_lazy("Not looked at yet"),
            yes=[Condition(q=Q(acknowledged_at=None))],
            no=[Condition(q=Q(acknowledged_at__isnull=False))],
        ),
        Choice(
            "reason", gettext_lazy("Why"), options=Unusual.choices,
            where=lambda chosen: [Condition(q=Q(reasons__overlap=chosen))],
        ),
        Days("day", gettext_lazy("When"), "batch__began_at", of_moment=True),
    ],
    default_order="-id",
    row_url=lambda change: reverse("unusual_change", args=[change.pk]),
    cards=("began_at", "actor", "action", "reasons", "seen"),
    empty_text=gettext_lazy("No change of master data was unusual."),
)  # fmt: skip


@needs("audit.view")
def unusual_changes(request: HttpRequest) -> HttpResponse:
    """Every prompt, the newest first."""
    return UNUSUAL.answer(request)


@needs("audit.view")
def unusual_change(request: HttpRequest, change_id: int) -> HttpResponse:
    """One prompt with the rows that changed; somebody else says what came of it."""
    change = (
        UnusualChange.objects.select_related("batch", "acknowledged_by")
        .filter(pk=change_id)
        .first()
    )
    if change is None:
        raise NotFound(_("There is no prompt %(no)s.") % {"no": change_id})
    seen: Any = change.acknowledged_by

    def acknowledge(data: dict[str, Any]) -> str:
        unusual_acknowledge(change_id=change_id, word=data["word"], actor=actor_of(request))
        return reverse("unusual_changes")

    return answer_form(
        request, WordForm(request.POST or None), acknowledge,
        title=_("Unusual change %(no)s") % {"no": change_id}, submit=_("I have looked at it"),
        back=reverse("unusual_changes"),
        crumbs=[(_("Unusual changes"), reverse("unusual_changes"))],
        success=_("Your word is kept."), template="identity/unusual_change.html",
        change=change, reasons=reasons_in_words(change), seen=seen,
        refusal=guard_acknowledge(
            actor_of(request), {change.batch.actor_id, change.batch.acting_for_id} - {None}, ""
        ),
        **shown_batch(change.batch, master_tables()),
    )  # fmt: skip
