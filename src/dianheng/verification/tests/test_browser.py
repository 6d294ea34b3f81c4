"""Pages in a browser: scanner and keyboard do the work, nothing spills over, axe finds nothing."""

import pytest
from django.urls import reverse

from dianheng.identity.tests.factories import PASSWORD, person_with
from dianheng.testing.browser import keep_picture
from dianheng.verification.models import BenchLoad, TestRecord
from dianheng.verification.selectors.tasks import to_decide

from .factories import laboratory, load_with, task_with
from .test_decision import Story
from .test_views import all_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_pages_fit_and_axe_finds_nothing(look_at):
    story = Story(
        12, faults={0: "error", 1: "outside_band", 2: "clock"}, errs=frozenset({"rounding"})
    )
    person = person_with("*", login="planner", name="林计划")
    pages = [reverse(name, args=args) for name, *args in all_pages(story) if name != "load_file"]
    assert look_at(person, pages) == []


def scan(page, code):
    page.fill("[data-scan-field]", code)
    page.press("[data-scan-field]", "Enter")


def test_a_bench_is_loaded_with_a_scanner_alone(visit):
    lab, task = laboratory(positions=6), task_with(3)
    load = load_with(task, lab.bench, 0)
    codes = [row.device.barcode for row in task.devices.select_related("device").order_by("seq")]
    page = visit(lab.verifier, reverse("load", args=[load.number]))
    for code in codes:
        page.keyboard.type(f"]C1{code}\n")
    page.locator("#places li.is-loaded").nth(2).wait_for()
    assert list(load.positions.values_list("position", flat=True)) == [1, 2, 3]
    page.keyboard.type("4711\n")
    page.locator('[data-scan-last][data-outcome="refused"]').wait_for()
    page.click("[data-scan-undo]")
    page.locator('[data-scan-last][data-outcome="undone"]').wait_for()
    assert BenchLoad.objects.get().positions.count() == 2 and page.faults == []


def test_a_block_pasted_from_a_spreadsheet_fills_the_form_and_outliers_are_marked(visit):
    lab, task = laboratory(), task_with(1)
    load = load_with(task, lab.bench)
    page = visit(lab.verifier, reverse("load_enter", args=[load.number, 1]))
    cells = page.locator("table[data-grid] input")
    cells.first.focus()
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text", "+0.12\\t+0.14\\n+1.90\\t+1.92\\n+0.10\\t+2.40\\n");
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    rows = page.locator("table[data-grid] tbody tr")
    head = page.locator("table[data-grid] thead th").last.bounding_box()
    mean = rows.nth(0).locator("[data-mean]").bounding_box()
    assert (head["x"], head["width"]) == (mean["x"], mean["width"]), "each head over its column"
    assert rows.nth(0).locator("[data-mean]").inner_text() == "+0.1300"
    assert rows.nth(1).locator("input.near").count() == 2
    assert (
        rows.nth(2).locator("input.over").count() == 1
        and rows.nth(2).locator("input.odd").count() == 1
    )
    cells.first.press("Enter")
    assert page.evaluate("document.activeElement.name") == cells.nth(4).get_attribute("name")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.name") == cells.first.get_attribute("name")
    keep_picture(page, "entry-filled")
    page.reload()
    assert (
        page.locator("table[data-grid] input").first.input_value() == "+0.12"
    )  # nothing typed is lost
    assert page.faults == []


def test_a_reviewer_decides_by_keyboard(visit):
    story = Story(6, faults={3: "error"})
    page = visit(story.checker, reverse("task_review", args=[story.task.number]))
    page.locator(".chart-picture svg").wait_for()
    rows = page.locator("[data-decide] tbody tr")
    assert story.barcodes[3] in rows.nth(0).inner_text()
    rows.nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("r")
    assert rows.nth(1).locator('input[name="out"]').is_checked()
    assert rows.nth(2).locator('input[name="back"]').is_checked()
    page.click("form .btn-primary")
    page.fill("#reason", "0.1Ib 读数离散")
    keep_picture(page, "sign")
    page.click("form .btn-primary")
    page.locator(".notice-success").wait_for()
    steps = sorted(story.task.devices.values_list("step", flat=True))
    assert steps == ["reviewed"] * 4 + ["tested", "waiting"]
    assert page.faults == [] and TestRecord.objects.count() == 6


def test_an_approver_signs_with_the_password_and_sees_what_is_signed(visit):
    story = Story(4)
    story.review()
    page = visit(story.signatory, reverse("task_approve", args=[story.task.number]))
    page.click("form .btn-primary")
    assert story.digest([row.pk for row in to_decide(story.task, "reviewed")]) in page.content()
    page.fill("#password", PASSWORD)
    page.click("form .btn-primary")
    page.locator(".notice-success").wait_for()
    assert story.states() == ["qualified"] * 4 and page.faults == []
