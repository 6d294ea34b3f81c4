"""Middle tables: the bench's own software writes, we take over, honour flags, write them back."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from dianheng.identity.models import AccessEvent
from dianheng.identity.services import system_actor
from dianheng.interfaces.benches import mds, samples
from dianheng.metrology.loads import read_load
from dianheng.seals.selectors import seals_on_devices
from dianheng.testing.plugin import cluster
from dianheng.verification.choices import Outcome
from dianheng.verification.models import TestRecord, Upload
from dianheng.verification.services import (
    bench_key_make,
    load_cancel,
    load_undo,
    task_withdraw_devices,
)
from dianheng.verification.tests.factories import (
    envelope_of,
    laboratory,
    load_with,
    seals_for,
    task_with,
)

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


def test_the_same_content_written_again_is_no_new_attempt_however_it_is_grouped(ready):
    lab, task, load, software = ready
    envelope = envelope_of(lab, load)
    software.write(envelope | {"devices": envelope["devices"][:1]})
    assert mds.collect() == 1
    software.write(envelope)
    assert mds.collect() == 3 and TestRecord.objects.count() == 3
    software.write(envelope | {"devices": envelope["devices"][1:]})
    assert mds.collect() == 2 and TestRecord.objects.count() == 3
    assert set(task.devices.values_list("attempts", flat=True)) == {1}
    numbers = TestRecord.objects.order_by("number").values_list("number", flat=True)
    told = zip(software.flags(), numbers, strict=True)
    assert all(info.startswith(number) for (_flag, info), number in told)


def test_one_meter_measured_anew_among_others_unchanged_is_one_new_attempt(ready):
    lab, task, load, software = ready
    envelope = envelope_of(lab, load)
    software.write(envelope)
    mds.collect()
    again = envelope_of(lab, load, seed=2)
    envelope["devices"][1] = again["devices"][1]
    software.write(envelope)
    mds.collect()
    assert list(task.devices.order_by("seq").values_list("attempts", flat=True)) == [1, 2, 1]


def test_rows_are_taken_when_they_have_stopped_changing(ready, monkeypatch):
    lab, _task, load, software = ready
    monkeypatch.setattr(mds, "SETTLED_S", 2.0)
    envelope = envelope_of(lab, load)
    software.write(envelope | {"devices": envelope["devices"][:2]})
    assert mds.collect() == 0
    software.write(envelope)
    assert mds.collect() == 0
    clock = mds.time.monotonic() + 1.9
    monkeypatch.setattr(mds.time, "monotonic", lambda: clock)
    assert mds.collect() == 0
    clock += 0.2
    assert mds.collect() == 3 and Upload.objects.count() == 1


def test_a_bench_that_is_just_writing_is_not_waited_for(ready):
    lab, _task, load, software = ready
    software.write(envelope_of(lab, load))
    with software.link.transaction():
        software.link.execute("delete from mds.mt_basicerr_met_conc")
        software.link.execute("delete from mds.mt_detect_rslt")
        assert mds.collect() == 0
        for statement, values in samples.statements(
            samples.as_rows(envelope_of(lab, load, seed=3))
        ):
            software.link.execute(statement, values)
        assert mds.collect() == 0
    assert mds.collect() == 3 and TestRecord.objects.count() == 3


def test_rows_that_break_the_program_keep_no_other_bench_waiting(ready, monkeypatch, caplog):
    lab, _task, load, software = ready
    envelope = envelope_of(lab, load)
    software.write(envelope | {"devices": envelope["devices"][:1], "bench_no": "A-BROKEN"})
    software.write(envelope | {"devices": envelope["devices"][1:]})
    device = mds._device

    def broken(found, digest):
        if found["result"]["detect_equip_no"] == "A-BROKEN":
            raise ZeroDivisionError
        return device(found, digest)

    monkeypatch.setattr(mds, "_device", broken)
    assert mds.collect() == 2
    assert mds.collect() == 0
    assert len([r for r in caplog.records if r.name == "dianheng.benches" and r.exc_info]) == 1
    assert [flag for flag, _info in software.flags()] == ["0", "1", "1"]


HOSTILE = {
    "a position that is none": "update mds.mt_detect_rslt set position_no = 'x'",
    "a date that is none": "update mds.mt_detect_rslt set detect_date = '2026-13-45 99:00:00'",
    "a climate that is none": "update mds.mt_detect_rslt set temp = 'warm'",
    "a load in a code of somebody else": "update mds.mt_basicerr_met_conc set load_current = '08'",
    "a phase that is none": "update mds.mt_basicerr_met_conc set iabc = '77'",
    "an endless sample": "update mds.mt_basicerr_met_conc set error = repeat('9', 100000)",
    "an index that is no number": "update mds.mt_basicerr_met_conc set para_index = '９9999999999999x', error = 'x'",
    "facts that are no JSON": "insert into mds.mt_item_met_conc (detect_task_no, bar_code, item, facts) select detect_task_no, bar_code, 'PARAMETER', repeat('[', 100000) from mds.mt_detect_rslt",
    "an item that is none": "insert into mds.mt_item_met_conc (detect_task_no, bar_code, item) select detect_task_no, bar_code, '滋味' from mds.mt_detect_rslt",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rows_are_refused_in_words_or_taken_for_what_they_say(ready, name):
    lab, _task, load, software = ready
    software.write(envelope_of(lab, load))
    software.link.execute(HOSTILE[name])
    assert mds.collect() == 3
    flags = software.flags()
    expected = "1" if name == "facts that are no JSON" else "2"
    assert {flag for flag, _info in flags} == {expected} and all(info for _flag, info in flags)
    assert mds.collect() == 0


def test_a_failure_said_only_in_the_overall_row_is_not_lost(ready):
    lab, task, load, software = ready
    software.write(envelope_of(lab, load))
    software.link.execute("delete from mds.mt_dayerr_met_conc")
    software.link.execute("update mds.mt_detect_rslt set dayerr_conc_code = '02'")
    mds.collect()
    held = task.devices.first()
    assert held.outcome == "incomplete"
    assert held.record.results.get(item="clock_rate").bench_conclusion == "FAIL"


def test_standards_are_those_of_the_bench_and_seals_come_from_their_table(ready):
    lab, task, load, software = ready
    codes = [row.device.barcode for row in task.devices.select_related("device")]
    software.write(envelope_of(lab, load, seals=seals_for(codes)))
    software.link.execute("update mds.mt_detect_rslt set cert_no = '粤计检字第1号'")
    mds.collect()
    record = TestRecord.objects.first()
    assert record.standard_ids == [lab.standard.pk, lab.bench.pk]
    assert record.header["extra"]["standards_from"] == "installation"
    assert [position for _no, position in record.seals] == ["COVER_LEFT", "COVER_RIGHT"]
    assert len(seals_on_devices([record.device_id])[record.device_id]) == 2


def test_a_bench_signs_nothing_here_so_one_with_a_key_is_refused(ready):
    lab, _task, load, software = ready
    bench_key_make(bench=lab.bench, actor=system_actor())
    software.write(envelope_of(lab, load))
    mds.collect()
    assert {flag for flag, _info in software.flags()} == {"2"}
    assert "signature" in software.flags()[0][1] and not TestRecord.objects.exists()
    noted = AccessEvent.objects.filter(kind="refused").values_list("via", "what", "path")
    assert list(noted) == [("bench", "signature", f"mds/{lab.bench.barcode}")]


def test_the_overall_table_answers_to_both_names_and_takes_values_by_order(ready):
    _lab, task, _load, software = ready
    values = [
        task.number,
        "01",
        "",
        "BENCH-01",
        "",
        "1",
        "4130001000000000000012",
        "2026-11-22 09:30:00",
        "01",
    ]
    marks = ", ".join(["%s"] * len(values))
    software.link.execute(f"insert into MDS.MT_DETECT_RSLT values ({marks})", values)
    row = software.link.execute(
        "select BAR_CODE, DETECT_DATE, CONC_CODE from MDS.MT_DETECT_MET_RSLT"
    ).fetchone()
    assert row == ("4130001000000000000012", "2026-11-22 09:30:00", "01")
    software.link.execute("delete from MDS.MT_DETECT_MET_RSLT")
    assert software.flags() == []


def test_a_bench_finds_its_meters_until_the_task_is_closed(ready):
    lab, task, load, software = ready
    software.write(envelope_of(lab, load))
    mds.collect()
    mds.publish()
    count = "select count(*) from mds.mt_detect_out_equip join mds.mt_meter using (bar_code)"
    assert software.tasks() == [] and software.link.execute(count).fetchone() == (3,)
    ids = list(task.devices.values_list("device_id", flat=True))
    task_withdraw_devices(task=task, device_ids=ids, reason="退回", actor=system_actor())
    mds.memory = mds.Memory()  # as a minute later
    mds.publish()
    assert software.link.execute(count).fetchone() == (0,)


def test_codes_have_names_that_are_read_back(ready):
    *_rest, software = ready
    codes = dict(
        software.link.execute(
            "select name, value from mds.mt_p_code where code_type = 'meter_Test_CurLoad'"
        ).fetchall()
    )
    assert codes["0.5Imax"] == "0.5Imax" and codes["1.0Ib"] == "1.0Ib"
    assert all(read_load(value).multiple > 0 for value in codes.values())


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
    "changing what codes mean": "update mds.mt_p_code set name = 'x'",
    "making functions": "create function mds.f() returns int language sql as 'select 1'",
    "reading the upload": "select body from public.verification_upload",
    "reading the sealed trail": "select * from public.audit_batch",
    "becoming the program": "set role dianheng_app",
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


def test_every_function_of_ours_is_out_of_reach(software):
    """Functions are open to all by default, and some of ours write as the owner."""
    open_functions = software.link.execute(
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = 'public' and has_schema_privilege(n.oid, 'usage')"
    ).fetchall()
    assert open_functions == []


def test_logins_of_the_group_get_what_the_group_has(fresh_database):
    server = cluster().server
    address = psycopg.conninfo.conninfo_to_dict(cluster().program_url(fresh_database))
    with psycopg.connect(server.superuser_url(fresh_database), autocommit=True) as dba:
        dba.execute("create role dianheng_bench nologin")
        dba.execute("create role bench_7 login password 'secret' in role dianheng_bench")
        try:
            dba.execute("select mds_admit('dianheng_bench')")
            with psycopg.connect(
                dbname=fresh_database, user="bench_7", password="secret", host=address["host"],
                port=address.get("port"), options="-c search_path=mds",
            ) as link:  # fmt: skip
                link.execute(
                    "insert into MT_DETECT_RSLT (DETECT_TASK_NO, BAR_CODE) values ('a', 'b')"
                )
                assert link.execute("select count(*) from MT_METER").fetchone() == (0,)
                link.rollback()
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    link.execute("select * from public.assets_device")
        finally:
            dba.execute("drop owned by dianheng_bench")
            dba.execute("drop role bench_7, dianheng_bench")
