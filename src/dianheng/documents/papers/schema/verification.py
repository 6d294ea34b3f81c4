"""Papers of the laboratory: certificate, notice, original record, task, failures, summary."""

from dataclasses import dataclass
from datetime import date, datetime

from .common import (
    FAIL,
    NO_ENVIRONMENT,
    PASS,
    VALIDITY,
    Amendment,
    Assessment,
    Device,
    Environment,
    Paper,
    Regulation,
    Signature,
    Standard,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPoint:
    """One load point of the basic error; figures in per cent of reading.

    `direction` is active_import, active_export, reactive_import or reactive_export; `load` is
    balanced, phase_a, phase_b or phase_c; `current` and `power_factor` are the point's names
    ("0.1Ib", "0.5L"). `limit_pct` is the magnitude of the legal limit, `band_pct` of the
    company's own band, `interval_pct` the rounding interval and `row` the row of the rule set that
    has the limit (with `Result.evidence`).
    """

    current: str
    power_factor: str
    limit_pct: str
    rounded_pct: str
    direction: str = "active_import"
    load: str = "balanced"
    band_pct: str = ""
    readings_pct: tuple[str, ...] = ()
    mean_pct: str = ""
    conclusion: str = PASS
    interval_pct: str = ""
    row: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerPoint:
    """Both errors of a transformer at a percent of its rated current or voltage.

    `burden` is rated or lower; readings stand in the order of the run: rising, then falling.
    Limits are magnitudes; f in %, delta in minutes of arc.
    """

    burden: str
    percent: str
    f_pct: str
    f_limit_pct: str
    delta_min: str
    delta_limit_min: str
    f_readings_pct: tuple[str, ...] = ()
    delta_readings_min: tuple[str, ...] = ()
    f_conclusion: str = PASS
    delta_conclusion: str = PASS
    f_interval_pct: str = ""
    delta_interval_min: str = ""
    f_row: str = ""
    delta_row: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerSheet:
    """The errors of one part (CT or PT), phase and ratio of a transformer."""

    part: str
    ratio: str
    phase: str = ""
    accuracy_class: str = ""
    rated_burden_va: str = ""
    lower_burden_va: str = ""
    power_factor: str = ""
    points: tuple[TransformerPoint, ...]
    conclusion: str = PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class TestItem:
    """Any other item of the regulation.

    `item` is its code (appearance, ac_voltage, creep, start, constant, clock_daily, …),
    `conditions` and `requirement` are short and in symbols so that they need no translation.
    `value` is what was judged before rounding to `interval`, held against `limit_low` and
    `limit_high` of `row`; `facts` are the findings as the tester stated them, by name.
    """

    __test__ = False  # not a test case

    item: str
    conclusion: str = PASS
    conditions: str = ""
    requirement: str = ""
    readings: tuple[str, ...] = ()
    result: str = ""
    unit: str = ""
    note: str = ""
    value: str = ""
    interval: str = ""
    limit_low: str = ""
    limit_high: str = ""
    row: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """An edition of a standard as it judged; `digest` is the SHA-256 of its figures."""

    standard: str
    edition: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One step of the chain of standards, as known when the paper was made.

    `standard` holds the certificate, `traced_to` is what it was verified by, kept by `kept_by`.
    """

    standard: str
    certificate_no: str
    valid_through: date | None = None
    traced_to: str
    kept_by: str = ""
    is_national: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is needed beside the results to work the conclusion out again.

    `rules` judged; `further_rules` are the other editions in use. The first `first_count` readings
    of a point of a meter are judged by their mean; where it lies between `extra_from_ratio` and
    `extra_to_ratio` of the limit, `extra_count` further ones join it (empty: never).
    `connection` (direct, via_transformer) and `imax_ratio` (Imax by the base current) choose the
    limit of a meter's point.
    """

    version: int = 1
    rules: RuleBook
    further_rules: tuple[RuleBook, ...] = ()
    scheme: str = ""
    connection: str = ""
    imax_ratio: str = ""
    first_count: int = 0
    extra_count: int = 0
    extra_from_ratio: str = ""
    extra_to_ratio: str = ""
    chain: tuple[Trace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SealLine:
    """A seal that was set; `position` is a code (meter_cover_left, …)."""

    seal_no: str
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Paper):
    """What a certificate and a notice of result share."""

    client: str
    client_address: str = ""
    device: Device
    regulations: tuple[Regulation, ...]
    kind_of_verification: str = "initial"
    received_on: date | None = None
    verified_on: date
    assessments: tuple[Assessment, ...] = ()
    standards: tuple[Standard, ...] = ()
    environment: Environment = NO_ENVIRONMENT
    points: tuple[ErrorPoint, ...] = ()
    sheets: tuple[TransformerSheet, ...] = ()
    items: tuple[TestItem, ...] = ()
    verifier: Signature
    checker: Signature
    approver: Signature
    record_no: str = ""
    replaces: Amendment | None = None
    is_provisional: bool = False
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(Result):
    """检定证书. `valid_through` is the last day, of validity or (`term`) of use."""

    valid_through: date
    validity_mode: str = VALIDITY
    seals: tuple[SealLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultNotice(Result):
    """检定结果通知书: no validity date; `failed_items` are codes of the items that failed."""

    failed_items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalRecord(Paper):
    """原始记录 of a meter or transformer: everything that was measured, as received and as judged.

    `digest` is the record's SHA-256 as it stands in the audit chain.
    `internal_conclusion` is the company's own band, separate from the verdict.
    """

    client: str
    device: Device
    regulations: tuple[Regulation, ...]
    kind_of_verification: str = "initial"
    task_no: str = ""
    scheme: str = ""
    bench_no: str = ""
    position_no: str = ""
    attempt: int = 1
    attempt_reason: str = ""
    started_at: datetime
    ended_at: datetime
    assessments: tuple[Assessment, ...] = ()
    standards: tuple[Standard, ...]
    environment: Environment
    points: tuple[ErrorPoint, ...] = ()
    sheets: tuple[TransformerSheet, ...] = ()
    items: tuple[TestItem, ...] = ()
    conclusion: str
    internal_conclusion: str = ""
    bench_conclusion: str = ""
    valid_through: date | None = None
    validity_mode: str = VALIDITY
    seals: tuple[SealLine, ...] = ()
    verifier: Signature
    checker: Signature
    digest: str = ""
    is_provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLine:
    """One bench load of a task."""

    load_no: str
    bench_no: str
    positions: int
    quantity: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointGroup:
    """Load points of a scheme that share direction, phases and power factor.

    `direction` and `load` as in `ErrorPoint`, empty where they go without saying (active import,
    balanced); `loads` as the rule books write them: Imax, 0.5Imax, Ib.
    """

    direction: str = ""
    load: str = ""
    factor: str = ""
    loads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeLine:
    """One item of the scheme with its points or its conditions."""

    item: str
    conditions: str = ""
    points: tuple[PointGroup, ...] = ()
    requirement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationTask(Paper):
    """检定任务单: which devices are tested how, where, by whom and until when."""

    lot_no: str = ""
    device: Device
    quantity: int
    kind_of_verification: str = "initial"
    scheme: str
    regulations: tuple[Regulation, ...]
    from_on: date
    until_on: date
    loads: tuple[LoadLine, ...] = ()
    lines: tuple[SchemeLine, ...] = ()
    standards: tuple[Standard, ...] = ()
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow:
    """A device that failed: the item, what was measured and what was allowed.

    `conclusion` is fail, outside_control (legally passed, outside the company's band) or unfit
    (not as ordered).
    """

    bar_code: str
    serial_no: str = ""
    items: tuple[str, ...]
    measured: str = ""
    limit: str = ""
    attempts: int = 1
    position: str = ""
    conclusion: str = FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureList(Paper):
    """不合格清单 of a lot or task."""

    lot_no: str
    task_no: str = ""
    device: Device
    regulations: tuple[Regulation, ...] = ()
    tested: int
    rows: tuple[FailureRow, ...]
    verified_from_on: date | None = None
    verified_until_on: date | None = None
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLine:
    """A count with its meaning; `label` is a code or free text."""

    label: str
    count: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointStatistics:
    """Spread of the rounded errors of a lot at one point, per cent of reading."""

    current: str
    power_factor: str
    load: str = "balanced"
    direction: str = "active_import"
    limit_pct: str
    count: int
    mean_pct: str
    deviation_pct: str
    lowest_pct: str
    highest_pct: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LotSummary(Paper):
    """批次检定汇总表: how a lot fared from arrival to stock."""

    lot_no: str
    tender_batch: str = ""
    device: Device
    regulations: tuple[Regulation, ...] = ()
    from_on: date
    until_on: date
    counts: tuple[CountLine, ...]
    pass_count: int
    judged_count: int
    pass_rate_pct: str
    failures: tuple[CountLine, ...] = ()
    statistics: tuple[PointStatistics, ...] = ()
    documents: tuple[tuple[str, str], ...] = ()
    signatures: tuple[Signature, ...] = ()
