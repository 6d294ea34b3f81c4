"""Colour labels of standards, instruments and test equipment."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from dianheng.metrology.rule_sets import RuleRef, RuleSet


class LastResult(StrEnum):
    """Result of the last verification or calibration, or a stop since."""

    PASS = "pass"  # noqa: S105 - a result, no password
    RESTRICTED = "restricted"  # some functions or ranges unfit, the used ones fit
    FAIL = "fail"
    SUSPENDED = "suspended"


class LabelColour(StrEnum):
    """Colour of the label."""

    GREEN = "green"  # fit
    YELLOW = "yellow"  # fit with the restriction that the label prints
    RED = "red"  # not to be used


class Label(NamedTuple):
    """The label an instrument must carry on a day."""

    colour: LabelColour
    is_usable_in_task: bool
    reason: str
    rule: RuleRef


def label_on(
    rules: RuleSet, *, last_result: LastResult, valid_through: date | None, today: date
) -> Label:
    """Colour of the label on a day, and whether a task may choose the instrument.

    Past its last day every instrument is red, whatever paper sticks on it. A restricted one may
    be chosen, within its restriction.

    Args:
        rules: edition of the label rules.
        last_result: result of the last verification.
        valid_through: last day of validity, included; None: never verified.
        today: the day.

    Source:
        docs/sources/label-practice.md.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> label_on(rule_set("Label practice", "2013"), last_result=LastResult.PASS,
    ...          valid_through=date(2026, 5, 31), today=date(2026, 6, 1)).reason
    'overdue'
    """
    reason = last_result.value
    if last_result in (LastResult.PASS, LastResult.RESTRICTED) and (
        valid_through is None or today > valid_through
    ):
        reason = "overdue"
    figure = rules.figure(f"label/{reason}")
    colour = LabelColour(figure.word)
    return Label(colour, colour is not LabelColour.RED, reason, rules.ref(figure))
