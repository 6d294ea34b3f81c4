"""Places, and the scan page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import answer_form, take_refusal
from dianheng.common.lists import Choice, Column, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.services import actor_of

from ..choices import STATE_TONE, DeviceState, PlaceKind
from ..forms import PlaceChangeForm, PlaceForm
from ..models import Device, DeviceModel, Place
from ..panels import DeviceAction, actions_of, thing_actions_of
from ..selectors import device_with_unit, scan, stock_in_subtree
from ..selectors.facts import identity_of
from ..selectors.history import history_of
from ..selectors.scan import place_scanned
from ..services import place_make, place_update

MASTER = "assets.master"


def _place_actions(request: HttpRequest) -> list[PageAction]:
    may = request.rights.may(MASTER)  # type: ignore[attr-defined]
    return [PageAction(_("Add a place"), reverse("place_add"), None if may else no_right(MASTER))]


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


@opens_to("assets.view")
def places(request: HttpRequest) -> HttpResponse:
    """All places of the units one may see."""
    return PLACES.answer(request)


def _visible(request: HttpRequest, code: str, right: str = "assets.view") -> Place:
    found = Place.objects.select_related("unit", "parent", "person").filter(code=code).first()
    if found is None or not request.rights.may(right, found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(
            _("There is no place %(code)s, or it is not in your units.") % {"code": code}
        )
    return found


@needs("assets.view")
def place(request: HttpRequest, code: str) -> HttpResponse:
    """A place: what stands in it, what is in it."""
    found = _visible(request, code)
    names = dict(DeviceModel.objects.values_list("pk", "code"))
    stock = [
        {**row, "model": names.get(row["model_id"], ""), "label": DeviceState(row["state"]).label}
        for row in stock_in_subtree(found)
    ]
    rights: Any = request.rights  # type: ignore[attr-defined]
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
        "actions": [
            *thing_actions_of(place_scanned(found), rights),
            DeviceAction(
                _("Change"),
                reverse("place_change", args=[code]),
                "" if rights.may(MASTER, found.unit.path) else no_right(MASTER).text,
            ),
        ],
        "written": history_of(found),
    }
    return render(request, "assets/place.html", context)


@needs(MASTER)
def place_add(request: HttpRequest) -> HttpResponse:
    """Add a place to the tree."""
    form = PlaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        data.pop("request_key")
        try:
            made = place_make(actor=actor_of(request), unit_id=data.pop("unit").pk, **data)
        except Refused as refused:
            take_refusal(form, refused, request)
        else:
            messages.success(request, _("Place %(name)s is added.") % {"name": made.name})
            return redirect("place", code=made.code)
    context = {
        "title": _("Add a place"), "form": form, "submit": _("Add"), "back": reverse("place_list"),
        "crumbs": [(_("Places"), reverse("place_list"))],
    }  # fmt: skip
    return render(request, "assets/form.html", context)


@needs(MASTER)
def place_change(request: HttpRequest, code: str) -> HttpResponse:
    """Change a place's name or room, or close it."""
    found = _visible(request, code, MASTER)
    back = reverse("place", args=[code])
    names = ("name", "capacity", "is_active")
    form = PlaceChangeForm(request.POST or None, initial={n: getattr(found, n) for n in names})

    def act(data: dict[str, Any]) -> str:
        place_update(place=found, actor=actor_of(request), **data)
        return back

    return answer_form(
        request, form, act, title=_("Change %(name)s") % {"name": found.name}, submit=_("Keep"),
        back=back, crumbs=[(PLACES.title, reverse("place_list")), (found.name, back)],
        success=_("The change is kept."),
    )  # fmt: skip


@needs("assets.view")
def scan_page(request: HttpRequest) -> HttpResponse:
    """One field: what was scanned, and what can be done with it now."""
    code = request.GET.get("code", "").strip()
    rights: Any = request.rights  # type: ignore[attr-defined]
    found = scan(code) if code else None
    is_hidden = found is not None and not found.is_shown_to(rights)
    is_device = found is not None and found.kind == "device" and not is_hidden
    device = device_with_unit(found.key) if found and is_device else None
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
        "facts": identity_of(device) if device else None,
        "tones": STATE_TONE,
    }
    return render(request, "assets/scan.html", context)
