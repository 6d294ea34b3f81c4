"""The columns of a file of usage points, and what is wrong with its rows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.files import Field, Heads, Mark, Unreadable, best_table, find_head
from dianheng.common.numbers import halfwidth

from .choices import CLASSES, Circuit, Purpose
from .rules import EDITION, EDITIONS, class_of, is_voltage

MOST_ROWS = 20_000
LONGEST = 200
FIELDS: Mapping[str, Field] = {
    field.key: field
    for field in (
        Field(
            "number", gettext_lazy("Usage point"),
            ("计量点编号", "计量点号", "计量点", "number", "usage point"), is_required=True,
        ),
        Field("name", gettext_lazy("Name"), ("计量点名称", "名称", "name"), is_required=True),
        Field("customer_name", gettext_lazy("Customer"), ("用户名称", "客户名称", "户名", "customer")),
        Field("address", gettext_lazy("Address"), ("用电地址", "地址", "address")),
        Field("unit", gettext_lazy("Unit"), ("供电单位", "单位", "单位编码", "unit"), is_required=True),
        Field("purpose", gettext_lazy("Purpose"), ("计量用途", "用途", "purpose")),
        Field("wiring", gettext_lazy("Wiring"), ("接线方式", "接线", "wiring"), is_required=True),
        Field(
            "rated_kv", gettext_lazy("Supply voltage, kV"),
            ("供电电压", "供电电压kV", "电压等级", "电压kV", "kv", "voltage"), is_required=True,
        ),
        Field("device_class", gettext_lazy("Class of the device"), ("计量装置类别", "类别", "class")),
        Field("class_edition", gettext_lazy("Edition of DL/T 448"), ("DL/T 448版本", "规程版本", "edition")),
    )
}  # fmt: skip
HEADS = Heads(FIELDS)
# What people write in files for the words of the program.
WIRINGS = {
    "单相": Circuit.SINGLE_PHASE,
    "三相四线": Circuit.THREE_PHASE_FOUR_WIRE,
    "三相三线": Circuit.THREE_PHASE_THREE_WIRE,
    **{choice.value: choice for choice in Circuit},
}
PURPOSES = {
    "": Purpose.SETTLEMENT,
    "贸易结算": Purpose.SETTLEMENT,
    "内部考核": Purpose.ASSESSMENT,
    "考核": Purpose.ASSESSMENT,
    "发电上网": Purpose.GENERATOR,
    "厂用电": Purpose.PLANT_AUXILIARY,
    **{choice.value: choice for choice in Purpose},
}
ROMAN = {"Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III", "Ⅳ": "IV", "Ⅴ": "V", "类": ""}


@dataclass(frozen=True)
class Line:
    """A row of the file."""

    row_no: int
    values: Mapping[str, str]


def read_points(path: Path) -> list[Line]:
    """Read a file.

    Raises:
        Unreadable: it is no table, has no such columns, or has too many rows.
    """
    table = best_table(path, HEADS.recognise)
    head = find_head(table, HEADS.recognise)
    fields = HEADS.propose(head.names, {})
    missing = [str(f.label) for f in FIELDS.values() if f.is_required and f.key not in fields]
    if missing:
        text = _("These columns are missing: %(names)s.") % {"names": "、".join(missing)}
        raise Unreadable("no_head", text)
    lines = []
    for row_no, cells in table.rows():
        if row_no <= head.row_no or not any(cell.strip() for cell in cells):
            continue
        if len(lines) == MOST_ROWS:
            raise Unreadable("too_many", _("At most %(n)s rows are taken.") % {"n": MOST_ROWS})
        pairs = zip(fields, cells, strict=False)
        lines.append(Line(row_no, {f: halfwidth(c).strip() for f, c in pairs if f in FIELDS}))
    if not lines:
        raise Unreadable("empty", _("The file has no rows below its head."))
    return lines


def point_of(line: Line, units: Mapping[str, int]) -> dict[str, Any]:
    """The columns of a point; what is not understood is None, as `faults_of` says."""
    at = line.values.get
    wiring, purpose = WIRINGS.get(at("wiring", "")), PURPOSES.get(at("purpose", ""))
    try:
        kv = Decimal(at("rated_kv", "").lower().removesuffix("kv").strip())
        rated_kv = kv if is_voltage(kv) else None
    except InvalidOperation:
        rated_kv = None
    stated = at("device_class", "")
    for sign, letter in ROMAN.items():
        stated = stated.replace(sign, letter)
    edition = at("class_edition", "") or EDITION
    if not stated and wiring and purpose and rated_kv:
        stated = class_of(purpose, wiring, rated_kv, edition)
    return {
        "number": at("number", ""), "name": at("name", ""),
        "customer_name": at("customer_name", ""), "address": at("address", ""),
        "unit_id": units.get(at("unit", "")), "purpose": purpose, "wiring": wiring,
        "rated_kv": rated_kv, "device_class": stated.upper(),
        "class_edition": edition,
    }  # fmt: skip


def faults_of(
    lines: Sequence[Line], units: Mapping[str, int], known: Collection[str],
    ambiguous: Mapping[str, Sequence[str]],
) -> Iterator[Mark]:  # fmt: skip
    """Everything that is wrong, by row.

    Args:
        units: keys of units by code, and by name where one unit has it.
        known: numbers of points that are here already.
        ambiguous: codes of the units that share a name.
    """
    first: dict[str, int] = {}
    for line in lines:
        point = point_of(line, units)
        for field in FIELDS.values():
            value = line.values.get(field.key, "")
            facts = {"field": field.label, "n": LONGEST, "value": value}
            if field.is_required and not value:
                yield Mark(line.row_no, field.key, _("“%(field)s” is empty.") % facts, False)
            elif len(value) > LONGEST:
                text = _("“%(field)s” has more than %(n)s signs.") % facts
                yield Mark(line.row_no, field.key, text, False)
            elif field.key == "unit" and value in ambiguous:
                text = _("Several units are called “%(value)s”. Write the code: %(codes)s.")
                codes = "、".join(ambiguous[value])
                yield Mark(line.row_no, "unit", text % {"value": value, "codes": codes}, False)
            elif value and field.key in _WHY and point[_COLUMN.get(field.key, field.key)] is None:
                yield Mark(line.row_no, field.key, _(_WHY[field.key]) % facts, False)
        number = point["number"]
        if not all("!" <= sign <= "~" for sign in number) or len(number) > 40:
            text = _("“%(no)s” is no number: letters and digits, at most 40.") % {"no": number}
            yield Mark(line.row_no, "number", text, False)
        elif number and (before := first.setdefault(number, line.row_no)) != line.row_no:
            text = _("%(no)s stands in row %(row)s already.") % {"no": number, "row": before}
            yield Mark(line.row_no, "number", text, False)
        elif number in known:
            text = _("Usage point %(no)s is here already.") % {"no": number}
            yield Mark(line.row_no, "number", text, False)
        if point["device_class"] not in dict(CLASSES) and not (
            point["wiring"] is None or point["rated_kv"] is None or point["purpose"] is None
        ):
            text = _("Voltage and purpose do not settle the class: write I, II, III, IV or V.")
            yield Mark(line.row_no, "device_class", text, False)
        if point["class_edition"] not in EDITIONS:
            text = _("DL/T 448 has the editions 2000 and 2016.")
            yield Mark(line.row_no, "class_edition", text, False)


_COLUMN = {"unit": "unit_id"}
_WHY = {
    "unit": gettext_lazy("There is no unit “%(value)s”, or it is not one of yours."),
    "wiring": gettext_lazy("“%(value)s” is no wiring: single-phase, three-phase four-wire or three-phase three-wire."),
    "purpose": gettext_lazy("“%(value)s” is no purpose: settlement, assessment, generator or plant auxiliary."),
    "rated_kv": gettext_lazy("“%(value)s” is no voltage in kV."),
}  # fmt: skip
