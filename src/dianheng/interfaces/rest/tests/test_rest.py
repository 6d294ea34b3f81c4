"""REST: no door without token, scopes narrow, errors have one form."""

import pytest

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import barcode, meters
from dianheng.identity.models import ApiToken
from dianheng.identity.services import (
    system_actor,
    token_make,
    token_revoke,
    unit_make,
    write_batch,
)
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.interfaces.rest.devices import ScanOut

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return person_with("assets.view", login="li", name="李仓管")


@pytest.fixture
def bearer(person):
    return {
        "HTTP_AUTHORIZATION": f"Bearer {token_make(person=person, label='t', actor=system_actor())}"
    }


def test_the_schema_is_open_and_whole(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert "/api/v1/devices/{barcode}" in answer.json()["paths"]


@pytest.mark.parametrize("token", ["", "Bearer x", "Bearer dh_wrong"])
def test_without_a_token_nothing_is_told(client, token):
    answer = client.get("/api/v1/devices", HTTP_AUTHORIZATION=token)
    assert (answer.status_code, answer.json()["code"]) == (401, "login")


def test_a_device_is_found_by_its_bar_code(client, bearer):
    meters(1)
    answer = client.get(f"/api/v1/devices/{barcode(1)}", **bearer)
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["model"]) == ("awaiting_verification", "DDZY285")
    events = client.get(f"/api/v1/devices/{barcode(1)}/events", **bearer).json()
    assert [e["verb"] for e in events] == ["enrol"]


@pytest.mark.parametrize("path", ["devices/47%0011", "processes?state=%00", "orders/a%00b"])
def test_a_character_that_no_database_holds_is_bad_input(client, path):
    token = token_make(person=person_with("*"), label="t", actor=system_actor())
    answer = client.get(f"/api/v1/{path}", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input"), path
    assert "U+0000" in answer.json()["text"]


def test_nothing_comes_of_a_body_with_it(client):
    token = token_make(person=person_with("*"), label="t", actor=system_actor())
    reading = {"at": "2026-11-01T08:00:00+08:00", "temperature_c": 20, "humidity_pct": 50}
    answer = client.post(
        "/api/v1/environment-records",
        {"room": "A\0B", "readings": [reading], "request_key": "12345678"},
        "application/json",
        HTTP_AUTHORIZATION=f"Bearer {token}",
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert "U+0000" in str(answer.json()), answer.json()


def test_a_page_says_so_too(client, person):
    client.force_login(person)
    answer = client.get("/devices/47%0011/", HTTP_ACCEPT="text/html")
    assert answer.status_code == 422
    assert "U+0000" in answer.content.decode()


def test_a_device_that_is_not_there_is_said_so(client, bearer):
    answer = client.get("/api/v1/devices/4711", **bearer)
    assert (answer.status_code, answer.json()["code"], answer.json()["facts"]) == (
        404,
        "not_found",
        {"barcode": "4711"},
    )


def test_pages_follow_each_other(client, bearer):
    meters(5)
    first = client.get("/api/v1/devices?limit=3", **bearer).json()
    second = client.get(f"/api/v1/devices?limit=3&after={first['next']}", **bearer).json()
    assert [d["barcode"] for d in first["items"] + second["items"]] == [
        barcode(n) for n in range(1, 6)
    ]
    assert second["next"] is None


def test_all_wrong_fields_are_named(client, bearer):
    answer = client.get("/api/v1/devices?limit=0", **bearer)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith("limit")


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("zh-hans", "请求格式不对。", {
            "request_key": "未填写。", "expected_on": "不是日期，如 2026-03-01。",
            "standards": "有 0 项，至少 1 项。", "body": "不是文本。",
        }),
        ("en", "The request is not of the form.", {
            "request_key": "is missing.", "expected_on": "is no date such as 2026-03-01.",
            "standards": "has 0 entries; 1 at least.", "body": "is no text.",
        }),
    ],
)  # fmt: skip
def test_what_is_not_of_the_form_is_told_in_the_language_of_the_user(
    client, bearer, language, text, said
):
    sent = {"unit": "3540001", "body": 7, "expected_on": "x", "standards": []}
    answer = client.post(
        "/api/v1/sendouts", sent, content_type="application/json",
        HTTP_ACCEPT_LANGUAGE=language, **bearer,
    )  # fmt: skip
    found = answer.json()
    assert (answer.status_code, found["code"], found["text"]) == (422, "bad_input", text)
    assert {one["field"]: one["text"] for one in found["errors"]} == said


def test_a_scope_narrows_the_rights(client, person):
    metering_centre()
    token = token_make(person=person, label="t", actor=system_actor(), scopes=["audit.view"])
    answer = client.get("/api/v1/devices", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert (answer.status_code, answer.json()["code"]) == (403, "no_right")


def test_devices_of_other_units_are_not_shown(client):
    meters(1)
    other = unit_make(code="OTHER", name="邻县", kind="county", actor=system_actor())
    stranger = person_with("assets.view", login="qian", name="钱", unit=other)
    bearer = {
        "HTTP_AUTHORIZATION": f"Bearer {token_make(person=stranger, label='t', actor=system_actor())}"
    }
    assert client.get("/api/v1/devices", **bearer).json()["items"] == []
    assert client.get(f"/api/v1/devices/{barcode(1)}", **bearer).status_code == 403


def test_a_revoked_token_ends(client, bearer):
    token_revoke(token=ApiToken.objects.get(), actor=system_actor())
    assert client.get("/api/v1/devices", **bearer).status_code == 401


def test_a_scan_says_what_it_is(client, bearer):
    meters(1)
    answer = client.get(f"/api/v1/scan/]C1{barcode(1)}", **bearer).json()
    assert (answer["kind"], answer["code"]) == ("device", barcode(1))
    assert "begin_verification" in answer["facts"]["verbs"]
    assert ScanOut.model_validate(answer).model_dump() == answer


def test_a_scan_tells_nothing_of_another_company(client):
    meters(1)
    other = unit_make(code="OTHER", name="邻县", kind="county", actor=system_actor())
    stranger = person_with("assets.view", login="qian", name="钱", unit=other)
    token = token_make(person=stranger, label="t", actor=system_actor())
    answer = client.get(f"/api/v1/scan/{barcode(1)}", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert (answer.status_code, answer.json()["code"]) == (403, "no_right")


def test_a_scan_finds_a_device_by_its_own_asset_number(client, bearer):
    meters(2)
    first, second = Device.objects.order_by("pk")
    with write_batch(actor=system_actor(), action="test"):
        Device.objects.filter(pk=first.pk).update(asset_no="ZC-0001")
    answer = client.get("/api/v1/scan/ZC-0001", **bearer).json()
    assert (answer["code"], answer["title"]) == (first.barcode, str(first.model))
    # A bar code goes before an asset number that reads the same.
    with write_batch(actor=system_actor(), action="test"):
        Device.objects.filter(pk=first.pk).update(asset_no=second.barcode)
    assert client.get(f"/api/v1/scan/{second.barcode}", **bearer).json()["code"] == second.barcode
