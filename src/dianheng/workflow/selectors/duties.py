"""Who could handle and approve: posts, stand-ins, processes in force and what runs, together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.identity.models import Person, Post, Unit

from ..choices import InstanceState, Role, TaskState
from ..duties import Handled, Holding, Part, Path, paths_to_both
from ..expressions import fixed_text
from ..models import DutyAcceptance, PackInForce, PackVersion, ProcessTask
from .packs import kept, lanes_of_tasks, posts_of_all_lanes, text_of, with_version

# Posts in force on a day or later: own ones, and those of others under a delegation.
_HOLDINGS = """
select * from (
select h.person_id, p.code, u.path, h.valid_from, h.valid_through, null::bigint
  from identity_postholding h join identity_post p on p.id = h.post_id
  join identity_unit u on u.id = h.unit_id join identity_person e on e.id = h.person_id and e.is_active
 where h.valid_through is null or h.valid_through >= %(on)s
union all
select d.to_person_id, p.code, u.path, greatest(h.valid_from, d.valid_from),
       least(coalesce(h.valid_through, d.valid_through), d.valid_through), h.person_id
  from identity_delegation d
  join identity_postholding h on h.person_id = d.from_person_id
   and (d.holding_id is null or d.holding_id = h.id)
  join identity_post p on p.id = h.post_id join identity_unit u on u.id = h.unit_id
  join identity_person f on f.id = d.from_person_id and f.is_active
  join identity_person e on e.id = d.to_person_id and e.is_active
 where d.revoked_at is null and d.valid_through >= %(on)s
   and (h.valid_through is null or h.valid_through >= %(on)s)
) held (person_id, post, path, since, through, for_id)
 where %(person)s is null or person_id = %(person)s
"""


@dataclass(frozen=True)
class DutyLine:
    """A path as a leader reads it."""

    path: Path
    person: Person
    handles: str
    approves: str
    handle_step: str
    approve_step: str
    since: date
    through: date | None
    acceptance: DutyAcceptance | None

    @property
    def key(self) -> str:
        """Names it in addresses."""
        return self.path.key

    @property
    def is_accepted(self) -> bool:
        """A leader lets it stand today."""
        one = self.acceptance
        return one is not None and one.valid_through >= timezone.localdate()


def holdings_now(on: date | None = None, person_id: int | None = None) -> list[Holding]:
    """Every post that is exercised on a day or later, by everybody or by one person."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDINGS, {"on": on or timezone.localdate(), "person": person_id})
        return [Holding(*row) for row in cursor.fetchall()]


def parts_in_force() -> tuple[list[Part], list[tuple[str, str]], dict[str, PackVersion]]:
    """Steps of all processes in force with their posts, and which process begins which."""
    in_force = with_version(PackInForce.objects.all(), "version")
    versions = {row.code: kept(row.version) for row in in_force}
    posts_of = posts_of_all_lanes(versions.values())
    parts, begins = [], []
    by_message = {
        message: code
        for code, version in versions.items()
        if (message := (version.plan.get("start") or {}).get("message"))
    }
    for code, version in versions.items():
        for task, lane in lanes_of_tasks(version).items():
            plan = version.plan["tasks"][task]
            unit = version.plan["lanes"][lane]["unit"]
            parts += [Part(code, task, plan["role"], post, unit) for post in posts_of[code][lane]]
        for plan in version.plan["tasks"].values():
            if plan["service"] == "process.start":
                begins.append((code, fixed_text(plan["inputs"].get("process", "")) or ""))
            elif plan["service"] == "process.tell":
                other = by_message.get(fixed_text(plan["inputs"].get("message", "")) or "")
                begins += [(code, other)] if other else []
    return parts, _through(begins), versions


def _through(begins: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Which process begins which, itself or by what it begins."""
    after: dict[str, set[str]] = {}
    for one, other in begins:
        after.setdefault(one, set()).add(other)
    found = []
    for one in after:
        seen, open_ = set(), list(after[one])
        while open_:
            if (other := open_.pop()) not in seen:
                seen.add(other)
                open_ += after.get(other, ())
        found += [(one, other) for other in sorted(seen - {one})]
    return found


def duty_paths(
    on: date | None = None, person_id: int | None = None
) -> tuple[list[Path], dict[str, PackVersion]]:
    """Each shortest way by which one person (of everybody, or this one) could handle and approve."""
    day = on or timezone.localdate()
    parts, links, versions = parts_in_force()
    rows = ProcessTask.objects.filter(
        state=TaskState.DONE, role="handle", instance__state=InstanceState.RUNNING
    )
    if person_id is not None:
        rows = rows.filter(done_by_id=person_id)
    rows = rows.values_list(
        "done_by_id", "instance__pack__code", "task", "instance__number", "instance__unit__path",
        "posts",
    )  # fmt: skip
    handled = [Handled(*row[:5], row[5][0]) for row in rows.iterator(chunk_size=5000)]
    paths = paths_to_both(
        holdings_now(day, person_id), parts, Unit.objects.values_list("path", flat=True), links=links,
        handled=handled, on=day,
    )  # fmt: skip
    known = [p for p in paths if p.handle.process in versions and p.approve.process in versions]
    return known, versions


@dataclass(frozen=True)
class DutyPage:
    """The first ways in words, and how many others there are."""

    lines: list[DutyLine]
    more: int
    open_count: int  # of all


def duty_page(at_most: int | None = None, person_id: int | None = None) -> DutyPage:
    """Ways in words, those not accepted first; only those shown are put in words.

    Of everybody, or of one person: then only what concerns that person is asked.
    """
    paths, versions = duty_paths(person_id=person_id)
    standing = DutyAcceptance.objects.filter(valid_through__gte=timezone.localdate())
    let_stand: dict[int, set[str]] = {}
    for accepted_of, key in standing.values_list("person", "key"):
        let_stand.setdefault(accepted_of, set()).add(key)
    people = Person.objects.all() if person_id is None else Person.objects.filter(pk=person_id)
    names = dict(people.values_list("pk", "name"))
    order = sorted(
        (path.person_id in let_stand and path.key in let_stand[path.person_id], names[path.person_id], at)
        for at, path in enumerate(paths)
    )  # fmt: skip
    shown = [paths[at] for _is_accepted, _name, at in order[:at_most]]
    open_count = sum(not is_accepted for is_accepted, _name, _at in order)
    return DutyPage(_lines(shown, versions), len(paths) - len(shown), open_count)


def duty_lines(person_id: int | None = None) -> list[DutyLine]:
    """All ways in words, of everybody or of one person."""
    return duty_page(person_id=person_id).lines


def _lines(paths: Sequence[Path], versions: Mapping[str, PackVersion]) -> list[DutyLine]:
    people = Person.objects.only("name", "person_no").in_bulk(
        {
            key
            for path in paths
            for key in (path.person_id, path.approves.for_id, path.handles and path.handles.for_id)
            if key
        }
    )
    posts = dict(Post.objects.values_list("code", "name"))
    units = dict(Unit.objects.values_list("path", "name"))
    accepted = {
        row.key: row
        for row in DutyAcceptance.objects.select_related("accepted_by").filter(
            key__in=[path.key for path in paths]
        )
    }

    def way(held: Holding | None, post: str) -> str:
        name = posts.get(post, post)
        if held is None:
            return _("%(post)s, held before") % {"post": name}
        facts = {"post": name, "unit": units.get(held.unit_path, held.unit_path)}
        if held.for_id is None:
            return f"{facts['unit']} · {name}"
        facts["name"] = people[held.for_id].name
        return _("%(unit)s · %(post)s, standing in for %(name)s") % facts

    def step(part: Part) -> str:
        version = versions[part.process]
        title = text_of({"zh": version.title_zh, "en": version.title_en})
        return f"{title} · {text_of(version.plan['tasks'][part.step]['title'])}"

    return [
        DutyLine(
            path, people[path.person_id],
            way(path.handles, path.handle.post), way(path.approves, path.approve.post),
            step(path.handle), step(path.approve), path.since, path.through,
            accepted.get(path.key),
        )
        for path in paths
    ]  # fmt: skip


def steps_of(person_id: int) -> list[tuple[str, str, str, str]]:
    """Steps that fall to a person's posts today: process, step, what the post does, code."""
    posts = {held.post for held in holdings_now(person_id=person_id)}
    parts, _begins, versions = parts_in_force()
    found = []
    for part in parts:
        if part.post in posts:
            version = versions[part.process]
            title = text_of({"zh": version.title_zh, "en": version.title_en})
            step = text_of(version.plan["tasks"][part.step]["title"])
            found.append((title, step, str(Role(part.role).label), part.process))
    return list(dict.fromkeys(found))


def duty_line(person_no: str, key: str) -> DutyLine | None:
    """One path of a person, if it is still there."""
    person_id = Person.objects.filter(person_no=person_no).values_list("pk", flat=True).first()
    if person_id is None:
        return None
    return next((line for line in duty_lines(person_id=person_id) if line.key == key), None)
