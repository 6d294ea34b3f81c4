"""Benches by REST: fetch the load, send the results; decisions ask the same as pages do."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dianheng.identity.models import AccessEvent
from dianheng.identity.services import system_actor, token_make, unit_make
from dianheng.identity.tests.factories import PASSWORD, city_company, person_with
from dianheng.verification.models import Approval, BenchLoad, Upload
from dianheng.verification.tests.factories import (
    body_of,
    envelope_of,
    laboratory,
    load_with,
    task_with,
)
from dianheng.verification.tests.test_decision import Story, signer

pytestmark = [
    pytest.mark.django_db,
]


def bearer(person, *scopes):
    token = token_make(person=person, label="bench", actor=system_actor(), scopes=list(scopes))
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


@pytest.fixture
def ready():
    """A load of three meters, what the bench will send, and the bench's token."""
    lab = laboratory()
    load = load_with(task_with(3), lab.bench)
    sender = person_with("verification.upload", login="bench1", name="一号台")
    return load, envelope_of(lab, load), bearer(sender, "verification.upload")


def post(client, body, head):
    return client.post("/api/v1/test-uploads", body, content_type="application/json", **head)


def test_a_bench_fetches_its_load_and_sends_its_results(client, ready):
    load, envelope, head = ready
    listed = client.get("/api/v1/bench-loads?bench=BENCH-01", **head).json()
    assert [(row["load_no"], row["positions"]) for row in listed] == [(load.number, 3)]
    sheet = client.get(f"/api/v1/bench-loads/{load.number}", **head).json()
    assert [place["position_no"] for place in sheet["positions"]] == [1, 2, 3]
    assert BenchLoad.objects.get().state == "fetched"
    answer = post(client, body_of(envelope), head)
    assert (answer.status_code, answer.json()["taken"]) == (201, 3)
    assert (Upload.objects.get().source, Upload.objects.get().content_type) == (
        "rest",
        "application/json",
    )
    assert client.get("/api/v1/bench-loads", **head).json() == []


def test_a_repeat_answers_200_and_part_of_a_load_207(client, ready):
    _load, envelope, head = ready
    envelope["devices"][1]["points"][0]["item"] = "TASTE"
    body = body_of(envelope)
    assert [post(client, body, head).status_code for _ in range(2)] == [207, 200]


def test_conflicts_answer_409_and_bad_input_422(client, ready):
    _load, envelope, head = ready
    post(client, body_of(envelope), head)
    envelope["upload_id"] = "another-upload-1"
    answer = post(client, body_of(envelope), head)
    assert (answer.status_code, answer.json()["devices"][0]["errors"][0]["code"]) == (
        409,
        "attempt_exists",
    )
    envelope["source_system"] = "changed"
    answer = post(client, b"{", head)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


def test_ten_megabytes_of_junk_answer_422(client, ready):
    answer = post(client, b"x" * 10_000_000, ready[2])
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


def test_a_token_without_the_scope_sends_nothing(client, ready):
    _load, envelope, _head = ready
    narrow = bearer(person_with("*", login="all", name="全"), "assets.view")
    answer = post(client, body_of(envelope), narrow)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_right")
    assert not Upload.objects.exists()


def test_results_for_a_unit_that_is_not_ones_own_are_refused_and_noted(client, ready):
    """The devices are answered one by one; the log hears of it once."""
    _load, envelope, _head = ready
    county = unit_make(
        code="X", name="乙县", kind="county", parent=city_company(), actor=system_actor()
    )
    stranger = person_with("verification.upload", login="stranger", unit=county)
    answer = post(client, body_of(envelope), bearer(stranger))
    told = answer.json()
    assert (answer.status_code, told["taken"], told["refused"]) == (422, 0, 3)
    assert {one["errors"][0]["code"] for one in told["devices"]} == {"unknown_task"}
    noted = AccessEvent.objects.filter(kind="refused").values_list("person", "via", "what", "path")
    assert list(noted) == [(stranger.pk, "rest", "verification.upload", "/api/v1/test-uploads")]


def test_the_schema_describes_the_endpoints(client):
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {"/api/v1/test-uploads", "/api/v1/bench-loads/{number}"} <= set(paths)


# -- decisions -------------------------------------------------------------------------------------


def decide(client, story, step, person, **body):
    head = bearer(person)
    waiting = client.get(f"/api/v1/verification-tasks/{story.task.number}/to-{step}", **head).json()
    codes = [line["barcode"] for line in waiting["lines"]]
    sent = {
        "digest": waiting["digest"],
        **({"agreed": codes} if step == "review" else {"devices": codes}),
        **body,
    }
    url = f"/api/v1/verification-tasks/{story.task.number}/{step}"
    return client.post(url, json.dumps(sent), content_type="application/json", **head)


def test_three_people_decide_by_rest(client):
    story = Story(2)
    assert decide(client, story, "review", story.checker).json()["agreed"] == 2
    answer = decide(client, story, "approve", story.signatory, password=PASSWORD)
    assert (answer.status_code, answer.json()["counts"]) == (200, {"passed": 2})
    assert story.states() == ["qualified"] * 2


def test_the_same_person_is_refused_by_rest_too(client):
    story = Story(2)
    tester = signer("checker", "verifier", "陈检定")
    answer = decide(client, story, "review", tester)
    assert (answer.status_code, answer.json()["code"]) == (409, "same_person")
    decide(client, story, "review", story.checker)
    both = signer("signatory", "checker", "李核验")
    answer = decide(client, story, "approve", both, password=PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (409, "same_person")
    assert not Approval.objects.exists()


def test_a_wrong_password_or_an_old_digest_signs_nothing(client):
    story = Story(2)
    assert (
        decide(client, story, "review", story.checker, digest="0" * 64).json()["code"] == "changed"
    )
    decide(client, story, "review", story.checker)
    assert (
        decide(client, story, "approve", story.signatory, password="x").json()["code"]
        == "wrong_password"
    )
    assert story.states() == ["in_verification"] * 2


def test_who_guesses_a_password_by_rest_is_stopped_after_five(client):
    story = Story(2)
    decide(client, story, "review", story.checker)
    codes = [
        decide(client, story, "approve", story.signatory, password="x").json()["code"]
        for _guess in range(5)
    ]
    assert codes == ["wrong_password"] * 4 + ["signing_rests"]
    answer = decide(client, story, "approve", story.signatory, password=PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (409, "signing_rests")
    assert story.states() == ["in_verification"] * 2


def test_a_record_shows_raw_the_benchs_and_ours(client):
    story = Story(1)
    number = story.task.devices.get().record.number
    record = client.get(f"/api/v1/test-records/{number}", **bearer(story.checker)).json()
    error = next(row for row in record["results"] if row["item"] == "basic_error")
    assert (
        error["samples"]
        and error["rounded"] == error["bench"]["rounded"]
        and error["conclusion"] == "pass"
    )
    assert record["verdict"]["outcome"] == "passed" and record["upload_sha256"]


def test_a_task_tells_how_far_it_is(client):
    story = Story(2)
    told = client.get(
        f"/api/v1/verification-tasks/{story.task.number}", **bearer(story.checker)
    ).json()
    assert told["steps"] == {
        "waiting": 0,
        "tested": 2,
        "reviewed": 0,
        "approved": 0,
        "withdrawn": 0,
    }
    answer = client.get("/api/v1/verification-tasks/JD1999-0001", **bearer(story.checker))
    assert answer.status_code == 404


def test_loads_of_other_laboratories_are_neither_listed_nor_counted(client, ready):
    load, _envelope, head = ready
    elsewhere = unit_make(
        code="OTHER", name="别处", kind="county", actor=system_actor(), parent=city_company()
    )
    sender = person_with("verification.upload", login="far", name="别处台", unit=elsewhere)
    far = bearer(sender, "verification.upload")
    assert client.get("/api/v1/bench-loads", **far).json() == []
    client.get("/api/v1/bench-loads", **head)  # the first use of a token is noted
    with CaptureQueriesContext(connection) as one:
        assert len(client.get("/api/v1/bench-loads", **head).json()) == 1
    for first in (10, 20):
        load_with(task_with(2, first=first), load.bench)
    with CaptureQueriesContext(connection) as three:
        assert len(client.get("/api/v1/bench-loads", **head).json()) == 3
    assert len(one) == len(three)
