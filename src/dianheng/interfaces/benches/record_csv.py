"""The State Grid record layout as CSV: one line for each row of an item.

The columns of the record (task, bar code, position, climate, people …) stand in every line; what
the first line of a meter leaves empty may stand in a later one. `item` names the list of
`record_layout` that the line belongs to; without that column the filled columns tell.
`conc_code` is the conclusion on the meter, `chk_conc_code` that of the line.
"""

import csv
import io
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput

from .grid_items import LISTS
from .record_layout import MARKS
from .texts import decoded, filled

MOST_ROWS = 100_000
# Columns of a line; all others are those of the record.
OF_THE_LINE = frozenset(
    {"item", "samples", "unit", "facts", "remark", "pulses", "seq", "is_valid", "chk_conc_code"}
    | {"both_way_power_flag", "iabc", "load_current", "load_voltage", "pf", "start_current"}
    | {"detect_circle", "pules", "simpling", "error", "ave_err", "mean_error", "avg_err"}
    | {"int_convert_err", "err_abs", "err_up", "err_down", "met_value", "std_value", "time_err"}
    | {"demand_standard", "demand_meter", "demand_value_err", "start_value", "end_value"}
    | {"ele_increment", "std_increment", "value_conc_code", "test_time", "real_test_time"}
    | {"para_index", "detect_item_point"}
)
# Columns of the bench's own software that say nothing of the meter.
OF_THE_SOFTWARE = {"write_date", "handle_flag", "handle_date"}
# What tells the list of a line that names none; the first that fits.
TELLS = (
    ("clock_compare", ("time_err",)),
    ("demand", ("demand_value_err",)),
    ("demand", ("demand_standard",)),
    ("register_combination", ("value_conc_code",)),
    ("register_combination", ("start_value",)),
    ("constant", ("ele_increment",)),
    ("basic_error", ("error", "iabc")),
    ("basic_error", ("error", "pf")),
    ("daily_clock_error", ("error",)),
)


def looks_like_record_csv(body: bytes) -> bool:
    """Whether the first line has the names that mark the layout."""
    first = decoded(body).split("\n", 1)[0]
    names = {name.strip().strip('"').lower() for name in first.split(",")}
    return names.issuperset(MARKS)


def records_from_csv(body: bytes) -> list[dict[str, Any]]:
    """Records as in the JSON form of the layout, in the order of the file.

    Raises:
        BadInput: the file is no CSV, a line belongs to no list, or two lines of a meter
            contradict each other.
    """
    records: dict[tuple[str, str], dict[str, Any]] = {}
    for number, row in enumerate(_lines(body), 2):
        key = (row.get("detect_task_no", ""), row.get("bar_code", ""))
        record = records.setdefault(key, {})
        for name, value in row.items():
            if not value or name in OF_THE_LINE or name in OF_THE_SOFTWARE:
                continue
            if record.setdefault(name, value) != value:
                facts = {"line": number, "name": name}
                raise BadInput(_("Line %(line)s says another %(name)s of its meter.") % facts)
        own = filled({name: value for name, value in row.items() if name in OF_THE_LINE})
        if own:
            record.setdefault(_list_of(own, number), []).append(own)
    if not records:
        raise BadInput(_("The file has no line."))
    return list(records.values())


def _lines(body: bytes) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    try:
        reader = csv.DictReader(io.StringIO(decoded(body), newline=""), strict=True)
        reader.fieldnames = [str(name).strip().lower() for name in reader.fieldnames or []]
        for row in reader:
            if len(rows) >= MOST_ROWS or None in row:
                raise BadInput(_("%(file)s has too many rows or fields.") % {"file": "CSV"})
            rows.append({name: (value or "").strip() for name, value in row.items()})
    except csv.Error as error:
        facts = {"file": "CSV", "reason": str(error)}
        raise BadInput(_("%(file)s is no CSV: %(reason)s") % facts) from None
    return rows


def _list_of(row: dict[str, Any], number: int) -> str:
    stated = str(row.get("item", "")).strip()
    if stated.lower() in LISTS and stated.lower() != "items":
        del row["item"]
        return stated.lower()
    if stated:
        return "items"  # an item of the neutral format, by its name there
    return _told_by(row, number)


def _told_by(row: Mapping[str, Any], number: int) -> str:
    for name, columns in TELLS:
        if all(row.get(column) for column in columns):
            return name
    raise BadInput(_("Line %(line)s belongs to no item.") % {"line": number})
