"""The record of a transformer that was measured where it hangs, typed like the paper record."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.errors import Refused
from dianheng.common.forms import take_refusal
from dianheng.common.numbers import halfwidth
from dianheng.common.pages import needs
from dianheng.identity.services import actor_of
from dianheng.verification.selectors.on_site import transformer_plate_of
from dianheng.verification.selectors.transformer_entry import (
    items_of,
    read_items,
    read_sheets,
    sheets_of,
)

from .. import services
from ..forms import TransformerForm
from ..selectors import transformers_at, visible_task
from ..services.transformers import site_scheme
from .checks import RECORD, crumbs_of, recorded, start_of


@needs(RECORD)
def enter(request: HttpRequest, number: str, barcode: str) -> HttpResponse:
    """What was measured at one transformer of the point."""
    task = visible_task(request.rights, number)  # type: ignore[attr-defined]
    hung = get_object_or_404(transformers_at(task.usage_point), device__barcode=barcode)
    plate = transformer_plate_of(hung.device.model)
    scheme = site_scheme(plate)
    sheets, items = sheets_of(plate, scheme), items_of(scheme, is_retest=False)
    form = TransformerForm(
        request.POST or None, initial=start_of(request, task, is_transformer=True)
    )
    typed = {name: _plain(str(value)) for name, value in request.POST.items()}
    wrong: dict[str, Any] = {}
    problems: list[dict[str, Any]] = []
    if request.method == "POST":
        points, faults = read_sheets(sheets, typed)
        wrong = {fault.key: fault.text for fault in faults}
        problems = [{"key": f.key, "field": f.label, "text": f.text} for f in faults]
        if form.is_valid() and not problems:
            data = form.cleaned_data
            raw = form.raw() | {
                "transformer": barcode, "points": [*read_items(items, typed), *points],
                "signs_confirmed": data["signs_confirmed"],
            }  # fmt: skip
            for seq, point in enumerate(raw["points"], 1):
                point["seq"] = seq
            try:
                made = services.check_record(
                    task=task, raw=raw, done_at=data["done_at"], leader=data["leader"],
                    second=data["second"], calibrator_no=data["calibrator_no"].strip(),
                    actor=actor_of(request),
                )  # fmt: skip
            except Refused as refused:
                take_refusal(form, refused, request)
            else:
                return recorded(request, [made])
    context = {
        "title": _("Enter the check of transformer %(no)s") % {"no": barcode}, "form": form,
        "task": task, "hung": hung, "plate": plate, "regulation": scheme.rules, "sheets": sheets,
        "items": items, "wrong": wrong, "problems": problems, "posted": request.POST,
        "asks_signs": "signs_confirmed" in form.errors or bool(typed.get("signs_confirmed")),
        "crumbs": crumbs_of(task), "back": reverse("field_task", args=[number]),
    }  # fmt: skip
    status = 409 if request.method == "POST" else 200
    return render(request, "fieldwork/enter_transformer.html", context, status=status)


def _plain(text: str) -> str:
    """What was typed, in plain characters; papers print the minus longer than keyboards have it."""
    return halfwidth(text).replace("\u2212", "-").strip()
