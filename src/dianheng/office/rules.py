"""Decisions of the archive over facts that the services bring."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dianheng.common.errors import Refusal
from dianheng.common.texts import gettext_lazy as _

YEARS: Mapping[str, int | None] = {"Y": None, "D30": 30, "D10": 10}
EARLIEST = 1949  # no record of the trade is older

# 密级 as GB/T 9704 has it on papers: the word, a star, the term. Companies mark business secrets
# in the same manner: 商业秘密★, 核心商密★.
_STATE_MARK = re.compile(r"(?<!商业)(绝密|机密|秘密)\s*[★☆]")
_SPLIT = re.compile(r"[\s,，;；、]+")


def retention_ends_on(year: int, retention: str) -> date | None:
    """The last day on which a record is kept; None: for ever.

    The term begins with the year after that of the record (DA/T 22).

    >>> retention_ends_on(2026, "D10")
    datetime.date(2036, 12, 31)
    """
    years = YEARS[retention]
    return None if years is None else date(year + years, 12, 31)


def archival_number(fonds: str, category: str, year: int, retention: str, serial: int) -> str:
    """档号 of a volume or of a piece that stands alone (DA/T 13).

    >>> archival_number("Z012", "WS", 2026, "D30", 7)
    'Z012-WS·2026-D30-0007'
    """
    return f"{fonds}-{category}·{year}-{retention}-{serial:04d}"


def number_in_volume(volume: str, place: int) -> str:
    """档号 of a piece in a volume.

    >>> number_in_volume("Z012-WS·2026-D30-0007", 3)
    'Z012-WS·2026-D30-0007-003'
    """
    return f"{volume}-{place:03d}"


def keywords_of(text: str) -> list[str]:
    """Keywords as people write them, each once, in their order.

    >>> keywords_of("检定、抽检，抽检 2026")
    ['检定', '抽检', '2026']
    """
    return list(dict.fromkeys(word for word in _SPLIT.split(text) if word))


_IS_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_GAP = re.compile(rf"(?<=[{_IS_WIDE}])\s+|\s+(?=[{_IS_WIDE}])")
_SPACES = re.compile(r"\s+")


def searchable(text: str) -> str:
    """Text as it is compared: plain forms, capitals, no gaps within Chinese.

    Papers break lines and space out titles inside words.

    >>> searchable("检 定\\n证书　ＪＪＧ 596 e.g.")
    '检定证书JJG 596 E.G.'
    """
    plain = unicodedata.normalize("NFKC", text).replace("\0", " ").upper()
    return _SPACES.sub(" ", _GAP.sub("", plain)).strip()


def pairs_of(text: str) -> list[str]:
    """All pairs of neighbouring signs, each once.

    >>> pairs_of("检定检定")
    ['定检', '检定']
    """
    return sorted({text[at : at + 2] for at in range(len(text) - 1)})


def state_mark(text: str) -> str:
    """The mark of a state secret on a paper; empty where there is none.

    >>> state_mark("机密★1年"), state_mark("商业秘密★5年")
    ('机密★', '')
    """
    found = _STATE_MARK.search(text)
    return found[0] if found else ""


def guard_secrecy(secrecy: str, texts: Iterable[str]) -> Refusal | None:
    """Refuse what is a state secret, by what is said of it or by a mark that stands on it."""
    mark = next((mark for text in texts if (mark := state_mark(text))), "")
    if secrecy != "state" and not mark:
        return None
    return Refusal(
        "state_secret",
        _(
            "This program is for non-classified information: a state secret is not taken in. "
            "Hand the paper to the secrecy office, and file it in the archive for classified records."
        ),
        {"mark": mark},
        [{"field": "secrecy", "code": "state_secret", "text": _STATE_TEXT % {"mark": mark}}]
        if mark
        else (),
    )


_STATE_TEXT = _(
    "The paper bears the mark “%(mark)s”. This program is for non-classified information: hand it "
    "to the secrecy office; if the mark has been lifted, file the copy without it."
)


@dataclass(frozen=True)
class PieceFacts:
    """The entry of a piece; one in a volume has category, year and retention of the volume."""

    title: str
    responsible: str
    dated_on: date
    secrecy: str
    category: str = ""
    year: int = 0
    retention: str = ""
    doc_no: str = ""
    keywords: tuple[str, ...] = ()
    abstract: str = ""
    sheets: int | None = None
    remark: str = ""

    @property
    def words(self) -> str:
        """All that the piece is found by, beside its files."""
        parts = (
            self.title,
            self.responsible,
            self.doc_no,
            *self.keywords,
            self.abstract,
            self.remark,
        )
        return "\n".join(parts)


Fault = dict[str, object]


def _fault(field: str, code: str, text: object) -> Fault:
    return {"field": field, "code": code, "text": text}


def year_faults(year: int, today: date) -> list[Fault]:
    """A record is of a past year or of this one."""
    if EARLIEST <= year <= today.year:
        return []
    return [_fault("year", "year", _("The year lies between 1949 and this year."))]


def piece_faults(facts: PieceFacts, today: date) -> list[Fault]:
    """What is wrong with the entry of a piece, all of it."""
    found = []
    for field, value in (("title", facts.title), ("responsible", facts.responsible)):
        if not value.strip():
            found.append(_fault(field, "missing", _("This is needed.")))
    if facts.dated_on > today:
        found.append(_fault("dated_on", "date_future", _("This day has not come yet.")))
    if facts.sheets is not None and not 1 <= facts.sheets <= 100_000:
        found.append(_fault("sheets", "range", _("A piece has at least one page.")))
    return found


def guard_version(is_current: bool, reason: str) -> Refusal | None:
    """A new version takes the place of the newest one, and says why."""
    if not is_current:
        return Refusal(
            "not_current",
            _("There is a newer version of this file already. Replace that one."),
        )
    if not reason.strip():
        text = _("Say why there is a new version.")
        return Refusal("bad_input", text, {}, [_fault("reason", "missing", text)])
    return None


def guard_volume_open(state: str, number: str) -> Refusal | None:
    """Pieces come into an open volume only."""
    if state == "open":
        return None
    return Refusal(
        "volume_closed",
        _("Volume %(number)s is closed. File the piece alone or in another volume.")
        % {"number": number},
        {"number": number},
    )


def guard_rank(piece: int, volume: int) -> Refusal | None:
    """A piece in a volume is no more secret than the volume says on its back."""
    if piece <= volume:
        return None
    text = _(
        "The piece is more secret than its volume. File it alone, or in a volume of its class."
    )
    return Refusal("secrecy_rank", text, {}, [_fault("secrecy", "secrecy_rank", text)])


def guard_check(closed_by: int | None, person: int) -> Refusal | None:
    """Who closed a volume does not check it as well."""
    if closed_by != person:
        return None
    return Refusal("same_person", _("You closed this volume; another person must check it."))


def guard_kept(state: str, number: str) -> Refusal | None:
    """Of what was destroyed only the entry is left."""
    if state == "kept":
        return None
    return Refusal(
        "destroyed",
        _("%(number)s was destroyed by approval; only its entry is left.") % {"number": number},
        {"number": number},
    )


def guard_destruction(number: str, state: str, ends_on: date | None, today: date) -> Refusal | None:
    """Only what is still there and has run out is destroyed."""
    refusal = guard_kept(state, number)
    if refusal is not None:
        return refusal
    if ends_on is None:
        return Refusal(
            "permanent", _("%(number)s is kept for ever.") % {"number": number}, {"number": number}
        )
    if ends_on >= today:
        return Refusal(
            "not_due",
            _("%(number)s is kept through %(day)s.")
            % {"number": number, "day": ends_on.isoformat()},
            {"number": number, "ends_on": ends_on},
        )
    return None


def guard_witnesses(is_destruction: bool, people: Sequence[int | None]) -> Refusal | None:
    """The destruction was approved, entered, and watched by two others."""
    if not is_destruction or None in people:
        return Refusal(
            "not_witnessed",
            _("The list is not approved and witnessed to its end; nothing is destroyed."),
        )
    if len(set(people)) < len(people):
        return Refusal(
            "same_person",
            _(
                "Who destroys and the two witnesses are three people. Let another witness sign in a new process."
            ),
        )
    return None
