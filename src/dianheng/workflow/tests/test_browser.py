"""Pages of processes in a browser: the diagram with the way so far, accessibility, width."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dianheng.identity.models import Person
from dianheng.identity.tests.factories import metering_centre
from dianheng.testing.browser import PHONE, WIDE, axe_faults, overflow
from dianheng.workflow import services

from .factories import head, verifier, work_order
from .test_pages import keeper
from .test_services import APPLY

PICTURES = os.environ.get("DIANHENG_PICTURES")  # a folder: keep what was seen
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


@pytest.mark.parametrize("path", ["packs/", "packs/work-order/", "duties/", "{number}/"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_are_accessible_and_fit(visit, order, path, size):
    page = visit(person(keeper()), f"/processes/{path.format(number=order.number)}", size=size)
    if "order" in path or "number" in path:
        expect(page.locator(".diagram[data-ready]")).to_be_attached()
    if PICTURES:
        name = path.strip("/").replace("/", "-").format(number="instance")
        page.screenshot(path=Path(PICTURES) / f"{name}-{size['width']}.png", full_page=True)
    assert axe_faults(page) == [] and overflow(page) == [] and page.faults == []
