"""Scan sessions: every scan kept, nothing twice, undo, boxes, expired login loses nothing."""

import json

import pytest

from dianheng.assets.models import Device
from dianheng.assets.services import devices_transition
from dianheng.assets.tests.factories import barcode, box, store
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.warehouse.models import Movement, Scan, ScanSession
from dianheng.warehouse.services import session_book, session_make, session_scan

from .test_movements import county, county_keeper, county_store, ids, keeper, ready

pytestmark = pytest.mark.django_db
BACKEND = "dianheng.identity.backends.PersonBackend"


def begin(purpose="distribute", **options) -> ScanSession:
    if purpose == "distribute":
        options.setdefault("to_place", county_store())
    return session_make(purpose=purpose, unit=metering_centre(), actor=keeper(), **options)


def scan(session, *codes, keys=None):
    scans = [
        {"key": keys[i] if keys else f"k{i}", "code": code, "at": "2026-11-23T02:00:00Z"}
        for i, code in enumerate(codes)
    ]
    return session_scan(session_id=session.pk, scans=scans, actor=keeper())


def test_good_repeat_and_refused_are_told_apart():
    county()
    ready(2)
    answer = scan(begin(), barcode(1), "]C1" + barcode(2), barcode(1), "nonsense")
    assert [r["outcome"] for r in answer["results"]] == ["good", "good", "repeat", "refused"]
    assert answer["total"] == 2


def test_the_same_key_is_the_same_scan():
    county()
    ready(2)
    session = begin()
    first = scan(session, barcode(1), barcode(2))
    again = scan(session, barcode(1), barcode(2))
    assert (
        [r["outcome"] for r in first["results"]]
        == [r["outcome"] for r in again["results"]]
        == ["good", "good"]
    )
    assert Scan.objects.count() == 2


def test_undo_takes_the_last_back():
    county()
    ready(2)
    session = begin()
    scan(session, barcode(1), barcode(2))
    answer = session_scan(
        session_id=session.pk,
        scans=[{"key": "u1", "undo": "k1"}, {"key": "u2", "undo": "k1"}],
        actor=keeper(),
    )
    assert [r["outcome"] for r in answer["results"]] == ["undone", "refused"]
    assert answer["total"] == 1


def test_a_box_means_its_devices_and_one_that_is_not_full_is_flagged():
    county()
    devices = ready(5)
    target = box(capacity=12)
    devices_transition(
        device_ids=ids(devices), verb="move", place_id=target.pk, actor=system_actor()
    )
    session = begin()
    answer = scan(session, target.code, barcode(1))
    assert answer["results"][0]["outcome"] == "good"
    assert "12" in answer["results"][0]["text"]
    assert answer["results"][1]["outcome"] == "repeat"
    assert answer["total"] == 5
    movement = session_book(session=session, actor=keeper())
    assert movement.count == 5
    assert session_book(session=ScanSession.objects.get(), actor=keeper()).pk == movement.pk
    assert Movement.objects.count() == 1


def test_what_may_not_leave_is_refused_at_the_scan_with_the_way_out():
    county()
    ready(1, days_ago=200)
    answer = scan(begin(), barcode(1))
    assert answer["results"][0]["outcome"] == "refused"
    assert barcode(1) in answer["results"][0]["text"]


def test_receiving_knows_what_is_expected():
    county()
    devices = ready(3)
    session = begin()
    scan(session, *[d.barcode for d in devices])
    movement = session_book(session=session, actor=keeper())
    ready(1, first=70)
    receiving = session_make(
        purpose="receive",
        unit=county(),
        actor=county_keeper(),
        movement=movement,
        to_place=county_store(),
    )
    assert receiving.expected == 3
    answer = session_scan(
        session_id=receiving.pk, actor=county_keeper(),
        scans=[{"key": "a", "code": barcode(1)}, {"key": "b", "code": barcode(70)}],
    )  # fmt: skip
    assert [r["outcome"] for r in answer["results"]] == ["good", "refused"]
    assert session_book(session=receiving, actor=county_keeper()).state == "partly"


class TestPages:
    def test_a_scan_session_by_page_and_a_lost_login_in_the_middle(self, client):
        county()
        ready(2)
        person = person_with("*", login="keeper", name="周库管")
        client.force_login(person, backend=BACKEND)
        answer = client.post(
            "/stock/scan/",
            {
                "purpose": "distribute",
                "unit": metering_centre().pk,
                "to_place": county_store().code,
            },
        )
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        address = answer["Location"]

        def send(key, code):
            body = json.dumps({"session": "1", "scans": [{"key": key, "code": code, "at": ""}]})
            return client.post(
                f"{address}codes/",
                body,
                content_type="application/json",
                HTTP_ACCEPT="application/json",
            )

        assert send("k1", barcode(1)).json()["total"] == 1
        client.logout()
        lost = send("k2", barcode(2))
        assert (lost.status_code, lost.json()["code"]) == (401, "login")
        client.force_login(person, backend=BACKEND)
        assert send("k1", barcode(1)).json()["total"] == 1
        assert send("k2", barcode(2)).json()["total"] == 2
        assert client.get(address).status_code == 200
        booked = client.post(f"{address}book/")
        assert booked.status_code == 302
        assert Device.objects.filter(place__kind="transit").count() == 2
        page = client.get(booked["Location"]).content.decode()
        assert barcode(1) in page
        assert client.get(f"{booked['Location']}note/").content.startswith(b"%PDF")

    def test_the_scans_of_somebody_else_stay_theirs(self, client):
        county()
        session = begin()
        client.force_login(person_with("*", login="thief"), backend=BACKEND)
        for address in ("", "codes/", "book/", "drop/"):
            call = client.get if not address else client.post
            assert call(f"/stock/scan/{session.pk}/{address}").status_code in (404, 422)

    def test_stock_pages_open(self, client):
        county()
        devices = ready(3)
        target = box()
        devices_transition(
            device_ids=ids(devices), verb="move", place_id=target.pk, actor=system_actor()
        )
        client.force_login(person_with("*", login="keeper", name="周库管"), backend=BACKEND)
        assert store().code in client.get("/stock/").content.decode()
        assert "DDZY285" in client.get(f"/stock/in/{target.code}/").content.decode()
        assert client.get("/stock/recheck/").status_code == 200
        assert client.get("/movements/").status_code == 200
        assert client.get("/stock/scan/").status_code == 200
