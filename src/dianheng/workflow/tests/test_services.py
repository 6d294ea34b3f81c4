"""Processes at work: started, claimed, done, sent back, decided by another person."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.models import Person
from dianheng.identity.services import (
    actor_for_person,
    delegation_make,
    holding_end,
    separation_except,
    system_actor,
)
from dianheng.identity.tests.factories import actor_with, metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import EngineState, FormEntry, ProcessNote, ProcessTask
from dianheng.workflow.registry import Service, register_service
from dianheng.workflow.selectors import tasks_of_box

from .diagrams import diagram, process
from .factories import head, holder, pack_of, verifier, work_order

pytestmark = pytest.mark.django_db
APPLY = {"subject": "三楼表箱进水", "kind": "repair", "content": "更换表箱并检查接线"}
WORK = {"began_on": "2026-11-24", "done_on": "2026-11-25", "result": "已更换", "hours": "３.5"}


@pytest.fixture
def order():
    """A work order, just begun by the verifier."""
    work_order()
    return services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱进水", actor=verifier()
    )


def task(instance, name):
    return instance.tasks.filter(task=name).latest("pk")


def done(instance, name, actor, **data):
    return services.task_complete(task=task(instance, name), data=data, actor=actor)


def refused(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.refusal


def test_an_order_goes_from_the_handler_to_the_head_and_back_to_its_end(order):
    assert order.number == f"GD{timezone.localdate():%Y}-000001"
    done(order, "apply", verifier(), **APPLY)
    done(order, "assign", head(), opinion="agree")
    done(order, "work", verifier(), **WORK)
    done(order, "confirm", head(), opinion="agree")
    order.refresh_from_db()
    assert (order.state, order.tasks.filter(state="done").count()) == ("done", 4)
    assert not EngineState.objects.filter(instance=order).exists(), (
        "an ended instance keeps no engine"
    )
    entry = FormEntry.objects.get(task=task(order, "work"))
    assert entry.data["hours"] == "3.5" and len(entry.digest) == 64


def test_a_rejected_order_ends_without_work(order):
    done(order, "apply", verifier(), **APPLY)
    done(order, "assign", head(), opinion="reject", reason="不属于本单位")
    order.refresh_from_db()
    assert order.state == "done" and not order.tasks.filter(task="work").exists()


def test_a_task_is_offered_to_the_posts_of_its_lane_in_the_unit_above(order):
    done(order, "apply", verifier(), **APPLY)
    found = task(order, "assign")
    assert (found.posts, found.unit.code, found.role) == (["HEAD"], "CITY", "approve")
    assert list(tasks_of_box(head().person_id, "offered")) == [found]
    assert list(tasks_of_box(verifier().person_id, "offered")) == []
    keeper = actor_for_person(holder("ku", "库管", "KEEPER", metering_centre()))
    assert list(tasks_of_box(keeper.person_id, "offered")) == []


def test_two_people_cannot_do_the_same_task(order):
    other = verifier("li", "李娜")
    services.task_claim(task=task(order, "apply"), actor=verifier())
    assert list(tasks_of_box(verifier().person_id, "mine")) == [task(order, "apply")]
    assert (
        refused(lambda: services.task_claim(task=task(order, "apply"), actor=other)).code == "taken"
    )
    assert refused(lambda: done(order, "apply", other, **APPLY)).code == "taken"
    done(order, "apply", verifier(), **APPLY)
    gone = order.tasks.get(task="apply")
    assert (
        refused(lambda: services.task_complete(task=gone, data=APPLY, actor=verifier())).code
        == "task_gone"
    )
    assert order.tasks.filter(task="assign").count() == 1


def test_a_repeat_of_the_same_request_is_done_once(order):
    found = task(order, "apply")
    for _ in range(2):
        services.task_complete(task=found, data=APPLY, actor=verifier(), request_key="k1")
    assert FormEntry.objects.count() == 1 and order.tasks.count() == 2


def test_who_holds_none_of_the_posts_is_refused(order):
    keeper = actor_for_person(holder("ku", "库管", "AUDITOR", metering_centre()))
    answer = refused(lambda: done(order, "apply", keeper, **APPLY))
    assert answer.code == "no_post" and "VERIFIER" in answer.facts["posts"]


def test_who_handled_does_not_approve_even_with_both_posts(order):
    done(order, "apply", verifier(), **APPLY)
    person = Person.objects.get(login="zhang")
    head()
    holder("zhang", "张伟", "HEAD", metering_centre().parent)
    assert (
        refused(lambda: done(order, "assign", actor_for_person(person), opinion="agree")).code
        == "same_person"
    )


def test_who_approved_does_not_handle_afterwards(order):
    done(order, "apply", verifier(), **APPLY)
    done(order, "assign", head(), opinion="agree")
    verifier()
    holder("liu", "刘静", "VERIFIER", metering_centre())
    assert refused(lambda: done(order, "work", head(), **WORK)).code == "same_person"


def test_an_exception_granted_beforehand_by_a_third_person_allows_it(order):
    done(order, "apply", verifier(), **APPLY)
    head()
    person = holder("zhang", "张伟", "HEAD", metering_centre().parent)
    leader = actor_with("identity.except", login="boss", name="王总", unit=metering_centre().parent)
    today = timezone.localdate()
    separation_except(
        subject=order.document, person=person, steps=["handle", "approve"], reason="仅一人在岗",
        valid_from=today, valid_through=today, actor=leader,
    )  # fmt: skip
    assert done(order, "assign", actor_for_person(person), opinion="agree").state == "done"


def test_a_stand_in_acts_under_both_names(order):
    done(order, "apply", verifier(), **APPLY)
    boss, stand_in = (
        Person.objects.get(pk=head().person_id),
        holder("chen", "陈强", "SIGNATORY", metering_centre()),
    )
    today = timezone.localdate()
    delegation_make(
        from_person=boss, to_person=stand_in, valid_from=today, valid_through=today + timedelta(days=1),
        reason="出差", actor=system_actor(),
    )  # fmt: skip
    found = done(order, "assign", actor_for_person(stand_in), opinion="agree")
    assert (found.done_by_id, found.acting_for_id) == (stand_in.pk, boss.pk)
    assert list(tasks_of_box(stand_in.pk, "offered")) == []


def test_sent_back_it_goes_to_who_did_it_with_the_reason_and_earlier_opinions_kept(order):
    done(order, "apply", verifier(), **APPLY)
    answer = refused(lambda: done(order, "assign", head(), opinion="back"))
    assert answer.errors[0]["field"] == "reason"
    done(order, "assign", head(), opinion="back", reason="请写明地点")
    found = task(order, "apply")
    assert (found.state, found.assignee_id, found.is_returned, found.round) == (
        "claimed", verifier().person_id, True, 2,
    )  # fmt: skip
    assert order.tasks.get(task="assign").state == "sent_back"
    note = ProcessNote.objects.get(kind="send_back")
    assert (note.text, note.facts) == ("请写明地点", {"from": "assign", "to": "apply"})
    assert FormEntry.objects.filter(task__task="apply").count() == 1
    done(order, "apply", verifier(), **APPLY, place="三号楼")
    done(order, "assign", head(), opinion="agree")
    assert task(order, "work").state == "open"


def test_it_is_sent_back_only_to_steps_of_the_way_that_led_here(order):
    done(order, "apply", verifier(), **APPLY)
    done(order, "assign", head(), opinion="agree")
    done(order, "work", verifier(), **WORK)
    confirm = task(order, "confirm")
    answer = refused(
        lambda: services.task_send_back(task=confirm, to="nothing", reason="x", actor=head())
    )
    assert answer.errors[0]["code"] == "not_on_path"
    services.task_send_back(task=confirm, to="apply", reason="重来", actor=head())
    assert [t.task for t in order.tasks.filter(state__in=["open", "claimed"])] == ["apply"]


def test_every_field_that_is_wrong_is_named_at_once(order):
    with pytest.raises(BadInput) as caught:
        done(order, "apply", verifier(), subject="x" * 90, kind="nothing")
    assert {(e["field"], e["code"]) for e in caught.value.refusal.errors} == {
        ("subject", "maxLength"), ("kind", "enum"), ("content", "missing"),
    }  # fmt: skip
    assert task(order, "apply").state == "open" and not FormEntry.objects.exists()


def test_a_hidden_field_is_not_kept(order):
    done(order, "apply", verifier(), **APPLY, other_kind="不应保留", stranger="x")
    assert set(FormEntry.objects.get().data) == set(APPLY)


def test_a_form_of_ten_megabytes_is_refused(order):
    with pytest.raises(BadInput, match="200"):
        done(order, "apply", verifier(), **(APPLY | {"content": "字" * 3_000_000}))


def test_a_suspended_order_does_not_move(order):
    services.instance_suspend(instance=order, is_on=True, reason="等待配件", actor=head())
    assert refused(lambda: done(order, "apply", verifier(), **APPLY)).code == "not_running"
    services.instance_suspend(instance=order, is_on=False, reason="配件到货", actor=head())
    assert done(order, "apply", verifier(), **APPLY).state == "done"


def test_the_starter_withdraws_until_somebody_has_decided(order):
    done(order, "apply", verifier(), **APPLY)
    other = verifier("li", "李娜")
    assert (
        refused(lambda: services.instance_withdraw(instance=order, reason="x", actor=other)).code
        == "not_starter"
    )
    done(order, "assign", head(), opinion="agree")
    assert (
        refused(
            lambda: services.instance_withdraw(instance=order, reason="x", actor=verifier())
        ).code
        == "decided"
    )


def test_a_withdrawn_order_leaves_nothing_to_do(order):
    services.instance_withdraw(instance=order, reason="重复", actor=verifier())
    order.refresh_from_db()
    assert order.state == "withdrawn" and task(order, "apply").state == "closed"
    assert refused(lambda: done(order, "apply", verifier(), **APPLY)).code == "not_running"


def test_a_task_is_handed_to_somebody_of_its_posts_only(order):
    services.task_claim(task=task(order, "apply"), actor=verifier())
    other = holder("li", "李娜", "VERIFIER", metering_centre())
    stranger = holder("tang", "唐慧", "AUDITOR", metering_centre())

    def give(to):
        return services.task_hand_over(
            task=task(order, "apply"), to=to, reason="请假", actor=verifier()
        )

    assert refused(lambda: give(stranger)).code == "no_post"
    give(other)
    assert task(order, "apply").assignee == other
    services.task_release(task=task(order, "apply"), actor=actor_for_person(other))
    assert task(order, "apply").state == "open"


def test_a_person_who_left_the_post_leaves_the_task_to_the_others(order):
    services.task_claim(task=task(order, "apply"), actor=verifier())
    holding = Person.objects.get(login="zhang").holdings.get()
    holding_end(holding=holding, valid_through=date(2026, 1, 1), actor=system_actor())
    gone = actor_for_person(Person.objects.get(login="zhang"))
    assert refused(lambda: done(order, "apply", gone, **APPLY)).code == "no_post"
    other = holder("li", "李娜", "VERIFIER", metering_centre())
    services.task_hand_over(
        task=task(order, "apply"), to=other, reason="原承办人调离", actor=head()
    )
    assert done(order, "apply", actor_for_person(other), **APPLY).state == "done"


def test_somebody_is_urged_not_more_than_once_in_a_while(order):
    services.task_urge(task=task(order, "apply"), text="请尽快", actor=head())
    assert (
        refused(
            lambda: services.task_urge(task=task(order, "apply"), text="再催", actor=head())
        ).code
        == "urged"
    )


def test_a_process_switched_off_for_a_unit_is_not_started_there(order):
    unit = metering_centre()
    services.pack_switch(code="work-order", unit=unit.parent, is_on=False, actor=system_actor())

    def start():
        return services.instance_start(code="work-order", unit=unit, title="x", actor=verifier())

    assert refused(start).code == "switched_off"
    services.pack_switch(code="work-order", unit=unit, is_on=True, actor=system_actor())
    assert start().number.endswith("000002")
    assert done(order, "apply", verifier(), **APPLY).state == "done", "what is under way goes on"


def test_lanes_take_the_companys_posts_but_nobody_does_both(order):
    post = holder("yu", "于芳", "FOREMAN", metering_centre())
    services.lane_posts_set(code="work-order", lane="经办", posts=["FOREMAN"], actor=system_actor())
    made = services.instance_start(
        code="work-order", unit=metering_centre(), title="新单", actor=actor_for_person(post)
    )
    assert task(made, "apply").posts == ["FOREMAN"]
    head()
    with pytest.raises(BadInput):
        services.lane_posts_set(
            code="work-order", lane="经办", posts=["FOREMAN", "HEAD"], actor=system_actor()
        )


def test_the_same_pack_again_changes_nothing_other_content_needs_a_version(order, tmp_path):
    from dianheng.workflow.packs.shipped import shipped_folders

    source = next(p for p in shipped_folders() if p.name == "work_order")
    again = services.pack_load(folder=source, actor=system_actor())
    assert again == order.pack
    forms = {p.stem: p.read_text("utf-8") for p in source.glob("forms/*.json")}
    plan = (source / "pack.toml").read_text("utf-8")
    bpmn = (source / "process.bpmn").read_bytes()
    changed = pack_of(tmp_path / "a", bpmn, plan.replace("hours = 40", "hours = 24"), forms)
    assert (
        refused(lambda: services.pack_load(folder=changed, actor=system_actor())).code
        == "pack_differs"
    )
    newer = pack_of(
        tmp_path / "b",
        bpmn,
        plan.replace("hours = 40", "hours = 24").replace(
            f"version = {order.pack.version}", f"version = {order.pack.version + 1}"
        ),
        forms,
    )
    services.pack_load(folder=newer, actor=system_actor())
    made = services.instance_start(
        code="work-order", unit=metering_centre(), title="二", actor=verifier()
    )
    assert made.pack.version == order.pack.version + 1


SERVICE = """
    start begin
    user ask 申请 @handler
    service book 记账
    user look 查看 @handler
    end done
    flow begin ask
    flow ask book
    flow book look
    flow look done
"""
SERVICE_PLAN = """
code = "books"
version = 1
prefix = "JZ"
module = "metering"
class = "test"
owner_post = "HEAD"
title = { zh = "记账", en = "Books" }
[lanes.handler]
posts = ["VERIFIER"]
title = { zh = "经办", en = "Handling" }
[tasks.ask]
form = "ask"
hours = 1
title = { zh = "申请", en = "Ask" }
[tasks.look]
form = "ask"
hours = 1
role = "read"
title = { zh = "查看", en = "Look" }
[tasks.book]
service = "test.book"
inputs = { amount = "number(ask.amount) * 2", who = "instance.number" }
title = { zh = "记账", en = "Book" }
"""
ASK = '{"type": "object", "properties": {"amount": {"type": "string", "format": "number", "label": {"zh": "数量", "en": "Amount"}}}}'


@pytest.fixture
def booked(tmp_path, monkeypatch):
    """A process whose second step the program does itself; what it booked."""
    calls = []

    def book(amount, who, actor, request_key):
        calls.append((str(amount), who, request_key))
        if amount < 0:
            raise Refused(Refusal("negative", "no"))
        return {"number": len(calls)}

    from dianheng.workflow import registry

    monkeypatch.setattr(registry, "_services", dict(registry._services))
    register_service(Service("test.book", "Book", ("amount", "who"), book))
    services.pack_load(
        folder=pack_of(tmp_path, diagram(process("books", SERVICE)), SERVICE_PLAN, {"ask": ASK}),
        actor=system_actor(),
    )
    return calls


def test_the_program_does_its_step_in_the_same_transaction(booked):
    made = services.instance_start(
        code="books", unit=metering_centre(), title="账", actor=verifier()
    )
    done(made, "ask", verifier(), amount="2.5")
    assert booked[0][:2] == ("5.0", made.number)
    assert task(made, "look").state == "open"
    assert ProcessNote.objects.get(instance=made, kind="service").text == "记账"


def test_a_service_that_refuses_leaves_the_step_open(booked):
    made = services.instance_start(
        code="books", unit=metering_centre(), title="账", actor=verifier()
    )
    assert refused(lambda: done(made, "ask", verifier(), amount="-1")).code == "negative"
    assert task(made, "ask").state == "open" and not FormEntry.objects.exists()


def test_an_input_that_cannot_be_worked_out_says_so(booked):
    made = services.instance_start(
        code="books", unit=metering_centre(), title="账", actor=verifier()
    )
    assert refused(lambda: done(made, "ask", verifier())).code == "service_input"


def test_timers_go_off_by_the_tick(tmp_path):
    text = SERVICE.replace("service book 记账", "timer book after=PT0S")
    plan = SERVICE_PLAN.split("[tasks.book]")[0]
    services.pack_load(
        folder=pack_of(tmp_path, diagram(process("books", text)), plan, {"ask": ASK}),
        actor=system_actor(),
    )
    made = services.instance_start(
        code="books", unit=metering_centre(), title="账", actor=verifier()
    )
    done(made, "ask", verifier(), amount="1")
    made.refresh_from_db()
    assert made.timer_at is not None or task(made, "look").state == "open"
    services.timers_tick()
    assert task(made, "look").state == "open"
    made.refresh_from_db()
    assert made.timer_at is None


def test_everything_that_happened_is_in_the_audit_trail(order):
    from django.db import connection

    done(order, "apply", verifier(), **APPLY)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from audit_workflow_processtask")
        assert cursor.fetchone()[0] >= 3
    assert ProcessTask.objects.count() == 2
