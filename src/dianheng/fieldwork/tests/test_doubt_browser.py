"""An arbitration in a browser: both sides invited, the seal opened, the paper printed."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dianheng.documents.tests.sent import PNG
from dianheng.identity.models import Person
from dianheng.verification.models import VerificationTask
from dianheng.verification.tests.factories import laboratory

from .factories import calibrator, point_with_meter
from .test_doubt import (
    arranged_on_site,
    checked,
    finished,
    own_folder,
    packs,
    people,
    requested,
    step,
)

__all__ = ["own_folder", "packs", "people"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def person(actor):
    return Person.objects.get(pk=actor.person_id)


def disputed(people):
    """An arbitration that waits for the opening of the seal."""
    point_with_meter()
    laboratory()
    one = requested(people, "arbitration")
    step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(timezone.localdate()))
    return one


def test_an_arbitration_is_arranged_and_its_seal_opened_before_both_sides(visit, people):
    one = disputed(people)
    task = VerificationTask.objects.get()
    page = visit(person(people["METROLOGIST"]), f"/processes/{one.number}/")
    page.set_input_files(
        "[name=files]", {"name": "启封.png", "mimeType": "image/png", "buffer": PNG}
    )
    page.get_by_role("button", name="新增").click()
    page.get_by_text("启封.png").wait_for()
    expect(
        page.get_by_text(task.number, exact=True)
    ).to_be_visible()  # who may not open it reads it
    expect(page.get_by_role("link", name="启封记录")).to_be_visible()
    for n, (side, name) in enumerate((("客户", "王建国"), ("供电公司", "冯军"))):
        page.locator(f"[name='parties.{n}.side']").select_option(label=side)
        page.locator(f"[name='parties.{n}.name']").fill(name)
        page.locator(f"[name='parties.{n}.invited_on']").fill("2026-11-25")
        page.locator(f"[name='parties.{n}.present']").select_option(label="是")
    page.locator("[name=opened_at]").fill("2026-11-27T09:30")
    page.locator("[name=seal_nos]").fill("XC26000101")
    page.locator("[name=seals_whole][value=yes]").check()
    page.locator("[name=signed][value=yes]").check()
    page.get_by_role("button", name="提交").click()
    page.wait_for_load_state()
    assert page.locator(".field .error, .notice-error").all_inner_texts() == []
    expect(page.get_by_role("heading", name="确认检验完成")).to_be_visible()
    assert page.faults == []


def test_the_page_of_a_doubt_is_accessible_and_fits(look_at, people):
    point_with_meter()
    calibrator()
    one = arranged_on_site(people)
    checked("3.12")
    finished(people, one)
    assert look_at(
        person(people["METROLOGIST"]), [f"/processes/{one.number}/"],
        ready=lambda page: expect(page.locator(".diagram[data-ready]")).to_be_attached(),
    ) == []  # fmt: skip


def test_the_opening_is_accessible_and_fits(look_at, people):
    assert look_at(
        person(people["METROLOGIST"]), [f"/processes/{disputed(people).number}/"],
        ready=lambda page: expect(page.locator("[name='parties.0.side']")).to_be_visible(),
    ) == []  # fmt: skip
