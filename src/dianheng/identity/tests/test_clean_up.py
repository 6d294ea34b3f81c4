"""The security log is cleaned up by date, on the record, and the chain stays whole."""

import hashlib
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.models import AccessCleanUp, AccessEvent, AuditBatch
from dianheng.identity.rules import guard_clean_up
from dianheng.identity.selectors.access_log import older_than
from dianheng.identity.services import (
    access_clean_up,
    actor_for_person,
    audit_verify,
    setting_change,
    system_actor,
    write_batch,
)

from .factories import actor_with, person_with

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def events(*days_ago: int) -> None:
    for days in days_ago:
        AccessEvent.objects.create(
            kind="login", via="page", login=f"d{days}", at=timezone.now() - timedelta(days=days)
        )


def left() -> list[str]:
    return list(AccessEvent.objects.order_by("pk").values_list("login", flat=True))


@pytest.mark.parametrize(
    ("before", "code"),
    [
        (date(2026, 5, 30), None),
        (date(2026, 5, 31), "kept_longer"),
        (date(2027, 1, 1), "kept_longer"),
    ],
    ids=["the last day that may go", "a day too young", "in the future"],
)
def test_so_many_days_are_kept(before, code):
    refusal = guard_clean_up(before, date(2026, 11, 30), 184)
    assert (refusal.code if refusal else None) == code


def test_what_is_older_goes_and_leaves_number_and_digest():
    events(400, 300, 10)
    with connection.cursor() as cursor:
        cursor.execute("set local timezone = 'UTC'")
        cursor.execute(
            "select e::text from identity_accessevent e where login <> 'd10' order by id"
        )
        lines = [row[0] for row in cursor.fetchall()]
        cursor.execute("set local timezone = 'Asia/Shanghai'")
    before = TODAY() - timedelta(days=200)
    assert older_than(before)["events"] == 2
    done = access_clean_up(before=before, reason="半年一清", actor=actor_with("audit.clean_up"))
    assert left() == ["d10"]
    record = AccessCleanUp.objects.get()
    parts = b"".join(hashlib.sha256(line.encode()).digest() for line in lines)
    assert (record.event_count, done["events"]) == (2, 2)
    assert bytes(record.digest).hex() == done["digest"] == hashlib.sha256(parts).hexdigest()
    batch = AuditBatch.objects.latest("id")
    assert (batch.action, batch.reason, batch.actor_name) == (
        "access.clean_up",
        "半年一清",
        "王检定",
    )


def test_the_same_request_twice_cleans_up_once():
    actor, before = actor_with("audit.clean_up"), TODAY() - timedelta(days=200)
    events(300)
    first = access_clean_up(before=before, reason="r", actor=actor, request_key="k")
    events(301)
    assert access_clean_up(before=before, reason="r", actor=actor, request_key="k") == first
    assert left() == ["d301"]


def test_a_longer_time_of_the_company_is_kept():
    events(300)
    setting_change(
        key="audit.access_keep_days", value="365", valid_from=TODAY(), reason="集团要求",
        actor=actor_with("identity.settings", login="admin"),
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        access_clean_up(
            before=TODAY() - timedelta(days=200), reason="r", actor=actor_with("audit.clean_up")
        )
    assert (refused.value.refusal.code, left()) == ("kept_longer", ["d300"])


def test_the_company_cannot_keep_less_than_six_months():
    with pytest.raises(BadInput):
        setting_change(
            key="audit.access_keep_days", value="183", valid_from=TODAY(), reason="x",
            actor=actor_with("identity.settings"),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("rights", "reason", "code"),
    [(["audit.view"], "r", "no_right"), (["audit.clean_up"], "  ", "bad_input")],
    ids=["reading is not cleaning", "no reason"],
)
def test_a_clean_up_that_is_refused_removes_nothing(rights, reason, code):
    events(300)
    with pytest.raises(Refused) as refused:
        access_clean_up(
            before=TODAY() - timedelta(days=200), reason=reason, actor=actor_with(*rights)
        )
    assert (refused.value.refusal.code, left()) == (code, ["d300"])


def test_the_database_keeps_six_months_whoever_asks():
    events(100)
    with (
        pytest.raises(DatabaseError, match="last six months"),
        write_batch(actor=system_actor(), action="access.clean_up"),
        connection.cursor() as cursor,
    ):
        cursor.execute("select access_clean_up(now() - interval '90 days')")


def test_the_database_wants_an_actor():
    with pytest.raises(DatabaseError, match="write without actor"), connection.cursor() as cursor:
        cursor.execute("select access_clean_up(now() - interval '1 year')")


def test_the_trail_is_whole_afterwards(fresh_database):
    person = person_with("audit.clean_up")
    events(400, 300)
    batches = AuditBatch.objects.count()
    access_clean_up(
        before=TODAY() - timedelta(days=200), reason="r", actor=actor_for_person(person)
    )
    count, faults = audit_verify()
    assert (faults, count) == ([], batches + 1)


def test_the_page_counts_first_and_then_removes(client):
    events(400, 300, 10)
    client.force_login(person_with("audit.view", "audit.clean_up", login="admin", name="郑管理"))
    form = {"before": "t-200", "reason": "半年一清"}
    page = client.post("/audit/clean-up/", form)
    assert (page.context["found"]["events"], len(left())) == (2, 3)
    form["request_key"] = page.context["request_key"]
    assert client.post("/audit/clean-up/", form | {"step": "remove", "reason": ""}).context[
        "form"
    ].errors.keys() == {"reason"}
    young = client.post("/audit/clean-up/", form | {"step": "remove", "before": "t-3"})
    assert "天的事件须保留" in young.content.decode()
    assert len(left()) == 3
    assert client.post("/audit/clean-up/", form | {"step": "remove"}).status_code == 302
    assert left() == ["d10"]
    assert "郑管理 · 半年一清" in client.get("/audit/clean-up/").content.decode()
