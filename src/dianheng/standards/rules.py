"""What a certificate's table of values may hold; reminders; what comes back from a higher body."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.periods import add_months

MOST_ROWS = 2000
DEFAULT_ORDER = ("quantity", "point", "value", "correction", "uncertainty", "factor", "unit")
HEADS: Mapping[str, tuple[str, ...]] = {
    "quantity": ("量", "项目", "参数", "被测量", "quantity", "item", "parameter"),
    "point": ("测量点", "校准点", "检定点", "点", "量程", "point", "setting"),
    "value": ("值", "示值", "实际值", "测得值", "标准值", "误差", "value", "reading", "error"),
    "correction": ("修正值", "correction"),
    "uncertainty": ("扩展不确定度", "不确定度", "u", "expandeduncertainty", "uncertainty"),
    "factor": ("k", "包含因子", "coveragefactor"),
    "unit": ("单位", "unit"),
}  # fmt: skip
_ERROR_HEADS = ("误差", "error")
REQUIRED = ("quantity", "point", "value", "unit")
_FIELD_OF = {name: field for field, names in HEADS.items() for name in names}
_MINUS = str.maketrans({"−": "-", "–": "-", "～": "~", "℃": "°C", "％": "%"})
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_MICRO = Decimal("0.000001")
_PREFIXES = {
    "": Decimal(1), "k": Decimal(1000), "M": Decimal(1_000_000), "m": Decimal("0.001"), "μ": _MICRO,
    "u": _MICRO,
}  # fmt: skip
_UNITS = ("s/d", "%RH", "°C", "Ω", "Hz", "Wh", "VA", "′", "%", "V", "A", "W", "s", "°", "Pa")
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_UNIT = r"(?:[kmμuM]?(?:" + "|".join(map(re.escape, _UNITS)) + r"))(?![A-Za-z])"
_QUANTITY = re.compile(rf"({_NUMBER})\s*({_UNIT})")
_SPAN = re.compile(
    rf"\(?\s*({_NUMBER})\s*({_UNIT})?\s*(?:~|\.\.\.|…|至|to)\s*({_NUMBER})\s*\)?\s*({_UNIT})"
)
_SYMMETRIC = re.compile(rf"±\s*(\d+(?:\.\d+)?)\s*({_UNIT})")


@dataclass(frozen=True)
class Span:
    """A range of a standard in the base unit, first and last value included."""

    low: Decimal
    high: Decimal
    unit: str


@dataclass(frozen=True)
class PointValue:
    """What a certificate says at one point."""

    quantity: str
    point: str
    value: Decimal
    correction: Decimal | None
    uncertainty: Decimal | None  # expanded
    factor: Decimal | None
    unit: str
    is_error: bool = False  # a deviation, no setting of the standard


@dataclass(frozen=True)
class Fault:
    """Something in a line that cannot be taken.

    `code`: few_cells, missing, number, comma, not_positive, twice, outside, too_many, no_rows.
    """

    line: int
    code: str
    field: str = ""
    cell: str = ""
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None


def base_unit(unit: str) -> tuple[str, Decimal]:
    """A unit without its prefix, and what one of it is in that.

    >>> base_unit("kV")
    ('V', Decimal('1000'))
    """
    for plain in _UNITS:
        if unit.endswith(plain) and unit[: -len(plain)] in _PREFIXES:
            return plain, _PREFIXES[unit[: -len(plain)]]
    return unit, Decimal(1)


def spans_of(text: str) -> list[Span]:
    """The ranges that stand in a register's words.

    >>> [f"{s.low}..{s.high} {s.unit}" for s in spans_of("3×(57.7～380) V, 3×(0.01~120) A")]
    ['57.7..380 V', '0.01..120 A']
    """
    plain = text.translate(_MINUS)
    found = []
    for low, low_unit, high, high_unit in _SPAN.findall(plain):
        unit, factor = base_unit(high_unit)
        low_factor = base_unit(low_unit)[1] if low_unit else factor
        found.append(Span(Decimal(low) * low_factor, Decimal(high) * factor, unit))
    for half, of in _SYMMETRIC.findall(plain):
        unit, factor = base_unit(of)
        found.append(Span(-Decimal(half) * factor, Decimal(half) * factor, unit))
    return found


def read_values(rows: Sequence[Sequence[str]]) -> tuple[list[PointValue], list[Fault]]:
    """The values in a table's cells; every fault of every line.

    The first line names the columns where it holds known names; otherwise they stand in the
    order quantity, point, value, correction, uncertainty, factor, unit.

    >>> read_values([["电压", "220 V", "220.03", "-0.03", "0.02", "2", "V"]])[0][0].correction
    Decimal('-0.03')
    """
    lines = [(n, [cell.strip() for cell in row]) for n, row in enumerate(rows, 1)]
    lines = [(n, row) for n, row in lines if any(row)]
    if not lines:
        return [], [Fault(0, "no_rows")]
    heads = [_FIELD_OF.get(_plain_head(cell), "") for cell in lines[0][1]]
    order: Sequence[str] = DEFAULT_ORDER
    are_errors = False
    if sum(map(bool, heads)) >= 3:
        are_errors = any(_plain_head(cell) in _ERROR_HEADS for cell in lines[0][1])
        order, lines = heads, lines[1:]
        absent = [field for field in REQUIRED if field not in heads]
        if absent:
            return [], [Fault(0, "no_column", field) for field in absent]
    if len(lines) > MOST_ROWS:
        return [], [Fault(0, "too_many")]
    values: list[PointValue] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in lines:
        cells = {field: cell for field, cell in zip(order, row, strict=False) if field}
        wrong = [Fault(number, "missing", field) for field in REQUIRED if not cells.get(field)]
        numbers: dict[str, Decimal | None] = {}
        for field in ("value", "correction", "uncertainty", "factor"):
            cell = cells.get(field, "")
            numbers[field] = None
            if not cell or cell in ("-", "/", "—"):
                continue
            read = _number(cell)
            if isinstance(read, str):
                wrong.append(Fault(number, read, field, cell))
            elif field in ("uncertainty", "factor") and read <= 0:
                wrong.append(Fault(number, "not_positive", field, cell))
            else:
                numbers[field] = read
        if numbers["value"] is None and not wrong:
            wrong.append(Fault(number, "missing", "value"))
        key = (cells.get("quantity", ""), cells.get("point", ""))
        if all(key) and key in seen:
            wrong.append(Fault(number, "twice", "point", key[1]))
        seen.setdefault(key, number)
        faults += wrong
        if not wrong and numbers["value"] is not None:
            values.append(
                PointValue(
                    *key, numbers["value"], numbers["correction"], numbers["uncertainty"],
                    numbers["factor"], cells["unit"].translate(_MINUS),
                    is_error=are_errors or any(head in key[0] for head in _ERROR_HEADS),
                )
            )  # fmt: skip
    return values, faults or ([] if values else [Fault(0, "no_rows")])


def read_numbers(text: str) -> tuple[list[Decimal], list[str]]:
    """Numbers between blanks, lines or semicolons; what is none.

    >>> read_numbers("0.021 0.023; −0.02 0,1")
    ([Decimal('0.021'), Decimal('0.023'), Decimal('-0.02')], ['0,1'])
    """
    found, wrong = [], []
    for cell in re.split(r"[\s;；]+", text.strip()):
        read = _number(cell) if cell else "blank"
        if isinstance(read, Decimal):
            found.append(read)
        elif cell:
            wrong.append(cell)
    return found, wrong


def outside(lines: Sequence[PointValue], spans: Sequence[Span]) -> list[Fault]:
    """Points and values that lie outside every range of their unit; units without one pass.

    A stated error is no setting: of it the point alone is held against the range.
    """
    faults = []
    for number, line in enumerate(lines, 1):
        told = [(Decimal(n), unit) for n, unit in _QUANTITY.findall(line.point.translate(_MINUS))]
        stated = [] if line.is_error else [(line.value, line.unit)]
        for size, written in [*told, *stated]:
            unit, factor = base_unit(written)
            size_there = size * factor
            known = [span for span in spans if span.unit == unit]
            if known and not any(span.low <= size_there <= span.high for span in known):
                nearest = min(known, key=lambda s: abs(size_there - (s.low + s.high) / 2))
                faults.append(
                    Fault(
                        number, "outside", "point", f"{size} {written}", unit, nearest.low,
                        nearest.high,
                    )
                )  # fmt: skip
    return faults


def _plain_head(cell: str) -> str:
    return _BRACKETS.sub("", cell).replace(" ", "").replace("/%", "").casefold()


def _number(cell: str) -> Decimal | str:
    plain = cell.translate(_MINUS).lstrip("±")
    if re.fullmatch(r"[+-]?\d+,\d+", plain):
        return "comma"
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", plain):
        return "number"
    try:
        return Decimal(plain)
    except InvalidOperation:
        return "number"


def months_earlier(day: date, months: int) -> date:
    """The same day some calendar months before, clipped to the end of the month.

    >>> months_earlier(date(2028, 8, 31), 6)
    datetime.date(2028, 2, 29)
    """
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first = date(years, month + 1, 1)
    return first.replace(day=min(day.day, (add_months(first, 1) - timedelta(days=1)).day))


def step_reached(today: date, last_day: date, months: Sequence[int]) -> int | None:
    """The nearest step of reminding that is reached; None while none is.

    >>> step_reached(date(2026, 11, 30), date(2027, 2, 28), (6, 3, 1, 0))
    3
    >>> step_reached(date(2026, 11, 30), date(2026, 11, 30), (6, 3, 1, 0))
    1
    >>> step_reached(date(2026, 12, 1), date(2026, 11, 30), (6, 3, 1, 0))
    0
    >>> step_reached(date(2027, 2, 28), date(2027, 8, 31), (6, 3, 1, 0))
    6
    """
    reached = [
        step
        for step in months
        if (today >= months_earlier(last_day, step) if step else today > last_day)
    ]
    return min(reached, default=None)


@dataclass(frozen=True)
class Climate:
    """What a logger wrote at a moment."""

    at: datetime
    temperature_c: Decimal
    humidity_pct: Decimal


_CLIMATE_HEADS: Mapping[str, tuple[str, ...]] = {
    "at": ("时间", "日期时间", "采集时间", "time", "moment", "datetime"),
    "temperature": ("温度", "temperature", "temp"),
    "humidity": ("湿度", "相对湿度", "humidity", "rh"),
}
_CLIMATE_OF = {name: field for field, names in _CLIMATE_HEADS.items() for name in names}
CLIMATE_ROWS = 100_000
POSSIBLE = {"temperature": (Decimal(-50), Decimal(80)), "humidity": (Decimal(0), Decimal(100))}
_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S")


def read_environment(
    rows: Sequence[Sequence[str]], now: datetime
) -> tuple[list[Climate], list[Fault]]:
    """Moments (in the zone of `now`), temperatures and humidities of a logger; every fault."""
    lines = [(n, [cell.strip() for cell in row]) for n, row in enumerate(rows, 1)]
    lines = [(n, row) for n, row in lines if any(row)]
    if not lines:
        return [], [Fault(0, "no_rows")]
    heads = [_CLIMATE_OF.get(_plain_head(cell), "") for cell in lines[0][1]]
    order: Sequence[str] = tuple(_CLIMATE_HEADS)
    if any(heads):
        order, lines = heads, lines[1:]
        absent = [field for field in _CLIMATE_HEADS if field not in heads]
        if absent:
            return [], [Fault(0, "no_column", field) for field in absent]
    if not lines:
        return [], [Fault(0, "no_rows")]
    if len(lines) > CLIMATE_ROWS:
        return [], [Fault(0, "too_many")]
    found: list[Climate] = []
    faults: list[Fault] = []
    seen: set[datetime] = set()
    for number, row in lines:
        cells = {field: cell for field, cell in zip(order, row, strict=False) if field}
        wrong: list[Fault] = []
        at = _moment(cells.get("at", ""), now.tzinfo)
        if at is None:
            wrong.append(Fault(number, "moment", "at", cells.get("at", "")))
        elif at > now:
            wrong.append(Fault(number, "future", "at", cells["at"]))
        elif at in seen:
            wrong.append(Fault(number, "twice", "at", cells["at"]))
        sizes = []
        for field, (low, high) in POSSIBLE.items():
            read = _number(cells.get(field, ""))
            if isinstance(read, str):
                wrong.append(Fault(number, "number", field, cells.get(field, "")))
            elif not low <= read <= high:
                wrong.append(Fault(number, "impossible", field, cells[field]))
            else:
                sizes.append(read)
        faults += wrong
        if not wrong and at is not None:
            seen.add(at)
            found.append(Climate(at, *sizes))
    return found, faults


def _moment(cell: str, zone: tzinfo | None) -> datetime | None:
    plain = cell.replace("/", "-")
    for form in _MOMENTS:
        try:
            return datetime.strptime(plain, form).replace(tzinfo=zone)
        except ValueError:
            continue
    return None


def cycle_of(first: date, last: date) -> int:
    """For how many months a certificate holds, to the nearest one.

    >>> cycle_of(date(2025, 3, 1), date(2026, 2, 28)), cycle_of(date(2024, 1, 15), date(2026, 1, 14))
    (12, 24)
    """
    return round(((last - first).days + 1) / (365.25 / 12))


def day_to_send(due_on: date, days: int, today: date) -> date:
    """So many days before a certificate ends, or today where that is over.

    >>> day_to_send(date(2027, 1, 31), 30, date(2026, 11, 30))
    datetime.date(2027, 1, 1)
    """
    return max(today, due_on - timedelta(days=days))


@dataclass(frozen=True)
class Return:
    """A standard on the hand-over list out, and as what it came back."""

    barcode: str
    is_back: bool
    is_lost: bool = False
    found: str = ""
    accessories: str = ""
    back_accessories: str = ""
    condition: str = ""
    back_condition: str = ""


@dataclass(frozen=True)
class Difference:
    """Where what came back is not what left; the texts stand in `DIFFERENCE_TEXTS`."""

    barcode: str
    code: str
    facts: Mapping[str, str]


DIFFERENCE_TEXTS: Mapping[str, Any] = {
    "not_back": _("has not come back"),
    "lost": _("lost on the way"),
    "rejected": _("rejected by the body"),
    "damaged": _("damaged on the way"),
    "untested": _("came back without being verified"),
    "accessory_missing": _("missing: %(what)s"),
    "accessory_more": _("more than left: %(what)s"),
    "changed": _("left as “%(left)s”, came back as “%(came)s”"),
    "stranger": _("came in, but is not on the list"),
}


def differences(items: Sequence[Return], strangers: Sequence[str] = ()) -> list[Difference]:
    """Everything by which a hand-over list in differs from the list out."""
    found = []
    for one in items:
        if not one.is_back:
            found.append(Difference(one.barcode, "lost" if one.is_lost else "not_back", {}))
            continue
        if one.found in ("rejected", "damaged", "untested"):
            found.append(Difference(one.barcode, one.found, {}))
        found += _accessories(one)
        if one.condition.split() != one.back_condition.split():
            facts = {"left": one.condition or "–", "came": one.back_condition or "–"}
            found.append(Difference(one.barcode, "changed", facts))
    return found + [Difference(code, "stranger", {}) for code in strangers]


def _accessories(one: Return) -> list[Difference]:
    """What is missing, what came that had not left, and of what another number came."""
    left, came = _pieces(one.accessories), _pieces(one.back_accessories)
    gone, fresh = [p for p in left if p not in came], [p for p in came if p not in left]
    found = []
    for piece in list(gone):
        twin = next((p for p in fresh if _kind(p) == _kind(piece)), None)
        if twin is not None:
            gone.remove(piece)
            fresh.remove(twin)
            found.append(Difference(one.barcode, "changed", {"left": piece, "came": twin}))
    for code, pieces in (("accessory_missing", gone), ("accessory_more", fresh)):
        if pieces:
            found.append(Difference(one.barcode, code, {"what": "、".join(pieces)}))
    return found


def _kind(piece: str) -> str:
    """An accessory without its number."""
    return re.sub(r"\d+", "", piece)


def _pieces(text: str) -> list[str]:
    """Accessories between commas, semicolons or lines."""
    parts = (" ".join(part.split()) for part in re.split(r"[、,，;；\n]", text))
    return [part for part in parts if part]
