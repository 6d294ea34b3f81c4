"""Where the nodes of a diagram stand that has no coordinates.

Lanes are bands, steps go from left to right. What follows in another lane stands above or below
what leads to it where nothing is in between, so that a process stays narrow enough to be read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .diagram import Diagram, Node

SIZES = {"Event": (36, 36), "Gateway": (50, 50)}
TASK = (120, 76)
HEAD = 30  # width of the name of the pool, and of a lane
GUTTER = 48  # between columns; arrows run in it
MARGIN = 30  # between a lane's border and its nodes
GAP = 44  # between two rows of a lane
TRACKS = (12, 22)  # where arrows run above and below a row
BESIDE = 30  # a boundary event stands right of the middle of its task

Row = tuple[int, int]  # lane, row in it
Cell = tuple[Row, int]  # row, column


@dataclass(frozen=True)
class Box:
    """A rectangle; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it or on its border."""
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height

    def overlaps(self, other: "Box") -> bool:
        """Whether they have more than a border in common."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True)
class Places:
    """Boxes of nodes and lanes, and the lines on which arrows may run."""

    nodes: Mapping[str, Box]
    lanes: Mapping[str, Box]  # by name; empty: there are none
    whole: Box
    xs: Sequence[float]
    ys: Sequence[float]
    back: frozenset[str]  # flows that lead back to something on the way there


def places_of(diagram: Diagram) -> Places:
    """Places of the nodes of the file's first process."""
    main = diagram.processes[0] if diagram.processes else ""
    nodes = [node for node in diagram.nodes.values() if node.process == main]
    lanes = list(dict.fromkeys(node.lane for node in nodes if node.lane))
    back = _back_flows(diagram, nodes)
    cells = _cells(diagram, nodes, lanes, back)
    sizes = [(cell, *_size(diagram.nodes[code])) for code, cell in cells.items()]
    middles, gutters, width = _columns(sizes, 2 * HEAD if lanes else 0)
    rows, bands, height = _rows(sizes)
    boxes = {
        code: _around(middles[column], rows[row][0], diagram.nodes[code])
        for code, (row, column) in cells.items()
    }
    for node in nodes:
        if node.attached_to in boxes:
            host = boxes[node.attached_to]
            boxes[node.code] = _around(host.middle[0] + BESIDE, host.y + host.height, node)
    tracks = {y + (tall / 2 + t) * side for y, tall in rows.values() for t in TRACKS for side in (-1, 1)}  # fmt: skip
    return Places(
        boxes,
        {
            lane: Box(HEAD, top, width - HEAD, tall)
            for lane, (top, tall) in zip(lanes, bands, strict=False)
        },
        Box(0, 0, width, height),
        sorted({box.middle[0] for box in boxes.values()} | gutters),
        sorted({y for y, _tall in rows.values()} | tracks),
        frozenset(back),
    )


def _size(node: Node) -> tuple[int, int]:
    return next((size for kind, size in SIZES.items() if node.kind.endswith(kind)), TASK)


def _around(x: float, y: float, node: Node) -> Box:
    wide, tall = _size(node)
    return Box(x - wide / 2, y - tall / 2, wide, tall)


def _columns(
    sizes: Sequence[tuple[Cell, int, int]], left: float
) -> tuple[list[float], set[float], float]:
    """The middle of each column, the lines between them, and where the last one ends."""
    middles: list[float] = []
    gutters: set[float] = set()
    for column in range(1 + max((at for (_row, at), _w, _h in sizes), default=-1)):
        wide = max((wide for (_row, at), wide, _h in sizes if at == column), default=0)
        gutters |= {left + GUTTER * part / 4 for part in (1, 2, 3)}
        middles.append(left + GUTTER + wide / 2)
        left += GUTTER + wide
    gutters |= {left + GUTTER * part / 4 for part in (1, 2, 3)}
    return middles, gutters, left + GUTTER


def _rows(
    sizes: Sequence[tuple[Cell, int, int]],
) -> tuple[dict[Row, tuple[float, float]], list[tuple[float, float]], float]:
    """Middle and height of each row, top and height of each lane, and where the last one ends."""
    rows: dict[Row, tuple[float, float]] = {}
    bands: list[tuple[float, float]] = []
    top = 0.0
    for lane in range(1 + max((at for ((at, _row), _c), _w, _h in sizes), default=-1)):
        y = top + MARGIN
        for row in range(1 + max((r for ((at, r), _c), _w, _h in sizes if at == lane), default=0)):
            here = [tall for (at, _column), _w, tall in sizes if at == (lane, row)]
            tall = max(here, default=TASK[1])
            y += GAP if row else 0
            rows[lane, row] = y + tall / 2, tall
            y += tall
        bands.append((top, y + MARGIN - top))
        top = y + MARGIN
    return rows, bands, top


@dataclass
class _Taken:
    """Cells that nodes stand in, and arrows that run up or down through a column."""

    cells: dict[str, Cell] = field(default_factory=dict)
    ways: list[tuple[int, Row, Row]] = field(default_factory=list)

    def is_free(self, cell: Cell) -> bool:
        row, column = cell
        return cell not in self.cells.values() and not any(
            at == column and high < row < low for at, high, low in self.ways
        )

    def is_open(self, column: int, one: Row, other: Row) -> bool:
        """Whether nothing stands between two rows of a column."""
        high, low = sorted((one, other))
        return not any(at == column and high < row < low for row, at in self.cells.values())


def _cells(
    diagram: Diagram, nodes: Sequence[Node], lanes: Sequence[str], back: set[str]
) -> dict[str, Cell]:
    """Row and column of each node: first of the way itself, then of where it ends."""
    rank, taken = _ranks(diagram, nodes, back), _Taken()
    order = [node for node in nodes if not node.attached_to]
    order.sort(key=lambda node: (node.kind == "endEvent", rank[node.code]))
    for node in order:
        sources = [
            diagram.nodes[flow.source]
            for flow in diagram.flows
            if flow.target == node.code and flow.code not in back and flow.source in rank
        ]
        before = [taken.cells[s.attached_to or s.code] for s in sources]
        is_beside = any(source.attached_to for source in sources)
        lane = lanes.index(node.lane) if node.lane else before[0][0][0] if before else 0
        cell = next(_choices(node, lane, before, is_beside, taken))
        taken.ways += [(cell[1], *sorted((cell[0], row))) for row, column in before if column == cell[1]]  # fmt: skip
        taken.cells[node.code] = cell
    return taken.cells


def _choices(
    node: Node, lane: int, before: Sequence[Cell], is_beside: bool, taken: _Taken
) -> Iterator[Cell]:
    """Free cells for a node, the best first."""
    base = max((column for _row, column in before), default=-1)
    last = [row for row, column in before if column == base]
    same = [row for row in last if row[0] == lane]
    wanted: list[Cell] = []
    if last and not same and not is_beside and all(taken.is_open(base, row, (lane, 0)) for row in last):  # fmt: skip
        wanted.append(((lane, 0), base))
    wanted.append((same[0] if same else (lane, 0), base + 1))
    if same and node.kind == "endEvent":
        wanted.append(((lane, same[0][1] + 1), base))
    wanted += [((lane, row), base + 1) for row in range(len(taken.cells) + 1)]
    yield from filter(taken.is_free, wanted)


def _ranks(diagram: Diagram, nodes: Sequence[Node], back: set[str]) -> dict[str, int]:
    """Steps before each node: the longest way to it that goes round no loop."""
    rank = dict.fromkeys((node.code for node in nodes), 0)
    for _ in nodes:
        for flow in diagram.flows:
            if flow.source in rank and flow.target in rank and flow.code not in back:
                rank[flow.target] = max(rank[flow.target], rank[flow.source] + 1)
        for node in nodes:
            if node.attached_to in rank:
                rank[node.code] = rank[node.attached_to]
    return rank


def _back_flows(diagram: Diagram, nodes: Sequence[Node]) -> set[str]:
    """Arrows that lead back to something on the way here."""
    back: set[str] = set()
    done: set[str] = set()

    def walk(code: str, way: tuple[str, ...]) -> None:
        for flow in diagram.out_of(code):
            if flow.target in way or flow.target == code:
                back.add(flow.code)
            elif flow.target not in done:
                walk(flow.target, (*way, code))
        done.add(code)

    for node in nodes:
        if node.kind == "startEvent" or node.attached_to:
            walk(node.code, ())
    return back
