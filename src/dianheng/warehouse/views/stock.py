"""What is where, and what is locked for recheck."""

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dianheng.assets.choices import IN_STOCK_VERIFIED, STATE_TONE, DeviceState, PlaceKind
from dianheng.assets.models import Device, Place
from dianheng.common.errors import NotFound
from dianheng.common.lists import (
    BulkAction,
    Choice,
    Column,
    Contains,
    Days,
    ListPage,
    Outcome,
    PageAction,
    Preview,
)
from dianheng.common.pages import needs, no_right, opens_to, scope_of
from dianheng.identity.services import actor_of

from ..choices import LOCK_TONE, LockReason, Purpose
from ..forms import ForTestForm
from ..models import Movement
from ..selectors import locked_devices, recheck_months, stock_lines, stock_places, stock_rows
from ..services import stock_send, stock_take_in

STOCK_LINES = ListPage(
    key="stock-lines",
    title=gettext_lazy("Stock by place, model and state"),
    rows=lambda scope: stock_lines(scope.paths("warehouse.view")),
    columns=[
        Column("place_code", gettext_lazy("Place"), kind="code", sort="place_code"),
        Column("place", gettext_lazy("Name")),
        Column("unit", gettext_lazy("Unit"), sort="unit"),
        Column("model", gettext_lazy("Model"), kind="code", sort="model"),
        Column("model_name", gettext_lazy("Name of the model"), hidden=True),
        Column("maker", gettext_lazy("Maker")),
        Column("state", gettext_lazy("State"), kind="state", choices=DeviceState.choices, tones=STATE_TONE, sort="state"),
        Column("amount", gettext_lazy("Devices"), kind="number", decimals=0, sort="amount"),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=DeviceState.choices),
        Choice("kind", gettext_lazy("Kind of place"), "kind", options=PlaceKind.choices),
        Contains("place", gettext_lazy("Place (code)"), "place_code", how="starts"),
        Contains("model", gettext_lazy("Model"), "model", how="starts"),
    ],
    default_order="place_code",
    row_url=lambda r: f"{reverse('devices')}?place={r.place_code}&model={r.model_id}&state={r.state}",
    right="warehouse.view",
    cards=("place_code", "model", "state", "amount"),
    empty_text=gettext_lazy("Nothing is in stock. Devices come in by scan: Scan in and out."),
)  # fmt: skip


def _for_test_preview(request: HttpRequest, selection: Any) -> Preview:
    units = Device.objects.filter(pk__in=selection.ids).values("place__unit").distinct().count()
    if units > 1:
        return Preview(
            0, text=_("A hand-over takes devices of one unit. Choose a unit at the top.")
        )
    return Preview(
        len(selection), text=_("They are handed over to a laboratory and stay open until it receives them.")
    )  # fmt: skip


def _for_test(request: HttpRequest, selection: Any, data: dict[str, Any], key: str) -> Outcome:
    made: Movement = stock_send(
        device_ids=selection.ids, purpose=Purpose.FOR_TEST, to_place=data["to_place"],
        basis=data["basis"], actor=actor_of(request), request_key=key,
    )  # fmt: skip
    return Outcome(
        made.count,
        text=_("%(no)s waits for the laboratory.") % {"no": made.number},
        url=reverse("movement", args=[made.number]),
        url_label=_("To the hand-over"),
    )


LOCKED_LIST = ListPage(
    key="stock-locked",
    title=gettext_lazy("Due for recheck"),
    rows=lambda scope: locked_devices(),
    columns=[
        Column("barcode", gettext_lazy("Bar code"), kind="code", sort="barcode"),
        Column("model", gettext_lazy("Model"), "model.code"),
        Column("place", gettext_lazy("Place"), "place.name"),
        Column("why", gettext_lazy("Why"), kind="state", choices=LockReason.choices, tones=LOCK_TONE),
        Column("since_on", gettext_lazy("Counted from"), kind="date"),
        Column("locked_at", gettext_lazy("Locked at"), "state_at", kind="moment", sort="state_at"),
    ],
    filters=[
        Choice("why", gettext_lazy("Why"), "why", options=LockReason.choices),
        Contains("model", gettext_lazy("Model"), "model__code", how="equals"),
        Contains("place", gettext_lazy("Place (code)"), "place__code", how="starts"),
    ],
    default_order="barcode",
    search=("barcode",),
    row_url=lambda d: reverse("device", args=[d.barcode]),
    bulk_actions=[
        BulkAction(
            "for_test", gettext_lazy("Send for verification"), _for_test_preview, _for_test,
            right="warehouse.hand_over", form=ForTestForm,
        ),
    ],
    actions=lambda request: [PageAction(_("What is locked next"), reverse("stock_ageing"))],
    right="warehouse.view",
    unit_field="unit",
    template="warehouse/locked.html",
    cards=("barcode", "why", "model", "place"),
    empty_text=gettext_lazy("Nothing is locked. What comes close to the limit stands under What is locked next."),
)  # fmt: skip

AGEING = ListPage(
    key="stock-ageing",
    title=gettext_lazy("What is locked next"),
    rows=lambda scope: Device.objects.filter(
        state__in=IN_STOCK_VERIFIED, verified_on__isnull=False
    ).select_related("model", "place"),
    columns=[
        Column("barcode", gettext_lazy("Bar code"), kind="code", sort="barcode"),
        Column("model", gettext_lazy("Model"), "model.code"),
        Column("place", gettext_lazy("Place"), "place.name"),
        Column("verified_on", gettext_lazy("Verified on"), kind="date", sort="verified_on"),
        Column("stocked_on", gettext_lazy("In stock since"), kind="date", sort="stocked_on"),
        Column("valid_through", gettext_lazy("Valid through"), kind="date", sort="valid_through"),
    ],
    filters=[
        Days("verified", gettext_lazy("Verified on"), "verified_on"),
        Days("stocked", gettext_lazy("In stock since"), "stocked_on"),
        Days("valid", gettext_lazy("Valid through"), "valid_through"),
    ],
    default_order="verified_on",
    search=("barcode",),
    row_url=lambda d: reverse("device", args=[d.barcode]),
    right="warehouse.view",
    unit_field="unit",
    template="warehouse/locked.html",
    empty_text=gettext_lazy("No verified device is in stock."),
)  # fmt: skip


def _place(request: HttpRequest, code: str) -> Place:
    place = Place.objects.select_related("unit", "parent").filter(code=code).first()
    paths = scope_of(request).paths("warehouse.view")
    if place is None or not place.unit.path.startswith(tuple(paths)):
        raise NotFound(_("There is no place %(code)s.") % {"code": code})
    return place


@needs("warehouse.view")
def stock(request: HttpRequest, code: str = "") -> HttpResponse:
    """What is in stock: places, and models by state; down to the devices."""
    paths = scope_of(request).paths("warehouse.view")
    place = _place(request, code) if code else None
    rights: Any = request.rights  # type: ignore[attr-defined]
    models: dict[int, dict[str, Any]] = {}
    for row in stock_rows(paths, place):
        entry = models.setdefault(row["model_id"], {**row, "states": {}, "sum": 0})
        entry["states"][row["state"]] = row["total"]
        entry["sum"] += row["total"]
    found = sorted(models.values(), key=lambda m: m["model"])
    states = [s for s in DeviceState if any(s in m["states"] for m in found)]
    total = sum(m["sum"] for m in found)
    context = {
        "title": place.name if place else _("Stock"),
        "place": place,
        "places": stock_places(paths, place),
        "kinds": dict(PlaceKind.choices),
        "states": [
            (s.value, s.label, STATE_TONE[s], sum(m["states"].get(s, 0) for m in found)) for s in states
        ],
        "models": found,
        "total": total,
        "scan_query": f"?purpose=stock_in&to={quote(place.code)}" if place else "",
        "may_move": place is not None and rights.may("warehouse.move", place.unit.path),
        "unpack_refusal": _unpack_refusal(place, total, rights) if place else "",
    }  # fmt: skip
    return render(request, "warehouse/stock.html", context)


def _unpack_refusal(place: Place, total: int, rights: Any) -> Any:
    if not rights.may("warehouse.move", place.unit.path):
        return no_right("warehouse.move").text
    return "" if total else _("The box is empty.")


@opens_to("warehouse.view")
def lines(request: HttpRequest) -> HttpResponse:
    """Every figure of the stock in one list, to filter and to export."""
    return STOCK_LINES.answer(request)


@require_POST
def unpack(request: HttpRequest, code: str) -> HttpResponse:
    """Take everything out of a box, onto the place where the box stands."""
    place = _place(request, code)
    if place.kind != PlaceKind.BOX or place.parent is None:
        raise NotFound(_("There is no box %(code)s.") % {"code": code})
    inside = Device.objects.filter(place__path__startswith=place.path).values_list("pk", flat=True)
    made = stock_take_in(
        device_ids=list(inside), place=place.parent, purpose=Purpose.MOVE, actor=actor_of(request),
        request_key=request.POST.get("request_key", ""),
    )  # fmt: skip
    messages.success(
        request, _("%(no)s is booked: %(n)s devices.") % {"no": made.number, "n": made.count}
    )
    return redirect("stock_in_place", code=code)


@opens_to("warehouse.view")
def locked(request: HttpRequest) -> HttpResponse:
    """待复检: verified stock that the rule has locked, and the way back to the laboratory."""
    return LOCKED_LIST.answer(request, context={"months": recheck_months()})


@opens_to("warehouse.view")
def ageing(request: HttpRequest) -> HttpResponse:
    """Verified stock, the oldest first: what will be locked next."""
    return AGEING.answer(request, context={"months": recheck_months()})
