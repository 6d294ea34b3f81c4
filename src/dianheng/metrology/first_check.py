"""What the first check on site after commissioning has to see at a metering point."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from dianheng.metrology.quantities import read_decimal
from dianheng.metrology.rule_sets import RuleSet, TableRow


class PointFacts(NamedTuple):
    """What decides which items a point has."""

    is_three_phase: bool
    has_transformers: bool
    rated_kv: Decimal | None


def first_check_items(rules: RuleSet, point: PointFacts) -> tuple[TableRow, ...]:
    """The items of the first check of a point, in the order of the table.

    Source:
        docs/sources/first-check-practice.md, items.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> point = PointFacts(is_three_phase=True, has_transformers=True, rated_kv=Decimal(10))
    >>> [row.cells["item"] for row in
    ...  first_check_items(rule_set("First check practice", "2016"), point)][:3]
    ['working_error', 'wiring', 'clock_offset']
    """
    return tuple(row for row in rules.table("items") if _applies(row, point))


def _applies(row: TableRow, point: PointFacts) -> bool:
    where, from_kv = row.cells["where"], row.cells["from_kv"]
    if where == "three_phase" and not point.is_three_phase:
        return False
    if where == "via_transformer" and not point.has_transformers:
        return False
    return not from_kv or (point.rated_kv is not None and point.rated_kv >= read_decimal(from_kv))


def seen_row(rules: RuleSet, item: str, *, agrees: bool) -> dict[str, Any]:
    """The result of an item that is compared and not measured, as records keep it.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> seen_row(rule_set("First check practice", "2016"), "seals_whole", agrees=False)["conclusion"]
    'fail'
    """
    return _row(rules, item, "pass" if agrees else "fail", "as_registered" if agrees else "not_as_registered")  # fmt: skip


def missing_rows(
    rules: RuleSet, wanted: Iterable[TableRow], has: Iterable[str]
) -> list[dict[str, Any]]:
    """A result for each item of the first check that is still missing."""
    known = set(has)
    return [
        _row(rules, row.cells["item"], "incomplete", "first_missing")
        for row in wanted
        if row.cells["item"] not in known
    ]


def _row(rules: RuleSet, item: str, conclusion: str, reason: str) -> dict[str, Any]:
    row = next(row for row in rules.table("items") if row.cells["item"] == item)
    return {
        "item": item, "point": "", "conclusion": conclusion, "reason": reason, "samples": [],
        "value": "", "rounded": "", "unit": "", "limit": "", "rule": f"{rules.name} {row.row}",
        "certainty": row.certainty.value,
    }  # fmt: skip
