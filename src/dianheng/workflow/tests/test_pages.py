"""Pages of packs and of the separation of duties; an opinion asked for on the page."""

import io
import re
import zipfile
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dianheng.identity.models import Person
from dianheng.identity.services import (
    actor_for_person,
    delegation_make,
    holding_end,
    system_actor,
)
from dianheng.identity.tests.factories import PASSWORD, city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import DutyAcceptance, FormEntry, PackVersion
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.selectors import (
    content_digest,
    duty_line,
    duty_lines,
    pack_in_force,
    packs_in_force,
    packs_offered_below,
)
from dianheng.workflow.selectors.duties import holdings_now

from .factories import RIGHTS, head, holder, verifier, work_order
from .test_services import APPLY

pytestmark = pytest.mark.django_db
KEEPER_OF_PACKS = [*RIGHTS, "workflow.packs", "workflow.duties"]


def keeper():
    return actor_for_person(holder("he", "何洁", "PACKS", city_company(), KEEPER_OF_PACKS))


def login(client, actor):
    client.force_login(Person.objects.get(pk=actor.person_id))
    return client


def shown(client, name, *args, **more):
    answer = client.get(reverse(name, args=args), **more)
    assert answer.status_code == 200
    return answer.content.decode()


def zipped(*replace, root="work_order/", drawn=("", "")):
    """The generic order as one ZIP file, with pieces of its plan and one of its diagram replaced."""
    source = next(path for path in shipped_folders() if path.name == "work_order")
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for path in sorted(source.rglob("*.*")):
            text = path.read_text("utf-8")
            if path.name == "pack.toml":
                for before, after in replace:
                    assert before in text
                    text = text.replace(before, after)
            if path.name == "process.bpmn" and drawn[0]:
                text = text.replace(*drawn)
            archive.writestr(root + str(path.relative_to(source)), text)
        archive.writestr("../../evil.txt", "x")
    return SimpleUploadedFile("pack.zip", body.getvalue())


# -- packs ---------------------------------------------------------------------------------------


def test_a_pack_comes_into_force_by_upload(client):
    login(client, keeper())
    answer = client.post(reverse("pack_new"), {"file": zipped()})
    assert answer.status_code == 302 and PackVersion.objects.get().code == "work-order"
    page = shown(client, "pack", "work-order")
    assert "审批派工" in page and "diagram.bpmn" in page
    assert "工单" in shown(client, "packs")
    body = client.get(reverse("pack_diagram", args=["work-order"])).content.decode()
    assert "BPMNShape" in body


def test_a_diagram_has_the_names_of_the_language_of_the_page(client):
    work_order()
    login(client, keeper())
    chinese = client.get(reverse("pack_diagram", args=["work-order"])).content.decode()
    assert 'name="审批派工"' in chinese
    client.cookies["django_language"] = "en"
    english = client.get(reverse("pack_diagram", args=["work-order"])).content.decode()
    plan = pack_in_force("work-order").plan
    titles = [one["title"] for part in ("lanes", "tasks") for one in plan[part].values()]
    for one in [*titles, *plan["names"].values()]:
        assert f'name="{one["zh"]}"' in chinese and f'name="{one["en"]}"' in english
    assert "BPMNShape" in english
    assert all(name.isascii() for name in re.findall(r' name="([^"]*)"', english))


def test_everything_wrong_with_an_uploaded_pack_is_said(client):
    login(client, keeper())
    faulty = zipped(("hours = 40\n", ""), ('form = "apply"', 'form = "missing"'))
    page = client.post(reverse("pack_new"), {"file": faulty})
    text = page.content.decode()
    assert page.status_code == 200 and not PackVersion.objects.exists()
    assert "没有时限（工作小时）" in text and "表单“missing”不在 forms/ 中" in text


def test_an_uploaded_diagram_that_the_browser_would_not_draw_is_refused_with_the_way_out(client):
    login(client, keeper())
    sent = zipped(drawn=('id="refused"', 'id="不予办理"'))
    text = client.post(reverse("pack_new"), {"file": sent}).content.decode()
    assert "process.bpmn#不予办理" in text and "可用中文" in text
    assert not PackVersion.objects.exists()


@pytest.mark.parametrize("body", [b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_pack_is_refused_in_words(client, body):
    login(client, keeper())
    answer = client.post(reverse("pack_new"), {"file": SimpleUploadedFile("x.zip", body)})
    assert "notice-error" in answer.content.decode()
    assert not PackVersion.objects.exists()


def test_a_zip_bomb_is_refused(client):
    login(client, keeper())
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.toml", b"\0" * 60_000_000)
    sent = SimpleUploadedFile("x.zip", bomb.getvalue())
    assert "超过流程包" in client.post(reverse("pack_new"), {"file": sent}).content.decode()


def test_a_process_is_switched_and_its_lanes_get_the_companys_posts(client):
    work_order()
    login(client, keeper())
    unit = city_company()
    answer = client.post(
        reverse("pack_switch", args=["work-order"]), {"unit": unit.pk, "is_on": "off"}
    )
    assert answer.status_code == 302
    assert "工单" not in shown(client, "process_catalogue")
    holder("yu", "于芳", "FOREMAN", metering_centre())
    answer = client.post(
        reverse("pack_lane", args=["work-order"]), {"lane": "经办", "posts": ["FOREMAN"]}
    )
    assert answer.status_code == 302 and "FOREMAN岗" in shown(client, "pack", "work-order")


def test_who_does_not_keep_packs_reads_only(client):
    work_order()
    login(client, verifier())
    assert "工单" in shown(client, "packs")
    for name, args in (
        ("pack_new", ()),
        ("pack_switch", ("work-order",)),
        ("pack_lane", ("work-order",)),
    ):
        assert client.get(reverse(name, args=args)).status_code == 403
    forced = client.post(reverse("pack_force", args=["work-order", 1]))
    assert forced.status_code == 403


def test_what_can_be_started_is_decided_by_the_nearest_switch_of_each_unit():
    work_order()
    company, centre = city_company(), metering_centre()

    def switch(unit, is_on):
        services.pack_switch(code="work-order", unit=unit, is_on=is_on, actor=system_actor())

    def offered():
        found = (
            packs_offered_below([company.path]), packs_offered_below([centre.path]), packs_in_force(centre.path),
        )  # fmt: skip
        return [[one.code for one in each] for each in found]

    on, off = ["work-order"], []
    assert offered() == [on, on, on]
    switch(company, False)
    assert offered() == [off, off, off]
    switch(centre, True)
    assert offered() == [on, on, on]
    switch(company, True)
    switch(centre, False)
    assert offered() == [on, off, off]
    assert packs_offered_below([]) == []


# -- who could do both ---------------------------------------------------------------------------


def test_a_stand_in_is_a_way_until_it_is_ended_or_accepted(client):
    work_order()
    handler, leader = verifier(), head()
    assert duty_lines() == []
    today = date.today()
    delegation_make(
        from_person=Person.objects.get(pk=leader.person_id),
        to_person=Person.objects.get(pk=handler.person_id),
        valid_from=today, valid_through=today + timedelta(days=9), reason="休假",
        actor=system_actor(),
    )  # fmt: skip
    (line,) = duty_lines()
    assert (line.person.name, line.path.kind, line.is_accepted) == ("张伟", "stand_in", False)
    login(client, keeper())
    page = shown(client, "duties")
    assert "张伟" in page and "代理刘静" in page
    answer = client.post(
        reverse("duty_path", args=[line.person.person_no, line.key]),
        {"reason": "站内仅一人", "valid_through": today + timedelta(days=30)},
    )
    assert answer.status_code == 302 and duty_lines()[0].is_accepted
    login(client, handler)
    mine = {"reason": "x", "valid_through": today}
    client.post(reverse("duty_path", args=[line.person.person_no, line.key]), mine)
    assert DutyAcceptance.objects.get().reason == "站内仅一人"
    assert DutyAcceptance.objects.count() == 1


def test_of_many_ways_the_page_shows_the_first_and_all_when_asked(client, monkeypatch):
    monkeypatch.setattr("dianheng.workflow.views.duties.SHOWN", 1)
    work_order()
    for login_name, name in (("zhang", "张伟"), ("sun", "孙强")):
        holder(login_name, name, "VERIFIER", metering_centre())
        holder(login_name, name, "HEAD", city_company())
    login(client, keeper())
    first, whole = (
        client.get(reverse("duties") + more).content.decode() for more in ("", "?all=1")
    )
    rows = [sum(f">{name}</a>" in page for name in ("张伟", "孙强")) for page in (first, whole)]
    assert (rows, 'href="?all=1"' in first, 'href="?all=1"' in whole) == ([1, 2], True, False)


def test_a_post_held_before_is_a_way_as_long_as_the_matter_runs():
    work_order()
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱", actor=verifier()
    )
    services.task_complete(task=one.tasks.get(), data=APPLY, actor=verifier())
    person = Person.objects.get(login="zhang")
    holding_end(holding=person.holdings.get(), valid_through=date(2026, 1, 1), actor=system_actor())
    assert duty_lines() == []
    holder("zhang", "张伟", "HEAD", city_company())
    (line,) = duty_lines()
    assert (line.path.kind, line.path.number) == ("past", one.number)
    services.instance_withdraw(instance=one, reason="x", actor=verifier())
    assert duty_lines() == []


def test_what_a_person_can_do_and_why(client):
    """Rights with post and unit, steps of processes, ways to do both; one's own without a right."""
    work_order()
    person = holder("zhang", "张伟", "VERIFIER", metering_centre())
    holder("zhang", "张伟", "HEAD", city_company())
    login(client, actor_for_person(person))
    page = shown(client, "person_access", person.person_no)
    assert "VERIFIER岗" in page and "工单 · 填写工单" in page and "可既经办又审批" in page
    other = holder("li", "李娜", "VERIFIER", metering_centre())
    assert client.get(reverse("person_access", args=[other.person_no])).status_code == 403


def test_of_one_person_only_what_concerns_that_person_is_asked():
    work_order()
    leader = head()
    for login, name in (("zhang", "张伟"), ("li", "李娜")):
        holder(login, name, "VERIFIER", metering_centre())
        delegation_make(
            from_person=Person.objects.get(pk=leader.person_id),
            to_person=Person.objects.get(login=login), valid_from=date.today(),
            valid_through=date.today() + timedelta(days=9), reason="休假", actor=system_actor(),
        )  # fmt: skip
    li = Person.objects.get(login="li")
    assert {line.person.name for line in duty_lines()} == {"张伟", "李娜"}
    (line,) = duty_lines(person_id=li.pk)
    assert line.person == li and line == duty_line(li.person_no, line.key)
    assert duty_line("N-zhang", line.key) is None, "the way of another person"
    assert duty_line("N-nobody", line.key) is None
    held = holdings_now(person_id=li.pk)
    assert {(one.person_id, one.post, one.for_id) for one in held} == {
        (li.pk, "VERIFIER", None),
        (li.pk, "HEAD", leader.person_id),
    }


def test_nobody_accepts_a_way_of_their_own(client):
    work_order()
    person = holder("zhang", "张伟", "VERIFIER", metering_centre())
    holder("zhang", "张伟", "HEAD", city_company())
    holder("zhang", "张伟", "PACKS", city_company(), KEEPER_OF_PACKS)
    (line,) = duty_lines()
    login(client, actor_for_person(person))
    answer = client.post(
        reverse("duty_path", args=[line.person.person_no, line.key]),
        {"reason": "x", "valid_through": date.today()},
    )
    assert "自己的路径" in answer.content.decode() and not DutyAcceptance.objects.exists()


# -- decisions on the page -----------------------------------------------------------------------


@pytest.fixture
def order():
    work_order()
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱进水", actor=verifier()
    )
    services.task_complete(task=one.tasks.get(), data=APPLY, actor=verifier())
    return one


def decide(client, order, **data):
    url = reverse("task_form", args=[order.number, order.tasks.latest("pk").pk])
    return client.post(url, {"opinion": "agree", **data})


def test_a_decision_is_signed_with_the_password_over_what_was_shown(client, order):
    login(client, head())
    page = shown(client, "process", order.number)
    assert content_digest(order) in page and 'type="password"' in page
    decide(client, order, seen=content_digest(order), password="wrong")
    decide(client, order, seen="of something else", password=PASSWORD)
    assert FormEntry.objects.filter(task__task="assign").count() == 0
    decide(client, order, seen=content_digest(order), password=PASSWORD)
    assert FormEntry.objects.get(task__task="assign").is_signed


def test_an_opinion_is_asked_for_on_the_page(client, order):
    expert = holder("wu", "吴技术", "EXPERT", metering_centre())
    login(client, head())
    key = order.tasks.latest("pk").pk
    answer = client.post(
        reverse("task_ask", args=[order.number, key]), {"person": "wu", "reason": "可行性"}
    )
    assert answer.status_code == 302 and "吴技术" in shown(client, "process", order.number)
    login(client, actor_for_person(expert))
    page = shown(client, "process", order.number)
    assert 'name="opinion"' in page
    for name in ("task_claim", "task_release", "task_back", "task_ask"):
        assert reverse(name, args=[order.number, key]) not in page
    assert 'value="back"' not in page and "由办理人" in page
    again = client.post(
        reverse("task_form", args=[order.number, key]), {"keep": "1", "opinion": "agree"}
    )
    assert (
        'value="agree"' in again.content.decode() and 'value="back"' not in again.content.decode()
    )
    for name, data in (
        ("task_claim", {}),
        ("task_release", {}),
        ("task_back", {"reason": "x", "to": "apply"}),
        ("task_ask", {"person": "zhang", "reason": "x"}),
    ):
        answer = client.post(reverse(name, args=[order.number, key]), data, follow=True)
        assert "您只被征求意见" in answer.content.decode()
    for name in ("task_back", "task_ask"):
        door = client.get(reverse(name, args=[order.number, key]))
        assert door.status_code == 409 and "您只被征求意见" in door.content.decode()
    step = order.tasks.get(pk=key)
    assert (step.state, step.assignee, step.asked.count()) == ("open", None, 1)
    decide(client, order, seen=content_digest(order), password=PASSWORD, reason="可行")
    assert order.tasks.get(pk=key).asked.get().answered_at is not None
    assert "可行" in shown(client, "process", order.number)
