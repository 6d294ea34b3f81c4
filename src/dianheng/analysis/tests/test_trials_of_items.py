"""Trials of transformers and of all items: what they list is what the judge of records says."""

import random
from decimal import Decimal
from typing import Any

import pytest

from dianheng.analysis.choices import Level
from dianheng.analysis.columns import columns_write
from dianheng.analysis.models import TrialRecord
from dianheng.analysis.services import trial_run
from dianheng.assets.choices import DeviceKind
from dianheng.assets.services import model_make
from dianheng.assets.tests.factories import maker
from dianheng.common.errors import BadInput
from dianheng.common.jobs import JobStopped
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import metering_centre
from dianheng.verification.models import TestRecord, TestResult
from dianheng.verification.services import task_add_devices, task_make
from dianheng.verification.tests.factories import (
    envelope_of,
    laboratory,
    load_with,
    send,
    task_with,
)
from dianheng.verification.tests.transformers import (
    COMBINED,
    STANDARD_CT,
    TransformerRoom,
    transformer_model,
    transformers,
)

from .factories import Run, meters_tested
from .test_trials import by_the_judge, expected, listed, ran, started

pytestmark = pytest.mark.django_db
THREE_PHASE = {
    "kind": DeviceKind.THREE_PHASE_METER, "name": "三相四线智能电能表", "accuracy_class": "1",
    "wiring": "three_phase_four_wire", "connection": "direct", "voltage_v": 220,
    "base_current_a": 5, "max_current_a": 60, "constant_imp_per_kwh": 400,
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def scattered(envelope: dict[str, Any], seed: int = 1) -> dict[str, Any]:
    """The same load with readings that lie about the limits, some on ties, some missing."""
    dice = random.Random(seed)
    for device in envelope["devices"]:
        for point in device["points"]:
            samples = point.get("samples") or []
            if not samples:
                continue
            times = Decimal(dice.choice(["1", "1", "1", "1.9", "3", "6"]))
            step = Decimal("0.005") if dice.random() < 0.5 else Decimal("0.0001")
            moved = [(Decimal(each) * times / step).to_integral_value() * step for each in samples]
            if point["item"] == "BASIC_ERROR" and dice.random() < 0.3:
                moved += moved[: dice.choice([1, 2])]  # further readings
            point["samples"] = [f"{each:f}" for each in moved]
    return envelope


def transformers_tested(kind: str = "ct", count: int = 6) -> TransformerRoom:
    """Transformers tested twice, so that the second test is held against the first."""
    room = TransformerRoom()
    model = {
        "ct": transformer_model,
        "standard": lambda: transformer_model("HL-B", **STANDARD_CT),
        "combined": lambda: transformer_model("JLS-10", **COMBINED),
    }[kind]()
    task = room.task(count, model=model)
    faults = {}
    for place, row in enumerate(task.devices.order_by("seq")):
        faults[row.device.barcode] = ("", "over", "polarity", "")[place % 4]
    sent = room.envelope(room.load(task), faults)
    room.send(scattered(sent))
    columns_write()
    return room


@pytest.mark.parametrize("kind", ["ct", "standard", "combined"])
@pytest.mark.parametrize("limit,interval", [("0.5", "1"), ("2", "1"), ("0.8", "0")])
def test_transformers_come_out_as_the_judge_of_records_has_them(kind, limit, interval):
    transformers_tested(kind)
    trial = ran(limit_factor=Decimal(limit), interval_factor=Decimal(interval))
    wanted = expected(by_the_judge(limit, interval))
    assert wanted, "the story has transformers that change"
    assert listed(trial) == wanted
    errors = TestResult.objects.filter(
        item__in=["ratio_error", "phase_displacement"], is_derived=False
    )
    assert trial.point_count == errors.count()
    assert trial.item_count == TestResult.objects.filter(item__in=["up_down", "stability"]).count()


def test_another_edition_is_tried_on_transformers_and_leaves_meters_alone():
    transformers_tested()
    meters_tested(2)
    trial = ran(rule_set_tried="JJG 313-2010", limit_factor=Decimal("0.6"))
    errors = TestResult.objects.filter(item="ratio_error")
    of_transformers = TestRecord.objects.filter(pk__in=errors.values("record_id"))
    wanted = expected(by_the_judge("0.6", edition=("JJG 313", "2010"), records=of_transformers))
    assert wanted, "the story has transformers that change"
    assert listed(trial) == wanted
    assert errors.count() * 2 == trial.point_count


def test_what_has_no_limit_is_counted_and_said():
    transformers_tested(count=2)
    trial = ran()
    assert (
        trial.unlimited_count
        == TestResult.objects.filter(
            item__in=["appearance", "insulation", "withstand", "polarity"]
        ).count()
    )


@pytest.mark.parametrize("limit", ["0.3", "0.6", "3"])
def test_all_items_of_meters_come_out_as_the_judge_of_records_has_them(limit):
    lab = laboratory()
    task = task_with(8)
    send(scattered(envelope_of(lab, load_with(task, lab.bench), faults={"dead": 0.2})))
    columns_write()
    trial = ran(limit_factor=Decimal(limit))
    wanted = expected(by_the_judge(limit))
    assert listed(trial) == wanted
    items = {item for _l, _b, _a, _n, items in wanted.values() for item in items}
    assert items - {"basic_error"}, "the story has other items that change"
    assert trial.untried_count == 0


@pytest.mark.parametrize("limit", ["0.4", "0.7", "1.5"])
def test_single_phase_against_balanced_load_is_tried_too(limit):
    lab = laboratory()
    model = model_make(manufacturer=maker(), code="DTZY341", actor=system_actor(), **THREE_PHASE)
    devices = transformers(model, 6)
    task = task_make(unit=metering_centre(), kind="initial", model=model, actor=system_actor())
    task_add_devices(task=task, device_ids=[d.pk for d in devices], actor=system_actor())
    send(scattered(envelope_of(lab, load_with(task, lab.bench)), seed=3))
    columns_write()
    trial = ran(limit_factor=Decimal(limit))
    wanted = expected(by_the_judge(limit))
    differences = TestResult.objects.filter(item="load_difference")
    assert differences.exists()
    threes = TestResult.objects.filter(item="basic_error", samples__len=3)
    assert threes.exists(), "the story has means that never end"
    assert listed(trial) == wanted
    assert trial.untried_count == 0


def test_a_record_that_fails_for_another_reason_does_not_come_out_otherwise():
    room = TransformerRoom()
    task = room.task(2)
    first, second = task.devices.order_by("seq")
    room.send(room.envelope(room.load(task), {first.device.barcode: "polarity"}))
    columns_write()
    trial = ran(limit_factor=Decimal("0.01"))
    rows = {row.record.device_id: row for row in trial.records.select_related("record")}
    found = {key: (row.level, row.before, row.after) for key, row in rows.items()}
    assert found == {first.device_id: (Level.ITEM, 2, 2), second.device_id: (Level.RECORD, 0, 2)}


def test_a_record_in_which_something_was_not_tested_does_not_come_to_pass():
    lab = laboratory()
    task = task_with(1)
    sent = envelope_of(lab, load_with(task, lab.bench))
    points = sent["devices"][0]["points"]
    sent["devices"][0]["points"] = [p for p in points if p["item"] != "NO_LOAD"]
    for point in sent["devices"][0]["points"]:
        if point["item"] == "BASIC_ERROR":
            point["samples"] = ["2.9", "2.9"]
    send(sent)
    columns_write()
    trial = ran(limit_factor=Decimal(10))
    (row,) = trial.records.all()
    assert (row.level, row.before, row.after) == (Level.RECORD, 2, 1)
    assert row.items == ["basic_error"]


def test_a_trial_on_the_errors_alone_leaves_the_other_items_as_they_were():
    lab = laboratory()
    task = task_with(6)
    send(scattered(envelope_of(lab, load_with(task, lab.bench))))
    columns_write()
    trials = {
        asked: ran(limit_factor=Decimal("0.3"), item=asked) for asked in ("", "errors", "start")
    }
    items = {asked: {item for _b, _a, _n, item in trial.turns} for asked, trial in trials.items()}
    assert trials["errors"].point_count == trials[""].point_count
    assert (trials["errors"].item_count, trials["start"].point_count) == (0, 0)
    assert items["errors"] == {"basic_error"}
    assert items["start"] == {"start"}
    assert items[""] > items["errors"] | items["start"]


def test_a_trial_on_an_item_without_limit_is_refused():
    with pytest.raises(BadInput) as refused:
        started(item="appearance")
    assert [e["code"] for e in refused.value.refusals[0].errors] == ["no_item"]


def test_the_same_statement_is_judged_once_and_a_stop_among_them_keeps_nothing():
    meters_tested(4)
    trial = started(limit_factor=Decimal("0.01"))
    with pytest.raises(JobStopped):
        trial_run(Run(trial.job, stops_at=2))  # after the file has begun
    assert not TrialRecord.objects.exists()
    first = trial_run(Run(trial.job))
    kept = listed(trial)
    assert kept and trial_run(Run(trial.job)) == first
    assert listed(trial) == kept
