"""Reads of regulations: editions, clauses with their controls, what a new edition changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

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
