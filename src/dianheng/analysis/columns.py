"""Readings of the basic error as columns of whole numbers, in files beside the database.

What benches measured is never edited: a block of records, once written, is read again as it is.
Each file bears a digest of the records it holds; a block in which the database has other records
(a late commit, a restored backup) is written anew.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import duckdb
from django.conf import settings
from django.db import connection

BLOCK = 20_000  # keys of records in a file
MEMORY = "512MB"
THREADS = 2
SHAPE = ("model_id", "scheme_version_id", "direction", "phases", "load_point", "factor")

# Sums are whole millionths of a per cent. What columns cannot hold exactly has no sum.
_POINTS = """
    select r.record_id, t.device_id, k.unit_id, d.lot_id, t.bench_id, t.position, t.verifier_id,
           array_to_string(array_remove(t.standard_ids, t.bench_id), ' '),
           (t.finished_at at time zone %(zone)s)::date,
           k.model_id, k.scheme_version_id, r.direction, r.phases, r.load_point, r.factor,
           n.count,
           case when n.is_held then ((n.one + n.two) * 1000000)::bigint end,
           case when n.is_held then ((n.one + n.two + n.more) * 1000000)::bigint end
      from verification_testrecord t
      join verification_verificationtask k on k.id = t.task_id
      join assets_device d on d.id = t.device_id
      join verification_testresult r on r.record_id = t.id
     cross join lateral (
            select cardinality(r.samples) as count, r.samples[1] as one,
                   coalesce(r.samples[2], 0) as two,
                   coalesce(r.samples[3], 0) + coalesce(r.samples[4], 0)
                   + coalesce(r.samples[5], 0) + coalesce(r.samples[6], 0) as more,
                   cardinality(r.samples) <= 6
                   and scale(r.samples[1] + coalesce(r.samples[2], 0) + coalesce(r.samples[3], 0)
                             + coalesce(r.samples[4], 0) + coalesce(r.samples[5], 0)
                             + coalesce(r.samples[6], 0)) <= 6
                   and abs(r.samples[1]) < 100000 and abs(coalesce(r.samples[2], 0)) < 100000
                   and abs(coalesce(r.samples[3], 0)) < 100000
                   and abs(coalesce(r.samples[4], 0)) < 100000
                   and abs(coalesce(r.samples[5], 0)) < 100000
                   and abs(coalesce(r.samples[6], 0)) < 100000 as is_held) n
     where t.id >= %(low)s and t.id < %(high)s and r.item = 'basic_error' and not r.is_derived
       and cardinality(r.samples) > 0
"""
_COLUMNS = {
    "record": "BIGINT",
    "device": "BIGINT",
    "unit": "INTEGER",
    "lot": "BIGINT",
    "bench": "BIGINT",
    "position": "SMALLINT",
    "verifier": "BIGINT",
    "standards": "VARCHAR",
    "day": "DATE",
    "model_id": "BIGINT",
    "scheme_version_id": "BIGINT",
    "direction": "VARCHAR",
    "phases": "VARCHAR",
    "load_point": "VARCHAR",
    "factor": "VARCHAR",
    "count": "INTEGER",
    "first": "BIGINT",
    "total": "BIGINT",
}


def folder() -> Path:
    """Where the files are; they can be deleted at any time and are made anew."""
    found = Path(settings.DATA) / "columns" / "points"
    found.mkdir(parents=True, exist_ok=True)
    return found


@contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A column engine in the process, bounded in memory and threads."""
    found = duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "threads": THREADS,
            "temp_directory": str(folder() / "work"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    try:
        yield found
    finally:
        found.close()


def point_files(progress: Callable[[int, int], None] = lambda done, total: None) -> list[Path]:
    """The files with every point of the basic error, written where they are missing.

    Args:
        progress: called with blocks looked at and blocks in all; may raise to stop.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select id / %(block)s, md5(string_agg(id || ' ' || number, ',' order by id))
              from verification_testrecord group by 1 order by 1
            """,
            {"block": BLOCK},
        )
        blocks = cursor.fetchall()
    found = []
    at = folder()
    kept = {path.name for path in at.glob("*.parquet")}
    with engine() as columns:
        for done, (block, digest) in enumerate(blocks):
            progress(done, len(blocks))
            # The layout counts as well: a file of an earlier program is not read.
            mark = hashlib.sha256(f"{digest} {_POINTS} {_COLUMNS}".encode()).hexdigest()[:16]
            path = at / f"{block:08d}-{mark}.parquet"
            if path.name not in kept:
                for earlier in at.glob(f"{block:08d}-*.parquet"):
                    earlier.unlink()
                _write(columns, block, path)
            found.append(path)
    for name in kept - {path.name for path in found}:
        (at / name).unlink(missing_ok=True)
    return found


def _write(columns: duckdb.DuckDBPyConnection, block: int, path: Path) -> None:
    with NamedTemporaryFile(dir=path.parent, suffix=".csv") as text:
        with (
            connection.cursor() as cursor,
            cursor.copy(
                f"copy ({_POINTS}) to stdout (format csv)",
                {"zone": settings.TIME_ZONE, "low": block * BLOCK, "high": (block + 1) * BLOCK},
            ) as copy,
        ):
            for piece in copy:
                text.write(piece)
        text.flush()
        kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items())
        columns.execute(
            f"create or replace temp table raw as select * from read_csv('{text.name}',"
            f" header = false, nullstr = '', force_not_null = ['direction', 'phases', 'load_point',"
            f" 'factor'], columns = {{{kinds}}})"
        )
    _name_shapes(columns)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    columns.execute(
        f"copy (select raw.* exclude ({', '.join(SHAPE)}), shape.id as shape"
        f" from raw join shape using ({', '.join(SHAPE)}) order by raw.record)"
        f" to '{unfinished}' (format parquet)"
    )
    unfinished.replace(path)


def _name_shapes(columns: duckdb.DuckDBPyConnection) -> None:
    """Give every shape in `raw` its key, a new one where it was never seen."""
    names = ", ".join(SHAPE)
    seen = columns.execute(f"select distinct {names} from raw").fetchall()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            with seen as (
                select * from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[],
                                     %s::text[], %s::text[]) as s ({names})
            ), made as (
                insert into analysis_pointshape ({names}) select * from seen
                on conflict do nothing returning id, {names}
            )
            select * from made
            union all
            select p.id, {", ".join(f"p.{name}" for name in SHAPE)}
              from analysis_pointshape p join seen using ({names})
            """,
            [list(each) for each in zip(*seen, strict=True)] or [[]] * len(SHAPE),
        )
        rows: list[Any] = cursor.fetchall()
    kinds = ", ".join(f"{name} {_COLUMNS[name]}" for name in SHAPE)
    columns.execute(f"create or replace temp table shape (id INTEGER, {kinds})")
    if rows:
        columns.executemany("insert into shape values (?, ?, ?, ?, ?, ?, ?)", rows)
