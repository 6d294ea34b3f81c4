"""Figures of processes that a company may set: how long, how often, within how many days."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import Person
from dianheng.identity.services import (
    actor_for_person,
    delegation_make,
    setting_change,
    system_actor,
)
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.calendar import due_after, due_within
from dianheng.workflow.forms import form_clean
from dianheng.workflow.models import DutyAcceptance, ProcessNote
from dianheng.workflow.packs import check, read_pack
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.registry import all_services
from dianheng.workflow.selectors import duty_lines

from .factories import RIGHTS, head, holder, pack_of, verifier, work_order
from .test_shipped import answer

pytestmark = pytest.mark.django_db


def shipped(name):
    return next(path for path in shipped_folders() if path.name == name)


def set_(key, value):
    setting_change(
        key=key, value=value, valid_from=timezone.localdate(), reason="本单位规定",
        actor=system_actor(),
    )  # fmt: skip


def test_a_way_is_accepted_for_at_most_the_days_that_are_set():
    work_order()
    today = timezone.localdate()
    delegation_make(
        from_person=Person.objects.get(pk=head().person_id),
        to_person=Person.objects.get(pk=verifier().person_id),
        valid_from=today, valid_through=today + timedelta(days=9), reason="休假",
        actor=system_actor(),
    )  # fmt: skip
    leader = actor_for_person(
        holder("he", "何洁", "PACKS", city_company(), [*RIGHTS, "workflow.duties"])
    )
    (line,) = duty_lines()

    def accept(days):
        services.duty_accept(
            person_no=line.person.person_no,
            key=line.key,
            reason="站内仅一人",
            valid_through=today + timedelta(days=days),
            actor=leader,
        )

    set_("workflow.acceptance_days", "90")
    with pytest.raises(BadInput) as caught:
        accept(91)
    assert "90" in str(caught.value.refusal.errors[0]["text"])
    assert not DutyAcceptance.objects.exists()
    accept(90)
    assert DutyAcceptance.objects.get().valid_through == today + timedelta(days=90)


def test_the_hours_between_two_urgings_are_set_by_the_company():
    work_order()
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱", actor=verifier()
    )
    step = one.tasks.get()
    set_("workflow.urge_hours", "24")
    services.task_urge(task=step, text="", actor=head())
    with pytest.raises(Refused) as caught:
        services.task_urge(task=step, text="", actor=head())
    assert caught.value.refusal.facts == {"hours": 24}
    assert ProcessNote.objects.filter(kind="urge").count() == 1


@pytest.mark.parametrize(("value", "days"), [(None, 5), ("1", 1)], ids=["as-shipped", "one-day"])
def test_a_doubted_meter_is_decided_within_the_working_days_that_are_set(value, days):
    """The hours of a step count until the days of the whole are sooner."""
    services.pack_load(folder=shipped("meter_doubt"), actor=system_actor())
    if value:
        set_("workflow.meter_doubt_days", value)
    clerk = actor_for_person(holder("ma", "马营销", "MARKETING", city_company()))
    holder("ji", "季计量", "METROLOGIST", metering_centre())
    one = services.instance_start(
        code="meter-doubt", unit=metering_centre(), title="申校", actor=clerk
    )
    form = one.pack.plan["forms"]["request"]
    services.task_complete(task=one.tasks.get(), data=answer(form), actor=clerk)
    step = one.tasks.get(task="arrange")
    whole = due_within("workflow.meter_doubt_days", one.started_at, step.unit_id)
    assert step.due_at == min(due_after(6, step.offered_at, step.unit_id), whole)
    assert one.pack.plan["tasks"]["approve"]["limit"] == "workflow.meter_doubt_days"
    office_days = (timezone.localtime(whole).date() - timezone.localdate()).days
    assert office_days >= days and timezone.localtime(whole).strftime("%H:%M") == "18:00"


def test_working_days_leave_out_the_holidays_of_the_calendar():
    before = timezone.make_aware(datetime(2026, 9, 29, 9))  # 1 to 7 October are free
    whole = timezone.localtime(
        due_within("workflow.meter_doubt_days", before, metering_centre().pk)
    )
    assert whole.date() >= date(2026, 10, 12)


@pytest.mark.parametrize(
    "name", ["workflow.nothing", "workflow.office_hours", "workflow.urge_hours"]
)
def test_a_limit_names_a_setting_of_days(tmp_path, name):
    source = shipped("meter_doubt")
    plan = (source / "pack.toml").read_text("utf-8")
    forms = {path.stem: path.read_text("utf-8") for path in source.glob("forms/*.json")}
    body = (source / "process.bpmn").read_bytes()
    folder = pack_of(tmp_path, body, plan.replace("workflow.meter_doubt_days", name, 1), forms)
    (fault,) = check(read_pack(folder), all_services())
    assert (fault.code, fault.where) == (
        "time_limit",
        "pack.toml#/tasks/arrange/limit",
    ) and name in fault.text


@pytest.mark.parametrize(
    ("read", "true", "price", "amount"),
    [
        ("100", "105", "2.469", "12.35"),
        ("105", "100", "2.469", "-12.35"),
        ("1", "2", "0.5", "0.50"),
    ],
    ids=["a-tie-to-recover", "a-tie-to-refund", "exact"],
)
def test_the_amount_of_a_metering_fault_is_rounded_as_money_is(read, true, price, amount):
    form = dict(read_pack(shipped("metering_fault")).forms["account"].schema)
    given = {"read_energy": read, "true_energy": true, "price": price, "basis": "规则第 79 条"}
    assert form_clean(form, given)["amount"] == amount
