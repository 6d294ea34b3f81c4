"""Decision on a lot by classes of nonconformity."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.items import Item
from dianheng.metrology.lots import (
    LotPlan,
    NonconformityClass,
    default_aql,
    lot_decision,
    lot_plan,
    nonconformity_class,
)
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.tests.strategies import GB_2828_1, aqls, levels, lots

A, B, C = NonconformityClass
Q_GDW_1206 = rule_set("Q/GDW 1206", "2013")


def plan(lot: int = 1500, b: str = "1.0", c: str = "4.0") -> LotPlan:
    return lot_plan(GB_2828_1, lot=lot, level="II", aql_by_class={B: Decimal(b), C: Decimal(c)})


def units(*bad: list[NonconformityClass], good: int = 0) -> list[list[NonconformityClass]]:
    return [*bad, *[[] for _ in range(good)]]


def test_a_lot_of_fifteen_hundred_by_default() -> None:
    found = plan()
    assert found.sample_size == 125
    assert (found.plans[B].ac, found.plans[C].ac) == (3, 10)


@pytest.mark.parametrize(
    ("bad_b", "bad_c", "reasons"),
    [
        (3, 10, ()),
        (4, 10, ("over_acceptance_number_B",)),
        (3, 11, ("over_acceptance_number_C",)),
        (4, 11, ("over_acceptance_number_B", "over_acceptance_number_C")),
    ],
)
def test_each_class_has_its_own_acceptance_number(
    bad_b: int, bad_c: int, reasons: tuple[str, ...]
) -> None:
    sample = units(*[[B]] * bad_b, *[[C]] * bad_c, good=125 - bad_b - bad_c)
    decision = lot_decision(plan(), sample)
    assert decision.reasons == reasons
    assert decision.is_accepted == (not reasons)


def test_one_unit_of_class_a_rejects_at_once_even_before_the_sample_is_complete() -> None:
    decision = lot_decision(plan(), units([], [C, A]))
    assert not decision.is_accepted
    assert decision.reasons == ("class_A",)


def test_a_unit_counts_once_in_its_gravest_class() -> None:
    decision = lot_decision(plan(), units(*[[C, B, C]] * 3, good=122))
    assert (decision.counts[B], decision.counts[C]) == (3, 0)
    assert decision.is_accepted


def test_an_incomplete_sample_accepts_nothing() -> None:
    with pytest.raises(WrongValue) as refusal:
        lot_decision(plan(), units(good=124))
    assert refusal.value.code == "sample_incomplete"


def test_the_largest_sample_serves_all_classes() -> None:
    found = plan(lot=20)
    assert found.sample_size == 13
    assert (found.plans[C].n, found.plans[C].ac) == (13, 1), "letter E, not the arrow to 3,0"
    assert found.plans[C].code_letter == "C"


def test_a_lot_smaller_than_its_sample_is_inspected_whole() -> None:
    found = plan(lot=9)
    assert found.sample_size == 9
    assert lot_decision(found, units(good=9)).is_accepted


@given(lots(), levels(), aqls(), aqls())
def test_every_pair_of_classes_has_a_plan_and_a_perfect_sample_is_accepted(
    lot: int, level: str, b: Decimal, c: Decimal
) -> None:
    found = lot_plan(GB_2828_1, lot=lot, level=level, aql_by_class={B: b, C: c})
    assert found.sample_size == max(each.inspect_count for each in found.plans.values())
    assert lot_decision(found, units(good=found.sample_size)).is_accepted


@given(st.lists(st.sampled_from([[], [B], [C]]), min_size=125, max_size=125))
def test_the_order_of_the_sample_does_not_matter_when_all_plans_have_one_size(
    sample: list[list[NonconformityClass]],
) -> None:
    assert lot_decision(plan(), sample) == lot_decision(plan(), sample[::-1])


def test_class_a_has_no_aql() -> None:
    for wrong in ({}, {A: Decimal("0.065"), B: Decimal(1)}):
        with pytest.raises(WrongValue):
            lot_plan(GB_2828_1, lot=100, level="II", aql_by_class=wrong)


def test_every_item_has_a_class_of_nonconformity() -> None:
    classes = {item: nonconformity_class(Q_GDW_1206, item) for item in Item}
    assert classes[Item.KEY_STATE] is A
    assert classes[Item.LOAD_DIFFERENCE] is classes[Item.BASIC_ERROR] is A
    assert classes[Item.APPEARANCE] is C
    assert default_aql(Q_GDW_1206) == {B: Decimal(1), C: Decimal(4)}
