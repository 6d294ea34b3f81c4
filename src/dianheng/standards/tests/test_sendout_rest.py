"""Send-outs by machine: planned, listed, handed over and taken in; rights, repeats and faults."""

import pytest
from django.utils import timezone

from dianheng.assets.models import StandardEquipment
from dianheng.identity.models import Person
from dianheng.identity.services import system_actor, token_make, unit_make, write_batch
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.standards.models import SendoutItem, SendoutOrder, SendoutPlan, StandardCertificate

from .factories import BODY, listed, sent_out
from .test_sendout_pages import day, due

pytestmark = pytest.mark.django_db
KEEP = ("verification.view", "verification.laboratory")


@pytest.fixture
def rest(client):
    """Asks and sends as one person, with a token; a right that is not given is not there."""

    def ask(path, body=None, *, rights=KEEP, login="keeper", **more):
        person = Person.objects.filter(login=login).first() or person_with(
            *rights, login=login, **more
        )
        token = token_make(person=person, label="t", actor=system_actor())
        sent = {"headers": {"Authorization": f"Bearer {token}"}}
        if body is not None:
            answer = client.post(f"/api/v1/{path}", body, content_type="application/json", **sent)
        else:
            answer = client.get(f"/api/v1/{path}", **sent)
        return answer.status_code, answer.json()

    return ask


def plan_in(key="plan-2026-1"):
    return {
        "unit": metering_centre().code, "title": "一季度送检计划", "first_on": str(day(0)),
        "last_on": str(day(90)), "request_key": key,
    }  # fmt: skip


def test_a_plan_is_drawn_up_filled_in_agreed_and_sent_by_machine(rest):
    due("STD-0011")
    due("STD-0012", 300)
    status, plan = rest("sendout-plans", plan_in())
    assert (status, [line["barcode"] for line in plan["standards"]]) == (201, ["STD-0011"])
    assert rest("sendout-plans", plan_in()) == (201, plan)  # the same key: the same plan
    assert SendoutPlan.objects.count() == 1
    here = f"sendout-plans/{plan['number']}"
    status, answer = rest(f"{here}/agree", {})
    assert (status, answer["errors"][0]["device"]) == (422, "STD-0011")
    line = {"barcode": "STD-0011", "body": BODY, "appointed_on": str(day(10))}
    assert rest(f"{here}/standards", {"standards": [line]})[1]["standards"][0]["body"] == BODY
    assert rest(f"{here}/agree", {})[1]["state"] == "agreed"
    order = {
        "unit": metering_centre().code, "body": BODY, "expected_on": str(day(20)),
        "standards": ["STD-0011", "STD-0012"], "request_key": "order-2026-1",
    }  # fmt: skip
    status, made = rest("sendouts", order)
    assert (status, made["standards_count"]) == (201, 2)
    assert {line["barcode"]: line["plan"] for line in made["standards"]} == {
        "STD-0011": plan["number"], "STD-0012": None,
    }  # fmt: skip
    assert rest("sendouts", order) == (201, made)
    assert rest(here)[1]["standards"][0]["sendout"] == made["number"]
    assert [one["number"] for one in rest("sendout-plans")[1]["items"]] == [plan["number"]]


def test_standards_are_handed_over_and_taken_in_by_machine_once(rest):
    order = listed(due("STD-0011"), due("STD-0012"))
    here = f"sendouts/{order.number}"
    leaving = {"receiver": "省院 赵收", "request_key": "out-2026-1", "standards": [
        {"barcode": "STD-0011", "condition": "外观完好", "accessories": "电源线1根"},
    ]}  # fmt: skip
    status, answer = rest(f"{here}/hand-over", leaving)
    assert (status, [(one["device"], one["code"]) for one in answer["errors"]]) == (
        422, [("STD-0012", "not_scanned"), ("STD-0012", "condition")],
    )  # fmt: skip
    assert not SendoutItem.objects.filter(scanned_out_at__isnull=False).exists()
    leaving["standards"].append({"barcode": "STD-0012", "condition": "外观完好"})
    status, out = rest(f"{here}/hand-over", leaving)
    assert (status, out["state"], out["receiver"]) == (200, "out", "省院 赵收")
    assert rest(f"{here}/hand-over", leaving) == (200, out)
    back = {"brought_by": "李司机", "request_key": "in-2026-1", "standards": [
        {"barcode": "STD-0011", "found": "rejected", "condition": "外壳破损"},
    ]}  # fmt: skip
    status, came = rest(f"{here}/receive", back)
    assert (status, came["state"], came["back_count"]) == (200, "partly", 1)
    assert {(one["barcode"], one["code"]) for one in came["differences"]} >= {
        ("STD-0011", "rejected"), ("STD-0011", "changed"),
    }  # fmt: skip
    assert rest(f"{here}/receive", back) == (200, came)
    assert rest("sendouts?state=partly")[1]["items"][0]["number"] == order.number
    assert rest("sendouts?state=back")[1]["items"] == []


def test_the_key_of_another_hand_over_is_refused_and_changes_nothing(rest):
    first, second = listed(due("STD-0011")), listed(due("STD-0012"))
    body = {"receiver": "赵收", "request_key": "out-2026-1"}
    lines = [{"barcode": "STD-0011", "condition": "完好"}]
    assert rest(f"sendouts/{first.number}/hand-over", body | {"standards": lines})[0] == 200
    lines = [{"barcode": "STD-0012", "condition": "完好"}]
    status, answer = rest(f"sendouts/{second.number}/hand-over", body | {"standards": lines})
    assert (status, answer["code"]) == (409, "request_key_used")
    second.refresh_from_db()
    assert second.state == "listed"


@pytest.mark.parametrize(
    "more,code",
    [
        ({"standards": [{"barcode": "STD-0099", "condition": "完好"}]}, "not_found"),
        ({"at": "2999-01-01T00:00:00+08:00"}, "future"),
        ({"at": "0001-01-01T00:00:00"}, "long_ago"),
        ({"receiver": " "}, "missing"),
    ],
    ids=["not on the list", "still to come", "centuries ago", "nobody received them"],
)
def test_what_is_wrong_with_a_hand_over_is_told_and_nothing_leaves(rest, more, code):
    order = listed(due("STD-0011"))
    body = {
        "receiver": "赵收", "request_key": "out-2026-1",
        "standards": [{"barcode": "STD-0011", "condition": "完好"}],
    }  # fmt: skip
    status, answer = rest(f"sendouts/{order.number}/hand-over", body | more)
    assert (status, [one["code"] for one in answer["errors"]]) == (422, [code])
    assert not SendoutItem.objects.filter(out_at__isnull=False).exists()


def test_a_code_that_is_no_standard_lists_nothing(rest):
    due("STD-0011")
    body = {
        "unit": metering_centre().code, "body": BODY, "expected_on": str(day(20)),
        "standards": ["STD-0011", "STD-0404", "STD-0405"], "request_key": "order-2026-1",
    }  # fmt: skip
    status, answer = rest("sendouts", body)
    assert (status, [one["device"] for one in answer["errors"]]) == (422, ["STD-0404", "STD-0405"])
    assert not SendoutOrder.objects.exists()


def test_overdue_is_said_and_moments_are_those_of_the_organisation(rest):
    order = sent_out(due("STD-0011"))
    at = timezone.localtime(order.handed_at)
    one = rest(f"sendouts/{order.number}")[1]
    assert (one["is_overdue"], one["expected_on"]) == (False, str(day(20)))
    back = {
        "brought_by": "李司机", "request_key": "in-2026-1", "at": f"{at:%Y-%m-%dT%H:%M:%S.%f}",
        "standards": [{"barcode": "STD-0011", "found": "good", "condition": "完好"}],
    }  # fmt: skip
    status, answer = rest(f"sendouts/{order.number}/receive", back)
    assert status == 200, answer
    assert SendoutItem.objects.get().back_at == at


def certificate_in(**more):
    return {
        "number": "DC-NEW", "issuer": BODY, "valid_from": str(day(0)), "valid_through": str(day(364)),
        "takes_over": True, "accuracy_class": "0.05", "request_key": "paper-2026-1",
        "values": [
            {"quantity": "电压", "point": "220 V", "value": "220.030", "factor": "2", "unit": "V"},
        ],
        **more,
    }  # fmt: skip


def test_a_certificate_by_machine_releases_its_standard_once(rest):
    order = sent_out(due("STD-0011"), due("STD-0012"))
    here = "standards/STD-0011/certificates"
    status, made = rest(here, certificate_in())
    assert (status, made["values_count"], made["still_locked_by"]) == (201, 1, None)
    assert rest(here, certificate_in()) == (201, made)  # the same key: the same certificate
    paper = StandardCertificate.objects.get(number="DC-NEW")
    assert str(paper.points.get().value) == "220.030"
    line = rest(f"sendouts/{order.number}")[1]["standards"][0]
    assert (line["barcode"], line["certificate_no"]) == ("STD-0011", "DC-NEW")
    status, answer = rest("standards/STD-0012/certificates", certificate_in())
    assert (status, answer["code"]) == (409, "request_key_used")
    old = certificate_in(
        number="DC-OLD", valid_from=str(day(-1)), request_key="paper-2026-2", values=[]
    )
    assert rest("standards/STD-0012/certificates", old)[1]["still_locked_by"] == order.number


@pytest.mark.parametrize(
    "more,code",
    [
        ({"values": [{"quantity": "电压", "point": "220 V", "value": "x", "unit": "V"}]}, "number"),
        ({"higher_barcode": "STD-0404"}, "not_found"),
    ],
    ids=["no number", "no such standard above"],
)
def test_what_is_wrong_with_a_certificate_is_told_and_nothing_is_kept(rest, more, code):
    due("STD-0011")
    before = StandardCertificate.objects.count()
    status, answer = rest("standards/STD-0011/certificates", certificate_in(**more))
    assert (status, [one["code"] for one in answer["errors"]]) == (422, [code])
    assert StandardCertificate.objects.count() == before


def test_a_standard_does_not_vouch_for_its_ancestor_by_machine(rest):
    due("STD-0011")
    due("STD-0012")
    paper = certificate_in(higher_barcode="STD-0012")
    assert rest("standards/STD-0011/certificates", paper)[0] == 201
    paper = certificate_in(higher_barcode="STD-0011", request_key="paper-2026-2")
    status, answer = rest("standards/STD-0012/certificates", paper)
    assert (status, answer["code"]) == (409, "circle")


def test_losses_and_costs_are_entered_by_machine(rest):
    order = sent_out(due("STD-0011"), due("STD-0012"))
    here = f"sendouts/{order.number}"
    lost = {"reason": "运输途中丢失", "standards": ["STD-0012"], "request_key": "lost-2026-1"}
    status, answer = rest(
        f"{here}/lost", lost | {"standards": ["STD-0012", "STD-0099"]}, rights=("*",)
    )
    assert (status, [one["device"] for one in answer["errors"]]) == (422, ["STD-0099"])
    status, gone = rest(f"{here}/lost", lost)
    assert (status, [one["state"] for one in gone["standards"]]) == (200, ["out", "lost"])
    assert rest(f"{here}/lost", lost) == (200, gone)
    status, answer = rest(f"{here}/lost", lost | {"request_key": "lost-2026-2"})
    (one,) = answer["errors"]
    assert (status, one["code"], one["device"]) == (422, "not_out", "STD-0012")
    costs = {"invoice_no": "INV-7", "standards": [{"barcode": "STD-0011", "cost_yuan": "1800.50"}]}
    status, paid = rest(f"{here}/costs", costs)
    assert (status, paid["cost_yuan"], paid["invoice_no"]) == (200, "1800.50", "INV-7")
    more = {"standards": [{"barcode": "STD-0012", "cost_yuan": "0.005"}]}
    assert rest(f"{here}/costs", more)[1]["errors"][0]["code"] == "cost"
    more = {"standards": [{"barcode": "STD-0012", "cost_yuan": "200"}]}
    status, paid = rest(f"{here}/costs", more)
    assert (status, paid["cost_yuan"], paid["invoice_no"]) == (200, "2000.50", "INV-7")


def test_a_standard_whose_name_the_register_lacks_is_shown_by_its_model(rest):
    device = due("STD-0011")
    with write_batch(actor=system_actor(), action="test.detail"):
        StandardEquipment.objects.filter(device=device).delete()
    order = sent_out(device)
    status, one = rest(f"sendouts/{order.number}")
    assert (status, one["standards"][0]["name"]) == (200, device.model.name)
    plan = rest("sendout-plans", plan_in())[1]["number"]
    assert rest(f"sendout-plans/{plan}")[0] == 200


def test_doors_are_closed_to_who_may_not(rest):
    order = sent_out(due("STD-0011"))
    plan = rest("sendout-plans", plan_in())[1]["number"]
    gets = ("sendouts", f"sendouts/{order.number}", "sendout-plans", f"sendout-plans/{plan}")
    back = {
        "brought_by": "李司机", "request_key": "in-2026-1",
        "standards": [{"barcode": "STD-0011", "found": "good", "condition": "完好"}],
    }  # fmt: skip
    posts = {
        "sendout-plans": plan_in("plan-2026-2"), f"sendout-plans/{plan}/agree": {},
        f"sendout-plans/{plan}/standards": {"standards": [{"barcode": "STD-0011"}]},
        "sendouts": {
            "unit": metering_centre().code, "body": BODY, "expected_on": str(day(20)),
            "standards": ["STD-0011"], "request_key": "order-2026-1",
        },
        f"sendouts/{order.number}/hand-over": {"receiver": "赵收", "request_key": "out-2026-1"},
        f"sendouts/{order.number}/receive": back,
        f"sendouts/{order.number}/lost": {
            "reason": "丢失", "standards": ["STD-0011"], "request_key": "lost-2026-1",
        },
        f"sendouts/{order.number}/costs": {"invoice_no": "1"},
        "standards/STD-0011/certificates": certificate_in(),
    }  # fmt: skip
    before = list(SendoutItem.objects.values_list("pk", "state"))
    reader = {"login": "reader", "rights": ("verification.view",)}
    nobody = {"login": "nobody", "rights": ("warehouse.view",)}
    for path in gets:
        assert (rest(path, **reader)[0], rest(path, **nobody)[0]) == (200, 403), path
    for path, body in posts.items():
        assert (rest(path, body, **reader)[0], rest(path, body, **nobody)[0]) == (403, 403), path
    other = unit_make(code="OTHER", name="别处", kind="county", actor=system_actor())
    stranger = {"login": "stranger", "rights": KEEP, "unit": other}
    for path in gets:
        status, answer = rest(path, **stranger)
        assert status == 404 or answer["items"] == [], path
    for path, body in posts.items():
        assert rest(path, body, **stranger)[0] in (403, 404), path
    assert list(SendoutItem.objects.values_list("pk", "state")) == before
    assert (SendoutOrder.objects.count(), SendoutPlan.objects.count()) == (1, 1)
