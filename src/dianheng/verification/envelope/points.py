"""The points of one device of an upload."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.loads import read_factor, read_load
from dianheng.metrology.observations import LOADED_ITEMS
from dianheng.metrology.quantities import plain_text, read_decimal
from dianheng.metrology.transformer_records import ERRORS
from dianheng.metrology.transformer_schemes import read_ratios

from .parts import (
    BURDENS,
    CONCLUSIONS,
    DIRECTIONS,
    ITEMS,
    MOST_SAMPLES,
    PARTS,
    PHASES,
    POINT_FIELDS,
    UNITS,
    DevicePart,
    Point,
)
from .values import MOMENT, NUMBER, decimal_in, plain, read_moment, whole_number


def check_sequence(part: DevicePart) -> None:
    seen: set[int] = set()
    for point in part.points:
        if point.seq in seen:
            part.fault(f"points[{point.seq}].seq", "twice", _("stands twice"))
        seen.add(point.seq)


def read_point(part: DevicePart, number: int, data: Any) -> None:
    where = f"points[{number}]"
    if not isinstance(data, dict):
        part.fault(where, "form", _("is an object"))
        return
    name = data.get("item")
    if name not in ITEMS:
        part.fault(f"{where}.item", "choice", _("is none of the items of the format"))
        return
    item = ITEMS[name]
    point = Point(number, name, item)
    seq = data.get("seq")
    if seq is not None:
        point.seq = whole_number(part, data, f"{where}.seq", "seq", 0, 100_000) or 0
    _point_place(part, where, point, data)
    point.samples = _samples(part, where, data.get("samples"))
    point.pulses = whole_number(part, data, f"{where}.pulses", "pulses", 0, 10**12)
    point.voltage_pct = decimal_in(part, f"{where}.voltage_pct", data.get("voltage_pct"))
    point.mean = decimal_in(part, f"{where}.mean", data.get("mean"))
    point.limit_low = decimal_in(part, f"{where}.limit_low", data.get("limit_low"))
    point.limit_high = decimal_in(part, f"{where}.limit_high", data.get("limit_high"))
    rounded = data.get("rounded")
    is_given = rounded not in (None, "")
    if is_given and decimal_in(part, f"{where}.rounded", rounded) is not None:
        point.rounded = str(rounded).strip()
    unit = data.get("unit")
    if unit not in (None, ""):
        if unit in UNITS:
            point.unit = unit
        elif point.item not in ERRORS:  # whose unit is told with their place
            part.fault(
                f"{where}.unit", "choice", _("is one of %(known)s") % {"known": ", ".join(UNITS)}
            )
    conclusion = data.get("conclusion")
    if conclusion not in (None, ""):
        if conclusion not in CONCLUSIONS:
            part.fault(
                f"{where}.conclusion",
                "choice",
                _("is one of %(known)s") % {"known": ", ".join(CONCLUSIONS)},
            )
        else:
            point.conclusion = conclusion
    if data.get("tested_at") is not None:
        point.tested_at = read_moment(data["tested_at"])
        if point.tested_at is None:
            part.fault(f"{where}.tested_at", "moment", MOMENT)
    remark = data.get("remark")
    if remark is not None:
        if not isinstance(remark, str) or len(remark) > 2000:
            part.fault(f"{where}.remark", "text", _("is a text of at most 2000 characters"))
        else:
            point.remark = remark.replace("\0", "")
    facts = data.get("facts")
    if facts is not None:
        if not isinstance(facts, dict) or len(facts) > 100:
            part.fault(f"{where}.facts", "form", _("is an object"))
        else:
            point.facts = {**plain(facts), **point.facts}
    for name_, value in data.items():
        if name_ not in POINT_FIELDS:
            point.extra[name_] = plain(value)
    for name_ in ("current_a", "frequency_hz", "std_dev"):
        if data.get(name_) is not None:
            value = decimal_in(part, f"{where}.{name_}", data[name_])
            point.extra[name_] = None if value is None else format(value, "f")
    part.points.append(point)


def _point_place(part: DevicePart, where: str, point: Point, data: Mapping[str, Any]) -> None:
    if point.item in ERRORS:
        _transformer_place(part, where, point, data)
        return
    direction = data.get("direction")
    if direction is not None:
        if direction not in DIRECTIONS:
            part.fault(
                f"{where}.direction",
                "choice",
                _("is one of %(known)s") % {"known": ", ".join(DIRECTIONS)},
            )
        else:
            point.direction = DIRECTIONS[direction]
    _phase(part, where, point, data)
    load, factor = data.get("load_current"), data.get("power_factor")
    is_needed = point.item in LOADED_ITEMS
    try:
        if load not in (None, ""):
            read_load(load if isinstance(load, str) else "")
            point.load = load.strip()
        elif is_needed:
            part.fault(f"{where}.load_current", "missing", _("is missing"))
    except WrongValue:
        part.fault(f"{where}.load_current", "load", _("is a current such as Ib, 0.5Imax, 0.05In"))
    try:
        if factor not in (None, ""):
            read_factor(factor if isinstance(factor, str) else "")
            point.factor = factor.strip()
        elif point.item == "basic_error":
            part.fault(f"{where}.power_factor", "missing", _("is missing"))
    except WrongValue:
        part.fault(f"{where}.power_factor", "factor", _("is a factor such as 1.0, 0.5L, 0.8C"))


def _phase(part: DevicePart, where: str, point: Point, data: Mapping[str, Any]) -> None:
    phase = data.get("phase")
    if phase is None:
        return
    if phase not in PHASES:
        part.fault(
            f"{where}.phase", "choice", _("is one of %(known)s") % {"known": ", ".join(PHASES)}
        )
    else:
        point.phases = phase


def _transformer_place(part: DevicePart, where: str, point: Point, data: Mapping[str, Any]) -> None:
    """Which part, phase and ratio, at which burden and percent, in which unit."""
    _phase(part, where, point, data)
    for name, known, default in (("part", PARTS, part.category), ("burden", BURDENS, None)):
        value = data.get(name, default)
        if value not in known:
            words = _("is one of %(known)s") % {"known": ", ".join(known)}
            part.fault(f"{where}.{name}", "choice", words)
        elif name == "part":
            point.direction = PARTS[value]
        else:
            point.factor = BURDENS[value]
    percent = decimal_in(part, f"{where}.percent_rated", data.get("percent_rated"))
    if percent is None or not 0 < percent <= 200:
        part.fault(f"{where}.percent_rated", "range", _("lies above 0 and up to 200"))
    else:
        point.load = plain_text(percent)
    try:
        ratios = read_ratios(str(data.get("ratio") or ""))
    except WrongValue:
        ratios = ()
    if len(ratios) == 1:
        point.facts = {"ratio": ratios[0]}
    else:
        part.fault(f"{where}.ratio", "ratio", _("is a ratio such as 200/5"))
    wanted = ("%",) if point.item == "ratio_error" else ("min", "'")
    unit = data.get("unit")
    if unit not in (None, "", *wanted):
        text = _("is in %(unit)s, not in %(stated)s")
        facts = {"unit": wanted[0], "stated": str(unit)[:20]}
        part.fault(f"{where}.unit", "unit", text % facts)


def _samples(part: DevicePart, where: str, data: Any) -> tuple[Decimal, ...]:
    if data is None:
        return ()
    if not isinstance(data, list) or len(data) > MOST_SAMPLES:
        part.fault(
            f"{where}.samples",
            "form",
            _("is a list of at most %(most)s texts") % {"most": MOST_SAMPLES},
        )
        return ()
    found = []
    for number, value in enumerate(data):
        try:
            if not isinstance(value, str):
                raise WrongValue("not_text", "a sample is text")
            found.append(read_decimal(value))
        except WrongValue:
            part.fault(f"{where}.samples[{number}]", "sample", NUMBER)
    return tuple(found)
