"""The audit trail: nothing is written without actor, evidence is not edited, the chain holds."""

import psycopg
import pytest
from django.db import DatabaseError, connection

from dianheng.identity.models import AuditBatch, AuditStatement, Unit
from dianheng.identity.services import idempotent, remember, system_actor, unit_make, write_batch

from .factories import city_company

pytestmark = pytest.mark.django_db


def test_a_write_without_actor_is_refused():
    with pytest.raises(DatabaseError, match="write without actor"):
        Unit.objects.create(code="X", name="x", kind="city", path="/X/")


def test_a_copy_without_actor_is_refused():
    with connection.cursor() as cursor, pytest.raises(psycopg.Error, match="write without actor"):
        with cursor.copy("copy identity_unit (code, name, kind, path, sort_key, is_active) from stdin") as copy:
            copy.write_row(["X", "x", "city", "/X/", "", True])


def test_the_batch_of_another_transaction_does_not_count():
    city_company()
    with connection.cursor() as cursor:
        cursor.execute("select id from audit_batch limit 1")
        cursor.execute("select set_config('dianheng.batch', '999999999', true)")
        with pytest.raises(DatabaseError, match="not of this transaction"):
            cursor.execute("update identity_unit set name = name")


def test_old_and_new_values_are_kept_whatever_wrote_them():
    unit = unit_make(code="A", name="旧", kind="city", actor=system_actor())
    with write_batch(actor=system_actor(), action="test.sql", reason="改名") as batch, connection.cursor() as cursor:
        cursor.execute("update identity_unit set name = '新' where id = %s", [unit.pk])
    with connection.cursor() as cursor:
        cursor.execute(
            "select b.action, b.reason, h.name from audit_identity_unit h join audit_statement s on s.id = h.statement_id"
            " join audit_batch b on b.id = s.batch_id where h.id = %s order by h.statement_id",
            [unit.pk],
        )
        assert cursor.fetchall() == [("unit.make", "", "旧"), ("test.sql", "改名", "新")]
    assert AuditStatement.objects.get(batch_id=batch.id).operation == "U"


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_batch set reason = 'x'",
        "delete from audit_statement",
        "delete from audit_identity_unit",
        "insert into audit_seal values (99, 99, '', '')",
        "truncate identity_unit",
        "truncate audit_batch",
        "alter table identity_unit disable trigger all",
        "set session_replication_role = replica",
        "drop table identity_unit",
    ],
)
def test_the_programs_role_may_not(statement):
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied|must be owner"):
        cursor.execute(statement)


@pytest.mark.parametrize("statement", ["update identity_requestresult set key = 'y'", "delete from identity_requestresult"])
def test_evidence_is_not_edited(statement):
    with write_batch(actor=system_actor(), action="test.evidence"):
        remember("k1", "test.evidence", {"count": 1})
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute(statement)


def test_the_owner_may_not_edit_evidence_either(owner_connection):
    with write_batch(actor=system_actor(), action="test.evidence"):
        remember("k1", "test.evidence", {"count": 1})
    for statement in ("update identity_requestresult set key = 'y'", "delete from identity_requestresult", "truncate identity_requestresult"):
        with pytest.raises(psycopg.Error, match="kept as written"):
            owner_connection.execute(statement)


def test_a_failed_batch_leaves_nothing():
    city_company()
    before = AuditBatch.objects.count(), Unit.objects.count()
    with pytest.raises(ZeroDivisionError), write_batch(actor=system_actor(), action="test.fail"):
        unit_make(code="B", name="b", kind="city", actor=system_actor())
        _ = 1 / 0
    assert (AuditBatch.objects.count(), Unit.objects.count()) == before


def test_an_inner_batch_joins_the_outer_one():
    with write_batch(actor=system_actor(), action="test.outer") as outer:
        unit_make(code="B", name="b", kind="city", actor=system_actor())
    assert list(outer.__class__.__dataclass_fields__) and AuditBatch.objects.get(pk=outer.id).statements.count() == 1


def test_the_same_request_twice_answers_the_same():
    with write_batch(actor=system_actor(), action="test.once"):
        assert idempotent("k", "test.once") is None
        remember("k", "test.once", {"count": 3})
    with write_batch(actor=system_actor(), action="test.once"):
        assert idempotent("k", "test.once") == {"count": 3}
