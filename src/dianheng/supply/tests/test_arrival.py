"""Arrival at the door: what came is received, what is short, over or foreign is named."""

import pytest

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import barcode, meters, store
from dianheng.common.errors import Refused
from dianheng.identity.tests.factories import actor_with, person_with
from dianheng.supply.selectors.arrivals import arrival_difference
from dianheng.supply.services import arrival_confirm, arrival_make, arrival_scan

from .factories import announced, order_line

pytestmark = pytest.mark.django_db
BACKEND = "dianheng.identity.backends.PersonBackend"


def receiver():
    return actor_with("supply.view", "supply.receive", login="shouhuo", name="孙收货")


def opened(count, folder):
    return arrival_make(
        arrival=announced(count, folder), place=store(), delivery_note_no="SH-1", actor=receiver()
    )


def codes_of(arrival):
    return list(
        Device.objects.filter(arrival_no=arrival.number)
        .order_by("barcode")
        .values_list("barcode", flat=True)
    )


def scan(arrival, *codes, prefix="k"):
    return arrival_scan(
        arrival=arrival, actor=receiver(),
        scans=[{"key": f"{prefix}{n}", "code": code, "at": "2026-11-23T02:00:00Z"} for n, code in enumerate(codes)],
    )  # fmt: skip


def test_what_was_scanned_arrives_in_the_store_and_the_rest_is_short(tmp_path):
    arrival = opened(30, tmp_path)
    codes = codes_of(arrival)
    assert scan(arrival, *codes[:28])["total"] == 28
    done = arrival_confirm(arrival=arrival, actor=receiver())
    assert (done.state, done.received) == ("partly", 28)
    states = Device.objects.filter(arrival_no=arrival.number).values_list("state", "place__code")
    assert sorted(set(states)) == [("awaiting_acceptance", "CK1"), ("on_order", "GYS-HL")]
    assert [d.barcode for d in arrival_difference(arrival).short] == codes[28:]


def test_of_what_is_only_announced_nothing_is_short_yet(client, tmp_path):
    arrival = announced(10, tmp_path)
    assert not arrival_difference(arrival).short.exists()
    client.force_login(person_with("*", login="keeper"), backend=BACKEND)
    page = client.get(f"/arrivals/{arrival.number}/").content.decode()
    assert "在途：开始收货后列出短缺。" in page
    opened_now = arrival_make(arrival=arrival, place=store(), actor=receiver())
    assert arrival_difference(opened_now).short.count() == 10


def test_a_box_of_the_file_is_its_devices(tmp_path):
    arrival = opened(30, tmp_path)
    boxes = [box.code for box in arrival.boxes.all()]
    answer = scan(arrival, *boxes)
    assert (answer["total"], {r["outcome"] for r in answer["results"]}) == (30, {"good"})
    assert arrival_confirm(arrival=arrival, actor=receiver()).state == "received"


def test_over_and_foreign_are_refused_at_the_door_and_kept_by_name(tmp_path):
    arrival = opened(10, tmp_path)
    stranger = meters(1, first=900)[0]
    codes = codes_of(arrival)
    answer = scan(arrival, codes[0], stranger.barcode, barcode(777))
    assert [r["outcome"] for r in answer["results"]] == ["good", "refused", "refused"]
    difference = arrival_difference(arrival)
    assert {s.code for s in difference.foreign} == {stranger.barcode, barcode(777)}
    assert not difference.over.exists()


def test_a_device_of_the_same_order_in_another_file_is_over(tmp_path):
    line = order_line(20)
    first, second = announced(10, tmp_path, line), announced(10, tmp_path, line, first=10)
    arrival = arrival_make(arrival=first, place=store(), actor=receiver())
    code = codes_of(second)[0]
    assert scan(arrival, code)["results"][0]["outcome"] == "refused"
    assert arrival_difference(arrival).over.get().code == code


def test_a_repeat_is_harmless_and_the_last_can_be_taken_back(tmp_path):
    arrival = opened(5, tmp_path)
    code = codes_of(arrival)[0]
    assert scan(arrival, code)["total"] == scan(arrival, code)["total"] == 1
    assert scan(arrival, code, prefix="n")["results"][0]["outcome"] == "repeat"
    undone = arrival_scan(arrival=arrival, scans=[{"key": "u", "undo": "k0"}], actor=receiver())
    assert (undone["results"][0]["outcome"], undone["total"]) == ("undone", 0)
    with pytest.raises(Refused) as refused:
        arrival_confirm(arrival=arrival, actor=receiver())
    assert refused.value.refusal.code == "nothing_scanned"


def test_nothing_is_scanned_before_the_place_is_said(tmp_path):
    arrival = announced(5, tmp_path)
    with pytest.raises(Refused) as refused:
        scan(arrival, "x")
    assert refused.value.refusal.code == "arrival_closed"
