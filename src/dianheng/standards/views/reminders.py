"""Reminders of papers that end: the list, acknowledged one by one or many at once."""

from functools import partial
from typing import Any

from django import forms as django_forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dianheng.common.errors import NotFound
from dianheng.common.lists import (
    BulkAction,
    Choice,
    Column,
    Days,
    ListPage,
    Outcome,
    Preview,
    Selection,
)
from dianheng.common.lists.columns import show
from dianheng.common.lists.sources import Condition
from dianheng.common.pages import needs, opens_to
from dianheng.identity.services import actor_of

from .. import services
from ..choices import PaperKind
from ..forms import AcknowledgeForm
from ..models import Reminder
from ..rights import MOST_MONTHS, RIGHT, VIEW
from .common import due_tone, laboratory_crumbs, paper_url, write_form


def _months_before(n: int) -> str:
    return ngettext("%(n)s month before", "%(n)s months before", n) % {"n": n}


_before = lazy(_months_before, str)
STEPS = {"0": gettext_lazy("overdue"), **{str(n): _before(n) for n in range(1, MOST_MONTHS + 1)}}
TONES = {step: "bad" if step == "0" else "warn" if int(step) <= 3 else "busy" for step in STEPS}
OPEN, SEEN = "open", "seen"


def _step_of(reminder: Reminder) -> str:
    """Overdue from the first day on, even before the clock has looked."""
    return "0" if due_tone(reminder.due_on) == "bad" else str(reminder.months)


def _seen(values: list[str]) -> list[Condition]:
    if len(set(values)) != 1:
        return []
    return [Condition(q=Q(acknowledged_at__isnull=values[0] == OPEN))]


def _preview(request: HttpRequest, selection: Selection) -> Preview:
    rows = Reminder.objects.filter(pk__in=selection.ids, acknowledged_at__isnull=True)
    return Preview(rows.count(), text=_("Your name and what is done stand beside each."))


def _perform(request: HttpRequest, selection: Selection, data: dict[str, Any], key: str) -> Outcome:
    done = services.reminders_acknowledge(
        reminder_ids=selection.ids, word=data["word"], actor=actor_of(request)
    )
    text = ngettext("%(n)s reminder acknowledged.", "%(n)s reminders acknowledged.", done)
    return Outcome(done, text=text % {"n": done})


REMINDERS = ListPage(
    key="standards.reminders",
    title=gettext_lazy("Papers that end"),
    rows=lambda scope: Reminder.objects.filter(settled_at__isnull=True).select_related(
        "acknowledged_by", "unit"
    ),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("subject", gettext_lazy("Whose")),
        Column("kind", gettext_lazy("Kind of paper"), "get_kind_display"),
        Column("number", gettext_lazy("Number"), kind="code"),
        Column("due_on", gettext_lazy("Through"), kind="date", sort="due_on"),
        Column("step", gettext_lazy("Reminder"), _step_of, kind="state", choices=STEPS, tones=TONES),
        Column("raised_at", gettext_lazy("Raised"), kind="moment"),
        Column("acknowledged_by", gettext_lazy("Acknowledged by"), "acknowledged_by.name"),
        Column("word", gettext_lazy("What is done")),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("kind", gettext_lazy("Kind of paper"), options=PaperKind.choices),
        Choice(
            "seen", gettext_lazy("Acknowledged"),
            options=[(OPEN, gettext_lazy("not yet")), (SEEN, gettext_lazy("by somebody"))],
            where=_seen,
        ),
        Days("due", gettext_lazy("Through"), "due_on"),
    ],
    default_order="due_on",
    search=("subject", "number"),
    row_url=lambda row: reverse("reminder", args=[row.pk]),
    cards=("subject", "step", "due_on", "kind"),
    bulk_actions=[
        BulkAction(
            "acknowledge", gettext_lazy("Acknowledge"), _preview, _perform, right=RIGHT,
            form=AcknowledgeForm,
        )
    ],
    empty_text=gettext_lazy("Nothing ends soon enough to be reminded of."),
)  # fmt: skip


@opens_to(VIEW)
def reminder_list(request: HttpRequest) -> HttpResponse:
    """Papers that end soon or are over, with who knows of it."""
    return REMINDERS.answer(request)


@needs(VIEW)
def reminder(request: HttpRequest, key: int) -> HttpResponse:
    """One reminder: what ends and when, the way to its page, acknowledged here."""
    found = get_object_or_404(Reminder.objects.select_related("unit", "acknowledged_by"), pk=key)
    if not request.rights.may(VIEW, found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no such reminder."))
    form: django_forms.Form = AcknowledgeForm(request.POST or None, initial={"word": found.word})

    def write(*, word: str, actor: Any) -> None:
        services.reminders_acknowledge(reminder_ids=[found.pk], word=word, actor=actor)

    return write_form(
        request, form, partial(write), title=_("Papers that end"), submit=_("Acknowledge"),
        back=reverse("reminders"),
        crumbs=[*laboratory_crumbs(), (REMINDERS.title, reverse("reminders"))],
        template="standards/reminder.html", reminder=found, url=paper_url(found.kind, found.key),
        step=STEPS[_step_of(found)], tone=TONES[_step_of(found)], last_day=show(found.due_on),
    )  # fmt: skip
