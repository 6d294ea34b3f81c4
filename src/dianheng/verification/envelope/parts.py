"""Words, bounds and typed parts of the neutral upload format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from dianheng.common.errors import Text

SCHEMA = "metering-test-upload/1"
MOST_DEVICES = 500
MOST_POINTS = 1000
MOST_SAMPLES = 100
CATEGORIES = ("METER", "CT", "VT", "COMBINED", "TERMINAL", "FIELD_METER", "VT_DROP", "BURDEN")
TEST_KINDS = (
    "INITIAL",
    "SUBSEQUENT",
    "IN_USE",
    "TEMPORARY",
    "CUSTOMER_REQUEST",
    "ARBITRATION",
    "SAMPLING",
    "ACCEPTANCE",
    "FIELD_CHECK",
)
OVERALL = ("PASS", "FAIL", "INCOMPLETE")
CONCLUSIONS = ("PASS", "FAIL", "NA")
ROLES = ("VERIFIER", "CHECKER")
UNITS = ("%", "s/d", "s", "min", "V", "kV", "kWh", "kvarh", "MOhm", "VA", "kW", "imp", "'")
DIRECTIONS = {
    "FWD_ACTIVE": "forward_active",
    "REV_ACTIVE": "reverse_active",
    "FWD_REACTIVE": "forward_reactive",
    "REV_REACTIVE": "reverse_reactive",
}
PHASES = ("ABC", "A", "B", "C")
# Parts of a transformer and their burdens.
PARTS = {"CT": "CT", "VT": "PT"}
BURDENS = {"RATED": "rated", "LOWER": "lower"}
# Items of the format and of the rules; "" is kept but not judged.
ITEMS = {
    "VISUAL": "appearance",
    "INSULATION": "insulation",
    "AC_VOLTAGE": "ac_voltage",
    "NO_LOAD": "creep",
    "STARTING": "start",
    "BASIC_ERROR": "basic_error",
    "REPEATABILITY": "standard_deviation",
    "CONSTANT": "constant",
    "REGISTER": "constant",
    "CLOCK": "clock_rate",
    "CLOCK_VALUE": "clock_value",
    "DEMAND": "demand",
    "TARIFF_SWITCH": "tariff_switch",
    "VARIATION": "variation",
    "CONSISTENCY": "consistency",
    "LOAD_VARIATION": "load_variation",
    "INFLUENCE": "",
    "COMMUNICATION": "communication",
    "ESAM_KEY": "key_state",
    "RELAY": "relay",
    "COMBINATION": "combination",
    "PARAMETER": "parameter",
    "RATIO_ERROR": "ratio_error",
    "PHASE_DISPLACEMENT": "phase_displacement",
    "WITHSTAND": "withstand",
    "POLARITY": "polarity",
    "DEMAGNETISING": "demagnetising",
    "MUTUAL_INFLUENCE": "mutual_influence",
    "BURDEN": "",
    "VT_DROP": "",
    "POWER_CONSUMPTION": "",
}
ENVELOPE_FIELDS = {
    "schema",
    "upload_id",
    "sent_at",
    "source_system",
    "bench_no",
    "bench_serial",
    "software_version",
    "signature",
    "devices",
}
HEADER_FIELDS = {
    "task_no",
    "position_no",
    "asset_no",
    "serial_no",
    "comm_address",
    "equipment_category",
    "test_kind",
    "model",
    "accuracy_class",
    "constant",
    "rated",
    "standards",
    "environment",
    "seals",
    "started_at",
    "finished_at",
    "operators",
    "checker",
    "overall",
    "attempt",
    "retest_reason",
    "signs_confirmed",
}
POINT_FIELDS = {
    "item",
    "seq",
    "direction",
    "part",
    "ratio",
    "burden",
    "percent_rated",
    "phase",
    "load_current",
    "current_a",
    "voltage_pct",
    "frequency_hz",
    "power_factor",
    "pulses",
    "samples",
    "mean",
    "rounded",
    "limit_low",
    "limit_high",
    "unit",
    "std_dev",
    "conclusion",
    "tested_at",
    "remark",
    "facts",
}


@dataclass(slots=True)
class Point:
    """One item at one point as the bench sent it; numbers exact."""

    seq: int
    name: str  # the bench's own name of the item
    item: str  # name of the rules; empty when they do not judge it
    direction: str = "forward_active"
    phases: str = "ABC"
    load: str = ""
    factor: str = ""
    samples: tuple[Decimal, ...] = ()
    pulses: int | None = None
    voltage_pct: Decimal | None = None
    mean: Decimal | None = None
    rounded: str = ""
    limit_low: Decimal | None = None
    limit_high: Decimal | None = None
    unit: str = ""
    conclusion: str = ""
    tested_at: datetime | None = None
    remark: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class DevicePart:
    """One device of an envelope: what was read of it, and every fault found."""

    index: int
    received: Mapping[str, Any]
    task_no: str = ""
    asset_no: str = ""
    position_no: int | None = None
    serial_no: str = ""
    comm_address: str = ""
    category: str = "METER"
    test_kind: str = ""
    attempt: int | None = None
    retest_reason: str = ""
    signs_confirmed: bool = False
    standards: tuple[Mapping[str, str], ...] = ()
    operators: tuple[Mapping[str, str], ...] = ()
    temperature_start_c: Decimal | None = None
    temperature_end_c: Decimal | None = None
    humidity_start_pct: Decimal | None = None
    humidity_end_pct: Decimal | None = None
    seals: tuple[tuple[str, str], ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    overall: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)

    def fault(self, where: str, code: str, text: Text) -> None:
        """Note one fault."""
        self.faults.append({"field": where, "code": code, "text": text})


@dataclass(slots=True)
class Envelope:
    """A whole upload."""

    upload_id: str
    sent_at: datetime | None
    bench_no: str
    signature: str
    extra: dict[str, Any]
    devices: list[DevicePart]
