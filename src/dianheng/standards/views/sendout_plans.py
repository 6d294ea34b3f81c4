"""Plans of what goes to higher bodies: the list, one plan edited as a table, agreed, opened again."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.access import note_refusal
from dianheng.common.errors import Refused
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Days, ListPage
from dianheng.common.lists.columns import show
from dianheng.common.pages import needs, opens_to
from dianheng.identity.services import actor_of

from .. import forms, services
from ..choices import ITEM_TONE, PLAN_TONE, ItemState, PlanState, Way
from ..models import SendoutItem, SendoutPlan
from ..rights import RIGHT, VIEW
from ..selectors.sendout import is_too_late, items_of, plans, visible_plan
from .common import action_for, laboratory_crumbs, own_unit, units_with, write_form

PLANS = ListPage(
    key="standards.sendout_plans",
    title=gettext_lazy("Plans of send-outs"),
    rows=lambda scope: plans(),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="pk"),
        Column("title", gettext_lazy("Title")),
        Column("state", gettext_lazy("State"), kind="state", choices=PlanState.choices, tones=PLAN_TONE),
        Column("first_on", gettext_lazy("From"), kind="date"),
        Column("last_on", gettext_lazy("Through"), kind="date"),
        Column("lines", gettext_lazy("Standards"), "line_count", kind="number", decimals=0),
        Column("done", gettext_lazy("Of them done"), "done_count", kind="number", decimals=0),
        Column("made_by", gettext_lazy("Drawn up by"), "made_by.name"),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=PlanState.choices),
        Days("through", gettext_lazy("Through"), "last_on"),
    ],
    search=("number", "title"),
    row_url=lambda row: reverse("sendout_plan", args=[row.number]),
    cards=("number", "title", "state", "lines"),
    actions=lambda request: [
        action_for(request, _("Draw up a plan"), reverse("sendout_plan_new"), is_primary=True)
    ],
    empty_text=gettext_lazy(
        "No plan yet. Draw one up: every standard whose certificate ends in the period is listed."
    ),
)  # fmt: skip


@opens_to(VIEW)
def plan_list(request: HttpRequest) -> HttpResponse:
    """Plans of the units one may see."""
    return PLANS.answer(request)


def plan_crumbs(found: SendoutPlan | None = None) -> list[tuple[Any, str]]:
    above = [*laboratory_crumbs(), (PLANS.title, reverse("sendout_plans"))]
    return (
        [*above, (found.number, reverse("sendout_plan", args=[found.number]))] if found else above
    )


@needs(RIGHT)
def plan_new(request: HttpRequest) -> HttpResponse:
    """Draw up a plan of a period from the due dates."""
    form = forms.SendoutPlanForm(
        request.POST or None,
        units=units_with(request),
        initial={"unit": own_unit(request), "first_on": "t", "last_on": "t+92"},
    )

    def act(data: dict[str, Any]) -> str:
        made = services.sendout_plan_make(actor=actor_of(request), **data)
        return reverse("sendout_plan", args=[made.number])

    return answer_form(
        request, form, act, title=_("Draw up a plan"), submit=_("Draw up"),
        back=reverse("sendout_plans"), crumbs=plan_crumbs(),
        intro=_("Body and cycle come from the certificates that end; what is planned or away already is left out."),
    )  # fmt: skip


@needs(VIEW)
def plan(request: HttpRequest, number: str) -> HttpResponse:
    """One plan: edited as a table while it is a draft, afterwards the way to the orders."""
    found = visible_plan(request.rights, number)  # type: ignore[attr-defined]
    items = items_of(found.items)
    may = request.rights.may(RIGHT, found.unit.path)  # type: ignore[attr-defined]
    is_draft = found.state == PlanState.DRAFT
    lines, faults = None, []
    if (
        is_draft and may
    ) or request.method == "POST":  # typed before it was agreed: kept on the page
        open_items = [item for item in items if item.state == ItemState.PLANNED]
        lines = forms.Lines(forms.PlanLineForm, open_items, request.POST or None, _typed)
        if request.method == "POST":
            faults = _kept(request, found, lines)
            if not faults:
                return redirect("sendout_plan", number=number)
    context = {
        "title": found.number,
        "plan": found,
        "tone": PLAN_TONE[PlanState(found.state)],
        "lines": lines,
        "late": {item.pk for item in items if is_too_late(item)},
        "faults": faults,
        "rows": [
            (item, ITEM_TONE[ItemState(item.state)], is_too_late(item), _may_go(item) and not is_draft)
            for item in items
            if lines is None or item.state != ItemState.PLANNED
        ],
        "may_edit": may,
        "may_go": may and not is_draft and any(_may_go(item) for item in items),
        "actions": _actions(request, found),
        "crumbs": plan_crumbs(),
    }  # fmt: skip
    return render(request, "standards/sendout_plan.html", context)


def _actions(request: HttpRequest, found: SendoutPlan) -> list[Any]:
    at = [found.number]
    if found.state == PlanState.DRAFT:
        return [
            action_for(
                request, _("Add a standard"), reverse("sendout_plan_add", args=at), found.unit
            )
        ]
    return [
        action_for(request, _("Edit again"), reverse("sendout_plan_reopen", args=at), found.unit)
    ]


def _may_go(item: SendoutItem) -> bool:
    return item.state == ItemState.PLANNED and item.way == Way.SENT


def _typed(item: SendoutItem) -> dict[str, Any]:
    return {
        "body": item.body, "way": item.way, "planned_on": show(item.planned_on),
        "appointed_on": show(item.appointed_on), "cycle_months": item.cycle_months,
        "note": item.note,
    }  # fmt: skip


def _kept(request: HttpRequest, found: SendoutPlan, lines: forms.Lines) -> list[str]:
    """Keep the table, and agree the plan where that was pressed; what is against it."""
    is_valid = lines.is_valid()
    if not is_valid and found.state == PlanState.DRAFT:
        return lines.faults
    actor = actor_of(request)
    try:
        services.sendout_plan_save(plan=found, lines=lines.typed if is_valid else {}, actor=actor)
        if "agree" in request.POST:
            services.sendout_plan_agree(plan=found, actor=actor)
    except Refused as refused:
        return refused_texts(request, refused)
    text = _("The plan is agreed.") if "agree" in request.POST else _("The plan is kept.")
    messages.success(request, text)
    return []


def refused_texts(request: HttpRequest, refused: Refused) -> list[str]:
    """What a service refused, one text for each fault."""
    note_refusal(request, refused)
    return [
        str(text)
        for refusal in refused.refusals
        for text in [error["text"] for error in refusal.errors] or [refusal.text]
    ]


@needs(RIGHT)
def add(request: HttpRequest, number: str) -> HttpResponse:
    """Put a standard on a draft."""
    found = visible_plan(request.rights, number)  # type: ignore[attr-defined]
    return write_form(
        request, forms.BarcodeForm(request.POST or None),
        partial(services.sendout_plan_add, plan=found), title=_("Add a standard"), submit=_("Add"),
        back=reverse("sendout_plan", args=[number]), crumbs=plan_crumbs(found),
    )  # fmt: skip


@needs(RIGHT)
def drop(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Take a line off."""
    found = visible_plan(request.rights, number)  # type: ignore[attr-defined]
    return write_form(
        request, forms.ReasonForm(request.POST or None),
        partial(services.sendout_plan_drop, plan=found, item_ids=[key]), title=_("Take off the list"),
        submit=_("Take off the list"), back=reverse("sendout_plan", args=[number]), crumbs=plan_crumbs(found),
    )  # fmt: skip


@needs(RIGHT)
def reopen(request: HttpRequest, number: str) -> HttpResponse:
    """A body gave other days."""
    found = visible_plan(request.rights, number)  # type: ignore[attr-defined]
    return write_form(
        request, forms.ReasonForm(request.POST or None),
        partial(services.sendout_plan_reopen, plan=found), title=_("Edit again"),
        submit=_("Edit again"), back=reverse("sendout_plan", args=[number]),
        crumbs=plan_crumbs(found),
        intro=_("The lines can be edited again; what is on orders stays there."),
    )  # fmt: skip
