"""Results of a bench come in: each device by itself, kept as received, recomputed, judged."""

import copy
import hashlib
import hmac
import json
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from dianheng.assets.services import devices_transition
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import system_actor, unit_make, write_batch
from dianheng.identity.tests.factories import actor_with, city_company
from dianheng.seals.selectors import seals_on_devices
from dianheng.verification.models import TaskDevice, TestRecord, TestResult, Upload, Verdict
from dianheng.verification.services import (
    bench_key_make,
    load_make,
    load_put,
    task_withdraw_devices,
    upload_receive,
)
from dianheng.verification.services.upload import MOST_BYTES
from dianheng.verification.services.upload_run import KEPT

from .factories import body_of, envelope_of, laboratory, load_with, seals_for, send, task_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]


@pytest.fixture(scope="module")
def loaded(module_db):
    """A laboratory, a load of four meters, and the envelope that the bench would send."""
    lab = laboratory()
    task = task_with(4)
    load = load_with(task, lab.bench)
    return lab, task, load, envelope_of(lab, load)


@pytest.fixture
def sent(loaded):
    """The same, for one test."""
    return copy.deepcopy(loaded)


def device(envelope, index=0):
    return envelope["devices"][index]


def codes(received, index=0):
    return [fault["code"] for fault in received.answer["devices"][index].get("errors", [])]


def test_a_whole_load_is_taken_recomputed_and_judged(sent):
    _lab, task, load, envelope = sent
    received = send(envelope)
    assert received.status == 201
    assert [d["outcome"] for d in received.answer["devices"]] == ["passed"] * 4
    assert received.answer["missing_positions"] == []
    assert TestRecord.objects.count() == Verdict.objects.count() == 4
    assert set(TestResult.objects.values_list("conclusion", flat=True)) == {"pass"}
    assert set(task.devices.values_list("step", "outcome", "attempts")) == {("tested", "passed", 1)}
    load.refresh_from_db()
    assert load.state == "done"


def test_what_came_in_is_kept_byte_for_byte(sent):
    _lab, _task, _load, envelope = sent
    body = json.dumps(envelope, indent=3, ensure_ascii=False).encode()
    upload_receive(body=body, actor=system_actor())
    upload = Upload.objects.get()
    assert bytes(upload.body) == body and upload.sha256 == hashlib.sha256(body).hexdigest()
    record = TestRecord.objects.order_by("upload_index").first()
    assert json.loads(record.received) == device(envelope)


def test_mean_and_rounding_are_ours_whatever_the_bench_says(sent):
    _lab, _task, _load, envelope = sent
    point = next(p for p in device(envelope)["points"] if p["item"] == "BASIC_ERROR")
    point |= {
        "samples": ["+0.2900", "+0.3100"],
        "mean": "0.9",
        "rounded": "+0.2",
        "conclusion": "FAIL",
    }
    received = send(envelope)
    result = TestResult.objects.get(
        record__number=received.answer["devices"][0]["record_no"], seq=point["seq"]
    )
    assert (result.value, result.rounded_text, result.conclusion) == (
        Decimal("0.3"),
        "+0.4",
        "pass",
    )
    assert result.samples == [Decimal("0.2900"), Decimal("0.3100")]
    assert result.differences == ["mean", "rounded", "conclusion"]
    assert received.answer["devices"][0]["differences"] == 1


def test_a_bench_that_rounds_half_away_from_zero_is_shown_to_differ(sent):
    lab, _task, load, _envelope = sent
    envelope = envelope_of(lab, load, errs=frozenset({"rounding"}))
    for point in device(envelope)["points"]:
        if point["item"] == "BASIC_ERROR":
            point |= {"samples": ["+0.1000", "+0.1000"], "mean": "0.1", "rounded": "+0.2"}
            break
    received = send(envelope)
    assert (
        "rounded"
        in TestResult.objects.get(
            record__number=received.answer["devices"][0]["record_no"], seq=point["seq"]
        ).differences
    )  # 0.1 at 0.2 lies in the middle: to even is 0.0


def test_a_bench_that_judges_by_the_internal_band_does_not_differ_for_that(sent):
    lab, _task, load, _envelope = sent
    received = send(envelope_of(lab, load, errs=frozenset({"band"})))
    assert [d["differences"] for d in received.answer["devices"]] == [0] * 4


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e400", "1e-300", "0x1f", "1,5", "", "9" * 70]
)
def test_a_sample_that_is_no_ordinary_number_refuses_its_device_only(sent, value):
    _lab, _task, _load, envelope = sent
    next(p for p in device(envelope, 1)["points"] if p["item"] == "BASIC_ERROR")["samples"] = [
        "0.1",
        value,
    ]
    received = send(envelope)
    assert received.status == 207 and [d["status"] for d in received.answer["devices"]] == [
        201,
        422,
        201,
        201,
    ]
    assert codes(received, 1) == ["sample"]
    assert received.answer["missing_positions"][0]["position"] == 2


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "0.12", "1" * 5000, "1" + "0" * 60 + ".5"])
def test_a_sample_that_is_no_text_refuses_its_device_only(sent, literal):
    _lab, _task, _load, envelope = sent
    next(p for p in device(envelope, 1)["points"] if p["item"] == "BASIC_ERROR")["samples"] = [
        "0.1",
        "@@",
    ]
    body = body_of(envelope).replace(b'"@@"', literal.encode())
    received = upload_receive(body=body, actor=system_actor())
    assert [d["status"] for d in received.answer["devices"]] == [201, 422, 201, 201]


WRONG = {
    "item": ("points", {"item": "TASTE"}, "choice"),
    "unit": ("points", {"unit": "Ohm"}, "choice"),
    "conclusion": ("points", {"conclusion": "MAYBE"}, "choice"),
    "direction": ("points", {"direction": "UP"}, "choice"),
    "phase": ("points", {"phase": "D"}, "choice"),
    "load": ("points", {"load_current": "5A"}, "load"),
    "factor": ("points", {"power_factor": "2"}, "factor"),
    "overall": ("header", {"overall": "OK"}, "choice"),
    "kind": ("header", {"test_kind": "FIRST"}, "choice"),
    "category": ("header", {"equipment_category": "CAR"}, "choice"),
    "a transformer": ("header", {"equipment_category": "CT"}, "category"),
    "position": ("header", {"position_no": 0}, "number"),
    "position as text": ("header", {"position_no": "1"}, "number"),
    "finished": ("header", {"finished_at": "2026-11-22 10:00"}, "moment"),
    "finished missing": ("header", {"finished_at": None}, "missing"),
    "order of time": ("header", {"started_at": "2999-01-01T00:00:00+08:00"}, "moment"),
    "humidity": ("header", {"environment": {"start": {"humidity_pct": "130"}}}, "range"),
    "no standards": ("header", {"standards": "all"}, "form"),
    "serial of another meter": ("header", {"serial_no": "S99999999"}, "identity"),
    "address of another meter": ("header", {"comm_address": "000000009999"}, "identity"),
    "another position": ("header", {"position_no": 9}, "position"),
    "no task": ("header", {"task_no": ""}, "missing"),
    "unknown task": ("header", {"task_no": "JD1999-0001"}, "unknown_task"),
    "unknown device": ("header", {"asset_no": "4130001999999999999999"}, "unknown_device"),
    "an attempt that was skipped": ("header", {"attempt": 3}, "attempt_gap"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_field_refuses_its_device_and_no_other(sent, name):
    _lab, _task, _load, envelope = sent
    where, change, code = WRONG[name]
    target = device(envelope)["header"]
    if where == "points":
        target = next(p for p in device(envelope)["points"] if p["item"] == "BASIC_ERROR")
    target |= change
    received = send(envelope)
    assert code in codes(received)
    assert [d["status"] for d in received.answer["devices"][1:]] == [201, 201, 201]
    assert TestRecord.objects.count() == 3


def test_every_fault_of_a_device_is_listed_at_once(sent):
    _lab, _task, _load, envelope = sent
    device(envelope)["header"] |= {"overall": "OK", "position_no": -1}
    device(envelope)["points"][0]["item"] = "TASTE"
    assert sorted(codes(send(envelope))) == ["choice", "choice", "number"]


def test_a_device_of_another_task_is_refused_with_the_name_of_its_task(sent):
    _lab, _task, _load, envelope = sent
    other = task_with(1, first=900)
    device(envelope)["header"]["asset_no"] = other.devices.get().device.barcode
    device(envelope)["header"] |= {"serial_no": "", "comm_address": ""}
    received = send(envelope)
    fault = received.answer["devices"][0]["errors"][0]
    assert (fault["code"], fault["task"]) == ("other_task", other.number)


def test_the_same_device_twice_in_an_upload_is_taken_neither_time(sent):
    _lab, _task, _load, envelope = sent
    envelope["devices"].append(copy.deepcopy(device(envelope)))
    received = send(envelope)
    assert codes(received, 0)[0] == codes(received, 4)[0] == "twice"


def test_positions_that_did_not_come_are_named(sent):
    _lab, _task, _load, envelope = sent
    del envelope["devices"][1:3]
    received = send(envelope)
    assert received.status == 201
    assert [row["position"] for row in received.answer["missing_positions"]] == [2, 3]


def test_a_missing_position_is_filled_from_the_load_and_said(sent):
    _lab, _task, _load, envelope = sent
    del device(envelope)["header"]["position_no"]
    received = send(envelope)
    assert "position_filled" in received.answer["devices"][0]["warnings"]
    assert TestRecord.objects.get(upload_index=0).position == 1


def test_unknown_fields_are_kept(sent):
    _lab, _task, _load, envelope = sent
    envelope["room"] = "401"
    device(envelope)["header"]["weather"] = "雨"
    device(envelope)["points"][0]["lamp"] = {"lux": 300}
    send(envelope)
    record = TestRecord.objects.get(upload_index=0)
    assert record.upload.extra["room"] == "401" and record.header["extra"] == {"weather": "雨"}
    assert record.results.get(seq=1).facts["extra"]["lamp"] == {"lux": 300}


# -- again ----------------------------------------------------------------------------------------


def test_the_same_upload_twice_is_taken_once(sent):
    _lab, _task, _load, envelope = sent
    first, second = send(envelope), send(envelope)
    assert (first.status, second.status) == (201, 200)
    assert second.answer == {**first.answer, "is_repeat": True}
    assert TestRecord.objects.count() == 4 and Upload.objects.count() == 1


def test_an_upload_number_cannot_be_used_for_another_content(sent):
    _lab, _task, _load, envelope = sent
    send(envelope)
    envelope["devices"].pop()
    with pytest.raises(Refused) as refused:
        send(envelope)
    assert refused.value.refusal.code == "upload_id_used" and refused.value.status == 409


def test_the_same_attempt_under_another_upload_number_conflicts(sent):
    _lab, _task, _load, envelope = sent
    send(envelope)
    envelope["upload_id"] = "another-upload-1"
    received = send(envelope)
    assert received.status == 409 and codes(received) == ["attempt_exists"]
    assert TestRecord.objects.count() == 4
    assert Upload.objects.filter(state="refused").count() == 1


def test_an_upload_of_which_nothing_was_taken_may_come_again(sent):
    _lab, task, _load, envelope = sent
    wrong = copy.deepcopy(envelope)
    for each in wrong["devices"]:
        each["header"]["task_no"] = "JD1999-0001"
    assert send(wrong).status == 422
    assert send(envelope).status == 201
    assert task.devices.filter(step="tested").count() == 4


# -- a retest ----------------------------------------------------------------------------------------


def retest(lab, task, *, position=None, reason="接线松动"):
    """The first meter of the task on the bench once more."""
    load = load_make(task=task, bench=lab.bench, actor=system_actor())
    held = task.devices.select_related("device").order_by("seq").first()
    load_put(
        load=load, code=held.device.barcode, actor=system_actor(), position=position, reason=reason
    )
    return load


def test_a_retest_is_a_further_attempt_with_its_reason(sent):
    lab, task, _load, envelope = sent
    send(envelope)
    load = retest(lab, task, position=7)
    received = send(envelope_of(lab, load))
    assert received.status == 201 and received.answer["devices"][0]["attempt"] == 2
    record = TestRecord.objects.get(attempt=2)
    assert (record.attempt_reason, record.position) == ("接线松动", 7)
    held = task.devices.order_by("seq").first()
    assert (held.attempts, held.record_id) == (2, record.pk)
    assert TestRecord.objects.filter(task_device=held).count() == 2


def test_a_retest_without_reason_is_refused(sent):
    _lab, _task, _load, envelope = sent
    send(envelope)
    envelope |= {"upload_id": "another-upload-1"}
    for each in envelope["devices"]:
        each["header"] |= {"attempt": 2, "position_no": each["header"]["position_no"] + 10}
    assert codes(send(envelope)) == ["retest_reason"]


def test_a_retest_on_the_same_position_is_refused(sent):
    _lab, _task, _load, envelope = sent
    send(envelope)
    envelope |= {"upload_id": "another-upload-1"}
    for each in envelope["devices"]:
        each["header"] |= {"attempt": 2, "retest_reason": "接线松动"}
    assert codes(send(envelope)) == ["retest_position"]
    assert TestRecord.objects.count() == 4


def test_a_retest_that_names_no_position_is_refused(sent):
    _lab, _task, _load, envelope = sent
    send(envelope)
    envelope |= {"upload_id": "another-upload-1"}
    for each in envelope["devices"]:
        del each["header"]["position_no"]
        each["header"] |= {"attempt": 2, "retest_reason": "接线松动"}
    assert codes(send(envelope)) == ["retest_position"]
    assert TestRecord.objects.count() == 4


# -- the envelope ----------------------------------------------------------------------------------------


UNREADABLE = {
    "junk": b"\x00\xff" * 500,
    "half a JSON": b'{"schema": "metering-test-upload/1", "upl',
    "a list": b"[]",
    "endless nesting": b"[" * 100_000,
    "no schema": b"{}",
    "another schema": json.dumps({"schema": "x/1", "upload_id": "12345678", "devices": [{}]}).encode(),
    "no devices": json.dumps({"schema": "metering-test-upload/1", "upload_id": "12345678", "devices": []}).encode(),
    "devices as text": json.dumps({"schema": "metering-test-upload/1", "upload_id": "12345678", "devices": "x"}).encode(),
    "no number": json.dumps({"schema": "metering-test-upload/1", "upload_id": 7, "devices": [{}]}).encode(),
    "half a character in a remark": b'{"schema": "metering-test-upload/1", "upload_id": "12345678", "x": "\\ud800", "devices": [{}]}',
    "half a character": b'{"schema": "metering-test-upload/1", "upload_id": "12345678\\ud800", "devices": [{}]}',
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_envelope_that_cannot_be_read_is_refused_and_kept(name):
    city_company()
    with pytest.raises(BadInput) as refused:
        upload_receive(body=UNREADABLE[name], actor=system_actor())
    assert refused.value.status == 422
    upload = Upload.objects.get()
    assert upload.state == "refused" and bytes(upload.body) == UNREADABLE[name][:KEPT]
    assert upload.answer["code"] == "bad_input"


def test_ten_megabytes_of_junk_are_refused_and_only_their_head_is_kept():
    city_company()
    body = b"x" * 10_000_000
    assert len(body) > MOST_BYTES
    with pytest.raises(BadInput):
        upload_receive(body=body, actor=system_actor())
    upload = Upload.objects.get()
    assert (upload.body_size, len(bytes(upload.body))) == (10_000_000, KEPT)


DEVICES = {
    "a number": 5,
    "no header": {"points": []},
    "header as text": {"header": "x", "points": []},
    "no points": {"header": {"task_no": "JD1", "asset_no": "1"}},
    "points that are numbers": {"header": {"task_no": "JD1", "asset_no": "1"}, "points": [1, 2]},
    "zero bytes": {"header": {"task_no": "JD\0", "asset_no": "1"}, "points": [{"item": "VISUAL"}]},
}


@pytest.mark.parametrize("name", DEVICES)
def test_a_device_of_the_wrong_form_is_refused_by_itself(sent, name):
    _lab, _task, _load, envelope = sent
    envelope["devices"].append(DEVICES[name])
    received = send(envelope)
    assert [d["status"] for d in received.answer["devices"]] == [201, 201, 201, 201, 422]


def test_only_who_may_upload_for_the_unit_of_the_task_uploads(sent):
    _lab, _task, _load, envelope = sent
    with pytest.raises(Refused) as refused:
        send(envelope, actor_with("assets.view", login="guest"))
    assert refused.value.refusal.code == "no_right" and Upload.objects.count() == 0
    elsewhere = unit_make(
        code="OTHER", name="别处", kind="county", actor=system_actor(), parent=city_company()
    )
    received = send(envelope, actor_with("verification.upload", login="other", unit=elsewhere))
    assert codes(received) == ["unknown_task"]
    assert send(envelope, actor_with("verification.upload", login="bench")).status == 201


# -- signatures ----------------------------------------------------------------------------------------


def signed(envelope, secret):
    blank = body_of({**envelope, "signature": ""})
    digest = hmac.new(secret.encode(), blank, hashlib.sha256).hexdigest()
    return blank.replace(b'"signature": ""', f'"signature": "{digest}"'.encode())


def test_a_bench_with_a_key_must_sign(sent):
    lab, _task, _load, envelope = sent
    secret = bench_key_make(bench=lab.bench, actor=system_actor())
    with pytest.raises(BadInput):
        send(envelope)
    with pytest.raises(BadInput):
        upload_receive(body=signed(envelope, "another key"), actor=system_actor())
    assert TestRecord.objects.count() == 0
    assert upload_receive(body=signed(envelope, secret), actor=system_actor()).status == 201
    assert Upload.objects.get(state="taken").signature == "valid"


def test_a_new_key_ends_the_old_one(sent):
    lab, _task, _load, envelope = sent
    old = bench_key_make(bench=lab.bench, actor=system_actor())
    assert bench_key_make(bench=lab.bench, actor=system_actor()) != old
    with pytest.raises(BadInput):
        upload_receive(body=signed(envelope, old), actor=system_actor())


# -- seals ---------------------------------------------------------------------------------------------------


def test_seals_that_come_with_the_upload_sit_on_their_meters(sent):
    lab, task, load, _envelope = sent
    barcodes = [row.device.barcode for row in task.devices.select_related("device")]
    send(envelope_of(lab, load, seals=seals_for(barcodes)))
    first = task.devices.order_by("seq").first().device_id
    assert [s.position for s in seals_on_devices([first])[first]] == [
        "meter_cover_left",
        "meter_cover_right",
    ]


def test_a_seal_that_cannot_be_applied_leaves_the_results_alone(sent):
    lab, task, load, _envelope = sent
    barcodes = [row.device.barcode for row in task.devices.select_related("device").order_by("seq")]
    seals = seals_for(barcodes)
    seals[barcodes[1]] = seals[barcodes[0]]
    received = send(envelope_of(lab, load, seals=seals))
    assert received.status == 201
    assert [bool(d["seal_errors"]) for d in received.answer["devices"]] == [
        False,
        True,
        False,
        False,
    ]


# -- what is kept cannot be changed -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Upload, TestRecord, TestResult, Verdict])
def test_evidence_is_not_edited(sent, model):
    send(sent[3])
    table = model._meta.db_table
    with write_batch(actor=system_actor(), action="test.tamper"), connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(f"delete from {table}")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(f"update {table} set id = id")


def test_a_device_that_left_verification_is_refused(sent):
    _lab, task, _load, envelope = sent
    held = task.devices.order_by("seq").first()
    devices_transition(
        device_ids=[held.device_id], verb="withdraw", actor=system_actor(), reason="x"
    )
    assert codes(send(envelope)) == ["state"]


def test_results_that_come_after_the_task_is_closed_are_refused(sent):
    _lab, task, _load, envelope = sent
    ids = list(task.devices.values_list("device_id", flat=True))
    task_withdraw_devices(task=task, device_ids=ids, reason="批次退回", actor=system_actor())
    received = send(envelope)
    assert received.status == 409 and codes(received) == ["task_closed"]
    assert not TaskDevice.objects.filter(is_open=True).exists()
