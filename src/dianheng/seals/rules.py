"""What may happen to a seal in which state, and how seal numbers are written."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dianheng.common.errors import Refusal
from dianheng.common.texts import gettext_lazy as _

from .choices import SealPosition
from .choices import SealState as S
from .choices import SealVerb as V

SEAL_NO = re.compile(r"[0-9A-Z][0-9A-Z-]{3,39}")
RANGE_AT_MOST = 1_000_000  # seals of one range: more is a slip of the finger


@dataclass(frozen=True)
class Transition:
    """A verb, the states it starts from ("" is before the register), the state it ends in."""

    verb: str
    sources: frozenset[str]
    target: str
    needs_reason: bool = False


def _t(verb: str, sources: Iterable[str], target: str, needs_reason: bool = False) -> Transition:
    return Transition(verb, frozenset(sources), target, needs_reason)


TRANSITIONS: Mapping[str, Transition] = {
    t.verb: t
    for t in (
        _t(V.ORDER, [""], S.PURCHASED),
        _t(V.ENROL, [""], S.IN_STOCK),
        _t(V.RECEIVE, [S.PURCHASED], S.IN_STOCK),
        # From stock to a keeper, and from the keeper on to who applies it.
        _t(V.ISSUE, [S.IN_STOCK, S.ISSUED], S.ISSUED),
        _t(V.GIVE_BACK, [S.ISSUED], S.IN_STOCK),
        _t(V.APPLY, [S.IN_STOCK, S.ISSUED], S.APPLIED),
        _t(V.OPEN, [S.APPLIED], S.REMOVED, True),
        # A number is never used again: what was opened or found again is destroyed.
        _t(V.SCRAP, [S.IN_STOCK, S.ISSUED, S.REMOVED, S.LOST], S.SCRAPPED, True),
        _t(V.LOSE, [S.PURCHASED, S.IN_STOCK, S.ISSUED, S.APPLIED, S.REMOVED], S.LOST, True),
    )
}


def verbs_from(state: str) -> list[str]:
    """What may happen to a seal in this state, in the order of the list."""
    return [t.verb for t in TRANSITIONS.values() if state in t.sources]


def guard_reason(verb: str, reason: str) -> Refusal | None:
    """Some steps owe a reason."""
    if TRANSITIONS[verb].needs_reason and not reason.strip():
        return Refusal("reason", _("Say why: this step needs a reason."), {"verb": verb})
    return None


def seal_no_normal(raw: str) -> str | None:
    """The number as it is kept, or None when it cannot be a seal number.

    All lower case is taken for upper case; a mixture is a misread code and is refused.

    >>> seal_no_normal(" jd2600418827 ")
    'JD2600418827'
    >>> seal_no_normal("jD26004") is None
    True
    """
    text = raw.strip()
    if text == text.lower():
        text = text.upper()
    return text if SEAL_NO.fullmatch(text) else None


def position_normal(raw: str) -> str | None:
    """The code of a position, also from the short capital forms that benches send.

    >>> position_normal("COVER_LEFT")
    'meter_cover_left'
    >>> position_normal("MODULE")
    'module_cover'
    """
    text = raw.strip().lower()
    text = {
        "cover_left": "meter_cover_left",
        "cover_right": "meter_cover_right",
        "cover": "meter_cover_left",
        "terminal": "terminal_cover",
        "module": "module_cover",
        "box": "box_door",
    }.get(text, text)
    return text if text in SealPosition.values else None


@dataclass(frozen=True)
class SealRange:
    """Numbers that differ in their last digits only, both ends included."""

    prefix: str
    width: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many numbers."""
        return self.last - self.first + 1

    def number(self, n: int) -> str:
        """The text of one number of the range."""
        return f"{self.prefix}{n:0{self.width}d}"


def seal_range(first: str, last: str) -> SealRange | Refusal:
    """The range between two numbers of the same form.

    >>> seal_range("JD26000098", "JD26000101").count
    4
    """
    start, end = seal_no_normal(first), seal_no_normal(last)
    facts = {"first": first, "last": last}
    if start is None or end is None or len(start) != len(end):
        return Refusal(
            "range", _("%(first)s to %(last)s is no range of seal numbers.") % facts, facts
        )
    prefix = start.rstrip("0123456789")
    # More than 18 digits do not fit a number of the database: the rest belongs to the prefix.
    prefix = start[: max(len(prefix), len(start) - 18)]
    width = len(start) - len(prefix)
    if width == 0 or not end.startswith(prefix) or not end[len(prefix) :].isdigit():
        return Refusal(
            "range", _("%(first)s to %(last)s is no range of seal numbers.") % facts, facts
        )
    found = SealRange(prefix, width, int(start[-width:]), int(end[-width:]))
    if found.count < 1:
        return Refusal("range", _("%(first)s comes after %(last)s.") % facts, facts)
    if found.count > RANGE_AT_MOST:
        return Refusal(
            "range_size",
            _("%(first)s to %(last)s are %(count)s seals; one range holds at most %(most)s.")
            % {**facts, "count": found.count, "most": RANGE_AT_MOST},
            {**facts, "count": found.count},
        )
    return found
