"""What is decided without a database: outcomes, differences, digests."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.plates import Connection
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.verdicts import error_verdict, internal_control, point_rule
from dianheng.verification.rules import (
    BenchFigures,
    SignedLine,
    differences_of,
    guard_position,
    guard_retest,
    outcome_of,
    signing_digest,
    stands_out,
)

OUTCOMES = [
    # blocked signed legal fitness internal unjudged -> outcome, would be
    (False, True, "pass", "pass", "pass", False, "passed", "passed"),
    (False, True, "pass", "pass", "fail", False, "outside_control", "outside_control"),
    (False, True, "pass", "fail", "pass", False, "unfit", "unfit"),
    (False, True, "pass", "fail", "fail", False, "unfit", "unfit"),
    (False, True, "fail", "pass", "pass", False, "failed", "failed"),
    (False, True, "fail", "incomplete", "incomplete", True, "failed", "failed"),
    (False, True, "incomplete", "pass", "pass", False, "incomplete", "incomplete"),
    (False, True, "pass", "incomplete", "pass", False, "incomplete", "incomplete"),
    (False, True, "pass", "pass", "incomplete", False, "incomplete", "incomplete"),
    (False, True, "pass", "pass", "pass", True, "incomplete", "incomplete"),
    (False, False, "pass", "pass", "pass", False, "provisional", "passed"),
    (False, False, "fail", "pass", "pass", False, "provisional", "failed"),
    (False, False, "incomplete", "pass", "pass", False, "incomplete", "incomplete"),
    (True, True, "pass", "pass", "pass", False, "blocked", ""),
    (True, False, "fail", "fail", "fail", True, "blocked", ""),
]


@pytest.mark.parametrize("case", OUTCOMES)
def test_outcome(case):
    blocked, signed, legal, fitness, internal, unjudged, outcome, would_be = case
    assert outcome_of(
        is_blocked=blocked, is_signed=signed, legal=legal, fitness=fitness, internal=internal,
        has_unjudged_failure=unjudged,
    ) == (outcome, would_be)  # fmt: skip


def verdict(*samples, control=True):
    rule = point_rule(
        rule_set("JJG 596", "2012"), accuracy_class="2", connection=Connection.DIRECT, load="Ib", factor="1.0",
        control=internal_control(rule_set("Utility practice", "2013")) if control else None,
    )  # fmt: skip
    return error_verdict(rule, [Decimal(s) for s in samples])


def test_a_bench_that_agrees_has_no_differences():
    figures = BenchFigures(Decimal("0.3000"), "+0.4", Decimal("-2.0"), Decimal("2.0"), "PASS")
    assert differences_of(figures, verdict("0.29", "0.31")) == ()


def test_a_mean_with_fewer_decimals_is_the_same_mean():
    assert differences_of(BenchFigures(mean=Decimal("0.17")), verdict("0.1705", "0.1695")) == ()
    assert differences_of(BenchFigures(mean=Decimal("0.18")), verdict("0.1705", "0.1695")) == (
        "mean",
    )


def test_each_difference_is_named():
    figures = BenchFigures(Decimal("1"), "+0.2", Decimal("-1"), Decimal("1"), "FAIL")
    assert differences_of(figures, verdict("0.29", "0.31")) == (
        "mean",
        "rounded",
        "limit",
        "conclusion",
    )


def test_a_bench_that_judges_by_the_band_is_held_against_the_band():
    band = BenchFigures(limit_low=Decimal("-1.2"), limit_high=Decimal("1.2"), conclusion="FAIL")
    assert differences_of(band, verdict("1.40", "1.42")) == ()
    assert differences_of(band, verdict("0.3", "0.3")) == ("conclusion",)


def test_an_incomplete_point_is_no_difference():
    assert differences_of(BenchFigures(conclusion="PASS"), verdict("1.9", "1.9")) == ()


def test_a_retest_needs_reason_and_another_position():
    assert guard_retest(attempts=0, reason="", position=1, last_position=1) is None
    assert guard_retest(attempts=1, reason=" ", position=2, last_position=1).code == "retest_reason"
    assert (
        guard_retest(attempts=1, reason="x", position=1, last_position=1).code == "retest_position"
    )
    assert guard_retest(attempts=1, reason="x", position=2, last_position=1) is None
    nowhere = guard_retest(attempts=1, reason="x", position=None, last_position=1)
    assert nowhere.code == "retest_position"
    elsewhere = guard_retest(
        attempts=1, reason="x", position=1, last_position=1, is_same_bench=False
    )
    assert elsewhere is None


def test_a_bench_has_only_its_positions():
    assert guard_position(61, 60).code == "position"
    assert guard_position(60, 60) is guard_position(99, None) is None


LINES = st.lists(
    st.builds(
        SignedLine,
        st.text(max_size=4),
        st.text(max_size=4),
        st.text(max_size=4),
        st.text(max_size=4),
    ),
    max_size=6,
)


@given(LINES, st.randoms())
def test_the_digest_does_not_depend_on_the_order(lines, random):
    shuffled = list(lines)
    random.shuffle(shuffled)
    assert signing_digest(shuffled) == signing_digest(lines)


@given(LINES, LINES)
def test_other_lines_have_another_digest(one, two):
    same = sorted(map(repr, one)) == sorted(map(repr, two))
    assert (signing_digest(one) == signing_digest(two)) == same


def test_a_group_stands_out_when_it_lies_three_standard_errors_apart():
    spread = Decimal("0.2")
    assert stands_out(Decimal("0.7"), Decimal("0.1"), spread, 5)
    assert not stands_out(Decimal("0.2"), Decimal("0.1"), spread, 5)
    assert not stands_out(Decimal("0.7"), Decimal("0.1"), spread, 4)
