"""Hypothesis strategies shared by all tests that speak of quantities, plates and lots."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from dianheng.metrology.plates import Connection, MeterPlate, Wiring
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.sampling import LEVELS, aql_values, lq_values

# Two cores are shared with a database; a slow example is no wrong example.
settings.register_profile("dianheng", deadline=None, max_examples=100)
settings.load_profile("dianheng")

JJG_596 = rule_set("JJG 596", "2012")
GB_2828_1 = rule_set("GB/T 2828.1", "2012")
GB_2828_2 = rule_set("GB/T 2828.2", "2008")

INTERVALS = ("0.02", "0.05", "0.1", "0.2", "0.01", "0.004", "0.5", "1", "20")
CLASSES_BY_CONNECTION = {
    Connection.DIRECT: ("1", "2"),
    Connection.VIA_TRANSFORMER: ("0.2S", "0.5S", "1", "2"),
}


def errors_pct(largest: str = "10", places: int = 4) -> st.SearchStrategy[Decimal]:
    """Relative errors as a bench sends them, %."""
    bound = Decimal(largest)
    return st.decimals(-bound, bound, allow_nan=False, places=places)


def intervals() -> st.SearchStrategy[Decimal]:
    """Rounding intervals of the trade."""
    return st.sampled_from([Decimal(each) for each in INTERVALS])


def positive(least: str, greatest: str, places: int = 3) -> st.SearchStrategy[Decimal]:
    """Positive quantities."""
    return st.decimals(Decimal(least), Decimal(greatest), allow_nan=False, places=places)


@st.composite
def plates(draw: Any) -> MeterPlate:
    """Meters of every class, connection and circuit that JJG 596 knows."""
    connection = draw(st.sampled_from(list(Connection)))
    wiring = draw(st.sampled_from(list(Wiring)))
    base = draw(positive("0.3", "20", 1))
    return MeterPlate(
        accuracy_class=draw(st.sampled_from(CLASSES_BY_CONNECTION[connection])),
        connection=connection,
        wiring=wiring,
        un_v=draw(st.sampled_from([Decimal("57.7"), Decimal(100), Decimal(220)])),
        base_a=base,
        max_a=base * draw(st.integers(1, 12)),
        constant_imp_per_kwh=Decimal(draw(st.sampled_from([400, 1200, 6400, 20000]))),
        reactive_class=draw(st.sampled_from(["", "2", "3"])),
        is_bidirectional=draw(st.booleans()),
        functions=draw(
            st.frozensets(
                st.sampled_from(["clock", "rates", "demand", "key", "relay", "parameter"])
            )
        ),
    )


def lots() -> st.SearchStrategy[int]:
    """Sizes of lots, small ones and those at the ends of the table's rows often."""
    ends = [int(row.cells["lot_min"]) for row in GB_2828_1.table("code_letters")]
    return st.one_of(
        st.integers(2, 1_000_000), st.sampled_from(ends), st.sampled_from([e + 1 for e in ends])
    )


def levels() -> st.SearchStrategy[str]:
    """Inspection levels."""
    return st.sampled_from(LEVELS)


def aqls() -> st.SearchStrategy[Decimal]:
    """AQLs of the tables."""
    return st.sampled_from(aql_values(GB_2828_1))


def lqs() -> st.SearchStrategy[Decimal]:
    """Limiting qualities of procedure A."""
    return st.sampled_from(lq_values(GB_2828_2))


def barcode_bodies() -> st.SearchStrategy[str]:
    """The 21 digits of a State Grid code in front of its check digit."""
    return st.text("0123456789", min_size=21, max_size=21)


def device_lists(least: int = 1) -> st.SearchStrategy[list[str]]:
    """Device lists: distinct bar codes."""
    return st.lists(
        st.text("0123456789ABC", min_size=1, max_size=22), min_size=least, max_size=60, unique=True
    )


def seeds() -> st.SearchStrategy[str]:
    """Seeds that are long enough."""
    return st.text("0123456789abcdef", min_size=32, max_size=64)


def days() -> st.SearchStrategy[date]:
    """Days within the life of a metering centre."""
    return st.dates(date(1990, 1, 1), date(2100, 12, 31))
