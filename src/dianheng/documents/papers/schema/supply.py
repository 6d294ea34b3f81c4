"""Papers of the arrival: acceptance, draw, sampling report, return."""

from dataclasses import dataclass
from datetime import date, datetime

from .common import PASS, Amendment, DeviceRow, Opinion, Paper, Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What was ordered: the order line a delivery, lot or return belongs to."""

    supplier: str
    contract_no: str = ""
    order_line: str = ""
    tender_batch: str = ""
    material_code: str = ""
    kind_name: str = ""
    model: str = ""
    specification: str = ""
    accuracy_class: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One line of the check on arrival; `check` is a code or free text."""

    check: str
    requirement: str = ""
    result: str = ""
    conclusion: str = PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalAcceptance(Paper):
    """到货验收单: one form, two departments.

    `lots` are (lot number, devices) as split before the draw; short, over and foreign are what
    the scan showed against the delivery file.
    """

    goods: Goods
    arrival_no: str
    delivery_note_no: str = ""
    arrived_on: date
    place: str = ""
    ordered: int
    delivered: int
    scanned: int
    boxes: int | None = None
    first_bar_code: str = ""
    last_bar_code: str = ""
    short: tuple[DeviceRow, ...] = ()
    over: tuple[DeviceRow, ...] = ()
    foreign: tuple[DeviceRow, ...] = ()
    checks: tuple[CheckLine, ...] = ()
    lots: tuple[tuple[str, int], ...] = ()
    sampling_report_no: str = ""
    sampling_conclusion: str = ""
    opinions: tuple[Opinion, Opinion]
    decision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """Plan for one class of nonconformity; `found` only after the test."""

    nonconformity: str
    aql: str
    code_letter: str
    sample_size: int
    accept: int
    reject: int
    found: int | None = None
    conclusion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sampling plan by GB/T 2828.1: level, severity and a line for each class."""

    standard: str
    level: str
    severity: str
    lines: tuple[PlanLine, ...]
    sample_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How the sample was drawn, so that anyone can repeat it.

    `seed` stays empty until it is published; `list_digest` is the digest of the frozen list
    of `lot_size` bar codes, sorted.
    """

    algorithm: str
    seed_digest: str
    seed_digest_at: datetime
    seed: str = ""
    seed_at: datetime | None = None
    list_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingForm(Paper):
    """抽样单: lot, plan, draw and the devices drawn."""

    goods: Goods
    lot_no: str
    arrivals: tuple[str, ...] = ()
    lot_size: int
    plan: Plan
    draw: Draw
    drawn_at: datetime
    sample: tuple[DeviceRow, ...]
    tested_at_place: str = ""
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleItem:
    """An item tested on the sample: how many devices, how many failed."""

    item: str
    nonconformity: str
    tested: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFailure:
    """A device of the sample that failed; the first result is the one that counts."""

    bar_code: str
    item: str
    nonconformity: str
    measured: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingReport(Paper):
    """抽检报告: what the sample showed, accepted or rejected per class and in all."""

    goods: Goods
    lot_no: str
    lot_size: int
    form_no: str
    plan: Plan
    tested_by: str
    outside_report_no: str = ""
    tested_from_on: date
    tested_until_on: date
    regulations: tuple[str, ...] = ()
    items: tuple[SampleItem, ...]
    failures: tuple[SampleFailure, ...] = ()
    conclusion: str
    next_severity: str = ""
    replaces: Amendment | None = None
    verifier: Signature
    checker: Signature
    approver: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReason:
    """A reason with its number of devices and the paper that proves it."""

    reason: str
    quantity: int
    document_kind: str = ""
    document_no: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnNotice(Paper):
    """退货通知单 to the supplier."""

    goods: Goods
    lot_no: str
    lot_size: int
    quantity: int
    reasons: tuple[ReturnReason, ...]
    demand: str = ""
    answer_until_on: date | None = None
    contact: str = ""
    rows: tuple[DeviceRow, ...] = ()
    signatures: tuple[Signature, ...] = ()
