"""Which way arrows run between the nodes of a diagram, and where names stand beside them.

An arrow takes the cheapest way along the lines between rows and columns: never through a node,
never on top of another arrow unless both lead to the same node (or, where a node has more arrows
than sides, come from it), with few bends and crossings.
"""

import heapq
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from .diagram import Diagram, Flow
from .places import Box, Places

BEND, CROSSING, CORNER, BACKWARDS = 50, 60, 300, 60
SIDES = ((1, 0), (0, 1), (0, -1), (-1, 0))

Point = tuple[float, float]
Step = tuple[int, int]  # of the lines: column, row


class _Lines:
    """The lines with what runs on them so far."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.xs, self.ys = places.xs, places.ys
        self.inside: dict[Step, list[str]] = {}
        for code, box in places.nodes.items():
            for i, x in enumerate(self.xs):
                for j, y in enumerate(self.ys):
                    if box.holds(x, y):
                        self.inside.setdefault((i, j), []).append(code)
        self.used: dict[frozenset[Step], list[Flow]] = {}  # between two points
        self.met: dict[Step, list[tuple[str, bool]]] = {}  # target, whether it bends there

    def price(self, flow: Flow, at: Step, to: Step, turns: bool, may_fork: bool) -> float | None:
        """What a step costs; None: it cannot be taken."""
        own = {flow.source, flow.target}
        if any(code not in own for code in self.inside.get(to, ())):
            return None
        for other in self.used.get(frozenset((at, to)), ()):
            if other.target != flow.target and not (may_fork and other.source == flow.source):
                return None
        cost = abs(self.xs[at[0]] - self.xs[to[0]]) + abs(self.ys[at[1]] - self.ys[to[1]])
        cost += BEND if turns else 0
        if at not in self.inside:
            for target, is_bend in self.met.get(at, ()):
                if target != flow.target:
                    cost += CORNER if is_bend or turns else CROSSING
        return cost

    def way(self, flow: Flow, may_fork: bool = False) -> list[Step]:
        """The cheapest way from the middle of a node to the middle of another; empty: none.

        Args:
            may_fork: it may begin together with another one of the same node.
        """
        start, end = self._point(flow.source), self._point(flow.target)
        is_boundary = start not in self.inside
        sides = ((0, 1),) if is_boundary else SIDES
        heap: list[tuple[float, Step, Step]] = []
        best: dict[tuple[Step, Step], float] = {}
        came: dict[tuple[Step, Step], tuple[Step, Step]] = {}
        for side in sides:
            cost = BACKWARDS if side == (-1, 0) else 0
            best[start, side] = cost
            heapq.heappush(heap, (cost, start, side))
        while heap:
            cost, at, side = heapq.heappop(heap)
            if at == end:
                steps, state = [at], (at, side)
                while state in came:
                    state = came[state]
                    steps.append(state[0])
                return steps[::-1]
            if cost > best[at, side]:
                continue
            for turn in SIDES:
                is_turn = turn != side
                if turn == (-side[0], -side[1]) or (is_turn and at in self.inside):
                    continue
                to = at[0] + turn[0], at[1] + turn[1]
                if not (0 <= to[0] < len(self.xs) and 0 <= to[1] < len(self.ys)):
                    continue
                price = self.price(flow, at, to, is_turn, may_fork)
                if price is not None and cost + price < best.get((to, turn), 1e9):
                    best[to, turn] = cost + price
                    came[to, turn] = at, side
                    heapq.heappush(heap, (cost + price, to, turn))
        return []

    def _point(self, code: str) -> Step:
        x, y = self.places.nodes[code].middle
        box = self.places.nodes[code]
        i = self.xs.index(x)
        if y in self.ys:
            return i, self.ys.index(y)
        return i, bisect_right(self.ys, box.y + box.height)  # a boundary event: the line below it

    def take(self, flow: Flow, steps: Sequence[Step]) -> None:
        """Note that an arrow runs here."""
        for pair in pairwise(steps):
            self.used.setdefault(frozenset(pair), []).append(flow)
        for one, at, other in zip(steps, steps[1:], steps[2:], strict=False):
            is_bend = one[0] != other[0] and one[1] != other[1]
            self.met.setdefault(at, []).append((flow.target, is_bend))


def ways_of(diagram: Diagram, places: Places) -> dict[str, list[Point]]:
    """The points of each arrow between nodes that have a place."""
    lines, nodes = _Lines(places), places.nodes

    def far(flow: Flow) -> float:
        (x1, y1), (x2, y2) = nodes[flow.source].middle, nodes[flow.target].middle
        return abs(x1 - x2) + abs(y1 - y2)

    found: dict[str, list[Point]] = {}
    flows = [flow for flow in diagram.flows if flow.source in nodes and flow.target in nodes]
    for flow in sorted(flows, key=lambda flow: (flow.code in places.back, far(flow))):
        steps = lines.way(flow) or lines.way(flow, may_fork=True)
        lines.take(flow, steps)
        points = [(places.xs[i], places.ys[j]) for i, j in steps]
        if len(points) < 2:
            points = [nodes[flow.source].middle, nodes[flow.target].middle]
        if points[0] != nodes[flow.source].middle:
            points.insert(0, nodes[flow.source].middle)
        found[flow.code] = _clipped(_corners(points), nodes[flow.source], nodes[flow.target])
    return found


def _corners(points: Sequence[Point]) -> list[Point]:
    """Without the points that lie on a straight line."""
    kept = [points[0]]
    for one, at, other in zip(points, points[1:], points[2:], strict=False):
        if not (one[0] == at[0] == other[0] or one[1] == at[1] == other[1]):
            kept.append(at)
    return [*kept, points[-1]]


def _clipped(points: list[Point], source: Box, target: Box) -> list[Point]:
    """From border to border."""
    return [
        _border(source, points[1]), *points[1:-1], _border(target, points[-2]),
    ]  # fmt: skip


def _border(box: Box, towards: Point) -> Point:
    x, y = box.middle
    if towards[0] != x:
        return (box.x + box.width if towards[0] > x else box.x), y
    return x, (box.y + box.height if towards[1] > y else box.y)


def label_boxes(
    names: Mapping[str, str], places: Places, ways: Mapping[str, Sequence[Point]]
) -> dict[str, Box]:
    """Where the names of events, gateways and arrows stand: where least is in the way."""
    lines = [_thick(*pair) for points in ways.values() for pair in pairwise(points)]
    full = [*places.nodes.values()]
    found: dict[str, Box] = {}
    for code, name in names.items():
        wide, tall = text_size(name)
        choices = (
            _along(ways[code], wide, tall) if code in ways else _beside(places.nodes[code], wide, tall)
        )  # fmt: skip
        found[code] = min(
            choices,
            key=lambda box: sum(box.overlaps(line) for line in lines) + 3 * sum(box.overlaps(other) for other in full),
        )  # fmt: skip
        full.append(found[code])
    return found


def text_size(text: str) -> tuple[float, float]:
    """Width and height of a name as it is drawn: 11 px, at most 90 px wide."""
    wide = sum(11.5 if unicodedata.east_asian_width(sign) in "WF" else 6.2 for sign in text) + 4
    return (wide, 14) if wide <= 90 else (90, 14 * (1 + wide // 84))


def _thick(one: Point, other: Point) -> Box:
    (x1, x2), (y1, y2) = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return Box(x1 - 2, y1 - 2, x2 - x1 + 4, y2 - y1 + 4)


def _beside(box: Box, wide: float, tall: float) -> Iterator[Box]:
    """Below, above, then at the corners."""
    x, y = box.middle
    below, above = box.y + box.height + 2, box.y - 2 - tall
    right, left = x + box.width / 4 + 4, x - box.width / 4 - 4 - wide
    for at_x, at_y in (
        (x - wide / 2, below), (x - wide / 2, above), (right, above), (right, below - 6), (left, above), (left, below - 6),
    ):  # fmt: skip
        yield Box(at_x, at_y, wide, tall)
    yield Box(box.x + box.width + 4, y - tall - 3, wide, tall)


def _along(points: Sequence[Point], wide: float, tall: float) -> Iterator[Box]:
    """Beside the arrow, the nearer to its beginning the better; not on the stroke of a default."""
    for (x1, y1), (x2, y2) in pairwise(points):
        if y1 == y2:
            near = x1 + 12 if x2 > x1 else x1 - 12 - wide
            yield Box(near, y1 - 3 - tall, wide, tall)
            yield Box(near, y1 + 3, wide, tall)
        else:
            near = y1 + 4 if y2 > y1 else y1 - 4 - tall
            yield Box(x1 + 8, near, wide, tall)
            yield Box(x1 - 8 - wide, near, wide, tall)
