"""Records of rooms: taken in from loggers, outside the bounds they lock what was measured there."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.models import Place
from dianheng.assets.tests.factories import store
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import setting_change, system_actor, unit_make, write_batch
from dianheng.identity.tests.factories import actor_with, metering_centre, person_with
from dianheng.standards.models import EnvironmentBand, EnvironmentReading
from dianheng.standards.selectors.environment import out_of_bounds, readings
from dianheng.standards.services import environment_set, environment_take_in

from .test_pages import log_in, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def room():
    with write_batch(actor=system_actor(), action="test.room"):
        return Place.objects.create(
            code="SYS1", name="检定室", kind="laboratory", unit=metering_centre(), path="/SYS1/"
        )


def bounds():
    environment_set(
        unit=metering_centre(), temperature_low_c=Decimal(21), temperature_high_c=Decimal(25),
        humidity_low_pct=Decimal(45), humidity_high_pct=Decimal(75), source="JJG 596",
        valid_from=timezone.localdate() - timedelta(days=30), actor=system_actor(),
    )  # fmt: skip


def line(minutes_ago, temperature="23.1", humidity="52"):
    at = timezone.localtime() - timedelta(minutes=minutes_ago)
    return [f"{at:%Y-%m-%d %H:%M}", temperature, humidity]


def take(room, rows, actor=None):
    return environment_take_in(place=room, rows=rows, actor=actor or system_actor())


def test_a_logger_is_taken_in_once(room):
    rows = [["时间", "温度(℃)", "湿度(%RH)"], line(60), line(30)]
    assert take(room, rows) == 2 and take(room, [*rows, line(5)]) == 1
    assert EnvironmentReading.objects.count() == 3
    with pytest.raises(BadInput) as refused:
        take(room, [line(30, "23.2")])
    assert refused.value.refusal.errors[0]["code"] == "differs"


def test_every_fault_is_said_and_nothing_kept(room):
    wrong = [["昨天", "23", "50"], line(5, "99", "x"), line(5), line(5), line(-60)]
    with pytest.raises(BadInput) as refused:
        take(room, wrong)
    codes = [error["code"] for error in refused.value.refusal.errors]
    assert codes == ["moment", "impossible", "number", "twice", "future"]
    with pytest.raises(BadInput):
        take(store(), [line(5)])
    with pytest.raises(Refused):
        take(room, [line(5)], actor_with("verification.view", login="guest"))
    assert not EnvironmentReading.objects.exists()


def test_a_reading_outside_the_bounds_is_found_around_the_work(room):
    take(room, [line(300, "26.0"), line(60), line(20, "25.1")])
    now, unit = timezone.now(), metering_centre()
    hour = timedelta(hours=1)
    assert out_of_bounds(unit, room.pk, now - hour, now) is None
    bounds()
    found = out_of_bounds(unit, room.pk, now - hour, now)
    assert (found.room, found.temperature_c) == ("检定室", Decimal("25.1"))
    assert out_of_bounds(unit, room.pk, now - 3 * hour, now - 2 * hour) is None
    assert out_of_bounds(unit, store().pk, now - hour, now) is None


def test_how_long_around_the_work_the_room_counts_is_a_setting(room):
    bounds()
    take(room, [line(100, "26.0")])
    now, unit, hour = timezone.now(), metering_centre(), timedelta(hours=1)
    assert out_of_bounds(unit, room.pk, now - hour, now) is None
    setting_change(
        key="standards.environment_minutes", value="60", reason="记录仪每小时一次", unit_id=unit.pk,
        valid_from=timezone.localdate(now), actor=system_actor(),
    )  # fmt: skip
    assert out_of_bounds(unit, room.pk, now - hour, now).room == "检定室"


def sent(room, *readings, key="logger-2026-1"):
    rows = [
        {"at": at, "temperature_c": temperature, "humidity_pct": humidity}
        for at, temperature, humidity in readings
    ]
    return {"room": room, "readings": rows, "request_key": key}


def test_a_logger_sends_by_rest_once_and_every_fault_is_said(client, room):
    log_in(client, person_with("verification.laboratory", login="gateway", name="网关"))
    url = "/api/v1/environment-records"
    earlier = timezone.now().replace(microsecond=0) - timedelta(hours=1)

    def post(body):
        answer = client.post(url, body, content_type="application/json")
        return answer.status_code, answer.json()

    one = sent("SYS1", (earlier.isoformat(), "22.9", "51.5"))
    assert post(one) == (201, {"new": 1})
    assert post(one) == (201, {"new": 1})  # the same request: the same answer
    assert post(one | {"request_key": "logger-2026-2"}) == (200, {"new": 0})
    row = EnvironmentReading.objects.get()
    assert (row.at, row.temperature_c, row.humidity_pct) == (
        earlier, Decimal("22.9"), Decimal("51.5"),
    )  # fmt: skip
    status, answer = post(
        sent(
            "SYS1", (earlier.isoformat(), "23.5", "51"), ("2999-01-01T00:00:00", "22", "50"),
            ("2026-01-02T00:00:00", "99", "101"), key="logger-2026-3",
        )
    )  # fmt: skip
    assert (status, [error["code"] for error in answer["errors"]]) == (
        422, ["future", "impossible", "impossible", "differs"],
    )  # fmt: skip
    status, answer = post(sent("NOWHERE", (earlier.isoformat(), "22", "50"), key="logger-2026-4"))
    assert (status, answer["errors"][0]["field"]) == (422, "room")
    assert post({"room": "SYS1", "readings": [], "request_key": "x"})[0] == 422
    log_in(client, person_with("verification.view", login="guest", name="客"))
    status, answer = post(sent("SYS1", (earlier.isoformat(), "22", "50"), key="logger-2026-5"))
    assert (status, answer["code"]) == (403, "no_right")
    assert EnvironmentReading.objects.count() == 1


def test_a_file_is_taken_in_by_page_and_what_is_outside_is_red(client, room):
    log_in(client, person_with("*", login="engineer", name="林标准"))
    bounds()
    rows = [["时间", "温度", "湿度"], line(60), line(30, "20.9")]
    content = "\n".join(",".join(row) for row in rows).encode("gb18030")
    data = {"place": room.pk, "table": SimpleUploadedFile("log.csv", content)}
    assert client.post(reverse("environment_file"), data).status_code == 302
    text = page(client, "environment_records")
    assert "state-bad" in text and "20.9" in text and "state-good" in text
    assert "23.1" not in page(client, "environment_records", within="out")
    answer = client.post(reverse("environment_file"), {"place": room.pk, "values": "昨天\t1\t2"})
    assert answer.status_code == 200 and "昨天" in answer.content.decode()
    log_in(client, person_with("assets.view", login="guest", name="客"))
    for name in ("environment_records", "environment_file"):
        assert client.get(reverse(name)).status_code == 403


def test_bounds_of_the_body_above_count_in_the_list_as_in_the_lock(room):
    below = unit_make(
        code="SYS-BELOW", name="检定班", kind="team", actor=system_actor(),
        parent=metering_centre(),
    )  # fmt: skip
    with write_batch(actor=system_actor(), action="test.room"):
        Place.objects.filter(pk=room.pk).update(unit=below)
    bounds()
    take(room, [line(20, "25.1")])
    assert out_of_bounds(below, room.pk, None, timezone.now()) is not None
    row = readings().get()
    assert row.is_outside and row.temperature_high_c == Decimal(25)
    environment_set(
        unit=below, temperature_low_c=Decimal(18), temperature_high_c=Decimal(28),
        humidity_low_pct=Decimal(30), humidity_high_pct=Decimal(80), source="JJG 313",
        valid_from=timezone.localdate() - timedelta(days=60), actor=system_actor(),
    )  # fmt: skip
    assert out_of_bounds(below, room.pk, None, timezone.now()) is None
    assert not readings().get().is_outside  # its own before those of the body above


def test_bounds_that_cannot_be_are_refused_at_their_fields(client):
    log_in(client, person_with("*", login="engineer", name="林标准"))
    unit = metering_centre().pk
    typed = {
        "unit": unit, "temperature_low_c": "21", "temperature_high_c": "1000", "humidity_low_pct": "45",
        "humidity_high_pct": "75", "source": "x", "valid_from": "t",
    }  # fmt: skip
    answer = client.post(reverse("environment_new"), typed)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["temperature_high_c"]
    with pytest.raises(BadInput) as refused:
        environment_set(
            unit=metering_centre(), temperature_low_c=Decimal(-51), temperature_high_c=Decimal(1000),
            humidity_low_pct=Decimal(-1), humidity_high_pct=Decimal(101), source="x",
            valid_from=timezone.localdate(), actor=system_actor(),
        )  # fmt: skip
    assert [error["field"] for error in refused.value.refusal.errors] == [
        "temperature_low_c", "temperature_high_c", "humidity_low_pct", "humidity_high_pct",
    ]  # fmt: skip
    assert not EnvironmentBand.objects.exists()
