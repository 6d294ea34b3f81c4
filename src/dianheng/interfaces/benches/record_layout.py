"""The State Grid record layout (original record of a meter): values joined by `|`.

A file holds one record or a list of them as JSON; names as in the public sample of a provincial
company, upper or lower case. The rows of an item stand in a list of its own:

| list | item | fields |
|---|---|---|
| basic_error | BASIC_ERROR | both_way_power_flag iabc load_current pf detect_circle error ave_err … |
| daily_clock_error | CLOCK | simpling error avg_err int_convert_err |
| clock_compare | CLOCK_VALUE | met_value std_value time_err (s) |
| demand | DEMAND | load_current demand_standard demand_meter demand_value_err |
| register_combination | COMBINATION | start_value end_value ele_increment value_conc_code |
| constant | CONSTANT | ele_increment std_increment detect_circle |
| starting, creeping | STARTING, NO_LOAD | test_time (s) detect_circle load_voltage |
| items | as named in `item` | the fields of the neutral format |

A list may also carry the name of a middle table and its columns (`grid_items.TABLES`).
`intuit_conc_code` of the record is the appearance.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput
from dianheng.verification.services.upload import read_json

from .csv_form import derived_id
from .grid_items import LISTS, points_of
from .grid_rows import text
from .texts import SCHEMA, conclusion, decoded, filled, lowered, moment, parts, whole

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
    "现场检验": "FIELD_CHECK",
}
HEADER_NAMES = {
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


def looks_like_records(data: Any) -> bool:
    """Whether JSON is of this layout."""
    rows = data if isinstance(data, list) else [data]
    return bool(rows) and all(
        isinstance(row, Mapping) and lowered(row).keys() >= set(MARKS) for row in rows
    )


def read_any(body: bytes) -> Any:
    """JSON of a file: an object or a list, in UTF-8 or GBK.

    Raises:
        BadInput: neither.
    """
    written = decoded(body).strip()
    # The reader of envelopes takes objects; a list is read inside of one.
    return read_json(b'{"x":' + written.encode() + b"}")["x"]


def envelope_from_records(data: Any, body: bytes) -> dict[str, Any]:
    """The envelope of a file of records.

    Raises:
        BadInput: not of the layout, or records of several benches in one file.
    """
    records = [lowered(each) for each in (data if isinstance(data, list) else [data])]
    benches = {text(record, "detect_equip_no") for record in records}
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
    kind = text(record, "verification_kind")
    environment = filled(
        {
            "temperature_c": text(record, "temperature", "temperaure"),  # so spelt in the sample
            "humidity_pct": text(record, "humidity"),
        }
    )
    overall = conclusion(text(record, "conc_code", "chk_conc_code"))
    header = {
        "task_no": text(record, "detect_task_no"),
        "asset_no": text(record, "bar_code"),
        "position_no": whole(text(record, "position_no")),
        "serial_no": text(record, "serial_no"),
        "equipment_category": "METER",
        "test_kind": KINDS.get(kind, kind.split(" ")[0]),
        "model": text(record, "model_code"),
        # Written once, so it says when, not that nothing changed: the rules take it for both ends.
        "environment": {"start": environment} if environment else None,
        "standards": _standards(record),
        "operators": [
            {"person_no": number, "role": "VERIFIER"} for number in parts(record.get("verifier"))
        ],
        "checker": text(record, "checker"),
        "started_at": moment(record["start_date"]) if text(record, "start_date") else None,
        "finished_at": moment(record.get("detect_date")),
        "overall": "INCOMPLETE" if overall == "NA" else overall,
        "seals": [
            {"seal_no": number, "position": place}
            for name, place in (("left_seal", "COVER_LEFT"), ("right_seal", "COVER_RIGHT"))
            for number in parts(record.get(name))
        ],
    }
    known = {*LISTS, *HEADER_NAMES}
    extra = filled({name: value for name, value in record.items() if name not in known})
    return {
        "header": filled(header) | ({"record": extra} if extra else {}),
        "points": points_of(_lists(record)),
    }


def _lists(record: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of each list, names in lower case; one row needs no list around it."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name in LISTS:
        rows = record.get(name)
        if isinstance(rows, Mapping):
            rows = [rows]
        if isinstance(rows, list):
            found[name] = [lowered(row) for row in rows if isinstance(row, Mapping)]
    appearance = text(record, "intuit_conc_code")
    if appearance and not found.get("mt_intuit_met_conc"):
        found["mt_intuit_met_conc"] = [{"conc_code": appearance}]
    return found


def _standards(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """Standards by their certificates, several joined by `|`."""
    classes = parts(record.get("divice_accuracy"))
    ends = parts(record.get("equip_expired_date"))
    found = []
    for number, certificate in enumerate(parts(record.get("divice_certificate_no"))):
        stated = {
            "certificate_no": certificate,
            "accuracy_class": classes[number] if number < len(classes) else "",
            "valid_until": ends[number][:10].replace("/", "-") if number < len(ends) else "",
        }
        found.append(filled(stated))
    return found
