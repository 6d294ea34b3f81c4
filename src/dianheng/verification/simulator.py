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
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from dianheng.metrology.errors import NoRule
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD
from dianheng.metrology.loads import ratio_to_base, read_load
from dianheng.metrology.plates import Connection
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.verdicts import PointRule, error_verdict, point_rule

from .envelope import DIRECTIONS, SCHEMA


@dataclass(frozen=True)
class Shape:
    """How the meters of a model err, in % for class 1; other classes scale with the class."""

    bias: float = 0.02
    spread: float = 0.12  # from meter to meter; 1.2 % of meters are then outside consistency
    light_load: float = 0.10  # at a twentieth of the base current
    at_half_lagging: float = -0.08
    noise: float = 0.015  # from reading to reading
    position: float = 0.02  # from position to position of the bench


GOOD = Shape()
DRIFTING = Shape(bias=0.35, spread=0.28, light_load=0.30, at_half_lagging=-0.25)

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
_REAL_CLASS = {"0.2S": 0.2, "0.5S": 0.5, "1": 1.0, "2": 2.0, "A": 2.0, "B": 1.0, "C": 0.5, "D": 0.2}


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
        load = _Load(self, sheet)
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


class _Load:
    def __init__(self, bench: SimulatedBench, sheet: Mapping[str, Any]):
        self.bench = bench
        self.sheet = sheet
        model = sheet["model"]
        self.accuracy_class = _legal_class(model["accuracy_class"]["active"])
        self.reactive_class = model["accuracy_class"]["reactive"]
        self.connection = Connection(model["connection"])
        self.scale = _REAL_CLASS[self.accuracy_class]
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
        meter = _Meter(
            self, own, _fault_of(place["asset_no"], own, self.bench.faults, meter_faults)
        )
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


class _Meter:
    """One meter with its own way of erring."""

    def __init__(self, load: _Load, rng: random.Random, fault: str):
        shape = load.bench.shape
        self.load = load
        self.fault = fault
        self.offset = rng.gauss(shape.bias, shape.spread)
        self.light = abs(rng.gauss(shape.light_load, shape.light_load / 3))
        self.lagging = rng.gauss(shape.at_half_lagging, 0.03)
        self.clock = rng.gauss(0.02, 0.06)
        self.phase = {name: rng.gauss(0.0, 0.06) for name in "ABC"}
        self.side = rng.choice((-1, 1))

    def points(
        self,
        item: Mapping[str, Any],
        point: Mapping[str, str],
        place: Mapping[str, Any],
        rng: random.Random,
    ) -> list[dict[str, Any]]:
        """What the bench writes for one item at one point."""
        make = getattr(self, f"_{item['item'].lower()}", None)
        if make is None:
            return []
        found: dict[str, Any] = {"item": item["item"], **point, **make(item, point, place, rng)}
        found.setdefault("conclusion", "PASS")
        return [found]

    # -- errors ----------------------------------------------------------------------------------

    def error_pct(self, point: Mapping[str, str], place: Mapping[str, Any]) -> float:
        """The error of this meter at a point, without noise."""
        shape, bench = self.load.bench.shape, self.load.bench
        ratio = ratio_to_base(
            read_load(point["load_current"]), self.load.connection, self.load.imax_ratio
        )
        value = self.offset
        if ratio is not None and ratio < 1:
            value += self.light * float(1 - ratio) ** 4
        factor = point.get("power_factor", "1.0")
        if factor != "1.0":
            lag = 1.0 if factor.endswith("L") or factor[-1].isdigit() else -0.6
            value += self.lagging * lag
        if point.get("phase", "ABC") != "ABC":
            value += self.phase[point["phase"]]
        value *= self.load.scale
        place_rng = random.Random(f"{bench.bench_no} {place['position_no']}")  # noqa: S311
        value += place_rng.gauss(0.0, shape.position) * self.load.scale
        if place["position_no"] == bench.sticky_position[0]:
            value += bench.sticky_position[1]
        return value

    def _basic_error(
        self,
        item: Mapping[str, Any],
        point: Mapping[str, str],
        place: Mapping[str, Any],
        rng: random.Random,
    ) -> dict[str, Any]:
        rule = self.load.rule(point)
        centre = self.error_pct(point, place)
        if rule is not None:
            limit = float(rule.limit_pct)
            if self.fault == "error":
                centre = self.side * limit * 1.45
            elif self.fault == "outside_band":
                centre = self.side * limit * 0.72
            else:
                # What a maker lets out of the house lies well within.
                centre = max(-0.5 * limit, min(0.5 * limit, centre))
        noise = self.load.bench.shape.noise * self.load.scale

        def reading() -> Decimal:
            return Decimal(f"{rng.gauss(centre, noise):.4f}")

        samples = [reading(), reading()]
        answer: dict[str, Any] = {
            "voltage_pct": "100",
            "frequency_hz": "50.00",
            "unit": "%",
            "pulses": 10,
        }
        if rule is None:
            return answer | {"samples": [f"{s:+.4f}" for s in samples]}
        first = sum(samples) / 2
        if rule.extra_from_pct <= abs(first) <= rule.extra_to_pct:
            samples += [reading(), reading()]
        return answer | self._judged(rule, samples)

    def _judged(self, rule: PointRule, samples: Sequence[Decimal]) -> dict[str, Any]:
        """The bench's own mean, rounded value, limits, conclusion, with its own mistakes."""
        verdict = error_verdict(rule, samples[:2], samples[2:])
        assert verdict.value is not None and verdict.rounded is not None
        rounded, limit = verdict.rounded, rule.limit_pct
        if "rounding" in self.load.bench.errs:
            steps = (verdict.value / rule.interval_pct).quantize(Decimal(1), "ROUND_HALF_UP")
            rounded = (steps * rule.interval_pct).quantize(rule.quantum)
        if "band" in self.load.bench.errs:
            limit = limit * Decimal("0.6")
        text = f"{rounded:+f}" if rounded else f"{abs(rounded):f}"
        mean = verdict.value.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
        return {
            "samples": [f"{s:+.4f}" for s in samples],
            "mean": f"{mean:f}",
            "rounded": text,
            "limit_low": f"{-limit:f}",
            "limit_high": f"{limit:f}",
            "conclusion": "PASS" if abs(rounded) <= limit else "FAIL",
        }

    def _consistency(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        centre = self.error_pct(point, place)
        noise = self.load.bench.shape.noise * self.load.scale
        return {"unit": "%", "samples": [f"{rng.gauss(centre, noise):+.4f}" for _ in range(2)]}

    def _variation(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        return self._consistency(item, point, place, rng)

    def _load_variation(
        self, item: Any, point: Any, place: Any, rng: random.Random
    ) -> dict[str, Any]:
        return self._consistency(item, point, place, rng)

    def _repeatability(
        self, item: Any, point: Any, place: Any, rng: random.Random
    ) -> dict[str, Any]:
        centre = self.error_pct(point, place)
        noise = self.load.bench.shape.noise * self.load.scale
        return {"unit": "%", "samples": [f"{rng.gauss(centre, noise):+.4f}" for _ in range(5)]}

    def _demand(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        return {"unit": "%", "samples": [f"{rng.gauss(0.05, 0.05) * self.load.scale:+.3f}"]}

    # -- what is looked at or tried ------------------------------------------------------------------

    def _visual(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        if self.fault == "appearance":
            return {
                "conclusion": "FAIL",
                "remark": "液晶缺笔画",
                "facts": {"is_passed": False, "findings": ["液晶缺笔画"]},
            }
        return {"facts": {"is_passed": True}}

    def _ac_voltage(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        return {
            "facts": {
                "voltage_kv": item.get("voltage_kv", "4"),
                "duration_s": item.get("duration_s", "60"),
                "has_breakdown": False,
            }
        }

    def _no_load(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        elapsed = Decimal(item["least_min"]).quantize(Decimal("0.1"), "ROUND_UP")
        pulses = 3 if self.fault == "creep" else 0
        return {
            "voltage_pct": item["voltage_pct"],
            "pulses": pulses,
            "samples": [f"{elapsed:f}"],
            "unit": "min",
            "conclusion": "FAIL" if pulses > 1 else "PASS",
        }

    def _starting(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        limit = Decimal(item["limit_min"])
        if self.fault == "start":
            waited = limit.quantize(Decimal("0.1"), "ROUND_UP")
            return {
                "current_a": item["current_a"],
                "pulses": 0,
                "samples": [f"{waited:f}"],
                "unit": "min",
                "conclusion": "FAIL",
            }
        first = Decimal(f"{float(limit) * rng.uniform(0.70, 0.88):.2f}")
        return {
            "current_a": item["current_a"],
            "pulses": 1,
            "samples": [f"{first:f}"],
            "unit": "min",
        }

    def _constant(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        register = Decimal("0.10")
        pulses = int(register * self.load.constant)
        if self.fault == "constant":
            pulses += int(self.load.constant / 20)
        decimals = int(self.load.sheet["model"]["register_decimals"])
        return {
            "samples": [f"{register:.{decimals}f}"],
            "unit": "kWh",
            "pulses": pulses,
            "conclusion": "FAIL" if self.fault == "constant" else "PASS",
        }

    def _combination(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        count = max(2, int(self.load.sheet["model"]["rates"]))
        rates = [Decimal(rng.randint(6, 9)) / 100 for _ in range(count)]
        total = sum(rates, Decimal(0))
        return {"samples": [f"{value:.2f}" for value in (total, *rates)], "unit": "kWh"}

    def _clock(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        centre = 0.78 if self.fault == "clock" else max(-0.35, min(0.35, self.clock))
        samples = [Decimal(f"{rng.gauss(centre, 0.01):.3f}") for _ in range(5)]
        rounded = (sum(samples, Decimal(0)) / 5).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        return {
            "samples": [f"{s:+f}" for s in samples],
            "unit": "s/d",
            "rounded": f"{rounded:+f}" if rounded else "0.00",
            "limit_low": "-0.5",
            "limit_high": "0.5",
            "conclusion": "FAIL" if abs(rounded) > Decimal("0.5") else "PASS",
        }

    def _clock_value(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        return {"samples": [f"{rng.uniform(-1.5, 1.5):+.1f}"], "unit": "s"}

    def _tariff_switch(
        self, item: Any, point: Any, place: Any, rng: random.Random
    ) -> dict[str, Any]:
        return {"samples": [f"{rng.uniform(-0.02, 0.02):+.3f}" for _ in range(2)], "unit": "min"}

    def _communication(
        self, item: Any, point: Any, place: Any, rng: random.Random
    ) -> dict[str, Any]:
        if self.fault == "communication":
            return {"conclusion": "FAIL", "remark": "RS-485 无应答", "facts": {"is_passed": False}}
        return {"facts": {"is_passed": True}}

    def _esam_key(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        if self.fault == "test_keys":
            return {"conclusion": "FAIL", "facts": {"key_state": "test"}}
        return {"facts": {"key_state": "formal"}}

    def _parameter(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        found = dict(place.get("ordered") or {})
        if self.fault == "wrong_price":
            found["price_preset"] = "JM-0000"  # as the maker leaves it
            return {"conclusion": "FAIL", "facts": {"found": found}}
        return {"facts": {"found": found}}

    def _relay(self, item: Any, point: Any, place: Any, rng: random.Random) -> dict[str, Any]:
        times = {
            "open_s": f"{rng.uniform(0.4, 1.6):.1f}",
            "close_s": f"{rng.uniform(0.4, 1.6):.1f}",
        }
        if self.fault == "relay":
            del times["close_s"]
            return {"conclusion": "FAIL", "facts": times}
        return {"facts": times}
