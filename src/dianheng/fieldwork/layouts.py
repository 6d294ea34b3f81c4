"""Files of field calibrators: the envelope of benches, and tables as calibrators write them."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput
from dianheng.common.lists import NotUnderstood, read_moment
from dianheng.common.numbers import halfwidth
from dianheng.verification.selectors.on_site import plain, read_json

from .sheet import NUMBERS, RATES, READINGS, SEEN, TEXTS

SCHEMA = "metering-test-upload/1"
MOST_BYTES = 2 * 1024 * 1024
MOST_CHECKS = 200
FORWARD = "FWD_ACTIVE"
TRANSFORMERS = ("CT", "VT", "COMBINED")
ITEMS = ("BASIC_ERROR", "PHASOR", "CLOCK_VALUE", "REGISTER", "VT_DROP", "BURDEN")


@dataclass(frozen=True)
class Entry:
    """One check of a file: which task, when, with what, what was measured."""

    task_no: str
    calibrator_no: str
    done_at: datetime | None
    people: tuple[str, ...]  # staff numbers, the leader first
    raw: Mapping[str, Any]
    received: Any
    problems: tuple[dict[str, str], ...] = ()


def entries_of(body: bytes, name: str) -> tuple[str, list[Entry]]:
    """The checks of a file and the name of the upload (may be empty).

    Raises:
        BadInput: not readable, or of no known layout.
    """
    if len(body) > MOST_BYTES:
        raise BadInput(_("The file is larger than %(n)s MB.") % {"n": MOST_BYTES >> 20})
    text = _decoded(body)
    if name.lower().endswith(".json") or text.lstrip().startswith("{"):
        return _of_envelope(text)
    return "", [_of_table(text)]


def _decoded(body: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(_("The file is neither UTF-8 nor GBK text."))


# -- the envelope --------------------------------------------------------------------------------


def _of_envelope(text: str) -> tuple[str, list[Entry]]:
    try:
        data = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise BadInput(_("The file is no JSON; it may be cut off.")) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise BadInput(_("The file is no upload of the schema %(schema)s.") % {"schema": SCHEMA})
    devices = data.get("devices")
    if not isinstance(devices, list) or not devices or len(devices) > MOST_CHECKS:
        raise BadInput(_("“devices” is a list of 1 to %(n)s records.") % {"n": MOST_CHECKS})
    upload_id = str(data.get("upload_id") or "")
    calibrator = str(data.get("bench_no") or "")
    exact = read_json(text.encode())["devices"]  # whole numbers as numbers, for transformers
    return upload_id, [
        _of_device(one, calibrator, same) for one, same in zip(devices, exact, strict=True)
    ]


def _of_device(device: Any, calibrator: str, exact: Any) -> Entry:
    header = device.get("header") if isinstance(device, dict) else None
    points = device.get("points") if isinstance(device, dict) else None
    if not isinstance(header, dict) or not isinstance(points, list):
        raise BadInput(_("A record has a header and a list of points."))
    is_transformer = header.get("equipment_category") in TRANSFORMERS
    named = "transformer" if is_transformer else "meter"
    raw: dict[str, Any] = {named: str(header.get("asset_no") or "")}
    problems: list[dict[str, str]] = []
    environment = header.get("environment") or {}
    start = environment.get("start") if isinstance(environment, dict) else None
    field = header.get("field")
    for source in (start, field):
        if isinstance(source, dict):
            raw |= {key: str(v) for key, v in source.items() if key in NUMBERS or key in TEXTS}
    if is_transformer:
        raw["points"] = plain(exact["points"])
        raw["signs_confirmed"] = header.get("signs_confirmed") is True
    for point in () if is_transformer else points:
        try:
            measured = _of_point(point)
            problems += _faults_of_point(point, measured, raw)
            raw |= measured
        except (KeyError, TypeError, ValueError, AttributeError):
            item = point.get("item", "") if isinstance(point, dict) else ""
            text = _("A point (%(item)s) is not of the form.") % {"item": str(item)[:40] or "?"}
            problems.append({"field": "points", "code": "form", "text": text})
    for standard in header.get("standards") or []:
        if isinstance(standard, dict) and standard.get("asset_no") and not calibrator:
            calibrator = str(standard["asset_no"])
    people = [
        str(one["person_no"])
        for one in header.get("operators") or []
        if isinstance(one, dict) and one.get("person_no")
    ]
    return Entry(
        str(header.get("task_no") or ""), calibrator, moment_of(header.get("finished_at")),
        tuple(people), raw, device, tuple(problems),
    )  # fmt: skip


_PLACE = {"1": 1, "2": 2, "3": 3, "A": 1, "B": 2, "C": 3, "AB": 1, "CB": 2, "12": 1, "32": 2}


def _of_point(point: Mapping[str, Any]) -> dict[str, str]:
    item = point["item"]
    if item not in ITEMS:
        return {}  # what a bench may measure besides; it stays in what was received
    if item == "BASIC_ERROR":
        return {f"error_{n}": str(one) for n, one in enumerate(point["samples"], 1)}
    if item == "CLOCK_VALUE":
        return {"clock_offset_s": str(point["value"])}
    if item == "REGISTER":
        rate = str(point.get("rate") or "total").lower()
        if (point.get("direction") or FORWARD) != FORWARD or rate not in RATES:
            return {}  # registers of other energies stay in what was received
        return {f"register_{rate}": str(point["value"])}
    phase = str(point["phase"]).upper()
    if item == "PHASOR":
        kind, place = phase[0].lower(), _PLACE[phase[1:]]
        angle = point.get("angle_deg")
        found = {f"{kind}{place}": str(point["value"])}
        return found | ({} if angle in (None, "") else {f"{kind}{place}_deg": str(angle)})
    place = _PLACE[phase]
    if item == "VT_DROP":
        return {f"drop_{place}_f": str(point["f_pct"]), f"drop_{place}_d": str(point["delta_min"])}
    kind = {"CT": "ct", "VT": "vt"}[str(point.get("kind") or "VT").upper()]
    return {
        f"{kind}_{place}_va": str(point["value"]),
        f"{kind}_{place}_rated": str(point["rated_va"]),
    }


def _faults_of_point(
    point: Mapping[str, Any], measured: Mapping[str, str], before: Mapping[str, Any]
) -> Iterator[dict[str, str]]:
    """What a point says that would be misread: direction, unit, too many readings, or once more."""
    for key in measured:
        if key in before:
            yield _problem(key, "twice", _("%(what)s is in the record twice."), key)
            return
        if _reading_no(key) > READINGS:
            yield _too_many()
            return
    key, direction = next(iter(measured), ""), point.get("direction") or FORWARD
    if key.startswith("error_") and direction != FORWARD:
        text = _("The working error of the forward active energy is wanted, not of %(found)s.")
        yield _problem(key, "direction", text % {"found": str(direction)[:40]})
    unit = str(point.get("unit") or "")
    if key and not is_unit(key, unit):
        yield _wrong_unit(key, point["item"], unit)


def is_unit(key: str, written: str) -> bool:
    """Whether what is written is the unit of a number of the sheet; none written is trusted.

    >>> is_unit("register_total", "kWh"), is_unit("register_total", "MWh"), is_unit("u1", "")
    (True, False, True)
    """
    unit = halfwidth(written).strip().lower()
    return not unit or unit in UNITS[NUMBERS[key].unit]


def _reading_no(name: str) -> int:
    """Which reading of the working error a name is; 0 for other names."""
    found = re.fullmatch(r"(?:error_|误差|e)(\d+)", name)
    return int(found[1]) if found else 0


def _problem(field: str, code: str, text: Any, key: str = "") -> dict[str, str]:
    if key:
        text = text % {"what": f"{NUMBERS[key].label} ({key})"}
    return {"field": field, "code": code, "text": str(text)}


def _too_many() -> dict[str, str]:
    text = _("At most %(n)s readings of the working error are taken.") % {"n": READINGS}
    return _problem(f"error_{READINGS}", "too_many", text)


def _wrong_unit(key: str, head: str, found: str) -> dict[str, str]:
    facts = {"head": head.strip()[:40], "unit": NUMBERS[key].unit or "1", "found": found[:20]}
    return _problem(key, "wrong_unit", _("“%(head)s” is in %(found)s; %(unit)s is wanted.") % facts)


def moment_of(value: Any) -> datetime | None:
    """A moment as files write it; without a zone it is that of the organisation."""
    try:
        return read_moment(str(value or ""))
    except NotUnderstood:
        return None


# -- tables --------------------------------------------------------------------------------------

# What calibrators call the values; letters in lower case, without units, spaces and brackets.
HEADS: Mapping[str, str] = {
    "任务号": "task_no", "任务编号": "task_no", "taskno": "task_no", "task": "task_no",
    "表号": "meter", "电能表编号": "meter", "资产编号": "meter", "meter": "meter", "assetno": "meter",
    "校验仪编号": "calibrator", "标准器编号": "calibrator", "仪器编号": "calibrator", "calibrator": "calibrator",
    "校验时间": "done_at", "检验时间": "done_at", "测试时间": "done_at", "时间": "done_at", "time": "done_at",
    "校验员": "leader", "检验员": "leader", "核验员": "second",
    "温度": "temperature_c", "temperature": "temperature_c", "湿度": "humidity_pct", "相对湿度": "humidity_pct",
    "humidity": "humidity_pct", "频率": "frequency_hz", "f": "frequency_hz", "frequency": "frequency_hz",
    "功率因数": "cos_phi", "cosφ": "cos_phi", "cos": "cos_phi", "pf": "cos_phi", "负载性质": "load_kind",
    "相序": "sequence", "误差1": "error_1", "误差2": "error_2", "误差3": "error_3", "误差4": "error_4",
    "误差5": "error_5", "e1": "error_1", "e2": "error_2", "e3": "error_3", "时钟误差": "clock_offset_s",
    "时钟偏差": "clock_offset_s", "总电量": "register_total", "正向有功总": "register_total",
    "尖": "register_sharp", "峰": "register_peak", "平": "register_flat", "谷": "register_valley",
    "备注": "remark", "铭牌核对": "plate_agrees", "变比核对": "ratio_agrees",
    "倍率核对": "ratio_agrees", "时段核对": "periods_agree", "封印核对": "seals_whole",
    **{
        name: f"{kind}{n}{suffix}"
        for kind in "ui"
        for letters, n in ((("1", "a", "ab", "12"), 1), (("2", "b"), 2), (("3", "c"), 3))
        for letter in letters
        for name, suffix in (
            (f"{kind}{letter}", ""), (f"φ{kind}{letter}", "_deg"), (f"{kind}{letter}角度", "_deg"),
            (f"{kind}{letter}相位", "_deg"), (f"{kind}{letter}angle", "_deg"),
        )
    },
}  # fmt: skip
# A three-wire meter has Ucb and Ic in its second element.
THREE_WIRE_HEADS = {
    name: f"{kind}2{suffix}"
    for kind, letters in (("u", ("cb", "32", "c")), ("i", ("c", "3")))
    for letter in letters
    for name, suffix in (
        (f"{kind}{letter}", ""), (f"φ{kind}{letter}", "_deg"), (f"{kind}{letter}角度", "_deg"),
        (f"{kind}{letter}相位", "_deg"), (f"{kind}{letter}angle", "_deg"),
    )
}  # fmt: skip
# How files write the units of the sheet, in lower case; everything else is refused.
UNITS: Mapping[str, tuple[str, ...]] = {
    "V": ("v", "伏"), "A": ("a", "安"), "°": ("°", "º", "deg", "度"), "°C": ("°c", "℃", "c"),
    "%": ("%", "%rh", "rh%"), "Hz": ("hz", "赫兹"), "kWh": ("kwh", "kw·h", "kw.h", "千瓦时"),
    "s": ("s", "sec", "秒"), "′": ("′", "'", "min"), "VA": ("va", "v·a"), "": (),
}  # fmt: skip


def _plain(head: str) -> tuple[str, str]:
    """Name and unit of a head: `Ua(V)` is `ua`, `V`; the unit as it stands in the file.

    >>> _plain("φUab [°]"), _plain("Uab(kV)")
    (('φuab', '°'), ('uab', 'kV'))
    """
    text = halfwidth(head).strip().replace("[", "(").replace("]", ")")
    name, _sign, rest = text.replace(" ", "").replace("_", "").partition("(")
    return name.lower().replace("Φ".lower(), "φ"), rest.rstrip(")")


def _of_table(text: str) -> Entry:
    """A table of one check: names and values in two rows, or one below the other."""
    try:
        dialect = (
            "\t"
            if "\t" in text.split("\n", 1)[0]
            else ";"
            if ";" in text.split("\n", 1)[0]
            else ","
        )
        rows = [
            row
            for row in csv.reader(io.StringIO(text), delimiter=dialect)
            if any(c.strip() for c in row)
        ]
    except csv.Error:
        raise BadInput(_("The file is no table.")) from None
    pairs = list(_pairs(rows))
    if not pairs:
        raise BadInput(
            _(
                "The file is of no known layout: names in the first row and values in the second, or name and value in each row."
            )
        )
    names = {_plain(head)[0] for head, _value in pairs}
    is_three_wire = bool(names & {"ucb", "u32"}) or ("ub" not in names and "uab" in names)
    heads = {**HEADS, **(THREE_WIRE_HEADS if is_three_wire else {})}
    raw: dict[str, str] = {}
    problems: list[dict[str, str]] = []
    for head, value in pairs:
        name, unit = _plain(head)
        key = heads.get(name)
        if key is None and _reading_no(name) > READINGS and value.strip():
            problems.append(_too_many())
        if key is None or not value.strip():
            continue
        if key in NUMBERS and not is_unit(key, unit):
            problems.append(_wrong_unit(key, head, unit))
        found = value.strip().removesuffix("°").removesuffix("%").strip()
        if key in NUMBERS and raw.get(key, found) != found:
            problems.append(_problem(key, "twice", _("%(what)s is in the record twice."), key))
        raw[key] = found
    words = {
        "感性": "L",
        "容性": "C",
        "正": "positive",
        "逆": "negative",
        "正相序": "positive",
        "逆相序": "negative",
    }
    agreed = {
        **dict.fromkeys(("是", "一致", "相符", "合格", "完好", "yes"), "yes"),
        **dict.fromkeys(("否", "不一致", "不符", "不合格", "破损", "no"), "no"),
    }
    for key in ("load_kind", "sequence", *SEEN):
        if key in raw:
            raw[key] = (agreed if key in SEEN else words).get(raw[key], raw[key])
    people = tuple(raw.pop(key) for key in ("leader", "second") if key in raw)
    return Entry(
        raw.pop("task_no", ""), raw.pop("calibrator", ""), moment_of(raw.pop("done_at", "")), people,
        raw, {"rows": rows}, tuple(problems),
    )  # fmt: skip


def _pairs(rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    def known(cells: Sequence[str]) -> int:
        return sum(
            _plain(cell)[0] in HEADS or _plain(cell)[0] in THREE_WIRE_HEADS for cell in cells
        )

    if not rows:
        return
    if len(rows) >= 2 and known(rows[0]) >= 3:
        yield from zip(rows[0], rows[1], strict=False)
    elif known([row[0] for row in rows if row]) >= 3:
        for row in rows:
            if len(row) >= 2:
                yield row[0], row[1]
