"""Processes by machine: the same services, posts and refusals; the same request twice is one."""

import pytest

from dianheng.identity.models import AccessEvent, Person
from dianheng.identity.services import system_actor, token_make
from dianheng.identity.tests.factories import PASSWORD, city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import FormEntry, ProcessInstance

from .factories import head, holder, verifier, work_order
from .test_services import APPLY

pytestmark = pytest.mark.django_db
KEY = "request-0001"
SENT = {"process": "work-order", "unit": "CENTRE", "title": "表箱进水", "request_key": KEY}


def bearer(person_id, *scopes):
    person = Person.objects.get(pk=person_id)
    token = token_make(person=person, label="t", actor=system_actor(), scopes=list(scopes))
    return {"HTTP_AUTHORIZATION": f"Bearer {token}", "content_type": "application/json"}


@pytest.fixture
def zhang():
    work_order()
    return bearer(verifier().person_id)


@pytest.fixture
def liu():
    return bearer(head().person_id)


def begun(client, who):
    return client.post("/api/v1/processes", SENT, **who).json()["number"]


def step(client, who, number, place=-1):
    return client.get(f"/api/v1/processes/{number}", **who).json()["steps"][place]


def send(client, who, number, verb, key, **body):
    return client.post(f"/api/v1/processes/{number}/steps/{key}/{verb}", body, **who)


def test_a_process_is_started_once_and_read_whole(client, zhang):
    assert [p["process"] for p in client.get("/api/v1/processes/packs", **zhang).json()] == [
        "work-order"
    ]
    for _n in range(2):
        made = client.post("/api/v1/processes", SENT, **zhang)
        assert (made.status_code, made.json()["state"]) == (201, "running")
    assert ProcessInstance.objects.count() == 1
    found = client.get("/api/v1/processes?process=work-order&state=running", **zhang).json()
    assert [one["number"] for one in found] == [made.json()["number"]]
    after = client.get(f"/api/v1/processes?after={found[0]['number']}", **zhang).json()
    assert after == []


def test_a_step_is_taken_up_sent_and_the_approval_signed(client, zhang, liu):
    number = begun(client, zhang)
    key = step(client, zhang, number)["key"]
    assert send(client, zhang, number, "claim", key).json()["state"] == "claimed"
    assert [one["key"] for one in client.get("/api/v1/work", **zhang).json()] == [key]
    assert send(client, zhang, number, "release", key).json()["state"] == "open"
    done = send(client, zhang, number, "complete", key, data=APPLY, request_key=KEY + "a")
    assert (done.status_code, done.json()["state"], done.json()["done_by"]) == (
        200, "done", "N-zhang",
    )  # fmt: skip
    offered = client.get("/api/v1/work?box=offered", **liu).json()
    whole = client.get(f"/api/v1/processes/{number}", **liu).json()
    sent = {"data": {"opinion": "agree"}, "request_key": KEY + "b"}
    unsigned = send(client, liu, number, "complete", offered[0]["key"], **sent)
    assert (unsigned.status_code, unsigned.json()["code"]) == (409, "password")
    sent |= {"password": PASSWORD}
    stale = send(client, liu, number, "complete", offered[0]["key"], **sent, seen="0" * 64)
    assert stale.json()["code"] == "changed"
    agreed = send(client, liu, number, "complete", offered[0]["key"], **sent, seen=whole["content"])
    assert agreed.json()["state"] == "done"
    last = client.get(f"/api/v1/processes/{number}", **liu).json()["entries"][-1]
    assert (last["opinion"], last["is_signed"], last["seen"]) == ("agree", True, whole["content"])


def test_a_step_goes_back_with_its_reason(client, zhang, liu):
    number = begun(client, zhang)
    key = step(client, zhang, number)["key"]
    send(client, zhang, number, "complete", key, data=APPLY, request_key=KEY + "a")
    key = step(client, liu, number)["key"]
    went = send(client, liu, number, "back", key, reason="地址不清", to="apply")
    assert went.json()["state"] == "sent_back"
    mine = client.get("/api/v1/work?box=returned", **zhang).json()
    assert [(one["task"], one["state"]) for one in mine] == [("apply", "claimed")]


def test_every_fault_of_a_form_is_named_and_nothing_is_kept(client, zhang):
    number = begun(client, zhang)
    key = step(client, zhang, number)["key"]
    wrong = send(client, zhang, number, "complete", key, data={}, request_key=KEY + "a")
    assert wrong.status_code == 422 and len(wrong.json()["errors"]) >= 2
    assert not FormEntry.objects.exists()


def test_a_post_that_is_missing_is_refused_and_stands_in_the_security_log(client, zhang):
    number = begun(client, zhang)
    key = step(client, zhang, number)["key"]
    person = holder("tang", "唐慧", "AUDITOR", metering_centre())
    stranger = bearer(person.pk)
    for verb, sent in (("claim", {}), ("complete", {"data": APPLY, "request_key": KEY + "p"})):
        answer = send(client, stranger, number, verb, key, **sent)
        assert (answer.status_code, answer.json()["code"]) == (409, "no_post")
    noted = AccessEvent.objects.filter(kind="refused").values_list("person", "via", "what")
    assert list(noted) == [(person.pk, "rest", "post VERIFIER岗")] * 2


def test_others_neither_see_nor_do_and_a_narrow_token_only_reads(client, zhang):
    number = begun(client, zhang)
    key = step(client, zhang, number)["key"]
    stranger = bearer(holder("ma", "马超", "STOREKEEPER", city_company(), ["assets.view"]).pk)
    assert client.get(f"/api/v1/processes/{number}", **stranger).status_code == 403
    reader = bearer(verifier().person_id, "workflow.view")
    assert client.get(f"/api/v1/processes/{number}", **reader).status_code == 200
    refused = send(client, reader, number, "complete", key, data=APPLY, request_key=KEY + "n")
    assert refused.status_code == 403 and not FormEntry.objects.exists()
    assert client.post("/api/v1/processes", SENT, **reader).status_code == 403
    other = services.instance_start(
        code="work-order", unit=metering_centre(), title="另一单", actor=verifier()
    )
    assert send(client, zhang, other.number, "claim", key).status_code == 404
