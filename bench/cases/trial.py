"""Another rule on past readings: 10⁷ points as columns, beside a Decimal loop through the rule."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg

from bench.cases.bench_load import enrolled, task_of_24_points
from bench.core import AtLeast, Bench, Way, WrongResultError, case

LONGEST_S = 10
MOST_MIB = 1024
LOOPED = 100_000  # points of the loop
# Readings around the limit of 2 %: most well inside, some near, ties among them.
READING = "(((('x' || substr(md5(n || ' ' || r.seq || ' {}'), 1, 6))::bit(24)::int %% 9001) - 4500) / 2000.0)::numeric(7, 4)"
SEED_RECORDS = """
insert into verification_testrecord ({names})
select {values} from verification_testrecord t, generate_series(1, %(count)s) n where t.id = %(of)s
"""
SEED_RESULTS = f"""
insert into verification_testresult ({{names}})
select {{values}} from verification_testresult r
 cross join generate_series(1, %(count)s) n
 cross join lateral (select {READING.format("a")} as a, {READING.format("b")} as b) x
 where r.record_id = %(of)s and r.item = 'basic_error' and not r.is_derived
"""
SEED_VERDICTS = """
insert into verification_verdict ({names})
select {values} from verification_verdict v, generate_series(1, %(count)s) n where v.record_id = %(of)s
"""


# What else was stated of a record, each with figures of its own, as fine as they were written.
OTHERS = "r.item <> 'basic_error' and not r.is_derived"
SEED_OTHERS = f"""
insert into verification_testresult ({{names}})
select {{values}} from verification_testresult r cross join generate_series(1, %(count)s) n
 where r.record_id = %(of)s and {OTHERS}
"""
VARIED = """array(select round(s * (0.97 + 0.06 * (('x' || substr(md5(n || ' ' || r.seq || ' ' || place), 1, 6))
    ::bit(24)::int / 16777215.0)), scale(s))
    from unnest(r.samples) with ordinality as x (s, place) order by place)"""


@case("trial", "A rule tried on ten million points", tiny=480, quick=240_000, default=10_000_000)
def trial(bench: Bench) -> None:
    """Columns written once, a trial over all of them, the judging alone beside the loop."""
    from django.conf import settings
    from django.test import override_settings

    with bench.writing(300) as name, override_settings(DATA=bench.folder):
        assert bench.folder == settings.DATA
        _whole(bench, _fill(bench, name))
        _judging(bench)


@case(
    "trial-items",
    "A rule tried on records with all of their items",
    tiny=600,
    quick=300_000,
    default=10_000_000,
)
def trial_items(bench: Bench) -> None:
    """All that has a limit, each statement another."""
    from django.test import override_settings

    with bench.writing(300) as name, override_settings(DATA=bench.folder):
        _whole(bench, _fill(bench, name, with_others=True))


def _fill(bench: Bench, name: str, *, with_others: bool = False) -> int:
    """One record, and copies of it with readings of their own.

    Returns how many points there are, and with them other items with a limit.
    """
    from dianheng.analysis.columns import STATED

    record = tested_record()
    found = record.results.filter(is_derived=False)
    of_one = found.filter(item__in=["basic_error", *STATED]).count()
    points = of_one if with_others else found.filter(item="basic_error").count()
    records = bench.size // points
    given = {"count": records, "of": record.pk}
    with psycopg.connect(
        bench.databases.cluster.server.superuser_url(name), autocommit=True
    ) as link:
        link.execute("set session_replication_role = replica")
        own = {"id": "t.id + n", "number": "'B' || n", "attempt": "n + 1", "received": "''"}
        seed(link, SEED_RECORDS, "verification_testrecord", "t", own, given)
        own = {
            "id": "r.id + 1000 + (n - 1) * 100 + r.seq",
            "record_id": "r.record_id + n",
            "samples": "case when abs(x.a + x.b) between 3.2 and 4.8"
            " then array[x.a, x.b, x.a, x.b] else array[x.a, x.b] end",
        }
        seed(link, SEED_RESULTS, "verification_testresult", "r", own, given)
        if with_others:
            own["samples"] = VARIED
            seed(link, SEED_OTHERS, "verification_testresult", "r", own, given)
        own = {"id": "v.id + n", "record_id": "v.record_id + n"}
        seed(link, SEED_VERDICTS, "verification_verdict", "v", own, given)
        for table in ("testrecord", "testresult", "verdict"):
            link.execute(f"vacuum (analyze) verification_{table}")
    return records * points + of_one


def tested_record() -> Any:
    """A record that came in by its door, of a meter with a scheme of many points."""
    import json

    from django.utils import timezone

    from dianheng.demo import things
    from dianheng.demo.company import acting
    from dianheng.verification.models import TestRecord
    from dianheng.verification.selectors.loads import load_sheet
    from dianheng.verification.services import load_make, load_put, task_add_devices, upload_receive

    things.laboratory()
    task, tester, measure = task_of_24_points()
    (device,) = enrolled(next(count(1)), 1)
    task_add_devices(task=task, device_ids=[device.pk], actor=acting("gaoyan"))
    load = load_make(task=task, bench=measure.device, actor=tester)
    load_put(load=load, code=device.barcode, actor=tester)
    sent = measure.bench.run(load_sheet(load), started_at=timezone.now() - timedelta(days=1))
    upload_receive(body=json.dumps(sent).encode(), actor=tester)
    return TestRecord.objects.get(device=device)


def seed(
    link: psycopg.Connection,
    statement: str,
    table: str,
    short: str,
    own: dict[str, str],
    given: dict[str, int],
) -> None:
    """Copy a row so many times, with what `own` says of its columns."""
    names = [
        row[0]
        for row in link.execute(
            "select column_name from information_schema.columns where table_name = %s", [table]
        )
    ]
    values = ", ".join(own.get(name, f"{short}.{name}") for name in names)
    link.execute(statement.format(names=", ".join(names), values=values), given)


def _whole(bench: Bench, points: int) -> None:
    """A trial as its job runs it, the first one with the columns to be written."""
    from dianheng.analysis.columns import columns_write
    from dianheng.analysis.services import trial_run, trial_start
    from dianheng.common.jobs import JobRun
    from dianheng.demo.company import acting, unit

    class Run(JobRun):
        def progress(self, done: int, total: int, text: str = "") -> None:
            """Nobody looks."""

    actor = acting("gaoyan")
    with bench.used() as usage:
        columns_write()
    bench.figure("columns written by the worker: wall", usage.wall_s, "s")
    for what, wanted in (("a trial", LONGEST_S),):
        started = trial_start(
            unit=unit("3540001"), title=what, limit_factor=Decimal("0.98"), actor=actor
        )
        with bench.used() as usage:
            trial_run(Run(started.job, actor, None))
        started.refresh_from_db()
        tried = started.point_count + started.item_count
        if tried != points:
            raise WrongResultError(f"{tried} points and other items tried of {points}")
        bench.figure(f"{what}: wall", usage.wall_s, "s", at_most=wanted)
        bench.figure(f"{what}: CPU", usage.cpu_s, "s")
        bench.figure(f"{what}: memory", usage.program_mib, "MiB", at_most=MOST_MIB)
    bench.figure("records in which a conclusion changes", started.records.count(), "")


def _judging(bench: Bench) -> None:
    """Conclusions alone: a column of whole numbers, and one point after the other by the rule."""
    from dianheng.analysis.columns import BASIC_ERROR, engine, points_there
    from dianheng.analysis.models import PointShape, RuleTrial
    from dianheng.analysis.services.trial import CONCLUSION
    from dianheng.analysis.services.trial_rules import lay_rules
    from dianheng.metrology.observations import Observation
    from dianheng.metrology.verdicts import error_verdict
    from dianheng.verification.selectors.judging import record_judge_of

    files = points_there().files
    judges: dict[int, Any] = {}
    shapes = PointShape.objects.filter(item=BASIC_ERROR)
    for shape in shapes.select_related("model", "scheme_version"):
        judge = record_judge_of(shape.model, shape.scheme_version)
        seen = Observation(
            BASIC_ERROR, shape.direction, shape.phases, shape.load_point, shape.factor
        )
        judges[shape.pk] = (judge.rule_at(seen)[0], judge.scheme.takes_extra)
    codes = {"pass": 0, "incomplete": 1, "fail": 2}
    with engine() as columns:
        lay_rules(columns, RuleTrial.objects.select_related("unit").order_by("-pk")[0], files)
        columns.execute(
            "create table point as select row_number() over () as n, record, shape, count, first,"
            " total from read_parquet(?) where list_contains(?, shape)",
            [files, list(judges)],
        )
        looped = columns.execute(
            "select p.shape, p.count, p.first, p.total from point p where n <= ?", [LOOPED]
        ).fetchall()
        points = [
            (judges[shape], _readings(count, first, total)) for shape, count, first, total in looped
        ]
        size = columns.execute("select count(*) from point").fetchone()
        verdicts = (
            f"select {CONCLUSION.format(r='r')} as c from point p join rule r using (shape, count)"
        )

        def by_columns(_state: None) -> dict[int, int]:
            return dict(
                columns.execute(f"select c, count(*) from ({verdicts}) group by 1").fetchall()
            )

        def by_loop(_state: None) -> list[int]:
            return [
                codes[
                    error_verdict(
                        rule, readings[:2], readings[2:], takes_extra=takes_extra
                    ).conclusion.value
                ]
                for (rule, takes_extra), readings in points
            ]

        first = columns.execute(f"{verdicts} where n <= ? order by n", [LOOPED]).fetchall()
        if [c for (c,) in first] != by_loop(None):
            raise WrongResultError("columns and the rule differ")
        assert size is not None
        bench.race(
            "conclusions alone",
            product=Way("columns of whole numbers", by_columns, units=size[0]),
            peers=[
                Way(
                    "Decimal, one point after the other",
                    by_loop,
                    units=len(points),
                    expected=by_loop(None),
                )
            ],
            wanted=[AtLeast(60, "Decimal, one point after the other")],
        )


def _readings(count: int, first: int, total: int) -> list[Decimal]:
    """Readings with these sums; the rule knows only their means."""
    readings = [first, 0]
    if count > 2:
        readings += [total - first, *([0] * (count - 3))]
    return [Decimal(each).scaleb(-6) for each in readings]
