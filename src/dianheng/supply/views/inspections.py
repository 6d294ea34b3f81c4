"""Pages of inspections and returns."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.assets.models import Lot
from dianheng.common.errors import BadInput
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, ListPage, PageAction
from dianheng.common.pages import needs
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of
from dianheng.metrology.words import word

from .. import services
from ..choices import (
    INSPECTION_TONE,
    OUTCOME_TONE,
    RETURN_TONE,
    ArrivalState,
    Department,
    InspectionState,
    Outcome,
    ReturnKind,
    ReturnState,
)
from ..forms import (
    ITEMS,
    DecisionForm,
    InspectionForm,
    LaboratoryForm,
    NoticeForm,
    ReasonForm,
    ResultForm,
    ShipForm,
)
from ..models import Arrival, InspectionLot, ReturnOrder, SampleDevice, SwitchingState
from ..papers import return_notice, sampling_form
from ..services.acceptance import RIGHT_OF
from ..services.inspection import lot_devices, sampling_tasks
from .common import VIEW, acted, against, ordered, pdf, seen

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


def _item(item: str) -> str:
    return word("item", item, "en" if get_language() == "en" else "zh")


def inspection_list(request: HttpRequest) -> HttpResponse:
    """Inspections of the units one may see."""
    return INSPECTIONS.answer(request)


@needs("supply.inspect")
def inspection_new(request: HttpRequest, lot: str) -> HttpResponse:
    """State the split of a lot."""
    found = Lot.objects.select_related("unit", "model__manufacturer").filter(code=lot).first()
    seen(request, found, lot, "supply.inspect")
    assert found is not None
    came = Arrival.objects.filter(
        lot=found, state__in=[ArrivalState.RECEIVED, ArrivalState.PARTLY]
    ).order_by("number")
    form = InspectionForm(request.POST or None, arrivals=came, initial={"arrivals": came})

    def act(data: dict[str, Any]) -> str:
        parts = [{"arrival": arrival} for arrival in data["arrivals"]]
        aql = {"B": data["aql_b"], "C": data["aql_c"]}
        made = services.inspection_make(
            lot=found, split=[parts] if data["split"] == "one" else [[part] for part in parts],
            statement=data["statement"], level=data["level"],
            aql={name: value for name, value in aql.items() if value}, actor=actor_of(request),
        )  # fmt: skip
        return reverse("inspection", args=[made[0].number])

    return answer_form(
        request, form, act, title=_("Inspect the lot"), submit=_("State the split"),
        back=reverse("inspections"), crumbs=[(INSPECTIONS.title, reverse("inspections"))],
        intro=f"{found.code} · {found.model}",
    )  # fmt: skip


def _inspection(request: HttpRequest, number: str) -> InspectionLot:
    rows = InspectionLot.objects.select_related("lot__model__manufacturer", "unit", "stated_by")
    found: InspectionLot = seen(
        request, rows.filter(number=number).first(), number, "supply.inspect"
    )
    return found


def inspection(request: HttpRequest, number: str) -> HttpResponse:
    """One inspection: how far it is, who must do what, plan, draw, results, opinions."""
    found = _inspection(request, number)
    draw = getattr(found, "draw", None)
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
                    bad.word = _item(bad.item)
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
        "outcome_tones": OUTCOME_TONE,
        "parts": found.parts.select_related("arrival"),
        "size": found.lot_size or lot_devices(found).count(),
        "opinions": found.opinions.select_related("person", "acting_for"),
        "tasks": sampling_tasks(found),
        "return_order": ReturnOrder.objects.filter(inspection=found).first(),
        "switching": SwitchingState.objects.filter(model=found.lot.model_id, unit=found.unit_id).first(),
        "actions": ordered(_inspection_actions(request, found)),
    }  # fmt: skip
    return render(request, "supply/inspection.html", context)


def _inspection_actions(request: HttpRequest, found: InspectionLot) -> list[PageAction]:
    def one(label: Any, url: str, right: str, post: bool = False) -> PageAction:
        address = reverse(url, args=[found.number])
        return PageAction(label, address, against(request, right, found.unit), facts={"post": post})

    state, inspect = found.state, "supply.inspect"
    if state == InspectionState.STATED:
        return [
            one(_("Publish the seed's digest"), "draw_publish", inspect, True),
            one(_("Withdraw"), "inspection_void", inspect),
        ]
    if state == InspectionState.PUBLISHED:
        return [
            one(_("Close the lot and draw"), "draw_close", inspect, True),
            one(_("Withdraw"), "inspection_void", inspect),
        ]
    actions = []
    if state == InspectionState.DRAWN:
        actions = [
            one(_("Judge the sample"), "sample_judge", inspect, True),
            one(_("Take over verdicts"), "sample_read", inspect, True),
            one(_("Test on the benches"), "sample_task", inspect),
            one(_("Enter a result"), "sample_record", inspect),
        ]
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
        ]
    if state != InspectionState.VOID:
        actions += [
            one(_("Device list"), "inspection_devices", VIEW),
            one(_("Sampling form"), "inspection_paper", "documents.print"),
        ]
    return actions


@require_POST
@needs("supply.inspect")
def inspection_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """The steps that need no more than a click."""
    found = _inspection(request, number)
    act = {
        "publish": services.draw_publish,
        "close": services.draw_close,
        "read": services.sample_results_read,
        "judge": services.sample_judge,
    }[step]
    back = reverse("inspection", args=[number])
    return acted(request, lambda: act(inspection=found, actor=actor_of(request)), back)  # type: ignore[operator]


def _form_page(
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
    found = _inspection(request, number)
    return _form_page(
        request, found, ReasonForm(request.POST or None),
        lambda data: services.inspection_void(inspection=found, reason=data["reason"], actor=actor_of(request)),
        _("Withdraw"), _("Withdraw"),
    )  # fmt: skip


@needs("supply.inspect")
def sample_task(request: HttpRequest, number: str) -> HttpResponse:
    """Have the sample tested on the benches."""
    found = _inspection(request, number)
    units = units_with_right(request.rights, "verification.plan")  # type: ignore[attr-defined]
    form = LaboratoryForm(request.POST or None, units=units, initial={"laboratory": found.unit_id})
    return _form_page(
        request, found, form,
        lambda data: services.sample_task_make(inspection=found, laboratory=data["laboratory"], actor=actor_of(request)),
        _("Test on the benches"), _("Make the task"),
    )  # fmt: skip


@needs("supply.inspect")
def sample_record(request: HttpRequest, number: str) -> HttpResponse:
    """A result by hand."""
    found = _inspection(request, number)
    codes = list(
        SampleDevice.objects.filter(draw__inspection=found, draw__closed_at__isnull=False)
        .order_by("rank")
        .values_list("device__barcode", flat=True)
    )
    items = [(item, _item(item)) for item in ITEMS]
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

    return _form_page(request, found, form, call, _("Enter a result"), _("Record"))


@needs("supply.decide_technical", "supply.decide_asset")
def acceptance_decide(request: HttpRequest, number: str, department: str) -> HttpResponse:
    """Sign the unified form for a department."""
    found = _inspection(request, number)
    if department not in Department.values:
        raise BadInput(_("There is no such department or opinion."))
    initial = {"opinion": "accept" if found.is_accepted else "reject"}
    return _form_page(
        request, found, DecisionForm(request.POST or None, initial=initial),
        lambda data: services.acceptance_decide(
            inspection=found, department=department, actor=actor_of(request), **data
        ),
        Department(department).label, _("Sign"),
    )  # fmt: skip


def inspection_devices(request: HttpRequest, number: str) -> HttpResponse:
    """The frozen list, one bar code a line: what `dianheng sampling redraw` reads."""
    found = _inspection(request, number)
    codes = found.members.order_by("device__barcode").values_list("device__barcode", flat=True)
    text = "".join(f"{code}\n" for code in codes.iterator(chunk_size=5000))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.txt"'
    return response


def inspection_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The sampling form as PDF."""
    found = _inspection(request, number)
    if getattr(found, "draw", None) is None or found.draw.closed_at is None:
        raise BadInput(_("The sample is not drawn yet."))
    return pdf(request, "sampling_form", sampling_form(found), found.unit_id)


# -- returns --------------------------------------------------------------------------------------

RETURNS = ListPage(
    key="supply.returns",
    title=gettext_lazy("Returns to makers"),
    rows=lambda scope: ReturnOrder.objects.select_related("lot__model__manufacturer", "unit"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Return order"), kind="code", sort="number"),
        Column("state", gettext_lazy("State"), kind="state", choices=ReturnState.choices, tones=RETURN_TONE),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("lot", gettext_lazy("Lot"), "lot.code", kind="code"),
        Column("maker", gettext_lazy("Maker"), "lot.model.manufacturer.name"),
        Column("made_at", gettext_lazy("Drawn up"), kind="moment"),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=ReturnState.choices),
        Choice("kind", gettext_lazy("Kind"), options=ReturnKind.choices),
    ],
    search=("number", "lot__code"),
    row_url=lambda one: reverse("return_order", args=[one.number]),
    cards=("number", "state", "lot", "maker"),
    empty_text=gettext_lazy("Nothing goes back to a maker."),
)  # fmt: skip


def return_list(request: HttpRequest) -> HttpResponse:
    """Return orders."""
    return RETURNS.answer(request)


def _return(request: HttpRequest, number: str) -> ReturnOrder:
    rows = ReturnOrder.objects.select_related(
        "lot__model__manufacturer", "unit", "made_by", "inspection"
    )
    found: ReturnOrder = seen(request, rows.filter(number=number).first(), number, "supply.return")
    return found


def return_order(request: HttpRequest, number: str) -> HttpResponse:
    """One return: devices, reasons, how far it is."""
    found = _return(request, number)
    drawn_up = "" if found.state == ReturnState.DRAWN_UP else _("The maker has the notice already.")
    notified = "" if found.state == ReturnState.NOTIFIED else _("The maker gets the notice first.")

    def one(label: Any, url: str, right: str, reason: Any) -> PageAction:
        refusal = against(request, right, found.unit, reason)
        return PageAction(label, reverse(url, args=[number]), refusal)

    context = {
        "title": found.number,
        "order": found,
        "tone": RETURN_TONE[ReturnState(found.state)],
        "count": found.devices.count(),
        "devices": found.devices.select_related("device").order_by("device__barcode")[:200],
        "actions": ordered(
            [
                one(_("Notify the maker"), "return_notify", "supply.return", drawn_up),
                one(_("Ship"), "return_ship", "supply.return", notified),
                one(_("Return notice"), "return_paper", "documents.print", ""),
            ]
        ),
    }  # fmt: skip
    return render(request, "supply/return.html", context)


@needs("supply.return")
def return_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Notify the maker, or ship."""
    found = _return(request, number)
    back = reverse("return_order", args=[number])
    is_notice = step == "notify"
    form = (NoticeForm if is_notice else ShipForm)(request.POST or None)
    call: Any = services.return_notify if is_notice else services.return_to_maker

    def act(data: dict[str, Any]) -> str:
        call(order=found, actor=actor_of(request), **data)
        return back

    title = _("Notify the maker") if is_notice else _("Ship")
    return answer_form(
        request, form, act, title=title, submit=title, back=back,
        crumbs=[(RETURNS.title, reverse("returns")), (number, back)],
    )  # fmt: skip


def return_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The return notice as PDF."""
    found = _return(request, number)
    return pdf(request, "return_notice", return_notice(found), found.unit_id)
