"""Load points: the current as a multiple of a named current, and the factor of the load."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.plates import Connection
from dianheng.metrology.quantities import EXACT, ZERO, plain_text, read_decimal
from dianheng.metrology.rule_sets import rule_set

_LOAD = re.compile(r"([0-9.]{0,12})\s*\*?\s*(Imax|Itr|Imin|Ib|In)", re.IGNORECASE)
_NAMES = {"imax": "Imax", "itr": "Itr", "imin": "Imin", "ib": "Ib", "in": "In"}
_FACTOR = re.compile(r"([01](?:\.[0-9]{1,3})?)\s*([LC]?)", re.IGNORECASE)


class Load(NamedTuple):
    """A current: `multiple` of the named current (`Ib`, `In`, `Imax`, `Itr`, `Imin`)."""

    multiple: Decimal
    of: str

    @property
    def text(self) -> str:
        """As written in a record: `Imax`, `0.5Imax`, `0.1Ib`."""
        return self.of if self.multiple == 1 else f"{plain_text(self.multiple)}{self.of}"


@lru_cache(maxsize=4096)
def read_load(text: str) -> Load:
    """Read the current of a load point.

    Raises:
        WrongValue: not a multiple of Ib, In, Imax, Itr or Imin, or not positive.

    >>> read_load("0.5Imax")
    Load(multiple=Decimal('0.5'), of='Imax')
    >>> read_load("1.0 ib").text
    'Ib'
    """
    found = _LOAD.fullmatch(text.strip())
    if found is None:
        raise WrongValue(
            "no_load", "not a current such as Ib, 0.5Imax, 0.05In", {"load": text[:40]}
        )
    multiple = read_decimal(found[1]) if found[1] else Decimal(1)
    if multiple <= ZERO:
        raise WrongValue("no_load", "a load current is greater than zero", {"load": text[:40]})
    return Load(multiple, _NAMES[found[2].lower()])


@lru_cache(maxsize=1024)
def read_factor(text: str) -> str:
    """Read a power factor or reactive factor: `1.0`, `0.5L`, `0.8C`, `0.25`.

    Returns:
        The factor in the writing of the tables.

    Raises:
        WrongValue: not such a factor.

    >>> read_factor("1"), read_factor("0.5l"), read_factor("0.80C")
    ('1.0', '0.5L', '0.8C')
    """
    found = _FACTOR.fullmatch(text.strip())
    value = read_decimal(found[1]) if found else ZERO
    if found is None or not ZERO < value <= 1:
        raise WrongValue("no_factor", "not a factor such as 1.0, 0.5L, 0.8C", {"factor": text[:40]})
    if value == 1:
        return "1.0"
    return plain_text(value) + found[2].upper()


def ratio_to_base(
    load: Load, connection: Connection, imax_ratio: Decimal | None = None
) -> Decimal | None:
    """The current as a multiple of the base current (Ib or In).

    Args:
        load: the current.
        connection: decides Ib = 10 Itr or In = 20 Itr.
        imax_ratio: Imax as a multiple of the base current, where it is known.

    Returns:
        The multiple, or None for a part of Imax when Imax is not known.

    Raises:
        WrongValue: Imin, which is no fixed multiple of the base current.

    >>> ratio_to_base(read_load("10Itr"), Connection.DIRECT)
    Decimal('1')
    >>> ratio_to_base(read_load("0.5Imax"), Connection.DIRECT, Decimal(12))
    Decimal('6.0')
    """
    if load.of in ("Ib", "In"):
        return load.multiple
    if load.of == "Imax":
        return None if imax_ratio is None else EXACT.multiply(load.multiple, imax_ratio)
    if load.of == "Itr":
        itr_per_base = rule_set("GB/T 17215.321", "2021").figure(f"base_current_ratio/{connection}")
        return EXACT.divide(load.multiple, itr_per_base.value)
    raise WrongValue("no_base", "Imin is not a fixed multiple of the base current")
