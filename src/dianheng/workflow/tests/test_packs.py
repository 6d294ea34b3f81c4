"""The check of packs: what ships passes, prepared bad ones fail for the right reason."""

import json
import re

import pytest

from dianheng.workflow.errors import NoPack
from dianheng.workflow.packs import check, read_pack
from dianheng.workflow.packs.diagram import read_diagram
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
        ("pack.toml", r'posts = \["HEAD"\]', 'posts = ["HEAD", "KEEPER"]', "same_post", "pack.toml#/lanes/负责人/posts"),
        ("process.bpmn", r'<sequenceFlow id="work_confirm"[^/]*/>', "", "dead_end", "process.bpmn#work"),
        ("pack.toml", r'form = "work"\nhours = 40', 'form = "work"', "time_limit", "pack.toml#/tasks/work/hours"),
        ("pack.toml", r'form = "work"', 'form = "gone"', "form", "pack.toml#/tasks/work/form"),
        ("process.bpmn", r'<userTask id="work"[^/]*/>', '<scriptTask id="work"><script>1</script></scriptTask>', "script", "process.bpmn#work"),
        ("process.bpmn", r'<userTask id="work"[^/]*/>', '<serviceTask id="work"/>', "service", "pack.toml#/tasks/work/service"),
        ("process.bpmn", r' default="decided_work"', "", "gateway", "process.bpmn#decided"),
        ("process.bpmn", r"<endEvent id=\"done\"", '<userTask id="lost" name="x"/><endEvent id="done"', "unreachable", "process.bpmn#lost"),
        ("process.bpmn", r"assign\.opinion == 'reject'", "assign.__class__", "condition", "process.bpmn#decided_refused"),
        ("process.bpmn", r"assign\.opinion == 'reject'", "nobody.opinion == 'x'", "condition", "process.bpmn#decided_refused"),
        ("process.bpmn", r"<flowNodeRef>work</flowNodeRef>", "", "lane", "process.bpmn#work"),
        ("pack.toml", r"\[tasks\.confirm\]", "[tasks.other]", "task", "process.bpmn#confirm"),
        ("pack.toml", r', en = "Work order"', "", "text", "pack.toml#/title"),
        ("forms/work.json", r'"format": "date"', '"format": "hologram"', "form", "forms/work.json#/properties/began_on/format"),
        ("forms/apply.json", r"kind == 'other'", "nothing == 1", "form", "forms/apply.json#/when/other_kind"),
        ("forms/apply.json", r'"required": \["subject"', '"required": ["absent"', "form", "forms/apply.json#/required/0"),
        ("pack.toml", r'role = "approve"', 'role = "nod"', "role", "pack.toml#/tasks/assign/role"),
        ("pack.toml", r'unit = "above"', 'unit = "beside"', "lane", "pack.toml#/lanes/负责人/unit"),
        ("process.bpmn", r'<userTask id="work"[^/]*/>', '<callActivity id="work" calledElement="gone"/>', "call", "process.bpmn#work"),
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
    assert ("no_end", "process.bpmn#work") in codes and (
        "unreachable",
        "process.bpmn#done",
    ) in codes


def test_a_service_is_known_and_gets_what_it_wants(pack):
    spoil(pack, "process.bpmn", r'<userTask id="work"[^/]*/>', '<serviceTask id="work" name="w"/>')
    text = 'service = "stock.book"\ninputs = { device = "apply.subject", amount = "1 +" }\ntitle'
    spoil(pack, "pack.toml", r'form = "work"\nhours = 40\ntitle', text)
    services = {BOOK.name: BOOK}
    reasons = {str(f) for f in check(read_pack(pack), services) if f.code in ("inputs", "service")}
    assert {r.split(": ", 1)[1] for r in reasons} == {
        "“stock.book”需要输入“count”", "“stock.book”没有输入“amount”", "“1 +”不是表达式",
    }  # fmt: skip
    assert ("service", "pack.toml#/tasks/work/service") in found(pack, {})


def test_posts_are_asked_where_there_is_a_company(pack):
    assert found(pack, posts={"HEAD"})[0] == ("post", "pack.toml#/lanes/经办/posts/0")
    assert found(pack, posts=set(read_pack(pack).lanes["经办"].posts) | {"HEAD"}) == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("pack.toml", None, "pack.toml: 无法读取"),
        ("process.bpmn", None, "process.bpmn: 无法读取"),
        ("pack.toml", b"code = 'x'\nversion = =", "pack.toml: 第 2 行第 11 列：不是 TOML"),
        ("pack.toml", b'code = "x"', "pack.toml#/version: 缺少"),
        ("pack.toml", b'code = "x"\nversion = "1"', "pack.toml#/version: 不是整数"),
        ("pack.toml", b"code = ' '", "pack.toml#/code: 未填写"),
        ("pack.toml", b"\xff\xfe", "pack.toml: 不是 UTF-8 编码"),
        ("forms/work.json", b"[]", "forms/work.json: 不是 JSON 对象"),
        ("forms/work.json", b'{"type":\n "object",}', "forms/work.json: 第 2 行第 11 列：不是 JSON"),
        ("forms/work.json", b"[" * 100_000, "forms/work.json: 不是可读取的 JSON"),
        ("forms/work.json", b" " * 200_001, "forms/work.json: 超过 200 kB"),
    ],
    ids=[
        "no-plan", "no-diagram", "half", "no-version", "version-in-quotes", "no-code", "binary",
        "list", "half-form", "deep", "large",
    ],
)  # fmt: skip
def test_a_folder_that_is_no_pack_says_why(pack, name, content, why):
    if content is None:
        (pack / name).unlink()
    else:
        (pack / name).write_bytes(content)
    with pytest.raises(NoPack) as caught:
        read_pack(pack)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("hours = 40", "hours = 'soon'", "pack.toml#/tasks/work/hours: 不是数字"),
        ("hours = 40", "hour = 40", "pack.toml#/tasks/work/hour: "),
        ("[tasks.work]", "[start]\nmonthly = 31\n[tasks.work]", "pack.toml#/start/monthly: "),
        ('posts = ["HEAD"]', 'posts = "HEAD"', "pack.toml#/lanes/负责人/posts: 不是列表"),
    ],
    ids=["hours", "unknown-key", "no-such-day", "posts"],
)
def test_a_field_of_the_wrong_kind_is_named_with_its_place(pack, old, new, why):
    spoil(pack, "pack.toml", re.escape(old), new)
    with pytest.raises(NoPack) as caught:
        read_pack(pack)
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"order": 5}, "forms/work.json#/order"),
        ({"when": "always"}, "forms/work.json#/when"),
        ({"prefill": ["work"]}, "forms/work.json#/prefill"),
        ({"type": "thing"}, "forms/work.json#/type"),
        ({"compute": {"a/b": "1 +"}}, "forms/work.json#/compute/a~1b"),
    ],
    ids=["order", "when", "prefill", "schema", "pointer-with-a-stroke"],
)
def test_a_faulty_form_is_named_with_file_and_place(pack, change, where):
    path = pack / "forms/work.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    assert ("form", where) in found(pack)


def test_an_id_is_given_once(pack):
    spoil(pack, "process.bpmn", '<process id="work_order"', '<process id="work"')
    assert ("twice", "process.bpmn#work") in found(pack)


def test_an_id_that_the_browser_does_not_draw_is_said_once_with_the_way_out(pack):
    for name in ("process.bpmn", "pack.toml"):
        path = pack / name
        text = path.read_text("utf-8")
        path.write_text(
            re.sub(
                r'"work"|tasks\.work|(?<=>)work(?=<)', lambda m: m[0].replace("work", "办理"), text
            )
            .replace("[tasks.办理]", '[tasks."办理"]')
            .replace('form = "办理"', 'form = "work"'),
            "utf-8",
        )
    (fault,) = check(read_pack(pack), {})
    assert (fault.code, fault.where) == ("id", "process.bpmn#办理")
    assert "userTask" in fault.text and "请在绘图工具中修改" in fault.text


def test_lanes_have_ids_of_their_own_where_the_file_is_laid_out_here(pack):
    spoil(pack, "process.bpmn", 'id="lane_1"', 'id="经办"')
    assert found(pack) == []
    drawn = '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" id="d1"/></definitions>'
    spoil(pack, "process.bpmn", "</definitions>", drawn)
    assert found(pack) == [("id", "process.bpmn#经办")]


def test_steps_that_are_kept_apart_are_other_steps_of_people(pack):
    spoil(pack, "pack.toml", 'form = "work"', 'form = "work"\napart = ["apply", "work", "decided"]')
    wrong = [f"pack.toml#/tasks/work/apart/{n}" for n in (1, 2)]
    assert found(pack) == [("apart", where) for where in wrong]


def test_names_of_what_is_not_drawn_and_names_in_one_language_are_faults(pack):
    spoil(pack, "pack.toml", r"\nbegin = .*", '\nbegan = { zh = "开始", en = "Start" }')
    spoil(pack, "pack.toml", r"\ndone = .*", '\ndone = { zh = "办结" }')
    assert found(pack) == [("name", "pack.toml#/names/began"), ("text", "pack.toml#/names/done")]


def test_the_digest_changes_with_every_file(pack):
    first = read_pack(pack).digest
    spoil(pack, "forms/work.json", "工时", "工 时")
    assert read_pack(pack).digest != first


def test_a_called_process_and_timers_are_part_of_the_graph():
    graph = read_diagram(diagram(process("p", PARALLEL)))
    assert graph.nodes["late"].attached_to == "leader" and graph.nodes["late"].timer == "PT8H"
    assert "urged" in graph.reached_from(["begin"])
    assert read_diagram(diagram(process("c", CALLED))).nodes["check"].calls == "below"
