"""Pages of QC batches: read by scan and by file, judged, on paper; who may not is told why."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dianheng.documents.tests.reading import text
from dianheng.identity.models import Person
from dianheng.identity.tests.factories import person_with
from dianheng.verification.models import QualityBatch, QualityReading
from dianheng.verification.selectors.quality import batch_seen
from dianheng.verification.services import quality_judge

from .quality import (
    an_hour_ago,
    as_json,
    checking,
    collecting,
    quality_batch,
    reference_meter,
    run_bench,
    run_through,
    sent,
    table,
    verified_meters,
)
from .test_quality import ended, rates_lacking
from .test_views import log_in, page

pytestmark = pytest.mark.django_db


def judged_batch():
    """Seven meters, the last out of limits."""
    batch, devices = quality_batch(stands_for=140), verified_meters(7)
    run_through(batch, devices, ["10.00", "10.01", "10.00", "9.99", "10.00", "10.01", "10.40"])
    quality_judge(batch=batch, seen_digest=batch_seen(batch).digest, actor=checking())
    return batch, devices


def quality_pages():
    """Every page, of a judged batch and of one that is being read."""
    judged, _devices = judged_batch()
    opened = quality_batch(bench=run_bench("ZT0002"))
    run_through(opened, verified_meters(3, first=40), ["10.00", "10.50", "10.01"])
    return [
        ("quality_batches",), ("quality_results",), ("quality_batch_new",),
        ("quality_batch", judged.number), ("quality_batch", opened.number),
        ("quality_upload", opened.number), ("quality_judge", opened.number),
        ("quality_cancel", opened.number),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_shows_in_both_languages(client, language):
    log_in(client, person_with("*", login="planner", name="林计划"))
    client.cookies["django_language"] = language
    for name, *args in quality_pages():
        shown = page(client, name, *args)
        assert "%(" not in shown and "{{" not in shown, name


def test_a_batch_is_begun_read_and_judged_from_its_pages(client):
    batch = quality_batch()
    reader = log_in(client, person_with(
        "verification.view", "verification.test", "verification.upload", login="reader", name="李走字"
    ))  # fmt: skip
    bench = run_bench("ZT0009")
    answer = client.post(reverse("quality_batch_new"), {
        "unit": batch.unit_id, "kind": "qc_bench", "bench": bench.pk,
        "reference": reference_meter().barcode, "stands_for": "２４０", "allowed_failures": "0",
    })  # fmt: skip
    begun = QualityBatch.objects.get(bench=bench)
    assert answer.url == reverse("quality_batch", args=[begun.number])
    assert (begun.stands_for, begun.made_by) == (240, reader)
    (device,) = verified_meters(1)
    at = reverse("quality_read", args=[begun.number])
    shown = client.post(at, {"moment": "start", "code": device.barcode}).content.decode()
    assert f'value="{device.barcode}"' in shown and 'name="total"' in shown  # the reading is asked
    for moment, code, reading in (
        ("start", begun.reference.barcode, "0"),
        ("start", device.barcode, "5.00"),
        ("end", begun.reference.barcode, "10"),
        ("end", device.barcode, "15.01"),
    ):
        answer = client.post(at, {"moment": moment, "code": code, "total": reading})
        assert answer.status_code == 302 and f"moment={moment}" in answer.url
    judge = page(client, "quality_batch", begun.number)
    assert "aria-disabled" in judge  # who reads does not judge
    log_in(client, Person.objects.get(pk=checking().person_id))
    client.post(reverse("quality_judge", args=[begun.number]), {"digest": batch_seen(begun).digest})
    begun.refresh_from_db()
    assert (begun.state, begun.outcome) == ("judged", "passed")


def test_a_refused_reading_says_why_and_keeps_the_code(client):
    batch, (device,) = quality_batch(), verified_meters(1)
    log_in(client, person_with("*", login="planner", name="林计划"))
    at = reverse("quality_read", args=[batch.number])
    client.post(at, {"moment": "start", "code": device.barcode, "total": "5.00"})
    shown = client.post(
        at, {"moment": "start", "code": device.barcode, "total": "6.00"}, headers={"HX-Request": "true"}
    ).content.decode()  # fmt: skip
    assert "已抄读为 5.00 kWh" in shown and 'name="reason"' in shown and "<html" not in shown
    answer = client.post(
        at, {"moment": "start", "code": device.barcode, "total": "6.00", "reason": "抄错"},
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert answer["HX-Trigger"] == "quality:read" and QualityReading.objects.count() == 2


def test_a_file_from_the_page_is_taken_or_shown_with_its_faults(client):
    batch, (device,) = quality_batch(), verified_meters(1)
    log_in(client, person_with("*", login="planner", name="林计划"))
    at = reverse("quality_upload", args=[batch.number])
    bad = SimpleUploadedFile("cj.csv", table("end", {device.barcode: "1.00"}))
    shown = client.post(at, {"file": bad})
    assert shown.status_code == 409 and "该示数的起码未抄读" in shown.content.decode()
    good = SimpleUploadedFile("cj.csv", table("start", {device.barcode: "1.00"}))
    assert client.post(at, {"file": good}).status_code == 302
    assert QualityReading.objects.get().collector_no == "CJ-07"


def test_the_record_says_what_was_found(client):
    batch, devices = judged_batch()
    log_in(client, person_with("*", login="planner", name="林计划"))
    answer = client.get(reverse("quality_paper", args=[batch.number]))
    said = text(answer.content)
    assert "电能表质检记录" in said and devices[6].barcode in said
    assert "+0.40" in said and "±0.21" in said and "7/140=5.0%" in said


def test_page_and_signature_say_which_meter_is_not_judged_and_what_becomes_of_it(client):
    batch, devices = rates_lacking(2)
    ended(batch, devices, "110.00")
    log_in(client, Person.objects.get(pk=checking().person_id))
    for name in ("quality_batch", "quality_judge"):
        shown = page(client, name, batch.number)
        assert "本批未判定" in shown and "另建批次" in shown, name
    client.post(reverse("quality_judge", args=[batch.number]), {"digest": batch_seen(batch).digest})
    assert "本批未判定" in page(client, "quality_batch", batch.number)
    listed = page(client, "quality_results", outcome="not_judged")
    assert devices[0].barcode in listed and devices[1].barcode not in listed


def test_the_page_of_a_meter_and_the_checkers_home_name_the_batch(client):
    batch, devices = quality_batch(), verified_meters(2)
    log_in(client, Person.objects.get(pk=checking().person_id))
    no = batch.reference.barcode
    sent(batch, table("start", {no: "0", **{one.barcode: "1.00" for one in devices}}))
    assert batch.number not in page(client, "home")  # still running
    sent(batch, table("end", {no: "10", **{one.barcode: "11.00" for one in devices}}))
    assert batch.number in page(client, "home")
    quality_judge(batch=batch, seen_digest=batch_seen(batch).digest, actor=checking())
    assert batch.number not in page(client, "home")
    assert batch.number in page(client, "device", devices[0].barcode)


def test_results_are_exported(client):
    _batch, devices = judged_batch()
    log_in(client, person_with("*", login="planner", name="林计划"))
    shown = page(client, "quality_results", outcome="failed")
    assert devices[6].barcode in shown and devices[0].barcode not in shown


def test_who_may_not_see_or_read_is_kept_out(client):
    batch, (device,) = quality_batch(), verified_meters(1)
    log_in(client, person_with("assets.view", login="other", name="外人"))
    page(client, "quality_batch", batch.number, status=403)
    log_in(client, person_with("verification.view", login="viewer", name="看客"))
    shown = page(client, "quality_batch", batch.number)
    assert 'id="reader"' not in shown and "aria-disabled" in shown
    at = reverse("quality_read", args=[batch.number])
    answer = client.post(at, {"moment": "start", "code": device.barcode, "total": "1"})
    assert answer.status_code == 403 and QualityReading.objects.count() == 0


def test_rest_takes_a_collectors_upload_once(client):
    batch, (device,) = quality_batch(), verified_meters(1)
    log_in(client, Person.objects.get(pk=collecting().person_id))
    row = {"barcode": device.barcode, "reading": "1.00", "read_at": an_hour_ago()}
    body = as_json(batch.number, [row], moment="start", collector_no="CJ-1")
    at = "/api/v1/register-readings"
    first = client.post(at, body, content_type="application/json")
    assert (first.status_code, first.json()["taken"]) == (201, 1)
    again = client.post(at, body, content_type="application/json")
    assert (again.status_code, again.json()["is_repeat"]) == (200, True)
    wrong = client.post(at, as_json(batch.number, [{**row, "barcode": "0"}]), "application/json")
    assert wrong.status_code == 422
    assert [one["code"] for one in wrong.json()["errors"]] == ["not_found", "moment"]
    seen = client.get(f"/api/v1/quality-batches/{batch.number}").json()
    assert seen["meters"][0]["start_kwh"] == "1.00" and seen["state"] == "open"
    assert json.dumps(seen["faults"])
