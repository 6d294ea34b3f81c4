"""Devices put into a store as bare SQL: the same rows, as the owner, with the triggers off."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import psycopg

from .import_sql import audited


@dataclass(frozen=True)
class Target:
    """Where to, by whom."""

    place_id: int
    unit_id: int
    actor_id: int
    actor_name: str
    movement_id: int
    today: str


UPDATE = """
update assets_device d set place_id = %(place_id)s, unit_id = %(unit_id)s, stocked_on = %(today)s::date
  from moving m where m.id = d.id
"""
EVENTS = """
insert into assets_deviceevent (device_id, verb, from_state, to_state, from_place_id, to_place_id,
    occurred_at, actor_id, document, reason, audit_statement_id)
select id, 'move', state, state, place_id, %(place_id)s, now(), %(actor_id)s, 'movement:RK2026-0001', '',
       %(statement)s
  from moving order by id
"""
LINES = """
insert into warehouse_movementline (movement_id, device_id, from_place_id, state, note)
select %(movement_id)s, id, place_id, 'received', '' from moving order by id
"""


def receive(link: psycopg.Connection, codes: Sequence[str], target: Target) -> None:
    """Look codes up, refuse unknown ones and wrong states, move, write ledger and audit."""
    given = asdict(target)
    with link.transaction(), psycopg.ClientCursor(link) as cursor:
        cursor.execute("set local timezone = 'UTC'; set local datestyle = 'ISO'")
        cursor.execute(
            "create temp table moving on commit drop as select id, state, place_id from assets_device"
            " where barcode = any(%s) order by id for update",
            [list(codes)],
        )
        found, wrong = cursor.execute(
            "select count(*), count(*) filter (where state <> 'awaiting_verification') from moving"
        ).fetchone()
        if found != len(codes) or wrong:
            raise AssertionError(f"{len(codes) - found} unknown, {wrong} in a wrong state")
        cursor.execute(
            "select audit_open(%(actor_id)s, %(actor_name)s, null, '', 'bare', '', 'command', '')",
            given,
        )
        audited(cursor, EVENTS, "assets_deviceevent", given)
        audited(cursor, UPDATE, "assets_device", given, operation="U", of="d")
        audited(cursor, LINES, "warehouse_movementline", given)
