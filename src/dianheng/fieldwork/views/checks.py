"""Records of checks on site: entry, files, the record with its diagram and diagnosis, its paper."""

import json
import re
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.assets.models import Device
from dianheng.common.access import note_refusal
from dianheng.common.errors import Refused
from dianheng.common.forms import take_refusal
from dianheng.common.lists import Choice, Column, Days, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.common.texts import why
from dianheng.documents.services import paper_pdf
from dianheng.identity.services import actor_of
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.plates import Wiring
from dianheng.metrology.words import word
from dianheng.seals.models import Seal
from dianheng.verification.selectors.on_site import point_text

from .. import services
from ..choices import NO_VERDICT, ORDER_TONE, OUTCOME_TONE, Outcome, Source, TaskReason
from ..diagnosis import cos_of, energy_of, guard_sign, told
from ..forms import EnergyForm, EntryForm, UploadForm
from ..models import FieldCheck, FieldTask
from ..papers import field_check_record
from ..picture import phasor_picture
from ..rules import BLOCK_TEXTS
from ..selectors import VIEW, checks, visible_check, visible_task
from ..services.checks import meter_at
from ..services.first import state_of as first_state
from ..services.judge import circuit_of, explanations_of
from ..sheet import NUMBERS, RATE_LABELS, RATES, SEEN, Sheet
from ..told import changes_of_check, other_results, sheet_of, sheets_of_check, wiring_said

RECORD = "fieldwork.record"
PASS_WORD = {"pass": "good", "fail": "bad", "incomplete": "warn"}

CHECKS = ListPage(
    key="field_checks",
    title=gettext_lazy("Records of checks"),
    rows=lambda scope: checks(),
    right=VIEW,
    unit_field="task__unit",
    columns=[
        Column("number", gettext_lazy("Field record"), kind="code"),
        Column("point", gettext_lazy("Usage point"), "task.usage_point.number", kind="code"),
        Column("name", gettext_lazy("Name"), "task.usage_point.name"),
        Column("device", gettext_lazy("Device"), lambda row: row.device.barcode if row.device else "", kind="code"),
        Column("outcome", gettext_lazy("Outcome"), kind="state", choices=Outcome.choices, tones=OUTCOME_TONE),
        Column("done_at", gettext_lazy("Checked at"), kind="moment", sort="done_at"),
        Column("leader", gettext_lazy("Leader"), "leader.name"),
        Column("second", gettext_lazy("Second person"), "second.name", hidden=True),
        Column("source", gettext_lazy("Came in by"), "get_source_display", hidden=True),
    ],
    filters=[
        Choice("outcome", gettext_lazy("Outcome"), options=Outcome.choices),
        Days("done_at", gettext_lazy("Checked at"), "done_at", of_moment=True),
    ],
    default_order="-done_at",
    search=("number", "task__usage_point__number", "task__usage_point__name", "meter__barcode", "transformer__barcode"),
    row_url=lambda row: reverse("field_check", args=[row.number]),
    actions=lambda request: [
        PageAction(
            _("Send a file in"), reverse("field_upload_any"),
            None if request.rights.may(RECORD) else no_right(RECORD),  # type: ignore[attr-defined]
        )
    ],
    cards=("number", "name", "outcome", "done_at"),
    empty_text=gettext_lazy("No record yet. Open a task and enter what was measured."),
)  # fmt: skip


@opens_to(VIEW)
def check_list(request: HttpRequest) -> HttpResponse:
    """All records of the units one may see."""
    return CHECKS.answer(request)


@needs(VIEW)
def check(request: HttpRequest, number: str) -> HttpResponse:
    """One record: what was measured, what the rules say, the diagram and what explains it."""
    found = visible_check(request.rights, number)  # type: ignore[attr-defined]
    sheet = sheet_of(found)
    language = get_language() or "zh"
    context = {
        "title": found.number,
        "check": found,
        "point": found.task.usage_point,
        "tone": OUTCOME_TONE[Outcome(found.outcome)],
        "measured": _measured(sheet),
        "registers": [(RATE_LABELS[rate], sheet[f"register_{rate}"]) for rate in RATES if sheet[f"register_{rate}"] is not None],
        "sheets": sheets_of_check(found),
        "results": _results(other_results(found), language),
        "changes": _results(changes_of_check(found), language),
        "is_provisional": found.outcome == Outcome.PROVISIONAL,
        "may_again": found.outcome in NO_VERDICT and request.rights.may(RECORD, found.task.unit.path),  # type: ignore[attr-defined]
        "blocks": [str(BLOCK_TEXTS[one["code"]]) % one["facts"] for one in found.blocks],
        "orders": [(one, ORDER_TONE[one.state]) for one in found.orders.order_by("due_on")],  # type: ignore[index]
        "seals": _seals(sheet),
        "texts": [(_LABELS[key], sheet.texts[key]) for key in _LABELS if key in sheet.texts],
        **_diagnosed(request, sheet, found.meter, language),
    }  # fmt: skip
    return render(request, "fieldwork/check.html", context)


_SEALS = {
    "seals_removed": gettext_lazy("Seals removed"),
    "seals_applied": gettext_lazy("Seals applied"),
}
_LABELS = {
    "signer": gettext_lazy("Signed for the customer"),
    "remark": gettext_lazy("Remark"),
}


def _seals(sheet: Sheet) -> list[tuple[Any, list[tuple[str, Seal | None]]]]:
    """Seal numbers as written, with the seal where the register knows it."""
    written = {
        key: [one for one in re.split(r"[\s,，、;；]+", sheet.texts[key]) if one]
        for key in _SEALS
        if key in sheet.texts
    }
    numbers = [one for found in written.values() for one in found]
    known = {
        seal.seal_no: seal
        for seal in Seal.objects.filter(seal_no__in=numbers).select_related("unit")
    }
    return [(_SEALS[key], [(no, known.get(no)) for no in found]) for key, found in written.items()]


def _measured(sheet: Sheet) -> list[tuple[Any, str]]:
    names = ("temperature_c", "humidity_pct", "frequency_hz", "cos_phi", "clock_offset_s")
    return [
        (NUMBERS[name].label, f"{sheet[name]:f} {NUMBERS[name].unit}".strip())
        for name in names
        if sheet[name] is not None
    ]


def _results(found: Sequence[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    return [
        {
            **one,
            "label": word("item", one["item"], language),
            "point": point_text(one["point"]),
            "said": wiring_said(one, language) if one["item"] == "wiring" else "",
            "word": word("conclusion", one["conclusion"], language),
            "why": word("reason", one["reason"], language),
            "tone": PASS_WORD.get(one["conclusion"], "calm"),
        }
        for one in found
    ]


def _diagnosed(
    request: HttpRequest, sheet: Sheet, meter: Device | None, language: str
) -> dict[str, Any]:
    """Diagram, explanations, and the energy of a period where it is asked for."""
    if not sheet.has_phasors:
        return {}
    context: dict[str, Any] = {"picture": phasor_picture(sheet.measurement)}
    if sheet.wiring is Wiring.SINGLE_PHASE:
        return context
    try:
        found = explanations_of(sheet, meter)
    except MetrologyError as error:
        return {**context, "unexplained": why(error)}
    return context | explained(request, found, sheet.wiring, language)


def explained(request: HttpRequest, found: Any, wiring: Wiring, language: str) -> dict[str, Any]:
    """Explanations in words, and the energy to make up for the one that is chosen."""
    best = found[0]
    start = {
        "cos_phi": cos_of(best.phi_deg), "spread": "0.02", "rank": 1,
        "load": "C" if best.phi_deg < 0 else "L",
    }  # fmt: skip
    asked = "recorded_kwh" in request.GET
    form = EnergyForm(request.GET if asked else None, initial=start)
    context: dict[str, Any] = {"told": told(found, language), "energy_form": form}
    if asked and form.is_valid():
        data = form.cleaned_data
        chosen = found[min(data["rank"], len(found)) - 1]
        try:
            energy = energy_of(
                chosen, wiring, cos_phi=data["cos_phi"], spread=data["spread"],
                is_inductive=data["load"] == "L", recorded_kwh=data["recorded_kwh"],
            )  # fmt: skip
        except MetrologyError as error:
            form.add_error("cos_phi", why(error))
            return context
        if refusal := guard_sign(energy.k, energy.recorded_kwh):
            form.add_error("recorded_kwh", str(refusal.text))
            return context
        period = " – ".join(str(data[k]) for k in ("from_on", "through_on") if data[k])
        context |= {"energy": energy, "chosen": told([chosen], language)[0], "period": period}
    return context


@require_POST
@needs(RECORD)
def again(request: HttpRequest, number: str) -> HttpResponse:
    """Judge a record without verdict once more."""
    found = visible_check(request.rights, number)  # type: ignore[attr-defined]
    try:
        made = services.check_again(check=found, actor=actor_of(request))
    except Refused as refused:
        messages.error(request, str(refused.refusal.text))
        return redirect("field_check", number=number)
    return recorded(request, [made])


@needs(VIEW)
def evidence(request: HttpRequest, number: str) -> HttpResponse:
    """What came in, as it came."""
    found = visible_check(request.rights, number)  # type: ignore[attr-defined]
    body = {
        "record": found.number, "upload_id": found.upload_id, "digest": found.digest,
        "source": found.source, "file_sha256": found.file.digest if found.file else None,
        "received": found.received, "sheet": found.sheet, "results": found.results,
        "rule_sets": found.rule_sets, "blocks": found.blocks,
    }  # fmt: skip
    text = json.dumps(body, ensure_ascii=False, indent=1)
    return HttpResponse(text, content_type="application/json; charset=utf-8")


@needs(VIEW)
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """现场检验记录 as PDF."""
    found = visible_check(request.rights, number)  # type: ignore[attr-defined]
    language = "en" if (get_language() or "").startswith("en") else "zh"
    content = paper_pdf(
        kind="field_check_record", paper=field_check_record(found, language),
        unit_id=found.task.unit_id, actor=actor_of(request), language=language, right=None,
    )  # fmt: skip
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{found.number}.pdf"'
    return answer


# -- how records come in -------------------------------------------------------------------------


def crumbs_of(task: FieldTask) -> list[tuple[Any, str]]:
    """The way to a task."""
    return [
        (_("Field tasks"), reverse("field_tasks")),
        (task.number, reverse("field_task", args=[task.number])),
    ]


def recorded(request: HttpRequest, made: list[services.Recorded]) -> HttpResponse:
    """To what was recorded, with a word about it."""
    for one in made:
        if one.is_repeat:
            text = _("%(no)s is here already; nothing was doubled.")
            messages.info(request, text % {"no": one.check.number})
        else:
            text = _("%(no)s is recorded: %(outcome)s.")
            facts = {"no": one.check.number, "outcome": one.check.get_outcome_display()}
            messages.success(request, text % facts)
    if len(made) == 1:
        return redirect("field_check", number=made[0].check.number)
    return redirect("field_checks")


def start_of(
    request: HttpRequest, task: FieldTask, *, is_transformer: bool = False
) -> dict[str, str]:
    """What a form begins with: the two of the task, the calibrator of the person's last record."""
    rows = FieldCheck.objects.filter(
        recorded_by=request.user.pk,
        transformer__isnull=not is_transformer,  # type: ignore[misc]
    )
    return {
        "leader": task.leader.person_no, "second": task.second.person_no,
        "calibrator_no": rows.order_by("-pk").values_list("calibrator_no", flat=True).first() or "",
    }  # fmt: skip


def _to_be_seen(task: FieldTask) -> dict[str, str]:
    """What a first check compares with the archive, in words."""
    if task.reason != TaskReason.FIRST:
        return {}
    language = get_language() or "zh"
    items = (item for item, _record in first_state(task, timezone.now()))
    return {item: word("item", item, language) for item in items if item in SEEN}


@needs(RECORD)
def enter(request: HttpRequest, number: str) -> HttpResponse:
    """What was measured, typed on site or afterwards."""
    task = visible_task(request.rights, number)  # type: ignore[attr-defined]
    meter = meter_at(task, timezone.now())
    circuit = circuit_of(task.usage_point, meter)
    form = EntryForm(
        request.POST or None, wiring=circuit.wiring, initial=start_of(request, task),
        seen=_to_be_seen(task),
    )  # fmt: skip
    status = 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = services.check_record(
                task=task, raw=form.raw(), done_at=data["done_at"], leader=data["leader"],
                second=data["second"], calibrator_no=data["calibrator_no"].strip(),
                actor=actor_of(request),
            )  # fmt: skip
        except Refused as refused:
            take_refusal(form, refused, request)
            status = 409
        else:
            return recorded(request, [made])
    context = {
        "title": _("Enter the check of %(no)s") % {"no": number}, "form": form, "task": task,
        "meter": meter, "crumbs": crumbs_of(task), "circuit": circuit,
        "back": reverse("field_task", args=[number]),
    }  # fmt: skip
    return render(request, "fieldwork/enter.html", context, status=status)


def _upload(request: HttpRequest, task: FieldTask | None, context: dict[str, Any]) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    faults: list[Any] = []
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            made = services.upload_take(
                body=sent.read(), name=sent.name, task=task, actor=actor_of(request),
                calibrator_no=form.cleaned_data["calibrator_no"].strip(), source=Source.FILE,
            )  # fmt: skip
        except Refused as refused:
            faults = list(refused.refusal.errors)
            if faults:  # shown as a table
                note_refusal(request, refused)
                form.add_error(None, str(refused.refusal.text))
            else:
                take_refusal(form, refused, request)
        else:
            return recorded(request, made)
    shown = {
        "title": _("Send a calibrator's file in"), "form": form, "submit": _("Send in"),
        "faults": [
            (one.get("record", ""), _field_label(one.get("field", "")), one["text"]) for one in faults
        ],
        "intro": _("A file is taken as a whole, or not at all with everything that is wrong with it."),
    }  # fmt: skip
    return render(request, "fieldwork/upload.html", shown | context, status=409 if faults else 200)


def _field_label(field: str) -> Any:
    return NUMBERS[field].label if field in NUMBERS else field if field.startswith("points") else ""


@needs(RECORD)
def upload(request: HttpRequest, number: str) -> HttpResponse:
    """A file for one task."""
    task = visible_task(request.rights, number)  # type: ignore[attr-defined]
    back = reverse("field_task", args=[number])
    return _upload(request, task, {"crumbs": crumbs_of(task), "back": back})


@needs(RECORD)
def upload_any(request: HttpRequest) -> HttpResponse:
    """A file that names its tasks itself."""
    crumbs = [(_("Records of checks"), reverse("field_checks"))]
    return _upload(request, None, {"crumbs": crumbs, "back": reverse("field_checks")})
