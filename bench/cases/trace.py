"""A standard turns out bad: everything it touched among ten million records, listed and exported."""

import time
from datetime import timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import psycopg

from bench.cases.trial import seed, tested_record
from bench.core import Bench, WrongResultError, case

PART = 100  # the standard was in use for one record in so many
DEVICES = 10_000
FIRST_PAGE_S = 2
EXPORT_S = 30
RECORDS = """
insert into verification_testrecord ({names})
select {values} from verification_testrecord t, generate_series(1, %(count)s) n
  join lateral (select (%(devices)s::bigint[])[1 + n %% %(known)s] as key) d on true
 where t.id = %(of)s
"""
# Only what the standard touched has points: the others are never looked at.
RESULTS = """
insert into verification_testresult ({names})
select {values} from verification_testresult r
 cross join generate_series({part}, %(count)s, {part}) n
 where r.record_id = %(of)s and r.item = 'basic_error' and not r.is_derived
"""


@case("trace", "What a bad standard touched", tiny=400, quick=100_000, default=10_000_000)
def trace(bench: Bench) -> None:
    """From the declaration to the first page and to the whole list with certificates and places."""
    from django.conf import settings
    from django.test import override_settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = {**settings.STORAGES, "staticfiles": plain}
    devices = 300 if bench.is_tiny else DEVICES
    with bench.writing(devices) as name, override_settings(ALLOWED_HOSTS=["*"], STORAGES=storages):
        _measure(bench, *_fill(bench, name))


def _fill(bench: Bench, name: str) -> tuple[int, Any]:
    """Records on many devices; returns the standard's key and the day of the tests."""
    record = tested_record()
    standard = record.standard_ids[-1]
    with psycopg.connect(
        bench.databases.cluster.server.superuser_url(name), autocommit=True
    ) as link:
        link.execute("set session_replication_role = replica")
        link.execute("set maintenance_work_mem = '512MB'")
        keys = [
            row[0] for row in link.execute("select id from assets_device order by id").fetchall()
        ]
        indexes = link.execute(
            "select i.indexname, i.indexdef from pg_indexes i where i.tablename ="
            " 'verification_testrecord' and not exists (select from pg_constraint c"
            " where c.conname = i.indexname)"
        ).fetchall()
        for index, _definition in indexes:
            link.execute(f'drop index "{index}"')
        given = {"count": bench.size, "of": record.pk, "devices": keys, "known": len(keys)}
        own = {
            "id": "t.id + n",
            "number": "'B' || n",
            "attempt": "n + 1",
            "received": "''",
            "device_id": "d.key",
            "standard_ids": f"array[case when n %% {PART} = 0 then {standard}"
            f" else {standard} + 1000 + n %% {PART} end]",
            "finished_at": "t.finished_at - (n %% 1000) * interval '1 hour'",
        }
        seed(link, RECORDS, "verification_testrecord", "t", own, given)
        own = {"id": "r.id + 1000 + n * 100 + r.seq", "record_id": "r.record_id + n"}
        own["value"] = "((n::bigint * 7919 + r.seq * 104729) %% 20001 - 10000) / 5000.0"
        given = {"count": bench.size, "of": record.pk}
        seed(link, RESULTS.replace("{part}", str(PART)), "verification_testresult", "r", own, given)
        for _index, definition in indexes:
            link.execute(definition)
        for table in ("testrecord", "testresult"):
            link.execute(f"vacuum (analyze) verification_{table}")
    return standard, record.finished_at


def _measure(bench: Bench, standard: int, tested_at: Any) -> None:
    from django.test import Client
    from django.utils import timezone

    from dianheng.analysis.choices import Cause
    from dianheng.analysis.services import trace_declare, trace_file, trace_run
    from dianheng.common.jobs import JobRun
    from dianheng.demo.company import acting, person, unit

    class Run(JobRun):
        """A run whose reader opens the page as soon as a part of the records is kept."""

        began, first_page_s = 0.0, 0.0

        def progress(self, done: int, total: int, text: str = "") -> None:
            if not done or self.first_page_s:
                return
            page = client.get(f"/traces/{found.number}/").content.decode()
            if 'href="/records/' not in page:
                raise WrongResultError("the first page of the trace shows no record")
            self.first_page_s = time.perf_counter() - self.began

    actor, client = acting("gaoyan"), Client()
    client.force_login(person("gaoyan"))
    spent = []
    for _turn in range(1 if bench.is_tiny else 3):
        began = time.perf_counter()
        found = trace_declare(
            unit=unit("3540001"),
            cause=Cause.STANDARD,
            key=standard,
            text="标准表",
            from_at=tested_at - timedelta(days=3650),
            through_at=timezone.now(),
            reason="期间核查超差",
            found_error_pct=Decimal("0.02"),
            actor=actor,
        )
        run = Run(found.job, actor, None)
        run.began = began
        trace_run(run)
        spent.append((run.first_page_s, time.perf_counter() - began))
    found.refresh_from_db()
    touched = sum(found.counts.values())
    if touched != bench.size // PART + 1:
        raise WrongResultError(
            f"{touched} records touched, {bench.size // PART + 1} were made with it"
        )
    bench.figure("records touched", touched, "")
    bench.figure(
        "from the declaration to the first page",
        median(s for s, _k in spent),
        "s",
        at_most=FIRST_PAGE_S,
    )
    bench.figure(
        "until every record is kept with its risk and the tree stands",
        median(k for _s, k in spent),
        "s",
    )
    began = time.perf_counter()
    client.get(f"/traces/{found.number}/")
    bench.figure("page of a trace", time.perf_counter() - began, "s", at_most=FIRST_PAGE_S)
    with bench.used() as usage:
        lines = sum(piece.count(b"\n") for piece in trace_file(trace=found, seen=[found.unit.path]))
    if lines != touched + 1:
        raise WrongResultError(f"{lines} lines of {touched + 1}")
    bench.figure("all of them as CSV", usage.wall_s, "s", at_most=EXPORT_S)
    bench.figure("its memory", usage.program_mib, "MiB")
