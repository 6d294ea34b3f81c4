"""Results of a simulated bench written in the other forms: for the documentation, the demo
story and tests. The opposite of what the doors read.

>>> envelope = simulated_bench.run(load_sheet(load), started_at=now)      # doctest: +SKIP
>>> header, points = as_csv(envelope)                                     # doctest: +SKIP
"""

import csv
import io
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from dianheng.metrology.quantities import EXACT, mean, plain_text

from .grid_items import TABLES
from .inbox import LONG_AGO_S, root
from .record_layout import KINDS

Envelope = Mapping[str, Any]
Row = dict[str, str]

CODES = {"PASS": "01", "FAIL": "02", "NA": "03", "INCOMPLETE": "03", "": ""}
FLAGS = {"FWD_ACTIVE": "0", "REV_ACTIVE": "1", "FWD_REACTIVE": "2", "REV_REACTIVE": "3"}
PHASES = {"ABC": "01", "A": "02", "B": "03", "C": "04"}
KEY_WORDS = {"formal": "正式密钥", "test": "测试密钥"}
SEAL_CODES = {"COVER_LEFT": "01", "COVER_RIGHT": "02"}
# Names of lists and of some fields where the record layout has its own.
LAYOUT_LISTS = {
    "mt_basicerr_met_conc": "basic_error",
    "mt_dayerr_met_conc": "daily_clock_error",
    "mt_clock_value_met_conc": "clock_compare",
    "mt_demandvalue_met_conc": "demand",
    "mt_hutchison_combina_met_conc": "register_combination",
    "mt_const_met_conc": "constant",
    "mt_starting_met_conc": "starting",
    "mt_creeping_met_conc": "creeping",
}
LAYOUT_NAMES = {
    "conc_code": "chk_conc_code",
    "diff_reading": "ele_increment",
    "standard_reading": "std_increment",
    "real_pules": "detect_circle",
    "pules": "detect_circle",
    "real_test_time": "test_time",
    "real_demand": "demand_meter",
}
ENVELOPE_NAMES = (
    "upload_id",
    "sent_at",
    "source_system",
    "bench_no",
    "bench_serial",
    "software_version",
)


# -- into the watched folder ---------------------------------------------------------------------


def drop(envelope: Envelope, stem: str, form: str = "json") -> list[Path]:
    """Put results into the folder of their bench, ready to be taken at the next look.

    Args:
        envelope: with the number of a bench.
        stem: name of the files without endings.
        form: `json`, `csv` (a pair), `records` (JSON of the record layout), `record_csv`.
    """
    folder = root() / envelope["bench_no"]
    folder.mkdir(parents=True, exist_ok=True)
    if form == "csv":
        header, points = as_csv(envelope)
        contents = {f"{stem}.header.csv": header, f"{stem}.points.csv": points}
    elif form == "records":
        written = json.dumps(as_records(envelope), ensure_ascii=False, indent=1)
        contents = {f"{stem}.json": written.encode("gb18030")}
    elif form == "record_csv":
        contents = {f"{stem}.csv": as_record_csv(envelope)}
    else:
        contents = {f"{stem}.json": json.dumps(envelope, ensure_ascii=False, indent=1).encode()}
    paths = []
    for name, content in contents.items():
        draft, path = folder / f".{name}", folder / name
        draft.write_bytes(content)
        then = time.time() - LONG_AGO_S  # whole already: nobody has to wait for it to rest
        os.utime(draft, (then, then))
        paths.append(draft.rename(path))
    return paths


# -- two CSV files ------------------------------------------------------------------------------


def as_csv(envelope: Envelope, encoding: str = "utf-8-sig") -> tuple[bytes, bytes]:
    """Header and points as two CSV files."""
    own = {name: envelope[name] for name in ENVELOPE_NAMES if name in envelope}
    headers = [own | dict(_flat(device["header"])) for device in envelope["devices"]]
    points = [
        {"asset_no": device["header"]["asset_no"], **dict(_flat(point))}
        for device in envelope["devices"]
        for point in device["points"]
    ]
    return _table(headers).encode(encoding), _table(points).encode(encoding)


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Nested fields with dots, lists joined, as the CSV form has them."""
    for name, part in value.items():
        if isinstance(part, Mapping):
            yield from _flat(part, f"{prefix}{name}.")
        elif name == "standards":
            names = ("asset_no", "accuracy_class", "certificate_no", "valid_until")
            yield name, ";".join("|".join(each.get(n, "") for n in names) for each in part)
        elif name == "operators":
            yield name, ";".join(f"{o['person_no']}:{o['role']}" for o in part)
        elif name == "seals":
            yield name, ";".join(f"{seal['seal_no']}:{seal['position']}" for seal in part)
        elif isinstance(part, list | tuple):
            yield f"{prefix}{name}", "|".join(map(str, part))
        else:
            yield f"{prefix}{name}", str(part).lower() if isinstance(part, bool) else str(part)


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


# -- the record layout ----------------------------------------------------------------------------


def as_records(envelope: Envelope) -> list[dict[str, Any]]:
    """A record of the layout for each meter."""
    return [
        _record(envelope, device, rows)
        for device, rows in zip(envelope["devices"], _rows_of(envelope), strict=True)
    ]


def _record(
    envelope: Envelope, device: Mapping[str, Any], rows: Mapping[str, list[Row]]
) -> dict[str, Any]:
    record: dict[str, Any] = _record_header(envelope, device["header"])
    for table, found in rows.items():
        if table == "mt_intuit_met_conc" and not found[0].get("detect_content"):
            record["intuit_conc_code"] = found[0]["conc_code"]
        elif table in LAYOUT_LISTS:
            record[LAYOUT_LISTS[table]] = [_in_layout_names(row) for row in found]
        else:
            record[table] = found
    return record


def _record_header(envelope: Envelope, header: Mapping[str, Any]) -> dict[str, str]:
    climate = header.get("environment", {}).get("start", {})
    standards = header.get("standards", ())
    operators = header.get("operators", ())
    kinds = {code: name for name, code in KINDS.items()}
    seals = {seal["position"]: seal["seal_no"] for seal in header.get("seals", ())}
    record = {
        "detect_task_no": header["task_no"],
        "bar_code": header["asset_no"],
        "equip_categ": "01",
        "detect_equip_no": envelope.get("bench_no", ""),
        "position_no": str(header.get("position_no", "")),
        "detect_date": _local(header["finished_at"]),
        "temperaure": climate.get("temperature_c", ""),
        "humidity": climate.get("humidity_pct", ""),
        "model_code": header.get("model", ""),
        "serial_no": header.get("serial_no", ""),
        "verification_kind": kinds.get(header.get("test_kind", ""), ""),
        "divice_certificate_no": "|".join(s.get("certificate_no", "") for s in standards),
        "divice_accuracy": "|".join(s.get("accuracy_class", "") for s in standards),
        "verifier": "|".join(o["person_no"] for o in operators if o["role"] == "VERIFIER"),
        "checker": "|".join(o["person_no"] for o in operators if o["role"] == "CHECKER"),
        "left_seal": seals.get("COVER_LEFT", ""),
        "right_seal": seals.get("COVER_RIGHT", ""),
        "conc_code": CODES[header.get("overall", "")],
    }
    return {name: value for name, value in record.items() if value}


def _in_layout_names(row: Row) -> Row:
    return {LAYOUT_NAMES.get(name, name): value for name, value in row.items()}


def as_record_csv(envelope: Envelope, encoding: str = "gb18030") -> bytes:
    """The record layout as CSV: one line for each row; other items by their neutral names."""
    lines = []
    pairs = zip(envelope["devices"], _rows_of(envelope), strict=True)
    for device, rows in pairs:
        record = _record_header(envelope, device["header"])
        own = [
            {"item": LAYOUT_LISTS[table], **_in_layout_names(row)}
            for table, found in rows.items()
            if table in LAYOUT_LISTS
            for row in found
        ]
        for point in device["points"]:
            if _table_of(point) not in LAYOUT_LISTS:
                facts = point.get("facts")
                own.append(
                    {
                        "item": point["item"],
                        "load_current": point.get("load_current", ""),
                        "pf": point.get("power_factor", ""),
                        "samples": "|".join(point.get("samples", ())),
                        "unit": point.get("unit", ""),
                        "facts": json.dumps(facts, ensure_ascii=False) if facts else "",
                        "remark": point.get("remark", ""),
                        "chk_conc_code": CODES[point.get("conclusion", "")],
                    }
                )
        lines += [record | line for line in own]
    return _table(lines).encode(encoding)


# -- middle tables ----------------------------------------------------------------------------------


def as_rows(envelope: Envelope) -> dict[str, list[Row]]:
    """Rows of the middle tables by table, the overall results last."""
    found: dict[str, list[Row]] = defaultdict(list)
    results, seals = [], []
    for device, rows in zip(envelope["devices"], _rows_of(envelope), strict=True):
        header = device["header"]
        common = {
            "detect_task_no": header["task_no"],
            "equip_categ": "01",
            "detect_equip_no": envelope.get("bench_no", ""),
            "position_no": str(header.get("position_no", "")),
            "bar_code": header["asset_no"],
            "detect_date": _local(header["finished_at"]),
        }
        for table, own in rows.items():
            for number, row in enumerate(own, 1):
                index = {"para_index": str(number), "detect_item_point": str(number)}
                found[table].append(common | index | row)
        climate = header.get("environment", {}).get("start", {})
        operators = header.get("operators", ())
        results.append(
            common
            | {
                "conc_code": CODES[header.get("overall", "")],
                "temp": climate.get("temperature_c", ""),
                "humidity": climate.get("humidity_pct", ""),
                "detect_person": "|".join(
                    o["person_no"] for o in operators if o["role"] == "VERIFIER"
                ),
                "audit_person": "|".join(
                    o["person_no"] for o in operators if o["role"] == "CHECKER"
                ),
            }
        )
        seals += [
            {
                "detect_task_no": header["task_no"],
                "bar_code": header["asset_no"],
                "seal_position": SEAL_CODES.get(seal["position"], seal["position"]),
                "seal_bar_code": seal["seal_no"],
            }
            for seal in header.get("seals", ())
        ]
    if seals:
        found["mt_seal_inst"] = seals
    return {**found, "mt_detect_rslt": results}


def write_rows(rows: Mapping[str, Sequence[Row]]) -> None:
    """What a bench's software does: delete by task and bar code, insert again."""
    with connection.cursor() as cursor:
        for statement, values in statements(rows):
            cursor.execute(statement, values)


def statements(rows: Mapping[str, Sequence[Row]]) -> Iterable[tuple[str, list[str]]]:
    """SQL of `write_rows`, for other connections."""
    meters = dict.fromkeys((r["detect_task_no"], r["bar_code"]) for r in rows["mt_detect_rslt"])
    for table in (*TABLES, "mt_seal_inst", "mt_detect_rslt"):
        for key in meters:
            where = "detect_task_no = %s and bar_code = %s"
            yield f"delete from mds.{table} where {where}", list(key)  # noqa: S608
    for table, found in rows.items():
        for row in found:
            marks = ", ".join(["%s"] * len(row))
            yield f"insert into mds.{table} ({', '.join(row)}) values ({marks})", list(row.values())  # noqa: S608


def _rows_of(envelope: Envelope) -> list[dict[str, list[Row]]]:
    """Rows of items of each device by table, without the common columns."""
    groups = _group_means(envelope)
    found = []
    for device in envelope["devices"]:
        rows: dict[str, list[Row]] = defaultdict(list)
        for point in device["points"]:
            for row in _rows_of_point(point, groups):
                rows[_table_of(point)].append({name: value for name, value in row.items() if value})
        found.append({table: rows[table] for table in TABLES if table in rows})
    return found


def _group_means(envelope: Envelope) -> dict[str, str]:
    """The mean error of all meters at the points of consistency, as the bench would know it."""
    samples: dict[str, list[Decimal]] = defaultdict(list)
    for device in envelope["devices"]:
        for point in device["points"]:
            if point["item"] == "CONSISTENCY":
                samples[point["load_current"]].append(mean([Decimal(s) for s in point["samples"]]))
    return {load: plain_text(mean(values), 12) for load, values in samples.items()}


def _table_of(point: Mapping[str, Any]) -> str:
    return _TABLE.get(point["item"], "mt_item_met_conc")


_TABLE = {
    "VISUAL": "mt_intuit_met_conc",
    "AC_VOLTAGE": "mt_volt_met_conc",
    "NO_LOAD": "mt_creeping_met_conc",
    "STARTING": "mt_starting_met_conc",
    "BASIC_ERROR": "mt_basicerr_met_conc",
    "CONSTANT": "mt_const_met_conc",
    "CLOCK": "mt_dayerr_met_conc",
    "CLOCK_VALUE": "mt_clock_value_met_conc",
    "COMBINATION": "mt_hutchison_combina_met_conc",
    "DEMAND": "mt_demandvalue_met_conc",
    "TARIFF_SWITCH": "mt_ts_met_conc",
    "REPEATABILITY": "mt_measure_repeat_met_conc",
    "CONSISTENCY": "mt_consist_met_conc",
    "VARIATION": "mt_error_met_conc",
    "LOAD_VARIATION": "mt_variation_met_conc",
    "INFLUENCE": "mt_influence_qty_met_conc",
    "COMMUNICATION": "mt_comminicate_met_conc",
    "ESAM_KEY": "mt_esam_met_conc",
    "PARAMETER": "mt_presetparam_check_met_conc",
    "RELAY": "mt_control_met_conc",
}


def _rows_of_point(point: Mapping[str, Any], groups: Mapping[str, str]) -> list[Row]:
    item, samples, facts = point["item"], point.get("samples", []), point.get("facts") or {}
    joined = "|".join(samples)
    code = {"conc_code": CODES[point.get("conclusion", "")]}
    place = {
        "both_way_power_flag": FLAGS[point.get("direction", "FWD_ACTIVE")],
        "iabc": PHASES[point.get("phase", "ABC")],
        "load_current": point.get("load_current", ""),
        "pf": point.get("power_factor", ""),
    }
    volts = f"{point['voltage_pct']}%Un" if point.get("voltage_pct") else ""
    flag = {"both_way_power_flag": place["both_way_power_flag"]}
    match item:
        case "VISUAL":
            return [code | {"detect_content": point.get("remark", "")}]
        case "COMMUNICATION":
            return [code | {"remark": point.get("remark", "")}]
        case "AC_VOLTAGE":
            kilovolts = Decimal(facts["voltage_kv"])
            test = {"volt_test_value": plain_text(EXACT.multiply(kilovolts, Decimal(1000)))}
            return [code | test | {"test_time": facts["duration_s"]}]
        case "NO_LOAD" | "STARTING":
            own = {"pules": str(point["pulses"]), "real_test_time": _seconds(samples[0])}
            if item == "NO_LOAD":
                return [code | flag | own | {"load_voltage": volts}]
            return [code | flag | own | {"start_current": point.get("current_a", "")}]
        case "BASIC_ERROR":
            own = {
                "load_voltage": volts,
                "freq": point.get("frequency_hz", ""),
                "detect_circle": str(point.get("pulses", "")),
                "simpling": str(len(samples)),
                "error": joined,
                "ave_err": point.get("mean", ""),
                "int_convert_err": point.get("rounded", ""),
                "err_up": point.get("limit_high", ""),
                "err_down": point.get("limit_low", ""),
            }
            return [code | place | own]
        case "CONSTANT":
            own = {
                "fee_ratio": "总",
                "diff_reading": samples[0],
                "real_pules": str(point.get("pulses", "")),
            }
            if len(samples) > 1:
                own["standard_reading"] = samples[1]
            return [code | flag | own]
        case "CLOCK":
            own = {
                "simpling": str(len(samples)),
                "error": joined,
                "err_abs": point.get("limit_high", ""),
            }
            return [code | own | {"int_convert_err": point.get("rounded", "")}]
        case "CLOCK_VALUE":
            return [code | {"time_err": joined}]
        case "COMBINATION":
            rates = "|".join(["总", "尖", "峰", "平", "谷", "深谷"][: len(samples)])
            return [code | {"fee_value": rates, "ele_increment": joined}]
        case "DEMAND":
            own = {"demand_value_err": joined} | {
                "real_demand": facts.get("meter_kw", ""),
                "demand_standard": facts.get("standard_kw", ""),
            }
            own |= {name: place[name] for name in ("both_way_power_flag", "load_current", "pf")}
            return [own | {"chk_conc_code": code["conc_code"]}]
        case "TARIFF_SWITCH":
            return [code | {"ts_err_conc_code": _seconds(sample)} for sample in samples]
        case "REPEATABILITY":
            return [code | place | {"simpling": joined}]
        case "CONSISTENCY":
            own = {"all_error": joined, "all_avg_error": groups[point["load_current"]]}
            return [code | place | own]
        case "VARIATION":
            return [code | place | {"once_err": samples[0], "twice_err": samples[1]}]
        case "LOAD_VARIATION":
            return [code | place | {"up_err1": samples[0], "down_err1": samples[1]}]
        case "ESAM_KEY":
            return [code | {"key_status": KEY_WORDS.get(facts.get("key_state", ""), "")}]
        case "PARAMETER":
            found = facts.get("found") or {"": ""}
            return [code | {"data_item_name": n, "real_value": v} for n, v in found.items()]
        case "RELAY":
            own = {"open_time": facts.get("open_s", ""), "close_time": facts.get("close_s", "")}
            return [own | {"chk_conc_code": code["conc_code"]}]
        case "INFLUENCE":
            own = {"chk_conc_code": code["conc_code"], "error": joined}
            return [place | own | {"effect_test_item": point.get("remark", "")}]
    own = {"item": item, "samples": joined, "unit": point.get("unit", "")}
    return [code | place | own | {"facts": json.dumps(facts, ensure_ascii=False) if facts else ""}]


def _seconds(minutes: str) -> str:
    return plain_text(EXACT.multiply(Decimal(minutes), Decimal(60)), 8)


def _local(moment: str) -> str:
    """A moment as bench software writes it: the organisation's wall clock, no offset."""
    return timezone.localtime(datetime.fromisoformat(moment)).strftime("%Y-%m-%d %H:%M:%S")
