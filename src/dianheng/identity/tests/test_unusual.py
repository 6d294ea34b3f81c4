"""Changes of master data: day by day, and those that somebody else must look at."""

from dataclasses import replace
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dianheng.common.errors import Refused
from dianheng.common.hours import OfficeHours
from dianheng.identity.models import AuditBatch, UnusualChange
from dianheng.identity.registry import master_tables
from dianheng.identity.rules import MasterChange, Usual, unusual
from dianheng.identity.services import (
    actor_for_person,
    audit_seal,
    audit_verify,
    setting_change,
    system_actor,
    unit_rename,
    unusual_acknowledge,
    unusual_tick,
    write_batch,
)

from .factories import actor_with, metering_centre, person_with

pytestmark = pytest.mark.django_db
USUAL = Usual(OfficeHours.parse("07:00–20:00"), rows_at_once=50, rare_days=90)


@pytest.mark.parametrize(
    ("clock", "is_workday", "rows", "is_rare", "reasons"),
    [
        ("09:00", True, 50, False, ()),
        ("06:59", True, 1, False, ("hours",)),
        ("07:00", True, 1, False, ()),
        ("20:00", True, 1, False, ("hours",)),
        ("09:00", False, 1, False, ("day_off",)),
        ("23:00", False, 51, True, ("day_off", "bulk", "rare")),
        ("09:00", True, 1, True, ("rare",)),
    ],
    ids=["usual", "early", "at the first minute", "at the end", "day off", "all of it", "rare"],
)
def test_what_is_unusual(clock, is_workday, rows, is_rare, reasons):
    at = datetime.fromisoformat(f"2026-11-30T{clock}:00")
    assert unusual(MasterChange(at, is_workday, rows, is_rare), USUAL) == reasons


def test_every_table_of_master_data_is_under_the_trail():
    with connection.cursor() as cursor:
        cursor.execute("select table_name from audit_table")
        audited = {row[0] for row in cursor.fetchall()}
    assert set(master_tables()) - audited == set()
    assert len(master_tables()) > 20


# -- found along the chain -------------------------------------------------------------------------


@pytest.fixture
def watched(fresh_database):
    """The watch has begun; one row at once is usual, and so is every hour of every day."""
    setting_change(
        key="audit.bulk_rows", value="1", valid_from=timezone.localdate(), reason="x",
        actor=system_actor(),
    )  # fmt: skip
    setting_change(
        key="audit.usual_hours", value="00:00-23:59", valid_from=timezone.localdate(), reason="x",
        actor=system_actor(),
    )  # fmt: skip
    look()


@pytest.fixture(autouse=True)
def every_day_is_a_working_day(monkeypatch):
    monkeypatch.setattr("dianheng.identity.services.unusual.is_workday", lambda day: True)


def look() -> int:
    audit_seal()
    return unusual_tick()


def in_bulk(person, action="unit.rename") -> AuditBatch:
    """Two units changed in one batch, by a person."""
    unit = metering_centre()
    with write_batch(actor=actor_for_person(person, "page"), action=action):
        for one in (unit, unit.parent):
            one.name += "（新）"
            one.save(update_fields=["name"])
    return AuditBatch.objects.latest("id")


def test_the_first_look_judges_nothing_of_before(fresh_database):
    in_bulk(person_with(login="wang"))
    assert (look(), UnusualChange.objects.count()) == (0, 0)


def test_many_rows_at_once_raise_one_prompt_and_only_once(watched):
    batch = in_bulk(person_with(login="wang"))
    assert (look(), look()) == (1, 0)
    found = UnusualChange.objects.get()
    assert (found.batch_id, found.reasons, found.row_count) == (batch.pk, ["bulk"], 2)
    assert audit_verify()[1] == []


def test_a_usual_change_and_the_program_itself_raise_none(watched):
    actor = actor_with("identity.organise")
    look()
    unit_rename(unit=metering_centre(), name="新", is_active=True, actor=actor)
    with write_batch(actor=system_actor(), action="unit.rename"):
        for unit in (metering_centre(), metering_centre().parent):
            unit.name += "x"
            unit.save(update_fields=["name"])
    assert look() == 0


def test_other_records_are_no_master_data(watched):
    from dianheng.identity.models import RequestResult

    with write_batch(actor=actor_with(), action="unit.rename"):
        look()
        for key in ("a", "b", "c"):
            RequestResult.objects.create(key=key, action="x", result={})
    assert look() == 0


def test_who_has_not_done_it_for_long_is_asked_about(watched, owner_connection):
    wang, unit = person_with("identity.organise", login="wang"), metering_centre()
    look()

    def rename(name: str) -> int:
        unit_rename(unit=unit, name=name, is_active=True, actor=actor_for_person(wang))
        return look()

    # The trail reaches back less than the days of the rule: nobody does a thing rarely yet.
    assert rename("一") == 0
    owner_connection.execute("update audit_batch set began_at = began_at - interval '91 days'")
    assert (rename("二"), rename("三")) == (1, 0)
    assert UnusualChange.objects.get().reasons == ["rare"]


def test_a_look_asks_as_much_after_many_batches(watched):
    person = person_with(login="wang")
    look()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            unusual_tick()
        return len(queries)

    in_bulk(person)
    audit_seal()
    one = asked()
    for _time in range(5):
        in_bulk(person)
    audit_seal()
    assert asked() == one
    assert UnusualChange.objects.count() == 6


# -- looked at by somebody else --------------------------------------------------------------------


@pytest.fixture
def prompt(watched):
    in_bulk(person_with("audit.view", login="wang"))
    look()
    return UnusualChange.objects.get()


def refused_to(prompt, actor, word="已核实") -> str:
    with pytest.raises(Refused) as refused:
        unusual_acknowledge(change_id=prompt.pk, word=word, actor=actor)
    prompt.refresh_from_db()
    assert prompt.acknowledged_at is None
    return refused.value.refusal.code


def test_another_person_says_what_came_of_it(prompt):
    actor = actor_with("audit.view", login="zhou", name="周审计")
    unusual_acknowledge(change_id=prompt.pk, word="已核实", actor=actor)
    unusual_acknowledge(change_id=prompt.pk, word="已核实", actor=actor)  # sent twice
    prompt.refresh_from_db()
    assert (prompt.acknowledged_by.name, prompt.word) == ("周审计", "已核实")
    assert AuditBatch.objects.latest("id").reason == "已核实"
    with pytest.raises(Refused) as refused:
        unusual_acknowledge(
            change_id=prompt.pk,
            word="另一句",
            actor=actor_with("audit.view", login="zhao", name="赵"),
        )
    assert refused.value.refusal.facts == {"seen_by": "周审计"}


def test_nobody_looks_at_the_own_change(prompt):
    wang = person_with("audit.view", login="wang")
    assert refused_to(prompt, actor_for_person(wang)) == "own_change"
    li = actor_with("audit.view", login="li")
    for_wang = replace(li, acting_for_id=wang.pk, acting_for_name=wang.name)
    assert refused_to(prompt, for_wang) == "own_change"


def test_reading_the_trail_is_needed_and_a_word(prompt):
    assert refused_to(prompt, actor_with(login="nobody")) == "no_right"
    assert refused_to(prompt, actor_with("audit.view", login="zhou"), word=" ") == "bad_input"


def test_the_prompt_is_a_thing_to_do_for_others_only(client, prompt):
    def todo(person) -> list[str]:
        client.force_login(person)
        page = client.get("/").content.decode()
        return ["基础数据异常修订" in page, f"/audit/unusual/{prompt.pk}/" in page]

    assert todo(person_with("audit.view", login="zhou", name="周审计")) == [True, True]
    assert todo(person_with("audit.view", login="wang")) == [False, False]
    assert todo(person_with(login="nobody")) == [False, False]


def test_the_page_of_a_prompt_shows_the_rows_and_takes_the_word(client, prompt):
    address = f"/audit/unusual/{prompt.pk}/"
    client.force_login(person_with("audit.view", login="wang"))
    assert "这是您本人的修订" in client.get(address).content.decode()
    assert "须由他人核查" in client.post(address, {"word": "好"}).content.decode()
    client.force_login(person_with(login="nobody"))
    assert client.post(address, {"word": "好"}).status_code == 403
    client.force_login(person_with("audit.view", login="zhou", name="周审计"))
    page = client.get(address).content.decode()
    assert ("一次多行" in page, "计量中心（新）" in page) == (True, True)
    assert client.post(address, {"word": "已核实"})["Location"] == "/audit/unusual/"
    rows = client.get("/audit/unusual/?open=0&reason=bulk").context["list"].rows
    assert [("已核实" in row.fields, row.key) for row in rows] == [(True, prompt.pk)]
    assert client.get("/audit/unusual/?open=1").context["list"].rows == []
    assert client.get("/audit/unusual/99999/").status_code == 404


# -- day by day ------------------------------------------------------------------------------------


def test_the_day_shows_each_row_of_master_data_old_and_new(client):
    in_bulk(person_with(login="wang"))
    client.force_login(person_with("audit.view", login="zhou", name="周审计"))
    [one] = [
        one
        for one in client.get("/audit/day/?table=identity_unit").context["batches"]
        if one["batch"].action == "unit.rename"
    ]
    names = [
        (change.old, change.new)
        for line in one["statements"]
        for row in line["one"].rows
        for change in row.changes
    ]
    assert names == [("计量中心", "计量中心（新）"), ("某市供电公司", "某市供电公司（新）")]
    before = client.get("/audit/day/?day=t-1").context["batches"]
    assert [one for one in before if one["batch"].action == "unit.rename"] == []


def test_a_day_of_many_changes_goes_on_behind_the_last(client, monkeypatch):
    monkeypatch.setattr("dianheng.identity.views.watch.BATCHES_SHOWN", 2)
    client.force_login(person_with("audit.view", login="zhou"))
    seen, after = [], 0
    while True:
        context = client.get(f"/audit/day/?after={after}").context
        seen += [one["batch"].pk for one in context["batches"]]
        after = context["more"]
        if not after:
            break
    assert seen == sorted(set(seen))
    assert len(seen) >= 5


@pytest.mark.parametrize("query", ["day=soon", "day=2026-02-30", "after=x", "day=%00"])
def test_a_day_that_cannot_be_read_is_said_so(client, query):
    client.force_login(person_with("audit.view", login="zhou"))
    assert client.get(f"/audit/day/?{query}").status_code == 422
