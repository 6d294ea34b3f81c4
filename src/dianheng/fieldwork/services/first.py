"""The first check on site after commissioning: which items it wants, and which are still missing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dianheng.metrology.first_check import PointFacts, first_check_items, missing_rows
from dianheng.metrology.plates import Wiring
from dianheng.metrology.rule_sets import RuleSet, TableRow, rule_set

from ..choices import NO_VERDICT
from ..models import FieldCheck, FieldTask
from ..selectors import transformers_at
from .judge import FIRST_RULES


def wanted_of(task: FieldTask, at: datetime, rules: RuleSet) -> tuple[TableRow, ...]:
    """The items that the first check of a task's point has."""
    point = task.usage_point
    return first_check_items(
        rules,
        PointFacts(
            Wiring(point.wiring) is not Wiring.SINGLE_PHASE,
            transformers_at(point, at).exists(),
            point.rated_kv,
        ),
    )


def judged_before(task: FieldTask) -> dict[str, str]:
    """Items that records of a task have judged, with the newest record of each."""
    checks = task.checks.exclude(outcome__in=NO_VERDICT).order_by("attempt")
    return {
        one["item"]: check.number
        for check in checks.defer("received", "sheet")
        for one in check.results
        if one["conclusion"] in ("pass", "fail")
    }


def still_missing(
    task: FieldTask, results: Sequence[Mapping[str, Any]], at: datetime, rules: RuleSet
) -> list[dict[str, Any]]:
    """A result for each item that neither these results nor earlier records of the task have."""
    has = {one["item"] for one in results} | set(judged_before(task))
    return missing_rows(rules, wanted_of(task, at, rules), has)


def is_open(task: FieldTask, check: FieldCheck) -> bool:
    """Whether a record leaves an item of the first check that no record has judged.

    It was not seen, its conditions locked it, or nothing explains the wiring.
    """
    left = {one["item"] for one in check.results if one["conclusion"] == "incomplete"}
    return bool(left - set(judged_before(task)))


def state_of(task: FieldTask, at: datetime) -> list[tuple[str, str]]:
    """Each item of the first check with the record that judged it, empty where none has."""
    before = judged_before(task)
    return [
        (row.cells["item"], before.get(row.cells["item"], ""))
        for row in wanted_of(task, at, rule_set(*FIRST_RULES))
    ]
