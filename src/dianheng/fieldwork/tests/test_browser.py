"""A day of the field checker, by hand in a browser; pages fit and axe finds nothing."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.models import Device, Installation
from dianheng.customers.services import point_close
from dianheng.customers.tests.factories import cement_works
from dianheng.fieldwork.models import FieldCheck, FieldOrder, FieldTask
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import person_with
from dianheng.testing.browser import axe_faults, overflow
from dianheng.workflow.tests.factories import work_order

from .factories import (
    CALIBRATOR,
    CONDITIONS,
    REVERSED,
    calibrator,
    crew,
    field_task,
    issued_meter,
    point_with_transformers,
)
from .test_checks import envelope, record

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_day_of_the_field_checker(visit, tmp_path):
    calibrator()
    task = field_task()
    spare = issued_meter(910)
    leader, _second = crew()
    page = visit(leader, "/")

    # The task stands on the first page; its point shows what hangs there.
    page.get_by_role("link", name=task.number).first.click()
    page.get_by_role("link", name="录入检验").click()

    # Typed on site; a comma is told at its field, nothing is lost.
    at = timezone.localtime(timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")
    wrong = {**CONDITIONS, **REVERSED, "error_1": "0,62", "error_2": "0.64"}
    page.locator("[name=done_at]").fill(at)
    page.locator("[name=calibrator_no]").fill(CALIBRATOR)
    for name, value in wrong.items():
        if name != "load_kind":
            page.locator(f"[name={name}]").fill(value)
    page.locator("form[method=post] button.btn-primary").last.click()
    assert "含逗号" in page.locator(".notice-error").inner_text()
    assert page.locator("[name=u2_deg]").input_value() == "300.1"
    page.locator("[name=error_1]").fill("0.62")
    page.locator("form[method=post] button.btn-primary").last.click()

    # The record: diagram, wiring, what cannot be told apart, two orders.
    page.locator(".phasors svg").wait_for()
    text = page.locator("main").inner_text()
    assert "第1元件电流反接" in text and "不能区分" in text
    check = FieldCheck.objects.get()
    assert sorted(check.orders.values_list("kind", flat=True)) == ["mend_wiring", "replace_meter"]

    # Energy to make up with the uncertainty of cosφ.
    page.locator("[name=recorded_kwh]").fill("1000")
    page.get_by_role("button", name="计算").click()
    assert "应补收" in page.locator("main").inner_text()

    # The meter is changed: removed, the spare one installed.
    point = task.usage_point.number
    page.goto(page.url.split("/field/")[0] + reverse("usage_point_remove", args=[point]))
    page.locator("[name=chosen]").first.check()
    page.locator("[name=reason]").fill("超差更换")
    page.locator("form[method=post] button.btn-primary").last.click()
    page.get_by_role("link", name="安装", exact=True).click()
    page.locator("[name=device]").fill(spare.barcode)
    page.locator("form[method=post] button.btn-primary").last.click()
    page.get_by_text("装接设备").wait_for()
    assert Installation.objects.get(removed_at=None).device == spare

    # The orders are closed with what was done.
    for order in FieldOrder.objects.order_by("pk"):
        page.goto(
            page.url.split("/usage-points/")[0].split("/field/")[0]
            + reverse("field_order", args=[order.number])
        )
        page.locator("[name=done_on]").fill("t")
        page.locator("[name=what_done]").fill("已换表、改接，复测正确")
        page.locator("form[method=post] button.btn-primary").last.click()
        page.get_by_text("已处理").first.wait_for()
    assert set(FieldOrder.objects.values_list("state", flat=True)) == {"done"}

    # A file of the calibrator with two phases swapped is told in words; mended, it is taken.
    again = field_task(task.usage_point)
    data = envelope(again.number)
    data["devices"][0]["header"]["field"]["sequence"] = "negative"
    for name in ("bad.json", "good.json"):
        (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
        page.goto(page.url.split("/field/")[0] + reverse("field_upload", args=[again.number]))
        page.locator("[name=file]").set_input_files(tmp_path / name)
        page.locator("form[method=post] button.btn-primary").last.click()
        if name == "bad.json":
            assert "两相互换" in page.locator("main").inner_text()
            data["devices"][0]["header"]["field"]["sequence"] = "positive"
    page.locator(".phasors svg").wait_for()
    assert FieldCheck.objects.latest("pk").outcome == "pass"
    # What was refused on purpose answers 409, which the browser notes.
    assert [fault for fault in page.faults if "409" not in fault] == []


def test_pages_fit_and_axe_finds_nothing(look_at):
    calibrator()
    check = record({**CONDITIONS, **REVERSED, "drop_1_f": "-0.3", "drop_1_d": "4"}).check
    point, task = check.task.usage_point.number, check.task.number
    closed = point_close(
        point=cement_works("1002"), closed_on=timezone.localdate(), reason="用户销户",
        actor=system_actor("command"),
    )  # fmt: skip
    asked = "?" + "&".join(f"{key}={value}" for key, value in REVERSED.items())
    composite = (
        "?edition=2016&meter_5=0.3&meter_20=0.3&meter_100=0.3&drop_1_f=-0.1&drop_1_d=4&note=x"
    )
    pages = [
        *(reverse(name) for name in ("usage_points", "usage_point_new", "usage_points_import")),
        *(reverse(name) for name in ("field_tasks", "field_task_new", "field_checks", "field_orders", "field_upload_any")),
        *(reverse(name, args=[point]) for name in ("usage_point", "usage_point_install", "usage_point_remove", "usage_point_change", "usage_point_close")),
        *(reverse(name, args=[closed.number]) for name in ("usage_point", "usage_point_reopen")),
        *(reverse(name, args=[task]) for name in ("field_task", "field_enter", "field_upload", "field_task_cancel")),
        reverse("field_check", args=[check.number]) + "?recorded_kwh=1000&cos_phi=0.87&spread=0.02&load=L&rank=1",
        reverse("field_order", args=[check.orders.first().number]),
        reverse("field_diagnosis") + asked,
        reverse("point_composite", args=[point]) + composite,
    ]  # fmt: skip
    worked_out = []
    assert look_at(
        person_with("*"), pages, ready=lambda page: worked_out.append(page.locator("ol.lines li").count())
    ) == []  # fmt: skip
    assert worked_out[-1] > 0  # the composite error


def test_from_the_due_list_to_the_paper_with_a_transformer(visit, tmp_path):
    calibrator()
    work_order()
    point = point_with_transformers()
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    leader, _second = crew()
    page = visit(leader, "/")
    base = page.url.rstrip("/")

    # What is late is planned from the list of what is due.
    page.goto(base + reverse("field_due") + "?within=late")
    assert point.number in page.locator("main").inner_text()
    page.locator("input[name=ids]").first.check()
    page.locator("button[name=bulk][value=plan]").click()
    page.locator("[name=leader]").fill("N-machao")
    page.locator("[name=second]").fill("N-hejie")
    page.locator("[name=not_before]").fill("t+7")
    page.locator("main form[method=post] button.btn-primary").last.click()
    page.get_by_text("已安排").first.wait_for()
    task = FieldTask.objects.get()

    # The calibrator's file: the wiring is told, the order goes out as a process.
    data = envelope(task.number)
    data["devices"][0]["points"][3]["angle_deg"] = 240.3
    (tmp_path / "meter.json").write_text(json.dumps(data), encoding="utf-8")
    page.goto(base + reverse("field_upload", args=[task.number]))
    page.locator("[name=file]").set_input_files(tmp_path / "meter.json")
    page.locator("form[method=post] button.btn-primary").last.click()
    page.locator(".phasors svg").wait_for()
    assert "第1元件电流反接" in page.locator("main").inner_text()
    order = FieldOrder.objects.get()
    page.get_by_role("link", name=order.number).click()
    assert order.process in page.locator("main").inner_text()

    # A transformer of the same point, typed as the tester shows it; a digit too few is told at once.
    page.goto(base + reverse("field_task", args=[task.number]))
    page.locator("main").get_by_role("link", name="录入误差").first.click()
    page.locator("[name=calibrator_no]").fill(CALIBRATOR)
    page.locator("[name=temperature_c]").fill("18.5")
    page.locator("[name=humidity_pct]").fill("52")
    page.locator("[name=i-appearance-is_passed]").select_option("yes")
    cells = page.locator("input[data-order]")
    for place in range(cells.count()):
        cell = cells.nth(place)
        cell.fill("0.410" if cell.get_attribute("data-item") == "ratio_error" else "12.3")
    cells.first.fill("0.4")
    page.locator("form[method=post] button.btn-primary").last.click()
    assert "请写全各位数字" in page.locator("[role=alert]").inner_text()
    cells.first.fill("0.410")
    page.locator("form[method=post] button.btn-primary").last.click()
    page.get_by_text("额定负荷").first.wait_for()
    check = FieldCheck.objects.latest("pk")
    assert check.transformer == device and check.outcome == "pass"
    assert [*axe_faults(page), *overflow(page)] == []

    # Its paper, and the composite error from both records.
    paper = page.context.request.get(base + reverse("field_paper", args=[check.number]))
    assert paper.body()[:5] == b"%PDF-"
    page.goto(base + reverse("point_composite", args=[point.number]))
    assert check.number in page.locator("main").inner_text()
    page.locator("main form button.btn-primary").click()
    page.get_by_text("优先更换建议").wait_for()
    assert [*axe_faults(page), *overflow(page)] == []
    assert [fault for fault in page.faults if "409" not in fault] == []
