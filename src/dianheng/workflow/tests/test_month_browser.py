"""The office month by hand: seven logins, sent back twice on the way, minutes that become tasks."""

import pytest
from playwright.sync_api import expect

from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import PASSWORD, city_company, metering_centre
from dianheng.planning.models import Assignment
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.services import pack_load

from .factories import RIGHTS, holder

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SETTLED = "() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"
DEPARTMENTS = ("METROLOGIST", "TECHNICAL", "ASSETS", "KEEPER")


def person(post):
    unit = city_company() if post == "HEAD" else metering_centre()
    return holder(f"p-{post.lower()}", f"{post}甲", post, unit, [*RIGHTS, "planning.view"])


@pytest.fixture
def send(live_server, visit):
    """`send(post, field=value)` opens the plan as somebody of the post, fills its form, sends it."""

    def act(post, **fields):
        one = ProcessInstance.objects.get()
        page = visit(person(post), f"/processes/{one.number}/")
        for name, value in fields.items():
            fill(page, name.replace("__", "."), value)
        page.click("form[hx-post] .btn-primary")
        expect(page.locator(".notice-success")).to_be_visible()
        assert page.faults == []
        page.context.close()

    return act


def fill(page, name, value):
    """Write into a field and wait until the draft is kept, as the page does on every change."""
    field = page.locator(f'[name="{name}"]')
    is_choice = field.first.get_attribute("type") == "radio"
    choice = page.locator(f'[name="{name}"][value="{value}"]')
    if is_choice and choice.is_checked():
        return  # as it was decided before
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        if is_choice:
            choice.check()
        else:
            field.fill(value)
            field.blur()
    page.wait_for_function(SETTLED)


def test_the_month_from_the_call_to_the_tasks_of_the_meeting(visit, send):
    pack_load(
        folder=next(f for f in shipped_folders() if f.name == "plan_month"), actor=system_actor()
    )
    for post in (*DEPARTMENTS, "OFFICE_HEAD", "HEAD"):
        person(post)
    page = visit(person("OFFICE"), "/processes/start/plan-month/")
    page.select_option('[name="unit"]', label="计量中心")
    page.fill('[name="title"]', "2026 年 12 月工作计划")
    page.click("main .btn-primary")
    expect(page.locator("h1")).to_contain_text("2026 年 12 月工作计划")
    page.context.close()
    send("OFFICE", month="2026-12", due_on="2026-12-03")
    for post in DEPARTMENTS:
        send(post, items__0__matter=f"{post} 的工作", items__0__owner="METROLOGIST甲")
    send("OFFICE", summary="四个科室均已上报")
    send("OFFICE_HEAD", opinion="back", reason="缺完成时间")
    send("OFFICE", summary="已补充")
    send("OFFICE_HEAD", opinion="agree", password=PASSWORD)
    send("HEAD", opinion="back", reason="补充安全检查")
    send("OFFICE_HEAD", opinion="agree", password=PASSWORD)
    send("HEAD", opinion="agree", password=PASSWORD)
    days = {f"tasks__{n}__due_on": "2026-12-20" for n in range(4)}
    send("OFFICE", held_on="2026-12-04", present="全体", discussed="布置十二月工作", **days)
    for post in DEPARTMENTS:
        send(post, remark="已阅")
    one = ProcessInstance.objects.get()
    assert one.state == "done" and one.notes.filter(kind="send_back").count() == 2
    given = Assignment.objects.filter(owner=person("METROLOGIST"), document=one.document)
    assert given.count() == 4
    page = visit(person("METROLOGIST"), "/")
    expect(page.locator("main")).to_contain_text("KEEPER 的工作")
