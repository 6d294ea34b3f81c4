"""The store in a browser: a scanner and gloves are enough, a lost login loses no scan."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from dianheng.assets.models import Device
from dianheng.assets.services import devices_transition
from dianheng.assets.tests.factories import barcode, box, meters
from dianheng.documents.models import DocumentCopy
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import PASSWORD, city_company, person_with
from dianheng.testing.browser import sign_in
from dianheng.warehouse.models import Movement, Scan, ScanSession
from dianheng.warehouse.services import (
    handover_receive,
    label_run_make,
    recheck_lock,
    session_make,
    session_scan,
    stock_send,
)

from .test_movements import county, county_keeper, county_store, ids, keeper, ready

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def hand_over_with_differences() -> Movement:
    """Three of five received, one of them damaged; one came that is over; a box is not full."""
    target = box()
    devices_transition(
        device_ids=ids(ready(3)), verb="move", place_id=target.pk, actor=system_actor()
    )
    loose = ready(2, first=20)
    movement = stock_send(
        box_ids=[target.pk], device_ids=ids(loose), purpose="distribute", to_place=county_store(),
        basis="配送 QH-01", actor=keeper(),
    )  # fmt: skip
    ready(1, first=40)
    return handover_receive(
        movement=movement, box_ids=[target.pk], extra=[barcode(40), "4130099"],
        damaged={Device.objects.get(barcode=barcode(2)).pk: "表盖有裂纹"}, actor=county_keeper(),
    )  # fmt: skip


def test_pages_fit_and_axe_finds_nothing(look_at):
    movement = hand_over_with_differences()
    ready(2, first=60, days_ago=200)
    recheck_lock(system_actor())
    meters(1, first=70)
    person = person_with("*", login="county", name="吴库管")
    actor = county_keeper()
    session = session_make(
        purpose="receive", unit=county(), actor=actor, movement=movement, to_place=county_store()
    )
    session_scan(
        session_id=session.pk, actor=actor,
        scans=[{"key": "a", "code": barcode(20)}, {"key": "b", "code": barcode(40)}],
    )  # fmt: skip
    run = label_run_make(kind="qualification_mark", keys=ids(Device.objects.all()), actor=actor)
    pages = [
        reverse("stock"), reverse("stock_in_place", args=["ZX0001"]), reverse("stock_lines"),
        reverse("stock_recheck"), reverse("stock_ageing"), reverse("stock_scan_new"),
        reverse("stock_scan", args=[session.pk]), reverse("movements"),
        reverse("movement", args=[movement.number]), reverse("movement_close", args=[movement.number]),
        reverse("movement_take_back", args=[movement.number]), reverse("labels_run", args=[run.pk]),
        reverse("labels_one", args=["box_label", "ZX0001"]), reverse("scan") + "?code=ZX0001",
        reverse("place", args=["ZX0001"]), reverse("seals"), reverse("seals_issue"), reverse("seals_apply"),
    ]  # fmt: skip
    assert look_at(person, pages) == []


def scan(page, *codes, end="Enter"):
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press(end)


def counted(page, number):
    expect(page.locator("[data-scan-count]")).to_have_text(str(number), timeout=30_000)


def begin(visit, login="keeper", name="周库管"):
    """A hand-over to the county is about to be scanned."""
    city_company()
    county_store()
    person = person_with("*", login=login, name=name, unit=city_company())
    session = session_make(
        purpose="distribute", unit=Device.objects.first().place.unit, to_place=county_store(),
        actor=keeper(),
    )  # fmt: skip
    return visit(person, reverse("stock_scan", args=[session.pk])), session


def test_a_hand_over_is_scanned_and_booked_with_gloves_on(visit):
    target = box()
    devices_transition(
        device_ids=ids(ready(3)), verb="move", place_id=target.pk, actor=system_actor()
    )
    ready(2, first=20)
    meters(1, first=70)
    page, _session = begin(visit)
    assert page.evaluate("document.activeElement.id") == "scan-field"
    scan(page, "ZX0001", "]C1" + barcode(20), end="Tab")
    scan(page, barcode(21), barcode(21), barcode(1), barcode(70), "X9")
    counted(page, 5)
    expect(page.locator(".scan-exceptions li")).to_have_count(2)
    scan(page, "DH-UNDO")
    counted(page, 4)
    scan(page, "DH-BOOK")
    page.wait_for_url("**/movements/**")
    movement = Movement.objects.get()
    assert (movement.count, movement.boxes.count()) == (4, 1)
    assert page.faults == []


def test_a_login_that_ends_in_the_middle_loses_no_scan(visit):
    ready(90)
    page, session = begin(visit)
    codes = [barcode(n) for n in range(1, 91)]
    scan(page, *codes[:40])
    counted(page, 40)
    Session.objects.all().delete()
    scan(page, *codes[40:70])
    page.locator("[data-scan-login]").wait_for()
    scan(page, *codes[70:80], end="Tab")
    page.reload()
    sign_in(page, "keeper", PASSWORD)
    page.wait_for_url(f"**{reverse('stock_scan', args=[session.pk])}")
    counted(page, 80)
    scan(page, *codes[80:])
    counted(page, 90)
    assert sorted(Scan.objects.filter(outcome="good").values_list("code", flat=True)) == sorted(
        codes
    )
    assert Scan.objects.count() == 90
    assert ScanSession.objects.get(pk=session.pk).count == 90


def test_labels_are_chosen_in_the_list_and_come_as_pdf(visit):
    ready(3)
    person = person_with("*", login="keeper", name="周库管")
    page = visit(person, reverse("devices"))
    for row in page.locator("tbody input[type=checkbox]").all():
        row.check()
    page.locator("button[name=bulk][value=qualification_mark]").click()
    page.locator("main .btn-primary").first.click()
    page.locator("main a.btn-primary").click()
    page.wait_for_url("**/labels/**")
    page.fill("[name=first]", "4")
    with page.context.expect_page():  # the PDF opens beside the page
        page.locator("main button.btn-primary").click()
    for _n in range(100):
        if DocumentCopy.objects.count() == 3:
            break
        page.wait_for_timeout(100)
    assert set(DocumentCopy.objects.values_list("kind", "how")) == {("qualification_mark", "print")}
