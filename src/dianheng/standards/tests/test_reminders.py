"""Reminders: once at each step, settled by what takes its place, acknowledged by name."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import qualification_grant, setting_change, system_actor
from dianheng.identity.tests.factories import actor_with, metering_centre, person_with
from dianheng.standards.models import Reminder
from dianheng.standards.services import (
    authorisation_record,
    paper_withdraw,
    reminders_acknowledge,
    reminders_tick,
    standard_certify,
)

from .factories import equipment, examined

pytestmark = pytest.mark.django_db


def day(number):
    return timezone.localdate() + timedelta(days=number)


def certify(device, number, first, last):
    return standard_certify(
        device=device, number=number, issuer="省院", valid_from=day(first), valid_through=day(last),
        takes_over=True, actor=system_actor(),
    )  # fmt: skip


def steps():
    return [(r.number, r.months, r.settled_at is None) for r in Reminder.objects.order_by("pk")]


def test_each_step_is_raised_once_and_settles_the_one_before(monkeypatch):
    certify(equipment("STD-0001", "standard_meter", "CL311"), "DC-1", -300, 100)
    assert reminders_tick() == 1 and reminders_tick() == 0
    assert steps() == [("DC-1", 6, True)]
    today = timezone.localdate
    for later, raised in ((20, 1), (21, 0), (85, 1), (100, 0), (101, 1), (500, 0)):
        monkeypatch.setattr(
            timezone, "localdate", lambda *_a, later=later: today() + timedelta(later)
        )
        assert reminders_tick() == raised, later
    assert steps() == [
        ("DC-1", 6, False),
        ("DC-1", 3, False),
        ("DC-1", 1, False),
        ("DC-1", 0, True),
    ]


def test_the_months_of_reminding_are_a_setting():
    certify(equipment("STD-0001", "standard_meter", "CL311"), "DC-1", -300, 250)
    assert reminders_tick() == 0
    with pytest.raises(BadInput):
        months_set("0, 3")
    months_set("2、12")
    assert reminders_tick() == 1
    assert steps() == [("DC-1", 12, True)]


def months_set(value):
    setting_change(
        key="standards.reminder_months", value=value, reason="送检排期长", valid_from=day(0),
        actor=system_actor(),
    )  # fmt: skip


def test_a_new_certificate_settles_the_reminder():
    device = equipment("STD-0001", "standard_meter", "CL311")
    certify(device, "DC-1", -300, 20)
    reminders_tick()
    certify(device, "DC-2", 0, 364)
    assert reminders_tick() == 0 and steps() == [("DC-1", 1, False)]


def test_every_kind_of_paper_is_watched():
    examined()
    person = person_with("*", login="verifier", name="陈检定")
    qualification_grant(
        person=person, kind="verifier", number="J-1", issuer="局", valid_from=day(-9), valid_through=day(9),
        actor=system_actor(),
    )  # fmt: skip
    authorisation_record(
        unit=metering_centre(), number="A-2", issuer="局", scope="互感器", kinds=["current_transformer"],
        valid_from=day(-9), valid_through=day(-1), actor=system_actor(),
    )  # fmt: skip
    assert reminders_tick() == 2
    assert set(Reminder.objects.values_list("kind", "subject", "months")) == {
        ("qualification", "陈检定", 1), ("authorisation", metering_centre().name, 0),
    }  # fmt: skip


def test_a_reminder_is_acknowledged_once_by_who_keeps_the_papers():
    certify(equipment("STD-0001", "standard_meter", "CL311"), "DC-1", -300, 20)
    reminders_tick()
    found = Reminder.objects.get()
    with pytest.raises(Refused):
        reminders_acknowledge(
            reminder_ids=[found.pk],
            word="送检",
            actor=actor_with("verification.view", login="guest"),
        )
    keeper = actor_with("verification.laboratory", login="keeper")
    with pytest.raises(BadInput):
        reminders_acknowledge(reminder_ids=[found.pk], word=" ", actor=keeper)
    for expected in (1, 0):
        assert (
            reminders_acknowledge(reminder_ids=[found.pk], word="已送检", actor=keeper) == expected
        )
    found.refresh_from_db()
    assert (found.acknowledged_by_id, found.word) == (keeper.person_id, "已送检")
    assert reminders_tick() == 0


def test_a_reminder_comes_back_when_its_paper_counts_again():
    device = equipment("STD-0001", "standard_meter", "CL311")
    certify(device, "DC-1", -300, -1)
    reminders_tick()
    found = Reminder.objects.get()
    keeper = actor_with("verification.laboratory", login="keeper")
    reminders_acknowledge(reminder_ids=[found.pk], word="新证书已到", actor=keeper)
    mistaken = certify(device, "DC-2", 0, 364)
    assert reminders_tick() == 0 and steps() == [("DC-1", 0, False)]
    paper_withdraw(paper=mistaken, withdrawn_on=day(0), reason="登记错误", actor=system_actor())
    assert reminders_tick() == 1 and steps() == [("DC-1", 0, True)]
    again = Reminder.objects.get()
    assert (again.acknowledged_at, again.acknowledged_by_id, again.word) == (None, None, "")
    assert reminders_tick() == 0


def test_the_last_day_of_a_short_month_is_six_months_before_the_end_of_a_long_one(monkeypatch):
    device = equipment("STD-0001", "standard_meter", "CL311")
    standard_certify(
        device=device, number="DC-1", issuer="省院", valid_from=date(2026, 9, 1),
        valid_through=date(2027, 8, 31), actor=system_actor(),
    )  # fmt: skip
    for today, raised in ((date(2027, 2, 27), 0), (date(2027, 2, 28), 1)):
        monkeypatch.setattr(timezone, "localdate", lambda *_a, today=today: today)
        assert reminders_tick() == raised, today
    assert steps() == [("DC-1", 6, True)]
