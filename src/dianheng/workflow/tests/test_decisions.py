"""Several approvals of one kind, decided on one page with one password, each for itself."""

import pytest
from django.urls import reverse

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person
from dianheng.identity.tests.factories import PASSWORD, city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import FormEntry
from dianheng.workflow.selectors import content_digest

from .factories import head, holder, verifier, work_order
from .test_services import APPLY, WORK, done, task

pytestmark = pytest.mark.django_db


def order(title, actor=None):
    """A work order that waits for the head."""
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title=title, actor=actor or verifier()
    )
    done(one, "apply", actor or verifier(), **APPLY | {"subject": title})
    return one


@pytest.fixture
def orders():
    work_order()
    head()
    return [order(f"第{n}号表箱") for n in (1, 2, 3)]


def seen(orders):
    return {task(one, "assign").pk: content_digest(one) for one in orders}


def decide(orders, actor=None, **more):
    given = {"seen": seen(orders), "data": {"opinion": "agree"}, "password": PASSWORD} | more
    return services.tasks_decide(actor=actor or head(), **given)


def codes(results):
    return [one.refusal.code if one.refusal else "" for one in results]


def states(orders):
    return [task(one, "assign").state for one in orders]


def test_all_are_decided_each_signed_over_its_own_digest(orders):
    assert codes(decide(orders)) == ["", "", ""]
    assert states(orders) == ["done"] * 3
    entries = FormEntry.objects.filter(task__task="assign").order_by("pk")
    assert [entry.seen for entry in entries] == [content_digest(one) for one in orders]
    assert len({entry.seen for entry in entries}) == 3
    assert all(entry.is_signed and entry.opinion == "agree" for entry in entries)


def test_two_matters_alike_have_two_digests(orders):
    alike = [order("同一事项") for _time in range(2)]
    assert content_digest(alike[0]) != content_digest(alike[1])


def test_what_changed_meanwhile_is_refused_and_the_others_are_decided(orders):
    shown = seen(orders)
    shown[task(orders[1], "assign").pk] = "0" * 64
    assert codes(decide(orders, seen=shown)) == ["", "changed", ""]
    assert states(orders) == ["done", "open", "done"]


def test_what_somebody_else_decided_first_is_refused_by_itself(orders):
    shown = seen(orders)
    other = actor_for_person(holder("sun", "孙雷", "HEAD", city_company()))
    done(orders[0], "assign", other, opinion="reject", reason="重复")
    services.task_claim(task=task(orders[2], "assign"), actor=other)
    assert codes(decide(orders, seen=shown)) == ["not_running", "", "taken"]
    assert FormEntry.objects.filter(task__task="assign").count() == 2


def test_who_handled_one_of_them_approves_the_others_only(orders):
    both = actor_for_person(holder("zhang", "张伟", "HEAD", city_company()))
    foreign = order("他人所填", verifier("li", "李娜"))
    assert codes(decide([orders[0], foreign], both)) == ["same_person", ""]


def test_a_wrong_password_decides_nothing(orders):
    with pytest.raises(Refused) as caught:
        decide(orders, password="wrong")
    assert caught.value.refusal.code == "wrong_password" and states(orders) == ["open"] * 3


def test_guesses_are_counted_through_whatever_door_they_come(client, orders):
    login(client, head())
    one = task(orders[0], "assign")
    form = {"opinion": "agree", "seen": seen(orders)[one.pk]}
    address = reverse("task_form", args=[orders[0].number, one.pk])
    for _guess in range(2):
        client.post(address, {**form, "password": "wrong"})
        client.post(reverse("work_decide"), sent(orders, password="wrong"))
    answer = client.post(address, {**form, "password": "wrong"}, follow=True)
    assert "签署暂停至" in answer.content.decode()
    client.post(address, {**form, "password": PASSWORD})
    client.post(reverse("work_decide"), sent(orders))
    assert states(orders) == ["open"] * 3


@pytest.mark.parametrize(
    ("data", "fault"),
    [({}, ("opinion", "missing")), ({"opinion": "back", "reason": "x"}, ("opinion", "back"))],
    ids=["no-opinion", "sent-back"],
)
def test_the_form_is_whole_and_sends_nothing_back(orders, data, fault):
    with pytest.raises(BadInput) as caught:
        decide(orders, data=data)
    (error,) = caught.value.refusal.errors
    assert (error["field"], error["code"]) == fault and states(orders) == ["open"] * 3


def test_a_repeat_of_the_same_request_decides_once_and_says_the_same(orders):
    for _time in range(2):
        assert codes(decide(orders, seen=seen(orders), request_key="k")) == ["", "", ""]
    assert FormEntry.objects.filter(task__task="assign").count() == 3


def test_only_approvals_of_one_step_are_decided_together(orders):
    decide(orders[:1])
    done(orders[0], "work", verifier(), **WORK)
    mixed = [task(orders[0], "confirm"), task(orders[1], "assign")]
    with pytest.raises(Refused) as caught:
        decide([], seen={one.pk: "" for one in mixed})
    assert caught.value.refusal.code == "not_alike"
    handled = order_in_hand()
    with pytest.raises(Refused) as caught:
        decide([], seen={handled.pk: ""}, actor=verifier())
    assert caught.value.refusal.code == "not_alike", "handling is no decision"
    with pytest.raises(Refused):
        decide([], seen={})


def order_in_hand():
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="新单", actor=verifier()
    )
    return one.tasks.get()


def test_not_more_than_can_be_read_are_decided_at_once(orders, monkeypatch):
    monkeypatch.setattr("dianheng.workflow.services.decisions.AT_ONCE", 2)
    with pytest.raises(Refused) as caught:
        decide(orders)
    assert caught.value.refusal.code == "too_many" and states(orders) == ["open"] * 3


# -- the page --------------------------------------------------------------------------------------


def login(client, actor):
    client.force_login(Person.objects.get(pk=actor.person_id))
    return client


def chosen(client, orders, box="offered"):
    keys = [task(one, "assign").pk for one in orders]
    return client.post(f"{reverse('work')}?box={box}", {"bulk": "decide", "ids": keys}, follow=True)


def sent(orders, **more):
    shown = seen(orders)
    fields = {f"seen-{key}": digest for key, digest in shown.items()}
    keys = {"shown": list(shown), "task": list(shown)}
    return {"opinion": "agree", "password": PASSWORD, "request_key": "r1"} | keys | fields | more


def test_the_page_shows_what_each_will_do(client, orders):
    login(client, head())
    page = client.get(f"{reverse('work')}?box=offered").content.decode()
    assert 'value="decide"' in page
    assert 'value="decide"' not in client.get(f"{reverse('work')}?box=done").content.decode()
    page = chosen(client, orders).content.decode()
    for one in orders:
        assert one.number in page and one.title in page and content_digest(one) in page
    assert "更换表箱并检查接线" in page and 'value="back"' not in page
    assert page.count('name="task"') == 3 and 'type="password"' in page


def test_the_page_says_of_each_what_came_of_it(client, orders):
    login(client, head())
    data = sent(orders)
    data[f"seen-{task(orders[1], 'assign').pk}"] = "0" * 64
    answer = client.post(reverse("work_decide"), data)
    page = answer.content.decode()
    assert answer.status_code == 200 and states(orders) == ["done", "open", "done"]
    assert page.count("state-good") == 2 and page.count("state-bad") == 1
    assert "已有变化" in page


def test_what_was_unticked_stays(client, orders):
    login(client, head())
    client.post(reverse("work_decide"), sent(orders, task=[task(orders[0], "assign").pk]))
    assert states(orders) == ["done", "open", "open"]
    answer = client.post(reverse("work_decide"), sent(orders[1:], task=[]))
    assert "至少勾选一项" in answer.content.decode() and states(orders) == ["done", "open", "open"]


def test_a_wrong_password_keeps_what_was_filled_in(client, orders):
    login(client, head())
    data = sent(orders, password="wrong", opinion="reject", reason="预算不足")
    data["task"] = data["task"][:2]
    answer = client.post(reverse("work_decide"), data)
    page = answer.content.decode()
    assert answer.status_code == 422 and "密码" in page and "预算不足" in page
    assert 'value="reject" checked' in page and page.count('name="task"') == 3
    assert page.count(" checked") == 3, "two of three ticked, and the opinion"
    assert states(orders) == ["open"] * 3


def test_the_fields_follow_the_opinion_while_it_is_filled_in(client, orders):
    login(client, head())
    page = client.post(reverse("work_decide"), sent(orders, keep="1")).content.decode()
    assert 'name="assignee"' in page and "<html" not in page and states(orders) == ["open"] * 3


def test_who_cannot_decide_is_told_of_each_why(client, orders):
    both = actor_for_person(holder("zhang", "张伟", "HEAD", city_company()))
    login(client, both)
    page = chosen(client, orders).content.decode()
    assert "没有可由您办理" in page and page.count(orders[0].number) == 1
    answer = client.post(reverse("work_decide"), sent(orders))
    assert states(orders) == ["open"] * 3 and answer.content.decode().count("state-bad") == 3


def test_of_what_one_may_not_see_nothing_is_said(client, orders):
    stranger = holder("wai", "外人", "OUTSIDER", metering_centre(), ["identity.view"])
    client.force_login(stranger)
    assert client.post(reverse("work_decide"), sent(orders)).status_code == 403
    elsewhere = holder("yuan", "远方", "FAR", metering_centre())
    client.force_login(elsewhere)
    for shown in ([], ["x", "9" * 30], ["999999"]):
        answer = client.post(reverse("work_decide"), sent(orders, shown=shown))
        assert answer.status_code == 404
    assert states(orders) == ["open"] * 3


def test_steps_of_several_kinds_are_told_apart_in_the_list(client, orders):
    services.tasks_decide(
        seen=seen(orders[:1]), data={"opinion": "agree"}, actor=head(), password=PASSWORD
    )
    done(orders[0], "work", verifier(), **WORK)
    login(client, head())
    keys = [task(orders[0], "confirm").pk, task(orders[1], "assign").pk]
    answer = client.post(
        f"{reverse('work')}?box=offered", {"bulk": "decide", "ids": keys}, follow=True
    )
    assert "同一环节" in answer.content.decode()
