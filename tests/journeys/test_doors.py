"""Doors of the whole program, tried: login, tokens, separation of duties, the trail."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import barcode, meters, store
from dianheng.identity.models import AuditBatch
from dianheng.identity.services import (
    actor_for_person,
    separation_except,
    system_actor,
    token_make,
)
from dianheng.identity.tests.factories import PASSWORD, person_with
from dianheng.verification.models import Approval, Review
from dianheng.verification.tests.test_decision import Story, signer

pytestmark = pytest.mark.django_db
BACKEND = "dianheng.identity.backends.PersonBackend"


def bearer(person, *scopes):
    token = token_make(person=person, label="t", actor=system_actor(), scopes=list(scopes))
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


# -- login ---------------------------------------------------------------------------------------


def test_after_five_wrong_passwords_the_login_rests_and_the_right_one_waits_too(client):
    person_with("assets.view", login="guessed")
    person_with("assets.view", login="other")

    def log_in(login, password):
        return client.post(reverse("login"), {"username": login, "password": password})

    for _n in range(4):
        assert log_in("guessed", "wrong").status_code == 200
    assert log_in("guessed", "wrong").status_code == 429
    assert log_in("guessed", PASSWORD).status_code == 429
    assert client.get(reverse("home")).status_code == 302
    assert client.get("/api/v1/devices").status_code == 401
    assert log_in("other", PASSWORD).status_code == 302  # nobody else is kept out


# -- tokens --------------------------------------------------------------------------------------


def test_a_token_for_reading_writes_nothing_though_its_person_may(client):
    meters(1)
    keeper = person_with("*", login="keeper", name="周库管")
    sent = {
        "purpose": "stock_in", "codes": [barcode(1)], "to_place": store().code,
        "request_key": "read-only-1",
    }  # fmt: skip
    head = bearer(keeper, "assets.view", "warehouse.view")
    assert client.get("/api/v1/devices", **head).status_code == 200
    before = AuditBatch.objects.count()
    answer = client.post("/api/v1/movements", sent, content_type="application/json", **head)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_right")
    assert AuditBatch.objects.count() == before
    assert Device.objects.get().place.code == store().code


def test_a_token_reaches_the_addresses_of_its_scopes_only(client):
    meters(1)
    head = bearer(person_with("*", login="keeper"), "warehouse.view")
    assert client.get("/api/v1/stock", **head).status_code == 200
    for address in ("/api/v1/devices", f"/api/v1/devices/{barcode(1)}"):
        assert client.get(address, **head).status_code == 403, address
    assert client.get("/api/v1/bench-loads", **head).json() == []


# -- separation of duties ------------------------------------------------------------------------


def sign_by_page(client, story, step, person):
    client.force_login(person, backend=BACKEND)
    url = reverse(f"task_{step}", args=[story.task.number])
    asked = client.post(url, {"stage": "confirm"}).content.decode()
    found = re.search(r'name="digest" value="(\w+)"', asked)
    sent = {"stage": "sign", "digest": found[1] if found else "", "password": PASSWORD}
    return client.post(url, sent).status_code


def sign_by_rest(client, story, step, person):
    client.logout()
    head = bearer(person)
    url = f"/api/v1/verification-tasks/{story.task.number}"
    waiting = client.get(f"{url}/to-{step}", **head).json()
    sent = {"digest": waiting["digest"], "password": PASSWORD}
    sent["agreed" if step == "review" else "devices"] = story.barcodes
    body = json.dumps(sent)
    return client.post(f"{url}/{step}", body, content_type="application/json", **head).status_code


@pytest.mark.parametrize("door", [sign_by_page, sign_by_rest], ids=["page", "REST"])
@pytest.mark.parametrize("step", ["review", "approve"])
def test_who_did_the_step_before_signs_only_with_a_dated_exception(client, door, step):
    story = Story(2)
    if step == "approve":
        story.review()
        person, steps = signer("signatory", "checker", "李核验"), ["review", "approve"]
    else:
        person, steps = signer("checker", "verifier", "陈检定"), ["test", "review"]
    signed = Approval if step == "approve" else Review
    before = signed.objects.count()
    assert door(client, story, step, person) == 409
    today = timezone.localdate()
    leader = actor_for_person(person_with("identity.except", login="leader", name="刘主任"))

    def grant(day):
        separation_except(
            subject=f"task:{story.task.number}", person=person, steps=steps, reason="小站人手不足",
            valid_from=day, valid_through=day, actor=leader,
        )  # fmt: skip

    grant(today + timedelta(days=1))
    assert door(client, story, step, person) == 409  # it counts from tomorrow
    assert signed.objects.count() == before
    grant(today)
    assert door(client, story, step, person) in (200, 302)
    assert signed.objects.count() == before + 1
    granted = AuditBatch.objects.filter(action="separation.except")
    assert set(granted.values_list("actor_name", "reason")) == {("刘主任", "小站人手不足")}


def test_nobody_grants_an_exception_to_themselves(client):
    leader = person_with("*", login="leader", name="刘主任")
    client.force_login(leader, backend=BACKEND)
    today = timezone.localdate().isoformat()
    answer = client.post(
        reverse("exception_add"),
        {"subject": "task:T1", "person": leader.person_no, "steps": ["test", "review"],
         "reason": "x", "valid_from": today, "valid_through": today},
    )  # fmt: skip
    assert answer.status_code == 200
    assert not AuditBatch.objects.filter(action="separation.except").exists()


# -- the trail -----------------------------------------------------------------------------------


def test_the_trail_is_narrowed_by_who_what_and_door(client):
    meters(1)
    leader = person_with("*", login="leader", name="刘主任")
    client.force_login(leader, backend=BACKEND)
    client.post(f"/places/{store().code}/change/", {"name": "中心一号库", "is_active": "on"})

    def shown(query):
        text = client.get(f"/audit/?{query}").content.decode()
        return re.findall(r'title="([a-z_]+[.][a-z_]+)"', text)

    assert shown("action=place.update") == ["place.update"]
    assert "place.update" in shown("who=刘主任")
    assert "place.update" in shown("table=assets_place")
    assert "place.update" not in shown("table=assets_device")
    assert "place.update" not in shown("via=rest")
    assert shown("who=nobody") == []
    assert shown(f"day_from={timezone.localdate() + timedelta(days=1)}") == []
