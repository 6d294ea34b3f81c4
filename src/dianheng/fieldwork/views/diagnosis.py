"""Diagnosis of a wiring from typed phasors, without a record."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dianheng.common.texts import why
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.wiring_diagnosis import diagnose

from ..forms import DiagnosisForm
from ..picture import phasor_picture
from ..services.judge import WIRING_RULES
from ..sheet import Circuit, read_sheet
from .checks import explained

CIRCUITS = (Wiring.THREE_PHASE_THREE_WIRE, Wiring.THREE_PHASE_FOUR_WIRE)


def page(request: HttpRequest) -> HttpResponse:
    """What explains these phasors, how the meter errs, what is to be made up."""
    stated = request.GET.get("wiring", "")
    wiring = Wiring(stated) if stated in CIRCUITS else CIRCUITS[0]
    asked = "u1" in request.GET
    data: Any = request.GET.copy()
    data["wiring"] = wiring.value
    form = DiagnosisForm(data if asked else None, wiring=wiring, initial={"wiring": wiring})
    context: dict[str, Any] = {"title": _("Diagnosis of a wiring"), "form": form}
    if asked and form.is_valid():
        data = form.cleaned_data
        rules = rule_set(*WIRING_RULES)
        circuit = Circuit(wiring, data["nominal_v"], None)
        sheet, problems = read_sheet({k: v for k, v in data.items() if v}, circuit, rules)
        if not sheet.has_phasors and not problems:
            form.add_error(None, _("Enter the voltages and currents."))
        for problem in problems:
            form.add_error(problem.field if problem.field in form.fields else None, problem.text)
        if form.is_valid():
            context["picture"] = phasor_picture(sheet.measurement)
            try:
                found = diagnose(
                    rules, sheet.measurement, sequence=data["sequence"],
                    nominal_v=float(data["nominal_v"]) if data["nominal_v"] else None,
                )  # fmt: skip
            except MetrologyError as error:
                context["unexplained"] = why(error)
            else:
                context |= explained(request, found, wiring, get_language() or "zh")
                context["kept"] = [(k, v) for k, v in request.GET.items() if k in form.fields and v]
    return render(request, "fieldwork/diagnosis.html", context)
