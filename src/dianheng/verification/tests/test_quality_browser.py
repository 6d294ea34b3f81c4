"""QC batches in a browser: keyboard and scanner alone; nothing spills over, axe finds nothing."""

import os
from pathlib import Path

import pytest
from django.urls import reverse

from dianheng.identity.models import Person
from dianheng.identity.tests.factories import person_with
from dianheng.testing.browser import PHONE, axe_faults, overflow
from dianheng.verification.models import QualityReading

from .quality import collecting, quality_batch, verified_meters
from .test_quality_pages import quality_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("DIANHENG_PICTURES")  # a folder: keep what was seen


@pytest.mark.parametrize(
    ("size", "theme", "language"),
    [(None, "light", "zh-hans"), (PHONE, "dark", "zh-hans"), (None, "dark", "en")],
    ids=["wide", "phone", "dark English"],
)
def test_pages_fit_and_axe_finds_nothing(visit, size, theme, language):
    wanted = quality_pages()
    person = person_with("*", login="planner", name="林计划")
    page = visit(person, "/", size=size, theme=theme, language=language)
    faults, base = [], page.url.rstrip("/")
    for place, (name, *args) in enumerate(wanted):
        page.goto(base + reverse(name, args=args))
        where = f"{name} {' '.join(map(str, args))}".strip()
        faults += [f"{where}: {fault}" for fault in [*axe_faults(page), *overflow(page)]]
        if PICTURES:
            at = f"{place}-{name}-{'phone' if size else 'wide'}-{theme}-{language}.png"
            page.screenshot(path=str(Path(PICTURES) / at), full_page=True)
    assert "\n".join(faults) == "" and page.faults == []


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
