"""What hangs where: one place at a time, one device in a place, the ledger moves along."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.choices import DeviceState, HungRole
from dianheng.assets.models import Device, DeviceEvent, Installation
from dianheng.assets.services import Hang, devices_install, devices_remove
from dianheng.assets.tests.factories import store
from dianheng.common.errors import BadInput, Refused
from dianheng.customers.services import point_change, point_close
from dianheng.customers.tests.factories import cement_works
from dianheng.fieldwork.services import task_cancel
from dianheng.identity.services import actor_for_person, system_actor, unit_make, write_batch
from dianheng.identity.tests.factories import city_company, person_with

from .factories import crew, field_task, issued_meter, point_with_meter

pytestmark = pytest.mark.django_db
SYSTEM = system_actor


def codes(refused):
    return [error["code"] for error in refused.value.refusal.errors]


def test_an_issued_meter_comes_into_service_where_it_hangs():
    point, meter = point_with_meter()
    assert meter.state == DeviceState.IN_SERVICE and meter.place.name == point.name
    assert DeviceEvent.objects.filter(device=meter).latest("pk").verb == "install"
    assert Installation.objects.get().usage_point == point


def test_a_repeat_installs_once():
    point, meter = cement_works(), issued_meter()
    for _time in range(2):
        done = devices_install(
            point=point, hangs=[Hang(meter.pk, HungRole.METER)], actor=SYSTEM("command"),
            request_key="same",
        )  # fmt: skip
    assert done.count == 1 and Installation.objects.count() == 1


def test_every_reason_is_told_and_nothing_hangs():
    point, hung = point_with_meter()
    outdated = issued_meter(901)
    with write_batch(actor=SYSTEM(), action="test"):
        Device.objects.filter(pk=outdated.pk).update(
            valid_through=timezone.localdate() - timedelta(days=1)
        )
    with pytest.raises(Refused) as refused:
        devices_install(
            point=point,
            hangs=[Hang(outdated.pk, HungRole.METER), Hang(hung.pk, HungRole.TERMINAL)],
            actor=SYSTEM("command"),
        )
    assert codes(refused) == ["not_in_date", "taken", "role", "hangs"]
    assert Installation.objects.count() == 1


def test_a_removed_meter_is_with_who_removed_it_and_its_time_has_an_end():
    _point, meter = point_with_meter()
    leader, _second = crew()
    row = Installation.objects.get()
    devices_remove(installation_ids=[row.pk], reason="超差更换", actor=actor_for_person(leader))
    meter.refresh_from_db()
    row.refresh_from_db()
    assert meter.state == DeviceState.REMOVED and meter.place.person == leader
    assert row.removed_at is not None and row.reason == "超差更换"
    with pytest.raises(Refused) as refused:
        devices_remove(installation_ids=[row.pk], reason="again", actor=SYSTEM("command"))
    assert codes(refused) == ["removed"]


def test_after_a_removal_another_meter_takes_the_place():
    point, _meter = point_with_meter()
    row = Installation.objects.get()
    devices_remove(installation_ids=[row.pk], reason="轮换", actor=actor_for_person(crew()[0]))
    other = issued_meter(902)
    devices_install(
        point=point, hangs=[Hang(other.pk, HungRole.METER)], actor=SYSTEM("command"),
        installed_at=Installation.objects.get(pk=row.pk).removed_at,
    )  # fmt: skip
    assert Installation.objects.filter(usage_point=point, removed_at=None).get().device == other


def test_the_database_itself_refuses_two_places_at_a_time():
    point, meter = point_with_meter()
    other = cement_works("99")
    now = timezone.now()
    for columns in (
        {"usage_point": other, "device": meter},
        {"usage_point": point, "device": issued_meter(903)},
    ):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            write_batch(actor=SYSTEM(), action="test"),
        ):
            Installation.objects.create(
                role="meter", installed_at=now, installed_by=person_with(login="x"), **columns
            )


def test_a_moment_to_come_is_refused():
    with pytest.raises(BadInput):
        devices_install(
            point=cement_works(), hangs=[Hang(issued_meter().pk, HungRole.METER)],
            actor=SYSTEM("command"), installed_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip


def test_pages_install_remove_and_show_both_ways(client):
    point, meter = cement_works(), issued_meter()
    client.force_login(crew()[0], backend="dianheng.identity.backends.PersonBackend")
    url = reverse("usage_point_install", args=[point.number])
    answer = client.post(url, {"device": meter.barcode, "role": "terminal", "element": ""})
    assert answer.status_code == 200 and Installation.objects.count() == 0
    at = timezone.localtime(timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")
    answer = client.post(
        url, {"device": meter.barcode, "role": "meter", "element": "", "installed_at": at}
    )
    assert answer.status_code == 302
    page = client.get(reverse("usage_point", args=[point.number])).content.decode()
    assert meter.barcode in page
    assert point.number in client.get(reverse("device", args=[meter.barcode])).content.decode()
    answer = client.post(
        reverse("usage_point_remove", args=[point.number]),
        {"chosen": [Installation.objects.get().pk], "reason": "轮换"},
    )
    assert answer.status_code == 302 and Installation.objects.get().removed_at is not None


def test_who_may_not_install_finds_the_door_closed(client):
    point = cement_works()
    person = person_with("customers.view", "assets.view", login="li", name="李")
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    for name in ("usage_point_install", "usage_point_remove"):
        assert client.get(reverse(name, args=[point.number])).status_code == 403


def test_a_point_where_a_meter_hangs_or_work_is_open_is_not_closed():
    task = field_task()
    point, today = task.usage_point, timezone.localdate()
    meter = point.installations.get().device
    actor = system_actor("command")
    close = {
        "point": point,
        "closed_on": today - timedelta(days=1),
        "reason": "销户",
        "actor": actor,
    }
    with pytest.raises(Refused) as refused:
        point_close(**close)
    assert [one.code for one in refused.value.refusals] == ["hangs", "task_open"]
    assert meter.barcode in str(refused.value.refusals[0].text)
    task_cancel(task=task, reason="销户", actor=actor)
    devices_remove(
        installation_ids=[point.installations.get().pk], reason="销户", actor=actor,
        place_id=store().pk,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        point_close(**close)
    assert [one.code for one in refused.value.refusals] == ["taken_off_later"]
    assert point_close(**close | {"closed_on": today}).closed_on == today


def test_at_a_closed_point_nothing_is_planned_or_installed(client):
    point = cement_works()
    point_close(
        point=point, closed_on=timezone.localdate(), reason="销户", actor=system_actor("command")
    )
    client.force_login(crew()[0], backend="dianheng.identity.backends.PersonBackend")
    page = client.get(reverse("usage_point", args=[point.number])).content.decode()
    for name in ("field_task_new", "usage_point_install"):
        assert (
            f'href="{reverse(name, args=[] if name == "field_task_new" else [point.number])}'
            not in page
        )
    assert page.count('aria-disabled="true"') >= 2


def test_a_point_with_a_history_keeps_its_unit_and_its_place_is_called_after_it():
    point, meter = point_with_meter()
    other = unit_make(
        code="OTHER", name="外县", kind="county", actor=system_actor(), parent=city_company()
    )
    given = {
        "point": point, "name": "清河水泥厂 2 号进线", "wiring": point.wiring,
        "rated_kv": point.rated_kv, "purpose": point.purpose, "reason": "名称有误",
        "actor": system_actor("command"),
    }  # fmt: skip
    with pytest.raises(BadInput) as refused:
        point_change(**given, unit_id=other.pk)
    assert [one["field"] for one in refused.value.refusal.errors] == ["unit"]
    point_change(**given, unit_id=point.unit_id)
    meter.refresh_from_db()
    assert meter.place.name == "清河水泥厂 2 号进线"


def test_the_page_says_what_keeps_a_point_open(client):
    point, meter = point_with_meter()
    person = person_with("customers.view", "customers.edit", login="zhao", name="赵敏")
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    url = reverse("usage_point_close", args=[point.number])
    assert f"{meter.barcode} 还挂在这里" in client.get(url).content.decode()
    answer = client.post(url, {"closed_on": "t", "reason": "销户"})
    assert f"{meter.barcode} 还挂在这里" in answer.content.decode()
    point.refresh_from_db()
    assert point.closed_on is None
