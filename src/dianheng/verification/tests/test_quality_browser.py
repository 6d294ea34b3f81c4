"""QC batches in a browser: keyboard and scanner alone; nothing spills over, axe finds nothing."""

import pytest
from django.urls import reverse

from dianheng.identity.models import Person
from dianheng.identity.tests.factories import person_with
from dianheng.verification.models import QualityReading

from .quality import collecting, quality_batch, verified_meters
from .test_quality_pages import quality_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_pages_fit_and_axe_finds_nothing(look_at):
    pages = [reverse(name, args=args) for name, *args in quality_pages()]
    assert look_at(person_with("*", login="planner", name="林计划"), pages) == []


def test_registers_are_read_with_scanner_and_keyboard_alone(visit):
    batch, devices = quality_batch(), verified_meters(2)
    reader = Person.objects.get(pk=collecting().person_id)
    page = visit(reader, reverse("quality_batch", args=[batch.number]))
    for code, reading in (
        (batch.reference.barcode, "0"),
        (devices[0].barcode, "12.34"),
        (devices[1].barcode, "5.60"),
    ):
        page.locator("#reader-code:focus").wait_for()
        page.keyboard.type(f"]C1{code}\n")
        page.locator("#reader-total:focus").wait_for()
        page.keyboard.type(f"{reading}\n")
        page.locator('.reader-last[data-outcome="good"]', has_text=code).wait_for()
    page.locator("#meters td", has_text="12.34").wait_for()
    page.locator("#reader-code:focus").wait_for()
    page.keyboard.type(f"{devices[0].barcode}\n")
    page.locator("#reader-total:focus").wait_for()
    page.keyboard.type("99.99\n")  # read before with another value: a reason is asked
    page.locator("#reader-reason:focus").wait_for()
    page.keyboard.type("抄错\n")
    page.locator('.reader-last[data-outcome="good"]').wait_for()
    assert QualityReading.objects.count() == 4 and page.faults == []
