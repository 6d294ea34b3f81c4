"""People and units by situation."""

from datetime import date, timedelta

from django.utils import timezone

from dianheng.common.actor import Actor
from dianheng.identity.models import Person, Post, Unit
from dianheng.identity.registry import all_rights
from dianheng.identity.services import (
    actor_for_person,
    person_make,
    post_define,
    post_hold,
    qualification_grant,
    system_actor,
    unit_make,
)

PASSWORD = "Meter-2026-honest"


def city_company() -> Unit:
    """A city company with a metering centre below it; made once per database."""
    found = Unit.objects.filter(code="CITY").first()
    if found:
        return found
    city = unit_make(code="CITY", name="某市供电公司", kind="city", actor=system_actor())
    unit_make(code="CENTRE", name="计量中心", kind="centre", actor=system_actor(), parent=city)
    return city


def metering_centre() -> Unit:
    """The metering centre of the city company."""
    city_company()
    return Unit.objects.get(code="CENTRE")


def person_with(
    *rights: str, login: str = "wang", name: str = "王检定", unit: Unit | None = None
) -> Person:
    """A person whose one post in the unit carries these rights ("*": all of them)."""
    unit = unit or metering_centre()
    person = Person.objects.filter(login=login).first() or person_make(
        login=login, person_no=f"N-{login}", name=name, unit=unit, password=PASSWORD,
        actor=system_actor(), must_change_password=False,
    )  # fmt: skip
    post = post_define(
        code=f"POST-{login}", name=f"{name}的岗位",
        rights=list(all_rights()) if rights == ("*",) else rights, actor=system_actor(),
    )  # fmt: skip
    post_hold(
        person=person, post=post, unit=unit, valid_from=date(2020, 1, 1), actor=system_actor()
    )
    return person


def actor_with(
    *rights: str, login: str = "wang", name: str = "王检定", unit: Unit | None = None
) -> Actor:
    """Such a person, acting."""
    return actor_for_person(person_with(*rights, login=login, name=name, unit=unit), via="page")


def qualified_verifier(login: str = "wang", project: str = "*", days: int = 365) -> Person:
    """A person with a verifier's authorisation that ends in so many days."""
    person = person_with("*", login=login)
    today = timezone.localdate()
    qualification_grant(
        person=person, kind="verifier", project=project, number=f"J-{login}", issuer="省市场监督管理局",
        valid_from=date(2020, 1, 1), valid_through=today + timedelta(days=days), actor=system_actor(),
    )  # fmt: skip
    return person


__all__ = [
    "Post",
    "actor_with",
    "city_company",
    "metering_centre",
    "person_with",
    "qualified_verifier",
]
