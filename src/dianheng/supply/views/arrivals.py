"""Pages of arrivals: list, one arrival, scanning, confirming."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.errors import BadInput
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, ListPage, PageAction
from dianheng.common.pages import needs, opens_to, scope_of
from dianheng.identity.services import actor_of

from .. import services
from ..choices import ARRIVAL_CHECKS, ARRIVAL_TONE, INSPECTION_TONE, SCAN_TONE, ArrivalState
from ..forms import ArrivalForm, ChecksForm
from ..models import Arrival, InspectionLot
from ..papers import arrival_acceptance
from ..selectors.arrivals import arrival_by_number, arrival_difference
from .common import VIEW, against, ordered, pdf, seen

SHOWN = 100

ARRIVALS = ListPage(
    key="supply.arrivals",
    title=gettext_lazy("Arrivals"),
    rows=lambda scope: Arrival.objects.select_related(
        "line__order__manufacturer", "line__model", "lot", "place"
    ),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Arrival"), kind="code", sort="number"),
        Column("state", gettext_lazy("State"), kind="state", choices=ArrivalState.choices, tones=ARRIVAL_TONE),
        Column("line", gettext_lazy("Order line"), lambda a: str(a.line), kind="code"),
        Column("maker", gettext_lazy("Maker"), "line.order.manufacturer.name"),
        Column("model", gettext_lazy("Model"), "line.model.code"),
        Column("lot", gettext_lazy("Lot"), "lot.code", kind="code"),
        Column("announced", gettext_lazy("Announced"), kind="number", decimals=0),
        Column("received", pgettext_lazy("goods", "Received"), kind="number", decimals=0),
        Column("place", gettext_lazy("Received in"), "place.name"),
        Column("arrived_on", gettext_lazy("Arrived on"), kind="date"),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=ArrivalState.choices),
        Contains("lot", gettext_lazy("Lot"), "lot__code"),
    ],
    search=("number", "line__order__order_no", "lot__code", "delivery_note_no"),
    row_url=lambda arrival: reverse("arrival", args=[arrival.number]),
    cards=("number", "state", "model", "received"),
    empty_text=gettext_lazy("Nothing is announced. Take a maker's delivery file on its order."),
)  # fmt: skip


@opens_to(VIEW)
def arrival_list(request: HttpRequest) -> HttpResponse:
    """Arrivals of the units one may see."""
    return ARRIVALS.answer(request)


def _arrival(request: HttpRequest, number: str) -> Arrival:
    found: Arrival = seen(request, arrival_by_number(number), number, "supply.receive")
    return found


@opens_to(VIEW, "supply.receive")
def arrival(request: HttpRequest, number: str) -> HttpResponse:
    """One arrival: announced, scanned, short, over, foreign; what comes next."""
    found = _arrival(request, number)
    done = _("It is received in full.") if found.state == ArrivalState.RECEIVED else ""
    closed = "" if found.state == ArrivalState.SCANNING else _("Say first where it is received.")
    has_scans = found.scans.filter(result="good", is_undone=False).exists()
    unscanned = "" if has_scans else _("Nothing is scanned yet.")
    came = "" if found.received else _("Nothing is received yet.")

    def one(label: Any, url: str, key: str, right: str, reason: Any) -> PageAction:
        refusal = against(request, right, found.unit, reason)
        return PageAction(label, reverse(url, args=[key]), refusal)

    difference = arrival_difference(found)
    inspections = InspectionLot.objects.filter(lot=found.lot)
    context = {
        "title": found.number,
        "arrival": found,
        "tone": ARRIVAL_TONE[ArrivalState(found.state)],
        "scan_tones": SCAN_TONE,
        "short": difference.short[:SHOWN],
        "short_count": difference.short.count(),
        "strange": found.scans.filter(is_undone=False).exclude(result="good")[:SHOWN],
        "inspections": inspections.order_by("-pk"),
        "inspection_tones": INSPECTION_TONE,
        "checks": [
            {**check, "label": ARRIVAL_CHECKS.get(check["check"], (check["check"],))[0]}
            for check in found.checks
        ],
        "actions": ordered(
            [
                one(_("Scan"), "arrival_scan", number, "supply.receive", done or closed),
                one(_("Receive"), "arrival_confirm", number, "supply.receive", done or closed or unscanned),
                one(_("Open for scanning"), "arrival_open", number, "supply.receive", done),
                one(_("Inspect the lot"), "inspection_new", found.lot.code, "supply.inspect", came),
                one(_("Acceptance form"), "arrival_paper", number, "documents.print", came),
            ]
        ),
    }  # fmt: skip
    return render(request, "supply/arrival.html", context)


@needs("supply.receive")
def arrival_open(request: HttpRequest, number: str) -> HttpResponse:
    """Where it is received, by which note."""
    found = _arrival(request, number)
    form = ArrivalForm(
        request.POST or None,
        paths=scope_of(request).paths("supply.receive"),
        initial={"arrived_on": timezone.localdate().isoformat(), "place": found.place_id},
    )

    def act(data: dict[str, Any]) -> str:
        services.arrival_make(arrival=found, actor=actor_of(request), **data)
        return reverse("arrival_scan", args=[number])

    return answer_form(
        request, form, act, title=_("Open for scanning"), submit=_("Begin to scan"),
        back=reverse("arrival", args=[number]),
        crumbs=[(ARRIVALS.title, reverse("arrivals")), (number, reverse("arrival", args=[number]))],
    )  # fmt: skip


@needs("supply.receive")
def arrival_scan(request: HttpRequest, number: str) -> HttpResponse:
    """Scan devices or boxes against the delivery file."""
    found = _arrival(request, number)
    context = {
        "title": _("Scan"),
        "arrival": found,
        "is_open": found.state == ArrivalState.SCANNING,
        "count": found.scans.filter(result="good", is_undone=False).count(),
    }
    return render(request, "supply/arrival_scan.html", context)


@require_POST
@needs("supply.receive")
def arrival_codes(request: HttpRequest, number: str) -> JsonResponse:
    """Scans of the browser, in order."""
    try:
        scans = json.loads(request.body)["scans"]
        if not isinstance(scans, list) or not all(isinstance(scan, dict) for scan in scans):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise BadInput(_("The scans cannot be read.")) from None
    found = _arrival(request, number)
    return JsonResponse(services.arrival_scan(arrival=found, scans=scans, actor=actor_of(request)))


@needs("supply.receive")
def arrival_confirm(request: HttpRequest, number: str) -> HttpResponse:
    """Say what was looked at, then receive what was scanned."""
    found = _arrival(request, number)
    back = reverse("arrival", args=[number])
    difference = arrival_difference(found)
    scanned = found.scans.filter(result="good", is_undone=False).count()
    short = difference.short.count()
    strange = difference.over.count() + difference.foreign.count()
    initial = {f"{check}_requirement": text for check, (_label, text) in ARRIVAL_CHECKS.items()}
    counts = {"announced": found.announced, "n": scanned, "short": short, "strange": strange}
    initial |= {
        "quantity_result": _("%(n)s scanned of %(announced)s, %(short)s short, %(strange)s over or foreign") % counts,
        "quantity_conclusion": "fail" if short or strange else "pass",
    }  # fmt: skip
    for one in found.checks:
        initial |= {f"{one['check']}_{name}": text for name, text in one.items() if name != "check"}
    form = ChecksForm(request.POST if request.method == "POST" else None, initial=initial)

    def act(data: dict[str, Any]) -> str:
        services.arrival_confirm(arrival=found, checks=data["checks"], actor=actor_of(request))
        return back

    return answer_form(
        request, form, act, title=_("Receive what was scanned"), submit=_("Receive"), back=back,
        crumbs=[(ARRIVALS.title, reverse("arrivals")), (number, back)], intro=initial["quantity_result"],
        template="supply/checks_form.html", success=_("%(no)s: what was scanned is received.") % {"no": number},
    )  # fmt: skip


@opens_to("documents.print")
def arrival_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The acceptance form as PDF."""
    found = _arrival(request, number)
    return pdf(request, "arrival_acceptance", arrival_acceptance(found), found.unit_id)
