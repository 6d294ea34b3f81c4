"""Joint acceptance: two departments side by side, a leader, the store; or back, or to the maker."""

from datetime import date

import pytest

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import Post
from dianheng.identity.services import (
    actor_for_person,
    post_hold,
    separation_except,
    system_actor,
)
from dianheng.identity.tests.factories import PASSWORD, actor_with, city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import FormEntry
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.selectors import content_of

from .factories import holder

pytestmark = pytest.mark.django_db
ARRIVED = {
    "kind": "tool", "supplier": "金电互感器有限公司", "contract": "HT2026-118", "arrived_on": "2026-11-27",
    "place": "一级库待验区", "is_damaged": "no",
    "goods": [
        {"name": "绝缘螺丝刀", "model": "VDE-6", "maker": "科源", "quantity": "12", "papers": "合格证"},
        {"name": "验电器", "model": "0.4 kV", "maker": "科源", "quantity": "2.5", "papers": "合格证"},
    ],
}  # fmt: skip
METERING = {"opinion": "agree", "as_ordered": "yes", "tested": "pass", "certificates": "valid"}
MATERIALS = {"opinion": "agree", "counted": "yes", "whole": "yes", "papers": "yes"}
STORED = {"put_on": "2026-11-30", "where": "store", "store": "一级库 A-02", "keeper": "周敏"}
GIVEN = {
    "given_on": "2026-11-30",
    "reason": "耐压试验不合格",
    "taken_by": "李工",
    "follows": "refund",
}
PEOPLE = {
    "arrive": ("zhou", "周敏", "KEEPER", metering_centre), "metering": ("sun", "孙丽", "TECHNICAL", metering_centre),
    "materials": ("zhao", "赵磊", "ASSETS", city_company), "confirm": ("liu", "刘静", "HEAD", city_company),
}  # fmt: skip


def who(step):
    login, name, post, unit = PEOPLE["arrive" if step in ("put", "give_back") else step]
    return actor_for_person(holder(login, name, post, unit()))


@pytest.fixture
def begun():
    folder = next(f for f in shipped_folders() if f.name == "acceptance")
    services.pack_load(folder=folder, actor=system_actor())
    one = services.instance_start(
        code="acceptance", unit=metering_centre(), title="工器具一批", actor=who("arrive")
    )
    do(one, "arrive", **ARRIVED)
    return one


def do(one, step, actor=None, **data):
    task = one.tasks.filter(task=step).latest("pk")
    password = PASSWORD if task.role == "approve" and data.get("opinion") != "back" else None
    services.task_complete(task=task, data=data, actor=actor or who(step), password=password)
    one.refresh_from_db()


def open_steps(one):
    open_ = one.tasks.filter(state__in=["open", "claimed"])
    return sorted(open_.values_list("task", flat=True))


def refusal(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.refusal


@pytest.mark.parametrize("first", ["metering", "materials"])
def test_both_departments_sign_in_any_order_the_leader_confirms_and_it_is_stored(begun, first):
    assert content_of(begun)["arrive"]["quantity"] == "14.5"
    assert open_steps(begun) == ["materials", "metering"]
    answers = {"metering": METERING, "materials": MATERIALS}
    do(begun, first, **answers.pop(first))
    ((second, answer),) = answers.items()
    assert open_steps(begun) == [second], "the leader waits for both"
    do(begun, second, **answer)
    do(begun, "confirm", opinion="agree")
    assert open_steps(begun) == ["put"]
    do(begun, "put", **STORED)
    assert begun.state == "done"
    signed = FormEntry.objects.filter(is_signed=True).values_list("person__name", flat=True)
    assert set(signed) == {"孙丽", "赵磊", "刘静"}


@pytest.mark.parametrize("refuses", ["metering", "materials", "confirm"])
def test_what_one_of_them_refuses_goes_back_to_the_maker(begun, refuses):
    for step, answer in (("metering", METERING), ("materials", MATERIALS), ("confirm", {})):
        if step in open_steps(begun):
            said = (
                {"opinion": "reject", "reason": "不合格"}
                if step == refuses
                else {"opinion": "agree"}
            )
            do(begun, step, **answer | said)
    assert open_steps(begun) == ["give_back"], (
        "the leader is not asked about what a department refuses"
    )
    with pytest.raises(BadInput):
        do(begun, "give_back", **GIVEN | {"follows": "replace"})  # by when, then
    do(begun, "give_back", **GIVEN)
    assert begun.state == "done" and not begun.tasks.filter(task="put").exists()


@pytest.mark.parametrize("signed_first", [False, True], ids=["other open", "other signed"])
def test_what_can_be_mended_is_sent_back_and_both_decide_anew(begun, signed_first):
    if signed_first:
        do(begun, "metering", **METERING)
    with pytest.raises(BadInput):
        do(begun, "materials", opinion="back")  # why?
    do(begun, "materials", opinion="back", reason="缺 2 份合格证")
    assert open_steps(begun) == ["arrive"], "nobody decides on what is being mended"
    do(begun, "arrive", **ARRIVED | {"remark": "合格证已补齐"})
    assert open_steps(begun) == ["materials", "metering"]
    do(begun, "materials", **MATERIALS)
    do(begun, "metering", **METERING)
    assert open_steps(begun) == ["confirm"]


def test_one_person_with_both_posts_signs_for_one_department(begun):
    sun = holder("sun", "孙丽", "TECHNICAL", metering_centre())
    who("materials")
    who("confirm")
    for code in ("ASSETS", "HEAD"):
        post_hold(
            person=sun, post=Post.objects.get(code=code), unit=city_company(), valid_from=date(2020, 1, 1),
            actor=system_actor(),
        )  # fmt: skip
    actor = actor_for_person(sun)
    do(begun, "metering", **METERING)
    materials = begun.tasks.get(task="materials")
    for act in (
        lambda: do(begun, "materials", actor, **MATERIALS),
        lambda: services.task_claim(task=materials, actor=actor),
    ):
        assert refusal(act).code == "same_person"
    assert open_steps(begun) == ["materials"] and FormEntry.objects.count() == 2
    do(begun, "materials", **MATERIALS)
    assert refusal(lambda: do(begun, "confirm", actor, opinion="agree")).code == "same_person"
    leader = actor_with("identity.except", login="boss", name="王总", unit=city_company())
    separation_except(
        subject=begun.document, person=sun, steps=["approve", "joint"], reason="主任出差", valid_from=date(2020, 1, 1),
        valid_through=date(2099, 1, 1), actor=leader,
    )  # fmt: skip
    do(begun, "confirm", actor, opinion="agree")
    assert open_steps(begun) == ["put"]


def test_who_entered_the_arrival_decides_on_nothing(begun):
    zhou = holder("zhou", "周敏", "KEEPER", metering_centre())
    who("metering")
    post = Post.objects.get(code="TECHNICAL")
    post_hold(person=zhou, post=post, unit=metering_centre(), valid_from=date(2020, 1, 1), actor=system_actor())  # fmt: skip
    refused = refusal(lambda: do(begun, "metering", actor_for_person(zhou), **METERING))
    assert refused.code == "same_person"


def test_an_arrival_without_its_goods_or_with_damage_unsaid_is_not_sent(begun):
    do(begun, "metering", opinion="back", reason="补照片")
    with pytest.raises(BadInput) as caught:
        do(begun, "arrive", **ARRIVED | {"goods": [], "is_damaged": "yes", "place": " "})
    fields = {fault["field"] for fault in caught.value.refusal.errors}
    assert fields == {"goods", "damage", "place"}
