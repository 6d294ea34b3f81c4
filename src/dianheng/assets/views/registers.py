"""Pages of the registers of former systems that are taken over, and of what they call states."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.errors import NotFound, Refusal, Refused, Text
from dianheng.common.files import LEFT_OUT
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, ListPage, PageAction
from dianheng.common.pages import needs, no_right
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from .. import services
from ..choices import LIST_TONE, STATE_TONE, DeviceState, ListState
from ..columns import REGISTER_FIELDS, REGISTER_FINDINGS, STATE_WORDS
from ..forms import RefuseForm, RegisterFileForm, StateWordForm
from ..models import RegisterFile, StateMapping
from ..rules import guard_take

RIGHT = "assets.enrol"
FAULTS_SHOWN = 200
STATES_ASKED = 50
CHUNK = 1 << 20


def _actions(request: HttpRequest) -> list[PageAction]:
    rights: Any = request.rights  # type: ignore[attr-defined]
    refusal = None if rights.may(RIGHT) else no_right(RIGHT)
    return [
        PageAction(_("Take over a register"), reverse("register_new"), refusal, True, "plus"),
        PageAction(_("Words for states"), reverse("state_words")),
    ]


REGISTERS = ListPage(
    key="assets.registers",
    title=gettext_lazy("Registers taken over"),
    rows=lambda scope: RegisterFile.objects.select_related("unit", "uploaded_by"),
    right=RIGHT,
    unit_field="unit",
    columns=[
        Column("number", gettext_lazy("Register file"), kind="code", sort="number"),
        Column("source", gettext_lazy("Former system")),
        Column("name", gettext_lazy("File")),
        Column("state", gettext_lazy("State"), kind="state", choices=ListState.choices, tones=LIST_TONE),
        Column("row_count", gettext_lazy("Devices"), kind="number", decimals=0),
        Column("fault_count", gettext_lazy("Faults"), kind="number", decimals=0),
        Column("warning_count", gettext_lazy("Remarks"), kind="number", decimals=0),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
        Column("uploaded_by", gettext_lazy("Sent in by"), "uploaded_by.name"),
        Column("uploaded_at", pgettext_lazy("file", "Received"), kind="moment"),
    ],
    filters=[Choice("state", gettext_lazy("State"), options=ListState.choices)],
    search=("number", "source", "name"),
    row_url=lambda row: reverse("register", args=[row.number]),
    actions=_actions,
    cards=("number", "state", "source", "row_count", "fault_count"),
    empty_text=gettext_lazy("No register was taken over yet. Export the list of devices of the former system and send it in."),
)  # fmt: skip


@needs(RIGHT)
def registers(request: HttpRequest) -> HttpResponse:
    """Lists out of former systems."""
    return REGISTERS.answer(request)


@needs(RIGHT)
def register_new(request: HttpRequest) -> HttpResponse:
    """Send a list in; it is checked at once when its columns are known."""
    person: Any = request.user
    units = units_with_right(request.rights, RIGHT)  # type: ignore[attr-defined]
    form = RegisterFileForm(
        request.POST or None, request.FILES or None, units=units, initial={"unit": person.unit_id}
    )

    def act(data: dict[str, Any]) -> str:
        sent = data.pop("file")
        folder = Path(settings.DATA) / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix="upload-", suffix=Path(sent.name).suffix[:8]
        ) as kept:
            for part in sent.chunks(CHUNK):
                kept.write(part)
            kept.flush()
            found = services.register_upload(
                path=Path(kept.name), name=sent.name, actor=actor_of(request), **data
            )
        if found.state == ListState.MAPPED:
            _check(request, found)
        return reverse("register", args=[found.number])

    return answer_form(
        request, form, act, title=_("Take over a register"), submit=_("Send and check"),
        back=reverse("registers"), crumbs=[(REGISTERS.title, reverse("registers"))],
        intro=_("The list is checked as a whole first; nothing enters the register until you say so."),
    )  # fmt: skip


def _check(request: HttpRequest, register: RegisterFile) -> None:
    if services.register_is_large(register):
        services.register_start(register=register, what="check", actor=actor_of(request))
    else:
        services.register_check(register=register, actor=actor_of(request))


def _register(request: HttpRequest, number: str) -> RegisterFile:
    rows = RegisterFile.objects.select_related(
        "unit", "model", "place", "file", "job", "uploaded_by", "taken_by"
    )
    found = rows.filter(number=number).first()
    if found is None or not request.rights.may(RIGHT, found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no %(no)s here.") % {"no": number}, number=number)
    return found


def _first(*reasons: Text) -> Refusal | None:
    return next((Refusal("now", reason) for reason in reasons if reason), None)


@needs(RIGHT)
def register(request: HttpRequest, number: str) -> HttpResponse:
    """One list: columns to be named, or what the check found, and what can be done with it."""
    found = _register(request, number)
    is_running = found.job is not None and not found.job.is_over
    is_over = found.state in (ListState.TAKEN, ListState.REFUSED)
    over = _("It is taken or refused already.") if is_over else ""
    running = _("It is being worked on.") if is_running else ""
    to_map = found.state == ListState.RECEIVED
    take = guard_take(found.state, 0, True)
    code = request.GET.get("kind", "")
    faults = found.faults.filter(code=code) if code else found.faults.all()
    unknown = found.faults.filter(code="unknown_state").values_list("value", flat=True)
    context = {
        "title": found.number,
        "register": found,
        "tone": LIST_TONE[ListState(found.state)],
        "findings": [
            {
                **one,
                "label": _label(one["field"]),
                "name": REGISTER_FINDINGS[one["code"]].name,
            }
            for one in found.findings
        ],
        "kind": code,
        "faults": [
            {"row": fault.row_no, "label": _label(fault.field), "text": services.register_mark(fault).text}
            for fault in faults.order_by("row_no", "pk")[:FAULTS_SHOWN]
        ],
        "shown": FAULTS_SHOWN,
        "fields": [(key, field.label) for key, field in REGISTER_FIELDS.items()],
        "left_out": LEFT_OUT,
        "to_map": to_map,
        "unknown_states": [] if is_over else sorted(unknown.distinct()[:STATES_ASKED]),
        "states": DeviceState.choices,
        "may_check": _first(over, running, _("Name the columns first.") if to_map else ""),
        "may_take": _first(over, running, take.text if take else ""),
        "may_refuse": _first(over, running),
        "is_checked": found.checked_at is not None,
        "form": RefuseForm(),
    }  # fmt: skip
    return render(request, "assets/register.html", context)


def _label(field: str) -> Text:
    return REGISTER_FIELDS[field].label if field in REGISTER_FIELDS else field


def _acted(
    request: HttpRequest, number: str, act: Callable[[], Any], success: Text = ""
) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        for refusal in refused.refusals:
            messages.error(request, str(refusal.text))
    else:
        if success:
            messages.success(request, str(success))
    return redirect("register", number=number)


@require_POST
@needs(RIGHT)
def register_map(request: HttpRequest, number: str) -> HttpResponse:
    """Keep what the columns are, then check."""
    found = _register(request, number)
    fields = [request.POST.get(f"column-{n}", "") for n in range(len(found.columns))]

    def act() -> None:
        actor = actor_of(request)
        _check(request, services.register_map(register=found, fields=fields, actor=actor))

    return _acted(request, number, act)


@require_POST
@needs(RIGHT)
def register_states(request: HttpRequest, number: str) -> HttpResponse:
    """Keep what words for states mean in this source, then check again."""
    found = _register(request, number)

    def act() -> None:
        for n in range(STATES_ASKED):
            word, state = request.POST.get(f"word-{n}", ""), request.POST.get(f"state-{n}", "")
            if word and state:
                services.state_mapping_set(
                    source=found.source, text=word, state=state, actor=actor_of(request)
                )
        _check(request, found)

    return _acted(request, number, act)


@require_POST
@needs(RIGHT)
def register_check(request: HttpRequest, number: str) -> HttpResponse:
    """Check it once more."""
    found = _register(request, number)
    return _acted(request, number, lambda: _check(request, found))


@require_POST
@needs(RIGHT)
def register_take(request: HttpRequest, number: str) -> HttpResponse:
    """Take it: at once, or as a job when it is large."""
    found = _register(request, number)
    with_warnings = bool(request.POST.get("with_warnings"))

    def act() -> None:
        actor = actor_of(request)
        if services.register_is_large(found):
            services.register_start(
                register=found, what="take", actor=actor, with_warnings=with_warnings
            )
        else:
            taken = services.register_take(register=found, actor=actor, with_warnings=with_warnings)
            text = _("%(no)s is taken: %(n)s devices are in the register.")
            messages.success(request, text % {"no": number, "n": taken.row_count})

    return _acted(request, number, act)


@require_POST
@needs(RIGHT)
def register_refuse(request: HttpRequest, number: str) -> HttpResponse:
    """Send it back."""
    found = _register(request, number)
    reason = request.POST.get("reason", "")
    return _acted(
        request,
        number,
        lambda: services.register_refuse(register=found, reason=reason, actor=actor_of(request)),
        _("%(no)s is refused.") % {"no": number},
    )


@needs(RIGHT)
def register_marked(request: HttpRequest, number: str) -> FileResponse | HttpResponse:
    """The list with every fault at its row."""
    found = _register(request, number)
    if found.checked_at is None:
        return redirect("register", number=number)
    copy = services.register_marked_copy(found)
    return FileResponse(copy, as_attachment=True, filename=f"{number}.xlsx")


# -- words for states ------------------------------------------------------------------------------


@needs("assets.view")
def state_words(request: HttpRequest) -> HttpResponse:
    """What files call the states: the usual words, and the company's own, which go before."""
    usual: dict[str, list[str]] = {}
    for word, state in STATE_WORDS.items():
        usual.setdefault(state, []).append(word)
    form = StateWordForm(request.POST or None)
    may = request.rights.may("assets.master")  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            services.state_mapping_set(actor=actor_of(request), **form.cleaned_data)
        except Refused as refused:
            for refusal in refused.refusals:
                form.add_error(None, str(refusal.text))
        else:
            messages.success(request, _("The word is kept."))
            return redirect("state_words")
    context = {
        "title": _("Words for states"),
        "own": StateMapping.objects.order_by("source", "text"),
        "usual": [(state.value, state.label, usual.get(state.value, [])) for state in DeviceState],
        "tones": STATE_TONE,
        "form": form,
        "may": may,
        "refusal": None if may else no_right("assets.master"),
    }
    return render(request, "assets/state_words.html", context)


@require_POST
@needs("assets.master")
def state_word_drop(request: HttpRequest, key: int) -> HttpResponse:
    """Forget a word of the company's own."""
    services.state_mapping_drop(mapping_id=key, actor=actor_of(request))
    return redirect("state_words")
