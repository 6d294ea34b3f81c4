"""Tasks take devices, give them back, close; loads hold them on positions."""

from datetime import date

import pytest

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device
from dianheng.assets.services import lot_make, place_make
from dianheng.assets.tests.factories import meters, single_phase_model
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import actor_with, metering_centre
from dianheng.verification.models import BenchLoad, LoadPosition, TaskDevice
from dianheng.verification.selectors.loads import load_sheet
from dianheng.verification.services import (
    load_cancel,
    load_fetched,
    load_make,
    load_put,
    load_undo,
    task_add_devices,
    task_add_lot,
    task_cancel,
    task_make,
    task_withdraw_devices,
)

from .factories import envelope_of, laboratory, load_with, send, task_with

pytestmark = pytest.mark.django_db


def new_task(**options):
    options.setdefault("model", single_phase_model())
    return task_make(
        unit=metering_centre(), kind=options.pop("kind", "initial"), actor=system_actor(), **options
    )


def code(refused):
    return refused.value.refusal.code


def test_a_task_proposes_the_scheme_that_fits_the_model():
    task = new_task()
    version = task.scheme_version
    assert (version.version, version.standard, version.edition) == (1, "JJG 596", "2012")
    items = [each["item"] for each in version.content["items"]]
    assert items[:6] == ["appearance", "ac_voltage", "creep", "start", "basic_error", "constant"]
    assert {"key_state", "parameter", "relay", "clock_value"} <= set(items)
    points = next(
        each["points"] for each in version.content["items"] if each["item"] == "basic_error"
    )
    assert len(points) == 10  # class 2, direct, Imax of 4 Ib and more
    assert new_task().scheme_version_id == version.pk


def test_a_subsequent_verification_has_no_voltage_test_and_a_sample_has_more_items():
    def items(kind):
        return {each["item"] for each in new_task(kind=kind).scheme_version.content["items"]}

    assert items("initial") - items("subsequent") == {"ac_voltage"}
    assert items("sampling") - items("initial") == {"consistency", "variation", "load_variation"}


def test_taken_devices_are_in_verification_and_named_by_the_task():
    task = task_with(3)
    assert list(task.devices.values_list("seq", flat=True)) == [1, 2, 3]
    held = task.devices.select_related("device").first()
    assert held.device.state == DeviceState.IN_VERIFICATION
    event = held.device.events.first()
    assert (event.verb, event.document) == ("begin_verification", f"task:{task.number}")


def test_all_devices_are_taken_or_none_and_every_reason_is_listed():
    busy, ready = task_with(1), meters(2, first=10)
    gone = meters(1, state="in_service", first=20)
    task = new_task()
    ids = [busy.devices.get().device_id, *(d.pk for d in ready), gone[0].pk, 999_999]
    with pytest.raises(Refused) as refused:
        task_add_devices(task=task, device_ids=ids, actor=system_actor())
    assert sorted(e["code"] for e in refused.value.refusal.errors) == [
        "not_found",
        "other_task",
        "state",
        "state",
    ]
    assert task.devices.count() == 0 and Device.objects.filter(state="in_verification").count() == 1


def test_a_lot_is_taken_as_far_as_it_waits():
    model = single_phase_model()
    lot = lot_make(
        model=model, tender_batch="B1", unit_id=metering_centre().pk, actor=system_actor()
    )
    ids = [d.pk for d in meters(5)]
    with write_batch(actor=system_actor(), action="test.lot"):
        Device.objects.filter(pk__in=ids[:4]).update(lot=lot)
    task = new_task(lot=lot)
    assert task_add_lot(task=task, actor=system_actor(), at_most=3) == 3
    assert task_add_lot(task=task, actor=system_actor()) == 1
    with pytest.raises(BadInput):
        task_add_lot(task=task, actor=system_actor())


def test_devices_of_another_lot_or_model_are_refused():
    model = single_phase_model()
    lot = lot_make(
        model=model, tender_batch="B1", unit_id=metering_centre().pk, actor=system_actor()
    )
    with pytest.raises(Refused) as refused:
        task_add_devices(task=new_task(lot=lot), device_ids=[meters(1)[0].pk], actor=system_actor())
    assert [e["code"] for e in refused.value.refusal.errors] == ["lot"]


def test_the_same_request_twice_takes_once():
    task, ids = new_task(), [d.pk for d in meters(2)]
    for _again in range(2):
        assert (
            task_add_devices(task=task, device_ids=ids, actor=system_actor(), request_key="k") == 2
        )
    assert new_task(request_key="t") == new_task(request_key="t")


def test_withdrawn_devices_wait_again_and_the_task_closes_when_none_is_left():
    task = task_with(2)
    ids = list(task.devices.values_list("device_id", flat=True))
    task_withdraw_devices(task=task, device_ids=ids[:1], reason="外观破损", actor=system_actor())
    task.refresh_from_db()
    assert task.state == "open" and Device.objects.get(pk=ids[0]).state == "awaiting_verification"
    task_withdraw_devices(task=task, device_ids=ids[1:], reason="外观破损", actor=system_actor())
    task.refresh_from_db()
    assert task.state == "done"


def test_a_task_with_results_is_not_cancelled():
    lab, task = laboratory(), task_with(1)
    send(envelope_of(lab, load_with(task, lab.bench)))
    with pytest.raises(Refused) as refused:
        task_cancel(task=task, reason="取消", actor=system_actor())
    assert code(refused) == "has_results"


def test_a_cancelled_task_frees_its_devices_and_loads():
    lab, task = laboratory(), task_with(2)
    load = load_with(task, lab.bench)
    task_cancel(task=task, reason="改期", actor=system_actor())
    load.refresh_from_db()
    assert load.state == "cancelled" and LoadPosition.objects.count() == 0
    assert not TaskDevice.objects.filter(is_open=True).exists()
    assert set(
        Device.objects.filter(kind="single_phase_meter").values_list("state", flat=True)
    ) == {"awaiting_verification"}


def test_who_may_not_plan_makes_no_task():
    clerk = actor_with("verification.view", login="clerk")
    with pytest.raises(Refused) as refused:
        task_make(unit=metering_centre(), kind="initial", model=single_phase_model(), actor=clerk)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "field_check"}, {"kind": "other"}, {"validity_mode": "ever"},
        {"planned_from": date(2026, 2, 2), "planned_through": date(2026, 2, 1)},
    ],
    ids=["field check", "no kind", "validity", "dates"],
)  # fmt: skip
def test_a_wrong_task_is_refused(wrong):
    with pytest.raises(BadInput):
        new_task(**wrong)


# -- loads -----------------------------------------------------------------------------------------


@pytest.fixture
def ready():
    """A laboratory, a task of four meters, an empty load and the bar codes."""
    lab, task = laboratory(positions=6), task_with(4)
    load = load_make(task=task, bench=lab.bench, actor=system_actor())
    return (
        lab,
        task,
        load,
        [row.device.barcode for row in task.devices.select_related("device").order_by("seq")],
    )


def put(load, barcode, **options):
    return load_put(load=load, code=barcode, actor=system_actor(), **options)


def test_scans_fill_one_position_after_the_other(ready):
    _lab, _task, load, codes = ready
    assert [put(load, code).position for code in codes[:3]] == [1, 2, 3]
    assert put(load, codes[3], position=6).position == 6
    assert load.number.startswith("TZ")


def test_the_same_scan_twice_changes_nothing(ready):
    _lab, _task, load, codes = ready
    assert put(load, codes[0]).pk == put(load, codes[0]).pk
    assert put(load, codes[1], request_key="s").pk == put(load, codes[1], request_key="s").pk
    assert load.positions.count() == 2


def test_the_last_scan_is_undone(ready):
    _lab, _task, load, codes = ready
    put(load, codes[0])
    put(load, codes[1])
    assert load_undo(load=load, actor=system_actor()).task_device.device.barcode == codes[1]
    assert put(load, codes[2]).position == 2
    load_undo(load=load, actor=system_actor())
    load_undo(load=load, actor=system_actor())
    assert load_undo(load=load, actor=system_actor()) is None


def test_wrong_scans_say_why(ready):
    _lab, _task, load, codes = ready
    other = task_with(1, first=50).devices.get().device
    stray = meters(1, first=60)[0]
    put(load, codes[0])
    for what, wanted, options in (
        ("no such code", "not_found", {}),
        (other.barcode, "other_task", {}),
        (stray.barcode, "other_task", {}),
        (codes[1], "taken", {"position": 1}),
        (codes[0], "loaded", {"position": 2}),
        (codes[1], "position", {"position": 7}),
    ):
        with pytest.raises(Refused) as refused:
            put(load, what, **options)
        assert code(refused) == wanted
    assert load.positions.count() == 1


def test_a_device_stands_in_one_open_load_at_a_time(ready):
    lab, task, load, codes = ready
    put(load, codes[0])
    second = load_make(task=task, bench=lab.bench, actor=system_actor())
    with pytest.raises(Refused) as refused:
        put(second, codes[0])
    assert code(refused) == "loaded"
    load_cancel(load=load, reason="接错", actor=system_actor())
    assert put(second, codes[0]).position == 1


def test_a_retest_needs_a_reason_and_another_position(ready):
    lab, task, load, codes = ready
    for barcode in codes:
        put(load, barcode)
    send(envelope_of(lab, load))
    again = load_make(task=task, bench=lab.bench, actor=system_actor())
    with pytest.raises(Refused) as refused:
        put(again, codes[0])
    assert code(refused) == "retest_reason"
    with pytest.raises(Refused) as refused:
        put(again, codes[0], position=1, reason="复测")
    assert code(refused) == "retest_position"
    placed = put(again, codes[0], reason="复测")
    assert (placed.position, placed.attempt) == (2, 2)


def test_a_closed_load_takes_nothing(ready):
    lab, _task, load, codes = ready
    put(load, codes[0])
    send(envelope_of(lab, load))
    load.refresh_from_db()
    with pytest.raises(Refused) as refused:
        put(load, codes[1])
    assert (load.state, code(refused)) == ("done", "load_closed")


def test_only_a_bench_is_loaded(ready):
    _lab, task, _load, _codes = ready
    with pytest.raises(BadInput):
        load_make(task=task, bench=task.devices.first().device, actor=system_actor())


def test_a_bench_gets_positions_addresses_constants_and_scheme(ready):
    _lab, task, load, codes = ready
    put(load, codes[0])
    put(load, codes[1], position=5)
    load_fetched(load=load, actor=system_actor())
    sheet = load_sheet(BenchLoad.objects.get(pk=load.pk))
    assert [(p["position_no"], p["barcode"], p["attempt"]) for p in sheet["positions"]] == [
        (1, codes[0], 1),
        (5, codes[1], 1),
    ]
    assert sheet["positions"][0]["comm_address"] == "000000000001"
    assert (sheet["task_no"], sheet["model"]["constant"]["active"]) == (task.number, "1200")
    errors = next(each for each in sheet["scheme"]["items"] if each["item"] == "BASIC_ERROR")
    assert errors["points"][0] == {
        "direction": "FWD_ACTIVE", "phase": "ABC", "load_current": "Imax", "current_a": "60", "power_factor": "1.0",
    }  # fmt: skip
    start = next(each for each in sheet["scheme"]["items"] if each["item"] == "STARTING")
    assert (start["current_a"], start["limit_min"]) == ("0.025", "10.909")
    load.refresh_from_db()
    assert load.state == "fetched" and load.fetched_at is not None


def test_a_bench_is_found_by_number():
    from dianheng.verification.selectors.loads import load_by_number

    with pytest.raises(NotFound):
        load_by_number("TZ1999-0001")


def test_a_place_of_the_laboratory_may_be_named_when_devices_are_taken():
    room = place_make(
        code="LAB1",
        name="检定室",
        kind="laboratory",
        unit_id=metering_centre().pk,
        actor=system_actor(),
    )
    task, device = new_task(), meters(1)[0]
    task_add_devices(task=task, device_ids=[device.pk], actor=system_actor(), place_id=room.pk)
    device.refresh_from_db()
    assert device.place_id == room.pk
