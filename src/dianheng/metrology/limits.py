"""Limits of the basic error, JJG 596: a table of rows, looked up by class, load and factor."""

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from dianheng.metrology.errors import NoRule
from dianheng.metrology.loads import Load, ratio_to_base, read_load
from dianheng.metrology.plates import Connection
from dianheng.metrology.rule_sets import Figure, RuleSet, TableRow

BALANCED = "balanced"
SINGLE_PHASE_LOAD = "single_phase"


class LimitRow(NamedTuple):
    """One row: from `from_ratio` to below `to_ratio` of the base current (None: Imax, included)."""

    measure: str
    loading: str
    connection: str
    accuracy_class: str
    factor: str
    from_ratio: Decimal
    to_ratio: Decimal | None
    is_to_included: bool
    is_on_request: bool
    limit_pct: Decimal
    source: TableRow


@lru_cache(maxsize=64)
def limit_rows(rules: RuleSet) -> tuple[LimitRow, ...]:
    """All limits of an edition as rows, for lookups and for queries over columns.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> len(limit_rows(rule_set("JJG 596", "2012")))
    80
    """
    return tuple(
        LimitRow(
            cells["measure"],
            cells["loading"],
            cells["connection"],
            cells["accuracy_class"],
            cells["factor"],
            Decimal(cells["from_ratio"]),
            None if cells["to_ratio"] == "Imax" else Decimal(cells["to_ratio"]),
            cells["is_to_included"] == "yes",
            cells["is_on_request"] == "yes",
            Decimal(cells["limit_pct"]),
            line,
        )
        for line in rules.table("limits")
        for cells in (line.cells,)
    )


@lru_cache(maxsize=8192)
def limit_at(
    rules: RuleSet,
    *,
    accuracy_class: str,
    connection: Connection,
    load: str,
    factor: str,
    measure: str = "active",
    loading: str = BALANCED,
    imax_ratio: Decimal | None = None,
) -> LimitRow:
    """The limit of the basic error at a load point; the first row that holds decides.

    Args:
        rules: edition of JJG 596.
        accuracy_class: `0.2S`, `0.5S`, `1`, `2`; reactive `2`, `3`.
        connection: direct or via transformer.
        load: current, for example `0.5Imax`, `0.1Ib`, `10Itr`.
        factor: `1.0`, `0.5L`, `0.8C`, `0.25L`, `0.5C`; reactive: sine, L and C alike.
        measure: `active` or `reactive`.
        loading: `balanced` (and every single-phase meter) or `single_phase`.
        imax_ratio: Imax as a multiple of the base current. Without it a part of Imax is known
            to be at least that part of the base current, which is enough for every usual point.

    Returns:
        The row with its limit, %.

    Raises:
        NoRule: no row holds at this point.
        WrongValue: the load or factor is not one.

    Source:
        docs/sources/jjg-596.md, basic error.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> rules = rule_set("JJG 596", "2012")
    >>> limit_at(rules, accuracy_class="1", connection=Connection.DIRECT, load="0.05Ib",
    ...          factor="1.0").limit_pct
    Decimal('1.5')
    """
    current = read_load(load)
    wanted = factor.rstrip("LC") if measure == "reactive" else factor
    for row in limit_rows(rules):
        if (
            row.measure == measure
            and row.loading == loading
            and row.connection == connection
            and row.accuracy_class == accuracy_class
            and row.factor == wanted
            and _holds(row, current, connection, imax_ratio)
        ):
            return row
    raise NoRule(
        "no_limit",
        f"{rules.name} has no limit at this load point",
        {
            "accuracy_class": accuracy_class,
            "connection": connection,
            "load": load,
            "factor": factor,
            "measure": measure,
            "loading": loading,
        },
    )


def difference_limit(rules: RuleSet, accuracy_class: str, measure: str = "active") -> Figure:
    """Limit of |error with single-phase load - error with balanced load|, %.

    It holds at the base current (Ib or In) and factor 1.

    Raises:
        NoRule: the class has none.

    Source:
        docs/sources/jjg-596.md, difference between single-phase and balanced load.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> difference_limit(rule_set("JJG 596", "2012"), "2").value
    Decimal('2.5')
    """
    return rules.figure(f"difference_limit_pct/{measure}/{accuracy_class}")


def _holds(row: LimitRow, load: Load, connection: Connection, imax_ratio: Decimal | None) -> bool:
    ratio = ratio_to_base(load, connection, imax_ratio)
    if ratio is None:
        # Imax is not known, but never below the base current: k Imax is at least k times it.
        if load.multiple > 1 or load.multiple < row.from_ratio:
            return False
        return row.to_ratio is None
    if ratio < row.from_ratio:
        return False
    if row.to_ratio is None:
        return imax_ratio is None or ratio <= imax_ratio
    return ratio < row.to_ratio or (row.is_to_included and ratio == row.to_ratio)
