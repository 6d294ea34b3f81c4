"""What a diagram may hold beside plain steps: stored between steps, sent back across."""

from datetime import UTC, datetime

import pytest

from dianheng.workflow.engine import parse, restore, start
from dianheng.workflow.packs.check import check
from dianheng.workflow.packs.diagram import read_diagram
from dianheng.workflow.packs.pack import FormPlan, Lane, Pack, TaskPlan

from .diagrams import assert_untouched, diagram, process

SOME = """
    start begin
    user fill 填写 @handler
    or split default=split_asset
    user technical 技术 @handler
    user asset 资产 @handler
    user money 财务 @handler
    or join
    user leader 领导 @handler
    end done
    flow begin fill
    flow fill split
    flow split technical if=fill.technical == 'yes'
    flow split money if=fill.money == 'yes'
    flow split asset
    flow technical join
    flow asset join
    flow money join
    flow join leader
    flow leader done
"""
FIRST = """
    start begin
    user ask 催缴 @handler
    first which
    message told name=paid
    timer late after=PT8H
    user close 销账 @handler
    user chase 上门 @handler
    xor meet
    user keep 归档 @handler
    end done
    flow begin ask
    flow ask which
    flow which told
    flow which late
    flow told close
    flow late chase
    flow close meet
    flow chase meet
    flow meet keep
    flow keep done
"""
OUTER = """
    start begin
    user fill 填写 @handler
    sub check 复核 @checker
    timer late on=check after=PT8H
    user chase 催办 @handler
    user leader 领导 @handler
    end done
    end chased
    flow begin fill
    flow fill check
    flow check leader
    flow late chase
    flow chase chased
    flow leader done
"""
INNER = """
    start i_begin
    user look 查看 @checker
    and i_split
    user one 甲 @checker
    user two 乙 @checker
    and i_join
    user sign 签字 @checker
    end i_done
    flow i_begin look
    flow look i_split
    flow i_split one
    flow i_split two
    flow one i_join
    flow two i_join
    flow i_join sign
    flow sign i_done
"""
SOME_ = parse(diagram(process("some", SOME)))
FIRST_ = parse(diagram(process("first", FIRST), messages=("paid",)))
SUB_ = parse(diagram(process("outer", OUTER, check=INNER)))
BOTH = {"technical": "yes", "money": "yes"}


@pytest.fixture(scope="module", autouse=True)
def nothing_that_ran_changed_what_all_instances_share():
    yield
    assert_untouched(SOME_, FIRST_, SUB_)


def again(running):
    """Stored as text and taken up, as between two requests."""
    return restore(running.definition, running.store())


def opened(running, task):
    return next(step for step in running.ready() if step.task == task)


def do(running, task, **data):
    running = again(running)
    running.complete(opened(running, task).id, data)
    return running


def back(running, task, to):
    """Sent back from an open step to one of its path, and stored."""
    running = again(running)
    target = next(step for step in running.path(opened(running, task).id) if step.task == to)
    return again(running.send_back(target.id))


def tasks(running):
    return sorted(step.task for step in running.ready())


def path(running, task):
    running = again(running)
    return [step.task for step in running.path(opened(running, task).id)]


# -- some of several ways (inclusive gateway) ------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "asked"),
    [(BOTH, ["money", "technical"]), ({"money": "yes"}, ["money"]), ({}, ["asset"])],
    ids=["two", "one", "default"],
)
def test_the_ways_whose_condition_holds_are_taken_and_awaited(form, asked):
    running = do(start(SOME_, {}), "fill", **form)
    assert tasks(running) == asked
    for number, task in enumerate(asked, 1):
        running = do(running, task)
        assert tasks(running) == (asked[number:] or ["leader"])
    assert do(running, "leader").is_done


def test_sent_back_behind_the_meeting_of_some_ways():
    running = do(do(do(start(SOME_, {}), "fill", **BOTH), "technical"), "money")
    assert path(running, "leader") == ["money", "fill"]
    one = back(running, "leader", "money")
    assert tasks(one) == ["money"] and tasks(do(one, "money")) == ["leader"]
    anew = do(back(running, "leader", "fill"), "fill", money="yes")
    assert tasks(anew) == ["money"], "another choice: the other way is not awaited any more"
    assert tasks(do(anew, "money")) == ["leader"]


def test_sent_back_from_one_way_closes_the_other_one():
    running = do(start(SOME_, {}), "fill", **BOTH)
    running = back(running, "technical", "fill")
    assert tasks(running) == ["fill"]
    running = do(do(running, "fill", technical="yes"), "technical")
    assert tasks(running) == ["leader"]


# -- whatever comes first (event-based gateway) ----------------------------------------------------


def test_what_comes_first_decides_and_the_other_is_awaited_no_more():
    running = again(do(start(FIRST_, {}), "ask"))
    assert (tasks(running), running.waits_for()) == ([], ["paid"])
    assert running.next_timer_at() > datetime.now(UTC)
    assert running.receive("other", {}) is False
    running = again(running)
    assert running.receive("paid", {"paid": {"sum": "12.50"}}) is True
    assert (tasks(running), running.waits_for(), running.next_timer_at()) == (["close"], [], None)
    assert running.data_of(opened(running, "close").id)["paid"] == {"sum": "12.50"}


def test_the_timer_comes_first_and_a_later_message_moves_nothing():
    quick = parse(diagram(process("quick", FIRST.replace("PT8H", "PT0.2S")), messages=("paid",)))
    running = again(do(start(quick, {}), "ask"))
    while not tasks(running):  # as the worker asks again
        running.tick()
    running = again(running)
    assert (tasks(running), running.waits_for()) == (["chase"], [])
    assert running.receive("paid", {}) is False


@pytest.mark.parametrize("to", ["ask", "close"])
def test_sent_back_across_what_came_first(to):
    running = again(do(start(FIRST_, {}), "ask"))
    running.receive("paid", {})
    running = do(running, "close")
    assert path(running, "keep") == ["close", "ask"]
    running = back(running, "keep", to)
    assert (tasks(running), running.waits_for(), running.next_timer_at()) == ([to], [], None)
    if to == "ask":
        running = again(do(running, "ask"))
        assert running.waits_for() == ["paid"] and running.next_timer_at() is not None
        running.receive("paid", {})
    running = do(do(running, "close"), "keep")
    assert running.is_done


# -- a process inside (sub-process) ----------------------------------------------------------------


def test_a_sub_process_sees_the_forms_and_leaves_its_own():
    running = do(do(start(SUB_, {"instance": {"number": "1"}}), "fill", v="1"), "look", w="2")
    for task in ("one", "two", "sign"):
        running = do(running, task, by=task)
    seen = again(running).data_of(opened(running, "leader").id)
    assert seen["instance"] == {"number": "1"} and seen["fill"] == {"v": "1"}
    assert (seen["look"], seen["two"], seen["sign"]) == ({"w": "2"}, {"by": "two"}, {"by": "sign"})


@pytest.mark.parametrize("to", ["two", "look", "fill"])
def test_sent_back_within_and_out_of_a_sub_process(to):
    running = do(do(do(do(start(SUB_, {}), "fill"), "look"), "one"), "two")
    assert path(running, "sign") == ["two", "look", "fill"]
    running = back(running, "sign", to)
    assert tasks(running) == [to], "nobody can sign what is being done anew"
    ways = {"two": ["two"], "look": ["look", "one", "two"], "fill": ["fill", "look", "one", "two"]}
    for task in ways[to]:
        running = do(running, task)
    assert tasks(running) == ["sign"]
    assert do(do(running, "sign"), "leader").is_done


def test_behind_a_sub_process_it_is_sent_back_before_it():
    running = do(do(do(do(start(SUB_, {}), "fill"), "look"), "one"), "two")
    running = do(running, "sign")
    assert path(running, "leader") == ["fill"] and running.next_timer_at() is None
    running = back(running, "leader", "fill")
    assert tasks(do(running, "fill")) == ["look"]


def test_a_timer_beside_a_sub_process_ends_it_with_all_its_branches():
    quick = parse(diagram(process("quick", OUTER.replace("PT8H", "PT0.3S"), check=INNER)))
    running = do(do(start(quick, {}), "fill"), "look")
    assert tasks(running) == ["one", "two"]
    while tasks(running) != ["chase"]:
        running = again(running)
        running.tick()
    assert do(running, "chase").is_done


def test_a_live_timer_of_a_sub_process_goes_with_what_was_sent_back():
    running = do(do(start(SUB_, {}), "fill"), "look")
    assert running.next_timer_at() is not None
    assert back(running, "one", "look").next_timer_at() is not None
    assert back(running, "one", "fill").next_timer_at() is None


# -- what a pack may not hold ----------------------------------------------------------------------


def pack_of(body):
    """A pack around a diagram, whole but for what the diagram holds."""
    texts = {"zh": "字", "en": "text"}
    nodes = read_diagram(body).nodes.values()
    form = {
        "type": "object",
        "properties": {"note": {"type": "string", "format": "text", "label": texts}},
    }
    return Pack(
        code="x", version=1, prefix="X", module="metering", business_class="test",
        owner_post="HEAD", requirements=(), title=texts, purpose={},
        lanes={n: Lane(n, ("VERIFIER",), title=texts) for n in {node.lane for node in nodes} - {""}},
        tasks={
            n.code: TaskPlan(n.code, form="note", hours=8, title=texts)
            for n in nodes if n.kind == "userTask"
        },
        forms={"note": FormPlan("note", form)}, bpmn=body, digest="",
    )  # fmt: skip


def faults(text, *replace, messages=("paid",), **inside):
    body = diagram(process("p", text, **inside), messages=messages).decode()
    for before, after in replace:
        assert before in body
        body = body.replace(before, after, 1)
    found = check(pack_of(body.encode()), {})
    return [(f.code, f.where.removeprefix("process.bpmn#")) for f in found]


@pytest.mark.parametrize(
    "body",
    [(SOME, {}), (FIRST, {}), (OUTER, {"check": INNER})],
    ids=["some", "first", "sub"],
)
def test_these_constructs_pass_the_check(body):
    assert faults(body[0], **body[1]) == []


def test_a_message_does_not_begin_a_process_in_the_diagram():
    """It would wait for ever: `[start]` of pack.toml says which message begins it."""
    text = FIRST.replace("start begin", "start begin name=paid")
    assert faults(text) == [("event", "begin")]


def test_a_process_begins_once():
    text = FIRST + "start twice\nflow twice ask\n"
    assert faults(text) == [("event", "twice")]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('<endEvent id="done" name="done">', '<endEvent id="done"><errorEventDefinition id="e"/>', ("event", "done")),
        ('messageEventDefinition id="mtold" messageRef="msg_paid"', 'signalEventDefinition id="s"', ("event", "told")),
        ('<userTask id="ask" name="催缴">', '<userTask id="ask" name="x"><multiInstanceLoopCharacteristics/>', ("loop", "ask")),
        ('sourceRef="which" targetRef="told"', 'sourceRef="which" targetRef="close"', ("gateway", "which")),
        ('<messageEventDefinition id="mtold" messageRef="msg_paid"/>', '<timerEventDefinition id="t"><timeDuration>PT1H</timeDuration></timerEventDefinition>', ("gateway", "which")),
    ],
    ids=["error-end", "signal", "marker", "no-event-behind", "two-timers"],
)  # fmt: skip
def test_what_the_engine_cannot_keep_is_refused(before, after, fault):
    assert fault in faults(FIRST, (before, after))


def test_a_sub_process_that_an_event_begins_is_refused():
    triggered = ('<subProcess id="check"', '<subProcess triggeredByEvent="true" id="check"')
    assert ("not_allowed", "check") in faults(OUTER, triggered, check=INNER)


def test_an_end_that_ends_all_branches():
    text = """
        start begin
        and split
        user one 甲 @handler
        user two 乙 @handler
        end stop
        end done
        flow begin split
        flow split one
        flow split two
        flow one stop
        flow two done
    """
    stops = (
        '<endEvent id="stop" name="stop">',
        '<endEvent id="stop"><terminateEventDefinition id="t"/>',
    )
    assert faults(text, stops) == []
    body = diagram(process("p", text)).decode().replace(*stops).encode()
    running = do(start(parse(body), {}), "one")
    assert running.is_done and tasks(again(running)) == []
