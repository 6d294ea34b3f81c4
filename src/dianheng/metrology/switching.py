"""Switching between normal and tightened inspection by the results of successive lots."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from dianheng.metrology.rule_sets import RuleSet


class InspectionState(StrEnum):
    """State of inspection for a maker and model."""

    NORMAL = "normal"
    TIGHTENED = "tightened"
    DISCONTINUED = "discontinued"  # until the maker improved and the authority agrees


@dataclass(frozen=True)
class SwitchingState:
    """State after some lots, with the counts that decide the next switch.

    Under normal inspection `recent` holds the results of the last lots (True: accepted); under
    tightened inspection `accepted_run` counts lots accepted in a row and `rejected` the lots
    rejected since tightened inspection began.
    """

    state: InspectionState = InspectionState.NORMAL
    recent: tuple[bool, ...] = ()
    accepted_run: int = 0
    rejected: int = 0


def next_state(rules: RuleSet, before: SwitchingState, is_accepted: bool) -> SwitchingState:
    """State after one more lot, first submissions only.

    Normal becomes tightened when two of five or fewer successive lots were rejected; tightened
    becomes normal after five lots accepted in a row, which clears the history; five lots rejected
    under tightened inspection discontinue inspection.

    Args:
        rules: edition of GB/T 2828.1.
        before: state before the lot.
        is_accepted: result of the lot.

    Source:
        docs/sources/gb-t-2828-1.md, switching.
    """
    if before.state is InspectionState.DISCONTINUED:
        return before
    if before.state is InspectionState.NORMAL:
        window = int(rules.figure("switching/tightened_within_lots").value)
        recent = (*before.recent, is_accepted)[-window:]
        if recent.count(False) >= rules.figure("switching/tightened_after_rejections").value:
            return SwitchingState(InspectionState.TIGHTENED)
        return SwitchingState(InspectionState.NORMAL, recent)
    if is_accepted:
        run = before.accepted_run + 1
        if run >= rules.figure("switching/normal_after_acceptances").value:
            return SwitchingState()
        return SwitchingState(InspectionState.TIGHTENED, (), run, before.rejected)
    rejected = before.rejected + 1
    if rejected >= rules.figure("switching/discontinued_after_rejections").value:
        return SwitchingState(InspectionState.DISCONTINUED, (), 0, rejected)
    return SwitchingState(InspectionState.TIGHTENED, (), 0, rejected)


def states_after(
    rules: RuleSet,
    results: Iterable[bool],
    start: InspectionState = InspectionState.NORMAL,
) -> Iterator[InspectionState]:
    """State after each lot.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> lots = [True, False, True, False, True, True, True, True, True]
    >>> [str(state) for state in states_after(rule_set("GB/T 2828.1", "2012"), lots)][3:]
    ['tightened', 'tightened', 'tightened', 'tightened', 'tightened', 'normal']
    """
    state = SwitchingState(start)
    for is_accepted in results:
        state = next_state(rules, state, is_accepted)
        yield state.state
