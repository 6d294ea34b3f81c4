"""The story in chapters: each one transaction, told once; a story that was cut off goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from dianheng.identity.models import Person, RequestResult
from dianheng.identity.services import remember, system_actor, write_batch

from . import (
    accepted,
    again,
    analyses,
    archive,
    company,
    field,
    legacy,
    makers,
    orders,
    processes,
    quality,
    register,
    regulations,
    sendouts,
    stages,
    standards,
    stock,
    things,
    transformers,
    verified,
)

SIZES = {"s": 0, "m": 100_000, "l": 1_000_000}  # devices beyond those of the story


@dataclass(frozen=True)
class Telling:
    """What every chapter gets."""

    size: str
    seed: int
    password: str


Chapter = Callable[[Telling], Any]
Told = tuple[str, Any, Chapter]  # key, what it tells, who tells it


def chapters(size: str = "s") -> list[Told]:
    """Key, what it tells, who tells it; in order."""
    return [*story_chapters(), *register_chapters(SIZES[size])]


def story_chapters() -> list[Told]:
    """What every size tells."""
    return [
        (
            "company",
            _("the company, its people and posts"),
            lambda t: company.found_company(t.password),
        ),
        (
            "things",
            _("makers, models, stores and boxes"),
            lambda t: things.catalogue_and_places(),
        ),
        (
            "laboratory",
            _("the laboratory, its standards and papers"),
            lambda t: things.laboratory(),
        ),
        (
            "standards",
            _("values of the standards, and what stands above them"),
            lambda t: standards.the_standards(),
        ),
        (
            "former-lots",
            _("lots of former months on the benches"),
            lambda t: verified.former_lots(seed=t.seed, password=t.password),
        ),
        (
            "months",
            _("small lots of the past half-year"),
            lambda t: verified.month_by_month(seed=t.seed, password=t.password),
        ),
        (
            "orders",
            _("orders from the maker's file to acceptance"),
            lambda t: orders.from_file_to_decision(seed=t.seed, password=t.password),
        ),
        (
            "accepted",
            _("the accepted lot of 3,000 on the benches"),
            lambda t: accepted.onto_benches(seed=t.seed, password=t.password),
        ),
        (
            "stages",
            _("an order in each stage"),
            lambda t: stages.orders_in_each_stage(seed=t.seed, password=t.password),
        ),
        (
            "centre",
            _("samples at the higher centre"),
            lambda t: again.samples_at_the_centre(seed=t.seed, password=t.password),
        ),
        ("again", _("a rejected lot comes again"), lambda t: again.lot_comes_again()),
        (
            "registers",
            _("registers of a former system"),
            lambda t: legacy.registers_taken_over(),
        ),
        ("stock", _("stores, counties, a fitter"), lambda t: stock.into_stock()),
        ("field", _("customers and checks on site"), lambda t: field.the_field()),
        ("processes", _("work orders under way"), lambda t: processes.all_processes()),
        ("archive", _("papers in the archive"), lambda t: archive.the_archive()),
        (
            "regulations",
            _("regulations and what carries them out"),
            lambda t: regulations.the_regulations(),
        ),
        (
            "analyses",
            _("a bench found bad, a rule tried"),
            lambda t: analyses.the_analyses(),
        ),
        (
            "transformers",
            _("the transformer room"),
            lambda t: transformers.the_transformer_room(password=t.password),
        ),
        (
            "makers",
            _("what makers state of their devices"),
            lambda t: makers.the_makers_data(seed=t.seed),
        ),
        (
            "field-transformers",
            _("a transformer measured on site"),
            lambda t: field.transformers_on_site(),
        ),
        (
            "quality",
            _("a sample on the register-run bench"),
            lambda t: quality.the_quality_check(seed=t.seed),
        ),
        (
            "sendouts",
            _("standards sent to the institute"),
            lambda t: sendouts.the_sendouts(),
        ),
    ]


def register_chapters(devices: int) -> list[Told]:
    """The register of a city: areas, then block by block, each a transaction of its own."""
    if not devices:
        return []
    told: list[Told] = [
        ("areas", _("transformer areas"), lambda t: register.catalogue_and_areas(devices))
    ]
    for first in range(0, devices, register.BLOCK):
        count = min(register.BLOCK, devices - first)
        told.append(
            (
                f"register-{first + count}",
                _("the register, devices %(first)s to %(last)s")
                % {"first": f"{first + 1:,}", "last": f"{first + count:,}"},
                lambda t, first=first, count=count: register.register_block(first, count, t.seed),
            )
        )
    return told


def is_empty() -> bool:
    """Nobody but the program itself is here."""
    return not Person.objects.filter(is_system=False).exists()


def _told() -> set[str]:
    return set(RequestResult.objects.filter(action="demo.chapter").values_list("key", flat=True))


def has_laboratory() -> bool:
    """Whether the story's benches are here."""
    return "demo:laboratory" in _told()


def is_whole() -> bool:
    """Every chapter of the story was told, or none (people work here)."""
    told = _told()
    begun = RequestResult.objects.filter(action="demo.chapter").first()
    size = begun.result["size"] if begun else "s"
    return not told or all(f"demo:{key}" in told for key, _text, _chapter in chapters(size))


def tell(*, size: str, seed: int, password: str, say: Callable[[str], Any]) -> list[dict[str, str]]:
    """Tell what has not been told yet; returns who can log in."""
    _tell(chapters(size), Telling(size, seed, password), say)
    return who_works_here()


def tell_beginning(*, password: str, quantity: int) -> list[dict[str, str]]:
    """Company, laboratory and the order that waits for its maker's file, of any size: to walk on."""
    beginning = [
        chapter for chapter in story_chapters() if chapter[0] in ("company", "things", "laboratory")
    ]
    waiting: Told = (
        "waiting", "an order that waits", lambda t: orders.waiting_order(quantity)
    )  # fmt: skip
    _tell([*beginning, waiting], Telling("s", 1, password), lambda text: None)
    return who_works_here()


def who_works_here() -> list[dict[str, str]]:
    """Who can log in."""
    return [
        {"login": role.login, "name": role.name, "post": company.POSTS[role.post][0]}
        for role in company.PEOPLE
    ]


def tell_register(*, devices: int, seed: int, password: str, say: Callable[[str], Any]) -> None:
    """The company and a register of any size, without the rest of the story: for timings."""
    beginning = [chapter for chapter in story_chapters() if chapter[0] in ("company", "things")]
    _tell([*beginning, *register_chapters(devices)], Telling("s", seed, password), say)


def _tell(wanted: list[Told], telling: Telling, say: Callable[[str], Any]) -> None:
    told = _told()
    for key, text, chapter in wanted:
        if f"demo:{key}" in told:
            continue
        say(_("Demo story: %(chapter)s") % {"chapter": text})
        with transaction.atomic():
            with override("zh-hans"):  # what the people of the story wrote is kept as Chinese
                chapter(telling)
            with write_batch(actor=system_actor("command"), action="demo.chapter"):
                remember(
                    f"demo:{key}", "demo.chapter", {"size": telling.size, "seed": telling.seed}
                )
