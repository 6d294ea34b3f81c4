"""The chain of traceability as a drawing: the national standard on top, ours at the bottom."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from unicodedata import east_asian_width

from .selectors.chain import Chain, Link, Node

BOX_WIDTH, BOX_HEIGHT = 224, 64
ACROSS, DOWN = 256, 136
EDGE = 16
WIDEST = 30  # half-width signs that a line of a box takes


@dataclass(frozen=True)
class Box:
    """A standard: where it stands and what is written there."""

    node: Node
    x: int
    y: int
    url: str
    title: str
    text: str

    @property
    def middle(self) -> int:
        return self.x + BOX_WIDTH // 2


@dataclass(frozen=True)
class Arrow:
    """A certificate: from the lower box up to the higher one, with number, day and colour."""

    link: Link
    path: str
    x: int
    y: int
    tone: str
    word: str
    number: str


@dataclass(frozen=True)
class Drawing:
    """All of it, with its size."""

    width: int
    height: int
    boxes: list[Box]
    arrows: list[Arrow]


def short(text: str, widest: int = WIDEST) -> str:
    """A text that fits a line; Chinese signs are twice as wide.

    >>> short("江东省计量科学研究院标准装置", 12)
    '江东省计量…'
    """
    used = 0
    for place, sign in enumerate(text):
        used += 2 if east_asian_width(sign) in "WF" else 1
        if used > widest:
            return text[: max(place - 1, 0)] + "…"
    return text


def draw(
    chain: Chain,
    *,
    url_of: Callable[[Node], str],
    tone_of: Callable[[date | None], tuple[str, str]],
) -> Drawing:
    """Boxes level by level, centred; an arrow for each certificate."""
    levels: dict[int, list[Node]] = defaultdict(list)
    for node in chain.nodes.values():
        levels[node.level].append(node)
    widest = max((len(row) for row in levels.values()), default=1)
    top = max(levels, default=0)
    width = EDGE * 2 + widest * ACROSS - (ACROSS - BOX_WIDTH)
    placed: dict[str, Box] = {}
    for level in range(top + 1):
        row = levels[level]
        if level:
            row = sorted(row, key=lambda node: _above(node, chain, placed))
        left = (width - len(row) * ACROSS + (ACROSS - BOX_WIDTH)) // 2
        for place, node in enumerate(row):
            placed[node.key] = Box(
                node, left + place * ACROSS, EDGE + (top - level) * DOWN, url_of(node),
                short(node.title), short(node.text),
            )  # fmt: skip
    arrows = [_arrow(link, placed, tone_of(link.valid_through)) for link in chain.links]
    height = EDGE * 2 + top * DOWN + BOX_HEIGHT
    return Drawing(width, height, list(placed.values()), arrows)


def _above(node: Node, chain: Chain, placed: dict[str, Box]) -> float:
    """Where the boxes below it stand, so that arrows cross little."""
    below = [
        placed[link.below].middle
        for link in chain.links
        if link.above == node.key and link.below in placed
    ]
    return sum(below) / len(below) if below else 0


def _arrow(link: Link, placed: dict[str, Box], said: tuple[str, Any]) -> Arrow:
    low, high = placed[link.below], placed[link.above]
    tone, word = said
    path = f"M{low.middle} {low.y} L{high.middle} {high.y + BOX_HEIGHT}"
    # A third of the way up, so that labels of arrows that meet in one box stand apart.
    x = low.middle + (high.middle - low.middle) // 3
    y = low.y - (low.y - high.y - BOX_HEIGHT) // 3
    return Arrow(link, path, x, y, tone, str(word), short(link.number, 26))
