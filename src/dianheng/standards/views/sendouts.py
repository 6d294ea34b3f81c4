"""Send-outs: a batch of standards is listed, scanned out, scanned in, certified and paid."""

import json
from functools import partial
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, PageAction
from dianheng.common.lists.sources import Condition
from dianheng.common.pages import door_refusal, fragment, is_fragment, needs, opens_to
from dianheng.documents.services import paper_pdf
from dianheng.identity.services import actor_of

from .. import forms, services
from ..choices import AWAY, FOUND_TONE, ITEM_TONE, ORDER_TONE, Found, ItemState, OrderState
from ..models import SendoutItem, SendoutOrder
from ..papers import handover_list
from ..rights import RIGHT, VIEW
from ..rules import DIFFERENCE_TEXTS
from ..selectors.sendout import (
    differences_of,
    items_of,
    orders,
    to_order,
    total_yuan,
    visible_order,
)
from .common import action_for, due_tone, laboratory_crumbs, own_unit, units_with, write_form
from .sendout_plans import refused_texts

LATE = "late"


def _late(values: list[str]) -> list[Condition]:
    asked = Q(state__in=AWAY, expected_on__lt=timezone.localdate())
    return [Condition(q=asked)] if values == [LATE] else []


ORDERS = ListPage(
    key="standards.sendouts",
    title=gettext_lazy("Send-outs"),
    rows=lambda scope: orders(),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="pk"),
        Column("body", gettext_lazy("Higher body")),
        Column("state", gettext_lazy("State"), kind="state", choices=OrderState.choices, tones=ORDER_TONE),
        Column("items", gettext_lazy("Standards"), "item_count", kind="number", decimals=0),
        Column("back", gettext_lazy("Of them back"), "back_count", kind="number", decimals=0),
        Column("handed_at", gettext_lazy("Handed over at"), kind="moment"),
        Column("expected_on", gettext_lazy("Expected back on"), kind="date"),
        Column("cost", gettext_lazy("Cost, yuan"), "cost_yuan", kind="number", decimals=2),
        Column("made_by", gettext_lazy("Drawn up by"), "made_by.name", hidden=True),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=OrderState.choices),
        Choice("late", gettext_lazy("Return"), options=[(LATE, gettext_lazy("overdue"))], where=_late),
        Contains("body", gettext_lazy("Higher body"), "body"),
        Days("expected", gettext_lazy("Expected back on"), "expected_on"),
    ],
    search=("number", "body"),
    row_url=lambda row: reverse("sendout", args=[row.number]),
    cards=("number", "state", "body", "expected_on"),
    actions=lambda request: [
        action_for(request, _("List a send-out"), reverse("sendout_new"), is_primary=True)
    ],
    empty_text=gettext_lazy("Nothing was sent out yet. List one from an agreed plan."),
)  # fmt: skip


@opens_to(VIEW)
def order_list(request: HttpRequest) -> HttpResponse:
    """Send-outs of the units one may see."""
    return ORDERS.answer(request)


def _crumbs(found: SendoutOrder | None = None) -> list[tuple[Any, str]]:
    above = [*laboratory_crumbs(), (ORDERS.title, reverse("sendouts"))]
    return [*above, (found.number, reverse("sendout", args=[found.number]))] if found else above


@needs(RIGHT)
def order_new(request: HttpRequest) -> HttpResponse:
    """List standards for one body: lines of agreed plans, and others by their bar codes."""
    chosen = [int(key) for key in request.GET.getlist("item") if key.isdecimal()]
    items = list(to_order(units_with(request)))
    first = next((item for item in items if item.pk in chosen), None)
    unit = first.plan.unit_id if first and first.plan else own_unit(request)
    form = forms.SendoutForm(
        request.POST or None, units=units_with(request), items=items,
        initial={"unit": unit, "item_ids": chosen, "body": first.body if first else "", "expected_on": "t+20"},
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        made = services.sendout_order_make(actor=actor_of(request), **data)
        return reverse("sendout", args=[made.number])

    return answer_form(
        request, form, act, title=_("List a send-out"), submit=_("List"), back=reverse("sendouts"),
        crumbs=_crumbs(),
    )  # fmt: skip


@needs(VIEW)
def order(request: HttpRequest, number: str) -> HttpResponse:
    """One send-out: the list out, what came in, certificates, costs, differences."""
    found = visible_order(request.rights, number)  # type: ignore[attr-defined]
    items = items_of(found.items)
    page = _Page(request, found, items)
    if request.method == "POST" and page.post():
        return redirect("sendout", number=number)
    refused = found.state == OrderState.CANCELLED
    context = {
        "title": found.number,
        "order": found,
        "tone": ORDER_TONE[OrderState(found.state)],
        "is_listed": found.state == OrderState.LISTED,
        "is_away": found.state in AWAY,
        "is_late": found.state in AWAY and due_tone(found.expected_on) == "bad",
        "may": page.may,
        "count": page.count,
        "expected": page.expected,
        "lines": page.lines,
        "person_form": page.person_form,
        "faults": page.faults,
        "items": [
            (item, ITEM_TONE[ItemState(item.state)], FOUND_TONE.get(item.found))  # type: ignore[call-overload]
            for item in items
        ],
        "total": total_yuan(items),
        "differences": [] if not any(item.back_at for item in items) else [
            (one.barcode, str(DIFFERENCE_TEXTS[one.code]) % one.facts)
            for one in differences_of(found, items)
        ],
        "actions": [] if refused else page.actions(),
        "crumbs": _crumbs(),
    }  # fmt: skip
    name = "standards/sendout.html" + ("#scanned" if is_fragment(request) else "")
    return fragment(request, render(request, name, context))


class _Page:
    """What can be typed on the page of an order as it stands, and what comes of it."""

    def __init__(self, request: HttpRequest, found: SendoutOrder, items: list[SendoutItem]):
        self.request, self.order, self.items = request, found, items
        self.may = request.rights.may(RIGHT, found.unit.path)  # type: ignore[attr-defined]
        self.faults: list[str] = []
        self.lines: forms.Lines | None = None
        self.person_form: Any = None
        data, do = request.POST or None, request.POST.get("do", "")
        if found.state == OrderState.LISTED:
            shown = [item for item in items if item.state == ItemState.LISTED]
            done = [item for item in shown if item.scanned_out_at]
            self.lines = forms.Lines(forms.ListedLineForm, shown, data, _listed)
            self.person_form = forms.HandOverForm(data if do == "hand_over" else None)
        else:
            gone = [item for item in items if item.out_at]
            done = [item for item in gone if item.scanned_in_at]
            shown = [item for item in items if item.state == ItemState.OUT]
            if found.state in AWAY:
                self.lines = forms.Lines(forms.ReturnLineForm, shown, data, _returned)
                self.person_form = forms.BroughtForm(data)
        self.count = len(done)
        self.expected = len(shown) if found.state == OrderState.LISTED else len(gone)

    def post(self) -> bool:
        """Do what was pressed; False where something is against it."""
        do = self.request.POST.get("do", "")
        if self.lines is None or do not in ("save", "hand_over", "receive"):
            self.faults = [_("This send-out cannot be changed any more.")]
            return False
        are_valid = self.lines.is_valid()
        if do != "save" and not self.person_form.is_valid():
            self.faults += [
                f"{self.person_form.fields[name].label}: {text}"
                for name, texts in self.person_form.errors.items()
                for text in texts
            ]
        self.faults += self.lines.faults
        if not are_valid or self.faults:
            return False
        try:
            text = getattr(self, f"_{do}")()
        except Refused as refused:
            self.faults = refused_texts(self.request, refused)
            return False
        messages.success(self.request, text)
        return True

    def _save(self) -> str:
        assert self.lines is not None
        services.sendout_order_save(
            order=self.order, lines=self.lines.typed, actor=actor_of(self.request)
        )
        return _("The list is kept.")

    def _hand_over(self) -> str:
        self._save()
        services.sendout_hand_over(
            order=self.order, actor=actor_of(self.request), **self.person_form.cleaned_data
        )
        return _(
            "Handed over. Until their new certificates are in, these standards are locked here."
        )

    def _receive(self) -> str:
        assert self.lines is not None
        here = {
            item.pk: form.cleaned_data
            for item, form in self.lines.rows
            if form.cleaned_data["is_here"] or item.scanned_in_at
        }
        services.sendout_receive(
            order=self.order, lines=here, actor=actor_of(self.request),
            **self.person_form.cleaned_data,
        )  # fmt: skip
        return _("Taken in. Enter the certificates to release the standards.")

    def actions(self) -> list[PageAction]:
        """Buttons of the page: papers first."""
        at = [self.order.number]
        found = [self._paper("out", _("Hand-over list out"))]
        if self.order.state == OrderState.LISTED:
            found.append(
                action_for(
                    self.request,
                    _("Add a standard"),
                    reverse("sendout_add", args=at),
                    self.order.unit,
                )
            )
            found.append(
                action_for(
                    self.request,
                    _("Cancel it"),
                    reverse("sendout_cancel", args=at),
                    self.order.unit,
                )
            )
            return found
        if any(item.back_at for item in self.items):
            found.append(self._paper("in", _("Hand-over list in")))
        found.append(
            action_for(
                self.request, _("Enter costs"), reverse("sendout_costs", args=at), self.order.unit
            )
        )
        found.append(
            action_for(
                self.request,
                _("Correct when it left"),
                reverse("sendout_left", args=at),
                self.order.unit,
            )
        )
        return found

    def _paper(self, way: str, label: str) -> PageAction:
        url = reverse("sendout_paper", args=[self.order.number, way])
        return PageAction(label, url, door_refusal(self.request.rights, url))  # type: ignore[attr-defined]


def _listed(item: SendoutItem) -> dict[str, Any]:
    return {"accessories": item.accessories, "condition": item.condition}


def _returned(item: SendoutItem) -> dict[str, Any]:
    return {
        "is_here": item.scanned_in_at is not None, "found": Found.GOOD,
        "condition": item.condition, "accessories": item.accessories,
    }  # fmt: skip


@require_POST
@needs(RIGHT)
def scan(request: HttpRequest, number: str) -> JsonResponse:
    """Scans of the hand-over, going out or coming in."""
    found = visible_order(request.rights, number)  # type: ignore[attr-defined]
    try:
        scans = json.loads(request.body)["scans"]
        if not isinstance(scans, list) or not all(isinstance(one, dict) for one in scans):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise BadInput(_("The scans cannot be read.")) from None
    return JsonResponse(services.sendout_scan(order=found, scans=scans, actor=actor_of(request)))


def _form(
    request: HttpRequest, number: str, form: Any, service: Any, title: str, submit: str, intro: str = "",
    **given: Any,
) -> HttpResponse:  # fmt: skip
    found = visible_order(request.rights, number)  # type: ignore[attr-defined]
    return write_form(
        request, form, partial(service, order=found, **given), title=title, submit=submit,
        back=reverse("sendout", args=[number]), crumbs=_crumbs(found), intro=intro,
    )  # fmt: skip


@needs(RIGHT)
def add(request: HttpRequest, number: str) -> HttpResponse:
    """Put one more standard on the list."""
    form = forms.BarcodeForm(request.POST or None)
    return _form(request, number, form, services.sendout_order_add, _("Add a standard"), _("Add"))


@needs(RIGHT)
def off(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Take a standard off the list before it leaves."""
    return _form(
        request, number, forms.ReasonForm(request.POST or None), services.sendout_order_take_off,
        _("Take off the list"), _("Take off the list"), item_ids=[key],
    )  # fmt: skip


@needs(RIGHT)
def lost(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """A standard will not come back."""
    return _form(
        request, number, forms.ReasonForm(request.POST or None), services.sendout_lost,
        _("Report it lost"), _("Report it lost"),
        _("The register has it as lost from now on, and its lock stays."), item_ids=[key],
    )  # fmt: skip


@needs(RIGHT)
def left(request: HttpRequest, number: str) -> HttpResponse:
    """It left at another moment than was entered."""
    found = visible_order(request.rights, number)  # type: ignore[attr-defined]
    at = timezone.localtime(found.handed_at) if found.handed_at else None
    form = forms.LeftForm(
        request.POST or None, initial={"at": at and at.strftime("%Y-%m-%d %H:%M")}
    )
    return _form(
        request, number, form, services.sendout_left_correct, _("Correct when it left"),
        _("Correct"), _("The standards are locked from this moment on, and certificates made since that day count."),
    )  # fmt: skip


@needs(RIGHT)
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Nothing of it will leave."""
    return _form(
        request, number, forms.ReasonForm(request.POST or None), services.sendout_cancel,
        _("Cancel %(no)s") % {"no": number}, _("Cancel it"),
        _("Planned standards are planned again."),
    )  # fmt: skip


@needs(RIGHT)
def costs(request: HttpRequest, number: str) -> HttpResponse:
    """What the body charged for each standard."""
    found = visible_order(request.rights, number)  # type: ignore[attr-defined]
    items = [item for item in items_of(found.items) if item.out_at]
    lines = forms.Lines(
        forms.CostLineForm, items, request.POST or None,
        lambda item: {"cost_yuan": item.cost_yuan},
    )  # fmt: skip
    form = forms.InvoiceForm(request.POST or None, initial={"invoice_no": found.invoice_no})
    faults: list[str] = []
    if request.method == "POST" and form.is_valid():
        faults = [] if lines.is_valid() else lines.faults
        if not faults:
            typed = {key: line["cost_yuan"] for key, line in lines.typed.items()}
            try:
                services.sendout_costs_set(
                    order=found, costs=typed, actor=actor_of(request), **form.cleaned_data
                )
            except Refused as refused:
                faults = refused_texts(request, refused)
            else:
                messages.success(request, _("The costs are kept."))
                return redirect("sendout", number=number)
    context = {
        "title": _("Enter costs"), "lines": lines, "form": form, "faults": faults,
        "back": reverse("sendout", args=[number]), "crumbs": _crumbs(found),
    }  # fmt: skip
    return render(request, "standards/sendout_costs.html", context)


@needs("documents.print")
def paper(request: HttpRequest, number: str, way: str) -> HttpResponse:
    """The hand-over list out or in, as PDF."""
    found = visible_order(request.rights, number)  # type: ignore[attr-defined]
    if way not in ("out", "in"):
        raise NotFound(_("There is no such paper."))
    content = paper_pdf(
        kind="handover_note", paper=handover_list(found, is_in=way == "in"), unit_id=found.unit_id,
        actor=actor_of(request), language="en" if (get_language() or "").startswith("en") else "zh",
    )  # fmt: skip
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(found.number)}-{way}.pdf"
    return answer
