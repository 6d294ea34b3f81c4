"""A customer doubts a meter: the test begins by itself, its result is taken as it stands."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from dianheng.assets.selectors.installations import installations_of_device
from dianheng.assets.services import Hang, devices_install, devices_remove
from dianheng.assets.tests.factories import barcode, meters
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.fieldwork.doubt import doubt_of
from dianheng.fieldwork.models import FieldTask
from dianheng.fieldwork.services import check_record
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, setting_change, system_actor
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.verification.models import TestRecord, VerificationTask
from dianheng.verification.services import task_add_devices, task_make
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
    assert (check.meter, check.transformer.barcode) == (doubt_of(one).device, "HG00000001")
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


class TestInTheLaboratory:
    @pytest.fixture
    def lab(self):
        return laboratory()

    def arranged(self, people, kind="customer_request"):
        meters(1, first=900)
        one = requested(people, kind)
        step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(TODAY()))
        return one

    def opened(self, one, people, parties=None, signed="yes"):
        step(
            one, "open", people["METROLOGIST"], parties=parties or PARTIES, signed=signed,
            opened_at="2026-11-27 09:30", seal_nos="XC26000101", seals_whole="yes",
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
        known = lambda login, kind: actor_for_person(Person.objects.get(login=login), via="page")  # noqa: E731
        monkeypatch.setattr("dianheng.verification.tests.test_certificates.signer", known)
        sign_off(second)
        with pytest.raises(Refused) as caught:
            finished(people, one)
        assert caught.value.refusal.code == "same_person"
        assert lab.verifier.name in str(caught.value.refusal.text)
        assert one.tasks.latest("pk").task == "test"

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
