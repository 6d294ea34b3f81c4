"""Files of wireless bar-code collectors: what each row says, as text; the service judges it.

CSV or JSON. One row is one register (`register`, `reading`), or one meter with a column for each
register. Heads are English or Chinese; the order does not matter.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput
from dianheng.common.numbers import halfwidth

from .choices import Moment, Register

SCHEMA = "register-readings/1"
MOST_ROWS = 20_000
MOST_TEXT = 200
# Our names, and the heads that collectors write.
HEADS = {
    "barcode": ("barcode", "bar_code", "asset_no", "条码", "条形码", "资产编号", "表号"),
    "moment": ("moment", "起止", "起/止", "读数类别"),
    "register": ("register", "示数类型", "费率", "时段"),
    "reading": ("reading", "reading_kwh", "示数", "读数", "表码"),
    "read_at": ("read_at", "time", "抄读时间", "采集时间", "时间"),
    "collector_no": ("collector_no", "采集器编号", "采集器"),
    "batch_no": ("batch_no", "质检批号", "质检批次", "批号"),
    "bench_no": ("bench_no", "台体编号", "装置编号"),
    "reason": ("reason", "更正原因", "原因"),
}
REGISTERS = {
    Register.TOTAL: ("total", "总", "总示数", "0"),
    Register.SHARP: ("sharp", "尖", "尖示数", "1"),
    Register.PEAK: ("peak", "峰", "峰示数", "2"),
    Register.FLAT: ("flat", "平", "平示数", "3"),
    Register.VALLEY: ("valley", "谷", "谷示数", "4"),
}
MOMENTS = {
    Moment.START: ("start", "起", "起码", "起度", "始"),
    Moment.END: ("end", "止", "止码", "止度", "终"),
}
_HEAD = {word: name for name, words in HEADS.items() for word in words}
_WIDE = {word: name for name, words in REGISTERS.items() for word in words if not word.isdigit()}
REGISTER = {word: name for name, words in REGISTERS.items() for word in words}
MOMENT = {word: name for name, words in MOMENTS.items() for word in words}


@dataclass(frozen=True)
class Row:
    """One register of one meter as it was sent; everything is text."""

    number: int  # of the row in the file, from 1
    barcode: str
    register: str
    reading: str
    moment: str = ""
    read_at: str = ""
    collector_no: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Collected:
    """What a collector sent."""

    rows: Sequence[Row]
    upload_id: str = ""
    batch_no: str = ""
    bench_no: str = ""


def is_collected(body: bytes, name: str) -> bool:
    """Whether a file looks like one of a collector, whatever is wrong inside."""
    head = body[:4096]
    if SCHEMA.encode() in head:
        return True
    if not name.lower().endswith((".csv", ".txt")):
        return False
    for encoding in ("utf-8-sig", "gb18030"):
        line = head.decode(encoding, "ignore").partition("\n")[0]
        names = {_HEAD.get(cell, cell) for cell in _cells(line)}
        if "barcode" in names and names & {"moment", "register"} | names & set(_WIDE):
            return "item" not in names  # the points of a bench have items
    return False


def collected_from(body: bytes, name: str) -> Collected:
    """The rows of a file.

    Raises:
        BadInput: it cannot be read, or lacks a column.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            break
    else:
        raise BadInput(_("The file is no text in UTF-8 or GBK."))
    if name.lower().endswith(".json") or text.lstrip().startswith("{"):
        return _of_json(text)
    return _of_table(text)


def _cells(line: str) -> list[str]:
    return [halfwidth(cell).strip().strip('"').lower() for cell in line.split(",")]


def _of_json(text: str) -> Collected:
    try:
        data = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise BadInput(_("The file is no JSON; it may be cut off.")) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise BadInput(_("The file is no upload of the schema %(schema)s.") % {"schema": SCHEMA})
    readings = data.get("readings")
    if not isinstance(readings, list) or not all(isinstance(one, dict) for one in readings):
        raise BadInput(_("“readings” is a list of rows."))
    rows = [
        {name: _text(value) for name, value in {**_shared(data), **one}.items()} for one in readings
    ]
    return _collected(rows, _text(data.get("upload_id")))


def _shared(data: Mapping[str, Any]) -> dict[str, Any]:
    names = ("batch_no", "bench_no", "collector_no", "moment")
    return {name: data[name] for name in names if data.get(name)}


def _of_table(text: str) -> Collected:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        heads = [_HEAD.get(cell) or _WIDE.get(cell, cell) for cell in _heads(next(reader, []))]
        if "barcode" not in heads:
            raise BadInput(_("The file has no column “%(name)s”.") % {"name": "barcode"})
        rows = []
        for cells in reader:
            if len(cells) > len(heads):
                raise BadInput(
                    _("Row %(row)s has more fields than the head.") % {"row": len(rows) + 1}
                )
            if any(cell.strip() for cell in cells):
                rows.append(dict(zip(heads, (_text(cell) for cell in cells), strict=False)))
            if len(rows) > MOST_ROWS:
                break
    except csv.Error as error:
        raise BadInput(_("The file is no CSV: %(reason)s") % {"reason": str(error)}) from None
    return _collected(rows, "")


def _heads(cells: Sequence[str]) -> list[str]:
    return [halfwidth(cell).strip().lower() for cell in cells]


def _text(value: Any) -> str:
    return "" if value is None else halfwidth(str(value)).strip()[:MOST_TEXT]


def _collected(rows: Sequence[Mapping[str, str]], upload_id: str) -> Collected:
    if not rows:
        raise BadInput(_("The file has no readings."))
    if len(rows) > MOST_ROWS:
        raise BadInput(_("The file has more than %(n)s rows.") % {"n": MOST_ROWS})
    named = {}
    for name in ("batch_no", "bench_no"):
        found = sorted({row[name] for row in rows if row.get(name)})
        if len(found) > 1:
            text = _("A file is of one batch; this one names %(names)s.")
            raise BadInput(text % {"names": ", ".join(found[:5])})
        named[name] = found[0] if found else ""
    read = [each for number, row in enumerate(rows, 1) for each in _registers(number, row)]
    return Collected(read, upload_id[:64], **named)


def _registers(number: int, row: Mapping[str, str]) -> Iterator[Row]:
    """A row of one register, or of a meter with a column for each."""
    wide = [name for name in Register.values if row.get(name)]
    pairs = [(name, row[name]) for name in wide]
    if not wide or row.get("reading"):
        pairs.insert(0, (row.get("register") or Register.TOTAL, row.get("reading", "")))
    for register, reading in pairs:
        yield Row(
            number,
            row.get("barcode", ""),
            REGISTER.get(register.lower(), register),
            reading,
            MOMENT.get(row.get("moment", "").lower(), row.get("moment", "")),
            row.get("read_at", ""),
            row.get("collector_no", ""),
            row.get("reason", ""),
        )
