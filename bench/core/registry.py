"""The list of cases. A case is a function of `Bench`, registered under a name."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bench import Bench

LEVELS = ("tiny", "quick", "default", "full")


@dataclass(frozen=True)
class Case:
    """One thing that is measured.

    `sizes` says how large it is at each level: tiny in the tests, quick to look, default in
    `make bench`, full with `--full`.
    """

    name: str
    title: str
    run: Callable[["Bench"], None]
    sizes: Mapping[str, int]


_cases: dict[str, Case] = {}


def case(
    name: str, title: str, *, tiny: int, quick: int, default: int, full: int | None = None
) -> Callable[[Callable[["Bench"], None]], Callable[["Bench"], None]]:
    """Register a function as a case."""

    def register(run: Callable[["Bench"], None]) -> Callable[["Bench"], None]:
        if name in _cases:
            raise ValueError(f"two cases are named {name}")
        sizes = {"tiny": tiny, "quick": quick, "default": default, "full": full or default}
        _cases[name] = Case(name, title, run, sizes)
        return run

    return register


def cases(only: list[str] | None = None) -> list[Case]:
    """All cases, or those whose name begins with one of `only`; by name."""
    import bench.cases

    for module in pkgutil.iter_modules(bench.cases.__path__):
        importlib.import_module(f"bench.cases.{module.name}")
    found = sorted(_cases.values(), key=lambda c: c.name)
    return [c for c in found if not only or c.name.startswith(tuple(only))]
