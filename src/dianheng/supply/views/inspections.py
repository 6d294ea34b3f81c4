"""Pages of inspections: split, draw, results, opinions, papers."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.errors import BadInput
from dianheng.common.forms import acted, answer_form
from dianheng.common.lists import Choice, Column, Contains, ListPage, PageAction
from dianheng.common.pages import needs, opens_to
from dianheng.documents.selectors import document_by_number
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from .. import services
from ..choices import (
    INSPECTION_TONE,
    OUTCOME_TONE,
    SENT_TONE,
    SEVERITY,
    ArrivalState,
    Department,
    InspectionState,
    Outcome,
    SentState,
)
from ..forms import (
    ITEMS,
    DecisionForm,
    LaboratoryForm,
    ReasonForm,
    ResubmitForm,
    ResultForm,
    SplitForm,
)
from ..models import (
    Arrival,
    InspectionLot,
    ReturnOrder,
    SampleDevice,
    SampleResult,
    SentSample,
    SwitchingState,
)
from ..papers import sampling_form
from ..selectors.inspections import DECIDED, sampling_tasks
from ..selectors.lots import item_word, lot_by_code
from ..services.acceptance import RIGHT_OF
from ..services.inspection import lot_devices, lot_free, split_count
from .common import VIEW, against, ordered, pdf, seen

INSPECTIONS = ListPage(
    key="supply.inspections",
    title=gettext_lazy("Inspections"),
    rows=lambda scope: InspectionLot.objects.select_related("lot__model__manufacturer", "unit"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Inspection"), kind="code", sort="number"),
        Column("state", gettext_lazy("State"), kind="state", choices=InspectionState.choices, tones=INSPECTION_TONE),
        Column("lot", gettext_lazy("Lot"), "lot.code", kind="code"),
        Column("maker", gettext_lazy("Maker"), "lot.model.manufacturer.name"),
        Column("model", gettext_lazy("Model"), "lot.model.code"),
        Column("lot_size", gettext_lazy("Lot size"), kind="number", decimals=0),
        Column("stated_at", gettext_lazy("Stated"), kind="moment"),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=InspectionState.choices),
        Contains("lot", gettext_lazy("Lot"), "lot__code"),
    ],
    search=("number", "lot__code", "lot__model__code"),
    row_url=lambda one: reverse("inspection", args=[one.number]),
    cards=("number", "state", "lot", "model"),
    empty_text=gettext_lazy("No inspection yet. Begin from an arrival."),
)  # fmt: skip

STEPS = (
    (InspectionState.STATED, gettext_lazy("Split stated")),
    (InspectionState.PUBLISHED, gettext_lazy("Seed's digest published")),
    (InspectionState.DRAWN, gettext_lazy("Sample drawn")),
    (InspectionState.JUDGED, gettext_lazy("Sample judged")),
    (InspectionState.ACCEPTED, gettext_lazy("Decided")),
)


@opens_to(VIEW)
def inspection_list(request: HttpRequest) -> HttpResponse:
    """Inspections of the units one may see."""
    return INSPECTIONS.answer(request)


MOST_ROWS = 30  # of the table that divides a lot


@needs("supply.inspect")
def inspection_new(request: HttpRequest, lot: str) -> HttpResponse:
    """State the split of a lot; “count” shows what each part holds before it is stated."""
    found = seen(request, lot_by_code(lot), lot, "supply.inspect")
    came = Arrival.objects.filter(
        lot=found, state__in=[ArrivalState.RECEIVED, ArrivalState.PARTLY]
    ).order_by("number")
    free = lot_free(found)
    # One row for each arrival and one to divide it; one more when that is asked for.
    rows = sum(name.startswith("part_") for name in request.POST) or len(came) + 1
    if is_more := "more" in request.POST:
        rows += 1
        typed = request.POST.dict() | {"arrivals": request.POST.getlist("arrivals")}
    else:
        typed = {"arrivals": [arrival for arrival in came if free.get(arrival.number)]}
    form = SplitForm(
        None if is_more else request.POST or None, arrivals=came, rows=min(rows, MOST_ROWS),
        initial=typed,
    )  # fmt: skip
    counts = []
    if request.POST.get("count") and form.is_valid():
        parts = form.cleaned_data["parts"]
        counts = [split_count(part) for part in parts]

    def act(data: dict[str, Any]) -> str:
        aql = {"B": data["aql_b"], "C": data["aql_c"]}
        made = services.inspection_make(
            lot=found, split=data["parts"], statement=data["statement"], level=data["level"],
            aql={name: value for name, value in aql.items() if value}, actor=actor_of(request),
        )  # fmt: skip
        one = len(made) == 1
        return reverse("inspection", args=[made[0].number]) if one else reverse("lot", args=[lot])

    context = {
        "intro": f"{found.code} · {found.model}",
        "free": [(arrival, free.get(arrival.number)) for arrival in came],
        "counts": counts,
        "counted": sum(counts),
        "rest": sum(entry["count"] for entry in free.values()) - sum(counts),
    }
    if counts or is_more:
        shown = {
            "title": _("Inspect the lot"), "form": form, "submit": _("State the split"),
            "back": reverse("lot", args=[lot]), "crumbs": _lot_crumbs(lot),
        }  # fmt: skip
        return render(request, "supply/split_form.html", shown | context)
    return answer_form(
        request, form, act, title=_("Inspect the lot"), submit=_("State the split"),
        back=reverse("lot", args=[lot]), crumbs=_lot_crumbs(lot), template="supply/split_form.html",
        **context,
    )  # fmt: skip


def _lot_crumbs(lot: str) -> list[tuple[Any, str]]:
    return [(_("Lots"), reverse("lots")), (lot, reverse("lot", args=[lot]))]


def visible_inspection(request: HttpRequest, number: str) -> InspectionLot:
    rows = InspectionLot.objects.select_related("lot__model__manufacturer", "unit", "stated_by")
    found: InspectionLot = seen(
        request, rows.filter(number=number).first(), number, "supply.inspect"
    )
    return found


@opens_to(VIEW, "supply.inspect")
def inspection(request: HttpRequest, number: str) -> HttpResponse:
    """One inspection: how far it is, who must do what, plan, draw, results, opinions."""
    found = visible_inspection(request, number)
    draw = getattr(found, "draw", None)
    sent = SentSample.objects.filter(inspection=found).first()
    sample = []
    if draw is not None and draw.seed:
        sample = list(
            SampleDevice.objects.filter(draw=draw)
            .select_related("device")
            .prefetch_related("results__nonconformities")
            .order_by("rank")
        )
        for one in sample:
            for result in one.results.all():
                for bad in result.nonconformities.all():
                    bad.word = item_word(bad.item)
    reached = {state: n for n, (state, _label) in enumerate(STEPS)}
    reached[InspectionState.REJECTED] = reached[InspectionState.ACCEPTED]
    at = reached.get(InspectionState(found.state), -1)
    context = {
        "title": found.number,
        "inspection": found,
        "tone": INSPECTION_TONE[InspectionState(found.state)],
        "steps": [(label, n <= at, n == at) for n, (_state, label) in enumerate(STEPS)],
        "draw": draw,
        "sample": sample,
        "severity": SEVERITY.get(found.severity, found.severity),
        "sent": sent,
        "sent_tone": SENT_TONE[SentState(sent.state)] if sent else "",
        "resubmission": getattr(found, "resubmission", None),
        "papers": _papers(request, found),
        "outcome_tones": OUTCOME_TONE,
        "parts": found.parts.select_related("arrival"),
        "size": found.lot_size or lot_devices(found).count(),
        "opinions": found.opinions.select_related("person", "acting_for"),
        "tasks": sampling_tasks(found),
        "return_order": ReturnOrder.objects.filter(inspection=found).first(),
        "switching": SwitchingState.objects.filter(model=found.lot.model_id, unit=found.unit_id).first(),
        "actions": ordered(_inspection_actions(request, found, sent)),
    }  # fmt: skip
    return render(request, "supply/inspection.html", context)


def _papers(request: HttpRequest, found: InspectionLot) -> list[tuple[Any, str]]:
    """Papers of the inspection that are there, with their addresses."""
    papers: list[tuple[Any, str]] = []
    draw = getattr(found, "draw", None)
    if draw is not None and draw.closed_at is not None:
        papers += [
            (_("Sampling form"), reverse("inspection_paper", args=[found.number])),
            (_("Device list"), reverse("inspection_devices", args=[found.number])),
        ]
    sent = SentSample.objects.filter(inspection=found).exclude(state=SentState.WITHDRAWN).first()
    if sent is not None:
        papers += [
            (_("List of the sent sample (.xlsx)"), reverse("sent_sheet", args=[found.number])),
            (_("Slip of the sent sample"), reverse("sent_paper", args=[found.number])),
        ]
        if sent.report_file_id:
            papers.append((_("Report as received"), reverse("sent_file", args=[found.number])))
    if found.report_no:
        papers.append(
            (
                f"{_('Sampling report')} {found.report_no}",
                reverse("document", args=[found.report_no]),
            )
        )
    return papers


def _inspection_actions(
    request: HttpRequest, found: InspectionLot, sent: SentSample | None
) -> list[PageAction]:
    def one(label: Any, url: str, right: str, post: bool = False, reason: Any = "") -> PageAction:
        address = reverse(url, args=[found.number])
        refusal = against(request, right, found.unit, reason)
        return PageAction(label, address, refusal, facts={"post": post})

    state, inspect = found.state, "supply.inspect"
    withdraw = one(_("Withdraw"), "inspection_void", inspect)
    if state == InspectionState.STATED:
        return [one(_("Publish the seed's digest"), "draw_publish", inspect, True), withdraw]
    if state == InspectionState.PUBLISHED:
        return [one(_("Close the lot and draw"), "draw_close", inspect, True), withdraw]
    actions = []
    back = one(_("The sample came back"), "sent_back", inspect, True)
    if state == InspectionState.DRAWN:
        actions = _sample_actions(found, sent, one, back)
    elif sent is not None and sent.state == SentState.REPORTED:
        actions = [back]
    if state == InspectionState.JUDGED:
        signed = set(found.opinions.values_list("department", flat=True))
        actions = [
            PageAction(
                Department(department).label,
                reverse("acceptance_decide", args=[found.number, department]),
                against(request, right, found.unit),
            )
            for department, right in RIGHT_OF.items()
            if department not in signed
        ] + actions
    if state in DECIDED and not found.report_no:
        actions.append(one(_("Issue the sampling report"), "report_issue", "documents.issue", True))
    if state == InspectionState.REJECTED and not hasattr(found, "resubmission"):
        actions.append(one(_("Submit it again"), "inspection_resubmit", inspect))
    return actions


def _sample_actions(
    found: InspectionLot, sent: SentSample | None, one: Any, back: PageAction
) -> list[PageAction]:
    """What comes next for a drawn sample: tested here, or sent to the higher centre."""
    inspect = "supply.inspect"
    judge = one(_("Judge the sample"), "sample_judge", inspect, True)
    if sent is None or sent.state == SentState.WITHDRAWN:
        tasks = sampling_tasks(found).exists()
        results = SampleResult.objects.filter(sample__draw__inspection=found).exists()
        actions = [judge] if results else []
        if tasks:
            actions.insert(0, one(_("Take over verdicts"), "sample_read", inspect, True))
        else:
            actions.append(one(_("Test on the benches"), "sample_task", inspect))
            if not results:
                actions.append(one(_("Send to the higher centre"), "sample_send", inspect))
        return [*actions, one(_("Enter a result"), "sample_record", inspect)]
    if sent.state == SentState.LISTED:
        return [
            one(_("Hand over"), "sent_hand_over", inspect),
            one(_("Withdraw the list"), "sent_withdraw", inspect),
        ]
    if sent.state == SentState.HANDED_OVER:
        return [one(_("Enter the report"), "sent_report", inspect)]
    return [judge, back] if sent.state == SentState.REPORTED else [judge]


@require_POST
@needs("supply.inspect")
def inspection_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """The steps that need no more than a click."""
    found = visible_inspection(request, number)
    act = {
        "publish": services.draw_publish,
        "close": services.draw_close,
        "read": services.sample_results_read,
        "judge": services.sample_judge,
    }[step]
    back = reverse("inspection", args=[number])
    return acted(request, lambda: act(inspection=found, actor=actor_of(request)), back)  # type: ignore[operator]


def form_page(
    request: HttpRequest, found: InspectionLot, form: Any, call: Any, title: Any, submit: Any
) -> HttpResponse:
    back = reverse("inspection", args=[found.number])

    def act(data: dict[str, Any]) -> str:
        call(data)
        return back

    crumbs = [(INSPECTIONS.title, reverse("inspections")), (found.number, back)]
    return answer_form(request, form, act, title=title, submit=submit, back=back, crumbs=crumbs)


@needs("supply.inspect")
def inspection_void(request: HttpRequest, number: str) -> HttpResponse:
    """Withdraw it before the draw."""
    found = visible_inspection(request, number)
    return form_page(
        request, found, ReasonForm(request.POST or None),
        lambda data: services.inspection_void(inspection=found, reason=data["reason"], actor=actor_of(request)),
        _("Withdraw"), _("Withdraw"),
    )  # fmt: skip


@needs("supply.inspect")
def sample_task(request: HttpRequest, number: str) -> HttpResponse:
    """Have the sample tested on the benches."""
    found = visible_inspection(request, number)
    units = units_with_right(request.rights, "verification.plan")  # type: ignore[attr-defined]
    form = LaboratoryForm(request.POST or None, units=units, initial={"laboratory": found.unit_id})
    return form_page(
        request, found, form,
        lambda data: services.sample_task_make(inspection=found, laboratory=data["laboratory"], actor=actor_of(request)),
        _("Test on the benches"), _("Make the task"),
    )  # fmt: skip


@needs("supply.inspect")
def sample_record(request: HttpRequest, number: str) -> HttpResponse:
    """A result by hand."""
    found = visible_inspection(request, number)
    codes = list(
        SampleDevice.objects.filter(draw__inspection=found, draw__closed_at__isnull=False)
        .order_by("rank")
        .values_list("device__barcode", flat=True)
    )
    items = [(item, item_word(item)) for item in ITEMS]
    form = ResultForm(
        request.POST or None, codes=codes, items=items,
        initial={"tested_on": timezone.localdate().isoformat()},
    )  # fmt: skip

    def call(data: dict[str, Any]) -> None:
        bad = {
            "item": data["item"], "class": data["nonconformity_class"],
            "measured": data["measured"], "limit": data["limit"],
        }  # fmt: skip
        result = {
            "barcode": data["barcode"], "tested_on": data["tested_on"], "note": data["note"],
            "nonconformities": [bad] if data["outcome"] == Outcome.FAIL else [],
        }  # fmt: skip
        services.sample_result_record(inspection=found, results=[result], actor=actor_of(request))

    return form_page(request, found, form, call, _("Enter a result"), _("Record"))


@needs("supply.decide_technical", "supply.decide_asset")
def acceptance_decide(request: HttpRequest, number: str, department: str) -> HttpResponse:
    """Sign the unified form for a department."""
    found = visible_inspection(request, number)
    if department not in Department.values:
        raise BadInput(_("There is no such department or opinion."))
    initial = {"opinion": "accept" if found.is_accepted else "reject"}
    return form_page(
        request, found, DecisionForm(request.POST or None, initial=initial),
        lambda data: services.acceptance_decide(
            inspection=found, department=department, actor=actor_of(request), **data
        ),
        Department(department).label, _("Sign"),
    )  # fmt: skip


@opens_to(VIEW, "supply.inspect")
def inspection_devices(request: HttpRequest, number: str) -> HttpResponse:
    """The frozen list, one bar code a line: what `dianheng sampling redraw` reads."""
    found = visible_inspection(request, number)
    codes = found.members.order_by("device__barcode").values_list("device__barcode", flat=True)
    text = "".join(f"{code}\n" for code in codes.iterator(chunk_size=5000))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.txt"'
    return response


@opens_to("documents.print")
def inspection_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The sampling form as PDF."""
    found = visible_inspection(request, number)
    if getattr(found, "draw", None) is None or found.draw.closed_at is None:
        raise BadInput(_("The sample is not drawn yet."))
    return pdf(request, "sampling_form", sampling_form(found), found.unit_id)


@require_POST
@needs("documents.issue")
def report_issue(request: HttpRequest, number: str) -> HttpResponse:
    """Issue the sampling report, signed."""
    found = visible_inspection(request, number)
    return acted(
        request,
        lambda: services.sampling_report_issue(inspection=found, actor=actor_of(request)),
        reverse("inspection", args=[number]),
        _("The sampling report is issued and signed."),
    )


@require_POST
@needs("documents.revoke")
def report_supersede(request: HttpRequest, number: str) -> HttpResponse:
    """Issue the sampling report anew; the wrong one is named by it."""
    made = services.sampling_report_supersede(
        document=document_by_number(number), reason=request.POST.get("reason", ""),
        actor=actor_of(request),
    )  # fmt: skip
    messages.success(
        request, _("%(new)s takes the place of %(old)s.") % {"new": made.number, "old": number}
    )
    return redirect("document", number=made.number)


@needs("supply.inspect")
def inspection_resubmit(request: HttpRequest, number: str) -> HttpResponse:
    """Submit a rejected lot again, as its maker sorted it."""
    found = visible_inspection(request, number)
    back = reverse("inspection", args=[number])

    def act(data: dict[str, Any]) -> str:
        made = services.inspection_resubmit(inspection=found, actor=actor_of(request), **data)
        return reverse("inspection", args=[made.number])

    return answer_form(
        request, ResubmitForm(request.POST or None), act, title=_("Submit it again"),
        submit=_("Submit it again"), back=back, crumbs=[(INSPECTIONS.title, reverse("inspections")), (number, back)],
        intro=_("Inspection is tightened; the submission does not count for switching."),
    )  # fmt: skip
