"""Regulations: clauses, what carries them out, what a new edition changes."""

from datetime import date

import pytest
from django.urls import reverse

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import Person
from dianheng.identity.tests.factories import actor_with, city_company, metering_centre
from dianheng.office import services
from dianheng.office.clauses import changes_between, clauses_of
from dianheng.office.models import ClauseControl, Regulation, RegulationEdition
from dianheng.office.selectors import (
    clauses_with_controls,
    controls_to_settle,
    edition_changes,
    edition_on,
)

FIRST = "第一条 封印一封一号。\n第二条 领用须登记。\n登记人签字。\n第三条 旧封印每季销毁。"
SECOND = "第一条 封印 一封一号。\n第二条 领用须扫码登记。\n第四条 丢失立即报告。"


@pytest.mark.parametrize(
    ("text", "clauses"),
    [("5.2 误差\nA.1 附录", [("5.2", "误差"), ("A.1", "附录")]), ("第十二条　职责", [("第十二条", "职责")]),
     ("前言\n1 范围", [("0", "前言"), ("1", "范围")]), ("", [])],
    ids=["standard", "law", "before the first number", "nothing"],
)  # fmt: skip
def test_clauses_are_read_from_a_pasted_text(text, clauses):
    assert clauses_of(text) == (clauses, [])


def test_a_number_that_stands_twice_is_named():
    assert clauses_of("1 甲\n1 乙")[1] == ["1"]


def test_blanks_are_no_change():
    assert changes_between({"1": "封印 一号"}, {"1": "封印一号"}) == []


def editor():
    return actor_with("regulations.view", "regulations.edit", login="hanxue", name="韩雪")


def rule():
    return services.regulation_enter(
        code="计量〔2026〕11 号",
        title="封印管理办法",
        kind="rule",
        unit_id=metering_centre().pk,
        actor=editor(),
    )


def entered(regulation, edition="2024", day=date(2024, 1, 1), text=FIRST, **more):
    return services.edition_enter(
        regulation=regulation, edition=edition, in_force_from=day, text=text, actor=editor(), **more
    )


def tie(edition, number, name):
    """In words only; ties to things of the program are in test_controls.py."""
    clause = edition.clauses.get(number=number)
    return services.control_tie(clause=clause, name=name, actor=editor())


def changes_of(edition):
    return edition_changes(edition, clauses_with_controls(edition))


@pytest.mark.django_db
def test_a_new_edition_ends_the_one_before_and_lists_what_must_change():
    one = rule()
    old = entered(one)
    tie(old, "第一条", "封印台账")
    tie(old, "第二条", "领用单")
    gone = tie(old, "第三条", "季度销毁计划")
    new = entered(one, "2026", date(2026, 7, 1), SECOND)
    old.refresh_from_db()
    assert old.in_force_through == date(2026, 6, 30)
    assert [edition_on(one, day).edition for day in (date(2026, 6, 30), date(2026, 7, 1))] == [
        "2024",
        "2026",
    ]
    assert edition_on(one, date(2020, 1, 1)) is None
    lines = [
        (x.change.number, x.change.what, [c.name for c in x.open_controls]) for x in changes_of(new)
    ]
    assert lines == [
        ("第二条", "changed", ["领用单"]), ("第四条", "new", []), ("第三条", "gone", ["季度销毁计划"]),
    ]  # fmt: skip
    assert [c.name for c in ClauseControl.objects.filter(clause__edition=new)] == ["封印台账"]
    tie(new, "第二条", "领用单")
    services.control_end(control=gone, reason="条款取消", actor=editor())
    assert [x.open_controls for x in changes_of(new)] == [[], [], []]


@pytest.mark.django_db
def test_faults_of_an_edition_are_said_together():
    one = rule()
    entered(one)
    with pytest.raises(BadInput) as refused:
        entered(one, "2024", date(2024, 1, 1), "1 甲\n1 乙", record="Z999-0001")
    assert [(e["field"], e["code"]) for e in refused.value.refusal.errors] == [
        ("text", "twice"), ("record", "unknown"), ("in_force_from", "order"), ("edition", "taken"),
    ]  # fmt: skip
    assert RegulationEdition.objects.count() == 1


@pytest.mark.django_db
def test_a_repeated_request_enters_once_and_a_code_is_taken_once():
    one = rule()
    assert entered(one, request_key="k").pk == entered(one, request_key="k").pk
    with pytest.raises(BadInput) as refused:
        rule()
    assert refused.value.refusal.errors[0]["code"] == "taken"


@pytest.mark.django_db
def test_who_only_reads_changes_nothing(client):
    one = rule()
    edition = entered(one)
    reader = actor_with("regulations.view", login="tang", name="唐慧", unit=city_company())
    with pytest.raises(Refused):
        services.edition_enter(
            regulation=one, edition="x", in_force_from=date(2027, 1, 1), text=SECOND, actor=reader
        )
    client.force_login(Person.objects.get(pk=reader.person_id))
    shown = client.get(reverse("regulation", args=[one.slug])).content.decode()
    assert "封印一封一号" in shown and "aria-disabled" in shown
    clause = edition.clauses.first()
    for page in (
        reverse("edition_new", args=[one.slug]), reverse("control_new", args=[one.slug, clause.pk]), reverse("regulation_new"),
    ):  # fmt: skip
        assert client.get(page).status_code == 403
    client.force_login(
        Person.objects.get(pk=actor_with("assets.view", login="no", name="无").person_id)
    )
    assert client.get(reverse("regulations")).status_code == 403


@pytest.mark.django_db
def test_the_pages_enter_a_rule_its_editions_and_settle_what_changed(client):
    client.force_login(Person.objects.get(pk=editor().person_id))
    given = {
        "code": "Q/GDW 1206",
        "title": "电能表抽样技术规范",
        "kind": "company",
        "unit": metering_centre().pk,
    }
    assert client.post(reverse("regulation_new"), given).status_code == 302
    one = Regulation.objects.get()
    assert (
        one.slug == "q-gdw-1206" and one.code in client.get(reverse("regulations")).content.decode()
    )
    new = reverse("edition_new", args=[one.slug])
    for edition, day, text in (("2013", "20140101", FIRST), ("2020", "2021-01-01", SECOND)):
        if edition == "2020":
            control = tie(one.editions.get(), "第二条", "领用单")
        assert (
            client.post(new, {"edition": edition, "in_force_from": day, "text": text}).status_code
            == 302
        )
    page = client.get(reverse("regulation", args=[one.slug]), {"edition": "2020"}).content.decode()
    assert "领用单" in page and "领用须扫码登记" in page
    client.post(reverse("control_keep", args=[one.slug, control.pk]), {"edition": "2020"})
    assert all(not x.open_controls for x in changes_of(one.editions.get(edition="2020")))
    assert (
        client.get(reverse("regulation", args=[one.slug]), {"edition": "1999"}).status_code == 404
    )


@pytest.mark.django_db
def test_what_a_new_edition_leaves_open_is_to_do_until_it_is_settled(
    client, django_assert_num_queries
):
    one = rule()
    old = entered(one)
    tie(old, "第一条", "封印台账")
    tie(old, "第二条", "领用单")
    gone = tie(old, "第三条", "季度销毁计划")
    path = metering_centre().path
    assert not controls_to_settle([path])
    new = entered(one, "2026", date(2026, 7, 1), SECOND)
    with django_assert_num_queries(1):
        assert [c.name for c in controls_to_settle([path])] == ["领用单", "季度销毁计划"]
    assert not controls_to_settle([])
    client.force_login(Person.objects.get(login="hanxue"))
    assert "季度销毁计划" in client.get("/").content.decode()
    tie(new, "第二条", "领用单")
    services.control_end(control=gone, reason="条款取消", actor=editor())
    assert not controls_to_settle([path])
    assert "季度销毁计划" not in client.get("/").content.decode()
