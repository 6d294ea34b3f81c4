"""A bench that measures meters which do not exist: for the demo story, tests and timings.

It gets what every bench gets (`selectors.loads.load_sheet`) and answers with an upload in the
neutral format. Errors have the shapes of real meters: a bias of the model, an offset of each
meter, a bend at light load, a shift with the power factor, a small offset of each position and
the noise of the readings. The same seed gives the same readings.
"""

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from dianheng.metrology.errors import NoRule
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD
from dianheng.metrology.plates import Connection
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.verdicts import PointRule, point_rule

from .envelope import DIRECTIONS, SCHEMA
from .simulated_meter import GOOD, REAL_CLASS, Meter, Shape

# How often a meter of a usual lot has which fault.
FAULTS: Mapping[str, float] = {
    "error": 0.004,
    "outside_band": 0.010,
    "clock": 0.002,
    "appearance": 0.003,
    "start": 0.001,
    "creep": 0.0005,
    "constant": 0.0005,
    "test_keys": 0.001,
    "wrong_price": 0.001,
    "communication": 0.001,
    "relay": 0.0005,
}
NO_FAULTS: Mapping[str, float] = {}


@dataclass
class SimulatedBench:
    """A bench with its standards and operators.

    Args:
        bench_no: its number in the register.
        standards: `{asset_no, accuracy_class, certificate_no, valid_until}` of each.
        operators: staff numbers of the verifiers.
        shape: how the meters err.
        faults: how often a meter has which fault (`FAULTS`).
        seed: the same seed, load and attempt give the same readings.
        errs: what this bench itself gets wrong: `rounding` (half away from zero instead of to
            even), `band` (judges by 60 % of the limit), `limits` (takes the limits of class 1
            for all).
        sticky_position: a position that reads so much too high, %: (position, offset).
    """

    bench_no: str
    standards: Sequence[Mapping[str, str]]
    operators: Sequence[str]
    shape: Shape = GOOD
    faults: Mapping[str, float] = field(default_factory=lambda: dict(FAULTS))
    seed: int = 1
    errs: frozenset[str] = frozenset()
    sticky_position: tuple[int, float] = (0, 0.0)

    def run(
        self,
        sheet: Mapping[str, Any],
        *,
        started_at: datetime,
        seals: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        meter_faults: Mapping[str, str] | None = None,
        retest_reason: str = "",
    ) -> dict[str, Any]:
        """Measure a load.

        Args:
            sheet: the load as the bench gets it.
            started_at: moment with zone.
            seals: (number, position) fitted on the meters that pass, by asset number.
            meter_faults: a fault of `FAULTS` that a meter has for certain, by asset number; an
                empty text: none.
            retest_reason: for retests that were not loaded with one.

        Returns:
            The envelope, ready for JSON.
        """
        rng = random.Random(f"{self.seed} {sheet['load_no']}")  # noqa: S311  no secret
        temperature, humidity = rng.gauss(23.0, 0.4), rng.gauss(55.0, 3.0)
        finished_at = started_at + timedelta(minutes=rng.randint(38, 55))
        load = Load(self, sheet)
        devices = [
            load.device(
                place,
                started_at,
                finished_at,
                ((temperature, humidity), (temperature + 0.2, humidity - 0.6)),
                seals or {},
                meter_faults or {},
                retest_reason,
            )
            for place in sheet["positions"]
        ]
        return {
            "schema": SCHEMA,
            "upload_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "sent_at": (finished_at + timedelta(minutes=1)).isoformat(),
            "source_system": "simulated bench",
            "bench_no": self.bench_no,
            "bench_serial": f"SIM-{self.bench_no}",
            "software_version": "1.0",
            "load_no": sheet["load_no"],
            "devices": devices,
        }


class Load:
    def __init__(self, bench: SimulatedBench, sheet: Mapping[str, Any]):
        self.bench = bench
        self.sheet = sheet
        model = sheet["model"]
        self.accuracy_class = _legal_class(model["accuracy_class"]["active"])
        self.reactive_class = model["accuracy_class"]["reactive"]
        self.connection = Connection(model["connection"])
        self.scale = REAL_CLASS[self.accuracy_class]
        self.imax_ratio = Decimal(model["max_current_a"]) / Decimal(model["current_a"])
        standard, _dash, edition = sheet["scheme"]["regulation"].rpartition("-")
        self.rules = rule_set(standard, edition)
        self.constant = Decimal(model["constant"]["active"])
        self._rules_of: dict[tuple[str, ...], PointRule] = {}

    def device(
        self,
        place: Mapping[str, Any],
        started_at: datetime,
        finished_at: datetime,
        environment: tuple[tuple[float, float], tuple[float, float]],
        seals: Mapping[str, Sequence[tuple[str, str]]],
        meter_faults: Mapping[str, str],
        retest_reason: str,
    ) -> dict[str, Any]:
        # A meter errs the same way in each attempt; what differs is the noise.
        own = random.Random(f"{self.bench.seed} {place['asset_no']}")  # noqa: S311
        meter = Meter(self, own, _fault_of(place["asset_no"], own, self.bench.faults, meter_faults))
        noise = random.Random(f"{self.bench.seed} {place['asset_no']} {place['attempt']}")  # noqa: S311
        points: list[dict[str, Any]] = []
        for item in self.sheet["scheme"]["items"]:
            for point in item["points"] or [{}]:
                points += meter.points(item, point, place, noise)
        for seq, point in enumerate(points, 1):
            point["seq"] = seq
        passed = all(point["conclusion"] != "FAIL" for point in points)
        model = self.sheet["model"]
        (t0, h0), (t1, h1) = environment
        header: dict[str, Any] = {
            "task_no": self.sheet["task_no"],
            "position_no": place["position_no"],
            "asset_no": place["asset_no"],
            "serial_no": place["serial_no"],
            "comm_address": place["comm_address"],
            "equipment_category": "METER",
            "test_kind": self.sheet["test_kind"],
            "model": model["code"],
            "accuracy_class": model["accuracy_class"],
            "constant": model["constant"],
            "rated": {
                "voltage_v": model["voltage_v"],
                "current_a": model["current_a"],
                "max_current_a": model["max_current_a"],
                "frequency_hz": model["frequency_hz"],
            },
            "standards": [dict(standard) for standard in self.bench.standards],
            "environment": {
                "start": {"temperature_c": f"{t0:.1f}", "humidity_pct": f"{h0:.1f}"},
                "end": {"temperature_c": f"{t1:.1f}", "humidity_pct": f"{h1:.1f}"},
            },
            "started_at": started_at.isoformat(),
            "finished_at": finished_at.isoformat(),
            "operators": [
                {"person_no": number, "role": "VERIFIER"} for number in self.bench.operators
            ],
            "overall": "PASS" if passed else "FAIL",
            "attempt": place["attempt"],
        }
        if passed and place["asset_no"] in seals:
            header["seals"] = [
                {"seal_no": number, "position": position}
                for number, position in seals[place["asset_no"]]
            ]
        if retest_reason and place["attempt"] > 1:
            header["retest_reason"] = retest_reason
        return {"header": header, "points": points}

    def rule(self, point: Mapping[str, str]) -> PointRule | None:
        """Limit and interval at a point, as this bench believes them."""
        key = tuple(
            point.get(name, "") for name in ("direction", "phase", "load_current", "power_factor")
        )
        if key not in self._rules_of:
            measure = "reactive" if DIRECTIONS[key[0]].endswith("reactive") else "active"
            accuracy_class = self.reactive_class if measure == "reactive" else self.accuracy_class
            if "limits" in self.bench.errs and measure == "active":
                accuracy_class = "1"
            try:
                self._rules_of[key] = point_rule(
                    self.rules,
                    accuracy_class=accuracy_class,
                    connection=self.connection,
                    load=key[2],
                    factor=key[3],
                    measure=measure,
                    loading=BALANCED if key[1] == "ABC" else SINGLE_PHASE_LOAD,
                    imax_ratio=self.imax_ratio,
                )
            except NoRule:
                return None
        return self._rules_of[key]


def _legal_class(name: str) -> str:
    return {"A": "2", "B": "1", "C": "0.5S", "D": "0.2S"}.get(name, name)


def _fault_of(
    asset_no: str, rng: random.Random, faults: Mapping[str, float], certain: Mapping[str, str]
) -> str:
    if asset_no in certain:
        return certain[asset_no]
    for name, rate in faults.items():
        if rng.random() < rate:
            return name
    return ""
