"""The entries of the left menu, registered by each app at start."""

from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext_lazy

from .errors import Text


@dataclass(frozen=True)
class Module:
    """A group of the menu."""

    key: str
    label: Text
    order: int
    icon: str


@dataclass(frozen=True)
class MenuEntry:
    """One page of a module; shown to those who hold the right (any one of several)."""

    module: str
    label: Text
    url_name: str
    rights: tuple[str, ...] = ()
    order: int = 100

    @cached_property
    def url(self) -> str:
        return reverse(self.url_name)


_modules: dict[str, Module] = {}
_entries: list[MenuEntry] = []


def register_module(module: Module) -> None:
    """Declare a module once."""
    _modules[module.key] = module


def register(*entries: MenuEntry) -> None:
    """Add entries; called in `AppConfig.ready`."""
    _entries.extend(entries)


def menu_for(rights: Set[str]) -> list[tuple[Module, list[MenuEntry]]]:
    """What a person with these rights sees, in order."""
    shown: dict[str, list[MenuEntry]] = {}
    for entry in sorted(_entries, key=lambda e: e.order):
        if not entry.rights or not rights.isdisjoint(entry.rights):
            shown.setdefault(entry.module, []).append(entry)
    return [(_modules[key], shown[key]) for key in sorted(shown, key=lambda k: _modules[k].order)]


def all_entries() -> list[tuple[Module, MenuEntry]]:
    """Every entry with its module, in order."""
    rank = {key: module.order for key, module in _modules.items()}
    entries = sorted(_entries, key=lambda entry: (rank[entry.module], entry.order))
    return [(_modules[entry.module], entry) for entry in entries]


register(
    MenuEntry("work", gettext_lazy("My work"), "home", order=0),
    MenuEntry("work", gettext_lazy("Jobs"), "jobs", order=900),
)
