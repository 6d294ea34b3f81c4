"""The row with the column names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from dianheng.common.texts import gettext_lazy as _

from .errors import Unreadable
from .table import Table

LOOKED_AT = 20  # rows; above the head stand titles, dates, the sender's name
SAMPLES = 5


@dataclass(frozen=True)
class Head:
    """Where the names stand, and the first rows below."""

    row_no: int
    names: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]


def score(rows: Iterator[tuple[int, list[str]]], recognise: Callable[[str], str]) -> int:
    """How many known names the best of the first rows has."""
    return max((_known(row, recognise) for _no, row in islice(rows, LOOKED_AT)), default=0)


def find_head(table: Table, recognise: Callable[[str], str]) -> Head:
    """The row with most known names; without any, the first row with several cells.

    Raises:
        Unreadable: no row can be it, a column with cells has no name (cells of the head were
            merged), or two columns have the same one.
    """
    first = list(islice(table.rows(), LOOKED_AT + SAMPLES))
    rows = [(no, [cell.strip() for cell in row]) for no, row in first]
    best, best_score = -1, 0
    for place, (_no, row) in enumerate(rows[:LOOKED_AT]):
        known = _known(row, recognise)
        if known > best_score:
            best, best_score = place, known
    if best < 0:
        best = next((i for i, (_no, row) in enumerate(rows) if sum(map(bool, row)) > 1), -1)
    if best < 0:
        raise Unreadable("no_head", _("The file has no row with names of columns."))
    no, names = rows[best]
    while names and not names[-1]:
        names = names[:-1]
    below = [row for _no, row in rows[best + 1 :] if any(row)][:SAMPLES]
    nameless = sorted(
        {
            place
            for row in below
            for place, cell in enumerate(row)
            if cell and (place >= len(names) or not names[place])
        }
    )
    if nameless:
        raise Unreadable(
            "head_empty",
            _(
                "Columns %(columns)s have no name in row %(row)s. Give each column one name in one row; do not merge cells."
            )
            % {"columns": ", ".join(map(letter, nameless)), "row": no},
        )
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        if name and name in seen:
            raise Unreadable(
                "head_twice",
                _(
                    "Two columns are called “%(name)s” (%(first)s and %(second)s). Give each its own name."
                )
                % {"name": name, "first": letter(seen[name]), "second": letter(place)},
            )
        seen[name] = place
    return Head(
        no, tuple(names), tuple(tuple((row + [""] * len(names))[: len(names)]) for row in below)
    )


def letter(place: int) -> str:
    """Letters of a column as spreadsheets count: 0 is A, 26 is AA.

    >>> letter(27)
    'AB'
    """
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def _known(row: list[str], recognise: Callable[[str], str]) -> int:
    return sum(1 for cell in row if cell and recognise(cell))
