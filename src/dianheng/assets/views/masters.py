"""Makers and models: what there is, each with its plate, who changed it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.errors import NotFound
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, ListPage, PageAction
from dianheng.common.pages import needs, no_right
from dianheng.identity.services import actor_of

from .. import services
from ..choices import STATE_TONE, DeviceKind, DeviceState
from ..forms import MakerChangeForm, MakerForm, PlateForm
from ..models import DeviceModel, Manufacturer
from ..selectors import model_stock
from ..selectors.facts import plate_of
from ..selectors.history import history_of
from .devices import kind_asked, makers_offered

RIGHT = "assets.master"
ACTIVE = (("true", gettext_lazy("active")), ("false", gettext_lazy("switched off")))


def _action(request: HttpRequest, label: str, url: str) -> PageAction:
    may = request.rights.may(RIGHT)  # type: ignore[attr-defined]
    return PageAction(label, url, None if may else no_right(RIGHT), True, "plus")


def _active(row: Any) -> Any:
    return ACTIVE[0][1] if row.is_active else ACTIVE[1][1]


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
        Column("voltage", gettext_lazy("Voltage"), "voltage_v", kind="number", decimals=0, unit="V"),
        Column("current", gettext_lazy("Current"), "plate_current"),
        Column("constant", gettext_lazy("Constant"), "constant_imp_per_kwh", kind="number", decimals=0, unit="imp/kWh"),
        Column("wiring", gettext_lazy("Wiring"), "get_wiring_display", hidden=True),
        Column("connection", gettext_lazy("Connection"), "get_connection_display", hidden=True),
        Column("reactive_class", gettext_lazy("Reactive class"), hidden=True),
        Column("ratio", gettext_lazy("Ratio"), hidden=True),
        Column("burden", gettext_lazy("Rated burden, VA"), "burden_va", hidden=True),
        Column("protocol", gettext_lazy("Protocol"), hidden=True),
        Column("type_approval_no", gettext_lazy("Type approval"), hidden=True),
        Column("active", gettext_lazy("Use"), _active),
    ],
    filters=[
        Choice("kind", gettext_lazy("Kind"), options=DeviceKind.choices),
        Choice("maker", gettext_lazy("Maker"), "manufacturer_id", options=makers_offered),
        Contains("class", gettext_lazy("Class"), "accuracy_class", how="equals"),
        Choice("active", gettext_lazy("Use"), "is_active", options=ACTIVE),
    ],
    default_order="code",
    search=("code", "name", "manufacturer__name"),
    row_url=lambda m: reverse("model", args=[m.manufacturer.code, m.code]),
    actions=lambda request: [
        _action(request, _("Add a model"), reverse("model_add")),
        PageAction(_("Makers"), reverse("makers")),
    ],
    cards=("code", "kind", "maker", "class", "current"),
    empty_text=gettext_lazy("No model yet. Add the maker first, then its models."),
)  # fmt: skip
MAKERS = ListPage(
    key="makers",
    title=gettext_lazy("Makers"),
    rows=lambda scope: Manufacturer.objects.all(),
    columns=[
        Column("code", gettext_lazy("Code"), kind="code", sort="code"),
        Column("name", gettext_lazy("Name"), sort="sort_key"),
        Column("short_name", gettext_lazy("Short name")),
        Column("active", gettext_lazy("Use"), _active),
    ],
    filters=[Choice("active", gettext_lazy("Use"), "is_active", options=ACTIVE)],
    default_order="code",
    search=("code", "name", "short_name"),
    row_url=lambda maker: reverse("maker", args=[maker.code]),
    actions=lambda request: [_action(request, _("Add a maker"), reverse("maker_add"))],
    cards=("code", "name", "active"),
    empty_text=gettext_lazy("No maker yet. Add the first one."),
)


@needs("assets.view")
def models(request: HttpRequest) -> HttpResponse:
    """Models with their plates."""
    return MODELS.answer(request)


@needs("assets.view")
def makers(request: HttpRequest) -> HttpResponse:
    """Makers."""
    return MAKERS.answer(request)


def _maker(code: str) -> Manufacturer:
    found = Manufacturer.objects.filter(code=code).first()
    if found is None:
        raise NotFound(_("There is no maker %(code)s.") % {"code": code}, code=code)
    return found


def _model(maker: str, code: str) -> DeviceModel:
    rows = DeviceModel.objects.select_related("manufacturer")
    found = rows.filter(manufacturer__code=maker, code=code).first()
    if found is None:
        raise NotFound(_("There is no model %(code)s.") % {"code": code}, code=code)
    return found


@needs("assets.view")
def maker(request: HttpRequest, code: str) -> HttpResponse:
    """A maker with its models."""
    found = _maker(code)
    context = {
        "title": found.name,
        "maker": found,
        "models": found.models.order_by("kind", "sort_key"),
        "written": history_of(found),
        "refusal": None if request.rights.may(RIGHT) else no_right(RIGHT),  # type: ignore[attr-defined]
    }
    return render(request, "assets/maker.html", context)


@needs(RIGHT)
def maker_add(request: HttpRequest) -> HttpResponse:
    """Add a maker."""
    form = MakerForm(request.POST or None)

    def act(data: dict[str, Any]) -> str:
        services.manufacturer_add(actor=actor_of(request), **data)
        return reverse("maker", args=[data["code"]])

    return answer_form(
        request, form, act, title=_("Add a maker"), submit=_("Add"), back=reverse("makers"),
        crumbs=[(MAKERS.title, reverse("makers"))], success=_("The maker is added."),
    )  # fmt: skip


@needs(RIGHT)
def maker_change(request: HttpRequest, code: str) -> HttpResponse:
    """Change a maker's names, or switch it off."""
    found = _maker(code)
    back = reverse("maker", args=[code])
    names = ("name", "short_name", "is_active")
    form = MakerChangeForm(request.POST or None, initial={n: getattr(found, n) for n in names})

    def act(data: dict[str, Any]) -> str:
        services.manufacturer_change(maker=found, actor=actor_of(request), **data)
        return back

    return answer_form(
        request, form, act, title=_("Change %(name)s") % {"name": found}, submit=_("Keep"),
        back=back, crumbs=[(MAKERS.title, reverse("makers")), (found, back)],
        success=_("The change is kept."),
    )  # fmt: skip


@needs("assets.view")
def model(request: HttpRequest, maker: str, code: str) -> HttpResponse:
    """A model: its plate, how many devices of it are in which state, who changed it."""
    found = _model(maker, code)
    rights: Any = request.rights  # type: ignore[attr-defined]
    stock = [
        {"state": state, "label": DeviceState(state).label, "total": total}
        for state, total in model_stock(found, rights.paths("assets.view"))
    ]
    context = {
        "title": f"{found.code} {found.name}",
        "model": found,
        "plate": plate_of(found),
        "stock": stock,
        "total": sum(row["total"] for row in stock),
        "tones": STATE_TONE,
        "written": history_of(found),
        "refusal": None if rights.may(RIGHT) else no_right(RIGHT),
    }
    return render(request, "assets/model.html", context)


@needs(RIGHT)
def model_add(request: HttpRequest) -> HttpResponse:
    """Add a model: first its kind, then the plate that the kind has."""
    kind = kind_asked(request)
    form = PlateForm(request.POST or None, kind=kind)

    def act(data: dict[str, Any]) -> str:
        made = services.model_add(
            manufacturer=data["manufacturer"], code=data["code"], kind=kind,
            actor=actor_of(request), **form.facts(),
        )  # fmt: skip
        return reverse("model", args=[made.manufacturer.code, made.code])

    return answer_form(
        request, form, act, title=_("Add a model"), submit=_("Add"), back=reverse("models"),
        crumbs=[(MODELS.title, reverse("models"))], success=_("The model is added."),
        template="assets/by_kind.html", kinds=DeviceKind.choices, kind=kind,
    )  # fmt: skip


@needs(RIGHT)
def model_change(request: HttpRequest, maker: str, code: str) -> HttpResponse:
    """Change a model's plate, or switch it off."""
    found = _model(maker, code)
    back = reverse("model", args=[maker, code])
    form = PlateForm(request.POST or None, kind=found.kind, model=found)

    def act(data: dict[str, Any]) -> str:
        services.model_change(
            model=found, changes=form.facts(found), reason=data["reason"], actor=actor_of(request)
        )
        return back

    return answer_form(
        request, form, act, title=_("Change %(name)s") % {"name": found}, submit=_("Keep"),
        back=back, crumbs=[(MODELS.title, reverse("models")), (found.code, back)],
        intro=_("Every device of the model has the new plate. Results that were judged stay as they are."),
        success=_("The change is kept."),
    )  # fmt: skip
