"""The check of packs: what ships passes, prepared bad ones fail for the right reason."""

import re

import pytest

from dianheng.workflow.errors import NoPack
from dianheng.workflow.packs import check, read_pack
from dianheng.workflow.packs.diagram import read_diagram
from dianheng.workflow.packs.layout import laid_out
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.registry import Service, all_services

from .diagrams import CALLED, PARALLEL, diagram, process

SHIPPED = shipped_folders()
BOOK = Service("stock.book", "Book", ("device", "count"), lambda **_: {})


@pytest.fixture
def pack(tmp_path):
    """A copy of the order that ships, to spoil."""
    source = next(p for p in SHIPPED if p.name == "work_order")
    for path in source.rglob("*.*"):
        target = tmp_path / path.relative_to(source)
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_bytes(path.read_bytes())
    return tmp_path


def spoil(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert re.search(old, text), f"{old} is not in {name}"
    path.write_text(re.sub(old, new, text, count=1), encoding="utf-8")


def found(folder, services=None, posts=None):
    return [(f.code, f.where) for f in check(read_pack(folder), services or {}, posts)]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
def test_what_ships_passes(folder):
    assert [str(f) for f in check(read_pack(folder), all_services())] == []


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "where"),
    [
        ("pack.toml", r'posts = \["HEAD"\]', 'posts = ["HEAD", "KEEPER"]', "same_post", "KEEPER"),
        ("process.bpmn", r'<sequenceFlow id="work_confirm"[^/]*/>', "", "dead_end", "work"),
        ("pack.toml", r'form = "work"\nhours = 40', 'form = "work"', "time_limit", "work"),
        ("pack.toml", r'form = "work"', 'form = "gone"', "form", "work"),
        ("process.bpmn", r'<userTask id="work"[^/]*/>', '<scriptTask id="work"><script>1</script></scriptTask>', "script", "work"),
        ("process.bpmn", r'<userTask id="work"[^/]*/>', '<serviceTask id="work"/>', "service", "work"),
        ("process.bpmn", r' default="decided_work"', "", "gateway", "decided"),
        ("process.bpmn", r"<endEvent id=\"done\"", '<userTask id="lost" name="x"/><endEvent id="done"', "unreachable", "lost"),
        ("process.bpmn", r"assign\.opinion == 'reject'", "assign.__class__", "condition", "decided_refused"),
        ("process.bpmn", r"assign\.opinion == 'reject'", "nobody.opinion == 'x'", "condition", "decided_refused"),
        ("process.bpmn", r"<flowNodeRef>work</flowNodeRef>", "", "lane", "work"),
        ("pack.toml", r"\[tasks\.confirm\]", "[tasks.other]", "task", "confirm"),
        ("pack.toml", r', en = "Work order"', "", "text", "pack.toml"),
        ("forms/work.json", r'"format": "date"', '"format": "hologram"', "form", "forms/work.json"),
        ("forms/apply.json", r"kind == 'other'", "nothing == 1", "form", "forms/apply.json"),
        ("forms/apply.json", r'"required": \["subject"', '"required": ["absent"', "form", "forms/apply.json"),
        ("pack.toml", r'role = "approve"', 'role = "nod"', "role", "assign"),
        ("pack.toml", r'unit = "above"', 'unit = "beside"', "lane", "负责人"),
        ("process.bpmn", r'<userTask id="work"[^/]*/>', '<callActivity id="work" calledElement="gone"/>', "call", "work"),
    ],
    ids=[
        "same-post", "dead-end", "no-time-limit", "missing-form", "script", "service-without-name",
        "incomplete-gateway", "unreachable", "python-in-condition", "condition-of-nothing", "no-lane",
        "task-without-plan", "one-language", "unknown-field", "condition-in-form", "required-unknown",
        "role", "unit", "call-of-nothing",
    ],
)  # fmt: skip
def test_a_bad_pack_fails_with_the_reason(pack, name, old, new, code, where):
    spoil(pack, name, old, new)
    assert code in [c for c, w in found(pack) if where == w]


def test_a_loop_without_exit_never_ends(pack):
    spoil(
        pack,
        "process.bpmn",
        r'sourceRef="accepted" targetRef="done"',
        'sourceRef="accepted" targetRef="work"',
    )
    spoil(
        pack,
        "process.bpmn",
        r'sourceRef="decided" targetRef="refused"',
        'sourceRef="decided" targetRef="work"',
    )
    codes = found(pack)
    assert ("no_end", "work") in codes and ("unreachable", "done") in codes


def test_a_service_is_known_and_gets_what_it_wants(pack):
    spoil(pack, "process.bpmn", r'<userTask id="work"[^/]*/>', '<serviceTask id="work" name="w"/>')
    text = 'service = "stock.book"\ninputs = { device = "apply.subject", amount = "1 +" }\ntitle'
    spoil(pack, "pack.toml", r'form = "work"\nhours = 40\ntitle', text)
    services = {BOOK.name: BOOK}
    reasons = {str(f) for f in check(read_pack(pack), services) if f.code in ("inputs", "service")}
    assert {r.split(": ", 1)[1] for r in reasons} == {
        "“stock.book”需要输入“count”", "“stock.book”没有输入“amount”", "“amount”: “1 +” is no expression",
    }  # fmt: skip
    assert ("service", "work") in found(pack, {})


def test_posts_are_asked_where_there_is_a_company(pack):
    assert found(pack, posts={"HEAD"})[0] == ("post", "经办")
    assert found(pack, posts=set(read_pack(pack).lanes["经办"].posts) | {"HEAD"}) == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("pack.toml", None, "pack.toml cannot be read"),
        ("process.bpmn", None, "process.bpmn cannot be read"),
        ("pack.toml", b"code = ", "pack.toml"),
        ("pack.toml", b'code = "x"', "has no"),
        ("pack.toml", b"\xff\xfe", "pack.toml"),
        ("forms/work.json", b"[]", "form work is no object"),
        ("forms/work.json", b"[" * 100_000, "form work"),
        ("forms/work.json", b" " * 200_001, "larger"),
    ],
    ids=["no-plan", "no-diagram", "half", "no-version", "binary", "list", "deep", "large"],
)  # fmt: skip
def test_a_folder_that_is_no_pack_says_why(pack, name, content, why):
    if content is None:
        (pack / name).unlink()
    else:
        (pack / name).write_bytes(content)
    with pytest.raises(NoPack, match=why):
        read_pack(pack)


def test_the_digest_changes_with_every_file(pack):
    first = read_pack(pack).digest
    spoil(pack, "forms/work.json", "工时", "工 时")
    assert read_pack(pack).digest != first


def test_a_called_process_and_timers_are_part_of_the_graph():
    graph = read_diagram(diagram(process("p", PARALLEL)))
    assert graph.nodes["late"].attached_to == "leader" and graph.nodes["late"].timer == "PT8H"
    assert "urged" in graph.reached_from(["begin"])
    assert read_diagram(diagram(process("c", CALLED))).nodes["check"].calls == "below"


def test_a_diagram_without_coordinates_gets_them_once():
    drawn = laid_out(diagram(process("p", PARALLEL)))
    # One pool around four lanes, twelve nodes.
    assert drawn.count(b"BPMNShape ") == 1 + 4 + 12 and drawn.count(b"BPMNEdge ") == 11
    assert laid_out(drawn) == drawn
