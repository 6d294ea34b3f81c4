"""Pages of severity: list by maker and model, history of one, resuming."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, ListPage, PageAction
from dianheng.common.pages import needs, opens_to
from dianheng.identity.services import actor_of

from .. import services
from ..choices import INSPECTION_TONE, SEVERITY, SEVERITY_TONE
from ..forms import ResumeForm
from ..models import SwitchingState
from ..rules import sampling_rules
from ..selectors.inspections import switching_history
from .common import VIEW, against, ordered, seen

SHOWN = 50


def _url(kept: SwitchingState) -> str:
    model = kept.model
    return reverse("switching", args=[kept.unit.code, model.manufacturer.code, model.code])


SWITCHING = ListPage(
    key="supply.switching",
    title=gettext_lazy("Severity by model"),
    rows=lambda scope: SwitchingState.objects.select_related("model__manufacturer", "unit"),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("maker", gettext_lazy("Maker"), "model.manufacturer.name"),
        Column("model", gettext_lazy("Model"), "model.code", kind="code"),
        Column("state", gettext_lazy("Severity"), kind="state", choices=list(SEVERITY.items()), tones=SEVERITY_TONE),
        Column("changed_at", gettext_lazy("Since"), kind="moment"),
        Column("reason", gettext_lazy("Reason")),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("Severity"), options=list(SEVERITY.items())),
        Contains("maker", gettext_lazy("Maker"), "model__manufacturer__name"),
    ],
    search=("model__code", "model__manufacturer__name"),
    row_url=_url,
    cards=("model", "state", "maker"),
    empty_text=gettext_lazy("No lot was judged yet: inspection begins as normal inspection."),
)  # fmt: skip


@opens_to(VIEW)
def switching_list(request: HttpRequest) -> HttpResponse:
    """How severely the next lot of each model is inspected."""
    return SWITCHING.answer(request)


def _switching(request: HttpRequest, unit: str, maker: str, model: str) -> SwitchingState:
    rows = SwitchingState.objects.select_related("model__manufacturer", "unit").filter(
        unit__code=unit, model__manufacturer__code=maker, model__code=model
    )
    found: SwitchingState = seen(request, rows.first(), model, "supply.resume")
    return found


@opens_to(VIEW, "supply.resume")
def switching(request: HttpRequest, unit: str, maker: str, model: str) -> HttpResponse:
    """One model: severity now, what switches it next, the lots that led here."""
    found = _switching(request, unit, maker, model)
    figure = sampling_rules().figure
    running = (
        "" if found.state == "discontinued" else _("Inspection of this model is not discontinued.")
    )
    context = {
        "title": model,
        "switching": found,
        "label": SEVERITY[found.state],
        "tone": SEVERITY_TONE[found.state],
        "lots": switching_history(found)[:SHOWN],
        "inspection_tones": INSPECTION_TONE,
        "severity": SEVERITY,
        "recent_rejected": found.recent.count(False),
        "within": int(figure("switching/tightened_within_lots").value),
        "tightened_after": int(figure("switching/tightened_after_rejections").value),
        "normal_after": int(figure("switching/normal_after_acceptances").value),
        "discontinued_after": int(figure("switching/discontinued_after_rejections").value),
        "actions": ordered(
            [
                PageAction(
                    _("Resume inspection"),
                    reverse("inspection_resume", args=[unit, maker, model]),
                    against(request, "supply.resume", found.unit, running),
                )
            ]
        ),
    }
    return render(request, "supply/switching.html", context)


@needs("supply.resume")
def inspection_resume(request: HttpRequest, unit: str, maker: str, model: str) -> HttpResponse:
    """Resume a discontinued inspection, under tightened severity."""
    found = _switching(request, unit, maker, model)
    back = reverse("switching", args=[unit, maker, model])

    def act(data: dict[str, Any]) -> str:
        services.inspection_resume(switching=found, actor=actor_of(request), **data)
        return back

    return answer_form(
        request, ResumeForm(request.POST or None), act, title=_("Resume inspection"),
        submit=_("Resume inspection"), back=back, intro=str(found.model),
        crumbs=[(SWITCHING.title, reverse("switching_list")), (model, back)],
    )  # fmt: skip
