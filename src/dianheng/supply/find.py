"""What this app tells the search box, the scan boxes and the pages of devices and documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy

from dianheng.assets.models import Device, Lot
from dianheng.assets.selectors import Scanned
from dianheng.common.errors import Text
from dianheng.common.search import AT_MOST, Hit, HitGroup
from dianheng.identity.selectors import units_with_right

from .choices import INSPECTION_TONE, OUTCOME_TONE
from .models import (
    Arrival,
    DeliveryFile,
    InspectionLot,
    MakerTestFile,
    PurchaseOrder,
    ReturnDevice,
    ReturnOrder,
    SampleDevice,
)
from .selectors.maker_tests import device_stated

VIEW = "supply.view"
LEAST = 2  # signs of a piece that is searched for


@dataclass(frozen=True)
class Thing:
    """A kind of thing that is found by a piece of number or maker, or by its whole number."""

    page: str
    title: Text
    model: Any
    pieces: Sequence[str]  # fields of which a piece fits
    all_of_them: str = ""  # their list
    number: str = "number"
    unit: str = "unit"
    maker: str = "lot__model__manufacturer__name"


THINGS = (
    Thing(
        "order", gettext_lazy("Orders"), PurchaseOrder, ("contract_no", "tender_batch"), "orders",
        number="order_no", maker="manufacturer__name",
    ),
    Thing(
        "delivery", gettext_lazy("Delivery files"), DeliveryFile, ("name",),
        unit="line__order__unit", maker="line__order__manufacturer__name",
    ),
    Thing(
        "maker_tests", gettext_lazy("Makers' test data"), MakerTestFile, ("name",), unit="lot__unit",
    ),
    Thing("arrival", gettext_lazy("Arrivals"), Arrival, ("delivery_note_no",), "arrivals"),
    Thing("lot", gettext_lazy("Lots"), Lot, (), "lots", number="code", maker="model__manufacturer__name"),
    Thing("inspection", gettext_lazy("Inspections"), InspectionLot, ("report_no",), "inspections"),
    Thing("return_order", gettext_lazy("Returns to makers"), ReturnOrder, (), "returns"),
)  # fmt: skip


def _searcher(thing: Thing) -> Any:
    def find(request: HttpRequest, text: str) -> HitGroup | None:
        rights: Any = request.rights  # type: ignore[attr-defined]
        if not rights.may(VIEW) or len(text) < LEAST:
            return None
        fits = Q()
        for field in (thing.number, thing.maker, *thing.pieces):
            fits |= Q(**{f"{field}__contains": text}) | Q(**{f"{field}__contains": text.upper()})
        units = units_with_right(rights, VIEW)
        rows = thing.model.objects.filter(fits, **{f"{thing.unit}__in": units})
        numbers = [(getattr(row, thing.number), row) for row in rows.order_by("-pk")[:AT_MOST]]
        hits = [Hit(no, reverse(thing.page, args=[no]), _text(row)) for no, row in numbers]
        url = f"{reverse(thing.all_of_them)}?q={text}" if thing.all_of_them else ""
        return HitGroup(thing.title, hits, url) if hits else None

    return find


def _text(thing: Any) -> str:
    if isinstance(thing, Lot):
        return str(thing.model)
    if isinstance(thing, PurchaseOrder):
        return f"{thing.manufacturer.name} · {thing.get_state_display()}"
    return str(thing.get_state_display())


SEARCHERS = [_searcher(thing) for thing in THINGS]


def find_code(code: str) -> Scanned | None:
    """An order, delivery file, arrival, lot, inspection or return by its whole number."""
    for thing in THINGS:
        found = (
            thing.model.objects.select_related(thing.unit).filter(**{thing.number: code}).first()
        )
        if found is None:
            continue
        unit = found
        for step in thing.unit.split("__"):
            unit = getattr(unit, step)
        return Scanned(
            thing.page.removesuffix("_order"), found.pk, code, thing.title, _text(found),
            reverse(thing.page, args=[code]), unit_path=unit.path, right=VIEW,
        )  # fmt: skip
    return None


def device_panel(device: Device, request: HttpRequest) -> str:
    """Where a device came from: order, delivery, arrival, inspections, its result in a sample."""
    if not request.rights.may(VIEW, device.unit.path):  # type: ignore[attr-defined]
        return ""
    arrival = (
        Arrival.objects.select_related(
            "line__order__manufacturer", "line__order__unit", "delivery", "lot__unit", "unit"
        )
        .filter(number=device.arrival_no)
        .first()
        if device.arrival_no
        else None
    )
    inspections = (
        InspectionLot.objects.filter(members__device=device).select_related("unit").order_by("-pk")
    )
    samples = {
        one.draw.inspection_id: one
        for one in SampleDevice.objects.filter(device=device)
        .select_related("draw")
        .prefetch_related("results")
    }
    rows = [
        {"inspection": one, "sample": samples.get(one.pk), "result": _first(samples.get(one.pk))}
        for one in inspections
    ]
    returns = (
        ReturnDevice.objects.filter(device=device).select_related("order__unit").order_by("-pk")
    )
    if arrival is None and not rows and not returns:
        return ""
    context = {
        "arrival": arrival,
        "rows": rows,
        "returns": returns,
        "inspection_tones": INSPECTION_TONE,
        "outcome_tones": OUTCOME_TONE,
    }
    return render_to_string("supply/device_panel.html", context, request)


def stated_panel(device: Device, request: HttpRequest) -> str:
    """What the maker states of a device beside what the centre measured first."""
    if not request.rights.may(VIEW, device.unit.path):  # type: ignore[attr-defined]
        return ""
    rows = device_stated(device)
    if not rows:
        return ""
    context = {"rows": rows, "files": sorted({row.number for row in rows}), "unit": device.lot.unit}
    return render_to_string("supply/stated_panel.html", context, request)


def _first(sample: SampleDevice | None) -> Any:
    """The first result of a drawn device: the one that counts."""
    return next(iter(sample.results.all()), None) if sample else None


def supersede_url(document: Any) -> str:
    """Where a sampling report is issued anew."""
    if document.kind != "sampling_report":
        return ""
    return reverse("report_supersede", args=[document.number])


DOCUMENTS = {
    "delivery": (gettext_lazy("Delivery file"), "delivery"),
    "arrival": (gettext_lazy("Arrival"), "arrival"),
    "inspection": (gettext_lazy("Inspection"), "inspection"),
    "return": (gettext_lazy("Return order"), "return_order"),
}


def document_url(page: str) -> Any:
    """Where the page of a document of the ledger is, by its number."""
    return lambda number: reverse(page, args=[number])


def document_paths(page: str) -> Any:
    """Whose documents of a page are: paths of units, by number."""
    thing = next(one for one in THINGS if one.page == page)

    def paths_of(numbers: Sequence[str]) -> dict[str, list[str]]:
        rows = thing.model.objects.filter(**{f"{thing.number}__in": numbers})
        pairs = rows.values_list(thing.number, f"{thing.unit}__path")
        return {number: [path] for number, path in pairs}

    return paths_of


def resolve_code(request: HttpRequest, code: str) -> str | None:
    """Where a whole number leads, if the person may go there."""
    found = find_code(code)
    rights: Any = request.rights  # type: ignore[attr-defined]
    return found.url if found and rights.may(VIEW, found.unit_path) else None
