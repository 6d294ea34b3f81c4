"""Pictures of figures: few kinds, each mark a link to the things behind it.

    distribution   how many fall where, with limits and the company's own band
    trend          a value over time with its target
    bars           one value per thing, the worst first

A view makes a `Chart`, the template shows it with `{% chart one %}`. The script is loaded only
where there is one; the same figures stand below it as a table.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from .errors import Text


@dataclass(frozen=True)
class Mark:
    """One bar or point: where it stands, how much, in words, and the list behind it."""

    label: Text
    value: Decimal | int
    url: str = ""
    tone: str = ""  # good, warn, bad, calm; empty: the chart's own


@dataclass(frozen=True)
class Line:
    """A line across: a limit, the edge of a band, a target."""

    at: Decimal
    label: Text
    tone: str = "bad"


@dataclass(frozen=True)
class Chart:
    """A picture and the figures that it is made of.

    Args:
        kind: distribution, trend or bars.
        title: what is shown.
        marks: in order.
        lines: limits and targets; on the axis of positions for a distribution, on the axis of
            values otherwise.
        x_label, y_label: axes with their units.
        summary: the picture in one sentence, for who cannot see it.
    """

    kind: str
    title: Text
    marks: Sequence[Mark]
    lines: Sequence[Line] = ()
    x_label: Text = ""
    y_label: Text = ""
    summary: Text = ""
    edges: Sequence[Decimal] = field(default_factory=tuple)

    def as_dict(self) -> Mapping[str, Any]:
        """For the script: numbers as numbers, texts translated."""
        return {
            "kind": self.kind,
            "xLabel": str(self.x_label),
            "yLabel": str(self.y_label),
            "edges": [float(edge) for edge in self.edges],
            "marks": [
                {"label": str(m.label), "value": float(m.value), "url": m.url, "tone": m.tone}
                for m in self.marks
            ],
            "lines": [
                {"at": float(line.at), "label": str(line.label), "tone": line.tone}
                for line in self.lines
            ],
        }


def distribution(
    values: Iterable[Decimal],
    width: Decimal,
    *,
    title: Text,
    lines: Sequence[Line] = (),
    x_label: Text = "",
    y_label: Text = "",
    summary: Text = "",
    url: str = "",
) -> Chart:
    """Count values into steps of a width; a value on an edge belongs to the step above it.

    `url` may hold `{from_}` and `{to}` for the list of the things in a step.
    Steps reach from the lowest to the highest of values and lines; beyond 200 of them the
    width is doubled until they fit.
    """
    found = list(values)
    ends = found + [line.at for line in lines]
    if not ends:
        return Chart("distribution", title, (), lines, x_label, y_label, summary)
    while (max(ends) - min(ends)) / width > 200:
        width *= 2

    def step(value: Decimal) -> int:
        return int((value / width).to_integral_value(ROUND_FLOOR))

    counted = Counter(step(value) for value in found)
    steps = range(step(min(ends)), step(max(ends)) + 1)
    edges = tuple(number * width for number in (*steps, steps[-1] + 1))
    marks = [
        Mark(
            f"{low.normalize():f} … {high.normalize():f}",
            counted[number],
            url.replace("{from_}", f"{low:f}").replace("{to}", f"{high:f}"),
        )
        for number, low, high in zip(steps, edges, edges[1:], strict=False)
    ]
    return Chart("distribution", title, marks, lines, x_label, y_label, summary, edges)
