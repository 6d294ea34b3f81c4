"""The process of booking: asked for, approved, lent, given back; a clash is said where it is typed."""

import pytest

from dianheng.common.errors import BadInput, Refused
from dianheng.planning.models import Booking
from dianheng.workflow.services import instance_withdraw, task_send_back

from .factories import applicant, asked_for, booking_pack, office, office_head, step

pytestmark = pytest.mark.django_db
MORNING = ("2026-12-01T09:00", "2026-12-01T12:00")


@pytest.fixture(autouse=True)
def pack():
    booking_pack()


def states():
    return list(Booking.objects.order_by("pk").values_list("state", flat=True))


def test_from_the_request_to_the_return():
    one = asked_for(*MORNING)
    assert states() == ["booked"] and Booking.objects.get().document == one.document
    step(one, "approve", office_head(), opinion="agree")
    step(one, "lend", office(), lent_on="2026-12-01", condition="完好")
    assert states() == ["lent"]
    step(one, "give_back", office(), returned_on="2026-12-01", condition="刮擦", damaged="yes")
    one.refresh_from_db()
    assert states() == ["returned"] and one.state == "done"
    assert Booking.objects.get().condition == "刮擦"


def test_a_clash_is_refused_where_it_is_asked_for_and_nothing_is_sent():
    asked_for(*MORNING)
    with pytest.raises(Refused) as caught:
        asked_for("2026-12-01T10:00", "2026-12-01T11:00", applicant("li", "李娜"))
    assert caught.value.refusal.code == "clash" and states() == ["booked"]


def test_what_is_not_approved_is_free_again():
    one = asked_for(*MORNING)
    step(one, "approve", office_head(), opinion="reject", reason="当日检修")
    one.refresh_from_db()
    assert states() == ["dropped"] and one.state == "done"


def test_what_is_sent_back_or_withdrawn_is_free_again():
    one = asked_for(*MORNING)
    step(one, "approve", office_head(), opinion="back", reason="改到下午")
    assert states() == ["dropped"]
    step(
        one, "apply", applicant(), resource="CAR-1", from_at="2026-12-01T13:00",
        to_at="2026-12-01T17:00", purpose="送表",
    )  # fmt: skip
    assert states() == ["dropped", "booked"]
    instance_withdraw(instance=one, reason="不去了", actor=applicant())
    assert states() == ["dropped", "dropped"]


def test_a_return_that_was_entered_too_early_is_taken_back_with_the_loan():
    one = asked_for(*MORNING)
    step(one, "approve", office_head(), opinion="agree")
    step(one, "lend", office(), lent_on="2026-12-01", condition="完好")
    back = one.tasks.get(task="give_back")
    task_send_back(task=back, reason="里程未填", actor=office(), to="lend")
    assert states() == ["booked"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("resource", "CAR-9"), ("from_at", "明天上午"), ("to_at", "2026-12-01")],
    ids=["unknown", "no-moment", "no-time"],
)
def test_what_is_no_resource_or_no_moment_is_said_at_its_field(field, value):
    one = asked_for(*MORNING)
    step(one, "approve", office_head(), opinion="back", reason="再看")
    data = {"resource": "CAR-1", "from_at": MORNING[0], "to_at": MORNING[1], "purpose": "x"}
    with pytest.raises(BadInput) as caught:
        step(one, "apply", applicant(), **{**data, field: value})
    assert [fault["field"] for fault in caught.value.refusal.errors] == [field]
