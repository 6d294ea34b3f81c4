"""Pages of schemes: which items and points, every version, a new version by editing."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import Connection, DeviceKind
from dianheng.assets.models import DeviceModel
from dianheng.common.errors import BadInput, NotFound
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, Flag, ListPage
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.services import actor_of

from .. import services
from ..forms import SchemeForm
from ..models import TestScheme, TestSchemeVersion, VerificationTask
from ..selectors.entry import limit_texts
from ..subjects import (
    content_for,
    generated_for,
    key_for,
    plate_for,
    points_for,
    scheme_for,
)
from ..words import trade_word
from .common import VIEW, action

SCHEMES = ListPage(
    key="verification.schemes",
    title=gettext_lazy("Test schemes"),
    rows=lambda scope: TestScheme.objects.select_related("unit"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("code", gettext_lazy("Code"), kind="code", sort="code"),
        Column("name", gettext_lazy("Name")),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("accuracy_class", gettext_lazy("Active class")),
        Column("connection", gettext_lazy("Connection"), "get_connection_display"),
        Column("stage", gettext_lazy("Stage"), lambda row: trade_word("stage", row.stage)),
        Column("purpose", gettext_lazy("For"), lambda row: trade_word("purpose", row.purpose)),
        Column("is_active", gettext_lazy("Active"), kind="flag"),
        Column("unit", gettext_lazy("Laboratory"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("kind", gettext_lazy("Kind"), options=DeviceKind.choices),
        Choice("connection", gettext_lazy("Connection"), options=Connection.choices),
        Contains("accuracy_class", gettext_lazy("Active class"), how="equals"),
        Flag("is_active", gettext_lazy("Active")),
    ],
    default_order="code",
    search=("code", "name"),
    row_url=lambda row: reverse("scheme", args=[row.code]),
    cards=("code", "name", "accuracy_class", "stage"),
    empty_text=gettext_lazy("No scheme yet. The first task for a model proposes one."),
)


@opens_to(VIEW)
def scheme_list(request: HttpRequest) -> HttpResponse:
    """All schemes."""
    return SCHEMES.answer(request)


def _scheme(request: HttpRequest, code: str) -> TestScheme:
    found = get_object_or_404(TestScheme.objects.select_related("unit"), code=code)
    if not request.rights.may(VIEW, found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no scheme %(code)s.") % {"code": code})
    return found


def model_for(found: TestScheme) -> DeviceModel | None:
    """A model that the scheme fits: of its newest task, else any with its key."""
    task = (
        VerificationTask.objects.filter(scheme_version__scheme=found)
        .select_related("model")
        .order_by("-pk")
        .first()
    )
    if task is not None:
        return task.model
    for model in DeviceModel.objects.filter(kind=found.kind, accuracy_class=found.accuracy_class)[
        :200
    ]:
        version = found.versions.first()
        try:
            made = scheme_for(version) if version else None
            if made and key_for(plate_for(model), made.stage, made.purpose) == found.key:
                return model
        except BadInput:
            continue
    return None


@needs(VIEW)
def scheme(request: HttpRequest, code: str) -> HttpResponse:
    """One scheme: items and points of a version, with their limits."""
    found = _scheme(request, code)
    versions = list(found.versions.select_related("made_by"))
    wanted = request.GET.get("version", "")
    version = next((v for v in versions if str(v.version) == wanted), versions[0])
    made = scheme_for(version)
    model = model_for(found)
    limits = limit_texts(made, plate_for(model)) if model else {}
    right = "verification.plan"
    refusal = None if request.rights.may(right, found.unit.path) else no_right(right)  # type: ignore[attr-defined]
    context = {
        "title": found.name,
        "scheme": found,
        "things": [("scheme", found.code, "")],
        "version": version,
        "versions": versions,
        "model": model,
        "made": made,
        "items": [
            {
                "item": each.item.value,
                "is_legal": each.is_legal,
                "points": [(point, limits.get(point, "")) for point in each.points],
            }
            for each in made.items
        ],
        "task_count": VerificationTask.objects.filter(scheme_version__scheme=found).count(),
        "actions": [
            action(
                _("Edit into a new version"),
                reverse("scheme_edit", args=[code]),
                refusal,
                is_primary=True,
            )
        ],
        "crumbs": [(SCHEMES.title, reverse("schemes"))],
    }
    return render(request, "verification/scheme.html", context)


@needs("verification.plan")
def scheme_edit(request: HttpRequest, code: str) -> HttpResponse:
    """A new version: items ticked, points a line each."""
    found = _scheme(request, code)
    model = model_for(found)
    newest: TestSchemeVersion | None = found.versions.order_by("-version").first()
    if model is None or newest is None:
        raise BadInput(_("No model fits this scheme; its points could not be checked."))
    plate, made = plate_for(model), scheme_for(newest)
    # What the tables would give, so that an item taken out can come back.
    whole = generated_for(plate, made.stage, made.purpose)
    known = {each.item.value: each for each in (*whole.items, *made.items)}
    points = next((each.points for each in made.items if each.item == "basic_error"), ())
    initial = {
        "items": [each.item.value for each in made.items],
        "points": "\n".join(point.text for point in points),
        "takes_extra": getattr(made, "takes_extra", None),
    }
    form = SchemeForm(
        request.POST or None,
        known_items=[(name, trade_word("item", name)) for name in known],
        has_extra=hasattr(made, "takes_extra"),
        initial=initial,
    )

    def act(data: dict[str, Any]) -> str:
        chosen = points_for(data["points"].splitlines(), plate)
        items = tuple(
            each._replace(points=chosen) if name == "basic_error" else each
            for name, each in known.items()
            if name in data["items"]
        )
        extra = {"takes_extra": data["takes_extra"]} if "takes_extra" in data else {}
        content = content_for(replace(made, items=items, **extra))  # type: ignore[arg-type]
        services.scheme_edit(
            scheme=found,
            content=content,
            model=model,
            reason=data["reason"],
            actor=actor_of(request),
        )
        return reverse("scheme", args=[code])

    return answer_form(
        request,
        form,
        act,
        title=_("Edit into a new version"),
        submit=_("Make version %(n)s") % {"n": newest.version + 1},
        back=reverse("scheme", args=[code]),
        crumbs=[(SCHEMES.title, reverse("schemes")), (found.name, reverse("scheme", args=[code]))],
        intro=_(
            "Earlier versions stay as they are; tasks keep the version that they were made with."
        ),
    )
