"""The list of devices."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.forms import answer_form
from dianheng.common.lists import (
    Choice,
    Column,
    Condition,
    Contains,
    Days,
    ListPage,
    NotUnderstood,
    PageAction,
)
from dianheng.common.lists.filters import Chip, Filter
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.models import Unit
from dianheng.identity.services import actor_of

from ..choices import STATE_TONE, DeviceKind, DeviceState, KeyState, Ownership, Prepayment
from ..forms import RegisterForm
from ..models import Device, DeviceModel, Manufacturer, Meter, Place
from ..selectors.search import device_ids_by_piece
from ..services import device_register

FEW = 2000  # hits of a piece that are looked up by key


class PlaceFilter(Filter):
    """A place and whatever stands in it, by its code."""

    kind = "text"

    def read(self, data: QueryDict, scope: Any) -> tuple[list[Condition], list[Chip]]:
        code = data.get(self.key, "").strip()
        if not code:
            return [], []
        place = Place.objects.filter(code=code).first()
        if place is None:
            raise NotUnderstood(code)
        chip = Chip(self.label, place.name, self.names)
        if not Place.objects.filter(parent=place).exists():
            return [Condition("place_id", "is", place.pk)], [chip]
        return [Condition(q=Q(place__path__startswith=place.path))], [chip]


class UnitFilter(Filter):
    """A unit and all below it, by its code."""

    kind = "text"

    def read(self, data: QueryDict, scope: Any) -> tuple[list[Condition], list[Chip]]:
        code = data.get(self.key, "").strip()
        if not code:
            return [], []
        unit = Unit.objects.filter(code=code).first()
        if unit is None:
            raise NotUnderstood(code)
        ids = list(Unit.objects.filter(path__startswith=unit.path).values_list("pk", flat=True))
        chip = Chip(self.label, unit.name, self.names)
        return [Condition("unit_id", "in", tuple(ids))], [chip]


def _models(scope: Any) -> list[tuple[int, str]]:
    rows = DeviceModel.objects.select_related("manufacturer").order_by("sort_key")
    return [(row.pk, f"{row.manufacturer} {row.code} {row.name}") for row in rows]


def makers_offered(scope: Any) -> list[tuple[int, str]]:
    return [(row.pk, str(row)) for row in Manufacturer.objects.order_by("sort_key")]


def makers_chosen(chosen: Sequence[str]) -> list[Condition]:
    models = DeviceModel.objects.filter(manufacturer_id__in=[int(c) for c in chosen])
    return [Condition("model_id", "in", tuple(models.values_list("pk", flat=True)))]


def search_rows(rows: QuerySet[Device], text: str) -> QuerySet[Device]:
    """Devices whose numbers hold the piece, or whose model or maker has it in its name."""
    ids = device_ids_by_piece(text, FEW)
    named = list(
        DeviceModel.objects.filter(
            Q(code__icontains=text)
            | Q(name__icontains=text)
            | Q(manufacturer__name__icontains=text)
            | Q(manufacturer__short_name__icontains=text)
        ).values_list("pk", flat=True)
    )
    of_models = Q(model_id__in=named) if named else Q(pk__in=[])
    if ids is not None:
        # Few hits: by key, so that the order of the list cannot choose a longer way.
        return rows.filter(Q(pk__in=ids) | of_models if named else Q(pk__in=ids))
    if not text.isascii():
        return rows.filter(of_models)
    numbers = Q(barcode__icontains=text) | Q(serial_no__icontains=text)
    return rows.filter(numbers | of_models if named else numbers)


def _of_meter(name: str) -> Callable[[Any], str]:
    return lambda row: getattr(row.meter, name) if hasattr(row, "meter") else ""


def _actions(request: HttpRequest) -> list[PageAction]:
    may = request.rights.may("assets.enrol")  # type: ignore[attr-defined]
    refusal = None if may else no_right("assets.enrol")
    return [
        PageAction(_("Register a device"), reverse("device_register"), refusal),
        PageAction(_("Take over a register"), reverse("registers"), refusal),
    ]


DEVICES = ListPage(
    key="devices",
    title=gettext_lazy("Devices"),
    rows=lambda scope: Device.objects.select_related(
        "model__manufacturer", "place", "unit", "lot", "meter"
    ),
    right="assets.view",
    unit_field="unit",
    columns=[
        Column("barcode", gettext_lazy("Bar code"), kind="code", sort="barcode"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("model", gettext_lazy("Model"), "model.code"),
        Column("maker", gettext_lazy("Maker"), "model.manufacturer"),
        Column(
            "state",
            gettext_lazy("State"),
            kind="state",
            choices=DeviceState.choices,
            tones=STATE_TONE,
        ),
        Column("place", gettext_lazy("Place"), "place.name"),
        Column(
            "valid_through",
            gettext_lazy("Valid through"),
            kind="date",
            sort="valid_through",
        ),
        Column("verified_on", gettext_lazy("Verified on"), kind="date"),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
        Column("asset_no", gettext_lazy("Asset number"), "asset_number", kind="code", hidden=True),
        Column("serial_no", gettext_lazy("Maker's number"), kind="code", hidden=True),
        Column("class", gettext_lazy("Class"), "model.accuracy_class", hidden=True),
        Column("lot", gettext_lazy("Lot"), "lot.code", hidden=True),
        Column("tender_batch", gettext_lazy("Tender batch"), "lot.tender_batch", hidden=True),
        Column("arrival_no", gettext_lazy("Arrival"), kind="code", hidden=True),
        Column("stocked_on", gettext_lazy("In stock since"), kind="date", hidden=True),
        Column("produced_on", gettext_lazy("Produced on"), kind="date", hidden=True),
        Column("purchased_on", gettext_lazy("Purchased on"), kind="date", hidden=True),
        Column("ownership", gettext_lazy("Owner"), "get_ownership_display", hidden=True),
        Column(
            "comm_address",
            gettext_lazy("Communication address"),
            lambda row: row.meter.comm_address if hasattr(row, "meter") else "",
            kind="code",
            hidden=True,
        ),
        *(
            Column(
                name,
                Meter._meta.get_field(name).verbose_name,
                _of_meter(name),
                kind="code",
                hidden=True,
            )
            for name in (
                "material_code",
                "type_approval_no",
                "hardware_version",
                "software_version",
                "protocol",
                "comm_module_type",
                "comm_module_maker",
                "esam_no",
                "price_preset",
            )
        ),
        Column(
            "prepayment",
            gettext_lazy("Prepayment"),
            lambda row: row.meter.get_prepayment_display() if hasattr(row, "meter") else "",
            hidden=True,
        ),
        Column(
            "key_state",
            gettext_lazy("Keys"),
            lambda row: row.meter.get_key_state_display() if hasattr(row, "meter") else "",
            hidden=True,
        ),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=DeviceState.choices),
        Choice("kind", gettext_lazy("Kind"), options=DeviceKind.choices),
        Choice("model", gettext_lazy("Model"), "model_id", options=_models),
        Choice("maker", gettext_lazy("Maker"), options=makers_offered, where=makers_chosen),
        Contains("lot", gettext_lazy("Lot"), "lot__code", how="equals"),
        Contains("arrival", gettext_lazy("Arrival"), "arrival_no", how="equals"),
        PlaceFilter("place", gettext_lazy("Place and what stands in it (code)")),
        UnitFilter("unit", gettext_lazy("Unit and those below it (code)")),
        Days("valid", gettext_lazy("Valid through"), "valid_through"),
        Days("verified", gettext_lazy("Verified on"), "verified_on"),
        Choice("ownership", gettext_lazy("Owner"), options=Ownership.choices),
        Choice(
            "prepayment",
            gettext_lazy("Prepayment"),
            "meter__prepayment",
            options=Prepayment.choices,
        ),
        Contains("protocol", gettext_lazy("Protocol"), "meter__protocol", how="equals"),
        Contains(
            "software", gettext_lazy("Software version"), "meter__software_version", how="equals"
        ),
        Contains("batch", gettext_lazy("Tender batch"), "lot__tender_batch", how="equals"),
        Choice("keys", gettext_lazy("Keys"), "meter__key_state", options=KeyState.choices),
    ],
    default_order="-pk",
    search=search_rows,
    search_hint=gettext_lazy("Any piece of a number, or model, or maker"),
    row_url=lambda row: reverse("device", args=[row.barcode]),
    actions=_actions,
    cards=("barcode", "state", "model", "place", "valid_through"),
    empty_text=gettext_lazy(
        "No device yet. Take in a maker's delivery under Arrivals, or register single devices."
    ),
)


@opens_to("assets.view")
def devices(request: HttpRequest) -> HttpResponse:
    """Devices of the units one may see."""
    return DEVICES.answer(request)


def kind_asked(request: HttpRequest) -> str:
    """The kind of device that a form is for, by `?kind=`."""
    kind = request.GET.get("kind", "")
    return kind if kind in DeviceKind.values else DeviceKind.SINGLE_PHASE_METER.value


@needs("assets.enrol")
def register(request: HttpRequest) -> HttpResponse:
    """Enter one device by hand: first its kind, then the fields that the kind has."""
    kind = kind_asked(request)
    form = RegisterForm(request.POST or None, kind=kind)

    def act(data: dict[str, Any]) -> str:
        details = {name: data.pop(name) for name in form.details}
        made = device_register(actor=actor_of(request), details=details, **data)
        return reverse("device", args=[made.barcode])

    return answer_form(
        request, form, act, title=_("Register a device"), submit=_("Register"), back=reverse("devices"),
        crumbs=[(DEVICES.title, reverse("devices"))], success=_("The device is in the register."),
        template="assets/by_kind.html", kinds=DeviceKind.choices, kind=kind,
    )  # fmt: skip
