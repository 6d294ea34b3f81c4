"""Inspection of a lot: split, repeatable draw, first results, two departments, return."""

from contextlib import contextmanager

import pytest

from dianheng.assets.models import Device
from dianheng.assets.services import devices_transition
from dianheng.common.errors import Refused
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import actor_with, metering_centre
from dianheng.metrology.draws import seed_digest, verify_draw
from dianheng.supply.models import InspectionLot, ReturnOrder, SampleResult, SwitchingState
from dianheng.supply.services import (
    acceptance_decide,
    draw_close,
    draw_publish,
    inspection_make,
    return_make,
    return_notify,
    return_to_maker,
    sample_judge,
    sample_result_record,
    sample_results_read,
    sample_task_make,
)
from dianheng.supply.services.switching import severity_of
from dianheng.workflow.registry import subject_facts, subject_url

from .factories import (
    asset,
    drawn,
    inspection_of,
    judged,
    order_line,
    received,
    sample_codes,
    sampler,
    technical,
)

pytestmark = pytest.mark.django_db


def states(arrival):
    return dict.fromkeys(
        Device.objects.filter(arrival_no=arrival.number).values_list("state", flat=True)
    ).keys()


def decide(inspection, by, department, opinion="accept", text=""):
    return acceptance_decide(
        inspection=inspection, department=department, opinion=opinion, text=text, actor=by
    )


def code(refused):
    return refused.value.refusal.code


@contextmanager
def refuses(wanted):
    with pytest.raises(Refused) as refused:
        yield
    assert code(refused) == wanted


# -- split and draw


def test_a_lot_is_inspected_in_parts_only_when_the_reason_is_stated(tmp_path):
    arrival = received(60, tmp_path)
    codes = sorted(Device.objects.values_list("barcode", flat=True))
    split = [
        [{"arrival": arrival, "last_code": codes[29]}],
        [{"arrival": arrival, "first_code": codes[30]}],
    ]
    with refuses("bad_input"):
        inspection_make(lot=arrival.lot, split=split, actor=sampler())
    parts = inspection_make(
        lot=arrival.lot, split=split, statement="two shifts of production", actor=sampler()
    )
    assert [(p.part_no, p.part_count) for p in parts] == [(1, 2), (2, 2)]
    with refuses("part_twice"):
        inspection_of(arrival)


def test_the_seed_is_secret_until_the_lot_is_closed_and_then_anyone_can_draw_again(tmp_path):
    arrival = received(60, tmp_path)
    inspection = inspection_of(arrival)
    published = draw_publish(inspection=inspection, actor=sampler())
    assert (published.seed, len(published.seed_digest)) == ("", 64)
    kept = published.secret_seed
    made = draw_close(inspection=inspection, actor=sampler())
    assert (made.seed, made.secret_seed, seed_digest(made.seed)) == (
        kept,
        "",
        published.seed_digest,
    )
    frozen = list(inspection.members.values_list("device__barcode", flat=True))
    again = verify_draw(
        made.seed, frozen, made.sample_size, published_seed_digest=published.seed_digest,
        published_list_digest=made.list_digest, published_sample=sample_codes(inspection),
    )  # fmt: skip
    assert again.is_right
    assert list(again.sample) == sample_codes(inspection)
    assert (len(frozen), made.sample_size) == (60, 13)


def test_steps_have_their_order(tmp_path):
    inspection = inspection_of(received(20, tmp_path))
    with refuses("inspection_state"):
        draw_close(inspection=inspection, actor=sampler())


# -- results


def test_the_first_result_of_a_device_counts_whatever_comes_later(tmp_path):
    inspection = drawn(received(60, tmp_path))
    codes = sample_codes(inspection)
    bad = {"barcode": codes[0], "nonconformities": [{"item": "start"}]}
    sample_result_record(inspection=inspection, results=[bad], actor=sampler())
    sample_result_record(
        inspection=inspection, results=[{"barcode": c} for c in codes], actor=sampler()
    )
    assert list(
        SampleResult.objects.filter(sample__device__barcode=codes[0]).values_list(
            "outcome", flat=True
        )
    ) == ["fail", "pass"]
    done = sample_judge(inspection=inspection, actor=sampler())
    assert (done.is_accepted, done.judgement["reasons"]) == (False, ["class_A"])


def test_class_a_rejects_before_the_sample_is_complete(tmp_path):
    inspection = drawn(received(60, tmp_path))
    with refuses("sample_open"):
        sample_judge(inspection=inspection, actor=sampler())
    bad = {"barcode": sample_codes(inspection)[3], "nonconformities": [{"item": "key_state"}]}
    sample_result_record(inspection=inspection, results=[bad], actor=sampler())
    assert sample_judge(inspection=inspection, actor=sampler()).is_accepted is False


def test_a_device_outside_the_sample_has_no_result(tmp_path):
    arrival = received(60, tmp_path)
    inspection = drawn(arrival)
    other = Device.objects.exclude(barcode__in=sample_codes(inspection)).first()
    with refuses("bad_input"):
        sample_result_record(
            inspection=inspection, results=[{"barcode": other.barcode}], actor=sampler()
        )


# -- decision


def test_both_departments_accept_and_the_lot_awaits_verification(tmp_path):
    arrival = received(60, tmp_path)
    inspection = judged(arrival)
    assert decide(inspection, technical(), "technical").state == "judged"
    assert decide(inspection, asset(), "asset").state == "accepted"
    assert list(states(arrival)) == ["awaiting_verification"]
    opinions = inspection.opinions.all()
    assert {len(o.signed_digest) for o in opinions} == {64}
    assert {o.unit_name for o in opinions} == {"计量中心"}


def test_one_person_does_not_sign_for_both_departments(tmp_path):
    inspection = judged(received(30, tmp_path))
    both = actor_with("supply.decide_technical", "supply.decide_asset", login="both", name="冯两")
    decide(inspection, both, "technical")
    with pytest.raises(Refused) as refused:
        decide(inspection, both, "asset")
    assert code(refused) == "same_person"


def test_who_drew_the_sample_does_not_decide(tmp_path):
    inspection = judged(received(30, tmp_path))
    actor_with("supply.inspect", "supply.decide_technical", login="chouyang")
    with pytest.raises(Refused) as refused:
        decide(inspection, sampler_who_decides(), "technical")
    assert code(refused) == "same_person"


def sampler_who_decides():
    sampler()
    return actor_with("supply.inspect", "supply.decide_technical", login="chouyang", name="周抽样")


def test_a_lot_that_its_sample_rejected_is_not_accepted(tmp_path):
    inspection = judged(received(60, tmp_path), "B", "B", "B")
    with pytest.raises(Refused) as refused:
        decide(inspection, technical(), "technical")
    assert code(refused) == "sample_rejects"


def test_a_rejected_lot_goes_back_to_its_maker_with_reasons(tmp_path):
    arrival = received(60, tmp_path)
    inspection = judged(arrival, "A")
    decide(inspection, technical(), "technical", "reject", "constant is wrong")
    done = decide(inspection, asset(), "asset", "reject", "constant is wrong")
    assert done.state == "rejected"
    assert list(states(arrival)) == ["unqualified"]
    order = ReturnOrder.objects.get(inspection=inspection)
    assert (order.kind, order.devices.count(), order.reasons[0]["reason"]) == (
        "lot",
        60,
        "constant is wrong",
    )
    returner = actor_with("supply.return", login="tuihuo", name="何退货")
    with refuses("return_state"):
        return_to_maker(order=order, actor=returner)
    return_notify(order=order, demand="replace", actor=returner)
    assert return_to_maker(order=order, carrier="顺丰", actor=returner).state == "shipped"
    assert list(states(arrival)) == ["returned_to_maker"]
    assert Device.objects.filter(place__code="GYS-HL").count() == 60


def test_failed_devices_of_an_accepted_lot_go_back_once(tmp_path):
    arrival = received(30, tmp_path)
    inspection = judged(arrival)
    decide(inspection, technical(), "technical")
    decide(inspection, asset(), "asset")
    failed = list(Device.objects.values_list("pk", flat=True)[:2])
    devices_transition(device_ids=failed, verb="reject", reason="x", actor=system_actor())
    returner = actor_with("supply.return", login="tuihuo", name="何退货")
    order = return_make(lot=arrival.lot, device_ids=failed, reason="basic error", actor=returner)
    assert (order.kind, order.devices.count()) == ("failed", 2)
    with refuses("not_returnable"):
        return_make(lot=arrival.lot, device_ids=failed, reason="basic error", actor=returner)


# -- switching


def test_two_rejected_lots_of_a_model_make_the_next_one_tightened(tmp_path):
    line = order_line(60)
    lots = [received(20, tmp_path, line, first) for first in (0, 20, 40)]
    judged(lots[0], "A")
    assert severity_of(lots[2].lot) == "normal"
    judged(lots[1], "A")
    assert SwitchingState.objects.get().state == "tightened"
    inspection = inspection_of(lots[2])
    draw_publish(inspection=inspection, actor=sampler())
    inspection.refresh_from_db()
    assert (inspection.severity, inspection.plan["severity"]) == ("tightened", "tightened")


# -- the register's guard


def test_only_the_drawn_sample_is_verified_before_acceptance(tmp_path):
    arrival = received(30, tmp_path)
    inspection = drawn(arrival)
    ids = list(Device.objects.filter(arrival_no=arrival.number).values_list("pk", flat=True))
    with pytest.raises(Refused) as refused:
        devices_transition(
            device_ids=ids, verb="begin_verification", document="task:X", actor=system_actor()
        )
    assert {e["code"] for e in refused.value.refusal.errors} == {"before_acceptance"}
    task = sample_task_make(
        inspection=inspection, laboratory=metering_centre(), actor=system_actor()
    )
    assert (task.kind, task.devices.count(), task.origin) == (
        "sampling",
        13,
        f"inspection:{inspection.number}",
    )
    assert (
        sample_task_make(inspection=inspection, laboratory=metering_centre(), actor=system_actor())
        == task
    )
    assert Device.objects.filter(state="in_verification").count() == 13
    assert sample_results_read(inspection=inspection, actor=sampler()) == 0


def test_a_lot_rejected_by_class_a_takes_its_untested_sample_out_of_the_task(tmp_path):
    arrival = received(30, tmp_path)
    inspection = drawn(arrival)
    task = sample_task_make(
        inspection=inspection, laboratory=metering_centre(), actor=system_actor()
    )
    bad = {"barcode": sample_codes(inspection)[0], "nonconformities": [{"item": "key_state"}]}
    sample_result_record(inspection=inspection, results=[bad], actor=sampler())
    sample_judge(inspection=inspection, actor=sampler())
    decide(inspection, technical(), "technical", "reject", "test keys")
    decide(inspection, asset(), "asset", "reject", "test keys")
    assert list(states(arrival)) == ["unqualified"]
    task.refresh_from_db()
    assert task.state == "done"
    assert InspectionLot.objects.get().return_order.devices.count() == 30


def test_an_approver_of_a_process_about_a_lot_sees_where_it_stands(tmp_path):
    inspection = drawn(received(30, tmp_path))
    facts = subject_facts(f"lot:{inspection.lot.code}")
    assert facts["inspections"] == [
        {"number": inspection.number, "state": "drawn", "accepted": None}
    ]
    assert sum(facts["devices"].values()) == 30
    assert subject_url(f"lot:{inspection.lot.code}") == f"/lots/{inspection.lot.code}/"
