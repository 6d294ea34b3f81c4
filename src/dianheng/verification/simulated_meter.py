"""A meter that does not exist, with its own way of erring; for the simulated bench."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from dianheng.metrology.loads import ratio_to_base, read_load
from dianheng.metrology.verdicts import PointRule, error_verdict

if TYPE_CHECKING:
    from .simulator import Load


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
REAL_CLASS = {"0.2S": 0.2, "0.5S": 0.5, "1": 1.0, "2": 2.0, "A": 2.0, "B": 1.0, "C": 0.5, "D": 0.2}


class Meter:
    """One meter with its own way of erring."""

    def __init__(self, load: "Load", rng: random.Random, fault: str):
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
