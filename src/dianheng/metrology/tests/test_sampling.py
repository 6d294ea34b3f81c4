"""Sampling plans of GB/T 2828.1 and GB/T 2828.2: every cell, and what the tables promise."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.sampling import (
    LEVELS,
    Severity,
    aql_plan,
    aql_values,
    code_letter,
    letter_plan,
    lq_plan,
    lq_values,
)
from dianheng.metrology.tests.strategies import (
    GB_2828_1,
    GB_2828_2,
    aqls,
    levels,
    lots,
    lqs,
)

LETTERS = "A B C D E F G H J K L M N P Q R".split()  # noqa: SIM905 - as the table prints them
HUGE = 10**8

# Resolved plans n,Ac; columns are the AQLs 0.065 … 6.5. Taken from a public data set of
# MIL-STD-105E plans, apart from the arrows that the program follows by itself.
NORMAL = """
A 200,0 125,0 80,0 50,0 32,0 20,0 13,0 8,0 5,0 3,0 2,0
B 200,0 125,0 80,0 50,0 32,0 20,0 13,0 8,0 5,0 3,0 2,0
C 200,0 125,0 80,0 50,0 32,0 20,0 13,0 8,0 5,0 3,0 8,1
D 200,0 125,0 80,0 50,0 32,0 20,0 13,0 8,0 5,0 13,1 8,1
E 200,0 125,0 80,0 50,0 32,0 20,0 13,0 8,0 20,1 13,1 13,2
F 200,0 125,0 80,0 50,0 32,0 20,0 13,0 32,1 20,1 20,2 20,3
G 200,0 125,0 80,0 50,0 32,0 20,0 50,1 32,1 32,2 32,3 32,5
H 200,0 125,0 80,0 50,0 32,0 80,1 50,1 50,2 50,3 50,5 50,7
J 200,0 125,0 80,0 50,0 125,1 80,1 80,2 80,3 80,5 80,7 80,10
K 200,0 125,0 80,0 200,1 125,1 125,2 125,3 125,5 125,7 125,10 125,14
L 200,0 125,0 315,1 200,1 200,2 200,3 200,5 200,7 200,10 200,14 200,21
M 200,0 500,1 315,1 315,2 315,3 315,5 315,7 315,10 315,14 315,21 200,21
N 800,1 500,1 500,2 500,3 500,5 500,7 500,10 500,14 500,21 315,21 200,21
P 800,1 800,2 800,3 800,5 800,7 800,10 800,14 800,21 500,21 315,21 200,21
Q 1250,2 1250,3 1250,5 1250,7 1250,10 1250,14 1250,21 800,21 500,21 315,21 200,21
R 2000,3 2000,5 2000,7 2000,10 2000,14 2000,21 1250,21 800,21 500,21 315,21 200,21
"""

CODE_LETTERS = """
2-8 A A A A A A B
9-15 A A A A A B C
16-25 A A B B B C D
26-50 A B B C C D E
51-90 B B C C C E F
91-150 B B C D D F G
151-280 B C D E E G H
281-500 B C D E F H J
501-1200 C C E F G J K
1201-3200 C D E G H K L
3201-10000 C D F G J L M
10001-35000 C D F H K M N
35001-150000 D E G J L N P
150001-500000 D E G J M P Q
500001-100000000 D E H K N Q R
"""


def plan(letter: str, aql: Decimal, severity: Severity = Severity.NORMAL) -> tuple[int, int]:
    found = letter_plan(GB_2828_1, letter=letter, lot=HUGE, aql=aql, severity=severity)
    assert found.re == found.ac + 1
    return found.n, found.ac


@pytest.mark.parametrize("line", NORMAL.strip().splitlines(), ids=lambda line: line[0])
def test_every_plan_of_normal_inspection(line: str) -> None:
    letter, *cells = line.split()
    wanted = [tuple(int(part) for part in cell.split(",")) for cell in cells]
    assert [plan(letter, aql) for aql in aql_values(GB_2828_1)] == wanted


@pytest.mark.parametrize(
    "line", CODE_LETTERS.strip().splitlines(), ids=lambda line: line.split()[0]
)
def test_every_code_letter_at_both_ends_of_its_lots(line: str) -> None:
    lot_range, *letters = line.split()
    for lot in lot_range.split("-"):
        assert [code_letter(GB_2828_1, int(lot), level) for level in LEVELS] == letters


@pytest.mark.parametrize(
    ("severity", "sequence"),
    [
        (Severity.NORMAL, "0 up down 1 2 3 5 7 10 14 21"),
        (Severity.TIGHTENED, "down 0 up down 1 2 3 5 8 12 18"),
    ],
)
def test_every_printed_cell_lies_on_its_diagonal(severity: Severity, sequence: str) -> None:
    # One letter on and one AQL step down the cell stays the same: ten arrows down lead to the
    # sequence, arrows up follow it.
    diagonal = [*["down"] * 10, *sequence.split(), *["up"] * 10]
    table = {row.cells["code_letter"]: row.cells for row in GB_2828_1.table(severity.value)}
    assert list(table) == LETTERS
    for place, (letter, cells) in enumerate(table.items()):
        printed = {name: cell for name, cell in cells.items() if name != "code_letter"}
        assert [Decimal(name) for name in printed] == list(aql_values(GB_2828_1))
        wanted = diagonal[place : place + len(printed)]
        assert list(printed.values()) == wanted, letter


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("letter", LETTERS)
def test_every_cell_resolves_to_a_plan_that_is_printed(letter: str, severity: Severity) -> None:
    for aql in aql_values(GB_2828_1):
        found = letter_plan(GB_2828_1, letter=letter, lot=HUGE, aql=aql, severity=severity)
        row = next(
            row
            for row in GB_2828_1.table(severity.value)
            if row.cells["code_letter"] == found.plan_letter
        )
        cell = next(
            cell
            for name, cell in row.cells.items()
            if name != "code_letter" and Decimal(name) == aql
        )
        assert cell == str(found.ac)


@given(lots(), levels(), aqls())
def test_tightened_inspection_is_never_easier(lot: int, level: str, aql: Decimal) -> None:
    normal = aql_plan(GB_2828_1, lot=lot, level=level, aql=aql)
    tight = aql_plan(GB_2828_1, lot=lot, level=level, aql=aql, severity=Severity.TIGHTENED)
    assert tight.ac * normal.n <= max(normal.ac, 1) * tight.n or tight.ac <= normal.ac
    assert tight.code_letter == normal.code_letter


@given(lots(), levels(), aqls(), st.sampled_from(Severity))
def test_a_plan_as_large_as_the_lot_means_the_whole_lot(
    lot: int, level: str, aql: Decimal, severity: Severity
) -> None:
    found = aql_plan(GB_2828_1, lot=lot, level=level, aql=aql, severity=severity)
    assert found.inspect_all == (found.n >= lot)
    assert found.inspect_count == min(found.n, lot)
    assert found.accepts(found.ac) and not found.accepts(found.re)


@pytest.mark.parametrize(
    ("lot", "aql", "code", "used", "n", "ac"),
    [
        pytest.param(1500, "0.65", "K", "K", 125, 2, id="a plan of its own"),
        pytest.param(1500, "0.25", "K", "L", 200, 1, id="arrow down"),
        pytest.param(400, "0.40", "H", "G", 32, 0, id="arrow up"),
        pytest.param(30, "1.0", "D", "E", 13, 0, id="small lot, arrow down"),
    ],
)
def test_worked_examples(lot: int, aql: str, code: str, used: str, n: int, ac: int) -> None:
    found = aql_plan(GB_2828_1, lot=lot, level="II", aql=Decimal(aql))
    assert (found.code_letter, found.plan_letter, found.n, found.ac) == (code, used, n, ac)


@pytest.mark.parametrize(
    ("letter", "aql", "n", "ac"),
    [
        ("A", "6.5", 3, 0),
        ("K", "0.65", 125, 1),
        ("L", "4.0", 200, 12),
        ("M", "0.065", 315, 0),
        ("N", "0.065", 315, 0),
        ("R", "6.5", 200, 18),
        ("R", "0.065", 2000, 2),
    ],
)
def test_plans_of_tightened_inspection(letter: str, aql: str, n: int, ac: int) -> None:
    assert plan(letter, Decimal(aql), Severity.TIGHTENED) == (n, ac)


@pytest.mark.parametrize(
    ("lot", "lq", "n", "ac"), [(1000, "5.0", 80, 1), (20000, "5", 315, 10), (2000, "8.0", 80, 3)]
)
def test_worked_examples_of_procedure_a(lot: int, lq: str, n: int, ac: int) -> None:
    found = lq_plan(GB_2828_2, lot=lot, lq_pct=Decimal(lq))
    assert (found.n, found.ac, found.re) == (n, ac, ac + 1)


@pytest.mark.parametrize(("lot", "lq"), [(60, "2.0"), (120, "1.25"), (10, "31.5"), (20, "0.5")])
def test_what_the_table_does_not_list_is_inspected_whole(lot: int, lq: str) -> None:
    found = lq_plan(GB_2828_2, lot=lot, lq_pct=Decimal(lq))
    assert (found.n, found.ac, found.inspect_all) == (lot, 0, True)


def acceptance_probability(lot: int, bad: int, n: int, ac: int) -> Fraction:
    ways = sum(comb(bad, d) * comb(lot - bad, n - d) for d in range(ac + 1))
    return Fraction(ways, comb(lot, n))


def test_a_lot_at_its_limiting_quality_is_rarely_accepted() -> None:
    rows = GB_2828_2.table("procedure_a")
    assert len(rows) == 115
    for row in rows:
        cells = row.cells
        # The largest lots behave like endless ones; a quarter of a million is near enough.
        lot = min(int(cells["lot_max"] or HUGE), 250_000)
        bad = ceil(Decimal(lot) * Decimal(cells["lq_pct"]) / 100)
        probability = acceptance_probability(lot, bad, int(cells["n"]), int(cells["ac"]))
        assert probability < Decimal("0.13"), row.row


@given(lots(), lqs())
def test_procedure_a_answers_every_lot(lot: int, lq: Decimal) -> None:
    found = lq_plan(GB_2828_2, lot=lot, lq_pct=lq)
    assert 1 <= found.inspect_count <= lot
    assert found.ac < found.n


@pytest.mark.parametrize(
    ("lot", "level", "aql", "code"),
    [
        (1, "II", "1.0", "lot_too_small"),
        (-5, "II", "1.0", "lot_too_small"),
        (100, "IV", "1.0", "no_level"),
        (100, "ii", "1.0", "no_level"),
        (100, "II", "1.1", "no_aql"),
        (100, "II", "0", "no_aql"),
    ],
)
def test_what_the_tables_do_not_have_is_refused(lot: int, level: str, aql: str, code: str) -> None:
    with pytest.raises(WrongValue) as refusal:
        aql_plan(GB_2828_1, lot=lot, level=level, aql=Decimal(aql))
    assert refusal.value.code == code


def test_an_unknown_limiting_quality_is_refused() -> None:
    assert len(lq_values(GB_2828_2)) == 10
    with pytest.raises(WrongValue):
        lq_plan(GB_2828_2, lot=100, lq_pct=Decimal(6))
