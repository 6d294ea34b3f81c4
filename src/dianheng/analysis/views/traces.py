"""Pages of what a bad cause touched."""

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dianheng.assets.choices import STATE_TONE, DeviceState
from dianheng.common.access import note_access
from dianheng.common.forms import acted, answer_form
from dianheng.common.lists import Choice, Column, Contains, ListPage, PageAction
from dianheng.common.pages import fragment, is_fragment, needs, no_right, scope_of
from dianheng.customers.selectors import VIEW as VIEW_CUSTOMERS
from dianheng.identity.services import actor_of
from dianheng.standards.selectors import last_known_good, standards
from dianheng.workflow.choices import InstanceState

from ..choices import RISK_TONE, Cause, Risk
from ..forms import TraceForm
from ..models import Trace, TracedRecord
from ..selectors import (
    customers_supplied,
    recalls_of,
    supplied_through,
    trace_seen,
    traced_records,
    tree_of,
)
from ..services import TRACE, cause_of, trace_declare, trace_file, trace_recall

VIEW = "analysis.view"
TRACES = ListPage(
    key="analysis.traces",
    title=gettext_lazy("What a bad cause touched"),
    rows=lambda scope: Trace.objects.select_related("unit", "made_by"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="pk"),
        Column("cause", gettext_lazy("What turned out bad"), "get_cause_display"),
        Column("which", gettext_lazy("Which"), "cause_text"),
        Column("from_at", gettext_lazy("Last known good"), kind="moment"),
        Column("through_at", gettext_lazy("Found bad"), kind="moment"),
        Column(
            "high",
            gettext_lazy("At high risk"),
            lambda one: one.counts.get(str(Risk.HIGH.value), 0) if one.finished_at else None,
            kind="number",
            decimals=0,
        ),
        Column(
            "all",
            gettext_lazy("Records touched"),
            lambda one: sum(one.counts.values()) if one.finished_at else None,
            kind="number",
            decimals=0,
        ),
        Column("made_by", gettext_lazy("By"), "made_by.name"),
    ],
    filters=[Choice("cause", gettext_lazy("What turned out bad"), options=Cause.choices)],
    search=("number", "cause_text"),
    row_url=lambda one: reverse("trace", args=[one.number]),
    actions=lambda request: [
        PageAction(
            _("Something turned out bad"),
            reverse("trace_add"),
            None if request.rights.may(TRACE) else no_right(TRACE),  # type: ignore[attr-defined]
        )
    ],
    cards=("number", "which", "high", "all"),
    empty_text=gettext_lazy(
        "Nothing turned out bad yet. Should a standard, a person's work, a scheme or the environment of a"
        " laboratory or room turn out bad, every record that it touched is found here, with the risk of"
        " each."
    ),
)


def _supplied(row: TracedRecord) -> str:
    """Everybody supplied through the device since the test; of a check the point at least."""
    return "; ".join(one.text for one in supplied_through(row)) or str(row.customer)  # type: ignore[attr-defined]


def _record_url(row: TracedRecord) -> str:
    if row.quality_meter:
        return reverse("quality_batch", args=[row.quality_meter.batch.number])
    return reverse("record" if row.record_id else "field_check", args=[row.number])


TRACED = ListPage(
    key="analysis.traced",
    title=gettext_lazy("Records touched"),
    rows=lambda scope, trace: traced_records(trace, scope.paths(VIEW_CUSTOMERS)),
    columns=[
        Column("record", gettext_lazy("Original record"), kind="code", value="number"),
        Column(
            "risk",
            gettext_lazy("Risk"),
            kind="state",
            choices=Risk.choices,
            tones=RISK_TONE,
            sort="risk",
        ),
        Column("margin", gettext_lazy("Margin, %"), "margin_pct", kind="number", decimals=3),
        Column(
            "barcode",
            gettext_lazy("Bar code"),
            "device.barcode",
            kind="code",
            url=lambda row: reverse("device", args=[row.device.barcode]) if row.device else None,
        ),
        Column("model", gettext_lazy("Model"), "device.model.name"),
        Column("finished_at", gettext_lazy("Tested at"), "done_at", kind="moment"),
        Column(
            "bench",
            gettext_lazy("Bench or calibrator"),
            "bench.barcode",
            kind="code",
            hidden=True,
        ),
        Column("task", gettext_lazy("Task"), "task_no", kind="code"),
        Column("unit", gettext_lazy("Held by"), "unit_name"),
        Column(
            "state",
            gettext_lazy("State now"),
            "device.state",
            kind="state",
            choices=DeviceState.choices,
            tones=STATE_TONE,
        ),
        Column(
            "point",
            gettext_lazy("Usage point"),
            "point_no",
            kind="code",
            url=lambda row: reverse("usage_point", args=[row.point_no]) if row.point_no else None,
        ),
        Column("customer", gettext_lazy("Supplied through it since the test"), _supplied),
        Column("recall", gettext_lazy("Recall"), kind="code"),
    ],
    filters=[
        Choice("risk", gettext_lazy("Risk"), options=Risk.choices),
        Contains("bench", gettext_lazy("Bench or calibrator"), "bench_no", how="equals"),
        Contains("unit", gettext_lazy("Held by"), "unit_name", how="equals"),
        Contains("task", gettext_lazy("Task"), "task_no", how="equals"),
        Choice("state", gettext_lazy("State now"), "device__state", options=DeviceState.choices),
        Contains("customer", gettext_lazy("Customer"), "customer"),
    ],
    default_order="-risk",
    search=(
        "record__number",
        "field_check__number",
        "quality_meter__batch__number",
        "device__barcode",
        "point_no",
    ),
    row_url=_record_url,
    cards=("record", "risk", "margin", "customer"),
    template="analysis/trace.html",
    empty_text=gettext_lazy("Nothing is listed: the search goes on, or it touched no record."),
)


@needs(VIEW)
def trace_list(request: HttpRequest) -> HttpResponse:
    """Traces of the units one may see."""
    return TRACES.answer(request)


@needs(TRACE)
def trace_add(request: HttpRequest) -> HttpResponse:
    """Say what turned out bad, and between which moments."""
    given = {"cause": request.GET.get("cause", Cause.STANDARD), "code": request.GET.get("code", "")}
    if given["cause"] == Cause.STANDARD:
        standard = standards().filter(barcode=given["code"]).first()
        if standard and request.rights.may(TRACE, standard.unit.path):  # type: ignore[attr-defined]
            good = last_known_good(standard, timezone.localdate())
            given["from_at"] = f"{good} 00:00" if good else ""
    now = timezone.localtime().replace(second=0, microsecond=0)
    form = TraceForm(
        request.POST or None, initial={"through_at": now.strftime("%Y-%m-%d %H:%M"), **given}
    )

    def act(data: dict[str, Any]) -> str:
        key, text, unit = cause_of(cause=data["cause"], code=data.pop("code"))
        found = trace_declare(unit=unit, key=key, text=text, actor=actor_of(request), **data)
        return reverse("trace", args=[found.number])

    return answer_form(
        request,
        form,
        act,
        title=_("Something turned out bad"),
        submit=_("Find what it touched"),
        back=reverse("traces"),
        crumbs=[(TRACES.title, reverse("traces"))],
        intro=_(
            "Every record, check on site, certificate, device and customer between the two moments is found,"
            " with the risk that a verdict is wrong. Recall orders follow from the page of the trace."
        ),
    )


@needs(VIEW)
def trace(request: HttpRequest, number: str) -> HttpResponse:
    """What was touched, as a tree and as a list, and what became of it."""
    found = trace_seen(request.rights, number)  # type: ignore[attr-defined]
    if "first" in request.GET:  # asked again and again until the first records stand
        waits = HttpResponse(status=204)
        if found.finished_at or traced_records(found.pk).exists():
            waits.headers["HX-Refresh"] = "true"
        return waits
    tones = {int(value): tone for value, tone in RISK_TONE.items()}
    if "customers" in request.GET:
        seen = scope_of(request).paths(VIEW_CUSTOMERS)
        told = {
            "title": found.number,
            "trace": found,
            "units": customers_supplied(found, seen),
            "tones": tones,
        }
        name = "analysis/trace_customers.html" + ("#rows" if is_fragment(request) else "")
        return fragment(request, render(request, name, told))
    may = request.rights.may(TRACE, found.unit.path)  # type: ignore[attr-defined]
    tones = {int(value): tone for value, tone in RISK_TONE.items()}
    shown = [
        (value, label, tones[value], found.counts.get(str(value), 0))
        for value, label in reversed(Risk.choices)
        if found.counts.get(str(value))
    ]
    measured = [value for value, *_rest in shown if value != Risk.UNKNOWN]
    context = {
        "title": found.number,
        "trace": found,
        "tree": tree_of(found),
        "risks": shown,
        "chosen": max(measured, default=None),
        "tones": tones,
        "recalls": [
            (one, dict(InstanceState.choices).get(one.state, one.state))
            for one in recalls_of(found)
        ],
        "refusal": None if may else no_right(TRACE),
    }
    return TRACED.answer(request, context=context, trace=found.pk)


@require_POST
@needs(TRACE)
def recall(request: HttpRequest, number: str) -> HttpResponse:
    """Begin the recall of the chosen risks, in every unit that has such devices."""
    found = trace_seen(request.rights, number)  # type: ignore[attr-defined]
    risks = [int(risk) for risk in request.POST.getlist("risk") if risk.isdecimal()]
    return acted(
        request,
        lambda: trace_recall(trace=found, risks=risks, actor=actor_of(request)),
        reverse("trace", args=[number]),
        _("Recall orders are out: each unit has its own."),
    )


@needs(VIEW)
def trace_csv(request: HttpRequest, number: str) -> StreamingHttpResponse:
    """All records of the trace with certificates and places, as CSV."""
    found = trace_seen(request.rights, number)  # type: ignore[attr-defined]
    note_access(request, "export", f"trace:{number}")

    seen = scope_of(request).paths(VIEW_CUSTOMERS)
    answer = StreamingHttpResponse(
        trace_file(trace=found, seen=seen), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{number}.csv"'
    return answer
