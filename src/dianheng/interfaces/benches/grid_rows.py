"""What the columns of a row of State Grid software say, whatever the item."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dianheng.common.numbers import halfwidth
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.loads import read_load
from dianheng.metrology.quantities import EXACT, mean, plain_text, read_decimal

from .texts import DIRECTIONS, PHASES, conclusion

Row = Mapping[str, Any]


Point = dict[str, Any]
SIXTY, THOUSAND = Decimal(60), Decimal(1000)
PERCENT = re.compile(
    r"(\d{1,3}(?:\.\d{1,3})?)\s*%\s*(?:u[nb])?|(\d{3}(?:\.\d{1,3})?)", re.IGNORECASE
)
TOTAL = "总"


def text(row: Row, *names: str) -> str:
    """The first of the columns that says something."""
    for name in names:
        value = row.get(name)
        if value is not None and (written := halfwidth(str(value)).strip()):
            return written
    return ""


def verdict(row: Row) -> str:
    """PASS, FAIL, NA of a row; empty where it says nothing."""
    return conclusion(text(row, "chk_conc_code", "conc_code"))


def worst(rows: Iterable[Row]) -> str:
    """One FAIL fails, one PASS passes what nothing fails."""
    found = {verdict(row) for row in rows}
    return next((each for each in ("FAIL", "PASS", "NA") if each in found), "")


def place_of(row: Row) -> Point:
    """Direction, phases, load, factor, voltage and frequency of a row."""
    flag, phases = text(row, "both_way_power_flag"), text(row, "iabc", "cur_phase_code").upper()
    volts = PERCENT.fullmatch(text(row, "load_voltage", "voltage", "volt"))
    return {
        "direction": DIRECTIONS.get(flag, flag),
        "phase": PHASES.get(phases, phases),
        "load_current": text(row, "load_current"),
        "power_factor": text(row, "pf"),
        "voltage_pct": (volts[1] or volts[2]) if volts else "",  # codes have two digits
    }


def figures_of(row: Row) -> Point:
    """The bench's own mean, rounded value, limits and conclusion."""
    return {
        "mean": text(row, "ave_err", "mean_error", "avg_err"),
        "rounded": text(row, "int_convert_err"),
        "limit_high": text(row, "err_up"),
        "limit_low": text(row, "err_down", "err_dowm"),  # so spelt in some of the tables
        "conclusion": verdict(row),
    }


def scaled(written: str, by: Decimal) -> str:
    """A number divided; as it was written where it is none."""
    try:
        return plain_text(EXACT.divide(read_decimal(written), by), 8)
    except WrongValue:
        return written


def mean_text(readings: Sequence[str]) -> str:
    try:
        return plain_text(mean([read_decimal(each) for each in readings]), 8)
    except (WrongValue, ValueError):
        return readings[0] if readings else ""


def is_load(written: str) -> bool:
    try:
        read_load(written)
    except WrongValue:
        return False
    return True
