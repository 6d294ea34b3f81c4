"""The audit trail: nothing is written without actor, evidence is not edited, the chain holds."""

import json
from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, connection

from dianheng.common.jobs import run_job
from dianheng.common.models import Job
from dianheng.identity.models import AccessEvent, AuditBatch, AuditStatement, Unit
from dianheng.identity.services import idempotent, remember, system_actor, unit_make, write_batch

from .factories import city_company, person_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser_connection(fresh_database: str) -> Iterator[psycopg.Connection]:
    """The administrator of the database server, who can switch triggers off."""
    from dianheng.testing.plugin import cluster

    with psycopg.connect(cluster().server.superuser_url(fresh_database), autocommit=True) as link:
        yield link


def test_a_write_without_actor_is_refused():
    with pytest.raises(DatabaseError, match="write without actor"):
        Unit.objects.create(code="X", name="x", kind="city", path="/X/")


def test_a_copy_without_actor_is_refused():
    with (
        connection.cursor() as cursor,
        pytest.raises(psycopg.Error, match="write without actor"),
        cursor.copy(
            "copy identity_unit (code, name, kind, path, sort_key, is_active) from stdin"
        ) as copy,
    ):
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
    with (
        write_batch(actor=system_actor(), action="test.sql", reason="改名") as batch,
        connection.cursor() as cursor,
    ):
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
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["update identity_requestresult set key = 'y'", "delete from identity_requestresult"],
)
def test_evidence_is_not_edited(statement):
    with write_batch(actor=system_actor(), action="test.evidence"):
        remember("k1", "test.evidence", {"count": 1})
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute(statement)


def test_the_owner_may_not_edit_evidence_either(owner_connection):
    with write_batch(actor=system_actor(), action="test.evidence"):
        remember("k1", "test.evidence", {"count": 1})
    for statement in (
        "update identity_requestresult set key = 'y'",
        "delete from identity_requestresult",
        "truncate identity_requestresult",
    ):
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
    assert (
        list(outer.__class__.__dataclass_fields__)
        and AuditBatch.objects.get(pk=outer.id).statements.count() == 1
    )


def test_the_same_request_twice_answers_the_same():
    with write_batch(actor=system_actor(), action="test.once"):
        assert idempotent("k", "test.once") is None
        remember("k", "test.once", {"count": 3})
    with write_batch(actor=system_actor(), action="test.once"):
        assert idempotent("k", "test.once") == {"count": 3}


class TestVerify:
    """One changed byte, one deleted line, one row edited behind the program's back: found, named."""

    @pytest.fixture
    def trail(self, fresh_database, tmp_path):
        from dianheng.identity.services import audit_export

        city_company()
        path = tmp_path / "trail.jsonl"
        with path.open("w", encoding="utf-8") as out:
            assert audit_export(out) >= 3
        return path

    def check(self, path):
        from dianheng.identity.audit_file import verify_lines

        with path.open(encoding="utf-8") as lines:
            return [str(fault) for fault in verify_lines(lines)[1]]

    def test_an_untouched_file_is_whole(self, trail):
        assert self.check(trail) == []

    def test_a_printed_digest_stands_against_a_chain_that_was_rewritten_as_a_whole(self, trail):
        from dianheng.identity.audit_file import Root, read_root, verify_lines
        from dianheng.identity.services import audit_root, audit_verify

        root = audit_root()
        lines = trail.read_text(encoding="utf-8").splitlines()
        assert (
            root == read_root(str(root).upper()) and json.loads(lines[-1])["digest"] == root.digest
        )
        assert verify_lines(lines, root)[1] == [] and audit_verify(root=root)[1] == []
        # Whoever rewrites all of the chain gives every batch a digest that fits; not this one.
        other = Root(root.position, "0" * 64)
        for faults in (verify_lines(lines, other)[1], audit_verify(root=other)[1]):
            assert [(f.code, f.position) for f in faults] == [("root_differs", root.position)]
        ahead = Root(root.position + 1, root.digest)
        assert [f.code for f in verify_lines(lines, ahead)[1]] == ["root_missing"]
        assert [f.code for f in audit_verify(root=ahead)[1]] == ["root_missing"]

    @pytest.mark.parametrize("text", ["", "12", "12:ab", "x:" + "0" * 64, "²:" + "0" * 64])
    def test_what_is_no_printed_digest_is_refused(self, text):
        from dianheng.identity.audit_file import read_root

        with pytest.raises(ValueError, match="POSITION:DIGEST"):
            read_root(text)

    def test_one_changed_character_of_a_row_is_named(self, trail):
        text = trail.read_text(encoding="utf-8")
        trail.write_text(text.replace("计量中心", "计量中间", 1), encoding="utf-8")
        unit = Unit.objects.get(code="CENTRE").pk
        faults = self.check(trail)
        assert len(faults) == 1
        assert faults[0].startswith("row_changed")
        assert faults[0].endswith(f" · identity_unit · row {unit}")

    def test_a_deleted_line_is_found(self, trail):
        lines = trail.read_text(encoding="utf-8").splitlines(keepends=True)
        trail.write_text("".join(lines[:2] + lines[3:]), encoding="utf-8")
        assert any("chain_broken" in fault for fault in self.check(trail))

    def test_a_cut_end_is_found(self, trail):
        lines = trail.read_text(encoding="utf-8").splitlines(keepends=True)
        trail.write_text("".join(lines[:-1]), encoding="utf-8")
        assert any("end_missing" in fault for fault in self.check(trail))

    def test_every_single_byte_counts(self, trail):
        import random

        whole = trail.read_bytes()
        generator = random.Random(7)
        start = whole.index(b"\n")
        for _ in range(60):
            place = generator.randrange(start + 1, len(whole))
            if whole[place : place + 1] in b'\n{}[]",: \\':
                continue
            changed = bytearray(whole)
            changed[place] ^= 1
            trail.write_bytes(bytes(changed))
            try:
                assert self.check(trail), place
            except UnicodeDecodeError:
                continue

    def test_the_database_itself_is_whole(self, trail):
        from dianheng.identity.services import audit_verify

        assert audit_verify()[1] == []

    @pytest.mark.parametrize(
        ("statement", "fault"),
        [
            ("update identity_unit set name = '伪造' where code = 'CENTRE'", "row_changed"),
            ("delete from identity_unit where code = 'CENTRE'", "row_deleted"),
            (
                "insert into identity_unit (code, name, kind, path, sort_key, is_active) values ('Z','z','city','/Z/','',true)",
                "row_inserted",
            ),
            ("update audit_identity_unit set name = '伪造' where code = 'CENTRE'", "row_changed"),
            (
                "update audit_batch set actor_name = '别人' where action = 'unit.make'",
                "batch_changed",
            ),
            ("delete from audit_statement where operation = 'I'", "batch_changed"),
            ("delete from audit_seal where position = 2", "chain_broken"),
        ],
    )
    def test_an_edit_behind_the_programs_back_is_named(
        self, trail, superuser_connection, statement, fault
    ):
        from dianheng.identity.services import audit_verify

        superuser_connection.execute("set session_replication_role = replica")
        superuser_connection.execute(statement)
        faults = audit_verify()[1]
        assert fault in {f.code for f in faults}, faults
        if fault.startswith("row_"):
            assert {f.table for f in faults} == {"identity_unit"}

    def test_from_the_page_one_altered_record_is_found_and_named(
        self, trail, superuser_connection, client
    ):
        auditor = person_with("audit.view")
        client.force_login(auditor)
        assert self.checked(client) == ("done", [])
        superuser_connection.execute("set session_replication_role = replica")
        superuser_connection.execute("update identity_unit set name = '伪造' where code = 'CENTRE'")
        key = Unit.objects.get(code="CENTRE").pk
        assert self.checked(client) == (
            "failed",
            [(f"单位 · 第 {key} 行", "该行与当初写入的不一致")],
        )
        assert "1 处与写入时不符" in client.get("/audit/check/").content.decode()

    def checked(self, client):
        job = self.ended(client.post("/audit/check/", {"step": "verify"}))
        return job.state, [(error["label"], error["text"]) for error in job.errors]

    def ended(self, answer):
        job = Job.objects.latest("pk")
        assert answer.headers["Location"] == f"/jobs/{job.pk}/"
        run_job(job.pk)
        job.refresh_from_db()
        return job

    def test_the_file_from_the_page_is_whole_and_its_taking_is_noted(self, trail, client):
        from dianheng.identity.audit_file import verify_lines

        client.force_login(person_with("audit.view"))
        job = self.ended(client.post("/audit/check/", {"step": "export"}))
        body = b"".join(client.get(f"/jobs/{job.pk}/files/trail.jsonl").streaming_content)
        count, faults = verify_lines(body.decode().splitlines())
        assert faults == [] and f"{count:,}" in job.result["text"]
        assert AccessEvent.objects.filter(kind="export", what="audit").count() == 1

    def test_who_may_not_read_the_trail_starts_no_check(self, trail, client):
        client.force_login(person_with("assets.view"))
        assert client.post("/audit/check/", {"step": "verify"}).status_code == 403
        assert not Job.objects.exists()
