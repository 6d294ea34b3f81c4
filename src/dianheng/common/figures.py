"""A leader's figures: value, target, trend, and the list behind each.

Apps register them at start; who holds `figures.view` sees them on the home page, over the units
of that right. A provider answers with one figure, or None where its app has nothing to count.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.http import HttpRequest

from .errors import Text

RIGHT = "figures.view"
WIDTH, HEIGHT = 120, 28  # of the line, in its own units
HALF = Decimal(1) / 2  # where a line runs that never changes


@dataclass(frozen=True)
class Point:
    """One period of a trend; None: nothing to count in it."""

    label: Text
    value: Decimal | int | None


@dataclass(frozen=True)
class Figure:
    """One figure.

    Args:
        key: its name in the program.
        title: its name in the trade.
        value: as it is shown; None is "not applicable".
        url: the list behind it.
        unit: %, or what is counted.
        counted: how it comes about in words: "47 of 49 due".
        target: what it is held against, and whether that is a ceiling.
        is_met: whether the unrounded value reaches it; None: no target or no value.
        trend: the periods before, the oldest first, the last one now.
        period: what the value covers.
    """

    key: str
    title: Text
    value: Decimal | int | None
    url: str
    unit: Text = ""
    counted: Text = ""
    target: Decimal | None = None
    at_most: bool = False
    is_met: bool | None = None
    trend: Sequence[Point] = field(default_factory=tuple)
    period: Text = ""

    @property
    def tone(self) -> str:
        """Colour of the word that says whether the target is met."""
        return {True: "good", False: "bad", None: "calm"}[self.is_met]

    @property
    def line(self) -> str:
        """The trend as points of an SVG polyline; gaps where nothing was counted are skipped."""
        known = [(n, Decimal(p.value)) for n, p in enumerate(self.trend) if p.value is not None]
        if len(known) < 2:
            return ""
        values = [value for _n, value in known]
        low, high = min(values), max(values)
        step = Decimal(WIDTH - 4) / (len(self.trend) - 1)
        span = high - low
        return " ".join(
            f"{2 + n * step:.1f},{2 + (HEIGHT - 4) * ((high - value) / span if high > low else HALF):.1f}"
            for n, value in known
        )


Provider = Callable[[HttpRequest, Sequence[str]], Figure | None]
_providers: list[tuple[int, Provider]] = []


def register_figure(order: int, provider: Provider) -> None:
    """Add a figure; it gets the request and the roots of the units to count over."""
    _providers.append((order, provider))
    _providers.sort(key=lambda pair: pair[0])


def figures_of(request: HttpRequest, paths: Sequence[str]) -> list[Figure]:
    """The figures over units, in their order."""
    found = (provider(request, paths) for _order, provider in _providers)
    return [figure for figure in found if figure is not None]


def months_before(day: date, count: int) -> list[tuple[date, date]]:
    """First and last day of the `count` months up to the one of the day, the oldest first.

    >>> months_before(date(2026, 2, 10), 2)
    [(datetime.date(2026, 1, 1), datetime.date(2026, 1, 31)), (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))]
    """
    edges = []
    year, month = day.year, day.month
    for _n in range(count + 1):
        edges.append(date(year, month, 1))
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    edges.reverse()
    after = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    starts = [*edges[1:], after]
    return [
        (start, date.fromordinal(end.toordinal() - 1)) for start, end in itertools.pairwise(starts)
    ]
