"""Who could both handle and approve: over posts, stand-ins and all processes together; pure.

A pack keeps handling and approving posts apart. People hold several posts, stand in for each
other, change posts while something runs, and one process begins another: only all of it together
shows by which ways one person could do both.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

FOREVER = date.max


@dataclass(frozen=True)
class Holding:
    """A post that a person exercises over a unit and all below: an own one, or as a stand-in."""

    person_id: int
    post: str
    unit_path: str
    since: date
    through: date | None = None
    for_id: int | None = None

    @property
    def hops(self) -> int:
        """0 for an own post, 1 as a stand-in."""
        return 0 if self.for_id is None else 1


@dataclass(frozen=True)
class Part:
    """A step of a process that a post does; `unit` is own, above or top, as its lane says."""

    process: str
    step: str
    role: str  # handle, approve
    post: str
    unit: str = "own"


@dataclass(frozen=True)
class Handled:
    """A person handled a step of something that still runs."""

    person_id: int
    process: str
    step: str
    number: str
    unit_path: str
    post: str


@dataclass(frozen=True)
class Path:
    """A way by which one person could handle and approve.

    Attributes:
        kind: `own` (two posts), `stand_in`, `two_processes`, or `past` (a post held before).
        handles, approves: with which post over which unit; of `past` the first is None.
        handle, approve: the steps.
        since, through: when both are held; through None: no end is set.
        number: of what still runs, for `past`.
    """

    person_id: int
    kind: str
    handle: Part
    approve: Part
    handles: Holding | None
    approves: Holding
    since: date
    through: date | None
    number: str = ""

    @cached_property
    def key(self) -> str:
        """Names the path, as long as posts, stand-ins and steps are the same."""
        parts = [
            self.person_id, self.kind, self.handle.process, self.handle.post, self.approve.process,
            self.approve.post, self.handles.for_id if self.handles else "", self.approves.for_id,
            self.number,
        ]  # fmt: skip
        return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]


class Units:
    """Where a lane's unit lies below a post's unit, for every unit an instance can be in."""

    def __init__(self, paths: Iterable[str]):
        self.paths = sorted(paths)
        self._known: dict[tuple[str, str], frozenset[str]] = {}

    def reached(self, holder: str, rule: str) -> frozenset[str]:
        """Units whose instances bring a step of that rule to a holder over `holder`."""
        if (holder, rule) not in self._known:
            self._known[holder, rule] = frozenset(
                path for path in self.paths if lane_unit(path, rule).startswith(holder)
            )
        return self._known[holder, rule]

    def meet(self, one: str, rule: str, other: str, other_rule: str) -> bool:
        """Whether one instance could bring both steps."""
        return not self.reached(one, rule).isdisjoint(self.reached(other, other_rule))


def lane_unit(path: str, rule: str) -> str:
    """Path of the unit in which a lane works, seen from the instance's unit.

    >>> lane_unit("/CITY/CENTRE/", "own"), lane_unit("/CITY/CENTRE/", "above")
    ('/CITY/CENTRE/', '/CITY/')
    >>> lane_unit("/CITY/", "above"), lane_unit("/CITY/CENTRE/A/", "top")
    ('/CITY/', '/CITY/')
    """
    parts = path.strip("/").split("/")
    if rule == "top":
        return f"/{parts[0]}/"
    if rule == "above" and len(parts) > 1:
        return f"/{'/'.join(parts[:-1])}/"
    return path


def paths_to_both(
    holdings: Sequence[Holding],
    parts: Sequence[Part],
    unit_paths: Iterable[str],
    *,
    links: Iterable[tuple[str, str]] = (),
    handled: Sequence[Handled] = (),
    on: date,
) -> list[Path]:
    """Each shortest way by which a person could handle and approve the same matter.

    Args:
        holdings: posts in force now or later, own ones and those of a stand-in.
        parts: steps of all processes in force, with each post of their lanes.
        unit_paths: of all units.
        links: process -> process that it begins: what the first handled, the second approves.
        handled: what people handled in instances that still run.
        on: today.

    Returns:
        By person and process; of several ways only those with the fewest stand-ins.
    """
    units = Units(unit_paths)
    does: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        does.setdefault((part.post, part.role), []).append(part)
    together = set(links)
    by_person: dict[int, list[Holding]] = {}
    for held in holdings:
        if (held.through or FOREVER) >= on:
            by_person.setdefault(held.person_id, []).append(held)
    found: dict[tuple[int, str, str], list[Path]] = {}
    for person, mine in by_person.items():
        for first in mine:
            for second in mine:
                for path in _between(person, first, second, does, units, together, on):
                    key = (person, path.handle.process, path.approve.process)
                    found.setdefault(key, []).append(path)
    paths = [path for each in found.values() for path in _shortest(each)]
    known = {(p.person_id, p.handle.process) for p in paths if p.kind != "two_processes"}
    for work in handled:
        if (work.person_id, work.process) not in known:
            paths += _past(work, by_person.get(work.person_id, ()), does, on)
    return sorted(
        paths, key=lambda p: (p.person_id, p.handle.process, p.approve.process, p.kind, p.number)
    )


def _between(
    person: int,
    first: Holding,
    second: Holding,
    does: Mapping[tuple[str, str], Sequence[Part]],
    units: Units,
    links: set[tuple[str, str]],
    on: date,
) -> Iterable[Path]:
    since = max(first.since, second.since, on)
    through = min(first.through or FOREVER, second.through or FOREVER)
    if since > through:
        return
    for handle in does.get((first.post, "handle"), ()):
        for approve in does.get((second.post, "approve"), ()):
            is_same = handle.process == approve.process
            if not is_same and (handle.process, approve.process) not in links:
                continue
            if not units.meet(first.unit_path, handle.unit, second.unit_path, approve.unit):
                continue
            kind = "stand_in" if first.hops + second.hops else "own"
            yield Path(
                person, kind if is_same else "two_processes", handle, approve, first, second,
                max(first.since, second.since), None if through == FOREVER else through,
            )  # fmt: skip


def _shortest(paths: Sequence[Path]) -> list[Path]:
    """Those with the fewest stand-ins, one for each pair of posts: its first steps."""

    def hops(path: Path) -> int:
        return (path.handles.hops if path.handles else 0) + path.approves.hops

    fewest = min(map(hops, paths))
    kept: dict[tuple[str, str, int | None, int | None], Path] = {}
    for path in paths:
        if hops(path) == fewest:
            handles = path.handles.for_id if path.handles else None
            key = (path.handle.post, path.approve.post, handles, path.approves.for_id)
            kept.setdefault(key, path)
    return list(kept.values())


def _past(
    work: Handled,
    mine: Sequence[Holding],
    does: Mapping[tuple[str, str], Sequence[Part]],
    on: date,
) -> Iterable[Path]:
    """Somebody handled under a post of before, and holds one that approves the same matter now."""
    for held in mine:
        for approve in does.get((held.post, "approve"), ()):
            if approve.process == work.process and lane_unit(
                work.unit_path, approve.unit
            ).startswith(held.unit_path):
                handle = Part(work.process, work.step, "handle", work.post)
                yield Path(
                    work.person_id, "past", handle, approve, None, held, max(held.since, on),
                    held.through, work.number,
                )  # fmt: skip
                return
