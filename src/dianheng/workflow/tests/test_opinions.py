"""Signing together, asking for an opinion, what was seen, undoing, lateness, messages, versions."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dianheng.common.errors import Refused
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, system_actor, write_batch
from dianheng.identity.tests.factories import PASSWORD, city_company, metering_centre
from dianheng.workflow import registry, services
from dianheng.workflow.models import FormEntry, PackVersion, ProcessInstance, ProcessTask
from dianheng.workflow.registry import Service, Subject, register_service, register_subject
from dianheng.workflow.selectors import changes_since, content_digest, tasks_of_box

from .diagrams import diagram, process
from .factories import head, holder, pack_of, verifier

pytestmark = pytest.mark.django_db
TOGETHER = """
    start begin
    user ask 申请 @handler
    service book 记账
    user sign 会签 @leaders
    xor choice default=choice_done
    user again 复议 @handler
    end done
    flow begin ask
    flow ask book
    flow book sign
    flow sign choice
    flow choice again if=sign.opinion == 'reject'
    flow again done
    flow choice done
"""
PLAN = """
code = "together"
version = 1
prefix = "HQ"
module = "metering"
class = "test"
owner_post = "HEAD"
title = { zh = "会签", en = "Together" }
[lanes.handler]
posts = ["VERIFIER"]
title = { zh = "经办", en = "Handling" }
[lanes.leaders]
posts = ["LEADER"]
title = { zh = "领导", en = "Leaders" }
[tasks.ask]
form = "ask"
hours = 8
title = { zh = "申请", en = "Ask" }
[tasks.again]
form = "ask"
hours = 8
title = { zh = "复议", en = "Again" }
[tasks.book]
service = "test.book"
undo = "test.unbook"
inputs = { amount = "ask.amount" }
title = { zh = "记账", en = "Book" }
[tasks.sign]
form = "sign"
hours = 8
role = "approve"
share = 0.6
title = { zh = "会签", en = "Sign" }
"""
ASK = '{"type": "object", "properties": {"amount": {"type": "string", "format": "number", "label": {"zh": "数量", "en": "Amount"}}}}'
SIGN = """{"type": "object", "required": ["opinion"], "properties": {
 "opinion": {"type": "string", "format": "opinion", "label": {"zh": "意见", "en": "Opinion"}},
 "reason": {"type": "string", "format": "long_text", "label": {"zh": "理由", "en": "Reason"}}}}"""
FORMS = {"ask": ASK, "sign": SIGN}


@pytest.fixture
def booked(monkeypatch):
    """Services of the test process; what they were asked to do."""
    calls = []

    def book(amount, actor, request_key):
        calls.append(("book", amount, request_key))
        return {"entry": len(calls)}

    def unbook(amount, answer, actor, request_key):
        calls.append(("unbook", amount, answer["entry"]))
        return {}

    monkeypatch.setattr(registry, "_services", dict(registry._services))
    monkeypatch.setattr(registry, "_subjects", dict(registry._subjects))
    register_service(
        Service("test.book", "Book", ("amount",), book),
        Service("test.unbook", "Unbook", ("amount", "answer"), unbook),
    )
    return calls


@pytest.fixture
def leaders():
    """Three people who hold the post that signs together."""
    return [
        actor_for_person(holder(login, name, "LEADER", city_company()))
        for login, name in (("zhao", "赵一"), ("qian", "钱二"), ("sun", "孙三"))
    ]


@pytest.fixture
def made(booked, leaders, tmp_path):
    """An instance that waits for the three."""
    load(tmp_path)
    one = services.instance_start(
        code="together", unit=metering_centre(), title="购置", actor=verifier()
    )
    done(one, "ask", verifier(), amount="5")
    return one


def load(folder, plan=PLAN, text=TOGETHER):
    body = diagram(process("together", text))
    return services.pack_load(folder=pack_of(folder, body, plan, FORMS), actor=system_actor())


def task(instance, name):
    return instance.tasks.filter(task=name).latest("pk")


def done(instance, name, actor, *, seen=None, password=None, **data):
    return services.task_complete(
        task=task(instance, name), data=data, actor=actor, seen=seen, password=password
    )


def refused(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.refusal


def test_all_holders_are_asked_and_the_step_is_done_when_the_share_agrees(made, leaders):
    step = task(made, "sign")
    assert step.asked.count() == 3 and list(tasks_of_box(leaders[0].person_id, "offered")) == [step]
    assert done(made, "sign", leaders[0], opinion="agree").state == "open"
    assert list(tasks_of_box(leaders[0].person_id, "offered")) == []
    assert refused(lambda: done(made, "sign", leaders[0], opinion="agree")).code == "not_asked"
    done(made, "sign", leaders[1], opinion="agree")
    made.refresh_from_db()
    last = FormEntry.objects.get(task=step, asked=None)
    assert made.state == "done" and last.data == {"opinion": "agree", "agreed": 2, "asked": 3}
    assert FormEntry.objects.filter(task=step, asked__isnull=False).count() == 2


def test_it_is_rejected_as_soon_as_the_share_cannot_be_reached(made, leaders):
    done(made, "sign", leaders[0], opinion="reject", reason="预算不足")
    assert task(made, "sign").state == "open"
    done(made, "sign", leaders[2], opinion="reject", reason="预算不足")
    assert (task(made, "sign").state, task(made, "again").state) == ("done", "open")


def test_who_handled_is_not_among_those_who_sign_together(booked, leaders, tmp_path):
    holder("zhang", "张伟", "VERIFIER", metering_centre())
    holder("zhang", "张伟", "LEADER", city_company())
    load(tmp_path)
    one = services.instance_start(
        code="together", unit=metering_centre(), title="x", actor=verifier()
    )
    done(one, "ask", verifier(), amount="5")
    asked = set(task(one, "sign").asked.values_list("person", flat=True))
    assert asked == {actor.person_id for actor in leaders}
    assert refused(lambda: done(one, "sign", verifier(), opinion="agree")).code == "not_asked"


def test_nobody_to_ask_is_said_when_the_step_is_reached(booked, tmp_path):
    load(tmp_path)
    one = services.instance_start(
        code="together", unit=metering_centre(), title="x", actor=verifier()
    )
    assert refused(lambda: done(one, "ask", verifier(), amount="5")).code == "nobody_asked"
    assert task(one, "ask").state == "open" and booked == [("book", "5", booked[0][2])]


def test_an_added_person_gives_an_opinion_before_the_step_is_done(booked, tmp_path, leaders):
    load(tmp_path, PLAN.replace("share = 0.6\n", ""))
    one = services.instance_start(
        code="together", unit=metering_centre(), title="x", actor=verifier()
    )
    done(one, "ask", verifier(), amount="5")
    expert = holder("wu", "吴技术", "EXPERT", metering_centre())
    step = task(one, "sign")
    assert (
        refused(
            lambda: services.task_ask(
                task=step, person=Person.objects.get(login="zhang"), reason="x", actor=leaders[0]
            )
        ).code
        == "same_person"
    )
    services.task_ask(task=step, person=expert, reason="技术可行性", actor=leaders[0])
    assert list(tasks_of_box(expert.pk, "offered")) == [step]
    answer = refused(lambda: done(one, "sign", leaders[0], opinion="agree"))
    assert (answer.code, answer.facts["people"]) == ("waits", "吴技术")
    done(one, "sign", actor_for_person(expert), opinion="agree", reason="可行")
    assert task(one, "sign").state == "open"
    done(one, "sign", leaders[0], opinion="agree")
    one.refresh_from_db()
    assert one.state == "done"


@pytest.fixture
def advised(booked, tmp_path, leaders):
    """A step of one leader on which an expert of no post of its lane was asked; and the expert."""
    load(tmp_path, PLAN.replace("share = 0.6\n", ""))
    one = services.instance_start(
        code="together", unit=metering_centre(), title="购置", actor=verifier()
    )
    done(one, "ask", verifier(), amount="5")
    expert = holder("wu", "吴技术", "EXPERT", metering_centre())
    services.task_ask(task=task(one, "sign"), person=expert, reason="可行性", actor=leaders[0])
    return one, actor_for_person(expert)


@pytest.mark.parametrize("act", ["claim", "release", "send_back", "ask"])
def test_who_was_asked_for_an_opinion_gives_it_and_no_more(advised, leaders, act):
    one, expert = advised
    step = task(one, "sign")
    if act == "release":
        services.task_claim(task=step, actor=leaders[1])
    other = holder("zheng", "郑专家", "EXPERT", metering_centre())
    acts = {
        "claim": lambda: services.task_claim(task=step, actor=expert),
        "release": lambda: services.task_release(task=step, actor=expert),
        "send_back": lambda: services.task_send_back(task=step, reason="x", actor=expert),
        "ask": lambda: services.task_ask(task=step, person=other, reason="x", actor=expert),
    }
    before = ProcessTask.objects.values().get(pk=step.pk)
    assert refused(acts[act]).code == "only_asked"
    assert ProcessTask.objects.values().get(pk=step.pk) == before and step.asked.count() == 1


def test_an_opinion_does_not_send_back_by_its_form(advised):
    one, expert = advised
    answer = refused(lambda: done(one, "sign", expert, opinion="back", reason="x"))
    assert answer.code == "only_asked"
    assert (task(one, "sign").state, FormEntry.objects.filter(task__task="sign").count()) == (
        "open", 0,
    )  # fmt: skip


def test_a_step_is_not_handed_to_who_only_gives_an_opinion(advised, leaders):
    one, expert = advised
    services.task_claim(task=task(one, "sign"), actor=leaders[0])
    to = Person.objects.get(pk=expert.person_id)
    answer = refused(
        lambda: services.task_hand_over(task=task(one, "sign"), to=to, reason="x", actor=leaders[0])
    )
    assert answer.code == "only_asked"
    assert task(one, "sign").assignee_id == leaders[0].person_id


def test_who_has_the_step_does_all_of_it_while_an_opinion_is_asked(advised, leaders):
    one, _expert = advised
    services.task_claim(task=task(one, "sign"), actor=leaders[0])
    services.task_release(task=task(one, "sign"), actor=leaders[0])
    other = holder("zheng", "郑专家", "EXPERT", metering_centre())
    services.task_ask(task=task(one, "sign"), person=other, reason="x", actor=leaders[1])
    services.task_send_back(task=task(one, "sign"), reason="数量有误", actor=leaders[1])
    assert task(one, "ask").is_returned


def test_a_holder_who_was_asked_as_well_still_has_the_step(advised, leaders):
    one, _expert = advised
    second = Person.objects.get(pk=leaders[1].person_id)
    services.task_ask(task=task(one, "sign"), person=second, reason="x", actor=leaders[0])
    services.task_claim(task=task(one, "sign"), actor=leaders[1])
    assert task(one, "sign").assignee == second


def test_nobody_takes_up_alone_what_all_are_asked_for(made, leaders):
    step = task(made, "sign")
    assert refused(lambda: services.task_claim(task=step, actor=leaders[0])).code == "together"
    to = Person.objects.get(pk=leaders[1].person_id)

    def give():
        services.task_hand_over(task=step, to=to, reason="x", actor=head())

    assert refused(give).code == "together" and task(made, "sign").state == "open"


def test_who_has_answered_sends_back_no_more(made, leaders):
    done(made, "sign", leaders[0], opinion="agree")
    step = task(made, "sign")
    answer = refused(lambda: services.task_send_back(task=step, reason="x", actor=leaders[0]))
    assert answer.code == "not_asked" and task(made, "sign").state == "open"


def test_what_changed_after_it_was_shown_is_not_approved(booked, tmp_path, leaders):
    load(tmp_path, PLAN.replace("share = 0.6\n", ""))
    where = {"state": "ready"}
    register_subject(Subject("thing", "Thing", lambda key: dict(where), lambda key: ""))
    one = services.instance_start(
        code="together", unit=metering_centre(), title="x", subject="thing:7", actor=verifier()
    )
    done(one, "ask", verifier(), amount="5")
    seen = content_digest(one)
    where["state"] = "broken"
    assert (
        refused(lambda: done(one, "sign", leaders[0], seen=seen, opinion="agree")).code == "changed"
    )
    done(one, "sign", leaders[0], seen=content_digest(one), password=PASSWORD, opinion="agree")
    entry = FormEntry.objects.get(task__task="sign")
    assert entry.is_signed and entry.seen == content_digest(one)


def test_a_wrong_password_signs_nothing(made, leaders):
    answer = refused(lambda: done(made, "sign", leaders[0], password="wrong", opinion="agree"))
    assert answer.code == "wrong_password" and task(made, "sign").entries.count() == 0


def test_the_second_time_shows_what_was_changed(made, leaders):
    done(made, "sign", leaders[0], opinion="back", reason="数量有误")
    done(made, "ask", verifier(), amount="7")
    (change,) = changes_since(task(made, "sign"))
    assert (change.step, change.field, change.before, change.now) == ("申请", "数量", ["5"], ["7"])


def test_sending_back_undoes_what_the_program_did(made, leaders, booked):
    done(made, "sign", leaders[0], opinion="back", reason="数量有误")
    assert booked[-1] == ("unbook", "5", 1)
    done(made, "ask", verifier(), amount="7")
    assert booked[-1][:2] == ("book", "7") and task(made, "sign").asked.count() == 3


def test_a_withdrawal_undoes_it_too(made, booked):
    services.instance_withdraw(instance=made, reason="不再需要", actor=verifier())
    assert booked[-1] == ("unbook", "5", 1)


def test_what_cannot_be_undone_is_not_sent_back(booked, tmp_path, leaders):
    load(tmp_path, PLAN.replace('undo = "test.unbook"\n', ""))
    one = services.instance_start(
        code="together", unit=metering_centre(), title="x", actor=verifier()
    )
    done(one, "ask", verifier(), amount="5")
    answer = refused(lambda: done(one, "sign", leaders[0], opinion="back", reason="x"))
    assert answer.code == "no_undo" and task(one, "sign").state == "open"


def test_a_late_step_is_told_once(made):
    with write_batch(actor=system_actor(), action="test"):
        ProcessTask.objects.filter(pk=task(made, "sign").pk).update(
            due_at=timezone.now() - timedelta(hours=1)
        )
    assert (services.late_tick(), services.late_tick()) == (1, 0)
    assert made.notes.filter(kind="late").count() == 1


def test_a_message_begins_a_process_and_moves_one_that_waits(booked, tmp_path, leaders):
    text = TOGETHER.replace("user sign 会签 @leaders", "message sign name=paid").replace(
        "sign.opinion == 'reject'", "paid.sum == 'none'"
    )
    plan = PLAN.split("[tasks.sign]")[0] + '[start]\nmessage = "ordered"\n'
    body = diagram(process("together", text), messages=("paid",))
    services.pack_load(folder=pack_of(tmp_path, body, plan, {"ask": ASK}), actor=system_actor())
    given = {"unit": metering_centre().code, "title": "来自订单"}
    (one,) = services.message_receive(
        message="ordered", data=given, subject="order:9", actor=system_actor()
    )
    assert one.title == "来自订单"
    done(one, "ask", verifier(), amount="5")

    def paid(**about):
        return services.message_receive(
            message="paid", data={"sum": "12.50"}, actor=system_actor(), **about
        )

    assert paid(subject="order:8") == [] and paid(subject="order:9") == [one]
    one.refresh_from_db()
    assert one.state == "done" and one.notes.filter(kind="message").count() == 1
    assert paid(subject="order:9") == []


def test_a_monthly_process_begins_once_where_it_is_switched_on_by_name(booked, tmp_path, leaders):
    day = timezone.localdate().day
    load(tmp_path, PLAN + f"[start]\nmonthly = {min(day, 28)}\nhour = 0\n")
    assert services.starts_tick() == 0
    services.pack_switch(code="together", unit=metering_centre(), is_on=True, actor=system_actor())
    assert (services.starts_tick(), services.starts_tick()) == (1, 0)
    assert ProcessInstance.objects.get().unit == metering_centre()


def test_an_instance_is_moved_to_another_version_with_its_forms(made, tmp_path, booked):
    newer = load(tmp_path / "two", PLAN.replace("version = 1", "version = 2"))
    before = len(booked)
    services.instance_migrate(instance=made, version=newer, reason="新版表单", actor=system_actor())
    made.refresh_from_db()
    assert made.pack == newer and task(made, "sign").state == "open"
    assert len(booked) == before, "nothing is served twice"
    assert made.tasks.filter(task="ask").count() == 1


def test_an_instance_is_not_moved_to_a_step_that_is_not_there(made, tmp_path):
    text = (
        TOGETHER.replace("user sign", "user agree")
        .replace(" sign", " agree")
        .replace("sign.", "agree.")
    )
    plan = PLAN.replace("version = 1", "version = 2").replace("[tasks.sign]", "[tasks.agree]")
    newer = load(tmp_path / "two", plan, text)

    def move(**more):
        return services.instance_migrate(
            instance=made, version=newer, reason="x", actor=system_actor(), **more
        )

    assert refused(move).code == "no_step"
    assert move(steps={"sign": "agree"}).tasks.latest("pk").task == "agree"
    assert PackVersion.objects.count() == 2


def test_nobody_signs_two_times_at_once(made, leaders):
    done(made, "sign", leaders[0], opinion="agree")
    with pytest.raises(Refused):
        done(made, "sign", leaders[0], opinion="reject")
    assert task(made, "sign").entries.count() == 1


def test_the_head_alone_cannot_send_what_all_are_asked_for(made):
    assert refused(lambda: done(made, "sign", head(), opinion="agree")).code == "not_asked"
