"""Tables of transformer testers: a line for each reading, or a line for each device and burden.

What a line leaves out (part, phase, ratio, burden) is taken from the scheme of the load the device
stands on, where only one point can be meant; where several can, it is asked. Every fault of the
file is told with its line, and nothing of it is taken.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput
from dianheng.common.numbers import halfwidth
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.quantities import read_decimal
from dianheng.verification.selectors.tester_places import Place, places_on
from dianheng.verification.services.sorting import category_of

from .csv_form import derived_id
from .tester_heads import NEEDED, WANTED, Head, head_of, is_head, run_of
from .tester_points import PLACE, Unclear, point_meant, point_text
from .texts import SCHEMA, conclusion, decoded, filled, moment

MOST_ROWS = 20_000
MOST_BEFORE = 40  # lines above the heads
EMPTY = {"", "/", "-", "--", "—", "——", "–"}
SENSES = {"减极性": "subtractive", "减": "subtractive", "-": "subtractive", "subtractive": "subtractive",
          "加极性": "additive", "加": "additive", "+": "additive", "additive": "additive"}  # fmt: skip
_EXPONENT = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
YES = {"是", "有", "已", "yes", "y", "true", "1"}
NO = {"否", "无", "未", "no", "n", "false", "0"}
SYMBOLS = {"f": "RATIO_ERROR", "δ": "PHASE_DISPLACEMENT"}
# What is said of a device once: our columns, and where the upload format has it.
OF_DEVICE = ("serial", "at", "temperature", "humidity", "verifier", "checker", "standard", "signs", "reason",
             "appearance", "insulation_mohm", "insulation", "withstand_kv", "withstand_s",
             "breakdown", "polarity", "influence", "demagnetised")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line below the heads."""

    number: int
    cells: tuple[tuple[Head, str], ...]  # what is filled in

    def text(self, name: str) -> str:
        return next((text for head, text in self.cells if head.name == name), "")

    @property
    def is_cut(self) -> bool:
        """A spreadsheet has made a number with an exponent of the bar code."""
        return bool(_EXPONENT.fullmatch(self.text("code")))

    @property
    def device_no(self) -> str:
        """The bar code; where it is missing or cut, the maker's number."""
        return ("" if self.is_cut else self.text("code")) or self.text("serial")


@dataclass
class Told:
    """What the lines say of one device."""

    place: Place
    line: int  # its first
    facts: dict[str, str] = field(default_factory=dict)
    samples: dict[tuple[Any, str], dict[str, str]] = field(default_factory=dict)


def looks_like_tester_csv(body: bytes) -> bool:
    """Whether a line among the first names the columns."""
    return any(is_head(cells) for _no, cells in _rows(decoded(body), most=MOST_BEFORE))


def envelope_from_tester_csv(body: bytes, folder: str) -> dict[str, Any]:
    """The envelope of a table.

    Args:
        folder: number of the bench on which the devices stand.

    Raises:
        BadInput: every fault with its line.
    """
    faults: list[dict[str, Any]] = []
    lines = list(_lines(decoded(body), faults))
    known = places_on(folder, {line.device_no for line in lines})
    told: dict[int, Told] = {}
    for line in lines:
        place = _place(line, known, folder, faults)
        if place is None:
            continue
        one = told.setdefault(place.device.pk, Told(place, line.number))
        _take_facts(one, line, faults)
        _take_readings(one, line, faults)
    for one in told.values():
        if "at" not in one.facts:
            text = _("%(code)s: no line says when it was tested (column “%(name)s”).")
            facts = {"code": one.place.device.barcode, "name": _("tested at")}
            faults.append(_fault(one.line, "at_missing", text % facts))
    if not told and not faults:
        raise BadInput(_("The file has no line."))
    devices = [{"header": _header(one), "points": _points(one, faults)} for one in told.values()]
    if faults:
        faults.sort(key=lambda fault: fault["row"])
        text = _("The file has %(count)s faults: nothing was kept.") % {"count": len(faults)}
        raise BadInput(text, faults)
    return {
        "schema": SCHEMA,
        "upload_id": derived_id(body),
        "source_system": "tester table",
        "devices": devices,
    }


def _fault(line: int, code: str, text: str) -> dict[str, Any]:
    return {
        "row": line,
        "code": code,
        "text": _("Line %(line)s: %(text)s") % {"line": line, "text": text},
    }


# -- lines ---------------------------------------------------------------------------------------


def _rows(text: str, most: int = MOST_ROWS + MOST_BEFORE) -> Iterator[tuple[int, list[str]]]:
    """Lines with their numbers, as an editor counts them; empty ones are left out."""
    begin = "".join(text.splitlines(keepends=True)[:MOST_BEFORE])
    mark = max(",\t;", key=begin.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        for count, cells in enumerate(reader):
            if count >= most:
                return
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        facts = {"file": "CSV", "reason": str(error)}
        raise BadInput(_("%(file)s is no CSV: %(reason)s") % facts) from None


def _lines(text: str, faults: list[dict[str, Any]]) -> Iterator[Line]:
    """The lines below the heads; what stands above them in pairs counts for each."""
    rows = list(_rows(text))
    at = next(i for i, (_no, cells) in enumerate(rows) if is_head(cells))
    head_line, written = rows[at]
    above = [
        pair for _no, cells in rows[:at] for pair in zip(cells[::2], cells[1::2], strict=False)
    ]
    shared = [
        (head, value)
        for name, value in above
        if (head := head_of(name.rstrip(":："))).name in OF_DEVICE and value
    ]
    below = at + 1
    if below < len(rows) and (joined := _joined(written, rows[below][1])):
        written, below = joined, below + 1
    heads = [head_of(name) for name in written]
    for head in heads:
        if head.wrong_unit:
            faults.append(_fault(head_line, "unit", _unit_text(head)))
    if len(rows) - below > MOST_ROWS:
        raise BadInput(_("The file has more than %(n)s rows.") % {"n": MOST_ROWS})
    for number, cells in rows[below:]:
        if len(cells) > len(heads) and any(cells[len(heads) :]):
            faults.append(_fault(number, "fields", _("it has more fields than the head.")))
            continue
        own = [
            (head, _plain(cell))
            for head, cell in zip(heads, cells, strict=False)
            if head.name and (cell not in EMPTY or (head.name == "polarity" and cell == "-"))
        ]
        named = {head.name for head, _cell in own}
        yield Line(number, (*own, *((h, _plain(v)) for h, v in shared if h.name not in named)))


def _plain(cell: str) -> str:
    return halfwidth(cell).replace("\u2212", "-").strip()


def _joined(upper: list[str], lower: list[str]) -> list[str]:
    """Heads in two lines, as on paper: percents above, f and δ below; none where they are not."""
    filled_in = [cell for cell in lower if cell]
    if not filled_in or not all(head_of(cell).name in SYMBOLS for cell in filled_in):
        return []
    found, before = [], ""
    for here, own in zip_longest(upper, lower, fillvalue=""):
        before = here or before
        found.append(f"{before}{own}" if own else here)
    return found


def _unit_text(head: Head) -> str:
    wanted = WANTED.get(head.name, "VA" if head.name == "burden" else "")
    facts = {"head": head.written[:40], "found": head.unit[:20], "unit": wanted or "%"}
    if not head.unit:
        text = _("the head “%(head)s” names no unit. Write it as in “%(head)s(%(unit)s)”.")
    else:
        text = _("“%(head)s” is in %(found)s; %(unit)s is wanted.")
    return text % facts


# -- what a line says ----------------------------------------------------------------------------


def _place(
    line: Line, known: Mapping[str, list[Place]], folder: str, faults: list[dict[str, Any]]
) -> Place | None:
    code = line.device_no
    found = known.get(code, [])
    facts = {"code": code[:40], "bench": folder}
    if not code and line.is_cut:
        text = _(
            "a spreadsheet has cut the bar code to %(code)s: format its column as text, or send the"
            " serial number."
        )
        facts["code"] = line.text("code")[:40]
        faults.append(_fault(line.number, "cut", text % facts))
    elif not code:
        faults.append(_fault(line.number, "code", _("it names no device.")))
    elif not found:
        text = _("%(code)s stands on no load of bench %(bench)s. Put it on a load first.")
        faults.append(_fault(line.number, "unknown", text % facts))
    elif len(found) > 1:
        text = _("several devices have the number %(code)s: send the bar code.")
        faults.append(_fault(line.number, "several", text % facts))
    elif line.text("task") not in ("", found[0].task_no):
        text = _("%(code)s stands on the load of task %(task)s, not of %(stated)s.")
        facts |= {"task": found[0].task_no, "stated": line.text("task")[:40]}
        faults.append(_fault(line.number, "other_task", text % facts))
    else:
        return found[0]
    return None


def _take_facts(told: Told, line: Line, faults: list[dict[str, Any]]) -> None:
    for head, text in line.cells:
        if head.name not in OF_DEVICE or head.wrong_unit:
            continue
        if told.facts.setdefault(head.name, text) != text:
            facts = {"head": head.written[:40], "text": text[:40], "other": told.facts[head.name]}
            says = _("“%(head)s” is %(text)s here and %(other)s in another line of the device.")
            faults.append(_fault(line.number, "contradiction", says % facts))
        words = _WORDS.get(head.name)
        if words is not None and words(text) is None:
            facts = {"head": head.written[:40], "text": text[:40]}
            says = _("“%(text)s” is none of the words for “%(head)s”.")
            faults.append(_fault(line.number, "word", says % facts))


def _truth(text: str) -> bool | None:
    found = text.lower()
    return True if found in YES else False if found in NO else None


def _passed(text: str) -> bool | None:
    return {"PASS": True, "FAIL": False}.get(conclusion(text))


_WORDS: Mapping[str, Any] = {
    "signs": _truth, "breakdown": _truth, "demagnetised": _truth, "appearance": _passed,
    "insulation": _passed, "influence": _passed, "polarity": lambda text: SENSES.get(text.lower()),
}  # fmt: skip


def _take_readings(told: Told, line: Line, faults: list[dict[str, Any]]) -> None:
    """The readings of a line, each at the one point of the scheme that it can be of."""
    readings = [(head, text) for head, text in line.cells if head.name in SYMBOLS]
    for head, text in readings:
        percent = head.percent or line.text("percent")
        stated = {name: line.text(name) for name in PLACE} | {"percent": percent}
        point = point_meant(told.place.points, stated)
        if isinstance(point, Unclear):
            faults.append(_fault(line.number, point.code, point.text))
            if not head.percent:
                return  # said once for the line
            continue
        # A reading with a fault of its own is there: it is not told as missing besides.
        value = _value(head, text, line.number, faults) or ""
        run = head.run or run_of(line.text("run")) or "up"
        runs = told.samples.setdefault((point, head.name), {})
        if run in runs:
            says = _("%(name)s of %(point)s stands twice.")
            facts = {"name": head.name, "point": point_text(point)}
            faults.append(_fault(line.number, "twice", says % facts))
        runs[run] = value
    if (stated := line.text("run")) and not run_of(stated):
        says = _("“%(text)s” is neither rising nor falling.") % {"text": stated[:20]}
        faults.append(_fault(line.number, "run", says))


def _value(head: Head, text: str, line: int, faults: list[dict[str, Any]]) -> str | None:
    """A reading in the unit of the format."""
    if head.wrong_unit:
        return None
    factor = NEEDED[head.name][head.unit]
    try:
        value = read_decimal(text.removesuffix(head.unit))
    except MetrologyError:
        says = _("“%(text)s” in “%(head)s” is no number.")
        faults.append(_fault(line, "number", says % {"text": text[:40], "head": head.written[:40]}))
        return None
    if factor == 1:
        return text.removesuffix(head.unit)
    return format((value * factor).quantize(KEPT_MINUTES), "+f")


KEPT_MINUTES = read_decimal("0.001")  # of a minute, for what was read in hundredths of a radian


# -- the envelope --------------------------------------------------------------------------------


def _header(told: Told) -> dict[str, Any]:
    place, facts = told.place, told.facts
    climate = {"temperature_c": facts.get("temperature"), "humidity_pct": facts.get("humidity")}
    return filled({
        "task_no": place.task_no, "asset_no": place.device.barcode, "position_no": place.position,
        "serial_no": facts.get("serial"),
        "equipment_category": category_of(place.device), "finished_at": moment(facts.get("at")),
        "environment": {"start": filled(climate)} if filled(climate) else None,
        "operators": [{"person_no": one, "role": "VERIFIER"} for one in _people(facts.get("verifier"))],
        "checker": facts.get("checker"),
        "standards": [{"asset_no": one} for one in _people(facts.get("standard"))],
        "signs_confirmed": _truth(facts.get("signs", "")) or None,
        "retest_reason": facts.get("reason"),
    })  # fmt: skip


def _people(text: str | None) -> list[str]:
    joined = (text or "").replace("、", "|").replace(" ", "|").replace(";", "|")
    return [one for one in joined.split("|") if one]


def _points(told: Told, faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    points = _items(told.facts)
    for (key, name), runs in sorted(told.samples.items(), key=_order):
        part, phase, ratio, burden, percent = key
        for other in SYMBOLS:
            if (key, other) not in told.samples:
                says = _("%(code)s: %(name)s of %(point)s is missing: both are measured.")
                about = {
                    "code": told.place.device.barcode,
                    "name": other,
                    "point": point_text(key),
                }
                faults.append(_fault(told.line, "missing", says % about))
        if "up" not in runs:
            says = _("%(code)s: %(name)s of %(point)s has no rising reading.")
            about = {"code": told.place.device.barcode, "name": name, "point": point_text(key)}
            faults.append(_fault(told.line, "rising", says % about))
        points.append({
            "item": SYMBOLS[name], "part": part, "phase": phase, "ratio": ratio, "burden": burden,
            "percent_rated": percent, "unit": "%" if name == "f" else "min",
            "samples": [runs[run] for run in ("up", "down") if run in runs],
        })  # fmt: skip
    for seq, point in enumerate(points, 1):
        point["seq"] = seq
    return points


def _order(sample: tuple[tuple[tuple[str, ...], str], dict[str, str]]) -> Any:
    (part, phase, ratio, burden, percent), name = sample[0]
    return (part, phase, ratio, burden != "RATED", read_decimal(percent), name != "f")


def _items(facts: Mapping[str, str]) -> list[dict[str, Any]]:
    """The items that are no errors."""
    told = {name: words(facts[name]) for name, words in _WORDS.items() if name in facts}
    found = (
        ("VISUAL", {"is_passed": told.get("appearance")}),
        ("INSULATION", {"resistance_mohm": facts.get("insulation_mohm"), "is_passed": told.get("insulation")}),
        ("WITHSTAND", {
            "voltage_kv": facts.get("withstand_kv"), "duration_s": facts.get("withstand_s"),
            "has_breakdown": told.get("breakdown"),
        }),
        ("POLARITY", {"sense": told.get("polarity")}),
        ("MUTUAL_INFLUENCE", {"is_passed": told.get("influence")}),
        ("DEMAGNETISING", {"is_done": told.get("demagnetised")}),
    )  # fmt: skip
    return [{"item": name, "facts": filled(each)} for name, each in found if filled(each)]
