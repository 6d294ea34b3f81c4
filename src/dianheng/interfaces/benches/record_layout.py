"""The State Grid record layout (original record of a meter): values joined by `|`.

A file holds one record or a list of them as JSON; names as in the public sample of a provincial
company, upper or lower case. Rows of items stand in lists:

| list | item | fields |
|---|---|---|
| basic_error | BASIC_ERROR | both_way_power_flag iabc load_current pf detect_circle error ave_err … |
| daily_clock_error | CLOCK | simpling error avg_err int_convert_err |
| clock_compare | CLOCK_VALUE | met_value std_value time_err (s) |
| demand | DEMAND | load_current demand_standard demand_meter demand_value_err |
| register_combination | COMBINATION | start_value end_value ele_increment value_conc_code |
| constant | CONSTANT | ele_increment detect_circle |
| starting, creeping | STARTING, NO_LOAD | test_time (min) detect_circle |
| items | as named in `item` | the fields of the neutral format |

`intuit_conc_code` of the record is the appearance.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput
from dianheng.verification.services.upload import read_json

from .csv_form import derived_id
from .texts import (
    DIRECTIONS,
    PHASES,
    SCHEMA,
    conclusion,
    decoded,
    filled,
    lowered,
    moment,
    parts,
    samples_of,
    whole,
)

MARKS = ("detect_task_no", "bar_code")
# Kinds of verification of the layout and of the format.
KINDS = {
    "首次检定": "INITIAL",
    "后续检定": "SUBSEQUENT",
    "使用中检查": "IN_USE",
    "临时检定": "TEMPORARY",
    "客户申校": "CUSTOMER_REQUEST",
    "仲裁检定": "ARBITRATION",
    "抽检": "SAMPLING",
    "验收": "ACCEPTANCE",
}


def looks_like_records(data: Any) -> bool:
    """Whether JSON is of this layout."""
    first = data[0] if isinstance(data, list) and data else data
    return isinstance(first, Mapping) and all(name in lowered(first) for name in MARKS)


def read_any(body: bytes) -> Any:
    """JSON of a file: an object or a list, in UTF-8 or GBK.

    Raises:
        BadInput: neither.
    """
    text = decoded(body).strip()
    # The reader of envelopes takes objects; a list is read inside of one.
    return read_json(b'{"x":' + text.encode() + b"}")["x"]


def envelope_from_records(data: Any, body: bytes) -> dict[str, Any]:
    """The envelope of a file of records.

    Raises:
        BadInput: not of the layout, or records of several benches in one file.
    """
    records = [lowered(each) for each in (data if isinstance(data, list) else [data])]
    benches = {str(record.get("detect_equip_no") or "").strip() for record in records}
    if len(benches) > 1:
        raise BadInput(_("The file has records of several benches."))
    return {
        "schema": SCHEMA,
        "upload_id": derived_id(body),
        "bench_no": benches.pop(),
        "source_system": "record layout",
        "devices": [device_of(record) for record in records],
    }


def device_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """One record as a device of the envelope; names in lower case."""
    temperature = record.get("temperature", record.get("temperaure"))  # so spelt in the sample
    environment = filled(
        {"temperature_c": _text(temperature), "humidity_pct": _text(record.get("humidity"))}
    )
    kind = _text(record.get("verification_kind"))
    points = list(_points(record))
    for number, point in enumerate(points, 1):
        point["seq"] = number
    header = {
        "task_no": _text(record.get("detect_task_no")),
        "asset_no": _text(record.get("bar_code")),
        "position_no": whole(record.get("position_no")),
        "serial_no": _text(record.get("serial_no")),
        "equipment_category": "METER",
        "test_kind": KINDS.get(kind, kind),
        "model": _text(record.get("model_code")),
        "environment": {"start": environment, "end": environment} if environment else None,
        "standards": _standards(record),
        "operators": [
            {"person_no": number, "role": "VERIFIER"} for number in parts(record.get("verifier"))
        ],
        "checker": _text(record.get("checker")),
        "started_at": moment(record["start_date"]) if record.get("start_date") else None,
        "finished_at": moment(record.get("detect_date")),
        "overall": conclusion(record.get("conc_code", record.get("chk_conc_code"))),
        "seals": [
            {"seal_no": number, "position": place}
            for name, place in (("left_seal", "COVER_LEFT"), ("right_seal", "COVER_RIGHT"))
            for number in parts(record.get(name))
        ],
    }
    if header["overall"] == "NA":
        header["overall"] = "INCOMPLETE"
    known = {*_LISTS, *_HEADER_NAMES}
    extra = {name: value for name, value in record.items() if name not in known}
    return {"header": filled(header) | {"record": filled(extra)}, "points": points}


_HEADER_NAMES = {
    "detect_task_no",
    "bar_code",
    "position_no",
    "serial_no",
    "verification_kind",
    "model_code",
    "temperature",
    "temperaure",
    "humidity",
    "divice_certificate_no",
    "divice_accuracy",
    "equip_expired_date",
    "verifier",
    "checker",
    "start_date",
    "detect_date",
    "conc_code",
    "chk_conc_code",
    "left_seal",
    "right_seal",
    "detect_equip_no",
    "intuit_conc_code",
}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _standards(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """Standards by their certificates, several joined by `|`."""
    classes = parts(record.get("divice_accuracy"))
    ends = parts(record.get("equip_expired_date"))
    found = []
    for number, certificate in enumerate(parts(record.get("divice_certificate_no"))):
        found.append(
            filled(
                {
                    "certificate_no": certificate,
                    "accuracy_class": classes[number] if number < len(classes) else "",
                    "valid_until": ends[number][:10].replace("/", "-")
                    if number < len(ends)
                    else "",
                }
            )
        )
    return found


def _points(record: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if record.get("intuit_conc_code") not in (None, ""):
        yield {"item": "VISUAL", "conclusion": conclusion(record["intuit_conc_code"])}
    for name, build in _LISTS.items():
        rows = record.get(name)
        for row in rows if isinstance(rows, list) else [rows] if isinstance(rows, Mapping) else []:
            if isinstance(row, Mapping):
                yield filled(build(lowered(row)))


def place_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Direction, phases, load and factor of a row."""
    flag = _text(row.get("both_way_power_flag"))
    phases = _text(row.get("iabc"))
    return {
        "direction": DIRECTIONS.get(flag, flag),
        "phase": PHASES.get(phases, phases),
        "load_current": _text(row.get("load_current")),
        "power_factor": _text(row.get("pf")),
    }


def basic_error(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the basic error."""
    return {
        "item": "BASIC_ERROR",
        **place_of(row),
        "pulses": whole(row.get("detect_circle")),
        "samples": samples_of(parts(row.get("error"))),
        "mean": _text(row.get("ave_err", row.get("mean_error"))),
        "rounded": _text(row.get("int_convert_err")),
        "limit_high": _text(row.get("err_up")),
        "limit_low": _text(row.get("err_down")),
        "unit": "%",
        "conclusion": conclusion(row.get("chk_conc_code", row.get("conc_code"))),
    }


def daily_clock(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the clock's rate."""
    return {
        "item": "CLOCK",
        "samples": samples_of(parts(row.get("error"))),
        "mean": _text(row.get("avg_err", row.get("ave_err"))),
        "rounded": _text(row.get("int_convert_err")),
        "unit": "s/d",
        "conclusion": conclusion(row.get("chk_conc_code", row.get("conc_code"))),
    }


def clock_compare(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the time shown, in seconds against standard time."""
    return {
        "item": "CLOCK_VALUE",
        "samples": samples_of(parts(row.get("time_err"))),
        "unit": "s",
        "conclusion": conclusion(row.get("chk_conc_code", row.get("conc_code"))),
        "remark": " / ".join(
            part for part in (_text(row.get("met_value")), _text(row.get("std_value"))) if part
        ),
    }


def demand(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the demand: both readings where they are there, else the error."""
    meter, standard = _text(row.get("demand_meter")), _text(row.get("demand_standard"))
    both = {"meter_kw": meter, "standard_kw": standard} if meter and standard else None
    return {
        "item": "DEMAND",
        **place_of(row),
        "power_factor": _text(row.get("pf")) or "1.0",
        "samples": samples_of(parts(row.get("demand_value_err"))),
        "facts": both,
        "unit": "%",
        "conclusion": conclusion(row.get("chk_conc_code", row.get("conc_code"))),
    }


def combination(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the registers: increments of total and rates."""
    return {
        "item": "COMBINATION",
        "samples": samples_of(parts(row.get("ele_increment"))),
        "unit": "kWh",
        "conclusion": conclusion(row.get("value_conc_code", row.get("conc_code"))),
        "start_value": _text(row.get("start_value")),
        "end_value": _text(row.get("end_value")),
    }


def constant(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the constant: register against pulses, or against a reference."""
    increments = parts(row.get("ele_increment"))
    reference = parts(row.get("std_increment"))
    return {
        "item": "CONSTANT",
        "samples": samples_of([*increments[:1], *reference[:1]]),
        "pulses": None if reference else whole(row.get("detect_circle")),
        "unit": "kWh",
        "conclusion": conclusion(row.get("chk_conc_code", row.get("conc_code"))),
    }


def starting(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the start: time to the first pulse, or of the whole test without one, min."""
    return {
        "item": "STARTING",
        "direction": place_of(row)["direction"],
        "pulses": whole(row.get("detect_circle")),
        "samples": samples_of(parts(row.get("test_time"))),
        "unit": "min",
        "conclusion": conclusion(row.get("chk_conc_code", row.get("conc_code"))),
    }


def creeping(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the creep test: its time, min, and the pulses."""
    return {
        "item": "NO_LOAD",
        "pulses": whole(row.get("detect_circle")),
        "samples": samples_of(parts(row.get("test_time"))),
        "voltage_pct": _text(row.get("load_voltage")),
        "unit": "min",
        "conclusion": conclusion(row.get("chk_conc_code", row.get("conc_code"))),
    }


def other(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of any other item, in the fields of the neutral format."""
    point = dict(row)
    point["item"] = _text(row.get("item")).upper()
    if "samples" in row:
        point["samples"] = (
            samples_of(parts(row["samples"])) if isinstance(row["samples"], str) else row["samples"]
        )
    if isinstance(row.get("facts"), str):
        try:
            point["facts"] = json.loads(row["facts"])
        except ValueError:
            point["facts"] = {"text": row["facts"]}
    if "conc_code" in row:
        point["conclusion"] = conclusion(row["conc_code"])
        del point["conc_code"]
    for name in ("pulses", "seq"):
        if isinstance(row.get(name), str):
            point[name] = whole(row[name])
    return point


_LISTS = {
    "basic_error": basic_error,
    "daily_clock_error": daily_clock,
    "clock_compare": clock_compare,
    "demand": demand,
    "register_combination": combination,
    "constant": constant,
    "starting": starting,
    "creeping": creeping,
    "items": other,
}
