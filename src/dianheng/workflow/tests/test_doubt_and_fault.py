"""A doubted meter that fails begins the process of metering faults: linked, taken back, kept apart."""

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.tests.factories import barcode
from dianheng.common.errors import Refused
from dianheng.fieldwork.models import FieldTask
from dianheng.fieldwork.services import check_record
from dianheng.fieldwork.tests.factories import (
    CALIBRATOR,
    CONDITIONS,
    RIGHT,
    an_hour_ago,
    calibrator,
    crew,
    point_with_meter,
)
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.selectors import begun_by, duty_lines, earlier_entry, origin_of
from dianheng.workflow.selectors.duties import parts_in_force

from .factories import holder
from .test_limits import shipped

pytestmark = pytest.mark.django_db
REQUEST = {
    "kind": "customer_request", "customer_no": "3540100128", "customer": "王建国",
    "taken_on": "2026-11-26", "reason": "10 月电量较上月增加一倍。", "device": barcode(900),
}  # fmt: skip
ERRORS = {"pass": "0.22", "fail": "3.12", "damaged": ""}


@pytest.fixture(autouse=True)
def things():
    """A meter that hangs at a usage point, and a calibrator."""
    point_with_meter()
    calibrator()


@pytest.fixture
def people():
    for name in ("metering_fault", "meter_doubt"):
        services.pack_load(folder=shipped(name), actor=system_actor())
    posts = ("MARKETING", "METROLOGIST", "VERIFIER", "SIGNATORY", "FITTER", "DEPUTY", "TECHNICAL")
    return {
        post: actor_for_person(holder(f"p-{post.lower()}", f"{post}甲", post, city_company()))
        for post in posts
    }


def step(instance, name, actor, **data):
    task = instance.tasks.filter(task=name).latest("pk")
    return services.task_complete(task=task, data=data, actor=actor)


def doubted(people, conclusion):
    """A doubt whose verdict is approved."""
    one = services.instance_start(
        code="meter-doubt",
        unit=metering_centre(),
        title="王建国申请校验",
        actor=people["MARKETING"],
    )
    step(one, "request", people["MARKETING"], **REQUEST)
    leader, second = crew()
    step(one, "arrange", people["METROLOGIST"], way="site", on=str(timezone.localdate()), leader=leader.login, second=second.login)  # fmt: skip
    measured(one, people, conclusion)
    step(one, "approve", people["SIGNATORY"], opinion="agree")
    return one


def measured(one, people, conclusion):
    """The meter is checked on site, or cannot be; the process takes the record."""
    if ERRORS[conclusion]:
        readings = {"error_1": ERRORS[conclusion], "error_2": ERRORS[conclusion]}
        check_record(
            task=FieldTask.objects.get(), raw={**RIGHT, **CONDITIONS, **readings},
            done_at=an_hour_ago(), calibrator_no=CALIBRATOR, actor=system_actor(),
        )  # fmt: skip
    damaged = "no" if ERRORS[conclusion] else "yes"
    step(one, "test", people["VERIFIER"], seals="yes", damaged=damaged)


def faults():
    return list(ProcessInstance.objects.filter(pack__code="metering-fault").order_by("pk"))


def fault_to_decide(people):
    """The fault that a doubt began, worked on up to its approval."""
    (fault,) = faults()
    step(fault, "report", people["FITTER"], kind="fault", found_at="2026-11-30", place="1 号",
         device=barcode(900), fact="超差")  # fmt: skip
    step(fault, "evidence", people["FITTER"], arrived_on="2026-12-01", witness="王建国")
    step(fault, "opinion", people["TECHNICAL"], cause="误差超差", method="error", began_on="2026-10-01",
         ended_on="2026-11-30")  # fmt: skip
    step(fault, "account", people["MARKETING"], read_energy="300", true_energy="290", price="0.5283",
         basis="误差法")  # fmt: skip
    return fault


def send_back(one, people):
    """The notice goes back to the test."""
    services.task_send_back(
        task=one.tasks.get(task="tell"), reason="复核", actor=people["MARKETING"], to="test"
    )


def test_a_meter_that_passes_begins_nothing(people):
    one = doubted(people, "pass")
    assert faults() == [] and begun_by(one) == []
    assert one.tasks.latest("pk").task == "tell"


@pytest.mark.parametrize("conclusion", ["fail", "damaged"])
def test_a_meter_that_fails_begins_the_fault_and_both_pages_lead_to_each_other(
    people, conclusion, client
):
    one = doubted(people, conclusion)
    (fault,) = faults()
    assert begun_by(one) == [fault] and origin_of(fault) == one.number
    assert (fault.title, fault.unit) == ("王建国申请校验", metering_centre())
    assert earlier_entry(fault.tasks.get(task="report")) == {
        "customer_no": "3540100128", "place": "王建国", "device": barcode(900), "fact": REQUEST["reason"],
    }  # fmt: skip
    client.force_login(Person.objects.get(login="p-marketing"))
    for here, there in ((one, fault), (fault, one)):
        page = client.get(reverse("process", args=[here.number])).content.decode()
        assert f'href="{reverse("process", args=[there.number])}"' in page
    step(one, "tell", people["MARKETING"], told_on="2026-12-01", settled="yes", agreed="yes")
    one.refresh_from_db()
    assert one.state == "done" and faults()[0].state == "running"


def test_sending_back_the_verdict_withdraws_the_fault(people):
    one = doubted(people, "fail")
    send_back(one, people)
    assert [fault.state for fault in faults()] == ["withdrawn"]
    measured(one, people, "pass")
    step(one, "approve", people["SIGNATORY"], opinion="agree")
    assert [fault.state for fault in faults()] == ["withdrawn"]


def test_a_fault_that_was_decided_on_is_not_taken_back(people):
    one = doubted(people, "fail")
    fault = fault_to_decide(people)
    step(fault, "approve", people["DEPUTY"], opinion="agree")
    with pytest.raises(Refused) as caught:
        send_back(one, people)
    assert caught.value.refusal.code == "decided"
    assert one.tasks.latest("pk").task == "tell" and faults()[0].state == "running"


def test_who_tested_the_meter_does_not_approve_the_settlement(people):
    tester = holder("p-verifier", "检定", "DEPUTY", city_company())
    assert ("meter-doubt", "metering-fault") in parts_in_force()[1]
    ways = {(line.path.kind, line.path.handle.process) for line in duty_lines(person_id=tester.pk)}
    assert ("two_processes", "meter-doubt") in ways
    doubted(people, "fail")
    fault = fault_to_decide(people)
    with pytest.raises(Refused) as caught:
        step(fault, "approve", people["VERIFIER"], opinion="agree")
    assert caught.value.refusal.code == "same_person"
    step(fault, "approve", people["DEPUTY"], opinion="agree")


def test_where_the_fault_process_is_switched_off_the_doubt_goes_on_alone(people):
    services.pack_switch(
        code="metering-fault", unit=city_company(), is_on=False, actor=system_actor()
    )
    one = doubted(people, "fail")
    assert faults() == [] and one.tasks.latest("pk").task == "tell"
    send_back(one, people)
    assert one.tasks.latest("pk").task == "test"
