"""Pages of processes: the course of an instance, what one does about it, starting one."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.access import note_refusal
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.common.forms import acted, answer_form
from dianheng.common.lists import Choice, Column, Contains, ListPage, PageAction
from dianheng.common.pages import may_open, needs, no_right
from dianheng.identity.services import actor_of

from .. import services
from ..choices import INSTANCE_TONE, TASK_TONE, InstanceState, NoteKind
from ..fields import Drawn, drawn_fields, sent_data
from ..forms_pages import AskForm, ReasonForm, RemarkForm, StartForm
from ..models import FormDraft, ProcessInstance, ProcessTask
from ..registry import panels_of, papers_of, subject_said, subject_url
from ..selectors import (
    begun_by,
    catalogue_for,
    changes_since,
    content_digest,
    earlier_entry,
    form_of,
    instance_by_number,
    open_path,
    origin_of,
    pack_in_force,
    text_of,
    titles_of,
    visible_instance,
    watch_news,
    watches_of,
    with_version,
)
from ..selectors.remarks import field_label

VIEW = "workflow.view"
NAMED = 10  # things of a refusal that a message names


# -- instances -----------------------------------------------------------------------------------

INSTANCES = ListPage(
    key="workflow.instances",
    title=gettext_lazy("Processes"),
    rows=lambda scope: with_version(ProcessInstance.objects.select_related("unit", "started_by")),
    right=VIEW,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="number"),
        Column("process", gettext_lazy("Process"), lambda one: titles_of(one.pack)),
        Column("title", gettext_lazy("Subject")),
        Column("state", gettext_lazy("State"), kind="state", choices=InstanceState.choices, tones=INSTANCE_TONE),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
        Column("started_by", gettext_lazy("Started by"), "started_by.name"),
        Column("started_at", gettext_lazy("Started"), kind="moment"),
        Column("ended_at", gettext_lazy("Ended"), kind="moment"),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=InstanceState.choices),
        Contains("process", gettext_lazy("Process"), "pack__code"),
    ],
    search=("number", "title"),
    row_url=lambda one: reverse("process", args=[one.number]),
    actions=lambda request: [
        PageAction(_("Start a process"), reverse("process_catalogue"), _no(request, "workflow.start"), is_primary=True)
    ],
    cards=("number", "title", "state", "started_at"),
    empty_text=gettext_lazy("No process has been started in your units."),
)  # fmt: skip


def _no(request: HttpRequest, right: str) -> Any:
    return None if request.rights.may(right) else no_right(right)  # type: ignore[attr-defined]


@needs(VIEW)
def instance_list(request: HttpRequest) -> HttpResponse:
    """Instances of the units one may see."""
    return INSTANCES.answer(request)


@needs("workflow.start")
def catalogue(request: HttpRequest) -> HttpResponse:
    """Module › class › process, with what can be started."""
    context = {"title": _("Start a process"), "modules": catalogue_for(request.rights)}  # type: ignore[attr-defined]
    return render(request, "workflow/catalogue.html", context)


@needs("workflow.start")
def start(request: HttpRequest, code: str) -> HttpResponse:
    """What it is about, in which unit."""
    pack = pack_in_force(code)
    form = StartForm(
        request.POST or None,
        rights=request.rights,  # type: ignore[attr-defined]
        initial={"unit": request.user.unit_id, "subject": request.GET.get("subject", "")},  # type: ignore[union-attr]
    )

    def act(data: dict[str, Any]) -> str:
        made = services.instance_start(code=code, actor=actor_of(request), **data)
        return reverse("process", args=[made.number])

    return answer_form(
        request, form, act, title=titles_of(pack), submit=_("Start"),
        back=reverse("process_catalogue"), intro=text_of(pack.plan.get("purpose") or {"zh": ""}),
        crumbs=[(_("Start a process"), reverse("process_catalogue"))],
    )  # fmt: skip


def _seen(request: HttpRequest, number: str) -> ProcessInstance:
    return visible_instance(number, request.user.pk, request.rights)  # type: ignore[attr-defined]


@needs(VIEW)
def instance(request: HttpRequest, number: str) -> HttpResponse:
    """Its course so far, what is open, what one may do about it."""
    return _shown(request, _seen(request, number))


def _shown(
    request: HttpRequest, found: ProcessInstance, faults: Any = (), answered: int = 0
) -> HttpResponse:
    """The page of an instance; with what is wrong on the form of one of its tasks."""
    tasks = list(
        found.tasks.select_related("assignee", "done_by", "acting_for")
        .prefetch_related("entries__person", "entries__acting_for", "asked__person")
        .order_by("pk")
    )
    plan = found.pack.plan["tasks"]
    mine = services.tasks_doable(found, actor_of(request))
    open_tasks = []
    for task in tasks:
        if not task.is_open:
            continue
        schema = form_of(task, found.pack)
        draft = FormDraft.objects.filter(task=task, person_id=request.user.pk).first()
        data = draft.data if draft else earlier_entry(task)
        has = mine.get(task.pk, False)
        fields = _fields(schema, data, has, faults if task.pk == answered else ())
        open_tasks.append(
            {
                "task": task, "label": text_of(plan[task.task]["title"]), "may": task.pk in mine,
                "has": has, "may_claim": has and task.share is None, "fields": fields,
                "path": open_path(task) if has else [],
                "is_late": task.due_at is not None and task.due_at < timezone.now(),
                "is_decision": task.role == "approve",
                "changes": changes_since(task) if task.role == "approve" else [],
            }
        )  # fmt: skip
    page_of_it = subject_url(found.subject)
    context = {
        "title": found.number,
        "one": found,
        "process": titles_of(found.pack),
        "tone": INSTANCE_TONE[InstanceState(found.state)],
        "task_tones": TASK_TONE,
        "open_tasks": open_tasks,
        "course": _course(found, tasks),
        "done_steps": " ".join(sorted({t.task for t in tasks if t.state == "done"})),
        "open_steps": " ".join(sorted({t.task for t in tasks if t.is_open})),
        "seen": content_digest(found)
        if any(t.is_open and t.role == "approve" for t in tasks)
        else "",
        "papers": papers_of(found),
        "panels": panels_of(found, request),
        "about": subject_said(found.subject),
        "subject_url": page_of_it if may_open(request.rights, page_of_it) else "",  # type: ignore[attr-defined]
        "origin": instance_by_number(number) if (number := origin_of(found)) else None,
        "begun": begun_by(found),
        "may_manage": _no(request, "workflow.manage") is None,
        "may_withdraw": found.started_by_id == request.user.pk
        and found.state == InstanceState.RUNNING,
        "faults": faults,
        "is_watched": watches_of(request.user.pk).filter(instance=found).exists(),
        "has_news": watch_news(request.user.pk).filter(instance=found).exists(),
    }
    return render(request, "workflow/instance.html", context, status=422 if faults else 200)


def _fields(schema: Any, data: Any, has: bool, faults: Any = ()) -> list[Drawn]:
    """The fields of an open task; who only gives an opinion is offered no sending back."""
    fields = drawn_fields(schema, data, faults)
    for one in fields:
        if one.kind == "opinion" and not has:
            one.options = [option for option in one.options if option[0] != "back"]
    return fields


def _course(found: ProcessInstance, tasks: list[ProcessTask]) -> list[dict[str, Any]]:
    """Tasks that were done and notes, newest first; forms as people read them."""
    plan = found.pack.plan["tasks"]
    lines: list[dict[str, Any]] = []
    for task in tasks:
        label, schema = text_of(plan[task.task]["title"]), form_of(task, found.pack)
        for entry in task.entries.all():
            if entry.asked_id is not None:
                lines.append(
                    {
                        "at": entry.at, "entry": entry, "label": label,
                        "fields": drawn_fields(schema, entry.data, spare=False),
                    }
                )  # fmt: skip
        if task.done_by is None:
            continue
        last = next((entry for entry in task.entries.all() if entry.asked_id is None), None)
        fields = drawn_fields(schema, last.data, spare=False) if last else []
        lines.append(
            {"at": task.ended_at, "task": task, "label": label, "fields": fields, "last": last}
        )
    for one in found.notes.select_related("person", "acting_for"):
        step = plan.get(one.facts.get("step", "")) if one.kind == NoteKind.SERVICE else None
        lines.append(
            {
                "at": one.at, "note": one, "label": NoteKind(one.kind).label,
                "text": text_of(step["title"]) if step else one.text,
            }
        )  # fmt: skip
    return sorted(lines, key=lambda line: line["at"], reverse=True)


# -- what one does about it ----------------------------------------------------------------------


def _task(request: HttpRequest, number: str, key: int) -> ProcessTask:
    found = _seen(request, number)
    task = found.tasks.filter(pk=key).first()
    if task is None:
        raise NotFound(_("There is no process %(number)s.") % {"number": number}, number=number)
    return task


@require_POST
def form(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Send the form of a task, or keep what has been typed so far."""
    task = _task(request, number, key)
    schema = form_of(task, task.instance.pack)
    data = sent_data(schema, request.POST)
    actor = actor_of(request)
    if "keep" in request.POST:
        services.draft_keep(task=task, data=data, actor=actor)
        has = services.tasks_doable(task.instance, actor).get(task.pk, False)
        return render(
            request, "workflow/fields.html", {"fields": _fields(schema, data, has), "task": task}
        )
    try:
        signs = task.role == "approve" and data.get("opinion") != "back"
        services.task_complete(
            task=task, data=data, actor=actor, request_key=request.POST.get("request_key", ""),
            seen=request.POST.get("seen", "") if task.role == "approve" else None,
            password=request.POST.get("password", "") if signs else None,
        )  # fmt: skip
    except BadInput as refused:
        services.draft_keep(task=task, data=data, actor=actor)
        return _shown(
            request,
            task.instance,
            refused.refusal.errors or [{"text": refused.refusal.text}],
            task.pk,
        )
    except Refused as refused:
        note_refusal(request, refused)
        services.draft_keep(task=task, data=data, actor=actor)
        messages.error(request, _said(refused))
        return redirect("process", number)
    messages.success(request, _("Sent."))
    return redirect("process", number)


def _said(refused: Refused) -> str:
    """The refusal in one line; of things that are refused one by one the first are named."""
    one = refused.refusal
    named = [str(error["text"]) for error in one.errors[:NAMED]]
    return " ".join([str(one.text), *named, *("…" for _more in one.errors[NAMED : NAMED + 1])])


@require_POST
def claim(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Take a task up."""
    task = _task(request, number, key)
    act = lambda: services.task_claim(task=task, actor=actor_of(request))  # noqa: E731
    return acted(request, act, reverse("process", args=[number]), _("You have taken it up."))


@require_POST
def release(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Put a task back."""
    task = _task(request, number, key)
    act = lambda: services.task_release(task=task, actor=actor_of(request))  # noqa: E731
    return acted(
        request, act, reverse("process", args=[number]), _("It is offered to your posts again.")
    )


def send_back(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Send back to a step of the way that led here, with the reason."""
    task = _task(request, number, key)
    services.task_guard(task=task, actor=actor_of(request))
    plan = task.instance.pack.plan["tasks"]
    steps = [(step.task, text_of(plan[step.task]["title"])) for step in open_path(task)]
    page = ReasonForm(request.POST or None, steps=steps)

    def act(data: dict[str, Any]) -> str:
        services.task_send_back(task=task, actor=actor_of(request), **data)
        return reverse("process", args=[number])

    return answer_form(
        request, page, act, title=_("Send back"), submit=_("Send back"),
        back=reverse("process", args=[number]), success=_("Sent back."),
        crumbs=[(number, reverse("process", args=[number]))],
    )  # fmt: skip


def ask(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Add somebody whose opinion is wanted before the step is done."""
    task = _task(request, number, key)
    services.task_guard(task=task, actor=actor_of(request))
    page = AskForm(request.POST or None)

    def act(data: dict[str, Any]) -> str:
        services.task_ask(task=task, actor=actor_of(request), **data)
        return reverse("process", args=[number])

    return answer_form(
        request, page, act, title=_("Ask for an opinion"), submit=_("Ask"),
        back=reverse("process", args=[number]), success=_("Asked."),
        crumbs=[(number, reverse("process", args=[number]))],
    )  # fmt: skip


def remark(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Note that a field of the step's form does not fit."""
    task = _task(request, number, key)
    version, schema = task.instance.pack, form_of(task, task.instance.pack)
    fields = [(name, field_label(version, task.task, name)) for name in schema["order"]]

    def act(data: dict[str, Any]) -> str:
        services.remark_add(task=task, actor=actor_of(request), **data)
        return reverse("process", args=[number])

    return answer_form(
        request, RemarkForm(request.POST or None, fields=fields), act,
        title=_("A field does not fit"), submit=_("Note it"), back=reverse("process", args=[number]),
        success=_("Noted. You find the answer on the page of the pack."),
        crumbs=[(number, reverse("process", args=[number]))],
        intro=_("It is collected with what others met; a revision of the form begins with it."),
    )  # fmt: skip


@require_POST
def urge(request: HttpRequest, number: str, key: int) -> HttpResponse:
    """Ask for a task to be done."""
    task = _task(request, number, key)
    act = lambda: services.task_urge(task=task, text="", actor=actor_of(request))  # noqa: E731
    return acted(request, act, reverse("process", args=[number]), _("Urged."))


@require_POST
def note(request: HttpRequest, number: str) -> HttpResponse:
    """A remark in the course."""
    found = _seen(request, number)
    text = request.POST.get("text", "")
    act = lambda: services.note_add(instance=found, text=text, actor=actor_of(request))  # noqa: E731
    return acted(request, act, reverse("process", args=[number]), _("Kept."))


@require_POST
def watch(request: HttpRequest, number: str) -> HttpResponse:
    """Watch it, or do so no longer."""
    found, is_on = _seen(request, number), request.POST.get("is_on") == "1"
    act = lambda: services.instance_watch(instance=found, is_on=is_on, actor=actor_of(request))  # noqa: E731
    text = _("You watch it.") if is_on else _("You watch it no longer.")
    return acted(request, act, reverse("process", args=[number]), text)


def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take back what one has started."""
    return _reason(request, number, _("Withdraw"), services.instance_withdraw)


def suspend(request: HttpRequest, number: str) -> HttpResponse:
    """Stop an instance for a while, or let it go on."""
    is_running = _seen(request, number).state == InstanceState.RUNNING

    def act(**given: Any) -> Any:
        return services.instance_suspend(is_on=is_running, **given)

    return _reason(request, number, _("Suspend") if is_running else _("Resume"), act)


def _reason(
    request: HttpRequest, number: str, title: str, service: Callable[..., Any]
) -> HttpResponse:
    found = _seen(request, number)
    page = ReasonForm(request.POST or None)

    def act(data: dict[str, Any]) -> str:
        service(instance=found, reason=data["reason"], actor=actor_of(request))
        return reverse("process", args=[number])

    return answer_form(
        request, page, act, title=title, submit=title, back=reverse("process", args=[number]),
        crumbs=[(number, reverse("process", args=[number]))],
    )  # fmt: skip
