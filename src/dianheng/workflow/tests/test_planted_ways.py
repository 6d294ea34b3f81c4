"""The check of the whole company: four planted ways to handle and approve, and no false one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dianheng.identity.services import (
    actor_for_person,
    delegation_make,
    holding_end,
    system_actor,
    unit_make,
)
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.selectors import duty_lines

from .factories import holder
from .test_limits import shipped

pytestmark = pytest.mark.django_db
APPLY = {"subject": "更换表箱", "kind": "repair", "content": "三楼表箱进水"}


def test_each_planted_way_is_found_and_no_false_one():
    for name in ("work_order", "metering_fault", "meter_doubt"):
        services.pack_load(folder=shipped(name), actor=system_actor())
    city, centre, today = city_company(), metering_centre(), timezone.localdate()
    county = unit_make(
        code="COUNTY", name="某县公司", kind="county", actor=system_actor(), parent=city
    )
    # Through two posts of one person.
    holder("two", "双岗", "KEEPER", centre)
    holder("two", "双岗", "HEAD", city)
    # Through a stand-in.
    away = holder("away", "外出", "HEAD", city)
    helper = holder("helper", "代理", "VERIFIER", centre)
    delegation_make(
        from_person=away, to_person=helper, valid_from=today, valid_through=today + timedelta(days=9),
        reason="外出", actor=system_actor(),
    )  # fmt: skip
    # Through two packs: the doubt begins the fault.
    holder("packs", "两流程", "METROLOGIST", centre)
    holder("packs", "两流程", "DEPUTY", city)
    # Through a post held before: handled what still runs, and approves now.
    moved = holder("moved", "调岗", "FITTER", centre)
    one = services.instance_start(
        code="work-order", unit=centre, title="更换表箱", actor=actor_for_person(moved)
    )
    services.task_complete(task=one.tasks.get(), data=APPLY, actor=actor_for_person(moved))
    holding_end(
        holding=moved.holdings.get(), valid_through=today - timedelta(days=1), actor=system_actor()
    )
    holder("moved", "调岗", "HEAD", city)
    # None of these: units that do not meet, only one side, a stand-in of before, two handling posts.
    holder("apart", "两地", "KEEPER", centre)
    holder("apart", "两地", "HEAD", county)
    holder("keeper", "库管", "KEEPER", centre)
    holder("deputy", "副总", "DEPUTY", city)
    past = holder("past", "曾代理", "VERIFIER", centre)
    delegation_make(
        from_person=away, to_person=past, valid_from=today - timedelta(days=20),
        valid_through=today - timedelta(days=10), reason="外出", actor=system_actor(),
    )  # fmt: skip
    holder("both", "两经办", "KEEPER", centre)
    holder("both", "两经办", "FITTER", centre)
    ways = {
        (line.person.login, line.path.kind, line.path.handle.process, line.path.approve.process)
        for line in duty_lines()
    }
    assert ways == {
        ("two", "own", "work-order", "work-order"),
        ("helper", "stand_in", "work-order", "work-order"),
        ("packs", "two_processes", "meter-doubt", "metering-fault"),
        ("moved", "past", "work-order", "work-order"),
    }
