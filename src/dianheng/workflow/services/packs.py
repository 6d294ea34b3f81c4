"""Packs come into force, are switched, and get the company's own posts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.models import Post, Unit
from dianheng.identity.services import require, write_batch

from ..engine import parse
from ..errors import NoPack
from ..models import LanePosts, PackInForce, PackSwitch, PackVersion
from ..packs import Pack, check, read_pack
from ..registry import all_services
from ..selectors import lanes_of_tasks, pack_in_force, posts_of_lanes


def pack_load(*, folder: Path, actor: Actor) -> PackVersion:
    """Check a pack and keep it as a version; new instances begin with it from now on.

    The same content again changes nothing.

    Raises:
        BadInput: it has faults, every one is named; or a version with other content is there.
    """
    actor = require(actor, "workflow.packs")
    try:
        pack = read_pack(folder)
    except NoPack as error:
        raise BadInput(_("This is no pack: %(why)s.") % {"why": error}) from None
    faults = check(pack, all_services())
    if faults:
        raise BadInput(
            _("The pack has %(count)s faults: nothing was loaded.") % {"count": len(faults)},
            [{"field": f.where, "code": f.code, "text": f.text} for f in faults],
        )
    with write_batch(actor=actor, action="pack.load") as batch:
        made = PackVersion.objects.filter(code=pack.code, version=pack.version).first()
        if made is not None and made.digest != pack.digest:
            text = _(
                "Version %(version)s of %(code)s is here with other content. Give the pack a new version."
            )
            raise Refused(
                Refusal("pack_differs", text % {"version": pack.version, "code": pack.code})
            )
        if PackVersion.objects.filter(plan__prefix=pack.prefix).exclude(code=pack.code).exists():
            text = _("Another process numbers its instances with %(prefix)s.") % {
                "prefix": pack.prefix
            }
            raise BadInput(text, [{"field": "prefix", "code": "prefix", "text": text}])
        if made is None:
            definition = parse(pack.bpmn)
            made = PackVersion.objects.create(
                code=pack.code, version=pack.version, module=pack.module,
                business_class=pack.business_class, owner_post=pack.owner_post,
                title_zh=pack.title["zh"], title_en=pack.title["en"], plan=plan_of(pack),
                bpmn=pack.bpmn.decode("utf-8"), process=definition.process,
                spec=dict(definition.spec), digest=pack.digest, loaded_at=batch.at,
                loaded_by_id=actor.person_id,
            )  # fmt: skip
            pack_bring_into_force(version=made, actor=actor)
    return made


def plan_of(pack: Pack) -> dict[str, Any]:
    """Lanes, tasks, forms and names as plain JSON; numbers as text."""
    tasks = {name: asdict(task) for name, task in pack.tasks.items()}
    for task in tasks.values():
        for key in ("hours", "share"):
            task[key] = None if task[key] is None else str(task[key])
    return {
        "lanes": {name: asdict(lane) for name, lane in pack.lanes.items()},
        "tasks": tasks,
        "forms": {name: _ordered(form.schema) for name, form in pack.forms.items()},
        "names": {name: dict(texts) for name, texts in pack.names.items()},
        "sheet": dict(pack.sheet),
        "prefix": pack.prefix,
        "start": asdict(pack.start),
        "purpose": dict(pack.purpose),
        "requirements": list(pack.requirements),
    }


def _ordered(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with the order of its fields said: the database keeps none."""
    kept = {
        **schema,
        "order": list(dict.fromkeys([*schema.get("order", []), *schema["properties"]])),
    }
    kept["properties"] = {
        name: field | {"items": _ordered(field["items"])} if field["format"] == "rows" else field
        for name, field in schema["properties"].items()
    }
    return kept


def pack_bring_into_force(*, version: PackVersion, actor: Actor) -> PackInForce:
    """New instances begin with this version; those under way stay on theirs."""
    actor = require(actor, "workflow.packs")
    with write_batch(actor=actor, action="pack.into_force"):
        row, _made = PackInForce.objects.update_or_create(
            code=version.code, defaults={"version": version}
        )
    return row


def pack_switch(*, code: str, unit: Unit, is_on: bool, actor: Actor) -> PackSwitch:
    """Offer a process in a unit and all below it, or do not; what is under way goes on."""
    actor = require(actor, "workflow.packs", unit.pk)
    with write_batch(actor=actor, action="pack.switch"):
        row, _made = PackSwitch.objects.update_or_create(
            code=code, unit=unit, defaults={"is_on": is_on}
        )
    return row


def lane_posts_set(*, code: str, lane: str, posts: Sequence[str], actor: Actor) -> LanePosts:
    """Give a lane the company's own posts; whoever handles does not approve.

    Raises:
        BadInput: a post that does not exist, or one that would do both.
    """
    actor = require(actor, "workflow.packs")
    version = pack_in_force(code)
    unknown = sorted(set(posts) - set(Post.objects.values_list("code", flat=True)))
    if unknown or not posts:
        raise BadInput(_("There is no post %(posts)s.") % {"posts": "、".join(unknown) or "–"})
    with write_batch(actor=actor, action="pack.lane_posts"):
        row, _made = LanePosts.objects.update_or_create(
            code=code, lane=lane, defaults={"posts": list(posts)}
        )
        _refuse_both(version)
    return row


def _refuse_both(version: PackVersion) -> None:
    posts, roles = posts_of_lanes(version), {}
    for task, lane in lanes_of_tasks(version).items():
        for post in posts.get(lane, ()):
            roles.setdefault(post, set()).add(version.plan["tasks"][task]["role"])
    both = sorted(post for post, done in roles.items() if {"handle", "approve"} <= done)
    if both:
        text = _("Post %(post)s would handle and approve in this process.")
        raise BadInput(
            text % {"post": "、".join(both)},
            [{"field": "posts", "code": "same_post", "text": both[0]}],
        )
