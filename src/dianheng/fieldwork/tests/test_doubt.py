"""A customer doubts a meter: the test begins by itself, its result is taken as it stands."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from dianheng.assets.selectors.installations import installations_of_device
from dianheng.assets.services import Hang, devices_install, devices_remove
from dianheng.assets.tests.factories import barcode, meters
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.fieldwork import doubt
from dianheng.fieldwork.doubt import doubt_of, hands_of
from dianheng.fieldwork.doubt_papers import notice_of
from dianheng.fieldwork.models import FieldTask
from dianheng.fieldwork.registrations import notice
from dianheng.fieldwork.services import check_record
from dianheng.fieldwork.services import task_cancel as field_task_cancel
from dianheng.identity.models import Person
from dianheng.identity.services import (
    actor_for_person,
    qualification_grant,
    setting_change,
    system_actor,
)
from dianheng.identity.tests.factories import city_company, metering_centre, person_with
from dianheng.verification.models import TestRecord, VerificationTask
from dianheng.verification.rules import signing_digest
from dianheng.verification.services import results_review, task_add_devices, task_cancel, task_make
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
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.selectors import content_digest
from dianheng.workflow.tests.factories import holder

from .factories import (
    CALIBRATOR,
    CONDITIONS,
    HUNG_ON,
    REVERSED,
    RIGHT,
    an_hour_ago,
    calibrator,
    crew,
    issued_meter,
    point_with_meter,
    point_with_transformers,
    transformer_points,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
POSTS = ("MARKETING", "METROLOGIST", "VERIFIER", "SIGNATORY")
FEE = "30.00"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture(autouse=True)
def packs():
    for name in ("metering_fault", "meter_doubt"):
        folder = next(path for path in shipped_folders() if path.name == name)
        services.pack_load(folder=folder, actor=system_actor())


@pytest.fixture
def people():
    return {
        post: actor_for_person(holder(f"p-{post.lower()}", f"{post}甲", post, city_company()))
        for post in POSTS
    }


def step(instance, name, actor, **data):
    task = instance.tasks.filter(task=name).latest("pk")
    return services.task_complete(task=task, data=data, actor=actor)


def requested(people, kind="customer_request", **more):
    one = services.instance_start(
        code="meter-doubt",
        unit=metering_centre(),
        title="王建国申请校验",
        actor=people["MARKETING"],
    )
    given = {
        "kind": kind, "customer_no": "3540100128", "customer": "王建国", "device": barcode(900),
        "reason": "电量增加一倍", "taken_on": str(TODAY()), **more,
    }  # fmt: skip
    step(one, "request", people["MARKETING"], **given)
    return one


def arranged_on_site(people, **more):
    one = requested(people, **more)
    leader, second = crew()
    step(one, "arrange", people["METROLOGIST"], way="site", on=str(TODAY()), leader=leader.login, second=second.name)  # fmt: skip
    return one


def checked(error, around=RIGHT, **more):
    return recorded({**around, **CONDITIONS, "error_1": error, "error_2": error, **more})


def recorded(raw, at=None):
    return check_record(
        task=FieldTask.objects.get(), raw=raw, done_at=at or an_hour_ago(),
        calibrator_no=CALIBRATOR, actor=system_actor(),
    ).check  # fmt: skip


def finished(people, one, **more):
    return step(one, "test", people["VERIFIER"], seals="yes", damaged="no", **more)


def fee_is(key="fieldwork.doubt_fee_three", value=FEE, on=None):
    setting_change(
        key=key, value=value, valid_from=on or TODAY() - timedelta(days=30), reason="省物价局文件",
        actor=system_actor(),
    )  # fmt: skip


class TestOnSite:
    @pytest.fixture(autouse=True)
    def things(self):
        point_with_meter()
        calibrator()

    def test_arranging_it_begins_the_task_at_the_point_where_the_meter_hangs(self, people):
        one = arranged_on_site(people)
        task = FieldTask.objects.get()
        assert (task.reason, task.due_on, task.origin) == ("doubt", TODAY(), one.document)
        assert (task.leader.login, task.second.login) == ("machao", "hejie")
        assert one.tasks.latest("pk").task == "test"

    def test_before_its_record_is_there_the_step_is_refused_and_says_where(self, people):
        one = arranged_on_site(people)
        with pytest.raises(Refused) as caught:
            finished(people, one)
        assert caught.value.refusal.code == "no_result"
        assert FieldTask.objects.get().number in str(caught.value.refusal.text)
        assert one.tasks.latest("pk").task == "test"

    @pytest.mark.parametrize(
        ("error", "paid", "expected"),
        [
            ("0.22", "", ("pass", "customer", "30.00", "0.00")),
            ("0.22", "30.00", ("pass", "customer", "0.00", "0.00")),
            ("3.12", "30.00", ("fail", "company", "0.00", "30.00")),
            ("3.12", "", ("fail", "company", "0.00", "0.00")),
        ],
        ids=["right, nothing paid", "right, paid", "wrong, paid", "wrong, nothing paid"],
    )
    def test_who_bears_the_fee_follows_from_the_record(self, people, error, paid, expected):
        fee_is()
        one = arranged_on_site(people, **({"fee": paid} if paid else {}))
        check = checked(error)
        finished(people, one)
        found = doubt_of(one).answered
        assert found["record"] == check.number
        assert tuple(found[k] for k in ("conclusion", "bearer", "due", "refund")) == expected

    def test_the_fee_is_that_of_the_day_of_the_request(self, people):
        fee_is(value="20.00", on=TODAY() - timedelta(days=90))
        fee_is(value="40.00", on=TODAY())
        one = arranged_on_site(people, taken_on=str(TODAY() - timedelta(days=3)))
        checked("0.22")
        finished(people, one)
        assert doubt_of(one).answered["fee"] == "20.00"

    def test_half_of_the_time_since_the_installation_is_settled(self, people):
        one = arranged_on_site(people)
        check = checked("3.12")
        finished(people, one)
        found = doubt_of(one).answered
        hung_on = timezone.localdate(timezone.now() - HUNG_ON)
        days = (timezone.localdate(check.done_at) - hung_on).days  # 399 in the hour after midnight
        assert Decimal(found["days"]) == Decimal(days) / 2
        assert (found["error"], found["settle"]) == ("3.12", "-3.0256")

    def test_the_approver_decides_on_the_record_that_stands(self, people):
        one = arranged_on_site(people)
        before = content_digest(one)
        checked("0.22")
        finished(people, one)
        assert content_digest(one) != before
        seen = content_digest(one)
        with translation.override("en"):  # whoever reads another language decides on the same
            assert content_digest(one) == seen
        page = doubt_of(one).evidence
        assert page.is_right and page.points[0].rounded == "+0.20 %"

    def test_a_wrong_wiring_has_its_own_order_and_does_not_make_the_meter_wrong(self, people):
        one = arranged_on_site(people)
        check = checked("0.22", REVERSED)
        assert check.outcome == "fail" and check.orders.get().kind == "mend_wiring"
        finished(people, one)
        found = doubt_of(one)
        assert (found.answered["conclusion"], found.answered["bearer"]) == ("pass", "customer")
        assert "settle" not in found.answered and "days" not in found.answered
        assert [point.item for point in found.evidence.points] == ["working_error"]

    def test_a_clock_that_is_out_is_the_meters_fault_and_settles_no_energy(self, people):
        one = arranged_on_site(people)
        checked("0.22", clock_offset_s="900")
        finished(people, one)
        found = doubt_of(one).answered
        assert (found["conclusion"], found["bearer"]) == ("fail", "company")
        assert "settle" not in found and "days" not in found

    def test_a_record_that_tells_no_working_error_answers_nothing(self, people):
        one = arranged_on_site(people)
        check = recorded({**RIGHT, **CONDITIONS})
        assert check.outcome == "pass"
        with pytest.raises(Refused) as caught:
            finished(people, one)
        assert caught.value.refusal.code == "no_result"
        assert check.number in str(caught.value.refusal.text)
        wrong = checked("3.12")
        recorded({**RIGHT, **CONDITIONS}, timezone.now() - timedelta(minutes=9))
        finished(people, one)
        assert doubt_of(one).answered["record"] == wrong.number

    def test_the_check_of_the_meter_that_hangs_there_now_does_not_answer_for_the_old_one(
        self, people
    ):
        one = arranged_on_site(people)
        other = issued_meter(901)
        row = installations_of_device(doubt_of(one).device).get()
        devices_remove(
            installation_ids=[row.pk], reason="轮换", actor=actor_for_person(crew()[0]),
            removed_at=timezone.now() - timedelta(hours=3),
        )  # fmt: skip
        devices_install(
            point=row.usage_point, hangs=[Hang(other.pk, "meter")], actor=system_actor("command"),
            installed_at=timezone.now() - timedelta(hours=2),
        )  # fmt: skip
        assert checked("0.22").meter == other
        with pytest.raises(Refused) as caught:
            finished(people, one)
        assert caught.value.refusal.code == "no_result"

    def test_a_meter_with_a_verdict_is_not_called_damaged(self, people):
        one = arranged_on_site(people)
        check = checked("0.22")
        with pytest.raises(Refused) as caught:
            step(one, "test", people["VERIFIER"], seals="yes", damaged="yes")
        assert caught.value.refusal.code == "has_verdict"
        assert check.number in str(caught.value.refusal.text)

    def test_sending_it_back_calls_the_task_off(self, people):
        one = arranged_on_site(people)
        services.task_send_back(
            task=one.tasks.get(task="test"),
            reason="改为拆回",
            actor=people["VERIFIER"],
            to="arrange",
        )
        assert FieldTask.objects.get().state == "cancelled"

    def test_page_and_notice_carry_the_record(self, people, client):
        fee_is()
        one = arranged_on_site(people, fee=FEE)
        check = checked("3.12")
        finished(people, one)
        step(one, "approve", people["SIGNATORY"], opinion="agree")
        client.force_login(Person.objects.get(login="p-marketing"))
        page = client.get(reverse("process", args=[one.number])).content.decode()
        for text in (check.number, "30.00", reverse("doubt_notice", args=[one.number])):
            assert text in page
        answer = client.get(reverse("doubt_notice", args=[one.number]))
        assert answer["Content-Type"] == "application/pdf" and answer.content[:5] == b"%PDF-"
        assert client.get(reverse("doubt_opening", args=[one.number])).status_code == 404

    def test_what_was_taken_is_not_approved_once_another_record_says_otherwise(self, people):
        one = arranged_on_site(people)
        checked("0.22")
        finished(people, one)
        newer = checked("3.12")  # a task that is done takes another attempt
        assert doubt_of(one).is_changed
        with pytest.raises(Refused) as caught:
            step(one, "approve", people["SIGNATORY"], opinion="agree")
        assert caught.value.refusal.code == "changed"
        assert newer.number in str(caught.value.refusal.text)
        step(one, "approve", people["SIGNATORY"], opinion="reject")
        finished(people, one)
        step(one, "approve", people["SIGNATORY"], opinion="agree")
        found = doubt_of(one)
        assert (found.answered["record"], found.is_changed) == (newer.number, False)

    def test_the_notice_tells_the_record_that_was_approved_whatever_came_later(self, people):
        one = arranged_on_site(people)
        check = checked("3.12")
        finished(people, one)
        step(one, "approve", people["SIGNATORY"], opinion="agree")
        checked("0.22")
        told = notice_of(one, doubt_of(one))
        assert (told.record_no, told.conclusion) == (check.number, "fail")
        assert [point.rounded for point in told.results] == ["+3.10 %"]
        assert told.tested_at == check.done_at

    def test_there_is_a_notice_only_while_an_approval_of_what_was_taken_stands(self, people):
        one = arranged_on_site(people)
        checked("0.22")
        finished(people, one)
        assert notice(one) is None  # nobody has decided
        step(one, "approve", people["SIGNATORY"], opinion="reject")
        assert notice(one) is None and doubt_of(one).answered == {}
        finished(people, one)
        assert notice(one) is None  # whoever rejected it before has approved nothing
        agrees = actor_for_person(holder("p-second", "乙批准", "SIGNATORY", city_company()))
        services.task_claim(task=one.tasks.latest("pk"), actor=agrees)
        step(one, "approve", agrees, opinion="agree")
        told = notice_of(one, doubt_of(one))
        assert [sign.name for sign in told.signatures if sign.role == "approver"] == ["乙批准"]
        services.task_send_back(
            task=one.tasks.get(task="tell"), reason="复核", actor=people["MARKETING"], to="test"
        )
        assert notice(one) is None and doubt_of(one).answered == {}

    def test_a_doubt_that_was_withdrawn_has_no_notice(self, people):
        one = arranged_on_site(people)
        checked("0.22")
        finished(people, one)
        services.instance_withdraw(instance=one, reason="客户撤回", actor=people["MARKETING"])
        one.refresh_from_db()
        assert notice(one) is None and doubt_of(one).answered == {}

    def test_what_is_tested_already_stays_and_another_test_is_arranged(self, people):
        one = arranged_on_site(people)
        checked("0.22")
        services.task_send_back(
            task=one.tasks.get(task="test"), reason="改为拆回", actor=people["VERIFIER"], to="arrange"
        )  # fmt: skip
        assert FieldTask.objects.get().state == "done"
        leader, second = Person.objects.get(login="machao"), Person.objects.get(login="hejie")
        step(one, "arrange", people["METROLOGIST"], way="site", on=str(TODAY()), leader=leader.login, second=second.login)  # fmt: skip
        assert FieldTask.objects.count() == 2 and doubt_of(one).evidence.record == ""

    def test_a_task_that_was_called_off_by_hand_can_be_arranged_anew(self, people):
        one = arranged_on_site(people)
        field_task_cancel(task=FieldTask.objects.get(), reason="重复", actor=system_actor())
        with pytest.raises(Refused) as caught:
            finished(people, one)
        assert "另行安排检验" in str(caught.value.refusal.text)
        services.task_send_back(
            task=one.tasks.get(task="test"), reason="重排", actor=people["VERIFIER"], to="arrange"
        )
        assert one.tasks.latest("pk").task == "arrange"

    def test_who_may_not_see_the_process_gets_no_paper(self, people, client):
        one = arranged_on_site(people)
        client.force_login(holder("stranger", "外人", "GUEST", metering_centre(), []))
        assert client.get(reverse("doubt_notice", args=[one.number])).status_code in (403, 404)

    def test_no_notice_before_the_record(self, people, client):
        one = arranged_on_site(people)
        client.force_login(Person.objects.get(login="p-marketing"))
        assert client.get(reverse("doubt_notice", args=[one.number])).status_code == 404


def test_the_verdict_on_a_transformer_there_does_not_answer_for_the_meter(people):
    point_with_transformers()
    calibrator()
    one = arranged_on_site(people)
    points = transformer_points()
    check = recorded({"temperature_c": "12.5", "humidity_pct": "58", "transformer": "HG00000001", "points": points})  # fmt: skip
    meter = doubt_of(one).device
    assert (check.meter, check.transformer.barcode) == (meter, "HG00000001")
    assert doubt.testers_before(meter, besides="") == {}  # who measured it has not tested the meter
    with pytest.raises(Refused) as caught:
        finished(people, one)
    assert caught.value.refusal.code == "no_result"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"leader": "", "second": ""}, "leader"),
        ({"kind": "arbitration"}, "way"),
        ({"device": barcode(1)}, "way"),
    ],
    ids=["nobody named", "an arbitration on site", "it hangs nowhere"],
)
def test_what_cannot_be_arranged_is_told_and_begins_nothing(people, given, field):
    point_with_meter()
    meters(1)
    leader, second = crew()
    form = {"leader": leader.login, "second": second.login}
    form |= {name: given[name] for name in form if name in given}
    one = requested(people, **{k: v for k, v in given.items() if k in ("kind", "device")})
    with pytest.raises(BadInput) as caught:
        step(one, "arrange", people["METROLOGIST"], way="site", on=str(TODAY()), **form)
    assert [error["field"] for error in caught.value.refusal.errors] == [field]
    assert FieldTask.objects.count() == 0 and one.tasks.latest("pk").task == "arrange"


def test_a_bar_code_of_nothing_is_told(people):
    one = requested(people, device="NIX")
    with pytest.raises(NotFound):
        step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(TODAY()))


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


def test_a_meter_that_cannot_be_tested_is_the_companys_fault(people):
    fee_is("fieldwork.doubt_fee_single")
    meters(1, first=900)
    laboratory()
    one = requested(people, fee=FEE)
    step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(TODAY()))
    step(one, "test", people["VERIFIER"], seals="no", damaged="yes")
    found = doubt_of(one).answered
    assert (found["conclusion"], found["bearer"], found["refund"]) == ("damaged", "company", FEE)
