"""Working hours of the Chinese calendar, and who may do a task."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.common.hours import OfficeHours
from dianheng.common.workdays import is_workday
from dianheng.identity.services import setting_change, system_actor
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.workflow.calendar import due_after, timer
from dianheng.workflow.errors import WrongExpression
from dianheng.workflow.rules import (
    guard_assignee,
    guard_post,
    guard_running,
    guard_task_open,
    working_deadline,
    working_time,
)

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = OfficeHours.parse("08:30–12:00, 13:30–18:00")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-30 09:00", "2", "2026-11-30 11:00"),
        ("2026-11-30 11:00", "2", "2026-11-30 14:30"),
        ("2026-11-30 16:00", "8", "2026-12-01 16:00"),
        ("2026-11-27 17:00", "2", "2026-11-30 09:30"),
        ("2026-11-28 10:00", "1", "2026-11-30 09:30"),
        ("2026-11-30 07:00", "0", "2026-11-30 08:30"),
        ("2026-09-30 17:00", "2", "2026-10-08 09:30"),
        ("2026-02-13 17:00", "1.5", "2026-02-14 09:00"),
    ],
    ids=[
        "morning", "over-noon", "next-day", "over-weekend", "on-saturday", "before-office",
        "over-national-day", "saturday-worked-before-spring-festival",
    ],
)  # fmt: skip
def test_a_time_limit_counts_working_hours(start, hours, due):
    assert working_deadline(at(start), Decimal(hours), is_workday, OFFICE) == at(due)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 30)),
    st.decimals(0, 200, places=2),
)
def test_as_much_working_time_passes_as_was_asked_for(start, hours):
    start = start.replace(microsecond=0, tzinfo=ZONE)
    due = working_deadline(start, hours, is_workday, OFFICE)
    assert working_time(start, due, is_workday, OFFICE) == timedelta(seconds=int(hours * 3600))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("8:30-12:00,13:30-17:30", "08:30–12:00, 13:30–17:30"),
        ("09:00–17:00", "09:00–17:00"),
        ("8：00～12：00、14：00～18：00", "08:00–12:00, 14:00–18:00"),
    ],
    ids=["a-noon", "through", "full-width"],
)
def test_office_hours_are_read_as_people_write_them(text, read):
    assert str(OfficeHours.parse(text)) == read


@pytest.mark.parametrize(
    "text",
    ["", "8:30", "12:00-8:30", "8:00-12:00,11:00-17:00", "8:00-25:00", "8:00-8:00", "always"],
)
def test_office_hours_that_are_none_are_refused(text):
    with pytest.raises(ValueError):
        OfficeHours.parse(text)


def test_a_year_without_calendar_goes_by_the_weekday():
    assert is_workday(date(2099, 1, 5)) and not is_workday(date(2099, 1, 4))


def test_a_company_that_never_works_is_said_to():
    with pytest.raises(ValueError, match="no working day"):
        working_deadline(at("2026-01-01 00:00"), Decimal(1), lambda day: False, OFFICE)


@pytest.mark.parametrize("text", ["PT8H", "P1D", "P2W", "P1DT2H30M", "PT0S"])
def test_a_period_of_a_diagram_is_taken_as_it_is(text):
    assert timer(text) == text


@pytest.mark.parametrize("text", ["P", "PT", "8h", "working h", "working 8", "P1X", "R/PT1H"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(WrongExpression):
        timer(text)


@pytest.mark.django_db
def test_working_hours_of_a_diagram_become_a_period_from_now():
    assert timer("working 8h").startswith("PT") and timer("working 8h").endswith("S")


@pytest.mark.django_db
def test_time_limits_run_in_the_office_hours_in_force_for_the_unit():
    centre, company = metering_centre(), city_company()
    setting_change(
        key="workflow.office_hours", value="9:00-17:00", valid_from=date(2026, 12, 1),
        unit_id=centre.pk, reason="冬季作息", actor=system_actor(),
    )  # fmt: skip
    assert due_after(Decimal(8), at("2026-12-01 09:00"), centre.pk) == at("2026-12-01 17:00")
    assert due_after(Decimal(8), at("2026-11-30 09:00"), centre.pk) == at("2026-12-01 09:00")
    assert due_after(Decimal(8), at("2026-12-01 09:00"), company.pk) == at("2026-12-02 09:00")


def test_a_post_counts_over_the_units_below_it():
    held = {"HEAD": ["35400/3540001/"]}
    assert guard_post(["HEAD"], held, "35400/3540001/354000101/", "主任") is None
    assert guard_post(["HEAD"], held, "35400/", "主任").code == "no_post"
    assert guard_post(["KEEPER"], held, "35400/3540001/", "库管").code == "no_post"


def test_a_task_that_is_done_or_taken_is_refused():
    assert guard_task_open("claimed", "办理") is None
    assert guard_task_open("sent_back", "办理").code == "task_gone"
    assert (
        guard_running("suspended", "GD-1").code
        == guard_running("done", "GD-1").code
        == "not_running"
    )
    assert guard_assignee(3, "张伟", {1, 3}) is None
    assert guard_assignee(3, "张伟", {1, 2}).code == "taken"
