"""Reads of regulations: editions, clauses with their controls, what a new edition changes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.urls import reverse
from django.utils import timezone

from dianheng.common.controls import ClauseAbove, controls_there
from dianheng.common.errors import NotFound
from dianheng.common.texts import gettext_lazy as _
from dianheng.workflow.choices import Role
from dianheng.workflow.models import ProcessInstance, TaskAsked

from ..choices import Standing
from ..clauses import Change, changes_between
from ..models import Clause, ClauseControl, Regulation, RegulationEdition

REVISIONS = 10  # shown of a regulation


def regulation_by_slug(slug: str) -> Regulation:
    """The regulation, or NotFound in words."""
    found = Regulation.objects.select_related("unit").filter(slug=slug).first()
    if found is None:
        raise NotFound(_("There is no regulation %(code)s.") % {"code": slug}, code=slug)
    return found


def regulations_with_edition(on: date) -> QuerySet[Regulation]:
    """Regulations with the edition in force on a day, and from when the next one is."""
    editions = RegulationEdition.objects.filter(regulation=OuterRef("pk"))
    begun = editions.filter(in_force_from__lte=on).order_by("-in_force_from")
    now = begun.filter(Q(in_force_through=None) | Q(in_force_through__gte=on))
    after = editions.filter(in_force_from__gt=on).order_by("in_force_from")
    return Regulation.objects.select_related("unit").annotate(
        edition_now=Subquery(now.values("edition")[:1]),
        since=Subquery(now.values("in_force_from")[:1]),
        coming=Subquery(after.values("in_force_from")[:1]),
    )


def edition_on(regulation: Regulation, on: date) -> RegulationEdition | None:
    """The edition in force on a day."""
    rows = regulation.editions.filter(in_force_from__lte=on).order_by("-in_force_from")
    found = rows.first()
    return found if found is not None and found.is_in_force(on) else None


def edition_after(edition: RegulationEdition) -> RegulationEdition | None:
    """The edition that replaces this one."""
    rows = RegulationEdition.objects.filter(
        regulation=edition.regulation_id, in_force_from__gt=edition.in_force_from
    )
    return rows.order_by("in_force_from").first()


def edition_before(edition: RegulationEdition) -> RegulationEdition | None:
    """The edition that this one replaces."""
    rows = RegulationEdition.objects.filter(
        regulation=edition.regulation_id, in_force_from__lt=edition.in_force_from
    )
    return rows.order_by("-in_force_from").first()


def clause_url(clause: Clause) -> str:
    """Where a clause stands on the page of its regulation."""
    edition = clause.edition
    page = reverse("regulation", args=[edition.regulation.slug])
    return f"{page}?edition={quote(edition.edition)}#clause-{clause.pk}"


def settle_url(control: ClauseControl) -> str:
    """Where somebody looks at a tie: at its clause, or among what the newer edition changes."""
    if control.changed_by is None:
        return clause_url(control.clause)
    page = reverse("regulation", args=[control.clause.edition.regulation.slug])
    return f"{page}?edition={quote(control.changed_by.edition)}#changes"


def clauses_with_controls(edition: RegulationEdition) -> list[Clause]:
    """Clauses in their order; `live_controls` are what carries each out today.

    Each of these has its `thing`, as the app that has it says, and `standing`.
    """
    clauses = list(edition.clauses.prefetch_related("controls").order_by("place"))
    live = [c for one in clauses for c in one.controls.all() if c.ended_at is None]
    with_things(live)
    for one in clauses:
        one.live_controls = [c for c in live if c.clause_id == one.pk]  # type: ignore[attr-defined]
    return clauses


def with_things(controls: Collection[ClauseControl]) -> None:
    """Give each its `thing` of today (None: gone, or in words only) and its `standing`."""
    there = controls_there({(one.kind, one.key) for one in controls if one.key})
    for one in controls:
        thing = there.get((one.kind, one.key))
        standing = Standing.TIED if thing else Standing.BROKEN if one.key else Standing.WORDS
        one.thing, one.standing = thing, standing  # type: ignore[attr-defined]


def with_labels(controls: Collection[ClauseControl]) -> None:
    """Give each its `label`: what it is called today, else what it was called when tied."""
    there = controls_there({(one.kind, one.key) for one in controls if one.key})
    for one in controls:
        thing = there.get((one.kind, one.key))
        one.label = str(thing.label) if thing else one.name  # type: ignore[attr-defined]


@dataclass
class ChangeLine:
    """A change with what carried the clause out and is not settled yet."""

    change: Change
    clause: Clause | None
    open_controls: list[ClauseControl] = field(default_factory=list)


def edition_changes(edition: RegulationEdition, clauses: Sequence[Clause]) -> Sequence[ChangeLine]:
    """What a new edition changes, with the controls that somebody must look at.

    A control of a changed clause is settled when the same one carries out the new clause, or
    when it was ended with a reason.
    """
    before = edition_before(edition)
    if before is None:
        return []
    waiting: dict[str, list[ClauseControl]] = {}
    rows = list(edition.left_open.filter(ended_at=None).select_related("clause"))
    with_things(rows)
    for one in rows:
        waiting.setdefault(one.clause.number, []).append(one)
    new = {one.number: one for one in clauses}
    return [
        ChangeLine(change, new.get(change.number), waiting.get(change.number, []))
        for change in changes_between(
            dict(before.clauses.order_by("place").values_list("number", "text")),
            {number: one.text for number, one in new.items()},
        )
    ]


def controls_today() -> QuerySet[ClauseControl]:
    """What carries out the clauses that count today or later, and what is to be settled."""
    through = "clause__edition__in_force_through"
    counts = Q(**{through: None}) | Q(**{f"{through}__gte": timezone.localdate()})
    rows = ClauseControl.objects.filter(counts | Q(changed_by__isnull=False), ended_at=None)
    return rows.select_related("clause__edition__regulation", "changed_by")


def within(rows: QuerySet[ClauseControl], paths: Collection[str]) -> QuerySet[ClauseControl]:
    """Those of regulations that these units keep."""
    units = Q(pk__in=[])
    for path in paths:
        units |= Q(clause__edition__regulation__unit__path__startswith=path)
    return rows.filter(units)


def controls_to_settle(paths: Collection[str]) -> QuerySet[ClauseControl]:
    """Controls that a newer edition left open in these units, the latest edition's first."""
    rows = within(ClauseControl.objects.filter(ended_at=None, changed_by__isnull=False), paths)
    return rows.select_related("clause__edition__regulation", "changed_by").order_by(
        "-changed_by__in_force_from", "clause__edition__regulation__code", "clause__place", "pk"
    )


def is_broken() -> Q:
    """Ties to things that are not there any more; each thing is looked for once."""
    rows = controls_today().exclude(key="").order_by()
    tied = set(rows.values_list("kind", "key").distinct())
    gone: dict[str, list[str]] = {}
    for kind, key in tied - controls_there(tied).keys():
        gone.setdefault(kind, []).append(key)
    found = Q(pk__in=[])
    for kind, keys in gone.items():
        found |= Q(kind=kind, key__in=keys)
    return found


def controls_with_standing() -> QuerySet[ClauseControl]:
    """`controls_today`, each with its `standing`."""
    return controls_today().annotate(
        standing=Case(
            When(is_broken(), then=Value(str(Standing.BROKEN))),
            When(changed_by__isnull=False, then=Value(str(Standing.CHANGED))),
            When(key="", then=Value(str(Standing.WORDS))),
            default=Value(str(Standing.TIED)),
        )
    )


def clauses_over(things: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], list[ClauseAbove]]:
    """The clauses that things carry out, by kind and key."""
    asked = Q(pk__in=[])
    for kind, key in things:
        asked |= Q(kind=kind, key=key)
    found: dict[tuple[str, str], list[ClauseAbove]] = {}
    for one in (
        controls_today()
        .filter(asked)
        .order_by(
            "clause__edition__regulation__code", "clause__edition__in_force_from", "clause__place"
        )
    ):
        clause, edition = one.clause, one.clause.edition
        found.setdefault((one.kind, one.key), []).append(
            ClauseAbove(
                edition.regulation.code, edition.edition, clause.number, clause.text, clause_url(clause),
                edition.in_force_from, one.changed_by_id is not None,
            )
        )  # fmt: skip
    return found


@dataclass
class Revision:
    """A process about a regulation, with who was asked to read what it issued."""

    instance: ProcessInstance
    readers: list[TaskAsked] = field(default_factory=list)

    @property
    def have_read(self) -> int:
        """How many have confirmed it."""
        return sum(one.answered_at is not None for one in self.readers)

    @property
    def waiting(self) -> list[str]:
        """Who has not, by name."""
        return [one.person.name for one in self.readers if one.answered_at is None]


def revisions_of(regulation: Regulation) -> list[Revision]:
    """Processes about the regulation, the newest first."""
    rows = ProcessInstance.objects.filter(subject=f"regulation:{regulation.slug}").order_by("-pk")
    found = {one.pk: Revision(one) for one in rows.select_related("unit")[:REVISIONS]}
    asked = TaskAsked.objects.filter(task__instance__in=found, task__role=Role.READ)
    for one in asked.select_related("person", "task").order_by("pk"):
        found[one.task.instance_id].readers.append(one)
    return list(found.values())
