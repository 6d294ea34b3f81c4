"""A maker's test data: what its columns are called, where a row measured, what a check finds."""

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal

from dianheng.assets.columns import DEVICE_FIELDS
from dianheng.common.files.findings import GENERAL, FindingKind
from dianheng.common.files.heads import Field, Heads
from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import plain_text, read_decimal
from dianheng.metrology.schemes import canonical_point
from dianheng.metrology.transformer_schemes import TransformerPart, TransformerPlate, read_ratios

# Of a bar code and a maker's number one is enough.
_DEVICE = [
    replace(DEVICE_FIELDS[key], is_required=False, is_expected=False)
    for key in ("barcode", "serial_no")
]
_POINT = (
    Field("direction", _("Direction of energy"), ("方向", "功率方向", "电能方向", "电能类型", "direction", "direction of energy"), goes_into_register=False),
    Field("part", _("CT or PT"), ("ct/pt", "绕组", "互感器部分", "电流/电压", "part", "winding"), goes_into_register=False),
    Field("phases", _("Phases"), ("相别", "相", "元件", "相线", "phases", "phase", "element"), goes_into_register=False),
    Field("ratio", _("Ratio"), ("变比", "额定变比", "电流比", "电压比", "ratio"), goes_into_register=False),
    Field("load", _("Load current"), ("负载点", "负荷点", "负载电流", "负荷电流", "电流点", "电流", "load point", "load current", "load", "current"), goes_into_register=False),
    Field("factor", _("Power factor"), ("功率因数", "cosφ", "cosφ/sinφ", "power factor", "factor", "pf"), goes_into_register=False),
    Field("percent", _("% of rated"), ("额定百分数", "百分数", "额定电流百分数", "额定电压百分数", "额定百分比", "百分比", "percent", "percent of rated", "% of rated"), goes_into_register=False),
    Field("burden", _("Burden"), ("二次负荷", "负荷", "负荷va", "burden", "secondary burden", "burden va"), goes_into_register=False),
)  # fmt: skip
_VALUES = (
    Field("error_pct", _("Error, %"), ("误差", "基本误差", "相对误差", "误差值", "出厂误差", "误差%", "error", "basic error", "percentage error", "error %"), goes_into_register=False),
    Field("ratio_error", _("Ratio error, %"), ("比值差", "比差", "比值误差", "比值差%", "比差%", "ratio error", "ratio error %", "f"), goes_into_register=False),
    Field("phase_displacement", _("Phase displacement, ′"), ("相位差", "角差", "相位误差", "相位差′", "角差′", "phase displacement", "phase error", "δ"), goes_into_register=False),
)  # fmt: skip
MAKER_TEST_FIELDS: Mapping[str, Field] = {one.key: one for one in (*_DEVICE, *_POINT, *_VALUES)}
MAKER_TEST_HEADS = Heads(MAKER_TEST_FIELDS)
POINT_FIELDS = tuple(one.key for one in _POINT)
# What a value column states, in the words of the centre's results.
ITEMS: Mapping[str, str] = {
    "error_pct": "basic_error",
    "ratio_error": "ratio_error",
    "phase_displacement": "phase_displacement",
}
METER_VALUES, TRANSFORMER_VALUES = ("error_pct",), ("ratio_error", "phase_displacement")
# Beyond these no maker delivers: % and minutes. Hints of this program, no limits of a rule.
FARTHEST: Mapping[str, int] = {"error_pct": 10, "ratio_error": 10, "phase_displacement": 600}
TOO_LARGE, TOO_SMALL = Decimal(2), Decimal("0.02")  # by the class, for the middle of all figures
LEAST_ROWS = 20  # figures by which the unit is told
OTHER_UNITS = re.compile(r"‱|‰|10000|10\s*\^?\s*-\s*[346]|10⁻|ppm|rad|弧度", re.I)

_DIRECTIONS = {
    "": "forward_active", "正向有功": "forward_active", "有功": "forward_active", "正向": "forward_active", "p+": "forward_active",
    "forward active": "forward_active", "active": "forward_active", "fwd_active": "forward_active", "forward_active": "forward_active",
    "反向有功": "reverse_active", "反向": "reverse_active", "p-": "reverse_active", "reverse active": "reverse_active",
    "rev_active": "reverse_active", "reverse_active": "reverse_active",
    "正向无功": "forward_reactive", "无功": "forward_reactive", "q+": "forward_reactive", "forward reactive": "forward_reactive",
    "reactive": "forward_reactive", "fwd_reactive": "forward_reactive", "forward_reactive": "forward_reactive",
    "反向无功": "reverse_reactive", "q-": "reverse_reactive", "reverse reactive": "reverse_reactive",
    "rev_reactive": "reverse_reactive", "reverse_reactive": "reverse_reactive",
}  # fmt: skip
_ALL = ("", "合相", "合元", "三相", "平衡", "全部", "abc", "h", "all")
_PARTS = {"ct": "CT", "电流": "CT", "current": "CT", "pt": "PT", "vt": "PT", "电压": "PT", "voltage": "PT"}  # fmt: skip
_BURDENS = {
    "额定": "rated", "额定负荷": "rated", "满载": "rated", "上限": "rated", "rated": "rated", "full": "rated",
    "下限": "lower", "下限负荷": "lower", "轻载": "lower", "lower": "lower", "low": "lower",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a row measured, named as the centre's results name their points."""

    direction: str
    phases: str
    load_point: str
    factor: str
    ratio: str = ""


@dataclass(frozen=True)
class Wrong:
    """A cell that names no place: column, finding, what is wanted."""

    field: str
    code: str
    wanted: str = ""


def read_place(
    plate: MeterPlate | TransformerPlate, cells: Mapping[str, str]
) -> tuple[Place | None, list[Wrong]]:
    """Where a row measured, or every cell that does not say so.

    Args:
        plate: of the model of the lot.
        cells: the columns of the point, as they stand in the file.

    >>> from dianheng.metrology.examples import low_voltage_ct
    >>> read_place(low_voltage_ct(), {"percent": "100%", "burden": "额定"})[0]
    Place(direction='CT', phases='ABC', load_point='100', factor='rated', ratio='200/5')
    >>> [wrong.field for wrong in read_place(low_voltage_ct(), {"burden": "?"})[1]]
    ['percent', 'burden']
    """
    given = {name: unicodedata.normalize("NFKC", text).strip() for name, text in cells.items()}
    if isinstance(plate, MeterPlate):
        return _meter_place(plate, given)
    return _transformer_place(plate, given)


def _meter_place(plate: MeterPlate, cells: Mapping[str, str]) -> tuple[Place | None, list[Wrong]]:
    wrong = []
    direction = _DIRECTIONS.get(cells.get("direction", "").lower(), "")
    if not direction:
        wrong.append(Wrong("direction", "choice"))
    phases = _phases(cells, wrong)
    for name, wanted in (("load", "Ib, 0.5Imax, 0.1Itr"), ("factor", "1.0, 0.5L, 0.8C")):
        text = cells.get(name, "")
        try:
            if not text:
                wrong.append(Wrong(name, "missing"))
            elif name == "load":
                canonical_point(
                    "forward_active", "", text, "", plate.connection, plate.is_three_phase
                )
            else:
                canonical_point(
                    "forward_active", "", "", text, plate.connection, plate.is_three_phase
                )
        except WrongValue:
            wrong.append(Wrong(name, "format", wanted))
    if wrong:
        return None, wrong
    point = canonical_point(
        direction, phases, cells["load"], cells["factor"], plate.connection, plate.is_three_phase
    )
    return Place(point.direction.value, point.phases, point.load, point.factor), []


def _transformer_place(
    plate: TransformerPlate, cells: Mapping[str, str]
) -> tuple[Place | None, list[Wrong]]:
    wrong: list[Wrong] = []
    parts = {part.device.value: part for part in plate.parts}
    stated = cells.get("part", "").lower()
    name = _PARTS.get(stated, "") if stated else next(iter(parts)) if len(parts) == 1 else ""
    part = parts.get(name)
    if part is None:
        wrong.append(Wrong("part", "choice" if stated else "missing"))
    phases = _phases(cells, wrong)
    load = ""
    percent = None
    with suppress(WrongValue):
        percent = read_decimal(cells.get("percent", "").removesuffix("%").strip())
    if percent is not None and 0 < percent <= 200:
        load = plain_text(percent)
    else:
        code = "format" if cells.get("percent") else "missing"
        wrong.append(Wrong("percent", code, "1, 5, 20, 100, 120"))
    burden = _burden(cells.get("burden", ""), part)
    if not burden:
        code = "choice" if cells.get("burden") else "missing"
        wrong.append(Wrong("burden", code))
    ratio = _ratio(cells.get("ratio", ""), part)
    if not ratio and part is not None:
        code = "format" if cells.get("ratio") else "missing"
        wrong.append(Wrong("ratio", code, ", ".join(part.ratios)))
    return (None, wrong) if wrong else (Place(name, phases, load, burden, ratio), [])


def _phases(cells: Mapping[str, str], wrong: list[Wrong]) -> str:
    text = cells.get("phases", "").lower()
    if text in _ALL:
        return "ABC"
    found = re.fullmatch(r"([abc])(相|元|phase)?", text)
    if found is None:
        wrong.append(Wrong("phases", "choice"))
        return ""
    return found[1].upper()


def _burden(text: str, part: TransformerPart | None) -> str:
    """`rated` or `lower`, in words or in VA beside the rated burden of the plate."""
    named = _BURDENS.get(text.lower())
    if named or part is None:
        return named or ""
    try:
        stated = read_decimal(text.upper().removesuffix("VA").strip())
    except WrongValue:
        return ""
    if stated == part.rated_burden_va:
        return "rated"
    return "lower" if 0 <= stated < part.rated_burden_va else ""


def _ratio(text: str, part: TransformerPart | None) -> str:
    """The ratio that is stated, or the only one that the plate has."""
    if part is None:
        return ""
    try:
        found = read_ratios(text)
    except WrongValue:
        return ""
    if not text:
        return part.ratios[0] if len(part.ratios) == 1 else ""
    return found[0] if len(found) == 1 and found[0] in part.ratios else ""


MAKER_TEST_FINDINGS: Mapping[str, FindingKind] = {
    **GENERAL,
    "column_missing": FindingKind(
        _("Column missing"), _("No column is %(field)s. Name the columns again, or ask the maker for it.")
    ),
    "no_code": FindingKind(
        _("Device not named"), _("The row has neither bar code nor maker's number.")
    ),
    "unknown_device": FindingKind(
        _("Unknown device"), _("%(field)s %(value)s is none of the devices of lot %(wanted)s.")
    ),
    "other_lot": FindingKind(
        _("Device of another lot"), _("%(value)s is of lot %(other)s, this file was sent for %(wanted)s.")
    ),
    "other_maker": FindingKind(
        _("Device of another maker"), _("%(value)s is made by %(other)s, this file was sent for a lot of %(wanted)s.")
    ),
    "serial_differs": FindingKind(
        _("Maker's number differs"), _("The register has maker's number %(wanted)s, the file %(value)s.")
    ),
    "point_twice": FindingKind(
        _("Point twice"), _("%(value)s has this point in row %(other)s already.")
    ),
    "known_already": FindingKind(
        _("Point known already"),
        _("%(value)s has this point in %(other)s already. Refuse that file first if this one is to count."),
    ),
    "out_of_range": FindingKind(
        _("Figure out of range"), _("%(field)s %(value)s lies beyond ±%(wanted)s: no maker delivers that. Is the unit right?")
    ),
    "wrong_unit": FindingKind(
        _("Wrong unit"), _("%(field)s is wanted in %(wanted)s; this column is in another unit (%(value)s).")
    ),
    "unit_small": FindingKind(
        _("Very small figures"), _("All of %(field)s is below %(value)s. Is it in %(wanted)s?"), is_warning=True
    ),
    "devices_lack": FindingKind(
        _("Devices without figures"), _("%(value)s of %(wanted)s devices of the lot have no figure in this file."), is_warning=True
    ),
}  # fmt: skip
