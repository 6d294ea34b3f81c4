"""Verdict on a load point: readings, further readings, rounding, limit, internal control."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.plates import Connection
from dianheng.metrology.quantities import mean
from dianheng.metrology.rule_sets import Certainty, rule_set
from dianheng.metrology.tests.strategies import JJG_596, errors_pct
from dianheng.metrology.verdicts import (
    Conclusion,
    PointRule,
    difference_verdict,
    error_verdict,
    internal_control,
    point_rule,
)

CONTROL = internal_control(rule_set("Utility practice", "2013"))


def rule(accuracy_class: str = "1", load: str = "Ib", has_control: bool = False) -> PointRule:
    return point_rule(
        JJG_596,
        accuracy_class=accuracy_class,
        connection=Connection.VIA_TRANSFORMER if "S" in accuracy_class else Connection.DIRECT,
        load=load,
        factor="1.0",
        control=CONTROL if has_control else None,
    )


def numbers(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def test_a_mean_at_the_limit_passes_and_just_above_fails() -> None:
    passing = error_verdict(rule("0.5S", "In"), numbers("0.525"), takes_extra=False)
    failing = error_verdict(rule("0.5S", "In"), numbers("0.526"), takes_extra=False)
    assert (passing.rounded_text, passing.conclusion) == ("+0.50", Conclusion.PASS)
    assert (failing.rounded_text, failing.conclusion) == ("+0.55", Conclusion.FAIL)
    assert passing.value == Decimal("0.525"), "the raw value is kept beside the rounded one"


@pytest.mark.parametrize("reading", ["0.79999", "1.20001", "-0.79999", "-1.20001"])
def test_outside_the_band_no_further_readings_are_needed(reading: str) -> None:
    verdict = error_verdict(rule(), numbers(reading, reading))
    assert not verdict.is_extra_needed
    assert verdict.conclusion is not Conclusion.INCOMPLETE


@pytest.mark.parametrize("reading", ["0.8", "1.2", "-0.8", "-1.2", "1.0"])
def test_inside_the_band_there_is_no_verdict_before_two_further_readings(reading: str) -> None:
    verdict = error_verdict(rule(), numbers(reading, reading))
    assert verdict.is_extra_needed
    assert (verdict.conclusion, verdict.reason) == (Conclusion.INCOMPLETE, "extra_readings_needed")
    one_more = error_verdict(rule(), numbers(reading, reading), numbers(reading))
    assert one_more.conclusion is Conclusion.INCOMPLETE


def test_in_the_band_the_mean_of_all_four_decides_and_all_are_shown() -> None:
    verdict = error_verdict(rule(), numbers("1.10", "1.10"), numbers("0.90", "0.86"))
    assert verdict.value == Decimal("0.99")
    assert verdict.conclusion is Conclusion.PASS
    shown = verdict.steps[0].facts
    assert shown["readings"] == (Decimal("1.10"), Decimal("1.10"))
    assert shown["extra_readings"] == (Decimal("0.90"), Decimal("0.86"))


def test_further_readings_cannot_mend_a_mean_outside_the_band() -> None:
    verdict = error_verdict(rule(), numbers("1.5", "1.5"), numbers("0.1", "0.1"))
    assert verdict.value == Decimal("1.5")
    assert verdict.conclusion is Conclusion.FAIL
    assert verdict.extra_samples == (Decimal("0.1"), Decimal("0.1"))


def test_without_the_rule_the_first_readings_decide() -> None:
    verdict = error_verdict(
        rule(), numbers("1.10", "1.10"), numbers("0.2", "0.2"), takes_extra=False
    )
    assert not verdict.is_extra_needed
    assert verdict.conclusion is Conclusion.FAIL


def test_internal_control_is_a_second_verdict_that_leaves_the_first_alone() -> None:
    verdict = error_verdict(rule(has_control=True), numbers("0.70", "0.70"))
    assert verdict.conclusion is Conclusion.PASS
    assert verdict.internal is Conclusion.FAIL
    assert verdict.internal_limit == Decimal("0.6")
    assert error_verdict(rule(), numbers("0.70", "0.70")).internal is None


@pytest.mark.parametrize(
    ("accuracy_class", "load", "band"),
    [("1", "Ib", "0.6"), ("2", "Ib", "1.2"), ("0.5S", "In", "0.3"), ("1", "0.05Ib", "0.9")],
)
def test_internal_bands_are_sixty_percent_of_the_limit(
    accuracy_class: str, load: str, band: str
) -> None:
    assert rule(accuracy_class, load, has_control=True).internal_limit_pct == Decimal(band)


def test_every_verdict_names_rule_set_row_and_certainty() -> None:
    verdict = error_verdict(rule(), numbers("0.1", "0.2"))
    assert verdict.rule.standard == "JJG 596"
    assert verdict.rule.edition == "2012"
    assert verdict.rule.row == "limits/active/balanced/direct/1/1.0/0.1/Imax"
    assert verdict.rule.certainty is Certainty.FROM_MEMORY
    assert [step.name for step in verdict.steps] == [
        "readings",
        "value",
        "rounding",
        "limit",
        "conclusion",
    ]


@given(
    st.lists(errors_pct("3"), min_size=2, max_size=4), st.sampled_from(["0.2S", "0.5S", "1", "2"])
)
def test_the_conclusion_follows_from_the_rounded_value_alone(
    readings: list[Decimal], accuracy_class: str
) -> None:
    found = rule(accuracy_class, "In" if "S" in accuracy_class else "Ib", has_control=True)
    verdict = error_verdict(found, readings, takes_extra=False)
    assert verdict.rounded is not None
    assert (verdict.conclusion is Conclusion.PASS) == (abs(verdict.rounded) <= found.limit_pct)
    if verdict.internal is Conclusion.PASS:
        assert verdict.conclusion is Conclusion.PASS


@given(st.lists(errors_pct("3"), min_size=2, max_size=2), st.lists(errors_pct("3"), max_size=3))
def test_swapping_signs_swaps_nothing_but_signs(first: list[Decimal], extra: list[Decimal]) -> None:
    one = error_verdict(rule(), first, extra)
    other = error_verdict(rule(), [-x for x in first], [-x for x in extra])
    assert one.conclusion is other.conclusion
    assert one.is_extra_needed == other.is_extra_needed


@pytest.mark.parametrize(
    ("accuracy_class", "phase_error", "conclusion"),
    [
        pytest.param("1", "1.70", Conclusion.PASS, id="1.50 is within 1.5"),
        pytest.param("1", "1.74", Conclusion.PASS, id="1.54 rounds to 1.5"),
        pytest.param("1", "1.76", Conclusion.FAIL, id="1.56 rounds to 1.6"),
        pytest.param("1", "-1.31", Conclusion.PASS, id="-1.51 rounds to -1.5"),
        pytest.param("0.5S", "1.23", Conclusion.FAIL, id="1.03 rounds to 1.05"),
    ],
)
def test_difference_between_one_phase_and_balanced_load(
    accuracy_class: str, phase_error: str, conclusion: Conclusion
) -> None:
    verdict = difference_verdict(
        JJG_596,
        accuracy_class=accuracy_class,
        balanced_error_pct=Decimal("0.20"),
        phase_error_pct=Decimal(phase_error),
    )
    assert verdict.conclusion is conclusion


def test_a_difference_of_means_that_never_end_is_rounded_as_by_fractions() -> None:
    for tenths in range(-20, 21):
        for step in range(-30, 30):
            balanced = Decimal(tenths) / 10
            tie = Fraction(2 * step + 1, 20)  # in the middle of two multiples of 0.1
            single = Fraction(balanced) + 3 * tie
            verdict = difference_verdict(
                JJG_596,
                accuracy_class="1",
                balanced_error_pct=mean([balanced, Decimal(0), Decimal(0)]),
                phase_error_pct=mean(
                    [Decimal(single.numerator) / single.denominator, Decimal(0), Decimal(0)]
                ),
            )
            assert verdict.rounded == Decimal(round(tie * 10)) / 10, (tenths, step)
