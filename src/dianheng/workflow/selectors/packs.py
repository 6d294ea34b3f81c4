"""Reads of packs: which version is in force where, and what stands in a version."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import NotFound
from dianheng.identity.models import Unit

from ..engine import Definition
from ..models import LanePosts, PackInForce, PackSwitch, PackVersion, ProcessTask
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


def pack_in_force(code: str) -> PackVersion:
    """The version that new instances begin with."""
    row = with_version(PackInForce.objects.filter(code=code), "version").first()
    if row is None:
        raise NotFound(_("There is no process %(code)s.") % {"code": code}, process=code)
    return kept(row.version)


def is_switched_on(code: str, unit: Unit) -> bool:
    """Whether a process is offered in a unit; the nearest switch above decides."""
    ancestors = [part for part in unit.path.split("/") if part]
    switches = dict(
        PackSwitch.objects.filter(code=code, unit__code__in=ancestors).values_list(
            "unit__code", "is_on"
        )
    )
    return next((switches[part] for part in reversed(ancestors) if part in switches), True)


def is_offered(code: str, unit: Unit) -> bool:
    """Whether a process is in force, and switched on in a unit."""
    return PackInForce.objects.filter(code=code).exists() and is_switched_on(code, unit)


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


def posts_of_lanes(version: PackVersion) -> dict[str, list[str]]:
    """Posts of each lane: the company's own, else those that the pack proposes."""
    return posts_of_all_lanes([version])[version.code]


def posts_of_all_lanes(versions: Collection[PackVersion]) -> dict[str, dict[str, list[str]]]:
    """`posts_of_lanes` of many processes, by code."""
    rows = LanePosts.objects.filter(code__in=[version.code for version in versions])
    own = {(code, lane): posts for code, lane, posts in rows.values_list("code", "lane", "posts")}
    return {
        version.code: {
            name: list(own.get((version.code, name)) or lane["posts"])
            for name, lane in version.plan["lanes"].items()
        }
        for version in versions
    }


def definition_of(version: PackVersion) -> Definition:
    """What the engine runs."""
    return Definition(version.process, version.spec)


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
