"""Orders after checks: plain ones with their clock, or carried by a process that closes them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import Refused
from dianheng.fieldwork.models import FieldOrder
from dianheng.fieldwork.services import order_done
from dianheng.identity.services import actor_for_person, setting_change, system_actor
from dianheng.identity.tests.factories import PASSWORD, city_company
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.selectors import earlier_entry
from dianheng.workflow.services import (
    instance_withdraw,
    pack_switch,
    task_complete,
    task_send_back,
)
from dianheng.workflow.tests.factories import head, verifier, work_order

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


def carried(order):
    """The order is written, assigned and worked on; what was done is to be looked at."""
    instance = ProcessInstance.objects.get(number=order.process)
    form = earlier_entry(instance.tasks.get())
    do(order, verifier(), **form)
    do(order, head(), opinion="agree")
    today = timezone.localdate().isoformat()
    do(
        order,
        verifier(),
        began_on=today,
        done_on=today,
        people="张伟",
        hours="2",
        result="第1元件改接，复测正确",
    )


def test_without_the_pack_an_order_is_a_plain_one():
    order = wrong_wiring()
    assert order.process == "" and ProcessInstance.objects.count() == 0


def test_an_order_begins_one_process_with_its_form_filled_in():
    work_order()
    order = wrong_wiring()
    (instance,) = ProcessInstance.objects.all()
    assert (instance.number, instance.subject) == (order.process, f"field_order:{order.number}")
    assert instance.title == f"更正接线：{order.usage_point.name}"
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
