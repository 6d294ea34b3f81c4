"""Rule sets: the figures of one standard in one edition, with source and certainty.

A record names the rule set that judged it (standard and edition), never "today's". The digest
covers the exact content of the rule set's files, so that a named metrologist signs that content
and nothing that comes later.
"""

import csv
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from dianheng.metrology.errors import NoRule

_FOLDER = Path(__file__).parent / "tables"


class Certainty(StrEnum):
    """How sure a figure is."""

    CONFIRMED = "confirmed"  # read in a public source that is named
    FROM_MEMORY = "from_memory"  # remembered from the standard, not read again
    DOUBTFUL = "doubtful"  # remembered with doubt, or a default of this program


_WEAKNESS = {Certainty.CONFIRMED: 0, Certainty.FROM_MEMORY: 1, Certainty.DOUBTFUL: 2}


def weakest(certainties: Iterable[Certainty]) -> Certainty:
    """Certainty of a result that rests on several figures.

    >>> weakest([Certainty.CONFIRMED, Certainty.DOUBTFUL, Certainty.FROM_MEMORY]).value
    'doubtful'
    """
    return max(certainties, key=_WEAKNESS.__getitem__, default=Certainty.CONFIRMED)


class RuleRef(NamedTuple):
    """The rule that decided a result."""

    standard: str
    edition: str
    row: str
    certainty: Certainty


def joint_ref(refs: Sequence[RuleRef]) -> RuleRef:
    """Reference to all rows of several results of one rule set, each row once.

    >>> joint_ref([RuleRef("A", "1", "x + y", Certainty.CONFIRMED),
    ...            RuleRef("A", "1", "y + z", Certainty.DOUBTFUL)]).row
    'x + y + z'
    """
    rows = " + ".join(dict.fromkeys(row for ref in refs for row in ref.row.split(" + ")))
    certainty = weakest(ref.certainty for ref in refs)
    return refs[0]._replace(row=rows, certainty=certainty)


class Figure(NamedTuple):
    """One figure of a rule set; `value` is a Decimal or, where the rule is a word, a text."""

    value: Decimal
    word: str
    row: str
    certainty: Certainty
    source: str


class TableRow(NamedTuple):
    """One line of a table of a rule set."""

    cells: Mapping[str, str]
    row: str
    certainty: Certainty
    source: str


class Unconfirmed(NamedTuple):
    """A figure, or a whole table, that a metrologist has to confirm before legal use."""

    row: str
    value: str
    certainty: Certainty
    source: str


@dataclass(frozen=True, eq=False)
class RuleSet:
    """Figures of one standard in one edition. `valid_to` is the last day, None is open."""

    standard: str
    edition: str
    title: str
    title_zh: str
    valid_from: date
    valid_to: date | None
    page: str
    digest: str
    figures: Mapping[str, Figure]
    tables: Mapping[str, tuple[TableRow, ...]]
    unconfirmed: tuple[Unconfirmed, ...]

    @property
    def name(self) -> str:
        """Name as people write it, for example JJG 596-2012."""
        return f"{self.standard}-{self.edition}"

    @property
    def is_confirmed(self) -> bool:
        """No figure is left to be confirmed."""
        return not self.unconfirmed

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of its tables and of its groups of figures, each once.

        >>> rule_set("GB/T 2828.1", "2012").parts[-2:]
        ('tightened', 'switching')
        """
        groups = (row.split("/")[0] for row in self.figures)
        return tuple(dict.fromkeys((*self.tables, *groups)))

    def figures_of(self, part: str) -> list[Figure]:
        """The figures of a part; none where it is a table only."""
        return [each for row, each in self.figures.items() if row.split("/")[0] == part]

    def find(self, row: str) -> Figure | None:
        """The figure at this row, or None."""
        return self.figures.get(row)

    def figure(self, row: str) -> Figure:
        """The figure at this row.

        Raises:
            NoRule: the rule set has no such figure.
        """
        figure = self.figures.get(row)
        if figure is None:
            raise NoRule("no_figure", f"{self.name} has no figure {row}", {"row": row})
        return figure

    def table(self, name: str) -> tuple[TableRow, ...]:
        """The rows of a table.

        Raises:
            NoRule: the rule set has no such table.
        """
        if name not in self.tables:
            raise NoRule("no_table", f"{self.name} has no table {name}", {"table": name})
        return self.tables[name]

    def group(self, prefix: str) -> dict[str, Figure]:
        """Figures below a prefix by their last name, in the order of the file."""
        start = prefix + "/"
        return {
            row[len(start) :]: figure
            for row, figure in self.figures.items()
            if row.startswith(start) and "/" not in row[len(start) :]
        }

    def ref(self, *figures: Figure | TableRow) -> RuleRef:
        """Reference to the rows that decided, with the certainty of the weakest."""
        rows = " + ".join(dict.fromkeys(figure.row for figure in figures))
        certainty = weakest(figure.certainty for figure in figures)
        return RuleRef(self.standard, self.edition, rows, certainty)

    def holds_on(self, day: date) -> bool:
        """Whether the edition is in force on a day; both ends are included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@cache
def rule_set(standard: str, edition: str) -> RuleSet:
    """Load one rule set.

    Raises:
        NoRule: there is no such standard or edition.

    >>> rule_set("JJG 596", "2012").name
    'JJG 596-2012'
    """
    stem = re.sub(r"[^a-z0-9]+", "_", f"{standard} {edition}".lower())
    if (_FOLDER / f"{stem}.toml").is_file():
        found = _load(stem)
        if (found.standard, found.edition) == (standard, edition):
            return found
    raise NoRule(
        "no_rule_set",
        "no rule set of this standard and edition",
        {"standard": standard, "edition": edition},
    )


@cache
def rule_sets() -> tuple[RuleSet, ...]:
    """All rule sets, by standard and edition."""
    loaded = [_load(path.stem) for path in _FOLDER.glob("*.toml")]
    return tuple(sorted(loaded, key=lambda found: (found.standard, found.edition)))


def rule_set_on(standard: str, day: date) -> RuleSet:
    """The edition of a standard that is in force on a day; the newest where several are.

    Raises:
        NoRule: no edition is in force on that day.

    >>> rule_set_on("DL/T 448", date(2016, 1, 1)).edition
    '2000'
    """
    found = [each for each in rule_sets() if each.standard == standard and each.holds_on(day)]
    if not found:
        raise NoRule(
            "no_edition",
            "no edition of this standard is in force on that day",
            {"standard": standard, "day": day.isoformat()},
        )
    return max(found, key=lambda each: each.valid_from)


@cache
def _load(stem: str) -> RuleSet:
    content = _text(f"{stem}.toml")
    digest = hashlib.sha256(_framed(f"{stem}.toml", content))
    data: dict[str, Any] = tomllib.loads(content, parse_float=Decimal)
    figures: dict[str, Figure] = {}
    _read_figures(data.get("figures", {}), (), figures)
    for entry in data.get("periods", []):
        row = f"periods/{entry['item']}"
        figures[row] = Figure(
            Decimal(entry["months"]), "", row, Certainty(entry["certainty"]), entry["source"]
        )
    tables: dict[str, tuple[TableRow, ...]] = {}
    unconfirmed: list[Unconfirmed] = []
    dates_certainty = Certainty(data["dates_certainty"])
    if dates_certainty is not Certainty.CONFIRMED:
        unconfirmed.append(
            Unconfirmed(
                "valid_from", data["valid_from"].isoformat(), dates_certainty, "dates of validity"
            )
        )
    for name, described in data.get("tables", {}).items():
        file_name = f"{stem}/{name}.csv"
        text = _text(file_name)
        digest.update(_framed(file_name, text))
        tables[name] = _read_table(name, text, described)
        unsure = [r.certainty for r in tables[name] if r.certainty is not Certainty.CONFIRMED]
        if unsure:
            count = f"{len(unsure)} rows"
            unconfirmed.append(Unconfirmed(name, count, weakest(unsure), described["source"]))
    unconfirmed.extend(
        Unconfirmed(each.row, each.word or str(each.value), each.certainty, each.source)
        for each in figures.values()
        if each.certainty is not Certainty.CONFIRMED
    )
    return RuleSet(
        standard=data["standard"],
        edition=data["edition"],
        title=data["title"],
        title_zh=data["title_zh"],
        valid_from=data["valid_from"],
        valid_to=data.get("valid_to"),
        page=data["page"],
        digest=digest.hexdigest(),
        figures=MappingProxyType(figures),
        tables=MappingProxyType(tables),
        unconfirmed=tuple(unconfirmed),
    )


def _read_figures(section: dict[str, Any], path: tuple[str, ...], into: dict[str, Figure]) -> None:
    certainty = section.get("certainty")
    named = section.get("certainties", {})
    for key, value in section.items():
        if key in ("certainty", "source", "certainties"):
            continue
        if isinstance(value, dict):
            _read_figures(value, (*path, key), into)
            continue
        row = "/".join((*path, key))
        is_word = isinstance(value, str)
        into[row] = Figure(
            Decimal(0) if is_word else Decimal(value),
            value if is_word else "",
            row,
            Certainty(named.get(key, certainty)),
            section["source"],
        )


def _read_table(name: str, text: str, described: dict[str, Any]) -> tuple[TableRow, ...]:
    # The certainty of the table holds where its rows have none of their own.
    keys: list[str] = described["keys"]
    return tuple(
        TableRow(
            MappingProxyType(cells),
            "/".join((name, *(cells[key] for key in keys))),
            Certainty(cells.pop("certainty", described["certainty"])),
            described["source"],
        )
        for cells in csv.DictReader(text.splitlines())
    )


def _text(file_name: str) -> str:
    # Line ends are made equal, so that a checkout on another system keeps the digest.
    return (_FOLDER / file_name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _framed(file_name: str, text: str) -> bytes:
    body = text.encode("utf-8")
    return f"{file_name}\n{len(body)}\n".encode() + body
