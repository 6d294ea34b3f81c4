"""The calculators' pages in a browser: nothing spills over, axe finds nothing."""

import pytest
from django.urls import reverse

from dianheng.identity.tests.factories import person_with
from dianheng.interfaces.calculators import catalogue
from dianheng.testing.browser import PHONE, axe_faults, overflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ANSWERED = (
    "/calculators/round/?way=0&meter_class=1&mean_error_percent=0.35",
    "/calculators/round/?way=0&meter_class=9&mean_error_percent=abc",
)


@pytest.mark.parametrize(
    ("size", "theme", "language"),
    [(None, "light", "zh-hans"), (PHONE, "dark", "en")],
    ids=["wide", "phone dark English"],
)
def test_pages_fit_and_axe_finds_nothing(visit, size, theme, language):
    page = visit(person_with("*"), "/", size=size, theme=theme, language=language)
    base, faults = page.url.rstrip("/"), []
    names = sorted(catalogue())
    for path in (
        reverse("calculators"),
        *(reverse("calculator", args=[n]) for n in names),
        *ANSWERED,
    ):
        page.goto(base + path)
        faults += [f"{path}: {fault}" for fault in [*axe_faults(page), *overflow(page)]]
    assert "\n".join(faults + page.faults) == ""
