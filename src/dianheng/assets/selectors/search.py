"""Any piece of a number or a name: devices by trigrams, names by pairs of signs.

Why the statements look as they do is in docs/explanation/search.md: the materialized step
keeps the index in use whatever the order asks for, the bound keeps a piece that fits a million
numbers as fast as one that fits three, and pairs find Chinese words of two characters, which
have no trigram.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.urls import reverse

from dianheng.common.errors import Text

from ..choices import DeviceState, PlaceKind

HITS_LOOKED_AT = 501  # of a piece that fits very many


@dataclass(frozen=True)
class Hit:
    """One thing found."""

    kind: Text
    title: str
    text: Text
    url: str


# Piece, units one may see (None: all), at most.
Searcher = Callable[[str, Sequence[int] | None, int], list[Hit]]
_searchers: list[Searcher] = []


def register_search(searcher: Searcher) -> None:
    """Add a searcher; called in `AppConfig.ready`."""
    _searchers.append(searcher)


def search(piece: str, unit_ids: Sequence[int] | None = None, at_most: int = 50) -> list[Hit]:
    """Things whose number or name holds the piece, in the order in which apps registered."""
    piece = piece.strip()
    hits: list[Hit] = []
    if len(piece) < 2:
        return hits
    for searcher in _searchers:
        if len(hits) < at_most:
            hits += searcher(piece, unit_ids, at_most - len(hits))
    return hits


def like(piece: str) -> str:
    """The pattern that finds the piece anywhere, its own `%` and `_` as plain signs."""
    escaped = piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


DEVICE_IDS = """
select id from assets_device
 where (upper(barcode) like %(like)s or upper(serial_no) like %(like)s)
   and (%(units)s::bigint[] is null or unit_id = any(%(units)s)) limit %(limit)s
"""
DEVICE_PIECES = f"""
with hit as materialized ({DEVICE_IDS})
select d.barcode, d.serial_no, m.code, m.name, d.state
  from hit join assets_device d using (id) join assets_devicemodel m on m.id = d.model_id
 order by d.id limit %(at_most)s
"""  # noqa: S608  both parts are our own


def device_ids_by_piece(piece: str, at_most: int) -> list[int] | None:
    """Keys of the devices whose bar code or maker's number holds the piece, in no order.

    None when there are more than `at_most`, or the piece has no trigram.
    """
    if len(piece) < 3 or not piece.isascii():
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            DEVICE_IDS, {"like": like(piece.upper()), "units": None, "limit": at_most + 1}
        )
        ids = [row[0] for row in cursor.fetchall()]
    return None if len(ids) > at_most else ids


def search_devices(piece: str, unit_ids: Sequence[int] | None, at_most: int) -> list[Hit]:
    """Devices by a piece of bar code or maker's number, three signs or more."""
    if len(piece) < 3 or not piece.isascii():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            DEVICE_PIECES,
            {
                "like": like(piece.upper()),
                "units": None if unit_ids is None else list(unit_ids),
                "limit": HITS_LOOKED_AT,
                "at_most": at_most,
            },
        )
        return [
            Hit(
                "device",
                barcode,
                " · ".join(p for p in (code, name, serial, str(DeviceState(state).label)) if p),
                reverse("device", args=[barcode]),
            )
            for barcode, serial, code, name, state in cursor.fetchall()
        ]


# A pair of signs is looked up in the index of pairs; the pattern then decides.
PLACE_PIECES = """
with hit as materialized (
    select id from assets_place
     where bigrams(upper(code || ' ' || name)) @> bigrams(%(piece)s)
       and upper(code || ' ' || name) like %(like)s and is_active
       and (%(units)s::bigint[] is null or unit_id = any(%(units)s)) limit %(limit)s
)
select p.code, p.name, p.kind, u.name from hit join assets_place p using (id)
  join identity_unit u on u.id = p.unit_id
 order by p.kind = 'box', p.sort_key, p.id limit %(at_most)s
"""


def search_places(piece: str, unit_ids: Sequence[int] | None, at_most: int) -> list[Hit]:
    """Places by a piece of code or name, two signs or more."""
    if len(piece) < 2:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            PLACE_PIECES,
            {
                "piece": piece.upper(),
                "like": like(piece.upper()),
                "units": None if unit_ids is None else list(unit_ids),
                "limit": HITS_LOOKED_AT,
                "at_most": at_most,
            },
        )
        rows = cursor.fetchall()
    kinds = {kind: PlaceKind(kind).label for _code, _name, kind, _unit in rows}
    return [
        Hit("place", name, f"{code} · {kinds[kind]} · {unit}", reverse("place", args=[code]))
        for code, name, kind, unit in rows
    ]


# Makers and models are some hundreds: their whole table is read faster than any index.
MODEL_PIECES = """
select m.id, m.code, m.name, f.name
  from assets_devicemodel m join assets_manufacturer f on f.id = m.manufacturer_id
 where upper(concat_ws(' ', m.code, m.name, f.name, f.short_name)) like %(like)s
    or replace(m.sort_key, ' ', '') like %(pinyin)s
 order by m.sort_key, m.id limit %(at_most)s
"""


def search_models(piece: str, unit_ids: Sequence[int] | None, at_most: int) -> list[Hit]:
    """Models by a piece of type, name, maker, or pinyin."""
    values = {"like": like(piece.upper()), "pinyin": like(piece.lower()), "at_most": at_most}
    with connection.cursor() as cursor:
        cursor.execute(MODEL_PIECES, values)
        return [
            Hit("model", f"{code} {name}", maker, f"{reverse('devices')}?model={key}")
            for key, code, name, maker in cursor.fetchall()
        ]


UNIT_PIECES = """
select code, name from identity_unit
 where is_active and (upper(code || ' ' || name) like %(like)s
                      or replace(sort_key, ' ', '') like %(pinyin)s)
   and (%(units)s::bigint[] is null or id = any(%(units)s))
 order by path limit %(at_most)s
"""


def search_units(piece: str, unit_ids: Sequence[int] | None, at_most: int) -> list[Hit]:
    """Units by a piece of code, name, or pinyin: their devices."""
    values = {
        "like": like(piece.upper()),
        "pinyin": like(piece.lower()),
        "units": None if unit_ids is None else list(unit_ids),
        "at_most": at_most,
    }
    with connection.cursor() as cursor:
        cursor.execute(UNIT_PIECES, values)
        return [
            Hit("unit", name, code, f"{reverse('devices')}?unit={code}")
            for code, name in cursor.fetchall()
        ]
