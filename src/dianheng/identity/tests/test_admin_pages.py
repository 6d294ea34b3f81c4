"""Pages of organisation and people: who sees them, what they do through the services."""

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from dianheng.identity.models import (
    ApiToken,
    AuditBatch,
    Delegation,
    Person,
    Post,
    PostHolding,
    Qualification,
    SeparationException,
    Unit,
)
from dianheng.identity.registry import all_rights
from dianheng.identity.services import qualification_grant, system_actor, unit_rename

from .factories import PASSWORD, city_company, metering_centre, person_with, qualified_verifier

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate

PAGES = {
    "home": (),
    "jobs": (),
    "find": (),
    "me": (),
    "password": (),
    "stand_ins": (),
    "stand_in_add": (),
    "units": ("identity.view",),
    "unit_add_first": ("identity.organise",),
    "people": ("identity.view",),
    "people_suggest": ("identity.view",),
    "person_add": ("identity.organise",),
    "posts": ("identity.view",),
    "post_add": ("identity.organise",),
    "qualifications": ("identity.view",),
    "qualification_add": ("identity.qualify",),
    "exceptions": ("identity.view",),
    "exception_add": ("identity.except",),
    "settings": ("identity.view",),
    "audit": ("audit.view",),
    "audit_check": ("audit.view",),
    "access_log": ("audit.view",),
    "access_online": ("audit.view",),
    "access_clean_up": ("audit.clean_up",),
    "master_day": ("audit.view",),
    "unusual_changes": ("audit.view",),
    "my_log": (),
    "my_access": (),
}


@pytest.fixture
def leader(client):
    """Somebody with every right over the city company, in English."""
    person = person_with("*", login="leader", name="周主任", unit=city_company())
    client.force_login(person)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_for_who_holds_its_right_and_nobody_else(client, name):
    address = reverse(name)
    assert client.get(address)["Location"].startswith("/login/")
    client.force_login(person_with(login="nothing"))
    assert client.get(address).status_code == (403 if PAGES[name] else 200)
    client.force_login(person_with(*PAGES[name], login="holder"))
    assert client.get(address).status_code == 200


def test_the_menu_shows_what_the_posts_can_use(client):
    client.force_login(person_with("audit.view", login="auditor"))
    page = client.get("/").content.decode()
    assert 'href="/audit/"' in page
    assert 'href="/admin-people/"' not in page


# -- login -------------------------------------------------------------------------------------------


def test_login_brings_the_persons_language(client):
    person_with(login="wang")
    response = client.post("/login/", {"username": "wang", "password": PASSWORD})
    assert response["Location"] == "/"
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"


def test_a_wrong_password_says_so_and_the_sixth_rests(client):
    person_with(login="wang")
    for _attempt in range(4):
        assert (
            "登录名或密码错误"
            in client.post("/login/", {"username": "wang", "password": "no"}).content.decode()
        )
    response = client.post("/login/", {"username": "wang", "password": "no"})
    assert (response.status_code, "该登录名已锁定 15 分钟" in response.content.decode()) == (
        429,
        True,
    )
    assert client.post("/login/", {"username": "wang", "password": PASSWORD}).status_code == 429
    person_with(login="li")
    assert client.post("/login/", {"username": "li", "password": PASSWORD}).status_code == 302


def test_one_changes_the_own_password_and_stays_in(client):
    person = person_with(login="wang")
    client.force_login(person)
    wrong = client.post(
        "/password/", {"old": "x", "password": "Ohm-and-Ampere-3", "again": "Ohm-and-Ampere-4"}
    )
    assert wrong.context["form"].errors.keys() == {"again"}
    wrong = client.post(
        "/password/", {"old": "x", "password": "Ohm-and-Ampere-3", "again": "Ohm-and-Ampere-3"}
    )
    assert wrong.context["form"].errors.keys() == {"old"}
    weak = client.post(
        "/password/", {"old": PASSWORD, "password": "1234567890", "again": "1234567890"}
    )
    assert weak.context["form"].errors.keys() == {"password"}
    client.post(
        "/password/", {"old": PASSWORD, "password": "Ohm-and-Ampere-3", "again": "Ohm-and-Ampere-3"}
    )
    assert Person.objects.get(pk=person.pk).check_password("Ohm-and-Ampere-3")
    assert client.get("/").status_code == 200


def test_a_token_is_shown_once(client):
    person = person_with("identity.view", login="wang")
    client.force_login(person)
    page = client.post("/me/", {"label": "bench 3", "days": "９０", "scopes": ["identity.view"]})
    token = ApiToken.objects.get()
    assert page.context["token"].startswith("dh_")
    assert (token.label, token.scopes) == ("bench 3", ["identity.view"])
    assert "dh_" not in client.get("/me/").content.decode()
    client.force_login(person_with(login="other"))
    client.post(f"/me/tokens/{token.pk}/end/")
    token.refresh_from_db()
    assert token.revoked_at is None
    client.force_login(person)
    client.post(f"/me/tokens/{token.pk}/end/")
    token.refresh_from_db()
    assert token.revoked_at is not None


# -- organisation ------------------------------------------------------------------------------------


def test_a_unit_is_added_below_another(leader):
    response = leader.post(
        "/admin-units/CITY/new/", {"code": "S1", "name": "城关供电所", "kind": "station"}
    )
    assert response["Location"] == "/admin-units/S1/"
    assert Unit.objects.get(code="S1").path == "/CITY/S1/"
    again = leader.post(
        "/admin-units/CITY/new/", {"code": "S1", "name": "again", "kind": "station"}
    )
    assert "Unit S1 exists already." in again.content.decode()
    assert 'value="again"' in again.content.decode()  # nothing typed is lost


def test_the_tree_shows_only_what_one_may_see(client):
    city_company()
    client.force_login(person_with("identity.view", login="wang", unit=metering_centre()))
    page = client.get("/admin-units/").content.decode()
    assert "/admin-units/CENTRE/" in page
    assert "/admin-units/CITY/" not in page


def test_a_person_is_added_and_given_a_post(leader):
    unit = metering_centre()
    form = {
        "person_no": "20001",
        "name": "吴检定",
        "login": "wu",
        "unit": unit.pk,
        "password": "Ohm-and-Ampere-3",
    }
    assert leader.post("/admin-people/new/", form)["Location"] == "/admin-people/20001/"
    person = Person.objects.get(login="wu")
    assert person.must_change_password
    post = Post.objects.first()
    bad = leader.post(
        "/admin-people/20001/posts/new/", {"post": post.pk, "unit": unit.pk, "valid_from": "soon"}
    )
    assert "“soon” is no day." in bad.content.decode()
    leader.post(
        "/admin-people/20001/posts/new/", {"post": post.pk, "unit": unit.pk, "valid_from": "t"}
    )
    holding = PostHolding.objects.get(person=person)
    assert (holding.valid_from, holding.valid_through) == (TODAY(), None)
    leader.post(f"/admin-people/20001/posts/{holding.pk}/end/", {"valid_through": "t+7"})
    holding.refresh_from_db()
    assert holding.valid_through == TODAY() + timedelta(7)


def test_nobody_gives_a_post_to_themselves(leader):
    post = Post.objects.first()
    page = leader.post(
        "/admin-people/N-leader/posts/new/",
        {"post": post.pk, "unit": city_company().pk, "valid_from": "t"},
    )
    assert "Nobody gives a post to themselves." in page.content.decode()
    assert 'aria-disabled="true"' in leader.get("/admin-people/N-leader/").content.decode()


def test_who_leaves_is_switched_off_with_a_reason(leader):
    person_with(login="wang")
    assert leader.post("/admin-people/N-wang/active/", {"reason": ""}).context["form"].errors
    leader.post("/admin-people/N-wang/active/", {"reason": "retired"})
    assert not Person.objects.get(login="wang").is_active
    assert AuditBatch.objects.latest("id").reason == "retired"


def test_a_new_password_must_be_changed_at_the_next_login(leader, client):
    person = person_with(login="wang")
    leader.post("/admin-people/N-wang/password/", {"password": "Ohm-and-Ampere-3"})
    client.force_login(Person.objects.get(pk=person.pk))
    assert client.get("/jobs/")["Location"] == "/password/"


def test_a_post_bundles_rights(leader):
    leader.post(
        "/admin-posts/new/",
        {"code": "reader", "name": "查阅", "rights": ["identity.view", "audit.view"]},
    )
    assert Post.objects.get(code="reader").rights == ["audit.view", "identity.view"]
    leader.post("/admin-posts/reader/", {"name": "查阅", "rights": ["audit.view"]})
    assert Post.objects.get(code="reader").rights == ["audit.view"]


# -- standing in, qualified, excepted ------------------------------------------------------------------


def test_a_stand_in_is_named_by_name_or_number_and_ended(client):
    me = person_with("identity.view", login="wang")
    person_with(login="li", name="李检定")
    client.force_login(me)
    form = {
        "from_person": "N-wang 王检定",
        "to_person": "李检定",
        "valid_from": "t",
        "valid_through": "t+3",
        "reason": "leave",
    }
    client.post("/admin-stand-ins/new/", form)
    delegation = Delegation.objects.get()
    assert (delegation.to_person.login, delegation.valid_through) == ("li", TODAY() + timedelta(3))
    client.post(f"/admin-stand-ins/{delegation.pk}/", {"reason": "back early"})
    delegation.refresh_from_db()
    assert delegation.revoked_at is not None


def test_both_names_stand_on_the_page_of_a_stand_in(client):
    boss, other = (
        person_with("audit.view", login="boss", name="周主任"),
        person_with(login="li", name="李检定"),
    )
    client.force_login(boss)
    client.post(
        "/admin-stand-ins/new/",
        {
            "from_person": "boss",
            "to_person": "li",
            "valid_from": "t",
            "valid_through": "t",
            "reason": "trip",
        },
    )
    client.force_login(other)
    page = client.get("/audit/").content.decode()
    assert "您同时代理 周主任 的岗位" in page


def test_a_stand_in_of_others_is_not_shown(client):
    person_with(login="a"), person_with(login="b")
    client.force_login(person_with(login="c"))
    from dianheng.identity.services import delegation_make

    made = delegation_make(
        from_person=Person.objects.get(login="a"), to_person=Person.objects.get(login="b"),
        valid_from=TODAY(), valid_through=TODAY(), reason="x", actor=system_actor(),
    )  # fmt: skip
    assert client.get(f"/admin-stand-ins/{made.pk}/").status_code == 404
    assert client.get("/admin-stand-ins/").context["list"].rows == []


@pytest.mark.parametrize(
    ("days", "state", "tone"),
    [
        (-1, "Run out", "bad"),
        (0, "Runs out soon", "warn"),
        (60, "Runs out soon", "warn"),
        (61, "In force", "good"),
    ],
)
def test_a_qualification_shows_where_it_stands(leader, days, state, tone):
    qualified_verifier(days=days)
    page = leader.get("/admin-qualifications/")
    assert f'<span class="state state-{tone}">{state}</span>' in page.content.decode()


def test_a_qualification_that_runs_out_is_on_the_home_page(client):
    person = qualified_verifier(days=10)
    client.force_login(person)
    [group] = client.get("/").context["soon"]
    assert [(item.label, item.due_on) for item in group.items] == [
        ("J-wang", TODAY() + timedelta(10))
    ]


def test_a_qualification_is_recorded_and_withdrawn(leader):
    person_with(login="wang")
    form = {
        "person": "N-wang",
        "kind": "verifier",
        "project": "电能表",
        "number": "J-1",
        "issuer": "省局",
        "valid_from": "２０２６０１０１",
        "valid_through": "2030-12-31",
    }
    leader.post("/admin-qualifications/new/", form)
    one = Qualification.objects.get(number="J-1")
    assert one.valid_from == date(2026, 1, 1)
    leader.post(f"/admin-qualifications/{one.pk}/", {"withdrawn_on": "t", "reason": "moved away"})
    one.refresh_from_db()
    assert one.withdrawn_on == TODAY()
    assert "Withdrawn" in leader.get(f"/admin-qualifications/{one.pk}/").content.decode()


def test_an_exception_names_its_faults_beside_the_fields(leader):
    person_with(login="wang")
    form = {
        "subject": "task:T1",
        "person": "N-wang",
        "steps": ["test"],
        "valid_from": "t+1",
        "valid_through": "t",
        "reason": "ill",
    }
    page = leader.post("/admin-exceptions/new/", form)
    assert page.context["form"].errors.keys() == {"steps", "valid_through"}
    leader.post("/admin-exceptions/new/", form | {"steps": ["test", "review"], "valid_from": "t"})
    assert SeparationException.objects.get().steps == ["review", "test"]


# -- trail ---------------------------------------------------------------------------------------------


def test_the_day_of_master_data_speaks_of_rights_by_their_names_and_of_no_inner_column(leader):
    page = leader.get("/audit/day/").content.decode()
    first = min(all_rights())  # what is cut off at the end of a long list does not matter
    assert str(all_rights()[first]) in page and first not in page
    assert "@dianheng" not in page and "Path" not in page and "/CITY/" not in page


def test_a_batch_shows_each_row_before_and_after(leader):
    unit = metering_centre()
    unit_rename(unit=unit, name="新计量中心", is_active=True, actor=system_actor())
    batch = AuditBatch.objects.latest("id")
    page = leader.get(f"/audit/{batch.pk}/")
    [statement] = page.context["statements"]
    [row] = statement["one"].rows
    assert (statement["one"].label, str(statement["operation"]), row.name) == (
        "Unit",
        "changed",
        "CENTRE",
    )
    assert [(c.label, c.old, c.new) for c in row.changes] == [("Name", "计量中心", "新计量中心")]


def test_keys_of_other_things_are_shown_as_names(leader):
    person = person_with(login="wang")
    qualification_grant(
        person=person,
        kind="verifier",
        number="J-1",
        issuer="省局",
        valid_from=TODAY(),
        valid_through=TODAY(),
        actor=system_actor(),
    )
    page = leader.get(f"/audit/{AuditBatch.objects.latest('id').pk}/")
    changes = {c.label: c.new for c in page.context["statements"][0]["one"].rows[0].changes}
    assert (changes["Person"], changes["Kind"]) == ("王检定", "Verifier")


def test_the_trail_is_narrowed_to_what_was_touched(leader):
    person = person_with(login="wang")
    leader.post("/admin-people/N-wang/active/", {"reason": "retired"})
    rows = leader.get("/audit/?table=identity_person&who=周").context["list"].rows
    actions = AuditBatch.objects.filter(pk__in=[row.key for row in rows])
    assert list(actions.values_list("action", flat=True)) == ["person.activate"]
    assert 'class="kind-number right">1</td>' in rows[0].fields
    assert leader.get("/audit/?table=identity_setting").context["list"].rows == []
    assert not Person.objects.get(pk=person.pk).is_active


def test_a_secret_is_not_in_the_trail(leader):
    leader.post("/admin-people/N-leader/password/", {"password": "Ohm-and-Ampere-3"})
    batch = AuditBatch.objects.filter(action="person.password").latest("id")
    assert "argon2" not in leader.get(f"/audit/{batch.pk}/").content.decode().lower()
    assert "md5$" not in leader.get(f"/audit/{batch.pk}/").content.decode().lower()


# -- search --------------------------------------------------------------------------------------------


def test_people_are_found_by_pinyin_within_the_rights(client):
    person_with("identity.view", login="wang")
    client.force_login(Person.objects.get(login="wang"))
    hits = client.get("/find/?q=wang jian").context["groups"]
    assert [hit.label for hit in hits[0].hits] == ["王检定"]
    client.force_login(person_with(login="nobody"))
    assert client.get("/find/?q=wang jian").context["groups"] == []


def test_a_code_that_nothing_carries_says_so(client):
    client.force_login(person_with(login="wang"))
    response = client.get("/find/code/?code=]C14130001")
    assert (response.status_code, "没有找到编码 4130001" in response.content.decode()) == (
        404,
        True,
    )


def test_addresses_of_nothing_answer_in_words(client):
    client.force_login(person_with("*", login="wang"))
    for address in (
        "/admin-units/NONE/",
        "/admin-people/NONE/",
        "/admin-posts/NONE/",
        "/admin-qualifications/9/",
        "/audit/9999999/",
        "/jobs/9/",
    ):
        response = client.get(address)
        assert (response.status_code, "notice-error" in response.content.decode()) == (404, True), (
            address
        )
    assert "此地址没有内容" in client.get("/nothing/here/").content.decode()


def test_actions_have_names_and_codes_that_nobody_named_stay(leader):
    from dianheng.common.actions import action_label

    unit_rename(unit=metering_centre(), name="x", is_active=True, actor=system_actor())
    page = leader.get("/audit/?action=unit.rename").content.decode()
    assert 'title="unit.rename">Change a unit</td>' in page
    assert action_label("something.else") == "something.else"


def test_every_action_that_is_written_has_a_name():
    from dianheng.assets.choices import Verb
    from dianheng.common.actions import all_actions
    from dianheng.office.choices import DoorKind
    from dianheng.seals.choices import SealVerb
    from dianheng.warehouse.choices import Purpose

    written, families = actions_in_the_code()
    members = {
        "archive": DoorKind.values, "device": Verb.values, "process": ("resume", "suspend"), "seal": SealVerb.values,
        "stock": Purpose.values,
    }  # fmt: skip
    assert families == set(members)
    # Lists of devices go down one way, which names its actions after the kind of list.
    steps = ("upload", "map", "check", "take", "refuse", "start_check", "start_take")
    members |= dict.fromkeys(("delivery", "register"), steps)
    written |= {f"{family}.{name}" for family, names in members.items() for name in names}
    assert written - {code for code, _label in all_actions()} == set()
    assert len(written) > 150


def actions_in_the_code() -> tuple[set[str], set[str]]:
    """Actions that are written out, and what stands before the point where the rest is computed."""
    import ast
    import re
    from pathlib import Path

    import dianheng

    given = []
    for path in Path(dianheng.__file__).parent.rglob("*.py"):
        if {"tests", "migrations"}.intersection(path.parts) or "action" not in path.read_text():
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                given += [word.value for word in node.keywords if word.arg == "action"]
                if getattr(node.func, "id", "") == "_written":
                    given.append(node.args[1])
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "action":
                given.append(node.value)
    parts = [part for one in given for part in ast.walk(one) if isinstance(part, ast.Constant)]
    texts = {part.value for part in parts if isinstance(part.value, str)}
    computed = [one.values[0] for one in given if isinstance(one, ast.JoinedStr)]
    families = {
        str(part.value).split(".")[0] for part in computed if isinstance(part, ast.Constant)
    }
    whole = {text for text in texts if re.fullmatch(r"[a-z]+[.][a-z_]*[a-z]", text)}
    return whole, families
