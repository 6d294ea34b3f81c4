"""What may happen to a device in which state: one declared list; what is not on it is refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dianheng.common.errors import Refusal
from dianheng.common.texts import gettext_lazy as _

from .choices import IN_STOCK, DeviceState, ListState, Verb

S, V, L = DeviceState, Verb, ListState  # the table below is read by people


@dataclass(frozen=True)
class Transition:
    """A verb, the states it starts from, the state it ends in.

    `target` None keeps the state: the device only changes its place or its record.
    """

    verb: str
    sources: frozenset[str]
    target: str | None
    needs_reason: bool = False


def _t(
    verb: str, sources: Iterable[str], target: str | None, needs_reason: bool = False
) -> Transition:
    return Transition(verb, frozenset(sources), target, needs_reason)


LIVING = tuple(s for s in S if s not in (S.SCRAPPED, S.LOST))

TRANSITIONS: Mapping[str, Transition] = {
    t.verb: t
    for t in (
        # "" is the state of a device that is not in the register yet.
        _t(V.ANNOUNCE, [""], S.ON_ORDER),
        _t(V.ENROL, [""], None),
        _t(V.ARRIVE, [S.ON_ORDER], S.AWAITING_ACCEPTANCE),
        _t(V.ACCEPT, [S.AWAITING_ACCEPTANCE], S.AWAITING_VERIFICATION),
        _t(
            V.REJECT,
            [S.AWAITING_ACCEPTANCE, S.AWAITING_VERIFICATION, S.IN_VERIFICATION],
            S.UNQUALIFIED,
            True,
        ),
        _t(
            V.BEGIN_VERIFICATION,
            [
                S.AWAITING_ACCEPTANCE,
                S.AWAITING_VERIFICATION,
                S.OUTSIDE_CONTROL,
                S.UNQUALIFIED,
                S.QUALIFIED,
            ],
            S.IN_VERIFICATION,
        ),
        _t(V.WITHDRAW, [S.IN_VERIFICATION], S.AWAITING_VERIFICATION, True),
        _t(V.QUALIFY, [S.IN_VERIFICATION], S.QUALIFIED),
        _t(V.DISQUALIFY, [S.IN_VERIFICATION], S.UNQUALIFIED),
        _t(V.HOLD, [S.IN_VERIFICATION], S.OUTSIDE_CONTROL),
        _t(V.UNSEAL, [S.QUALIFIED, S.PREALLOCATED, S.ISSUED], S.AWAITING_VERIFICATION, True),
        _t(V.EXPIRE, [S.QUALIFIED, S.PREALLOCATED], S.AWAITING_VERIFICATION, True),
        _t(V.MOVE, IN_STOCK, None),
        _t(V.SEND, IN_STOCK, None),
        _t(V.RECEIVE, (*IN_STOCK, S.ISSUED), None),
        _t(V.RESERVE, [S.QUALIFIED], S.PREALLOCATED),
        _t(V.RELEASE, [S.PREALLOCATED], S.QUALIFIED),
        _t(V.ISSUE, [S.QUALIFIED, S.PREALLOCATED], S.ISSUED),
        _t(V.RETURN_UNUSED, [S.ISSUED], S.QUALIFIED),
        _t(V.INSTALL, [S.ISSUED], S.IN_SERVICE),
        _t(V.REMOVE, [S.IN_SERVICE], S.REMOVED, True),
        _t(V.SORT_REUSE, [S.REMOVED], S.AWAITING_VERIFICATION),
        _t(
            V.CONDEMN,
            [S.REMOVED, S.UNQUALIFIED, S.OUTSIDE_CONTROL, S.SUSPENDED],
            S.AWAITING_SCRAP,
            True,
        ),
        # Each goes back to the state from which it was condemned: the service says which.
        _t(V.REPRIEVE, [S.AWAITING_SCRAP], None, True),
        _t(V.SCRAP, [S.AWAITING_SCRAP], S.SCRAPPED),
        _t(
            V.RETURN_TO_MAKER,
            [S.AWAITING_ACCEPTANCE, S.AWAITING_VERIFICATION, S.UNQUALIFIED, S.OUTSIDE_CONTROL],
            S.RETURNED_TO_MAKER,
            True,
        ),
        _t(V.COME_BACK, [S.RETURNED_TO_MAKER], S.AWAITING_ACCEPTANCE),
        _t(V.LEND, [S.QUALIFIED], S.LENT, True),
        _t(V.GIVE_BACK, [S.LENT], S.AWAITING_VERIFICATION),
        _t(V.LOSE, LIVING, S.LOST, True),
        _t(V.FIND, [S.LOST], S.AWAITING_VERIFICATION, True),
        _t(V.SUSPEND, [S.IN_SERVICE, S.QUALIFIED, S.AWAITING_VERIFICATION], S.SUSPENDED, True),
        _t(V.RESUME, [S.SUSPENDED], S.AWAITING_VERIFICATION, True),
        _t(V.CORRECT, LIVING, None, True),
    )
}


def verbs_from(state: str) -> list[str]:
    """What may happen to a device in this state, in the order of the list."""
    return [t.verb for t in TRANSITIONS.values() if state in t.sources]


def guard_transition(verb: str, state: str, facts: Mapping[str, str]) -> Refusal | None:
    """Refuse a verb that the list does not have for the state."""
    if state in TRANSITIONS[verb].sources:
        return None
    return Refusal(
        "state",
        _("%(barcode)s is “%(state)s”: “%(verb)s” is not possible in this state."),
        {**facts, "state": state, "verb": verb},
    )


def guard_reason(verb: str, reason: str) -> Refusal | None:
    """Some steps owe a reason."""
    if TRANSITIONS[verb].needs_reason and not reason.strip():
        return Refusal("reason", _("Say why: this step needs a reason."), {"verb": verb})
    return None


def guard_list_take(
    state: str, warnings: int, with_warnings: bool, refused: Refusal, faulty: Refusal
) -> Refusal | None:
    """A list is taken when it was checked without faults; remarks are accepted expressly.

    Args:
        refused: what is said of a list that was sent back.
        faulty: what is said of one with faults.
    """
    if state == L.REFUSED:
        return refused
    if state in (L.RECEIVED, L.MAPPED):
        return Refusal("not_checked", _("Check the file before it is taken."))
    if state == L.FAULTY:
        return faulty
    if warnings and not with_warnings:
        return Refusal(
            "warnings",
            _(
                "The check has %(count)s remarks. Read them, then say that the file is taken in spite of them."
            )
            % {"count": warnings},
            {"count": warnings},
        )
    return None
