"""The page on which a transformer's record is typed, laid out like the paper record."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.access import note_refusal
from dianheng.common.errors import Refusal, Refused
from dianheng.common.numbers import halfwidth
from dianheng.identity.models import Person
from dianheng.identity.services import actor_of
from dianheng.metrology.transformer_schemes import TransformerPlate, TransformerScheme
from dianheng.standards.selectors import installation_of

from .. import services
from ..choices import Source
from ..envelope import ITEMS, SCHEMA, read_device
from ..models import BenchLoad, LoadPosition
from ..selectors.transformer_entry import (
    ItemRow,
    Sheet,
    items_of,
    read_items,
    read_sheets,
    sheets_of,
)
from ..services.sorting import category_of
from ..services.transformer_history import SIGNS
from ..subjects import plate_for, scheme_for
from ..words import trade_word
from .entering import head_before, header_of, standards_of, told_of


def enter_transformer(
    request: HttpRequest,
    load: BenchLoad,
    puts: Sequence[LoadPosition],
    put: LoadPosition,
    refusal: Refusal | None,
) -> HttpResponse:
    """Show the form of one position, or take what was typed."""
    plate, scheme = plate_for(load.task.model), scheme_for(load.task.scheme_version)
    assert isinstance(plate, TransformerPlate) and isinstance(scheme, TransformerScheme)
    sheets, items = sheets_of(plate, scheme), items_of(scheme, is_retest=put.attempt > 1)
    typed = {name: _plain(str(value)) for name, value in request.POST.items()}
    problems: list[dict[str, Any]] = []
    wrong: dict[str, Any] = {}
    points: list[tuple[str, str]] = []
    if request.method == "POST":
        if refusal is not None:
            raise Refused(refusal)
        envelope, wrong, problems = _envelope(load, put, sheets, items, typed)
        for point in envelope["devices"][0]["points"]:
            points.append(("", trade_word("item", ITEMS[point["item"]])))
        if not problems:
            received = services.upload_receive(
                body=json.dumps(envelope, ensure_ascii=False).encode(),
                actor=actor_of(request),
                source=Source.HAND,
                source_name=load.number,
            )
            note_refusal(request, received.denied)
            told = received.answer["devices"][0]
            if told["status"] == 201 or received.status == 200:
                messages.success(
                    request, _("The record %(no)s is kept.") % {"no": told["record_no"]}
                )
                waiting = [
                    each
                    for each in puts
                    if each.position > put.position and each.attempt > each.task_device.attempts
                ]
                if waiting and typed.get("next"):
                    return redirect("load_enter", load.number, waiting[0].position)
                return redirect("record", told["record_no"])
            problems = told["errors"]
    person = Person.objects.get(pk=actor_of(request).person_id)
    context = {
        "title": _("Position %(n)s") % {"n": put.position},
        "load": load,
        "put": put,
        "plate": plate,
        "regulation": scheme.rules,
        "sheets": sheets,
        "items": items,
        "problems": told_of(problems, points),
        "wrong": wrong,
        "asks_signs": any(one.get("code") == SIGNS for one in problems)
        or bool(typed.get("signs_confirmed")),
        "posted": request.POST or head_before(load, person),
        "upload_id": typed.get("upload_id") or f"hand-{uuid.uuid4()}",
        "refusal": refusal,
        "standards": standards_of(installation_of(load.bench, timezone.localdate())),
        "person": person,
        "now": timezone.localtime(),
    }
    return render(
        request, "verification/transformer_entry.html", context, status=422 if problems else 200
    )


def _plain(text: str) -> str:
    """What was typed, in plain characters; papers print the minus longer than keyboards have it."""
    return halfwidth(text).replace("\u2212", "-").strip()


def _envelope(
    load: BenchLoad,
    put: LoadPosition,
    sheets: Sequence[Sheet],
    items: Sequence[ItemRow],
    typed: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """What was typed as the neutral envelope; faults by field, and all of them for the top."""
    points, faults = read_sheets(sheets, typed)
    points = [*read_items(items, typed), *points]
    for seq, point in enumerate(points, 1):
        point["seq"] = seq
    header = header_of(load, put, typed) | {
        "equipment_category": category_of(put.task_device.device),
        "signs_confirmed": typed.get("signs_confirmed") == "yes",
    }
    device = {"header": header, "points": points}
    wrong = {fault.key: fault.text for fault in faults}
    problems: list[dict[str, Any]] = [
        {"field": fault.label, "text": fault.text, "key": fault.key} for fault in faults
    ]
    # The head's faults are told together with those of the cells.
    read = read_device(0, device)
    problems += [fault for fault in read.faults if not str(fault["field"]).startswith("points[")]
    envelope = {
        "schema": SCHEMA,
        "upload_id": typed.get("upload_id", "")[:64],
        "source_system": "entered by hand",
        "bench_no": load.bench.asset_number,
        "devices": [device],
    }
    return envelope, wrong, problems
