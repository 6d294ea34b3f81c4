"""Every page of the shell in a real browser: for all eyes and hands, wide and narrow, light and dark."""

import pytest
from django.urls import reverse

from dianheng.common.models import Job
from dianheng.identity.models import AccessEvent, AuditBatch, UnusualChange
from dianheng.identity.services import (
    delegation_make,
    qualification_grant,
    system_actor,
    write_batch,
)
from dianheng.testing.browser import OTHER_LOOKS, PHONE, axe_faults, overflow, sign_in

from .factories import PASSWORD, city_company, person_with

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("dianheng.identity.tests.list_urls"),
]
TARGET = 44  # px, for a thumb
PARTS = ["/test-list/?name=x&language=en", "/test-list/", "/test-scan/", "/test-parts/"]
CODE = "/find/code/?code=41300"  # nothing of ours


@pytest.fixture
def leader(live_server):
    """Somebody with every right, a stand-in, jobs, a qualification that runs out."""
    from datetime import timedelta

    from django.utils import timezone

    today = timezone.localdate()
    person = person_with("*", login="leader", name="周主任", unit=city_company())
    other = person_with("identity.view", login="li", name="李检定")
    delegation_make(
        from_person=other, to_person=person, valid_from=today, valid_through=today + timedelta(3),
        reason="休假", actor=system_actor(),
    )  # fmt: skip
    qualification_grant(
        person=other, kind="verifier", project="电能表", number="J-2026-001", issuer="省市场监督管理局",
        valid_from=today - timedelta(900), valid_through=today + timedelta(20), actor=system_actor(),
    )  # fmt: skip
    batch = AuditBatch.objects.filter(action="post.define").latest("id")
    with write_batch(actor=system_actor(), action="unusual.find"):
        UnusualChange.objects.create(batch=batch, reasons=["day_off", "bulk"], row_count=1)
    AccessEvent.objects.create(kind="login", via="page", person=person, address="127.0.0.1")
    AccessEvent.objects.create(
        kind="refused", via="page", person=other, what="audit.view", path="/audit/"
    )
    Job.objects.create(
        kind="t", title="导入到货文件", actor=person, state="running", done=3, total=9
    )
    Job.objects.create(
        kind="t", title="导入到货文件 0411.xlsx", actor=person, state="failed", text="文件有错误",
        errors=[{"row": n, "text": "条形码在文件内重复"} for n in range(2, 30)],
    )  # fmt: skip
    return person


def pages():
    """Address and what to wait for."""
    batch = AuditBatch.objects.filter(action="post.define").latest("id")
    return [
        "/", "/jobs/", *(f"/jobs/{job.pk}/" for job in Job.objects.all()), "/me/", "/password/", "/find/?q=li",
        CODE, "/admin-units/", "/admin-units/CENTRE/", "/admin-units/CITY/new/", "/admin-people/",
        "/admin-people/N-li/", "/admin-people/new/", "/admin-people/N-li/posts/new/", "/admin-posts/", "/admin-posts/new/",
        "/admin-qualifications/", "/admin-qualifications/new/", "/admin-stand-ins/", "/admin-stand-ins/new/",
        "/admin-exceptions/", "/admin-exceptions/new/", "/admin-settings/", "/audit/", f"/audit/{batch.pk}/",
        "/audit/access/", "/audit/online/", "/audit/clean-up/", "/audit/day/", "/audit/unusual/", "/me/log/", "/me/access/",
        f"/audit/unusual/{UnusualChange.objects.get().pk}/",
        *PARTS,
    ]  # fmt: skip


def test_every_page_is_for_everybody(look_at, leader):
    assert look_at(leader, pages(), answers={CODE: 404}) == []


def test_what_all_pages_share_is_for_everybody_in_the_other_looks(look_at, leader):
    some = ["/", "/jobs/", "/me/", "/find/?q=li", "/admin-people/", "/admin-people/new/", "/audit/", *PARTS]  # fmt: skip
    assert look_at(leader, some, looks=OTHER_LOOKS) == []


def test_the_page_holds_at_twice_the_text(visit, leader):
    """200 % zoom of a wide screen is a screen of half the width."""
    page = visit(leader, "/admin-people/", size={"width": 683, "height": 384})
    faults = []
    for path in pages():
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + path)
        faults += [f"{path} {fault}" for fault in overflow(page)]
    assert faults == [], "\n".join(faults)


def test_login_and_locked_are_for_everybody(visit, leader):
    page = visit(None, "/login/", size=PHONE, theme="dark")
    assert axe_faults(page) + overflow(page) == []
    for _attempt in range(5):
        sign_in(page, "leader", "wrong")
    page.get_by_text("该登录名已锁定 15 分钟").wait_for()
    assert axe_faults(page) + overflow(page) == []


def test_dark_comes_before_the_first_paint(visit, leader):
    page = visit(leader, "/", theme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 23, 22)"
    page.click("[data-theme-switch]")
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "light"


def test_thumbs_hit_what_they_aim_at(visit, leader):
    page = visit(leader, "/test-list/", size=PHONE)
    small = []
    for path in ("/", "/test-list/", "/admin-people/new/", "/test-scan/"):
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + path)
        small += page.evaluate(
            f"""() => [...document.querySelectorAll(".btn, .top-button, .form-control, .form-select, input:not([type=checkbox])")]
              .filter((e) => e.offsetParent && e.getBoundingClientRect().height < {TARGET} - 0.5)
              .map((e) => location.pathname + " " + e.outerHTML.slice(0, 100))"""
        )
    assert small == []


# -- by keyboard alone ---------------------------------------------------------------------------


def focused(page):
    return page.evaluate(
        "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
    )


def test_keys_lead_to_search_scan_and_content(visit, leader):
    page = visit(leader, "/admin-people/")
    page.keyboard.press("Tab")
    assert focused(page) == "skip"
    page.keyboard.press("Enter")
    assert focused(page) == "content"
    page.keyboard.press("/")
    assert focused(page) == "find"
    page.keyboard.press("F2")
    assert focused(page) == "scan-box"
    page.keyboard.press("Control+k")
    assert focused(page) == "find"
    page.keyboard.type("li")
    page.locator("#found .hit").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin-people/N-li/")
    assert page.faults == []


def test_a_scanner_ends_with_enter_or_tab(visit, leader):
    for end in ("Enter", "Tab"):
        page = visit(leader, "/")
        page.keyboard.press("F2")
        page.keyboard.type("]C14130009")
        page.keyboard.press(end)
        page.get_by_text("没有找到编码 4130009").wait_for()


def test_a_list_is_worked_by_keyboard(visit, leader):
    page = visit(leader, "/test-list/", language="en")
    head = page.get_by_role("columnheader", name="Name").get_by_role("link")
    head.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**order=name")
    page.locator('th[aria-sort="ascending"]').wait_for()
    page.locator(".list-tools summary", has_text="Filter").focus()
    page.keyboard.press("Enter")
    page.locator(".filter-panel").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator(".filter-panel").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.locator("[data-choose]").first.focus()
    page.keyboard.press("Space")
    page.get_by_text("1 chosen").wait_for()
    page.get_by_role("button", name="Mark…").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Mark").wait_for()
    assert page.faults == []


def test_the_list_filters_without_a_new_page_and_the_back_button_returns(visit, leader):
    page = visit(leader, "/test-list/", language="en")
    page.evaluate("window.stays = true")
    page.fill("#list-q", "李")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=%E6%9D%8E")
    page.get_by_role("link", name="Search 李").wait_for()
    assert page.evaluate("window.stays") is True
    assert page.locator("tbody tr").count() == 1
    page.go_back()
    page.wait_for_url("**/test-list/")
    page.locator("tbody tr").nth(1).wait_for()
    assert page.locator(".chip").count() == 0
    assert page.faults == []


def test_more_rows_come_below(visit, leader):
    for number in range(4):
        person_with("identity.view", login=f"p{number}")
    page = visit(leader, "/test-list/", language="en")
    page.locator("[data-choose]").nth(1).check()
    assert page.locator("tbody tr:not(.more)").count() == 3
    page.get_by_role("link", name="More").click()
    page.locator("tbody tr:not(.more)").nth(5).wait_for()
    assert page.locator("[data-choose]").nth(1).is_checked()
    assert page.get_by_text("1 chosen").is_visible()


def test_what_was_typed_comes_back_after_a_lost_login(visit, leader):
    page = visit(leader, "/admin-people/new/", language="en")
    page.fill("[name=name]", "吴检定")
    page.fill("[name=login]", "wu")
    page.context.clear_cookies(name="sessionid")
    page.click("main .btn-primary")
    sign_in(page, "leader", PASSWORD)
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + reverse("person_add"))
    assert page.input_value("[name=name]") == "吴检定"
    page.get_by_text("您之前填写的内容").or_(
        page.get_by_text("What you typed before is back.")
    ).wait_for()


def test_days_and_digits_as_people_type_them(visit, leader):
    from django.utils import timezone

    page = visit(leader, "/admin-stand-ins/new/")
    page.fill("[name=valid_from]", "t")
    page.fill("[name=valid_through]", "２０２６年１１月２日")
    page.keyboard.press("Tab")
    assert page.input_value("[name=valid_from]") == timezone.localdate().isoformat()
    assert page.input_value("[name=valid_through]") == "2026-11-02"


# -- charts, refusals --------------------------------------------------------------------------------


def test_a_chart_is_drawn_and_its_marks_lead_to_the_things(visit, leader):
    page = visit(leader, "/test-parts/")
    page.locator(".chart-picture svg").wait_for()
    assert (
        page.locator(".chart-picture").get_attribute("aria-label")
        == "Errors. All inside the limits."
    )
    page.get_by_text("upper limit").wait_for()
    dark = lambda: page.locator(".chart-picture svg text").first.get_attribute("fill")  # noqa: E731
    before = dark()
    page.click("[data-theme-switch]")
    assert dark() != before
    assert page.faults == []


def test_a_page_without_a_chart_does_not_load_the_engine(visit, leader):
    page = visit(leader, "/")
    assert page.locator("script[src*=charts]").count() == 0


def test_a_refusal_of_a_part_is_shown_and_leaves_the_page_as_it_is(visit, leader):
    page = visit(leader, "/test-parts/")
    page.fill("#typed", "half a word")
    page.get_by_role("button", name="Refuse").click()
    page.get_by_text("The lot is closed. Open a new one.").wait_for()
    assert page.locator("#notices td").all_inner_texts() == ["3", "late"]
    assert page.input_value("#typed") == "half a word"


def test_a_lost_login_never_throws_the_page_away(visit, leader):
    from django.contrib.sessions.models import Session

    page = visit(leader, "/test-parts/", language="en")
    page.fill("#typed", "half a word")
    Session.objects.all().delete()
    page.get_by_role("button", name="Refuse").click()
    page.get_by_text("You are logged out.").wait_for()
    assert page.input_value("#typed") == "half a word"
    with page.context.expect_page() as opened:
        page.locator("#notices a").click()
    sign_in(opened.value, "leader", PASSWORD)
    opened.value.wait_for_url("**/")
    page.get_by_role("button", name="Refuse").click()
    page.get_by_text("The lot is closed.").wait_for()


def test_the_narrow_rail_still_shows_its_entries(visit, leader):
    page = visit(leader, "/")
    page.click("[data-rail]")
    assert page.locator("#rail").bounding_box()["width"] < 60
    page.locator("#rail section").last.hover()
    page.locator("#rail").get_by_role("link", name="审计日志").click()
    page.wait_for_url("**/audit/")
    assert page.locator("#rail").bounding_box()["width"] < 60  # remembered


def test_the_menu_of_a_phone_opens_and_closes(visit, leader):
    page = visit(leader, "/", size=PHONE)
    assert not page.locator("#rail").get_by_role("link", name="人员", exact=True).is_visible()
    page.click("[data-rail]")
    page.locator("#rail").get_by_role("link", name="人员", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.locator("#rail").wait_for(state="hidden")
    assert page.locator("[data-rail]").get_attribute("aria-expanded") == "false"


def test_the_narrow_rail_is_reached_by_keyboard(visit, leader):
    page = visit(leader, "/")
    page.click("[data-rail]")
    page.locator("#rail a", has_text="人员资质").focus()
    assert page.locator("#rail a", has_text="人员资质").bounding_box()["width"] > 100
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin-qualifications/")
