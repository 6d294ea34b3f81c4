"""Pages of regulations: the library, one regulation with its clauses, what a new edition changes."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import acted, answer_form
from dianheng.common.lists import Choice, Column, ListPage, PageAction
from dianheng.common.pages import needs, no_right
from dianheng.identity.registry import all_rights
from dianheng.identity.rules import guard_right
from dianheng.identity.services import actor_of

from .. import services
from ..choices import RegulationKind
from ..models import Clause, ClauseControl, Regulation, RegulationEdition
from ..regulation_forms import ControlForm, EditionForm, EndForm, RegulationForm
from ..selectors import (
    clauses_with_controls,
    edition_changes,
    edition_on,
    may_read,
    piece_by_number,
    regulation_by_slug,
)
from .archives import no

VIEW, EDIT = "regulations.view", "regulations.edit"

REGULATIONS = ListPage(
    key="regulations",
    title=gettext_lazy("Regulations"),
    rows=lambda scope: Regulation.objects.select_related("unit"),
    columns=[
        Column("code", gettext_lazy("Number"), kind="code", sort="code"),
        Column("title", gettext_lazy("Name")),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("unit", gettext_lazy("Unit"), "unit.name"),
    ],
    filters=[Choice("kind", gettext_lazy("Kind"), options=RegulationKind.choices)],
    default_order="code",
    search=("code", "title"),
    row_url=lambda one: reverse("regulation", args=[one.slug]),
    actions=lambda request: [
        PageAction(_("Enter a regulation"), reverse("regulation_new"), no(request, EDIT), is_primary=True)
    ],
    empty_text=gettext_lazy("No regulation yet. Enter one, then its edition with the clauses."),
)  # fmt: skip


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
    changes = edition_changes(shown) if shown else []
    context = {
        "title": found.code,
        "one": found,
        "shown": shown,
        "editions": [(each, each.is_in_force(today)) for each in found.editions.all()],
        "clauses": clauses_with_controls(shown) if shown else [],
        "changes": changes,
        "open_count": sum(len(line.open_controls) for line in changes),
        "record_url": _record_url(shown, rights) if shown else "",
        "refusal": None if rights.may(EDIT, found.unit.path) else no_right(EDIT),
    }
    return render(request, "office/regulation.html", context)


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
        return f"{back}?edition={made.edition}"

    return answer_form(
        request, form, act, title=_("Enter an edition"), submit=_("Keep"), back=back,
        crumbs=[(_("Regulations"), reverse("regulations")), (found.code, back)],
        intro=_("The edition before ends on the day before. What carries out unchanged clauses is taken over."),
    )  # fmt: skip


def _page(clause: Clause) -> str:
    edition = clause.edition
    return f"{reverse('regulation', args=[edition.regulation.slug])}?edition={edition.edition}"


@needs(EDIT)
def control_new(request: HttpRequest, slug: str, key: int) -> HttpResponse:
    """Say what carries a clause out."""
    rows = Clause.objects.select_related("edition__regulation__unit")
    clause = rows.filter(edition__regulation__slug=slug, pk=key).first()
    if clause is None:
        raise NotFound(_("There is no such clause."))
    _may_edit(request, clause.edition.regulation)

    def act(data: dict[str, Any]) -> str:
        services.control_tie(clause=clause, actor=actor_of(request), **data)
        return _page(clause)

    return answer_form(
        request, ControlForm(request.POST or None, initial=request.GET.dict()), act, title=_("What carries it out"),
        submit=_("Keep"), back=_page(clause), intro=f"{clause.number} {clause.text}",
        crumbs=[(clause.edition.regulation.code, _page(clause))],
    )  # fmt: skip


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
    back = request.GET.get("edition", "") or found.clause.edition.edition

    def act(data: dict[str, Any]) -> str:
        services.control_end(control=found, actor=actor_of(request), **data)
        return f"{reverse('regulation', args=[slug])}?edition={back}"

    return answer_form(
        request, EndForm(request.POST or None), act, title=_("No longer carries it out"), submit=_("End it"),
        back=_page(found.clause), intro=found.name,
        crumbs=[(found.clause.edition.regulation.code, _page(found.clause))],
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
        services.control_tie(
            clause=clause, kind=found.kind, name=found.name, actor=actor_of(request)
        )

    return acted(request, act, _page(clause), _("Kept."))
