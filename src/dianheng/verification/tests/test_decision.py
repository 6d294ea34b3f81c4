"""Review, approval, seals: another person each, exactly what was shown, and what follows."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from dianheng.assets.models import DeviceEvent, Meter
from dianheng.assets.services import devices_transition
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import Person
from dianheng.identity.services import (
    actor_for_person,
    delegation_make,
    qualification_grant,
    separation_except,
    system_actor,
    write_batch,
)
from dianheng.identity.tests.factories import PASSWORD, person_with
from dianheng.metrology.periods import last_valid_day
from dianheng.standards.services import standard_certify
from dianheng.verification.models import Approval, ApprovalLine, Review, ReviewLine
from dianheng.verification.rules import signing_digest
from dianheng.verification.selectors.overview import overview_of
from dianheng.verification.selectors.results import results_failing
from dianheng.verification.selectors.tasks import first_results
from dianheng.verification.services import (
    load_make,
    load_put,
    results_approve,
    results_judge_again,
    results_review,
    results_seal,
    review_take_back,
    task_apply,
)
from dianheng.verification.services.decision import lines_of, rows_for
from dianheng.workflow.registry import subject_facts, subject_url

from .factories import envelope_of, laboratory, load_with, seals_for, send, task_with, unsign_rules

pytestmark = pytest.mark.django_db
QUALIFICATION = {"checker": "J-H", "signatory": "J-Q"}


def signer(kind, login, name):
    """A person with all rights and one qualification of the laboratory."""
    person = person_with("*", login=login, name=name)
    qualification_grant(
        person=person, kind=kind, number=f"{QUALIFICATION[kind]}-{login}", issuer="省市场监督管理局",
        valid_from=date(2020, 1, 1), valid_through=timezone.localdate() + timedelta(days=100), actor=system_actor(),
    )  # fmt: skip
    return person


class Story:
    """A tested load with the people who decide about it."""

    def __init__(self, count=4, kind="initial", is_sealed=True, **run):
        self.lab = laboratory()
        self.task = task_with(count, kind=kind)
        load = load_with(self.task, self.lab.bench)
        self.barcodes = [
            row.device.barcode for row in self.task.devices.select_related("device").order_by("seq")
        ]
        if is_sealed:
            run["seals"] = seals_for(self.barcodes)
        faults = {self.barcodes[n]: fault for n, fault in run.pop("faults", {}).items()}
        send(envelope_of(self.lab, load, meter_faults=faults, **run))
        self.checker = signer("checker", "checker", "李核验")
        self.signatory = signer("signatory", "signatory", "赵批准")

    def ids(self, *numbers):
        keys = list(self.task.devices.order_by("seq").values_list("pk", flat=True))
        return [keys[n] for n in numbers] if numbers else keys

    def digest(self, keys):
        return signing_digest(lines_of(rows_for(self.task, keys)))

    def review(self, *numbers, person=None, **options):
        keys = self.ids(*numbers)
        returned = options.pop("returned", {})
        keys = [key for key in keys if key not in returned]
        return results_review(
            task=self.task, agreed=keys, seen_digest=options.pop("digest", self.digest(keys)), returned=returned,
            actor=actor_for_person(person or self.checker), **options,
        )  # fmt: skip

    def approve(self, *numbers, person=None, **options):
        keys = self.ids(*numbers)
        options.setdefault("password", PASSWORD)
        return results_approve(
            task=self.task, task_device_ids=keys, seen_digest=options.pop("digest", self.digest(keys)),
            actor=actor_for_person(person or self.signatory), **options,
        )  # fmt: skip

    def states(self):
        return [
            row.device.state for row in self.task.devices.select_related("device").order_by("seq")
        ]


def code(refused):
    return refused.value.refusal.code


def test_what_passed_is_qualified_with_its_last_day():
    story = Story(2)
    assert story.review().agreed == 2
    approved = story.approve()
    assert (approved.count, approved.counts, approved.to_be_sealed) == (2, {"passed": 2}, 0)
    held = story.task.devices.select_related("device").first()
    today = timezone.localdate()
    assert (held.device.state, held.device.verified_on) == ("qualified", today)
    assert held.device.valid_through == last_valid_day(today, 96)
    line = ApprovalLine.objects.first()
    assert (line.validity_mode, line.valid_through) == ("first_only", held.device.valid_through)
    story.task.refresh_from_db()
    assert story.task.state == "done"
    event = DeviceEvent.objects.filter(device=held.device, verb="qualify").get()
    assert (
        event.document == f"task:{story.task.number}"
        and event.facts["record"] == held.record.number
    )


@pytest.mark.parametrize(
    ("fault", "outcome", "state"),
    [
        ("error", "failed", "unqualified"),
        ("clock", "failed", "unqualified"),
        ("appearance", "failed", "unqualified"),
        ("start", "failed", "unqualified"),
        ("creep", "failed", "unqualified"),
        ("constant", "failed", "unqualified"),
        ("outside_band", "outside_control", "outside_control"),
        ("test_keys", "unfit", "outside_control"),
        ("relay", "unfit", "outside_control"),
    ],
)
def test_each_fault_leads_to_its_state(fault, outcome, state):
    story = Story(2, faults={0: fault})
    assert list(story.task.devices.order_by("seq").values_list("outcome", flat=True)) == [
        outcome,
        "passed",
    ]
    story.review()
    story.approve()
    assert story.states() == [state, "qualified"]


def test_a_meter_with_a_wrong_price_preset_is_not_issuable():
    story = Story(1)
    held = story.task.devices.select_related("device").get()
    with write_batch(actor=system_actor(), action="test.preset"):
        Meter.objects.filter(device=held.device).update(price_preset="0.5460")
    load = load_make(task=story.task, bench=story.lab.bench, actor=system_actor())
    load_put(
        load=load,
        code=held.device.barcode,
        actor=system_actor(),
        position=5,
        reason="预置电价后复测",
    )
    send(envelope_of(story.lab, load, meter_faults={held.device.barcode: "wrong_price"}))
    held.refresh_from_db()
    assert held.outcome == "unfit" and held.verdict.failing_items == ["parameter"]
    assert held.verdict.legal == "pass" and held.verdict.fitness == "fail"


def test_the_register_learns_the_keys_that_an_approved_test_found():
    story = Story(2, faults={0: "test_keys"})
    with write_batch(actor=system_actor(), action="test.keys"):
        Meter.objects.update(key_state="test")  # as the maker delivered them
    story.review()
    story.approve()
    assert story.states() == ["outside_control", "qualified"]
    keys = Meter.objects.filter(device__tasks__task=story.task).order_by("device__tasks__seq")
    assert list(keys.values_list("key_state", flat=True)) == ["test", "formal"]


def test_a_meter_with_test_keys_is_qualified_by_no_door():
    story = Story(1)
    device = story.task.devices.get().device
    with write_batch(actor=system_actor(), action="test.keys"):
        Meter.objects.filter(device=device).update(key_state="test")
    with pytest.raises(Refused) as refused:
        devices_transition(device_ids=[device.pk], verb="qualify", actor=system_actor())
    assert [error["code"] for error in refused.value.refusal.errors] == ["test_keys"]


def test_the_ordered_price_is_ours_whatever_the_bench_says_was_ordered():
    story = Story(1)
    result = story.task.devices.get().record.results.get(item="parameter")
    assert result.facts["ordered"] == {}


def test_without_seals_a_passed_meter_stays_in_verification_until_it_is_sealed():
    story = Story(2, is_sealed=False)
    story.review()
    assert story.approve().to_be_sealed == 2
    assert story.states() == ["in_verification"] * 2
    story.task.refresh_from_db()
    assert story.task.state == "open"
    devices = list(story.task.devices.order_by("seq").values_list("device_id", flat=True))
    wanted = [
        (f"JF9900{n:04d}{side}", device, place)
        for n, device in enumerate(devices[:1])
        for side, place in ((1, "meter_cover_left"), (2, "meter_cover_right"))
    ]
    assert results_seal(task=story.task, seals=wanted, actor=story.lab.tester) == 1
    assert story.states() == ["qualified", "in_verification"]
    wanted = [
        ("JF99010001", devices[1], "meter_cover_left"),
        ("JF99010002", devices[1], "meter_cover_right"),
    ]
    assert results_seal(task=story.task, seals=wanted, actor=story.lab.tester) == 1
    story.task.refresh_from_db()
    assert story.task.state == "done"


def test_a_reviewer_sends_a_meter_back_and_it_is_tested_again():
    story = Story(3)
    back = story.ids(1)[0]
    reviewed = story.review(returned={back: "0.05Ib 误差离散"})
    assert (reviewed.agreed, reviewed.returned) == (2, 1)
    held = story.task.devices.get(pk=back)
    assert (held.step, held.returned_reason) == ("waiting", "0.05Ib 误差离散")
    assert ReviewLine.objects.get(task_device=back).decision == "return"


@pytest.mark.parametrize("outcome", ["incomplete", "provisional", "blocked"])
def test_what_has_no_verdict_is_not_agreed_to(outcome):
    story = Story(2)
    with write_batch(actor=system_actor(), action="test.outcome"):
        story.task.devices.filter(pk=story.ids(0)[0]).update(outcome=outcome)
    with pytest.raises(Refused) as refused:
        story.review()
    assert [error["code"] for error in refused.value.refusal.errors] == [outcome]
    assert not Review.objects.exists()


# -- other people --------------------------------------------------------------------------------


def test_who_tested_does_not_review():
    story = Story(2)
    tester = signer("checker", "verifier", "陈检定")
    with pytest.raises(Refused) as refused:
        story.review(person=tester)
    assert code(refused) == "same_person" and not Review.objects.exists()


def test_who_reviewed_does_not_approve():
    story = Story(2)
    story.review()
    both = signer("signatory", "checker", "李核验")
    with pytest.raises(Refused) as refused:
        story.approve(person=both)
    assert code(refused) == "same_person"
    assert story.states() == ["in_verification"] * 2


def test_who_tested_does_not_approve():
    story = Story(2)
    story.review()
    with pytest.raises(Refused) as refused:
        story.approve(person=signer("signatory", "verifier", "陈检定"))
    assert code(refused) == "same_person"


def test_a_stand_in_of_the_tester_does_not_review():
    story = Story(1)
    today = timezone.localdate()
    clerk = person_with("assets.view", login="standin", name="孙替班")
    delegation_make(
        from_person=story.lab.verifier, to_person=clerk, valid_from=today, valid_through=today,
        reason="休假", actor=system_actor(),
    )  # fmt: skip
    qualification_grant(
        person=clerk, kind="checker", number="J-9", issuer="省局", valid_from=today, valid_through=today,
        actor=system_actor(),
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        story.review(person=clerk)
    assert code(refused) == "same_person"


def test_an_exception_granted_beforehand_by_a_third_person_counts():
    story = Story(1)
    tester = signer("checker", "verifier", "陈检定")
    today = timezone.localdate()
    leader = person_with("identity.except", login="leader", name="刘主任")
    separation_except(
        subject=f"task:{story.task.number}", person=tester, steps=["test", "review"], reason="小站人手不足",
        valid_from=today, valid_through=today, actor=actor_for_person(leader),
    )  # fmt: skip
    assert story.review(person=tester).agreed == 1


@pytest.mark.parametrize(("step", "kind"), [("review", "checker"), ("approve", "signatory")])
def test_who_is_not_qualified_does_not_sign(step, kind):
    story = Story(1)
    if step == "approve":
        story.review()
    person = person_with("*", login="newcomer", name="新人")
    with pytest.raises(Refused) as refused:
        getattr(story, step)(person=person)
    assert code(refused) == "not_qualified" and refused.value.refusal.facts["kind"] == kind


@pytest.mark.parametrize("step", ["review", "approve"])
def test_who_has_no_right_does_not_sign(step):
    story = Story(1)
    if step == "approve":
        story.review()
    with pytest.raises(Refused) as refused:
        getattr(story, step)(person=person_with("verification.view", login="guest", name="客"))
    assert refused.value.status == 403


def test_approval_asks_for_the_password():
    story = Story(1)
    story.review()
    with pytest.raises(Refused) as refused:
        story.approve(password="guess")
    assert code(refused) == "wrong_password" and not Approval.objects.exists()


# -- exactly what was shown ---------------------------------------------------------------------


def test_what_changed_since_it_was_shown_is_not_signed():
    story = Story(2)
    seen = story.digest(story.ids())
    unsign_rules(story.lab.unit, "JJG 596", "2012")
    results_judge_again(
        task=story.task, reason="x", actor=system_actor(), task_device_ids=story.ids(0)
    )
    with pytest.raises(Refused) as refused:
        story.review(digest=seen)
    assert code(refused) == "changed"


def test_a_signature_taken_back_before_approval_stops_it():
    story = Story(2)
    story.review()
    unsign_rules(story.lab.unit, "JJG 596", "2012")
    with pytest.raises(Refused) as refused:
        story.approve()
    assert {error["code"] for error in refused.value.refusal.errors} == {"provisional"}


def test_the_same_approval_twice_is_one():
    story = Story(2)
    story.review(request_key="r")
    assert story.review(request_key="r", digest="any").agreed == 2
    first = story.approve(request_key="a")
    assert story.approve(request_key="a", digest="any") == first
    assert Approval.objects.count() == Review.objects.count() == 1


def test_what_is_approved_already_is_refused_the_second_time():
    story = Story(3)
    story.review()
    story.approve(0)
    with pytest.raises(Refused) as refused:
        story.approve(0, 1)
    assert [error["code"] for error in refused.value.refusal.errors] == ["step"]
    assert story.states() == ["qualified", "in_verification", "in_verification"]


def test_an_approver_sends_back_to_review():
    story = Story(2)
    story.review()
    assert review_take_back(
        task=story.task, task_device_ids=story.ids(0), reason="复核离散", actor=actor_for_person(story.signatory)
    ) == 1  # fmt: skip
    assert list(story.task.devices.order_by("seq").values_list("step", flat=True)) == [
        "tested",
        "reviewed",
    ]


def test_nothing_to_sign_is_said():
    story = Story(1)
    with pytest.raises(BadInput):
        results_review(
            task=story.task, agreed=[], seen_digest="", actor=actor_for_person(story.checker)
        )


# -- the sample of a lot waits for the decision on the lot -----------------------------------------


def test_a_sample_moves_only_when_its_lot_is_decided():
    story = Story(2, kind="sampling", faults={0: "error"})
    story.review()
    story.approve()
    assert story.states() == ["in_verification"] * 2
    assert task_apply(task=story.task, actor=system_actor()) == 2
    assert story.states() == ["unqualified", "qualified"]
    assert task_apply(task=story.task, actor=system_actor()) == 0


def test_who_signed_stands_in_the_record():
    story = Story(1)
    story.review(comment="无异常")
    story.approve()
    review, approval = Review.objects.get(), Approval.objects.get()
    assert (review.reviewer.name, review.qualification_no, review.comment) == (
        "李核验",
        "J-H-checker",
        "无异常",
    )
    assert (approval.approver.name, approval.qualification_no) == ("赵批准", "J-Q-signatory")
    assert (
        approval.digest == review.digest and Person.objects.filter(pk=approval.approver_id).exists()
    )


def test_an_approver_of_a_process_about_a_task_is_told_when_the_task_went_on():
    story = Story(2)
    name = f"task:{story.task.number}"
    assert subject_facts(name)["devices"] == [["tested", "passed", 2]]
    story.review(0)
    assert subject_facts(name)["devices"] == [["reviewed", "passed", 1], ["tested", "passed", 1]]
    assert subject_url(name) == f"/tasks/{story.task.number}/" and subject_facts("task:gone") == {}


def test_a_record_judged_again_after_a_block_is_still_the_first_result_of_its_device():
    lab, task = laboratory(), task_with(1)
    with write_batch(actor=system_actor(), action="test.lapse"):
        lab.standard.certificates.update(valid_through=date(2021, 1, 1))
    (row,) = task.devices.select_related("device")
    send(envelope_of(lab, load_with(task, lab.bench), meter_faults={row.device.barcode: "error"}))
    assert first_results(task) == {}
    standard_certify(
        device=lab.standard, number="DNB-LATE", issuer="省计量科学研究院", accuracy_class="0.05",
        valid_from=date(2021, 1, 2), valid_through=timezone.localdate() + timedelta(days=9),
        actor=system_actor(),
    )  # fmt: skip
    results_judge_again(task=task, reason="补录证书", actor=system_actor())
    again = load_make(task=task, bench=lab.bench, actor=system_actor())
    load_put(load=again, code=row.device.barcode, position=5, reason="复测", actor=system_actor())
    send(envelope_of(lab, again, retest_reason="复测"))
    row.refresh_from_db()
    assert row.outcome == "passed"  # the retest; of the sample the first test counts
    first = first_results(task)[row.device_id]
    assert (first["attempt"], first["outcome"]) == (1, "failed")
    assert {each.item for each in results_failing([first])} == set(first["failing_items"]) != set()


def test_a_reviewer_sees_items_of_the_sample_as_the_newest_verdict_has_them():
    lab, task = laboratory(), task_with(2, kind="sampling")
    sent = envelope_of(lab, load_with(task, lab.bench))
    point = next(p for p in sent["devices"][0]["points"] if p["item"] == "VARIATION")
    point["samples"] = ["0.1", "1.9"]
    send(sent)

    def failed():
        records = list(task.records.values_list("pk", flat=True))
        return sum(one.failed for one in overview_of(records).sample_items)

    def judged_on_papers_through(day):
        with write_batch(actor=system_actor(), action="test.paper"):
            lab.standard.certificates.update(valid_through=day)
        ids = list(task.devices.values_list("pk", flat=True))
        return results_judge_again(
            task=task, reason="补录证书", actor=system_actor(), task_device_ids=ids
        )

    assert failed() == 1
    assert judged_on_papers_through(date(2021, 1, 1)) == {"blocked": 2}
    assert failed() == 0
    assert judged_on_papers_through(timezone.localdate()) == {"unfit": 1, "passed": 1}
    assert failed() == 1
