"""Rows of a file into the stage by COPY, as they come."""

from collections.abc import Callable, Mapping, Sequence

import psycopg
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from dianheng.common.files import Prepared, Unreadable, without_nul

from .enrol import STAGE_COLUMNS, TEXT, Stage, stage_make


def fill_stage(
    stage: Stage,
    prepared: Prepared,
    columns: Sequence[str],
    *,
    defaults: Mapping[str, object],
    tell: Callable[[int], None],
    enrols: bool = True,
) -> None:
    """Send the file; `tell` gets the bytes sent so far.

    `columns` are those of the stage, in the order of the file; an empty one is left out, one
    that begins with `x_` is added: facts that are compared or looked up, not kept.
    What all rows have in common is a default of the stage's column, so that no row is
    written twice. `enrols`: rows become devices, and each draws the key of its own.
    """
    cursor = stage.cursor
    columns = [name or f"left_{place}" for place, name in enumerate(columns)]
    # Rows hold what the file brings and no more; the rest is added behind them, which costs nothing.
    own = ("row_no", "device_id")
    narrow = {name: STAGE_COLUMNS.get(name, TEXT) for name in (*own, *columns)}
    if not enrols:
        narrow["device_id"] = "bigint"
    stage_make(cursor, {**narrow, "is_odd": "boolean not null default false"})
    # Findings carry what they are compared with.
    cursor.execute("alter table stage_fault add column facts jsonb")
    if not prepared.has_row_no:
        cursor.execute(
            sql.SQL(
                "create temp sequence stage_row start {} owned by stage.row_no;"
                " alter table stage alter column row_no set default nextval('stage_row')"
            ).format(sql.Literal(prepared.first_row))
        )
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    copy_text = sql.SQL(
        "copy stage ({}{}) from stdin (format csv, delimiter {}, force_not_null ({}))"
    ).format(
        sql.SQL("row_no, ") if prepared.has_row_no else sql.SQL(""),
        names,
        sql.Literal(prepared.delimiter),
        names,
    )
    sent = 0
    try:
        with cursor.copy(copy_text) as copy:
            for part in without_nul(prepared.parts()):
                copy.write(part)
                sent += len(part)
                tell(sent)
    except psycopg.DataError as error:
        raise Unreadable(
            "broken",
            _("The file cannot be read as a table: %(why)s")
            % {"why": str(error.diag.message_primary)},
        ) from None
    # Rows of nothing but delimiters are what spreadsheets leave below a list.
    filled = sql.SQL(" and ").join(
        sql.SQL("{} = ''").format(sql.Identifier(name))
        for name in columns
        if not name.startswith("left_")
    )
    cursor.execute(sql.SQL("delete from stage where {}").format(filled))
    rest = [
        sql.SQL("add column {} {}").format(sql.Identifier(name), _definition(name, defaults))
        for name in STAGE_COLUMNS
        if name not in narrow
    ]
    cursor.execute(sql.SQL("alter table stage {}").format(sql.SQL(", ").join(rest)))


def _definition(name: str, defaults: Mapping[str, object]) -> sql.Composable:
    """Type and default of a column that is the same in all rows."""
    definition = STAGE_COLUMNS[name]
    value = defaults.get(name)
    if value in ("", None):
        return sql.SQL(definition)
    return sql.SQL("{} default {}").format(
        sql.SQL(definition.partition(" default ")[0]), sql.Literal(value)
    )
