"""Pages of bench loads: made, filled by scan, handed to the bench, entered by hand."""

import json
import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from dianheng.assets.choices import TRANSFORMERS
from dianheng.common.access import note_refusal
from dianheng.common.errors import NotFound, Refusal, Refused
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, PageAction
from dianheng.common.numbers import halfwidth
from dianheng.common.pages import needs, opens_to
from dianheng.common.search import clean_code
from dianheng.identity.models import Person
from dianheng.identity.services import actor_of
from dianheng.metrology.schemes import LoadPoint
from dianheng.standards.selectors import benches, installation_of

from .. import services
from ..choices import LOAD_TONE, LoadState, Source, TaskState
from ..envelope import DIRECTIONS, SCHEMA
from ..forms import FillForm, LoadForm, ReasonForm
from ..models import BenchLoad, LoadPosition
from ..schemes import plate_of, scheme_of
from ..selectors.entry import rows_of
from ..selectors.loads import load_sheet
from ..services.load import position_count
from ..words import trade_word
from .common import VIEW, Taken, action, answer_scans, refusal_of, visible_load, visible_task
from .entering import head_before, header_of, standards_of, told_of
from .tasks import TASKS
from .transformers import enter_transformer

LOADS = ListPage(
    key="verification.loads",
    title=gettext_lazy("Bench loads"),
    rows=lambda scope: BenchLoad.objects.select_related("task", "bench", "made_by"),
    right=VIEW,
    unit_field="task__unit",
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="number"),
        Column(
            "state", gettext_lazy("State"), kind="state", choices=LoadState.choices, tones=LOAD_TONE
        ),
        Column("bench", gettext_lazy("Bench"), "bench.barcode", kind="code"),
        Column(
            "task",
            gettext_lazy("Task"),
            "task.number",
            kind="code",
            url=lambda row: reverse("task", args=[row.task.number]),
        ),
        Column("made_by", gettext_lazy("Made by"), "made_by.name"),
        Column("made_at", gettext_lazy("Made at"), kind="moment"),
        Column("fetched_at", gettext_lazy("Fetched at"), kind="moment"),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=LoadState.choices),
        Contains("bench", gettext_lazy("Bench"), "bench__barcode"),
        Contains("task", gettext_lazy("Task"), "task__number"),
        Days("made", gettext_lazy("Made at"), "made_at", of_moment=True),
    ],
    search=("number", "task__number"),
    row_url=lambda row: reverse("load", args=[row.number]),
    cards=("number", "state", "bench", "task"),
    empty_text=gettext_lazy("No load yet. Open a task and load a bench."),
)


@opens_to(VIEW)
def load_list(request: HttpRequest) -> HttpResponse:
    """All loads of the laboratories one may see."""
    return LOADS.answer(request)


@needs("verification.test")
def load_new(request: HttpRequest, number: str) -> HttpResponse:
    """Begin a load: choose the bench."""
    task = visible_task(request, number)
    form = LoadForm(request.POST or None, benches=benches([task.unit_id], task.model.kind))

    def act(data: dict[str, Any]) -> str:
        made = services.load_make(task=task, bench=data["bench"], actor=actor_of(request))
        return reverse("load", args=[made.number])

    return answer_form(
        request,
        form,
        act,
        title=_("Load a bench"),
        submit=_("Begin to load"),
        back=reverse("task", args=[number]),
        crumbs=[(TASKS.title, reverse("tasks")), (number, reverse("task", args=[number]))],
    )


@needs("verification.test")
def loads_fill(request: HttpRequest, number: str) -> HttpResponse:
    """Fill loads of several benches with what waits, in the order of the task."""
    task = visible_task(request, number)
    form = FillForm(request.POST or None, benches=benches([task.unit_id], task.model.kind))

    def act(data: dict[str, Any]) -> str:
        made = services.loads_fill(
            task=task,
            benches=list(data["benches"]),
            at_most=data["at_most"],
            actor=actor_of(request),
        )
        text = ngettext("%(n)s load is ready.", "%(n)s loads are ready.", len(made))
        messages.success(request, text % {"n": len(made)})
        return f"{reverse('loads')}?{urlencode({'task': number, 'state': LoadState.OPEN})}"

    return answer_form(
        request,
        form,
        act,
        title=_("Load benches in order"),
        submit=_("Fill the loads"),
        back=reverse("task", args=[number]),
        crumbs=[(TASKS.title, reverse("tasks")), (number, reverse("task", args=[number]))],
        intro=_(
            "Devices that wait for their first test are put on the positions in the order of their "
            "bar codes, as they lie in their boxes; the benches take turns. Each bench fetches its "
            "loads. Retests are loaded by scan."
        ),
    )


def load_refusal(request: HttpRequest, load: BenchLoad) -> Refusal | None:
    """Why a load cannot be changed now."""
    if load.state in (LoadState.DONE, LoadState.CANCELLED) or load.task.state != TaskState.OPEN:
        return Refusal("load_closed", _("The load is closed."))
    return refusal_of(request, "verification.test", load.task.unit)


@needs(VIEW)
def load(request: HttpRequest, number: str) -> HttpResponse:
    """One load: the scan field, the positions with what stands on them."""
    found = visible_load(request, number)
    refusal = load_refusal(request, found)
    places = _places(found)
    count = sum(1 for place in places if place["put"])
    fetch = refusal or (None if count else Refusal("empty", _("Nothing stands on the bench yet.")))
    context = {
        "title": found.number,
        "load": found,
        "tone": LOAD_TONE[LoadState(found.state)],
        "places": places,
        "count": count,
        "expected": position_count(found.bench),
        "endpoint": reverse("load_scanned", args=[number]),
        "options": request.session.get(_options_key(number), {}),
        "refusal": refusal,
        "retests": found.task.devices.filter(is_open=True, step="waiting", attempts__gt=0)
        .select_related("device", "record")
        .order_by("seq")[:50],
        "actions": [
            action(_("File for the bench"), reverse("load_file", args=[number]), fetch),
            *(_tables(number, fetch) if found.task.model.kind in TRANSFORMERS else ()),
            action(_("Cancel the load"), reverse("load_cancel", args=[number]), refusal),
        ],
        "waiting": found.task.devices.filter(is_open=True, step="waiting").count(),
    }
    template = "verification/load.html" + ("#places" if request.GET.get("part") == "places" else "")
    return render(request, template, context)


def _tables(number: str, refusal: Refusal | None) -> list[PageAction]:
    """Tables with every point, for testers that write tables."""
    url = reverse("tester_template", args=[number])
    return [
        action(_("Table by point"), url, refusal),
        action(_("Table by burden"), f"{url}?wide=1", refusal),
    ]


def _places(found: BenchLoad) -> list[dict[str, Any]]:
    puts = {
        put.position: put
        for put in found.positions.select_related(
            "task_device__device", "task_device__record"
        ).order_by("position")
    }
    top = max([position_count(found.bench) or 0, *puts], default=0)
    records = {
        (record.task_device_id, record.attempt): record
        for record in found.records.only("task_device_id", "attempt", "number")
    }
    places = []
    for position in range(1, top + 1):
        put = puts.get(position)
        record = records.get((put.task_device_id, put.attempt)) if put else None
        places.append({"position": position, "put": put, "record": record})
    return places


def _options_key(number: str) -> str:
    return f"load:{number}"


@require_POST
@needs("verification.test")
def load_options(request: HttpRequest, number: str) -> HttpResponse:
    """Reason of the retests and the next position, for the scans that follow."""
    visible_load(request, number)
    options: dict[str, Any] = {"reason": request.POST.get("reason", "").strip()[:300]}
    position = halfwidth(request.POST.get("position", "")).strip()
    if position.isdigit() and 1 <= int(position) <= 1000:
        options["position"] = int(position)
    request.session[_options_key(number)] = options
    if getattr(request, "htmx", False):
        return HttpResponse(status=204)
    return redirect("load", number)


@require_POST
@needs("verification.test")
def load_scanned(request: HttpRequest, number: str) -> HttpResponse:
    """Scans onto the next free positions."""
    found = visible_load(request, number)
    actor = actor_of(request)
    options = request.session.get(_options_key(number), {})

    def take(raw: str, key: str) -> Taken:
        code = clean_code(raw)
        there = found.positions.filter(task_device__device__barcode=code).first()
        if there is not None:
            text = _("stands on position %(n)s already") % {"n": there.position}
            return Taken(code, text, is_repeat=True)
        put = services.load_put(
            load=found,
            code=code,
            actor=actor,
            # A position that was named holds for one device; those after it stand on the next.
            position=options.pop("position", None),
            reason=options.get("reason", ""),
            request_key=key,
        )
        request.session[_options_key(number)] = options
        text = put.task_device.device.barcode
        if put.attempt > 1:
            text = _("%(code)s, attempt %(n)s") % {"code": text, "n": put.attempt}
        return Taken(_("Position %(n)s") % {"n": put.position}, text)

    def take_back(key: str) -> Taken:
        undone = services.load_undo_scan(load=found, scan_key=key, actor=actor)
        return Taken(
            _("Position %(n)s") % {"n": undone.position}, undone.task_device.device.barcode
        )

    return answer_scans(request, take=take, take_back=take_back, total=found.positions.count)


@needs("verification.test")
def load_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Give up a load."""
    found = visible_load(request, number)

    def act(data: dict[str, Any]) -> str:
        services.load_cancel(load=found, reason=data["reason"], actor=actor_of(request))
        return reverse("load", args=[number])

    return answer_form(
        request,
        ReasonForm(request.POST or None),
        act,
        title=_("Cancel load %(no)s") % {"no": number},
        submit=_("Cancel the load"),
        back=reverse("load", args=[number]),
        crumbs=[(LOADS.title, reverse("loads")), (number, reverse("load", args=[number]))],
        success=_("The load is cancelled; its devices can stand in another one."),
    )


@needs("verification.test")
def load_file(request: HttpRequest, number: str) -> HttpResponse:
    """The load as a file, as GET /api/v1/bench-loads/ gives it."""
    found = visible_load(request, number)
    if load_refusal(request, found) is None:
        services.load_fetched(load=found, actor=actor_of(request))
    text = json.dumps(load_sheet(found), ensure_ascii=False, indent=1)
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{number}.json"'},
    )


# -- by hand --------------------------------------------------------------------------------------


@needs("verification.test")
def load_enter(request: HttpRequest, number: str, position: int) -> HttpResponse:
    """Enter the results of one position by hand, laid out like the paper record."""
    found = visible_load(request, number)
    puts = list(found.positions.select_related("task_device__device__meter").order_by("position"))
    put = next((each for each in puts if each.position == position), None)
    if put is None:
        raise NotFound(_("Nothing stands on position %(n)s.") % {"n": position})
    refusal = load_refusal(request, found)
    if found.task.model.kind in TRANSFORMERS:
        return enter_transformer(request, found, puts, put, refusal)
    plate, scheme = plate_of(found.task.model), scheme_of(found.task.scheme_version)
    rows = rows_of(scheme, plate)
    problems: list[dict[str, Any]] = []
    if request.method == "POST":
        if refusal is not None:
            raise Refused(refusal)
        envelope, typed = _envelope(request, found, put, rows)
        body = json.dumps(envelope, ensure_ascii=False).encode()
        received = services.upload_receive(
            body=body, actor=actor_of(request), source=Source.HAND, source_name=number
        )
        note_refusal(request, received.denied)
        told = received.answer["devices"][0]
        if told["status"] == 201 or received.status == 200:
            messages.success(request, _("The record %(no)s is kept.") % {"no": told["record_no"]})
            waiting = [each for each in puts if each.position > position and not _has_result(each)]
            if waiting and request.POST.get("next"):
                return redirect("load_enter", number, waiting[0].position)
            return redirect("record", told["record_no"])
        problems = told_of(told["errors"], [(row.key, _label(row)) for row in typed])
    installation = installation_of(found.bench, timezone.localdate())
    person = Person.objects.get(pk=actor_of(request).person_id)
    context = {
        "title": _("Position %(n)s") % {"n": position},
        "load": found,
        "put": put,
        "rows": rows,
        "reading_numbers": [str(n) for n in range(4)],
        "reading_numbers_of": {n: [str(k) for k in range(n)] for n in range(1, 6)},
        "problems": problems,
        "posted": request.POST or head_before(found, person),
        "upload_id": request.POST.get("upload_id") or f"hand-{uuid.uuid4()}",
        "refusal": refusal,
        "standards": standards_of(installation),
        "person": person,
        "now": timezone.localtime(),
        "puts": puts,
    }
    return render(request, "verification/entry.html", context, status=422 if problems else 200)


def _has_result(put: LoadPosition) -> bool:
    return put.attempt <= put.task_device.attempts


_WAY = {ours: theirs for theirs, ours in DIRECTIONS.items()}


def _envelope(
    request: HttpRequest, found: BenchLoad, put: LoadPosition, rows: Any
) -> tuple[dict[str, Any], list[Any]]:
    """What was typed, as the neutral envelope of a bench; the rows in which something was."""
    data = request.POST

    def text(name: str) -> str:
        return halfwidth(data.get(name, "")).strip()

    points: list[dict[str, Any]] = []
    given = []
    for row in rows:
        point = _point(row, data, text)
        if point is not None:
            point["seq"] = len(points) + 1
            points.append(point)
            given.append(row)
    typed = {name: halfwidth(str(value)).strip() for name, value in data.items()}
    header = header_of(found, put, typed) | {
        "equipment_category": "METER",
        "seals": [
            {"seal_no": text(name), "position": place}
            for name, place in (("seal_left", "COVER_LEFT"), ("seal_right", "COVER_RIGHT"))
            if text(name)
        ],
    }
    envelope = {
        "schema": SCHEMA,
        "upload_id": data.get("upload_id", "")[:64],
        "source_system": "entered by hand",
        "bench_no": found.bench.asset_number,
        "devices": [{"header": header, "points": points}],
    }
    return envelope, given


def _label(row: Any) -> str:
    """A row of the form as it is read out."""
    item = "" if row.is_error else trade_word("item", row.name)
    return " ".join(part for part in (item, row.point.text if row.point else "") if part)


def _point(row: Any, data: Any, text: Any) -> dict[str, Any] | None:
    """One row of the form as a point of the envelope; None when nothing was entered."""
    samples = [text(f"{row.key}-{n}") for n in range(row.readings)]
    given = [sample for sample in samples if sample]
    facts = {
        name: _fact(kind, text(f"{row.key}-{name}")) for name, kind, _label, _unit in row.facts
    }
    facts = {name: value for name, value in facts.items() if value not in (None, "")}
    remark = data.get(f"{row.key}-remark", "").strip()
    if not given and not facts:
        return None
    point: dict[str, Any] = {"item": row.item, "unit": row.unit, "samples": given, "remark": remark}
    if row.point is not None:
        place: LoadPoint = row.point
        point |= {"direction": _WAY[place.direction.value], "phase": place.phases}
        if place.load:
            point |= {"load_current": place.load, "power_factor": place.factor}
    if facts:
        point["facts"] = facts
    return {name: value for name, value in point.items() if value not in ("", [])}


def _fact(kind: str, text: str) -> Any:
    if kind == "truth":
        return {"yes": True, "no": False}.get(text)
    if kind == "list":
        return [part for part in text.replace("|", " ").split() if part] or None
    if kind == "texts":
        pairs = [line.split("=", 1) for line in text.splitlines() if "=" in line]
        return {name.strip(): value.strip() for name, value in pairs} or None
    return text
