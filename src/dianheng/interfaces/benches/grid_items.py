"""Rows of items as State Grid software writes them, and the points of the neutral form.

Middle tables and record layout share the names of columns (lower case here); every value is
text, several readings are joined by `|`. A builder takes the rows of one item of one meter and
answers its points. Nothing is made up: what a row does not say stays away, what is no number
stays as it was written, for the reader of the neutral form to refuse where it stands.

Sources of the names: docs/reference/bench-upload.md. Times of tests are seconds here, minutes
in the neutral form; test voltages are volts here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .grid_errors import (
    basic_error,
    consistency,
    demand,
    influence,
    load_variation,
    repeatability,
    variation,
)
from .grid_rows import (
    SIXTY,
    THOUSAND,
    TOTAL,
    Point,
    Row,
    figures_of,
    is_load,
    place_of,
    scaled,
    text,
    verdict,
    worst,
)
from .texts import conclusion, filled, parts, whole

KEYS = {"正式密钥": "formal", "私钥": "formal", "测试密钥": "test", "公钥": "test"}


# -- starting and creep -----------------------------------------------------------------------


def starting(rows: Sequence[Row]) -> list[Point]:
    """The time to the first pulse; without a pulse that of the whole test."""
    points = []
    for row in rows:
        current, load = text(row, "start_current"), text(row, "load_current")
        time_s = text(row, "real_test_time", "test_time")
        points.append(
            {
                "item": "STARTING",
                "direction": place_of(row)["direction"],
                "load_current": next((each for each in (load, current) if is_load(each)), ""),
                "current_a": current if current and not is_load(current) else "",
                "pulses": whole(text(row, "pules", "detect_circle")),
                "samples": [scaled(time_s, SIXTY)] if time_s else [],
                "unit": "min",
                "conclusion": verdict(row),
            }
        )
    return points


def creeping(rows: Sequence[Row]) -> list[Point]:
    """How long the meter was watched, and the pulses it gave."""
    points = []
    for row in rows:
        time_s = text(row, "real_test_time", "test_time")
        points.append(
            {
                "item": "NO_LOAD",
                "direction": place_of(row)["direction"],
                "voltage_pct": place_of(row)["voltage_pct"],
                "pulses": whole(text(row, "pules", "detect_circle")),
                "samples": [scaled(time_s, SIXTY)] if time_s else [],
                "unit": "min",
                "conclusion": verdict(row),
            }
        )
    return points


# -- registers and clock ----------------------------------------------------------------------


def constant(rows: Sequence[Row]) -> list[Point]:
    """Register against pulses or against a reference; rows of single rates are kept beside."""
    points, others = [], []
    for row in rows:
        if text(row, "fee_ratio") not in ("", TOTAL):
            others.append(filled(dict(row)))
            continue
        register = text(row, "diff_reading") or next(iter(parts(row.get("ele_increment"))), "")
        reference = text(row, "standard_reading", "std_increment")
        pulses = whole(text(row, "real_pules", "detect_circle"))
        points.append(
            {
                "item": "CONSTANT",
                "direction": place_of(row)["direction"],
                "samples": [each for each in (register, reference) if each] if register else [],
                # Against a reference the pulses of the meter say nothing more.
                "pulses": None if reference and register else pulses,
                "unit": "kWh",
                "conclusion": verdict(row),
            }
        )
    if points and others:
        points[0]["rates"] = others
    return points


def combination(rows: Sequence[Row]) -> list[Point]:
    """Increments of the total register and of those of the rates."""
    points = []
    for row in rows:
        values = parts(row.get("ele_increment"))
        names = parts(row.get("fee_value"))
        if TOTAL in names and len(names) == len(values):
            at = names.index(TOTAL)
            values = [values[at], *values[:at], *values[at + 1 :]]
        elif not values:
            rates = ("sharp_increment", "peak_increment", "flat_increment", "valley_increment")
            values = [text(row, name) for name in ("total_increment", *rates)]
            values = [each for each in values if each] if values[0] else []
        points.append(
            {
                "item": "COMBINATION",
                "samples": values,
                "unit": "kWh",
                "conclusion": verdict(row) or _code(text(row, "value_conc_code")),
                "start_value": text(row, "start_value"),
                "end_value": text(row, "end_value"),
            }
        )
    return points


def _code(written: str) -> str:
    """A conclusion where the column holds a code; some software writes a difference there."""
    return conclusion(written) if written in ("01", "02", "03") else ""


def daily_clock(rows: Sequence[Row]) -> list[Point]:
    """Seconds a day."""
    points = []
    for row in rows:
        figures = figures_of(row)
        if limit := text(row, "err_abs").lstrip("±"):
            figures |= {"limit_high": limit, "limit_low": f"-{limit}"}
        points.append(
            {"item": "CLOCK", "samples": parts(row.get("error")), "unit": "s/d", **figures}
        )
    return points


def clock_compare(rows: Sequence[Row]) -> list[Point]:
    """The time shown against standard time, seconds."""
    return [
        {
            "item": "CLOCK_VALUE",
            "samples": parts(row.get("time_err")),
            "unit": "s",
            "conclusion": verdict(row),
            "remark": " / ".join(
                each for each in (text(row, "met_value"), text(row, "std_value")) if each
            ),
        }
        for row in rows
    ]


def tariff_switch(rows: Sequence[Row]) -> list[Point]:
    """Seconds between the set and the seen moment of each switch; one point for all of them."""
    samples = [scaled(each, SIXTY) for row in rows for each in parts(row.get("ts_err_conc_code"))]
    return [{"item": "TARIFF_SWITCH", "samples": samples, "unit": "min", "conclusion": worst(rows)}]


# -- what is looked at or tried ---------------------------------------------------------------


def visual(rows: Sequence[Row]) -> list[Point]:
    """Appearance; what was found stands in the content of the rows that fail."""
    failing = [text(row, "remark", "detect_content") for row in rows if verdict(row) == "FAIL"]
    return [
        {
            "item": "VISUAL",
            "conclusion": worst(rows),
            "remark": "; ".join(each for each in failing if each),
        }
    ]


def communication(rows: Sequence[Row]) -> list[Point]:
    """Whether the meter answers."""
    remarks = (text(row, "remark") for row in rows if verdict(row) == "FAIL")
    return [
        {
            "item": "COMMUNICATION",
            "conclusion": worst(rows),
            "remark": "; ".join(each for each in remarks if each),
        }
    ]


def ac_voltage(rows: Sequence[Row]) -> list[Point]:
    """Test voltage, duration, whether it held."""
    points = []
    for row in rows:
        found = verdict(row)
        facts = {
            "voltage_kv": scaled(volts, THOUSAND)
            if (volts := text(row, "volt_test_value"))
            else "",
            "duration_s": text(row, "test_time"),
            "has_breakdown": found == "FAIL" if found in ("PASS", "FAIL") else None,
        }
        points.append({"item": "AC_VOLTAGE", "facts": filled(facts), "conclusion": found})
    return points


def key_state(rows: Sequence[Row]) -> list[Point]:
    """State of the keys in words; a code that we do not know leaves the item open."""
    points = []
    for row in rows:
        written = text(row, "key_status")
        state = KEYS.get(written, written if written in ("formal", "test") else "")
        points.append(
            {
                "item": "ESAM_KEY",
                "facts": {"key_state": state} if state else None,
                "conclusion": verdict(row),
                "remark": "" if state else written,
            }
        )
    return points


def parameter(rows: Sequence[Row]) -> list[Point]:
    """Parameters as they were found, by their names; one point for all of them."""
    found = {text(row, "data_item_name"): text(row, "real_value") for row in rows}
    found.pop("", None)
    return [{"item": "PARAMETER", "facts": {"found": found}, "conclusion": worst(rows)}]


def relay(rows: Sequence[Row]) -> list[Point]:
    """Seconds to open and to close."""
    return [
        {
            "item": "RELAY",
            "facts": filled({"open_s": text(row, "open_time"), "close_s": text(row, "close_time")}),
            "conclusion": verdict(row),
        }
        for row in rows
    ]


def other(rows: Sequence[Row]) -> list[Point]:
    """Any item by its name in the neutral form, in the fields of the neutral form."""
    points = []
    for row in rows:
        point: Point = {**filled(place_of(row)), **filled(dict(row))}
        for name in ("both_way_power_flag", "iabc", "pf", "conc_code", "chk_conc_code"):
            point.pop(name, None)
        point["item"] = text(row, "item").upper()
        if isinstance(row.get("samples"), str):
            point["samples"] = parts(row["samples"])
        if isinstance(row.get("facts"), str):
            point["facts"] = _object(row["facts"])
        point.setdefault("conclusion", verdict(row))
        for name in ("pulses", "seq"):
            if isinstance(row.get(name), str):
                point[name] = whole(row[name])
        points.append(point)
    return points


def _object(written: str) -> Any:
    if not written.strip():
        return None
    try:
        return json.loads(written, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return {"text": written}


Builder = Callable[[Sequence[Row]], list[Point]]
# Middle tables, in the order in which their items stand in a record.
TABLES: Mapping[str, Builder] = {
    "mt_intuit_met_conc": visual,
    "mt_volt_met_conc": ac_voltage,
    "mt_creeping_met_conc": creeping,
    "mt_starting_met_conc": starting,
    "mt_basicerr_met_conc": basic_error,
    "mt_const_met_conc": constant,
    "mt_dayerr_met_conc": daily_clock,
    "mt_clock_value_met_conc": clock_compare,
    "mt_hutchison_combina_met_conc": combination,
    "mt_demandvalue_met_conc": demand,
    "mt_ts_met_conc": tariff_switch,
    "mt_measure_repeat_met_conc": repeatability,
    "mt_deviation_met_conc": repeatability,
    "mt_consist_met_conc": consistency,
    "mt_error_met_conc": variation,
    "mt_variation_met_conc": load_variation,
    "mt_influence_qty_met_conc": influence,
    "mt_comminicate_met_conc": communication,
    "mt_esam_met_conc": key_state,
    "mt_presetparam_check_met_conc": parameter,
    "mt_control_met_conc": relay,
    "mt_item_met_conc": other,
}
# The lists of the record layout.
LISTS: Mapping[str, Builder] = {
    "mt_intuit_met_conc": visual,
    "basic_error": basic_error,
    "daily_clock_error": daily_clock,
    "clock_compare": clock_compare,
    "demand": demand,
    "register_combination": combination,
    "constant": constant,
    "starting": starting,
    "creeping": creeping,
    "items": other,
    **TABLES,
}


def points_of(lists: Mapping[str, Sequence[Row]]) -> list[Point]:
    """Points of a meter, numbered; `lists` by the names of `LISTS`."""
    points = [
        filled(point)
        for name, build in LISTS.items()
        if lists.get(name)
        for point in build(lists[name])
    ]
    for number, point in enumerate(points, 1):
        point["seq"] = number
    return points
