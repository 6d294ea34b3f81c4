"""What was measured as columns of whole numbers, in files beside the database.

A point whose readings are judged by their mean stands there with sums; an item that is judged by
what else was stated stands with that statement, and one that no limit can move with a dash.

What benches measured is never edited: a block of records, once written, is read again as it is.
The worker writes (`columns_write`, every minute); pages and trials only read (`points_there`) and
say how many records are not in the files yet. Each file bears the number of its records and a
digest of them; a block in which the database has other records (new ones, a late commit, a
restored backup) is written anew.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import duckdb
from django.conf import settings
from django.db import connection

BLOCK = 20_000  # keys of records in a file
MEMORY = "512MB"
THREADS = 2
SHAPE = (
    "model_id", "scheme_version_id", "item", "direction", "phases", "load_point", "factor", "ratio",
)  # fmt: skip
BASIC_ERROR = "basic_error"
ERRORS = ("ratio_error", "phase_displacement")
MEANS = ("clock_rate", "demand")  # other items judged by the mean, where readings were stated
# Judged against a limit by what was stated.
STATED = (
    *MEANS, "creep", "start", "constant", "clock_value", "combination", "tariff_switch",
    "standard_deviation", "consistency", "variation", "load_variation", "relay",
)  # fmt: skip
NO_LIMIT = "-"
UP_DOWN, STABILITY = "/up_down", "/stability"  # derived from an error of a transformer
STABILITY_DECIMALS = 12  # to which the error of the last verification is known

# Sums are whole millionths of a per cent, minute or second a day. What columns cannot hold exactly
# has no sum.
_POINTS = """
    select r.record_id, t.device_id, k.unit_id, d.lot_id, t.bench_id, t.position, t.verifier_id,
           array_to_string(array_remove(t.standard_ids, t.bench_id), ' '),
           (t.finished_at at time zone %(zone)s)::date,
           k.model_id, k.scheme_version_id, line.item, r.direction, r.phases, r.load_point, r.factor,
           case when r.item = any(%(errors)s) then coalesce(r.facts ->> 'ratio', '') else '' end,
           n.count, line.first, line.total, line.said
      from verification_testrecord t
      join verification_verificationtask k on k.id = t.task_id
      join assets_device d on d.id = t.device_id
      join verification_testresult r on r.record_id = t.id
     cross join lateral (
            select cardinality(r.samples) as count, r.samples[1] as one,
                   cardinality(r.samples) > 0
                   and (r.item = any(%(measured)s)
                        or r.item = any(%(means)s) and cardinality(r.samples) <= 6
                           and not coalesce(r.facts ? 'meter_kw', false)) as is_sum,
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
     cross join lateral (
            select r.item,
                   case when n.is_held then (case when r.item = 'basic_error' then n.one + n.two
                        else n.one + n.two + n.more end * 1000000)::bigint end as first,
                   case when n.is_held then ((n.one + n.two + n.more) * 1000000)::bigint end as total,
                   null as said
             where n.is_sum
            union all
            select r.item, null, null,
                   case when r.item = any(%(stated)s) then array_to_string(r.samples, ' ') || '|'
                        || coalesce((r.facts - 'extra')::text, '') else '-' end
             where not n.is_sum and not r.item = any(%(measured)s)
            union all
            select r.item || '/up_down', d.change, d.change, null
              from (select case when n.is_held then
                           ((r.samples[n.count] - r.samples[1]) * 1000000)::bigint end) d(change)
             where r.item = any(%(errors)s) and n.count > 1
            union all
            select r.item || '/stability', d.change, d.change, null
              from (select (r.facts ->> 'previous')::numeric) p(previous)
             cross join lateral (
                    select case when n.is_held and scale(p.previous) <= 12
                                     and abs(p.previous) < 100000 then
                           ((n.one + n.two + n.more - p.previous * n.count) * 1000000000000)::bigint
                           end) d(change)
             where r.item = any(%(errors)s) and n.count > 0 and p.previous is not null) line
     where t.id >= %(low)s and t.id < %(high)s and not r.is_derived
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
    "item": "VARCHAR",
    "direction": "VARCHAR",
    "phases": "VARCHAR",
    "load_point": "VARCHAR",
    "factor": "VARCHAR",
    "ratio": "VARCHAR",
    "count": "INTEGER",
    "first": "BIGINT",
    "total": "BIGINT",
    "said": "VARCHAR",
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


@dataclass(frozen=True)
class PointFile:
    """The points of a block of records, as some look at the database found them."""

    path: Path
    block: int
    records: int
    written_s: float


@dataclass(frozen=True)
class Points:
    """What there is to read: files, and how many records they hold of how many."""

    files: list[str]
    records: int
    missing: int  # records that the worker has not taken in yet


def points_there() -> Points:
    """The files as they are; nothing is written."""
    newest = [files[-1] for files in _held().values()]
    held = sum(file.records for file in newest)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from verification_testrecord")
        (count,) = cursor.fetchone()
    return Points([str(file.path) for file in newest], held, max(0, count - held))


def columns_write(seconds: float | None = None) -> int:
    """Write the blocks whose file is missing or old; harmless when repeated.

    Args:
        seconds: begin no other block after this time, so that other work of the worker waits no
            longer; absent: all of them.

    Returns:
        How many blocks still have to be written.
    """
    held = _held()
    with connection.cursor() as cursor:
        cursor.execute(
            f"select id / {BLOCK}, count(*) from verification_testrecord group by 1 order by 1"
        )
        counts = dict(cursor.fetchall())
    for block in set(held) - set(counts):
        for file in held.pop(block):
            file.path.unlink(missing_ok=True)
    # Of what this process has seen to be right the number of records tells that nothing came.
    doubtful = [
        block
        for block, count in counts.items()
        if block not in held
        or held[block][-1].records != count
        or held[block][-1].path != _seen_right.get(block)
    ]
    began, left = time.monotonic(), 0
    if doubtful:
        marks = _marks(doubtful)
        with engine() as columns:
            for block in doubtful:
                if seconds is not None and time.monotonic() - began > seconds:
                    left += 1
                    continue
                path = folder() / _name(block, counts[block], marks[block])
                if not path.exists():
                    _write(columns, block, path)
                _seen_right[block] = path
    _clear(held)
    return left


_seen_right: dict[int, Path] = {}  # by block, of this process
GRACE_S = 600.0  # a file that a newer one has taken the place of may still be read
_LAYOUT = hashlib.sha256(f"{_POINTS} {_COLUMNS}".encode()).hexdigest()[:8]


def _name(block: int, records: int, mark: str) -> str:
    """A file of an earlier layout has another name and is not read."""
    return f"{block:08d}-{records:05d}-{_LAYOUT}-{mark}.parquet"


def _held() -> dict[int, list[PointFile]]:
    """Files of this layout by block, the newest last."""
    found: dict[int, list[PointFile]] = {}
    for path in folder().glob(f"*-{_LAYOUT}-*.parquet"):
        block, records, _layout, _mark = path.stem.split("-")
        try:
            written = path.stat().st_mtime
        except FileNotFoundError:
            continue
        found.setdefault(int(block), []).append(PointFile(path, int(block), int(records), written))
    for files in found.values():
        files.sort(key=lambda file: file.written_s)
    return dict(sorted(found.items()))


def _marks(blocks: list[int]) -> dict[int, str]:
    """A digest over the records of each block."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            select id / {BLOCK}, md5(string_agg(id || ' ' || number, ',' order by id))
              from verification_testrecord where id / {BLOCK} = any(%s) group by 1
            """,
            [blocks],
        )
        return {block: digest[:16] for block, digest in cursor.fetchall()}


def _clear(held: dict[int, list[PointFile]]) -> None:
    """Remove files that newer ones have replaced for a while, and those of other layouts."""
    long_ago = time.time() - GRACE_S
    for files in held.values():
        for old, newer in pairwise(files):
            if newer.written_s < long_ago:
                old.path.unlink(missing_ok=True)
    for path in folder().glob("*.parquet"):
        if f"-{_LAYOUT}-" not in path.name:
            path.unlink(missing_ok=True)


def _write(columns: duckdb.DuckDBPyConnection, block: int, path: Path) -> None:
    with NamedTemporaryFile(dir=path.parent, suffix=".csv") as text:
        with (
            connection.cursor() as cursor,
            cursor.copy(
                f"copy ({_POINTS}) to stdout (format csv)",
                {
                    "zone": settings.TIME_ZONE,
                    "low": block * BLOCK,
                    "high": (block + 1) * BLOCK,
                    "measured": [BASIC_ERROR, *ERRORS],
                    "errors": list(ERRORS),
                    "means": list(MEANS),
                    "stated": list(STATED),
                },
            ) as copy,
        ):
            for piece in copy:
                text.write(piece)
        text.flush()
        kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items())
        texts = ", ".join(f"'{name}'" for name in SHAPE[2:])
        columns.execute(
            f"create or replace temp table raw as select * from read_csv('{text.name}',"
            f" auto_detect = false, delim = ',', quote = '\"', escape = '\"', header = false,"
            f" nullstr = '', force_not_null = [{texts}], columns = {{{kinds}}})"
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
                select * from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[],
                                     %s::text[], %s::text[], %s::text[]) as s ({names})
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
        columns.executemany("insert into shape values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
