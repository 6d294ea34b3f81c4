"""Pages of regulations: the library, one regulation with its clauses, what a new edition changes."""

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.access import note_refusal
from dianheng.common.controls import control_kinds
from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import acted, answer_form
from dianheng.common.lists import Choice, Column, Contains, ListPage, PageAction
from dianheng.common.pages import Scope, fragment, is_fragment, needs, no_right, opens_to
from dianheng.identity.registry import all_rights
from dianheng.identity.rules import guard_right
from dianheng.identity.services import actor_of
from dianheng.workflow.choices import INSTANCE_TONE
from dianheng.workflow.models import PackInForce

from .. import services
from ..choices import STANDING_TONE, WORDS_KIND, RegulationKind, Standing
from ..models import Clause, ClauseControl, Regulation, RegulationEdition
from ..regulation_forms import EditionForm, EndForm, RegulationForm, WordsForm
from ..selectors import (
    clause_url,
    clauses_with_controls,
    controls_with_standing,
    edition_changes,
    edition_on,
    may_read,
    piece_by_number,
    regulation_by_slug,
    regulations_with_edition,
    revisions_of,
    settle_url,
    with_labels,
)
from .archives import no

VIEW, EDIT = "regulations.view", "regulations.edit"
REVISION = "regulation-revision"  # the process

REGULATIONS = ListPage(
    key="regulations",
    title=gettext_lazy("Regulations"),
    rows=lambda scope: regulations_with_edition(timezone.localdate()),
    columns=[
        Column("code", gettext_lazy("Number"), kind="code", sort="code"),
        Column("title", gettext_lazy("Name")),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("edition", gettext_lazy("Edition in force"), "edition_now", kind="code"),
        Column("since", gettext_lazy("In force from"), "since", kind="date"),
        Column("coming", gettext_lazy("Next edition"), "coming", kind="date"),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
    ],
    filters=[Choice("kind", gettext_lazy("Kind"), options=RegulationKind.choices)],
    default_order="code",
    search=("code", "title"),
    row_url=lambda one: reverse("regulation", args=[one.slug]),
    actions=lambda request: [
        PageAction(_("Enter a regulation"), reverse("regulation_new"), no(request, EDIT), is_primary=True),
        PageAction(_("What carries clauses out"), reverse("regulation_controls")),
    ],
    empty_text=gettext_lazy("No regulation yet. Enter one, then its edition with the clauses."),
)  # fmt: skip


def _kind_labels() -> dict[str, Any]:
    return {kind.code: kind.label for kind in control_kinds().values()} | {
        WORDS_KIND: _("Outside the program")
    }


def _kind_options(scope: Scope) -> list[tuple[str, str]]:
    return [(code, str(label)) for code, label in _kind_labels().items()]


def _clause_text(control: ClauseControl) -> str:
    edition = control.clause.edition
    return f"{edition.regulation.code} {edition.edition} · {control.clause.number}"


CONTROLS = ListPage(
    key="regulation-controls",
    title=gettext_lazy("What carries clauses out"),
    rows=lambda scope: controls_with_standing(),
    right=VIEW,
    unit_field="clause__edition__regulation__unit",
    columns=[
        Column("clause", gettext_lazy("Clause"), _clause_text),
        Column("title", gettext_lazy("Name"), "clause.edition.regulation.title"),
        Column("kind", gettext_lazy("Kind"), lambda c: str(_kind_labels().get(c.kind, c.kind))),
        Column("name", gettext_lazy("What carries it out"), "label"),
        Column("standing", gettext_lazy("State"), kind="state", choices=Standing.choices, tones=STANDING_TONE),
        Column("changed_by", gettext_lazy("Changed by edition"), lambda c: c.changed_by.edition if c.changed_by else ""),
        Column("entered_at", gettext_lazy("Entered"), kind="date", hidden=True),
    ],
    filters=[
        Choice("standing", gettext_lazy("State"), options=Standing.choices),
        Choice("kind", gettext_lazy("Kind"), options=_kind_options),
        Contains("code", gettext_lazy("Number"), "clause__edition__regulation__code"),
    ],
    search=("name", "clause__edition__regulation__code", "clause__edition__regulation__title", "clause__text"),
    search_hint=gettext_lazy("What carries it out, regulation, words of the clause"),
    dress=with_labels,
    row_url=settle_url,
    cards=("clause", "name", "standing"),
    empty_text=gettext_lazy("No clause is tied yet. Open a regulation and say at its clauses what carries them out."),
)  # fmt: skip


@opens_to(VIEW)
def control_list(request: HttpRequest) -> HttpResponse:
    """What carries clauses out today, and how each tie stands."""
    return CONTROLS.answer(request)


@needs(VIEW)
def regulation_list(request: HttpRequest) -> HttpResponse:
    """Laws, standards, rules and instructions; everybody who may see them sees all."""
    return REGULATIONS.answer(request)


@needs(EDIT)
def regulation_new(request: HttpRequest) -> HttpResponse:
    """Enter a regulation under its code."""
    form = RegulationForm(
        request.POST or None, rights=request.rights, initial={"unit": request.user.unit_id}  # type: ignore[attr-defined,union-attr]
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        unit = data.pop("unit")
        made = services.regulation_enter(unit_id=unit.pk, actor=actor_of(request), **data)
        return reverse("regulation", args=[made.slug])

    return answer_form(
        request, form, act, title=_("Enter a regulation"), submit=_("Keep"), back=reverse("regulations"),
        crumbs=[(_("Regulations"), reverse("regulations"))],
    )  # fmt: skip


def _edition(regulation: Regulation, name: str) -> RegulationEdition | None:
    """The edition that is asked for; else the one in force, else the newest."""
    if name:
        found = regulation.editions.filter(edition=name).first()
        if found is None:
            raise NotFound(_("%(code)s has no such edition.") % {"code": regulation.code})
        return found
    return edition_on(regulation, timezone.localdate()) or regulation.editions.first()


@needs(VIEW)
def regulation(request: HttpRequest, slug: str) -> HttpResponse:
    """One regulation: its editions, the clauses of one, what carries each out."""
    found = regulation_by_slug(slug)
    rights: Any = request.rights  # type: ignore[attr-defined]
    shown = _edition(found, request.GET.get("edition", ""))
    today = timezone.localdate()
    clauses = clauses_with_controls(shown) if shown else []
    changes = edition_changes(shown, clauses) if shown else []
    context = {
        "title": found.code,
        "one": found,
        "shown": shown,
        "editions": [
            (each, each.is_in_force(today), each.in_force_from > today)
            for each in found.editions.all()
        ],
        "clauses": clauses,
        "kind_labels": _kind_labels(),
        "standing_tones": STANDING_TONE,
        "broken_count": sum(
            c.standing == Standing.BROKEN for one in clauses for c in one.live_controls
        ),  # type: ignore[attr-defined]
        "changes": changes,
        "open_count": sum(len(line.open_controls) for line in changes),
        "revisions": revisions_of(found),
        "instance_tones": INSTANCE_TONE,
        "revise_url": _revise_url(found),
        "record_url": _record_url(shown, rights) if shown else "",
        "refusal": None if rights.may(EDIT, found.unit.path) else no_right(EDIT),
    }
    return render(request, "office/regulation.html", context)


def _revise_url(regulation: Regulation) -> str:
    """Where a revision of it begins; empty where that process is not in force."""
    if not PackInForce.objects.filter(code=REVISION).exists():
        return ""
    about = quote(f"regulation:{regulation.slug}")
    return f"{reverse('process_start', args=[REVISION])}?subject={about}"


def _record_url(edition: RegulationEdition, rights: Any) -> str:
    if not edition.record or not may_read(piece_by_number(edition.record), rights):
        return ""
    return reverse("archive_piece", args=[edition.record])


def _may_edit(request: HttpRequest, regulation: Regulation) -> None:
    refusal = guard_right(request.rights, EDIT, all_rights()[EDIT], regulation.unit.path)  # type: ignore[attr-defined]
    if refusal:
        raise Refused(refusal)


@needs(EDIT)
def edition_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Enter an edition with its clauses."""
    found = regulation_by_slug(slug)
    _may_edit(request, found)
    form = EditionForm(request.POST or None)
    back = reverse("regulation", args=[slug])

    def act(data: dict[str, Any]) -> str:
        made = services.edition_enter(regulation=found, actor=actor_of(request), **data)
        return f"{back}?edition={quote(made.edition)}"

    return answer_form(
        request, form, act, title=_("Enter an edition"), submit=_("Keep"), back=back,
        crumbs=[(_("Regulations"), reverse("regulations")), (found.code, back)],
        intro=_("The edition before ends on the day before. What carries out unchanged clauses is taken over."),
    )  # fmt: skip


PICKED = 6  # of one kind
PICKED_OF_ONE = 100  # where one kind was chosen


def _found(request: HttpRequest, clause: Clause) -> list[dict[str, Any]]:
    """What fits the words and kind that are asked for, kind by kind; what is tied is said so."""
    text, only = request.GET.get("q", "").strip()[:100], request.GET.get("kind", "")
    tied = set(clause.controls.filter(ended_at=None).values_list("kind", "key"))
    groups = []
    for kind in control_kinds().values():
        if only and kind.code != only:
            continue
        at_most = PICKED_OF_ONE if only else PICKED
        hits = kind.search(request.rights, text, at_most + 1)  # type: ignore[attr-defined]
        if hits:
            shown = [(one, (kind.code, one.key) in tied) for one in hits[:at_most]]
            groups.append({"kind": kind, "hits": shown, "has_more": len(hits) > at_most})
    return groups


@needs(EDIT)
def control_new(request: HttpRequest, slug: str, key: int) -> HttpResponse:
    """Say what carries a clause out: a thing of the program, searched for, or something in words."""
    rows = Clause.objects.select_related("edition__regulation__unit")
    clause = rows.filter(edition__regulation__slug=slug, pk=key).first()
    if clause is None:
        raise NotFound(_("There is no such clause."))
    _may_edit(request, clause.edition.regulation)
    is_picked = "control" in request.POST
    form = WordsForm(None if is_picked else request.POST or None)
    if request.method == "POST" and (is_picked or form.is_valid()):
        kind, _colon, thing = request.POST.get("control", "").partition(":")
        given = {"kind": kind, "key": thing} if is_picked else form.cleaned_data
        try:
            services.control_tie(clause=clause, actor=actor_of(request), **given)
        except Refused as refused:
            note_refusal(request, refused)
            messages.error(request, str(refused.refusal.text))
        else:
            messages.success(request, _("Tied to clause %(no)s.") % {"no": clause.number})
            return redirect(clause_url(clause))
    context = {
        "title": _("What carries it out"),
        "clause": clause,
        "back": clause_url(clause),
        "crumbs": [
            (_("Regulations"), reverse("regulations")),
            (clause.edition.regulation.code, clause_url(clause)),
        ],
        "form": form,
        "kinds": control_kinds().values(),
        "kind": request.GET.get("kind", ""),
        "text": request.GET.get("q", "").strip()[:100],
        "groups": _found(request, clause),
    }
    part = "#things" if is_fragment(request) else ""
    return fragment(request, render(request, f"office/control.html{part}", context))


def _control(request: HttpRequest, slug: str, key: int) -> ClauseControl:
    rows = ClauseControl.objects.select_related("clause__edition__regulation__unit")
    found = rows.filter(clause__edition__regulation__slug=slug, pk=key).first()
    if found is None:
        raise NotFound(_("There is no such clause."))
    _may_edit(request, found.clause.edition.regulation)
    return found


@needs(EDIT)
def control_end(request: HttpRequest, slug: str, key: int) -> HttpResponse:
    """That something no longer carries a clause out."""
    found = _control(request, slug, key)
    page = reverse("regulation", args=[slug])
    edition = request.GET.get("edition", "") or found.clause.edition.edition
    back = f"{page}?edition={quote(edition)}"

    def act(data: dict[str, Any]) -> str:
        services.control_end(control=found, actor=actor_of(request), **data)
        return back

    return answer_form(
        request, EndForm(request.POST or None), act, title=_("No longer carries it out"), submit=_("End it"),
        back=back, intro=found.name,
        crumbs=[(_("Regulations"), reverse("regulations")), (found.clause.edition.regulation.code, back)],
    )  # fmt: skip


@require_POST
@needs(EDIT)
def control_keep(request: HttpRequest, slug: str, key: int) -> HttpResponse:
    """It was looked at: the same carries out the clause of the new edition too."""
    found = _control(request, slug, key)
    rows = Clause.objects.select_related("edition__regulation").filter(
        edition__regulation__slug=slug, edition__edition=request.POST.get("edition", ""),
        number=found.clause.number,
    )  # fmt: skip
    clause = rows.first()
    if clause is None:
        raise NotFound(_("There is no such clause."))

    def act() -> None:
        thing = {"kind": found.kind, "key": found.key} if found.key else {"name": found.name}
        services.control_tie(clause=clause, actor=actor_of(request), **thing)

    return acted(request, act, clause_url(clause), _("Kept."))
