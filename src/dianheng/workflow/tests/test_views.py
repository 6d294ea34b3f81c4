"""Pages of processes: what shows, who may, what is refused, nothing typed is lost."""

import pytest
from django.urls import reverse

from dianheng.identity.models import AccessEvent, Person
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.workflow import services
from dianheng.workflow.models import FormDraft, FormEntry

from .factories import head, holder, verifier, work_order
from .test_services import APPLY

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    work_order()
    return services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱进水", actor=verifier()
    )


def login(client, actor):
    client.force_login(Person.objects.get(pk=actor.person_id))
    return client


def task_url(order, name="task_form"):
    return reverse(name, args=[order.number, order.tasks.latest("pk").pk])


def test_a_process_is_started_from_the_catalogue(client):
    work_order()
    login(client, verifier())
    page = client.get(reverse("process_catalogue"))
    assert "工单" in page.content.decode()
    unit = metering_centre()
    answer = client.post(
        reverse("process_start", args=["work-order"]), {"unit": unit.pk, "title": "换表箱"}
    )
    shown = client.get(answer.url).content.decode()
    assert "换表箱" in shown and "填写工单" in shown and 'name="subject"' in shown


def test_the_form_is_sent_and_the_next_step_waits_for_the_head(client, order):
    login(client, verifier())
    answer = client.post(
        task_url(order),
        {**APPLY, "devices.0.device": "4130001", "devices.0.remark": "", "devices.2.device": ""},
    )
    assert answer.status_code == 302
    assert FormEntry.objects.get().data["devices"] == [{"device": "4130001"}]
    login(client, head())
    assert "表箱进水" in client.get(reverse("work") + "?box=offered").content.decode()
    page = client.get(answer.url).content.decode()
    assert "4130001" in page and "审批派工" in page and 'value="back"' in page


def test_what_is_wrong_is_named_and_nothing_typed_is_lost(client, order):
    login(client, verifier())
    answer = client.post(task_url(order), {"subject": "漏电", "kind": ""})
    page = answer.content.decode()
    assert answer.status_code == 422 and "工作内容" in page and 'value="漏电"' in page
    assert FormDraft.objects.get().data["subject"] == "漏电"
    assert 'value="漏电"' in client.get(reverse("process", args=[order.number])).content.decode()


def test_a_field_appears_when_its_condition_holds(client, order):
    login(client, verifier())
    url = task_url(order)
    assert (
        'name="other_kind"'
        not in client.post(url, {"kind": "repair", "keep": "1"}).content.decode()
    )
    assert 'name="other_kind"' in client.post(url, {"kind": "other", "keep": "1"}).content.decode()


def test_who_has_none_of_the_posts_sees_no_form_and_cannot_send_one(client, order):
    stranger = holder("tang", "唐慧", "AUDITOR", metering_centre(), ["workflow.view"])
    client.force_login(stranger)
    page = client.get(reverse("process", args=[order.number])).content.decode()
    assert 'name="subject"' not in page and "催办" in page
    client.post(task_url(order), APPLY)
    assert not FormEntry.objects.exists()
    event = AccessEvent.objects.get()
    assert (event.kind, event.person_id, event.via) == ("refused", stranger.pk, "page")
    assert event.what == "post VERIFIER岗", "a post that is missing stands in the security log"
    client.force_login(person_with("audit.view", login="zhou", name="周审计"))
    shown = client.get(reverse("access_log")).content.decode()
    assert "岗位“VERIFIER岗”的步骤" in shown


def test_a_process_of_another_unit_is_not_there(client, order):
    from dianheng.identity.services import system_actor, unit_make

    far = unit_make(code="FAR", name="外县", kind="county", actor=system_actor())
    client.force_login(holder("wai", "外人", "OUTSIDER", far, ["workflow.view"]))
    assert client.get(reverse("process", args=[order.number])).status_code == 404
    assert client.post(task_url(order), APPLY).status_code == 404


def test_it_is_sent_back_with_a_reason_and_stands_in_the_course(client, order):
    login(client, verifier())
    client.post(task_url(order), APPLY)
    login(client, head())
    url = task_url(order, "task_back")
    assert "填写工单" in client.get(url).content.decode()
    client.post(url, {"to": "apply", "reason": "请写明地点"})
    login(client, verifier())
    page = client.get(reverse("process", args=[order.number])).content.decode()
    assert "请写明地点" in page and "三楼表箱进水" in page
    assert "表箱进水" in client.get(reverse("work") + "?box=returned").content.decode()


@pytest.mark.parametrize(
    "box", ["mine", "offered", "returned", "late", "started", "watched", "done"]
)
def test_every_part_of_what_is_to_be_done_answers(client, order, box):
    login(client, verifier())
    assert client.get(reverse("work") + f"?box={box}").status_code == 200


def test_an_unknown_part_is_not_there(client, order):
    login(client, verifier())
    assert client.get(reverse("work") + "?box=x").status_code == 404


def test_taking_up_putting_back_urging_remarking_withdrawing(client, order):
    login(client, verifier())
    client.post(task_url(order, "task_claim"))
    assert order.tasks.get().state == "claimed"
    client.post(task_url(order, "task_release"))
    assert order.tasks.get().state == "open"
    client.post(task_url(order, "task_urge"))
    client.post(reverse("process_note", args=[order.number]), {"text": "已电话联系"})
    client.post(reverse("process_withdraw", args=[order.number]), {"reason": "重复提交"})
    page = client.get(reverse("process", args=[order.number])).content.decode()
    assert all(word in page for word in ("已电话联系", "重复提交", "催办"))
    order.refresh_from_db()
    assert order.state == "withdrawn"


def test_what_waits_is_on_the_home_page(client, order):
    login(client, verifier())
    assert "表箱进水" in client.get(reverse("home")).content.decode()
