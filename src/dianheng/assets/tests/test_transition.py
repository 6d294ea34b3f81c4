"""Devices' lives: what is not on the list is refused, all or nothing, stock adds up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dianheng.assets.choices import DeviceState, Verb
from dianheng.assets.models import Device, DeviceEvent, Stock
from dianheng.assets.rules import TRANSITIONS, verbs_from
from dianheng.assets.selectors import stock_in_subtree
from dianheng.assets.services import devices_transition, register_transition_guard, stock_fold
from dianheng.common.errors import Refused
from dianheng.identity.services import system_actor

from .factories import box, meter, meters, store


@pytest.mark.django_db
def test_a_set_moves_together_and_the_ledger_says_so():
    devices = meters(5)
    moved = devices_transition(
        device_ids=[d.pk for d in devices],
        verb=Verb.BEGIN_VERIFICATION,
        actor=system_actor(),
        document="task:T1",
    )
    assert moved.count == 5
    assert set(Device.objects.values_list("state", flat=True)) == {DeviceState.IN_VERIFICATION}
    event = DeviceEvent.objects.filter(device=devices[0]).latest("id")
    assert (event.verb, event.from_state, event.to_state, event.document) == (
        "begin_verification",
        "awaiting_verification",
        "in_verification",
        "task:T1",
    )


@pytest.mark.django_db
def test_one_device_that_may_not_keeps_all_back_and_every_reason_is_said():
    good, bad = meter("awaiting_verification", 1), meter("scrapped", 2)
    with pytest.raises(Refused) as caught:
        devices_transition(
            device_ids=[good.pk, bad.pk, 10**9], verb=Verb.BEGIN_VERIFICATION, actor=system_actor()
        )
    assert [e["code"] for e in caught.value.refusal.errors] == ["not_found", "state"]
    assert Device.objects.get(pk=good.pk).state == "awaiting_verification"
    assert DeviceEvent.objects.filter(verb="begin_verification").count() == 0


@pytest.mark.django_db
def test_a_repeat_with_the_same_key_changes_nothing():
    device = meter()
    for _ in range(2):
        devices_transition(
            device_ids=[device.pk],
            verb=Verb.MOVE,
            place_id=box().pk if _ == 0 else None,
            actor=system_actor(),
            request_key="scan-1",
        )
    assert DeviceEvent.objects.filter(device=device, verb="move").count() == 1


@pytest.mark.django_db
def test_a_step_that_owes_a_reason_is_refused_without():
    device = meter("in_verification")
    with pytest.raises(Refused) as caught:
        devices_transition(device_ids=[device.pk], verb=Verb.WITHDRAW, actor=system_actor())
    assert caught.value.refusal.code == "reason"


@pytest.mark.django_db
def test_a_registered_guard_names_the_devices(monkeypatch):
    from dianheng.assets.services import transition

    monkeypatch.setattr(transition, "_guards", {})
    register_transition_guard(
        Verb.ISSUE, lambda ids, call: [{"device_id": ids[0], "code": "unsealed", "text": "no seal"}]
    )
    device = meter("qualified")
    with pytest.raises(Refused) as caught:
        devices_transition(device_ids=[device.pk], verb=Verb.ISSUE, actor=system_actor())
    assert caught.value.refusal.errors[0]["code"] == "unsealed"
    assert Device.objects.get(pk=device.pk).state == "qualified"


@pytest.mark.django_db
def test_stock_adds_up_before_and_after_folding():
    devices = meters(10)
    target = box()
    devices_transition(
        device_ids=[d.pk for d in devices[:4]],
        verb=Verb.MOVE,
        place_id=target.pk,
        actor=system_actor(),
    )
    for folded in (False, True):
        if folded:
            assert stock_fold() > 0
        assert [(r["state"], r["total"]) for r in stock_in_subtree(store())] == [
            ("awaiting_verification", 10)
        ]
        assert [(r["state"], r["total"]) for r in stock_in_subtree(target)] == [
            ("awaiting_verification", 4)
        ]
    assert Stock.objects.count() == 2


@given(st.lists(st.sampled_from(sorted(TRANSITIONS)), max_size=30))
@settings(max_examples=200, deadline=None)
def test_no_walk_over_the_list_reaches_an_unknown_state(verbs):
    state = ""
    for verb in verbs:
        transition = TRANSITIONS[verb]
        if state in transition.sources:
            state = transition.target if transition.target is not None else (state or "qualified")
            assert state in DeviceState.values
            assert verb != Verb.SCRAP or verbs_from(state) == []


def test_every_state_but_the_last_ones_has_a_way_on():
    for state in DeviceState:
        moving = [v for v in verbs_from(state) if TRANSITIONS[v].target not in (None, state)]
        assert moving or state == DeviceState.SCRAPPED
