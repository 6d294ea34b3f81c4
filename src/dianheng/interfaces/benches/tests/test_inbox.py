"""Files of benches: neutral JSON, a pair of CSV, the State Grid record layout; done or refused."""

import copy
import hashlib
import hmac
import json
import logging
import os
import time

import pytest
from django.db import OperationalError

from dianheng.common.errors import BadInput
from dianheng.identity.models import AccessEvent
from dianheng.identity.selectors import system_person
from dianheng.identity.services import system_actor, write_batch
from dianheng.interfaces.benches import inbox, samples
from dianheng.interfaces.benches.csv_form import envelope_from_csv
from dianheng.interfaces.benches.record_csv import records_from_csv
from dianheng.interfaces.benches.record_layout import envelope_from_records, looks_like_records
from dianheng.interfaces.benches.texts import conclusion, decoded, moment, parts, whole
from dianheng.verification.choices import Outcome
from dianheng.verification.models import TestRecord, Upload
from dianheng.verification.rules import BLOCK_TEXTS
from dianheng.verification.services import bench_key_make, task_withdraw_devices
from dianheng.verification.tests.factories import (
    body_of,
    envelope_of,
    laboratory,
    load_with,
    seals_for,
    task_with,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]


@pytest.fixture(scope="module")
def loaded(module_db):
    """A laboratory, a task of three meters, and what the bench would send."""
    lab = laboratory()
    task = task_with(3)
    load = load_with(task, lab.bench)
    codes = [row.device.barcode for row in task.devices.select_related("device")]
    return lab, task, envelope_of(lab, load, seals=seals_for(codes))


@pytest.fixture
def bench(loaded, settings, tmp_path):
    """The same for one test, and the folder of the bench."""
    settings.DATA = tmp_path
    inbox.memory = inbox.Memory()
    lab, task, envelope = copy.deepcopy(loaded)
    folder = tmp_path / "inbox" / "benches" / lab.bench.barcode
    folder.mkdir(parents=True)
    return lab, task, envelope, folder


def drop(folder, name, body, age=10.0):
    path = folder / name
    path.write_bytes(body)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def moved(folder, where):
    return sorted(path.name for path in (folder / where).rglob("*") if not path.is_dir())


def answer(folder, where):
    return json.loads(next((folder / where).rglob("*.answer.json")).read_text(encoding="utf-8"))


def words(folder, where):
    return next((folder / where).rglob("*.txt")).read_text(encoding="utf-8-sig")


def noted():
    """What the security log holds of refusals."""
    rows = AccessEvent.objects.filter(kind="refused")
    return list(rows.values_list("person_id", "via", "what", "path"))


# -- the neutral form ----------------------------------------------------------------------------


def test_a_file_that_is_whole_is_taken_and_moved_to_done(bench):
    _lab, _task, envelope, folder = bench
    body = body_of(envelope)
    drop(folder, "run-1.json", body)
    assert inbox.collect() == 1
    assert moved(folder, "done") == ["run-1.answer.json", "run-1.json", "run-1.txt"]
    assert answer(folder, "done")["status"] == 201
    upload = Upload.objects.get()
    assert (upload.source, upload.source_name, bytes(upload.body)) == ("file", "run-1.json", body)
    assert TestRecord.objects.count() == 3 and not list(folder.glob("*.json"))


@pytest.mark.parametrize("name", [".run.json", "run.json.tmp", "~run.json", "run.part"])
def test_a_file_that_is_being_written_is_left_alone(bench, name):
    _lab, _task, envelope, folder = bench
    drop(folder, name, body_of(envelope))
    assert inbox.collect() == 0 and not Upload.objects.exists()


def test_a_file_that_just_changed_is_left_until_it_settles(bench, monkeypatch):
    _lab, _task, envelope, folder = bench
    drop(folder, "run.json", body_of(envelope), age=0)
    assert inbox.collect() == 0
    monkeypatch.setattr(inbox, "SETTLED_S", 0.0)
    assert inbox.collect() == 1


def test_a_file_that_grows_is_left_however_old_its_date_says_it_is(bench, monkeypatch):
    _lab, _task, envelope, folder = bench
    body = body_of(envelope)
    drop(folder, "run.json", body[:1000], age=30)
    assert inbox.collect() == 0  # it looks cut off
    drop(folder, "run.json", body[:2000], age=30)
    assert inbox.collect() == 0
    drop(folder, "run.json", body, age=30)
    assert inbox.collect() == 1 and answer(folder, "done")["status"] == 201


def test_a_file_dated_in_the_future_is_taken_when_it_rests(bench, monkeypatch):
    _lab, _task, envelope, folder = bench
    drop(folder, "run.json", body_of(envelope), age=-7200)
    assert inbox.collect() == 0
    monkeypatch.setattr(inbox, "SETTLED_S", 0.0)
    assert inbox.collect() == 1


def test_a_file_that_stays_cut_off_is_refused_after_a_minute(bench):
    _lab, _task, envelope, folder = bench
    path = drop(folder, "run.json", body_of(envelope)[:3000], age=30)
    assert inbox.collect() == 0 and path.exists()
    os.utime(path, (time.time() - 61,) * 2)
    assert inbox.collect() == 1 and "JSON" in words(folder, "refused")


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_look(bench, monkeypatch):
    _lab, _task, envelope, folder = bench
    path = drop(folder, "run.json", body_of(envelope))
    opened = inbox._opened

    def written_to_meanwhile(found):
        path.write_bytes(body_of(envelope) + b" ")
        return opened(found)

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "_looks_cut_off", lambda *_args: False)
        patched.setattr(inbox, "_opened", written_to_meanwhile)
        inbox.collect()
    assert path.exists() and not Upload.objects.exists()


def test_the_same_file_again_is_harmless(bench):
    _lab, _task, envelope, folder = bench
    for _again in range(2):
        drop(folder, "run.json", body_of(envelope))
        inbox.collect()
    assert TestRecord.objects.count() == 3
    assert moved(folder, "done") == [
        "run.answer.json",
        "run.json",
        "run.txt",
        "run~2.answer.json",
        "run~2.json",
        "run~2.txt",
    ]


def test_a_crash_between_storing_and_moving_loses_and_doubles_nothing(bench, monkeypatch):
    _lab, _task, envelope, folder = bench
    drop(folder, "run.json", body_of(envelope))

    def crash(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "_move", crash)
        with pytest.raises(KeyboardInterrupt):
            inbox.collect()
    assert (folder / "run.json").exists() and TestRecord.objects.count() == 3
    assert inbox.collect() == 1
    assert answer(folder, "done")["status"] == 200 and TestRecord.objects.count() == 3


REFUSED = {
    "junk": (b"\x00\x01\x02" * 100, "bad_input"),
    "no JSON": (b"{", "bad_input"),
    "another JSON": (b'{"a": 1}', "bad_input"),
    "a list of numbers": (b"[1, 2]", "bad_input"),
    "neither UTF-8 nor GBK": (b'{"a": "\xff\xff\xff\xff"}', "bad_input"),
    "ten megabytes of junk": (os.urandom(10_000_000), "bad_input"),
    "empty": (b"", "bad_input"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_goes_to_refused_with_its_reason(bench, name):
    *_rest, folder = bench
    body, code = REFUSED[name]
    drop(folder, "bad.json", body, age=90)
    inbox.collect()
    assert moved(folder, "refused") == ["bad.answer.json", "bad.json", "bad.txt"]
    assert answer(folder, "refused")["code"] == code
    assert Upload.objects.get().state == "refused"
    assert words(folder, "refused").startswith("拒收：")


def test_a_file_of_another_bench_is_refused(bench):
    _lab, _task, envelope, folder = bench
    envelope["bench_no"] = "BENCH-77"
    drop(folder, "run.json", body_of(envelope))
    inbox.collect()
    assert "BENCH-77" in answer(folder, "refused")["text"] and not TestRecord.objects.exists()


def test_a_file_of_which_no_device_is_taken_is_refused_with_each_reason(bench):
    _lab, task, envelope, folder = bench
    ids = list(task.devices.values_list("device_id", flat=True))
    task_withdraw_devices(task=task, device_ids=ids, reason="退回", actor=system_actor())
    drop(folder, "run.json", body_of(envelope))
    inbox.collect()
    told = answer(folder, "refused")
    assert told["status"] == 409 and told["devices"][0]["errors"][0]["code"] == "task_closed"


def test_one_bad_file_does_not_stop_the_next(bench):
    _lab, _task, envelope, folder = bench
    drop(folder, "a.json", b"junk", age=90)
    drop(folder, "b.json", body_of(envelope))
    assert inbox.collect() == 2 and TestRecord.objects.count() == 3


def test_a_link_is_not_followed(bench, tmp_path):
    _lab, _task, envelope, folder = bench
    outside = drop(tmp_path, "secret.json", body_of(envelope))
    (folder / "run.json").symlink_to(outside)
    assert inbox.collect() == 1 and outside.exists()
    assert not Upload.objects.exists()
    link = next((folder / "refused").rglob("run.json"))
    assert link.is_symlink() and "链接" in words(folder, "refused")


@pytest.mark.parametrize("name", ["done", "refused"])
def test_nothing_is_written_where_a_link_points_to(bench, tmp_path, name):
    _lab, _task, envelope, folder = bench
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / name).symlink_to(elsewhere)
    drop(folder, "run.json", body_of(envelope))
    assert inbox.collect() == 0
    assert list(elsewhere.iterdir()) == [] and not Upload.objects.exists()


def test_a_pipe_or_a_folder_among_the_files_holds_nothing_up(bench):
    _lab, _task, envelope, folder = bench
    os.mkfifo(folder / "pipe.json")
    (folder / "old.json").mkdir()
    drop(folder, "run.json", body_of(envelope))
    assert inbox.collect() == 1 and answer(folder, "done")["status"] == 201


@pytest.mark.parametrize(
    "name", ["台体 1 号 结果.json", "a" * 240 + ".json", "run.JSON", "[x].json"]
)
def test_names_of_every_kind_are_filed(bench, name):
    _lab, _task, envelope, folder = bench
    drop(folder, name, body_of(envelope))
    assert inbox.collect() == 1
    assert len(moved(folder, "done")) == 3 and Upload.objects.get().source_name == name[:200]


def test_a_name_in_gbk_is_filed_and_shown_as_text(bench):
    _lab, _task, envelope, folder = bench
    path = drop(folder, os.fsdecode("台体.json".encode("gbk")), body_of(envelope))
    assert inbox.collect() == 1
    assert Upload.objects.get().source_name == "台体.json" and not path.exists()


@pytest.mark.parametrize("name", ["run.xlsx", "run.exe", "run"])
def test_a_file_of_another_kind_is_refused_in_words(bench, name):
    *_rest, folder = bench
    drop(folder, name, b"PK\x03\x04", age=90)
    inbox.collect()
    assert name in moved(folder, "refused") and name in words(folder, "refused")


def complaints(caplog):
    return [
        r for r in caplog.records if r.name == "dianheng.benches" and r.levelno >= logging.ERROR
    ]


def test_a_folder_in_which_nothing_can_be_moved_is_said_once_and_takes_nothing(bench, caplog):
    _lab, _task, envelope, folder = bench
    drop(folder, "run.json", body_of(envelope))
    in_the_way = folder / "refused"
    in_the_way.write_text("")
    for _look in range(3):
        assert inbox.collect() == 0
    assert len(complaints(caplog)) == 1 and not Upload.objects.exists()
    in_the_way.unlink()
    assert inbox.collect() == 1 and TestRecord.objects.count() == 3


def test_a_place_where_no_folder_can_be_made_is_said_once(bench, settings, tmp_path, caplog):
    settings.DATA = tmp_path / "file"
    settings.DATA.write_text("")
    assert [inbox.collect() for _look in range(3)] == [0, 0, 0]
    assert len(complaints(caplog)) == 1


def test_every_bench_of_the_register_gets_its_folder(bench, tmp_path):
    lab, *_rest = bench
    inbox.collect()
    assert [path.name for path in inbox.root().iterdir()] == [lab.bench.barcode]


def test_another_bench_is_served_while_one_folder_is_in_the_way(bench, tmp_path):
    _lab, _task, envelope, folder = bench
    bad = tmp_path / "inbox" / "benches" / "A-FIRST"
    bad.mkdir()
    (bad / "done").write_text("")
    drop(bad, "run.json", body_of(envelope))
    drop(folder, "run.json", body_of(envelope))
    assert inbox.collect() == 1 and TestRecord.objects.count() == 3


def test_what_was_refused_but_could_not_be_moved_is_not_received_again(bench, monkeypatch, caplog):
    *_rest, folder = bench
    drop(folder, "bad.json", b"junk", age=90)

    def disk_full(*_args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "_move", disk_full)
        for _look in range(3):
            inbox.collect()
    assert Upload.objects.count() == 1 and len(complaints(caplog)) == 1
    inbox.collect()
    assert Upload.objects.count() == 1 and "bad.json" in moved(folder, "refused")


def test_what_breaks_the_program_is_set_aside_and_holds_nobody_up(bench, monkeypatch, caplog):
    _lab, _task, envelope, folder = bench
    drop(folder, "a.json", body_of(envelope), age=20)
    drop(folder, "b.json", b"junk", age=90)
    receive = inbox.upload_receive

    def broken(**_options):
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "upload_receive", broken)
        for _look in range(3):
            inbox.collect()
    assert moved(folder, "refused") == ["b.answer.json", "b.json", "b.txt"]
    assert len(complaints(caplog)) == 1 and (folder / "a.json").exists()
    inbox.memory = inbox.Memory()  # as after ten minutes, or a new start
    assert inbox.upload_receive is receive and inbox.collect() == 1


def test_everything_waits_while_the_database_is_away(bench, monkeypatch):
    _lab, _task, envelope, folder = bench
    drop(folder, "run.json", body_of(envelope))

    def away(**_options):
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "upload_receive", away)
        with pytest.raises(OperationalError):
            inbox.collect()
    assert inbox.collect() == 1 and TestRecord.objects.count() == 3


# -- whose files ---------------------------------------------------------------------------------------


def test_a_file_without_number_and_bench_gets_both_from_its_place_and_content(bench):
    lab, _task, envelope, folder = bench
    del envelope["upload_id"], envelope["bench_no"]
    for _again in range(2):
        drop(folder, "run.json", body_of(envelope))
        inbox.collect()
    upload = Upload.objects.get()
    assert upload.upload_id == f"sha256-{upload.sha256[:48]}" and upload.bench_id == lab.bench.pk
    assert TestRecord.objects.count() == 3


def test_the_folder_may_carry_either_number_of_the_bench(bench, tmp_path):
    lab, _task, envelope, folder = bench
    with write_batch(actor=system_actor(), action="test.number"):
        type(lab.bench).objects.filter(pk=lab.bench.pk).update(asset_no="台-01")
    folder = folder.rename(folder.parent / "台-01")
    drop(folder, "run.json", body_of(envelope))
    inbox.collect()
    assert answer(folder, "done")["status"] == 201


def test_a_bench_with_a_key_signs_its_files_too(bench):
    lab, _task, envelope, folder = bench
    bench_key_make(bench=lab.bench, actor=system_actor())
    drop(folder, "run.json", body_of(envelope))
    inbox.collect()
    assert answer(folder, "refused")["errors"][0]["code"] == "signature"
    assert not TestRecord.objects.exists()
    assert noted() == [(system_person().pk, "file", "signature", f"{folder.name}/run.json")]


def test_a_file_with_another_fault_is_no_matter_of_access(bench):
    _lab, _task, _envelope, folder = bench
    drop(folder, "run.json", b'{"schema": "none"}')
    inbox.collect()
    assert answer(folder, "refused")["status"] == 422 and noted() == []


def test_a_bench_with_a_key_may_sign_a_pair_of_csv_files(bench):
    lab, _task, envelope, _folder = bench
    secret = bench_key_make(bench=lab.bench, actor=system_actor())
    header, points = samples.drop(envelope, "run", "csv")
    lines = header.read_text(encoding="utf-8").replace("\r\n", "\n").splitlines()
    lines = [f"{lines[0]},signature", *(f"{line}," for line in lines[1:])]
    blank = ("\n".join(lines) + "\n").encode()
    digest = hmac.new(secret.encode(), blank + points.read_bytes(), hashlib.sha256).hexdigest()
    lines[1] += digest
    drop(header.parent, header.name, ("\n".join(lines) + "\n").encode())
    assert inbox.collect() == 1
    assert Upload.objects.get().signature == "valid" and TestRecord.objects.count() == 3


def test_the_words_say_of_each_meter_what_became_of_it(bench):
    _lab, _task, envelope, folder = bench
    envelope["devices"][1]["header"]["operators"] = []
    envelope["devices"][2]["header"]["overall"] = "GOOD"
    drop(folder, "run.json", body_of(envelope))
    inbox.collect()
    told = words(folder, "done").splitlines()
    assert told[0] == "收下 2 件，拒收 1 件。"
    code = envelope["devices"][1]["header"]["asset_no"]
    line = next(n for n, text in enumerate(told) if code in text)
    assert str(Outcome.BLOCKED.label) in told[line] and told[line + 1].strip() == str(
        BLOCK_TEXTS["verifier_missing"]
    )
    refused = envelope["devices"][2]["header"]["asset_no"]
    assert any(refused in text and "header.overall" in text for text in told)
    assert any("表位 3" in text for text in told)


# -- two CSV files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("run_header.csv", "run_points.csv"), ("Run.Header.CSV", "run.points.csv"), ("header.csv", "points.csv")])  # fmt: skip
def test_a_pair_is_one_upload_kept_byte_for_byte(bench, names):
    _lab, task, envelope, folder = bench
    header, points = samples.as_csv(envelope)
    for name, body in zip(names, (header, points), strict=True):
        drop(folder, name, body)
    assert inbox.collect() == 1
    assert answer(folder, "done")["status"] == 201
    stem = names[0][:3] if names[0] != "header.csv" else "upload"
    assert moved(folder, "done") == [
        f"{stem}.answer.json",
        f"{stem}.header.csv",
        f"{stem}.points.csv",
        f"{stem}.txt",
    ]
    upload = Upload.objects.get()
    assert bytes(upload.body) == header + points
    assert upload.content_type == f"text/csv; first={len(header)}"
    assert task.devices.filter(step="tested").count() == 3


def test_half_a_pair_waits_for_the_other_half_and_is_refused_when_it_never_comes(bench):
    _lab, _task, envelope, folder = bench
    header, _points = samples.as_csv(envelope)
    path = drop(folder, "header.csv", header)
    assert inbox.collect() == 0
    os.utime(path, (time.time() - 100,) * 2)
    assert inbox.collect() == 1
    assert "header.csv" in answer(folder, "refused")["text"]


CSV_FAULTS = {
    "no columns": (b"", b"asset_no,item\n"),
    "no device": (b"task_no,asset_no,finished_at\n", b"asset_no,item\n"),
    "a stranger": (b"task_no,asset_no,finished_at\nT,1,2026-01-01\n", b"asset_no,item\n2,VISUAL\n"),
    "too many fields": (b"task_no,asset_no,finished_at\nT,1,2026-01-01,x,y\n", b"asset_no,item\n"),
    "quotes that do not end": (b'task_no,asset_no,finished_at\n"T,1,2026-01-01\n', b"asset_no,item\n"),
    "columns that contradict": (b"task_no,asset_no,finished_at,rated,rated.voltage_v\nT,1,d,a,b\n", b"asset_no,item\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", CSV_FAULTS)
def test_csv_files_that_are_not_of_the_form_are_refused(name):
    with pytest.raises(BadInput):
        envelope_from_csv(*CSV_FAULTS[name])


# -- the State Grid record layout -------------------------------------------------------------------------


def test_what_the_layout_says_beside_the_results_is_kept(bench):
    _lab, _task, envelope, folder = bench
    records = [one | {"REGULATION": "JJG 596-2012"} for one in samples.as_records(envelope)]
    drop(folder, "MT_RECORD.json", json.dumps(records, ensure_ascii=False).encode("gbk"))
    inbox.collect()
    record = TestRecord.objects.order_by("upload_index").first()
    assert record.header["extra"]["record"]["regulation"] == "JJG 596-2012"


def test_a_record_without_standard_rests_on_those_of_its_bench(bench):
    lab, _task, envelope, folder = bench
    records = samples.as_records(envelope)
    for record in records:
        del record["divice_certificate_no"], record["divice_accuracy"]
    drop(folder, "records.json", json.dumps(records).encode())
    inbox.collect()
    assert [d["outcome"] for d in answer(folder, "done")["devices"]] == ["passed"] * 3
    record = TestRecord.objects.first()
    assert record.standard_ids == [lab.standard.pk, lab.bench.pk]
    assert record.header["extra"]["standards_from"] == "installation"


def test_a_verifier_named_by_name_is_found_where_only_one_has_it(bench):
    lab, _task, envelope, folder = bench
    records = samples.as_records(envelope)
    records[0]["verifier"], records[1]["verifier"] = lab.verifier.name, "张三丰"
    drop(folder, "records.json", json.dumps(records).encode())
    inbox.collect()
    told = answer(folder, "done")["devices"]
    assert [d["blocks"] for d in told] == [[], ["verifier_unknown"], []]
    record = TestRecord.objects.get(upload_index=0)
    assert record.verifier_id == lab.verifier.pk
    assert record.header["extra"]["people_by_name"] == {lab.verifier.name: lab.verifier.person_no}


RECORD_CSV_FAULTS = {
    "a line of no item": "detect_task_no,bar_code,pf\nT,1,1.0\n",
    "two positions of one meter": "detect_task_no,bar_code,position_no,error,pf\nT,1,1,0.1,1.0\nT,1,2,0.1,1.0\n",
    "no line": "detect_task_no,bar_code\n",
    "too many fields": "detect_task_no,bar_code\nT,1,2\n",
    "quotes that do not end": 'detect_task_no,bar_code\n"T,1\n',
}  # fmt: skip


@pytest.mark.parametrize("name", RECORD_CSV_FAULTS)
def test_a_csv_of_the_layout_that_contradicts_itself_is_refused(name):
    with pytest.raises(BadInput):
        records_from_csv(RECORD_CSV_FAULTS[name].encode())


def test_lines_without_item_are_told_by_their_columns():
    body = (
        "DETECT_TASK_NO,BAR_CODE,IABC,PF,LOAD_CURRENT,ERROR,TIME_ERR,WRITE_DATE\n"
        "T,1,01,1.0,Ib,0.1|0.2,,a\nT,1,,,,0.01|0.02,,b\nT,1,,,,,-0.3,c\n"
    )
    record = records_from_csv(body.encode())[0]
    assert {name: len(rows) for name, rows in record.items() if isinstance(rows, list)} == {
        "basic_error": 1, "daily_clock_error": 1, "clock_compare": 1,
    }  # fmt: skip


def test_the_values_of_the_public_sample_are_read():
    row = {"error": "-0.1600|-0.1810", "ave_err": "-0.1705", "int_convert_err": "-0.2", "err_up": "+0.6", "err_down": "-0.6",
           "both_way_power_flag": "0", "iabc": "01", "load_current": "Imax", "pf": "1.0", "detect_circle": "4", "chk_conc_code": "01"}  # fmt: skip
    data = {"DETECT_TASK_NO": "JD1", "BAR_CODE": "4130001000000446529641", "basic_error": [row]}
    assert looks_like_records(data) and not looks_like_records({"schema": "x"})
    point = envelope_from_records(data, b"x")["devices"][0]["points"][0]
    assert point == {
        "item": "BASIC_ERROR", "direction": "FWD_ACTIVE", "phase": "ABC", "load_current": "Imax", "power_factor": "1.0",
        "pulses": 4, "samples": ["-0.1600", "-0.1810"], "mean": "-0.1705", "rounded": "-0.2", "limit_high": "+0.6",
        "limit_low": "-0.6", "unit": "%", "conclusion": "PASS", "seq": 1,
    }  # fmt: skip


def test_records_of_two_benches_in_one_file_are_refused():
    one = {"detect_task_no": "JD1", "bar_code": "1", "detect_equip_no": "A"}
    with pytest.raises(BadInput):
        envelope_from_records([one, one | {"detect_equip_no": "B"}], b"")


def test_texts_of_benches():
    assert parts("+0.1|−0.2| ") == ["+0.1", "−0.2"] and parts(None) == parts("|") == []
    assert [conclusion(c) for c in ("01", "02", "合格", "", "03")] == [
        "PASS",
        "FAIL",
        "PASS",
        "",
        "NA",
    ]
    assert moment("2026/11/22 09:30:00") == "2026-11-22T09:30:00+08:00" and moment("bald") == "bald"
    assert moment("2026/11/22T01:30:00.5+00:00") == "2026-11-22T09:30:00.500000+08:00"
    assert whole("１２") == 12 and whole("1.5") == "1.5" and whole("") is None
    assert decoded("表".encode("gbk")) == decoded("表".encode("utf-8-sig")) == "表"
