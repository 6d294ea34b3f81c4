"""A transformer tester that measures transformers which do not exist: for demo story and tests.

It gets what every bench gets (`selectors.loads.load_sheet`) and answers with an upload in the
neutral format. Errors have the shapes of real transformers: the magnetising current bends f down
and δ up at small percents, a smaller burden lifts f; a current transformer that is
tested again was demagnetised; voltage transformers fall a little with the
burden. The same seed gives the same readings.
"""

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from .envelope import SCHEMA

# Full-scale errors of the classes, %, and the phase displacement that goes with them, minutes.
_SCALE = {"0.05": 0.05, "0.1": 0.1, "0.2": 0.2, "0.5": 0.5, "1": 1.0}
_MINUTES = 50
FAULTS = ("over", "turned", "polarity", "insulation")


@dataclass(frozen=True)
class SimulatedTester:
    """A tester with its standards and operators.

    Args:
        bench_no: its number in the register.
        category: of the devices, `CT`, `VT` or `COMBINED`.
        standards: `{asset_no, accuracy_class, certificate_no, valid_until}` of each.
        operators: staff numbers of the verifiers.
        seed: the same seed and transformer give the same readings.
    """

    bench_no: str
    category: str
    standards: Sequence[Mapping[str, str]]
    operators: Sequence[str]
    seed: int = 1

    def run(
        self,
        sheet: Mapping[str, Any],
        *,
        started_at: datetime,
        faults: Mapping[str, str] | None = None,
        retest_reason: str = "",
    ) -> dict[str, Any]:
        """Measure a load; `faults` names by asset number what is wrong (`FAULTS`)."""
        devices = []
        for turn, place in enumerate(sheet["positions"]):
            fault = (faults or {}).get(place["asset_no"], "")
            ended_at = started_at + timedelta(minutes=6 * (turn + 1))
            header: dict[str, Any] = {
                "task_no": sheet["task_no"],
                "asset_no": place["asset_no"],
                "position_no": place["position_no"],
                "serial_no": place["serial_no"],
                "equipment_category": self.category,
                "test_kind": sheet["test_kind"],
                "attempt": place["attempt"],
                "standards": list(self.standards),
                "environment": {"start": {"temperature_c": "21.5", "humidity_pct": "48"}},
                "operators": [{"person_no": each, "role": "VERIFIER"} for each in self.operators],
                "started_at": (ended_at - timedelta(minutes=6)).isoformat(),
                "finished_at": ended_at.isoformat(),
            }
            if place["attempt"] > 1:
                header["retest_reason"] = retest_reason
            devices.append({"header": header, "points": self._points(sheet, place, fault)})
        return {
            "schema": SCHEMA,
            "upload_id": str(uuid.UUID(int=self._dice(sheet["load_no"]).getrandbits(128))),
            "source_system": "simulated tester",
            "bench_no": self.bench_no,
            "sent_at": (started_at + timedelta(minutes=6 * len(devices))).isoformat(),
            "devices": devices,
        }

    def _dice(self, *about: object) -> random.Random:
        return random.Random(f"{self.seed} {' '.join(map(str, about))}")  # noqa: S311  no secret

    def _points(
        self, sheet: Mapping[str, Any], place: Mapping[str, Any], fault: str
    ) -> list[dict[str, Any]]:
        points: list[dict[str, Any]] = []
        for each in sheet["scheme"]["items"]:
            if each["points"]:
                runs = 2 if sheet["scheme"]["takes_down"] else 1
                points += [
                    self._error(each["item"], point, sheet, place, fault, runs)
                    for point in each["points"]
                ]
            else:
                points.append({"item": each["item"], "facts": _facts(each["item"], fault)})
        if place["attempt"] > 1 and self.category == "CT":
            points.append({"item": "DEMAGNETISING", "facts": {"is_done": True}})
        for seq, point in enumerate(points, 1):
            point["seq"] = seq
        return points

    def _error(
        self,
        item: str,
        point: Mapping[str, str],
        sheet: Mapping[str, Any],
        place: Mapping[str, Any],
        fault: str,
        runs: int,
    ) -> dict[str, Any]:
        part = next(each for each in sheet["model"]["parts"] if each["part"] == point["part"])
        scale = _SCALE[part["accuracy_class"].rstrip("S")]
        own = self._dice(place["asset_no"], point["part"], point["phase"]).uniform(-0.08, 0.08)
        if fault == "over":
            own -= 1.5
        f, delta = _shape(float(point["percent_rated"]), point["burden"] == "LOWER", part["part"])
        f, delta = scale * (f + own), scale * _MINUTES * (delta - own / 4)
        value = f if item == "RATIO_ERROR" else delta
        sign = -1 if fault == "turned" else 1
        places, step = (3, Decimal("0.001")) if item == "RATIO_ERROR" else (2, Decimal("0.01"))
        dice = self._dice(place["asset_no"], place["attempt"], item, *point.values())
        samples = [
            f"{Decimal(sign * (value + dice.uniform(-2, 2) * float(step))):+.{places}f}"
            for _run in range(runs)
        ]
        unit = "%" if item == "RATIO_ERROR" else "min"
        kept = {name: text for name, text in point.items() if name != "burden_va"}
        return {"item": item, **kept, "samples": samples, "unit": unit}


def _shape(percent: float, is_lower: bool, part: str) -> tuple[float, float]:
    """f and δ in parts of the class: f rises and δ falls with the current."""
    if part == "VT":
        return (0.35 if is_lower else -0.30), (0.10 if is_lower else 0.35)
    bend = (percent / 100) ** -0.25
    f = 0.10 - 0.22 * (bend - 1) + (0.25 if is_lower else 0.0)
    return f, (0.20 if is_lower else 0.32) * bend


def _facts(item: str, fault: str) -> dict[str, Any]:
    return {
        "POLARITY": {"sense": "additive" if fault == "polarity" else "subtractive"},
        "INSULATION": {"is_passed": fault != "insulation", "resistance_mohm": "2500"},
        "WITHSTAND": {"voltage_kv": "3", "duration_s": "60", "has_breakdown": False},
    }.get(item, {"is_passed": True})
