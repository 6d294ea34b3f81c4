"""What a case gets: its size, databases, a scratch folder, and the ways to report."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .databases import Databases
from .race import Race, Wanted, Way, run_race
from .registry import Case
from .usage import Usage, used


@dataclass(frozen=True)
class Settings:
    """How a run was asked for."""

    level: str = "default"
    size: int | None = None
    repeats: int = 3


@dataclass
class Report:
    """What one case found."""

    case: Case
    size: int
    races: list[Race] = field(default_factory=list)
    figures: list[dict[str, Any]] = field(default_factory=list)
    quotes: list[dict[str, str]] = field(default_factory=list)
    load_average: float = 0.0
    fault: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "case": self.case.name, "title": self.case.title, "size": self.size,
            "load_average": self.load_average, "races": [race.as_json() for race in self.races],
            "figures": self.figures, "quoted": self.quotes, "fault": self.fault,
        }  # fmt: skip


class Bench:
    """The context of one case.

    Attributes:
        size: how large the case is to be: devices, rows, pages.
        folder: an empty folder, removed after the case.
        databases: the kept registers and their clones.
    """

    def __init__(self, case: Case, settings: Settings, databases: Databases, folder: Path):
        self.settings, self.databases, self.folder = settings, databases, folder
        self.size = settings.size or case.sizes[settings.level]
        self.repeats = settings.repeats
        self.report = Report(case, self.size)

    @property
    def is_tiny(self) -> bool:
        """In a test: every way and every check is run, no time means anything."""
        return self.settings.level == "tiny"

    def register(self, devices: int) -> str:
        """The kept database with the demo's company and so many devices. Read it only."""
        return self.databases.register(devices)

    def reading(self, devices: int) -> AbstractContextManager[str]:
        """Django on the kept register itself, for the block; nothing may be written."""
        return self._on(self.register(devices))

    def writing(self, devices: int) -> AbstractContextManager[str]:
        """Django on a clone of the register, for the block; dropped afterwards."""
        return self.databases.copy_of(self.register(devices))

    @contextmanager
    def _on(self, name: str) -> Iterator[str]:
        from django.db import connections

        self.databases.connect(name)
        try:
            yield name
        finally:
            connections.close_all()

    def race(
        self,
        what: str,
        *,
        product: Way,
        peers: Sequence[Way] = (),
        limits: Sequence[Way] = (),
        wanted: Sequence[Wanted] = (),
        repeats: int | None = None,
    ) -> Race:
        """Run all ways in turn and report; see `race.run_race`."""
        race = run_race(
            what, product=product, peers=peers, limits=limits, wanted=wanted,
            repeats=repeats or self.repeats, server=self.databases.server_pid,
        )  # fmt: skip
        self.report.races.append(race)
        return race

    def used(self) -> AbstractContextManager[Usage]:
        """Measure a block by hand."""
        return used(self.databases.server_pid)

    def figure(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        """Report one figure, with what is wanted of it."""
        met = None
        if at_most is not None:
            met = value <= at_most
        if at_least is not None:
            met = met is not False and value >= at_least
        self.report.figures.append(
            {"name": name, "value": value, "unit": unit, "at_most": at_most, "at_least": at_least, "is_met": met}
        )  # fmt: skip

    def quote(self, peer: str, work: str, figure: str) -> None:
        """A peer's figure from elsewhere: shown, marked as not measured here."""
        self.report.quotes.append({"peer": peer, "work": work, "figure": figure})
