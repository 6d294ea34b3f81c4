"""Diagrams as they are drawn: nothing runs through anything, every name can be read in two languages."""

import re
from itertools import combinations, pairwise

import pytest
from lxml import etree

from dianheng.workflow.packs import read_pack
from dianheng.workflow.packs.diagram import read_diagram
from dianheng.workflow.packs.layout import DC, DD, DI, laid_out, named
from dianheng.workflow.packs.places import Box
from dianheng.workflow.packs.shipped import shipped_folders

from .diagrams import CALLED, PARALLEL, SIMPLE, diagram, process

# Six ways out of one gateway, two of them in other lanes, and a way back.
MANY = """
    start begin
    user fill 填写 @handler
    or choice default=choice_a
    user a 甲 @handler
    user b 乙 @leader
    user c 丙 @handler
    user four 丁 @leader
    or join
    xor again default=again_done
    end done
    end left
    flow begin fill
    flow fill choice
    flow choice a
    flow choice b if=fill.b
    flow choice c if=fill.c
    flow choice four if=fill.d
    flow choice left if=fill.e
    flow a join
    flow b join
    flow c join
    flow four join
    flow join again
    flow again fill if=fill.again
    flow again done
"""
OWN = {
    "simple": diagram(process("p", SIMPLE)), "parallel": diagram(process("p", PARALLEL)),
    "called": diagram(process("p", CALLED)), "many": diagram(process("p", MANY)),
}  # fmt: skip


def in_english(folder):
    pack = read_pack(folder)
    lanes, tasks = (
        {name: one.title["en"] for name, one in part.items()} for part in (pack.lanes, pack.tasks)
    )
    names = {name: texts["en"] for name, texts in pack.names.items()}
    return named(pack.bpmn, pack.title["en"], lanes, tasks | names)


DRAWN = {
    **OWN,
    **{f.name: (f / "process.bpmn").read_bytes() for f in shipped_folders()},
    **{f"{f.name} in English": in_english(f) for f in shipped_folders()},
}


@pytest.fixture(params=DRAWN, ids=str)
def drawn(request):
    """The graph, boxes of nodes, lines of arrows, boxes of names."""
    body = DRAWN[request.param]
    tree, graph = etree.fromstring(laid_out(body)), read_diagram(body)
    shapes = {one.get("bpmnElement"): one for one in tree.iter(f"{{{DI}}}BPMNShape")}
    nodes = {code: box(one.find(f"{{{DC}}}Bounds")) for code, one in shapes.items() if code in graph.nodes}  # fmt: skip
    ways, names = {}, {}
    for one in tree.iter(f"{{{DI}}}BPMNShape", f"{{{DI}}}BPMNEdge"):
        code = one.get("bpmnElement")
        if (label := one.find(f"{{{DI}}}BPMNLabel")) is not None:
            names[code] = box(label[0])
        if points := [(float(p.get("x")), float(p.get("y"))) for p in one.iter(f"{{{DD}}}waypoint")]:  # fmt: skip
            ways[code] = points
    return graph, nodes, ways, names


def box(bounds):
    return Box(*(float(bounds.get(side)) for side in ("x", "y", "width", "height")))


def line(one, other):
    """A stretch of an arrow with some air around it."""
    (x1, x2), (y1, y2) = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return Box(x1 - 1, y1 - 1, x2 - x1 + 2, y2 - y1 + 2)


def test_no_arrow_runs_through_a_step_and_each_ends_where_it_should(drawn):
    graph, nodes, ways, _names = drawn
    assert len(ways) == len([f for f in graph.flows if f.source in nodes])
    for flow in graph.flows:
        points = ways[flow.code]
        assert nodes[flow.source].holds(*points[0]) and nodes[flow.target].holds(*points[-1])
        for one, other in pairwise(points):
            assert one[0] == other[0] or one[1] == other[1], "arrows run straight up, down, across"
            hit = [
                code for code, found in nodes.items()
                if code not in (flow.source, flow.target, graph.nodes[flow.source].attached_to)
                and found.overlaps(line(one, other))
            ]  # fmt: skip
            assert hit == [], flow.code


def test_arrows_lie_on_each_other_only_where_they_lead_to_the_same_step(drawn):
    graph, _nodes, ways, _names = drawn
    for one, other in combinations(graph.flows, 2):
        fork = one.source == other.source and len(graph.out_of(one.source)) > 3
        if one.target == other.target or fork:
            continue
        for first in pairwise(ways[one.code]):
            for second in pairwise(ways[other.code]):
                assert not together(first, second), (one.code, other.code)


def together(first, second):
    """Whether two stretches run along each other."""
    for axis in (0, 1):
        level = {first[0][axis], first[1][axis], second[0][axis], second[1][axis]}
        if len(level) == 1:
            a, b = sorted(p[1 - axis] for p in first), sorted(p[1 - axis] for p in second)
            return min(a[1], b[1]) - max(a[0], b[0]) > 0
    return False


@pytest.mark.parametrize("name", DRAWN)
def test_everything_has_an_id_of_its_own_that_a_browser_takes(name):
    """What has another's id, or one in Chinese, is left out of the drawing without a word."""
    tree = etree.fromstring(laid_out(DRAWN[name]))
    ids = [one.get("id") for one in tree.iter(etree.Element) if one.get("id")]
    assert len(ids) == len(set(ids))
    assert [one for one in ids if not re.fullmatch(r"[A-Za-z_][\w.-]*", one, re.A)] == []


def test_names_lie_on_nothing_and_steps_not_on_each_other(drawn):
    _graph, nodes, ways, names = drawn
    lines = [line(*pair) for points in ways.values() for pair in pairwise(points)]
    for code, found in names.items():
        others = [one for name, one in names.items() if name != code]
        assert not any(found.overlaps(one) for one in [*nodes.values(), *lines, *others]), code
    steps = [
        found for code, found in nodes.items() if not _graph.nodes[code].attached_to
    ]  # fmt: skip
    assert not any(one.overlaps(other) for one, other in combinations(steps, 2))


@pytest.mark.parametrize("folder", shipped_folders(), ids=lambda path: path.name)
def test_every_event_gateway_and_answer_has_a_name_in_both_languages(folder):
    pack, graph = read_pack(folder), read_diagram((folder / "process.bpmn").read_bytes())
    named_nodes = {n.code for n in graph.nodes.values() if n.code not in pack.tasks}
    answers = {f.code for n in graph.nodes.values() if n.default for f in graph.out_of(n.code)}
    assert set(pack.names) == named_nodes | answers
    tree = etree.fromstring(in_english(folder))
    texts = [one.get("name") for one in tree.iter(etree.Element) if one.get("name")]
    assert [text for text in texts if not text.isascii()] == []
    drawn = {one.get("id"): one.get("name") for one in etree.fromstring(pack.bpmn).iter()}
    assert {code: drawn[code] for code in pack.names} == {c: t["zh"] for c, t in pack.names.items()}


def test_a_drawing_of_a_modeller_stays_as_it_is():
    body = laid_out(OWN["simple"])
    assert laid_out(body) == body
