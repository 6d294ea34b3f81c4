"""The engine below: steps, gateways, timers, messages, and sending back without a trap left."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dianheng.workflow.engine import parse, read_xml, restore, start
from dianheng.workflow.errors import NoDiagram, StepGone, WrongExpression

from .diagrams import BELOW, CALLED, HEAD, PARALLEL, SIMPLE, assert_untouched, diagram, process

SIMPLE_ = parse(diagram(process("simple", SIMPLE)))
PARALLEL_ = parse(diagram(process("parallel", PARALLEL)))
CALLED_ = parse(diagram(process("called", CALLED), process("below", BELOW)))


@pytest.fixture(scope="module", autouse=True)
def nothing_that_ran_changed_what_all_instances_share():
    yield
    assert_untouched(SIMPLE_, PARALLEL_, CALLED_)


def again(running):
    """Stored as text and taken up, as between two requests."""
    return restore(running.definition, running.store())


def do(running, task, **data):
    """Complete the open step of that name; returns the instance taken up anew."""
    running = again(running)
    running.complete(opened(running, task).id, data)
    return running


def opened(running, task):
    return next(step for step in running.ready() if step.task == task)


def tasks(running):
    return [step.task for step in running.ready()]


def test_a_step_is_offered_with_its_name_and_lane():
    running = start(SIMPLE_, {"instance": {"number": "GD-1"}})
    (step,) = running.ready()
    assert (step.task, step.name, step.lane, step.is_service) == ("fill", "填写", "handler", False)


def test_a_gateway_decides_by_the_forms():
    running = do(start(SIMPLE_, {}), "fill", amount="1")
    assert tasks(do(running, "approve", opinion="reject")) == ["fill"]
    done = do(running, "approve", opinion="agree")
    assert done.is_done and not done.ready()


def test_a_step_that_is_gone_cannot_be_completed_twice():
    running = start(SIMPLE_, {})
    step = running.ready()[0]
    running.complete(step.id, {})
    with pytest.raises(StepGone):
        running.complete(step.id, {})


def test_a_service_step_waits_for_whoever_holds_the_transaction():
    running = do(do(do(start(PARALLEL_, {}), "fill"), "technical"), "asset")
    running = do(running, "leader")
    assert [(s.task, s.is_service) for s in running.ready()] == [("book", True)]
    assert do(running, "book").is_done


def test_the_path_holds_the_steps_of_the_way_and_not_of_other_branches():
    running = do(do(do(start(PARALLEL_, {}), "fill"), "technical"), "asset")
    leader = opened(running, "leader")
    assert [step.task for step in running.path(leader.id)] == ["asset", "fill"]


@pytest.mark.parametrize("stored", [False, True], ids=["in-memory", "stored"])
@pytest.mark.parametrize("to", ["fill", "asset"])
def test_sent_back_behind_parallel_branches_with_a_live_timer(to, stored):
    running = do(do(do(start(PARALLEL_, {}), "fill"), "technical"), "asset")
    assert running.next_timer_at() > datetime.now(UTC)
    if stored:
        running = again(running)
    target = next(s for s in running.path(opened(running, "leader").id) if s.task == to)
    running = running.send_back(target.id)
    assert tasks(running) == [to], "nobody can approve what is being done anew"
    assert running.next_timer_at() is None
    for task in {"fill": ["fill", "asset", "technical"], "asset": ["asset"]}[to]:
        running = do(running, task)
    assert tasks(running) == ["leader"]
    assert do(do(running, "leader"), "book").is_done


@pytest.mark.parametrize("stored", [False, True], ids=["in-memory", "stored"])
@pytest.mark.parametrize("to", ["look", "sign", "fill"])
def test_sent_back_into_and_through_a_called_process(to, stored):
    running = do(do(do(start(CALLED_, {}), "fill"), "look"), "sign")
    path = running.path(opened(running, "leader").id)
    assert [step.task for step in path] == ["fill"], "what a called process did is behind its end"
    running = do(start(CALLED_, {}), "fill")
    running = do(running, "look")
    inside = running.path(opened(running, "sign").id)
    assert [step.task for step in inside] == ["look", "fill"]
    if to == "sign":
        return
    if stored:
        running = again(running)
    running = running.send_back(next(s.id for s in inside if s.task == to))
    assert tasks(running) == [to]
    for task in ["fill", "look", "sign", "leader"][["fill", "look"].index(to) :]:
        running = do(running, task)
    assert running.is_done


@pytest.mark.parametrize("order", [["one", "two", "three"], ["three", "one", "two"]], ids="-".join)
@pytest.mark.parametrize("rejects", ["one", "two", "three"])
def test_a_second_round_of_parallel_steps_decides_by_the_second_round(order, rejects):
    text = """
        start begin
        user fill 填写 @handler
        and split
        user one 一 @one
        user two 二 @two
        user three 三 @three
        and join
        xor choice default=choice_done
        end done
        flow begin fill
        flow fill split
        flow split one
        flow split two
        flow split three
        flow one join
        flow two join
        flow three join
        flow join choice
        flow choice fill if=one.opinion == 'reject' or two.opinion == 'reject' or three.opinion == 'reject'
        flow choice done
    """
    running = do(start(parse(diagram(process("rounds", text))), {}), "fill")
    for step in order:
        said = {"opinion": "reject", "why": "缺件"} if step == rejects else {"opinion": "agree"}
        running = do(running, step, **said)
    assert tasks(running) == ["fill"]
    running = do(running, "fill")
    for step in order:
        running = do(running, step, opinion="agree")
    assert running.is_done


def test_a_timer_goes_off_when_its_time_has_come():
    quick = PARALLEL.replace("PT8H", "PT0S")
    running = start(parse(diagram(process("quick", quick))), {})
    running = do(do(do(running, "fill"), "technical"), "asset")
    running = again(running)
    running.tick()
    assert sorted(tasks(running)) == ["leader", "urge"]


def test_a_timer_asks_the_calendar():
    asked = []
    text = PARALLEL.replace("PT8H", "working_16h")
    definition = parse(diagram(process("slow", text)))

    def calendar(text):
        asked.append(text)
        return "PT36000S"

    running = start(definition, {}, calendar)
    for task in ("fill", "technical", "asset"):
        running.complete(opened(running, task).id, {})
    assert asked and set(asked) == {"working 16h"}
    wait = running.next_timer_at() - datetime.now(UTC)
    assert timedelta(hours=9, minutes=59) < wait <= timedelta(hours=10)


def test_a_message_moves_what_waits_for_it_and_nothing_else():
    text = """
        start begin
        user ask 询问 @handler
        message told name=paid
        user close 办结 @handler
        end done
        flow begin ask
        flow ask told
        flow told close
        flow close done
    """
    running = start(parse(diagram(process("asks", text), messages=("paid",))), {})
    assert running.receive("paid", {}) is False
    running = do(running, "ask")
    assert running.waits_for() == ["paid"]
    assert running.receive("other", {}) is False
    running = again(running)
    assert running.receive("paid", {"yuan": "12.00"}) is True
    assert tasks(running) == ["close"]


def test_a_condition_that_cannot_be_worked_out_leaves_the_step_open():
    text = SIMPLE.replace("approve.opinion == 'reject'", "number(approve.points) > 1")
    running = do(start(parse(diagram(process("sums", text))), {}), "fill")
    before = running.store()
    kept = again(running)
    with pytest.raises(WrongExpression):
        kept.complete(opened(kept, "approve").id, {"points": "many"})
    assert tasks(restore(running.definition, before)) == ["approve"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"not xml", "不是格式良好的 XML"),
        (b"<a/>", "不是 BPMN 2.0 文件"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "文档类型"),
        (b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><l>&b;</l>', "文档类型"),
        (HEAD.encode() + b"</definitions>", "恰有一个"),
        (b"x" * 2_000_001, "超过 2 MB"),
    ],
    ids=["junk", "other-xml", "entity", "bomb", "empty", "large"],
)
def test_what_is_no_diagram_is_refused_with_the_reason(body, why):
    with pytest.raises(NoDiagram, match=why):
        parse(body)


@pytest.mark.parametrize(
    "condition", ["__import__('os').system('id') == 0", "().__class__", "open('x')"]
)
def test_python_in_a_condition_is_refused_when_the_pack_is_read(condition):
    text = SIMPLE.replace("approve.opinion == 'reject'", condition)
    running = start(parse(diagram(process("evil", text))), {})
    running = do(running, "fill")
    with pytest.raises(WrongExpression):
        do(running, "approve")


def test_a_script_is_not_known_to_the_engine():
    text = SIMPLE.replace("user fill 填写 @handler", "script fill 脚本")
    with pytest.raises(NoDiagram):
        parse(diagram(process("script", text)))


def test_a_file_outside_is_not_read():
    body = (
        b'<?xml version="1.0"?><?xml-stylesheet href="file:///etc/passwd"?>'
        + diagram(process("s", SIMPLE))[38:]
    )
    assert read_xml(body) is not None


def test_state_is_small_and_holds_no_definition():
    running = do(start(SIMPLE_, {}), "fill", note="x" * 100)
    state = running.store()
    assert "spec" not in json.loads(state) and len(state) < 9000


def test_what_was_written_is_still_there_however_often_it_was_stored():
    running = start(PARALLEL_, {"instance": {"number": "GD-1"}})
    for task in ("fill", "technical", "asset", "leader"):
        running = do(running, task, by=task)
    seen = again(running).data_of(opened(running, "book").id)
    assert seen["instance"] == {"number": "GD-1"}
    assert {t: seen[t]["by"] for t in ("fill", "technical", "asset", "leader")} == {
        "fill": "fill", "technical": "technical", "asset": "asset", "leader": "leader",
    }  # fmt: skip
