"""Reads of regulations: editions, clauses with their controls, what a new edition changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, F, OuterRef, Q, Subquery

from dianheng.common.errors import NotFound
from dianheng.common.texts import gettext_lazy as _

from ..clauses import Change, changes_between
from ..models import Clause, ClauseControl, Regulation, RegulationEdition


def regulation_by_slug(slug: str) -> Regulation:
    """The regulation, or NotFound in words."""
    found = Regulation.objects.select_related("unit").filter(slug=slug).first()
    if found is None:
        raise NotFound(_("There is no regulation %(code)s.") % {"code": slug}, code=slug)
    return found


def edition_on(regulation: Regulation, on: date) -> RegulationEdition | None:
    """The edition in force on a day."""
    rows = regulation.editions.filter(in_force_from__lte=on).order_by("-in_force_from")
    found = rows.first()
    return found if found is not None and found.is_in_force(on) else None


def edition_before(edition: RegulationEdition) -> RegulationEdition | None:
    """The edition that this one replaces."""
    rows = RegulationEdition.objects.filter(
        regulation=edition.regulation_id, in_force_from__lt=edition.in_force_from
    )
    return rows.order_by("-in_force_from").first()


def clauses_with_controls(edition: RegulationEdition) -> list[Clause]:
    """Clauses in their order; `live_controls` are what carries each out today."""
    clauses = list(edition.clauses.prefetch_related("controls__entered_by").order_by("place"))
    for one in clauses:
        one.live_controls = [c for c in one.controls.all() if c.ended_at is None]  # type: ignore[attr-defined]
    return clauses


@dataclass
class ChangeLine:
    """A change with what carried the clause out and is not settled yet."""

    change: Change
    clause: Clause | None
    open_controls: list[ClauseControl] = field(default_factory=list)


def edition_changes(edition: RegulationEdition) -> Sequence[ChangeLine]:
    """What a new edition changes, with the controls that somebody must look at.

    A control of a changed clause is settled when the same one carries out the new clause, or
    when it was ended with a reason.
    """
    before = edition_before(edition)
    if before is None:
        return []
    old = {one.number: one for one in clauses_with_controls(before)}
    new = {one.number: one for one in clauses_with_controls(edition)}
    lines = []
    for change in changes_between(
        {n: one.text for n, one in old.items()}, {n: one.text for n, one in new.items()}
    ):
        line = ChangeLine(change, new.get(change.number))
        carried = {(c.kind, c.name) for c in getattr(new.get(change.number), "live_controls", ())}
        if change.number in old:
            line.open_controls = [
                c
                for c in old[change.number].live_controls  # type: ignore[attr-defined]
                if (c.kind, c.name) not in carried
            ]
        lines.append(line)
    return lines


def controls_to_settle(paths: Sequence[str]) -> list[ClauseControl]:
    """Controls that a newer edition left open in these units, the latest edition's first.

    One query whatever the number of regulations; `next_edition` and `next_from` say which
    edition left them open.
    """
    units = Q(pk__in=[])
    for path in paths:
        units |= Q(clause__edition__regulation__unit__path__startswith=path)
    following = RegulationEdition.objects.filter(
        regulation=OuterRef("clause__edition__regulation"),
        in_force_from__gt=OuterRef("clause__edition__in_force_from"),
    ).order_by("in_force_from")
    same = Clause.objects.filter(edition=OuterRef("next_id"), number=OuterRef("clause__number"))
    carried = ClauseControl.objects.filter(
        clause__edition=OuterRef("next_id"), clause__number=OuterRef("clause__number"),
        kind=OuterRef("kind"), name=OuterRef("name"), ended_at=None,
    )  # fmt: skip
    rows = (
        ClauseControl.objects.filter(units, ended_at=None)
        .annotate(
            next_id=Subquery(following.values("pk")[:1]),
            next_edition=Subquery(following.values("edition")[:1]),
            next_from=Subquery(following.values("in_force_from")[:1]),
        )
        .filter(~Exists(carried), next_id__isnull=False)
        .annotate(now=Subquery(same.values("text")[:1]), before=F("clause__text"))
        .select_related("clause__edition__regulation")
        .order_by("-next_from", "clause__edition__regulation__code", "clause__place", "pk")
    )
    return [
        one
        for one in rows
        if changes_between({"": one.before}, {} if one.now is None else {"": one.now})
    ]
