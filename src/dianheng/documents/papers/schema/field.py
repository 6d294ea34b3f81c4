"""The record of a check on site."""

from dataclasses import dataclass
from datetime import date, datetime

from .common import Device, Paper, Signature, Standard
from .verification import TransformerSheet


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

    Of a transformer that was measured on site `transformer` has the errors.
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
    transformer: tuple[TransformerSheet, ...] = ()
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt(Paper):
    """What papers of a doubted meter begin with: who doubts which meter, and why."""

    kind_of_verification: str
    customer_no: str = ""
    customer: str = ""
    address: str = ""
    point_no: str = ""
    device: Device
    task_no: str = ""
    taken_on: date | None = None
    reason: str = ""
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtNotice(_Doubt):
    """检验结果通知书: what a doubted meter was found to be, who bears the fee, what is settled.

    `way` is site or laboratory, `conclusion` pass, fail or damaged, `bearer` customer or company;
    amounts and shares are texts, empty where there are none.
    """

    record_no: str = ""
    certificate_no: str = ""
    tested_at: datetime | None = None
    way: str
    results: tuple[SiteResult, ...] = ()
    conclusion: str
    seals: str = ""
    present: tuple[str, ...] = ()
    bearer: str
    fee_yuan: str
    due_yuan: str = ""
    refund_yuan: str = ""
    settled_since: str = ""
    settled_through: str = ""
    settled_days: str = ""
    error_pct: str = ""
    settled_pct: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who was invited to the opening of a seal: side (customer, company), name, day, presence."""

    side: str
    name: str
    invited_on: str = ""
    present: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRecord(_Doubt):
    """启封记录 of an arbitration: the seal is opened before both parties, who sign."""

    opened_at: str = ""
    seal_nos: str = ""
    seals_whole: str = ""
    parties: tuple[Party, ...] = ()
    statement: str = ""
