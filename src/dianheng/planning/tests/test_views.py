"""Pages of resources and tasks of meetings: who gets in, what they show."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import AuditBatch, Person
from dianheng.identity.services import actor_for_person, delegation_make, system_actor
from dianheng.identity.tests.factories import actor_with, metering_centre, person_with
from dianheng.planning.models import Assignment, Resource
from dianheng.planning.selectors import assignments_before
from dianheng.planning.services import assignment_done, assignments_make
from dianheng.workflow.services import instance_start

from .factories import applicant, booked, booking_pack, office, vehicle

pytestmark = pytest.mark.django_db


def login(client, actor):
    person = Person.objects.get(pk=actor.person_id)
    client.force_login(person)
    return person


def given(due_on="2026-12-20", owner="zhou"):
    """A task of a meeting, for the keeper."""
    applicant()
    assignments_make(
        rows=[{"matter": "清点库存", "owner": owner, "due_on": due_on}], document="process:YJ1",
        unit=metering_centre(), actor=system_actor(),
    )  # fmt: skip
    return Assignment.objects.latest("pk")


@pytest.mark.parametrize(
    "path", ["/resources/", "/resources/week/", "/resources/CAR-1/", "/meeting-tasks/"]
)
def test_pages_open_for_who_may_see_them_and_for_nobody_else(client, path):
    booked("2026-12-01 09:00", "2026-12-01 12:00")
    given()
    login(client, applicant())
    assert client.get(path).status_code == 200
    client.force_login(person_with("assets.view", login="else"))
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/resources/add/", "/resources/CAR-1/change/"])
def test_the_list_is_changed_by_who_may(client, path):
    vehicle()
    login(client, applicant())
    assert client.get(path).status_code == 403
    login(client, office())
    assert client.get(path).status_code == 200


def test_the_week_shows_who_has_what(client):
    booked("2026-12-01 09:00", "2026-12-01 12:00")
    login(client, applicant())
    page = client.get("/resources/week/?week=2026-12-03").content.decode()
    assert "周敏 · 送表" in page and "2026-11-30" in page and "<b>09:00–12:00</b>" in page
    assert "周敏 · 送表" not in client.get("/resources/week/?week=2026-12-10").content.decode()
    assert "皮卡" not in client.get("/resources/week/?kind=room").content.decode()
    assert client.get("/resources/week/?week=soon&kind=x").status_code == 200


def test_a_resource_is_added_and_closed(client):
    login(client, office())
    data = {"code": "HY-301", "name": "会议室", "kind": "room", "unit": metering_centre().pk}
    answer = client.post("/resources/add/", data)
    assert answer["Location"] == "/resources/HY-301/"
    assert "已在清单中" in client.post("/resources/add/", data).content.decode()
    client.post("/resources/HY-301/change/", {"name": "三楼会议室", "remark": ""})
    made = Resource.objects.get()
    assert (made.name, made.is_active) == ("三楼会议室", False)


def test_whoever_answers_for_a_task_says_what_became_of_it(client):
    task = given()
    login(client, applicant())
    assert "清点库存" in client.get("/").content.decode(), "it stands among the things to do"
    assert client.get(f"/meeting-tasks/{task.pk}/").status_code == 200
    client.post(f"/meeting-tasks/{task.pk}/", {"result": "已清点 412 只"})
    task.refresh_from_db()
    assert (task.state, task.result) == ("done", "已清点 412 只")
    assert "清点库存" not in client.get("/").content.decode()


def test_nobody_else_does_but_the_office(client):
    task = given()
    other = applicant("li", "李娜")
    with pytest.raises(Refused) as caught:
        assignment_done(assignment=task, result="x", actor=other)
    assert caught.value.refusal.code == "not_owner"
    with pytest.raises(BadInput):
        assignment_done(assignment=task, result=" ", actor=office())
    assignment_done(assignment=task, result="周敏电话告知", actor=office(), request_key="key-0001")
    assignment_done(assignment=task, result="再来", actor=office(), request_key="key-0001")
    task.refresh_from_db()
    assert task.result == "周敏电话告知"
    with pytest.raises(Refused) as caught:
        assignment_done(assignment=task, result="x", actor=office())
    assert caught.value.refusal.code == "not_open"


def test_a_stand_in_reports_and_both_names_are_shown(client):
    task, today = given(), timezone.localdate()
    owner, other = task.owner, person_with("assets.view", login="sun", name="孙代")
    client.force_login(other)
    assert client.get(f"/meeting-tasks/{task.pk}/").status_code == 404
    delegation_make(
        from_person=owner, to_person=other, valid_from=today, valid_through=today, reason="休假",
        actor=system_actor(),
    )  # fmt: skip
    assert "清点库存" in client.get("/").content.decode(), "it stands among the things to do"
    client.post(f"/meeting-tasks/{task.pk}/", {"result": "已清点"})
    task.refresh_from_db()
    assert (task.state, task.done_by, task.acting_for) == ("done", other, owner)
    assert f"孙代代{owner.name}" in client.get(f"/meeting-tasks/{task.pk}/").content.decode()
    batch = AuditBatch.objects.filter(action="assignment.done").latest("id")
    assert (batch.actor_name, batch.acting_for_name) == ("孙代", owner.name)
    (row,) = assignments_before("process:YJ2", task.unit)
    assert row.reporter == f"孙代代{owner.name}"


def test_a_stand_in_of_before_reports_nothing(client):
    task, today = given(), timezone.localdate()
    other = actor_with("assets.view", login="sun", name="孙代")
    delegation_make(
        from_person=task.owner, to_person=Person.objects.get(pk=other.person_id), actor=system_actor(),
        valid_from=today - timedelta(days=9), valid_through=today - timedelta(days=1), reason="休假",
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        assignment_done(assignment=task, result="x", actor=other)
    assert caught.value.refusal.code == "not_owner"


def test_a_task_of_another_unit_is_not_shown(client):
    task = given()
    client.force_login(person_with("assets.view", login="else"))
    assert client.get(f"/meeting-tasks/{task.pk}/").status_code == 404
    owner = actor_for_person(Person.objects.get(login="zhou"))
    login(client, owner)
    assert client.get(f"/meeting-tasks/{task.pk}/").status_code == 200


def test_days_are_read_as_people_write_them():
    assert given("20261220").due_on == date(2026, 12, 20)
    with pytest.raises(BadInput) as caught:
        given("bald")
    assert [fault["row"] for fault in caught.value.refusal.errors] == [1]


def test_the_form_offers_what_can_be_booked_and_says_a_clash(client):
    booking_pack()
    booked("2026-12-01 09:00", "2026-12-01 12:00", document="process:YD0")
    vehicle("CAR-2", "抢修车")
    one = instance_start(
        code="resource-booking", unit=metering_centre(), title="送表", actor=applicant()
    )
    login(client, applicant())
    page = client.get(reverse("process", args=[one.number])).content.decode()
    assert '<option value="CAR-2">抢修车 · CAR-2</option>' in page
    assert 'type="datetime-local"' in page
    form = reverse("task_form", args=[one.number, one.tasks.get().pk])
    data = {"resource": "CAR-1", "from_at": "2026-12-01T11:00", "to_at": "2026-12-01T13:00"}
    said = client.post(form, {**data, "purpose": "送表"}, follow=True).content.decode()
    assert "该时段可用：抢修车" in said and 'value="2026-12-01T11:00"' in said
    client.post(form, {**data, "purpose": "送表", "resource": "CAR-2"})
    assert one.tasks.latest("pk").task == "approve"
