"""The week of resources in a browser: read by everybody, wide and on a phone."""

import pytest

from dianheng.identity.models import Person

from .factories import applicant, booked, booking_pack
from .test_views import given

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_pages_are_accessible_and_fit(look_at):
    booking_pack()
    booked("2026-12-01 09:00", "2026-12-02 12:00")
    given()
    person = Person.objects.get(pk=applicant().person_id)
    pages = ["/resources/week/?week=2026-12-01", "/resources/CAR-1/", "/meeting-tasks/"]
    assert look_at(person, pages) == []
