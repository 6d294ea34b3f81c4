"""The store by machine: the same services, rights and refusals; the same request twice is one."""

import pytest

from dianheng.assets.models import Device
from dianheng.assets.services import devices_transition
from dianheng.assets.tests.factories import barcode, box, meters
from dianheng.identity.models import Person
from dianheng.identity.services import system_actor, token_make
from dianheng.identity.tests.factories import city_company, person_with
from dianheng.seals.models import Seal
from dianheng.warehouse.models import Movement

from .test_movements import county, county_store, ids, ready

pytestmark = pytest.mark.django_db
KEY = "request-0001"


def bearer(person: Person, *scopes: str) -> dict[str, str]:
    token = token_make(person=person, label="t", actor=system_actor(), scopes=list(scopes))
    return {"HTTP_AUTHORIZATION": f"Bearer {token}", "content_type": "application/json"}


@pytest.fixture
def keeper():
    return bearer(person_with("*", login="keeper", name="周库管", unit=city_company()))


@pytest.fixture
def county_keeper():
    return bearer(person_with("*", login="county", name="吴库管", unit=county()))


def move(client, who, **more):
    sent = {"purpose": "distribute", "to_place": "KF2", "request_key": KEY} | more
    return client.post("/api/v1/movements", sent, **who)


def test_a_scan_list_is_handed_over_and_received_in_part(client, keeper, county_keeper):
    county_store()
    ready(3)
    made = move(client, keeper, codes=[f"]C1{barcode(n)}" for n in (1, 2, 3)], basis="配送 1")
    assert (made.status_code, made.json()["state"], made.json()["count"]) == (201, "open", 3)
    number = made.json()["number"]
    sent = {
        "codes": [barcode(1), barcode(2)],
        "damaged": {barcode(2): "表盖裂"},
        "extra": ["999"],
        "request_key": KEY + "r",
    }
    for _n in range(2):
        part = client.post(f"/api/v1/movements/{number}/receive", sent, **county_keeper)
        assert (part.status_code, part.json()["state"], part.json()["received"]) == (
            200,
            "partly",
            2,
        )
    whole = client.get(f"/api/v1/movements/{number}", **county_keeper).json()
    assert [d["state"] for d in whole["devices"]] == ["received", "damaged", "underway"]
    assert whole["differences"] == [{"kind": "unknown", "code": "999"}]
    person_with("warehouse.view", login="driver", name="赵司机")
    closed = client.post(
        f"/api/v1/movements/{number}/close",
        {"reason": "丢失", "answerable": "N-driver", "request_key": KEY + "c"},
        **county_keeper,
    )
    assert (closed.json()["state"], closed.json()["answerable"]) == ("closed", "N-driver")
    stock = client.get("/api/v1/stock?place=KF2", **county_keeper).json()
    assert [(row["model"], row["state"], row["amount"]) for row in stock] == [
        ("DDZY285", "qualified", 2)
    ]


def test_the_same_request_twice_is_one_movement(client, keeper):
    county_store()
    ready(2)
    first = move(client, keeper, codes=[barcode(1)])
    again = move(client, keeper, codes=[barcode(1)])
    assert first.json()["number"] == again.json()["number"]
    assert Movement.objects.count() == 1


def test_every_unknown_code_is_named_and_nothing_moves(client, keeper):
    county_store()
    ready(1)
    answer = move(client, keeper, codes=[barcode(1), "X1", "X2"])
    assert (answer.status_code, [e["device"] for e in answer.json()["errors"]]) == (
        422,
        ["X1", "X2"],
    )
    assert Movement.objects.count() == 0


def test_what_may_not_leave_is_listed(client, keeper):
    county_store()
    meters(1)
    answer = move(client, keeper, codes=[barcode(1)])
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "may_not_leave"
    assert Device.objects.get().place.code == "CK1"


@pytest.mark.parametrize("sent", [
    {"purpose": "receive"}, {"purpose": "theft"}, {"to_place": ""}, {"to_place": "NOWHERE"}, {"codes": []},
    {"request_key": "x"}, {"codes": [{}]},
])  # fmt: skip
def test_a_request_that_makes_no_sense_changes_nothing(client, keeper, sent):
    county_store()
    ready(1)
    answer = move(client, keeper, **{"codes": [barcode(1)], **sent})
    assert answer.status_code in (404, 422)
    assert Movement.objects.count() == 0


def test_rights_are_asked_at_this_door_too(client, county_keeper):
    county_store()
    ready(1)
    assert move(client, county_keeper, codes=[barcode(1)]).status_code == 403
    narrow = bearer(person_with("*", login="n", unit=city_company()), "assets.view")
    assert move(client, narrow, codes=[barcode(1)]).status_code == 403
    assert client.get("/api/v1/stock", **narrow).status_code == 403
    assert client.get("/api/v1/movements", **narrow).status_code == 403
    assert Movement.objects.count() == 0


def test_movements_of_others_are_not_told(client, keeper):
    county_store()
    ready(1)
    from dianheng.identity.services import unit_make

    number = move(client, keeper, codes=[barcode(1)]).json()["number"]
    far = unit_make(
        code="FAR", name="邻县", kind="county", actor=system_actor(), parent=city_company()
    )
    other = bearer(person_with("*", login="far", unit=far))
    assert client.get("/api/v1/movements", **other).json() == []
    assert client.get(f"/api/v1/movements/{number}", **other).status_code == 404
    for door in ("receive", "refuse", "take-back", "close"):
        sent = {"codes": [], "reason": "x", "answerable": "N-far", "request_key": KEY + "z"}
        assert client.post(f"/api/v1/movements/{number}/{door}", sent, **other).status_code == 404
    assert client.get(f"/api/v1/scan/{number}", **other).status_code == 403
    assert client.get(f"/api/v1/scan/{number}", **keeper).json()["kind"] == "movement"


def test_pages_of_movements_follow_each_other(client, keeper):
    county_store()
    ready(3)
    for n in (1, 2, 3):
        move(client, keeper, codes=[barcode(n)], request_key=f"{KEY}{n}")
    first = client.get("/api/v1/movements?limit=2&state=open", **keeper).json()
    rest = client.get(f"/api/v1/movements?limit=2&after={first[-1]['number']}", **keeper).json()
    assert (len(first), len(rest)) == (2, 1)


def test_a_box_is_scanned_as_its_devices(client, keeper):
    county_store()
    target = box()
    devices_transition(
        device_ids=ids(ready(3)), verb="move", place_id=target.pk, actor=system_actor()
    )
    found = client.get("/api/v1/scan/ZX0001", **keeper).json()
    assert (found["kind"], found["facts"]["count"]) == ("box", 3)
    assert found["warning"]
    assert any("/stock/scan/?purpose=stock_in" in one["url"] for one in found["next"])
    assert move(client, keeper, codes=["ZX0001"]).json()["count"] == 3


def test_what_is_in_other_units_is_not_told_by_scan(client):
    ready(1)
    far = bearer(person_with("*", login="far", unit=county()))
    for code in (barcode(1), "CK1", Seal.objects.first().seal_no):
        assert client.get(f"/api/v1/scan/{code}", **far).status_code == 403


def test_seals_of_a_device_by_machine(client, keeper):
    (device,) = meters(1)
    sent = {
        "seals": [{"seal_no": "JF0000000001", "kind": "verification", "position": "COVER_LEFT"}],
        "request_key": KEY,
    }
    for _n in range(2):
        answer = client.post(f"/api/v1/devices/{device.barcode}/seals", sent, **keeper)
        assert (answer.status_code, answer.json()) == (201, {"count": 1})
    on = client.get(f"/api/v1/devices/{device.barcode}/seals", **keeper).json()
    assert [s["seal_no"] for s in on] == ["JF0000000001"]
    opened = client.post(
        "/api/v1/seals/JF0000000001/open", {"reason": "复检", "request_key": KEY + "o"}, **keeper
    )
    assert opened.status_code == 200
    seal = client.get("/api/v1/seals/JF0000000001", **keeper).json()
    assert [e["verb"] for e in seal["events"]][:1] == ["open"]
    far = bearer(person_with("*", login="far", unit=county()))
    assert client.get("/api/v1/seals/JF0000000001", **far).status_code == 403
    assert client.get(f"/api/v1/devices/{device.barcode}/seals", **far).status_code == 403
    assert (
        client.post(
            f"/api/v1/devices/{device.barcode}/seals", sent | {"request_key": KEY + "f"}, **far
        ).status_code
        == 403
    )
