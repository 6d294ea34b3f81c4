"""A doubted meter in the laboratory: only approved results count, an arbitration is kept apart."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.tests.factories import barcode, meters
from dianheng.common.errors import BadInput, Refused
from dianheng.fieldwork import doubt
from dianheng.fieldwork.doubt import doubt_of, hands_of
from dianheng.fieldwork.rules import settled_pct
from dianheng.identity.models import Person
from dianheng.identity.services import (
    actor_for_person,
    qualification_grant,
    setting_change,
    system_actor,
    write_batch,
)
from dianheng.identity.tests.factories import city_company, metering_centre, person_with
from dianheng.metrology.rule_sets import rule_set
from dianheng.standards.services import standard_certify
from dianheng.verification.models import TestRecord, VerificationTask
from dianheng.verification.rules import signing_digest
from dianheng.verification.services import (
    load_make,
    load_put,
    results_judge_again,
    results_review,
    rule_set_sign,
    task_add_devices,
    task_cancel,
    task_make,
)
from dianheng.verification.services.decision import lines_of, rows_for
from dianheng.verification.tests.factories import (
    envelope_of,
    laboratory,
    load_with,
    seals_for,
    send,
)
from dianheng.verification.tests.test_certificates import sign_off
from dianheng.workflow import services
from dianheng.workflow.tests.factories import holder

from .test_doubt import TODAY, finished, own_folder, packs, people, requested, step

__all__ = ["own_folder", "packs", "people"]
pytestmark = pytest.mark.django_db

PARTIES = [
    {"side": "customer", "name": "王建国", "invited_on": "2026-11-25", "present": "yes"},
    {"side": "company", "name": "冯军", "invited_on": "2026-11-25", "present": "no"},
]


def known(login, kind):
    """Somebody who signed before."""
    return actor_for_person(Person.objects.get(login=login), via="page")


def post_of(person, post):
    """The person as the holder of a post."""
    return actor_for_person(holder(person.login, person.name, post, city_company()))


def other_tester(lab):
    """The same laboratory with another verifier at the bench."""
    person = person_with("*", login="verifier2", name="吴检定")
    qualification_grant(
        person=person, kind="verifier", number="J-2024-002", issuer="省市场监督管理局",
        valid_from=TODAY() - timedelta(days=99), valid_through=TODAY() + timedelta(days=99),
        actor=system_actor(),
    )  # fmt: skip
    return replace(lab, verifier=person)


class TestInTheLaboratory:
    @pytest.fixture
    def lab(self):
        return laboratory()

    @pytest.fixture(autouse=True)
    def scans(self, monkeypatch):
        """When files were put to the process; the office keeps them."""
        times = [timezone.now() + timedelta(days=1)]
        monkeypatch.setattr("dianheng.workflow.registry._file_times", [lambda instance: times])
        return times

    def arranged(self, people, kind="customer_request"):
        meters(1, first=900)
        one = requested(people, kind)
        step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(TODAY()))
        return one

    def opened(self, one, people, parties=None, signed="yes", opened_at="2026-11-27 09:30"):
        step(
            one, "open", people["METROLOGIST"], parties=parties or PARTIES, signed=signed,
            opened_at=opened_at, seal_nos="XC26000101", seals_whole="yes",
        )  # fmt: skip

    def verified(self, lab, task, first=1):
        load = load_with(task, lab.bench)
        send(envelope_of(lab, load, seals=seals_for([barcode(900)], first)))

    @pytest.mark.parametrize("kind", ["customer_request", "temporary", "in_use"])
    def test_arranging_it_makes_a_task_of_its_kind_with_the_meter(self, lab, people, kind):
        one = self.arranged(people, kind)
        task = VerificationTask.objects.get()
        assert (task.kind, task.client, task.origin) == (kind, "王建国", one.document)
        assert [row.device.barcode for row in task.devices.all()] == [barcode(900)]

    def test_only_an_approved_result_counts_and_it_is_taken_as_it_stands(self, lab, people):
        one = self.arranged(people)
        task = VerificationTask.objects.get()
        self.verified(lab, task)
        with pytest.raises(Refused) as caught:
            finished(people, one)
        assert caught.value.refusal.code == "no_result"
        sign_off(task)
        finished(people, one)
        found = doubt_of(one)
        assert found.answered["record"] == TestRecord.objects.get().number
        assert found.answered["conclusion"] == "pass" and found.evidence.is_right

    def failed(self, lab, people):
        one = self.arranged(people)
        task = VerificationTask.objects.get()
        load = load_with(task, lab.bench)
        send(envelope_of(lab, load, meter_faults={barcode(900): "error"}))
        sign_off(task)
        finished(people, one)
        return one

    def test_the_one_error_over_the_loads_waits_for_the_signature_under_its_rules(
        self, lab, people, client
    ):
        one = self.failed(lab, people)
        found = doubt_of(one).answered
        assert (found["conclusion"], found["unsigned"]) == ("fail", "Settlement practice-2000")
        assert "error" not in found and "settle" not in found and "error_low" in found
        client.force_login(Person.objects.get(login="p-metrologist"))
        page = client.get(reverse("process", args=[one.number])).content.decode()
        assert "Settlement practice-2000" in page and found["settle_high"] in page

    def test_a_meter_blocked_at_first_is_settled_by_the_verdict_that_counts(self, lab, people):
        one = self.arranged(people)
        task = VerificationTask.objects.get()
        with write_batch(actor=system_actor(), action="test.lapse"):
            lab.standard.certificates.update(valid_through=date(2021, 1, 1))
        send(envelope_of(lab, load_with(task, lab.bench), meter_faults={barcode(900): "error"}))
        assert task.devices.get().outcome == "blocked"
        assert {point.conclusion for point in doubt_of(one).evidence.points} == {""}
        standard_certify(
            device=lab.standard, number="DNB-LATE", issuer="省计量科学研究院", accuracy_class="0.05",
            valid_from=date(2021, 1, 2), valid_through=TODAY() + timedelta(days=9),
            actor=system_actor(),
        )  # fmt: skip
        results_judge_again(task=task, reason="补录证书", actor=system_actor())
        sign_off(task)
        finished(people, one)
        found = doubt_of(one)
        assert found.answered["conclusion"] == "fail"
        assert found.answered["unsigned"] == "Settlement practice-2000"
        assert Decimal(found.answered["error_low"]) <= Decimal(found.answered["error_high"])
        assert found.evidence.points[0].conclusion == "fail"

    def test_a_meter_that_fails_is_settled_by_its_error_over_the_loads(self, lab, people, client):
        rules = rule_set("Settlement practice", "2000")
        rule_set_sign(
            unit=lab.unit, standard=rules.standard, edition=rules.edition, digest=rules.digest,
            statement="与原文核对一致", actor=actor_for_person(Person.objects.get(login="metrologist")),
        )  # fmt: skip
        one = self.failed(lab, people)
        found = doubt_of(one).answered
        assert found["conclusion"] == "fail"
        error = Decimal(found["error"])
        assert Decimal(found["error_low"]) <= error <= Decimal(found["error_high"])
        assert found["settle"] == f"{settled_pct(error):.4f}"
        client.force_login(Person.objects.get(login="p-metrologist"))
        page = client.get(reverse("process", args=[one.number])).content.decode()
        assert found["settle"] in page and found["settle_high"] in page

    def test_sending_it_back_cancels_the_task(self, lab, people):
        one = self.arranged(people)
        services.task_send_back(
            task=one.tasks.get(task="test"), reason="改期", actor=people["VERIFIER"], to="arrange"
        )
        assert VerificationTask.objects.get().state == "cancelled"

    def test_an_arbitration_invites_both_sides_and_has_the_opening_signed(
        self, lab, people, client
    ):
        one = self.arranged(people, "arbitration")
        assert one.tasks.latest("pk").task == "open"
        for parties, signed, field in (
            ([PARTIES[0], {**PARTIES[0], "name": "李秀兰"}], "yes", "parties"),
            ([PARTIES[0], {**PARTIES[1], "invited_on": "2026-11-28"}], "yes", "parties"),
            (PARTIES, "no", "signed"),
        ):
            with pytest.raises(BadInput) as caught:
                self.opened(one, people, parties, signed)
            assert [error["field"] for error in caught.value.refusal.errors] == [field]
        client.force_login(Person.objects.get(login="p-metrologist"))
        paper = client.get(reverse("doubt_opening", args=[one.number]))
        assert paper.content[:5] == b"%PDF-"
        self.opened(one, people)
        assert one.tasks.latest("pk").task == "test"
        assert doubt_of(one).opening["present"] == ["王建国"]

    @pytest.mark.parametrize(
        "times", [[], [timezone.now() - timedelta(days=9)]], ids=["no file", "one from before"]
    )
    def test_without_the_scan_of_the_signed_record_the_opening_is_refused(
        self, lab, people, scans, times
    ):
        one = self.arranged(people, "arbitration")
        scans[:] = times
        with pytest.raises(BadInput) as caught:
            self.opened(one, people)
        assert [error["field"] for error in caught.value.refusal.errors] == ["signed"]
        assert one.tasks.latest("pk").task == "open"

    def test_a_company_that_keeps_the_paper_needs_no_scan(self, lab, people, scans):
        one = self.arranged(people, "arbitration")
        scans.clear()
        setting_change(
            key="fieldwork.opening_needs_scan", value="no", valid_from=timezone.localdate(),
            reason="纸质存档", actor=system_actor(),
        )  # fmt: skip
        self.opened(one, people)
        assert one.tasks.latest("pk").task == "test"

    def test_an_arbitration_is_not_tested_by_who_tested_the_meter_before(
        self, lab, people, monkeypatch
    ):
        """The meter was verified by the same verifier on the same bench."""
        (meter,) = meters(1, first=900)
        first = self.task_of(meter)
        self.verified(lab, first)
        sign_off(first)
        one = requested(people, "arbitration")
        step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(TODAY()))
        self.opened(one, people)
        second = VerificationTask.objects.get(origin=one.document)
        self.verified(lab, second, first=9)
        monkeypatch.setattr("dianheng.verification.tests.test_certificates.signer", known)
        with pytest.raises(Refused) as caught:
            sign_off(second)
        assert caught.value.refusal.code == "same_person"
        assert lab.verifier.name in str(caught.value.refusal.text)
        services.task_send_back(
            task=one.tasks.get(task="test"), reason="换人检定", actor=people["VERIFIER"], to="arrange"
        )  # fmt: skip
        assert [row.step for row in second.devices.all()] == ["withdrawn"]
        assert second.records.count() == 1  # what was measured stays
        step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(TODAY()))
        third = VerificationTask.objects.filter(origin=one.document).latest("pk")
        self.opened(one, people)
        self.verified(other_tester(lab), third, first=19)
        sign_off(third)
        finished(people, one)
        assert doubt_of(one).answered["record"] == third.records.get().number

    def disputed(self, lab, people):
        """Verified at its time by the laboratory's verifier, now opened for an arbitration."""
        (meter,) = meters(1, first=900)
        first = self.task_of(meter)
        self.verified(lab, first)
        sign_off(first)
        one = requested(people, "arbitration")
        step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(TODAY()))
        self.opened(one, people)
        return one, VerificationTask.objects.get(origin=one.document)

    def test_who_tested_the_meter_before_neither_reviews_the_arbitration_nor_approves_it(
        self, lab, people, monkeypatch
    ):
        one, task = self.disputed(lab, people)
        self.verified(other_tester(lab), task, first=9)
        monkeypatch.setattr("dianheng.verification.tests.test_certificates.signer", known)
        person, actor = lab.verifier, actor_for_person(lab.verifier, via="page")
        qualification_grant(
            person=person, kind="checker", number="J-H-9", issuer="省市场监督管理局",
            valid_from=TODAY() - timedelta(days=9), valid_through=TODAY() + timedelta(days=9),
            actor=system_actor(),
        )  # fmt: skip
        keys = list(task.devices.values_list("pk", flat=True))
        digest = signing_digest(lines_of(rows_for(task, keys)))
        with pytest.raises(Refused) as caught:
            results_review(task=task, agreed=keys, seen_digest=digest, actor=actor)
        assert caught.value.refusal.code == "same_person"
        sign_off(task)
        with pytest.raises(Refused) as caught:
            step(one, "test", post_of(person, "VERIFIER"), seals="yes", damaged="no")
        assert caught.value.refusal.code == "same_person"
        finished(people, one)
        with pytest.raises(Refused) as caught:
            step(one, "approve", post_of(person, "SIGNATORY"), opinion="agree")
        assert caught.value.refusal.code == "same_person"
        step(one, "approve", people["SIGNATORY"], opinion="agree")
        assert one.tasks.latest("pk").task == "tell"

    def test_whom_the_record_names_in_any_part_had_a_hand_in_it(self, lab, people):
        (meter,) = meters(1, first=900)
        task = self.task_of(meter)
        other = other_tester(lab)
        envelope = envelope_of(lab, load_with(task, lab.bench), seals=seals_for([barcode(900)]))
        for part in (envelope, *envelope.get("devices", ())):
            for people_of in (part, part.get("header", {})):
                if "operators" in people_of:
                    people_of["operators"].append(
                        {"person_no": other.verifier.person_no, "role": "CHECKER"}
                    )
        send(envelope)
        sign_off(task)
        assert set(doubt.testers_before(meter, besides="")) == {lab.verifier.pk, other.verifier.pk}
        names = {lab.verifier.name, other.verifier.name, "checker", "approver"}
        assert set(hands_of(task.number, meter).values()) == names

    def test_an_arbitration_is_tested_after_its_seal_was_opened(self, lab, people):
        one = self.arranged(people, "arbitration")
        now = timezone.localtime()
        self.opened(one, people, opened_at=f"{now:%Y-%m-%d %H:%M}")
        task = VerificationTask.objects.get()
        self.verified(lab, task)  # an hour ago
        sign_off(task)
        with pytest.raises(Refused) as caught:
            finished(people, one)
        assert caught.value.refusal.code == "before_opening"
        assert task.records.get().number in str(caught.value.refusal.text)

    def test_a_task_that_was_called_off_by_hand_says_the_way_out(self, lab, people):
        one = self.arranged(people)
        task = VerificationTask.objects.get()
        task_cancel(task=task, reason="重复", actor=system_actor())
        with pytest.raises(Refused) as caught:
            finished(people, one)
        assert task.number in str(caught.value.refusal.text)
        assert "另行安排检验" in str(caught.value.refusal.text)
        services.task_send_back(
            task=one.tasks.get(task="test"), reason="改期", actor=people["VERIFIER"], to="arrange"
        )
        assert doubt_of(one) is None
        step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(TODAY()))
        assert doubt_of(one).begun["task"] != task.number

    def task_of(self, meter):
        task = task_make(
            unit=metering_centre(), kind="initial", model=meter.model, actor=system_actor()
        )
        task_add_devices(task=task, device_ids=[meter.pk], actor=system_actor())
        return task

    def test_a_run_by_who_tested_before_spoils_the_task_though_another_run_followed(
        self, lab, people, monkeypatch
    ):
        _one, task = self.disputed(lab, people)
        self.verified(lab, task, first=9)
        monkeypatch.setattr("dianheng.verification.tests.test_certificates.signer", known)
        (key,) = task.devices.values_list("pk", flat=True)
        checker = known("checker", "checker")
        results_review(
            task=task, agreed=[], seen_digest=signing_digest([]), returned={key: "换人"}, actor=checker
        )  # fmt: skip
        load = load_make(task=task, bench=lab.bench, actor=system_actor())
        load_put(load=load, code=barcode(900), position=2, reason="换人", actor=system_actor())
        send(envelope_of(other_tester(lab), load, seals=seals_for([barcode(900)], 9), retest_reason="换人"))  # fmt: skip
        assert task.records.count() == 2
        with pytest.raises(Refused) as caught:
            sign_off(task)
        assert caught.value.refusal.code == "same_person"

    def test_a_meter_called_damaged_whose_result_is_approved_after_all_is_decided_anew(
        self, lab, people
    ):
        one = self.arranged(people)
        task = VerificationTask.objects.get()
        self.verified(lab, task)
        step(one, "test", people["VERIFIER"], seals="yes", damaged="yes")
        assert doubt_of(one).answered["conclusion"] == "damaged"
        sign_off(task)
        with pytest.raises(Refused) as caught:
            step(one, "approve", people["SIGNATORY"], opinion="agree")
        assert caught.value.refusal.code == "changed"
        step(one, "approve", people["SIGNATORY"], opinion="reject")
        finished(people, one)
        assert doubt_of(one).answered["conclusion"] == "pass"
