"""The MDS middle tables (schema `mds`): benches' own software reads its load and writes results.

A row of MT_DETECT_RSLT with HANDLE_FLAG other than 1 says that the results of a meter are there.
They are taken over in one transaction with the flag: 1 taken, 2 refused, with the reason in
HANDLE_INFO. Benches delete their rows of a task and bar code and insert them again: that is a
new attempt. Rows of the same content are the same upload, whatever their flag says.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import translation

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import system_actor
from dianheng.verification.services import upload_receive

from .csv_form import derived_id
from .record_layout import (
    basic_error,
    constant,
    creeping,
    daily_clock,
    device_of,
    other,
    place_of,
    starting,
)
from .texts import SCHEMA, conclusion, filled, parts, samples_of

log = logging.getLogger("dianheng.benches")
AT_ONCE = 500  # meters of a tick

# Columns that change when a bench's software or we handle a row, and say nothing of the meter.
BOOKKEEPING = ("id", "write_date", "handle_flag", "handle_date", "handle_info")


def _repeat(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "item": "REPEATABILITY",
        **place_of(row),
        "samples": samples_of(parts(row.get("error"))),
        "unit": "%",
        "conclusion": conclusion(row.get("conc_code")),
    }


def _influence(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "item": "INFLUENCE",
        **place_of(row),
        "samples": samples_of(parts(row.get("error"))),
        "unit": "%",
        "conclusion": conclusion(row.get("conc_code")),
        "remark": str(row.get("effect_test_item") or ""),
    }


def _visual(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "item": "VISUAL",
        "conclusion": conclusion(row.get("conc_code")),
        "remark": str(row.get("remark") or ""),
    }


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("item", "samples", "unit", "facts", "remark", "conc_code")
    return {**other(filled({n: row.get(n) for n in names})), **place_of(row)}


TABLES = {
    "mt_intuit_met_conc": _visual,
    "mt_basicerr_met_conc": basic_error,
    "mt_const_met_conc": constant,
    "mt_starting_met_conc": starting,
    "mt_creeping_met_conc": creeping,
    "mt_dayerr_met_conc": daily_clock,
    "mt_measure_repeat_met_conc": _repeat,
    "mt_deviation_met_conc": _repeat,
    "mt_influence_qty_met_conc": _influence,
    "mt_item_met_conc": _item,
}


def collect() -> int:
    """Publish the loads, take over results; returns how many meters were dealt with."""
    publish()
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct detect_task_no, coalesce(detect_equip_no, '') from ("
            " select * from mds.mt_detect_rslt where handle_flag is null or handle_flag = '0'"
            " order by id limit %s) r order by 1, 2",
            [AT_ONCE],
        )
        groups = cursor.fetchall()
    return sum(take_over(task_no, bench_no) for task_no, bench_no in groups)


def take_over(task_no: str, bench_no: str) -> int:
    """Take over what one bench wrote for one task; returns how many meters.

    One transaction: results and flags are written together or not at all.
    """
    with translation.override(settings.LANGUAGE_CODE), transaction.atomic():
        results = _rows(
            "select * from mds.mt_detect_rslt where detect_task_no = %s"
            " and coalesce(detect_equip_no, '') = %s and (handle_flag is null or handle_flag = '0')"
            " order by id limit 200 for update skip locked",
            [task_no, bench_no],
        )
        newest = {row["bar_code"]: row for row in results}
        if not newest:
            return 0
        items = _items(task_no, list(newest))
        found = {
            code: {"result": _plain(row), "items": items[code]} for code, row in newest.items()
        }
        body = json.dumps(found, ensure_ascii=False, sort_keys=True).encode()
        envelope = {
            "schema": SCHEMA,
            "upload_id": derived_id(body),
            "bench_no": bench_no,
            "source_system": "MDS",
            "devices": [_device(each) for each in found.values()],
        }
        flags = _send(body, envelope, list(found))
        for row in results:
            flag, info = flags[row["bar_code"]]
            _execute(
                "update mds.mt_detect_rslt set handle_flag = %s, handle_date = localtimestamp,"
                " handle_info = %s where id = %s",
                [flag, info[:2000], row["id"]],
            )
        log.info("middle tables", extra={"task": task_no, "meters": len(newest)})
        return len(newest)


def _send(body: bytes, envelope: dict[str, Any], codes: list[str]) -> dict[str, tuple[str, str]]:
    """Hand the envelope to the service; flag and information for each bar code."""
    try:
        answer = upload_receive(
            body=body,
            actor=system_actor("bench"),
            source="mds",
            envelope=envelope,
            content_type="application/json; mds",
            is_rewrite=True,
        ).answer
    except (BadInput, Refused) as refused:
        text = json.dumps(refused.as_dict(), ensure_ascii=False, default=str)
        return dict.fromkeys(codes, ("2", text))
    flags = {}
    for code, told in zip(codes, answer["devices"], strict=True):
        if told["status"] == 201:
            flags[code] = ("1", f"{told['record_no']} {told['outcome']}")
        else:
            flags[code] = ("2", json.dumps(told["errors"], ensure_ascii=False, default=str))
    return flags


def _items(task_no: str, codes: list[str]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Rows of the items by bar code and table; rows that the bench marked invalid are left out."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for table in TABLES:
        rows = _rows(
            f"select * from mds.{table} where detect_task_no = %s and bar_code = any(%s)"  # noqa: S608
            " and is_valid is distinct from '0' order by bar_code,"
            " nullif(regexp_replace(para_index, '\\D', '', 'g'), '')::numeric nulls last, id",
            [task_no, codes],
        )
        for row in rows:
            found[row["bar_code"]].setdefault(table, []).append(_plain(row))
    return {code: found.get(code, {}) for code in codes}


def _device(found: Mapping[str, Any]) -> dict[str, Any]:
    result = found["result"]
    header = device_of(
        {
            "detect_task_no": result.get("detect_task_no"),
            "bar_code": result.get("bar_code"),
            "position_no": result.get("position_no"),
            "temperature": result.get("temp"),
            "humidity": result.get("humidity"),
            "verifier": result.get("detect_person"),
            "checker": result.get("audit_person"),
            "divice_certificate_no": result.get("cert_no"),
            "detect_date": result.get("detect_date"),
            "conc_code": result.get("conc_code"),
            "left_seal": result.get("left_seal"),
            "right_seal": result.get("right_seal"),
        }
    )["header"]
    points = [filled(TABLES[table](row)) for table, rows in found["items"].items() for row in rows]
    if "mt_intuit_met_conc" not in found["items"] and result.get("intuit_conc_code"):
        points.insert(0, {"item": "VISUAL", "conclusion": conclusion(result["intuit_conc_code"])})
    for number, point in enumerate(points, 1):
        point["seq"] = number
    conclusions = {
        name: value for name, value in result.items() if name.endswith("_conc_code") and value
    }
    return {"header": header | {"mds": conclusions}, "points": points}


def publish() -> int:
    """Write what stands on the benches into the tables that they read; returns how many rows.

    Loads that changed since are written again; what was taken off disappears.
    """
    with transaction.atomic():
        _execute(_FORGET, [])
        count = _execute(_PUBLISH, [])
        if count:
            _execute(_PUBLISH_METERS, [])
    return count


_CURRENT = """
    select t.number as task_no, d.barcode, p.attempt, l.number as load_no, p.position,
           coalesce(nullif(b.asset_no, ''), b.barcode) as bench_no, u.code as unit_no, d.id as device_id
      from verification_loadposition p
      join verification_benchload l on l.id = p.load_id and l.state in ('open', 'fetched')
      join verification_taskdevice td on td.id = p.task_device_id and p.attempt > td.attempts
      join verification_verificationtask t on t.id = l.task_id
      join assets_device d on d.id = td.device_id
      join assets_device b on b.id = l.bench_id
      join identity_unit u on u.id = t.unit_id
"""
_FORGET = f"""
delete from mds.mt_detect_out_equip o
 where not exists (select from ({_CURRENT}) c
                    where c.task_no = o.detect_task_no and c.barcode = o.bar_code
                      and c.attempt = o.attempt and c.load_no = o.load_no
                      and c.position::text = o.position_no)
"""  # noqa: S608
_PUBLISH = f"""
insert into mds.mt_detect_out_equip (detect_task_no, bar_code, attempt, load_no, detect_equip_no,
    detect_unit_no, position_no)
select task_no, barcode, attempt, load_no, bench_no, unit_no, position::text
  from ({_CURRENT}) c order by load_no, position
on conflict (detect_task_no, bar_code, attempt) do nothing
"""  # noqa: S608
_PUBLISH_METERS = """
insert into mds.mt_meter (bar_code, made_no, model_code, manufacturer, mea_name, ap_pre_level_code,
    rp_pre_level_code, wiring_mode, con_mode, volt_code, rated_current, freq, ap_const, rp_const,
    comm_prot_code, comm_addr, price_preset)
select d.barcode, d.serial_no, m.code, f.name, m.name, m.accuracy_class, m.reactive_class, m.wiring,
       m.connection, coalesce(trim_scale(m.voltage_v)::text, ''),
       coalesce(trim_scale(m.base_current_a) || '(' || trim_scale(m.max_current_a) || ')A', ''),
       trim_scale(m.frequency_hz)::text, coalesce(trim_scale(m.constant_imp_per_kwh)::text, ''),
       coalesce(trim_scale(m.constant_imp_per_kvarh)::text, ''),
       coalesce(nullif(k.protocol, ''), m.protocol), coalesce(k.comm_address, ''),
       coalesce(k.price_preset, '')
  from mds.mt_detect_out_equip o
  join assets_device d on d.barcode = o.bar_code
  join assets_devicemodel m on m.id = d.model_id
  join assets_manufacturer f on f.id = m.manufacturer_id
  left join assets_meter k on k.device_id = d.id
on conflict (bar_code) do update set comm_addr = excluded.comm_addr,
    price_preset = excluded.price_preset, write_date = localtimestamp
 where (mt_meter.comm_addr, mt_meter.price_preset) is distinct from (excluded.comm_addr, excluded.price_preset)
"""


def _rows(statement: str, params: list[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _execute(statement: str, params: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.rowcount


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it was written, without what handling changes."""
    return {
        name: str(value)
        for name, value in row.items()
        if name not in BOOKKEEPING and value is not None
    }
