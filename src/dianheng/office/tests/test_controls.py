"""What carries clauses out: picked from what the program has, seen when it is gone, the way back."""

import re
import shutil
from datetime import date

import pytest
from django.urls import resolve, reverse
from django.utils.translation import override

from dianheng.common.controls import Control, control_kinds, controls_there, kind_of_list
from dianheng.common.errors import BadInput, Refused
from dianheng.common.todo import todo_count
from dianheng.identity.models import Person, Unit
from dianheng.identity.selectors import rights_of
from dianheng.identity.services import actor_for_person, system_actor, unit_make
from dianheng.identity.tests.factories import actor_with, city_company, metering_centre
from dianheng.office import services
from dianheng.office.choices import Standing
from dianheng.office.menu import controls_left_open
from dianheng.office.models import ClauseControl
from dianheng.office.selectors import (
    clauses_with_controls,
    controls_to_settle,
    controls_with_standing,
    edition_changes,
    revisions_of,
)
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.services import instance_start, pack_load, task_complete
from dianheng.workflow.tests.factories import holder, verifier, work_order

from .test_regulations import SECOND, editor, entered, rule

pytestmark = pytest.mark.django_db
SEALS = ("setting", "seals.per_meter")
LIMITS = ("limit", "JJG 596-2012/limits")


def tied(edition, number, kind, key):
    clause = edition.clauses.get(number=number)
    return services.control_tie(clause=clause, kind=kind, key=key, actor=editor())


def things_of(edition):
    return [
        (c.kind, c.key, c.standing)
        for clause in clauses_with_controls(edition)
        for c in clause.live_controls
    ]


@pytest.fixture
def passing(monkeypatch):
    """A kind of things whose one thing can be taken away."""
    here = [Control("a-1", "巡视提示", "/work/")]
    kind = kind_of_list("passing", "提示试验", lambda: list(here))
    monkeypatch.setattr("dianheng.common.controls._kinds", {**control_kinds(), "passing": kind})
    return here


def as_person(client, actor):
    client.force_login(Person.objects.get(pk=actor.person_id))
    return client


# -- what there is to choose from ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "key", "label"),
    [
        ("page", "seals", "封印"), ("setting", "seals.per_meter", "电能表判定合格前所需检定封印数"),
        ("prompt", "unusual.bulk", "一次多行"), ("paper", "verification_certificate", "检定证书"),
        ("paper", "qualification_mark", "检定合格标记"), ("process", "work-order", "工单"),
        ("form", "work-order/apply", "填写工单"), ("rules", "JJG 596-2012", "JJG 596-2012"),
        ("limit", "JJG 596-2012/limits", "JJG 596-2012 · 误差限"),
        ("limit", "DL/T 448-2016/periods", "DL/T 448-2016 · 周期"),
    ],
    ids=lambda part: part if part.isascii() else "",
)  # fmt: skip
def test_every_app_says_what_of_its_own_can_carry_a_clause_out(kind, key, label):
    work_order()
    with override("zh-hans"):
        found = controls_there([(kind, key)])[kind, key]
        assert str(found.label) == label
        assert resolve(found.url.partition("?")[0].partition("#")[0])
        hits = control_kinds()[kind].search(rights_of(editor().person_id), label, 100)
    assert key in [one.key for one in hits]


def test_all_that_is_listed_has_its_own_key_and_a_page():
    for folder in shipped_folders():
        pack_load(folder=folder, actor=system_actor())
    rights = rights_of(editor().person_id)
    for kind in control_kinds().values():
        found = kind.search(rights, "", 1000)
        assert len({one.key for one in found}) == len(found), kind.code
        for one in found:
            assert str(one.label) and resolve(one.url.partition("?")[0].partition("#")[0])
        assert kind.find([one.key for one in found]).keys() == {one.key for one in found}
        assert not kind.find(["gibt-es-nicht"])


def test_plans_are_offered_to_who_sees_them():
    for folder in shipped_folders():
        pack_load(folder=folder, actor=system_actor())
    plan = instance_start(
        code="plan-month", unit=metering_centre(), title="2026 年 12 月工作计划", actor=verifier()
    )
    kind = control_kinds()["plan"]
    one, other = editor(), verifier("lina", "李娜")
    assert kind.search(rights_of(one.person_id), "12 月", 5) == []
    assert [x.key for x in kind.search(rights_of(other.person_id), "12 月", 5)] == [plan.number]
    assert kind.find([plan.number])[plan.number].url == reverse("process", args=[plan.number])


# -- tying --------------------------------------------------------------------------------------


def test_a_tie_leads_to_its_place_and_the_place_names_the_clause(client):
    edition = entered(rule())
    tied(edition, "第一条", *SEALS)
    as_person(client, actor_with("regulations.view", "identity.view", login="tang", name="唐慧"))
    page = client.get(reverse("regulation", args=[edition.regulation.slug])).content.decode()
    assert f'href="{reverse("setting", args=["seals.per_meter"])}"' in page
    place = client.get(reverse("setting", args=["seals.per_meter"])).content.decode()
    clause = edition.clauses.get(number="第一条")
    assert f"?edition=2024#clause-{clause.pk}" in place and "封印一封一号" in place
    as_person(client, actor_with("identity.view", login="no", name="无"))
    place = client.get(reverse("setting", args=["seals.per_meter"])).content.decode()
    assert "第一条" in place and f"#clause-{clause.pk}" not in place  # no link to a closed door


def test_the_pages_of_packs_rule_sets_and_schemes_name_the_clauses(client):
    version = work_order()
    edition = entered(rule())
    tied(edition, "第一条", "process", version.code)
    tied(edition, "第二条", "form", f"{version.code}/apply")
    tied(edition, "第三条", *LIMITS)
    as_person(client, actor_with("*", login="all", name="全能"))
    pack = client.get(reverse("pack", args=[version.code])).content.decode()
    assert "第一条" in pack and "第二条" in pack and 'id="form-apply"' in pack
    limits = client.get(reverse("rule_set", args=["JJG 596-2012"])).content.decode()
    assert "第三条" in limits and 'id="part-limits"' in limits and 'id="part-periods"' in limits


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "setting", "key": "no.such"}, "control"), ({"kind": "nothing", "key": "x"}, "control"),
        ({"kind": "form", "key": "work-order/apply"}, "control"), ({"name": "  "}, "name"), ({}, "name"),
    ],
    ids=["no such setting", "no such kind", "no such pack", "blank words", "nothing"],
)  # fmt: skip
def test_what_does_not_exist_is_not_tied(given, field):
    edition = entered(rule())
    with pytest.raises(BadInput) as refused:
        services.control_tie(clause=edition.clauses.first(), actor=editor(), **given)
    assert [e["field"] for e in refused.value.refusal.errors] == [field]
    assert not ClauseControl.objects.exists()


def test_tying_again_is_the_same_tie_and_takes_up_an_ended_one():
    edition = entered(rule())
    one = tied(edition, "第一条", *SEALS)
    assert tied(edition, "第一条", *SEALS).pk == one.pk
    services.control_end(control=one, reason="误录", actor=editor())
    assert things_of(edition) == []
    assert tied(edition, "第一条", *SEALS).pk == one.pk
    assert things_of(edition) == [(*SEALS, Standing.TIED)]


def test_the_name_is_kept_as_the_house_calls_it_whoever_ties_it():
    with override("en"):
        assert tied(entered(rule()), "第一条", *SEALS).name == "电能表判定合格前所需检定封印数"


# -- gone ---------------------------------------------------------------------------------------


def test_a_thing_that_is_gone_shows_as_broken_and_is_listed(client, passing):
    edition = entered(rule())
    tied(edition, "第一条", "passing", "a-1")
    tied(edition, "第一条", *SEALS)
    client = as_person(client, editor())
    assert (
        "已不存在"
        not in client.get(reverse("regulation", args=["计量-2026-11-号"])).content.decode()
    )
    passing.clear()
    page = client.get(reverse("regulation", args=["计量-2026-11-号"])).content.decode()
    assert "已不存在" in page and "巡视提示" in page
    found = controls_with_standing().order_by("kind").values_list("name", "standing")
    assert list(found) == [("巡视提示", "broken"), ("电能表判定合格前所需检定封印数", "tied")]
    listed = client.get(reverse("regulation_controls"), {"standing": "broken"}).content.decode()
    assert "巡视提示" in listed and "封印数" not in listed
    assert "巡视提示" in client.get("/").content.decode()
    control = ClauseControl.objects.get(key="a-1")
    services.control_end(control=control, reason="提示取消", actor=editor())
    assert "巡视提示" not in client.get("/").content.decode()


def test_a_form_that_a_new_version_no_longer_has_is_broken(tmp_path):
    version = work_order()
    edition = entered(rule())
    tied(edition, "第一条", "form", f"{version.code}/apply")
    assert things_of(edition) == [("form", "work-order/apply", Standing.TIED)]
    source = next(path for path in shipped_folders() if path.name == "work_order")
    folder = shutil.copytree(source, tmp_path / "pack")
    (folder / "forms" / "apply.json").rename(folder / "forms" / "ask.json")
    plan = (folder / "pack.toml").read_text("utf-8")
    plan = plan.replace('form = "apply"', 'form = "ask"')
    plan = re.sub(r"^version = \d+", "version = 99", plan, flags=re.MULTILINE)
    (folder / "pack.toml").write_text(plan, "utf-8")
    pack_load(folder=folder, actor=system_actor())
    assert things_of(edition) == [("form", "work-order/apply", Standing.BROKEN)]


# -- editions -----------------------------------------------------------------------------------


def test_ties_to_things_go_on_with_unchanged_clauses_and_wait_at_changed_ones():
    one = rule()
    old = entered(one)
    tied(old, "第一条", *SEALS)
    waiting = tied(old, "第二条", *LIMITS)
    new = entered(one, "2026", date(2026, 7, 1), SECOND)
    assert things_of(new) == [(*SEALS, Standing.TIED)]
    waiting.refresh_from_db()
    assert waiting.changed_by == new
    tied(new, "第二条", *LIMITS)  # looked at: it carries the new clause out too
    waiting.refresh_from_db()
    assert waiting.changed_by is None and waiting.ended_at is None
    assert not controls_to_settle([metering_centre().path])


def test_a_tie_to_an_older_edition_is_carried_on_like_the_others():
    one = rule()
    old = entered(one)
    new = entered(one, "2026", date(2026, 7, 1), SECOND)
    tied(old, "第一条", *SEALS)
    tied(old, "第三条", *LIMITS)  # gone in the new edition
    assert things_of(new) == [(*SEALS, Standing.TIED)]
    lines = edition_changes(new, clauses_with_controls(new))
    assert [(x.change.number, [c.key for c in x.open_controls]) for x in lines if x.open_controls] == [
        ("第三条", [LIMITS[1]])
    ]  # fmt: skip


def test_what_waits_is_counted_without_reading_all(rf, django_assert_max_num_queries):
    one = rule()
    text = "\n".join(f"{n} 条文" for n in range(1, 41))
    old = entered(one, text=text)
    for clause in old.clauses.all():
        services.control_tie(clause=clause, name=f"台账 {clause.number}", actor=editor())
    entered(one, "2026", date(2026, 7, 1), text.replace("条文", "新条文"))
    request = rf.get("/")
    request.user = Person.objects.get(pk=editor().person_id)
    request.rights = rights_of(request.user.pk)
    with django_assert_max_num_queries(2):
        (group,) = controls_left_open(request)
    assert (group.count, len(group.items)) == (40, 8)
    assert todo_count(request) >= 40
    assert group.url.endswith("?standing=changed")


def test_the_list_names_the_edition_in_force_and_when_the_next_one_is(client):
    one = rule()
    entered(one)
    entered(one, "2099", date(2099, 7, 1), SECOND)
    page = as_person(client, editor()).get(reverse("regulations")).content.decode()
    assert "2024" in page and "2024-01-01" in page and "2099-07-01" in page


def test_a_revision_shows_who_has_read_it(client):
    regulation_revision()
    one = rule()
    entered(one)
    office, head_, reader_ = (
        actor_for_person(holder(login, name, post, metering_centre()))
        for login, name, post in (("han", "韩", "OFFICE"), ("liu", "刘", "HEAD"), ("wang", "王芳", "CHECKER"))
    )  # fmt: skip
    second = actor_for_person(holder("li", "李娜", "VERIFIER", metering_centre()))
    signer = actor_for_person(holder("sun", "孙丽", "TECHNICAL", metering_centre()))
    made = instance_start(
        code="regulation-revision", unit=metering_centre(), title="修订", actor=office,
        subject=f"regulation:{one.slug}",
    )  # fmt: skip
    for who, data in (
        (office, {"title": "办法", "why": "扫码", "changes": [{"clause": "1", "before": "甲", "after": "乙"}]}),
        (signer, {"opinion": "agree"}), (head_, {"opinion": "agree"}),
        (office, {"issued_on": "2026-11-27", "in_force_from": "2027-01-01", "number": "11"}),
        (reader_, {"confirmed": "yes"}),
    ):  # fmt: skip
        task_complete(task=made.tasks.latest("pk"), data=data, actor=who)
    (line,) = revisions_of(one)
    assert (line.have_read, line.waiting) == (1, ["李娜"])
    page = as_person(client, editor()).get(reverse("regulation", args=[one.slug])).content.decode()
    assert (
        "2 人中 1 人已阅" in page
        and "李娜" in page
        and f"?subject=regulation%3A{one.slug}" not in page
    )
    as_person(client, second)
    shown = client.get(reverse("process", args=[made.number])).content.decode()
    assert reverse("regulation", args=[one.slug]) not in shown  # no link to a closed door


def regulation_revision():
    folder = next(path for path in shipped_folders() if path.name == "regulation_revision")
    pack_load(folder=folder, actor=system_actor())


# -- doors --------------------------------------------------------------------------------------


def test_who_only_reads_ties_nothing_and_finds_no_door(client):
    edition = entered(rule())
    reader = actor_with("regulations.view", login="tang", name="唐慧", unit=city_company())
    clause = edition.clauses.first()
    with pytest.raises(Refused):
        services.control_tie(clause=clause, kind=SEALS[0], key=SEALS[1], actor=reader)
    client = as_person(client, reader)
    door = reverse("control_new", args=[edition.regulation.slug, clause.pk])
    assert client.get(door).status_code == 403
    assert client.post(door, {"control": ":".join(SEALS)}).status_code == 403
    assert client.get(reverse("regulation_controls")).status_code == 200
    stranger = actor_with("assets.view", login="no", name="无")
    assert as_person(client, stranger).get(reverse("regulation_controls")).status_code == 403
    elsewhere = actor_with("regulations.edit", login="fern", name="方", unit=other_unit())
    assert as_person(client, elsewhere).post(door, {"control": ":".join(SEALS)}).status_code == 403
    assert not ClauseControl.objects.exists()


def other_unit():
    known = Unit.objects.filter(code="C9").first()
    return known or unit_make(
        code="C9", name="云山县", kind="county", parent=city_company(), actor=system_actor()
    )


def test_one_searches_chooses_and_comes_back_to_the_clause(client):
    edition = entered(rule())
    clause = edition.clauses.first()
    client = as_person(client, editor())
    door = reverse("control_new", args=[edition.regulation.slug, clause.pk])
    page = client.get(door, {"q": "检定封印数"}).content.decode()
    assert 'value="setting:seals.per_meter"' in page and 'value="limit:' not in page
    part = client.get(door, {"q": "检定封印数"}, headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith("<div") and "HX-Request" in part["Vary"]
    assert "没有相符" in client.get(door, {"q": "火星"}).content.decode()
    sent = client.post(door, {"control": "setting:seals.per_meter"})
    assert sent["Location"].endswith(f"?edition=2024#clause-{clause.pk}")
    assert "已落实" in client.get(door, {"q": "检定封印数"}).content.decode()
    answer = client.post(door, {"control": "setting:no.such"})
    assert answer.status_code == 200 and "不存在" in answer.content.decode()
    assert client.post(door, {"name": "纸质台账"}).status_code == 302
    assert client.post(door, {"name": ""}).status_code == 200
    assert [c[:2] for c in things_of(edition)] == [SEALS, ("words", "")]
    assert client.get(reverse("control_new", args=["none", clause.pk])).status_code == 404


def test_the_list_calls_things_in_the_language_of_the_reader_and_words_as_they_were_written(client):
    version = work_order()
    edition = entered(rule())
    tied(edition, "第一条", "process", version.code)
    clause = edition.clauses.get(number="第二条")
    services.control_tie(clause=clause, name="班前会宣读", actor=editor())
    as_person(client, editor())
    for language, name in (("en", "Work order"), ("zh-hans", "工单")):
        client.cookies["django_language"] = language
        shown = client.get(reverse("regulation_controls")).context["list"].rows
        fields = "".join("".join(row.fields) for row in shown)
        assert f"{name}<" in fields.replace("\n", "") and "班前会宣读" in fields
    file = b"".join(client.get(f"{reverse('regulation_controls')}?export=xlsx"))
    assert file[:2] == b"PK"
