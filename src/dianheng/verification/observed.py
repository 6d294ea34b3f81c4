"""From points as benches send them to observations as the rules take them.

A point may carry `facts` by the names of the rules (docs/reference/bench-upload.md). What the
plain fields of the format say stands in for facts that are absent; nothing is made up.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.items import TRANSFORMER_ITEMS, Item
from dianheng.metrology.observations import NO_FACTS, Observation
from dianheng.metrology.quantities import read_decimal

from .envelope import Point

# Facts of each item that a point may state; others are kept and not used.
KNOWN_FACTS: Mapping[str, frozenset[str]] = {
    "appearance": frozenset({"is_passed", "findings"}),
    "communication": frozenset({"is_passed", "findings"}),
    "ac_voltage": frozenset({"voltage_kv", "duration_s", "has_breakdown"}),
    "creep": frozenset({"pulses", "elapsed_min", "voltage_pct"}),
    "start": frozenset({"first_pulse_min", "elapsed_min"}),
    "constant": frozenset({"register_kwh", "pulses", "reference_kwh"}),
    "combination": frozenset({"total_kwh", "rates_kwh"}),
    "demand": frozenset({"meter_kw", "standard_kw"}),
    "consistency": frozenset({"group_mean_pct"}),
    "key_state": frozenset({"key_state"}),
    "parameter": frozenset({"found"}),
    "relay": frozenset({"open_s", "close_s"}),
    "ratio_error": frozenset({"ratio", "previous"}),
    "phase_displacement": frozenset({"ratio", "previous"}),
    "insulation": frozenset({"is_passed", "findings", "resistance_mohm"}),
    "withstand": frozenset({"voltage_kv", "duration_s", "has_breakdown"}),
    "polarity": frozenset({"sense"}),
    "demagnetising": frozenset({"is_done", "after_failure"}),
    "mutual_influence": frozenset({"is_passed", "findings"}),
}
NUMBERS = frozenset(
    {
        "voltage_kv",
        "duration_s",
        "elapsed_min",
        "voltage_pct",
        "first_pulse_min",
        "register_kwh",
        "reference_kwh",
        "total_kwh",
        "meter_kw",
        "standard_kw",
        "group_mean_pct",
        "open_s",
        "close_s",
        "pulses",
        "previous",
        "resistance_mohm",
    }
)
# What a bench may write for the state of the keys.
KEY_WORDS = {
    "formal": "formal",
    "private": "formal",
    "私钥": "formal",
    "正式密钥": "formal",
    "test": "test",
    "public": "test",
    "公钥": "test",
    "测试密钥": "test",
}
# What a tester may write for the polarity.
SENSES = {
    "subtractive": "subtractive",
    "-": "subtractive",
    "减极性": "subtractive",
    "additive": "additive",
    "+": "additive",
    "加极性": "additive",
}
_THOUSAND = Decimal(1000)


def observation_of(
    point: Point, ordered: Mapping[str, str], *, is_transformer: bool = False
) -> Observation | None:
    """What was seen at a point, or None where the rules judge nothing of it.

    Args:
        point: as received.
        ordered: parameters as they were ordered, by name; never taken from the bench.
        is_transformer: the rules of transformers know other items than those of meters.

    Raises:
        WrongValue: a fact is of the wrong form.
    """
    if point.item not in (OF_TRANSFORMERS if is_transformer else JUDGED):
        return None
    stated = _stated(point)
    build = _BUILDERS.get(point.item)
    samples: tuple[Decimal, ...] = point.samples
    facts: Mapping[str, object] = stated
    if build is not None:
        derived = build(point)
        facts = {**derived, **stated}
        samples = ()
    if point.item == "parameter":
        facts = {"ordered": dict(ordered), "found": dict(_texts(stated.get("found")))}
    if point.item == "demand" and "meter_kw" in facts:
        samples = ()
    if not _is_enough(point.item, samples, facts):
        return None
    return Observation(
        point.item,
        point.direction,
        point.phases,
        point.load,
        point.factor,
        samples,
        facts or NO_FACTS,
    )


def _is_enough(item: str, samples: Sequence[Decimal], facts: Mapping[str, object]) -> bool:
    """Whether there is something to judge; what is not is missing from the record."""
    if item == "constant":
        return "register_kwh" in facts and ("pulses" in facts or "reference_kwh" in facts)
    if item == "combination":
        return "total_kwh" in facts and "rates_kwh" in facts
    if item in ("variation", "load_variation"):
        return len(samples) == 2
    if item == "consistency":
        return bool(samples) and "group_mean_pct" in facts
    if item == "clock_value":
        return bool(samples)
    if item == "demand":
        return bool(samples) or {"meter_kw", "standard_kw"} <= set(facts)
    if item in ("relay", "key_state", "start", "creep", "polarity", "demagnetising"):
        return bool(facts)
    return True


def observation_from(result: Any, *, is_transformer: bool = False) -> Observation | None:
    """The same from a stored result, to judge it again or to show the steps."""
    if result.is_derived or result.item not in (OF_TRANSFORMERS if is_transformer else JUDGED):
        return None
    is_plain = result.item not in _BUILDERS and not (result.item == "demand" and result.facts)
    return Observation(
        result.item,
        result.direction,
        result.phases,
        result.load_point,
        result.factor,
        tuple(result.samples) if is_plain else (),
        result.facts or NO_FACTS,
    )


def facts_text(facts: Mapping[str, object]) -> dict[str, Any]:
    """Facts for a JSON column; decimals as text."""
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return value


def _stated(point: Point) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in KNOWN_FACTS.get(point.item, ()):
        value = point.facts.get(name)
        if value is None:
            continue
        if name in NUMBERS:
            found[name] = read_decimal(value)
        elif name == "rates_kwh":
            if not isinstance(value, list) or len(value) > 100:
                raise WrongValue("not_a_list", "rates_kwh is a list", {"item": point.item})
            found[name] = tuple(read_decimal(part) for part in value)
        elif name == "key_state":
            found[name] = KEY_WORDS.get(str(value).strip().lower(), str(value)[:40])
        elif name == "findings":
            if not isinstance(value, list) or len(value) > 100:
                raise WrongValue("not_a_list", "findings is a list", {"item": point.item})
            found[name] = tuple(str(part)[:500] for part in value)
        elif name == "sense":
            found[name] = SENSES.get(str(value).strip().lower(), str(value)[:40])
        elif name in ("is_passed", "has_breakdown", "is_done", "after_failure"):
            if not isinstance(value, bool):
                raise WrongValue(
                    "not_a_truth_value", f"{name} is true or false", {"item": point.item}
                )
            found[name] = value
        else:
            found[name] = value
    return found


def _texts(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {str(name)[:100]: str(part)[:500] for name, part in value.items()}


def _first(samples: Sequence[Decimal]) -> Decimal | None:
    return samples[0] if samples else None


def _finding(point: Point) -> dict[str, object]:
    facts: dict[str, object] = {}
    if point.conclusion in ("PASS", "FAIL"):
        facts["is_passed"] = point.conclusion == "PASS"
    if point.conclusion == "FAIL" and point.remark:
        facts["findings"] = (point.remark[:500],)
    return facts


def _ac_voltage(point: Point) -> dict[str, object]:
    facts: dict[str, object] = {}
    volts = _first(point.samples)
    if volts is not None:
        facts["voltage_kv"] = volts if point.unit == "kV" else volts / _THOUSAND
    if point.conclusion in ("PASS", "FAIL"):
        facts["has_breakdown"] = point.conclusion == "FAIL"
    return facts


def _creep(point: Point) -> dict[str, object]:
    facts: dict[str, object] = {}
    if point.pulses is not None:
        facts["pulses"] = Decimal(point.pulses)
    minutes = _first(point.samples)
    if minutes is not None:
        facts["elapsed_min"] = minutes
    if point.voltage_pct is not None:
        facts["voltage_pct"] = point.voltage_pct
    return facts


def _start(point: Point) -> dict[str, object]:
    minutes = _first(point.samples)
    if minutes is None:
        return {}
    return {"elapsed_min" if point.pulses == 0 else "first_pulse_min": minutes}


def _constant(point: Point) -> dict[str, object]:
    facts: dict[str, object] = {}
    if point.samples:
        facts["register_kwh"] = point.samples[0]
    if len(point.samples) > 1:
        facts["reference_kwh"] = point.samples[1]
    if point.pulses is not None:
        facts["pulses"] = Decimal(point.pulses)
    return facts


def _combination(point: Point) -> dict[str, object]:
    if len(point.samples) < 2:
        return {}
    return {"total_kwh": point.samples[0], "rates_kwh": tuple(point.samples[1:])}


def _key_state(point: Point) -> dict[str, object]:
    word = KEY_WORDS.get(point.remark.strip().lower())
    return {"key_state": word} if word else {}


def _relay(point: Point) -> dict[str, object]:
    facts: dict[str, object] = {}
    for name, value in zip(("open_s", "close_s"), point.samples, strict=False):
        facts[name] = value
    return facts


def _insulation(point: Point) -> dict[str, object]:
    facts = _finding(point)
    if point.samples:
        facts["resistance_mohm"] = point.samples[0]
    return facts


def _polarity(point: Point) -> dict[str, object]:
    sense = SENSES.get(point.remark.strip().lower())
    return {"sense": sense} if sense else {}


_BUILDERS = {
    "appearance": _finding,
    "communication": _finding,
    "ac_voltage": _ac_voltage,
    "creep": _creep,
    "start": _start,
    "constant": _constant,
    "combination": _combination,
    "key_state": _key_state,
    "parameter": lambda point: {},
    "relay": _relay,
    "insulation": _insulation,
    "withstand": _ac_voltage,
    "polarity": _polarity,
    "demagnetising": lambda point: {},
    "mutual_influence": _finding,
}
OF_TRANSFORMERS = {"appearance"} | TRANSFORMER_ITEMS - {Item.UP_DOWN, Item.STABILITY}
JUDGED = frozenset(
    {
        *(_BUILDERS.keys() - TRANSFORMER_ITEMS),
        "basic_error",
        "clock_rate",
        "clock_value",
        "demand",
        "tariff_switch",
        "standard_deviation",
        "consistency",
        "variation",
        "load_variation",
    }
)
