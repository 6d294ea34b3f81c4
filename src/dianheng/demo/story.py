"""The story in chapters: each one transaction, told once; a story that was cut off goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from dianheng.identity.models import Person, RequestResult
from dianheng.identity.services import remember, system_actor, write_batch

from . import company, orders, stock, things, verified


@dataclass(frozen=True)
class Telling:
    """What every chapter gets."""

    size: str
    seed: int
    password: str


Chapter = Callable[[Telling], Any]


def chapters() -> list[tuple[str, str, Chapter]]:
    """Key, what it tells, who tells it; in order."""
    return [
        (
            "company",
            "the company, its people and posts",
            lambda t: company.found_company(t.password),
        ),
        (
            "things",
            "makers, models, stores and boxes",
            lambda t: things.catalogue_and_places(),
        ),
        ("laboratory", "the laboratory, its standards and papers", lambda t: things.laboratory()),
        (
            "former-lots",
            "lots of former months on the benches",
            lambda t: verified.former_lots(seed=t.seed, password=t.password),
        ),
        (
            "orders",
            "orders from the maker's file to acceptance",
            lambda t: orders.from_file_to_decision(seed=t.seed, password=t.password),
        ),
        ("stock", "stores, counties, a fitter", lambda t: stock.into_stock()),
    ]


def is_empty() -> bool:
    """Nobody but the program itself is here."""
    return not Person.objects.filter(is_system=False).exists()


def _told() -> set[str]:
    return set(RequestResult.objects.filter(action="demo.chapter").values_list("key", flat=True))


def is_whole() -> bool:
    """Every chapter of the story was told, or none (people work here)."""
    told = _told()
    return not told or all(f"demo:{key}" in told for key, _text, _chapter in chapters())


def tell(*, size: str, seed: int, password: str, say: Callable[[str], Any]) -> list[dict[str, str]]:
    """Tell what has not been told yet; returns who can log in."""
    telling = Telling(size, seed, password)
    told = _told()
    for key, text, chapter in chapters():
        if f"demo:{key}" in told:
            continue
        say(f"Demo story: {text}")
        with transaction.atomic():
            chapter(telling)
            with write_batch(actor=system_actor("command"), action="demo.chapter"):
                remember(f"demo:{key}", "demo.chapter", {"size": size, "seed": seed})
    return [
        {"login": role.login, "name": role.name, "post": company.POSTS[role.post][0]}
        for role in company.PEOPLE
    ]
