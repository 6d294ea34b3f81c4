"""The examples of the documentation run, and nothing that is read goes unmentioned."""

import os
import re
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from dianheng.interfaces.benches import inbox, mds
from dianheng.interfaces.benches.grid_items import LISTS, TABLES
from dianheng.interfaces.benches.record_layout import HEADER_NAMES
from dianheng.testing.plugin import cluster
from dianheng.verification import observed
from dianheng.verification.envelope import parts as envelope
from dianheng.verification.models import TestResult
from dianheng.verification.services import upload_receive
from dianheng.verification.tests.factories import laboratory, load_with, task_with

DOCS = Path(__file__).parents[5] / "docs"
HOW_TO = (DOCS / "how-to" / "connect-a-bench.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "reference" / "bench-upload.md").read_text(encoding="utf-8")
EXAMPLES = dict(
    re.findall(r"`([\w.-]+\.(?:json|csv|sql))`:\n\n```\w+\n(.*?)```", HOW_TO, re.DOTALL)
)


def example(name, task):
    """An example with the task and a day of the test."""
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    return EXAMPLES[name].replace("JD1-2026-000001", task.number).replace("2026-11-22", yesterday)


def stored():
    rows = TestResult.objects.filter(is_derived=False).order_by("item")
    return [
        (r.item, list(map(str, r.samples)), r.rounded_text, r.conclusion, r.bench_conclusion)
        for r in rows
    ]


@pytest.fixture
def lab(settings, tmp_path):
    settings.DATA = tmp_path
    inbox.memory, mds.memory = inbox.Memory(), mds.Memory()
    return laboratory()


@pytest.fixture
def task(lab):
    task = task_with(1)
    load_with(task, lab.bench)
    return task


WANTED = [
    ("appearance", [], "", "pass", "PASS"),
    ("basic_error", ["-0.0345", "0.0198"], "0.0", "pass", "PASS"),
    ("clock_rate", ["0.010", "0.021", "0.036", "-0.005", "0.002"], "+0.01", "pass", "PASS"),
    ("start", ["8.22"], "", "pass", "PASS"),
]


@pytest.mark.django_db
def test_the_example_for_rest_is_taken(lab, task):
    received = upload_receive(body=example("run-0815.json", task).encode(), actor=lab.tester)
    assert received.status == 201 and received.answer["devices"][0]["blocks"] == []
    assert stored() == WANTED


@pytest.mark.django_db
@pytest.mark.parametrize(
    "names",
    [("run-0815.json",), ("0815.header.csv", "0815.points.csv"), ("records-0815.json",), ("records-0815.csv",)],
    ids=lambda names: names[0],
)  # fmt: skip
def test_the_example_files_are_taken(lab, task, tmp_path, names):
    folder = tmp_path / "inbox" / "benches" / "BENCH-01"
    folder.mkdir(parents=True)
    for name in names:
        path = folder / name
        path.write_text(example(name, task), encoding="utf-8")
        os.utime(path, (time.time() - 30,) * 2)
    assert inbox.collect() == 1
    told = next((folder / "done").rglob("*.txt")).read_text(encoding="utf-8-sig")
    assert stored() == WANTED, told


def test_the_example_of_the_middle_tables_is_taken(fresh_database, lab, task, monkeypatch):
    monkeypatch.setattr(mds, "SETTLED_S", 0.0)
    server = cluster().server
    program = psycopg.conninfo.conninfo_to_dict(cluster().program_url(fresh_database))
    with psycopg.connect(server.superuser_url(fresh_database), autocommit=True) as dba:
        dba.execute(EXAMPLES["let-in.sql"])
        try:
            mds.collect()
            with psycopg.connect(
                dbname=fresh_database, user="bench_07", password="choose one", host=program["host"],
                port=program.get("port"), autocommit=True,
            ) as bench:  # fmt: skip
                read, _blank, write = example("bench.sql", task).partition("\n\n")
                assert len(bench.execute(read).fetchall()) == 1
                bench.execute(write)
                assert mds.collect() == 1
                flag, info = bench.execute(
                    "select HANDLE_FLAG, HANDLE_INFO from MT_DETECT_RSLT"
                ).fetchone()
            assert flag == "1" and info.startswith(f"{task.number}-0001-1")
            assert stored() == WANTED
        finally:
            dba.execute("drop owned by dianheng_bench")
            dba.execute("drop role bench_07, dianheng_bench")


READ = {
    "fields of the envelope": envelope.ENVELOPE_FIELDS,
    "fields of the header": envelope.HEADER_FIELDS,
    "fields of points": envelope.POINT_FIELDS,
    "items": set(envelope.ITEMS),
    "units": set(envelope.UNITS),
    "kinds of test": set(envelope.TEST_KINDS),
    "facts": {name for names in observed.KNOWN_FACTS.values() for name in names},
    "middle tables": set(TABLES) | {"mt_detect_out_equip", "mt_meter", "mt_p_code", "mt_seal_inst", "mt_detect_rslt"},
    "lists of the record layout": set(LISTS),
    "fields of the record layout": HEADER_NAMES,
}  # fmt: skip


@pytest.mark.parametrize("what", READ)
def test_everything_that_is_read_stands_in_the_reference(what):
    said = set(re.findall(r"`([^`]+)`", REFERENCE))
    said |= {part for each in said for part in re.findall(r"[\w/%]+", each)}
    assert sorted(READ[what] - said) == []


@pytest.mark.django_db
def test_every_column_that_the_reference_names_is_there():
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct column_name from information_schema.columns where table_schema = 'mds'"
        )
        columns = {row[0] for row in cursor.fetchall()}
    section = REFERENCE.split("## Middle tables")[1].split("## Where the names")[0]
    rows = [line.split("|")[3] for line in section.splitlines() if line.startswith("| `mt_")]
    named = {name for row in rows for name in re.findall(r"`([a-z][a-z0-9_]+)`", row)}
    assert sorted(named - columns) == []
