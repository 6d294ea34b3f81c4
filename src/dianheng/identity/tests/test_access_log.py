"""The security log: every door writes what happened at it, and nothing else pays for it."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import BadInput, Refused
from dianheng.common.pages import no_right
from dianheng.config.commands import say_refused
from dianheng.identity.models import AccessEvent, ApiToken, AuditBatch
from dianheng.identity.selectors import system_person
from dianheng.identity.services import actor_for_person, system_actor, token_make, unit_rename

from .factories import PASSWORD, metering_centre, person_with

pytestmark = pytest.mark.django_db


def noted(*fields: str) -> list[tuple]:
    """The log, oldest first."""
    return list(AccessEvent.objects.order_by("pk").values_list(*fields))


def kinds_of(client, address: str) -> list[str]:
    """What a page of the log shows, the newest first."""
    rows = client.get(address).context["list"].rows
    return [AccessEvent.objects.get(pk=row.key).kind for row in rows]


def log_in(client, login: str, password: str = PASSWORD):
    return client.post("/login/", {"username": login, "password": password})


# -- what is written -------------------------------------------------------------------------------


def test_a_login_and_its_logout_belong_together(client):
    person = person_with(login="wang")
    log_in(client, "wang")
    client.post("/logout/")
    first, last = AccessEvent.objects.order_by("pk")
    assert (first.kind, first.person_id, first.via, first.address) == (
        "login", person.pk, "page", "127.0.0.1",
    )  # fmt: skip
    assert (last.kind, last.person_id, last.login_event_id) == ("logout", person.pk, first.pk)


def test_a_password_changed_meanwhile_does_not_part_them(client):
    person_with(login="wang")
    log_in(client, "wang")
    new = "Ohm-and-Ampere-3"
    client.post("/password/", {"old": PASSWORD, "password": new, "again": new})
    client.post("/logout/")
    first, last = AccessEvent.objects.order_by("pk")
    assert last.login_event_id == first.pk


def test_failed_logins_are_noted_without_the_password(client):
    person = person_with(login="wang")
    for _attempt in range(6):
        log_in(client, "wang", "My-secret-guess-1")
    log_in(client, "nobody", "My-secret-guess-1")
    assert noted("kind", "person_id", "login") == [
        *[("failed", person.pk, "wang")] * 4,
        *[("locked", person.pk, "wang")] * 2,
        ("failed", None, "nobody"),
    ]
    with connection.cursor() as cursor:
        cursor.execute("select string_agg(e::text, ' ') from identity_accessevent e")
        assert "My-secret-guess-1" not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("wa\x00ng", "wang"), ("x" * 5000, "x" * 200), ("", ""), ("王 <b>'; --", "王 <b>'; --")],
    ids=["null byte", "very long", "empty", "signs"],
)
def test_whatever_is_typed_can_be_noted(client, typed, kept):
    assert log_in(client, typed, "no").status_code == 200
    assert noted("kind", "login") == [("failed", kept)]


def test_a_page_that_is_refused_is_noted_with_its_right(client):
    person = person_with(login="wang")
    client.force_login(person)
    assert client.get("/audit/").status_code == 403
    assert noted("kind", "person_id", "what", "path", "via") == [
        ("refused", person.pk, "audit.view", "/audit/", "page")
    ]


def test_what_a_service_refuses_in_a_form_is_noted(client):
    person = person_with("identity.view", "identity.organise", login="wang", unit=metering_centre())
    city = metering_centre().parent
    client.force_login(person)
    client.post(reverse("unit", args=[city.code]), {"name": "x", "is_active": "on"})
    assert noted("kind", "what") == [("refused", "identity.organise")]


def test_rest_notes_refusals_and_wrong_tokens(client):
    person = person_with(login="li")
    token = token_make(person=person, label="bench 3", actor=system_actor())
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert client.get("/api/v1/devices", **bearer).status_code == 403
    assert client.get("/api/v1/devices", **bearer).status_code == 403
    assert client.get("/api/v1/devices", HTTP_AUTHORIZATION="Bearer dh_x").status_code == 401
    assert client.get("/api/v1/devices").status_code == 401  # nobody tried anything
    assert noted("kind", "person_id", "what", "via") == [
        ("token.made", person.pk, "bench 3", "job"),
        ("token.used", person.pk, "bench 3", "rest"),
        ("refused", person.pk, "assets.view", "rest"),
        ("refused", person.pk, "assets.view", "rest"),
        ("failed", None, "token", "rest"),
    ]


def test_a_right_that_a_command_had_not_is_noted(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["dianheng", "audit", "clean-up", "--before", "2026-01-01"])
    say_refused(Refused(no_right("audit.clean_up")))
    say_refused(BadInput("x"))  # no matter of access
    assert "audit.clean_up" not in capsys.readouterr().out
    assert noted("kind", "person_id", "via", "what", "path") == [
        ("refused", system_person().pk, "command", "audit.clean_up", "dianheng audit clean-up")
    ]


def test_a_token_is_noted_again_on_the_next_day(client):
    person = person_with("assets.view", login="li")
    token = token_make(person=person, label="bench 3", actor=system_actor())
    used = AccessEvent.objects.create(
        kind="token.used", via="rest", person=person, what="bench 3",
        token_id=ApiToken.objects.get().pk, at=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    for _time in range(3):
        client.get("/api/v1/devices", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert AccessEvent.objects.filter(kind="token.used").exclude(pk=used.pk).count() == 1


def test_an_export_is_noted_with_its_list(client):
    person = person_with("identity.view", login="wang")
    client.force_login(person)
    answer = client.get("/admin-people/?export=xlsx")
    assert len(b"".join(answer)) > 1000  # read to its end, the file is closed
    assert noted("kind", "person_id", "what") == [("export", person.pk, "people")]


def test_pages_that_let_one_in_write_nothing(client):
    client.force_login(person_with("*", login="wang"))
    for address in ("/", "/audit/", "/admin-people/", "/find/?q=wang", "/me/log/"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        assert not [
            q for q in queries if "identity_accessevent" in q["sql"] and "INSERT" in q["sql"]
        ]
    assert noted("kind") == []


def test_a_log_that_cannot_be_written_stops_nobody(client, monkeypatch, caplog):
    def broken(**_facts):
        raise DatabaseError("no space left")

    person_with("audit.view", login="wang")
    monkeypatch.setattr(AccessEvent.objects, "create", broken)
    assert log_in(client, "wang")["Location"] == "/"
    assert client.get("/admin-people/").status_code == 403
    assert client.post("/logout/").status_code == 302
    assert caplog.text.count("access event not written") == 3


# -- it is append-only -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "update identity_accessevent set login = 'x'",
        "delete from identity_accessevent",
        "truncate identity_accessevent",
        "alter table identity_accessevent disable trigger all",
        "insert into identity_accesscleanup (before, event_count, digest) values (now(), 1, '')",
    ],
    ids=lambda text: text.split()[0],
)
def test_the_programs_role_only_adds(client, statement):
    log_in(client, "nobody", "x")
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(statement)


# -- pages -----------------------------------------------------------------------------------------


def test_the_log_is_read_by_kind_person_and_day(client):
    client.force_login(person_with("audit.view", login="zhou", name="周审计"))
    person_with(login="wang")
    log_in(type(client)(), "wang", "wrong")
    client.get("/admin-people/")

    def kinds(query: str) -> list[str]:
        return kinds_of(client, f"/audit/access/?{query}")

    assert kinds("") == ["refused", "failed"]
    assert kinds("kind=failed") == ["failed"]
    assert kinds("who=周") == ["refused"]
    assert kinds("day_from=t&day_to=t") == ["refused", "failed"]
    assert kinds("day_to=t-1") == []
    page = client.get("/audit/access/").content.decode()
    assert ("越权被拒" in page, "查看组织与人员" in page) == (True, True)


def test_who_was_online_shows_how_each_session_ended(client):
    client.force_login(person_with("audit.view", login="zhou", name="周审计"))
    wang = person_with(login="wang")
    other = type(client)()
    log_in(other, "wang")
    other.post("/logout/")
    log_in(other, "wang")
    AccessEvent.objects.create(
        kind="login", via="page", person=wang, at=timezone.now() - timedelta(days=2)
    )
    rows = client.get("/audit/online/").context["list"].rows
    shown = [re.findall("会话到期|尚未退出|>退出<", row.fields) for row in rows]
    assert shown == [["会话到期"], ["尚未退出"], [">退出<"]]


def test_my_log_holds_mine_and_what_was_done_for_me(client):
    wang, li = person_with(login="wang"), person_with(login="li", name="李代理")
    unit = metering_centre()
    unit_rename(unit=unit, name="一", is_active=True, actor=system_actor())
    from dataclasses import replace

    from dianheng.identity.services import write_batch

    for_wang = replace(actor_for_person(li), acting_for_id=wang.pk, acting_for_name=wang.name)
    with write_batch(actor=for_wang, action="unit.rename"):
        pass
    with write_batch(actor=actor_for_person(li), action="unit.rename"):
        pass
    with write_batch(actor=actor_for_person(wang), action="unit.make"):
        pass
    client.force_login(wang)
    rows = client.get("/me/log/").context["list"].rows
    found = [AuditBatch.objects.get(pk=row.key) for row in rows]
    assert [(b.actor_name, b.acting_for_name) for b in found] == [
        ("王检定", ""),
        ("李代理", "王检定"),
    ]
    for batch in found:
        assert client.get(f"/audit/{batch.pk}/").status_code == 200
    others = AuditBatch.objects.filter(actor_id=li.pk, acting_for_id=None).latest("id")
    assert client.get(f"/audit/{others.pk}/").status_code == 403


def test_my_logins_and_refusals_are_mine_alone(client):
    wang, li = person_with(login="wang"), person_with(login="li")
    log_in(client, "wang", "wrong")
    client.force_login(li)
    client.get("/audit/")
    assert kinds_of(client, "/me/access/") == ["refused"]
    client.force_login(wang)
    assert kinds_of(client, "/me/access/") == ["failed"]
