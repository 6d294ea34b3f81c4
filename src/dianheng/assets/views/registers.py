"""Pages of the registers of former systems that are taken over, and of what they call states."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.access import note_refusal
from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, ListPage, PageAction
from dianheng.common.pages import needs, no_right
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from .. import services
from ..choices import LIST_TONE, STATE_TONE, DeviceState, ListState
from ..columns import STATE_WORDS
from ..forms import RegisterFileForm, StateWordForm
from ..list_pages import ListPages
from ..models import RegisterFile, StateMapping
from ..services.takeover import WAY

RIGHT = "assets.enrol"
STATES_ASKED = 50


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
        return PAGES.received(request, data.pop("file"), services.register_upload, **data)

    return answer_form(
        request, form, act, title=_("Take over a register"), submit=_("Send and check"),
        back=reverse("registers"), crumbs=[(REGISTERS.title, reverse("registers"))],
        intro=_("The list is checked as a whole first; nothing enters the register until you say so."),
    )  # fmt: skip


def _register(request: HttpRequest, number: str) -> RegisterFile:
    rows = RegisterFile.objects.select_related(
        "unit", "model", "place", "file", "job", "uploaded_by", "taken_by"
    )
    found = rows.filter(number=number).first()
    if found is None or not request.rights.may(RIGHT, found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no %(no)s here.") % {"no": number}, number=number)
    return found


PAGES = ListPages(
    WAY,
    "register",
    _register,
    needs(RIGHT),
    taken=gettext_lazy("%(no)s is taken: %(n)s devices are in the register."),
    refused=gettext_lazy("%(no)s is refused."),
)


@needs(RIGHT)
def register(request: HttpRequest, number: str) -> HttpResponse:
    """One list: columns to be named, or what the check found, and what can be done with it."""
    found = _register(request, number)
    unknown = found.faults.filter(code="unknown_state").values_list("value", flat=True)
    context = {
        "unknown_states": [] if found.is_over else sorted(unknown.distinct()[:STATES_ASKED]),
        "states": DeviceState.choices,
    }
    return render(request, "assets/register.html", PAGES.context(request, found) | context)


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
        PAGES.check_now(request, found)

    return PAGES.acted(request, number, act)


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
            note_refusal(request, refused)
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
