"""Who may do what: pure decisions over facts that the services bring."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Text
from dianheng.common.hours import OfficeHours
from dianheng.common.texts import gettext_lazy as _


@dataclass(frozen=True)
class Grant:
    """Rights held over the subtree of a unit: by a post, or by delegation from a person."""

    unit_path: str
    rights: frozenset[str]
    post_name: str = ""
    from_person_id: int | None = None
    from_person_name: str = ""
    post_code: str = ""


def standing_in(actor: Actor, grant: Grant) -> Actor:
    """The same actor, on a right that another person delegated."""
    if grant.from_person_id is None:
        return actor
    return replace(
        actor, acting_for_id=grant.from_person_id, acting_for_name=grant.from_person_name
    )


@dataclass(frozen=True)
class Rights:
    """All that one person may do today."""

    grants: tuple[Grant, ...] = ()
    codes: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, grants: Iterable[Grant]) -> "Rights":
        held = tuple(grants)
        return cls(held, {code for grant in held for code in grant.rights})

    def narrowed(self, scopes: frozenset[str]) -> "Rights":
        """What is left under a token's scopes; empty scopes leave all."""
        if not scopes:
            return self
        return Rights.of(replace(grant, rights=grant.rights & scopes) for grant in self.grants)

    def grant(self, right: str, unit_path: str | None = None) -> Grant | None:
        """The grant that carries the right over the unit; one's own before a delegated one."""
        for own in (True, False):
            for grant in self.grants:
                if (
                    right in grant.rights
                    and (grant.from_person_id is None) is own
                    and (unit_path is None or unit_path.startswith(grant.unit_path))
                ):
                    return grant
        return None

    def may(self, right: str, unit_path: str | None = None) -> bool:
        """Whether the right is held, anywhere or over the unit."""
        return self.grant(right, unit_path) is not None

    def principal(self, person_id: int) -> tuple[int, str] | None:
        """Key and name of a person, if one stands in for that person today."""
        found = (grant for grant in self.grants if grant.from_person_id == person_id)
        one = next(found, None)
        return None if one is None else (person_id, one.from_person_name)

    @property
    def principals(self) -> set[int]:
        """Keys of all whom one stands in for today."""
        return {grant.from_person_id for grant in self.grants if grant.from_person_id is not None}

    def paths(self, right: str) -> list[str]:
        """Roots of the subtrees over which the right is held."""
        return sorted({grant.unit_path for grant in self.grants if right in grant.rights})


@dataclass(frozen=True)
class Step:
    """Somebody's part in a matter: who did it, and for whom if standing in."""

    step: str
    person_id: int
    acting_for_id: int | None = None


@dataclass(frozen=True)
class GrantedException:
    """A leader allowed beforehand that one person does two steps of a matter."""

    person_id: int
    steps: frozenset[str]
    valid_from: date
    valid_through: date
    granted_by_id: int


# Which earlier step forbids which later one to the same person. Steps of all matters share
# the list: handling (tested, inspected, requested) < checking (reviewed) < approving.
SEPARATED: Mapping[str, frozenset[str]] = {
    "review": frozenset({"test", "handle"}),
    "approve": frozenset({"test", "handle", "review"}),
    "receive": frozenset({"handle"}),
    "handle": frozenset({"approve"}),  # where a matter goes on after it was approved
    "joint": frozenset({"joint"}),  # opinions that stand side by side
}


def guard_right(rights: Rights, right: str, label: Text, unit_path: str | None) -> Refusal | None:
    """Refuse who does not hold the right over the unit."""
    if rights.may(right, unit_path):
        return None
    return Refusal(
        "no_right",
        _("Your posts do not include “%(right)s” for this unit. Ask your leader for the right.")
        % {"right": label},
        {"right": right},
    )


def guard_separation(
    actor: Actor,
    step: str,
    did: Sequence[Step],
    exceptions: Sequence[GrantedException] = (),
    on: date | None = None,
) -> Refusal | None:
    """Refuse the same person on two steps that check each other.

    A stand-in counts as both: as the person who acts and as the one acted for, since a
    delegation must not let a pair of people hand the matter to and fro.
    """
    forbidden = SEPARATED.get(step, frozenset())
    now_ids = {actor.person_id, actor.acting_for_id} - {None}
    for earlier in did:
        then_ids = {earlier.person_id, earlier.acting_for_id} - {None}
        if earlier.step not in forbidden or not now_ids & then_ids:
            continue
        allowed = any(
            exception.person_id == actor.person_id
            and {earlier.step, step} <= exception.steps
            and on is not None
            and exception.valid_from <= on <= exception.valid_through
            and exception.granted_by_id not in now_ids | then_ids
            for exception in exceptions
        )
        if not allowed:
            return Refusal(
                "same_person",
                SAME_PERSON[earlier.step],
                {"step": step, "earlier_step": earlier.step},
            )
    return None


SAME_PERSON: Mapping[str, Text] = {
    "test": _("You tested this result; another person must go on."),
    "handle": _("You handled this matter; another person must go on."),
    "review": _("You reviewed this result; another person must approve it."),
    "approve": _("You approved this matter; another person must handle it."),
    "joint": _("You signed another opinion on this matter; here another person must sign."),
}


# -- the trail watched ---------------------------------------------------------------------------


def guard_clean_up(before: date, today: date, keep_days: int) -> Refusal | None:
    """Refuse to remove events that must still be kept."""
    latest = today - timedelta(days=keep_days)
    if before <= latest:
        return None
    return Refusal(
        "kept_longer",
        _("Events of the last %(days)s days are kept: clean up before %(latest)s at the latest.")
        % {"days": keep_days, "latest": latest},
        {"keep_days": keep_days, "latest": latest, "before": before},
    )


@dataclass(frozen=True)
class Usual:
    """What is usual where master data are kept.

    Args:
        hours: clock hours of a working day in which they are changed.
        rows_at_once: so many rows in one batch are still usual.
        rare_days: who has not done an action for so many days does it rarely.
    """

    hours: OfficeHours
    rows_at_once: int
    rare_days: int


@dataclass(frozen=True)
class MasterChange:
    """One batch that changed master data; `at` in the zone of the organisation."""

    at: datetime
    is_workday: bool
    row_count: int
    is_rare: bool


def unusual(change: MasterChange, usual: Usual) -> tuple[str, ...]:
    """Why a change needs a look; empty where it is usual.

    >>> usual = Usual(OfficeHours.parse("07:00–20:00"), rows_at_once=50, rare_days=90)
    >>> unusual(MasterChange(datetime(2026, 11, 30, 23, 5), True, 51, False), usual)
    ('hours', 'bulk')
    """
    found = []
    if not change.is_workday:
        found.append("day_off")
    elif not usual.hours.covers(change.at.time()):
        found.append("hours")
    if change.row_count > usual.rows_at_once:
        found.append("bulk")
    if change.is_rare:
        found.append("rare")
    return tuple(found)


def guard_acknowledge(
    actor: Actor, changed_by: Collection[int | None], seen_by: str
) -> Refusal | None:
    """Refuse a word about one's own change, and a second word."""
    if {actor.person_id, actor.acting_for_id} & set(changed_by):
        return Refusal(
            "own_change",
            _("This is your own change; another person must look at it."),
            {},
        )
    if seen_by:
        return Refusal(
            "acknowledged",
            _("%(name)s has looked at it already.") % {"name": seen_by},
            {"seen_by": seen_by},
        )
    return None
