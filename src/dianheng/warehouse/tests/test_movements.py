"""Movements: two sides, nothing leaves that may not, stock adds up at every moment."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dianheng.assets.models import Device, Place
from dianheng.assets.services import devices_transition, place_make
from dianheng.assets.tests.factories import barcode, box, meters, single_phase_model, store
from dianheng.common.errors import Refused
from dianheng.identity.models import Unit
from dianheng.identity.services import actor_for_person, system_actor, unit_make
from dianheng.identity.tests.factories import city_company, person_with
from dianheng.seals.services import seals_apply
from dianheng.warehouse.models import Movement
from dianheng.warehouse.selectors import stock_differences
from dianheng.warehouse.services import (
    handover_receive,
    handover_take_back,
    recheck_lock,
    stock_release,
    stock_reserve,
    stock_return,
    stock_send,
    stock_take_in,
)

pytestmark = pytest.mark.django_db


def county() -> Unit:
    found = Unit.objects.filter(code="COUNTY").first()
    return found or unit_make(
        code="COUNTY",
        name="清河县供电公司",
        kind="county",
        actor=system_actor(),
        parent=city_company(),
    )


def county_store() -> Place:
    return Place.objects.filter(code="KF2").first() or place_make(
        code="KF2",
        name="县二级库",
        kind="store",
        unit_id=county().pk,
        level=2,
        actor=system_actor(),
    )


def keeper():
    return actor_for_person(
        person_with("*", login="keeper", name="周库管", unit=city_company()), via="page"
    )


def county_keeper():
    return actor_for_person(
        person_with("*", login="county", name="吴库管", unit=county()), via="page"
    )


def ready(count: int, first: int = 1, days_ago: int = 10, sealed: bool = True) -> list[Device]:
    """Qualified, sealed meters in the centre's store."""
    devices = meters(count, state="in_verification", first=first)
    if sealed:
        seals_apply(
            seals=[(f"JF{d.pk:010d}", "verification", d.pk, "COVER_LEFT") for d in devices],
            actor=system_actor(),
            right=None,
        )
        day = timezone.localdate() - timedelta(days=days_ago)
        devices_transition(
            device_ids=[d.pk for d in devices],
            verb="qualify",
            actor=system_actor(),
            verified_on=day,
            valid_through=day + timedelta(days=2900),
        )
    return list(Device.objects.filter(pk__in=[d.pk for d in devices]).order_by("barcode"))


def ids(devices) -> list[int]:
    return [d.pk for d in devices]


def test_into_stock_counts_from_today_and_leaves_a_note():
    devices = ready(3)
    movement = stock_take_in(device_ids=ids(devices), place=box(), actor=keeper())
    assert movement.number.startswith("RK")
    assert set(Device.objects.values_list("place__kind", "stocked_on")) == {
        ("box", timezone.localdate())
    }


def test_a_full_box_takes_no_more():
    with pytest.raises(Refused) as caught:
        stock_take_in(device_ids=ids(ready(5)), place=box(capacity=4), actor=keeper())
    assert caught.value.refusal.code == "box_full"
    assert stock_differences() == []


def test_a_hand_over_has_two_sides():
    devices = ready(4)
    movement = stock_send(
        device_ids=ids(devices), purpose="distribute", to_place=county_store(), actor=keeper()
    )
    assert movement.state == "open"
    assert set(Device.objects.values_list("place__kind", flat=True)) == {"transit"}
    with pytest.raises(Refused) as caught:
        handover_receive(movement=movement, device_ids=ids(devices), actor=keeper())
    assert caught.value.refusal.code == "same_person"
    part = handover_receive(
        movement=movement,
        device_ids=ids(devices[:3]),
        actor=county_keeper(),
        damaged={devices[0].pk: "外壳破损"},
    )
    assert (part.state, part.received_count) == ("partly", 3)
    whole = handover_receive(movement=movement, device_ids=ids(devices[3:]), actor=county_keeper())
    assert whole.state == "done"
    assert set(Device.objects.values_list("place__code", "unit__code")) == {("KF2", "COUNTY")}
    assert sorted(movement.lines.values_list("state", flat=True)) == [
        "damaged",
        "received",
        "received",
        "received",
    ]


def test_a_foreign_device_is_named_and_nothing_is_received():
    devices, foreign = ready(2), ready(1, first=50)
    movement = stock_send(
        device_ids=ids(devices), purpose="distribute", to_place=county_store(), actor=keeper()
    )
    with pytest.raises(Refused) as caught:
        handover_receive(
            movement=movement, device_ids=ids(devices + foreign), actor=county_keeper()
        )
    assert [e["device"] for e in caught.value.refusal.errors] == [barcode(50)]
    assert Movement.objects.get(pk=movement.pk).received_count == 0


def test_the_same_receipt_twice_is_one():
    devices = ready(2)
    movement = stock_send(
        device_ids=ids(devices), purpose="distribute", to_place=county_store(), actor=keeper()
    )
    for _ in range(2):
        handover_receive(
            movement=movement, device_ids=ids(devices[:1]), actor=county_keeper(), request_key="r1"
        )
    assert Movement.objects.get(pk=movement.pk).received_count == 1


@pytest.mark.parametrize("case", ["unverified", "unsealed", "out of date", "too old", "test keys"])
def test_what_may_not_leave_does_not_and_is_told_why(case):
    others = ready(3, first=100)
    if case == "unverified":
        (bad,) = meters(1)
    elif case == "unsealed":
        (bad,) = ready(1, sealed=False)
    else:
        (bad,) = ready(1, days_ago=200 if case == "too old" else 10)
    from dianheng.identity.services import write_batch

    with write_batch(actor=system_actor(), action="test.prepare"):
        if case == "unsealed":
            Device.objects.filter(pk=bad.pk).update(state="qualified")
        if case == "out of date":
            Device.objects.filter(pk=bad.pk).update(
                valid_through=timezone.localdate() - timedelta(days=1)
            )
        if case == "test keys":
            bad.meter.key_state = "test"
            bad.meter.save()
    with pytest.raises(Refused) as caught:
        stock_send(
            device_ids=ids([bad, *others]),
            purpose="distribute",
            to_place=county_store(),
            actor=keeper(),
        )
    assert [e["barcode"] for e in caught.value.refusal.errors if e["code"] == "may_not_leave"] == [
        bad.barcode
    ]
    assert set(Device.objects.filter(pk__in=ids(others)).values_list("state", "place__code")) == {
        ("qualified", "CK1")
    }


def test_who_may_not_hand_over_does_not():
    stranger = actor_for_person(person_with("warehouse.view", login="x"), via="page")
    with pytest.raises(Refused) as caught:
        stock_send(
            device_ids=ids(ready(1)), purpose="distribute", to_place=county_store(), actor=stranger
        )
    assert caught.value.refusal.code == "no_right"


def test_what_is_issued_to_a_person_is_received_by_that_person():
    devices = ready(2)
    fitter = person_with("warehouse.receive", login="fitter", name="马装表")
    movement = stock_send(
        device_ids=ids(devices), purpose="issue", to_person=fitter, actor=keeper()
    )
    other = actor_for_person(
        person_with("warehouse.receive", login="other", name="别人"), via="page"
    )
    with pytest.raises(Refused) as caught:
        handover_receive(movement=movement, device_ids=ids(devices), actor=other)
    assert caught.value.refusal.code == "not_receiver"
    handover_receive(
        movement=movement, device_ids=ids(devices), actor=actor_for_person(fitter, via="page")
    )
    assert set(Device.objects.values_list("state", "place__person__login")) == {
        ("issued", "fitter")
    }
    stock_return(device_ids=ids(devices[:1]), place=store(), actor=keeper())
    assert Device.objects.get(pk=devices[0].pk).state == "qualified"


def test_a_hand_over_is_taken_back_with_a_reason():
    devices = ready(2)
    movement = stock_send(
        device_ids=ids(devices), purpose="distribute", to_place=county_store(), actor=keeper()
    )
    handover_take_back(movement=movement, reason="车辆故障", actor=keeper())
    assert set(Device.objects.values_list("place__code", flat=True)) == {"CK1"}
    assert Movement.objects.get(pk=movement.pk).state == "taken_back"


def test_old_stock_is_locked_and_the_rest_stays():
    old, young = ready(2, days_ago=200), ready(2, first=20, days_ago=20)
    assert recheck_lock(system_actor()) == 2
    assert recheck_lock(system_actor()) == 0
    assert set(Device.objects.filter(pk__in=ids(old)).values_list("state", "valid_through")) == {
        ("awaiting_verification", None)
    }
    assert set(Device.objects.filter(pk__in=ids(young)).values_list("state", flat=True)) == {
        "qualified"
    }


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["in", "send", "receive", "back", "reserve", "release"]),
            st.integers(0, 5),
        ),
        max_size=8,
    )
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_stock_adds_up_after_any_walk(steps):
    from django.db import transaction

    with transaction.atomic():
        devices = ready(6)
        for number, (step, n) in enumerate(steps):
            chosen = ids(devices[: n + 1])
            try:
                if step == "in":
                    stock_take_in(device_ids=chosen, place=store(), actor=keeper())
                elif step == "send":
                    stock_send(
                        device_ids=chosen,
                        purpose="distribute",
                        to_place=county_store(),
                        actor=keeper(),
                    )
                elif step in ("receive", "back"):
                    movement = Movement.objects.filter(state__in=["open", "partly"]).first()
                    if movement and step == "receive":
                        handover_receive(
                            movement=movement,
                            device_ids=list(
                                movement.lines.filter(state="underway").values_list(
                                    "device_id", flat=True
                                )[: n + 1]
                            ),
                            actor=county_keeper(),
                        )
                    elif movement:
                        handover_take_back(movement=movement, reason=f"r{number}", actor=keeper())
                elif step == "reserve":
                    stock_reserve(device_ids=chosen, actor=keeper(), basis="订单")
                else:
                    stock_release(device_ids=chosen, actor=keeper())
            except Refused:
                pass
            assert stock_differences() == []
        assert single_phase_model().devices.count() == 6
        transaction.set_rollback(True)
