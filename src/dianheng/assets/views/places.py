"""Places, models and makers, the states' picture, and the scan page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import take_refusal
from dianheng.common.lists import Choice, Column, ListPage, PageAction
from dianheng.common.pages import needs, no_right
from dianheng.identity.services import actor_of

from ..choices import STATE_TONE, DeviceKind, DeviceState, PlaceKind, Verb
from ..forms import PlaceForm, RegisterForm
from ..models import Device, DeviceModel, Place
from ..panels import actions_of, thing_actions_of
from ..rules import TRANSITIONS
from ..selectors import device_by_barcode, scan, stock_in_subtree
from ..selectors.facts import facts_of
from ..selectors.scan import place_scanned
from ..services import device_register, place_make


def _place_actions(request: HttpRequest) -> list[PageAction]:
    may = request.rights.may("assets.master")  # type: ignore[attr-defined]
    return [
        PageAction(
            _("Add a place"), reverse("place_add"), None if may else no_right("assets.master")
        )
    ]


PLACES = ListPage(
    key="places",
    title=gettext_lazy("Places"),
    rows=lambda scope: Place.objects.select_related("unit", "parent", "person"),
    right="assets.view",
    unit_field="unit",
    columns=[
        Column("code", gettext_lazy("Code"), kind="code", sort="code"),
        Column("name", gettext_lazy("Name"), sort="sort_key"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("parent", gettext_lazy("Stands in"), "parent.name"),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
        Column("level", gettext_lazy("Level"), kind="number", decimals=0),
        Column("capacity", gettext_lazy("Capacity"), kind="number", decimals=0),
    ],
    filters=[Choice("kind", gettext_lazy("Kind"), options=PlaceKind.choices)],
    default_order="code",
    search=("code", "name"),
    row_url=lambda p: reverse("place", args=[p.code]),
    actions=_place_actions,
    empty_text=gettext_lazy("No place yet. Add the stores first, then shelves and boxes."),
)

MODELS = ListPage(
    key="models",
    title=gettext_lazy("Models"),
    rows=lambda scope: DeviceModel.objects.select_related("manufacturer"),
    columns=[
        Column("code", gettext_lazy("Model"), kind="code", sort="code"),
        Column("name", gettext_lazy("Name")),
        Column("maker", gettext_lazy("Maker"), "manufacturer"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("class", gettext_lazy("Class"), "accuracy_class"),
        Column(
            "voltage", gettext_lazy("Voltage"), "voltage_v", kind="number", decimals=0, unit="V"
        ),
        Column("current", gettext_lazy("Current"), "plate_current"),
        Column(
            "constant",
            gettext_lazy("Constant"),
            "constant_imp_per_kwh",
            kind="number",
            decimals=0,
            unit="imp/kWh",
        ),
        Column("type_approval_no", gettext_lazy("Type approval"), hidden=True),
    ],
    filters=[Choice("kind", gettext_lazy("Kind"), options=DeviceKind.choices)],
    default_order="code",
    search=("code", "name", "manufacturer__name"),
    row_url=lambda m: f"{reverse('devices')}?model={m.pk}",
    empty_text=gettext_lazy("No model yet."),
)


def places(request: HttpRequest) -> HttpResponse:
    """All places of the units one may see."""
    return PLACES.answer(request)


@needs("assets.view")
def models(request: HttpRequest) -> HttpResponse:
    """Models with their plates."""
    return MODELS.answer(request)


@needs("assets.view")
def place(request: HttpRequest, code: str) -> HttpResponse:
    """A place: what stands in it, what is in it."""
    found = Place.objects.select_related("unit", "parent", "person").filter(code=code).first()
    if found is None or not request.rights.may("assets.view", found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(
            _("There is no place %(code)s, or it is not in your units.") % {"code": code}
        )
    names = dict(DeviceModel.objects.values_list("pk", "code"))
    stock = [
        {**row, "model": names.get(row["model_id"], ""), "label": DeviceState(row["state"]).label}
        for row in stock_in_subtree(found)
    ]
    context = {
        "title": found.name,
        "place": found,
        "stock": stock,
        "total": sum(row["total"] for row in stock),
        "inside": found.children.order_by("code")[:200],
        "devices": Device.objects.filter(place=found)
        .select_related("model")
        .order_by("barcode")[:200],
        "tones": STATE_TONE,
        "actions": thing_actions_of(place_scanned(found), request.rights),  # type: ignore[attr-defined]
    }
    return render(request, "assets/place.html", context)


@needs("assets.master")
def place_add(request: HttpRequest) -> HttpResponse:
    """Add a place to the tree."""
    form = PlaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        data.pop("request_key")
        try:
            made = place_make(actor=actor_of(request), unit_id=data.pop("unit").pk, **data)
        except Refused as refused:
            take_refusal(form, refused)
        else:
            messages.success(request, _("Place %(name)s is added.") % {"name": made.name})
            return redirect("place", code=made.code)
    context = {
        "title": _("Add a place"), "form": form, "submit": _("Add"), "back": reverse("place_list"),
        "crumbs": [(_("Places"), reverse("place_list"))],
    }  # fmt: skip
    return render(request, "assets/form.html", context)


@needs("assets.enrol")
def register(request: HttpRequest) -> HttpResponse:
    """Enter one device by hand."""
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = device_register(actor=actor_of(request), **form.cleaned_data)
        except Refused as refused:
            take_refusal(form, refused)
        else:
            messages.success(
                request, _("%(barcode)s is in the register.") % {"barcode": made.barcode}
            )
            return redirect("device", barcode=made.barcode)
    context = {
        "title": _("Register a device"), "form": form, "submit": _("Register"), "back": reverse("devices"),
        "crumbs": [(_("Devices"), reverse("devices"))],
    }  # fmt: skip
    return render(request, "assets/form.html", context)


# Where each state stands in the picture: column, row.
DRAWN = {
    "on_order": (0, 0), "awaiting_acceptance": (1, 0), "returned_to_maker": (1, 2),
    "awaiting_verification": (2, 0), "in_verification": (3, 0), "unqualified": (3, 2),
    "outside_control": (3, 1), "qualified": (4, 0), "preallocated": (5, 1), "issued": (5, 0),
    "lent": (4, 1), "in_service": (6, 0), "removed": (6, 1), "suspended": (5, 2),
    "awaiting_scrap": (4, 2), "scrapped": (4, 3), "lost": (6, 3),
}  # fmt: skip
WIDTH, HEIGHT, STEP_X, STEP_Y = 118, 40, 150, 92


@needs("assets.view")
def states(request: HttpRequest) -> HttpResponse:
    """The declared list of states and steps, drawn."""
    boxes = [
        {"x": 10 + c * STEP_X, "y": 40 + r * STEP_Y, "label": DeviceState(s).label, "tone": STATE_TONE[DeviceState(s)]}
        for s, (c, r) in DRAWN.items()
    ]  # fmt: skip
    arrows = []
    rows = []
    for t in TRANSITIONS.values():
        rows.append(
            {
                "verb": Verb(t.verb).label,
                "sources": [
                    DeviceState(s).label if s else _("not in the register")
                    for s in sorted(t.sources)
                ],
                "target": DeviceState(t.target).label if t.target else _("stays"),
                "needs_reason": t.needs_reason,
            }
        )
        if t.target is None or len(t.sources) > 8:
            continue
        for source in sorted(t.sources - {""}):
            (a, b), (c, d) = DRAWN[source], DRAWN[t.target]
            arrows.append(_arrow(a, b, c, d, str(Verb(t.verb).label)))
    context = {
        "title": _("States of a device"), "boxes": boxes, "arrows": arrows, "rows": rows,
        "width": 20 + 7 * STEP_X, "height": 40 + 4 * STEP_Y, "box_width": WIDTH, "box_height": HEIGHT,
    }  # fmt: skip
    return render(request, "assets/states.html", context)


def _arrow(a: int, b: int, c: int, d: int, label: str) -> dict[str, Any]:
    x1, y1 = 10 + a * STEP_X + WIDTH / 2, 40 + b * STEP_Y + HEIGHT / 2
    x2, y2 = 10 + c * STEP_X + WIDTH / 2, 40 + d * STEP_Y + HEIGHT / 2
    if b == d:
        x1, x2 = (x1 + WIDTH / 2, x2 - WIDTH / 2) if c > a else (x1 - WIDTH / 2, x2 + WIDTH / 2)
    elif a == c:
        y1, y2 = (y1 + HEIGHT / 2, y2 - HEIGHT / 2) if d > b else (y1 - HEIGHT / 2, y2 + HEIGHT / 2)
    else:
        y1, y2 = (y1 + HEIGHT / 2, y2 - HEIGHT / 2) if d > b else (y1 - HEIGHT / 2, y2 + HEIGHT / 2)
    lift = -26 if b == d and abs(c - a) > 1 else (10 if c < a or d < b else 0)
    middle = f"{(x1 + x2) / 2:.0f} {(y1 + y2) / 2 + lift:.0f}"
    return {"path": f"M{x1:.0f} {y1:.0f} Q{middle} {x2:.0f} {y2:.0f}", "label": label}


@needs("assets.view")
def scan_page(request: HttpRequest) -> HttpResponse:
    """One field: what was scanned, and what can be done with it now."""
    code = request.GET.get("code", "").strip()
    rights: Any = request.rights  # type: ignore[attr-defined]
    found = scan(code) if code else None
    is_hidden = found is not None and not found.is_shown_to(rights)
    is_device = found is not None and found.kind == "device" and not is_hidden
    device = device_by_barcode(found.code) if found and is_device else None
    actions = actions_of(device, rights) if device else []
    if found and not is_hidden and device is None:
        actions = thing_actions_of(found, rights)
    context = {
        "title": _("Scan"),
        "code": code,
        "found": None if is_hidden else found,
        "is_hidden": is_hidden,
        "device": device,
        "actions": actions,
        "facts": facts_of(device)[:1] if device else [],
        "tones": STATE_TONE,
    }
    return render(request, "assets/scan.html", context)
