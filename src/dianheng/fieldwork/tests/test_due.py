"""When points are due by their class and edition, and planning many of them at once."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.choices import HungRole
from dianheng.assets.models import Device, DeviceModel
from dianheng.assets.services import Hang, devices_install, devices_remove
from dianheng.assets.tests.factories import store
from dianheng.common.errors import Refused
from dianheng.customers.tests.factories import cement_works
from dianheng.fieldwork.due import points_due
from dianheng.fieldwork.models import FieldTask
from dianheng.fieldwork.services import tasks_plan
from dianheng.identity.services import actor_for_person, system_actor, write_batch
from dianheng.identity.tests.factories import person_with

from .factories import (
    HUNG_ON,
    calibrator,
    crew,
    field_task,
    issued_meter,
    point_with_transformers,
    transformer_task,
)
from .test_checks import GOOD, record
from .test_transformers import measured

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
    point = hung("3540010000123", date(2025, 1, 31), 900, class_edition=edition, device_class="III")
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


def test_the_burden_is_due_with_its_own_period_from_35_kv_on():
    calibrator()
    point = hung("1", date(2025, 1, 31), 900, rated_kv=Decimal(35))
    assert points_due().get(pk=point.pk).burden_due == date(2027, 1, 31)
    at = timezone.make_aware(datetime(2026, 8, 31, 10, 0))
    record({"vt_1_va": "5", "vt_1_rated": "10"}, task=field_task(point), done_at=at)
    found = points_due().get(pk=point.pk)
    assert (found.last_burden, found.burden_due) == (date(2026, 8, 31), date(2028, 8, 31))
    assert found.drop_due == date(2027, 1, 31)  # the drop was not tested with it
    assert points_due().get(pk=hung("2", date(2025, 1, 31), 901).pk).burden_due is None


@pytest.mark.parametrize(
    ("parameters", "edition", "due"),
    [({}, "2016", 10), ({"divider": "capacitor"}, "2016", 4), ({}, "2000", 10)],
    ids=["electromagnetic", "capacitor", "edition 2000"],
)
def test_transformers_of_high_voltage_are_due_by_their_kind(parameters, edition, due):
    calibrator()
    point = point_with_transformers()
    point.class_edition = edition
    with write_batch(actor=system_actor(), action="test.edition"):
        point.save()
        for model in DeviceModel.objects.filter(code="LMZ1-0.66"):
            model.parameters = model.parameters | parameters
            model.save()
    hung_on = timezone.localdate(timezone.now() - HUNG_ON)
    found = points_due().get(pk=point.pk)
    assert found.last_transformer == hung_on
    assert (found.transformer_due.year, found.transformer_due.month) == (
        hung_on.year + due,
        hung_on.month,
    )


def test_the_transformer_that_is_due_first_counts():
    calibrator()
    task = transformer_task()
    devices = Device.objects.filter(kind="current_transformer").order_by("pk")
    hung_on = timezone.localdate(timezone.now() - HUNG_ON)
    measured(devices[0], task=task)
    assert points_due().get(pk=task.usage_point_id).last_transformer == hung_on
    check = measured(devices[1], task=task)
    found = points_due().get(pk=task.usage_point_id)
    assert found.last_transformer == timezone.localdate(check.done_at)


def test_low_voltage_transformers_have_no_period():
    point = point_with_transformers()
    point.rated_kv = Decimal("0.38")
    with write_batch(actor=system_actor(), action="test.voltage"):
        point.save()
    assert points_due().get(pk=point.pk).transformer_due is None
