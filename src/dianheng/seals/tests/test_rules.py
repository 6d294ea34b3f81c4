"""Seals' state machine and numbers, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from dianheng.common.errors import Refusal
from dianheng.seals.choices import SealState, SealVerb
from dianheng.seals.rules import (
    TRANSITIONS,
    position_normal,
    seal_no_normal,
    seal_range,
    verbs_from,
)


@given(st.lists(st.sampled_from(sorted(TRANSITIONS)), max_size=40))
def test_no_walk_brings_a_seal_back_onto_a_device(verbs):
    state, applied = "", 0
    for verb in verbs:
        transition = TRANSITIONS[verb]
        if state in transition.sources:
            state = transition.target
            applied += verb == SealVerb.APPLY
            assert state in SealState.values
    assert applied <= 1


def test_a_destroyed_seal_is_the_end_and_every_other_state_has_a_way_on():
    for state in SealState:
        assert bool(verbs_from(state)) is (state != SealState.SCRAPPED)


def test_only_a_seal_in_hand_can_be_applied():
    assert TRANSITIONS[SealVerb.APPLY].sources == {SealState.IN_STOCK, SealState.ISSUED}


@given(st.integers(0, 10**6), st.integers(0, 500))
def test_a_range_holds_exactly_the_numbers_between_its_ends(start, more):
    found = seal_range(f"JD{start:08d}", f"JD{start + more:08d}")
    assert not isinstance(found, Refusal)
    assert found.count == more + 1
    assert found.number(found.last) == f"JD{start + more:08d}"


def test_a_range_of_22_digits_keeps_its_zeros():
    found = seal_range("4130009000000000000010", "4130009000000000000012")
    assert not isinstance(found, Refusal)
    assert [found.number(n) for n in range(found.first, found.last + 1)] == [
        "4130009000000000000010",
        "4130009000000000000011",
        "4130009000000000000012",
    ]


def test_ends_of_different_form_order_or_too_far_apart_are_no_range():
    for first, last, code in (
        ("JD001", "JE009", "range"),
        ("JD001", "JD0009", "range"),
        ("JD0009", "JD0001", "range"),
        ("JDAB", "JDAC", "range"),
        ("JD0000001", "JD9999999", "range_size"),
        ("", "", "range"),
    ):
        found = seal_range(first, last)
        assert isinstance(found, Refusal) and found.code == code, (first, last)


def test_mixed_case_is_a_misread_code():
    assert seal_no_normal("jd2600001") == "JD2600001"
    assert seal_no_normal("Jd2600001") is None
    assert seal_no_normal("JD 2600001") is None
    assert seal_no_normal("JD２６") is None


def test_positions_of_benches_are_understood():
    assert position_normal("COVER_LEFT") == "meter_cover_left"
    assert position_normal("terminal_cover") == "terminal_cover"
    assert position_normal("somewhere") is None
