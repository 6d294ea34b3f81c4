"""The audit trail sealed, exported and verified.

The export is a file of lines of JSON that `dianheng audit verify FILE` checks without the
database; format and proof: docs/explanation/audit.md.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from django.db import connection, transaction
from psycopg import sql

from ..audit_file import FORMAT, BatchCheck, Fault, Root, genesis
from ..models import AuditSeal

SEAL_AT_MOST = 500
PROGRESS_EACH = 100
Progress = Callable[[int, int], None]  # batches done, of how many


def audit_seal() -> int:
    """Chain what has been committed; returns how many batches."""
    sealed = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute("select audit_seal_batches(%s)", [SEAL_AT_MOST])
            count = int(cursor.fetchone()[0])
        sealed += count
        if count < SEAL_AT_MOST:
            return sealed


@dataclass(frozen=True)
class _Shape:
    table: str
    kind: str
    key: str
    columns: tuple[str, ...]


def _shapes(cursor: Any) -> dict[int, _Shape]:
    cursor.execute(
        """
        select s.id, s.table_name, t.kind, s.columns,
               (select a.attname from pg_index i join pg_attribute a
                    on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                 where i.indrelid = s.table_name::regclass and i.indisprimary)
          from audit_shape s join audit_table t using (table_name)
        """
    )
    return {row[0]: _Shape(row[1], row[2], row[4], tuple(row[3])) for row in cursor.fetchall()}


def _row_texts(cursor: Any, shape: _Shape, statement: int) -> list[tuple[int, str]]:
    """Keys and texts of the rows of one statement, in the order of its digest."""
    table = shape.table if shape.kind == "evidence" else f"audit_{shape.table}"
    column = "audit_statement_id" if shape.kind == "evidence" else "statement_id"
    cursor.execute(
        sql.SQL(
            "select {key}, row({columns})::text from {table} where {column} = %s order by {key}"
        ).format(
            key=sql.Identifier(shape.key),
            columns=sql.SQL(", ").join(map(sql.Identifier, shape.columns)),
            table=sql.Identifier(table),
            column=sql.Identifier(column),
        ),
        [statement],
    )
    return list(cursor.fetchall())


def _batches(cursor: Any, first: int, last: int | None) -> Iterator[dict[str, Any]]:
    """Sealed batches in the order of the chain, with statements and rows."""
    shapes = _shapes(cursor)
    position = first
    while last is None or position <= last:
        cursor.execute(
            """
            select s.position, s.batch_id, encode(s.previous, 'hex'), encode(s.digest, 'hex'),
                   audit_batch_text(s.batch_id)
              from audit_seal s where s.position >= %s and (%s::bigint is null or s.position <= %s)
             order by s.position limit 200
            """,
            [position, last, last],
        )
        seals = cursor.fetchall()
        if not seals:
            return
        for place, batch_id, previous, digest, text in seals:
            cursor.execute(
                "select s.id, s.shape_id, s.operation, audit_statement_text(s), encode(s.digest, 'hex'),"
                " s.row_tags from audit_statement s where s.batch_id = %s order by s.id",
                [batch_id],
            )
            statements = [
                {
                    "id": row[0], "table": shapes[row[1]].table, "operation": row[2], "text": row[3],
                    "digest": row[4], "tags": bytes(row[5]).hex(),
                    "rows": _row_texts(cursor, shapes[row[1]], row[0]),
                }
                for row in cursor.fetchall()
            ]  # fmt: skip
            yield {
                "position": place, "batch": batch_id, "previous": previous, "digest": digest,
                "text": text, "statements": statements,
            }  # fmt: skip
            position = place + 1


def _session(cursor: Any) -> None:
    # The texts that the digests cover were made under these settings.
    cursor.execute(
        "set local timezone = 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'iso_8601';"
        " set local bytea_output = 'hex'; set local extra_float_digits = 1"
    )


def _no_progress(done: int, total: int) -> None:
    """Nobody watches."""


def audit_export(
    out: TextIO, first: int = 1, last: int | None = None, progress: Progress = _no_progress
) -> int:
    """Write the sealed part of the trail; returns the number of batches."""
    audit_seal()
    count = 0
    with transaction.atomic(), connection.cursor() as cursor:
        _session(cursor)
        cursor.execute("select count(*), max(position) from audit_seal")
        total, newest = cursor.fetchone()
        head = {
            "format": FORMAT,
            "genesis": genesis().hex(),
            "first": first,
            "last": last or newest,
            "sealed": total,
        }
        out.write(json.dumps(head, ensure_ascii=False) + "\n")
        for batch in _batches(cursor, first, last):
            out.write(json.dumps(batch, ensure_ascii=False) + "\n")
            count += 1
            if count % PROGRESS_EACH == 0:
                progress(count, total)
    progress(count, count)
    return count


def audit_root() -> Root | None:
    """The digest of the newest link of the chain, to be kept outside; none before the first.

    Nothing is sealed for it, since it is asked inside transactions of others.
    """
    newest = AuditSeal.objects.order_by("-position").first()
    return Root(newest.position, bytes(newest.digest).hex()) if newest else None


def audit_verify(
    progress: Progress = _no_progress, root: Root | None = None
) -> tuple[int, list[Fault]]:
    """Check the database's own trail and that the tables are what the trail says.

    Args:
        progress: called with batches checked and batches in all.
        root: a printed digest that the chain has to have at its position.

    Returns the number of batches and every fault, each named by batch, table and row.
    """
    audit_seal()
    faults: list[Fault] = []
    check = BatchCheck(root)
    with transaction.atomic(), connection.cursor() as cursor:
        _session(cursor)
        total = AuditSeal.objects.count()
        for batch in _batches(cursor, 1, None):
            faults += check.add(batch)
            if check.count % PROGRESS_EACH == 0:
                progress(check.count, total)
        progress(check.count, check.count)
        faults += check.end()
        faults += _orphans(cursor)
        for shape in {s.table: s for s in _shapes(cursor).values() if s.kind == "history"}.values():
            faults += _differences(cursor, shape)
    return check.count, faults


def _orphans(cursor: Any) -> list[Fault]:
    """Rows and batches that no sealed statement accounts for."""
    faults = []
    cursor.execute(
        "select b.id from audit_batch b where not exists (select from audit_seal s where s.batch_id = b.id)"
        " and not exists (select from audit_unsealed u where u.batch_id = b.id) limit 100"
    )
    faults += [Fault("batch_unsealed", row[0], "audit_batch", row[0]) for row in cursor.fetchall()]
    for shape in {s.table: s for s in _shapes(cursor).values()}.values():
        table = shape.table if shape.kind == "evidence" else f"audit_{shape.table}"
        column = "audit_statement_id" if shape.kind == "evidence" else "statement_id"
        cursor.execute(
            sql.SQL(
                "select {key}, {column} from {table} t where not exists"
                " (select from audit_statement s where s.id = t.{column}) limit 100"
            ).format(
                key=sql.Identifier(shape.key),
                column=sql.Identifier(column),
                table=sql.Identifier(table),
            )
        )
        faults += [Fault("row_inserted", 0, shape.table, row[0]) for row in cursor.fetchall()]
    return faults


def _differences(cursor: Any, shape: _Shape) -> list[Fault]:
    """Rows of a table that are not what their newest image says."""
    cursor.execute(
        sql.SQL(
            """
            with newest as (
                select distinct on (h.{key}) h.*, s.operation from {history} h
                  join audit_statement s on s.id = h.statement_id
                 order by h.{key}, h.statement_id desc
            )
            select coalesce(t.{key}, n.{key}),
                   case when t.{key} is null then 'row_deleted'
                        when n.{key} is null or n.operation = 'D' then 'row_inserted'
                        else 'row_changed' end
              from {table} t full join newest n on n.{key} = t.{key}
             where (t.{key} is null and n.operation <> 'D') or (n.{key} is null)
                or (t.{key} is not null and n.operation = 'D')
                or (row({t_columns}) is distinct from row({n_columns}) and n.operation <> 'D')
             limit 100
            """
        ).format(
            key=sql.Identifier(shape.key),
            history=sql.Identifier(f"audit_{shape.table}"),
            table=sql.Identifier(shape.table),
            t_columns=sql.SQL(", ").join(sql.Identifier("t", c) for c in shape.columns),
            n_columns=sql.SQL(", ").join(sql.Identifier("n", c) for c in shape.columns),
        )
    )
    return [Fault(code, 0, shape.table, key) for key, code in cursor.fetchall()]
