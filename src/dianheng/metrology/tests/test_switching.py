"""Switching between normal and tightened inspection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.switching import InspectionState, SwitchingState, next_state, states_after
from dianheng.metrology.tests.strategies import GB_2828_1

LETTERS = {"n": "normal", "t": "tightened", "d": "discontinued"}


@pytest.mark.parametrize(
    ("lots", "states"),
    [
        pytest.param("AAAAA", "nnnnn", id="nothing happens"),
        pytest.param("RR", "nt", id="two at once"),
        pytest.param("RAAAR", "nnnnt", id="two of five"),
        pytest.param("RAAAAR", "nnnnnn", id="two of six are not enough"),
        pytest.param("RRAAAAA", "nttttt" + "n", id="five accepted in a row lead back"),
        pytest.param("RRAAAARAAAAA", "nttttt" + "tttttn", id="a rejection breaks the run"),
        pytest.param("RRRRRRR", "ntttttd", id="five rejected under tightened"),
        pytest.param("RRARARARARAR", "n" + "t" * 10 + "d", id="cumulative, not in a row"),
        pytest.param("RRRRRRRAAAAAAA", "ntttttd" + "ddddddd", id="discontinued stays"),
        pytest.param("RRAAAAARAAAR", "nttttt" + "nnnnnt", id="normal starts without history"),
        pytest.param(
            "RRRRRRAAAAARRRRRR", "nttttt" + "tttt" + "nntttt" + "t", id="history is cleared"
        ),
    ],
)
def test_state_after_each_lot(lots: str, states: str) -> None:
    found = states_after(GB_2828_1, [lot == "A" for lot in lots])
    assert [state.value for state in found] == [LETTERS[letter] for letter in states]


def test_a_maker_may_start_tightened() -> None:
    found = states_after(GB_2828_1, [True] * 5, InspectionState.TIGHTENED)
    assert [state.value for state in found][-2:] == ["tightened", "normal"]


@given(st.lists(st.booleans(), max_size=40))
def test_the_state_is_a_fold_over_the_lots(results: list[bool]) -> None:
    state = SwitchingState()
    one_by_one = []
    for result in results:
        state = next_state(GB_2828_1, state, result)
        one_by_one.append(state.state)
    assert one_by_one == list(states_after(GB_2828_1, results))
    assert len(state.recent) <= 5


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_without_two_rejections_inspection_stays_normal(results: list[bool]) -> None:
    if results.count(False) < 2:
        assert set(states_after(GB_2828_1, results)) == {InspectionState.NORMAL}


@given(st.lists(st.booleans(), max_size=20), st.lists(st.booleans(), max_size=20))
def test_discontinued_never_ends_by_itself(before: list[bool], after: list[bool]) -> None:
    states = list(states_after(GB_2828_1, [*before, *[False] * 11, *after]))
    assert states[len(before) + 10] is InspectionState.DISCONTINUED or not before
    if InspectionState.DISCONTINUED in states:
        first = states.index(InspectionState.DISCONTINUED)
        assert set(states[first:]) == {InspectionState.DISCONTINUED}
