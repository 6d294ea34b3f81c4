"""Limits of the basic error by class, connection, load and factor."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.limits import (
    BALANCED,
    SINGLE_PHASE_LOAD,
    LimitRow,
    difference_limit,
    limit_at,
    limit_rows,
)
from dianheng.metrology.loads import read_factor, read_load
from dianheng.metrology.plates import Connection
from dianheng.metrology.tests.strategies import JJG_596

D, T = Connection.DIRECT, Connection.VIA_TRANSFORMER


def limit(
    accuracy_class: str,
    connection: Connection,
    load: str,
    factor: str,
    loading: str = BALANCED,
    measure: str = "active",
    imax_ratio: str | None = None,
) -> Decimal:
    return limit_at(
        JJG_596,
        accuracy_class=accuracy_class,
        connection=connection,
        load=load,
        factor=factor,
        loading=loading,
        measure=measure,
        imax_ratio=None if imax_ratio is None else Decimal(imax_ratio),
    ).limit_pct


# Balanced load: connection, load, factor and the limits of 0.2S, 0.5S, 1, 2 ("" = none).
BALANCED_ROWS = [
    (T, "0.01In", "1.0", "0.4", "1.0", "", ""),
    (T, "0.049In", "1.0", "0.4", "1.0", "1.5", "2.5"),
    (D, "0.05Ib", "1.0", "", "", "1.5", "2.5"),
    (D, "0.099Ib", "1.0", "", "", "1.5", "2.5"),
    (T, "0.02In", "1.0", "0.4", "1.0", "1.5", "2.5"),
    (D, "0.1Ib", "1.0", "", "", "1.0", "2.0"),
    (D, "Imax", "1.0", "", "", "1.0", "2.0"),
    (T, "0.05In", "1.0", "0.2", "0.5", "1.0", "2.0"),
    (T, "0.5Imax", "1.0", "0.2", "0.5", "1.0", "2.0"),
    (T, "0.02In", "0.5L", "0.5", "1.0", "", ""),
    (T, "0.02In", "0.8C", "0.5", "1.0", "", ""),
    (D, "0.1Ib", "0.5L", "", "", "1.5", "2.5"),
    (T, "0.05In", "0.5L", "0.5", "1.0", "1.5", "2.5"),
    (D, "0.1Ib", "0.8C", "", "", "1.5", ""),
    (T, "0.05In", "0.8C", "0.5", "1.0", "1.5", ""),
    (D, "0.2Ib", "0.5L", "", "", "1.0", "2.0"),
    (T, "0.1In", "0.5L", "0.3", "0.6", "1.0", "2.0"),
    (D, "0.2Ib", "0.8C", "", "", "1.0", ""),
    (T, "0.1In", "0.8C", "0.3", "0.6", "1.0", ""),
    (D, "Ib", "0.25L", "", "", "3.5", ""),
    (T, "In", "0.25L", "0.5", "1.0", "3.5", ""),
    (D, "0.2Ib", "0.5C", "", "", "2.5", ""),
    (T, "Imax", "0.5C", "0.5", "1.0", "", ""),
]


@pytest.mark.parametrize("row", BALANCED_ROWS, ids=lambda row: f"{row[0]} {row[1]} {row[2]}")
def test_balanced_limits(row: tuple[Connection, str, str, str, str, str, str]) -> None:
    connection, load, factor, *limits = row
    for accuracy_class, wanted in zip(("0.2S", "0.5S", "1", "2"), limits, strict=True):
        if wanted:
            assert limit(accuracy_class, connection, load, factor) == Decimal(wanted)
        else:
            with pytest.raises(NoRule):
                limit(accuracy_class, connection, load, factor)


@pytest.mark.parametrize(
    ("connection", "load", "factor", "limits"),
    [
        (T, "0.05In", "1.0", {"0.2S": "0.3", "0.5S": "0.6", "1": "2.0", "2": "3.0"}),
        (D, "0.1Ib", "1.0", {"1": "2.0", "2": "3.0"}),
        (T, "0.1In", "0.5L", {"0.2S": "0.4", "0.5S": "1.0", "1": "2.0", "2": "3.0"}),
        (D, "0.2Ib", "0.5L", {"1": "2.0", "2": "3.0"}),
    ],
)
def test_limits_with_one_phase_loaded(
    connection: Connection, load: str, factor: str, limits: dict[str, str]
) -> None:
    for accuracy_class, wanted in limits.items():
        assert limit(accuracy_class, connection, load, factor, SINGLE_PHASE_LOAD) == Decimal(wanted)


@pytest.mark.parametrize(
    ("load", "factor", "class_2", "class_3"),
    [
        ("0.05Ib", "1.0", "2.5", "4.0"),
        ("0.1Ib", "1.0", "2.0", "3.0"),
        ("0.1Ib", "0.5L", "2.5", "4.0"),
        ("0.2Ib", "0.5C", "2.0", "3.0"),
        ("Imax", "0.25L", "2.5", "4.0"),
    ],
)
def test_reactive_limits_hold_for_inductive_and_capacitive_loads(
    load: str, factor: str, class_2: str, class_3: str
) -> None:
    assert limit("2", D, load, factor, measure="reactive") == Decimal(class_2)
    assert limit("3", D, load, factor, measure="reactive") == Decimal(class_3)


def test_reactive_limits_with_one_phase_loaded() -> None:
    assert limit("2", T, "In", "1.0", SINGLE_PHASE_LOAD, "reactive") == Decimal("3.0")
    assert limit("3", T, "0.1In", "0.5L", SINGLE_PHASE_LOAD, "reactive") == Decimal("4.0")


@pytest.mark.parametrize(
    ("accuracy_class", "active", "reactive"),
    [
        ("0.2S", "0.4", ""),
        ("0.5S", "1.0", ""),
        ("1", "1.5", ""),
        ("2", "2.5", "2.5"),
        ("3", "", "3.5"),
    ],
)
def test_limits_of_the_difference(accuracy_class: str, active: str, reactive: str) -> None:
    for measure, wanted in (("active", active), ("reactive", reactive)):
        if wanted:
            assert difference_limit(JJG_596, accuracy_class, measure).value == Decimal(wanted)


def test_a_part_of_imax_follows_the_plate_where_it_is_known() -> None:
    assert limit("1", D, "0.1Imax", "1.0", imax_ratio="12") == Decimal("1.0")
    assert limit("1", D, "0.005Imax", "1.0", imax_ratio="12") == Decimal("1.5")
    with pytest.raises(NoRule):
        limit("1", D, "0.005Imax", "1.0")  # without the plate nobody knows which row
    with pytest.raises(NoRule):
        limit("1", D, "13Ib", "1.0", imax_ratio="12")
    with pytest.raises(NoRule):
        limit("1", D, "1.1Imax", "1.0")


def test_currents_of_new_plates_are_multiples_of_itr() -> None:
    assert limit("1", D, "10Itr", "1.0") == limit("1", D, "Ib", "1.0")
    assert limit("0.5S", T, "0.2Itr", "1.0") == limit("0.5S", T, "0.01In", "1.0") == Decimal("1.0")
    assert limit("1", D, "0.5Itr", "1.0") == Decimal("1.5")
    with pytest.raises(WrongValue):
        limit("1", D, "Imin", "1.0")


@given(
    st.sampled_from(limit_rows(JJG_596)),
    st.decimals(0, 1, places=4, allow_nan=False),
)
def test_every_row_is_found_by_a_load_inside_it(row: LimitRow, share: Decimal) -> None:
    top = row.to_ratio if row.to_ratio is not None else Decimal(4)
    ratio = row.from_ratio + (top - row.from_ratio) * share
    if ratio == top and row.to_ratio is not None and not row.is_to_included:
        ratio = row.from_ratio
    found = limit_at(
        JJG_596,
        accuracy_class=row.accuracy_class,
        connection=Connection(row.connection),
        load=f"{ratio.normalize():f}Ib",
        factor=row.factor,
        measure=row.measure,
        loading=row.loading,
        imax_ratio=Decimal(4),
    )
    assert found is row


def test_rows_of_one_class_and_factor_join_without_gap_or_overlap() -> None:
    groups: dict[tuple[str, ...], list[LimitRow]] = {}
    for row in limit_rows(JJG_596):
        key = (row.measure, row.loading, row.connection, row.accuracy_class, row.factor)
        groups.setdefault(key, []).append(row)
    for rows in groups.values():
        for before, after in pairwise(rows):
            assert before.to_ratio == after.from_ratio
            assert before.limit_pct >= after.limit_pct


@pytest.mark.parametrize(
    "text", ["", "Iz", "-1Ib", "0Ib", "1..2Ib", "Ib Ib", "９Ib", "1e5Ib", "Ib" * 50]
)
def test_texts_that_are_no_current(text: str) -> None:
    with pytest.raises(WrongValue):
        read_load(text)


@pytest.mark.parametrize("text", ["", "0", "2", "0.5X", "-0.5L", "0.5LL", "L", "1.5"])
def test_texts_that_are_no_factor(text: str) -> None:
    with pytest.raises(WrongValue):
        read_factor(text)
