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
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import actor_with, metering_centre, person_with
from dianheng.standards.models import EnvironmentReading
from dianheng.standards.selectors.environment import out_of_bounds
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
