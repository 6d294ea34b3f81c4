"""Coordinates for a diagram that has none, and its names in the language of the page.

A modeller draws its own; packs written by hand or by a program come without.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from lxml import etree

from ..engine import BPMN, read_xml
from .diagram import read_diagram
from .places import Box, places_of
from .routes import label_boxes, ways_of

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"


def named(body: bytes, title: str, lanes: Mapping[str, str], nodes: Mapping[str, str]) -> bytes:
    """The file with other names: of the process, of lanes by their name, of the rest by its key.

    What has no other name keeps its own.
    """
    tree = read_xml(body)
    for one in tree.iter(etree.Element):
        kind, own = etree.QName(one).localname, one.get("name", "")
        if kind in {"process", "participant"}:
            name: str | None = title
        elif kind == "lane":
            name = lanes.get(own)
        else:
            name = nodes.get(one.get("id", "")) if own else None
        if name:
            one.set("name", name)
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))


@lru_cache(maxsize=128)
def laid_out(body: bytes) -> bytes:
    """The file with coordinates; as it is when it has them.

    Raises:
        NoDiagram: it is no BPMN.
    """
    tree = read_xml(body)
    if tree.find(f"{{{DI}}}BPMNDiagram") is not None:
        return body
    diagram = read_diagram(body)
    places = places_of(diagram)
    ways = ways_of(diagram, places)
    labels = label_boxes(_labels(tree, [*places.nodes, *ways]), places, ways)
    process = next(tree.iter(f"{{{BPMN}}}process"))
    shown = process.get("id", "")
    if places.lanes:  # lanes are drawn inside a pool only
        pool = etree.SubElement(tree, f"{{{BPMN}}}collaboration", id="_pools")
        name = process.get("name", "")
        etree.SubElement(pool, f"{{{BPMN}}}participant", id="_pool", name=name, processRef=shown)
        tree.insert(0, pool)
        shown = "_pools"
    root = etree.SubElement(
        tree, f"{{{DI}}}BPMNDiagram", id="_diagram", nsmap={"bpmndi": DI, "dc": DC, "di": DD}
    )
    plane = etree.SubElement(root, f"{{{DI}}}BPMNPlane", id="_plane", bpmnElement=shown)
    if places.lanes:
        _shape(plane, "_pool", places.whole).set("isHorizontal", "true")
    for number, lane in enumerate(tree.iter(f"{{{BPMN}}}lane"), 1):
        box = places.lanes.get(lane.get("name") or lane.get("id", ""))
        if box:
            lane.set("id", f"lane_{number}_")  # nothing names it, and a drawing wants plain letters
            _shape(plane, lane.get("id", ""), box).set("isHorizontal", "true")
    for code, box in places.nodes.items():
        _label(_shape(plane, code, box), labels.get(code))
    for code, points in ways.items():
        edge = etree.SubElement(plane, f"{{{DI}}}BPMNEdge", id=f"{code}_di", bpmnElement=code)
        for x, y in points:
            etree.SubElement(edge, f"{{{DD}}}waypoint", x=f"{x:g}", y=f"{y:g}")
        _label(edge, labels.get(code))
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _labels(tree: etree._Element, codes: Sequence[str]) -> dict[str, str]:
    """Names that stand beside what they name: of events, gateways and arrows."""
    outside = ("Event", "Gateway", "sequenceFlow")
    return {
        one.get("id", ""): one.get("name", "")
        for one in tree.iter(etree.Element)
        if one.get("name") and one.get("id") in codes and one.tag.endswith(outside)
    }


def _shape(plane: etree._Element, code: str, box: Box) -> etree._Element:
    shape = etree.SubElement(plane, f"{{{DI}}}BPMNShape", id=f"{code}_di", bpmnElement=code)
    _bounds(shape, box)
    return shape


def _label(shape: etree._Element, box: Box | None) -> None:
    if box:
        _bounds(etree.SubElement(shape, f"{{{DI}}}BPMNLabel"), box)


def _bounds(parent: etree._Element, box: Box) -> None:
    sides = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    etree.SubElement(parent, f"{{{DC}}}Bounds", {name: f"{v:g}" for name, v in sides.items()})
