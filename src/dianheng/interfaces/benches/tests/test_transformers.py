"""Transformer testers by every door: REST, a JSON file and a pair of CSV in the watched folder."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dianheng.identity.tests.factories import person_with
from dianheng.interfaces.benches import inbox, samples
from dianheng.verification.models import TestRecord, Upload
from dianheng.verification.tests.factories import body_of
from dianheng.verification.tests.test_views import log_in
from dianheng.verification.tests.transformers import TransformerRoom

from .test_inbox import drop, moved
from .test_rest_uploads import bearer, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(settings, tmp_path):
    settings.DATA = tmp_path
    inbox.memory = inbox.Memory()
    made = TransformerRoom()
    load = made.load(made.task(3))
    folder = tmp_path / "inbox" / "benches" / made.bench.barcode
    folder.mkdir(parents=True)
    return made, load, made.envelope(load), folder


def outcomes():
    return [record.verdicts.get().outcome for record in TestRecord.objects.order_by("pk")]


def test_a_tester_fetches_its_load_and_sends_its_results(client, room):
    made, load, envelope, _folder = room
    head = bearer(
        person_with("verification.upload", login="tester", name="互感器台"), "verification.upload"
    )
    listed = client.get(f"/api/v1/bench-loads?bench={made.bench.barcode}", **head).json()
    assert [(row["load_no"], row["positions"]) for row in listed] == [(load.number, 3)]
    sheet = client.get(f"/api/v1/bench-loads/{load.number}", **head).json()
    assert sheet["model"]["parts"][0]["ratios"] == ["200/5"]
    answer = post(client, body_of(envelope), head)
    assert (answer.status_code, answer.json()["taken"]) == (201, 3)
    again = post(client, body_of(envelope), head)
    assert (again.status_code, TestRecord.objects.count()) == (200, 3)
    assert outcomes() == ["passed"] * 3


def test_a_file_of_the_watched_folder_is_taken_once(room):
    _made, _load, envelope, folder = room
    for name in ("a.json", "b.json"):
        drop(folder, name, body_of(envelope))
        inbox.collect()
    assert outcomes() == ["passed"] * 3 and Upload.objects.filter(taken__gt=0).count() == 1
    assert len(moved(folder, "done")) >= 2


def test_a_pair_of_csv_says_the_same(room):
    _made, _load, envelope, folder = room
    envelope["devices"][0]["header"]["signs_confirmed"] = True
    heads, points = samples.as_csv(envelope)
    drop(folder, "run.header.csv", heads)
    drop(folder, "run.points.csv", points)
    inbox.collect()
    assert outcomes() == ["passed"] * 3, Upload.objects.get().answer


def test_a_bad_file_is_told_whole(room):
    _made, _load, envelope, folder = room
    for number, change in enumerate(({"ratio": "x"}, {"burden": "HALF"}, {"percent_rated": "-5"})):
        envelope["devices"][0]["points"][10 + number].update(change)
    drop(folder, "bad.json", body_of(envelope))
    inbox.collect()
    told = [fault["code"] for fault in Upload.objects.get().answer["devices"][0]["errors"]]
    assert sorted(told) == ["choice", "range", "ratio"] and outcomes() == ["passed"] * 2


def test_a_file_is_sent_from_the_page_and_told_as_everywhere(client, room):
    made, _load, envelope, _folder = room
    log_in(client, made.verifier)
    assert reverse("upload_file") in client.get(reverse("uploads")).content.decode()
    heads, points = samples.as_csv(envelope)
    files = {
        "bench": made.bench.pk,
        "file": SimpleUploadedFile("run.header.csv", heads),
        "points": SimpleUploadedFile("run.points.csv", points),
    }
    answer = client.post(reverse("upload_file"), files)
    upload = Upload.objects.get()
    assert answer.url == reverse("upload", args=[upload.pk])
    assert (upload.source, upload.source_name, upload.taken) == ("page", "run.header.csv", 3)
    assert upload.received_by_id == made.verifier.pk and outcomes() == ["passed"] * 3
    assert client.get(answer.url).status_code == 200


def test_a_file_that_cannot_be_read_is_told_on_the_page_and_kept(client, room):
    made, _load, _envelope, _folder = room
    log_in(client, made.verifier)
    files = {"bench": made.bench.pk, "file": SimpleUploadedFile("run.json", b"{")}
    answer = client.post(reverse("upload_file"), files)
    assert answer.status_code == 200 and Upload.objects.get().state == "refused"


def test_who_may_not_send_does_not_see_the_page(client):
    log_in(client, person_with("verification.view", login="guest", name="客"))
    assert client.get(reverse("upload_file")).status_code == 403
    assert client.get(reverse("uploads")).status_code == 200
