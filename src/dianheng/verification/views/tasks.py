"""Pages of tasks: list, new, one task, devices by lot or by scan."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_POST

from dianheng.assets.choices import PlaceKind
from dianheng.assets.models import Device, Place
from dianheng.assets.selectors import devices_in_place
from dianheng.common.errors import BadInput, NotFound, Refusal
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, Numbers, PageAction
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.common.search import clean_code
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of
from dianheng.workflow.selectors import process_named

from .. import services
from ..choices import (
    LOAD_TONE,
    OUTCOME_TONE,
    STEP_TONE,
    TASK_TONE,
    Outcome,
    Step,
    TaskKind,
    TaskState,
)
from ..forms import ReasonForm, TaskForm
from ..models import TaskDevice, VerificationTask
from ..selectors.tasks import step_counts
from ..services.task import lot_candidates
from .common import VIEW, Taken, action, answer_scans, may, refusal_of, visible_task


def _list_actions(request: HttpRequest) -> list[PageAction]:
    rights: Any = request.rights  # type: ignore[attr-defined]
    right = "verification.plan"
    refusal = None if rights.may(right) else no_right(right)
    return [action(_("New task"), reverse("task_new"), refusal, is_primary=True, icon="plus")]


TASKS = ListPage(
    key="verification.tasks",
    title=gettext_lazy("Verification tasks"),
    rows=lambda scope: VerificationTask.objects.select_related(
        "unit", "model__manufacturer", "lot", "made_by"
    ),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="number"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column(
            "state",
            gettext_lazy("State"),
            kind="state",
            choices=TaskState.choices,
            tones=TASK_TONE,
        ),
        Column("model", gettext_lazy("Model"), "model.code"),
        Column("maker", gettext_lazy("Maker"), "model.manufacturer.short_name"),
        Column("lot", gettext_lazy("Lot"), "lot.code"),
        Column("planned_through", gettext_lazy("Planned through"), kind="date"),
        Column("made_by", gettext_lazy("Made by"), "made_by.name"),
        Column("made_at", gettext_lazy("Made at"), kind="moment"),
        Column("unit", gettext_lazy("Laboratory"), "unit.name", hidden=True),
        Column("origin", gettext_lazy("Origin"), hidden=True),
        Column("client", gettext_lazy("Client"), hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=TaskState.choices),
        Choice("kind", gettext_lazy("Kind"), options=TaskKind.choices),
        Contains("lot", gettext_lazy("Lot"), "lot__code"),
        Contains("model", gettext_lazy("Model"), "model__code"),
        Days("planned", gettext_lazy("Planned through"), "planned_through"),
    ],
    search=("number", "lot__code", "model__code"),
    search_hint=gettext_lazy("Piece of a number, lot or model"),
    row_url=lambda row: reverse("task", args=[row.number]),
    actions=_list_actions,
    cards=("number", "state", "model", "lot"),
    empty_text=gettext_lazy("No task yet. Make one for a lot or for devices that you scan."),
)


@opens_to(VIEW)
def task_list(request: HttpRequest) -> HttpResponse:
    """All tasks of the laboratories one may see."""
    return TASKS.answer(request)


@needs("verification.plan")
def task_new(request: HttpRequest) -> HttpResponse:
    """A new task: kind, lot or model; the scheme is proposed."""
    units = units_with_right(request.rights, "verification.plan")  # type: ignore[attr-defined]
    today = timezone.localdate()
    initial: dict[str, Any] = {
        "planned_from": today.isoformat(),
        "planned_through": date_after(today, 30),
        "lot": request.GET.get("lot"),
        "unit": getattr(request.user, "unit_id", None),
    }
    form = TaskForm(request.POST or None, units=units, initial=initial)

    def act(data: dict[str, Any]) -> str:
        lot = data["lot"]
        actor = actor_of(request)
        task = services.task_make(
            unit=data["unit"],
            kind=data["kind"],
            model=lot.model if lot else data["model"],
            lot=lot,
            validity_mode=data["validity_mode"],
            client=data["client"],
            planned_from=data["planned_from"],
            planned_through=data["planned_through"],
            note=data["note"],
            actor=actor,
        )
        if lot is None:
            return reverse("task_scan", args=[task.number])
        ready = lot_candidates(task, data["at_most"])
        if not ready:
            messages.warning(
                request, _("No device of the lot waits for verification. Scan devices instead.")
            )
            return reverse("task", args=[task.number])
        count = services.task_add_devices(task=task, device_ids=ready, actor=actor)
        messages.success(request, taken_text(count))
        return reverse("task", args=[task.number])

    return answer_form(
        request,
        form,
        act,
        title=_("New verification task"),
        submit=_("Make the task"),
        back=reverse("tasks"),
        crumbs=[(TASKS.title, reverse("tasks"))],
        intro=_("The scheme is proposed from kind, class and connection of the model."),
    )


def date_after(day: Any, days: int) -> str:
    """So many days later, as text."""
    return type(day).fromordinal(day.toordinal() + days).isoformat()


def taken_text(count: int) -> str:
    """So many devices were taken."""
    return ngettext("%(n)s device taken.", "%(n)s devices taken.", count) % {"n": count}


def task_refusal(request: HttpRequest, task: VerificationTask, right: str) -> Refusal | None:
    """Why something cannot be done with a task now: no right, or it is closed."""
    if task.state != TaskState.OPEN:
        return Refusal("task_closed", _("The task is closed."))
    return refusal_of(request, right, task.unit)


@needs(VIEW)
def task(request: HttpRequest, number: str) -> HttpResponse:
    """One task: facts, how far it is, loads, what can be done next."""
    found = visible_task(request, number)
    steps = step_counts(found)
    outcomes = dict(
        found.devices.exclude(outcome="").values_list("outcome").annotate(n=count_of()).order_by()
    )
    to_be_sealed = found.devices.filter(is_to_be_sealed=True).count()
    again = found.devices.filter(
        step__in=[Step.TESTED, Step.REVIEWED], outcome__in=[Outcome.PROVISIONAL, Outcome.BLOCKED]
    ).count()
    context = {
        "title": found.number,
        "task": found,
        "process": process_named(found.origin),
        "task_tone": TASK_TONE[TaskState(found.state)],
        "load_tones": LOAD_TONE,
        "steps": [
            (Step(step), steps[step], f"{reverse('task_devices', args=[number])}?step={step}")
            for step in Step.values
            if steps[step] or step != Step.WITHDRAWN
        ],
        "outcomes": [
            (outcome, n, f"{reverse('task_devices', args=[number])}?outcome={outcome}")
            for outcome, n in outcomes.items()
        ],
        "device_count": sum(n for step, n in steps.items() if step != Step.WITHDRAWN),
        "loads": found.loads.select_related("bench")
        .prefetch_related("positions")
        .order_by("-pk")[:20],
        "to_be_sealed": to_be_sealed,
        "to_judge_again": again,
        "reviews": found.reviews.select_related("reviewer", "acting_for")[:20],
        "approvals": found.approvals.select_related("approver", "acting_for")[:20],
        "actions": _task_actions(request, found, steps, to_be_sealed),
        "is_lot": found.lot_id is not None,
    }
    return render(request, "verification/task.html", context)


def count_of() -> Any:
    """Counts devices."""
    from django.db.models import Count

    return Count("pk")


def _task_actions(
    request: HttpRequest, found: VerificationTask, steps: dict[str, int], to_be_sealed: int
) -> list[PageAction]:
    def refusal(right: str, count: int, text: Any) -> Refusal | None:
        against = task_refusal(request, found, right)
        return against or (None if count else Refusal("nothing", text))

    number = found.number
    choices = [
        action(
            _("Approve"),
            reverse("task_approve", args=[number]),
            refusal("verification.approve", steps[Step.REVIEWED], _("Nothing is reviewed yet.")),
        ),
        action(
            _("Review"),
            reverse("task_review", args=[number]),
            refusal("verification.review", steps[Step.TESTED], _("Nothing waits for review.")),
        ),
        action(
            _("Apply seals"),
            reverse("task_seal", args=[number]),
            refusal("verification.test", to_be_sealed, _("No approved device waits for seals.")),
        ),
        action(
            _("Load a bench"),
            reverse("load_new", args=[number]),
            refusal("verification.test", steps[Step.WAITING], _("No device waits for a test.")),
        ),
        action(
            _("Load benches in order"),
            reverse("loads_fill", args=[number]),
            refusal("verification.test", steps[Step.WAITING], _("No device waits for a test.")),
        ),
        action(
            _("Scan devices in"),
            reverse("task_scan", args=[number]),
            task_refusal(request, found, "verification.plan"),
        ),
    ]
    # The one next action is the filled button: the farthest step that is possible.
    for place, choice in enumerate(choices):
        if choice.refusal is None:
            choice.is_primary = True
            choices.insert(0, choices.pop(place))
            break
    return choices


DEVICES = ListPage(
    key="verification.task_devices",
    title=gettext_lazy("Devices of the task"),
    rows=lambda scope, task: TaskDevice.objects.filter(task_id=task).select_related(
        "device", "record", "verdict", "task"
    ),
    columns=[
        Column("seq", gettext_lazy("No."), kind="number", sort="seq"),
        Column(
            "barcode",
            gettext_lazy("Bar code"),
            "device.barcode",
            kind="code",
            url=lambda row: reverse("device", args=[row.device.barcode]),
        ),
        Column("serial_no", gettext_lazy("Maker's number"), "device.serial_no", kind="code"),
        Column("step", gettext_lazy("Step"), kind="state", choices=Step.choices, tones=STEP_TONE),
        Column(
            "outcome",
            gettext_lazy("Outcome"),
            kind="state",
            choices=Outcome.choices,
            tones=OUTCOME_TONE,
        ),
        Column("attempts", gettext_lazy("Attempts"), kind="number"),
        Column(
            "record",
            gettext_lazy("Record"),
            "record.number",
            kind="code",
            url=lambda row: reverse("record", args=[row.record.number]) if row.record else None,
        ),
        Column("position", pgettext_lazy("bench", "Position"), "record.position", kind="number"),
        Column(
            "differences", gettext_lazy("Differences"), "verdict.difference_count", kind="number"
        ),
        Column("sealing", gettext_lazy("Waits for seals"), "is_to_be_sealed", kind="flag"),
        Column("returned", gettext_lazy("Sent back because"), "returned_reason"),
    ],
    filters=[
        Choice("step", gettext_lazy("Step"), options=Step.choices),
        Choice("outcome", gettext_lazy("Outcome"), options=Outcome.choices),
        Numbers("attempts", gettext_lazy("Attempts")),
        Numbers("differences", gettext_lazy("Differences"), "verdict__difference_count"),
        Numbers("position", pgettext_lazy("bench", "Position"), "record__position"),
        Contains("barcode", gettext_lazy("Bar code"), "device__barcode"),
    ],
    default_order="seq",
    search=("device__barcode", "device__serial_no"),
    row_url=lambda row: reverse("record", args=[row.record.number]) if row.record else None,
    cards=("barcode", "step", "outcome", "attempts"),
    empty_text=gettext_lazy("No device yet. Scan devices in, or take them from the lot."),
)


@needs(VIEW)
def task_devices(request: HttpRequest, number: str) -> HttpResponse:
    """The devices of a task."""
    found = visible_task(request, number)
    crumbs = [(TASKS.title, reverse("tasks")), (found.number, reverse("task", args=[number]))]
    return DEVICES.answer(request, task=found.pk, context={"crumbs": crumbs})


@require_POST
@needs("verification.plan")
def task_take_lot(request: HttpRequest, number: str) -> HttpResponse:
    """Take what waits of the task's lot."""
    from django.shortcuts import redirect

    found = visible_task(request, number)
    count = services.task_add_lot(task=found, actor=actor_of(request))
    messages.success(request, taken_text(count))
    return redirect("task", number)


@needs("verification.plan")
def task_scan(request: HttpRequest, number: str) -> HttpResponse:
    """Take devices in by scan."""
    found = visible_task(request, number)
    context = {
        "title": _("Scan devices in"),
        "task": found,
        "endpoint": reverse("task_scanned", args=[number]),
        "count": found.devices.filter(is_open=True).count(),
        "refusal": task_refusal(request, found, "verification.plan"),
    }
    return render(request, "verification/task_scan.html", context)


@require_POST
@needs("verification.plan")
def task_scanned(request: HttpRequest, number: str) -> HttpResponse:
    """One or many scans: a device, or a box with what is in it."""
    found = visible_task(request, number)
    actor = actor_of(request)

    def take(raw: str, key: str) -> Taken:
        code = clean_code(raw)
        ids, title, text = _scanned(code, found)
        mine = set(found.devices.filter(is_open=True).values_list("device_id", flat=True))
        wanted = [pk for pk in ids if pk not in mine]
        if not wanted:
            return Taken(title, _("is in the task already"), is_repeat=True)
        services.task_add_devices(task=found, device_ids=wanted, actor=actor, request_key=key)
        return Taken(title, text)

    def take_back(key: str) -> Taken:
        count, title = services.task_undo_scan(task=found, scan_key=key, actor=actor)
        return Taken(title, taken_back_text(count))

    return answer_scans(
        request,
        take=take,
        take_back=take_back,
        total=lambda: found.devices.filter(is_open=True).count(),
    )


def taken_back_text(count: int) -> str:
    """So many devices were given back."""
    return ngettext("%(n)s device given back.", "%(n)s devices given back.", count) % {"n": count}


def _scanned(code: str, found: VerificationTask) -> tuple[list[int], str, str]:
    """Devices that a code stands for, with what to show."""
    device = (
        Device.objects.filter(barcode=code).first()
        or Device.objects.exclude(asset_no="").filter(asset_no=code).first()
    )
    if device is not None:
        return [device.pk], device.barcode, str(found.model)
    place = Place.objects.filter(code=code, kind=PlaceKind.BOX).first()
    if place is None:
        raise NotFound(_("Nothing has the code %(code)s.") % {"code": code[:60]}, code=code[:60])
    ids = list(devices_in_place(place).values_list("pk", flat=True))
    if not ids:
        raise BadInput(_("Box %(code)s is empty.") % {"code": place.code})
    text = ngettext("box with %(n)s device", "box with %(n)s devices", len(ids)) % {"n": len(ids)}
    if place.capacity and len(ids) < place.capacity:
        text = _("%(text)s, not full: %(n)s of %(all)s") % {
            "text": text,
            "n": len(ids),
            "all": place.capacity,
        }
    return ids, place.code, text


@needs("verification.plan")
def task_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Give up a task that has no results."""
    found = visible_task(request, number)

    def act(data: dict[str, Any]) -> str:
        services.task_cancel(task=found, reason=data["reason"], actor=actor_of(request))
        return reverse("task", args=[number])

    return answer_form(
        request,
        ReasonForm(request.POST or None),
        act,
        title=_("Cancel task %(no)s") % {"no": number},
        submit=_("Cancel the task"),
        back=reverse("task", args=[number]),
        crumbs=[(TASKS.title, reverse("tasks")), (number, reverse("task", args=[number]))],
        success=_("The task is cancelled; its devices wait again."),
    )


@needs("verification.test")
def task_judge(request: HttpRequest, number: str) -> HttpResponse:
    """Judge provisional and blocked records again, as things stand today."""
    found = visible_task(request, number)

    def act(data: dict[str, Any]) -> str:
        counts = services.results_judge_again(
            task=found, reason=data["reason"], actor=actor_of(request)
        )
        words = ", ".join(f"{Outcome(outcome).label} {n}" for outcome, n in counts.items())
        messages.success(request, _("Judged again: %(counts)s") % {"counts": words})
        return reverse("task", args=[number])

    return answer_form(
        request,
        ReasonForm(request.POST or None),
        act,
        title=_("Judge again"),
        submit=_("Judge again"),
        back=reverse("task", args=[number]),
        crumbs=[(TASKS.title, reverse("tasks")), (number, reverse("task", args=[number]))],
        intro=_(
            "Provisional and blocked records are judged by the same scheme as things stand today. "
            "The readings stay as they are; each new verdict names the one it replaces."
        ),
    )


def may_plan(request: HttpRequest, found: VerificationTask) -> bool:
    """Whether the person may change the task."""
    return may(request, "verification.plan", found.unit)
