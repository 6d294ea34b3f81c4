"""Rights that nothing needs: planted ones are found with what to do, others are not."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.identity.models import AccessEvent, RightUse
from dianheng.identity.services import (
    actor_for_person,
    delegation_make,
    post_define,
    post_hold,
    system_actor,
    token_make,
    token_person,
    use_note,
)
from dianheng.identity.tests.factories import city_company, metering_centre, person_with
from dianheng.workflow import services
from dianheng.workflow.overwide import Held, unneeded
from dianheng.workflow.selectors import judged_from, wide_lines

from .factories import holder, work_order

KNOWN = {"a.view", "a.write", "a.approve", "b.view", "workflow.view", "workflow.start"}
CITY, CENTRE, COUNTY = "/CITY/", "/CITY/CENTRE/", "/CITY/COUNTY/"


def held(key, person, post, rights, unit=CENTRE, steps=False, watched=True):
    return Held(key, person, post, unit, frozenset(rights.split()), steps, watched)


def found(*rows, **used):
    by_person = {int(name[1:]): set(rights.split()) for name, rights in used.items()}
    return [
        (w.kind, w.post, " ".join(w.rights), w.people) for w in unneeded(rows, by_person, KNOWN)
    ]


# -- the rule ------------------------------------------------------------------------------------


def test_a_post_of_which_nothing_is_used_is_ended():
    row = held(1, 7, "CLERK", "a.view a.write")
    assert found(row) == [("idle", "CLERK", "a.view a.write", (7,))]
    assert found(row, p7="a.view a.write") == []


def test_a_right_that_no_holder_uses_leaves_the_post():
    rows = held(1, 7, "CLERK", "a.view a.write"), held(2, 8, "CLERK", "a.view a.write")
    used = {"p7": "a.view", "p8": "a.view"}
    assert found(*rows, **used) == [("nobody", "CLERK", "a.write", (7, 8))]


def test_a_right_that_others_use_splits_the_post():
    rows = held(1, 7, "CLERK", "a.view a.write"), held(2, 8, "CLERK", "a.view a.write")
    used = {"p7": "a.view", "p8": "a.view a.write"}
    assert found(*rows, **used) == [("some", "CLERK", "a.write", (7,))]


def test_a_post_inside_another_of_the_same_person_is_ended():
    small, large = held(1, 7, "CLERK", "a.view"), held(2, 7, "HEAD", "a.view a.write", CITY)
    used = {"p7": "a.view a.write"}
    assert found(small, large, **used) == [("inside", "CLERK", "a.view", (7,))]
    assert found(small, held(2, 7, "HEAD", "a.view a.write", COUNTY), **used) == [], "elsewhere"
    assert (
        found(small, held(2, 8, "HEAD", "a.view a.write", CITY), p7="a.view", p8="a.view a.write")
        == []
    )


def test_of_two_equal_posts_the_later_one_is_ended_or_the_one_without_steps():
    first, second = held(1, 7, "CLERK", "a.view"), held(2, 7, "KEEPER", "a.view")
    assert found(first, second, p7="a.view") == [("inside", "KEEPER", "a.view", (7,))]
    worked = held(2, 7, "KEEPER", "a.view", steps=True)
    assert found(first, worked, p7="a.view") == [("inside", "CLERK", "a.view", (7,))]


def test_a_right_that_the_program_does_not_know_leaves_the_post():
    rows = held(1, 7, "CLERK", "a.view old.right", watched=False)
    assert found(rows, p7="a.view") == [("unknown", "CLERK", "old.right", (7,))]


def test_steps_of_a_process_need_their_post_and_the_way_to_it():
    row = held(1, 7, "CLERK", "workflow.view workflow.start", steps=True)
    assert found(row) == []
    more = held(1, 7, "CLERK", "workflow.view a.write", steps=True)
    assert found(more) == [("nobody", "CLERK", "a.write", (7,))]


def test_what_has_not_been_watched_for_long_enough_is_not_judged():
    young, old = (
        held(1, 7, "CLERK", "a.view a.write", watched=False),
        held(2, 8, "CLERK", "a.view a.write"),
    )
    assert found(young) == []
    assert found(young, old, p8="a.view") == [("some", "CLERK", "a.write", (8,))], "not yet: nobody"


def test_a_post_without_rights_is_nothing_too_much():
    assert found(held(1, 7, "GUEST", "")) == []


# -- the company ---------------------------------------------------------------------------------

LONG_AGO = timezone.localdate() - timedelta(days=300)
EVERYTHING = ("workflow.view", "workflow.duties")


def uses(person, *rights, on=None):
    for right in rights:
        use_note(person_id=person.pk, right=right, on=LONG_AGO)
        use_note(person_id=person.pk, right=right, on=on or timezone.localdate())


@pytest.fixture
def boss(db):
    """A leader who uses what the post carries; uses have been noted for three hundred days."""
    person = person_with(*EVERYTHING, login="boss", name="周局长", unit=city_company())
    uses(person, *EVERYTHING)
    return person


def seen():
    return [
        (line.wide.kind, line.post.code, line.wide.rights, [p.login for p in line.people])
        for line in wide_lines()
    ]


def test_who_uses_what_the_post_carries_has_nothing_too_much(boss):
    assert seen() == []


def test_planted_rights_are_found_and_no_other(boss, client):
    idle = person_with("assets.view", "assets.master", login="idle")
    some = person_with("assets.view", login="some")
    post = post_define(
        code="STORE", name="库管", rights=["seals.view", "warehouse.view"], actor=system_actor()
    )
    for login in ("ka", "kb"):
        post_hold(
            person=person_with(login=login, unit=metering_centre()), post=post,
            unit=metering_centre(), valid_from=LONG_AGO, actor=system_actor(),
        )  # fmt: skip
    uses(some, "assets.view")
    uses(person_with(login="ka"), "seals.view", "warehouse.view")
    uses(
        person_with(login="kb"),
        "seals.view",
        "warehouse.view",
        on=timezone.localdate() - timedelta(days=91),
    )
    work_order()
    holder("yan", "严检定", "VERIFIER", metering_centre())
    assert seen() == [
        ("idle", "POST-idle", ("assets.master", "assets.view"), ["idle"]),
        ("idle", "STORE", ("seals.view", "warehouse.view"), ["kb"]),
    ]
    assert {line.post.code for line in wide_lines(idle.pk)} == {"POST-idle"}
    assert wide_lines(some.pk) == []
    client.force_login(boss)
    page = client.get(reverse("duties")).content.decode()
    assert "王检定的岗位" in page and "岗位权限从未使用：终止任岗" in page


def test_nothing_counts_as_unused_before_uses_were_noted_for_long_enough(db):
    person = person_with("assets.view", login="idle")
    assert seen() == [] and judged_from() > timezone.localdate()
    use_note(person_id=person.pk, right="assets.view", on=timezone.localdate() - timedelta(days=40))
    assert seen() == []
    assert judged_from() == timezone.localdate() + timedelta(days=50)


def test_a_post_held_for_a_few_days_is_not_judged(boss):
    post = post_define(code="STORE", name="库管", rights=["assets.view"], actor=system_actor())
    post_hold(
        person=boss, post=post, unit=metering_centre(), actor=system_actor(),
        valid_from=timezone.localdate() - timedelta(days=9),
    )  # fmt: skip
    assert seen() == []


def test_the_use_by_a_stand_in_counts_for_whose_post_it_is(
    boss, client, django_capture_on_commit_callbacks
):
    away = person_with("assets.view", login="away")
    helper = person_with(login="helper")
    today = timezone.localdate()
    delegation_make(
        from_person=away, to_person=helper, valid_from=today, valid_through=today, reason="休假",
        actor=system_actor(),
    )  # fmt: skip
    assert [kind for kind, *_rest in seen()] == ["idle"]
    client.force_login(helper)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.get(reverse("devices")).status_code == 200
    assert RightUse.objects.get(right="assets.view").person == away
    assert seen() == []


def test_a_refused_door_is_no_use(boss, client, django_capture_on_commit_callbacks):
    client.force_login(person_with("seals.view", login="idle"))
    with django_capture_on_commit_callbacks(execute=True):
        client.get(reverse("devices"))
    assert not RightUse.objects.filter(right="assets.view").exists()


def test_who_comes_with_a_token_uses_what_it_lets_through(boss):
    machine = person_with("assets.view", "seals.view", login="machine")
    text = token_make(
        person=machine, label="接口", scopes=["assets.view"], actor=actor_for_person(machine)
    )
    assert [rights for _kind, _post, rights, _people in seen()] == [("assets.view", "seals.view")]
    token = token_person(text)
    AccessEvent.objects.create(kind="token.used", person=machine, via="rest", token_id=token.pk)
    assert seen() == [("nobody", "POST-machine", ("seals.view",), ["machine"])]


def test_a_process_that_is_switched_off_there_needs_nobody(boss):
    holder("yan", "严检定", "VERIFIER", metering_centre())
    work_order()
    assert seen() == []
    services.pack_switch(code="work-order", unit=city_company(), is_on=False, actor=system_actor())
    assert seen() == [("idle", "VERIFIER", ("workflow.start", "workflow.view"), ["yan"])]


def test_a_leader_accepts_it_for_these_rights_and_people_and_nobody_their_own(boss, client):
    person_with("assets.view", login="idle")
    (line,) = wide_lines()
    soon = timezone.localdate() + timedelta(days=30)
    accept = {"key": line.key, "valid_through": soon, "actor": actor_for_person(boss)}
    with pytest.raises(BadInput):
        services.wide_accept(reason=" ", **accept)
    with pytest.raises(Refused, match="岗位"):
        own = actor_for_person(line.people[0])
        services.wide_accept(reason="值班", **{**accept, "actor": own})
    services.wide_accept(reason="值班需要", **accept)
    assert [one.is_accepted for one in wide_lines()] == [True]
    post_define(
        code="POST-idle", name="岗位", rights=["assets.view", "seals.view"], actor=system_actor()
    )
    assert [one.is_accepted for one in wide_lines()] == [False], "another right, another word"
    with pytest.raises(NotFound):
        services.wide_accept(reason="值班", **{**accept, "key": "gone"})


def test_nobody_accepts_rights_of_their_own(boss):
    RightUse.objects.filter(person=boss, right="workflow.duties").update(
        last_on=timezone.localdate() - timedelta(days=200)
    )
    (line,) = wide_lines()
    with pytest.raises(Refused) as caught:
        services.wide_accept(
            key=line.key,
            reason="需要",
            valid_through=timezone.localdate(),
            actor=actor_for_person(boss),
        )
    assert caught.value.refusal.code == "own_rights"


def test_its_page_shows_what_to_do_and_takes_the_word(boss, client):
    person_with("assets.view", login="idle", name="闲置")
    (line,) = wide_lines()
    client.force_login(boss)
    address = reverse("duty_wide", args=[line.key])
    assert "闲置" in client.get(address).content.decode()
    soon = timezone.localdate() + timedelta(days=30)
    sent = client.post(address, {"reason": "应急岗", "valid_through": soon.isoformat()})
    assert sent.status_code == 302
    assert "应急岗" in client.get(reverse("duties")).content.decode()
    assert client.get(reverse("duty_wide", args=["0" * 32])).status_code == 404
    client.force_login(person_with("workflow.view", login="reader"))
    client.post(address, {"reason": "x", "valid_through": soon.isoformat()})
    assert [one.acceptance.reason for one in wide_lines() if one.key == line.key] == ["应急岗"]
