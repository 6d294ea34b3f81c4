"""Forms learn: a remark at a step, its revision, the answer; who may, what is refused."""

import re
import shutil

import pytest
from django.urls import reverse

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import AuditBatch, Person
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import city_company, metering_centre, person_with
from dianheng.workflow import services
from dianheng.workflow.models import FieldRemark, ProcessInstance
from dianheng.workflow.selectors import earlier_entry, pack_in_force
from dianheng.workflow.selectors.remarks import (
    open_remarks,
    remark_groups,
    remarks_under_revision,
)

from .factories import head, holder, verifier, work_order
from .test_limits import shipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    """A work order, waiting for its form."""
    work_order()
    services.pack_load(folder=shipped("form_revision"), actor=system_actor())
    return begun("更换表箱")


def begun(title, actor=None):
    return services.instance_start(
        code="work-order", unit=metering_centre(), title=title, actor=actor or verifier()
    )


def noted(order, actor=None, **more):
    given = {"field": "kind", "kind": "choice", "text": "没有“换封”一项", "proposal": "增加“换封”"}
    return services.remark_add(
        task=order.tasks.get(task="apply"), actor=actor or verifier(), **{**given, **more}
    )


def revised(*remarks):
    technical = actor_for_person(holder("sun", "孙丽", "TECHNICAL", metering_centre()))
    return services.remarks_revise(
        version=pack_in_force("work-order"), keys=[one.pk for one in remarks],
        unit=metering_centre(), actor=technical,
    )  # fmt: skip


def step(one, name, actor, **data):
    return services.task_complete(
        task=one.tasks.filter(task=name).latest("pk"), data=data, actor=actor
    )


def decided(one, opinion, **more):
    technical = actor_for_person(Person.objects.get(login="sun"))
    form = earlier_entry(one.tasks.get(task="draft"))
    step(one, "draft", technical, **form, change="增加选项“换封”")
    step(one, "decide", head(), opinion=opinion, **more)


def newer_version(folder):
    target = folder / "work_order"
    shutil.copytree(shipped("work_order"), target)
    plan = (target / "pack.toml").read_text("utf-8")
    (target / "pack.toml").write_text(re.sub(r"version = (\d+)", "version = 99", plan), "utf-8")
    return services.pack_load(folder=target, actor=system_actor())


def test_remarks_are_counted_by_field_and_unit_with_their_instances(order):
    li = actor_for_person(holder("li", "李娜", "VERIFIER", metering_centre()))
    other = begun("清点")
    noted(order)
    noted(other, actor=li, text="也没有")
    noted(order, field="", kind="field", text="缺联系电话")
    groups = remark_groups(open_remarks("work-order"), pack_in_force("work-order"))
    assert [(g.field, g.kind, len(g.remarks), g.units) for g in groups] == [
        ("类别", "缺少选项", 2, [("计量中心", 2)]), ("整张表单", "缺少栏目", 1, [("计量中心", 1)]),
    ]  # fmt: skip
    assert set(groups[0].numbers) == {order.number, other.number}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"field": "nothing"}, "field"), ({"kind": "colour"}, "kind"), ({"text": " "}, "text"),
        ({"field": ""}, "field"), ({"text": "长" * 1001}, "text"),
    ],
    ids=["no-such-field", "no-such-kind", "empty", "choice-of-no-field", "too-long"],
)  # fmt: skip
def test_a_remark_that_says_nothing_is_refused(order, given, field):
    with pytest.raises(BadInput) as caught:
        noted(order, **given)
    assert [error["field"] for error in caught.value.refusal.errors] == [field]
    assert not FieldRemark.objects.exists()


def test_only_who_may_do_the_step_notes_it_and_a_repeat_has_no_second_effect(order):
    with pytest.raises(Refused):
        noted(order, actor=actor_for_person(holder("x", "外人", "GUEST", metering_centre())))
    assert noted(order, request_key="remark-1") == noted(order, request_key="remark-1")
    assert AuditBatch.objects.filter(action="remark.add").exists()


def test_a_revision_is_filled_with_the_remarks_and_its_end_answers_them(order, tmp_path):
    first, second = noted(order), noted(begun("清点"), text="也没有")
    one = revised(first, second)
    form = earlier_entry(one.tasks.get(task="draft"))
    assert (form["process"], form["form"]) == ("work-order", "填写工单")
    assert [(row["field"], row["text"]) for row in form["remarks"]] == [
        ("类别", "没有“换封”一项"), ("类别", "也没有"),
    ]  # fmt: skip
    assert set(remarks_under_revision("work-order")) == {first, second}
    decided(one, "agree")
    admin = actor_for_person(holder("luo", "罗明", "ADMIN", city_company()))
    release = {"version": "99", "released_on": "2026-12-01"}
    with pytest.raises(Refused) as caught:
        step(one, "release", admin, **release)
    assert caught.value.refusal.code == "no_version"
    newer_version(tmp_path)
    step(one, "release", admin, **release)
    one.refresh_from_db()
    answers = set(FieldRemark.objects.values_list("outcome", "answer"))
    assert one.state == "done" and answers == {("adopted", "已在版本 99 中采纳。")}
    assert not open_remarks("work-order") and not remarks_under_revision("work-order")


def test_a_rejected_revision_answers_with_the_reason(order):
    one = revised(noted(order))
    with pytest.raises(Refused):
        decided(one, "reject", reason="")
    step(one, "decide", head(), opinion="reject", reason="“其他”一项可用")
    remark = FieldRemark.objects.get()
    assert (remark.outcome, remark.answer) == ("declined", "“其他”一项可用")
    one.refresh_from_db()
    assert one.state == "done"


def test_a_withdrawn_revision_opens_its_remarks_again(order):
    remark = noted(order)
    one = revised(remark)
    with pytest.raises(BadInput):
        revised(remark)
    assert ProcessInstance.objects.filter(pack__code="form-revision").count() == 1
    technical = actor_for_person(Person.objects.get(login="sun"))
    services.instance_withdraw(instance=one, reason="重提", actor=technical)
    assert list(open_remarks("work-order")) == [remark]
    assert revised(remark).number != one.number


def test_nothing_ticked_begins_nothing(order):
    with pytest.raises(BadInput):
        revised()


def test_pages_note_collect_and_begin(order, client):
    person = Person.objects.get(login="zhang")
    client.force_login(person)
    task = order.tasks.get(task="apply")
    address = reverse("task_remark", args=[order.number, task.pk])
    assert address in client.get(reverse("process", args=[order.number])).content.decode()
    empty = client.get(reverse("pack", args=["work-order"])).content.decode()
    assert "暂无未处理意见" in empty
    client.post(address, {"field": "kind", "kind": "choice", "text": "没有“换封”一项"})
    remark = FieldRemark.objects.get()
    page = client.get(reverse("pack", args=["work-order"])).content.decode()
    assert "没有“换封”一项" in page and "缺少选项" in page
    sent = client.post(reverse("pack_revise", args=["work-order"]), {"remark": str(remark.pk)})
    one = ProcessInstance.objects.get(pack__code="form-revision")
    assert sent.url == reverse("process", args=[one.number])
    shown = client.get(reverse("pack", args=["work-order"])).content.decode()
    assert one.number in shown
    client.force_login(person_with("workflow.view", login="reader"))
    assert (
        client.post(reverse("pack_revise", args=["work-order"]), {"remark": "1"}).status_code == 403
    )
    assert client.post(address, {"kind": "other", "text": "x"}).status_code == 200
    assert FieldRemark.objects.count() == 1


def test_rest_notes_and_lists(order, client):
    client.force_login(Person.objects.get(login="zhang"))
    task = order.tasks.get(task="apply")
    sent = {"field": "kind", "kind": "choice", "text": "没有换封", "request_key": "remark-0001"}
    address = f"/api/v1/processes/{order.number}/steps/{task.pk}/remarks"
    for _time in range(2):
        answer = client.post(address, sent, content_type="application/json")
        assert answer.status_code == 201, answer.content
    listed = client.get("/api/v1/processes/packs/work-order/remarks").json()
    assert [(one["text"], one["number"], one["outcome"]) for one in listed] == [
        ("没有换封", order.number, "")
    ]
