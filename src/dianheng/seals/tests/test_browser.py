"""Pages of seals in a browser: nothing spills over, axe finds nothing."""

import pytest
from django.urls import reverse

from dianheng.identity.tests.factories import person_with
from dianheng.seals.models import Seal
from dianheng.testing.browser import PHONE, axe_faults, overflow

from .factories import sealed_meter, seals_in_stock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FORMS = ("enrol", "issue", "receive", "give_back", "apply", "lose", "scrap")


@pytest.mark.parametrize(
    ("size", "theme", "language"),
    [(None, "light", "zh-hans"), (PHONE, "dark", "en")],
    ids=["wide", "phone dark English"],
)
def test_pages_fit_and_axe_finds_nothing(visit, size, theme, language):
    seals_in_stock("JD26000001", "JD26000003")
    seal = Seal.objects.filter(device=sealed_meter("qualified")).first().seal_no
    page = visit(person_with("*"), "/", size=size, theme=theme, language=language)
    base, faults = page.url.rstrip("/"), []
    for path in (
        reverse("seals"), reverse("seal", args=[seal]), reverse("seal_open", args=[seal]),
        *(reverse(f"seals_{name}") for name in FORMS),
    ):  # fmt: skip
        assert page.goto(base + path).status == 200, path
        faults += [f"{path}: {fault}" for fault in [*axe_faults(page), *overflow(page)]]
    assert "\n".join(faults + page.faults) == ""
