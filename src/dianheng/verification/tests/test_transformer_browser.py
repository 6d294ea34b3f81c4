"""A day of the transformer room: typed by keyboard alone, uploaded, reviewed, approved, certified."""

import json

import pytest
from django.urls import reverse

from dianheng.documents.models import IssuedDocument
from dianheng.identity.tests.factories import PASSWORD, person_with
from dianheng.testing.browser import axe_faults, keep_picture, overflow
from dianheng.verification.models import TestRecord

from .test_browser import scan
from .test_decision import signer
from .transformers import COMBINED, TransformerRoom, transformer_model

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def focused(page):
    return page.evaluate("document.activeElement.name")


def type_record(page, f, delta):
    """All of a record by keyboard: Enter goes from field to field, Ctrl and Enter keeps it."""
    page.locator('[name="temperature_start"]').focus()
    for value in ("21.0", "21.5", "48", "49"):
        page.keyboard.type(value)
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # standards and verifier are those of the bench and of the typist
    page.keyboard.press("Enter")
    for name, keys in (
        ("i-appearance-is_passed", 1), ("i-insulation-resistance_mohm", "2500"), ("i-insulation-is_passed", 1),
        ("i-withstand-voltage_kv", "3"), ("i-withstand-duration_s", "60"), ("i-withstand-has_breakdown", 1),
        ("i-polarity-sense", 1),
    ):  # fmt: skip
        while focused(page) != name:  # remarks are passed over
            page.keyboard.press("Enter")
        if isinstance(keys, str):
            page.keyboard.type(keys)
        else:
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    count = page.locator("input[data-order]").count()
    for number in range(count):
        page.keyboard.type(f if number % 2 == 0 else delta)
        page.keyboard.press("Enter")


def test_a_day_of_the_transformer_room(visit):
    room = TransformerRoom()
    task = room.task(3)
    codes = list(task.devices.order_by("seq").values_list("device__barcode", flat=True))
    # Two stand on the tester and come by upload; one of them errs too much.
    on_tester = room.load(task, *codes[:2])
    room.send(room.envelope(on_tester, {codes[1]: "over"}))

    # The third is scanned to the tester and typed from paper, by keyboard alone.
    load = room.load(task, codes[2])
    page = visit(room.verifier, reverse("load_enter", args=[load.number, 1]))
    type_record(page, "-0.344", "12.60")
    check = page.locator("[data-check='1']")
    assert check.nth(1).inner_text().startswith("−0.34 / +13")
    assert "is-over" in check.nth(2).get_attribute("class")  # 0.34 at 20 % is over 0.2
    page.locator("#p0-rated-20-fu").focus()
    assert page.locator("#p0-rated-20-fu").get_attribute("class").endswith("over")
    keep_picture(page, "transformer-typed")
    assert axe_faults(page) == [] and overflow(page) == []
    page.reload()  # nothing typed is lost
    assert page.locator("#p0-rated-5-fu").input_value() == "-0.344"
    for percent in ("20", "100", "120"):
        for burden in ("rated", "lower"):
            field = page.locator(f"#p0-{burden}-{percent}-fu")
            if field.count():
                field.fill("0.1")
                field.blur()
                assert "0.001" in page.locator(f"tr:has(#p0-{burden}-{percent}-fu) [data-check]").all_inner_texts()[burden == "lower"]  # fmt: skip
                field.fill("0.100")
            delta = page.locator(f"#p0-{burden}-{percent}-du")
            if delta.count():
                delta.fill("3.00")
    page.locator("#p0-rated-120-du").press("Control+Enter")
    page.locator(".notice-success").wait_for()
    assert page.locator("table.results").first.inner_text().count("合格") >= 18
    keep_picture(page, "transformer-record")
    record = TestRecord.objects.get(upload__source="hand")
    assert record.verdicts.get().outcome == "passed", record.verdicts.get().missing
    assert page.faults == []

    # Another person reviews, a third one approves, the certificate is issued on demand.
    page = visit(signer("checker", "checker", "李核验"), reverse("task_review", args=[task.number]))
    assert codes[1] in page.locator("[data-decide] tbody tr").first.inner_text()
    keep_picture(page, "transformer-review")
    assert axe_faults(page) == [] and overflow(page) == []
    page.click("form .btn-primary")
    page.click("form .btn-primary")
    page.locator(".notice-success").wait_for()
    signatory = signer("signatory", "signatory", "赵批准")
    page = visit(signatory, reverse("task_approve", args=[task.number]))
    page.click("form .btn-primary")
    page.fill("#password", PASSWORD)
    page.click("form .btn-primary")
    page.locator(".notice-success").wait_for()
    states = list(task.devices.order_by("seq").values_list("device__state", flat=True))
    assert states == ["qualified", "unqualified", "qualified"]

    from dianheng.identity.services import system_actor
    from dianheng.verification.services.certificates import certificate_lines, certificates_issue

    certificates_issue(task=task, lines=certificate_lines(task), actor=system_actor())
    kinds = sorted(IssuedDocument.objects.values_list("kind", flat=True))
    assert kinds == ["result_notice"] + ["verification_certificate"] * 2
    paper = json.loads(bytes(IssuedDocument.objects.filter(kind="result_notice").get().data))
    assert paper["data"]["failed_items"] == ["ratio_error"]
    assert page.faults == []


def test_a_transformer_is_put_on_the_tester_with_a_scanner(visit):
    room = TransformerRoom()
    task = room.task(2)
    from dianheng.identity.services import system_actor
    from dianheng.verification.services import load_make

    load = load_make(task=task, bench=room.bench, actor=system_actor())
    page = visit(room.verifier, reverse("load", args=[load.number]))
    for row in task.devices.select_related("device").order_by("seq"):
        scan(page, row.device.barcode)
    page.locator("#places li.is-loaded").nth(1).wait_for()
    assert load.positions.count() == 2 and page.faults == []


def test_pages_of_a_combined_transformer_fit_and_axe_finds_nothing(look_at):
    room = TransformerRoom()
    task = room.task(2, model=transformer_model("JLSZV-10", **COMBINED))
    codes = list(task.devices.order_by("seq").values_list("device__barcode", flat=True))
    room.send(room.envelope(room.load(task, codes[0]), {codes[0]: "over"}))
    load = room.load(task, codes[1])
    planner = person_with("*", login="planner", name="林计划")
    pages = [
        reverse("load_enter", args=[load.number, 1]),
        reverse("record", args=[TestRecord.objects.get().number]),
        reverse("scheme", args=[task.scheme_version.scheme.code]),
        reverse("task_review", args=[task.number]),
    ]
    assert look_at(planner, pages) == []
