"""The MDS middle tables (schema `mds`): benches' own software reads its load and writes results.

A row of MT_DETECT_RSLT with HANDLE_FLAG 0 or empty says that the results of a meter are there.
They are taken over in one transaction with the flag: 1 taken, 2 refused, with what became of it
in HANDLE_INFO. Benches delete their rows of a task and bar code and insert them again: that is a
new attempt. Rows of the same content are the same results, whatever their flag says.
"""

import hashlib
import json
import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from dianheng.common.access import note_refusal
from dianheng.common.errors import Refused
from dianheng.identity.services import system_actor
from dianheng.verification.choices import Outcome
from dianheng.verification.models import TestRecord
from dianheng.verification.services import upload_receive

from .csv_form import derived_id
from .grid_items import LISTS, TABLES
from .grid_rows import text
from .grounds import fill_in
from .record_layout import device_of
from .texts import SCHEMA, conclusion

log = logging.getLogger("dianheng.benches")
SETTLED_S = 2.0  # rows that changed later than this may not be all of them yet
LONGEST_S = 60.0  # a bench that writes without a pause is not waited for any longer
AGAIN_S = 600.0  # rows that broke the program are looked at again after this
TIDY_S = 60.0
AT_ONCE = 200  # meters of a bench taken over together

# Columns that change when a bench's software or we handle a row, and say nothing of the meter.
BOOKKEEPING = {"id", "write_date", "handle_flag", "handle_date", "handle_info"}
_GROUPS = """
select distinct detect_task_no as task, coalesce(detect_equip_no, '') as bench
  from mds.mt_detect_rslt where coalesce(handle_flag, '') in ('', '0')
"""
_RESULTS = """
select * from mds.mt_detect_rslt
 where detect_task_no = %s and coalesce(detect_equip_no, '') = %s
   and coalesce(handle_flag, '') in ('', '0')
 order by id limit %s for update skip locked
"""
_MARK = "update mds.mt_detect_rslt set handle_flag = %s, handle_date = %s, handle_info = %s where id = %s"
# Overall codes of items whose own table has no row: PASS counts where it says all there is to
# say, FAIL always, so that no failure is lost.
BY_CODE = {
    "intuit_conc_code": ("VISUAL", "mt_intuit_met_conc", True),
    "comminicate_met_conc_code": ("COMMUNICATION", "mt_comminicate_met_conc", True),
    "volt_conc_code": ("AC_VOLTAGE", "mt_volt_met_conc", False),
    "creeping_conc_code": ("NO_LOAD", "mt_creeping_met_conc", False),
    "starting_conc_code": ("STARTING", "mt_starting_met_conc", False),
    "const_conc_code": ("CONSTANT", "mt_const_met_conc", False),
    "dayerr_conc_code": ("CLOCK", "mt_dayerr_met_conc", False),
    "ts_conc_code": ("TARIFF_SWITCH", "mt_ts_met_conc", False),
    "key_conc_code": ("ESAM_KEY", "mt_esam_met_conc", False),
}
SEAL_POSITIONS = {"01": "COVER_LEFT", "02": "COVER_RIGHT", "左": "COVER_LEFT", "右": "COVER_RIGHT"}

Group = tuple[str, str]  # task, bench


@dataclass
class Memory:
    """What a worker remembers between looks; losing it costs a second look."""

    settling: dict[Group, tuple[str, float, float]] = field(default_factory=dict)
    broken: dict[Group, float] = field(default_factory=dict)
    tidied_at: float = float("-inf")

    def is_settled(self, group: Group, digest: str) -> bool:
        """Whether the rows of a group have stopped changing."""
        now = time.monotonic()
        known, since, first = self.settling.get(group, ("", now, now))
        if known != digest:
            since = now
        self.settling[group] = (digest, since, first)
        if now - since < SETTLED_S and now - first < LONGEST_S:
            return False
        del self.settling[group]
        return True


memory = Memory()


def collect() -> int:
    """Publish the loads, take over results; returns how many meters were dealt with."""
    publish()
    waiting = {(row["task"], row["bench"]) for row in _rows(_GROUPS, [])}
    for known in (memory.settling, memory.broken):
        for gone in known.keys() - waiting:
            known.pop(gone)
    return sum(_take_over_safely(group) for group in sorted(waiting))


def _take_over_safely(group: Group) -> int:
    """One bench's rows never keep those of others waiting."""
    if time.monotonic() < memory.broken.get(group, 0.0):
        return 0
    try:
        return take_over(*group)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("rows of bench %s broke the program", group[1][:40])
        memory.broken[group] = time.monotonic() + AGAIN_S
        return 0


def take_over(task_no: str, bench_no: str) -> int:
    """Take over what one bench wrote for one task; returns how many meters.

    One transaction: results and flags are written together or not at all. Rows that a bench is
    just changing are left for the next look.
    """
    with translation.override(settings.LANGUAGE_CODE), transaction.atomic():
        results = _rows(_RESULTS, [task_no, bench_no, AT_ONCE])
        newest = {row["bar_code"]: row for row in results}
        if not newest:
            return 0
        rows = _rows_of(task_no, list(newest))
        found = {code: {"result": _plain(row), **rows[code]} for code, row in newest.items()}
        digests = {code: _digest(each) for code, each in found.items()}
        if not memory.is_settled((task_no, bench_no), _digest(sorted(digests.items()))):
            return 0
        known = _known(task_no, digests)
        fresh = {code: each for code, each in found.items() if digests[code] not in known}
        flags = {
            code: ("1", _("%(no)s (unchanged)") % {"no": known[digest]})
            for code, digest in digests.items()
            if digest in known
        }
        if fresh:
            flags |= _send(fresh, digests, bench_no)
        at = _now_text()
        for row in results:
            flag, info = flags[row["bar_code"]]
            _execute(_MARK, [flag, at, info[:2000], row["id"]])
        log.info("rows of bench %s", bench_no[:40], extra={"count": len(newest)})
        return len(newest)


def _known(task_no: str, digests: Mapping[str, str]) -> dict[str, str]:
    """Record numbers of rows that were taken over before, by the digest of the rows."""
    rows = TestRecord.objects.filter(
        task__number=task_no,
        upload__source="mds",
        header__extra__mds__digest__in=list(digests.values()),
    )
    return dict(rows.values_list("header__extra__mds__digest", "number"))


def _send(
    found: Mapping[str, Any], digests: Mapping[str, str], bench_no: str
) -> dict[str, tuple[str, str]]:
    """Hand the rows to the service as one envelope; flag and information for each bar code."""
    body = json.dumps(found, ensure_ascii=False, sort_keys=True).encode()
    envelope = {
        "schema": SCHEMA,
        "upload_id": derived_id(body),
        "bench_no": bench_no,
        "source_system": "MDS",
        "devices": [_device(each, digests[code]) for code, each in found.items()],
    }
    try:
        answer = upload_receive(
            body=body,
            actor=system_actor("bench"),
            source="mds",
            envelope=fill_in(envelope, bench_no, are_certificates_doubtful=True),
            content_type="application/json; mds",
            is_rewrite=True,
        ).answer
    except Refused as refused:
        note_refusal(system_actor("bench"), refused, f"mds/{bench_no}")
        told = refused.as_dict()
        return dict.fromkeys(found, ("2", _faults([told, *told["errors"]])))
    flags = {}
    for code, told in zip(found, answer["devices"], strict=True):
        if told["status"] == 201:
            outcome = Outcome(told["outcome"]).label
            flags[code] = ("1", f"{told['record_no']} {outcome}")
        else:
            flags[code] = ("2", _faults(told["errors"]))
    return flags


def _faults(faults: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(
        " ".join(str(each[name]) for name in ("code", "field", "text") if each.get(name))
        for each in faults
    )


# -- from rows to the neutral form ------------------------------------------------------------------


def _rows_of(task_no: str, codes: list[str]) -> dict[str, dict[str, Any]]:
    """Rows of items and seals by bar code; rows that the bench marked invalid are left out."""
    items: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for table in (*TABLES, "mt_seal_inst"):
        place = "'0'" if table == "mt_seal_inst" else "para_index"
        rows = _rows(
            f"select * from mds.{table} where detect_task_no = %s and bar_code = any(%s)"  # noqa: S608
            " and is_valid is distinct from '0' order by bar_code,"
            f" nullif(left(regexp_replace({place}, '\\D', '', 'g'), 9), '')::integer nulls last, id",
            [task_no, codes],
        )
        for row in rows:
            items[row["bar_code"]].setdefault(table, []).append(_plain(row))
    found = {}
    for code in codes:
        of_meter = dict(items.get(code, {}))
        found[code] = {"seals": of_meter.pop("mt_seal_inst", []), "items": of_meter}
    return found


def _device(found: Mapping[str, Any], digest: str) -> dict[str, Any]:
    result = found["result"]
    device = device_of(
        {
            **{name: rows for name, rows in found["items"].items() if name in LISTS},
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
        }
    )
    header, points = device["header"], device["points"]
    seals = [
        {
            "seal_no": text(row, "seal_bar_code"),
            "position": SEAL_POSITIONS.get(text(row, "seal_position"), text(row, "seal_position")),
        }
        for row in found["seals"]
        if text(row, "seal_bar_code")
    ]
    if seals:
        header["seals"] = seals
    for name, (item, table, is_enough) in BY_CODE.items():
        said = conclusion(text(result, name))
        if table not in found["items"] and (said == "FAIL" or (said == "PASS" and is_enough)):
            points.append({"item": item, "conclusion": said, "seq": len(points) + 1})
    codes = {name: value for name, value in result.items() if "_conc" in name and value}
    header["mds"] = {**codes, "digest": digest}
    return device


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it was written, without what handling changes."""
    return {
        name: str(value)
        for name, value in row.items()
        if name not in BOOKKEEPING and value is not None
    }


def _digest(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


# -- what the benches read ----------------------------------------------------------------------------


def publish() -> int:
    """Write what stands on the benches into the tables that they read; returns how many rows.

    What is taken off a load disappears. What has its results stays until the task is closed, so
    that the bench may write them again, but no longer waits (HANDLE_FLAG 1).
    """
    at = _now_text()
    with transaction.atomic():
        _execute(_TAKEN, [at])
        _execute(_FORGET, [])
        count = _execute(_PUBLISH, [at])
        if count:
            _execute(_PUBLISH_METERS, [at])
        if time.monotonic() - memory.tidied_at >= TIDY_S:
            _execute(_FORGET_CLOSED, [])
            memory.tidied_at = time.monotonic()
    return count


# The newest place of each device that stands on a bench and has no result yet.
_CURRENT = """
    select distinct on (d.id)
           t.number as task_no, d.barcode, p.attempt, l.number as load_no, p.position,
           coalesce(nullif(b.asset_no, ''), b.barcode) as bench_no, u.code as unit_no
      from verification_loadposition p
      join verification_benchload l on l.id = p.load_id and l.state in ('open', 'fetched')
      join verification_taskdevice td on td.id = p.task_device_id and p.attempt > td.attempts
      join verification_verificationtask t on t.id = l.task_id
      join assets_device d on d.id = td.device_id
      join assets_device b on b.id = l.bench_id
      join identity_unit u on u.id = t.unit_id
     order by d.id, p.id desc
"""
_TAKEN = """
update mds.mt_detect_out_equip o
   set taken_at = now(), handle_flag = '1', handle_date = %s
  from verification_benchload l
  join verification_loadposition p on p.load_id = l.id
  join verification_taskdevice td on td.id = p.task_device_id and td.attempts >= p.attempt
  join assets_device d on d.id = td.device_id
 where o.taken_at is null and l.number = o.load_no and d.barcode = o.bar_code
"""
_FORGET = f"""
delete from mds.mt_detect_out_equip o
 where o.taken_at is null
   and not exists (select from ({_CURRENT}) c
                    where c.task_no = o.detect_task_no and c.barcode = o.bar_code
                      and c.load_no = o.load_no and c.position::text = o.position_no)
"""  # noqa: S608
_PUBLISH = f"""
insert into mds.mt_detect_out_equip as o (detect_task_no, bar_code, attempt, load_no,
    detect_equip_no, platform_no, detect_unit_no, position_no, equip_categ, write_date, handle_flag)
select task_no, barcode, attempt, load_no, bench_no, bench_no, unit_no, position::text, '01', %s, '0'
  from ({_CURRENT}) c order by load_no, position
on conflict (detect_task_no, bar_code) do update
   set attempt = excluded.attempt, load_no = excluded.load_no, position_no = excluded.position_no,
       detect_equip_no = excluded.detect_equip_no, platform_no = excluded.platform_no,
       write_date = excluded.write_date, handle_flag = '0', handle_date = null, taken_at = null
 where (o.attempt, o.load_no, o.position_no) is distinct from
       (excluded.attempt, excluded.load_no, excluded.position_no)
"""  # noqa: S608
_FORGET_CLOSED = """
with gone as (
    delete from mds.mt_detect_out_equip o
     where o.taken_at is not null
       and not exists (select from verification_verificationtask t
                        where t.number = o.detect_task_no and t.state = 'open')
    returning o.bar_code)
delete from mds.mt_meter m using gone where m.bar_code = gone.bar_code
"""
_PUBLISH_METERS = """
insert into mds.mt_meter as was (meter_id, bar_code, asset_no, made_no, model_code, manufacturer,
    sort_code, ap_pre_level_code, rp_pre_level_code, wiring_mode, con_mode, volt_code,
    rated_current, overload_factor, freq_code, const_code, rp_constant, comm_prot_code, comm_addr,
    hard_ver, soft_ver, price_preset, write_date, handle_flag)
select d.id::text, d.barcode, d.asset_no, d.serial_no, m.code, f.name, m.name, m.accuracy_class,
       m.reactive_class, m.wiring, m.connection, trim_scale(m.voltage_v)::text,
       trim_scale(m.base_current_a) || '(' || trim_scale(m.max_current_a) || ')A',
       trim_scale(round(m.max_current_a / nullif(m.base_current_a, 0), 4))::text,
       trim_scale(m.frequency_hz)::text, trim_scale(m.constant_imp_per_kwh)::text,
       trim_scale(m.constant_imp_per_kvarh)::text, coalesce(nullif(k.protocol, ''), m.protocol),
       k.comm_address, k.hardware_version, k.software_version, k.price_preset, %s, '0'
  from mds.mt_detect_out_equip o
  join assets_device d on d.barcode = o.bar_code
  join assets_devicemodel m on m.id = d.model_id
  join assets_manufacturer f on f.id = m.manufacturer_id
  left join assets_meter k on k.device_id = d.id
 where o.taken_at is null
on conflict (bar_code) do update
   set comm_addr = excluded.comm_addr, price_preset = excluded.price_preset,
       const_code = excluded.const_code, write_date = excluded.write_date
 where (was.comm_addr, was.price_preset, was.const_code) is distinct from
       (excluded.comm_addr, excluded.price_preset, excluded.const_code)
"""


def _now_text() -> str:
    """This moment as bench software writes it, in the organisation's zone."""
    return timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")


def _rows(statement: str, params: list[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _execute(statement: str, params: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)
