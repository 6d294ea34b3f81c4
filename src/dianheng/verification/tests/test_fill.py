"""Many benches loaded in one step."""

import pytest
from django.urls import reverse

from dianheng.assets.choices import DeviceKind
from dianheng.assets.models import Device
from dianheng.assets.services import lot_make
from dianheng.assets.tests.factories import meters, single_phase_model
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import actor_with, metering_centre, person_with
from dianheng.standards.tests.factories import equipment
from dianheng.verification.models import BenchLoad, LoadPosition, TaskDevice, VerificationTask
from dianheng.verification.services import load_cancel, load_make, load_put, loads_fill

from .factories import laboratory, task_with
from .test_views import log_in
from .transformers import TransformerRoom

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_benches():
    """A laboratory with a bench of four and one of three positions, and a task of ten meters."""
    lab = laboratory(positions=4)
    second = equipment("BENCH-02", DeviceKind.BENCH, "CL3000", 3)
    return task_with(10), [lab.bench, second]


def fill(task, benches, **options):
    return loads_fill(task=task, benches=benches, actor=system_actor(), **options)


def stands(load):
    return [(p.position, p.task_device.seq) for p in load.positions.select_related("task_device")]


def test_what_waits_is_put_on_benches_that_take_turns(two_benches):
    task, benches = two_benches
    made = fill(task, benches)
    assert [(load.bench.barcode, load.positions.count()) for load in made] == [
        ("BENCH-01", 4), ("BENCH-02", 3), ("BENCH-01", 3),
    ]  # fmt: skip
    assert stands(made[1]) == [(1, 5), (2, 6), (3, 7)]
    assert set(LoadPosition.objects.values_list("attempt", flat=True)) == {1}


def test_so_many_loads_of_each_bench_and_the_rest_later(two_benches):
    task, benches = two_benches
    assert [load.positions.count() for load in fill(task, benches, at_most=1)] == [4, 3]
    assert [stands(load)[0] for load in fill(task, benches)] == [(1, 8)]
    with pytest.raises(Refused) as refused:
        fill(task, benches)
    assert refused.value.refusal.code == "nothing_waits"


def test_what_stands_on_a_bench_or_was_tested_is_left_out(two_benches):
    task, benches = two_benches
    rows = list(task.devices.select_related("device").order_by("seq"))
    with write_batch(actor=system_actor(), action="test.tested"):
        TaskDevice.objects.filter(pk=rows[0].pk).update(attempts=1)
    (scanned,) = fill(task, benches[:1], at_most=1)
    load_cancel(load=scanned, reason="停电", actor=system_actor())
    by_hand = fill(task, benches[1:], at_most=1)[0]
    assert stands(by_hand) == [(1, 2), (2, 3), (3, 4)]
    with pytest.raises(Refused):
        load_put(load=by_hand, code=rows[4].device.barcode, position=9, actor=system_actor())
    assert [seq for load in fill(task, benches[:1]) for _place, seq in stands(load)] == [
        5, 6, 7, 8, 9, 10,
    ]  # fmt: skip


def test_the_same_request_twice_fills_once(two_benches):
    task, benches = two_benches
    assert fill(task, benches, request_key="f") == fill(task, benches, request_key="f")
    assert BenchLoad.objects.count() == 3


def test_no_bench_or_one_of_unknown_size_is_refused(two_benches):
    task, _benches = two_benches
    unknown = equipment("BENCH-03", DeviceKind.BENCH, "CL3000")
    for benches in ([], [unknown], [task.devices.first().device]):
        with pytest.raises(BadInput):
            fill(task, benches)
    assert not BenchLoad.objects.exists()


def test_who_may_not_test_loads_nothing(two_benches):
    task, benches = two_benches
    clerk = actor_with("verification.view", login="clerk")
    with pytest.raises(Refused) as refused:
        loads_fill(task=task, benches=benches, actor=clerk)
    assert refused.value.status == 403


def test_a_person_fills_benches_on_one_page(client, two_benches):
    task, benches = two_benches
    log_in(client, person_with("verification.view", "verification.test", login="tester"))
    address = reverse("loads_fill", args=[task.number])
    answer = client.post(address, {"benches": [bench.pk for bench in benches], "at_most": "1"})
    assert answer.status_code == 302
    assert answer.url == f"{reverse('loads')}?task={task.number}&state=open"
    assert "BENCH-02" in client.get(answer.url).content.decode()


def test_a_task_is_made_for_a_lot_with_what_waits_of_it(client):
    lot = lot_make(
        model=single_phase_model(), tender_batch="2026-01", unit_id=metering_centre().pk,
        actor=system_actor(),
    )  # fmt: skip
    with write_batch(actor=system_actor(), action="test.lot"):
        Device.objects.filter(pk__in=[device.pk for device in meters(3)]).update(lot=lot)
    log_in(client, person_with("verification.view", "verification.plan", login="planner"))
    wanted = {"unit": metering_centre().pk, "kind": "initial", "lot": lot.pk}
    days = {"planned_from": "t", "planned_through": "t+10"}
    answer = client.post(reverse("task_new"), wanted | days)
    task = VerificationTask.objects.get()
    assert answer.url == reverse("task", args=[task.number])
    assert (task.lot_id, task.devices.count()) == (lot.pk, 3)


def test_a_bench_for_other_devices_is_not_offered_and_refused(two_benches, client):
    task, benches = two_benches
    tester = TransformerRoom().bench
    log_in(client, person_with("*", login="tester", name="检"))
    page = client.get(reverse("loads_fill", args=[task.number])).content.decode()
    assert benches[0].barcode in page and tester.barcode not in page
    for put in (
        lambda: fill(task, [*benches, tester]),
        lambda: load_make(task=task, bench=tester, actor=system_actor()),
    ):
        with pytest.raises(Refused) as refused:
            put()
        assert [one.code for one in refused.value.refusals] == ["bench_kind"]
    assert BenchLoad.objects.count() == 0


def test_a_bench_without_a_measuring_standard_is_for_meters(two_benches, client):
    _task, (examined, plain) = two_benches
    room = TransformerRoom()
    made = room.task(2)
    log_in(client, person_with("*", login="tester", name="检"))
    for door in ("loads_fill", "load_new"):
        page = client.get(reverse(door, args=[made.number])).content.decode()
        assert room.bench.barcode in page
        assert examined.barcode not in page and plain.barcode not in page
    with pytest.raises(Refused, match="计量标准") as refused:
        load_make(task=made, bench=plain, actor=system_actor())
    assert refused.value.refusal.code == "bench_kind"
    assert BenchLoad.objects.count() == 0
