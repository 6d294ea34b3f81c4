"""Vehicles, rooms, instruments: nobody else has them then; lent, given back, taken back."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.identity.selectors import rights_of
from dianheng.identity.services import setting_change, system_actor, write_batch
from dianheng.planning.models import Booking
from dianheng.planning.selectors import resources_week
from dianheng.planning.services import (
    booking_drop,
    booking_give_back,
    booking_lend,
    booking_make,
    booking_undo,
    resource_change,
    resource_make,
)

from .factories import applicant, at, booked, metering_centre, office, vehicle

pytestmark = pytest.mark.django_db


def refusal(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.refusal


@pytest.mark.parametrize(
    ("first", "last", "clashes"),
    [
        ("2026-12-01 11:00", "2026-12-01 13:00", True),
        ("2026-12-01 09:30", "2026-12-01 10:00", True),
        ("2026-11-30 08:00", "2026-12-02 18:00", True),
        ("2026-12-01 12:00", "2026-12-01 15:00", False),
        ("2026-12-01 07:00", "2026-12-01 09:00", False),
    ],
    ids=["at-the-end", "within", "around", "right-after", "right-before"],
)
def test_two_do_not_have_it_at_once(first, last, clashes):
    booked("2026-12-01 09:00", "2026-12-01 12:00")
    if not clashes:
        booked(first, last, document="process:B")
        return
    answer = refusal(lambda: booked(first, last, document="process:B"))
    assert answer.code == "clash" and Booking.objects.count() == 1
    assert (answer.facts["person"], answer.facts["document"]) == ("周敏", "A")


def test_a_clash_names_what_is_free_then():
    vehicle("CAR-2", "抢修车")
    booked("2026-12-01 09:00", "2026-12-01 12:00")
    text = str(refusal(lambda: booked("2026-12-01 10:00", "2026-12-01 11:00")).text)
    assert "抢修车" in text and "皮卡" in text


def test_the_database_itself_refuses_a_clash():
    one = booked("2026-12-01 09:00", "2026-12-01 12:00")
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        write_batch(actor=office(), action="booking.make"),
    ):
        Booking.objects.create(
            resource=one.resource, from_at=at("2026-12-01 11:00"), to_at=at("2026-12-01 14:00"),
            purpose="x", person=one.person,
        )  # fmt: skip


def test_what_was_dropped_or_came_back_is_free():
    booked("2026-12-01 09:00", "2026-12-01 12:00")
    booking_drop(document="process:A", actor=office())
    booking_drop(document="process:A", actor=office())
    booked("2026-12-01 09:00", "2026-12-01 18:00", document="process:B")
    booking_lend(document="process:B", condition="完好", actor=office())
    booking_give_back(document="process:B", condition="完好", actor=office())
    booked("2026-12-01 13:00", "2026-12-01 18:00", document="process:C")
    states = dict(Booking.objects.values_list("document", "state"))
    assert states == {"process:A": "dropped", "process:B": "returned", "process:C": "booked"}


def test_what_is_out_is_not_lent_a_second_time():
    booked("2026-12-01 09:00", "2026-12-01 12:00")
    booked("2026-12-01 12:00", "2026-12-01 18:00", document="process:B")
    booking_lend(document="process:A", condition="", actor=office())
    answer = refusal(lambda: booking_lend(document="process:B", condition="", actor=office()))
    assert (answer.code, answer.facts["document"]) == ("not_back", "A")


def test_a_repeat_of_the_same_request_books_once():
    vehicle()
    for _send in range(2):
        booking_make(
            resource="CAR-1", from_at=at("2026-12-01 09:00"), to_at=at("2026-12-01 12:00"),
            purpose="x", actor=applicant(), document="process:A", request_key="key-0001",
        )  # fmt: skip
    assert Booking.objects.count() == 1
    for _send in range(2):
        booking_lend(document="process:A", condition="", actor=office(), request_key="key-0002")
    assert Booking.objects.get().state == "lent"


def test_steps_are_taken_back_one_by_one_unless_others_have_it_meanwhile():
    booked("2026-12-01 09:00", "2026-12-01 12:00")
    assert refusal(
        lambda: booking_give_back(document="process:A", condition="", actor=office())
    ).code == "booking_state"  # fmt: skip
    booking_lend(document="process:A", condition="", actor=office())
    booking_give_back(document="process:A", condition="", actor=office())
    booking_undo(document="process:A", state="returned", actor=office())
    booking_undo(document="process:A", state="lent", actor=office())
    one = Booking.objects.get()
    assert (one.state, one.lent_at, one.returned_at) == ("booked", None, None)
    booking_lend(document="process:A", condition="", actor=office())
    booking_give_back(document="process:A", condition="", actor=office())
    booked("2026-12-01 10:00", "2026-12-01 11:00", document="process:B")
    undo = lambda: booking_undo(document="process:A", state="returned", actor=office())  # noqa: E731
    assert refusal(undo).code == "clash" and Booking.objects.get(document="process:A").returned_at


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2026-12-01 09:00", "2026-12-01 09:00", "period"),
        ("2026-12-01 09:00", "2026-11-30 09:00", "period"),
        ("2026-12-01 09:00", "2027-12-01 09:00", "too_long"),
    ],
    ids=["empty", "backwards", "a-year"],
)
def test_a_period_that_is_none(first, last, code):
    assert refusal(lambda: booked(first, last)).code == code and not Booking.objects.exists()


def test_a_resource_that_is_not_there_or_closed():
    with pytest.raises(NotFound):
        booked("2026-12-01 09:00", "2026-12-01 10:00", resource="CAR-9")
    one = vehicle()
    resource_change(resource=one, name="皮卡", remark="", is_active=False, actor=office())
    answer = refusal(lambda: booked("2026-12-01 09:00", "2026-12-01 10:00"))
    assert answer.code == "closed"


def test_a_resource_that_somebody_has_booked_stays_open():
    booked("2099-12-01 09:00", "2099-12-01 10:00")
    close = lambda: resource_change(  # noqa: E731
        resource=vehicle(), name="皮卡", remark="", is_active=False, actor=office()
    )
    assert refusal(close).code == "booked" and vehicle().is_active


def test_the_list_is_kept_by_who_has_the_right_and_knows_no_code_twice():
    made = {"name": "x", "kind": "room", "unit": metering_centre()}
    assert refusal(lambda: resource_make(code="R", **made, actor=applicant())).code == "no_right"
    resource_make(code="R", **made, actor=office())
    with pytest.raises(BadInput):
        resource_make(code=" R ", **made, actor=office())


def test_a_week_shows_each_day_of_a_booking():
    booked("2026-12-01 22:00", "2026-12-03 00:00")
    rights = rights_of(office().person_id)
    (line,) = resources_week(rights, at("2026-12-06 12:00").date())
    assert [str(one.day) for one in line.days if one.bookings] == ["2026-12-01", "2026-12-02"]
    (after,) = resources_week(rights, at("2026-12-07 12:00").date())
    assert after.is_free


def test_the_longest_booking_is_a_setting_of_the_company():
    quarter = ("2026-12-01 09:00", "2027-03-03 10:00")  # an hour more than 92 days
    answer = refusal(lambda: booked(*quarter))
    assert (answer.code, answer.facts) == ("too_long", {"days": 92})
    setting_change(
        key="planning.booking_days", value="100", valid_from=date(2026, 1, 1),
        reason="升级改造期间长期用车", actor=system_actor(),
    )  # fmt: skip
    assert booked(*quarter).state == "booked"
