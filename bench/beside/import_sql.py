"""The import of a maker's file as bare SQL: what somebody would write who needs it once.

It stages by COPY, looks for the same faults, and writes the same devices, details, events,
audit images and digests; as the owner, with the program's triggers off. Statements are run
with the parameters of `Common`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

# The columns of dianheng.supply.seeds.HEADS_ZH in their order.
COLUMNS = (
    "no", "barcode", "serial_no", "model", "contract_no", "tender_batch", "material_code", "produced_on",
    "hardware_version", "software_version", "protocol", "comm_address", "comm_module_type",
    "comm_module_maker", "prepayment", "esam_no", "key_state", "price_preset", "box_no",
)  # fmt: skip


@dataclass(frozen=True)
class Common:
    """What all rows share, and what they are held against."""

    line: int
    model_id: int
    model: str
    maker_id: int
    kind: str
    lot_id: int
    unit_id: int
    place_id: int
    actor_id: int
    actor_name: str
    contract_no: str
    tender_batch: str
    material_code: str
    price_preset: str
    purchased_on: str
    type_approval_no: str
    first: str
    last: str
    quantity: int


def stage(cursor: psycopg.ClientCursor, path: Path) -> None:
    """The file in a temporary table, as text."""
    columns = ", ".join(f'{name} text collate "C" not null' for name in COLUMNS)
    cursor.execute("set local work_mem = '256MB'")
    cursor.execute(
        "create temp table bare (id bigint not null default nextval('assets_device_id_seq'),"
        f" {columns}) on commit drop"
    )
    with (
        cursor.copy(
            f"copy bare ({', '.join(COLUMNS)}) from stdin"
            f" (format csv, header true, force_not_null ({', '.join(COLUMNS)}))"
        ) as copy,
        path.open("rb") as file,
    ):
        while part := file.read(1 << 20):
            copy.write(part)
    cursor.execute("analyze bare")


def _digit() -> str:
    """The check digit of a code of 22 digits, by whole numbers."""
    tail = " + ".join(f"{1 if n % 2 else 3} * (tail / {10**n} %% 10)" for n in range(10))
    head = " + ".join(f"{1 if n % 2 else 3} * (head / {10**n} %% 10)" for n in range(11))
    return f"(10 - ({tail} + {head}) %% 10) %% 10"


CHECKS = (
    # Form of codes, number segment, check digit, address; what is empty.
    f"""
    select count(*) from (
        select *, {_digit()} as digit from (
            select *, case when is_code then left(barcode, 11)::bigint end as head,
                   case when is_code then substr(barcode, 12, 10)::bigint end as tail
              from (select barcode, serial_no, comm_address, esam_no, box_no,
                           length(barcode) = 22 and barcode ~ '^[0-9]*$' as is_code
                      from bare offset 0) a offset 0) b offset 0) c
     where not is_code or barcode not between %(first)s || '0' and %(last)s || '9'
        or right(barcode, 1) <> digit::text or comm_address <> substr(barcode, 10, 12) or serial_no = ''
        or concat_ws('|', serial_no, comm_address, esam_no, box_no) ~ '[^!-~]|[|]''|^''|[|]=|^=|[eE][+]'
    """,
    # Twice in the file.
    *(
        f"select count(*) from (select from bare group by {name} having count(*) > 1) twice"
        for name in ("barcode", "serial_no", "comm_address", "esam_no")
    ),
    # In the register.
    "select count(*) from bare b join assets_device d on d.barcode = b.barcode",
    """
    select count(*) from bare b join assets_device d on d.serial_no = b.serial_no and d.serial_no <> ''
       and d.model_id in (select id from assets_devicemodel where manufacturer_id = %(maker_id)s)
    """,
    """
    select count(*) from bare b
      join assets_meter m on m.comm_address = b.comm_address and m.comm_address <> ''
    """,
    # Values that repeat: against the order, days, choices.
    """
    select count(*) from (
        select model, contract_no, tender_batch, material_code, produced_on, prepayment, key_state,
               price_preset, hardware_version, software_version, protocol
          from bare group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) v
     where model <> %(model)s or contract_no <> %(contract_no)s or tender_batch <> %(tender_batch)s
        or material_code <> %(material_code)s or price_preset <> %(price_preset)s
        or produced_on::date > current_date + 365 or prepayment <> '远程费控' or key_state <> '私钥'
        or concat(hardware_version, software_version, protocol) ~ '^='
    """,
    # The quantity of the order.
    "select abs(count(*) - %(quantity)s) from bare",
)
DEVICES = """
insert into assets_device (id, barcode, asset_no, serial_no, kind, model_id, lot_id, unit_id,
    ownership, state, state_at, place_id, arrival_no, purchased_on, produced_on)
select id, barcode, '', serial_no, %(kind)s, %(model_id)s, %(lot_id)s, %(unit_id)s, 'utility', 'on_order',
       now(), %(place_id)s, 'DH2026-0001', %(purchased_on)s::date, produced_on::date
  from bare order by id
"""
METERS = """
insert into assets_meter (device_id, material_code, type_approval_no, hardware_version,
    software_version, protocol, comm_address, comm_module_type, comm_module_maker, prepayment, esam_no,
    key_state, price_preset)
select id, material_code, %(type_approval_no)s, hardware_version, software_version, protocol, comm_address,
       comm_module_type, comm_module_maker, 'remote', esam_no, 'formal', price_preset
  from bare order by id
"""
EVENTS = """
insert into assets_deviceevent (device_id, verb, from_state, to_state, from_place_id, to_place_id,
    occurred_at, actor_id, document, reason, audit_statement_id)
select id, 'announce', '', 'on_order', null, %(place_id)s, now(), %(actor_id)s, 'delivery:JH-000001', '',
       %(statement)s
  from bare order by id
"""


def audited(
    cursor: psycopg.ClientCursor,
    write: str,
    table: str,
    common: dict[str, Any],
    operation: str = "I",
    of: str = "",
) -> None:
    """One insert or update with its images and its digest, in one statement.

    `of` is the table's short name where columns of others stand beside its own.
    """
    shape, kind, columns, key = cursor.execute(
        "select t.shape_id, t.kind, s.columns, (select a.attname from pg_index i join pg_attribute a"
        "   on a.attrelid = i.indrelid and a.attnum = i.indkey[0]"
        "  where i.indrelid = t.table_name::regclass and i.indisprimary)"
        " from audit_table t join audit_shape s on s.id = t.shape_id where t.table_name = %s",
        [table],
    ).fetchone()
    (statement,) = cursor.execute("select nextval('audit_statement_seq')").fetchone()
    names = ", ".join(columns)
    returned = ", ".join(f"{of}.{name}" for name in columns) if of else names
    images = (
        f"images as (insert into audit_{table} (statement_id, {names}) select %(statement)s, {names} from written),"
        if kind == "history"
        else ""
    )
    cursor.execute(
        f"""
        with written as ({write} returning {returned}), {images}
        hashed as (
            select {key} as id, sha256(convert_to(row({names})::text, 'UTF8')) as h from written
        )
        insert into audit_statement (id, batch_id, shape_id, operation, row_count, first_row, last_row, digest, row_tags)
        select %(statement)s, audit_batch_id(), %(shape)s, %(operation)s, count(*), min(id), max(id),
               sha256(string_agg(h, ''::bytea order by id)), string_agg(substr(h, 1, 8), ''::bytea order by id)
          from hashed
        """,
        {**common, "statement": statement, "shape": shape, "operation": operation},
    )


def import_file(link: psycopg.Connection, path: Path, common: Common) -> None:
    """Stage, check, write, all in one transaction."""
    given = asdict(common)
    with link.transaction(), psycopg.ClientCursor(link) as cursor:
        cursor.execute("set local timezone = 'UTC'; set local datestyle = 'ISO'")
        stage(cursor, path)
        for check in CHECKS:
            (found,) = cursor.execute(check, given).fetchone()
            if found:
                raise AssertionError(f"{found} faults: {check}")
        cursor.execute(
            "select audit_open(%(actor_id)s, %(actor_name)s, null, '', 'bare', '', 'command', '')",
            given,
        )
        audited(cursor, DEVICES, "assets_device", given)
        audited(cursor, METERS, "assets_meter", given)
        audited(cursor, EVENTS, "assets_deviceevent", given)


def devices_alone(link: psycopg.Connection, path: Path, common: Common) -> None:
    """Stage and write the device rows: no check, no details, no ledger, no audit."""
    with link.transaction(), psycopg.ClientCursor(link) as cursor:
        stage(cursor, path)
        cursor.execute(DEVICES, asdict(common))


# -- what came of it: the same rows whoever wrote them ---------------------------------------------

_DEVICE = """
    d.barcode, d.asset_no, d.serial_no, d.kind, d.ownership, d.state, d.purchased_on, d.produced_on,
    d.verified_on, d.valid_through, d.stocked_on, d.unit_id, m.code as model, l.code as lot, p.code as place
"""
_JOINS = """
    join assets_devicemodel m on m.id = d.model_id join assets_lot l on l.id = d.lot_id
    join assets_place p on p.id = d.place_id
"""
DEVICES_WRITTEN = f"select {_DEVICE} from assets_device d {_JOINS} where d.lot_id is not null"
CONTENT = {
    "devices": DEVICES_WRITTEN,
    "images": f"select {_DEVICE} from audit_assets_device d {_JOINS} where d.lot_id is not null",
    "meters": "select d.barcode, to_jsonb(m) - 'device_id' from assets_meter m join assets_device d on d.id = m.device_id",
    "meter images": "select d.barcode, to_jsonb(m) - 'device_id' - 'statement_id'"
    " from audit_assets_meter m join assets_device d on d.id = m.device_id",
    "events": "select d.barcode, e.verb, e.from_state, e.to_state, e.from_place_id is null, p.code, e.actor_id,"
    " e.acting_for_id, split_part(e.document, ':', 1), e.reason, e.facts from assets_deviceevent e"
    " join assets_device d on d.id = e.device_id join assets_place p on p.id = e.to_place_id",
}


TABLES = ("assets_device", "assets_meter", "assets_deviceevent")


def digests(
    link: psycopg.Connection, tables: Sequence[str] = TABLES, after: int = 0
) -> dict[str, tuple[int, bool]]:
    """Rows that the audit's digests account for by table, and whether the digests are right.

    `after`: of statements with a greater number only.
    """
    found: dict[str, tuple[int, bool]] = {}
    link.execute("set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'iso_8601'")
    for table in tables:
        kind, columns = link.execute(
            "select t.kind, s.columns from audit_table t join audit_shape s on s.id = t.shape_id"
            " where t.table_name = %s",
            [table],
        ).fetchone()
        rows, tie = (
            (f"audit_{table}", "statement_id")
            if kind == "history"
            else (table, "audit_statement_id")
        )
        key = "device_id" if table == "assets_meter" else "id"
        found[table] = link.execute(
            f"""
            select sum(s.row_count)::bigint, bool_and(s.digest = r.digest and s.row_tags = r.tags)
              from audit_statement s
              join audit_shape h on h.id = s.shape_id and h.table_name = %s
              join (select {tie} as statement, sha256(string_agg(h, ''::bytea order by id)) as digest,
                           string_agg(substr(h, 1, 8), ''::bytea order by id) as tags
                      from (select {tie}, {key} as id,
                                   sha256(convert_to(row({", ".join(columns)})::text, 'UTF8')) as h
                              from {rows} where {tie} > {after}) x
                     group by 1) r on r.statement = s.id
            """,
            [table],
        ).fetchone()
    return found


def content(link: psycopg.Connection, queries: dict[str, str]) -> dict[str, tuple[int, str]]:
    """Each query's rows as their number and one digest."""
    return {
        name: link.execute(
            f"select count(*), md5(string_agg(r::text, '|' order by r::text)) from ({query}) r"
        ).fetchone()
        for name, query in queries.items()
    }
