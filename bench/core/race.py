"""Several ways to the same result, run in turn; no time counts before the results are equal."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .usage import Usage, used

EMPTY = object()


class WrongResultError(AssertionError):
    """A way came to another result than the product; its time means nothing."""


@dataclass(frozen=True)
class Way:
    """One way to the result.

    Attributes:
        name: shown in the table.
        run: what is timed; gets what `prepare` returned.
        units: rows, pages, requests that one run does; ratios are per unit.
        prepare: makes the state before each run, untimed.
        answer: what is compared with the other ways, untimed; gets state and what `run` returned.
            Absent: what `run` returned. It must be small (a digest, a count, a short list).
        expected: for a way on another amount than the product: what its answer must be.
        finish: clears the state after each run, untimed.
    """

    name: str
    run: Callable[[Any], Any]
    units: int = 1
    prepare: Callable[[], Any] | None = None
    answer: Callable[[Any, Any], Any] | None = None
    expected: Any = EMPTY
    finish: Callable[[Any], None] | None = None


@dataclass(frozen=True)
class AtMost:
    """The product takes at most so many times what a limit takes."""

    factor: float
    than: str

    @property
    def text(self) -> str:
        return f"≤ {self.factor:g} × {self.than}"


@dataclass(frozen=True)
class AtLeast:
    """The product does at least so many times what a peer does in the same time."""

    factor: float
    than: str

    @property
    def text(self) -> str:
        return f"≥ {self.factor:g} × {self.than}"


@dataclass(frozen=True)
class Seconds:
    """The product takes at most so many seconds for one run."""

    seconds: float

    @property
    def text(self) -> str:
        return f"≤ {self.seconds:g} s"


Wanted = AtMost | AtLeast | Seconds


@dataclass
class Timing:
    """All runs of one way."""

    name: str
    kind: str  # product, peer, limit
    units: int
    runs: list[Usage] = field(default_factory=list)

    def of(self, name: str, how: Callable[[list[float]], float] = min) -> float:
        """Smallest (or median) of a figure over the runs."""
        return how([getattr(run, name) for run in self.runs])

    def per_unit(self, name: str) -> float:
        return self.of(name) / self.units

    def as_json(self) -> dict[str, Any]:
        figures = {
            f"{name}_{how.__name__}": round(self.of(name, how), 6)
            for name in ("wall_s", "cpu_s", "program_cpu_s", "database_cpu_s")
            for how in (min, median)
        }
        return {
            "way": self.name, "kind": self.kind, "units": self.units, "runs": len(self.runs), **figures,
            "program_mib": round(self.of("program_mib", max), 1),
            "database_mib": round(self.of("database_mib", max), 1),
        }  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A wanted ratio, and what it is, by wall time and by CPU time; wall time decides."""

    wanted: str
    ratio: float
    cpu_ratio: float
    is_met: bool


@dataclass
class Race:
    """One comparison that was run."""

    what: str
    timings: list[Timing]
    verdicts: list[Verdict]

    def timing(self, name: str) -> Timing:
        """Of one way."""
        return next(t for t in self.timings if t.name == name)

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "ways": [t.as_json() for t in self.timings],
            "wanted": [vars(v) for v in self.verdicts],
        }


def run_race(
    what: str,
    *,
    product: Way,
    peers: Sequence[Way] = (),
    limits: Sequence[Way] = (),
    wanted: Sequence[Wanted] = (),
    repeats: int,
    server: int,
) -> Race:
    """Run all ways `repeats` times in turn, the results compared after each.

    Raises:
        WrongResultError: a way's answer is another one than the product's.
    """
    entries = [(product, "product"), *((w, "peer") for w in peers), *((w, "limit") for w in limits)]
    timings = [Timing(way.name, kind, way.units) for way, kind in entries]
    truth: Any = EMPTY
    for turn in range(repeats):
        # Every second turn goes backwards, so that nobody always runs after the same neighbour.
        order = list(zip(entries, timings, strict=True))
        if turn == 0 and product.expected is EMPTY:
            pass  # the product goes first once: its answer is what the others are held against
        elif turn % 2:
            order.reverse()
        for (way, _kind), timing in order:
            usage, answer = _run(way, server)
            wanted_answer = way.expected if way.expected is not EMPTY else truth
            if wanted_answer is EMPTY:
                truth = answer
            elif answer != wanted_answer:
                raise WrongResultError(
                    f"{what}: {way.name} came to another result: {answer!r} instead of {wanted_answer!r}"
                )
            timing.runs.append(usage)
    return Race(what, timings, [_verdict(w, timings) for w in wanted])


def _run(way: Way, server: int) -> tuple[Usage, Any]:
    state = way.prepare() if way.prepare else None
    try:
        gc.collect()
        with used(server) as usage:
            result = way.run(state)
        return usage, way.answer(state, result) if way.answer else result
    finally:
        if way.finish:
            way.finish(state)


def _verdict(wanted: Wanted, timings: list[Timing]) -> Verdict:
    product = timings[0]
    if isinstance(wanted, Seconds):
        seconds = product.of("wall_s")
        return Verdict(wanted.text, seconds, product.of("cpu_s"), seconds <= wanted.seconds)
    other = next(t for t in timings[1:] if t.name == wanted.than)
    ratio = product.per_unit("wall_s") / other.per_unit("wall_s")
    cpu_ratio = product.per_unit("cpu_s") / max(other.per_unit("cpu_s"), 1e-9)
    if isinstance(wanted, AtMost):
        return Verdict(wanted.text, ratio, cpu_ratio, ratio <= wanted.factor)
    return Verdict(wanted.text, 1 / ratio, 1 / max(cpu_ratio, 1e-9), 1 / ratio >= wanted.factor)
