"""The calculators' pages in a browser: nothing spills over, axe finds nothing."""

import pytest
from django.urls import reverse

from dianheng.identity.tests.factories import person_with
from dianheng.interfaces.calculators import catalogue

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ANSWERED = (
    "/calculators/round/?way=0&meter_class=1&mean_error_percent=0.35",
    "/calculators/round/?way=0&meter_class=9&mean_error_percent=abc",
)


def test_pages_fit_and_axe_finds_nothing(look_at):
    each = [reverse("calculator", args=[name]) for name in sorted(catalogue())]
    assert look_at(person_with("*"), [reverse("calculators"), *each, *ANSWERED]) == []
