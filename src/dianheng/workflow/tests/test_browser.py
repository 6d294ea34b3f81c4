"""Pages of processes in a browser: the diagram with the way so far, accessibility, width."""

import pytest
from playwright.sync_api import expect

from dianheng.identity.models import Person
from dianheng.identity.tests.factories import PASSWORD, metering_centre
from dianheng.testing.browser import PHONE, WIDE, axe_faults, keep_picture, overflow
from dianheng.workflow import services

from .factories import head, verifier, work_order
from .test_catalogue import GOOD, sent, written
from .test_pages import keeper
from .test_remarks import begun, noted
from .test_services import APPLY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def order(live_server):
    work_order()
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱进水", actor=verifier()
    )
    services.task_complete(task=one.tasks.get(), data=APPLY, actor=verifier())
    return one


def person(actor):
    return Person.objects.get(pk=actor.person_id)


def test_the_diagram_shows_the_way_so_far_and_the_present_step(visit, order):
    page = visit(person(head()), f"/processes/{order.number}/")
    expect(page.locator(".diagram[data-ready]")).to_be_visible()
    expect(page.locator(".diagram .step-done")).to_have_count(1)
    expect(page.locator(".diagram .step-open")).to_have_count(1)


def drawn(page):
    """A diagram draws itself."""
    if page.locator(".diagram").count():
        expect(page.locator(".diagram[data-ready]").first).to_be_attached()


def test_pages_are_accessible_and_fit(look_at, order):
    pages = ["packs/", "packs/work-order/", "duties/", f"{order.number}/"]
    assert look_at(person(keeper()), [f"/processes/{page}" for page in pages], ready=drawn) == []


@pytest.fixture
def orders(live_server):
    """Three work orders that wait for the head."""
    work_order()
    made = []
    for title in (
        "东关变压器台区",
        "西街 12 号",
        "南湖小区三期配电室表箱进水，需更换表箱并检查接线",
    ):
        one = services.instance_start(
            code="work-order", unit=metering_centre(), title=title, actor=verifier()
        )
        services.task_complete(task=one.tasks.get(), data=APPLY, actor=verifier())
        made.append(one)
    return made


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_several_approvals_are_decided_on_one_page(visit, orders, size):
    page = visit(person(head()), "/work/?box=offered", size=size)
    for box in page.locator("input[name=ids]").all():
        box.check()
    page.locator("button[name=bulk][value=decide]").click()
    expect(page.locator("input[name=task]")).to_have_count(3)
    assert axe_faults(page) == [] and overflow(page) == []
    page.locator("input[name=task]").nth(1).uncheck()
    page.get_by_label("同意", exact=True).check()
    expect(page.locator("input[name=assignee]")).to_be_visible()
    page.locator("input[name=password]").fill("wrong")
    page.locator(".form-foot .btn-primary").click()
    expect(page.locator(".notice-error")).to_be_visible()
    expect(page.locator("input[name=task]:checked")).to_have_count(2)
    keep_picture(page, f"decide-{size['width']}")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator(".form-foot .btn-primary").click()
    expect(page.locator(".state-good")).to_have_count(2)
    keep_picture(page, f"decided-{size['width']}")
    assert axe_faults(page) == [] and overflow(page) == []


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_process_is_watched_and_its_return_is_told(visit, order, size):
    page = visit(person(keeper()), f"/processes/{order.number}/", size=size)
    page.get_by_role("button", name="关注", exact=True).click()
    expect(page.get_by_role("button", name="取消关注")).to_be_visible()
    services.task_send_back(task=order.tasks.latest("pk"), reason="请写明地点", actor=head())
    page.reload()
    expect(page.get_by_text("您关注的本流程已被退回")).to_be_visible()
    keep_picture(page, f"watched-{size['width']}")
    assert axe_faults(page) == [] and overflow(page) == []
    page.get_by_role("button", name="知道了").click()
    expect(page.get_by_text("您关注的本流程已被退回")).to_have_count(0)


def test_remarks_catalogue_and_wide_rights_are_accessible_and_fit(look_at, live_server, tmp_path):
    work_order()
    noted(begun("表箱进水"))
    head()
    services.catalogue_take(file=sent(written(tmp_path, *GOOD)), actor=keeper())
    shows = {
        "packs/work-order/": "没有“换封”一项",
        "catalogue/": "ZC-01-02",
        "duties/": "超出需要的权限",
    }
    texts = []

    def read(page):
        drawn(page)
        texts.append(page.locator("main").text_content())

    assert look_at(person(keeper()), [f"/processes/{page}" for page in shows], ready=read) == []
    in_chinese = zip(shows.values(), texts, strict=False)
    assert [shown for shown, text in in_chinese if shown not in text] == []


# Contrast of a text on what it stands on, as WCAG counts it.
CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((v) => v / 255)
      .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const of = (part, what) => getComputedStyle(document.querySelector(`.diagram ${part}`))[what];
  const step = of("[data-element-id=apply] rect", "fill"), ground = getComputedStyle(document.querySelector(".diagram")).backgroundColor;
  return [
    [of("[data-element-id=apply] text", "fill"), step],
    [of("[data-element-id=done_label] text", "fill"), ground],
    [of("[data-element-id=decided_work] path", "stroke"), ground],
  ].map(([one, other]) => [light(one), light(other)].sort((a, b) => b - a)).map(([a, b]) => (a + 0.05) / (b + 0.05));
}"""


def test_on_a_phone_a_wide_diagram_scrolls_to_the_open_step_and_is_not_shrunk(visit, order):
    page = visit(person(head()), f"/processes/{order.number}/", size=PHONE)
    box = page.locator(".diagram[data-ready]")
    expect(box).to_be_visible()
    assert box.evaluate("e => e.scrollWidth > e.clientWidth && e.tabIndex === 0")
    step = page.locator(".diagram .step-open").bounding_box()
    frame = box.bounding_box()
    assert frame["x"] <= step["x"] and step["x"] + step["width"] <= frame["x"] + frame["width"]
    assert step["width"] >= 120 * 0.7 - 1, "letters of eight pixels and more"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_diagram_is_readable_in_english_and_in_the_dark(visit, order, theme):
    page = visit(person(keeper()), "/processes/packs/work-order/", theme=theme, language="en")
    expect(page.locator(".diagram[data-ready]")).to_be_visible()
    text, name, arrow = page.evaluate(CONTRAST)
    assert text >= 7 and name >= 7 and arrow >= 4.5
    keep_picture(page, f"diagram-{theme}-en")
    assert "审批派工" not in page.locator(".diagram").inner_text()


def test_what_is_typed_while_a_draft_is_being_kept_is_not_lost(visit, live_server):
    work_order()
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱进水", actor=verifier()
    )
    page = visit(person(verifier()), f"/processes/{one.number}/")
    held = []
    page.route(f"**/processes/{one.number}/*/", lambda route: held.append(route))
    place, content = page.locator("[name=place]"), page.locator("[name=content]")
    place.fill("城关 3 号")
    place.blur()
    arrives(page, held, 1)
    content.fill("更换表箱")
    held[0].continue_()
    arrives(page, held, 2)  # what was typed meanwhile is sent by itself
    held[1].continue_()
    page.wait_for_load_state("networkidle")
    assert (place.input_value(), content.input_value()) == ("城关 3 号", "更换表箱")
    page.unroute_all()
    page.reload()
    assert (place.input_value(), content.input_value()) == ("城关 3 号", "更换表箱")
    assert page.faults == []


def arrives(page, held, count):
    """Wait for a request; the page goes on meanwhile."""
    for _ in range(100):
        if len(held) >= count:
            return
        page.wait_for_timeout(50)
    pytest.fail(f"{len(held)} requests, not {count}")
