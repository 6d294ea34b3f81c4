"""Files of bar-code collectors in the folder of a register-run bench."""

import pytest

from dianheng.assets.models import Device
from dianheng.identity.services import system_actor, write_batch
from dianheng.interfaces.benches import inbox
from dianheng.verification.models import QualityReading, Upload
from dianheng.verification.tests.quality import (
    quality_batch,
    run_bench,
    table,
    verified_meters,
)

from .test_inbox import answer, drop, moved, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(settings, tmp_path):
    """A batch that is open on the bench of the folder."""
    settings.DATA = tmp_path
    inbox.memory = inbox.Memory()
    return quality_batch()


@pytest.fixture
def folder(batch, tmp_path):
    made = tmp_path / "inbox" / "benches" / batch.bench.barcode
    made.mkdir(parents=True)
    return made


def test_readings_are_taken_once_into_the_batch_on_the_bench(batch, folder):
    (device,) = verified_meters(1)
    body = table("start", {batch.reference.barcode: "0", device.barcode: "1.00"})
    for name in ("round1.csv", "again.csv"):
        drop(folder, name, body)
        assert inbox.collect() == 1
    assert QualityReading.objects.filter(batch=batch).count() == 2 and Upload.objects.count() == 1
    assert {"round1.csv", "again.csv"} <= set(moved(folder, "done"))
    assert batch.number in words(folder, "done")


def test_what_is_wrong_stands_beside_the_file(batch, folder):
    drop(folder, "round1.csv", table("start", {"123": "1.00"}))
    assert inbox.collect() == 1
    assert [one["code"] for one in answer(folder, "refused")["errors"]] == ["not_found"]
    assert "没有这个条码的设备" in words(folder, "refused") and QualityReading.objects.count() == 0


@pytest.mark.parametrize("says", ["its-batch", "its-bench", "our-batch-and-its-bench"])
def test_a_folder_takes_no_readings_of_another_bench(batch, folder, says):
    (device,) = verified_meters(1)
    other = quality_batch(bench=run_bench("ZT0002"))
    named = {
        "its-batch": {"batch_no": other.number},
        "its-bench": {"bench_no": "ZT0002"},
        "our-batch-and-its-bench": {"batch_no": batch.number, "bench_no": "ZT0002"},
    }
    drop(folder, "round1.csv", table("start", {device.barcode: "1.00"}, **named[says]))
    assert inbox.collect() == 1
    assert moved(folder, "done") == [] and QualityReading.objects.count() == 0
    found = other if says != "our-batch-and-its-bench" else batch
    bench = batch.bench.barcode if found == other else "ZT0002"
    assert f"质检批次 {found.number} 不在台体 {bench} 上" in words(folder, "refused")


def test_a_folder_named_by_bar_code_takes_a_file_that_names_the_asset_number(batch, folder):
    (device,) = verified_meters(1)
    with write_batch(actor=system_actor(), action="test.asset_no"):
        Device.objects.filter(pk=batch.bench_id).update(asset_no="ZC-77")
    drop(folder, "round1.csv", table("start", {device.barcode: "1.00"}, bench_no="ZC-77"))
    assert inbox.collect() == 1
    assert QualityReading.objects.filter(batch=batch).count() == 1
