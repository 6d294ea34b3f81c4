"""A company with posts, and packs in force, by situation."""

from datetime import date
from pathlib import Path

from dianheng.common.actor import Actor
from dianheng.identity.models import Person, Post, Unit
from dianheng.identity.services import (
    actor_for_person,
    person_make,
    post_define,
    post_hold,
    system_actor,
)
from dianheng.identity.tests.factories import PASSWORD, city_company, metering_centre
from dianheng.workflow.models import PackVersion
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.services import pack_load

RIGHTS = ["workflow.view", "workflow.start"]


def holder(login: str, name: str, post: str, unit: Unit, rights: list[str] | None = None) -> Person:
    """A person who holds a post; the post is made when it is not there."""
    known = Post.objects.filter(code=post).first() or post_define(
        code=post,
        name=f"{post}岗",
        rights=RIGHTS if rights is None else rights,
        actor=system_actor(),
    )
    person = Person.objects.filter(login=login).first() or person_make(
        login=login, person_no=f"N-{login}", name=name, unit=unit, password=PASSWORD,
        actor=system_actor(), must_change_password=False,
    )  # fmt: skip
    if not person.holdings.filter(post=known, unit=unit).exists():
        post_hold(
            person=person, post=known, unit=unit, valid_from=date(2020, 1, 1), actor=system_actor()
        )
    return person


def verifier(login: str = "zhang", name: str = "张伟") -> Actor:
    """A verifier of the metering centre: handles work orders."""
    return actor_for_person(holder(login, name, "VERIFIER", metering_centre()))


def head(login: str = "liu", name: str = "刘静") -> Actor:
    """The head over the company: approves work orders."""
    return actor_for_person(
        holder(login, name, "HEAD", city_company(), [*RIGHTS, "workflow.manage"])
    )


def work_order() -> PackVersion:
    """The generic order, in force."""
    folder = next(path for path in shipped_folders() if path.name == "work_order")
    return pack_load(folder=folder, actor=system_actor())


def pack_of(folder: Path, bpmn: bytes, plan: str, forms: dict[str, str]) -> Path:
    """A pack written to a folder."""
    (folder / "forms").mkdir(parents=True, exist_ok=True)
    (folder / "process.bpmn").write_bytes(bpmn)
    (folder / "pack.toml").write_text(plan, encoding="utf-8")
    for name, text in forms.items():
        (folder / "forms" / f"{name}.json").write_text(text, encoding="utf-8")
    return folder
