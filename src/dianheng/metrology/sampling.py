"""Sampling plans: GB/T 2828.1 single sampling by AQL, GB/T 2828.2 procedure A by LQ."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.rule_sets import RuleRef, RuleSet

LEVELS = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")


class Severity(StrEnum):
    """Severity of inspection."""

    NORMAL = "normal"
    TIGHTENED = "tightened"


class Plan(NamedTuple):
    """A single sampling plan.

    `n`, `ac`, `re` are those of the plan in the table, arrows followed; with `inspect_all` the
    plan asks for at least the whole lot and the whole lot is inspected, with the plan's `ac`.
    """

    code_letter: str
    plan_letter: str
    n: int
    ac: int
    re: int
    inspect_all: bool
    inspect_count: int
    rule: RuleRef

    def accepts(self, nonconforming: int) -> bool:
        """Whether a lot with so many nonconforming units in the sample is accepted."""
        return nonconforming <= self.ac


def code_letter(rules: RuleSet, lot: int, level: str) -> str:
    """Code letter of a lot size at an inspection level.

    Args:
        rules: edition of GB/T 2828.1.
        lot: number of units, at least 2.
        level: `I`, `II`, `III`, `S-1` to `S-4`.

    Raises:
        WrongValue: lot below 2, or unknown level.

    Source:
        docs/sources/gb-t-2828-1.md, code letters.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> code_letter(rule_set("GB/T 2828.1", "2012"), 1500, "II")
    'K'
    """
    if level not in LEVELS:
        raise WrongValue("no_level", "not an inspection level", {"level": level[:20]})
    if lot < 2:
        raise WrongValue("lot_too_small", "a lot has at least two units", {"lot": str(lot)})
    for low, high, letters in _code_letters(rules):
        if low <= lot and (high is None or lot <= high):
            return letters[level]
    raise NoRule("no_code_letter", "no code letter for this lot", {"lot": str(lot)})


def aql_plan(
    rules: RuleSet,
    *,
    lot: int,
    level: str,
    aql: Decimal,
    severity: Severity = Severity.NORMAL,
) -> Plan:
    """Single sampling plan for a lot, arrows followed.

    An arrow leads to the first plan below or above, whose sample size is taken too. A sample as
    large as the lot means that the whole lot is inspected.

    Args:
        rules: edition of GB/T 2828.1.
        lot: number of units.
        level: inspection level.
        aql: acceptance quality limit, percent nonconforming: 0.065 to 6.5.
        severity: normal or tightened.

    Raises:
        WrongValue: the lot, level or AQL is none of the tables.

    Source:
        docs/sources/gb-t-2828-1.md, single sampling.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> plan = aql_plan(rule_set("GB/T 2828.1", "2012"), lot=1500, level="II", aql=Decimal("0.25"))
    >>> plan.code_letter, plan.plan_letter, plan.n, plan.ac, plan.re
    ('K', 'L', 200, 1, 2)
    """
    letter = code_letter(rules, lot, level)
    return letter_plan(rules, letter=letter, lot=lot, aql=aql, severity=severity)


def letter_plan(
    rules: RuleSet,
    *,
    letter: str,
    lot: int,
    aql: Decimal,
    severity: Severity = Severity.NORMAL,
) -> Plan:
    """The plan of a code letter, for lots whose letter is designated otherwise.

    Raises:
        WrongValue: unknown letter or AQL.
    """
    master = _master(rules, severity)
    letters = list(master)
    if letter not in master:
        raise WrongValue("no_code_letter", "not a code letter", {"letter": letter[:20]})
    if aql not in master[letter]:
        raise WrongValue(
            "no_aql",
            "not an AQL of the table",
            {"aql": str(aql), "known": " ".join(str(each) for each in master[letter])},
        )
    index = letters.index(letter)
    cell = master[letter][aql]
    while cell in ("down", "up"):
        index += 1 if cell == "down" else -1
        cell = master[letters[index]][aql]
    n = _sample_sizes(rules)[letters[index]]
    ac = int(cell)
    row = next(row for row in rules.table(severity.value) if row.cells["code_letter"] == letter)
    ref = rules.ref(row)
    return Plan(
        letter,
        letters[index],
        n,
        ac,
        ac + 1,
        n >= lot,
        min(n, lot),
        ref._replace(row=f"{row.row}/{aql}"),
    )


def aql_values(rules: RuleSet) -> tuple[Decimal, ...]:
    """The AQLs of the tables, percent nonconforming, smallest first.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> str(aql_values(rule_set("GB/T 2828.1", "2012"))[0])
    '0.065'
    """
    return tuple(next(iter(_master(rules, Severity.NORMAL).values())))


def lq_values(rules: RuleSet) -> tuple[Decimal, ...]:
    """The limiting qualities of procedure A, percent nonconforming, smallest first.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> str(lq_values(rule_set("GB/T 2828.2", "2008"))[-1])
    '31.5'
    """
    return tuple(sorted({Decimal(row.cells["lq_pct"]) for row in rules.table("procedure_a")}))


def lq_plan(rules: RuleSet, *, lot: int, lq_pct: Decimal) -> Plan:
    """Plan for an isolated lot by limiting quality, GB/T 2828.2 procedure A.

    A lot and limiting quality that the table does not list is inspected whole, accepted without
    any nonconforming unit.

    Args:
        rules: edition of GB/T 2828.2.
        lot: number of units, at least 2.
        lq_pct: limiting quality, percent nonconforming.

    Raises:
        WrongValue: lot below 2, or not one of the limiting qualities.

    Source:
        docs/sources/gb-t-2828-2.md.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> plan = lq_plan(rule_set("GB/T 2828.2", "2008"), lot=1000, lq_pct=Decimal("5.0"))
    >>> plan.n, plan.ac
    (80, 1)
    """
    if lot < 2:
        raise WrongValue("lot_too_small", "a lot has at least two units", {"lot": str(lot)})
    if lq_pct not in lq_values(rules):
        raise WrongValue(
            "no_lq",
            "not a limiting quality of the table",
            {"lq": str(lq_pct), "known": " ".join(str(each) for each in lq_values(rules))},
        )
    table = rules.table("procedure_a")
    for row in table:
        cells = row.cells
        if (
            int(cells["lot_min"]) <= lot
            and (not cells["lot_max"] or lot <= int(cells["lot_max"]))
            and Decimal(cells["lq_pct"]) == lq_pct
        ):
            n, ac = int(cells["n"]), int(cells["ac"])
            return Plan("", "", n, ac, ac + 1, n >= lot, min(n, lot), rules.ref(row))
    ref = RuleRef(rules.standard, rules.edition, "procedure_a/not listed", table[0].certainty)
    return Plan("", "", lot, 0, 1, True, lot, ref)


@cache
def _code_letters(rules: RuleSet) -> tuple[tuple[int, int | None, Mapping[str, str]], ...]:
    return tuple(
        (
            int(row.cells["lot_min"]),
            int(row.cells["lot_max"]) if row.cells["lot_max"] else None,
            row.cells,
        )
        for row in rules.table("code_letters")
    )


@cache
def _master(rules: RuleSet, severity: Severity) -> dict[str, dict[Decimal, str]]:
    return {
        row.cells["code_letter"]: {
            Decimal(aql): cell for aql, cell in row.cells.items() if aql != "code_letter"
        }
        for row in rules.table(severity.value)
    }


@cache
def _sample_sizes(rules: RuleSet) -> dict[str, int]:
    return {row.cells["code_letter"]: int(row.cells["n"]) for row in rules.table("sample_sizes")}
