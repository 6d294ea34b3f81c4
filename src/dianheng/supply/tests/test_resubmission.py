"""A rejected lot that its maker sorted: it comes back, is submitted again, inspected tightened."""

import pytest

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import store
from dianheng.common.errors import Refused
from dianheng.identity.tests.factories import actor_with
from dianheng.supply.models import InspectionLot, SwitchingState
from dianheng.supply.services import (
    acceptance_decide,
    draw_close,
    draw_publish,
    inspection_resubmit,
    inspection_void,
    return_come_back,
    return_notify,
    return_to_maker,
    sample_judge,
    sample_result_record,
)

from .factories import asset, judged, received, sample_codes, sampler, technical

pytestmark = pytest.mark.django_db


def keeper():
    return actor_with("supply.view", "supply.receive", login="shouhuo", name="孙收货")


def returner():
    return actor_with("supply.return", login="tuihuo", name="何退货")


def refusal(call, **kwargs):
    with pytest.raises(Refused) as refused:
        call(**kwargs)
    return refused.value.refusal.code


@pytest.fixture
def rejected(tmp_path):
    """A lot of 60 that was rejected and shipped to its maker."""
    inspection = judged(received(60, tmp_path), "A")
    for by, department in ((technical(), "technical"), (asset(), "asset")):
        inspection = acceptance_decide(
            inspection=inspection, department=department, opinion="reject", text="keys", actor=by
        )
    order = return_notify(order=inspection.return_order, demand="sort", actor=returner())
    return_to_maker(order=order, actor=returner())
    return InspectionLot.objects.get(pk=inspection.pk)


def resubmitted(inspection):
    return inspection_resubmit(
        inspection=inspection, statement="密钥重新下装，整改报告 ZG-12", actor=sampler()
    )


def decided(inspection):
    draw_publish(inspection=inspection, actor=sampler())
    draw_close(inspection=inspection, actor=sampler())
    results = [{"barcode": code} for code in sample_codes(inspection)]
    sample_result_record(inspection=inspection, results=results, actor=sampler())
    return sample_judge(inspection=inspection, actor=sampler())


def test_a_sorted_lot_comes_back_and_is_inspected_tightened_as_its_second_submission(rejected):
    ids = list(Device.objects.order_by("barcode").values_list("pk", flat=True))[:58]
    order = rejected.return_order
    assert return_come_back(order=order, place=store(), device_ids=ids, actor=keeper()) == 58
    again = resubmitted(rejected)
    assert (again.submission, again.severity, again.resubmits, again.aql) == (
        2, "tightened", rejected, rejected.aql,
    )  # fmt: skip
    history = SwitchingState.objects.get().recent
    again = decided(again)
    assert (again.lot_size, again.plan["severity"], again.is_accepted) == (58, "tightened", True)
    assert SwitchingState.objects.get().recent == history  # resubmissions do not count
    for by, department in ((technical(), "technical"), (asset(), "asset")):
        acceptance_decide(inspection=again, department=department, opinion="accept", actor=by)
    states = Device.objects.values_list("state", flat=True)
    assert sorted(states) == ["awaiting_verification"] * 58 + ["returned_to_maker"] * 2


def test_nothing_is_submitted_again_before_it_came_back(rejected):
    assert refusal(
        inspection_resubmit, inspection=rejected, statement="sorted", actor=sampler()
    ) == ("part_empty")
    assert InspectionLot.objects.count() == 1


def test_a_lot_is_submitted_again_once_until_that_is_withdrawn_or_rejected(rejected):
    return_come_back(order=rejected.return_order, place=store(), actor=keeper())
    again = resubmitted(rejected)
    call = {"inspection": rejected, "statement": "sorted", "actor": sampler()}
    assert refusal(inspection_resubmit, **call) == "resubmitted"
    inspection_void(inspection=again, reason="too early", actor=sampler())
    assert inspection_resubmit(**call).submission == 2


def test_only_a_rejected_lot_is_submitted_again(tmp_path):
    inspection = judged(received(20, tmp_path))
    assert refusal(inspection_resubmit, inspection=inspection, statement="x", actor=sampler()) == (
        "inspection_state"
    )


def test_only_what_the_maker_has_comes_back_and_a_repeat_moves_nothing(rejected):
    order = rejected.return_order
    call = {"order": order, "place": store(), "actor": keeper()}
    assert return_come_back(**call, request_key="b1") == 60
    assert return_come_back(**call, request_key="b1") == 60
    assert refusal(return_come_back, **call) == "not_returned"
    assert set(Device.objects.values_list("state", flat=True)) == {"awaiting_acceptance"}
    assert refusal(
        return_come_back, order=order, place=store(), actor=returner(), request_key="b1"
    ) == ("no_right")
