"""The first check after commissioning: when it is due, what it wants, when it is done."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.common.errors import BadInput
from dianheng.fieldwork.due import points_due
from dianheng.fieldwork.layouts import entries_of
from dianheng.fieldwork.models import FieldTask
from dianheng.fieldwork.papers import field_check_record
from dianheng.fieldwork.services import check_again, task_cancel, task_make
from dianheng.fieldwork.services.first import state_of
from dianheng.fieldwork.todo import first_checks, rules_to_sign
from dianheng.identity.services import system_actor, unit_make, write_batch
from dianheng.identity.tests.factories import city_company, person_with
from dianheng.metrology.periods import add_months

from .factories import (
    REVERSED,
    calibrator,
    crew,
    point_with_meter,
    point_with_transformers,
    sign_rules,
    transformer_task,
)
from .test_checks import GOOD, record
from .test_due import hung
from .test_transformers import measured

pytestmark = pytest.mark.django_db

SEEN = {"plate_agrees": "yes", "periods_agree": "yes", "seals_whole": "yes"}
WHOLE = {**GOOD, **SEEN, "clock_offset_s": "12"}


def first_task(point=None):
    """The first check of the cement works, due in a week."""
    leader, second = crew()
    return task_make(
        point=point or point_with_meter()[0], kind="whole", reason="first", leader=leader,
        second=second, due_on=timezone.localdate() + timedelta(days=7), actor=system_actor("command"),
    )  # fmt: skip


def missing_of(check):
    return [one["item"] for one in check.results if one["reason"] == "first_missing"]


def test_a_first_check_with_all_of_its_items_is_done():
    calibrator()
    task = first_task()
    check = record(WHOLE, task=task).check
    task.refresh_from_db()
    assert (check.outcome, missing_of(check), task.state) == ("pass", [], "done")


def test_what_is_missing_leaves_it_open_and_the_next_record_brings_the_rest():
    calibrator()
    task = first_task()
    first = record({**GOOD, "clock_offset_s": "12"}, task=task).check
    task.refresh_from_db()
    assert (first.outcome, task.state) == ("incomplete", "open")
    assert missing_of(first) == ["plate_agrees", "periods_agree", "seals_whole"]
    second = record(SEEN, task=task).check
    task.refresh_from_db()
    assert (second.outcome, missing_of(second), task.state) == ("pass", [], "done")
    assert dict(state_of(task, timezone.now()))["working_error"] == first.number


def test_a_ratio_that_is_not_the_archive_s_fails():
    calibrator()
    check = record(
        {**WHOLE, "ratio_agrees": "no"}, task=first_task(point_with_transformers())
    ).check
    row = next(one for one in check.results if one["item"] == "ratio_agrees")
    assert (check.outcome, row["conclusion"], row["reason"]) == (
        "fail",
        "fail",
        "not_as_registered",
    )
    assert check.orders.count() == 0


def test_a_point_behind_transformers_wants_its_ratio_and_one_of_110_kv_drop_and_burden():
    calibrator()
    items = [item for item, _no in state_of(first_task(point_with_transformers()), timezone.now())]
    assert "ratio_agrees" in items and "secondary_voltage_drop" not in items
    point = hung("9", date(2026, 11, 1), 950, rated_kv=Decimal(110))
    items = [item for item, _no in state_of(first_task(point), timezone.now())]
    assert {"secondary_voltage_drop", "secondary_burden"} <= set(items)


def test_a_periodic_check_wants_none_of_them():
    calibrator()
    leader, second = crew()
    task = task_make(
        point=point_with_meter()[0], kind="whole", leader=leader, second=second,
        due_on=timezone.localdate(), actor=system_actor("command"),
    )  # fmt: skip
    assert record(GOOD, task=task).check.outcome == "pass"


def test_what_was_compared_is_yes_or_no():
    calibrator()
    with pytest.raises(BadInput) as refused:
        record({**WHOLE, "seals_whole": "maybe"}, task=first_task())
    assert [one["field"] for one in refused.value.refusal.errors] == ["seals_whole"]


def test_a_new_meter_is_due_for_its_first_check_and_planned_as_such(client):
    point = hung("1001", date(2026, 11, 10), 900)
    found = points_due().get(pk=point.pk)
    assert (found.is_first, found.check_due) == (True, date(2026, 12, 10))
    client.force_login(crew()[0], backend="dianheng.identity.backends.PersonBackend")
    leader, second = crew()
    url = reverse("field_due")
    page = client.get(url, {"is_first": "1"}).content.decode()
    assert point.number in page and "首次检验" in page
    form = client.get(reverse("field_task_new"), {"point": point.number}).context["form"]
    assert (form.initial["reason"], form.initial["due_on"]) == ("first", date(2026, 12, 10))
    preview = client.post(url, {"bulk": "plan", "ids": [str(point.pk)]})
    client.post(url, {
        "bulk": "plan", "step": "confirm", "ids": preview.context["ids"], "leader": leader.person_no,
        "second": second.person_no, "not_before": "t+1",
        "digest": preview.context["digest"], "request_key": preview.context["request_key"],
    })  # fmt: skip
    task = FieldTask.objects.get()
    assert (task.reason, task.kind, task.due_on) == ("first", "whole", date(2026, 12, 10))


@pytest.mark.parametrize(
    ("edition", "is_first"), [("2000", True), ("2016", False)], ids=["of 2000", "of 2016"]
)
def test_class_iv_of_high_voltage_has_a_first_check_in_the_edition_of_2000_only(edition, is_first):
    point = hung("1", date(2026, 11, 10), 900, class_edition=edition, device_class="IV")
    assert points_due().get(pk=point.pk).is_first is is_first


def test_after_its_first_check_the_period_of_the_class_runs():
    calibrator()
    point, _meter = point_with_meter()
    check = record(WHOLE, task=first_task(point)).check
    found = points_due().get(pk=point.pk)
    assert not found.is_first and found.last_check == timezone.localdate(check.done_at)


def test_form_task_and_paper_name_the_items(client):
    calibrator()
    task = first_task(point_with_transformers())
    client.force_login(crew()[0], backend="dianheng.identity.backends.PersonBackend")
    page = client.get(reverse("field_enter", args=[task.number])).content.decode()
    assert "变比与倍率与档案一致" in page
    page = client.get(reverse("field_task", args=[task.number])).content.decode()
    assert "首次检验项目" in page and "未检" in page
    check = record({**WHOLE, "ratio_agrees": "yes"}, task=task).check
    told = {one.item: one.value for one in field_check_record(check).results}
    compared = ("plate_agrees", "ratio_agrees", "periods_agree", "seals_whole")
    assert {told[item] for item in compared} == {"与登记一致"}


def test_a_calibrator_s_table_brings_what_was_compared():
    body = "任务编号,铭牌核对,变比核对,封印核对,Ua(V)\nT-1,是,不一致,完好,57.7\n".encode("gb18030")
    ((entry),) = entries_of(body, "x.csv")[1]
    assert {k: entry.raw[k] for k in ("plate_agrees", "ratio_agrees", "seals_whole")} == {
        "plate_agrees": "yes", "ratio_agrees": "no", "seals_whole": "yes",
    }  # fmt: skip


def test_a_first_check_in_two_records_is_done_and_the_period_runs():
    calibrator()
    point = hung("3540010000777", timezone.localdate() - timedelta(days=20), 777)
    task = first_task(point)
    first = record({**GOOD, "clock_offset_s": "12"}, task=task).check
    assert first.outcome == "incomplete" and points_due().get(pk=point.pk).is_first is False
    record(SEEN, task=task)
    task.refresh_from_db()
    assert task.state == "done"
    found = points_due().get(pk=point.pk)
    assert (found.is_first, found.last_check) == (False, timezone.localdate(first.done_at))


def test_a_working_error_that_frost_locked_leaves_the_first_check_open():
    calibrator()
    task = first_task()
    frost = {**WHOLE, **REVERSED, "temperature_c": "-20"}
    check = record(frost, task=task).check
    task.refresh_from_db()
    assert (check.outcome, task.state) == ("fail", "open")
    record(WHOLE, task=task)
    task.refresh_from_db()
    assert task.state == "done"


def groups_of(client, person, provider=first_checks):
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    request = client.get(reverse("home")).wsgi_request
    return provider(request)


def test_a_first_check_that_nobody_planned_is_a_thing_to_do_for_who_plans(client):
    calibrator()
    leader, _second = crew()
    on = timezone.localdate() - timedelta(days=20)
    point = hung("3540010000777", on, 777)
    (group,) = groups_of(client, leader)
    (item,) = group.items
    assert (group.count, item.label, item.due_on) == (1, point.number, add_months(on, 1))
    assert client.get(item.url).context["form"].initial["reason"] == "first"
    assert point.number in client.get(group.url).content.decode()
    assert groups_of(client, person_with("fieldwork.view", login="reader")) == []
    other = unit_make(code="OTHER", name="别处", kind="county", actor=system_actor())
    assert groups_of(client, person_with("*", login="stranger", unit=other)) == []
    task = first_task(point)
    assert groups_of(client, leader) == []
    task_cancel(task=task, reason="雨", actor=system_actor("command"))
    assert len(groups_of(client, leader)) == 1
    record(GOOD, task=first_task(point))
    assert groups_of(client, leader) == []


def of_transformer(point):
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    return measured(device, task=transformer_task(point))


def of_comparisons(point):
    return record(SEEN, task=first_task(point)).check


def of_wiring_in_frost(point):
    frost = {**WHOLE, **REVERSED, "temperature_c": "-20"}
    return record(frost, task=first_task(point)).check


@pytest.mark.parametrize(
    ("check", "outcome"),
    [(of_transformer, "pass"), (of_comparisons, "incomplete"), (of_wiring_in_frost, "fail")],
    ids=["of a transformer", "what was compared only", "the wiring, in frost"],
)
def test_a_check_without_the_working_error_leaves_the_first_check_to_plan(client, check, outcome):
    calibrator()
    point = point_with_transformers(timedelta(days=20))
    leader, _second = crew()
    assert len(groups_of(client, leader)) == 1
    made = check(point)
    assert made.outcome == outcome
    task_cancel(task=made.task, reason="雨", actor=system_actor("command"))
    ((item,),) = (group.items for group in groups_of(client, leader))
    assert item.label == point.number
    record(GOOD, task=first_task(point))
    assert groups_of(client, leader) == []


def test_the_metrologist_of_the_crew_s_unit_has_its_rule_sets_to_sign(client):
    metrologist = person_with("verification.confirm_rules", login="wu", name="吴")
    calibrator(is_signed=False)
    assert groups_of(client, metrologist, rules_to_sign) == []  # nobody checks anything
    first_task()
    (group,) = groups_of(client, metrologist, rules_to_sign)
    assert {item.label for item in group.items} >= {"DL/T 1664-2016", "First check practice-2016"}
    assert not {item.label for item in group.items} & {"JJG 1189.3-2022"}
    other = unit_make(code="OTHER", name="邻县", kind="county", actor=system_actor())
    stranger = person_with("verification.confirm_rules", login="zh", name="郑", unit=other)
    assert groups_of(client, stranger, rules_to_sign) == []
    sign_rules()
    assert groups_of(client, metrologist, rules_to_sign) == []


def test_the_regulation_of_the_transformers_that_hang_there_is_among_them(client):
    metrologist = person_with("verification.confirm_rules", login="wu", name="吴")
    calibrator(is_signed=False)
    transformer_task()
    (group,) = groups_of(client, metrologist, rules_to_sign)
    assert "JJG 1189.3-2022" in {item.label for item in group.items}
    assert measured(task=FieldTask.objects.get()).outcome == "provisional"
    sign_rules()
    assert groups_of(client, metrologist, rules_to_sign) == []


def test_the_metrologist_of_the_unit_that_owns_the_calibrator_is_asked(client):
    laboratory = unit_make(
        code="LAB", name="市计量室", kind="centre", actor=system_actor(), parent=city_company()
    )
    right = "verification.confirm_rules"
    theirs = person_with(right, login="wu", name="吴")
    ours = person_with(right, login="zheng", name="郑", unit=laboratory)
    tool = calibrator(is_signed=False)
    with write_batch(actor=system_actor(), action="test.owner"):
        Device.objects.filter(pk=tool.pk).update(unit=laboratory)
    task = first_task()
    check = record(WHOLE, task=task).check
    assert check.outcome == "provisional"
    assert groups_of(client, theirs, rules_to_sign) == []
    (group,) = groups_of(client, ours, rules_to_sign)
    assert {item.label for item in group.items} >= {one["facts"]["rules"] for one in check.blocks}
    sign_rules()  # of the crew's unit: changes nothing
    assert len(groups_of(client, ours, rules_to_sign)) == 1
    sign_rules(laboratory)
    assert groups_of(client, ours, rules_to_sign) == []
    assert check_again(check=check, actor=system_actor()).check.outcome == "pass"
