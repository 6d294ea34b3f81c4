"""The same results through every door are the same stored results."""

import json
import os
import time

import pytest
from django.db import transaction

from dianheng.interfaces.benches import inbox, mds, samples
from dianheng.interfaces.benches.grid_items import points_of
from dianheng.interfaces.benches.texts import SCHEMA
from dianheng.verification.envelope import SCHEMA as THEIRS
from dianheng.verification.models import TestRecord, TestResult
from dianheng.verification.tests.factories import (
    envelope_of,
    laboratory,
    load_with,
    seals_for,
    send,
    task_with,
)


def stored():
    """What was stored of each meter, whatever the order of its points."""
    found = {}
    for record in TestRecord.objects.select_related("task_device__device", "task_device__verdict"):
        verdict = record.task_device.verdict
        rows = [
            (
                r.item, r.direction, r.phases, r.load_point, r.factor, tuple(r.samples),
                json.dumps({k: v for k, v in (r.facts or {}).items() if k != "extra"}, sort_keys=True),
                r.unit, r.bench_mean, r.bench_rounded, r.bench_limit_low, r.bench_limit_high, r.bench_conclusion,
                r.value, r.rounded_text, r.limit_low, r.limit_high, r.internal_limit, r.conclusion, r.internal,
                r.is_derived, tuple(r.differences),
            )
            for r in TestResult.objects.filter(record=record)
        ]  # fmt: skip
        found[record.task_device.device.barcode] = (
            record.position, record.bench_overall, record.verifier_id, tuple(record.standard_ids),
            sorted(map(tuple, record.seals)), verdict.outcome, verdict.legal, sorted(rows, key=repr),
        )  # fmt: skip
    return found


def by_file(form):
    def send_in(envelope):
        samples.drop(envelope, "一号台 第1次", form)
        assert inbox.collect() == 1

    return send_in


def by_gbk_csv(envelope):
    header, points = samples.drop(envelope, "run", "csv")
    for path in (header, points):
        path.write_bytes(path.read_text(encoding="utf-8-sig").encode("gbk"))
        os.utime(path, (time.time() - 90,) * 2)
    assert inbox.collect() == 1


def by_tables(envelope):
    samples.write_rows(samples.as_rows(envelope))
    mds.collect()


DOORS = {
    **{form: by_file(form) for form in ("json", "csv", "records", "record_csv")},
    "csv in GBK": by_gbk_csv,
    "middle tables": by_tables,
}


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_every_door_stores_the_same_as_rest(door, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(mds, "SETTLED_S", 0)
    settings.DATA = tmp_path
    lab = laboratory()
    task = task_with(4)
    load = load_with(task, lab.bench)
    codes = [row.device.barcode for row in task.devices.select_related("device").order_by("seq")]
    envelope = envelope_of(
        lab,
        load,
        seals=seals_for(codes),
        meter_faults={
            codes[0]: "error",
            codes[1]: "appearance",
            codes[2]: "test_keys",
            codes[3]: "",
        },
    )
    with transaction.atomic():
        send(envelope)
        wanted = stored()
        transaction.set_rollback(True)
    assert {row[5] for row in wanted.values()} == {"failed", "unfit", "passed"}
    DOORS[door](envelope)
    assert stored() == wanted


def point(item, **fields):
    return {"item": item, "conclusion": "PASS", **fields}


PLACED = {
    "direction": "REV_ACTIVE",
    "phase": "B",
    "load_current": "0.5Imax",
    "power_factor": "0.5L",
}
POINTS = [
    point("VISUAL"),
    point("AC_VOLTAGE", facts={"voltage_kv": "4", "duration_s": "60", "has_breakdown": False}),
    point("NO_LOAD", direction="FWD_ACTIVE", voltage_pct="115", pulses=0, samples=["30.4"], unit="min"),
    point("STARTING", direction="FWD_REACTIVE", current_a="0.025", pulses=1, samples=["8.22"], unit="min"),
    point("BASIC_ERROR", **PLACED, voltage_pct="100", pulses=10, samples=["+0.1", "-0.2", "0.3"], unit="%", mean="0.0667", rounded="0.0", limit_low="-1.0", limit_high="1.0"),
    point("CONSTANT", direction="FWD_ACTIVE", samples=["0.10"], pulses=120, unit="kWh"),
    point("CLOCK", samples=["+0.010", "-0.02"], unit="s/d", rounded="0.00", limit_low="-0.5", limit_high="0.5"),
    point("CLOCK_VALUE", samples=["-0.4"], unit="s"),
    point("COMBINATION", samples=["0.35", "0.09", "0.08", "0.09", "0.09"], unit="kWh"),
    point("DEMAND", direction="FWD_ACTIVE", phase="ABC", load_current="Imax", power_factor="1.0", samples=["+0.050"], facts={"meter_kw": "1.0005", "standard_kw": "1"}, unit="%"),
    point("TARIFF_SWITCH", samples=["0.004", "-0.01"], unit="min"),
    point("REPEATABILITY", **PLACED, samples=["0.1", "0.2", "0.1", "0.15", "0.12"], unit="%"),
    point("CONSISTENCY", **PLACED, samples=["0.1", "0.2"], facts={"group_mean_pct": "0.15"}, unit="%"),
    point("VARIATION", **PLACED, samples=["0.1", "0.2"], unit="%"),
    point("LOAD_VARIATION", **PLACED, samples=["0.1", "0.2"], unit="%"),
    point("INFLUENCE", **PLACED, samples=["0.1"], unit="%", remark="谐波"),
    point("COMMUNICATION"),
    point("ESAM_KEY", facts={"key_state": "formal"}),
    point("PARAMETER", facts={"found": {"price_preset": "0.5", "alarm_1": "20"}}),
    point("RELAY", facts={"open_s": "0.7", "close_s": "0.4"}),
    point("POWER_CONSUMPTION", direction="FWD_ACTIVE", phase="ABC", samples=["1.2"], unit="VA"),
]  # fmt: skip


@pytest.mark.parametrize("wanted", POINTS, ids=lambda p: p["item"])
def test_a_point_of_every_item_survives_the_way_through_the_tables(wanted):
    envelope = {"devices": [{"header": {}, "points": [wanted]}]}
    rows = samples._rows_of(envelope)[0]
    found = points_of(rows)
    assert len(found) == 1
    assert {k: v for k, v in found[0].items() if k != "seq"} == wanted


def test_a_failure_is_a_failure_in_every_table():
    for wanted in POINTS:
        envelope = {"devices": [{"header": {}, "points": [wanted | {"conclusion": "FAIL"}]}]}
        rows = samples._rows_of(envelope)[0]
        assert points_of(rows)[0]["conclusion"] == "FAIL", wanted["item"]


def test_the_name_of_the_neutral_form_is_the_one_that_is_read():
    assert SCHEMA == THEIRS
