"""Middle tables: the bench's own software writes, we take over, honour flags, write them back."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from dianheng.identity.services import system_actor
from dianheng.interfaces.benches import mds, samples
from dianheng.testing.plugin import cluster
from dianheng.verification.choices import Outcome
from dianheng.verification.models import TestRecord, Upload
from dianheng.verification.services import load_cancel, load_undo
from dianheng.verification.tests.factories import envelope_of, laboratory, load_with, task_with

ROLE = "bench_software"


class Software:
    """What a vendor's program does: look at its task, delete and insert by task and bar code."""

    def __init__(self, link: psycopg.Connection):
        self.link = link

    def tasks(self):
        return self.link.execute(
            "select POSITION_NO, BAR_CODE, DETECT_EQUIP_NO from MDS.MT_DETECT_OUT_EQUIP where HANDLE_FLAG = '0' order by POSITION_NO"
        ).fetchall()

    def write(self, envelope):
        with self.link.transaction():
            for statement, values in samples.statements(samples.as_rows(envelope)):
                self.link.execute(statement, values)

    def flags(self):
        return self.link.execute(
            "select handle_flag, handle_info from mds.mt_detect_rslt order by bar_code"
        ).fetchall()


@pytest.fixture
def software(fresh_database: str) -> Iterator[Software]:
    """A vendor's program with the role that the DBA made and the owner let in."""
    server = cluster().server
    with psycopg.connect(server.superuser_url(fresh_database), autocommit=True) as dba:
        dba.execute(f"drop role if exists {ROLE}")
        dba.execute(f"create role {ROLE} login password 'secret'")
        with psycopg.connect(cluster().owner_url(fresh_database), autocommit=True) as owner:
            owner.execute("select mds_admit(%s)", [ROLE])
        program = psycopg.conninfo.conninfo_to_dict(cluster().program_url(fresh_database))
        address = psycopg.conninfo.make_conninfo(
            dbname=fresh_database,
            user=ROLE,
            password="secret",
            host=program["host"],
            port=program.get("port"),
        )
        with psycopg.connect(address, autocommit=True) as link:
            yield Software(link)
        dba.execute(f"drop owned by {ROLE}")
        dba.execute(f"drop role {ROLE}")


@pytest.fixture
def ready(software, monkeypatch):
    """A laboratory, a load of three meters, what the bench will measure."""
    monkeypatch.setattr(mds, "SETTLED_S", 0.0)
    mds.memory = mds.Memory()
    lab = laboratory()
    task = task_with(3)
    load = load_with(task, lab.bench)
    mds.collect()
    return lab, task, load, software


def test_a_bench_sees_its_load_and_its_results_become_records(ready):
    lab, task, load, software = ready
    assert [row[0] for row in software.tasks()] == ["1", "2", "3"]
    software.write(envelope_of(lab, load))
    assert mds.collect() == 3
    assert [flag for flag, _info in software.flags()] == ["1", "1", "1"]
    assert software.flags()[0][1] == f"{task.number}-0001-1 {Outcome.PASSED.label}"
    record = TestRecord.objects.select_related("upload").order_by("upload_index").first()
    assert (record.upload.source, record.position, record.bench_id) == ("mds", 1, lab.bench.pk)
    assert set(task.devices.values_list("outcome", flat=True)) == {"passed"}
    mds.publish()
    assert software.tasks() == []  # what has its result stands on the bench no longer


def test_what_is_handled_is_not_taken_again(ready):
    lab, _task, load, software = ready
    software.write(envelope_of(lab, load))
    mds.collect()
    assert mds.collect() == 0
    software.link.execute("update mds.mt_detect_rslt set handle_flag = '0'")
    assert mds.collect() == 3  # looked at again, but of the same content
    assert TestRecord.objects.count() == 3 and Upload.objects.count() == 1
    assert [flag for flag, _info in software.flags()] == ["1", "1", "1"]


def test_deleted_and_inserted_again_is_a_new_attempt_that_the_reviewer_sees(ready):
    lab, task, load, software = ready
    software.write(envelope_of(lab, load))
    mds.collect()
    software.write(envelope_of(lab, load, seed=2))
    assert mds.collect() == 3
    held = task.devices.select_related("record", "verdict").first()
    assert held.attempts == 2 and held.record.attempt_reason == "rewritten by the bench"
    assert "rewritten" in [w["code"] for w in held.verdict.warnings]
    assert TestRecord.objects.count() == 6


def test_rows_without_an_overall_result_wait(ready):
    lab, _task, load, software = ready
    with software.link.transaction(force_rollback=False):
        software.write(envelope_of(lab, load))
        software.link.execute("delete from mds.mt_detect_rslt")
    assert mds.collect() == 0 and not TestRecord.objects.exists()


def test_rows_that_the_bench_marked_invalid_are_left_out(ready):
    lab, task, load, software = ready
    software.write(envelope_of(lab, load))
    software.link.execute("update mds.mt_dayerr_met_conc set is_valid = '0'")
    mds.collect()
    assert set(task.devices.values_list("outcome", flat=True)) == {"incomplete"}


def test_what_is_refused_is_said_in_the_row(ready):
    lab, _task, load, software = ready
    envelope = envelope_of(lab, load)
    envelope["devices"][0]["header"]["task_no"] = "JD1999-0001"
    software.write(envelope)
    mds.collect()
    flags = software.flags()
    assert flags[0][0] == "2" and "unknown_task" in flags[0][1]
    assert [flag for flag, _info in flags[1:]] == ["1", "1"]


def test_a_value_that_is_no_number_refuses_its_meter_only(ready):
    lab, _task, load, software = ready
    software.write(envelope_of(lab, load))
    software.link.execute(
        "update mds.mt_basicerr_met_conc set error = '0.1|NaN' where id = (select min(id) from mds.mt_basicerr_met_conc)"
    )
    mds.collect()
    assert sorted(flag for flag, _info in software.flags()) == ["1", "1", "2"]


def test_a_load_that_changes_is_published_anew(ready):
    _lab, _task, load, software = ready
    load_undo(load=load, actor=system_actor())
    mds.publish()
    assert [row[0] for row in software.tasks()] == ["1", "2"]
    load_cancel(load=load, reason="接错", actor=system_actor())
    mds.publish()
    assert software.tasks() == []


def test_the_bench_knows_its_meters(ready):
    lab, _task, _load, software = ready
    row = software.link.execute(
        "select MODEL_CODE, AP_PRE_LEVEL_CODE, VOLT_CODE, RATED_CURRENT, CONST_CODE, COMM_ADDR from MDS.MT_METER order by BAR_CODE"
    ).fetchone()
    assert row == ("DDZY285", "2", "220", "5(60)A", "1200", "000000000001")
    assert software.tasks()[0][2] == lab.bench.barcode


FORBIDDEN = {
    "reading the register": "select * from public.assets_device",
    "reading people": "select * from public.identity_person",
    "opening an audit batch": "select * from public.audit_open(1, 'x', null, '', 'x', '', '', '')",
    "letting others in": "select public.mds_admit('x')",
    "making tables": "create table public.x (id int)",
    "making middle tables": "create table mds.x (id int)",
    "changing what we published": "update mds.mt_detect_out_equip set position_no = '9'",
    "inventing a load": "insert into mds.mt_detect_out_equip (detect_task_no, bar_code, attempt, load_no, detect_equip_no, position_no) values ('a','b',1,'c','d','1')",
    "emptying by truncate": "truncate mds.mt_detect_rslt",
}  # fmt: skip


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_role_of_a_bench_may_do_nothing_else(software, name):
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)):
        software.link.execute(FORBIDDEN[name])


def test_a_mighty_role_is_not_let_in(fresh_database):
    with (
        psycopg.connect(cluster().owner_url(fresh_database), autocommit=True) as owner,
        pytest.raises(psycopg.errors.RaiseException),
    ):
        owner.execute("select mds_admit('postgres')")


def test_the_program_still_works_when_a_bench_is_let_in(ready):
    _lab, task, _load, _software = ready
    code = task.devices.select_related("device").first().device.barcode
    with connection.cursor() as cursor:
        cursor.execute(
            "select upper(barcode) from assets_device where upper(barcode) like %s",
            [f"%{code[-8:]}%"],
        )
        assert len(cursor.fetchall()) == 1
