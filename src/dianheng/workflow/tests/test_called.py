"""One process begins another, or tells it something: once, taken back with the step, nobody hidden."""

import pytest

from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.packs import check, read_pack
from dianheng.workflow.registry import all_services
from dianheng.workflow.selectors import begun_by, earlier_entry, origin_of
from dianheng.workflow.selectors.duties import parts_in_force

from .diagrams import diagram, process
from .factories import head, holder, pack_of, verifier, work_order

pytestmark = pytest.mark.django_db
APPLY = {"subject": "三楼表箱进水", "kind": "repair", "content": "更换表箱并检查接线"}
FLOW = """
    start begin
    user ask 申请 @handler
    service call 派生
    user look 查看 @handler
    end done
    flow begin ask
    flow ask call
    flow call look
    flow look done
"""
PLAN = """
code = "{code}"
version = 1
prefix = "{prefix}"
module = "metering"
class = "test"
owner_post = "HEAD"
title = {{ zh = "派生", en = "Call" }}
[lanes.handler]
posts = ["VERIFIER"]
title = {{ zh = "经办", en = "Handling" }}
[tasks.ask]
form = "ask"
hours = 1
title = {{ zh = "申请", en = "Ask" }}
[tasks.look]
form = "ask"
hours = 1
role = "read"
title = {{ zh = "查看", en = "Look" }}
[tasks.call]
{call}
title = {{ zh = "派生", en = "Call" }}
"""
START = """
service = "process.start"
undo = "process.withdraw"
inputs = { process = "'work-order'", title = "ask.matter", data = "ask" }
"""
TELL = """
service = "process.tell"
undo = "process.recall"
inputs = { message = "'finding'", data = "ask", number = "ask.other" }
"""
FORM = (
    '{"type": "object", "properties": {"matter": {"type": "string", "format": "text", "label":'
    ' {"zh": "事项", "en": "Matter"}}, "other": {"type": "string", "format": "text", "label":'
    ' {"zh": "编号", "en": "Number"}}}%s}'
)


def loaded(folder, code, prefix, call, flow=FLOW, form="", messages=()):
    plan = PLAN.format(code=code, prefix=prefix, call=call)
    path = pack_of(
        folder / code, diagram(process(code, flow), messages=messages), plan, {"ask": FORM % form}
    )
    return services.pack_load(folder=path, actor=system_actor())


def faults(folder, call):
    plan = PLAN.format(code="bad", prefix="HU", call=call)
    path = pack_of(folder / "bad", diagram(process("bad", FLOW)), plan, {"ask": FORM % ""})
    return [(one.code, one.where, one.text) for one in check(read_pack(path), all_services())]


def begun(code, unit=None):
    return services.instance_start(
        code=code, unit=unit or metering_centre(), title="巡检", actor=verifier()
    )


def task(instance, name):
    return instance.tasks.filter(task=name).latest("pk")


def done(instance, name, actor, key="", **data):
    return services.task_complete(
        task=task(instance, name), data=data, actor=actor, request_key=key
    )


def refusal(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.refusal


@pytest.fixture
def caller(tmp_path):
    """An inspection whose step begins a work order, just begun by the verifier."""
    work_order()
    loaded(tmp_path, "inspection", "XJ", START)
    return begun("inspection")


def test_a_step_begins_another_process_and_keeps_its_number(caller):
    done(caller, "ask", verifier(), key="once-only", matter="表箱进水")
    done_again = done(caller, "ask", verifier(), key="once-only", matter="表箱进水")
    assert done_again.task == "ask"
    (order,) = ProcessInstance.objects.filter(pack__code="work-order")
    assert (order.title, order.unit, order.started_by_id) == (
        "表箱进水", metering_centre(), verifier().person_id,
    )  # fmt: skip
    note = caller.notes.get(kind="service")
    assert note.facts["answer"] == {"number": order.number}
    assert origin_of(order) == caller.number and begun_by(caller) == [order]


def test_who_handled_the_caller_does_not_approve_what_it_began(caller):
    done(caller, "ask", verifier(), matter="表箱进水")
    order = ProcessInstance.objects.get(pack__code="work-order")
    done(order, "apply", verifier("li", "李娜"), **APPLY)
    both = actor_for_person(holder("zhang", "张伟", "HEAD", city_company()))
    assert refusal(lambda: done(order, "assign", both, opinion="agree")).code == "same_person"
    done(order, "assign", head(), opinion="agree")


def test_the_check_of_duties_knows_what_begins_what_through_a_third(caller, tmp_path):
    call = START.replace("'work-order'", "'inspection'")
    loaded(tmp_path, "round", "XC", call)
    assert sorted(parts_in_force()[1]) == [
        ("inspection", "work-order"), ("round", "inspection"), ("round", "work-order"),
    ]  # fmt: skip


def test_sending_back_withdraws_what_was_begun_and_a_second_round_begins_anew(caller):
    done(caller, "ask", verifier(), matter="表箱进水")
    order = ProcessInstance.objects.get(pack__code="work-order")
    services.task_send_back(task=task(caller, "look"), reason="地址有误", actor=verifier())
    order.refresh_from_db()
    assert order.state == "withdrawn" and not order.tasks.filter(state="open").exists()
    done(caller, "ask", verifier(), matter="四楼表箱进水")
    assert [one.title for one in begun_by(caller)] == ["表箱进水", "四楼表箱进水"]


def test_what_was_decided_on_is_not_taken_back(caller):
    done(caller, "ask", verifier(), matter="表箱进水")
    order = ProcessInstance.objects.get(pack__code="work-order")
    done(order, "apply", verifier(), **APPLY)
    done(order, "assign", head(), opinion="agree")
    act = lambda: services.task_send_back(  # noqa: E731
        task=task(caller, "look"), reason="地址有误", actor=verifier()
    )
    assert refusal(act).code == "decided"
    order.refresh_from_db()
    assert (order.state, task(caller, "look").state) == ("running", "open")


def test_a_process_that_is_not_there_leaves_the_step_open(tmp_path):
    loaded(tmp_path, "inspection", "XJ", START.replace("'work-order'", "'gone'"))
    one = begun("inspection")
    with pytest.raises(NotFound):
        done(one, "ask", verifier(), matter="表箱进水")
    assert task(one, "ask").state == "open" and ProcessInstance.objects.count() == 1


def test_processes_that_begin_each_other_in_a_circle_are_refused(tmp_path):
    flow = FLOW.replace("flow begin ask", "flow begin call").replace("flow call look", "").replace(
        "flow ask call", "flow call ask\nflow ask look"
    )  # fmt: skip
    call = START.replace("'work-order'", "'inspection'").replace("ask.matter", "'又一次'")
    loaded(tmp_path, "inspection", "XJ", call.replace(', data = "ask"', ""), flow=flow)
    assert refusal(lambda: begun("inspection")).code == "service_loop"
    assert not ProcessInstance.objects.exists()


def test_a_step_withdraws_only_what_its_own_process_began(caller, tmp_path):
    other = services.instance_start(
        code="work-order", unit=metering_centre(), title="别人的", actor=verifier()
    )
    with pytest.raises(NotFound):
        services.called.process_withdraw(
            answer={"number": other.number}, caller=caller, actor=verifier(), request_key=""
        )
    other.refresh_from_db()
    assert other.state == "running"


WAITING = """
    start begin
    user ask 申请 @handler
    message told name=finding
    user look 查看 @handler
    end done
    flow begin ask
    flow ask told
    flow told look
    flow look done
"""


@pytest.fixture
def pair(tmp_path):
    """One that tells a finding, and one that waits for it and takes the matter over."""
    prefill = ', "prefill": {"matter": "finding.matter"}'
    plain = PLAN.split("[tasks.call]")[0]
    path = pack_of(
        tmp_path / "repair", diagram(process("repair", WAITING), messages=("finding",)),
        plain.format(code="repair", prefix="WX"), {"ask": FORM % prefill},
    )  # fmt: skip
    services.pack_load(folder=path, actor=system_actor())
    loaded(tmp_path, "inspection", "XJ", TELL)
    repair = begun("repair")
    done(repair, "ask", verifier(), matter="等待")
    return begun("inspection"), repair


def test_a_step_tells_an_instance_that_waits(pair):
    inspection, repair = pair
    done(inspection, "ask", verifier(), matter="接线盒烧坏", other=repair.number)
    assert inspection.notes.get(kind="service").facts["answer"] == {
        "told": [repair.number], "begun": [],
    }  # fmt: skip
    assert repair.notes.get(kind="message").facts["from"] == inspection.number
    assert earlier_entry(task(repair, "look"))["matter"] == "接线盒烧坏"


def test_who_does_not_wait_is_not_told_and_the_step_stays_open(pair):
    inspection, _repair = pair
    act = lambda: done(inspection, "ask", verifier(), matter="烧坏", other=inspection.number)  # noqa: E731
    assert refusal(act).code == "not_waiting"
    assert task(inspection, "ask").state == "open"


def test_a_message_is_not_taken_back_from_who_has_gone_on(pair):
    inspection, repair = pair
    done(inspection, "ask", verifier(), matter="烧坏", other=repair.number)
    act = lambda: services.task_send_back(  # noqa: E731
        task=task(inspection, "look"), reason="看错了", actor=verifier()
    )
    assert refusal(act).code == "told" and task(inspection, "look").state == "open"


def test_a_message_begins_a_process_and_takes_it_back(tmp_path):
    flow = FLOW.replace("service call 派生", "").replace("flow ask call", "flow ask look").replace(
        "flow call look", ""
    )  # fmt: skip
    plan = PLAN.split("[tasks.call]")[0].replace(
        "[lanes.", '[start]\nmessage = "finding"\n[lanes.', 1
    )
    path = pack_of(
        tmp_path / "repair", diagram(process("repair", flow)),
        plan.format(code="repair", prefix="WX"), {"ask": FORM % ""},
    )  # fmt: skip
    services.pack_load(folder=path, actor=system_actor())
    loaded(tmp_path, "inspection", "XJ", TELL.replace(', number = "ask.other"', ""))
    one = begun("inspection")
    done(one, "ask", verifier(), matter="烧坏")
    (repair,) = begun_by(one)
    assert repair.pack.code == "repair" and origin_of(repair) == one.number
    services.task_send_back(task=task(one, "look"), reason="看错了", actor=verifier())
    repair.refresh_from_db()
    assert repair.state == "withdrawn"


@pytest.mark.parametrize(
    ("call", "code", "place", "says"),
    [
        (START.replace("'work-order'", "ask.matter"), "inputs", "/process", "process"),
        (START.replace(', title = "ask.matter"', ""), "inputs", "", "title"),
        (START.replace("data =", "colour ="), "inputs", "/colour", "colour"),
        (TELL.replace("'finding'", "ask.matter"), "inputs", "/message", "message"),
    ],
    ids=["process-worked-out", "no-title", "unknown-input", "message-worked-out"],
)
def test_the_check_reads_the_inputs(tmp_path, call, code, place, says):
    ((found, where, text),) = faults(tmp_path, call)
    assert (found, where) == (code, f"pack.toml#/tasks/call/inputs{place}") and says in text


def test_data_that_is_no_form_is_refused(tmp_path):
    work_order()
    loaded(tmp_path, "inspection", "XJ", START.replace('data = "ask"', 'data = "ask.matter"'))
    one = begun("inspection")
    with pytest.raises(BadInput):
        done(one, "ask", verifier(), matter="表箱进水")


def test_the_page_leads_from_one_to_the_other(client, caller):
    done(caller, "ask", verifier(), matter="表箱进水")
    order = ProcessInstance.objects.get(pack__code="work-order")
    client.force_login(holder("zhang", "张伟", "VERIFIER", metering_centre()))
    assert (
        f"/processes/{order.number}/" in client.get(f"/processes/{caller.number}/").content.decode()
    )
    assert (
        f"/processes/{caller.number}/" in client.get(f"/processes/{order.number}/").content.decode()
    )
