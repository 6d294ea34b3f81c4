"""Pages of send-outs: planned, listed, handed over, taken in and certified by page; rights at each door."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.documents.tests.reading import text as text_of
from dianheng.identity.services import system_actor, unit_make, write_batch
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.standards.models import SendoutItem, SendoutOrder, SendoutPlan
from dianheng.standards.services import (
    sendout_plan_agree,
    sendout_plan_make,
    sendout_plan_save,
    sendout_receive,
    standard_certify,
)

from .factories import BODY, equipment, listed, scanned, sent_out
from .test_pages import log_in, page

pytestmark = pytest.mark.django_db


def day(number):
    return timezone.localdate() + timedelta(days=number)


@pytest.fixture
def engineer(client):
    return log_in(client, person_with("*", login="engineer", name="林标准"))


def due(barcode, last=40):
    device = equipment(barcode, "standard_meter", "CL311")
    standard_certify(
        device=device, number=f"DC-{barcode}", issuer=BODY, valid_from=day(last - 364),
        accuracy_class="0.05", higher_standard="0.01 级装置", valid_through=day(last),
        actor=system_actor(),
    )  # fmt: skip
    return device


def underway():
    """A draft, an order that is listed, one of which a part is back; pages of them all."""
    due("STD-0011")
    plan = sendout_plan_make(
        unit=metering_centre(), title="一季度送检计划", first_on=day(0), last_on=day(90),
        actor=system_actor(),
    )  # fmt: skip
    waiting = listed(due("STD-0012"))
    away = sent_out(due("STD-0013"), due("STD-0014"))
    scanned(away, "STD-0013", "STD-0099")
    item = away.items.get(device__barcode="STD-0013")
    sendout_receive(
        order=away, brought_by="李司机", actor=system_actor(),
        lines={item.pk: {"found": "rejected", "condition": "外观完好", "accessories": "电源线1根"}},
    )  # fmt: skip
    one = waiting.items.get().pk
    out = away.items.get(device__barcode="STD-0014").pk
    return [
        ("sendout_plans",), ("sendout_plan_new",), ("sendout_plan", plan.number),
        ("sendout_plan_add", plan.number), ("sendout_plan_drop", plan.number, plan.items.latest("pk").pk),
        ("sendout_plan_reopen", plan.number), ("sendouts",), ("sendout_new",),
        ("sendout", waiting.number), ("sendout", away.number), ("sendout_add", waiting.number),
        ("sendout_off", waiting.number, one), ("sendout_lost", away.number, out),
        ("sendout_left", away.number), ("sendout_cancel", waiting.number), ("sendout_costs", away.number),
        ("standard", "STD-0013"), ("standard", "STD-0014"),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_shows_in_both_languages(client, engineer, language):
    client.cookies["django_language"] = language
    for name, *args in underway():
        text = page(client, name, *args)
        assert "%(" not in text and "{{" not in text, name


def test_doors_are_closed_to_who_may_not(client):
    pages = underway()
    number = SendoutOrder.objects.latest("pk").number
    papers = [("sendout_paper", number, "out"), ("sendout_paper", number, "in")]
    log_in(client, person_with("assets.view", login="guest", name="客"))
    for name, *args in [*pages, *papers]:
        assert client.get(reverse(name, args=args)).status_code in (403, 404), name
    scan = reverse("sendout_scan", args=[number])
    assert client.post(scan, {}, content_type="application/json").status_code == 403
    # Who sees is told why the rest is closed, and changes nothing.
    log_in(client, person_with("verification.view", login="reader", name="读者"))
    assert "aria-disabled" in page(client, "sendout", number)
    assert "STD-0012" in page(client, "sendout", SendoutOrder.objects.earliest("pk").number)
    assert 'name="do"' not in page(client, "sendout", number)
    assert client.post(scan, {}, content_type="application/json").status_code == 403
    before = list(SendoutItem.objects.values_list("pk", "state"))
    answer = client.post(reverse("sendout", args=[number]), {"do": "receive", "brought_by": "x"})
    assert answer.status_code in (200, 403)
    assert list(SendoutItem.objects.values_list("pk", "state")) == before
    other = unit_make(code="OTHER", name="别处", kind="county", actor=system_actor())
    log_in(client, person_with("*", login="stranger", name="外人", unit=other))
    plan = SendoutPlan.objects.get().number
    for name, *args in (("sendout", number), ("sendout_plan", plan), *papers):
        assert client.get(reverse(name, args=args)).status_code == 404
    assert number not in page(client, "sendouts") and plan not in page(client, "sendout_plans")


def test_a_plan_is_drawn_up_edited_and_agreed_by_page(client, engineer):
    due("STD-0001")
    data = {"unit": metering_centre().pk, "title": "一季度", "first_on": "t", "last_on": "t+90"}
    assert client.post(reverse("sendout_plan_new"), data).status_code == 302
    plan, item = SendoutPlan.objects.get(), SendoutItem.objects.get()
    line = {
        f"i{item.pk}-{name}": value
        for name, value in {
            "body": BODY, "way": "sent", "planned_on": "t+5", "appointed_on": "后天",
            "cycle_months": "１２", "note": "",
        }.items()
    }  # fmt: skip
    url = reverse("sendout_plan", args=[plan.number])
    wrong = client.post(url, line)
    assert wrong.status_code == 200 and "STD-0001" in wrong.content.decode()
    assert "后天" in wrong.content.decode()
    line[f"i{item.pk}-appointed_on"] = ""
    early = client.post(url, line | {"agree": "1"})
    assert "缺机构约定日期" in early.content.decode()
    line[f"i{item.pk}-appointed_on"] = "t+8"
    assert client.post(url, line | {"agree": "1"}).status_code == 302
    assert "已与检定机构商定" in page(client, "sendout_plan", plan.number)
    assert "STD-0001" in page(client, "home")
    form = page(client, "sendout_new", item=item.pk)
    assert f'value="{BODY}"' in form and f'value="{item.pk}"' in form
    sent = {
        "unit": metering_centre().pk, "body": BODY, "expected_on": "t+20", "item_ids": [item.pk],
        "devices": "STD-0404",
    }  # fmt: skip
    assert "STD-0404" in client.post(reverse("sendout_new"), sent).content.decode()
    assert client.post(reverse("sendout_new"), sent | {"devices": ""}).status_code == 302
    assert SendoutOrder.objects.get().items.get() == item


def test_what_was_typed_on_a_plan_that_was_agreed_meanwhile_stays_with_the_refusal(
    client, engineer
):
    due("STD-0001")
    plan = sendout_plan_make(
        unit=metering_centre(), title="一季度", first_on=day(0), last_on=day(90),
        actor=system_actor(),
    )  # fmt: skip
    item = plan.items.get()
    lines = {item.pk: {"appointed_on": day(10)}}
    sendout_plan_save(plan=plan, lines=lines, actor=system_actor())
    sendout_plan_agree(plan=plan, actor=system_actor())
    url = reverse("sendout_plan", args=[plan.number])
    line = {
        f"i{item.pk}-{name}": value
        for name, value in {"body": BODY, "way": "sent", "planned_on": "t", "note": "加急"}.items()
    }
    for typed in (line, line | {f"i{item.pk}-planned_on": "后天"}):
        answer = client.post(url, typed)
        text = answer.content.decode()
        assert (
            answer.status_code == 200
            and "已商定。要修改请说明原因重新编辑" in text
            and "加急" in text
        )
    item.refresh_from_db()
    assert (item.note, item.appointed_on) == ("", day(10))
    # Who may only read is told that, too.
    log_in(client, person_with("verification.view", login="reader", name="读者"))
    assert "加急" in client.post(url, line).content.decode()
    item.refresh_from_db()
    assert item.note == ""


def test_a_send_out_goes_out_and_comes_back_by_page(client, engineer):
    device = due("STD-0001", 5)
    order = listed(device)
    item = SendoutItem.objects.get()
    url = reverse("sendout", args=[order.number])

    def scan(code):
        body = json.dumps({"scans": [{"key": f"k-{order.state}-{code}", "code": code}]})
        answer = client.post(
            reverse("sendout_scan", args=[order.number]), body, content_type="application/json"
        )
        return answer.json()["results"][0]

    typed = {f"i{item.pk}-accessories": "电源线1根", f"i{item.pk}-condition": "完好"}
    early = client.post(url, typed | {"do": "hand_over", "receiver": "赵收"})
    assert "未扫码" in early.content.decode()
    assert (scan("STD-0001")["outcome"], scan("STD-0001")["count"]) == ("good", 1)
    part = client.get(url, HTTP_HX_REQUEST="true").content.decode()
    assert "1 / 1" in part and "<html" not in part
    done = client.post(url, typed | {"do": "hand_over", "receiver": "赵收", "carrier": "李司机"})
    assert done.status_code == 302
    assert "不得用于检测" in page(client, "standard", "STD-0001")
    assert order.number in page(client, "standards", away="out")
    order.refresh_from_db()
    assert scan("STD-0001")["outcome"] == "good"
    line = {
        f"i{item.pk}-is_here": "on", f"i{item.pk}-found": "good", f"i{item.pk}-condition": "完好",
        f"i{item.pk}-accessories": "",
    }  # fmt: skip
    assert client.post(url, line | {"do": "receive", "brought_by": ""}).status_code == 200
    assert client.post(url, line | {"do": "receive", "brought_by": "李司机"}).status_code == 302
    text = page(client, "sendout", order.number)
    certify = f"{reverse('standard_certificate', args=['STD-0001'])}?sendout={item.pk}"
    assert certify in text and "缺少：电源线1根" in text
    assert "登记新证书" in page(client, "home")
    form = client.get(certify).content.decode()
    assert f'value="{BODY}"' in form and 'value="0.05"' in form and "0.01 级装置" in form
    paper = {
        "number": "DC-2", "issuer": BODY, "valid_from": "t", "valid_through": "t+364",
        "takes_over": "on", "values": "有功电能误差\t220 V, 5 A, 1.0\t0.01\t-0.01\t0.01\t2\t%",
    }  # fmt: skip
    answer = client.post(certify, paper)
    assert (answer.status_code, answer.headers["Location"]) == (302, url)
    assert "DC-2" in page(client, "sendout", order.number)
    assert "不得用于检测" not in page(client, "standard", "STD-0001")
    costs = reverse("sendout_costs", args=[order.number])
    assert client.post(costs, {f"i{item.pk}-cost_yuan": "1,5"}).status_code == 200
    typed = {f"i{item.pk}-cost_yuan": "860.50", "invoice_no": "F-1"}
    assert client.post(costs, typed).status_code == 302
    assert "860.50" in page(client, "sendout", order.number)


def test_a_certificate_that_does_not_release_says_so_and_the_day_it_left_is_corrected(
    client, engineer
):
    order = sent_out(due("STD-0001", 5))
    item = SendoutItem.objects.get()
    certify = f"{reverse('standard_certificate', args=['STD-0001'])}?sendout={item.pk}"
    paper = {
        "number": "DC-2", "issuer": BODY, "valid_from": "t-1", "valid_through": "t+363",
        "takes_over": "on",
    }  # fmt: skip
    told = client.post(certify, paper, follow=True).content.decode()
    assert "STD-0001 仍锁定：DC-2" in told and order.number in told
    url = reverse("sendout_left", args=[order.number])
    assert f'href="{url}"' in told
    assert client.post(url, {"at": "2026-13-01", "reason": "补录"}).status_code == 200
    left = timezone.localtime() - timedelta(days=3)
    typed = {"at": left.strftime("%Y-%m-%d %H:%M"), "reason": "补录时未填送出时间"}
    assert client.post(url, typed).status_code == 302
    item.refresh_from_db()
    assert (
        timezone.localtime(item.out_at).date() == left.date() and item.certificate.number == "DC-2"
    )


def test_a_bad_standard_is_told_apart_when_its_certificate_does_not_release(client, engineer):
    order = sent_out(due("STD-0001", 5))
    item = SendoutItem.objects.get()
    line = {"found": "rejected", "condition": "外观完好"}
    sendout_receive(order=order, brought_by="李司机", lines={item.pk: line}, actor=system_actor())
    paper = {
        "number": "DC-2", "issuer": BODY, "valid_from": "t-1", "valid_through": "t+363",
        "takes_over": "on",
    }  # fmt: skip
    url = reverse("standard_certificate", args=["STD-0001"])
    assert "不合格或损坏返回" in client.post(url, paper, follow=True).content.decode()


def test_hand_over_lists_are_papers_of_the_house(client, engineer):
    underway()
    number = SendoutOrder.objects.latest("pk").number

    def paper(way, status=200):
        answer = client.get(reverse("sendout_paper", args=[number, way]))
        assert answer.status_code == status
        return text_of(answer.content) if status == 200 else ""

    out, back = paper("out"), paper("in")
    assert "标准器送检交接单（送出）" in out and "STD-0014" in out and "测试线2根" in out
    assert "标准器送检交接单（返回）" in back and "不合格" in back and "签收有差异" in back
    assert "STD-0099" in back and "尚未返回" in back
    paper("sideways", 404)


def test_the_laboratory_of_the_plan_stands_first_also_for_who_serves_the_whole_company(client):
    company = metering_centre().parent
    log_in(client, person_with("*", login="whole", unit=company))
    due("STD-0011")
    plan = sendout_plan_make(
        unit=metering_centre(), title="一季度送检计划", first_on=day(0), last_on=day(90),
        actor=system_actor(),
    )  # fmt: skip
    item = plan.items.get()
    sendout_plan_save(
        plan=plan, lines={item.pk: {"body": BODY, "appointed_on": day(9), "way": "sent"}},
        actor=system_actor(),
    )  # fmt: skip
    sendout_plan_agree(plan=plan, actor=system_actor())
    form = client.get(reverse("sendout_new"), {"item": item.pk}).content.decode()
    assert f'<option value="{metering_centre().pk}" selected>' in form


def test_a_draft_without_a_standard_says_what_to_do_instead_of_an_empty_table(client, engineer):
    plan = sendout_plan_make(
        unit=metering_centre(), title="一季度", first_on=day(0), last_on=day(90),
        actor=system_actor(),
    )  # fmt: skip
    shown = page(client, "sendout_plan", plan.number)
    assert "此期间没有证书到期的标准器" in shown and "<table" not in shown


def test_the_register_says_who_has_a_standard_since_when_and_until_when(client, engineer):
    order = sent_out(due("STD-0001"))
    due("STD-0002")

    def told(**asked):
        shown = page(client, "standards", **asked)
        return [code for code in ("STD-0001", "STD-0002") if f">{code}<" in shown], shown

    assert told(presence="out")[0] == ["STD-0001"]
    found, whole = told()
    assert found == ["STD-0001", "STD-0002"] and whole.count(">送检中</span>") == 1
    for name in ("standard", "device"):
        shown = page(client, name, "STD-0001")
        for text in (BODY, "省院 赵收", f"应于 {order.expected_on} 返回", order.number):
            assert text in shown, (name, text)
        assert order.number not in page(client, name, "STD-0002")


def test_a_standard_that_should_be_back_is_red_in_the_register_and_among_the_things_to_do(
    client, engineer
):
    order = sent_out(due("STD-0001"))
    with write_batch(actor=system_actor(), action="test.late"):
        SendoutOrder.objects.update(expected_on=day(-1))
    assert "STD-0001" in page(client, "standards", presence="late")
    assert "STD-0001" not in page(client, "standards", presence="out")
    assert f"应于 {day(-1)} 返回" in page(client, "standard", "STD-0001")
    assert order.number in page(client, "home")
    item = order.items.get()
    line = {"found": "good", "condition": "外观完好"}
    sendout_receive(order=order, brought_by="李司机", lines={item.pk: line}, actor=system_actor())
    assert "STD-0001" not in page(client, "standards", presence="late")
    assert "STD-0001" in page(client, "standards", presence="locked")


def test_the_same_form_sent_twice_draws_up_one_plan(client, engineer):
    due("STD-0001")
    data = {
        "unit": metering_centre().pk, "title": "一季度", "first_on": "t", "last_on": "t+90",
        "request_key": "drawn-up-once",
    }  # fmt: skip
    first, again = (client.post(reverse("sendout_plan_new"), data) for _turn in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert SendoutPlan.objects.count() == 1
