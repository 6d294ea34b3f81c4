"""Pages of seals in a browser: nothing spills over, axe finds nothing."""

import pytest
from django.urls import reverse

from dianheng.identity.tests.factories import person_with
from dianheng.seals.models import Seal

from .factories import sealed_meter, seals_in_stock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FORMS = ("enrol", "issue", "receive", "give_back", "apply", "lose", "scrap")


def test_pages_fit_and_axe_finds_nothing(look_at):
    seals_in_stock("JD26000001", "JD26000003")
    seal = Seal.objects.filter(device=sealed_meter("qualified")).first().seal_no
    pages = [reverse("seals"), reverse("seal", args=[seal]), reverse("seal_open", args=[seal])]
    pages += [reverse(f"seals_{name}") for name in FORMS]
    assert look_at(person_with("*"), pages) == []
