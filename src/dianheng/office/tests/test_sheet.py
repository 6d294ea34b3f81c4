"""审批单: every opinion with name, post and time, on a real PDF."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dianheng.documents.models import DocumentCopy
from dianheng.documents.tests.reading import pages
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, system_actor, unit_make
from dianheng.identity.tests.factories import PASSWORD, city_company, metering_centre
from dianheng.office.papers import sheet_of
from dianheng.workflow import services
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.selectors import content_digest
from dianheng.workflow.tests.factories import head, holder, verifier, work_order
from dianheng.workflow.tests.test_services import APPLY

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    """Written, sent back, written again, agreed to with the password."""
    work_order()
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="三楼表箱进水", actor=verifier()
    )

    def do(actor, password=None, **data):
        task = one.tasks.latest("pk")
        services.task_complete(task=task, data=data, actor=actor, password=password)

    do(verifier(), **APPLY)
    do(head(), opinion="back", reason="请写明地点")
    do(verifier(), **APPLY, place="滨河路 3 号楼")
    do(head(), password=PASSWORD, opinion="agree", reason="本周内完成")
    return one


def sheet(client, actor, order):
    client.force_login(Person.objects.get(pk=actor.person_id))
    return client.get(reverse("approval_sheet", args=[order.number]))


def test_the_sheet_says_what_was_asked_for_and_every_opinion(client, order):
    answer = sheet(client, head(), order)
    assert answer.status_code == 200 and answer["Content-Type"] == "application/pdf"
    (page,) = pages(answer.content)
    text = "".join(page.split())
    for part in (
        "审批单", order.number, "三楼表箱进水", "滨河路3号楼", "请写明地点", "退回", "同意",
        "本周内完成", "刘静", "HEAD岗", content_digest(order)[:16],
    ):  # fmt: skip
        assert part in text, part
    assert DocumentCopy.objects.get().number == order.number, "each copy stands in the ledger"


def test_a_long_story_asks_no_more_than_a_short_one(order, django_assert_max_num_queries):
    with CaptureQueriesContext(connection) as short:
        sheet_of(ProcessInstance.objects.get(pk=order.pk))
    again = services.instance_start(
        code="work-order", unit=metering_centre(), title="四楼表箱进水", actor=verifier()
    )
    for place in ("一号楼", "二号楼", "三号楼"):
        services.task_complete(
            task=again.tasks.latest("pk"), data=APPLY | {"place": place}, actor=verifier()
        )
        services.task_complete(
            task=again.tasks.latest("pk"), data={"opinion": "back", "reason": place}, actor=head()
        )
    again = ProcessInstance.objects.get(pk=again.pk)
    with django_assert_max_num_queries(len(short)):
        steps = sheet_of(again).steps
    assert [(step.name, step.post, step.text) for step in steps if step.text] == [
        ("刘静", "HEAD岗", place) for place in ("一号楼", "二号楼", "三号楼")
    ]


def test_who_took_part_prints_it_and_a_stranger_does_not(client, order):
    assert sheet(client, verifier(), order).status_code == 200
    station = unit_make(
        code="ST", name="城关所", kind="station", parent=city_company(), actor=system_actor()
    )
    stranger = holder("yu", "于芳", "FITTER", station)
    assert sheet(client, actor_for_person(stranger), order).status_code == 404


def test_a_pack_calls_its_sheet_by_its_own_name_and_what_departments_found_stands_there(client):
    from dianheng.workflow.tests import test_acceptance as joint

    folder = next(f for f in shipped_folders() if f.name == "acceptance")
    services.pack_load(folder=folder, actor=system_actor())
    one = services.instance_start(
        code="acceptance", unit=metering_centre(), title="工器具一批", actor=joint.who("arrive")
    )
    joint.do(one, "arrive", **joint.ARRIVED)
    joint.do(one, "metering", **joint.METERING)
    joint.do(one, "materials", **joint.MATERIALS | {"reason": "数量相符"})
    joint.do(one, "confirm", opinion="agree")
    joint.do(one, "put", **joint.STORED)
    (page,) = pages(sheet(client, joint.who("confirm"), one).content)
    text = "".join(page.split())
    for part in (
        "联合验收单", one.number, "绝缘螺丝刀", "VDE-6", "合计数量", "14.5", "孙丽", "TECHNICAL岗", "赵磊", "ASSETS岗",
        "刘静", "功能与性能：试验（试用）合格", "数量与合同、装箱单一致：是", "数量相符", "一级库A-02",
    ):  # fmt: skip
        assert part in text, part
    assert "审批单" not in text
    client.cookies["django_language"] = "en"
    assert "Jointacceptanceform" in "".join(
        pages(sheet(client, joint.who("confirm"), one).content)[0].split()
    )
