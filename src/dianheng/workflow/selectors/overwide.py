"""Rights that nothing in force needs, as a leader reads them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Min
from django.utils import timezone

from dianheng.identity.models import Person, Post, RightUse, Unit
from dianheng.identity.registry import all_rights
from dianheng.identity.selectors import setting

from ..choices import WideKind
from ..duties import Units
from ..models import PackSwitch, WideAcceptance
from ..overwide import Held, Wide, unneeded
from .duties import parts_in_force

NAMED = 5  # people in a line; more are counted

# Own posts held today; since when, so that a young one is not judged.
_HELD = """
select h.id, h.person_id, p.code, u.path, p.rights, h.valid_from
  from identity_postholding h join identity_post p on p.id = h.post_id and p.rights <> '{}'
  join identity_unit u on u.id = h.unit_id
  join identity_person e on e.id = h.person_id and e.is_active and not e.is_system
 where h.valid_from <= %(on)s and (h.valid_through is null or h.valid_through >= %(on)s)
   and (%(person)s is null or h.person_id in (
        select same.person_id from identity_postholding same
         where same.post_id in (select post_id from identity_postholding where person_id = %(person)s)))
"""
# What each person used since a day; a machine's reading is not noted by right: whoever came with
# a token since then used what the token lets through.
_USED = """
select person_id, "right" from identity_rightuse where last_on >= %(since)s
union
select t.person_id, unnest(case when t.scopes = '{}' then %(known)s::text[] else t.scopes end)
  from identity_apitoken t
 where exists (select from identity_accessevent e
                where e.token_id = t.id and e.kind = 'token.used' and e.at >= %(since)s)
"""


@dataclass(frozen=True)
class WideLine:
    """Rights that nothing needs: whose, what to do, what a leader said."""

    wide: Wide
    post: Post
    rights: Sequence[str]
    people: Sequence[Person]
    unit: Unit | None
    acceptance: WideAcceptance | None

    @property
    def key(self) -> str:
        """Names it in addresses."""
        return self.wide.key

    @property
    def kind(self) -> WideKind:
        """What it is, and what to do."""
        return WideKind(self.wide.kind)

    @property
    def more(self) -> int:
        """How many people are not named in a line."""
        return max(0, len(self.wide.people) - NAMED)

    @property
    def is_accepted(self) -> bool:
        """A leader lets it stand today: all of it, for all of them."""
        return _covers(self.acceptance, self.wide)


def _covers(one: WideAcceptance | None, wide: Wide) -> bool:
    return (
        one is not None
        and one.valid_through >= timezone.localdate()
        and set(wide.rights) <= set(one.rights)
        and set(wide.people) <= set(one.people)
    )


def judged_from(on: date | None = None) -> date:
    """The first day on which a right can count as unused: uses are noted for long enough then."""
    today = on or timezone.localdate()
    began = RightUse.objects.aggregate(began=Min("first_on"))["began"] or today
    return began + timedelta(days=setting("workflow.unused_days", on=today))


def wide_rights(on: date | None = None, person_id: int | None = None) -> list[Wide]:
    """Each right held that nothing in force needs; what cannot be judged yet is not among them.

    Of everybody; or of those who share a post with one person, which is enough to judge that one.
    """
    today = on or timezone.localdate()
    since = today - timedelta(days=setting("workflow.unused_days", on=today))
    is_judged = judged_from(today) <= today
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"on": today, "person": person_id})
        rows = cursor.fetchall()
        cursor.execute(_USED, {"since": since, "known": list(all_rights())})
        used: dict[int, set[str]] = {}
        for person_id, right in cursor.fetchall():
            used.setdefault(person_id, set()).add(right)
    with_steps = _with_steps({(post, path) for _key, _person, post, path, _rights, _from in rows})
    held = [
        Held(
            key, person_id, post, path, frozenset(rights), (post, path) in with_steps,
            is_judged and valid_from <= since,
        )
        for key, person_id, post, path, rights, valid_from in rows
    ]  # fmt: skip
    return unneeded(held, used, all_rights())


def _with_steps(pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of posts over units those to which a process, in force and offered there, gives steps."""
    parts, _begins, _versions = parts_in_force()
    paths = list(Unit.objects.values_list("path", flat=True))
    offered = _offered(paths, {part.process for part in parts})
    by_post: dict[str, set[tuple[int, str]]] = {}
    units: dict[int, Units] = {}
    number: dict[frozenset[str], int] = {}
    for part in parts:
        where = offered.get(part.process)
        at = -1 if where is None else number.setdefault(where, len(number))
        if at not in units:
            units[at] = Units(paths if where is None else where)
        by_post.setdefault(part.post, set()).add((at, part.unit))
    return {
        (post, path)
        for post, path in pairs
        if any(units[at].reached(path, rule) for at, rule in by_post.get(post, ()))
    }


def _offered(paths: Iterable[str], processes: Collection[str]) -> dict[str, frozenset[str]]:
    """Units in which a process that was ever switched is offered; of the others nothing: all."""
    switches: dict[str, dict[str, bool]] = {}
    rows = PackSwitch.objects.filter(code__in=processes)
    for code, path, is_on in rows.values_list("code", "unit__path", "is_on"):
        switches.setdefault(code, {})[path] = is_on

    def is_on(own: dict[str, bool], path: str) -> bool:
        nearest = max((each for each in own if path.startswith(each)), key=len, default="")
        return own.get(nearest, True)

    return {
        code: frozenset(path for path in paths if is_on(own, path))
        for code, own in switches.items()
    }


@dataclass(frozen=True)
class WidePage:
    """The first lines in words, and how many others there are."""

    lines: list[WideLine]
    more: int
    open_count: int  # of all


def wide_page(at_most: int | None = None, person_id: int | None = None) -> WidePage:
    """All of it in words, what a leader has accepted last; of everybody or of one person.

    Where only the first are shown, of each only the people whom a line names are read.
    """
    found = [
        wide
        for wide in wide_rights(person_id=person_id)
        if person_id is None or person_id in wide.people
    ]
    accepted = {
        row.key: row
        for row in WideAcceptance.objects.select_related("accepted_by").filter(
            key__in=[wide.key for wide in found]
        )
    }
    order = list(WideKind)

    def is_accepted(wide: Wide) -> bool:
        return _covers(accepted.get(wide.key), wide)

    found.sort(key=lambda wide: (is_accepted(wide), order.index(WideKind(wide.kind)), wide.post))
    shown = found[:at_most]
    named = None if at_most is None else NAMED
    posts = {post.code: post for post in Post.objects.all()}
    people = Person.objects.only("name", "person_no").in_bulk(
        {key for wide in shown for key in wide.people[:named]}
    )
    units = {unit.path: unit for unit in Unit.objects.all()}
    labels = all_rights()
    lines = [
        WideLine(
            wide, posts[wide.post], [str(labels.get(right, right)) for right in wide.rights],
            [people[key] for key in wide.people[:named]],
            units[wide.held.unit_path] if wide.held else None, accepted.get(wide.key),
        )
        for wide in shown
    ]  # fmt: skip
    open_count = sum(not is_accepted(wide) for wide in found)
    return WidePage(lines, len(found) - len(shown), open_count)


def wide_lines(person_id: int | None = None) -> list[WideLine]:
    """All lines in words, of everybody or of one person."""
    return wide_page(person_id=person_id).lines


def wide_line(key: str) -> WideLine | None:
    """One of them, if it is still there."""
    return next((line for line in wide_lines() if line.key == key), None)
