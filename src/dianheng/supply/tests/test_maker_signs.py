"""Signs of a transformer's record that lie mirrored to what its maker states are asked."""

import copy

import pytest

from dianheng.assets.models import Device
from dianheng.assets.services import lot_make
from dianheng.identity.services import system_actor, write_batch
from dianheng.supply.models import MakerTestResult
from dianheng.supply.selectors.maker_tests import device_stated
from dianheng.supply.services import maker_tests_refuse, maker_tests_take
from dianheng.verification.models import TestRecord
from dianheng.verification.tests.transformers import TransformerRoom, transformer_model

from .factories import buyer
from .maker import maker_file

pytestmark = pytest.mark.django_db
HEADS = ("条码", "变比", "额定百分数(%)", "二次负荷(VA)", "比差(%)", "角差(′)")


@pytest.fixture
def room():
    return TransformerRoom()


def stated(room, folder):
    """A load of two transformers, and what their maker states of them: as the tester finds it."""
    task = room.task(2)
    device_ids = task.devices.values_list("device", flat=True)
    lot = lot_make(
        model=transformer_model(), tender_batch="2026-03", unit_id=room.unit.pk,
        actor=system_actor(),
    )  # fmt: skip
    with write_batch(actor=system_actor(), action="test.lot"):
        Device.objects.filter(pk__in=list(device_ids)).update(lot=lot)
    load = room.load(task)
    envelope = room.envelope(load)
    rows = {}
    for one in envelope["devices"]:
        for point in one["points"]:
            if point["item"] in ("RATIO_ERROR", "PHASE_DISPLACEMENT"):
                burden = "5" if point["burden"] == "RATED" else "3.75VA"
                place = (one["header"]["asset_no"], point["ratio"], point["percent_rated"], burden)
                at = 4 if point["item"] == "RATIO_ERROR" else 5
                rows.setdefault(place, [*place, "", ""])[at] = point["samples"][0]
    tests = maker_file(rows.values(), lot, folder, HEADS)
    return envelope, maker_tests_take(tests, actor=buyer())


def turned(envelope):
    for one in envelope["devices"]:
        for point in one["points"]:
            if point["item"] == "PHASE_DISPLACEMENT":
                swap = {"+": "-", "-": "+"}
                point["samples"] = [swap[s[0]] + s[1:] for s in point["samples"]]
    return envelope


def test_a_record_mirrored_to_the_makers_data_is_asked_and_confirmed(room, tmp_path):
    envelope, tests = stated(room, tmp_path)
    received = room.send(turned(copy.deepcopy(envelope)))
    assert received.status == 409
    for one in received.answer["devices"]:
        (fault,) = one["errors"]
        assert fault["code"] == "signs" and tests.number in fault["text"]
    confirmed = turned(envelope) | {"upload_id": "turned-0002"}
    for one in confirmed["devices"]:
        one["header"]["signs_confirmed"] = True
    assert room.send(confirmed).status == 201
    assert TestRecord.objects.count() == 2


def test_a_record_that_agrees_with_the_makers_data_is_taken(room, tmp_path):
    envelope, tests = stated(room, tmp_path)
    assert room.send(envelope).status == 201
    device = Device.objects.filter(lot=tests.lot).order_by("barcode").first()
    rows = device_stated(device)
    assert len(rows) == MakerTestResult.objects.filter(device=device).count() == 18
    assert all(abs(row.difference) < (1 if row.unit == "′" else 0.05) for row in rows)
    assert rows[0].point.startswith("f CT 200/5")


def test_refused_data_ask_nothing(room, tmp_path):
    envelope, tests = stated(room, tmp_path)
    maker_tests_refuse(tests, reason="符号约定不明", actor=buyer())
    assert room.send(turned(envelope)).status == 201


def test_a_burden_or_ratio_that_the_plate_does_not_have_is_told(room, tmp_path):
    _envelope, tests = stated(room, tmp_path)
    code = Device.objects.filter(lot=tests.lot).first().barcode
    wrong = [[code, "300/5", "100", "额定", "0.01", "1"], [code, "", "100", "50VA", "0.01", "1"]]
    found = maker_file(
        [*wrong, [code, "", "250", "额定", "", "900"]], tests.lot, tmp_path, HEADS, "w.csv"
    )
    assert [
        (one.row_no, one.field, one.code)
        for one in found.faults.exclude(row_no=0).order_by("row_no", "field")
    ] == [
        (2, "ratio", "format"),
        (3, "burden", "choice"),
        (4, "percent", "format"),
        (4, "phase_displacement", "out_of_range"),
    ]
