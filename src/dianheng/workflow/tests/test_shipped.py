"""Every pack that ships is walked from its start to its end, each post by another person."""

from datetime import date

import pytest
from django.utils import timezone

from dianheng.assets.tests.factories import barcode, meter
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.audit_file import read_root
from dianheng.identity.models import Person
from dianheng.identity.services import (
    actor_for_person,
    audit_root,
    audit_seal,
    setting_change,
    system_actor,
)
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.planning.models import Assignment
from dianheng.planning.services import assignment_done, resource_make
from dianheng.workflow import services
from dianheng.workflow.forms import is_shown
from dianheng.workflow.models import FormEntry
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.selectors import earlier_entry, form_of, tasks_of_box, text_of

from .factories import holder

pytestmark = pytest.mark.django_db
ENOUGH = 40  # steps; more is a circle


@pytest.fixture(autouse=True)
def things():
    """What forms name: a device that may be scrapped, a resource, a person who answers."""
    meter("unqualified")
    resource_make(
        code="CAR-1", name="皮卡", kind="vehicle", unit=metering_centre(), actor=system_actor()
    )
    holder("p-owner", "王责任", "FITTER", metering_centre())


def answer(schema, opinion="agree"):
    """A form filled in as somebody would: every field that shows."""
    data = {}
    for name in schema["order"]:
        if is_shown(schema, name, data) and name != "barcodes":  # the table names them
            data[name] = value(schema["properties"][name], opinion)
    return data


def value(field, opinion):
    kinds = {
        "number": "2", "money": "12.50", "date": "2026-12-01", "yes_no": "yes", "opinion": opinion,
        "device": barcode(1), "listed": "CAR-1", "person": "N-p-owner",
        "unit": metering_centre().code,
    }  # fmt: skip
    if field["format"] == "rows":
        columns = field["items"]["properties"]
        rows = [{name: value(each, opinion) for name, each in columns.items()} for _n in range(2)]
        for row, side in zip(rows, columns.get("side", {}).get("enum", ()), strict=False):
            row["side"] = side  # both sides are invited
        return rows
    if field["format"] == "choice":
        return field["enum"][-1]
    if field["format"] == "moment":
        return "2026-12-01 17:00" if field["label"]["en"] == "To" else "2026-12-01T09:00"
    return kinds.get(field["format"], "内容"[: field.get("maxLength", 9)])


@pytest.fixture
def everybody():
    """`everybody(version)` holds each post of the pack: one person for each, three for those asked together."""

    def hold(version):
        people = {}
        for lane in version.plan["lanes"].values():
            for post in lane["posts"]:
                people[post] = holder(f"p-{post.lower()}", f"{post}甲", post, city_company())
        return people

    return hold


def loaded(folder):
    if folder.name == "meter_doubt":  # it begins the other
        begun = next(f for f in shipped_folders() if f.name == "metering_fault")
        services.pack_load(folder=begun, actor=system_actor())
        setting_change(
            key="fieldwork.opening_needs_scan", value="no", valid_from=timezone.localdate(),
            reason="纸质存档", actor=system_actor(),
        )  # fmt: skip
    return services.pack_load(folder=folder, actor=system_actor())


def waiting(instance):
    return list(instance.tasks.filter(state__in=["open", "claimed"]).order_by("pk"))


def do(task, data):
    """Whoever may does the step: all who are asked, or one holder of the posts."""
    asked = list(task.asked.values_list("person", flat=True))
    people = asked or [Person.objects.get(login=f"p-{task.posts[0].lower()}").pk]
    for key in people:
        actor = actor_for_person(Person.objects.get(pk=key))
        services.task_complete(task=task, data=data, actor=actor)
        task.refresh_from_db()
        if not task.is_open:
            return


# Steps to which only a refusal leads; the tests below go there.
BY_REFUSAL = {"acceptance": {"give_back"}}


@pytest.mark.parametrize("folder", shipped_folders(), ids=lambda folder: folder.name)
def test_a_pack_is_walked_to_its_end(folder, everybody):
    version = loaded(folder)
    everybody(version)
    one = services.instance_start(
        code=version.code, unit=metering_centre(), title="走查", actor=system_actor()
    )
    for _step in range(ENOUGH):
        one.refresh_from_db()
        if one.state == "done":
            break
        task = waiting(one)[0]
        do(task, answer(form_of(task, version)))
    done = set(one.tasks.filter(state="done").values_list("task", flat=True))
    by_people = {name for name, plan in version.plan["tasks"].items() if plan["form"]}
    assert one.state == "done" and done == by_people - BY_REFUSAL.get(folder.name, set())
    assert {text_of(t["title"]) for t in version.plan["tasks"].values()}, "every step has a name"


@pytest.mark.parametrize("folder", shipped_folders(), ids=lambda folder: folder.name)
def test_every_decision_can_reject_and_send_back(folder, everybody):
    version = loaded(folder)
    everybody(version)
    one = services.instance_start(
        code=version.code, unit=metering_centre(), title="走查", actor=system_actor()
    )
    rejected, returned = set(), set()
    for _step in range(ENOUGH * 3):
        one.refresh_from_db()
        if one.state == "done":
            break
        task = waiting(one)[0]
        opinion = "agree"
        if task.role == "approve" and task.task not in returned:
            returned.add(task.task)
            opinion = "back"
        elif task.role == "approve" and task.task not in rejected:
            rejected.add(task.task)
            opinion = "reject"
        do(task, {**answer(form_of(task, version), opinion), "reason": "请补充"})
    assert one.state == "done" and returned
    assert FormEntry.objects.filter(task__instance=one, opinion="reject").exists()


def test_the_work_plan_of_a_month_goes_through_six_hands(everybody):
    """R-447 to R-453: call, departments, merge, head, leader, meeting, issued and read; sent back twice."""
    folder = next(f for f in shipped_folders() if f.name == "plan_month")
    version = loaded(folder)
    people = everybody(version)
    actors = {post: actor_for_person(person) for post, person in people.items()}
    one = services.instance_start(
        code="plan-month", unit=metering_centre(), title="2026 年 12 月工作计划",
        actor=actors["OFFICE"],
    )  # fmt: skip

    def step(name, post, **data):
        task = one.tasks.filter(task=name).latest("pk")
        services.task_complete(task=task, data=data, actor=actors[post])

    step("call", "OFFICE", month="2026-12", due_on="2026-12-03", focus="年末盘点")
    departments = ["METROLOGIST", "TECHNICAL", "ASSETS", "KEEPER"]
    for post in departments:
        row = {"matter": f"{post} 的工作", "owner": "张伟", "due_on": "2026-12-20"}
        step("submit", post, items=[row])
    (merge,) = waiting(one)
    taken = earlier_entry(merge)["items"]
    assert [row["matter"] for row in taken] == [f"{post} 的工作" for post in departments]
    assert {row["person"] for row in taken} == {f"{post}甲" for post in departments}
    step("merge", "OFFICE", items=[{"department": "计量", "matter": "全检 3000 只"}])
    step("review", "OFFICE_HEAD", opinion="back", reason="缺责任人")
    step("merge", "OFFICE", items=[{"matter": "全检 3000 只", "owner": "张伟"}])
    step("review", "OFFICE_HEAD", opinion="agree")
    step("approve", "HEAD", opinion="back", reason="补充安全检查")
    (again,) = waiting(one)
    assert again.task == "review" and again.is_returned
    services.task_send_back(
        task=again, reason="按领导意见补充", actor=actors["OFFICE_HEAD"], to="merge"
    )
    rows = [{"matter": "全检 3000 只", "owner": "张伟"}, {"matter": "安全检查", "owner": "刘静"}]
    step("merge", "OFFICE", items=rows)
    step("review", "OFFICE_HEAD", opinion="agree")
    step("approve", "HEAD", opinion="agree")
    step(
        "meet", "OFFICE", held_on="2026-12-04", present="全体", discussed="十二月计划",
        tasks=[{"matter": "全检 3000 只", "owner": "N-p-owner", "due_on": "2026-12-20"}],
    )  # fmt: skip
    assert list(tasks_of_box(people["KEEPER"].pk, "offered")) == waiting(one)
    for post in departments:
        step("circulate", post, remark="已阅")
    one.refresh_from_db()
    assert one.state == "done" and one.ended_at.date() >= date(2026, 1, 1)
    assert one.notes.filter(kind="send_back").count() == 3


def month_to(people, title, stop):
    """A plan of a month, done by everybody up to a step."""
    one = services.instance_start(
        code="plan-month", unit=metering_centre(), title=title,
        actor=actor_for_person(people["OFFICE"]),
    )  # fmt: skip
    for _step in range(ENOUGH):
        (task,) = waiting(one)
        if task.task == stop:
            break
        do(task, answer(form_of(task, one.pack)))
    return one


def test_the_next_meeting_opens_with_what_became_of_the_last_ones_tasks(everybody):
    """R-453: sentences of the minutes are tasks; done and open ones stand in the next minutes."""
    people = everybody(loaded(next(f for f in shipped_folders() if f.name == "plan_month")))
    first = month_to(people, "2026 年 11 月", "meet")
    (minutes,) = waiting(first)
    assert "earlier" not in earlier_entry(minutes) or earlier_entry(minutes)["earlier"] == []
    rows = [
        {"matter": "送检标准表", "owner": "王责任", "due_on": "2026-11-20"},
        {"matter": "清点库存", "owner": "p-owner", "due_on": "2099-12-31"},
    ]
    form = {"held_on": "2026-11-04", "present": "全体", "discussed": "布置工作"}
    unknown = {"matter": "查无此人", "owner": "无名"}
    bad = [*rows, {"matter": "没有人负责"}, {**unknown, "due_on": "2099-12-31"}]
    for tasks, faulty in ((bad, [3, 4]), ([*rows, {**unknown, "due_on": "x"}], [3])):
        with pytest.raises(BadInput) as caught:
            do(minutes, {**form, "tasks": tasks})
        assert [fault["row"] for fault in caught.value.refusal.errors] == faulty
    assert not Assignment.objects.exists() and waiting(first) == [minutes]
    do(minutes, {**form, "tasks": rows})
    sent, counted = Assignment.objects.order_by("due_on")
    assert (sent.matter, sent.owner.name, sent.document) == ("送检标准表", "王责任", first.document)
    assignment_done(
        assignment=sent, result="证书已取回", actor=actor_for_person(Person.objects.get(login="p-owner"))
    )  # fmt: skip
    audit_seal()
    second = month_to(people, "2026 年 12 月", "meet")
    form = earlier_entry(waiting(second)[0])
    # On paper the digest proves later that the trail was not rewritten.
    assert read_root(form["trail"]) == audit_root()
    opens = form["earlier"]
    assert [(row["matter"], row["state"], row["result"]) for row in opens] == [
        ("送检标准表", "已完成", "证书已取回"), ("清点库存", "待办", ""),
    ]  # fmt: skip
    assert counted.state == "open"


def test_minutes_that_are_sent_back_take_their_tasks_with_them_unless_one_is_done(everybody):
    people = everybody(loaded(next(f for f in shipped_folders() if f.name == "plan_month")))
    one = month_to(people, "2026 年 12 月", "circulate")
    (reading,) = waiting(one)
    reader = actor_for_person(Person.objects.get(pk=reading.asked.first().person_id))
    services.task_send_back(task=reading, reason="责任人有误", actor=reader, to="meet")
    assert set(Assignment.objects.values_list("state", flat=True)) == {"dropped"}
    do(waiting(one)[0], answer(form_of(waiting(one)[0], one.pack)))
    owner = actor_for_person(Person.objects.get(login="p-owner"))
    given = Assignment.objects.filter(state="open").first()
    assignment_done(assignment=given, result="已办", actor=owner)
    with pytest.raises(Refused, match="内容"):
        services.task_send_back(task=waiting(one)[0], reason="再改", actor=reader, to="meet")
    assert waiting(one)[0].task == "circulate"
