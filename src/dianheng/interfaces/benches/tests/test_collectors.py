"""Files of bar-code collectors in the folder of a register-run bench."""

import pytest

from dianheng.interfaces.benches import inbox
from dianheng.verification.models import QualityReading, Upload
from dianheng.verification.tests.quality import quality_batch, table, verified_meters

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
