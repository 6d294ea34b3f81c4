"""Rows into tables by COPY, and keys drawn beforehand so that rows can name each other."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from psycopg import sql


def new_keys(table: str, count: int) -> list[int]:
    """So many new keys of a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)",
            [table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def plain_array(values: Iterable[Any]) -> str:
    """Numbers or codes as the text of an array; a code holds no comma, quote or brace.

    By psycopg's own adaptation, which looks at each element, a load of arrays takes four times as
    long.
    """
    return f"{{{','.join(map(str, values))}}}"


def copy_rows(
    cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write rows; values go through psycopg's own adaptation."""
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
