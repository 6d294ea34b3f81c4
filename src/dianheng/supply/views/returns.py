"""Pages of returns to makers: list, new, one return, coming back."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import DeviceState
from dianheng.common.errors import BadInput
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, ListPage, PageAction
from dianheng.common.pages import needs, opens_to, scope_of
from dianheng.common.search import clean_code
from dianheng.identity.services import actor_of

from .. import services
from ..choices import RETURN_REASONS, RETURN_TONE, ReturnKind, ReturnState
from ..forms import ComeBackForm, NoticeForm, ReturnForm, ShipForm
from ..models import ReturnOrder
from ..papers import return_notice
from ..selectors.lots import device_failures, lot_by_code
from ..services.returns import returnable
from .common import VIEW, against, ordered, pdf, seen

SHOWN = 200

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


@opens_to(VIEW)
def return_list(request: HttpRequest) -> HttpResponse:
    """Return orders."""
    return RETURNS.answer(request)


def _return(request: HttpRequest, number: str) -> ReturnOrder:
    rows = ReturnOrder.objects.select_related(
        "lot__model__manufacturer", "unit", "made_by", "shipped_by", "inspection"
    )
    found: ReturnOrder = seen(
        request, rows.filter(number=number).first(), number, "supply.return", "supply.receive"
    )
    return found


@opens_to(VIEW, "supply.return", "supply.receive")
def return_order(request: HttpRequest, number: str) -> HttpResponse:
    """One return: devices, reasons, how far it is."""
    found = _return(request, number)
    drawn_up = "" if found.state == ReturnState.DRAWN_UP else _("The maker has the notice already.")
    notified = "" if found.state == ReturnState.NOTIFIED else _("The maker gets the notice first.")
    if found.state == ReturnState.SHIPPED:
        notified = _("The devices are shipped already.")
    away = found.devices.filter(device__state=DeviceState.RETURNED_TO_MAKER).count()
    back = "" if away else _("None of its devices is with the maker.")

    def one(label: Any, url: str, right: str, reason: Any) -> PageAction:
        refusal = against(request, right, found.unit, reason)
        return PageAction(label, reverse(url, args=[number]), refusal)

    context = {
        "title": found.number,
        "order": found,
        "tone": RETURN_TONE[ReturnState(found.state)],
        "count": found.devices.count(),
        "devices": found.devices.select_related("device").order_by("device__barcode")[:SHOWN],
        "away": away,
        "reasons": [
            {**one, "text": RETURN_REASONS.get(one["reason"], one["reason"])} for one in found.reasons
        ],
        "actions": ordered(
            [
                one(_("Notify the maker"), "return_notify", "supply.return", drawn_up),
                one(_("Ship"), "return_ship", "supply.return", notified),
                one(_("Receive what comes back"), "return_come_back", "supply.receive", back),
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


@opens_to("documents.print")
def return_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The return notice as PDF."""
    found = _return(request, number)
    return pdf(request, "return_notice", return_notice(found), found.unit_id)


KIND_OF = {
    ReturnKind.FAILED: DeviceState.UNQUALIFIED,
    ReturnKind.CONTROL: DeviceState.OUTSIDE_CONTROL,
}


@needs("supply.return")
def return_new(request: HttpRequest, lot: str, kind: str) -> HttpResponse:
    """Draw up a return of devices of a lot that failed, or are outside internal control."""
    found = seen(request, lot_by_code(lot), lot, "supply.return")
    if kind not in KIND_OF:
        raise BadInput(_("A whole lot is returned by the decision on its inspection."))
    rows = list(returnable(found).filter(state=KIND_OF[ReturnKind(kind)])[:SHOWN])
    failures = device_failures([device.pk for device in rows])
    choices = [
        (
            device.barcode,
            f"{device.barcode} {failures[device.pk].text}"
            if device.pk in failures
            else device.barcode,
        )
        for device in rows
    ]
    form = ReturnForm(
        request.POST or None,
        devices=choices,
        initial={"devices": [code for code, _text in choices]},
    )

    def act(data: dict[str, Any]) -> str:
        codes = data.pop("devices")
        ids = [device.pk for device in rows if device.barcode in codes]
        order = services.return_make(
            lot=found, device_ids=ids, kind=kind, actor=actor_of(request), **data
        )
        return reverse("return_order", args=[order.number])

    intro = "" if rows else _("No device of this lot waits for such a return.")
    return answer_form(
        request, form, act, title=ReturnKind(kind).label, submit=_("Draw up the return"),
        back=reverse("lot", args=[lot]), intro=intro or f"{found.code} · {found.model}",
        crumbs=[(_("Lots"), reverse("lots")), (lot, reverse("lot", args=[lot]))],
    )  # fmt: skip


@needs("supply.receive")
def return_come_back(request: HttpRequest, number: str) -> HttpResponse:
    """Receive what the maker sorted: it awaits acceptance again."""
    found = _return(request, number)
    form = ComeBackForm(request.POST or None, paths=scope_of(request).paths("supply.receive"))
    back = reverse("return_order", args=[number])

    def act(data: dict[str, Any]) -> str:
        codes = [code for line in data["codes"].split() if (code := clean_code(line))]
        known = dict(
            found.devices.filter(device__barcode__in=codes).values_list(
                "device__barcode", "device_id"
            )
        )
        strange = [code for code in dict.fromkeys(codes) if code not in known]
        if strange:
            text = _("Not of this return: %(codes)s") % {"codes": ", ".join(strange[:10])}
            raise BadInput(text, [{"field": "codes", "code": "foreign", "text": text}])
        count = services.return_come_back(
            order=found, place=data["place"], actor=actor_of(request),
            device_ids=list(known.values()) if codes else None,
        )  # fmt: skip
        messages.success(request, _("%(n)s devices came back and await acceptance.") % {"n": count})
        return back

    return answer_form(
        request, form, act, title=_("Receive what comes back"), submit=_("Receive"), back=back,
        crumbs=[(RETURNS.title, reverse("returns")), (number, back)],
    )  # fmt: skip
