"""Papers of the store: in, out, hand-over."""

from dataclasses import dataclass
from datetime import date

from .common import DeviceRow, GoodsLine, Paper, Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class StockNote(Paper):
    """入库单 or 出库单; the kind of paper says which.

    `purpose` is a code (purchase, verified, distribution, issue, return, to_maker, …).
    """

    purpose: str
    moved_on: date
    from_place: str
    to_place: str
    basis: str = ""
    lines: tuple[GoodsLine, ...]
    boxes: tuple[tuple[str, int], ...] = ()
    devices: tuple[DeviceRow, ...] = ()
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverNote(Paper):
    """交接单: two sides; open until the other side has received.

    `state` is open, received or received_with_difference.
    """

    purpose: str
    state: str
    from_unit: str
    from_place: str = ""
    to_unit: str
    to_place: str = ""
    basis: str = ""
    lines: tuple[GoodsLine, ...]
    boxes: tuple[tuple[str, int], ...] = ()
    devices: tuple[DeviceRow, ...] = ()
    received_quantity: int | None = None
    differences: tuple[DeviceRow, ...] = ()
    handed_over: Signature
    received: Signature
    carrier: Signature | None = None
    due_on: date | None = None
