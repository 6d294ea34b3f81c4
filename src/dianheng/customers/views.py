"""Pages of usage points."""

import io
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.access import note_refusal
from dianheng.common.errors import Refused
from dianheng.common.excel import write_workbook
from dianheng.common.forms import answer_form, take_refusal
from dianheng.common.lists import Choice, Column, Condition, Flag, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.common.uploads import uploaded
from dianheng.identity.services import actor_of

from . import services
from .choices import CLASSES, Circuit, Purpose
from .columns import FIELDS
from .forms import CloseForm, ImportForm, PointChangeForm, PointForm, ReopenForm
from .models import UsagePoint
from .panels import EDIT, point_actions, point_panels
from .registry import point_holds
from .rules import class_of
from .selectors import VIEW, editable_point, visible_point


def _page_actions(request: HttpRequest) -> list[PageAction]:
    no = None if request.rights.may(EDIT) else no_right(EDIT)  # type: ignore[attr-defined]
    return [
        PageAction(_("Take the template"), reverse("usage_points_template")),
        PageAction(_("Import a file"), reverse("usage_points_import"), no),
        PageAction(_("Enter a usage point"), reverse("usage_point_new"), no, is_primary=True),
    ]


POINTS = ListPage(
    key="usage_points",
    title=gettext_lazy("Usage points"),
    rows=lambda scope: UsagePoint.objects.select_related("unit"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Usage point"), kind="code", sort="number"),
        Column("name", gettext_lazy("Name"), sort="name"),
        Column("customer", gettext_lazy("Customer"), "customer_name"),
        Column("device_class", gettext_lazy("Class of the device"), sort="device_class"),
        Column("rated_kv", gettext_lazy("Supply voltage"), lambda p: f"{p.rated_kv.normalize():f}", kind="number", unit="kV"),
        Column("wiring", gettext_lazy("Wiring"), "get_wiring_display"),
        Column("purpose", gettext_lazy("Purpose"), "get_purpose_display", hidden=True),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
        Column("address", gettext_lazy("Address"), hidden=True),
        Column("closed_on", gettext_lazy("Closed on"), kind="date", hidden=True),
    ],
    filters=[
        Choice("device_class", gettext_lazy("Class of the device"), options=CLASSES),
        Choice("wiring", gettext_lazy("Wiring"), options=Circuit.choices),
        Choice("purpose", gettext_lazy("Purpose"), options=Purpose.choices),
        Flag(
            "closed", gettext_lazy("Is closed"), "closed_on",
            yes=[Condition("closed_on", "empty", False)], no=[Condition("closed_on", "empty", True)],
        ),
    ],
    default_order="number",
    search=("number", "name", "customer_name"),
    row_url=lambda point: reverse("usage_point", args=[point.number]),
    actions=_page_actions,
    cards=("number", "name", "device_class", "unit"),
    empty_text=gettext_lazy("No usage point yet. Import the file of the marketing system, or enter one."),
)  # fmt: skip


@opens_to(VIEW)
def usage_points(request: HttpRequest) -> HttpResponse:
    """All usage points of the units one may see."""
    return POINTS.answer(request)


@needs(VIEW)
def usage_point(request: HttpRequest, number: str) -> HttpResponse:
    """One usage point: what it is, what hangs there, what was checked there."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    found = visible_point(rights, number)
    actions = point_actions(found, rights)
    context = {
        "title": found.number,
        "point": found,
        "actions": actions,
        "panels": point_panels(found, request),
    }
    return render(request, "customers/usage_point.html", context)


@needs(EDIT)
def point_new(request: HttpRequest) -> HttpResponse:
    """Enter one usage point."""

    def act(data: dict[str, Any]) -> str:
        made = services.point_make(unit_id=data.pop("unit").pk, actor=actor_of(request), **data)
        return reverse("usage_point", args=[made.number])

    form = PointForm(request.POST or None, rights=request.rights)  # type: ignore[attr-defined]
    return answer_form(
        request, form, act, title=_("Enter a usage point"), submit=_("Enter"),
        back=reverse("usage_points"), crumbs=[(_("Usage points"), reverse("usage_points"))],
    )  # fmt: skip


def _crumbs(point: UsagePoint) -> list[tuple[Any, str]]:
    return [
        (_("Usage points"), reverse("usage_points")),
        (point.number, reverse("usage_point", args=[point.number])),
    ]


@needs(EDIT)
def point_change(request: HttpRequest, number: str) -> HttpResponse:
    """Correct what is written of a usage point."""
    rights: Any = request.rights  # type: ignore[attr-defined]
    found = editable_point(rights, number)
    url = reverse("usage_point", args=[number])
    names = [f.name for f in UsagePoint._meta.fields if f.name in PointChangeForm.base_fields]
    start = {name: getattr(found, name) for name in names} | {
        "unit": found.unit_id, "rated_kv": f"{found.rated_kv.normalize():f}",
    }  # fmt: skip
    if found.device_class == class_of(
        found.purpose, found.wiring, found.rated_kv, found.class_edition
    ):
        start["device_class"] = ""  # it follows a corrected voltage

    def act(data: dict[str, Any]) -> str:
        unit_id = data.pop("unit").pk
        services.point_change(point=found, unit_id=unit_id, actor=actor_of(request), **data)
        return url

    return answer_form(
        request, PointChangeForm(request.POST or None, rights=rights, initial=start), act,
        title=_("Correct %(no)s") % {"no": number}, submit=_("Save"), back=url,
        crumbs=_crumbs(found), success=_("The usage point is corrected."),
        intro=_("What was judged before stays as it was judged; what comes goes by the new facts."),
    )  # fmt: skip


@needs(EDIT)
def point_close(request: HttpRequest, number: str) -> HttpResponse:
    """Close a usage point, or what holds it."""
    found = editable_point(request.rights, number)  # type: ignore[attr-defined]
    url = reverse("usage_point", args=[number])

    def act(data: dict[str, Any]) -> str:
        services.point_close(point=found, actor=actor_of(request), **data)
        return url

    holds = [] if request.method == "POST" else point_holds(found, timezone.localdate())
    return answer_form(
        request, CloseForm(request.POST or None), act, title=_("Close %(no)s") % {"no": number},
        submit=_("Close the usage point"), back=url, crumbs=_crumbs(found),
        success=_("The usage point is closed."), template="customers/close.html", point=found,
        holds=[one.text for one in holds],
        intro=_("Its history stays; nothing is planned or hung there any more."),
    )  # fmt: skip


@needs(EDIT)
def point_reopen(request: HttpRequest, number: str) -> HttpResponse:
    """Open a closed usage point again."""
    found = editable_point(request.rights, number)  # type: ignore[attr-defined]
    url = reverse("usage_point", args=[number])

    def act(data: dict[str, Any]) -> str:
        services.point_reopen(point=found, actor=actor_of(request), **data)
        return url

    return answer_form(
        request, ReopenForm(request.POST or None), act, submit=_("Open again"), back=url,
        title=_("Open %(no)s again") % {"no": number}, crumbs=_crumbs(found),
        success=_("The usage point is open again."), template="customers/close.html", point=found,
    )  # fmt: skip


@needs(EDIT)
def point_import(request: HttpRequest) -> HttpResponse:
    """A file of usage points: all of it, or every fault at once."""
    form = ImportForm(request.POST or None, request.FILES or None)
    faults: list[Any] = []
    if request.method == "POST" and form.is_valid():
        try:
            with uploaded(form.cleaned_data["file"]) as path:
                done = services.points_import(path=path, actor=actor_of(request))
        except Refused as refused:
            faults = list(refused.refusal.errors)
            if faults:
                note_refusal(request, refused)
                form.add_error(None, str(refused.refusal.text))
            else:
                take_refusal(form, refused, request)
        else:
            messages.success(
                request, _("%(count)s usage points are entered.") % {"count": done.count}
            )
            return redirect("usage_points")
    labels = {key: field.label for key, field in FIELDS.items()}
    context = {
        "title": _("Import usage points"),
        "form": form,
        "submit": _("Import"),
        "back": reverse("usage_points"),
        "crumbs": [(_("Usage points"), reverse("usage_points"))],
        "faults": [(one["row"], labels.get(one["field"], ""), one["text"]) for one in faults[:200]],
        "intro": _(
            "The file is taken as a whole or not at all."
            " Without a class, purpose and supply voltage decide (DL/T 448-2016)."
        ),
    }  # fmt: skip
    return render(request, "customers/import.html", context, status=409 if faults else 200)


@needs(VIEW)
def template(request: HttpRequest) -> FileResponse:
    """A workbook with the columns and one row as an example."""
    out = io.BytesIO()
    row = [
        "3540010000123",
        "清河水泥厂 1 号进线",
        "清河水泥有限公司",
        "清河县工业路 8 号",
        "3540010",
        "贸易结算",
        "三相三线",
        "10",
        "",
        "2016",
    ]
    write_workbook(
        out, str(_("Usage points")), [field.names[0] for field in FIELDS.values()], [row]
    )
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=f"{_('Usage points')}.xlsx")
