"""The search box: any piece of a number or a name; each app registers what it can find."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.urls import reverse

from dianheng.common.errors import Text


@dataclass(frozen=True)
class Hit:
    """One thing found."""

    kind: Text
    title: str
    text: Text
    url: str


Searcher = Callable[[str, list[int], int], list[Hit]]  # piece, units one may see, at most
_searchers: list[Searcher] = []


def register_search(searcher: Searcher) -> None:
    """Add a searcher; called in `AppConfig.ready`."""
    _searchers.append(searcher)


def search(piece: str, unit_ids: list[int], at_most: int = 50) -> list[Hit]:
    """Things whose number or name holds the piece, devices first."""
    piece = piece.strip()
    hits: list[Hit] = []
    if len(piece) < 2:
        return hits
    for searcher in _searchers:
        if len(hits) < at_most:
            hits += searcher(piece, unit_ids, at_most - len(hits))
    return hits


def _escape(piece: str) -> str:
    return piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# The materialized step keeps the trigram index in use whatever the order asks for; the bound
# keeps a piece that fits a million numbers as fast as one that fits three.
DEVICE_PIECES = """
with hit as materialized (
    select id from assets_device
     where (upper(barcode) like %(like)s or upper(serial_no) like %(like)s)
       and unit_id = any(%(units)s) limit 501
)
select d.barcode, m.code, m.name, d.state
  from hit join assets_device d using (id) join assets_devicemodel m on m.id = d.model_id
 order by d.id limit %(at_most)s
"""


def search_devices(piece: str, unit_ids: list[int], at_most: int) -> list[Hit]:
    """Devices by a piece of bar code or maker's number, three characters or more."""
    from ..choices import DeviceState

    if len(piece) < 3 or not piece.isascii():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            DEVICE_PIECES,
            {"like": f"%{_escape(piece.upper())}%", "units": unit_ids, "at_most": at_most},
        )
        return [
            Hit("device", barcode, f"{code} {name} · {DeviceState(state).label}", reverse("device", args=[barcode]))
            for barcode, code, name, state in cursor.fetchall()
        ]
