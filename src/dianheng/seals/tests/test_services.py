"""Seals: entered once, held by one, on one place, opened with a reason."""

import pytest

from dianheng.assets.choices import Verb
from dianheng.assets.models import Device, DeviceEvent
from dianheng.assets.services import devices_transition
from dianheng.assets.tests.factories import meter, meters
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import setting_change, system_actor
from dianheng.identity.tests.factories import actor_with, metering_centre, person_with
from dianheng.seals.models import Seal, SealEvent
from dianheng.seals.selectors import faults_unsealed, find_seal, seals_on_devices
from dianheng.seals.services import (
    seal_open,
    seals_apply,
    seals_enrol,
    seals_give_back,
    seals_issue,
    seals_lose,
    seals_receive,
    seals_scrap,
)

from .factories import sealed, sealed_meter, seals_in_stock

pytestmark = pytest.mark.django_db


def state_of(seal_no):
    return Seal.objects.get(seal_no=seal_no).state


def test_numbers_and_ranges_are_entered_with_their_first_event():
    done = seals_enrol(
        kind="verification", unit_id=metering_centre().pk,
        numbers=["JD26000001..JD26000003", "JD26000009"], actor=system_actor(),
    )  # fmt: skip
    assert done.count == 4
    assert list(Seal.objects.order_by("seal_no").values_list("seal_no", flat=True)) == [
        "JD26000001",
        "JD26000002",
        "JD26000003",
        "JD26000009",
    ]
    assert SealEvent.objects.filter(verb="enrol", to_state="in_stock").count() == 4


def test_all_faults_of_an_entry_are_listed_and_nothing_is_entered():
    seals_in_stock("JD26000001", "JD26000002")
    with pytest.raises(Refused) as caught:
        seals_enrol(
            kind="verification", unit_id=metering_centre().pk,
            numbers=["JD26000002..JD26000004", "JD26000004", "bad No", "X..Y"], actor=system_actor(),
        )  # fmt: skip
    assert sorted(e["code"] for e in caught.value.refusal.errors) == [
        "format",
        "in_register",
        "range",
        "twice",
    ]
    assert Seal.objects.count() == 2


def test_a_number_is_never_used_again_even_after_destruction():
    seals_in_stock("JD26000001", "JD26000001")
    seals_scrap(
        numbers=["JD26000001"], witness=person_with("seals.view", login="li", name="李见证"),
        reason="标签破损", actor=system_actor(),
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        seals_enrol(
            kind="verification",
            unit_id=metering_centre().pk,
            numbers=["JD26000001"],
            actor=system_actor(),
        )
    assert caught.value.refusal.errors[0]["code"] == "in_register"


def test_seals_go_from_stock_to_keeper_to_fitter_and_back():
    seals_in_stock("JD26000001", "JD26000004")
    keeper, fitter = (
        person_with("seals.view", login="keeper", name="班长"),
        person_with("seals.view", login="fitter", name="装表工"),
    )
    seals_issue(numbers=["JD26000001..JD26000004"], person=keeper, actor=system_actor())
    seals_issue(numbers=["JD26000001"], person=fitter, actor=system_actor())
    assert Seal.objects.get(seal_no="JD26000001").holder == fitter
    assert Seal.objects.filter(holder=keeper).count() == 3
    seals_give_back(numbers=["JD26000004"], actor=system_actor())
    assert (state_of("JD26000004"), Seal.objects.get(seal_no="JD26000004").holder) == (
        "in_stock",
        None,
    )


def test_ordered_seals_are_received_before_they_are_issued():
    seals_enrol(
        kind="verification",
        unit_id=metering_centre().pk,
        numbers=["JD26000001"],
        is_ordered=True,
        actor=system_actor(),
    )
    with pytest.raises(Refused) as caught:
        seals_issue(numbers=["JD26000001"], person=person_with("seals.view"), actor=system_actor())
    assert caught.value.refusal.errors[0]["code"] == "state"
    seals_receive(numbers=["JD26000001"], actor=system_actor())
    assert state_of("JD26000001") == "in_stock"


def test_a_set_of_seals_sits_on_devices_with_place_and_time():
    devices = meters(3)
    seals_in_stock("JD26000001", "JD26000003")
    done = seals_apply(
        seals=[(f"JD2600000{i + 1}", "verification", d.pk, "COVER_LEFT") for i, d in enumerate(devices)],
        actor=system_actor(), document="task:JD2026-0001",
    )  # fmt: skip
    assert done.count == 3
    on = seals_on_devices([d.pk for d in devices])
    assert [on[d.pk][0].seal_no for d in devices] == ["JD26000001", "JD26000002", "JD26000003"]
    assert on[devices[0].pk][0].position == "meter_cover_left"
    assert SealEvent.objects.filter(verb="apply", document="task:JD2026-0001").count() == 3


def test_the_same_load_sent_twice_seals_once():
    device = meter()
    for key in ("load-1", "load-1", "load-2"):
        seals_apply(
            seals=[("JD26000001", "verification", device.pk, "COVER_LEFT")],
            actor=system_actor(),
            request_key=key,
        )
    assert SealEvent.objects.filter(verb="apply").count() == 1


def test_an_unknown_seal_is_entered_or_refused_by_the_companys_setting():
    device = meter()
    seals_apply(
        seals=[("JD26000001", "verification", device.pk, "COVER_LEFT")], actor=system_actor()
    )
    assert [e.verb for e in SealEvent.objects.order_by("id")] == ["enrol", "apply"]
    setting_change(
        key="seals.register_unknown", value="no", valid_from="2020-01-01", reason="封印专库管理",
        actor=system_actor("command"),
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        seals_apply(
            seals=[("JD26000002", "verification", device.pk, "COVER_RIGHT")], actor=system_actor()
        )
    assert caught.value.refusal.errors[0]["code"] == "not_found"
    assert Seal.objects.count() == 1


def test_every_seal_that_cannot_is_named_and_none_is_applied():
    one, two = meters(2)
    sealed([one])  # its left cover is taken
    seals_in_stock("JD26000001", "JD26000009")
    seals_in_stock("ZB26000001", "ZB26000001", kind="installation")
    seals_scrap(
        numbers=["JD26000009"], witness=person_with("seals.view"), reason="坏", actor=system_actor()
    )
    with pytest.raises(Refused) as caught:
        seals_apply(
            seals=[
                ("JD26000001", "verification", one.pk, "COVER_LEFT"),
                ("JD26000002", "verification", two.pk, "COVER_LEFT"),
                ("JD26000002", "verification", two.pk, "COVER_RIGHT"),
                ("JD26000003", "verification", two.pk, "COVER_LEFT"),
                ("JD26000004", "verification", 10**9, "COVER_LEFT"),
                ("JD26000005", "verification", two.pk, "roof"),
                ("JD26000009", "verification", two.pk, "MODULE"),
                ("ZB26000001", "verification", two.pk, "TERMINAL"),
                ("?", "verification", two.pk, "TERMINAL"),
            ],
            actor=system_actor(),
        )
    assert sorted(e["code"] for e in caught.value.refusal.errors) == [
        "device",
        "format",
        "kind",
        "position",
        "position_taken",
        "position_twice",
        "state",
        "twice",
    ]
    assert Seal.objects.filter(state="applied").count() == 1


def test_a_seal_that_sits_elsewhere_is_not_applied_again():
    one, two = meters(2)
    seals_apply(seals=[("JD26000001", "verification", one.pk, "COVER_LEFT")], actor=system_actor())
    with pytest.raises(Refused) as caught:
        seals_apply(
            seals=[("JD26000001", "verification", two.pk, "COVER_LEFT")], actor=system_actor()
        )
    assert caught.value.refusal.errors[0]["code"] == "state"


def test_opening_the_verification_seal_of_a_qualified_meter_takes_its_verdict():
    device = sealed_meter("qualified")
    seal = Seal.objects.get(device=device)
    seal_open(
        seal_no=seal.seal_no, reason="开盖更换电池", actor=system_actor(), document="order:GD1"
    )
    device.refresh_from_db()
    seal.refresh_from_db()
    assert (device.state, device.valid_through, seal.state, seal.device) == (
        "awaiting_verification",
        None,
        "removed",
        None,
    )
    event = SealEvent.objects.get(seal=seal, verb="open")
    assert (event.device_id, event.position, event.reason, event.document) == (
        device.pk,
        "meter_cover_left",
        "开盖更换电池",
        "order:GD1",
    )
    assert (
        DeviceEvent.objects.filter(device=device, verb="unseal", reason="开盖更换电池").count() == 1
    )


@pytest.mark.parametrize("state", ["preallocated", "issued"])
def test_reserved_and_issued_meters_lose_the_verdict_too(state):
    device = sealed_meter(state)
    seal_open(
        seal_no=Seal.objects.get(device=device).seal_no, reason="封印断裂", actor=system_actor()
    )
    assert Device.objects.get(pk=device.pk).state == "awaiting_verification"


def test_an_installation_seal_opened_leaves_the_verdict():
    device = sealed_meter("qualified")
    seals_apply(seals=[("ZB26000001", "installation", device.pk, "TERMINAL")], actor=system_actor())
    seal_open(seal_no="ZB26000001", reason="接线检查", actor=system_actor())
    assert Device.objects.get(pk=device.pk).state == "qualified"


def test_opening_needs_a_reason_and_a_seal_that_sits_somewhere():
    device = sealed_meter("qualified")
    number = Seal.objects.get(device=device).seal_no
    with pytest.raises(Refused) as caught:
        seal_open(seal_no=number, reason=" ", actor=system_actor())
    assert caught.value.refusal.code == "reason"
    seals_in_stock("JD26000001", "JD26000001")
    with pytest.raises(Refused) as caught:
        seal_open(seal_no="JD26000001", reason="试", actor=system_actor())
    assert caught.value.refusal.errors[0]["code"] == "state"
    assert Device.objects.get(pk=device.pk).state == "qualified"


def test_a_new_seal_takes_the_place_of_the_opened_one():
    device = sealed_meter("in_service")
    old = Seal.objects.get(device=device).seal_no
    seal_open(seal_no=old, reason="更换通信模块", new_seal_no="JD26000077", actor=system_actor())
    assert [s.seal_no for s in seals_on_devices([device.pk])[device.pk]] == ["JD26000077"]


def test_a_lost_seal_of_a_qualified_meter_takes_the_verdict():
    device = sealed_meter("qualified")
    seals_lose(
        numbers=[Seal.objects.get(device=device).seal_no], reason="运输中脱落", actor=system_actor()
    )
    assert Device.objects.get(pk=device.pk).state == "awaiting_verification"


def test_destroying_takes_two_people():
    seals_in_stock("JD26000001", "JD26000001")
    person = person_with("seals.scrap")
    from dianheng.identity.services import actor_for_person

    with pytest.raises(Refused) as caught:
        seals_scrap(
            numbers=["JD26000001"], witness=person, reason="旧", actor=actor_for_person(person)
        )
    assert caught.value.refusal.code == "same_person"
    assert state_of("JD26000001") == "in_stock"


def test_meters_without_seals_are_faults_transformers_are_not(django_assert_max_num_queries):
    devices = meters(3)
    sealed(devices[:1])
    with django_assert_max_num_queries(5):
        faults = faults_unsealed([d.pk for d in devices])
    assert [f["barcode"] for f in faults] == [d.barcode for d in devices[1:]]
    assert {f["code"] for f in faults} == {"unsealed"}


def test_a_company_may_ask_for_two_seals():
    device = sealed_meter("qualified")
    assert faults_unsealed([device.pk]) == []
    setting_change(
        key="seals.per_meter",
        value="2",
        valid_from="2020-01-01",
        reason="省公司封印规定",
        actor=system_actor("command"),
    )
    assert faults_unsealed([device.pk])[0]["sealed"] == 1


def test_no_seal_no_qualified():
    device = meter("in_verification")
    with pytest.raises(Refused) as caught:
        devices_transition(device_ids=[device.pk], verb=Verb.QUALIFY, actor=system_actor())
    assert caught.value.refusal.errors[0]["code"] == "unsealed"
    sealed([device])
    devices_transition(device_ids=[device.pk], verb=Verb.QUALIFY, actor=system_actor())
    assert Device.objects.get(pk=device.pk).state == "qualified"


def test_a_scanned_seal_says_where_it_sits():
    device = sealed_meter("qualified")
    found = find_seal(Seal.objects.get(device=device).seal_no.lower())
    assert found is not None and device.barcode in str(found.text)
    assert find_seal("JD99999999") is None


@pytest.mark.parametrize(
    ("right", "call"),
    [
        (
            "seals.enrol",
            lambda actor, person, device: seals_enrol(
                kind="verification",
                unit_id=metering_centre().pk,
                numbers=["JD26000099"],
                actor=actor,
            ),
        ),
        (
            "seals.issue",
            lambda actor, person, device: seals_issue(
                numbers=["JD26000001"], person=person, actor=actor
            ),
        ),
        (
            "seals.apply",
            lambda actor, person, device: seals_apply(
                seals=[("JD26000001", "", device.pk, "MODULE")], actor=actor
            ),
        ),
        (
            "seals.open",
            lambda actor, person, device: seal_open(
                seal_no=f"JF{device.pk:010d}", reason="查", actor=actor
            ),
        ),
        (
            "seals.scrap",
            lambda actor, person, device: seals_lose(
                numbers=["JD26000001"], reason="丢", actor=actor
            ),
        ),
    ],
)
def test_each_door_asks_for_its_right(right, call):
    device = sealed_meter("qualified")
    seals_in_stock("JD26000001", "JD26000001")
    person = person_with("seals.view", login="other", name="旁人")
    with pytest.raises(Refused) as caught:
        call(actor_with("seals.view", login="nobody", name="无权"), person, device)
    assert caught.value.refusal.code == "no_right"
    call(actor_with(right, login="may", name="有权"), person, device)


def test_nothing_given_is_said():
    with pytest.raises(BadInput):
        seals_issue(numbers=[" "], person=person_with("seals.view"), actor=system_actor())
