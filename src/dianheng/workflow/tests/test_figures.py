"""Figures of processes: what is counted, in working hours, in whose units."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from dianheng.common.hours import OfficeHours
from dianheng.common.workdays import is_workday
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, system_actor, write_batch
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import ProcessInstance, ProcessTask
from dianheng.workflow.rules import working_time
from dianheng.workflow.selectors import figures, process_figures

from .factories import head, holder, verifier, work_order
from .test_services import APPLY, WORK, done

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def at(day, hour, minute=0):
    """A moment of March 2026, whose first is a Sunday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)


def order(unit=None):
    return services.instance_start(
        code="work-order", unit=unit or metering_centre(), title="表箱进水", actor=verifier()
    )


def stood(one, task, offered, claimed=None, ended=None, due=None, **more):
    """As if the step had been at these moments."""
    with write_batch(actor=system_actor(), action="test"):
        ProcessInstance.objects.filter(pk=one.pk).update(started_at=at(2, 9))
        ProcessTask.objects.filter(instance=one, task=task).update(
            offered_at=offered, claimed_at=claimed, ended_at=ended, due_at=due, **more
        )


@pytest.fixture
def two():
    """One order that went through, one that stands at its head since the 3rd."""
    work_order()
    first = order()
    done(first, "apply", verifier(), **APPLY)
    done(first, "assign", head(), opinion="agree")
    done(first, "work", verifier(), **WORK)
    done(first, "confirm", head(), opinion="agree")
    second = order()
    done(second, "apply", verifier(), **APPLY)
    for one in (first, second):
        stood(one, "apply", at(2, 9), at(2, 10), at(2, 11), at(2, 18))
    stood(first, "assign", at(6, 17), at(9, 9, 30), at(9, 10, 30), at(9, 10))
    stood(second, "assign", at(3, 9), due=at(4, 9))
    stood(first, "work", at(9, 11), at(9, 11), at(10, 11), is_returned=True)
    stood(first, "confirm", at(10, 11), at(10, 11), at(10, 11))
    return first, second


def found(units=None, code=""):
    units = units or [metering_centre().pk]
    return process_figures(unit_ids=units, since=MARCH[0], through=MARCH[1], code=code)


def test_a_step_waits_and_is_worked_on_in_working_hours(two):
    steps = {line.key.split()[1]: line.steps for line in found().steps}
    assert steps["apply"].offered == steps["apply"].done == 2
    assert (steps["apply"].waiting, steps["apply"].worked) == (Decimal("1.0"), Decimal("1.0"))
    # From Friday 17:00 to Monday 9:30: one hour, a weekend, one hour.
    assert steps["assign"].waiting == Decimal("2.0")
    assert (steps["assign"].offered, steps["assign"].done, steps["assign"].late) == (2, 1, 2)
    assert steps["assign"].late_share == 1
    # From 11:00 to 11:00 of the next day: an office day of eight hours.
    assert steps["work"].worked == Decimal("8.0") and steps["work"].returned == 1


def test_a_process_counts_what_began_and_a_month_too(two):
    shown = found()
    assert [line.title for line in shown.processes] == ["工单"]
    volume = shown.processes[0].volume
    assert (volume.started, volume.done, volume.withdrawn) == (2, 1, 0)
    assert [(line.title, line.volume.started) for line in shown.months] == [("2026-03", 2)]
    assert found(code="work-order").processes == shown.processes
    assert found(code="no-such").processes == []


def test_where_it_stands_still_is_named_with_the_oldest(two):
    stuck = found().stuck
    assert [(one.step, one.open, one.late, one.number) for one in stuck] == [
        ("审批派工", 1, 1, two[1].number)
    ]


def test_other_units_are_not_counted(two):
    assert found(units=[city_company().pk]).processes == []


def test_the_page_shows_them_and_refuses_a_period_that_ends_first(two, client):
    client.force_login(Person.objects.get(pk=head().person_id))
    address = reverse("process_figures")
    page = client.get(address, {"since": "2026-03-01", "through": "2026-03-31"})
    text = page.content.decode()
    assert "工单" in text and "100.0 %" in text and two[1].number in text
    wrong = client.get(address, {"since": "2026-03-31", "through": "2026-03-01"})
    assert wrong.status_code == 422 and "最长 3 年" in wrong.content.decode()


def test_only_who_may_see_processes_gets_the_page(client):
    stranger = holder("ma", "马超", "STOREKEEPER", city_company(), ["assets.view"])
    client.force_login(Person.objects.get(pk=actor_for_person(stranger).person_id))
    assert client.get(reverse("process_figures")).status_code == 403


OFFICE = OfficeHours.parse("8:30-12:00, 13:30-18:00")
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=ZONE)
)


@settings(max_examples=60, deadline=None)
@given(st.tuples(MOMENTS, MOMENTS).map(sorted))
def test_working_seconds_of_the_database_are_those_of_the_rule(moments):
    first, last = moments
    day_seconds = figures._of_day(OFFICE)
    sql = (
        "with day as (select * from unnest(%(days)s::date[], %(before)s::bigint[], %(works)s::boolean[])"
        " as d (day, before, works)), m as (select %(a)s::timestamptz as a_at, %(b)s::timestamptz as b_at)"
        f" select ({figures._seconds('m', 'b_at', day_seconds)}) - ({figures._seconds('m', 'a_at', day_seconds)})"
        f" from m {figures._joins('m', ['a_at', 'b_at'])}"
    )
    days = figures._days(first.date(), last.date() + timedelta(days=1), OFFICE)
    with connection.cursor() as cursor:
        cursor.execute(sql, {**days, "zone": str(ZONE), "a": first, "b": last})
        seconds = cursor.fetchone()[0]
    assert timedelta(seconds=int(seconds)) == working_time(first, last, is_workday, OFFICE)
