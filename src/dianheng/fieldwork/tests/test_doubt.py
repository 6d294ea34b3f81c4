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
from dianheng.customers.models import UsagePoint
from dianheng.fieldwork import doubt
from dianheng.fieldwork.doubt import doubt_of
from dianheng.fieldwork.doubt_papers import notice_of
from dianheng.fieldwork.models import FieldTask
from dianheng.fieldwork.registrations import notice
from dianheng.fieldwork.services import check_record
from dianheng.fieldwork.services import task_cancel as field_task_cancel
from dianheng.identity.models import Person
from dianheng.identity.services import (
    actor_for_person,
    setting_change,
    system_actor,
)
from dianheng.identity.tests.factories import city_company, metering_centre, person_with
from dianheng.verification.tests.factories import (
    laboratory,
)
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
    field_task,
    issued_meter,
    point_with_meter,
    point_with_transformers,
    transformer_points,
)
from .test_checks import GOOD, record

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


def checked(error, around=RIGHT, task=None, **more):
    return recorded({**around, **CONDITIONS, "error_1": error, "error_2": error, **more}, task=task)


def days_ago(count):
    return timezone.now() - timedelta(days=count)


def recorded(raw, at=None, task=None):
    return check_record(
        task=task or FieldTask.objects.get(), raw=raw, done_at=at or an_hour_ago(),
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

    def test_a_check_on_site_that_found_it_right_begins_the_time_anew(self, people):
        good = record(GOOD, task=field_task(UsagePoint.objects.get()), done_at=days_ago(100)).check
        record(
            {**GOOD, "error_1": "2.90", "error_2": "2.92"},
            task=FieldTask.objects.get(), done_at=days_ago(10),
        )  # fmt: skip
        assert good.outcome == "pass"
        one = arranged_on_site(people)
        check = checked("3.12", task=FieldTask.objects.latest("pk"))
        finished(people, one)
        found = doubt_of(one).answered
        since = timezone.localdate(good.done_at)
        assert found["since"] == str(since)  # not the day on which it was wrong already
        days = (timezone.localdate(check.done_at) - since).days
        assert Decimal(found["days"]) == Decimal(days) / 2

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
        # The marketing people read the number; only who may see checks is led to them.
        address = reverse("field_check", args=[check.number])
        assert f'href="{address}"' not in page
        client.force_login(person_with("*", login="everything"))
        assert (
            f'href="{address}"'
            in client.get(reverse("process", args=[one.number])).content.decode()
        )
        client.force_login(Person.objects.get(login="p-marketing"))
        answer = client.get(reverse("doubt_notice", args=[one.number]))
        assert answer["Content-Type"] == "application/pdf" and answer.content[:5] == b"%PDF-"
        assert client.get(reverse("doubt_opening", args=[one.number])).status_code == 404
        client.cookies["django_language"] = "en"
        in_english = client.get(reverse("process", args=[one.number])).content.decode()
        assert "Begin the test" in in_english and "下达检验任务" not in in_english
        del client.cookies["django_language"]

    def test_what_was_taken_is_not_approved_once_another_record_says_otherwise(
        self, people, client
    ):
        one = arranged_on_site(people)
        checked("0.22")
        finished(people, one)
        newer = checked("3.12")  # a task that is done takes another attempt
        assert doubt_of(one).is_changed
        client.force_login(Person.objects.get(login="p-signatory"))
        page = client.get(reverse("process", args=[one.number])).content.decode()
        assert newer.number in page and "取用后结果已变化。" in page
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


def test_a_meter_that_cannot_be_tested_is_the_companys_fault(people):
    fee_is("fieldwork.doubt_fee_single")
    meters(1, first=900)
    laboratory()
    one = requested(people, fee=FEE)
    step(one, "arrange", people["METROLOGIST"], way="laboratory", on=str(TODAY()))
    step(one, "test", people["VERIFIER"], seals="no", damaged="yes")
    found = doubt_of(one).answered
    assert (found["conclusion"], found["bearer"], found["refund"]) == ("damaged", "company", FEE)
