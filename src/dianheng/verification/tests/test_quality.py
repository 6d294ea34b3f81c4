"""QC batches: what collectors send is taken whole or not at all; who fails stays in the store."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.assets.services import devices_transition
from dianheng.assets.tests.factories import meter
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import actor_for_person, qualification_grant, system_actor
from dianheng.identity.tests.factories import person_with
from dianheng.standards.tests.factories import sent_out
from dianheng.verification.models import (
    QualityMeter,
    QualityReading,
    QualityResult,
    Upload,
)
from dianheng.verification.papers import quality_record
from dianheng.verification.selectors.quality import batch_seen
from dianheng.verification.services import (
    quality_batch_cancel,
    quality_batch_make,
    quality_judge,
    readings_receive,
    readings_scan,
)

from .factories import metering_centre
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

pytestmark = pytest.mark.django_db


def faults(refused):
    return [(one["row"], one["code"]) for one in refused.value.refusal.errors]


def judge(batch, actor=None):
    return quality_judge(
        batch=batch, seen_digest=batch_seen(batch).digest, actor=actor or checking()
    )


def test_a_run_is_judged_by_class_and_one_last_digit():
    batch, devices = quality_batch(stands_for=240), verified_meters(3)
    # Class 2 of 10 kWh is 0.20, and one last digit 0.01.
    run_through(batch, devices, ["10.21", "9.79", "10.22"])
    seen = batch_seen(batch)
    assert [(one.difference_kwh, one.limit_kwh, one.outcome) for one in seen.meters] == [
        (Decimal("0.21"), Decimal("0.21"), "passed"),
        (Decimal("-0.21"), Decimal("0.21"), "passed"),
        (Decimal("0.22"), Decimal("0.21"), "failed"),
    ]
    assert seen.outcome == "failed" and seen.faults == []
    assert judge(batch).failure_count == 1
    failed = Device.objects.get(pk=devices[2].pk)
    assert (failed.state, failed.valid_through) == ("awaiting_verification", None)
    assert Device.objects.get(pk=devices[0].pk).state == "qualified"
    event = failed.events.order_by("-pk").first()
    assert event.document == f"quality:{batch.number}"
    assert batch.number in event.reason
    kept = QualityResult.objects.get(device=failed)
    assert (kept.difference_pct, kept.failing_items) == (Decimal("2.2"), ["constant"])


def test_as_many_failures_as_are_allowed_let_the_batch_pass():
    batch, devices = quality_batch(allowed_failures=1), verified_meters(2)
    run_through(batch, devices, ["10.00", "10.30"])
    assert judge(batch).outcome == "passed"
    assert Device.objects.get(pk=devices[1].pk).state == "awaiting_verification"


def test_rates_are_held_against_the_total():
    batch, (device,) = quality_batch(), verified_meters(1)
    no = batch.reference.barcode
    starts = {"total": "100.00", "sharp": "0", "peak": "40.00", "flat": "30.00", "valley": "30.00"}
    sent(batch, table("start", {no: "0", device.barcode: starts}))
    ends = {"total": "110.00", "sharp": "0", "peak": "44.00", "flat": "33.00", "valley": "32.96"}
    sent(batch, table("end", {no: "10.0000", device.barcode: ends}))
    (meter,) = batch_seen(batch).meters
    assert (meter.rates_difference_kwh, meter.rates_limit_kwh) == (Decimal("0.04"), Decimal("0.03"))
    assert meter.failing_items == ["combination"] and meter.outcome == "failed"


def test_a_meter_of_which_not_all_rates_were_read_is_not_failed_for_it():
    batch, devices = quality_batch(), verified_meters(2)
    no, first, second = batch.reference.barcode, *(one.barcode for one in devices)
    start = {"total": "100.00", "peak": "40.00", "flat": "30.00"}
    sent(batch, table("start", {no: "0", first: start, second: start}))
    behind = {"total": "110.00", "peak": "44.00", "flat": "33.00"}  # 3 kWh went elsewhere
    ahead = {"total": "110.00", "peak": "46.00", "flat": "34.05"}
    sent(batch, table("end", {no: "10.0000", first: behind, second: ahead}))
    seen = batch_seen(batch)
    assert [meter.outcome for meter in seen.meters] == ["not_judged", "failed"]
    assert (seen.faults, seen.outcome) == ([], "failed")


def rates_lacking(count):
    """A batch whose first meter was read at two of its four rates, 3 kWh of the total elsewhere."""
    batch, devices = quality_batch(stands_for=10, allowed_failures=1), verified_meters(count)
    no, first, *others = batch.reference.barcode, *(one.barcode for one in devices)
    start = {"total": "100.00", "peak": "40.00", "flat": "30.00"}
    sent(batch, table("start", {no: "0", first: start, **dict.fromkeys(others, "100.00")}))
    return batch, devices


def ended(batch, devices, total):
    first, *others = (one.barcode for one in devices)
    end = {"total": total, "peak": "44.00", "flat": "33.00"}
    others = dict.fromkeys(others, "110.00")
    sent(batch, table("end", {batch.reference.barcode: "10.0000", first: end, **others}))


def test_a_meter_of_which_not_all_rates_were_read_does_not_keep_its_batch_from_being_judged():
    batch, devices = rates_lacking(3)
    ended(batch, devices, "110.00")
    verdict = judge(batch)
    assert (verdict.outcome, verdict.meter_count, verdict.failure_count) == ("passed", 2, 0)
    kept = QualityResult.objects.get(device=devices[0])
    assert (kept.outcome, kept.difference_kwh) == ("not_judged", Decimal(0))
    assert Device.objects.get(pk=devices[0].pk).state == "qualified"
    paper = quality_record(batch)
    assert [row.conclusion for row in paper.rows] == ["not_judged", "pass", "pass"]
    assert paper.sample == "2 / 10 = 20.0 %"
    again = quality_batch()  # with the total alone
    run_through(again, devices[:1], ["10.00"])
    assert judge(again).outcome == "passed"


def test_a_meter_that_fails_against_the_reference_fails_whatever_rates_were_read():
    batch, devices = rates_lacking(2)
    ended(batch, devices, "112.00")
    assert [one.outcome for one in batch_seen(batch).meters] == ["failed", "passed"]
    judge(batch)
    assert Device.objects.get(pk=devices[0].pk).state == "awaiting_verification"


def test_a_batch_of_which_no_meter_can_be_judged_is_not_judged():
    batch, devices = rates_lacking(1)
    ended(batch, devices, "110.00")
    seen = batch_seen(batch)
    assert ([one["code"] for one in seen.faults], seen.outcome) == (["no_meters"], "")
    with pytest.raises(Refused):
        judge(batch)


def test_a_meter_far_from_the_others_is_named_though_it_passes():
    batch, devices = quality_batch(), verified_meters(6)
    run_through(batch, devices, ["10.00", "10.01", "10.00", "9.99", "10.01", "10.15"])
    assert [one.is_apart for one in batch_seen(batch).meters] == [False] * 5 + [True]


def test_the_same_file_twice_changes_nothing():
    batch, devices = quality_batch(), verified_meters(2)
    body = table("start", {batch.reference.barcode: "0", devices[0].barcode: "1.00"})
    assert sent(batch, body).taken == 2
    again = sent(batch, body)
    assert again.is_repeat and QualityReading.objects.count() == 2 and Upload.objects.count() == 1


def test_everything_wrong_with_a_file_is_told_at_once_and_nothing_is_kept():
    batch, devices = quality_batch(), verified_meters(5)
    codes = [one.barcode for one in devices]
    no, at = batch.reference.barcode, an_hour_ago()
    sent(batch, table("start", {no: "0", codes[0]: "50.00", codes[1]: "60.00"}))
    rows = [
        (no, "end", "total", "10.0", at),
        (codes[0], "end", "total", "49.99", at),  # 2 lower than its start
        (codes[2], "end", "total", "12.00", at),  # 3 no start
        ("9999999", "start", "total", "1.00", at),  # 4 unknown
        (codes[3], "start", "total", "1.00", at),
        (codes[3], "start", "total", "2.00", at),  # 6 twice
        (codes[4], "start", "total", "1.234", at),  # 7 too many decimals
        (codes[4], "begin", "night", "x", "soon"),  # 8 nothing is right
        (codes[1], "start", "total", "61.00", at),  # 9 read before, no reason
    ]
    head = "条码,起止,示数类型,示数,抄读时间,采集器编号\n"
    body = (head + "\n".join(",".join([*row, "CJ-07"]) for row in rows)).encode("gb18030")
    kept = QualityReading.objects.count()
    with pytest.raises(BadInput) as refused:
        sent(batch, body)
    assert faults(refused) == [
        (2, "lower"),
        (3, "start_missing"),
        (4, "not_found"),
        (6, "twice"),
        (7, "decimals"),
        (8, "moment"),
        (8, "register"),
        (8, "number"),
        (8, "time"),
        (9, "read_before"),
    ]
    assert QualityReading.objects.count() == kept and QualityMeter.objects.count() == 2
    evidence = Upload.objects.get(state="refused")
    assert bytes(evidence.body) == body and len(evidence.answer["errors"]) == 10


def test_without_the_start_of_the_reference_meter_no_end_is_read():
    batch, (device,) = quality_batch(), verified_meters(1)
    sent(batch, table("start", {device.barcode: "1.00"}))
    with pytest.raises(BadInput) as refused:
        sent(batch, table("end", {device.barcode: "2.00"}))
    assert faults(refused) == [(1, "no_reference")]


@pytest.mark.parametrize(
    ("state", "code"), [("awaiting_verification", "state"), ("in_service", "state")]
)
def test_only_verified_meters_in_stock_are_checked(state, code):
    batch, device = quality_batch(), meter(state, first=70)
    with pytest.raises(BadInput) as refused:
        sent(batch, table("start", {device.barcode: "1.00"}))
    assert faults(refused) == [(1, code)]


def test_a_meter_stands_in_one_open_batch_and_leaves_no_store_meanwhile():
    batch, (device,) = quality_batch(), verified_meters(1)
    sent(batch, table("start", {device.barcode: "1.00"}))
    other = quality_batch(bench=run_bench("ZT0002"))
    with pytest.raises(BadInput) as refused:
        sent(other, table("start", {device.barcode: "1.00"}))
    assert faults(refused) == [(1, "elsewhere")]
    with pytest.raises(Refused) as locked:
        devices_transition(device_ids=[device.pk], verb="issue", actor=system_actor())
    assert "under_quality" in {one["code"] for one in locked.value.refusal.errors}
    quality_batch_cancel(batch=batch, reason="台体故障", actor=collecting())
    assert sent(other, table("start", {device.barcode: "1.00"})).taken == 1


def test_a_correction_names_what_it_replaces_and_why():
    batch, (device,) = quality_batch(), verified_meters(1)
    sent(batch, table("start", {device.barcode: "1.00"}))
    with pytest.raises(BadInput) as refused:
        readings_scan(
            batch=batch, code=device.barcode, moment="start", readings={"total": "1.10"},
            actor=collecting(),
        )  # fmt: skip
    assert faults(refused) == [(1, "read_before")]
    readings_scan(
        batch=batch, code=device.barcode, moment="start", readings={"total": "１．１０"},
        actor=collecting(), reason="抄错",
    )  # fmt: skip
    old, new = QualityReading.objects.order_by("pk")
    assert new.replaces == old and (new.reading_kwh, new.reason) == (Decimal("1.10"), "抄错")


def scan(batch, moment, device, reading, reason=""):
    return readings_scan(
        batch=batch, code=device.barcode, moment=moment, readings={"total": reading},
        actor=collecting(), reason=reason,
    )  # fmt: skip


def test_a_mistyped_start_is_corrected_after_the_end_was_read():
    batch, (device,) = quality_batch(), verified_meters(1)
    no = batch.reference.barcode
    sent(batch, table("start", {no: "9.0000", device.barcode: "5.00"}))
    sent(batch, table("end", {no: "10.0000", device.barcode: "60.01"}))
    scan(batch, "start", device, "50.00", "漏了一位")
    scan(batch, "start", batch.reference, "0", "抄错")
    (meter,) = batch_seen(batch).meters
    assert (meter.difference_kwh, meter.outcome) == (Decimal("0.01"), "passed")
    for new in QualityReading.objects.filter(replaces__isnull=False).select_related("replaces"):
        assert new.read_at == new.replaces.read_at < new.recorded_at


def test_a_correction_days_later_leaves_the_run_on_its_day():
    yesterday = timezone.localtime(timezone.now() - timedelta(days=1))
    batch = quality_batch(reference=reference_meter(days=-1))  # in date until yesterday
    (device,) = verified_meters(1)
    no, at = batch.reference.barcode, yesterday.isoformat()
    sent(batch, table("start", {no: "0", device.barcode: "100.00"}, at))
    sent(batch, table("end", {no: "10.0000", device.barcode: "111.00"}, at))
    scan(batch, "end", device, "110.00", "抄错")
    seen = batch_seen(batch)
    assert (seen.faults, seen.outcome) == ([], "passed")
    judge(batch)
    paper = quality_record(batch)
    assert (paper.run_from, paper.run_until) == (yesterday, yesterday)


def test_the_paper_says_when_the_readings_that_count_were_read():
    batch, (device,) = quality_batch(), verified_meters(1)
    at = an_hour_ago()
    wrong_clock = (timezone.now() - timedelta(days=400)).isoformat()
    sent(batch, table("start", {batch.reference.barcode: "0", device.barcode: "100.00"}, at))
    sent(batch, table("start", {device.barcode: "1.00"}, wrong_clock, reason="抄错"))
    sent(batch, table("start", {device.barcode: "100.00"}, at, reason="采集器时钟不准"))
    sent(batch, table("end", {batch.reference.barcode: "10.0000", device.barcode: "110.00"}))
    judge(batch)
    assert f"{quality_record(batch).run_from:%Y-%m-%d %H:%M:%S}" == at


def test_a_reference_meter_of_the_same_class_judges_nothing():
    devices = verified_meters(2)
    batch = quality_batch(reference=devices[0])
    run_through(batch, devices[1:], ["10.00"], reference="10.00")
    seen = batch_seen(batch)
    assert [one["code"] for one in seen.faults] == ["standard_too_coarse"]
    assert seen.outcome == ""


def test_a_file_in_the_folder_of_the_bench_is_of_the_batch_that_stands_there():
    batch, (device,) = quality_batch(), verified_meters(1)
    body = table("start", {device.barcode: "1.00"})
    found = readings_receive(
        body=body, name="a.csv", actor=system_actor("job"), bench_no=batch.bench.barcode
    )
    assert found.batch == batch
    with pytest.raises(BadInput):
        readings_receive(body=body, name="a.csv", actor=system_actor("job"), bench_no="ZT9")


def test_json_and_a_column_for_each_register_say_the_same():
    batch, devices = quality_batch(), verified_meters(2)
    row = {"barcode": devices[0].barcode, "read_at": an_hour_ago(), "moment": "起"}
    body = as_json(batch.number, [{**row, "total": 12.5, "peak": "3.20"}], upload_id="U-0001")
    found = readings_receive(body=body, name="u.json", actor=collecting(), source="rest")
    assert found.taken == 2 and found.upload.upload_id == "U-0001"
    wide = f"资产编号,起/止,总,峰,时间\n{devices[1].barcode},起,12.5,3.2,{an_hour_ago()}\n"
    assert sent(batch, wide.encode()).taken == 2
    values = QualityReading.objects.filter(register="peak").values_list("reading_kwh", flat=True)
    assert list(values) == [Decimal("3.20"), Decimal("3.2")]


def test_an_upload_number_of_another_batch_is_refused_and_names_it():
    first, (device,) = quality_batch(), verified_meters(1)
    row = {"barcode": device.barcode, "read_at": an_hour_ago(), "moment": "start", "total": "1"}
    body = as_json("", [row], upload_id="U-0001", bench_no=first.bench.barcode)
    send = {"body": body, "name": "u.json", "actor": collecting(), "source": "rest"}
    assert readings_receive(**send).batch == first
    assert readings_receive(**send).is_repeat
    quality_batch_cancel(batch=first, reason="台体故障", actor=collecting())
    second = quality_batch()
    with pytest.raises(Refused) as refused:
        readings_receive(**send)
    assert refused.value.refusal.code == "upload_id_used"
    assert first.number in str(refused.value.refusal.text)
    assert not second.readings.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00\x01", b'{"schema": "other"}', b'{"schema": "register-readings/1"}',
     b'{"schema": "register-readings/1", "readings": [1]}', b"a,b\n1,2\n", b"barcode,reading\n",
     b'barcode,reading\n"1,2\n', b"barcode,reading\n1,2,3\n", b"[" * 100_000],
    ids=["empty", "binary", "other-schema", "no-rows", "rows-of-nothing", "no-column", "no-row",
         "cut-off", "too-many-fields", "deep"],
)  # fmt: skip
def test_what_is_no_file_of_a_collector_is_kept_and_refused(body):
    batch = quality_batch()
    with pytest.raises(BadInput):
        sent(batch, body)
    assert Upload.objects.get().state == "refused"


def test_who_read_the_registers_does_not_judge_them():
    batch, devices = quality_batch(), verified_meters(1)
    run_through(batch, devices, ["10.00"])
    both = person_with("verification.review", login="reader", name="李走字")
    qualification_grant(
        person=both, kind="checker", number="H-1", issuer="局",
        valid_from=timezone.localdate() - timedelta(days=9),
        valid_through=timezone.localdate() + timedelta(days=9), actor=system_actor(),
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        judge(batch, actor_for_person(both))
    assert refused.value.refusal.code == "same_person"
    assert QualityResult.objects.count() == 0


def test_a_batch_that_lacks_something_is_not_judged_and_says_all_of_it():
    batch = quality_batch(has_signed_rules=False, reference=reference_meter(days=-2))
    devices = verified_meters(2)
    no = batch.reference.barcode
    sent(batch, table("start", {no: "0", devices[0].barcode: "1.00", devices[1].barcode: "1.00"}))
    sent(batch, table("end", {devices[0].barcode: "11.00"}))
    with pytest.raises(Refused) as refused:
        judge(batch)
    assert [one["code"] for one in refused.value.refusal.errors] == [
        "no_reference", "standard_not_in_date", "end_missing", "rules_unsigned",
    ]  # fmt: skip


def test_what_changed_since_it_was_shown_is_not_signed():
    batch, devices = quality_batch(), verified_meters(1)
    run_through(batch, devices, ["10.00"])
    digest = batch_seen(batch).digest
    readings_scan(
        batch=batch, code=devices[0].barcode, moment="end", readings={"total": "110.50"},
        actor=collecting(), reason="抄错",
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        quality_judge(batch=batch, seen_digest=digest, actor=checking())
    assert refused.value.refusal.code == "changed"


def test_a_judged_batch_takes_no_more_readings():
    batch, devices = quality_batch(), verified_meters(2)
    run_through(batch, devices[:1], ["10.00"])
    judge(batch)
    with pytest.raises(Refused) as refused:
        sent(batch, table("start", {devices[1].barcode: "1.00"}))
    assert refused.value.refusal.code == "state"
    assert Upload.objects.filter(state="refused").count() == 1


def test_a_bench_carries_one_open_batch():
    batch = quality_batch()
    make = {
        "unit": metering_centre(), "kind": "qc_bench", "bench": batch.bench,
        "reference": batch.reference, "actor": collecting(),
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        quality_batch_make(**make)
    assert refused.value.refusal.code == "bench_taken"
    with pytest.raises(BadInput) as wrong:
        quality_batch_make(
            **make | {"bench": batch.reference, "reference": batch.bench, "stands_for": 0}
        )
    assert [one["field"] for one in wrong.value.refusal.errors] == [
        "bench", "reference", "stands_for",
    ]  # fmt: skip


@pytest.mark.parametrize("which", ["bench", "reference"])
def test_no_batch_begins_with_a_bench_or_reference_that_is_away(which):
    things = {"bench": run_bench(), "reference": reference_meter()}
    sent_out(things[which])
    with pytest.raises(Refused) as refused:
        quality_batch_make(
            unit=metering_centre(), kind="register_run", actor=collecting(), **things
        )
    assert refused.value.refusal.code == "away"
    assert things[which].barcode in str(refused.value.refusal.text)
