"""Checks on site: what is judged, what is locked, what follows; bad input leaves nothing."""

import json
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device
from dianheng.common.errors import BadInput, Refused
from dianheng.customers.models import UsagePoint
from dianheng.documents.models import StoredFile
from dianheng.fieldwork.models import FieldCheck, FieldOrder, FieldTask
from dianheng.fieldwork.services import (
    Recorded,
    check_record,
    order_done,
    task_cancel,
    task_make,
    upload_take,
)
from dianheng.fieldwork.services.checks import digest_of
from dianheng.identity.services import actor_for_person, system_actor, write_batch
from dianheng.identity.tests.factories import person_with
from dianheng.standards.tests.factories import equipment, sent_out

from .factories import (
    CALIBRATOR,
    CONDITIONS,
    REVERSED,
    RIGHT,
    an_hour_ago,
    calibrator,
    crew,
    field_task,
    point_with_meter,
)

pytestmark = pytest.mark.django_db
GOOD = {**CONDITIONS, **RIGHT, "error_1": "0.21", "error_2": "0.24", "clock_offset_s": "12"}


def record(raw=GOOD, **more):
    task = more.pop("task", None) or field_task()
    given = {"done_at": an_hour_ago(), "calibrator_no": CALIBRATOR, **more}
    return check_record(task=task, raw=raw, actor=actor_for_person(crew()[0]), **given)


def result(check, item):
    return next(one for one in check.results if one["item"] == item)


def fields(refused):
    return [error["field"] for error in refused.value.refusal.errors]


def test_a_good_meter_passes_and_its_task_is_done():
    calibrator()
    check = record().check
    assert check.outcome == "pass" and FieldTask.objects.get().state == "done"
    error = result(check, "working_error")
    assert (error["value"], error["rounded"], error["limit"]) == ("0.225", "+0.20", "±0.5")
    assert result(check, "wiring")["conclusion"] == "pass"
    assert check.certificate_no == "DNJL-0921" and FieldOrder.objects.count() == 0


@pytest.mark.parametrize("door", ["page", "file"])
def test_a_bench_of_the_laboratory_is_no_calibrator(door):
    """It is told with whatever else is wrong, and nothing is kept."""
    calibrator()
    task = field_task()
    bench = equipment("BENCH-01", DeviceKind.BENCH, "CL3000", 60)
    table = csv_of(task, CSV.replace("XY0001", bench.barcode).replace("0.21", "?"))
    with pytest.raises(BadInput) as refused:
        if door == "page":
            record({**GOOD, "error_1": "?"}, task=task, calibrator_no=bench.barcode)
        else:
            send(table.encode(), "check.csv")
    assert sorted(fields(refused)) == ["calibrator_no", "error_1"]
    assert FieldCheck.objects.count() == 0
    assert record(task=task).check.outcome == "pass"


def test_a_meter_out_of_tolerance_is_replaced_within_three_working_days():
    calibrator()
    friday = timezone.make_aware(datetime(2026, 9, 25, 10, 0))  # holidays follow: 10-01 to 10-07
    task = field_task()
    check = record({**GOOD, "error_1": "0.52", "error_2": "0.54"}, task=task, done_at=friday).check
    assert check.outcome == "fail" and result(check, "working_error")["rounded"] == "+0.55"
    order = check.orders.get()
    assert order.kind == "replace_meter" and order.device == check.meter
    assert order.due_on == date(2026, 9, 30)


def test_drop_and_burden_out_of_limits_have_a_month():
    calibrator()
    raw = {
        "drop_1_f": "-0.15", "drop_1_d": "4", "drop_2_f": "-0.25", "drop_2_d": "6",
        "vt_1_va": "2.4", "vt_1_rated": "10", "ct_1_va": "5", "ct_1_rated": "10",
    }  # fmt: skip
    at = timezone.make_aware(datetime(2026, 8, 31, 10, 0))
    check = record(raw, done_at=at).check
    assert [(one["point"], one["conclusion"]) for one in check.results] == [
        ("ab", "pass"), ("VT ab", "fail"), ("CT a", "pass"), ("cb", "fail"),
    ]  # fmt: skip
    assert result(check, "secondary_voltage_drop")["value"] == "0.1898"
    assert sorted((o.kind, o.due_on) for o in check.orders.all()) == [
        ("mend_burden", date(2026, 9, 30)), ("mend_drop", date(2026, 9, 30)),
    ]  # fmt: skip


def test_a_reversed_current_is_found_with_its_coefficient():
    calibrator()
    check = record({**CONDITIONS, **REVERSED}).check
    wiring = result(check, "wiring")
    assert wiring["conclusion"] == "fail" and wiring["formula"] == "K = √3/tanφ"
    assert wiring["faults"] == [["current_reversed", "1"]]
    assert "第1元件电流反接" in check.orders.get().cause
    assert check.orders.get().kind == "mend_wiring"


def test_without_a_certificate_in_date_the_record_is_kept_without_verdict():
    calibrator(valid_through=timezone.localdate() - timedelta(days=2))
    check = record({**GOOD, "error_1": "0.9", "error_2": "0.9"}).check
    assert check.outcome == "not_judged" and check.blocks[0]["code"] == "calibrator_not_in_date"
    assert FieldOrder.objects.count() == 0 and FieldTask.objects.get().state == "open"


def test_a_calibrator_that_is_with_the_higher_body_locks_the_record():
    device = calibrator()
    order = sent_out(device)
    check = record(done_at=timezone.now()).check
    (block,) = check.blocks
    assert (block["code"], block["facts"]["order"]) == ("calibrator_away", order.number)
    assert check.outcome == "not_judged"


@pytest.mark.parametrize(
    ("accuracy_class", "number", "code"),
    [
        ("0.2", CALIBRATOR, "calibrator_too_coarse"),
        ("0.05", "XY9999", "calibrator_unknown"),
        ("0.05", "", "calibrator_missing"),
    ],
)
def test_a_calibrator_that_may_not_locks_the_record(accuracy_class, number, code):
    calibrator(accuracy_class=accuracy_class)
    check = record(calibrator_no=number).check
    assert [one["code"] for one in check.blocks] == [code] and check.outcome == "not_judged"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"cos_phi": "0.42"}, "cos_phi", "cos_phi_too_low"),
        ({"i1": "0.06", "i2": "0.06"}, "i1", "load_too_low"),
        ({"temperature_c": ""}, "temperature_c", "temperature_missing"),
        ({"error_2": ""}, "error_2", "too_few_readings"),
    ],
)
def test_the_active_energy_is_not_tested_where_it_may_not(change, field, code):
    calibrator()
    with pytest.raises(BadInput) as refused:
        record({**GOOD, **change})
    assert [(e["field"], e["code"]) for e in refused.value.refusal.errors] == [(field, code)]
    assert FieldCheck.objects.count() == 0


def test_frost_keeps_the_record_without_verdict():
    calibrator()
    check = record({**GOOD, "temperature_c": "-8"}).check
    assert check.outcome == "not_judged"
    facts = {"value": "-8", "low": "0", "high": "35"}
    assert check.blocks == [
        {"code": "temperature_too_low", "facts": facts, "item": "working_error"}
    ]
    error = result(check, "working_error")
    assert (error["conclusion"], error["reason"]) == ("incomplete", "condition_outside")
    assert FieldTask.objects.get().state == "open"


def test_a_dead_voltage_locks_the_working_error_and_is_put_right():
    calibrator()
    dead = {**GOOD, "u2": "0", "u2_deg": "", "error_1": "-49.8", "error_2": "-49.9"}
    check = record(dead).check
    assert [(one["code"], one["item"]) for one in check.blocks] == [
        ("voltage_too_low", "working_error")
    ]
    assert result(check, "working_error")["conclusion"] == "incomplete"
    assert result(check, "wiring")["faults"] == [["voltage_missing", "2"]]
    assert check.outcome == "fail" and check.orders.get().kind == "mend_wiring"
    assert FieldTask.objects.get().state == "done"


def test_a_calibrator_that_may_not_locks_the_wiring_too():
    calibrator()
    check = record({**GOOD, **REVERSED}, calibrator_no="XY9999").check
    assert check.outcome == "not_judged" and FieldOrder.objects.count() == 0


def test_a_day_before_the_editions_is_refused_at_its_field():
    calibrator()
    with pytest.raises(BadInput) as refused:
        record(done_at=timezone.make_aware(datetime(2016, 11, 30, 9, 0)))
    assert fields(refused) == ["done_at"] and FieldCheck.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"u1_deg": "", "i2_deg": ""}, ["u1_deg", "i2_deg"]),
        ({"u2": ""}, ["u2"]),
        ({"u1": "0.1", "u2": "0.1"}, ["u1"]),
        ({"u1": "10000", "u2": "10000"}, ["u1"]),
        ({"i1": "121", "i2": "120"}, ["i1"]),
        ({"u2_deg": "5.2", "i1_deg": "1.05", "i2_deg": "5.2"}, ["u1_deg"]),
        ({"sequence": "negative"}, ["sequence"]),
        ({"u2_deg": "15"}, ["u1_deg"]),
        ({"cos_phi": "87", "u1": "a", "error_1": "0,21"}, ["cos_phi", "error_1", "u1"]),
    ],
    ids=["angles missing", "voltage missing", "kilovolts", "primary volts", "primary amperes",
         "radians", "phases swapped", "impossible", "no numbers"],
)  # fmt: skip
def test_bad_phasors_are_told_at_once_and_nothing_is_kept(change, expected):
    calibrator()
    with pytest.raises(BadInput) as refused:
        record({**GOOD, **change})
    assert fields(refused) == expected
    assert FieldCheck.objects.count() == 0 and FieldTask.objects.get().state == "open"


def test_a_repeat_brings_the_same_record_and_other_content_is_refused():
    calibrator()
    task = field_task()
    at = an_hour_ago()
    first = record(task=task, upload_id="A-1", done_at=at)
    again = record(task=task, upload_id="A-1", done_at=at)
    assert again.is_repeat and again.check == first.check
    with pytest.raises(Refused) as refused:
        record({**GOOD, "error_1": "0.3"}, task=task, upload_id="A-1", done_at=at)
    assert refused.value.refusal.code == "repeated" and FieldCheck.objects.count() == 1


@pytest.mark.parametrize("what", ["calibrator_no", "done_at", "second"])
def test_a_corrected_entry_is_another_record_though_its_readings_are_the_same(what):
    """A mistyped calibrator is put right by entering the check again."""
    calibrator()
    task, at = field_task(), an_hour_ago()
    wrong = {
        "calibrator_no": "XY9999", "done_at": at - timedelta(minutes=5),
        "second": person_with("fieldwork.record", login="zhao", name="赵"),
    }[what]  # fmt: skip
    first = record(task=task, **{"done_at": at, what: wrong})
    mended = record(task=task, done_at=at)
    assert (mended.is_repeat, mended.check.attempt, mended.check.outcome) == (False, 2, "pass")
    assert record(task=task, **{"done_at": at, what: wrong}) == Recorded(first.check, True)
    assert record(task=task, done_at=at) == Recorded(mended.check, True)
    record(task=task, upload_id="A-2", **{"done_at": at, what: wrong})
    with pytest.raises(Refused) as refused:
        record(task=task, upload_id="A-2", done_at=at)
    assert refused.value.refusal.code == "repeated"


def test_a_repeat_names_the_calibrator_by_either_number():
    """The record keeps the asset number, also where its bar code was sent."""
    device = calibrator()
    with write_batch(actor=system_actor(), action="test"):
        Device.objects.filter(pk=device.pk).update(asset_no="ZC-0921")
    task, at = field_task(), an_hour_ago()
    first = record(task=task, done_at=at).check
    assert first.calibrator_no == "ZC-0921"
    assert record(task=task, done_at=at, calibrator_no="ZC-0921") == Recorded(first, True)
    assert record(task=task, done_at=at) == Recorded(first, True)


def test_an_entry_kept_before_the_id_had_all_of_it_is_still_a_repeat():
    """Its upload is named by the digest of task and readings alone."""
    calibrator()
    task, at = field_task(), an_hour_ago()
    digest = digest_of(task.number, GOOD)
    first = record(task=task, done_at=at, upload_id=digest).check
    assert first.digest == digest
    assert record(task=task, done_at=at) == Recorded(first, True)


def test_a_record_is_evidence():
    calibrator()
    check = record().check
    with pytest.raises(Exception, match="permission denied"):
        FieldCheck.objects.filter(pk=check.pk).update(outcome="fail")


def test_one_person_alone_does_not_check():
    leader, _second = crew()
    with pytest.raises(Refused) as refused:
        record(second=leader)
    assert refused.value.refusal.code == "one_person"


def test_who_may_not_record_is_refused():
    task = field_task()
    stranger = person_with("fieldwork.view", login="li", name="李")
    with pytest.raises(Refused) as refused:
        check_record(
            task=task, raw=GOOD, done_at=an_hour_ago(), calibrator_no=CALIBRATOR,
            actor=actor_for_person(stranger),
        )  # fmt: skip
    assert refused.value.refusal.code == "no_right"


def test_a_task_that_was_called_off_takes_no_record():
    task = field_task()
    task_cancel(task=task, reason="停电", actor=system_actor("command"))
    with pytest.raises(Refused) as refused:
        record(task=task)
    assert refused.value.refusal.code == "state"


def test_an_order_is_carried_out_once_with_what_was_done():
    calibrator()
    order = record({**CONDITIONS, **REVERSED}).check.orders.get()
    actor = actor_for_person(crew()[0])
    today = timezone.localdate()
    with pytest.raises(BadInput):
        order_done(order=order, done_on=today + timedelta(days=1), what_done="改接", actor=actor)
    done = order_done(order=order, done_on=today, what_done="第1元件电流改接", actor=actor)
    assert done.state == "done" and done.done_by == crew()[0]
    with pytest.raises(BadInput):
        order_done(order=order, done_on=today, what_done="again", actor=actor)


def test_a_task_needs_two_people():
    task = field_task()
    with pytest.raises(Refused) as refused:
        task_make(
            point=task.usage_point, kind="meter", due_on=task.due_on, leader=task.leader,
            second=task.leader, actor=system_actor("command"),
        )  # fmt: skip
    assert refused.value.refusal.code == "one_person"


def test_a_point_that_closes_while_a_check_is_planned_gets_no_task():
    """The page was opened before; a repeat still brings the task that was made in time."""
    leader, second = crew()
    seen, _meter = point_with_meter()
    asked = {
        "kind": "meter", "due_on": timezone.localdate(), "leader": leader, "second": second,
        "actor": system_actor("command"),
    }  # fmt: skip
    made = task_make(point=seen, request_key="in time", **asked)
    with write_batch(actor=system_actor(), action="test"):
        UsagePoint.objects.filter(pk=seen.pk).update(closed_on=timezone.localdate())
    with pytest.raises(BadInput) as refused:
        task_make(point=seen, request_key="too late", **asked)
    assert str(refused.value.refusal.text) == f"计量点 {seen.number} 已销户。"
    assert task_make(point=seen, request_key="in time", **asked) == made
    assert FieldTask.objects.get() == made


# -- files ---------------------------------------------------------------------------------------


def envelope(task_no, upload_id="U-1", **header):
    return {
        "schema": "metering-test-upload/1", "upload_id": upload_id, "bench_no": CALIBRATOR,
        "devices": [{
            "header": {
                "task_no": task_no, "equipment_category": "FIELD_METER", "test_kind": "FIELD_CHECK",
                "environment": {"start": {"temperature_c": 12.5, "humidity_pct": 58}},
                "field": {"frequency_hz": 50.01, "cos_phi": 0.87, "load_kind": "L"},
                "finished_at": an_hour_ago().isoformat(),
                "operators": [{"person_no": "N-machao", "role": "VERIFIER"}, {"person_no": "N-hejie", "role": "CHECKER"}],
                **header,
            },
            "points": [
                {"item": "BASIC_ERROR", "samples": ["0.21", "0.24"]},
                {"item": "PHASOR", "phase": "U12", "value": 100.2, "angle_deg": 0},
                {"item": "PHASOR", "phase": "U32", "value": 100.4, "angle_deg": 300.1},
                {"item": "PHASOR", "phase": "I1", "value": 1.21, "angle_deg": 60.3},
                {"item": "PHASOR", "phase": "I2", "value": 1.2, "angle_deg": 300.4},
                {"item": "CLOCK_VALUE", "value": "12"},
                {"item": "REGISTER", "rate": "total", "value": "1234.56"},
                {"item": "VT_DROP", "phase": "AB", "f_pct": "-0.15", "delta_min": "4"},
                {"item": "BURDEN", "kind": "VT", "phase": "AB", "value": "5", "rated_va": "10"},
            ],
        }],
    }  # fmt: skip


def send(data, name="check.json", **more):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return upload_take(body=body, name=name, actor=actor_for_person(crew()[0]), **more)


def test_a_calibrators_json_is_recorded_with_what_it_measured():
    calibrator()
    task = field_task()
    data = envelope(task.number)
    (made,) = send(data)
    check = made.check
    assert check.outcome == "pass" and check.second.login == "hejie"
    assert check.sheet["u2_deg"] == "300.1" and check.sheet["register_total"] == "1234.56"
    assert check.received["header"]["task_no"] == task.number and check.file is not None
    assert send(data)[0].is_repeat and FieldCheck.objects.count() == 1


CSV = """任务编号,校验仪编号,校验时间,温度(℃),湿度(%),频率(Hz),功率因数,Uab(V),Ucb(V),φUab(°),φUcb(°),Ia(A),Ic(A),φIa(°),φIc(°),误差1(%),误差2(%)
{task},XY0001,{at},12.5,58,50.01,0.87,100.2,100.4,0,300.1,1.21,1.20,60.3,300.4,0.21,0.24
"""


def csv_of(task, text=CSV):
    at = timezone.localtime(an_hour_ago()).strftime("%Y-%m-%d %H:%M:%S")
    return text.format(task=task.number, at=at)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_with_names_above_values_is_read(encoding):
    calibrator()
    (made,) = send(csv_of(field_task()).encode(encoding), "check.csv")
    assert made.check.outcome == "pass" and made.check.sheet["i2_deg"] == "300.4"


def test_a_table_with_a_name_and_a_value_in_each_row_is_read():
    calibrator()
    head, values = csv_of(field_task()).strip().splitlines()
    rows = "\n".join(f"{h},{v}" for h, v in zip(head.split(","), values.split(","), strict=True))
    (made,) = send(rows.encode(), "check.csv")
    assert made.check.outcome == "pass" and made.check.sheet["u1"] == "100.2"


def test_units_that_are_not_wanted_are_told_with_everything_else():
    task = field_task()
    text = csv_of(task).replace("Uab(V)", "Uab(kV)").replace("φIa(°)", "φIa(rad)")
    with pytest.raises(BadInput) as refused:
        send(text.encode(), "check.csv")
    assert fields(refused) == ["u1", "i1_deg"]
    assert FieldCheck.objects.count() == 0 and StoredFile.objects.count() == 0


@pytest.mark.parametrize(
    ("head", "value", "field", "code"),
    [
        ("总电量(MWh)", "12.5", "register_total", "wrong_unit"),
        ("时钟误差(ms)", "700", "clock_offset_s", "wrong_unit"),
        ("误差6(%)", "0.9", "error_5", "too_many"),
        ("温度[℃]", "14", "temperature_c", "twice"),
    ],
)
def test_a_table_is_never_misread_in_silence(head, value, field, code):
    calibrator()
    text = CSV.replace("误差1(%)", f"{head},误差1(%)").replace(",0.21", f",{value},0.21")
    with pytest.raises(BadInput) as refused:
        send(csv_of(field_task(), text).encode(), "check.csv")
    assert [(e["field"], e["code"]) for e in refused.value.refusal.errors] == [(field, code)]
    assert FieldCheck.objects.count() == 0


def test_the_unit_is_told_as_it_stands_in_the_file():
    calibrator()
    with pytest.raises(BadInput) as refused:
        send(csv_of(field_task(), CSV.replace("Uab(V)", "Uab(kV)")).encode(), "check.csv")
    (error,) = refused.value.refusal.errors
    assert error["text"] == "“Uab(kV)”的单位是 kV，应为 V。"


@pytest.mark.parametrize(
    ("point", "field", "code"),
    [
        ({"item": "BASIC_ERROR", "samples": ["0.21", "0.24"]}, "error_1", "twice"),
        ({"item": "PHASOR", "phase": "A", "value": 90, "angle_deg": 0}, "points", "form"),
        ({"item": "PHASOR", "phase": "UA", "value": 90, "angle_deg": 0}, "u1", "twice"),
        ({"item": "REGISTER", "rate": "peak", "value": "1.2", "unit": "MWh"}, "register_peak", "wrong_unit"),
        ({"item": "BURDEN", "kind": "CT", "phase": "A", "value": "5", "unit": "kVA", "rated_va": "10"}, "ct_1_va", "wrong_unit"),
    ],
    ids=["second error", "phase without kind", "second voltage", "MWh", "kVA"],
)  # fmt: skip
def test_a_point_is_never_misread_in_silence(point, field, code):
    calibrator()
    data = envelope(field_task().number)
    data["devices"][0]["points"].append(point)
    with pytest.raises(BadInput) as refused:
        send(data)
    assert [(e["field"], e["code"]) for e in refused.value.refusal.errors] == [(field, code)]
    assert FieldCheck.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"direction": "FWD_REACTIVE"}, "direction"),
        ({"samples": ["0.2"] * 5 + ["0.9"]}, "too_many"),
        ({"unit": "‰"}, "wrong_unit"),
    ],
    ids=["reactive", "six readings", "per mille"],
)
def test_only_the_forward_active_error_is_judged_in_at_most_five_readings(change, code):
    calibrator()
    data = envelope(field_task().number)
    data["devices"][0]["points"][0] |= change
    with pytest.raises(BadInput) as refused:
        send(data)
    assert [e["code"] for e in refused.value.refusal.errors] == [code]


def test_registers_of_other_energies_stay_in_what_was_received():
    calibrator()
    data = envelope(field_task().number)
    reverse = {"item": "REGISTER", "rate": "total", "value": "9", "direction": "REV_ACTIVE"}
    deep = {"item": "REGISTER", "rate": "deep_valley", "value": "9", "unit": "kWh"}
    data["devices"][0]["points"] += [reverse, deep]
    check = send(data)[0].check
    assert check.sheet["register_total"] == "1234.56" and check.outcome == "pass"


def test_of_two_records_one_is_bad_and_none_is_kept():
    calibrator()
    task = field_task()
    data = envelope(task.number)
    data["devices"].append(envelope("XC0-2026-000000")["devices"][0])
    with pytest.raises(BadInput) as refused:
        send(data)
    assert [(e["record"], e["code"]) for e in refused.value.refusal.errors] == [(2, "not_found")]
    assert FieldCheck.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"schema": "other"}', b"\xff\xfe\x00", b"a,b\n1,2\n", b'{"schema":"metering-test-upload/1","devices":[1]}',
     b'{"schema":"metering-test-upload/1","devices":' + b"[" * 5000],
    ids=["empty", "cut off", "other schema", "binary", "other table", "no record", "deep"],
)  # fmt: skip
def test_what_is_no_file_of_a_calibrator_is_refused(body):
    with pytest.raises(BadInput):
        send(body, "check.json" if body.startswith(b"{") else "check.csv")
    assert FieldCheck.objects.count() == 0


def test_of_two_people_with_one_name_the_staff_number_is_asked_for():
    calibrator()
    task = field_task()
    person_with(login="hejie2", name="何洁")
    text = csv_of(
        task, CSV.replace("误差1(%)", "核验员,校验员,误差1(%)").replace(",0.21", ",何洁,马超,0.21")
    )
    with pytest.raises(BadInput) as refused:
        send(text.encode(), "check.csv")
    (error,) = refused.value.refusal.errors
    assert error["field"] == "people" and "N-hejie2" in str(error["text"])
    assert FieldCheck.objects.count() == 0


def test_a_record_of_another_meter_than_hangs_there_is_refused():
    calibrator()
    task = field_task()
    with pytest.raises(BadInput) as refused:
        send(envelope(task.number, asset_no="4130001000000000009999"))
    assert fields(refused) == ["meter"]
