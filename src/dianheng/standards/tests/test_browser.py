"""Pages in a browser: a day of the standards engineer; nothing spills over, axe finds nothing."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.identity.tests.factories import person_with
from dianheng.standards.models import (
    OutsideStandard,
    Reminder,
    SendoutItem,
    SendoutOrder,
    StandardCertificate,
)
from dianheng.standards.services import reminders_tick

from .test_pages import all_pages, whole
from .test_sendout_pages import due, underway

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_pages_fit_and_axe_finds_nothing(look_at):
    whole()
    person = person_with("*", login="engineer", name="林标准")
    pages = [reverse(name, args=args) for name, *args in [*all_pages(), *underway()]]
    assert look_at(person, pages) == []


def test_a_day_of_the_standards_engineer(visit, tmp_path):
    whole()
    person = person_with("*", login="engineer", name="林标准")
    page = visit(person, "/")
    # In the morning the clock has reminded of a certificate; it goes on the list of what is done.
    page.get_by_role("link", name="STD-0002").first.click()
    page.fill("[name=word]", "今日取回新证书")
    page.get_by_role("button", name="确认收到").click()
    page.locator("text=今日取回新证书").wait_for()
    assert Reminder.objects.get().acknowledged_by == person
    # The new certificate came back with the device: paper, scan, values copied from its table.
    base = page.url.split("/laboratory")[0]
    page.goto(base + reverse("standard_certificate", args=["STD-0002"]))
    scan = tmp_path / "证书.pdf"
    scan.write_bytes(b"%PDF-1.7 new")
    last = timezone.localdate() + timedelta(days=364)
    page.fill("[name=number]", "DC-10")
    page.fill("[name=issuer]", "省院")
    page.fill("[name=valid_from]", "t")
    page.fill("[name=valid_through]", str(last))
    page.fill("[name=higher_standard]", "省级标准")
    page.set_input_files("[name=sent]", str(scan))
    page.fill("[name=values]", "电压\t220 V\t220,03\t-0.03\t0.02\t2\tV")
    page.click("main .form-foot .btn-primary")
    page.locator("text=带逗号").first.wait_for()
    page.fill("[name=values]", "电压\t220 V\t220.03\t-0.03\t0.02\t2\tV")
    page.check("[name=takes_over]")
    page.set_input_files("[name=sent]", str(scan))
    page.click("main .form-foot .btn-primary")
    page.locator("svg.chain").wait_for()
    made = StandardCertificate.objects.get(number="DC-10")
    assert made.points.count() == 1 and made.file.name == "证书.pdf"
    # What stands above the institute's standard completes the chain.
    page.locator("svg.chain a", has_text="省级标准").click()
    page.fill("[name=accuracy]", "0.01 级")
    page.check("[name=is_national]")
    page.click("main .form-foot .btn-primary")
    page.goto(base + reverse("standard", args=["STD-0002"]))
    assert page.locator("svg.chain rect.chain-national").count() == 1
    assert OutsideStandard.objects.get().is_national
    # In the evening nothing of it waits any more.
    reminders_tick()
    page.goto(base + "/")
    assert page.get_by_role("link", name="STD-0002").count() == 0 and page.faults == []


def test_a_standard_goes_to_the_institute_and_comes_back_with_its_values(visit):
    whole()
    due("STD-0031", 25)
    person = person_with("*", login="engineer", name="林标准")
    page = visit(person, reverse("sendout_plans"))
    # The quarter is planned from the due dates; the institute gave its day.
    page.get_by_role("link", name="编制计划").click()
    page.fill("[name=title]", "一季度送检计划")
    page.click("main .form-foot .btn-primary")
    item = SendoutItem.objects.get(device__barcode="STD-0031")
    for each in SendoutItem.objects.all():
        page.fill(f"[name=i{each.pk}-appointed_on]", "t+3")
    page.click("main .form-foot .btn-primary")
    page.get_by_text("已与检定机构商定").first.wait_for()
    # Listed, looked at, scanned as a scanner types it, handed over.
    for box in page.locator("[name=item]").all():
        if box.get_attribute("value") != str(item.pk):
            box.uncheck()
    page.click("main .form-foot .btn-primary")
    page.click("main .form-foot .btn-primary")
    page.fill(f"[name=i{item.pk}-condition]", "外观完好，通电正常")
    page.fill(f"[name=i{item.pk}-accessories]", "电源线1根")
    page.locator("[data-scan-field]").fill("STD-0031")
    page.keyboard.press("Enter")
    page.locator("#scanned .state-good").wait_for()
    page.fill("[name=receiver]", "省院 赵收")
    page.get_by_role("button", name="移交").click()
    page.locator("[name=brought_by]").wait_for()
    order = SendoutOrder.objects.get()
    assert order.state == "out"
    # It comes back; what is missing is named.
    page.locator("[data-scan-field]").fill("STD-0031")
    page.keyboard.press("Enter")
    page.locator("#scanned .state-good").wait_for()
    page.fill(f"[name=i{item.pk}-accessories]", "")
    page.fill("[name=brought_by]", "李司机")
    page.get_by_role("button", name="办理返回").click()
    page.get_by_text("缺少：电源线1根").wait_for()
    # The certificate is entered from the line, with its values; the lock is gone.
    page.get_by_role("link", name="登记证书").click()
    page.fill("[name=number]", "DC-31")
    page.fill("[name=valid_from]", "t")
    page.fill("[name=valid_through]", "t+364")
    page.fill("[name=values]", "有功电能误差\t220 V, 5 A, 1.0\t0.008\t-0.008\t0.010\t2\t%")
    page.click("main .form-foot .btn-primary")
    page.get_by_role("link", name="DC-31").click()
    page.get_by_text("0.008").first.wait_for()
    item.refresh_from_db()
    assert (item.state, item.certificate.number) == ("done", "DC-31") and page.faults == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_the_organisations_whatever_zone_the_computer_is_in(visit, zone):
    person = person_with("*", login="engineer", name="林标准")
    page = visit(person, reverse("authorisation_new"), zone=zone)
    page.fill("[name=valid_from]", "t")
    page.fill("[name=valid_through]", "t+365")
    page.press("[name=valid_through]", "Tab")
    today = timezone.localdate()
    assert page.input_value("[name=valid_from]") == f"{today}"
    assert page.input_value("[name=valid_through]") == f"{today + timedelta(days=365)}"
    assert page.faults == []
