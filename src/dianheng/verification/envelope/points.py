"""The points of one device of an upload."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.loads import read_factor, read_load
from dianheng.metrology.observations import LOADED_ITEMS
from dianheng.metrology.quantities import read_decimal

from .parts import (
    CONCLUSIONS,
    DIRECTIONS,
    ITEMS,
    MOST_SAMPLES,
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
        if unit not in UNITS:
            part.fault(
                f"{where}.unit", "choice", _("is one of %(known)s") % {"known": ", ".join(UNITS)}
            )
        else:
            point.unit = unit
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
            point.facts = plain(facts)
    for name_, value in data.items():
        if name_ not in POINT_FIELDS:
            point.extra[name_] = plain(value)
    for name_ in ("current_a", "frequency_hz", "std_dev"):
        if data.get(name_) is not None:
            value = decimal_in(part, f"{where}.{name_}", data[name_])
            point.extra[name_] = None if value is None else format(value, "f")
    part.points.append(point)


def _point_place(part: DevicePart, where: str, point: Point, data: Mapping[str, Any]) -> None:
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
    phase = data.get("phase")
    if phase is not None:
        if phase not in PHASES:
            part.fault(
                f"{where}.phase", "choice", _("is one of %(known)s") % {"known": ", ".join(PHASES)}
            )
        else:
            point.phases = phase
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
