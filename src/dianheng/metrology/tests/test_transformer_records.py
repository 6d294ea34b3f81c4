"""Schemes and records of transformers: every point both errors, parts apart, history asked."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.environment import Environment
from dianheng.metrology.examples import combined_transformer, low_voltage_ct, standard_ct
from dianheng.metrology.observations import Observation
from dianheng.metrology.records import RecordVerdict
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.schemes import Stage
from dianheng.metrology.transformer_records import (
    ERRORS,
    looks_turned,
    part_conclusions,
    transformer_judge,
)
from dianheng.metrology.transformer_schemes import (
    TransformerPart,
    TransformerPlate,
    TransformerPoint,
    TransformerScheme,
    generate_transformer_scheme,
    lower_burden_va,
    transformer_validity,
)
from dianheng.metrology.transformers import Device, point_rules
from dianheng.metrology.verdicts import Conclusion

PLATES = {
    "low-voltage CT": low_voltage_ct(),
    "standard CT": standard_ct(),
    "combined": combined_transformer(),
    "capacitor VT": TransformerPlate(
        (TransformerPart(Device.VOLTAGE, "0.2", ("110000/√3/100/√3",), Decimal(50)),),
        rated_kv=Decimal(110),
        is_capacitor=True,
    ),
}
EVERY = pytest.mark.parametrize("plate", PLATES.values(), ids=PLATES)
GOOD: Mapping[str, Mapping[str, object]] = {
    "appearance": {"is_passed": True},
    "insulation": {"is_passed": True, "resistance_mohm": Decimal(2500)},
    "withstand": {"has_breakdown": False, "voltage_kv": Decimal(3)},
    "polarity": {"sense": "subtractive"},
    "mutual_influence": {"is_passed": True},
}


def errors_at(
    point: TransformerPoint, f: str, delta: str, runs: int = 1, **facts: object
) -> list[Observation]:
    return [
        Observation(
            item.value,
            direction=point.device.value,
            phases=point.phases,
            load=str(point.percent_rated),
            factor=point.burden,
            samples=(Decimal(value),) * runs,
            facts={"ratio": point.ratio, **facts},
        )
        for item, value in zip(ERRORS, (f, delta), strict=True)
    ]


def record_of(
    scheme: TransformerScheme, changed: Mapping[TransformerPoint, tuple[str, str]] | None = None
) -> list[Observation]:
    """Everything good, but for the points that are named."""
    runs = 2 if scheme.takes_down else 1
    seen = [
        Observation(each.item.value, facts=GOOD[each.item.value])
        for each in scheme.items
        if each.item.value in GOOD
    ]
    for point in scheme.points:
        f, delta = (changed or {}).get(point, ("0.010", "0.50"))
        seen += errors_at(point, f, delta, runs)
    return seen


def judged(plate: TransformerPlate, seen: Iterable[Observation], **options: Any) -> RecordVerdict:
    scheme = generate_transformer_scheme(plate, options.pop("stage", Stage.FIRST), **options)
    return transformer_judge(plate, scheme).judge(list(seen), Environment(Decimal(23), Decimal(50)))


def at(scheme: TransformerScheme, percent: int, burden: str = "rated") -> TransformerPoint:
    return next(p for p in scheme.points if p.percent_rated == percent and p.burden == burden)


@EVERY
@pytest.mark.parametrize("stage", list(Stage))
def test_a_record_in_which_everything_is_good_passes(plate: TransformerPlate, stage: Stage) -> None:
    scheme = generate_transformer_scheme(plate, stage)
    found = judged(plate, record_of(scheme), stage=stage)
    assert (found.legal, found.missing, found.failing_items) == (Conclusion.PASS, (), ())
    assert found.rule_sets == ((scheme.standard, scheme.edition),)


def test_the_edition_in_force_is_chosen() -> None:
    names = {
        name: generate_transformer_scheme(plate, Stage.FIRST).rules.name
        for name, plate in PLATES.items()
    }
    assert names == {
        "low-voltage CT": "JJG 1189.3-2022",
        "standard CT": "JJG 313-2010",
        "combined": "JJG 1021-2007",
        "capacitor VT": "JJG 1021-2007",
    }


def test_points_come_with_every_ratio_and_phase() -> None:
    standard = generate_transformer_scheme(standard_ct(), Stage.FIRST)
    assert {point.ratio for point in standard.points} == {"100/5", "200/5"}
    assert standard.point_count == 14 and standard.takes_down
    combined = generate_transformer_scheme(combined_transformer(), Stage.FIRST)
    per_part = {
        (device.value, phase): sum(
            1 for p in combined.points if (p.device, p.phases) == (device, phase)
        )
        for device in Device
        for phase in ("A", "C")
    }
    assert per_part == {("CT", "A"): 9, ("CT", "C"): 9, ("PT", "A"): 5, ("PT", "C"): 5}


def test_the_worked_example_of_the_regulation() -> None:
    plate = low_voltage_ct()
    scheme = generate_transformer_scheme(plate, Stage.FIRST)
    at_5, at_20 = at(scheme, 5), at(scheme, 20)
    found = judged(plate, record_of(scheme, {at_5: ("-0.344", "12.6"), at_20: ("0.211", "3.10")}))
    said = {(each.point, each.item): each for each in found.verdicts}
    f, delta = said[at_5.text, "ratio_error"], said[at_5.text, "phase_displacement"]
    assert (f.rounded_text, f.limit_high, f.conclusion.value) == ("-0.34", Decimal("0.35"), "pass")
    assert (delta.rounded_text, delta.limit_high, delta.conclusion.value) == (
        "+13",
        Decimal(15),
        "pass",
    )
    over = said[at_20.text, "ratio_error"]
    assert (over.rounded_text, over.conclusion.value) == ("+0.22", "fail")
    assert found.legal is Conclusion.FAIL and found.failing_items == ("ratio_error",)


@pytest.mark.parametrize("part", ["CT", "PT"])
def test_parts_of_a_combined_transformer_are_judged_apart_and_both_must_pass(part: str) -> None:
    plate = combined_transformer()
    scheme = generate_transformer_scheme(plate, Stage.FIRST)
    bad = next(point for point in scheme.points if point.device.value == part)
    found = judged(plate, record_of(scheme, {bad: ("9.000", "0.50")}))
    other = "PT" if part == "CT" else "CT"
    assert part_conclusions(found.verdicts) == {part: Conclusion.FAIL, other: Conclusion.PASS}
    assert found.legal is Conclusion.FAIL


def test_a_point_without_one_of_its_errors_is_missing() -> None:
    plate = low_voltage_ct()
    scheme = generate_transformer_scheme(plate, Stage.FIRST)
    left_out = record_of(scheme)[-1]
    found = judged(plate, record_of(scheme)[:-1])
    assert found.legal is Conclusion.INCOMPLETE
    assert [(each.item, each.reason) for each in found.missing] == [(left_out.item, "not_tested")]


def test_a_standard_is_read_up_and_down_but_for_its_greatest_point() -> None:
    plate = standard_ct()
    scheme = generate_transformer_scheme(plate, Stage.FIRST)
    seen = [
        each._replace(samples=each.samples[:1]) if each.samples else each
        for each in record_of(scheme)
    ]
    missing = {(each.point, each.reason) for each in judged(plate, seen).missing}
    assert {reason for _point, reason in missing} == {"too_few_readings"}
    assert at(scheme, 120).text not in {point for point, _reason in missing}


def test_rise_against_fall_is_held_against_a_fifth_of_the_limit() -> None:
    plate = standard_ct()
    scheme = generate_transformer_scheme(plate, Stage.FIRST)
    point = at(scheme, 20)  # limits 0.05 % and 2′
    seen = [
        each._replace(samples=(Decimal("0.020"), Decimal("0.031")))
        if each.item == "ratio_error"
        and each.load == "20"
        and each.factor == "rated"
        and each.facts["ratio"] == point.ratio
        else each
        for each in record_of(scheme)
    ]
    found = judged(plate, seen)
    over = [each for each in found.verdicts if each.conclusion is Conclusion.FAIL]
    assert [(each.item, each.value, each.limit_high) for each in over] == [
        ("up_down", Decimal("0.011"), Decimal("0.01"))
    ]


def test_a_change_since_the_last_verification_over_two_thirds_of_the_limit_fails() -> None:
    plate = low_voltage_ct()
    scheme = generate_transformer_scheme(plate, Stage.SUBSEQUENT)
    point = at(scheme, 100)  # limits 0.2 % and 10′
    good = [each for each in record_of(scheme) if each.load != "100" or each.factor != "rated"]
    seen = good + errors_at(point, "0.070", "3.00", previous="-0.070")
    found = judged(plate, seen, stage=Stage.SUBSEQUENT)
    assert found.failing_items == ("stability",)
    first = judged(plate, seen, stage=Stage.FIRST)
    assert "stability" not in {each.item for each in first.verdicts}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"is_done": True, "after_failure": True}, "demagnetised"),
        ({"is_done": True, "after_failure": False}, "demagnetised_first"),
    ],
    ids=["after a failed test", "before the first test"],
)
def test_demagnetising_belongs_between_a_failed_test_and_the_next(
    facts: Mapping[str, object], reason: str
) -> None:
    plate = low_voltage_ct()
    scheme = generate_transformer_scheme(plate, Stage.FIRST)
    found = judged(plate, [*record_of(scheme), Observation("demagnetising", facts=facts)])
    verdict = next(each for each in found.verdicts if each.item == "demagnetising")
    assert verdict.reason == reason and found.legal is Conclusion.PASS


@pytest.mark.parametrize(
    ("sense", "conclusion"), [("subtractive", Conclusion.PASS), ("additive", Conclusion.FAIL)]
)
def test_polarity_is_subtractive(sense: str, conclusion: Conclusion) -> None:
    plate = low_voltage_ct()
    scheme = generate_transformer_scheme(plate, Stage.FIRST)
    seen = [
        each._replace(facts={"sense": sense}) if each.item == "polarity" else each
        for each in record_of(scheme)
    ]
    assert judged(plate, seen).legal is conclusion


@pytest.mark.parametrize(
    ("ratio", "rated", "lower"),
    [("200/5", 5, "3.75"), ("200/5", 10, "3.75"), ("200/1", 5, "1"), ("200/5", "2.5", "0.625")],
)
def test_the_lower_burden_goes_by_the_secondary_current(ratio: str, rated: Any, lower: str) -> None:
    part = TransformerPart(Device.CURRENT, "0.2S", (ratio,), Decimal(rated))
    assert lower_burden_va(rule_set("JJG 1021", "2007"), part, ratio) == Decimal(lower)


@EVERY
def test_every_transformer_has_a_period(plate: TransformerPlate) -> None:
    from datetime import date

    months = {"standard CT": 24, "capacitor VT": 48}
    name = next(each for each, found in PLATES.items() if found is plate)
    found = transformer_validity(plate, verified_on=date(2026, 11, 30))
    assert found.months == months.get(name, 120)


errors_f = st.decimals(min_value=-3, max_value=3, places=3)
errors_delta = st.decimals(min_value=-120, max_value=120, places=2)


@given(st.sampled_from(list(PLATES.values())), errors_f, errors_delta)
def test_a_record_passes_exactly_where_both_rounded_errors_are_within(
    plate: TransformerPlate, f: Decimal, delta: Decimal
) -> None:
    scheme = generate_transformer_scheme(plate, Stage.FIRST)
    point = scheme.points[0]
    found = judged(plate, record_of(scheme, {point: (str(f), str(delta))}))
    rule = point_rules(
        scheme.rules,
        device=point.device,
        accuracy_class=plate.part(point.device).accuracy_class,
        percent_rated=point.percent_rated,
    )
    mine = [each for each in found.verdicts if each.point == point.text]
    assert len(mine) == 2
    for verdict, limit in zip(mine, (rule.f.limit, rule.delta.limit), strict=True):
        assert verdict.rounded is not None
        assert (abs(verdict.rounded) <= limit) is (verdict.conclusion is Conclusion.PASS)
    is_within = all(each.conclusion is Conclusion.PASS for each in mine)
    assert (found.legal is Conclusion.PASS) is is_within


@given(st.lists(errors_delta, min_size=3, max_size=12))
def test_mirrored_errors_are_told_and_the_same_errors_are_not(values: list[Decimal]) -> None:
    known = dict(enumerate(values))
    clear = sum(1 for value in values if abs(value) > 1)
    mirrored = {key: -value for key, value in known.items()}
    assert looks_turned(mirrored, known, Decimal(1)) is (clear >= 3)
    assert not looks_turned(known, known, Decimal(1))
