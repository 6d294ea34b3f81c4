"""Papers of the store: in, out, hand-over."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

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
class SentThing:
    """A standard on the hand-over list of a send-out; what is found and costs on the list in only.

    `found` is good, rejected, damaged or untested.
    """

    name: str
    model: str = ""
    bar_code: str
    serial_no: str = ""
    accuracy: str = ""
    accessories: str = ""
    condition: str = ""
    found: str = ""
    certificate_no: str = ""
    cost_yuan: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverNote(Paper):
    """交接单: two sides; open until the other side has received.

    `state` is open, received or received_with_difference. Standards on their way to a higher
    body and back stand in `things` one by one, in place of `lines`.
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
    things: tuple[SentThing, ...] = ()
    total_yuan: Decimal | None = None
    received_quantity: int | None = None
    differences: tuple[DeviceRow, ...] = ()
    handed_over: Signature
    received: Signature
    carrier: Signature | None = None
    due_on: date | None = None
