"""Classes of metering devices: bounds included below, the highest class wins."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.device_classes import CLASSES, device_class, purposes, quantities_of
from dianheng.metrology.errors import NoRule
from dianheng.metrology.rule_sets import Certainty, RuleSet, rule_set
from dianheng.metrology.tests.strategies import positive

DL_2016 = rule_set("DL/T 448", "2016")
DL_2000 = rule_set("DL/T 448", "2000")


def class_of(rules: RuleSet, purpose: str, **known: str) -> str:
    return device_class(rules, purpose, {k: Decimal(v) for k, v in known.items()}).name


@pytest.mark.parametrize(
    ("purpose", "quantity", "bounds"),
    [
        ("settlement", "kv", {"220": "I", "66": "II", "10": "III", "0.38": "IV"}),
        ("assessment", "kv", {"500": "I", "220": "II", "10": "III", "0.38": "IV"}),
        ("generator", "mw", {"300": "I", "100": "II"}),
    ],
)
def test_lower_bounds_of_2016_are_included(
    purpose: str, quantity: str, bounds: dict[str, str]
) -> None:
    for bound, name in bounds.items():
        assert class_of(DL_2016, purpose, **{quantity: bound}) == name
        below = str(Decimal(bound) - Decimal("0.001"))
        lower = CLASSES[CLASSES.index(name) + 1]
        assert class_of(DL_2016, purpose, **{quantity: below}) == lower


@pytest.mark.parametrize(
    ("purpose", "quantity", "bounds"),
    [
        ("settlement", "transformer_kva", {"10000": "I", "2000": "II", "315": "III"}),
        ("generator", "mw", {"200": "I", "100": "II"}),
        ("settlement", "monthly_mwh", {"5000": "I", "1000": "II"}),
    ],
)
def test_lower_bounds_of_2000_are_included(
    purpose: str, quantity: str, bounds: dict[str, str]
) -> None:
    for bound, name in bounds.items():
        assert class_of(DL_2000, purpose, **{quantity: bound}) == name
        below = str(Decimal(bound) - Decimal("0.001"))
        lower = CLASSES[CLASSES.index(name) + 1]
        assert class_of(DL_2000, purpose, **{quantity: below}) == lower


def test_the_highest_of_several_criteria_wins() -> None:
    assert class_of(DL_2000, "settlement", monthly_mwh="5000", transformer_kva="315") == "I"
    assert class_of(DL_2000, "settlement", monthly_mwh="100", transformer_kva="10000") == "I"
    assert class_of(DL_2000, "settlement", phases="1", transformer_kva="100") == "IV"


@given(positive("0.001", "1000"), positive("0.001", "1000"))
def test_a_higher_voltage_never_lowers_the_class(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    at_low = device_class(DL_2016, "settlement", {"kv": low}).name
    at_high = device_class(DL_2016, "settlement", {"kv": high}).name
    assert CLASSES.index(at_high) <= CLASSES.index(at_low)


@given(st.sampled_from([DL_2016, DL_2000]), st.data())
def test_what_a_purpose_does_not_ask_for_changes_nothing(
    rules: RuleSet, data: st.DataObject
) -> None:
    purpose = data.draw(st.sampled_from(purposes(rules)))
    known = {name: Decimal(400) for name in quantities_of(rules, purpose)}
    plain = device_class(rules, purpose, known)
    assert device_class(rules, purpose, {**known, "tea": Decimal(3)}) == plain


@pytest.mark.parametrize(
    ("rules", "purpose", "known", "code"),
    [
        (DL_2016, "feed_in", {}, "no_purpose"),
        (DL_2016, "settlement", {}, "quantity_missing"),
        (DL_2016, "settlement", {"phases": "3"}, "quantity_missing"),
        (DL_2016, "generator", {"kv": "10"}, "quantity_missing"),
        (DL_2000, "settlement", {"phases": "3"}, "no_device_class"),
        (DL_2000, "settlement", {"monthly_mwh": "99"}, "no_device_class"),
        (DL_2000, "line_balance", {"kv": "35"}, "no_device_class"),
    ],
)
def test_what_decides_no_class_is_refused(
    rules: RuleSet, purpose: str, known: dict[str, str], code: str
) -> None:
    with pytest.raises(NoRule) as refusal:
        class_of(rules, purpose, **known)
    assert refusal.value.code == code


@pytest.mark.parametrize("rules", [DL_2016, DL_2000], ids=lambda rules: rules.name)
def test_every_class_says_what_accuracy_it_needs(rules: RuleSet) -> None:
    assert [row.cells["class"] for row in rules.table("accuracy")] == list(CLASSES)
    found = device_class(rules, "plant_auxiliary", {})
    assert found.accuracy.current_transformer == "0.5S"
    certainty = Certainty.CONFIRMED if rules is DL_2000 else Certainty.FROM_MEMORY
    assert found.rule.certainty is certainty
