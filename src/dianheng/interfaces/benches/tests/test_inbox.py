"""Files of benches: neutral JSON, a pair of CSV, the State Grid record layout; done or refused."""

import csv
import io
import json
import os
import time
from decimal import Decimal

import pytest

from dianheng.common.errors import BadInput
from dianheng.identity.services import system_actor
from dianheng.interfaces.benches import inbox
from dianheng.interfaces.benches.csv_form import envelope_from_csv
from dianheng.interfaces.benches.record_layout import envelope_from_records, looks_like_records
from dianheng.interfaces.benches.texts import conclusion, decoded, moment, parts, whole
from dianheng.verification.models import TestRecord, Upload, Verdict
from dianheng.verification.services import task_withdraw_devices
from dianheng.verification.tests.factories import (
    body_of,
    envelope_of,
    laboratory,
    load_with,
    seals_for,
    task_with,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bench(settings, tmp_path):
    """A laboratory, a task of three meters, what the bench would send, and its folder."""
    settings.DATA = tmp_path
    lab = laboratory()
    task = task_with(3)
    load = load_with(task, lab.bench)
    codes = [row.device.barcode for row in task.devices.select_related("device")]
    folder = tmp_path / "inbox" / "benches" / lab.bench.barcode
    folder.mkdir(parents=True)
    return lab, task, envelope_of(lab, load, seals=seals_for(codes)), folder


def drop(folder, name, body, age=10.0):
    path = folder / name
    path.write_bytes(body)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def moved(folder, where):
    return sorted(path.name for path in (folder / where).rglob("*") if path.is_file())


def answer(folder, where):
    kind = "answer" if where == "done" else "reason"
    return json.loads(next((folder / where).rglob(f"*.{kind}.json")).read_text(encoding="utf-8"))


# -- the neutral form ----------------------------------------------------------------------------


def test_a_file_that_is_whole_is_taken_and_moved_to_done(bench):
    _lab, _task, envelope, folder = bench
    body = body_of(envelope)
    drop(folder, "run-1.json", body)
    assert inbox.collect() == 1
    assert moved(folder, "done") == ["run-1.answer.json", "run-1.json"]
    assert answer(folder, "done")["status"] == 201
    upload = Upload.objects.get()
    assert (upload.source, upload.source_name, bytes(upload.body)) == ("file", "run-1.json", body)
    assert TestRecord.objects.count() == 3 and not list(folder.glob("*.json"))


@pytest.mark.parametrize("name", [".run.json", "run.json.tmp", "~run.json", "run.part"])
def test_a_file_that_is_being_written_is_left_alone(bench, name):
    _lab, _task, envelope, folder = bench
    drop(folder, name, body_of(envelope))
    assert inbox.collect() == 0 and not Upload.objects.exists()


def test_a_file_that_just_changed_is_left_until_it_settles(bench):
    _lab, _task, envelope, folder = bench
    drop(folder, "run.json", body_of(envelope), age=0)
    assert inbox.collect() == 0


def test_the_same_file_again_is_harmless(bench):
    _lab, _task, envelope, folder = bench
    for _again in range(2):
        drop(folder, "run.json", body_of(envelope))
        inbox.collect()
    assert TestRecord.objects.count() == 3
    assert moved(folder, "done") == [
        "run.answer.json",
        "run.json",
        "run~2.answer.json",
        "run~2.json",
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
    "too large": (b" " * 9_000_000, "bad_input"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_goes_to_refused_with_its_reason(bench, name):
    *_rest, folder = bench
    body, code = REFUSED[name]
    drop(folder, "bad.json", body)
    inbox.collect()
    assert moved(folder, "refused") == ["bad.json", "bad.reason.json"]
    assert answer(folder, "refused")["code"] == code
    assert Upload.objects.get().state == "refused"


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
    drop(folder, "a.json", b"junk", age=20)
    drop(folder, "b.json", body_of(envelope))
    assert inbox.collect() == 2 and TestRecord.objects.count() == 3


def test_a_link_is_not_followed(bench, tmp_path):
    _lab, _task, envelope, folder = bench
    outside = drop(tmp_path, "secret.json", body_of(envelope))
    (folder / "run.json").symlink_to(outside)
    assert inbox.collect() == 0 and outside.exists()


# -- two CSV files -----------------------------------------------------------------------------------


def flat(value, prefix=""):
    """Nested fields with dots, as the CSV form has them."""
    for name, part in value.items():
        if isinstance(part, dict):
            yield from flat(part, f"{prefix}{name}.")
        elif name == "samples" or (prefix and isinstance(part, list)):
            yield f"{prefix}{name}", "|".join(map(str, part))
        elif name == "standards":
            keys = ("asset_no", "accuracy_class", "certificate_no", "valid_until")
            yield name, ";".join("|".join(s.get(k, "") for k in keys) for s in part)
        elif name == "operators":
            yield name, ";".join(f"{o['person_no']}:{o['role']}" for o in part)
        elif name == "seals":
            yield name, ";".join(f"{s['seal_no']}:{s['position']}" for s in part)
        else:
            yield f"{prefix}{name}", str(part).lower() if isinstance(part, bool) else str(part)


def as_csv(envelope, encoding="utf-8-sig"):
    """The same upload as a pair of files."""
    own = {k: v for k, v in envelope.items() if k not in ("devices", "schema", "load_no")}
    headers = [own | dict(flat(d["header"])) for d in envelope["devices"]]
    points = [
        {"asset_no": d["header"]["asset_no"], **dict(flat(p))}
        for d in envelope["devices"]
        for p in d["points"]
    ]
    return [table(rows).encode(encoding) for rows in (headers, points)]


def table(rows):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_pair_of_csv_files_gives_the_same_verdicts_as_json(bench, encoding):
    _lab, task, envelope, folder = bench
    header, points = as_csv(envelope, encoding)
    drop(folder, "run_header.csv", header)
    drop(folder, "run_points.csv", points)
    assert inbox.collect() == 1
    told = answer(folder, "done")
    assert told["status"] == 201 and [d["outcome"] for d in told["devices"]] == ["passed"] * 3
    assert [d["differences"] for d in told["devices"]] == [0] * 3
    assert moved(folder, "done") == ["run.answer.json", "run.header.csv", "run.points.csv"]
    upload = Upload.objects.get()
    assert (
        bytes(upload.body) == header + points
        and upload.content_type == f"text/csv; first={len(header)}"
    )
    record = TestRecord.objects.order_by("upload_index").first()
    sent = {p["seq"]: p.get("samples", []) for p in envelope["devices"][0]["points"]}
    stored = {r.seq: list(r.samples) for r in record.results.filter(is_derived=False)}
    assert {seq: [Decimal(s) for s in values] for seq, values in sent.items()} == stored
    assert task.devices.filter(step="tested").count() == 3


def test_half_a_pair_waits_for_the_other_half_and_is_refused_when_it_never_comes(bench):
    _lab, _task, envelope, folder = bench
    header, _points = as_csv(envelope)
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


def as_record(device, bench_no, certificate_no, person_no):
    """A device of an upload as a record of the layout, upper-case names, values joined by `|`."""
    header = device["header"]
    record = {
        "DETECT_TASK_NO": header["task_no"], "BAR_CODE": header["asset_no"], "DETECT_EQUIP_NO": bench_no,
        "POSITION_NO": str(header["position_no"]), "DETECT_DATE": header["finished_at"][:19].replace("T", " "),
        "TEMPERAURE": "23.1", "HUMIDITY": "55", "DIVICE_CERTIFICATE_NO": certificate_no, "VERIFIER": person_no,
        "VERIFICATION_KIND": "首次检定", "CHK_CONC_CODE": "01", "LEFT_SEAL": header["seals"][0]["seal_no"],
        "RIGHT_SEAL": header["seals"][1]["seal_no"], "INTUIT_CONC_CODE": "01", "REGULATION": "JJG 596-2012",
        "basic_error": [], "items": [],
    }  # fmt: skip
    for point in device["points"]:
        joined = "|".join(point.get("samples", []))
        if point["item"] == "BASIC_ERROR":
            record["basic_error"].append(
                {
                    "BOTH_WAY_POWER_FLAG": "0", "IABC": "01", "LOAD_CURRENT": point["load_current"],
                    "PF": point["power_factor"], "DETECT_CIRCLE": "10", "SIMPLING": str(len(point["samples"])),
                    "ERROR": joined, "AVE_ERR": point["mean"], "INT_CONVERT_ERR": point["rounded"],
                    "ERR_UP": point["limit_high"], "ERR_DOWN": point["limit_low"], "CHK_CONC_CODE": "01",
                }
            )  # fmt: skip
        elif point["item"] == "CLOCK":
            record["daily_clock_error"] = [
                {
                    "SIMPLING": "5",
                    "ERROR": joined,
                    "INT_CONVERT_ERR": point["rounded"],
                    "CHK_CONC_CODE": "01",
                }
            ]
        elif point["item"] == "CLOCK_VALUE":
            record["clock_compare"] = {"TIME_ERR": joined}
        elif point["item"] == "COMBINATION":
            record["register_combination"] = [{"ELE_INCREMENT": joined, "VALUE_CONC_CODE": "01"}]
        elif point["item"] == "CONSTANT":
            record["constant"] = [{"ELE_INCREMENT": joined, "DETECT_CIRCLE": str(point["pulses"])}]
        elif point["item"] == "STARTING":
            record["starting"] = [{"TEST_TIME": joined, "DETECT_CIRCLE": str(point["pulses"])}]
        elif point["item"] == "NO_LOAD":
            record["creeping"] = [
                {"TEST_TIME": joined, "DETECT_CIRCLE": "0", "LOAD_VOLTAGE": "115"}
            ]
        elif point["item"] != "VISUAL":
            record["items"].append(
                {
                    "item": point["item"],
                    "samples": joined,
                    "unit": point.get("unit", ""),
                    "facts": point.get("facts"),
                    "conc_code": "01",
                }
            )
    return record


def test_records_of_the_layout_give_the_same_verdicts_as_the_neutral_form(bench):
    lab, _task, envelope, folder = bench
    records = [
        as_record(d, lab.bench.barcode, lab.certificate_no, lab.verifier.person_no)
        for d in envelope["devices"]
    ]
    drop(folder, "MT_RECORD.json", json.dumps(records, ensure_ascii=False).encode("gbk"))
    inbox.collect()
    told = answer(folder, "done")
    assert [d["outcome"] for d in told["devices"]] == ["passed"] * 3, told
    assert [d["differences"] for d in told["devices"]] == [0] * 3
    record = TestRecord.objects.order_by("upload_index").first()
    assert record.header["extra"]["record"]["regulation"] == "JJG 596-2012"
    assert record.temperature_end_c == record.temperature_start_c and Verdict.objects.count() == 3


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
    assert whole("１２") == 12 and whole("1.5") == "1.5" and whole("") is None
    assert decoded("表".encode("gbk")) == decoded("表".encode("utf-8-sig")) == "表"
