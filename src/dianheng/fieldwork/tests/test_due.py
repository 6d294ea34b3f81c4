"""When points are due by their class and edition, and planning many of them at once."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.choices import HungRole
from dianheng.assets.services import Hang, devices_install, devices_remove
from dianheng.assets.tests.factories import store
from dianheng.common.errors import Refused
from dianheng.customers.tests.factories import cement_works
from dianheng.fieldwork.due import points_due
from dianheng.fieldwork.models import FieldTask
from dianheng.fieldwork.services import tasks_plan
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import person_with

from .factories import calibrator, crew, field_task, issued_meter
from .test_checks import GOOD, record

pytestmark = pytest.mark.django_db


def hung(number, on, serial, **more):
    point, meter = cement_works(number, **more), issued_meter(serial)
    devices_install(
        point=point, hangs=[Hang(meter.pk, HungRole.METER)], actor=system_actor("command"),
        installed_at=timezone.make_aware(datetime(on.year, on.month, on.day, 9, 0)),
    )  # fmt: skip
    return point


def replaced(point, serial, at):
    devices_remove(
        installation_ids=[one.pk for one in point.installations.filter(removed_at__isnull=True)],
        reason="超差", actor=system_actor("command"), removed_at=at, place_id=store().pk,
    )  # fmt: skip
    devices_install(
        point=point, hangs=[Hang(issued_meter(serial).pk, HungRole.METER)],
        actor=system_actor("command"), installed_at=at + timedelta(hours=1),
    )  # fmt: skip


def due_of(point):
    found = points_due().get(pk=point.pk)
    return found.check_due, found.drop_due, found.next_due


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (date(2026, 2, 28), None, date(2026, 2, 28))),
        ({"rated_kv": Decimal(110)}, (date(2026, 2, 28), date(2028, 1, 31), date(2026, 2, 28))),
        ({"rated_kv": Decimal("0.38"), "wiring": "three_phase_four_wire"}, (None, None, None)),
    ],
    ids=["class III", "class II, 110 kV", "class IV"],
)
def test_a_new_meter_is_due_a_month_after_it_was_hung(more, expected):
    assert due_of(hung("1", date(2026, 1, 31), 900, **more)) == expected


@pytest.mark.parametrize(
    ("edition", "months"), [("2016", date(2028, 8, 31)), ("2000", date(2027, 8, 31))]
)
def test_after_a_check_the_period_of_the_class_and_edition_runs(edition, months):
    calibrator()
    point = hung("3540010000123", date(2025, 1, 31), 900, class_edition=edition)
    at = timezone.make_aware(datetime(2026, 8, 31, 10, 0))
    record(GOOD, task=field_task(point), done_at=at)
    assert due_of(point)[0] == months


def test_a_meter_that_took_the_place_of_another_is_due_a_month_after_it_was_hung():
    calibrator()
    point = hung("3540010000123", date(2025, 1, 31), 900, rated_kv=Decimal(110))
    at = timezone.make_aware(datetime(2026, 11, 10, 10, 0))
    bad = {**GOOD, "error_1": "0.9", "error_2": "0.9"}
    assert record(bad, task=field_task(point), done_at=at).check.outcome == "fail"
    replaced(point, 901, at + timedelta(days=2))
    assert due_of(point) == (date(2026, 12, 12), date(2027, 1, 31), date(2026, 12, 12))


def test_a_record_without_verdict_is_no_check():
    calibrator(valid_through=date(2026, 1, 1))
    point = hung("1", date(2025, 1, 31), 900)
    record(GOOD, task=field_task(point))
    assert due_of(point)[0] == date(2025, 2, 28)


def test_many_points_are_planned_once():
    points = [hung(str(n), date(2026, 1, 31), 900 + n) for n in range(3)]
    leader, second = crew()
    field_task(points[0])
    due = {point.pk: timezone.localdate() + timedelta(days=7) for point in points}
    for _time in range(2):
        made = tasks_plan(
            due=due, leader=leader, second=second, actor=actor_for_person(leader),
            request_key="one",
        )  # fmt: skip
    assert made == 2 and FieldTask.objects.count() == 3


def test_points_are_held_before_it_is_read_which_are_planned():
    point = hung("1", date(2026, 1, 31), 900)
    leader, second = crew()
    with CaptureQueriesContext(connection) as queries:
        tasks_plan(
            due={point.pk: date(2026, 12, 1)}, leader=leader, second=second,
            actor=actor_for_person(leader),
        )  # fmt: skip
    sql = [one["sql"] for one in queries]
    held = next(
        n for n, one in enumerate(sql) if "customers_usagepoint" in one and "FOR UPDATE" in one
    )
    read = next(n for n, one in enumerate(sql) if "fieldwork_fieldtask" in one)
    assert held < read


def test_a_meter_checked_without_verdict_on_its_error_stays_due():
    calibrator()
    point = hung("3540010000123", date(2025, 1, 31), 900)
    dead = {**GOOD, "u2": "0", "u2_deg": "", "error_1": "-49.8", "error_2": "-49.9"}
    assert record(dead, task=field_task(point)).check.outcome == "fail"
    assert due_of(point)[0] == date(2025, 2, 28)


def test_who_may_not_plan_is_refused_and_nothing_is_planned():
    point = hung("1", date(2026, 1, 31), 900)
    leader, second = crew()
    stranger = actor_for_person(person_with("fieldwork.view", login="li", name="李"))
    with pytest.raises(Refused):
        tasks_plan(due={point.pk: date(2026, 12, 1)}, leader=leader, second=second, actor=stranger)
    assert FieldTask.objects.count() == 0


def test_the_list_shows_what_is_late_and_plans_it(client):
    late, fine = hung("1001", date(2026, 1, 31), 900), cement_works("1002")
    client.force_login(crew()[0], backend="dianheng.identity.backends.PersonBackend")
    url = reverse("field_due")
    page = client.get(url, {"within": "late"}).content.decode()
    assert late.number in page and fine.number not in page
    chosen = {"bulk": "plan", "ids": [str(late.pk)]}
    preview = client.post(url, chosen).content.decode()
    assert "安排" in preview and FieldTask.objects.count() == 0
