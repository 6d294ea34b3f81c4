"""Pages of supply in a browser: nothing spills over, axe finds nothing, the keyboard is enough."""

import pytest
from django.urls import reverse

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import store
from dianheng.identity.tests.factories import actor_with, person_with
from dianheng.supply.models import InspectionLot
from dianheng.supply.seeds import delivery_rows, each_mistake_once, write_csv
from dianheng.supply.services import (
    acceptance_decide,
    arrival_make,
    arrival_scan,
    delivery_check,
    maker_tests_upload,
    sent_sample_hand_over,
    sent_sample_make,
)

from .factories import (
    announced,
    asset,
    buyer,
    delivery_with,
    drawn,
    goods,
    judged,
    order_line,
    received,
    sampler,
    technical,
)
from .maker import HEADS as MAKER_HEADS
from .maker import maker_file, meter_rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def keeper():
    return actor_with("supply.view", "supply.receive", login="shouhuo", name="孙收货")


def a_lot_in_every_stage(folder):
    """A faulty file, an arrival being scanned, a sample that is away, a rejected lot; its pages."""
    line = order_line(300)
    rows = each_mistake_once(delivery_rows(goods(line), 200))
    faulty = delivery_check(delivery_with(rows, line, folder), actor=buyer())
    away = drawn(received(30, folder, line))
    sent = sent_sample_make(inspection=away, sent_to="省计量中心", actor=sampler())
    sent_sample_hand_over(sent=sent, received_by_name="李收样", actor=sampler())
    rejected = judged(received(30, folder, line, 30), "A", "B")
    for by, department in ((technical(), "technical"), (asset(), "asset")):
        acceptance_decide(
            inspection=rejected, department=department, opinion="reject", text="密钥不符", actor=by
        )
    received(30, folder, line, 60)
    scanning = announced(30, folder, line, 90)
    arrival_make(arrival=scanning, place=store(), actor=keeper())
    codes = Device.objects.filter(arrival_no=scanning.number).values_list("barcode", flat=True)[:20]
    arrival_scan(
        arrival=scanning, actor=keeper(), scans=[{"key": code, "code": code} for code in codes]
    )
    order, lot = line.order.order_no, scanning.lot.code
    wrong = [*meter_rows(scanning.lot)[:3], ["1", "", "合相", "Ib", "1.0", "很好"]]
    stated = maker_file(wrong, scanning.lot, folder)
    to_name = maker_tests_upload(
        lot=scanning.lot, name="b.csv", actor=buyer(),
        path=write_csv(folder / "b.csv", meter_rows(scanning.lot), (*MAKER_HEADS[:5], "我厂数据")),
    )  # fmt: skip
    model, unit = scanning.lot.model, scanning.unit.code
    return [
        ("orders",), ("order_new",), ("order", order), ("order_line_new", order),
        ("segment_new", order, 1), ("delivery_new", order, 1), ("delivery", faulty.number),
        ("arrivals",), ("arrival", scanning.number), ("arrival_open", scanning.number),
        ("arrival_scan", scanning.number), ("arrival_confirm", scanning.number),
        ("maker_tests_new", lot), ("maker_tests", stated.number), ("maker_tests", to_name.number),
        ("lots",), ("lot", lot), ("inspection_new", lot), ("return_new", lot, "failed"),
        ("inspections",), ("inspection", away.number), ("inspection", rejected.number),
        ("sample_send", away.number), ("sent_report", away.number),
        ("sent_hand_over", away.number), ("inspection_resubmit", rejected.number),
        ("returns",), ("return_order", rejected.return_order.number),
        ("return_come_back", rejected.return_order.number), ("switching_list",),
        ("switching", unit, model.manufacturer.code, model.code),
        ("device", Device.objects.filter(samples__isnull=False).first().barcode),
    ]  # fmt: skip


def test_pages_fit_and_axe_finds_nothing(look_at, tmp_path):
    pages = a_lot_in_every_stage(tmp_path)
    person = person_with("*", login="chief", name="秦主任")
    assert look_at(person, [reverse(name, args=args) for name, *args in pages]) == []


def test_empty_lists_say_what_comes_first(visit):
    page = visit(person_with("*", login="chief", name="秦主任"), reverse("lots"))
    assert "接受供应商的供货文件时自动建立" in page.inner_text("main")
    page.goto(page.url.replace("/lots/", "/severity/"))
    assert "从正常检验开始" in page.inner_text("main")


def test_an_arrival_is_scanned_checked_and_received_without_a_mouse(visit, tmp_path):
    arrival = announced(3, tmp_path)
    arrival_make(arrival=arrival, place=store(), actor=keeper())
    codes = Device.objects.filter(arrival_no=arrival.number).values_list("barcode", flat=True)
    page = visit(
        person_with("*", login="chief", name="秦主任"),
        reverse("arrival_scan", args=[arrival.number]),
    )
    endpoint = page.locator("[data-scan]").get_attribute("data-endpoint")
    held = []
    page.route(f"**{endpoint}", lambda route: held.append(route), times=1)
    with page.expect_request(f"**{endpoint}"):
        for code in codes:
            page.keyboard.type(f"]C1{code}\n")
    page.locator("main a.btn-primary").last.focus()
    page.keyboard.press("Enter")  # quicker than the line: the next page waits for the scans
    held[0].continue_()
    page.locator("table.table-inputs").wait_for()
    assert "应到 3 只，实扫 3 只" in page.inner_text("main")
    page.locator("#id_packing_conclusion").focus()
    page.keyboard.press("ArrowDown")
    page.locator("form.form-wide .btn-primary").focus()
    page.keyboard.press("Enter")
    page.locator(".notice-success").wait_for()
    arrival.refresh_from_db()
    assert (arrival.state, arrival.checks[0]["check"], page.faults) == ("received", "packing", [])


def test_a_lot_is_divided_by_typing_and_counted_before_it_is_stated(visit, tmp_path):
    arrival = received(30, tmp_path)
    codes = sorted(Device.objects.values_list("barcode", flat=True))
    page = visit(
        person_with("*", login="chief", name="秦主任"),
        reverse("inspection_new", args=[arrival.lot.code]),
    )
    page.select_option("#id_split", "ranges")
    page.fill("#id_statement", "两班生产")
    for row, (first, last) in enumerate((("", codes[9]), (codes[10], codes[24]))):
        page.fill(f"#id_part_{row}", str(row + 1))
        page.select_option(f"#id_arrival_{row}", arrival.number)
        page.fill(f"#id_first_{row}", first)
        page.fill(f"#id_last_{row}", last)
    page.click("button[name=count]")
    page.locator('[role="status"] ol').wait_for()
    assert page.locator('[role="status"] ol li').all_inner_texts() == ["10", "15"]
    page.click("form.form-wide .btn-primary")
    page.wait_for_url("**/lots/**")
    assert [one.parts.count() for one in InspectionLot.objects.all()] == [1, 1]
