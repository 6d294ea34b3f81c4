"""Reads of packs: which version is in force where, and what stands in a version."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit

from ..engine import Definition
from ..models import PackVersion, ProcessTask
from ..packs.diagram import read_diagram

Row = TypeVar("Row", bound=Model)
WIDE = ("plan", "bpmn", "spec")  # of a version; hundreds of kilobytes in a list of fifty


def with_version(rows: QuerySet[Row], path: str = "pack") -> QuerySet[Row]:
    """The rows with their version of a pack but for its wide columns, which `kept` has."""
    return rows.select_related(path).defer(*(f"{path}__{column}" for column in WIDE))


@lru_cache(maxsize=256)
def _kept(pk: int, digest: str) -> PackVersion:
    return PackVersion.objects.get(pk=pk)


def kept(version: PackVersion) -> PackVersion:
    """The whole version, read once by this process: it is written once and only read from.

    The digest is part of the key, since one process may look at several databases.
    """
    return _kept(version.pk, version.digest)


# The nearest switch of a process at or above a unit, which decides; none: it is on.
_NEAREST = """
select s.is_on from workflow_packswitch s join identity_unit u on u.id = s.unit_id
 where s.code = {code} and starts_with({path}, u.path) order by length(u.path) desc limit 1
"""
_OFFERED = f"({_NEAREST.format(code='f.code', path='%(path)s')}) is not false"
_VERSIONS = "workflow_packinforce f join workflow_packversion v on v.id = f.version_id"
_IN_FORCE = f"select v.id, v.digest, {_OFFERED} from {_VERSIONS} where f.code = %(code)s"  # noqa: S608
_AT = f"select v.id, v.digest from {_VERSIONS} where {_OFFERED} order by f.code"  # noqa: S608
_BELOW = f"""
select v.id, v.digest from {_VERSIONS} where exists (
       select from identity_unit place
        where place.is_active and exists (
              select from unnest(%(paths)s::text[]) p (path) where starts_with(place.path, p.path))
          and ({_NEAREST.format(code="f.code", path="place.path")}) is not false)
 order by f.code
"""  # noqa: S608


def _in_force(code: str, path: str) -> tuple[int, str, bool] | None:
    with connection.planned_cursor() as cursor:
        cursor.execute(_IN_FORCE, {"code": code, "path": path})
        found: tuple[int, str, bool] | None = cursor.fetchone()
    return found


def pack_in_force(code: str) -> PackVersion:
    """The version that new instances begin with."""
    return pack_at(code, "")[0]


def pack_at(code: str, path: str) -> tuple[PackVersion, bool]:
    """The version in force, and whether it is switched on in the unit with this path.

    Raises:
        NotFound: no such process is in force.
    """
    found = _in_force(code, path)
    if found is None:
        raise NotFound(_("There is no process %(code)s.") % {"code": code}, process=code)
    pk, digest, is_on = found
    return _kept(pk, digest), is_on


def is_offered(code: str, unit: Unit) -> bool:
    """Whether a process is in force, and switched on in a unit."""
    found = _in_force(code, unit.path)
    return found is not None and found[2]


def packs_in_force(path: str = "") -> list[PackVersion]:
    """The version in force of every process, or of those switched on in one unit; by code."""
    return _versions(_AT, path=path)


def packs_offered_below(paths: Sequence[str]) -> list[PackVersion]:
    """Versions in force that are switched on in a unit at or below one of these paths."""
    return _versions(_BELOW, paths=list(paths))


def _versions(statement: str, **facts: Any) -> list[PackVersion]:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return [_kept(pk, digest) for pk, digest in cursor.fetchall()]


@lru_cache(maxsize=512)
def _lanes(digest: str, bpmn: str) -> Mapping[str, str]:
    return {
        node.code: node.lane
        for node in read_diagram(bpmn.encode("utf-8")).nodes.values()
        if node.kind == "userTask"
    }


def lanes_of_tasks(version: PackVersion) -> Mapping[str, str]:
    """The lane of each task of a person."""
    return _lanes(version.digest, version.bpmn)


def apart_from(version: PackVersion, task: str) -> frozenset[str]:
    """Steps that other people do than this one, whichever of the two says so."""
    plan = version.plan["tasks"]
    others = {name for name, each in plan.items() if task in each.get("apart", ())}
    return frozenset(plan[task].get("apart", ())) | others


def posts_of_lanes(version: PackVersion) -> dict[str, list[str]]:
    """Posts of each lane: the company's own, else those that the pack proposes."""
    return posts_of_all_lanes([version])[version.code]


_LANES = "select code, lane, posts from workflow_laneposts where code = any(%s)"


def posts_of_all_lanes(versions: Collection[PackVersion]) -> dict[str, dict[str, list[str]]]:
    """`posts_of_lanes` of many processes, by code."""
    with connection.planned_cursor() as cursor:
        cursor.execute(_LANES, [[version.code for version in versions]])
        own = {(code, lane): posts for code, lane, posts in cursor.fetchall()}
    return {
        version.code: {
            name: list(own.get((version.code, name)) or lane["posts"])
            for name, lane in version.plan["lanes"].items()
        }
        for version in versions
    }


@lru_cache(maxsize=256)
def _definition(pk: int, digest: str) -> Definition:
    version = _kept(pk, digest)
    return Definition(version.process, version.spec)


def definition_of(version: PackVersion) -> Definition:
    """What the engine runs."""
    return _definition(version.pk, version.digest)


def text_of(texts: Mapping[str, str]) -> str:
    """The text in the language of the page."""
    is_chinese = (get_language() or "zh").startswith("zh")
    return texts.get("zh" if is_chinese else "en") or next(iter(texts.values()), "")


def form_of(task: ProcessTask, version: PackVersion) -> Mapping[str, Any]:
    """The schema of a task's form."""
    plan = kept(version).plan
    schema: Mapping[str, Any] = plan["forms"][plan["tasks"][task.task]["form"]]
    return schema


def step_title(task: ProcessTask) -> str:
    """Name of a task's step in the language of the page; the task's version may be narrow."""
    return text_of(kept(task.instance.pack).plan["tasks"][task.task]["title"])


def titles_of(version: PackVersion) -> str:
    """Name of a process in the language of the page."""
    return text_of({"zh": version.title_zh, "en": version.title_en})


def sheet_name(version: PackVersion) -> str:
    """What a process calls its printed sheet; empty: as all do."""
    return text_of(kept(version).plan.get("sheet") or {})


@dataclass(frozen=True)
class ShownForm:
    """A form of a process as its page shows it: the steps that use it, its fields in order."""

    name: str
    title: str
    fields: list[tuple[str, bool]]  # what each is called, and whether it must be filled in


def forms_of(version: PackVersion) -> list[ShownForm]:
    """The forms of a process in the order of their steps; each is called after these."""
    plan, order = version.plan, {name: at for at, name in enumerate(lanes_of_tasks(version))}
    steps: dict[str, list[str]] = {}
    for _name, task in sorted(plan["tasks"].items(), key=lambda each: order.get(each[0], 99)):
        if task["form"]:
            steps.setdefault(task["form"], []).append(text_of(task["title"]))
    shown = []
    for name, titles in steps.items():
        schema = plan["forms"][name]
        fields, needed = schema["properties"], schema.get("required", ())
        names = schema.get("order") or list(fields)
        labels = [(text_of(fields[field]["label"]), field in needed) for field in names]
        shown.append(ShownForm(name, "、".join(dict.fromkeys(titles)), labels))
    return shown
