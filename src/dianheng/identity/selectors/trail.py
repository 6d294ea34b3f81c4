"""The audit trail as pages show it: batches, and each row before and after."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import Exists, OuterRef
from django.utils.text import capfirst
from django.utils.translation import gettext
from psycopg import sql

from dianheng.common.lists.columns import show

from ..models import AuditBatch, AuditStatement
from ..registry import all_rights
from .access_log import day_begins

ROWS_SHOWN = 200  # of one statement


@dataclass(frozen=True)
class Change:
    """One column of one row: before and after, as people read it."""

    label: str
    old: str
    new: str


@dataclass
class ChangedRow:
    """One row of a statement."""

    key: Any
    name: str
    changes: list[Change] = field(default_factory=list)


@dataclass
class ShownStatement:
    """One SQL statement of a batch with (at most ROWS_SHOWN of) its rows."""

    table: str
    label: str
    operation: str
    row_count: int
    rows: list[ChangedRow]


def audited_tables() -> list[tuple[str, str]]:
    """Tables under audit with the name of their thing."""
    with connection.cursor() as cursor:
        cursor.execute("select table_name from audit_table order by table_name")
        return [(row[0], table_label(row[0])) for row in cursor.fetchall()]


def batches_of_tables(tables: Sequence[str]) -> Any:
    """Keys of the batches that touched the tables, as a subquery."""
    with connection.cursor() as cursor:
        cursor.execute("select id from audit_shape where table_name = any(%s)", [list(tables)])
        shapes = [row[0] for row in cursor.fetchall()]
    return AuditStatement.objects.filter(shape_id__in=shapes).values("batch_id")


def model_of(table: str) -> type[models.Model] | None:
    """The model that lives in the table."""
    return next((m for m in apps.get_models() if m._meta.db_table == table), None)


def table_label(table: str) -> str:
    """What people call the things of a table."""
    model = model_of(table)
    return gettext(capfirst(str(model._meta.verbose_name))) if model else table


def statements_of(batch: AuditBatch, tables: Sequence[str] = ()) -> list[ShownStatement]:
    """Everything a batch wrote (to the tables), statement by statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.id, h.table_name, s.operation::text, s.row_count, t.kind"
            "  from audit_statement s join audit_shape h on h.id = s.shape_id"
            "  left join audit_table t on t.table_name = h.table_name"
            " where s.batch_id = %s and (cardinality(%s::text[]) = 0 or h.table_name = any(%s))"
            " order by s.id",
            [batch.pk, list(tables), list(tables)],
        )
        found = cursor.fetchall()
    return [
        ShownStatement(
            table, table_label(table), operation, count, rows_of(statement, table, operation, kind)
        )
        for statement, table, operation, count, kind in found
    ]


def rows_of(statement: int, table: str, operation: str, kind: str) -> list[ChangedRow]:
    """Rows of a statement: columns that changed, or all of them where a row came or went."""
    model = model_of(table)
    key = model._meta.pk.column if model else "id"
    pairs: list[tuple[dict[str, Any] | None, dict[str, Any] | None]]
    if kind == "evidence":
        pairs = [(None, row) for row in _select(table, "audit_statement_id", key, statement)]
    else:
        images = _select(f"audit_{table}", "statement_id", key, statement)
        before = _earlier(f"audit_{table}", key, statement, [row[key] for row in images])
        is_gone = operation == "D"
        pairs = [(row, None) if is_gone else (before.get(row[key]), row) for row in images]
    words = Words(model, [row for pair in pairs for row in pair if row])
    return [_changed(key, old, new, words) for old, new in pairs]


def _select(table: str, column: str, key: str, statement: int) -> list[dict[str, Any]]:
    query = sql.SQL("select * from {} where {} = %s order by {} limit %s").format(
        *map(sql.Identifier, (table, column, key))
    )
    return _rows(query, [statement, ROWS_SHOWN])


def _earlier(
    table: str, key: str, statement: int, keys: Sequence[Any]
) -> dict[Any, dict[str, Any]]:
    """The image of each row before the statement."""
    query = sql.SQL(
        "select distinct on ({key}) * from {table} where {key} = any(%s) and statement_id < %s"
        " order by {key}, statement_id desc"
    ).format(table=sql.Identifier(table), key=sql.Identifier(key))
    return {row[key]: row for row in _rows(query, [list(keys), statement])}


def _rows(query: Any, params: Sequence[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(cursor.cursor.connection), params)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


HIDDEN = {"id", "statement_id", "audit_statement_id", "sort_key", "path"}
OF_THE_SYSTEM = {"login", "person_no"}  # what the system's own person is known by inside


def _changed(
    key: str, old: dict[str, Any] | None, new: dict[str, Any] | None, words: "Words"
) -> ChangedRow:
    row = new or old or {}
    hidden = HIDDEN | (OF_THE_SYSTEM if row.get("is_system") else set())
    changes = [
        Change(words.label(name), words.text(name, old), words.text(name, new))
        for name in row
        if name not in hidden and (old or {}).get(name) != (new or {}).get(name)
    ]
    return ChangedRow(row.get(key), words.name(row), changes)


def _in_words(value: Any) -> str:
    """A list or mapping as people read one; names of parts are translated where they are known."""
    if isinstance(value, dict):
        return "; ".join(
            f"{gettext(capfirst(str(key).replace('_', ' ')))}: {_in_words(part)}"
            for key, part in value.items()
        )
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    return show(value)


class Words:
    """Column names and keys of other things, as people know them."""

    def __init__(self, model: type[models.Model] | None, rows: Iterable[dict[str, Any]]):
        self.fields: dict[str, Any] = {}
        self.names: dict[str, dict[Any, str]] = {}
        if model is None:
            return
        self.fields = {f.column: f for f in model._meta.concrete_fields}
        rows = list(rows)
        for column, field_ in self.fields.items():
            if field_.is_relation:
                keys = {row[column] for row in rows if row.get(column) is not None}
                related = field_.related_model._base_manager.in_bulk(list(keys)) if keys else {}
                self.names[column] = {key: str(thing) for key, thing in related.items()}

    def label(self, column: str) -> str:
        field_ = self.fields.get(column)
        return gettext(capfirst(str(field_.verbose_name))) if field_ else column

    def text(self, column: str, row: dict[str, Any] | None) -> str:
        """The value in words: a choice's label, the name of a related thing."""
        if row is None or row.get(column) is None:
            return ""
        value, field_ = row[column], self.fields.get(column)
        if column in self.names:
            return self.names[column].get(value, str(value))
        if field_ is not None and field_.choices:
            return str(dict(field_.flatchoices).get(value, value))
        if column == "rights":
            labels = all_rights()
            return _in_words([str(labels.get(code, code)) for code in value])
        if isinstance(field_, models.JSONField):
            return _in_words(json.loads(value) if isinstance(value, str) else value)
        return show(value)

    def name(self, row: dict[str, Any]) -> str:
        """The first of the columns that people know a thing by."""
        for column in ("device_no", "number", "code", "name", "login", "title", "key", "label"):
            if row.get(column):
                return str(row[column])
        return str(row.get("id", ""))


def batches_of_day(day: date, tables: Sequence[str], after: int, at_most: int) -> list[AuditBatch]:
    """Batches of a day that touched the tables, in their order, from behind one of them."""
    return list(
        AuditBatch.objects.filter(
            Exists(batches_of_tables(tables).filter(batch_id=OuterRef("pk"))),
            began_at__gte=day_begins(day),
            began_at__lt=day_begins(day + timedelta(days=1)),
            pk__gt=after,
        ).order_by("pk")[:at_most]
    )
