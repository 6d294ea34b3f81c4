"""Coordinates for a diagram that has none: lanes as rows, the longest way as columns.

A modeller draws its own; packs written by hand or by a program come without.
"""

from collections.abc import Mapping

from lxml import etree

from ..engine import BPMN, read_xml
from .diagram import Diagram, Node, read_diagram

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
SIZES = {"Event": (36, 36), "Gateway": (50, 50)}
TASK = (110, 72)
COLUMN, ROW, LEFT, TOP, HEAD = 160, 104, 40, 20, 30


def named(body: bytes, title: str, lanes: Mapping[str, str], nodes: Mapping[str, str]) -> bytes:
    """The file with other names: of the process, of lanes by their name, of steps by their key.

    What has no other name, as gateways and events, keeps its own.
    """
    tree = read_xml(body)
    for one in tree.iter(etree.Element):
        kind, own = etree.QName(one).localname, one.get("name", "")
        if kind in {"process", "participant"}:
            name = title
        elif kind == "lane":
            name = lanes.get(own)
        else:
            name = nodes.get(one.get("id", ""))
        if name and own:
            one.set("name", name)
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")


def laid_out(body: bytes) -> bytes:
    """The file with coordinates; as it is when it has them.

    Raises:
        NoDiagram: it is no BPMN.
    """
    tree = read_xml(body)
    if tree.find(f"{{{DI}}}BPMNDiagram") is not None:
        return body
    diagram = read_diagram(body)
    places, height = _places(diagram)
    process = next(tree.iter(f"{{{BPMN}}}process"))
    width = max((x for x, _y in places.values()), default=0) + COLUMN
    shown = process.get("id", "")
    if height:  # lanes are drawn inside a pool only
        pool = etree.SubElement(tree, f"{{{BPMN}}}collaboration", id="pools")
        name = process.get("name", "")
        etree.SubElement(pool, f"{{{BPMN}}}participant", id="pool", name=name, processRef=shown)
        tree.insert(0, pool)
        shown = "pools"
    root = etree.SubElement(
        tree, f"{{{DI}}}BPMNDiagram", id="diagram", nsmap={"bpmndi": DI, "dc": DC, "di": DD}
    )
    plane = etree.SubElement(root, f"{{{DI}}}BPMNPlane", id="plane", bpmnElement=shown)
    if height:
        whole = sum(tall for _top, tall in height.values())
        _shape(plane, "pool", 0, TOP, width, whole).set("isHorizontal", "true")
    for lane in tree.iter(f"{{{BPMN}}}lane"):
        name = lane.get("name") or lane.get("id", "")
        if name in height:
            top, tall = height[name]
            lane_shape = _shape(plane, lane.get("id", ""), HEAD, top, width - HEAD, tall)
            lane_shape.set("isHorizontal", "true")
    for code, (x, y) in places.items():
        wide, tall = _size(diagram.nodes[code])
        _shape(plane, code, x - wide // 2, y - tall // 2, wide, tall)
    for flow in diagram.flows:
        if flow.source in places and flow.target in places:
            edge = etree.SubElement(
                plane, f"{{{DI}}}BPMNEdge", id=f"{flow.code}_di", bpmnElement=flow.code
            )
            for x, y in _way(diagram, places, flow.source, flow.target):
                etree.SubElement(edge, f"{{{DD}}}waypoint", x=str(x), y=str(y))
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _size(node: Node) -> tuple[int, int]:
    return next((size for kind, size in SIZES.items() if node.kind.endswith(kind)), TASK)


def _places(diagram: Diagram) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
    """Middle of each node, and top and height of each lane."""
    main = diagram.processes[0] if diagram.processes else ""
    nodes = [node for node in diagram.nodes.values() if node.process == main]
    rank = _ranks(diagram, nodes)
    lanes = list(dict.fromkeys(node.lane for node in nodes if node.lane)) or [""]
    rows: dict[str, dict[int, list[str]]] = {lane: {} for lane in lanes}
    for node in nodes:
        if not node.attached_to:
            lane = node.lane or _nearby(diagram, node, lanes)
            rows[lane].setdefault(rank[node.code], []).append(node.code)
    places, height, top = {}, {}, TOP
    for lane in lanes:
        deep = max((len(codes) for codes in rows[lane].values()), default=1)
        height[lane] = (top, deep * ROW + HEAD)
        for column, codes in rows[lane].items():
            for place, code in enumerate(codes):
                y = top + (deep * ROW + HEAD) * (2 * place + 1) // (2 * len(codes))
                places[code] = (LEFT + column * COLUMN + COLUMN // 2, y)
        top += deep * ROW + HEAD
    for node in nodes:
        if node.attached_to in places:
            x, y = places[node.attached_to]
            places[node.code] = (x + 20, y + TASK[1] // 2)
    return places, height if lanes != [""] else {}


def _nearby(diagram: Diagram, node: Node, lanes: list[str]) -> str:
    """The lane of what leads here, for nodes that lie in none."""
    for flow in diagram.flows:
        if flow.target == node.code and diagram.nodes[flow.source].lane:
            return diagram.nodes[flow.source].lane
    return lanes[0]


def _ranks(diagram: Diagram, nodes: list[Node]) -> dict[str, int]:
    """Column of each node: the longest way to it that goes round no loop."""
    rank = dict.fromkeys((node.code for node in nodes), 0)
    loops = _back_flows(diagram, nodes)
    for _ in nodes:
        for flow in diagram.flows:
            if flow.source in rank and flow.target in rank and flow.code not in loops:
                rank[flow.target] = max(rank[flow.target], rank[flow.source] + 1)
        for node in nodes:
            if node.attached_to in rank:
                rank[node.code] = rank[node.attached_to]
    return rank


def _back_flows(diagram: Diagram, nodes: list[Node]) -> set[str]:
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


def _way(
    diagram: Diagram, places: dict[str, tuple[int, int]], source: str, target: str
) -> list[tuple[int, int]]:
    (x1, y1), (x2, y2) = places[source], places[target]
    (w1, h1), (w2, h2) = _size(diagram.nodes[source]), _size(diagram.nodes[target])
    if diagram.nodes[source].attached_to:
        return [(x1, y1 + h1 // 2), (x1, y2), (x2 - w2 // 2, y2)]
    if x2 > x1:
        middle = (x1 + w1 // 2 + x2 - w2 // 2) // 2
        bend = [(middle, y1), (middle, y2)] if y1 != y2 else []
        return [(x1 + w1 // 2, y1), *bend, (x2 - w2 // 2, y2)]
    under = max(y1 + h1 // 2, y2 + h2 // 2) + 14  # back, below both
    return [(x1, y1 + h1 // 2), (x1, under), (x2, under), (x2, y2 + h2 // 2)]


def _shape(
    plane: etree._Element, code: str, x: int, y: int, wide: int, tall: int
) -> etree._Element:
    shape = etree.SubElement(plane, f"{{{DI}}}BPMNShape", id=f"{code}_di", bpmnElement=code)
    bounds = {"x": x, "y": y, "width": wide, "height": tall}
    etree.SubElement(shape, f"{{{DC}}}Bounds", {name: str(value) for name, value in bounds.items()})
    return shape
