"""Rights that nothing in force needs: over all posts held, lanes and days of use together; pure.

A right is needed where its person used it within the days that are set, or where a lane of a
process in force gives its post a step over that unit. Everything else is looked at by a leader.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

STEP_RIGHTS = frozenset({"workflow.view", "workflow.start"})  # without them no step is reached


@dataclass(frozen=True)
class Held:
    """A post that a person holds today over a unit and all below, with the rights it carries.

    Attributes:
        has_steps: a lane of a process in force gives the post steps over this unit.
        is_watched: held, and uses noted, for all the days that are set; else it is not judged.
    """

    key: int
    person_id: int
    post: str
    unit_path: str
    rights: frozenset[str]
    has_steps: bool
    is_watched: bool


@dataclass(frozen=True)
class Wide:
    """Rights of a post that nothing needs, and what to do.

    Attributes:
        kind: `unknown` (the program has no such right), `nobody` (none who holds the post uses
            them: out of the post), `some` (these people do not, others do: split the post),
            `idle` (nothing of the post is used: end it), `inside` (another post of the person
            holds all of it: end it).
        rights: sorted.
        people: keys of whom it concerns, sorted.
        held: the post held, where one is to be ended.
    """

    kind: str
    post: str
    rights: tuple[str, ...]
    people: tuple[int, ...]
    held: Held | None = None

    @cached_property
    def key(self) -> str:
        """Names it while post, unit and, where one is to be ended, the person are the same."""
        where = (self.held.person_id, self.held.unit_path) if self.held else ()
        parts = "|".join(map(str, (self.kind, self.post, *where)))
        return hashlib.sha256(parts.encode()).hexdigest()[:32]


def unneeded(
    held: Sequence[Held], used: Mapping[int, Collection[str]], known: Collection[str]
) -> list[Wide]:
    """Each right held that nothing needs, once, by post and kind.

    Args:
        held: every post held today.
        used: rights that each person used within the days that are set.
        known: rights that the program asks for anywhere.
    """
    by_person: dict[int, list[Held]] = {}
    by_post: dict[str, list[Held]] = {}
    for one in held:
        by_person.setdefault(one.person_id, []).append(one)
    found, ended = [], set()
    for mine in by_person.values():
        for one in mine:
            if kind := _to_end(one, mine, used, known):
                ended.add(one.key)
                rights = tuple(sorted(one.rights & set(known)))
                found.append(Wide(kind, one.post, rights, (one.person_id,), one))
            else:
                by_post.setdefault(one.post, []).append(one)
    gone: dict[str, set[str]] = {}
    for one in held:
        gone.setdefault(one.post, set()).update(one.rights - set(known))
    for post, rights in gone.items():
        if rights:
            people = {one.person_id for one in held if one.post == post}
            found.append(Wide("unknown", post, tuple(sorted(rights)), tuple(sorted(people))))
    for post, holders in by_post.items():
        found += _of_post(post, holders, used, known)
    return sorted(found, key=lambda wide: (wide.post, wide.kind, wide.people))


def _to_end(
    one: Held, mine: Sequence[Held], used: Mapping[int, Collection[str]], known: Collection[str]
) -> str:
    rights = one.rights & set(known)
    if one.has_steps or not rights:
        return ""
    if any(_lies_inside(one, other, known) for other in mine if other.key != one.key):
        return "inside"
    return "idle" if one.is_watched and rights.isdisjoint(used.get(one.person_id, ())) else ""


def _lies_inside(one: Held, other: Held, known: Collection[str]) -> bool:
    """Whether another post holds all of it; of two equal ones without steps the later one."""
    mine, theirs = one.rights & set(known), other.rights & set(known)
    if not (mine <= theirs and one.unit_path.startswith(other.unit_path)):
        return False
    is_equal = mine == theirs and one.unit_path == other.unit_path
    return not is_equal or other.has_steps or other.key < one.key


def _of_post(
    post: str,
    holders: Sequence[Held],
    used: Mapping[int, Collection[str]],
    known: Collection[str],
) -> list[Wide]:
    """Rights of a post that some of its holders, or none, need."""
    spare = {one.key: _spare(one, used, known) for one in holders}
    nobody = frozenset.intersection(*spare.values())
    found = []
    if nobody:
        people = tuple(sorted({one.person_id for one in holders}))
        found.append(Wide("nobody", post, tuple(sorted(nobody)), people))
    some = {one.person_id: spare[one.key] - nobody for one in holders if spare[one.key] - nobody}
    if some:
        rights = tuple(sorted(frozenset.union(*some.values())))
        found.append(Wide("some", post, rights, tuple(sorted(some))))
    return found


def _spare(
    one: Held, used: Mapping[int, Collection[str]], known: Collection[str]
) -> frozenset[str]:
    if not one.is_watched:
        return frozenset()
    needed = set(used.get(one.person_id, ())) | (STEP_RIGHTS if one.has_steps else set())
    return (one.rights & set(known)) - needed
