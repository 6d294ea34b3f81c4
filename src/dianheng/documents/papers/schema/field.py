"""The record of a check on site."""

from dataclasses import dataclass
from datetime import date, datetime

from .common import Device, Paper, Signature, Standard


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePhasor:
    """A voltage or current as measured; `lag_deg` against the first voltage.

    The diagram is drawn from `kind` (U or I), `share`, thousandths of the largest of its
    kind, and `turn`, tenths of a degree from 0 to 3600, clockwise.
    """

    name: str
    size: str
    unit: str
    lag_deg: str = ""
    kind: str = "U"
    share: int = 1000
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResult:
    """An item of the check; `item` and `conclusion` are codes."""

    item: str
    point: str = ""
    readings: str = ""
    value: str = ""
    rounded: str = ""
    limit: str = ""
    conclusion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCheckRecord(Paper):
    """现场检验记录: conditions, phasors with their diagram, results, wiring, seals, who signs.

    `conditions`, `registers` and `orders` are pairs of a code or name and its value as text.
    """

    task_no: str
    point_no: str
    point_name: str
    customer: str = ""
    address: str = ""
    device_class: str = ""
    device: Device | None = None
    checked_at: datetime
    conditions: tuple[tuple[str, str], ...] = ()
    phasors: tuple[SitePhasor, ...] = ()
    results: tuple[SiteResult, ...] = ()
    wiring: str = ""
    wiring_alike: tuple[str, ...] = ()
    correction: str = ""
    registers: tuple[tuple[str, str], ...] = ()
    seals_removed: str = ""
    seals_applied: str = ""
    conclusion: str
    reasons: tuple[str, ...] = ()
    orders: tuple[tuple[str, date], ...] = ()
    rules: tuple[str, ...] = ()
    standards: tuple[Standard, ...] = ()
    signatures: tuple[Signature, ...] = ()
