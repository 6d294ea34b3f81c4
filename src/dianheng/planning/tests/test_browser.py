"""The week of resources in a browser: read by everybody, wide and on a phone."""

import pytest

from dianheng.identity.models import Person
from dianheng.testing.browser import PHONE, WIDE, axe_faults, overflow

from .factories import applicant, booked, booking_pack
from .test_views import given

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "path", ["/resources/week/?week=2026-12-01", "/resources/CAR-1/", "/meeting-tasks/"]
)
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_are_accessible_and_fit(live_server, visit, path, size):
    booking_pack()
    booked("2026-12-01 09:00", "2026-12-02 12:00")
    given()
    page = visit(Person.objects.get(pk=applicant().person_id), path, size=size)
    assert axe_faults(page) == [] and overflow(page) == [] and page.faults == []
