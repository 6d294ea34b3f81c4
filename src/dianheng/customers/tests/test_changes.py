"""Usage points are corrected, closed and opened again, with a reason; what holds them is told."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.customers.models import UsagePoint
from dianheng.customers.selectors import editable_point
from dianheng.customers.services import point_change, point_close, point_reopen
from dianheng.customers.tests.factories import cement_works
from dianheng.identity.services import system_actor, unit_make
from dianheng.identity.tests.factories import actor_with, city_company, metering_centre, person_with

pytestmark = pytest.mark.django_db
BACKEND = "dianheng.identity.backends.PersonBackend"


def other_unit():
    return unit_make(
        code="OTHER", name="外县", kind="county", actor=system_actor(), parent=city_company()
    )


def changed(point, actor=None, **change):
    given = {
        "name": point.name, "customer_name": point.customer_name, "unit_id": point.unit_id,
        "wiring": point.wiring, "rated_kv": point.rated_kv, "purpose": point.purpose,
        "device_class": "", "class_edition": point.class_edition, "reason": "报装资料有误", **change,
    }  # fmt: skip
    return point_change(point=point, actor=actor or system_actor("command"), **given)


def faults(refused):
    return [error["field"] for error in refused.value.refusal.errors]


def test_a_voltage_that_was_wrong_is_corrected_and_the_class_follows():
    found = changed(cement_works(), rated_kv=Decimal(220), request_key="once")
    assert (found.rated_kv, found.device_class) == (Decimal(220), "I")
    again = changed(cement_works(), rated_kv=Decimal(35), request_key="once")
    assert again.rated_kv == Decimal(220)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"name": ""}, "name"),
        ({"name": "名" * 201}, "name"),
        ({"wiring": "five_wire"}, "wiring"),
        ({"purpose": "x", "device_class": "I"}, "purpose"),
        ({"rated_kv": Decimal(0)}, "rated_kv"),
        ({"rated_kv": Decimal("0.0004")}, "rated_kv"),
        ({"rated_kv": Decimal("NaN")}, "rated_kv"),
        ({"class_edition": "1999", "device_class": "I"}, "class_edition"),
        ({"class_edition": "2000"}, "device_class"),
        ({"device_class": "VI"}, "device_class"),
        ({}, ""),
    ],
)
def test_a_correction_that_may_not_is_told_at_its_field_and_changes_nothing(change, field):
    point = cement_works()
    with pytest.raises(BadInput) as refused:
        changed(point, **change)
    assert faults(refused) == [field]
    found = UsagePoint.objects.get()
    assert (found.name, found.rated_kv, found.class_edition) == (point.name, 10, "2016")


def test_without_the_right_in_both_units_nothing_moves():
    point, other = cement_works(), other_unit()
    actor = actor_with("customers.edit", login="zhao", unit=metering_centre())
    with pytest.raises(Refused) as refused:
        changed(point, actor, unit_id=other.pk)
    assert refused.value.refusal.code == "no_right"
    with pytest.raises(Refused) as refused:
        changed(point, actor_with("customers.view", login="li"), name="x")
    assert refused.value.refusal.code == "no_right"
    assert UsagePoint.objects.get().unit == metering_centre()
    assert changed(point, unit_id=other.pk).unit_id == other.pk


def test_a_point_is_closed_once_with_a_reason_and_opened_again():
    point, today = cement_works(), timezone.localdate()
    actor = system_actor("command")
    for day, reason, field in (
        (today + timedelta(days=1), "销户", "closed_on"), (today, "", "reason"),
    ):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            point_close(point=point, closed_on=day, reason=reason, actor=actor)
        assert faults(refused) == [field]
    close = {"point": point, "closed_on": today, "reason": "销户", "actor": actor}
    for _time in range(2):
        assert point_close(**close, request_key="once").closed_on == today
    with pytest.raises(Refused) as refused:
        point_close(**close)
    assert refused.value.refusal.code == "closed"
    assert point_reopen(point=point, reason="误销户", actor=actor).closed_on is None
    with pytest.raises(Refused) as refused:
        point_reopen(point=point, reason="误销户", actor=actor)
    assert refused.value.refusal.code == "open"


def test_who_may_not_close_is_refused():
    with pytest.raises(Refused) as refused:
        point_close(
            point=cement_works(), closed_on=date(2026, 1, 1), reason="销户",
            actor=actor_with("customers.view"),
        )  # fmt: skip
    assert refused.value.refusal.code == "no_right"
    assert UsagePoint.objects.get().closed_on is None


def test_pages_correct_close_and_open_again_and_tell_who_did(client):
    point = cement_works()
    client.force_login(
        person_with("customers.view", "customers.edit", name="赵敏"), backend=BACKEND
    )
    url = reverse("usage_point", args=[point.number])
    page = client.get(url).content.decode()
    assert "更正" in page and "销户" in page
    change = reverse("usage_point_change", args=[point.number])
    page = client.get(change).content.decode()
    assert 'value="清河水泥厂 1 号进线"' in page and 'value="10"' in page
    assert '<option value="" selected>' in page  # the class follows the voltage
    sent = {
        "name": "清河水泥厂 2 号进线", "customer_name": point.customer_name, "address": "",
        "unit": point.unit_id, "purpose": "settlement", "wiring": point.wiring, "rated_kv": "0",
        "device_class": "", "class_edition": "2016", "reason": "名称有误",
    }  # fmt: skip
    answer = client.post(change, sent)
    assert answer.status_code == 200 and "清河水泥厂 2 号进线" in answer.content.decode()
    assert UsagePoint.objects.get().name == point.name
    assert client.post(change, sent | {"rated_kv": "10"}).status_code == 302
    close = reverse("usage_point_close", args=[point.number])
    assert client.post(close, {"closed_on": "t", "reason": "用户销户"}).status_code == 302
    page = client.get(url).content.decode()
    assert "2 号进线" in page and "名称有误" in page and "用户销户" in page and "赵敏" in page
    assert "恢复" in page
    listed = reverse("usage_points")
    assert point.number in client.get(listed, {"closed": "1"}).content.decode()
    assert point.number not in client.get(listed, {"closed": "0"}).content.decode()
    answer = client.post(reverse("usage_point_reopen", args=[point.number]), {"reason": "误销户"})
    assert answer.status_code == 302 and UsagePoint.objects.get().closed_on is None


@pytest.mark.parametrize("name", ["usage_point_change", "usage_point_close", "usage_point_reopen"])
def test_who_may_only_look_finds_the_doors_closed(client, name):
    point = cement_works()
    client.force_login(person_with("customers.view"), backend=BACKEND)
    assert client.get(reverse(name, args=[point.number])).status_code == 403


def test_a_point_of_another_unit_is_not_there():
    point = cement_works()
    person = person_with("customers.view", "customers.edit", login="li", unit=other_unit())
    from dianheng.identity.selectors import rights_of

    with pytest.raises(NotFound):
        editable_point(rights_of(person.pk), point.number)
