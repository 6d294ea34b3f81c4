"""Orders after checks: plain ones with their clock, or carried by a process that closes them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import Refused
from dianheng.fieldwork.models import FieldOrder
from dianheng.fieldwork.panels import point_hold
from dianheng.fieldwork.services import order_done
from dianheng.identity.services import actor_for_person, setting_change, system_actor
from dianheng.identity.tests.factories import PASSWORD, city_company, metering_centre, person_with
from dianheng.workflow.calendar import due_after, end_of_day
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.selectors import earlier_entry
from dianheng.workflow.services import (
    instance_withdraw,
    pack_switch,
    task_complete,
    task_send_back,
)
from dianheng.workflow.tests.factories import head, holder, verifier, work_order

from .factories import CONDITIONS, REVERSED, calibrator, crew
from .test_checks import GOOD, record

pytestmark = pytest.mark.django_db


def wrong_wiring():
    """A record with a reversed current, and the order that it opened."""
    calibrator()
    return record({**CONDITIONS, **REVERSED}).check.orders.get()


def do(order, actor, **data):
    instance = ProcessInstance.objects.get(number=order.process)
    task = instance.tasks.latest("pk")
    password = PASSWORD if "opinion" in data else None
    return task_complete(task=task, data=data, actor=actor, password=password)


def carried(order, done_on=None):
    """The order is written, assigned and worked on; what was done is to be looked at."""
    instance = ProcessInstance.objects.get(number=order.process)
    form = earlier_entry(instance.tasks.get())
    do(order, verifier(), **form)
    do(order, head(), opinion="agree")
    worked(order, done_on or timezone.localdate())


def worked(order, done_on):
    """The work is handed in with its day."""
    day = done_on.isoformat()
    do(
        order, verifier(), began_on=day, done_on=day, people="张伟", hours="2",
        result="第1元件改接，复测正确",
    )  # fmt: skip


def test_without_the_pack_an_order_is_a_plain_one():
    order = wrong_wiring()
    assert order.process == "" and ProcessInstance.objects.count() == 0


def test_an_order_begins_one_process_with_its_form_filled_in(client):
    work_order()
    order = wrong_wiring()
    (instance,) = ProcessInstance.objects.all()
    assert (instance.number, instance.subject) == (order.process, f"field_order:{order.number}")
    assert instance.title == f"更正接线：{order.usage_point.name}"
    client.force_login(
        person_with("*", login="boss"), backend="dianheng.identity.backends.PersonBackend"
    )
    page = client.get(reverse("process", args=[instance.number])).content.decode()
    assert f"检验后处理单 {order.number}" in page and "field_order:" not in page
    form = earlier_entry(instance.tasks.get())
    assert form["kind"] == "repair" and form["wanted_by"] == order.due_on.isoformat()
    assert "第1元件电流反接" in form["content"] and order.usage_point.number in form["place"]


def test_each_order_of_a_record_has_a_process_of_its_own():
    work_order()
    calibrator()
    bad = {**GOOD, **REVERSED, "error_1": "0.62", "error_2": "0.64"}
    orders = record(bad).check.orders.all()
    assert len({order.process for order in orders}) == 2 == ProcessInstance.objects.count()
    replaced = orders.get(kind="replace_meter")
    instance = ProcessInstance.objects.get(number=replaced.process)
    form = earlier_entry(instance.tasks.get())
    assert form["devices"] == [{"device": replaced.device.barcode}]


def test_accepted_work_closes_the_order_with_its_result():
    work_order()
    order = wrong_wiring()
    carried(order)
    assert FieldOrder.objects.get().state == "open"
    do(order, head(), opinion="agree")
    order = FieldOrder.objects.get()
    assert (order.state, order.what_done) == ("done", "第1元件改接，复测正确")
    assert order.done_on == timezone.localdate() and order.done_by.name == "张伟"


def test_no_step_is_due_after_the_order_itself():
    """The work may take 40 office hours, the order three working days."""
    work_order()
    order = wrong_wiring()
    instance = ProcessInstance.objects.get()
    last = end_of_day(order.due_on, order.unit_id)
    do(order, verifier(), **earlier_entry(instance.tasks.get()))
    decide = instance.tasks.latest("pk")
    assert decide.due_at == due_after(8, decide.offered_at, decide.unit_id) < last
    do(order, head(), opinion="agree")
    work = instance.tasks.latest("pk")
    assert work.task == "work" and work.due_at == last


def test_who_checks_on_site_writes_and_carries_the_order():
    work_order()
    order = wrong_wiring()
    field = actor_for_person(holder("qin", "秦岭", "FIELD", metering_centre()))
    do(order, field, **earlier_entry(ProcessInstance.objects.get().tasks.get()))
    do(order, head(), opinion="agree")
    day = timezone.localdate().isoformat()
    do(order, field, began_on=day, done_on=day, result="第1元件改接，复测正确")
    do(order, head(), opinion="agree")
    order = FieldOrder.objects.get()
    assert (order.state, order.done_by.name) == ("done", "秦岭")


def test_while_the_process_runs_nobody_closes_the_order_beside_it():
    work_order()
    order = wrong_wiring()
    with pytest.raises(Refused) as refused:
        order_done(
            order=order, done_on=timezone.localdate(), what_done="改接",
            actor=actor_for_person(crew()[0]),
        )  # fmt: skip
    assert refused.value.refusal.code == "in_process" and FieldOrder.objects.get().state == "open"


def test_work_that_is_sent_back_leaves_the_order_open():
    work_order()
    order = wrong_wiring()
    carried(order)
    instance = ProcessInstance.objects.get()
    task_send_back(task=instance.tasks.latest("pk"), reason="缺复测照片", actor=head())
    assert FieldOrder.objects.get().state == "open"


@pytest.mark.parametrize("days", [-1, 1], ids=["before the order", "not come yet"])
def test_work_of_a_day_that_cannot_be_is_not_accepted_but_sent_back(days):
    work_order()
    order = wrong_wiring()
    opened, today = timezone.localdate(order.opened_at), timezone.localdate()
    wrong = (opened if days < 0 else today) + timedelta(days=days)
    carried(order, wrong)
    with pytest.raises(Refused) as refused:
        do(order, head(), opinion="agree")
    assert refused.value.refusal.code == "day"
    assert refused.value.refusal.facts == {"day": wrong.isoformat(), "opened": opened.isoformat()}
    assert str(refused.value.refusal.text) == (
        f"{wrong} 早于处理单（{opened}），或尚未到来。请退回办理环节更正日期。"
    )
    assert FieldOrder.objects.get().state == "open"
    assert ProcessInstance.objects.get().ended_at is None
    do(order, head(), opinion="reject", reason="日期有误")
    worked(order, today)
    do(order, head(), opinion="agree")
    assert FieldOrder.objects.get().done_on == today


def test_a_point_is_held_by_its_order_with_the_process_that_closes_it():
    """Nobody is told to close by hand what the order page refuses to."""
    work_order()
    order = wrong_wiring()
    (hold,) = point_hold(order.usage_point, None)
    assert str(hold.text) == (
        f"处理单 {order.number} 还没有完成：请先办结流程 {order.process}，办结后自动关闭。"
    )
    instance_withdraw(
        instance=ProcessInstance.objects.get(), reason="改由外包处理",
        actor=actor_for_person(crew()[0]),
    )  # fmt: skip
    (hold,) = point_hold(order.usage_point, None)
    assert str(hold.text) == f"处理单 {order.number} 还没有完成：请先填写处理情况。"


@pytest.mark.parametrize("how", ["not taken on", "withdrawn"])
def test_a_process_that_ends_without_work_leaves_the_order_to_be_closed_by_hand(how):
    work_order()
    order = wrong_wiring()
    instance = ProcessInstance.objects.get()
    if how == "withdrawn":
        instance_withdraw(
            instance=instance, reason="改由外包处理", actor=actor_for_person(crew()[0])
        )
    else:
        do(order, verifier(), **earlier_entry(instance.tasks.get()))
        do(order, head(), opinion="reject", reason="改由外包处理")
    assert FieldOrder.objects.get().state == "open"
    order_done(
        order=order, done_on=timezone.localdate(), what_done="外包改接",
        actor=actor_for_person(crew()[0]),
    )  # fmt: skip
    assert FieldOrder.objects.get().state == "done"


@pytest.mark.parametrize("how", ["pack", "setting"])
def test_switched_off_orders_are_plain_ones(how):
    work_order()
    if how == "pack":
        pack_switch(code="work-order", unit=city_company(), is_on=False, actor=system_actor())
    else:
        setting_change(
            key="fieldwork.orders_as_process", value="no", valid_from=timezone.localdate(),
            reason="试行", actor=system_actor(),
        )  # fmt: skip
    assert wrong_wiring().process == "" and ProcessInstance.objects.count() == 0


def test_the_page_of_the_order_shows_its_process_and_no_form(client):
    work_order()
    order = wrong_wiring()
    client.force_login(crew()[0], backend="dianheng.identity.backends.PersonBackend")
    url = reverse("field_order", args=[order.number])
    page = client.get(url).content.decode()
    assert order.process in page and "what_done" not in page
    assert "第1元件电流反接" in page
    client.cookies["django_language"] = "en"
    assert "current of element 1 reversed" in client.get(url).content.decode().lower()
