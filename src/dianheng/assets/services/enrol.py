"""Devices enter the register in bulk: staged, checked set by set, written in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from dianheng.common.actor import Actor
from dianheng.identity.services import write_batch

from ..choices import METERS, STANDARDS, TRANSFORMERS, DeviceKind, Verb

# Columns of the stage beyond the device's own, by detail table.
DETAILS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "assets_meter": (
        METERS,
        (
            "material_code", "type_approval_no", "hardware_version", "software_version", "protocol",
            "comm_address", "comm_module_type", "comm_module_maker", "prepayment", "esam_no",
            "key_state", "price_preset",
        ),
    ),
    "assets_transformer": (TRANSFORMERS, ("ratio", "phase", "burden_va", "security_factor")),
    "assets_terminal": (
        (DeviceKind.TERMINAL,),
        ("comm_address", "comm_module_type", "sim_no", "software_version"),
    ),
    "assets_standardequipment": (
        STANDARDS,
        ("name", "measuring_range", "uncertainty", "period_months", "position_count", "restriction"),
    ),
}  # fmt: skip
TEXT_COLUMNS = (
    "barcode",
    "asset_no",
    "serial_no",
    *dict.fromkeys(c for _k, cs in DETAILS.values() for c in cs),
)
COLUMNS = (*TEXT_COLUMNS, "produced_on", "purchased_on")
TEXT = "text collate \"C\" not null default ''"
STAGE_COLUMNS: Mapping[str, str] = {
    "row_no": "bigint not null",
    "device_id": "bigint not null default nextval('assets_device_id_seq')",
    **dict.fromkeys(COLUMNS, TEXT),
    "kind": "text not null default ''",
    "model_id": "bigint",
    "lot_id": "bigint",
    "unit_id": "bigint",
    "place_id": "bigint",
    "state": "text not null default ''",
    "ownership": "text not null default 'utility'",
}


@dataclass(frozen=True)
class Stage:
    """The temporary table `stage` of this transaction.

    Columns: row_no (line of the file), device_id (already drawn), all of `COLUMNS` as text,
    and kind, model_id, lot_id, unit_id, place_id, state, ownership, which the caller fills
    with one UPDATE. Faults go into `stage_fault(row_no, field, code, value)`.
    """

    cursor: Any

    def copy_rows(self, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
        """Fill from Python rows; returns how many."""
        statement = sql.SQL("copy stage ({}) from stdin").format(
            sql.SQL(", ").join(map(sql.Identifier, ("row_no", *columns)))
        )
        count = 0
        with self.cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        return count

    def fault(
        self, code: str, field: str, condition: str, params: Any = None, value: str = "null"
    ) -> None:
        """Record a fault for every row that fulfils an SQL condition."""
        self.cursor.execute(
            f"insert into stage_fault (row_no, field, code, value) select row_no, %(f_)s, %(c_)s, {value}"  # noqa: S608
            f" from stage where {condition}",
            {"f_": field, "c_": code, **(params or {})},
        )


@contextmanager
def stage_open() -> Iterator[Stage]:
    """Make the stage of this transaction; call inside `write_batch` or `atomic`."""
    with connection.cursor() as cursor:
        stage_make(cursor, STAGE_COLUMNS)
        cursor.execute(
            "drop table if exists stage_fault;"
            "create temp table stage_fault (row_no bigint not null, field text not null,"
            " code text not null, value text) on commit drop"
        )
        yield Stage(cursor)


def stage_make(cursor: Any, columns: Mapping[str, str]) -> None:
    """An empty `stage` with these columns and their definitions."""
    defined = ", ".join(f"{name} {definition}" for name, definition in columns.items())
    cursor.execute(
        f"drop table if exists stage; create temp table stage ({defined}) on commit drop"
    )


def devices_enrol(
    *,
    stage: Stage,
    actor: Actor,
    verb: str = Verb.ENROL,
    document: str = "",
    arrival_no: str = "",
    occurred_at: datetime | None = None,
    also: Mapping[str, str] | None = None,
    facts: str = "null::jsonb",
    rows: int = 100_000,
) -> int:
    """Write the staged devices with details and first events; returns how many.

    Runs in the caller's transaction, in parts of `rows`, so that the digest of each part fits
    in memory. The caller has checked the stage: what breaks here breaks all of it.
    `also` are further columns of the device, `facts` those of the event: SQL over the stage.
    """
    also = dict(also or {})
    with write_batch(actor=actor, action=f"device.{verb}") as batch:
        at = occurred_at or batch.at
        cursor = stage.cursor
        cursor.execute("select min(device_id), max(device_id), count(*) from stage")
        first, last, count = cursor.fetchone()
        if count > rows:
            # Rows lie nearly in this order: where a part begins and ends is all it takes.
            cursor.execute("create index on stage using brin (device_id)")
        cursor.execute("select distinct kind from stage")
        kinds = {row[0] for row in cursor.fetchall()}
        for start in range(first or 0, (last or -1) + 1, rows):
            part = {"a": start, "b": start + rows}
            cursor.execute(
                f"""
                insert into assets_device (id, barcode, asset_no, serial_no, kind, model_id, lot_id,
                    unit_id, ownership, state, state_at, place_id, arrival_no, purchased_on,
                    produced_on{"".join(f", {name}" for name in also)})
                select device_id, barcode, case asset_no when barcode then '' else asset_no end,
                       serial_no, kind, model_id, lot_id, unit_id, ownership, state, %(at)s,
                       place_id, %(arrival)s, nullif(purchased_on, '')::date,
                       nullif(produced_on, '')::date{"".join(f", {v}" for v in also.values())}
                  from stage where device_id >= %(a)s and device_id < %(b)s order by device_id
                """,  # noqa: S608  own words only
                {**part, "at": at, "arrival": arrival_no},
            )
            for table, (table_kinds, columns) in DETAILS.items():
                if not kinds & {str(k) for k in table_kinds}:
                    continue
                values = ", ".join(_DETAIL_DEFAULT.get(c, c) for c in columns)
                cursor.execute(
                    f"insert into {table} (device_id, {', '.join(columns)}) select device_id, {values}"  # noqa: S608
                    " from stage where device_id >= %(a)s and device_id < %(b)s and kind = any(%(kinds)s)"
                    " order by device_id",
                    {**part, "kinds": [str(k) for k in table_kinds]},
                )
            cursor.execute(
                f"""
                insert into assets_deviceevent (device_id, verb, from_state, to_state, from_place_id,
                    to_place_id, occurred_at, actor_id, acting_for_id, document, reason, facts)
                select device_id, %(verb)s, '', state, null, place_id, %(at)s, %(actor)s,
                       %(acting_for)s, %(document)s, '', {facts}
                  from stage where device_id >= %(a)s and device_id < %(b)s order by device_id
                """,  # noqa: S608  own words only
                {
                    **part, "verb": verb, "at": at, "actor": actor.person_id,
                    "acting_for": actor.acting_for_id, "document": document,
                },
            )  # fmt: skip
        return int(count)


_DETAIL_DEFAULT = {
    "prepayment": "coalesce(nullif(prepayment, ''), 'none')",
    "key_state": "coalesce(nullif(key_state, ''), 'unknown')",
    "period_months": "coalesce(nullif(period_months, '')::smallint, 12)",
    "position_count": "nullif(position_count, '')::smallint",
}
FAULT_TEXTS = {
    "missing": _("is empty"),
    "format": _("is not of the form"),
    "check_digit": _("check digit is wrong"),
    "twice_in_file": _("stands twice in the file"),
    "in_register": _("is in the register already"),
    "date": _("is no date"),
    "choice": _("is not one of the known values"),
    "unknown_model": _("is no known model"),
}
