"""Send-out: planned from due dates, agreed, listed, scanned out and in, locked until it is certified."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from django.utils.translation import override

from dianheng.assets.models import Device
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import system_actor, unit_make
from dianheng.identity.tests.factories import actor_with, metering_centre
from dianheng.standards.choices import ItemState, OrderState, PlanState
from dianheng.standards.models import SendoutItem, SendoutOrder, SendoutPlan
from dianheng.standards.selectors.sendout import (
    absences,
    differences_of,
    due_to_go,
    items_of,
    locked_in_spite,
    sendouts_waiting,
    to_send,
    total_yuan,
)
from dianheng.standards.services import (
    paper_withdraw,
    sendout_cancel,
    sendout_costs_set,
    sendout_hand_over,
    sendout_left_correct,
    sendout_lost,
    sendout_order_add,
    sendout_order_make,
    sendout_order_save,
    sendout_order_take_off,
    sendout_plan_add,
    sendout_plan_agree,
    sendout_plan_drop,
    sendout_plan_make,
    sendout_plan_reopen,
    sendout_plan_save,
    sendout_receive,
    sendout_scan,
    standard_certify,
)

from .factories import BODY, equipment, listed, scanned, sent_out

pytestmark = pytest.mark.django_db


def day(number):
    return timezone.localdate() + timedelta(days=number)


def standard(barcode="STD-0001", last=40, number="DC-1"):
    device = equipment(barcode, "standard_meter", "CL311")
    if last is not None:
        certify(device, number, -325, last)
    return device


def certify(device, number, first, last):
    return standard_certify(
        device=device, number=number, issuer=BODY, valid_from=day(first), valid_through=day(last),
        takes_over=True, actor=system_actor(),
    )  # fmt: skip


def plan(last=90, **change):
    facts = {
        "unit": metering_centre(), "title": "一季度送检计划", "first_on": day(0),
        "last_on": day(last), "actor": system_actor(),
    }  # fmt: skip
    return sendout_plan_make(**facts | change)


def agreed(made, on=10):
    lines = {item.pk: {"appointed_on": day(on)} for item in made.items.all()}
    sendout_plan_save(plan=made, lines=lines, actor=system_actor())
    return sendout_plan_agree(plan=made, actor=system_actor())


def back(order, *codes, found="good", condition="外观完好", accessories="电源线1根、测试线2根"):
    lines = {
        item.pk: {"found": found, "condition": condition, "accessories": accessories}
        for item in order.items.filter(device__barcode__in=codes)
    }
    return sendout_receive(order=order, lines=lines, brought_by="李司机", actor=system_actor())


def codes_of(raised):
    return [(error["field"], error["code"]) for error in raised.value.refusal.errors]


def item_of(device):
    return SendoutItem.objects.get(device=device)


def is_locked(device):
    now = timezone.now()
    return any(one.covers(now) for one in absences([device.pk]).get(device.pk, []))


# -- plan ------------------------------------------------------------------------------------------


def test_a_plan_holds_what_ends_in_its_period_with_body_cycle_and_day():
    soon, later = standard(), standard("STD-0002", 200, "DC-2")
    standard("STD-0003", None)
    made = plan(request_key="plan-1")
    assert plan(request_key="plan-1").pk == made.pk
    item = SendoutItem.objects.get()
    assert (item.device, item.body, item.cycle_months, item.due_on, item.planned_on) == (
        soon, BODY, 12, day(40), day(10),
    )  # fmt: skip
    assert made.number.startswith("SH") and item.state == ItemState.PLANNED
    # What stands on a plan is due on no other; the rest can be put on it.
    assert list(due_to_go(metering_centre(), day(365))) == [later]
    sendout_plan_add(plan=made, device=later, actor=system_actor())
    with pytest.raises(Refused) as twice:
        sendout_plan_add(plan=made, device=later, actor=system_actor())
    assert twice.value.refusal.code == "busy" and made.number in str(twice.value.refusal.text)
    assert not due_to_go(metering_centre(), day(365)).exists()


def test_a_plan_is_edited_and_agreed_when_every_line_has_body_and_day():
    first, second = standard(), standard("STD-0002", 50, "DC-2")
    made = plan()
    one, two = item_of(first), item_of(second)
    with pytest.raises(BadInput) as wrong:
        sendout_plan_save(
            plan=made, actor=system_actor(),
            lines={one.pk: {"way": "post", "cycle_months": 0}, two.pk: {"planned_on": None}, 0: {}},
        )  # fmt: skip
    assert codes_of(wrong) == [
        ("lines", "unknown"), ("way", "unknown"), ("cycle_months", "outside"), ("planned_on", "missing"),
    ]  # fmt: skip
    sendout_plan_save(plan=made, lines={one.pk: {"body": "", "note": " 急 "}}, actor=system_actor())
    with pytest.raises(BadInput) as open_ones:
        sendout_plan_agree(plan=made, actor=system_actor())
    assert codes_of(open_ones) == [
        ("body", "missing"), ("appointed_on", "missing"), ("appointed_on", "missing"),
    ]  # fmt: skip
    lines = {
        one.pk: {"body": BODY, "appointed_on": day(12)}, two.pk: {"appointed_on": day(60)},
    }  # fmt: skip
    sendout_plan_save(plan=made, lines=lines, actor=system_actor())
    assert sendout_plan_agree(plan=made, actor=system_actor()).state == PlanState.AGREED
    assert item_of(first).note == "急"
    with pytest.raises(Refused) as fixed:
        sendout_plan_save(plan=made, lines=lines, actor=system_actor())
    assert fixed.value.refusal.code == "agreed"
    sendout_plan_reopen(plan=made, reason="省院改期", actor=system_actor())
    drop = {"plan": made, "item_ids": [two.pk], "actor": system_actor()}
    with pytest.raises(BadInput):
        sendout_plan_drop(reason=" ", **drop)
    assert sendout_plan_drop(reason="停用", **drop) == 1
    assert item_of(second).state == ItemState.DROPPED
    with pytest.raises(Refused):
        sendout_plan_reopen(plan=made, reason="x", actor=actor_with("verification.view", login="g"))


def test_a_standard_of_another_laboratory_is_neither_planned_nor_listed():
    other = unit_make(code="OTHER", name="别处", kind="county", actor=system_actor())
    device = standard()
    made = sendout_plan_make(
        unit=other, title="计划", first_on=day(0), last_on=day(90), actor=system_actor()
    )
    assert not made.items.exists()
    for act in (
        lambda: sendout_plan_add(plan=made, device=device, actor=system_actor()),
        lambda: sendout_order_make(
            unit=other, body=BODY, expected_on=day(9), devices=[device], actor=system_actor()
        ),
    ):
        with pytest.raises(Refused) as foreign:
            act()
        assert foreign.value.refusal.code == "unit"
    assert not SendoutItem.objects.exists()


def test_an_empty_plan_cannot_be_agreed_and_a_plan_has_title_and_period():
    with pytest.raises(BadInput):
        sendout_plan_agree(plan=plan(), actor=system_actor())
    with pytest.raises(BadInput) as wrong:
        plan(last=-1, title=" ")
    assert codes_of(wrong) == [("title", "missing"), ("last_on", "period")]
    assert SendoutPlan.objects.count() == 1


# -- list and hand-over out ------------------------------------------------------------------------


def order_of(made, **change):
    facts = {
        "unit": metering_centre(), "body": BODY, "expected_on": day(30), "actor": system_actor(),
        "item_ids": [item.pk for item in made.items.all()],
    }  # fmt: skip
    return sendout_order_make(**facts | change)


def test_an_order_takes_lines_of_agreed_plans_of_its_body():
    standard()
    made = plan()
    with pytest.raises(BadInput) as early:
        order_of(made)
    assert codes_of(early) == [("items", "draft")]
    agreed(made)
    with pytest.raises(BadInput) as other:
        order_of(made, body="市计量所", expected_on=day(-1))
    assert codes_of(other) == [("expected_on", "over"), ("items", "body")]
    assert [item.pk for item in to_send([metering_centre()], day(0), 10)] == [made.items.get().pk]
    order = order_of(made, request_key="order-1")
    assert order_of(made, request_key="order-1").pk == order.pk
    assert item_of(Device.objects.get(barcode="STD-0001")).state == ItemState.LISTED
    assert not to_send([metering_centre()], day(0), 10)
    with pytest.raises(BadInput) as again:
        order_of(made)
    assert codes_of(again) == [("items", "state")]
    assert SendoutOrder.objects.count() == 1


def test_nothing_leaves_that_was_not_scanned_and_looked_at():
    first, second = standard(), standard("STD-0002", 50, "DC-2")
    order = listed(first)
    item = sendout_order_add(order=order, device=second, actor=system_actor())
    assert scanned(order, "STD-0001", "STD-0001", "STD-0099") == ["good", "good", "refused"]
    lines = {item.pk: {"condition": "外观完好"}}
    sendout_order_save(order=order, lines=lines, actor=system_actor())
    with pytest.raises(BadInput) as early:
        sendout_hand_over(order=order, receiver="", actor=system_actor())
    assert codes_of(early) == [
        ("receiver", "missing"), ("items", "condition"), ("items", "not_scanned"),
    ]  # fmt: skip
    assert not is_locked(first) and SendoutOrder.objects.get().state == OrderState.LISTED
    off = {"order": order, "item_ids": [item.pk], "actor": system_actor()}
    sendout_order_take_off(reason="本次不送", **off)
    assert item_of(second).state == ItemState.DROPPED  # no plan held it
    keep = {item_of(first).pk: {"condition": "完好"}}
    sendout_order_save(order=order, lines=keep, actor=system_actor())
    out = sendout_hand_over(
        order=order, receiver="省院 赵收", actor=system_actor(), request_key="out-1"
    )
    assert sendout_hand_over(
        order=order, receiver="省院 赵收", actor=system_actor(), request_key="out-1"
    ) == out  # fmt: skip
    assert out.state == OrderState.OUT and is_locked(first)
    with pytest.raises(Refused) as gone:
        sendout_order_add(order=order, device=second, actor=system_actor())
    assert gone.value.refusal.code == "sendout_state"


def test_a_line_of_a_draft_or_of_another_body_is_not_put_on_a_list():
    planned, other = standard(), standard("STD-0002", 300, "DC-2")
    order = listed(other)
    made = plan()
    line = made.items.get(device=planned)

    def add():
        return sendout_order_add(order=order, device=planned, actor=system_actor())

    with pytest.raises(BadInput) as draft:
        add()
    assert codes_of(draft) == [("items", "draft")]
    sendout_plan_save(
        plan=made,
        lines={line.pk: {"body": "国家院", "appointed_on": day(10)}},
        actor=system_actor(),
    )
    sendout_plan_agree(plan=made, actor=system_actor())
    with pytest.raises(BadInput) as elsewhere:
        add()
    assert codes_of(elsewhere) == [("items", "body")]
    line.refresh_from_db()
    assert (line.state, line.body, line.order) == (ItemState.PLANNED, "国家院", None)


def test_a_scan_is_taken_back_and_the_same_key_answers_as_before():
    order = listed(standard())
    assert scanned(order, "STD-0001") == ["good"]
    item = SendoutItem.objects.get()
    assert item.scanned_out_at is not None
    undo = [{"key": "u-1", "undo": f"{order.state}-STD-0001"}]
    answer = sendout_scan(order=order, scans=undo, actor=system_actor())
    assert (answer["results"][0]["outcome"], answer["total"]) == ("undone", 0)
    item.refresh_from_db()
    assert item.scanned_out_at is None
    # A second scan of the same standard changes nothing, and taking it back neither.
    scans = [{"key": key, "code": "STD-0001"} for key in ("a", "b")] + [{"key": "c", "undo": "b"}]
    answer = sendout_scan(order=order, scans=scans, actor=system_actor())
    assert [one["outcome"] for one in answer["results"]] == ["good", "repeat", "refused"]
    assert answer["total"] == 1
    with pytest.raises(Refused):
        sendout_scan(order=order, scans=undo, actor=actor_with("verification.view", login="g"))


def test_a_standard_put_on_the_list_again_is_scanned_and_one_taken_off_is_a_stranger():
    device = standard()
    order = listed(device)
    off = {"order": order, "reason": "本次不送", "actor": system_actor()}
    sendout_order_take_off(item_ids=[order.items.get().pk], **off)
    assert judged(order, "off") == ("refused", "不在此清单上。请先列入清单，或不要送出。")
    again = sendout_order_add(order=order, device=device, actor=system_actor())
    assert judged(order, "on")[0] == "good"
    again.refresh_from_db()
    assert again.scanned_out_at is not None


def test_what_was_reported_lost_says_so_when_it_is_scanned():
    first, second = standard(), standard("STD-0002", 50, "DC-2")
    order = sent_out(first, second)
    sendout_lost(
        order=order, item_ids=[item_of(first).pk], reason="运输途中丢失", actor=system_actor()
    )
    outcome, text = judged(order, "in")
    assert outcome == "refused" and "已报告丢失" in text
    assert SendoutOrder.objects.get().strangers == []


def judged(order, key):
    """What a scan of the first standard comes to, in Chinese."""
    scans = [{"key": key, "code": "STD-0001"}]
    with override("zh-hans"):
        (answer,) = sendout_scan(order=order, scans=scans, actor=system_actor())["results"]
    return answer["outcome"], answer["text"]


def test_a_cancelled_order_gives_its_lines_back_to_their_plans():
    standard()
    made = agreed(plan())
    order = order_of(made)
    loose = sendout_order_add(
        order=order, device=standard("STD-0002", 300, "DC-2"), actor=system_actor()
    )
    with pytest.raises(BadInput):
        sendout_cancel(order=order, reason="", actor=system_actor())
    assert sendout_cancel(order=order, reason="省院停电", actor=system_actor()).state == "cancelled"
    item = made.items.get()
    assert (item.state, item.order) == (ItemState.PLANNED, None)
    loose.refresh_from_db()
    assert loose.state == ItemState.DROPPED
    assert order_of(made).state == OrderState.LISTED


# -- back ------------------------------------------------------------------------------------------


def test_it_is_locked_from_leaving_until_its_new_certificate_is_in():
    device = standard()
    order = sent_out(device)
    assert is_locked(device)
    assert scanned(order, "STD-0001") == ["good"]
    assert back(order, "STD-0001").state == OrderState.BACK
    item = item_of(device)
    assert (item.state, item.found, item.released_at) == (ItemState.BACK, "good", None)
    assert is_locked(device) and list(sendouts_waiting([metering_centre()], day(0))) == [item]
    paper = certify(device, "DC-2", 0, 365)
    item.refresh_from_db()
    assert (item.state, item.certificate) == (ItemState.DONE, paper) and not is_locked(device)
    assert not sendouts_waiting([metering_centre()], day(0)).exists()


def test_a_certificate_that_comes_first_releases_with_the_return():
    device = standard()
    order = sent_out(device)
    certify(device, "DC-2", 0, 365)
    assert is_locked(device) and item_of(device).state == ItemState.OUT
    back(order, "STD-0001")
    assert item_of(device).state == ItemState.DONE and not is_locked(device)


def test_an_old_certificate_entered_late_releases_nothing():
    device = standard(last=None)
    order = sent_out(device)
    back(order, "STD-0001")
    certify(device, "DC-0", -400, 30)
    assert is_locked(device) and item_of(device).certificate is None


def ago(days):
    return timezone.now() - timedelta(days=days)


def test_a_hand_over_entered_late_is_corrected_and_the_certificate_made_since_releases():
    device = standard()
    order = sent_out(device)  # it left three days ago; nobody wrote that
    paper = certify(device, "DC-2", -1, 364)
    assert locked_in_spite(paper) == item_of(device)
    back(order, "STD-0001")
    assert (item_of(device).state, item_of(device).certificate) == (ItemState.BACK, None)
    correct = {"order": order, "actor": system_actor()}
    with pytest.raises(BadInput) as wrong:
        sendout_left_correct(at=timezone.now(), reason=" ", **correct)
    assert codes_of(wrong) == [("reason", "missing"), ("at", "order")]
    with pytest.raises(Refused):
        guest = actor_with("verification.view", login="g")
        sendout_left_correct(order=order, at=ago(3), reason="补录", actor=guest)
    assert is_locked(device)
    left = ago(3)
    assert sendout_left_correct(at=left, reason="补录时未填送出时间", **correct).handed_at == left
    item = item_of(device)
    assert (item.state, item.certificate, item.out_at) == (ItemState.DONE, paper, left)
    assert not is_locked(device) and locked_in_spite(paper) is None
    # Corrected the other way, the certificate was made before it left: locked once more.
    sendout_left_correct(at=item.back_at, reason="时间改错", **correct)
    assert item_of(device).state == ItemState.BACK and is_locked(device)
    with pytest.raises(Refused):
        sendout_left_correct(
            order=listed(standard("STD-0002", 50, "DC-9")),
            at=left,
            reason="x",
            actor=system_actor(),
        )


def test_a_certificate_entered_before_the_hand_over_is_entered_releases_with_the_return():
    device = standard()
    order = listed(device)
    paper = certify(device, "DC-2", -1, 364)
    scanned(order, "STD-0001")
    lines = {item_of(device).pk: {"condition": "外观完好"}}
    sendout_order_save(order=order, lines=lines, actor=system_actor())
    sendout_hand_over(order=order, receiver="省院 赵收", at=ago(3), actor=system_actor())
    assert is_locked(device) and item_of(device).certificate == paper
    back(order, "STD-0001")
    assert item_of(device).state == ItemState.DONE and not is_locked(device)


def withdraw(paper, on):
    paper_withdraw(paper=paper, withdrawn_on=day(on), reason="登记错误", actor=system_actor())


def test_a_certificate_of_another_standard_that_was_withdrawn_releases_nothing():
    device = standard()
    order = sent_out(device)
    wrong = certify(device, "DC-7", 0, 364)
    withdraw(wrong, 0)
    assert item_of(device).certificate is None
    back(order, "STD-0001")
    assert is_locked(device) and item_of(device).state == ItemState.BACK
    # The same where it is found out after the release.
    second = certify(device, "DC-8", 0, 363)
    assert not is_locked(device)
    withdraw(second, 0)
    item = item_of(device)
    assert (item.state, item.certificate) == (ItemState.BACK, None) and is_locked(device)
    right = certify(device, "DC-9", 0, 362)
    assert item_of(device).certificate == right and not is_locked(device)


def test_a_release_stands_that_was_made_while_the_certificate_held():
    device = standard()
    back(sent_out(device), "STD-0001")
    paper = certify(device, "DC-2", 0, 364)
    withdraw(paper, 1)
    assert (item_of(device).state, item_of(device).certificate) == (ItemState.DONE, paper)
    assert not is_locked(device)


def test_a_part_comes_back_and_the_rest_stays_out_and_is_warned_of():
    first, second = standard(), standard("STD-0002", 50, "DC-2")
    order = sent_out(first, second)
    assert back(order, "STD-0001").state == OrderState.PARTLY
    assert is_locked(second)
    certify(first, "DC-8", 0, 365)
    assert not sendouts_waiting([metering_centre()], day(20)).exists()
    assert list(sendouts_waiting([metering_centre()], day(21))) == [item_of(second)]
    assert back(order, "STD-0002").state == OrderState.BACK
    certify(second, "DC-9", 0, 365)
    assert not sendouts_waiting([metering_centre()], day(21)).exists()


def test_who_takes_in_says_as_what_and_how_it_was_found_and_all_faults_are_said():
    device = standard()
    order = sent_out(device)
    item = item_of(device)
    lines = {item.pk: {"found": "fine", "condition": ""}, 0: {"found": "good"}}
    with pytest.raises(BadInput) as wrong:
        sendout_receive(order=order, lines=lines, brought_by=" ", actor=system_actor())
    assert codes_of(wrong) == [
        ("brought_by", "missing"), ("items", "found"), ("items", "not_out"),
    ]  # fmt: skip
    with pytest.raises(BadInput) as no_condition:
        back(order, "STD-0001", condition=" ")
    assert codes_of(no_condition) == [("items", "condition")]
    with pytest.raises(Refused):
        sendout_receive(
            order=order, lines={}, brought_by="x", actor=actor_with("verification.view", login="g")
        )
    assert item_of(device).state == ItemState.OUT


def test_rejected_and_damaged_stay_locked_until_a_certificate_made_afterwards():
    device = standard(last=300)
    order = sent_out(device)
    certify(device, "DC-2", 0, 400)
    back(order, "STD-0001", found="rejected")
    assert is_locked(device) and item_of(device).state == ItemState.BACK
    # Repaired, it goes again; the certificate of the second time releases both.
    again = sent_out(device)
    back(again, "STD-0001")
    certify(device, "DC-3", 0, 450)
    assert not is_locked(device)
    assert sorted(SendoutItem.objects.values_list("state", "found")) == [
        ("back", "rejected"), ("done", "good"),
    ]  # fmt: skip


def test_not_verified_is_free_at_once_by_the_certificate_that_it_had():
    device = standard()
    order = sent_out(device)
    back(order, "STD-0001", found="untested")
    assert not is_locked(device) and item_of(device).state == ItemState.DONE
    assert list(due_to_go(metering_centre(), day(90))) == [device]


def test_what_is_lost_is_lost_in_the_register_too():
    first, second = standard(), standard("STD-0002", 50, "DC-2")
    order = sent_out(first, second)
    with pytest.raises(BadInput):
        sendout_lost(order=order, item_ids=[item_of(first).pk], reason=" ", actor=system_actor())
    sendout_lost(
        order=order, item_ids=[item_of(first).pk], reason="运输途中丢失", actor=system_actor()
    )
    first.refresh_from_db()
    assert (first.state, item_of(first).state) == ("lost", ItemState.LOST) and is_locked(first)
    assert back(order, "STD-0002").state == OrderState.BACK


def test_the_list_in_names_every_difference_to_the_list_out():
    devices = [standard(f"STD-000{n}", 50, f"DC-{n}") for n in (1, 2, 3)]
    order = sent_out(*devices)
    assert scanned(order, "STD-0001", "STD-0077") == ["good", "refused"]
    back(order, "STD-0001", condition="面板划伤", accessories="测试线1根、说明书")
    back(order, "STD-0002", found="rejected")
    order.refresh_from_db()
    found = [(d.barcode, d.code) for d in differences_of(order, items_of(order.items))]
    assert found == [
        ("STD-0001", "changed"), ("STD-0001", "accessory_missing"), ("STD-0001", "accessory_more"),
        ("STD-0001", "changed"),
        ("STD-0002", "rejected"), ("STD-0003", "not_back"), ("STD-0077", "stranger"),
    ]  # fmt: skip


def test_costs_are_yuan_and_fen_and_add_up():
    first, second = standard(), standard("STD-0002", 50, "DC-2")
    order = sent_out(first, second)
    one, two = item_of(first).pk, item_of(second).pk
    costs = {one: Decimal("1280.50"), two: Decimal("0.1")}
    sendout_costs_set(order=order, costs=costs, invoice_no=" 01234 ", actor=system_actor())
    assert total_yuan(items_of(order.items)) == Decimal("1280.60")
    with pytest.raises(BadInput) as wrong:
        sendout_costs_set(
            order=order,
            costs={one: Decimal("1.005"), two: Decimal(-1), 0: None},
            actor=system_actor(),
        )
    assert codes_of(wrong) == [("items", "cost"), ("items", "cost"), ("items", "unknown")]
    assert SendoutOrder.objects.get().invoice_no == "01234"


def test_what_the_body_verifies_here_is_done_by_its_certificate():
    bench = equipment("BENCH-01", "bench", "CL3000", 60)
    certify(bench, "DC-1", -325, 40)
    made = plan()
    item = item_of(bench)
    sendout_plan_save(plan=made, lines={item.pk: {"way": "on_site"}}, actor=system_actor())
    agreed(made)
    with pytest.raises(BadInput) as sent:
        order_of(made)
    assert codes_of(sent) == [("items", "on_site")]
    certify(bench, "DC-2", 0, 365)
    item.refresh_from_db()
    assert item.state == ItemState.DONE and not is_locked(bench)
