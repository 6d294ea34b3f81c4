"""Classes A to E after OIML R 46."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.ir46 import PermissibleError, permissible_error, start_and_no_load
from dianheng.metrology.plates import Connection, Wiring
from dianheng.metrology.rule_sets import Certainty, rule_set

RULES = rule_set("GB/T 17215.321", "2021")


def mpe(
    ir46_class: str, current: str, factor: str = "1.0", connection: str = "direct"
) -> PermissibleError:
    return permissible_error(
        RULES,
        ir46_class=ir46_class,
        connection=Connection(connection),
        imin_a=Decimal("0.25"),
        itr_a=Decimal("0.5"),
        imax_a=Decimal(60),
        current_a=Decimal(current),
        factor=factor,
    )


def test_worked_example_of_class_b() -> None:
    found = start_and_no_load(
        RULES,
        ir46_class="B",
        connection=Connection.DIRECT,
        wiring=Wiring.SINGLE_PHASE,
        un_v=Decimal(220),
        imin_a=Decimal("0.25"),
        itr_a=Decimal("0.5"),
        constant_imp_per_kwh=Decimal(1200),
    )
    assert found.start_current_a == Decimal("0.02")
    assert round(found.pulse_interval_s, 1) == Decimal("681.8")
    assert round(found.no_load_min, 1) == Decimal("55.1")


@pytest.mark.parametrize(
    ("current", "factor", "errors"),
    [
        ("60", "1.0", ("2.0", "1.0", "0.5", "0.2", "0.1")),
        ("0.5", "1.0", ("2.0", "1.0", "0.5", "0.2", "0.1")),
        ("0.5", "0.5L", ("2.5", "1.5", "0.6", "0.3", "0.15")),
        ("60", "0.8C", ("2.5", "1.5", "0.6", "0.3", "0.15")),
        ("0.49", "1.0", ("2.5", "1.5", "1.0", "0.4", "0.2")),
        ("0.25", "1.0", ("2.5", "1.5", "1.0", "0.4", "0.2")),
        ("0.25", "0.8L", ("2.5", "1.8", "1.0", "0.5", "0.25")),
    ],
)
def test_permissible_errors(current: str, factor: str, errors: tuple[str, ...]) -> None:
    found = [mpe(each, current, factor).mpe_pct for each in "ABCDE"]
    assert found == [Decimal(each) for each in errors]


def test_below_imin_the_error_grows_with_the_current_falling() -> None:
    assert mpe("B", "0.1").mpe_pct == Decimal("3.75")
    assert mpe("B", "0.02").mpe_pct == Decimal("18.75")
    assert mpe("B", "0.1", "0.5L").mpe_pct == Decimal("4.5")
    with pytest.raises(NoRule) as refusal:
        mpe("B", "0.0199")
    assert refusal.value.code == "current_out_of_range"


@pytest.mark.parametrize(
    ("connection", "currents"),
    [
        ("direct", ("0.025", "0.02", "0.02", "0.01")),
        ("via_transformer", ("0.03", "0.02", "0.01", "0.01")),
    ],
)
def test_starting_currents(connection: str, currents: tuple[str, ...]) -> None:
    for ir46_class, current in zip("ABCD", currents, strict=True):
        found = start_and_no_load(
            RULES,
            ir46_class=ir46_class,
            connection=Connection(connection),
            wiring=Wiring.THREE_PHASE_FOUR_WIRE,
            un_v=Decimal(220),
            imin_a=Decimal("0.1"),
            itr_a=Decimal("0.5"),
            constant_imp_per_kwh=Decimal(400),
        )
        assert found.start_current_a == Decimal(current)


def test_class_e_is_doubtful_and_has_no_starting_current() -> None:
    assert mpe("E", "1").rule.certainty is Certainty.DOUBTFUL
    with pytest.raises(NoRule) as refusal:
        mpe("E", "0.1")
    assert refusal.value.code == "no_class"


@pytest.mark.parametrize(
    ("current", "factor", "code"),
    [
        ("60.1", "1.0", "current_out_of_range"),
        ("5", "0.49L", "factor_out_of_range"),
        ("5", "0.79C", "factor_out_of_range"),
        ("5", "0.9", "factor_out_of_range"),
    ],
)
def test_outside_the_tables_there_is_no_error(current: str, factor: str, code: str) -> None:
    with pytest.raises(NoRule) as refusal:
        mpe("B", current, factor)
    assert refusal.value.code == code


def test_currents_of_a_plate_are_in_order() -> None:
    with pytest.raises(WrongValue) as refusal:
        permissible_error(
            RULES,
            ir46_class="B",
            connection=Connection.DIRECT,
            imin_a=Decimal(1),
            itr_a=Decimal("0.5"),
            imax_a=Decimal(60),
            current_a=Decimal(5),
            factor="1.0",
        )
    assert refusal.value.code == "rating_order"


@given(
    st.sampled_from("ABCD"),
    st.decimals(Decimal("0.025"), Decimal(60), places=3, allow_nan=False),
    st.decimals(Decimal("0.025"), Decimal(60), places=3, allow_nan=False),
)
def test_a_larger_current_never_has_a_larger_error(
    ir46_class: str, one: Decimal, other: Decimal
) -> None:
    small, large = sorted((one, other))
    assert mpe(ir46_class, str(small)).mpe_pct >= mpe(ir46_class, str(large)).mpe_pct
