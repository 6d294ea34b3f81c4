"""The record of a QC batch."""

from dataclasses import dataclass
from datetime import datetime

from .common import Paper, Signature, Standard


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """A meter of the run: registers in kWh, `conclusion` a code."""

    bar_code: str
    model: str = ""
    start: str
    end: str
    increment: str
    difference: str
    limit: str
    difference_pct: str
    rates_difference: str = ""
    conclusion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRecord(Paper):
    """质检记录: a register run beside a reference meter, what each meter and the batch came to."""

    kind: str  # register_run, qc_bench
    bench: str
    lot_no: str = ""
    sample: str = ""  # "12 / 240 = 5.0 %"
    allowed: int = 0
    failed: int
    reference_kwh: str
    run_from: datetime
    run_until: datetime
    rows: tuple[QualityRow, ...]
    rules: tuple[str, ...] = ()
    standards: tuple[Standard, ...] = ()
    conclusion: str
    signatures: tuple[Signature, ...] = ()
